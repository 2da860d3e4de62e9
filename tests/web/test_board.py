"""运行看板, 办件清单, 统计报表: SQL says what the rules say, and every number leads to as many cases."""

from __future__ import annotations

import re
from datetime import date, datetime
from html import unescape
from io import BytesIO
from itertools import pairwise
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select
from werkzeug.test import TestResponse

from caseflow.desk.people import Party
from caseflow.house import BEIJING
from caseflow.identity import IdKind
from caseflow.rules.case_sets import NAMES, Span
from caseflow.rules.metrics import Tally, figures, tally_of
from caseflow.store.db import reading
from caseflow.store.models import CaseRow
from caseflow.views import export
from caseflow.views.board import board, buckets
from caseflow.views.calendar_page import working_calendar
from caseflow.views.case_sets import Chosen, Scope, beijing_slot, received_at, scope_for
from caseflow.views.export import COLUMNS, USUAL, rows_of, size_of
from caseflow.views.metrics import GROUPS, tallies, tally
from tests.support.busy_office import NEWBORN, TRANSFER, busy, facts_of
from tests.support.office import Office, open_office
from tests.web.counter import Door
from web import board as board_page

FIRST = date(2026, 3, 1)
HOSTILE = ["\x00", "a\x07b", "x" * 10_000, "-1", "9" * 40, "' OR 1=1 --", "<script>alert(1)</script>", "１２"]
LINK = re.compile(r'href="(/board/cases\?[^"]*)"[^>]*>(?:<b>)?(\d+)(?:</b>)?</a>')


@pytest.fixture
def office(engine: Any) -> Office:
    """Two months of everything."""
    return busy(open_office(engine))


@pytest.fixture
def quiet(engine: Any) -> Door:
    """An office in which nothing has happened yet."""
    return Door.of(open_office(engine))


def spans(office: Office) -> list[Span]:
    today = office.now.date()
    return [
        Span(FIRST, today, today),
        Span(FIRST, date(2026, 3, 31), today),
        Span(date(2026, 4, 1), date(2026, 4, 7), today),
        Span(today, today, today),
        Span(date(2025, 3, 1), date(2025, 3, 31), today),
    ]


def scope(session: Any, office: Office, **chosen: str) -> Scope:
    calendar = working_calendar(session, office.house, office.bureau)
    return scope_for(session, calendar, office.bureau, office.now.date(), Chosen(**chosen), lamps_shown=True)


def counted(tally: Tally) -> tuple[dict[str, int], dict[str, str]]:
    return {key: tally.count(key) for key in NAMES}, {key: one.text for key, one in figures(tally).items()}


def total_of(page: TestResponse) -> int:
    found = re.search(r'<b class="total">(\d+)</b>', page.text)
    assert found, page.text[:500]
    return int(found[1])


def sheet(response: TestResponse, name: str = "") -> list[tuple[Any, ...]]:
    book = load_workbook(BytesIO(response.data))
    return list(book[name or book.sheetnames[0]].iter_rows(values_only=True))


def test_sql_counts_what_the_rules_count(office: Office) -> None:
    facts = facts_of(office.engine, office.bureau)

    with reading(office.engine) as session:
        found = {span: counted(tally(session, scope(session, office), span)) for span in spans(office)}

    assert found == {span: counted(tally_of(facts, span)) for span in spans(office)}


def test_the_busy_office_has_something_in_every_set_but_deferrals(office: Office) -> None:
    tally = tally_of(facts_of(office.engine, office.bureau), spans(office)[0])

    assert {key for key in NAMES if not tally.count(key)} <= {"deferred", "extended"}


def test_the_list_of_a_set_is_as_long_as_its_count(office: Office) -> None:
    span = spans(office)[0]

    with reading(office.engine) as session:
        here = scope(session, office)
        found = tally(session, here, span)
        sizes = {key: size_of(session, here, key, span) for key in NAMES}
        rows = {key: len(list(rows_of(session, here, key, span, USUAL))) for key in NAMES}

    assert sizes == rows == {key: found.count(key) for key in NAMES}


@pytest.mark.parametrize("by", GROUPS)
def test_the_groups_add_up_to_the_whole(office: Office, by: str) -> None:
    for span in spans(office)[:2]:
        with reading(office.engine) as session:
            here = scope(session, office)
            groups, whole = tallies(session, here, span, by=by), tally(session, here, span)

        assert counted(sum(groups.values(), Tally())) == counted(whole)


@pytest.mark.parametrize("by", GROUPS)
def test_a_group_is_what_its_filter_finds(office: Office, by: str) -> None:
    span = spans(office)[0]

    with reading(office.engine) as session:
        groups = tallies(session, scope(session, office), span, by=by)
        alone = {key: tally(session, scope(session, office, **{by: key}), span) for key in groups}

    assert len(groups) > (0 if by in {"section", "window"} else 1)
    assert {key: counted(one) for key, one in groups.items()} == {key: counted(one) for key, one in alone.items()}


def test_another_bureaus_cases_are_never_counted(office: Office) -> None:
    span = spans(office)[0]
    with reading(office.engine) as session:
        before = counted(tally(session, scope(session, office), span))
    other = open_office(office.engine, "shuimogou")
    other.now = office.now
    other.register("assistance-payment")

    with reading(office.engine) as session:
        after = counted(tally(session, scope(session, office), span))
        theirs = tally(session, scope(session, other), span)

    assert after == before
    assert theirs.count("received") == 1


def test_every_number_of_the_board_leads_to_as_many_cases(office: Office) -> None:
    supervisor = Door.of(office).supervisor
    page = supervisor.get(f"/board?from={FIRST}")

    links = {unescape(href): int(n) for href, n in LINK.findall(page.text)}

    assert page.status_code == 200
    assert len(links) > 60
    assert {href: total_of(supervisor.get(href)) for href in links} == links


def test_every_number_of_a_report_leads_to_as_many_cases(office: Office) -> None:
    supervisor = Door.of(office).supervisor

    for by in GROUPS:
        page = supervisor.get(f"/reports?period=2026&by={by}")
        links = {unescape(href): int(n) for href, n in LINK.findall(page.text)}

        assert len(links) >= 8
        assert {href: total_of(supervisor.get(href)) for href in links} == links


def test_the_board_asks_as_many_questions_however_many_cases(office: Office, statements: list[str]) -> None:
    def asked() -> int:
        statements.clear()
        with reading(office.engine) as session:
            board(session, scope(session, office), spans(office)[0])
        return len([one for one in statements if one.startswith(("SELECT", "WITH"))])

    before = asked()
    for _ in range(5):
        office.register(TRANSFER)

    assert asked() == before <= 32


def test_the_trend_covers_the_period_once_and_adds_up(office: Office) -> None:
    for span in spans(office):
        parts = buckets(span)

        with reading(office.engine) as session:
            here = scope(session, office)
            found = board(session, here, span)

        assert parts[0][0] == span.first
        assert parts[-1][1] == span.last
        assert all((b[0] - a[1]).days == 1 for a, b in pairwise(parts))
        assert sum(one.received for one in found.trend) == found.now.tally.count("received")
        assert sum(one.closed for one in found.trend) == found.now.tally.count("closed")
        assert sum(found.slots.values()) == found.now.tally.count("received")


def test_stages_are_the_stays_of_the_closed_cases_in_working_days(office: Office) -> None:
    with reading(office.engine) as session:
        found = board(session, scope(session, office), spans(office)[0])

    reviewing = next(one for one in found.stages if one.state == "reviewing")
    suspended = next(one for one in found.stages if one.state == "suspended")
    # slow: 3 March to 7 April without 肉孜节 (03-20) and 清明 (04-06)
    assert (reviewing.cases, reviewing.stays.count, reviewing.stays.p90) == (5, 7, 24)
    assert (suspended.stays.count, suspended.stays.median) == (1, 5.0)


@pytest.mark.parametrize(
    ("moment", "slot"),
    [
        (datetime(2026, 3, 2, 0, 5, tzinfo=BEIJING), (1, 0)),
        (datetime(2026, 3, 1, 23, 59, tzinfo=BEIJING), (7, 23)),
        (datetime(2026, 3, 7, 7, 59, tzinfo=BEIJING), (6, 7)),
        (datetime(2026, 3, 6, 8, 0, tzinfo=BEIJING), (5, 8)),
    ],
)
def test_the_hour_of_receipt_is_beijings(engine: Any, moment: datetime, slot: tuple[int, int]) -> None:
    office = open_office(engine)
    office.now = moment
    ref = office.register(NEWBORN)

    with reading(engine) as session:
        found = board(session, scope(session, office), Span(moment.date(), moment.date(), moment.date()))
        listed = session.execute(select(CaseRow.id).where(received_at(f"{slot[0]}.{slot[1]:02d}"))).scalars().all()

    assert found.slots == {slot: 1}
    assert listed == [ref.id]
    assert {beijing_slot(utc) for utc in range(168)} == {(day, hour) for day in range(1, 8) for hour in range(24)}


def test_pages_follow_each_other_without_gap_or_repeat(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "PAGE", 3)
    supervisor = Door.of(office).supervisor
    address, numbers = f"/board/cases?set=received&from={FIRST}", []

    while address:
        page = supervisor.get(address)
        numbers += re.findall(r'href="/cases/(\d+)"', page.text)
        following = re.search(r'href="([^"]*)" rel="next"', page.text)
        address = unescape(following[1]) if following else ""

    assert len(numbers) == len(set(numbers)) == total_of(page)


def test_batches_of_an_export_follow_each_other_without_gap_or_repeat(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "BATCH", 2)
    span = spans(office)[0]

    with reading(office.engine) as session:
        here = scope(session, office)
        numbers = {
            key: [row[0] for row in rows_of(session, here, key, span, ("number",))] for key in ("late", "closed")
        }
        sizes = {key: size_of(session, here, key, span) for key in numbers}

    assert {key: len(set(found)) for key, found in numbers.items()} == sizes


def test_only_who_watches_sees_figures(quiet: Door) -> None:
    paths = ["/board", "/board/cases", "/reports", "/board.xlsx", "/board/cases.xlsx", "/reports.xlsx"]
    roles = ["clerk", "reviewer", "checker", "approver", "cashier", "administrator"]

    refused = {(role, path): getattr(quiet, role).get(path).status_code for role in roles for path in paths}
    seen = {path: quiet.auditor.get(path).status_code for path in paths}

    assert set(refused.values()) == {403}
    assert seen == {**dict.fromkeys(paths, 200), "/board/cases.xlsx": 409}


def test_hostile_filters_are_refused_or_find_nothing(quiet: Door) -> None:
    names = {
        "/board": ("from", "to", "item", "section", "window", "person"),
        "/board/cases": ("set", "state", "lamp", "at", "passed", "after", "person", "from"),
        "/board/cases.xlsx": ("set", "col", "from", "person"),
        "/reports": ("period", "by"),
    }
    browser = quiet.supervisor.client

    answers = [
        browser.get(path, query_string={name: value}) for path in names for name in names[path] for value in HOSTILE
    ]

    assert {page.status_code for page in answers} <= {200, 409, 422}
    assert not any("<script>alert" in page.text for page in answers if page.mimetype == "text/html")


def test_a_period_that_is_none_is_told(quiet: Door) -> None:
    periods = (
        "from=2026-04-02&to=2026-04-01",
        "from=2026-02-30",
        "from=2006-12-31&to=2007-01-05",
        "from=2025-01-01&to=2026-01-02",
        "from=2026-03-03&to=2026-03-05",
        "to=2036-01-01",
    )
    supervisor = quiet.supervisor

    assert {period: supervisor.get(f"/board?{period}").status_code for period in periods} == dict.fromkeys(periods, 422)
    assert supervisor.get("/board?from=2025-01-01&to=2026-01-01").status_code == 200
    assert supervisor.get("/board?from=2026-03-02&to=2026-03-31").status_code == 200


def test_a_report_of_no_month_or_one_to_come_is_told(quiet: Door) -> None:
    periods = ("2026-13", "2026-3", "26", "2006", "2036", "2027", "2026-04")
    supervisor = quiet.supervisor

    found = {period: supervisor.get(f"/reports?period={period}").status_code for period in periods}

    assert found == dict.fromkeys(periods, 422)
    assert supervisor.get("/reports?period=2026-03").status_code == 200


def test_an_empty_office_is_shown_without_figures(quiet: Door) -> None:
    supervisor = quiet.supervisor

    page, cases, report = (supervisor.get(path) for path in ("/board", "/board/cases", "/reports"))

    assert "100.0%" not in page.text
    assert "没有符合条件的办件" in cases.text
    assert "没有办件" in report.text


def test_cases_go_out_with_masked_names_dates_as_dates_and_text_as_text(engine: Any) -> None:
    office = open_office(engine)
    applicant = Party("㼆霈", IdKind.RESIDENT_ID, "11010519491231002X", "13912345678")
    office.register(NEWBORN, applicant=applicant)

    page = Door.of(office).supervisor.get("/board/cases.xlsx?" + "&".join(f"col={key}" for key in COLUMNS))

    head, row = sheet(page)
    found = dict(zip(head, row, strict=True))
    assert found["申请人"] == "㼆*"
    assert found["证件号后四位"] == "002X"
    assert found["收件日期"] == datetime(2026, 3, 2)  # noqa: DTZ001 - a workbook's dates have no zone
    assert re.fullmatch(r"\d{24}", found["办件编号"])
    assert "11010519491231002X" not in page.data.decode("latin-1")
    assert page.headers["Content-Disposition"].startswith("attachment")


def test_chosen_columns_and_filters_are_kept(office: Office) -> None:
    supervisor = Door.of(office).supervisor

    page = supervisor.get(f"/board/cases.xlsx?set=closed&from={FIRST}&item={NEWBORN}&col=verdict&col=item&col=used")

    head, *rows = sheet(page)
    assert head == ("事项", "时限", "用时（工作日）")
    assert rows == [(office.item(NEWBORN).name, "按时办结", 0)] * 2


def test_late_cases_say_by_how_many_working_days(office: Office) -> None:
    page = Door.of(office).supervisor.get(f"/board/cases.xlsx?set=closed_late&from={FIRST}&col=verdict&col=used")

    assert {row[0] for row in sheet(page)[1:]} <= {f"超期办结 {n} 日" for n in range(1, 30)}


def test_nothing_to_take_away_is_told(quiet: Door) -> None:
    page = quiet.supervisor.get("/board/cases.xlsx?set=closed&from=2026-01-01&to=2026-01-02")

    assert page.status_code == 409
    assert "没有可导出的内容" in page.text


def test_more_than_a_page_waits_for_is_told_with_the_command(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    supervisor = Door.of(office).supervisor
    known = total_of(supervisor.get(f"/board/cases?from={FIRST}"))

    monkeypatch.setattr(board_page, "MOST_EXPORTED", known - 1)
    refused = supervisor.get(f"/board/cases.xlsx?from={FIRST}")
    monkeypatch.setattr(board_page, "MOST_EXPORTED", known)
    allowed = supervisor.get(f"/board/cases.xlsx?from={FIRST}")

    assert (refused.status_code, allowed.status_code) == (409, 200)
    assert "caseflow export" in refused.text


def test_the_board_and_the_report_go_out_with_the_same_numbers(office: Office) -> None:
    supervisor = Door.of(office).supervisor

    figures_out = sheet(supervisor.get(f"/board.xlsx?from={FIRST}"))
    report_out = sheet(supervisor.get("/reports.xlsx?period=2026&by=person"))

    tally = tally_of(facts_of(office.engine, office.bureau), spans(office)[0])
    assert {row[0]: row[1] for row in figures_out[1:]} == {one.metric.name: one.text for one in figures(tally).values()}
    numbers = [row[1:9] for row in report_out[1:]]
    assert [sum(column) for column in zip(*numbers[:-1], strict=True)] == list(numbers[-1])
