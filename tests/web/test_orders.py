"""督办 in the browser: ordered in bulk from the board, answered and decided in the thread, printed; where days went."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from caseflow.desk import passwords
from caseflow.desk.intake import CaseRef
from caseflow.desk.upkeep import sweep
from caseflow.store.db import reading, writing
from caseflow.store.models import EventRow, PaperRow, StaffRow
from caseflow.store.office_models import DraftRow, OrderRow, OrderWordRow
from caseflow.views.overdue import CAUSES, Cause, cases_of, cause_counts, groups_of, worst_stages
from caseflow.views.stages import stages_among
from tests.support.office import Office
from tests.support.roads import ACCEPT, HAND_OVER
from tests.web.counter import Door, read_form

TRANSFER = "transfer-continuation"
ANSWER = {"cause": "回函延迟", "measures": "今日催办", "until": "2026-04-20"}


def reviewed(office: Office, by: str = "reviewer") -> CaseRef:
    """A case in this person's review."""
    ref = office.register(TRANSFER)
    for who, action, details in (ACCEPT, HAND_OVER):
        office.act(ref, who, action, **details)
    if by:
        office.act(ref, by, "claim")
    return ref


def late(office: Office, *refs: CaseRef) -> None:
    office.sleep(40)
    assert all(office.case(ref).record.promised_due < office.now.date() for ref in refs)  # type: ignore[operator]


def ticked(office: Office, *refs: CaseRef) -> list[str]:
    return [f"{ref.id}.{office.case(ref).record.version}" for ref in refs]


def order(door: Door, office: Office, *refs: CaseRef, **changes: Any) -> TestResponse:
    form = {"level": "1", "cause": "statutory", "by": "item", "words": "请说明", "case": ticked(office, *refs)}
    return door.supervisor.client.post("/overdue/order", data=form | changes)


def orders(office: Office) -> list[Any]:
    with reading(office.engine) as session:
        return list(session.execute(select(*OrderRow.__table__.columns).order_by(OrderRow.id)).all())


def last_word(office: Office) -> int:
    with reading(office.engine) as session:
        return int(session.execute(select(func.max(OrderWordRow.id))).scalar_one())


def decide(door: Door, office: Office, order_id: int, what: str, words: str = "") -> TestResponse:
    form = {"what": what, "words": words, "seen": str(last_word(office))}
    return door.supervisor.send(f"/orders/{order_id}/decide", form)


@pytest.fixture
def one(door: Door, office: Office) -> int:
    """A running order to the reviewer about a late case."""
    ref = reviewed(office)
    late(office, ref)
    order(door, office, ref)
    return int(orders(office)[0].id)


# --- in bulk


def test_orders_in_bulk_say_what_became_of_each_case(door: Door, office: Office) -> None:
    good, unclaimed, stale = reviewed(office), reviewed(office, by=""), reviewed(office)
    late(office, good, unclaimed, stale)

    page = order(door, office, good, unclaimed, case=[*ticked(office, good, unclaimed), f"{stale.id}.1"])

    assert "共 3 件：已办理 1 件" in page.text
    assert "本件无人经办" in page.text
    assert [row.case_id for row in orders(office)] == [good.id]


def test_a_second_order_in_bulk_is_told_of_the_first(door: Door, office: Office, one: int) -> None:
    form = {"level": "2", "cause": "statutory", "by": "item", "case": [f"{orders(office)[0].case_id}.6"]}
    page = door.supervisor.client.post("/overdue/order", data=form)

    assert "本件已在督办：提醒" in page.text
    assert len(orders(office)) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"level": ""},
        {"level": "9"},
        {"level": "１"},
        {"cause": "nothing"},
        {"cause": "unanswered"},
        {"words": "x" * 501},
        {"words": "\x00"},
        {"to": "-1"},
        {"to": "x"},
        {"case": []},
        {"case": ["1"]},
        {"case": [f"{n}.1" for n in range(60)]},
    ],
)
def test_an_order_that_lacks_something_is_refused(door: Door, office: Office, wrong: dict[str, Any]) -> None:
    form = {"level": "1", "cause": "statutory", "by": "item", "case": ["1.1"]}

    page = door.supervisor.client.post("/overdue/order", data=form | wrong)

    assert page.status_code == 422
    assert orders(office) == []


@pytest.mark.parametrize(
    ("path", "field"), [("/overdue/order", "level"), ("/overdue/assign", "reason"), ("/overdue/assign", "receiver")]
)
def test_a_bulk_form_of_the_board_that_lacks_something_comes_back_as_it_was(
    door: Door, office: Office, one: int, path: str, field: str
) -> None:
    state = office.case(CaseRef(orders(office)[0].case_id, "", "", 0)).record
    ticked = f"{state.id}.{state.version}"
    reviewer = str(office.staff["reviewer"].id)
    typed = {"level": "2", "words": "请说明<原因>", "to": reviewer, "receiver": reviewer, "reason": "急件"}
    form = {"cause": "statutory", "by": "person", "view": "stays", "case": ticked} | typed | {field: ""}

    page = door.supervisor.client.post(path, data=form)

    assert page.status_code == 422
    assert f'<a href="#f-{field}">' in page.text
    assert f'value="{ticked}" checked' in page.text
    assert 'value="请说明&lt;原因&gt;"' in page.text
    assert field == "level" or '<option value="2" selected>' in page.text
    assert "<b>按经办人</b>" in page.text
    assert "<b>办件与各环节用时</b>" in page.text
    assert len(orders(office)) == 1


def test_an_order_about_no_case_is_said_to_be_missing(door: Door) -> None:
    page = door.supervisor.client.post("/overdue/order", data={"level": "1", "cause": "statutory", "case": ["999.1"]})

    assert "没有找到 1 件" in page.text


@pytest.mark.parametrize("role", ["auditor", "clerk", "administrator"])
def test_only_supervisors_order_and_decide(door: Door, one: int, role: str) -> None:
    browser = getattr(door, role)

    assert browser.send("/overdue/order", {"level": "1", "case": "1.1"}).status_code == 403
    assert browser.send(f"/orders/{one}/decide", {"what": "withdraw", "words": "x", "seen": "1"}).status_code == 403


# --- the thread


def test_the_handler_sees_the_order_everywhere_and_answers_it(door: Door, office: Office, one: int) -> None:
    number = re.search(r"\d{24}", door.reviewer.get("/orders?mine=on").text)
    assert number is not None

    assert "我的督办" in door.reviewer.get("/").text
    assert "去反馈" in door.reviewer.get("/orders?mine=on").text
    assert "督办（提醒）" in door.reviewer.get(f"/cases/{number.group()}").text
    page = door.reviewer.send(f"/orders/{one}/answer", ANSWER | {"until": office.now.date().isoformat()})

    assert page.status_code == 303
    assert "已反馈，等待主管审核" in door.reviewer.get(f"/orders/{one}").text
    assert orders(office)[0].answered_on == office.now.date()


def test_what_was_typed_stays_where_an_answer_is_refused(door: Door, one: int) -> None:
    page = door.reviewer.send(f"/orders/{one}/answer", {"cause": "回函延迟", "measures": "", "until": "2020-01-01"})

    assert page.status_code == 422
    assert "请填写措施" in page.text
    assert "今天起一年以内" in page.text
    assert ">回函延迟</textarea>" in page.text


@pytest.mark.parametrize(
    "hostile", ["\x00", "a\x07b", "x" * 10_000, "2026-W01-1", "9999-12-31", "<script>alert(1)</script>", "２０２６"]
)
def test_hostile_answers_are_refused_or_kept_as_text(door: Door, office: Office, one: int, hostile: str) -> None:
    for name in ("cause", "measures", "until"):
        form = ANSWER | {"until": office.now.date().isoformat()} | {name: hostile}
        page = door.reviewer.send(f"/orders/{one}/answer", form)

        assert page.status_code in {303, 409, 422}
    assert "<script>alert" not in door.reviewer.get(f"/orders/{one}").text


def test_the_supervisor_returns_and_then_accepts(door: Door, office: Office, one: int) -> None:
    form = ANSWER | {"until": office.now.date().isoformat()}
    door.reviewer.send(f"/orders/{one}/answer", form)

    without = decide(door, office, one, "return")
    returned = decide(door, office, one, "return", "请写明日期")
    door.reviewer.send(f"/orders/{one}/answer", form)
    accepted = decide(door, office, one, "accept")

    assert (without.status_code, returned.status_code, accepted.status_code) == (422, 303, 303)
    thread = door.supervisor.get(f"/orders/{one}").text
    assert re.findall(r"word-(\w+)", thread) == ["issue", "answer", "return", "answer", "accept"]
    assert "已认可" in door.supervisor.get("/orders?tab=ended").text


def test_a_decision_on_a_page_that_is_out_of_date_is_refused(door: Door, office: Office, one: int) -> None:
    door.reviewer.send(f"/orders/{one}/answer", ANSWER | {"until": office.now.date().isoformat()})

    page = door.supervisor.send(f"/orders/{one}/decide", {"what": "accept", "words": "", "seen": "1"})

    assert page.status_code == 409
    assert "新的进展" in page.text


@pytest.mark.parametrize("form", [{}, {"what": "burn"}, {"what": "accept", "seen": "x"}])
def test_an_absurd_decision_is_refused(door: Door, office: Office, one: int, form: dict[str, str]) -> None:
    assert door.supervisor.send(f"/orders/{one}/decide", form).status_code == 422
    assert orders(office)[0].outcome == ""


def test_who_was_not_ordered_reads_the_thread_and_has_no_form(door: Door, one: int) -> None:
    for browser in (door.clerk, door.auditor):
        page = browser.get(f"/orders/{one}")

        assert page.status_code == 200
        assert f'action="/orders/{one}' not in page.text
    assert door.clerk.send(f"/orders/{one}/answer", ANSWER).status_code in {409, 422}
    assert door.administrator.get(f"/orders/{one}").status_code == 403


@pytest.mark.parametrize("path", ["/orders/0", "/orders/999", "/orders/" + "9" * 30, "/orders/-1", "/orders/x"])
def test_an_order_that_is_not_there_is_not_found(door: Door, path: str) -> None:
    assert door.supervisor.get(path).status_code == 404


def test_another_bureau_s_order_is_as_if_there_were_none(door: Door, office: Office, one: int) -> None:
    with writing(office.engine) as session:
        moved = update(StaffRow).where(StaffRow.id == office.staff["supervisor"].id)
        session.execute(moved.values(bureau="shuimogou"))

    browser = door.supervisor

    assert browser.get(f"/orders/{one}").status_code == 404
    assert browser.send(f"/orders/{one}/decide", {"what": "withdraw", "words": "x", "seen": "1"}).status_code == 404
    assert browser.send(f"/orders/{one}/paper", {}).status_code == 404
    assert "没有待反馈的督办" in browser.get("/orders").text


@pytest.mark.parametrize("name", ["tab", "before", "mine"])
@pytest.mark.parametrize("value", ["\x00", "-1", "9" * 40, "' OR 1=1 --", "x" * 5000])
def test_hostile_list_addresses_are_answered(door: Door, name: str, value: str) -> None:
    page = door.supervisor.client.get("/orders", query_string={name: value})

    assert page.status_code in {200, 422}


def test_a_list_of_orders_is_cut_into_pages(door: Door, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("caseflow.views.orders.PAGE", 2)
    refs = [reviewed(office) for _ in range(3)]
    late(office, *refs)
    order(door, office, *refs)

    first = door.supervisor.get("/orders")
    older = re.search(r'href="([^"]+)" rel="next"', first.text)

    assert older is not None
    second = door.supervisor.get(older.group(1).replace("&amp;", "&"))
    assert [page.text.count("level level-1") for page in (first, second)] == [2, 1]


# --- the paper


def test_the_paper_prints_with_one_number_and_says_when_it_is_a_reprint(door: Door, office: Office, one: int) -> None:
    first = door.supervisor.send(f"/orders/{one}/paper", {})
    door.reviewer.send(f"/orders/{one}/answer", ANSWER | {"until": office.now.date().isoformat()})
    second = door.reviewer.send(f"/orders/{one}/paper", {})

    assert "沙医保督〔2026〕000001号" in first.text
    assert "沙医保督〔2026〕000001号" in second.text
    assert "重印（第 1 次）" in second.text
    assert "回函延迟" in second.text
    with reading(office.engine) as session:
        assert session.execute(select(PaperRow.printed).where(PaperRow.kind == "order")).scalar_one() == 2


def test_the_auditor_prints_nothing(door: Door, one: int) -> None:
    assert door.auditor.send(f"/orders/{one}/paper", {}).status_code == 403
    assert door.clerk.send(f"/orders/{one}/paper", {}).status_code == 403


# --- the board


def test_the_board_has_a_tab_for_every_cause(door: Door, office: Office) -> None:
    reviewed(office)
    page = door.supervisor.get("/overdue")

    for cause, text in CAUSES.items():
        assert f"cause={cause}" in page.text
        assert text in page.text
        assert door.supervisor.get(f"/overdue?cause={cause}").status_code == 200


def test_each_tab_counts_what_it_lists(door: Door, office: Office) -> None:
    refs = [reviewed(office), reviewed(office, by="")]
    office.register(TRANSFER)
    late(office, *refs)
    order(door, office, refs[0])
    sweep(office.engine, office.house, office.now)
    office.sleep(20)
    sweep(office.engine, office.house, office.now)
    day, calendar = office.now.date(), office.house.catalogue.calendar_of("shawan")

    with reading(office.engine) as session:
        counts, also = cause_counts(session, calendar, "shawan", day)
        listed = {key: len(cases_of(session, Cause(calendar, "shawan", key, day, also)).lines) for key in CAUSES}

    assert counts == listed
    assert (counts["unanswered"], counts["unclaimed"], counts["notice"]) == (1, 1, 1)


def test_an_unanswered_order_that_was_raised_stands_on_the_board(door: Door, office: Office, one: int) -> None:
    office.sleep(10)
    sweep(office.engine, office.house, office.now)

    page = door.supervisor.get("/overdue?cause=unanswered")

    assert "督办未反馈 1" in page.text
    assert "督办黄牌" in page.text


@pytest.mark.parametrize("by", ["item", "person", "section", "none"])
def test_groups_sum_the_days_their_cases_are_late(office: Office, by: str) -> None:
    refs = [reviewed(office), reviewed(office, by="")]
    late(office, *refs)
    calendar, day = office.house.catalogue.calendar_of("shawan"), office.now.date()
    due = office.case(refs[0]).record.statutory_due
    assert due is not None
    days = calendar.count(due, day)

    with reading(office.engine) as session:
        groups = groups_of(session, Cause(calendar, "shawan", "statutory", day), by)

    told = sorted((one.count, one.days, one.longest) for one in groups)
    assert told == ([(2, 2 * days, days)] if by in ("item", "none") else [(1, days, days)] * 2)


def test_days_in_a_pause_are_not_days_late(office: Office) -> None:
    ref = reviewed(office)
    late(office, ref)
    calendar, day = office.house.catalogue.calendar_of("shawan"), office.now.date()
    why = {"kind": "鉴定", "basis": "第四十五条", "days": "30", "reason": "笔迹鉴定", "excluded": "不计入办理时限"}
    office.act(ref, "reviewer", "suspend", **why)
    due = office.case(ref).record.statutory_due
    assert due is not None

    with reading(office.engine) as session:
        then = groups_of(session, Cause(calendar, "shawan", "statutory", day), "item")
        office.sleep(20)
        after = groups_of(session, Cause(calendar, "shawan", "statutory", office.now.date()), "item")

    assert then[0].days == after[0].days == calendar.count(due, day)


def test_groups_are_opened_one_by_one(door: Door, office: Office) -> None:
    with writing(office.engine) as session:
        mine = update(StaffRow).where(StaffRow.id == office.staff["reviewer"].id)
        session.execute(mine.values(section="审核科"))
    refs = [reviewed(office), reviewed(office, by="")]
    late(office, *refs)

    page = door.supervisor.get("/overdue?by=section")
    own = door.supervisor.get("/overdue?by=section&group==审核科")
    nobody = door.supervisor.get("/overdue?by=section&group=0")

    assert "审核科 · 1 件，共超" in page.text
    assert ("审核科 · 1 件" in own.text, "待领取 · 1 件" in own.text) == (True, False)
    assert ("审核科 · 1 件" in nobody.text, "待领取 · 1 件" in nobody.text) == (False, True)


def test_the_board_says_where_the_days_went(door: Door, office: Office) -> None:
    ref = reviewed(office)
    late(office, ref)

    stays = door.supervisor.get("/overdue?view=stays")
    days = door.supervisor.get("/overdue?view=days")
    used = office.house.catalogue.calendar_of("shawan").count(
        office.case(ref).record.accepted_on,
        office.now.date(),  # type: ignore[arg-type]
    )

    assert re.search(rf"审核中 <b>{used}</b>\s+reviewer（现在）", stays.text)
    assert f"共用去 <b>{used}</b> 个工作日" in days.text
    assert "100.0%" in days.text


def test_the_case_page_shows_its_stages_adding_up(door: Door, office: Office) -> None:
    ref = reviewed(office)
    office.sleep(7)

    page = door.supervisor.get(f"/cases/{ref.number}")

    assert "各环节用时（工作日）：" in page.text
    assert re.search(r"审核中 <b>5</b>\s+reviewer（现在）", page.text)
    assert "已用 5 个工作日" in page.text


@pytest.mark.parametrize("cases", [1, 12])
def test_where_the_days_went_costs_four_statements_whatever_the_size(
    office: Office, statements: list[str], cases: int
) -> None:
    refs = [reviewed(office) for _ in range(cases)]
    late(office, *refs)
    calendar, day = office.house.catalogue.calendar_of("shawan"), office.now.date()

    with reading(office.engine) as session:
        statements.clear()
        found = worst_stages(session, Cause(calendar, "shawan", "statutory", day))
        assert len([one for one in statements if one.startswith("SELECT")]) <= 4

    assert len(found) == cases


def test_stages_of_another_bureau_are_none(office: Office) -> None:
    ref = reviewed(office)
    calendar = office.house.catalogue.calendar_of("shawan")

    with reading(office.engine) as session:
        assert stages_among(session, calendar, "shuimogou", [ref.id], office.now.date()) == {}
        assert len(stages_among(session, calendar, "shawan", [ref.id], office.now.date())) == 1


def test_the_supervisor_s_orders_change_nothing_but_the_history(door: Door, office: Office) -> None:
    ref = reviewed(office)
    late(office, ref)
    before = office.case(ref).record
    order(door, office, ref)
    after = office.case(ref).record

    kept = [name for name in type(before).__slots__ if name not in ("version", "chain")]
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]
    with reading(office.engine) as session:
        newest = select(EventRow.action).where(EventRow.case_id == ref.id).order_by(EventRow.seq.desc()).limit(1)
        assert session.execute(newest).scalar_one() == "order_issue"


def test_an_answer_sent_after_the_idle_lock_is_there_again_and_not_given(door: Door, office: Office, one: int) -> None:
    reviewer, address = door.reviewer, f"/orders/{one}"
    number = office.staff["reviewer"].number
    with writing(office.engine) as session:
        values = {"password_hash": passwords.hashed("tianshan-2026")}
        session.execute(update(StaffRow).where(StaffRow.number == number).values(values))
    words = last_word(office)
    office.now += timedelta(minutes=31)

    locked = reviewer.send(f"{address}/answer", ANSWER)
    form = read_form(reviewer.get(locked.headers["Location"]).text, "/login")
    entered = reviewer.send("/login", form | {"password": "tianshan-2026"})
    page = reviewer.get(entered.headers["Location"])
    kept = read_form(page.text, f"{address}/answer")

    assert entered.headers["Location"] == address
    assert "还没有提交的填写内容" in page.text
    assert {name: kept[name] for name in ANSWER} == ANSWER
    assert last_word(office) == words
    assert "回函延迟" not in door.supervisor.get(address).text
    assert reviewer.send(f"{address}/answer", kept).status_code == 303
    with reading(office.engine) as session:
        assert session.execute(select(func.count()).select_from(DraftRow)).scalar_one() == 0
