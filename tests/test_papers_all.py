"""Every kind of paper the desk issues has its sheet, and the sheet leaves out nothing that was stored."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from caseflow.desk.issuing import KINDS
from caseflow.desk.order_paper import order_paper
from caseflow.desk.people import Party
from caseflow.desk.supervision import answer_order, issue_order
from caseflow.identity import IdKind
from caseflow.papers import PAPERS, chinese_day, render
from caseflow.rules.checklist import Mark, Receipt
from caseflow.store.db import reading, writing
from caseflow.store.models import PaperRow
from caseflow.workflows.sideroads import EXCLUDED, INCLUDED
from tests.support.office import Office, open_office
from tests.support.papers import FIELDS, MATERIALS
from tests.support.roads import ACCEPT, CHECK, DECLINE, HAND_OVER, PAY, REFUSE, SETTLE, SMALL

ITEMS = Path(__file__).parent / "data" / "items"
SPOT = {**dict.fromkeys(("complete", "genuine", "lawful", "conditions"), "on"), "result": "已备案"}
# The receipt time holds its day.
SAID_OTHERWISE = {("receipt", "received_on")}
DELIVERED = ("notice", "decline", "special", "extension", "refusal")


def words(kind: str, /, **changes: Any) -> str:
    """The paper without its tags and blanks."""
    html = render(kind, {**FIELDS[kind], **changes})
    return re.sub(r"\s+", "", re.sub(r"<[^>]+>", "", html.partition("<body>")[2]))


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def leaves(value: object) -> Iterator[str]:
    """Every text and number in a stored value, as a paper writes it."""
    if isinstance(value, Mapping):
        for one in value.values():
            yield from leaves(one)
    elif isinstance(value, list):
        for one in value:
            yield from leaves(one)
    elif value and not isinstance(value, bool):
        yield squeezed(chinese_day(value))


# --- every kind


def test_every_kind_the_desk_issues_has_its_sheet_under_the_same_title() -> None:
    issued = {kind: title for kind, (title, _) in KINDS.items()}

    assert {kind: paper.title for kind, paper in PAPERS.items()} == issued


@pytest.mark.parametrize("kind", PAPERS)
def test_a_sheet_shows_each_stored_field(kind: str) -> None:
    said = words(kind)

    for name, value in FIELDS[kind].items():
        if (kind, name) not in SAID_OTHERWISE:
            assert [one for one in leaves(value) if one not in said] == [], name


@pytest.mark.parametrize("kind", PAPERS)
def test_a_sheet_lives_with_every_optional_field_empty(kind: str) -> None:
    empty = {name: "" for name, value in FIELDS[kind].items() if isinstance(value, str) and name != "number"}
    empty |= {name: [] for name, value in FIELDS[kind].items() if isinstance(value, list)}

    said = words(kind, **empty)

    assert FIELDS[kind]["number"] in said
    assert "None" not in said


@pytest.mark.parametrize("kind", PAPERS)
def test_no_sheet_needs_what_a_strict_policy_forbids(kind: str) -> None:
    html = render(kind, FIELDS[kind], reprint=1, voided=True, warning="缺字")

    assert not re.search(r"\sstyle=|<style|\son\w+=|<script>|https?://", html)


@pytest.mark.parametrize("kind", PAPERS)
def test_what_people_typed_is_text_and_never_markup(kind: str) -> None:
    typed = '<script>alert("1")</script>'
    fields = {name: typed if isinstance(value, str) else value for name, value in FIELDS[kind].items()}

    html = render(kind, {**fields, "query_code": "7Q4K92MD"})

    assert "<script>alert" not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize("kind", PAPERS)
def test_a_void_reprint_says_both_on_every_copy(kind: str) -> None:
    html = render(kind, FIELDS[kind], reprint=3, voided=True)

    copies = html.count("<article")
    assert html.count("重印（第 3 次）") == copies
    assert html.count('<span class="mark">作废</span>') == copies
    assert html.count('class="void-mark"') == 1


@pytest.mark.parametrize("kind", PAPERS)
def test_every_copy_has_a_seal_box_a_qr_and_room_for_two_signatures(kind: str) -> None:
    html = render(kind, FIELDS[kind])

    copies = html.count("<article")
    assert html.count('class="seal"') == copies
    assert html.count('class="qr"') == copies
    assert len(re.findall(r'class="sign[ "]', html)) == 2 * copies


def test_the_deferral_and_its_promise_are_printed_twice_and_nothing_else_is() -> None:
    copies = {kind: render(kind, FIELDS[kind]).count("<article") for kind in PAPERS}
    html = render("deferral", FIELDS["deferral"])

    assert copies == dict.fromkeys(PAPERS, 1) | {"deferral": 2}
    assert (html.count("容缺受理承诺书</h2>"), html.count("一式两份")) == (2, 2)
    assert ("申请人留存" in html, "机关存档" in html) == (True, True)


@pytest.mark.parametrize("kind", DELIVERED)
def test_what_is_served_has_room_for_when(kind: str) -> None:
    assert "送达时间：" in words(kind)
    assert "受送达人（申请人、代办人）签名" in words(kind)


@pytest.mark.parametrize("kind", ["receipt", "acceptance", "transfer"])
def test_thirty_materials_are_all_listed(kind: str) -> None:
    lines = [{**MATERIALS[0], "name": f"材料之{n}号"} for n in range(1, 31)]

    said = words(kind, materials=lines)

    assert "（共30项）" in said
    assert [n for n in range(1, 31) if f"材料之{n}号" not in said] == []


def test_a_warning_stands_on_the_screen_and_not_on_the_sheet() -> None:
    html = render("receipt", FIELDS["receipt"], warning="不能显示<㼆>")

    assert '<p class="tools warning" role="alert">不能显示&lt;㼆&gt;</p>' in html.partition("<article")[0]


# --- each kind's own words


def test_only_an_excluded_procedure_says_that_it_does_not_count() -> None:
    excluded, included = words("special", excluded=EXCLUDED), words("special", excluded=INCLUDED)

    assert excluded.count("不计入办理时限") == 2
    assert "不计入" not in included
    assert "办理期限不变" in included


def test_the_extension_shows_old_and_new_and_leaves_out_a_limit_there_is_not() -> None:
    said = words("extension", old_statutory="", new_statutory="")

    assert "承诺办结期限2026年6月5日2026年6月18日" in said
    assert "法定办结期限" not in said


def test_an_extension_into_an_unpublished_year_is_provisional() -> None:
    assert words("extension", provisional=True).count("（暂定）") == 2
    assert "暂定" not in words("extension")


def test_a_completion_without_money_shows_no_account() -> None:
    said = words("completion", amount="", account="", bank="", reference="", agreement="", late_reason="")

    assert "账号" not in said
    assert "超期原因" not in said


def test_a_completion_says_how_to_rate_with_the_query_code() -> None:
    assert "服务评价：请凭查询码7Q4K92MD和证件号码后四位" in words("completion")


def test_the_statement_is_checked_and_signed_by_the_applicant() -> None:
    said = words("statement")

    assert "合计（大写）伍万元整¥50,000.00" in said
    assert "申请人（代办人）核对签名" in said


def test_a_service_is_signed_by_the_recipient_and_two_servers() -> None:
    said = words("service")

    assert "收件人签名或者盖章" in said
    assert "送达人签名（两人）：一、二、" in said


def test_a_transfer_to_nobody_yet_says_so() -> None:
    assert "接收人待领取（审核中）" in words("transfer", to_name="")


def test_a_decline_without_another_agency_names_none() -> None:
    assert "提出申请" not in words("decline", agency="")


# --- the desk's own papers


def _play(office: Office) -> None:
    """One life for each paper."""
    deferred = {"form": Receipt(Mark.RECEIVED), "proof": Receipt(Mark.DEFERRED)}
    ref = office.register("deferral-case", receipts=deferred)
    office.act(ref, "clerk", "accept_deferred", genuine="on", signed="on", defer_until="2026-03-10")
    why = {"kind": "鉴定", "basis": "第四十五条", "days": "5", "reason": "笔迹鉴定", "excluded": EXCLUDED}
    office.act(ref, "clerk", "suspend", **why)
    office.act(ref, "clerk", "resume", reason="完成")
    office.act(ref, "clerk", "ask_extension", days="5", reason="函询")
    office.act(ref, "supervisor", "grant_extension", opinion="同意")
    missing = {"form": Receipt(Mark.RECEIVED), "proof": Receipt(Mark.MISSING)}
    office.act(office.register("deferral-case", receipts=missing), "clerk", "supplement_notice")
    _walk(office, "transfer-continuation", DECLINE)
    _walk(office, "transfer-continuation", ACCEPT, HAND_OVER, ("reviewer", "refuse", REFUSE))
    paid = _walk(
        office, "inpatient-reimbursement", ACCEPT, HAND_OVER, ("reviewer", "approve", SMALL), CHECK, SETTLE, PAY
    )
    _serve(office, paid)
    _promise(office)
    _order(office)


def _walk(office: Office, item: str, *steps: tuple[str, str, dict[str, str]]) -> Any:
    ref = office.register(item, applicant=Party("张㼆", IdKind.RESIDENT_ID, "11010519491231002X", "13912345678"))
    for by, action, details in steps:
        office.act(ref, by, action, **details)
    return ref


def _serve(office: Office, ref: Any) -> None:
    number = next(fields["number"] for kind, fields in _stored(office) if kind == "completion")
    served = {"way": "直接送达", "served_on": "2026-03-02", "place": "窗口", "recipient": "张㼆", "servers": "甲、乙"}
    office.act(ref, "clerk", "serve", paper_number=number, **served)


def _promise(office: Office) -> None:
    key = "long-term-residence"
    materials = office.item(key).materials
    line, option = next((line, one) for line in materials for one in line.options if one.commitment)
    answers = {"region": option.when["region"][0]}
    receipts = dict(office.application(key, answers=answers).receipts) | {line.key: Receipt(Mark.RECEIVED, option.key)}
    ref = office.register(key, answers=answers, receipts=receipts)
    office.act(ref, "clerk", "close_on_the_spot", **SPOT)


def _order(office: Office) -> None:
    ref = _walk(office, "transfer-continuation", ACCEPT, HAND_OVER)
    chief, reader = office.staff["supervisor"], office.staff["reviewer"]
    with writing(office.engine) as session:
        issued = issue_order(
            session, office.house, chief, ref.id, None, 1, "unclaimed", "今日领取", reader.id, office.now
        )
        answer_order(session, office.house, reader, issued.id, "外出", "已领取", office.now.date(), office.now)
        order_paper(session, office.house, chief, issued.id, office.now)


def _stored(office: Office) -> list[tuple[str, dict[str, Any]]]:
    with reading(office.engine) as session:
        rows = session.execute(select(PaperRow.kind, PaperRow.fields).order_by(PaperRow.id)).all()
    return [(row.kind, row.fields) for row in rows]


def test_every_paper_the_desk_stores_is_printed_from_just_the_fields_tried_here(engine: Engine) -> None:
    office = open_office(engine, items=ITEMS)

    _play(office)

    papers = _stored(office)
    assert {kind for kind, _ in papers} == set(KINDS)
    for kind, fields in papers:
        assert set(fields) == set(FIELDS[kind]), kind
        assert fields["number"] in render(kind, fields)
