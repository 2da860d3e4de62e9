"""我的待办 at work: several cases at once, lists under a name, columns, orders, and the way from case to case."""

from __future__ import annotations

import re
from html import unescape

import pytest
from sqlalchemy import Engine, select
from werkzeug.test import TestResponse

from caseflow.desk.intake import CaseRef
from caseflow.errors import Unavailable
from caseflow.store.db import reading
from caseflow.store.models import PaperRow
from caseflow.views.ordering import Order
from caseflow.views.worklist import Filters, worklist
from tests.support.office import Office, open_office
from tests.web.counter import Door
from tests.web.test_queue import REVIEWED, accept, rows
from web import bulk

ORDERS = ["due", "day", "-day", "received", "-received", "applicant", "-item", "state", "handler", "-handler"]


def tick(office: Office, *refs: CaseRef) -> list[str]:
    return [f"{ref.id}.{office.case(ref).record.version}" for ref in refs]


def send(door: Door, who: str, do: str, cases: list[str], **typed: str) -> TestResponse:
    form = {"list": "tab=section", **typed, "case": cases}
    return getattr(door, who).client.post(f"/bulk/{do}", data=form)  # type: ignore[no-any-return]


def handed_over(office: Office) -> CaseRef:
    ref = accept(office)
    office.act(ref, "clerk", "hand_over")
    return ref


def numbers(page: TestResponse) -> list[str]:
    return re.findall(r'href="/cases/(\d{24})', page.text.partition("<tbody>")[2])


def test_each_ticked_case_gets_its_own_result_and_what_was_refused_stands_first(door: Door, office: Office) -> None:
    good, held, stale = handed_over(office), handed_over(office), handed_over(office)
    ticked = [*tick(office, good), *tick(office, stale)]
    office.act(held, "reviewer", "claim")
    office.act(stale, "supervisor", "consent", kind="二次告知", reason="试")
    ticked += tick(office, held)

    page = send(door, "reviewer", "claim", ticked)

    refused, changed, done = rows(page)
    assert "共 3 件：已办理 1 件，未办理 1 件，已有变化 1 件" in page.text
    assert "未办理" in refused
    assert "本件已由您经办" in refused
    assert "已有变化" in changed
    assert "已办理" in done
    assert office.history(good)[-1] == "claim"
    assert office.history(stale)[-1] == "consent"
    assert 'href="/?tab=section"' in page.text


def test_a_case_of_another_bureau_is_as_if_it_were_none(door: Door, office: Office, engine: Engine) -> None:
    elsewhere = open_office(engine, "shuimogou")
    foreign = elsewhere.register(elsewhere.house.catalogue.items_of("shuimogou")[0].key)

    page = send(door, "clerk", "claim", [f"{foreign.id}.1", "999999.1"])

    assert "没有找到 2 件" in page.text
    assert foreign.number not in page.text


def test_a_release_and_a_transfer_keep_their_reason_in_the_history(door: Door, office: Office) -> None:
    ref, other = accept(office), accept(office)
    receiver = str(office.staff["reviewer"].id)

    over = send(door, "clerk", "hand_over", tick(office, ref), receiver=receiver, reason="加急")
    free = send(door, "clerk", "release", tick(office, other), reason="请假")

    assert "已办理 1 件" in over.text
    assert "已办理 1 件" in free.text
    assert office.case(ref).record.handler_id == office.staff["reviewer"].id
    assert office.case(other).record.handler_id is None


@pytest.mark.parametrize(
    ("who", "do", "typed", "told"),
    [
        ("clerk", "release", {}, "请填写理由"),
        ("supervisor", "assign", {"reason": "忙"}, "请选择接收人"),
        ("clerk", "assign", {"reason": "忙", "receiver": "1"}, "您的岗位不能这样批量办理"),
        ("supervisor", "claim", {}, "您的岗位不能这样批量办理"),
        ("clerk", "nothing", {}, "您的岗位不能这样批量办理"),
        ("clerk", "release", {"reason": "x" * 501}, "不能超过 500 字"),
    ],
)
def test_a_bulk_form_that_lacks_something_says_so_and_keeps_the_ticks(
    door: Door, office: Office, who: str, do: str, typed: dict[str, str], told: str
) -> None:
    ref = accept(office)
    ticked = tick(office, ref)

    page = send(door, who, do, ticked, **typed)

    assert page.status_code == 422
    assert told in page.text
    assert f'value="{ticked[0]}" checked' in page.text
    assert office.history(ref)[-1] == "accept"


@pytest.mark.parametrize("cases", [[], ["x"], ["1"], ["1.1.1"], ["-1.1"], [f"{n}.1" for n in range(1, 52)]])
def test_nothing_ticked_too_much_or_nonsense_is_refused(door: Door, cases: list[str]) -> None:
    assert send(door, "clerk", "claim", cases).status_code == 422


@pytest.mark.parametrize("where", ["tab=nowhere", "sort=%00", "x" * 601, "after=9.9.9", "&".join(["a=1"] * 30)])
def test_a_list_that_was_tampered_with_is_refused(door: Door, where: str) -> None:
    page = door.clerk.client.post("/bulk/claim", data={"list": where, "case": "1.1"})

    assert page.status_code == 422


def test_fifty_cases_are_taken_and_a_case_ticked_twice_is_one(door: Door, office: Office) -> None:
    ref = handed_over(office)

    page = send(
        door, "reviewer", "claim", [*tick(office, ref), *tick(office, ref), *(f"{n}.1" for n in range(900, 949))]
    )

    assert "共 50 件：已办理 1 件，没有找到 49 件" in page.text


def test_when_the_database_stops_answering_the_rest_is_said_to_be_untried(
    door: Door, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    refs = [handed_over(office) for _ in range(3)]
    ticked = tick(office, *refs)
    taken = bulk.advance
    calls: list[int] = []

    def once(*step: object) -> object:
        calls.append(1)
        if len(calls) > 1:
            raise Unavailable("数据库正忙，本次操作没有保存，请稍后再试。")
        return taken(*step)  # type: ignore[arg-type]

    monkeypatch.setattr("web.bulk.advance", once)

    page = send(door, "reviewer", "claim", ticked)

    assert "已办理 1 件，没有轮到 2 件" in page.text
    assert len(calls) == 2


def test_the_new_papers_of_the_ticked_cases_print_once_one_after_the_other(door: Door, office: Office) -> None:
    refs = [accept(office), accept(office)]
    ticked = tick(office, *refs)

    page = send(door, "clerk", "print", ticked)
    again = send(door, "clerk", "print", ticked)

    with reading(office.engine) as session:
        printed = session.execute(select(PaperRow.printed)).scalars().all()
    assert set(printed) == {1}
    assert page.text.count("<article") == len(printed)
    assert page.text.count("</html>") == 1
    assert again.status_code == 303


def test_the_auditor_has_nothing_to_tick(door: Door, office: Office) -> None:
    accept(office)

    page = door.auditor.get("/?tab=section")

    assert len(rows(page)) == 1
    assert 'name="case"' not in page.text
    assert send(door, "auditor", "claim", ["1.1"]).status_code == 403


def test_a_list_is_kept_under_a_name_opened_renamed_and_forgotten(door: Door) -> None:
    browser = door.clerk
    kept = {"list": "tab=section&lamp=over&sort=-received", "name": " 本周  超期 "}
    browser.send("/views", kept)
    found = re.search(r'href="/\?([^"]+)"[^>]*>本周 超期<', browser.get("/").text)
    view = re.search(r'action="/views/(\d+)"', browser.get("/").text)
    assert found
    assert view
    opened = browser.get(f"/?{unescape(found[1])}")
    browser.send(f"/views/{view[1]}", {"list": "tab=mine", "name": "超期"})
    renamed = browser.get("/").text
    browser.send(f"/views/{view[1]}", {"list": "tab=mine", "go": "delete"})

    assert "时限：超期" in opened.text
    assert ">超期</a>" in renamed
    assert "/views/" not in browser.get("/").text


@pytest.mark.parametrize(("name", "told"), [("", "请填写视图名称"), ("急", "已有名为"), ("长" * 21, "不能超过 20 字")])
def test_a_name_that_is_taken_or_unfit_is_told(door: Door, name: str, told: str) -> None:
    browser = door.clerk
    browser.send("/views", {"list": "tab=mine", "name": "急"})

    page = browser.send("/views", {"list": "tab=section", "name": name})

    assert page.status_code == 422
    assert told in page.text


def test_twenty_lists_are_kept_and_not_one_more(door: Door) -> None:
    browser = door.clerk

    answers = [browser.send("/views", {"list": "tab=mine", "name": f"第{n}个"}) for n in range(21)]

    assert [page.status_code for page in answers] == [303] * 20 + [422]
    assert "最多保存 20 个视图" in answers[-1].text


def test_nobody_sees_or_changes_the_lists_of_another(door: Door) -> None:
    door.clerk.send("/views", {"list": "tab=mine", "name": "我的"})

    other = door.reviewer
    answers = [other.send("/views/1", {"list": "", "name": "夺"}), other.send("/views/1", {"list": "", "go": "delete"})]

    assert [page.status_code for page in answers] == [404, 404]
    assert "我的</a>" in door.clerk.get("/").text


def test_columns_are_a_persons_own_choice_and_none_is_one(door: Door, office: Office) -> None:
    accept(office)
    browser = door.clerk
    usual = browser.get("/").text
    browser.client.post("/columns", data={"list": "tab=mine", "column": ["statutory", "nonsense"]})
    chosen = browser.get("/").text
    browser.client.post("/columns", data={"list": "tab=mine"})
    none = browser.get("/").text

    heads = [
        re.sub("<[^>]+>", "", page.partition("<thead>")[2].partition("</thead>")[0]) for page in (usual, chosen, none)
    ]
    assert "后四位" in heads[0]
    assert "法定到期" in heads[1]
    assert "标记" not in heads[1]
    assert "法定到期" not in heads[2]


@pytest.mark.parametrize("sort", ORDERS)
def test_every_order_is_paged_without_loss_or_repetition(office: Office, sort: str) -> None:
    for n in range(3):
        accept(office, REVIEWED)
        accept(office, "inpatient-reimbursement")
        office.register(REVIEWED)
        office.sleep(20 * n)
    actor, calendar = office.staff["clerk"], office.house.catalogue.calendar_of(office.bureau)
    today, order = office.now.date(), Order(sort.removeprefix("-"), sort.startswith("-"))
    seen: list[int] = []
    after = None

    with reading(office.engine) as session:
        whole = worklist(session, calendar, actor, Filters(), today, order=order).lines
        for _ in range(5):
            page = worklist(session, calendar, actor, Filters(), today, order=order, after=after, limit=2)
            seen += [line.id for line in page.lines]
            after = page.after

    assert len(whole) == 9
    assert seen == [line.id for line in whole]
    assert after is None


@pytest.mark.parametrize("sort", ORDERS)
def test_from_case_to_case_the_list_is_walked_forth_and_back(door: Door, office: Office, sort: str) -> None:
    for n in range(2):
        accept(office)
        office.register(REVIEWED)
        office.sleep(40 * n)
    browser = door.clerk
    listed = browser.get(f"/?sort={sort}")
    whole = numbers(listed)
    address = unescape(re.findall(r'href="(/cases/[^"]+)"', listed.text.partition("<tbody>")[2])[0])
    forth, back = [], []
    while address:
        page, forth = browser.get(address), [*forth, address[7:31]]
        address = _way(page, "next")
    address = _way(page, "prev")
    while address:
        page, back = browser.get(address), [*back, address[7:31]]
        address = _way(page, "prev")

    assert forth == whole
    assert back == whole[-2::-1]


def _way(page: TestResponse, rel: str) -> str:
    found = re.search(rf'href="([^"]+)" rel="{rel}"', page.text)
    return unescape(found[1]) if found else ""


def test_after_an_action_the_next_case_of_the_list_is_one_key_away(door: Door, office: Office) -> None:
    first, second = accept(office), accept(office)
    browser = door.clerk
    address = unescape(re.findall(r'href="(/cases/[^"]+)"', browser.get("/").text.partition("<tbody>")[2])[0])
    action = re.search(r'action="([^"]+/hand_over[^"]*)"', browser.get(address).text)
    assert action
    form = {"version": str(office.case(first).record.version)}

    done = browser.client.post(unescape(action[1]), data=form, follow_redirects=True)

    assert "已办理" in done.text
    assert _way(done, "next").startswith(f"/cases/{second.number}?")
    assert 'rel="next" data-key="]" autofocus' in done.text


@pytest.mark.parametrize("query", ["list=%00&at=2.2026-03-02.1", "list=tab%3Dmine&at=junk", "list=tab%3Dnowhere&at=1"])
def test_a_case_opened_with_a_tampered_list_is_just_the_case(door: Door, office: Office, query: str) -> None:
    ref = accept(office)

    page = door.clerk.get(f"/cases/{ref.number}?{query}")

    assert page.status_code == 200
    assert 'class="walk' not in page.text


def test_each_filter_is_a_chip_that_goes_alone(door: Door, office: Office) -> None:
    accept(office)

    page = door.supervisor.get("/?tab=section&lamp=normal&channel=window&handler=0&since=2026-01-01")

    chips = [unescape(one) for one in re.findall(r'class="chip" href="([^"]+)"', page.text)]
    assert len(chips) == 4
    assert [sum(key in chip for key in ("lamp", "channel", "handler", "since")) for chip in chips] == [3] * 4


@pytest.mark.parametrize("query", ["handler=0", "since=2026-03-03", "until=2026-03-01"])
def test_handler_and_days_of_receipt_narrow_the_list(door: Door, office: Office, query: str) -> None:
    accept(office)

    assert rows(door.supervisor.get(f"/?tab=section&{query}")) == []
    assert len(rows(door.supervisor.get("/?tab=section&since=2026-03-02&until=2026-03-02"))) == 1
