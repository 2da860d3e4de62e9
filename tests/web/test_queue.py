from __future__ import annotations

import re
from datetime import date

import pytest
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from caseflow.desk.intake import CaseRef
from caseflow.rules.clock import Lamp
from caseflow.store.db import reading
from caseflow.views.worklist import LAMPS, Filters, page_counts, worklist
from tests.support.office import PERSON, Office, open_office
from tests.web.counter import Door

REVIEWED = "outpatient-chronic-recognition"
ON_THE_SPOT = "retirement-conversion"
READS = ("SELECT", "WITH")
CHECKED = {"complete": "on", "genuine": "on"}


def accept(office: Office, item: str = REVIEWED, **changes: object) -> CaseRef:
    """A case that is accepted today."""
    ref = office.register(item, **changes)
    office.act_on(ref, "clerk", "accept", CHECKED)
    return ref


def rows(page: TestResponse) -> list[str]:
    """The lines of the list on a page, as text."""
    body = page.text.partition("<tbody>")[2].partition("</tbody>")[0]
    return [re.sub(r"<[^>]+>|\s+", " ", row) for row in body.split("</tr>") if "<td" in row]


def suspend(office: Office, ref: CaseRef) -> None:
    office.act(ref, "clerk", "suspend", kind="鉴定", basis="行政许可法第四十五条", days="10", reason="需要鉴定")


def test_an_empty_list_says_what_to_do_next(door: Door) -> None:
    page = door.clerk.get("/")

    assert page.status_code == 200
    assert "到“待领取”领取" in page.text


def test_a_case_is_one_line_with_its_lamp_and_nothing_of_the_number_but_four(door: Door, office: Office) -> None:
    accept(office)

    line = rows(door.clerk.get("/"))[0]

    assert "剩 19 日" in line
    assert "张*" in line
    assert PERSON.name not in line
    assert PERSON.id_number[-4:] in line
    assert PERSON.id_number not in line


def test_the_lamps_turn_with_the_days(door: Door, office: Office) -> None:
    accept(office)
    seen = []

    for day in ("2026-03-02", "2026-03-27", "2026-03-30", "2026-03-31", "2026-04-01"):
        office.now = office.now.replace(year=2026, month=int(day[5:7]), day=int(day[8:]))
        seen.append(
            re.search(r"超法定 \d+ 日|超承诺 \d+ 日|今日到期|临期 剩 \d+ 日|剩 \d+ 日", rows(door.clerk.get("/"))[0])
        )

    assert [match and match[0] for match in seen] == [
        "剩 19 日",
        "临期 剩 1 日",
        "今日到期",
        "超承诺 1 日",
        "超法定 1 日",
    ]


def test_a_case_before_acceptance_waits_and_then_is_late_to_be_told(door: Door, office: Office) -> None:
    office.register(REVIEWED)

    first = rows(door.clerk.get("/"))[0]
    office.sleep(10)
    later = rows(door.clerk.get("/"))[0]

    assert "待受理" in first
    assert "逾期未告知" in later


def test_a_stopped_clock_is_said_and_what_was_late_stays_late(door: Door, office: Office) -> None:
    stopped, late = accept(office), accept(office)
    suspend(office, stopped)
    office.sleep(60)
    suspend(office, late)

    lines = rows(door.clerk.get("/?tab=section"))

    assert "超法定" in lines[0]
    assert "停表" in lines[0]
    assert "停表（特别程序）" in lines[1]


def test_the_worst_stands_first(door: Door, office: Office) -> None:
    accept(office, ON_THE_SPOT)
    accept(office)
    office.sleep(40)
    accept(office)

    lines = rows(door.clerk.get("/"))

    assert [re.search(r"超法定|超承诺|剩", line)[0] for line in lines] == ["超法定", "超承诺", "剩"]  # type: ignore[index]


@pytest.mark.parametrize("day", [0, 1, 13, 24, 25, 28, 29, 30, 60])
def test_counters_and_filters_agree_with_the_lamps_of_the_lines(office: Office, day: int) -> None:
    for item in (
        REVIEWED,
        ON_THE_SPOT,
        "inpatient-reimbursement",
        "medical-institution-designation",
        "transfer-continuation",
    ):
        accept(office, item)
        office.register(item)
    suspend(office, accept(office, "inpatient-reimbursement"))
    office.sleep(day)
    suspend(office, accept(office, "inpatient-reimbursement"))
    actor, calendar = office.staff["clerk"], office.house.catalogue.calendar_of(office.bureau)

    with reading(office.engine) as session:
        today = office.now.date()
        counts = page_counts(session, calendar, actor, Filters(), today)[0]
        shown = {
            lamp: worklist(session, calendar, actor, Filters(lamp=lamp), today, soon_ids=counts.soon_ids).lines
            for lamp in LAMPS
        }
        everything = worklist(session, calendar, actor, Filters(), today).lines

    over = {Lamp.OVER_STATUTORY, Lamp.OVER_PROMISED}
    groups = {
        "over": over,
        "today": {Lamp.TODAY},
        "soon": {Lamp.SOON},
        "paused": {Lamp.PAUSED},
        "normal": {Lamp.NORMAL},
    }
    for lamp, expected in groups.items():
        wanted = [line.id for line in everything if line.reading is not None and line.reading.lamp in expected]
        assert [line.id for line in shown[lamp]] == wanted
        assert getattr(counts, lamp) == len(wanted)
    assert sum(getattr(counts, lamp) for lamp in LAMPS) == len(everything)


def test_pages_follow_each_other_without_loss_or_repetition(office: Office) -> None:
    for _ in range(7):
        accept(office)
    actor, calendar = office.staff["clerk"], office.house.catalogue.calendar_of(office.bureau)
    seen: list[int] = []
    after = None

    with reading(office.engine) as session:
        for _ in range(4):
            page = worklist(session, calendar, actor, Filters(), date(2026, 3, 2), after=after, limit=2)
            seen += [line.id for line in page.lines]
            after = page.after

    assert len(seen) == len(set(seen)) == 7
    assert after is None


def test_tabs_show_what_the_role_handles(door: Door, office: Office) -> None:
    ref = accept(office)
    office.act(ref, "clerk", "hand_over")

    assert len(rows(door.reviewer.get("/?tab=unclaimed"))) == 1
    assert rows(door.cashier.get("/?tab=section")) == []
    assert len(rows(door.supervisor.get("/"))) == 1


def test_a_case_that_came_back_says_how_often(door: Door, office: Office) -> None:
    ref = accept(office)
    office.act(ref, "clerk", "hand_over")
    office.act(ref, "reviewer", "send_back", reason="缺少诊断日期")

    line = rows(door.clerk.get("/?tab=section"))[0]

    assert "退回1次" in line


@pytest.mark.parametrize("words", ["张霈", "张", "zp", "ZP", "002X", "０" + "02X", "13912345678", "139-1234-5678"])
def test_a_case_is_found_by_name_initials_last_four_and_telephone(door: Door, office: Office, words: str) -> None:
    office.register(REVIEWED)

    page = door.clerk.client.get("/search", query_string={"q": words})

    assert len(rows(page)) == 1


@pytest.mark.parametrize("words", ["{number}", "{short}", "{code}", " {code} ", "{lower}"])
def test_what_fits_one_case_alone_opens_it_as_a_scanner_types_it(door: Door, office: Office, words: str) -> None:
    ref = office.register(REVIEWED)
    office.register(REVIEWED)
    short = f"{ref.number[11:17]}-{ref.number[17]}{int(ref.number[18:]):03d}"
    typed = words.format(number=ref.number, short=short, code=ref.query_code, lower=ref.query_code.lower())

    page = door.clerk.client.get("/search", query_string={"q": typed})

    assert (page.status_code, page.headers["Location"]) == (303, f"/cases/{ref.number}")


def test_a_whole_identity_number_from_a_card_reader_does_not_stay_in_the_address(door: Door, office: Office) -> None:
    office.register(REVIEWED)

    page = door.clerk.client.get("/search", query_string={"q": PERSON.id_number})

    assert page.headers["Location"] == "/search?q=002X"


def test_a_number_of_another_bureau_opens_nothing(door: Door, office: Office, engine: Engine) -> None:
    ref = office.register(REVIEWED)
    elsewhere = open_office(engine, "shuimogou")

    page = Door.of(elsewhere).clerk.client.get("/search", query_string={"q": ref.number})

    assert rows(page) == []


@pytest.mark.parametrize("words", ["%", "_", "李", "9999", "zz", "*"])
def test_other_words_find_nothing_and_say_what_can_be_entered(door: Door, office: Office, words: str) -> None:
    office.register(REVIEWED)

    page = door.clerk.client.get("/search", query_string={"q": words})

    assert rows(page) == []
    assert "没有找到" in page.text


def test_a_page_costs_few_statements(door: Door, office: Office, statements: list[str]) -> None:
    accept(office)
    browser = door.clerk
    browser.get("/")
    statements.clear()

    browser.get("/")

    # The session; the calendar's revision; what the person keeps; whom a case can go to; all counts; lines.
    assert len([one for one in statements if one.startswith(READS)]) == 6


def test_the_list_itself_costs_three_statements_however_many_lines_it_has(
    door: Door, office: Office, statements: list[str]
) -> None:
    browser, costs = door.reviewer, []

    for _ in range(2):
        for _ in range(3):
            office.act(accept(office), "clerk", "hand_over")
        statements.clear()
        browser.get("/?tab=section")
        costs.append(len([one for one in statements if one.startswith(READS)]))

    assert costs == [5, 5]


def test_the_pauses_of_a_page_cost_one_statement_more(door: Door, office: Office, statements: list[str]) -> None:
    browser, costs = door.clerk, []

    for stopped in (False, True):
        ref = accept(office)
        if stopped:
            suspend(office, ref)
        statements.clear()
        browser.get("/?tab=section")
        costs.append(len([one for one in statements if one.startswith(READS)]))

    assert costs[1] == costs[0] + 1


def test_the_supervisor_sees_each_cause_counted_and_grouped(door: Door, office: Office) -> None:
    accept(office, ON_THE_SPOT)
    accept(office)
    office.register(REVIEWED)
    office.sleep(40)

    page = door.supervisor.get("/overdue?cause=statutory&by=person")

    assert "超法定 1" in page.text
    assert "超承诺 1" in page.text
    assert "逾期未告知 1" in page.text
    assert "clerk · 1 件" in page.text


def test_a_ticked_case_is_assigned_and_a_stale_one_is_told(door: Door, office: Office) -> None:
    good, stale = accept(office), accept(office)
    office.sleep(40)
    version = office.case(good).record.version
    receiver = str(office.staff["clerk"].id)
    form = {"receiver": receiver, "reason": "超期较久", "cause": "statutory", "by": "item"}

    page = door.supervisor.client.post(
        "/overdue/assign", data=form | {"case": [f"{good.id}.{version}", f"{stale.id}.1"]}
    )

    stale_row, good_row = rows(page)
    assert "共 2 件：已办理 1 件，已有变化 1 件" in page.text
    assert "已由clerk推进到已受理" in stale_row
    assert "张霈" not in page.text
    assert "已办理" in good_row
    assert office.history(good)[-1] == "assign"
    assert "assign" not in office.history(stale)


@pytest.mark.parametrize(
    "wrong",
    [
        {"receiver": ""},
        {"receiver": "x"},
        {"reason": ""},
        {"case": "1"},
        {"case": "x.y"},
        {"case": []},
        {"reason": "\x00"},
    ],
)
def test_an_assignment_that_lacks_something_is_refused(door: Door, wrong: dict[str, str]) -> None:
    page = door.supervisor.client.post(
        "/overdue/assign", data={"receiver": "1", "reason": "理由", "case": "1.1"} | wrong
    )

    assert page.status_code == 422


def test_the_auditor_sees_but_has_no_form_to_act(door: Door, office: Office) -> None:
    accept(office)
    office.sleep(40)

    page = door.auditor.get("/overdue")

    assert len(rows(page)) == 2
    assert 'name="receiver"' not in page.text
