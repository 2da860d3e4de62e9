"""The calendar amended over open cases: the notices of 2015, 2019 and 2020, a new year's notice, crashes, bad input."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select

from caseflow.desk import rederiving
from caseflow.desk.calendar_days import Entered, enter, preview_days
from caseflow.desk.intake import CaseRef
from caseflow.desk.rederiving import rederive
from caseflow.desk.upkeep import sweep
from caseflow.errors import BadInput, CaseChanged, NotFound, Refused, Unavailable
from caseflow.house import BEIJING, House
from caseflow.rules.calendar import DayEntry, DayKind, WorkingCalendar
from caseflow.rules.entered_days import Amendment, read_lines
from caseflow.store.calendars import calendar_for
from caseflow.store.db import create_engine_for, reading, writing
from caseflow.store.models import CaseRow, DeadlineRow, EventRow
from caseflow.store.side_models import CalendarDayRow
from tests.support.office import Office, open_office
from tests.support.roads import ACCEPT, APPROVE, HAND_OVER

ITEMS = Path(__file__).parent.parent / "data" / "items"
TRANSFER = "transfer-continuation"
ASSISTANCE = "assistance-payment"
ASSESSED = "assessed"
CLOSE = ("clerk", "close", {"result": "已转入"})

# Each year as it was first announced, and what the later notice made of it.
BEFORE_2015 = "2015-09-03至2015-09-04 上班 工作日\n2015-09-06 放假 星期日"
NOTICE_2015 = "2015-09-03至2015-09-04 放假 抗战胜利70周年纪念日\n2015-09-06 上班 调休"
BEFORE_2019 = "2019-05-02至2019-05-03 上班 工作日\n2019-04-28 放假 星期日\n2019-05-05 放假 星期日"
NOTICE_2019 = "2019-05-01至2019-05-04 放假 劳动节\n2019-04-28 上班 调休\n2019-05-05 上班 调休"
BEFORE_2020 = "2020-01-31 上班 工作日\n2020-02-01 上班 调休\n2020-02-02 放假 星期日"
NOTICE_2020 = "2020-01-31至2020-02-02 放假 春节延长假期"
SOURCE = "国务院办公厅通知"


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}T10:30").replace(tzinfo=BEIJING)


def days(text: str, source: str = SOURCE, layer: str = "cn", publishes: int = 0) -> Amendment:
    return Amendment(layer, read_lines(text, source), publishes)


def put(office: Office, text: str, source: str = SOURCE, layer: str = "cn", publishes: int = 0) -> Entered:
    amendment = days(text, source, layer, publishes)
    return enter(office.engine, office.house, office.staff["administrator"], amendment, office.now)


def accepted(office: Office, day: str, item: str = TRANSFER) -> CaseRef:
    """A transfer of ten promised and fifteen statutory working days, or another item, accepted on a day."""
    office.now = at(day)
    ref = office.register(item)
    office.act(ref, *ACCEPT[:2], **ACCEPT[2])
    return ref


def dues(office: Office, ref: CaseRef) -> tuple[str, str]:
    record = office.case(ref).record
    return f"{record.promised_due:%m-%d}", f"{record.statutory_due:%m-%d}"


def last_detail(office: Office, ref: CaseRef) -> dict[str, Any]:
    with reading(office.engine) as session:
        query = select(EventRow.detail).where(EventRow.case_id == ref.id).order_by(EventRow.seq.desc()).limit(1)
        return session.execute(query).scalar_one()


def running(office: Office, ref: CaseRef, kind: str) -> tuple[date, date | None]:
    with reading(office.engine) as session:
        query = select(DeadlineRow.due_on, DeadlineRow.lapsed_on).where(
            DeadlineRow.case_id == ref.id, DeadlineRow.kind == kind, DeadlineRow.stopped_on.is_(None)
        )
        row = session.execute(query).one()
        return row.due_on, row.lapsed_on


def calendar(office: Office, key: str = "shawan") -> WorkingCalendar:
    with reading(office.engine) as session:
        return calendar_for(session, office.house, key)


def counted(office: Office, table: Any) -> int:
    with reading(office.engine) as session:
        return session.execute(select(func.count()).select_from(table)).scalar_one()


# --- the notices of 2015, 2019 and 2020 over open cases


def test_the_memorial_day_of_2015_moves_what_lies_across_it(office: Office) -> None:
    put(office, BEFORE_2015)
    across = accepted(office, "2015-08-24")
    promised_before = accepted(office, "2015-08-19")
    before = dues(office, across), dues(office, promised_before)
    office.now = at("2015-09-01")

    entered = put(office, NOTICE_2015)

    assert before == (("09-07", "09-14"), ("09-02", "09-09"))
    assert (dues(office, across), dues(office, promised_before)) == (("09-08", "09-15"), ("09-02", "09-10"))
    assert (entered.days, entered.cases) == (3, 2)


def test_three_months_that_end_on_the_memorial_day_end_on_the_make_up_sunday(engine: Engine) -> None:
    office = open_office(engine, items=ITEMS)
    put(office, BEFORE_2015)
    office.now = at("2015-06-03")
    ref = office.register(ASSESSED)
    for by, action, details in (ACCEPT, HAND_OVER):
        office.act(ref, by, action, **details)
    before, _ = running(office, ref, "stage")

    put(office, NOTICE_2015)

    assert (before, running(office, ref, "stage")[0]) == (date(2015, 9, 3), date(2015, 9, 6))


def test_the_longer_may_holiday_of_2019_moves_dates_both_ways(office: Office) -> None:
    put(office, BEFORE_2019)
    earlier, later, untouched = (accepted(office, day) for day in ("2019-04-17", "2019-04-29", "2019-04-22"))
    before = [dues(office, ref) for ref in (earlier, later, untouched)]
    office.now = at("2019-04-30")

    entered = put(office, NOTICE_2019)

    assert before == [("05-02", "05-09"), ("05-14", "05-21"), ("05-07", "05-14")]
    assert [dues(office, ref) for ref in (earlier, later, untouched)] == [
        ("04-30", "05-09"),
        ("05-15", "05-22"),
        ("05-07", "05-14"),
    ]
    assert entered.cases == 2
    assert office.history(untouched) == ["register", "accept"]


@pytest.fixture
def spring(office: Office) -> Office:
    """The office in January 2020, before the holiday was prolonged."""
    put(office, BEFORE_2020)
    return office


def test_the_prolonged_spring_festival_of_2020_moves_both_limits(spring: Office) -> None:
    ref = accepted(spring, "2020-01-20")
    before = dues(spring, ref)
    spring.now = at("2020-01-27")

    put(spring, NOTICE_2020)

    assert (before, dues(spring, ref)) == (("02-07", "02-14"), ("02-11", "02-18"))


def test_a_pause_is_taken_out_of_the_new_dates_too(spring: Office) -> None:
    ref = accepted(spring, "2020-01-20")
    why = {"kind": "鉴定", "basis": "行政许可法第四十五条", "days": "5", "reason": "鉴定", "excluded": "不计入办理时限"}
    spring.now = at("2020-01-22")
    spring.act(ref, "clerk", "suspend", **why)
    spring.now = at("2020-01-23")
    spring.act(ref, "clerk", "resume", reason="完成")
    before = dues(spring, ref)[0]

    put(spring, NOTICE_2020)

    assert (before, dues(spring, ref)[0]) == ("02-10", "02-12")


def test_the_running_notice_clock_moves_with_the_holiday(spring: Office) -> None:
    spring.now = at("2020-01-22")
    ref = spring.register(TRANSFER)
    before, _ = running(spring, ref, "notice")

    put(spring, NOTICE_2020)

    assert (before, running(spring, ref, "notice")[0]) == (date(2020, 2, 4), date(2020, 2, 6))


def test_a_deadline_that_lapsed_may_lapse_again_where_a_late_notice_gives_it_time(spring: Office) -> None:
    spring.now = at("2020-01-22")
    ref = spring.register(TRANSFER)
    spring.now = at("2020-02-05")
    sweep(spring.engine, spring.house, spring.now)
    lapsed = running(spring, ref, "notice")[1]

    put(spring, NOTICE_2020)

    assert (lapsed, running(spring, ref, "notice")) == (date(2020, 2, 5), (date(2020, 2, 6), None))


def test_old_new_and_source_stand_in_the_history(spring: Office) -> None:
    ref = accepted(spring, "2020-01-20")
    version = spring.case(ref).record.version
    spring.now = at("2020-01-27")

    put(spring, NOTICE_2020, "国办发明电〔2020〕1号")

    told = last_detail(spring, ref)
    assert spring.history(ref) == ["register", "accept", "calendar"]
    assert spring.case(ref).record.version == version + 1
    assert told["source"] == "国办发明电〔2020〕1号"
    assert told["dates"] == {"承诺到期": "2020-02-07 → 2020-02-11", "法定到期": "2020-02-14 → 2020-02-18"}
    assert told["due"] == {"before": ["2020-02-07", "2020-02-14"], "after": ["2020-02-11", "2020-02-18"]}
    assert told["days"][0] == "2020-01-31 放假 春节延长假期"
    assert told["entered_by"] == "administrator shaw008"


def test_a_closed_case_does_not_change(spring: Office) -> None:
    ref = accepted(spring, "2020-01-20")
    for by, action, details in (HAND_OVER, APPROVE, CLOSE):
        spring.act(ref, by, action, **details)
    before = spring.case(ref).record

    put(spring, NOTICE_2020)

    assert spring.case(ref).record == before
    assert dues(spring, ref) == ("02-07", "02-14")


def test_entered_twice_it_adds_nothing(spring: Office) -> None:
    ref = accepted(spring, "2020-01-20")
    put(spring, NOTICE_2020)
    before = spring.case(ref).record, counted(spring, CalendarDayRow), counted(spring, EventRow)

    again = put(spring, NOTICE_2020)
    rederive(spring.engine, spring.house, spring.now)
    swept = sweep(spring.engine, spring.house, spring.now)

    assert (again, swept.total) == (Entered(0, 0), 0)
    assert (spring.case(ref).record, counted(spring, CalendarDayRow), counted(spring, EventRow)) == before


def test_a_day_retired_and_entered_again_leads_back_and_leaves_every_row(spring: Office) -> None:
    ref = accepted(spring, "2020-01-20")
    put(spring, "2020-01-31 放假 春节延长假期", "第一次")
    between = dues(spring, ref)
    put(spring, "2020-01-31 上班 更正", "第二次")
    back = dues(spring, ref)
    put(spring, "2020-01-31 放假 春节延长假期", "第三次")

    assert (between, back, dues(spring, ref)) == (("02-10", "02-17"), ("02-07", "02-14"), ("02-10", "02-17"))
    assert last_detail(spring, ref)["source"] == "第三次"
    with reading(spring.engine) as session:
        query = select(CalendarDayRow.source, CalendarDayRow.retired_at.is_(None)).where(
            CalendarDayRow.day == date(2020, 1, 31)
        )
        rows = session.execute(query.order_by(CalendarDayRow.id)).all()
    assert [tuple(row) for row in rows][1:] == [("第一次", False), ("第二次", False), ("第三次", True)]


# --- shown first


def test_the_preview_lists_old_and_new_and_writes_nothing(spring: Office) -> None:
    ref = accepted(spring, "2020-01-20")
    before = spring.case(ref).record, counted(spring, CalendarDayRow)

    shown = preview_days(spring.engine, spring.house, spring.staff["administrator"], days(NOTICE_2020), spring.now)

    (change,) = shown.changes
    assert (change.number, change.lines[0]) == (ref.number, ("承诺到期", "2020-02-07", "2020-02-11"))
    assert [one.after.date.day for one in shown.days] == [31, 1, 2]
    assert (shown.days[0].before.kind, shown.days[0].after.kind) == (DayKind.MAKEUP, DayKind.HOLIDAY)
    assert (spring.case(ref).record, counted(spring, CalendarDayRow)) == before


def test_what_the_preview_shows_is_what_the_confirmation_does(spring: Office) -> None:
    refs = [accepted(spring, "2020-01-20"), accepted(spring, "2020-01-22")]
    admin, amendment = spring.staff["administrator"], days(NOTICE_2020)
    shown = preview_days(spring.engine, spring.house, admin, amendment, spring.now)

    enter(spring.engine, spring.house, admin, amendment, spring.now, shown.shown)

    told = {change.number: {what: f"{old} → {new}" for what, old, new in change.lines} for change in shown.changes}
    assert {ref.number: last_detail(spring, ref)["dates"] for ref in refs} == told


@pytest.mark.parametrize("what", ["calendar", "words"])
def test_a_confirmation_of_something_else_than_was_shown_is_refused(spring: Office, what: str) -> None:
    admin, amendment = spring.staff["administrator"], days(NOTICE_2020)
    shown = preview_days(spring.engine, spring.house, admin, amendment, spring.now)
    if what == "calendar":
        put(spring, "2020-02-03 放假 另一通知")
    else:
        amendment = replace(amendment, days=amendment.days[:1])
    before = counted(spring, CalendarDayRow)

    with pytest.raises(CaseChanged, match="请重新核对"):
        enter(spring.engine, spring.house, admin, amendment, spring.now, shown.shown)

    assert counted(spring, CalendarDayRow) == before


# --- a year's notice


def test_a_years_notice_ends_the_guesses_and_the_provisional_marks(office: Office) -> None:
    ref = accepted(office, "2026-12-21")
    before = dues(office, ref), office.case(ref).record.provisional

    put(office, "2027-01-01至2027-01-03 放假 元旦", "2027年放假通知", publishes=2027)

    assert (before, dues(office, ref)) == ((("01-05", "01-12"), 1), ("01-05", "01-12"))
    assert office.case(ref).record.provisional == 0
    assert last_detail(office, ref)["dates"]["承诺到期"] == "2027-01-05（暂定） → 2027-01-05"
    assert calendar(office).published_through == 2027
    assert calendar(office).is_working(date(2027, 4, 5))


def test_a_single_day_of_an_unpublished_year_leaves_it_provisional(office: Office) -> None:
    ref = accepted(office, "2026-12-21")

    put(office, "2027-01-04 放假 元旦调休")

    assert (dues(office, ref)[0], office.case(ref).record.provisional) == ("01-06", 1)
    assert not calendar(office).is_working(date(2027, 4, 5))


def test_a_published_year_stays_published_when_one_of_its_days_is_amended(office: Office) -> None:
    put(office, "2027-01-01 放假 元旦", publishes=2027)

    put(office, "2027-01-01 放假 元旦（更正）")

    assert calendar(office).published_through == 2027


def test_a_regions_notice_ends_its_estimates(office: Office) -> None:
    before = calendar(office).day(date(2026, 5, 29))

    put(office, "2026-05-27至2026-05-28 放假 古尔邦节", "自治区2026年通知", layer="xj", publishes=2026)

    assert (before.estimated, before.kind) == (True, DayKind.HOLIDAY)
    assert calendar(office).is_working(date(2026, 5, 29))
    assert calendar(office).day(date(2026, 5, 27)).source == "自治区2026年通知"
    assert not calendar(office).provisional(date(2026, 5, 20), date(2026, 6, 3))


# --- layers


@pytest.fixture
def two(engine: Engine) -> tuple[Office, Office]:
    """Two bureaus on one database with one installation's keys."""
    first, second = open_office(engine), open_office(engine, "shuimogou")
    second.house = first.house
    return first, second


def test_a_bureaus_own_day_moves_only_its_own_cases(two: tuple[Office, Office]) -> None:
    shawan, shuimogou = two
    refs = accepted(shawan, "2020-01-20"), accepted(shuimogou, "2020-01-20", ASSISTANCE)

    put(shawan, "2020-02-05 放假 停电", "沙湾通告", layer="shawan")

    assert shawan.history(refs[0]) == ["register", "accept", "calendar"]
    assert shuimogou.history(refs[1]) == ["register", "accept"]


def test_a_bureaus_day_lies_over_the_regions_and_the_nations(office: Office) -> None:
    put(office, "2026-06-03 放假 全国")
    put(office, "2026-06-03 上班 全区", layer="xj")
    put(office, "2026-06-03 放假 本机构", layer="shawan")

    assert [calendar(office, key).day(date(2026, 6, 3)).name for key in ("cn", "xj", "shawan", "shuimogou")] == [
        "全国",
        "全区",
        "本机构",
        "全区",
    ]


def test_another_bureaus_layer_is_left_to_its_own_administrator(two: tuple[Office, Office]) -> None:
    with pytest.raises(Refused, match="由该机构的系统管理员录入"):
        put(two[1], "2026-06-03 放假 停电", layer="shawan")


# --- crashes, two processes, cost


def test_a_crash_between_two_bureaus_is_resumed(two: tuple[Office, Office], monkeypatch: pytest.MonkeyPatch) -> None:
    shawan, shuimogou = two
    put(shawan, BEFORE_2020)
    refs = accepted(shawan, "2020-01-20"), accepted(shuimogou, "2020-01-20", ASSISTANCE)
    before = dues(shawan, refs[0]), dues(shuimogou, refs[1])
    monkeypatch.setattr(rederiving, "_rederive_batch", _dies_in("shuimogou", RuntimeError))
    with pytest.raises(RuntimeError):
        put(shawan, NOTICE_2020)
    monkeypatch.undo()
    half = dues(shawan, refs[0]), dues(shuimogou, refs[1])

    finished = rederive(shawan.engine, shawan.house, shawan.now)

    after = dues(shuimogou, refs[1])
    assert (half[0] != before[0], half[1] == before[1], after != before[1]) == (True, True, True)
    assert (finished.seen, finished.changed) == (1, 1)
    assert last_detail(shuimogou, refs[1])["source"] == SOURCE
    assert [one.history(ref).count("calendar") for one, ref in zip(two, refs, strict=True)] == [1, 1]


def test_a_database_that_goes_away_after_the_days_leaves_the_rest_to_the_tick(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(office, BEFORE_2020)
    ref = accepted(office, "2020-01-20")
    monkeypatch.setattr(rederiving, "_rederive_batch", _dies_in("shawan", Unavailable))
    entered = put(office, NOTICE_2020)
    monkeypatch.undo()

    sweep(office.engine, office.house, office.now)

    assert entered == Entered(3, 0, complete=False)
    assert dues(office, ref) == ("02-11", "02-18")


def _dies_in(bureau: str, error: type[Exception]) -> Callable[..., Any]:
    whole = rederiving._rederive_batch

    def dying(session: Any, house: House, of: str, now: datetime) -> Any:
        if of == bureau:
            raise error("gone")
        return whole(session, house, of, now)

    return dying


def test_many_cases_are_written_in_short_transactions(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    put(office, BEFORE_2020)
    refs = [accepted(office, "2020-01-20") for _ in range(5)]
    monkeypatch.setattr(rederiving, "BATCH", 2)

    entered = put(office, NOTICE_2020)

    assert entered.cases == 5
    assert {dues(office, ref) for ref in refs} == {("02-11", "02-18")}


def test_another_process_counts_with_the_new_day_at_once(office: Office, database_url: str) -> None:
    other = create_engine_for(database_url)
    with reading(other) as session:
        before = calendar_for(session, office.house, "shawan").is_working(date(2026, 3, 5))

    put(office, "2026-03-05 放假 临时")

    with reading(other) as session:
        after = calendar_for(session, office.house, "shawan").is_working(date(2026, 3, 5))
    other.dispose()
    assert (before, after) == (True, False)


def test_days_entered_by_several_at_once_all_stand(office: Office) -> None:
    texts = [f"2026-06-{day:02d} 放假 停电" for day in (1, 2, 3, 4)] + ["2026-06-05 放假 甲", "2026-06-05 放假 乙"]

    with ThreadPoolExecutor(6) as pool:
        entered = list(pool.map(lambda text: put(office, text).days, texts))

    assert entered == [1] * 6
    assert not any(calendar(office).is_working(date(2026, 6, day)) for day in range(1, 6))
    with reading(office.engine) as session:
        standing = select(func.count()).where(CalendarDayRow.retired_at.is_(None))
        assert session.execute(standing).scalar_one() == 5


def test_a_transaction_asks_once_whether_the_calendar_changed(office: Office) -> None:
    put(office, "2026-03-05 放假 临时")
    sent: list[str] = []
    event.listen(office.engine, "before_cursor_execute", lambda *args: sent.append(args[2]))

    with reading(office.engine) as session:
        first = calendar_for(session, office.house, "shawan")
        asked = [text for text in sent if "calendar_day" in text]
        second = calendar_for(session, office.house, "shawan")

    assert [text for text in sent if "calendar_day" in text] == asked
    assert (first is second, len(asked)) == (True, 1)


def test_a_case_registered_by_a_stale_table_is_found_by_the_next_tick(office: Office) -> None:
    put(office, BEFORE_2020)
    ref = accepted(office, "2020-01-20")
    put(office, NOTICE_2020)
    with writing(office.engine) as session:
        stale = {"promised_due": date(2020, 2, 7), "calendar_revision": "before.0"}
        session.execute(CaseRow.__table__.update().values(**stale))

    sweep(office.engine, office.house, office.now)

    assert dues(office, ref) == ("02-11", "02-18")


# --- bad input: refused with the reason, nothing half done


@pytest.mark.parametrize(
    ("amendment", "reason"),
    [
        (Amendment("cn", ()), "没有要录入的日子"),
        (Amendment("mars", days("2026-06-03 放假 停电").days), "没有日历层“mars”"),
        (days("2036-01-01 放假 元旦"), "超出工作日历的范围"),
        (days("2006-12-29 放假 元旦"), "超出工作日历的范围"),
        (days("2026-06-03 放假 甲\n2026-06-03 上班 乙"), "2026-06-03 写了两次"),
        (days("2026-06-03 放假 停电", source=" "), "请写明依据"),
        (Amendment("cn", (DayEntry(date(2026, 6, 3), off=True, name=" ", source="通知"),)), "没有写名称"),
        (Amendment("cn", (DayEntry(date(2026, 6, 3), off=True, name="停\x00电", source="通知"),)), "控制字符"),
        (Amendment("cn", (DayEntry(date(2026, 6, 3), off=True, name="x", source="通知", estimated=True),)), "只是推定"),
        (days("2028-01-01 放假 元旦", publishes=2028), "2027年的放假安排还没有录入"),
        (days("2026-12-31 放假 元旦", publishes=2027), "没有2027年的"),
        (days("2026-12-31 放假 元旦", publishes=1), "公布的年份应在"),
    ],
)
def test_what_cannot_be_entered_is_refused_with_the_reason(office: Office, amendment: Amendment, reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        enter(office.engine, office.house, office.staff["administrator"], amendment, office.now)

    assert counted(office, CalendarDayRow) == 0


def test_every_fault_is_told_at_once(office: Office) -> None:
    amendment = days("2036-01-01 放假 元旦\n2036-01-01 放假 元旦", source=" ", layer="mars")

    with pytest.raises(BadInput) as refused:
        enter(office.engine, office.house, office.staff["administrator"], amendment, office.now)

    assert len(refused.value.faults) == 5


@pytest.mark.parametrize("role", ["clerk", "supervisor", "auditor"])
def test_only_the_administrator_enters_days(office: Office, role: str) -> None:
    with pytest.raises(Refused, match="须由系统管理员录入"):
        enter(office.engine, office.house, office.staff[role], days("2026-06-03 放假 停电"), office.now)

    assert counted(office, CalendarDayRow) == 0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2026-06-03 休息 停电", "第 1 行应写成"),
        ("2026-06-03 放假 停电\n2026-02-30 放假 无此日", "第 2 行的日期没有这一天"),
        ("2026-06-03至2026-06-01 放假 停电", "止不早于起"),
        ("2026-06-03至2026-12-01 放假 停电", "一段最多 31 天"),
        ("放假", "第 1 行应写成"),
    ],
)
def test_a_line_that_says_no_day_is_named(text: str, reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        read_lines(text, SOURCE)


def test_a_sunday_declared_a_working_day_counts(office: Office) -> None:
    put(office, "2026-03-08 上班 调休")

    assert calendar(office).day(date(2026, 3, 8)).kind is DayKind.MAKEUP
    assert calendar(office).add(date(2026, 3, 6), 1) == date(2026, 3, 8)


def test_an_unknown_calendar_is_not_found(office: Office) -> None:
    with pytest.raises(NotFound, match="没有日历"):
        calendar(office, "mars")


def test_a_moved_date_reaches_the_next_step_of_the_case(office: Office) -> None:
    put(office, BEFORE_2020)
    ref = accepted(office, "2020-01-20")
    put(office, NOTICE_2020)
    office.now = at("2020-02-10") + timedelta(hours=1)

    for by, action, details in (HAND_OVER, APPROVE, CLOSE):
        office.act(ref, by, action, **details)

    assert office.case(ref).record.state == "closed"
