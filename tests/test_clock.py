"""The arithmetic of limits: every printed example of the rules, then days left, the lamp and its words."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from caseflow.errors import BadInput, OutsideCalendar
from caseflow.rules.calendar import WorkingCalendar
from caseflow.rules.clock import (
    Clocks,
    Due,
    Lamp,
    Limit,
    Pause,
    SoonRule,
    StripKind,
    Unit,
    due,
    lamp_text,
    left,
    months_after,
    over,
    read,
    strip,
    used,
)
from tests.calendars import CN, XJ

START = date(2026, 3, 2)
FIVE = Limit(5)


def march(first: int, last: int | None) -> Pause:
    return Pause(date(2026, 3, first), None if last is None else date(2026, 3, last))


@pytest.mark.parametrize(
    ("pauses", "expected"),
    [
        ((), date(2026, 3, 9)),
        ((march(6, 8),), date(2026, 3, 9)),
        ((march(9, 12),), date(2026, 3, 9)),
        ((march(2, 4),), date(2026, 3, 11)),
        ((march(3, 5), march(5, 9)), date(2026, 3, 13)),
        ((march(5, 9), march(3, 5)), date(2026, 3, 13)),
        ((march(3, 9), march(4, 6)), date(2026, 3, 13)),
        ((march(5, None),), None),
        ((march(9, None),), date(2026, 3, 9)),
        ((march(8, None),), None),
        ((Pause(date(2026, 2, 20), date(2026, 3, 4)),), date(2026, 3, 11)),
        ((Pause(date(2026, 2, 20), START),), date(2026, 3, 9)),
        ((march(4, 4),), date(2026, 3, 9)),
    ],
)
def test_five_working_days_from_the_second_of_march(pauses: tuple[Pause, ...], expected: date | None) -> None:
    assert due(CN, START, FIVE, pauses).on == expected


def test_an_open_pause_leaves_the_days_it_found() -> None:
    assert left(CN, START, FIVE, [march(5, None)], 0, date(2026, 3, 5)) == 2
    assert left(CN, START, FIVE, [march(5, None)], 0, date(2026, 3, 30)) == 2


def test_an_extension_adds_working_days_to_the_limit() -> None:
    assert due(CN, START, FIVE, (), 10).on == date(2026, 3, 23)


def test_a_promise_already_late_stays_late_when_a_pause_moves_the_statutory_date() -> None:
    clocks = Clocks(START, Limit(10), Limit(15), (march(18, 25),))

    found = read(CN, clocks, date(2026, 3, 27))

    assert (found.promised_due, found.statutory_due) == (date(2026, 3, 16), date(2026, 3, 30))
    assert found.lamp is Lamp.OVER_PROMISED


def test_a_start_on_a_holiday_counts_from_the_next_working_day() -> None:
    assert due(CN, date(2025, 5, 1), Limit(1)).on == date(2025, 5, 6)


def test_the_same_limit_ends_later_in_xinjiang() -> None:
    accepted = date(2025, 5, 30)

    assert due(CN, accepted, FIVE) == Due(date(2025, 6, 9), provisional=False)
    assert due(XJ, accepted, FIVE) == Due(date(2025, 6, 12), provisional=False)


def test_a_notice_is_due_five_working_days_after_a_make_up_saturday() -> None:
    assert due(CN, date(2026, 5, 9), FIVE).on == date(2026, 5, 15)


def test_an_immediate_item_is_due_on_its_day_even_at_a_weekend() -> None:
    saturday = date(2026, 3, 7)

    assert due(CN, saturday, Limit(0)).on == saturday
    assert due(CN, saturday, Limit(0), [Pause(saturday, None)]).on == saturday


@pytest.mark.parametrize(
    ("start", "limit", "expected"),
    [
        (date(2025, 12, 31), Limit(2, Unit.MONTH), date(2026, 2, 28)),
        (date(2026, 8, 1), Limit(2, Unit.MONTH), date(2026, 10, 8)),
        (date(2026, 3, 2), Limit(5, Unit.CALENDAR_DAY), date(2026, 3, 9)),
        (date(2026, 3, 2), Limit(4, Unit.CALENDAR_DAY), date(2026, 3, 6)),
        (date(2026, 5, 7), Limit(2, Unit.CALENDAR_DAY), date(2026, 5, 9)),
        (date(2026, 3, 2), Limit(48, Unit.HOUR), date(2026, 3, 4)),
        (date(2026, 3, 2), Limit(47, Unit.HOUR), date(2026, 3, 3)),
        (date(2026, 3, 2), Limit(23, Unit.HOUR), date(2026, 3, 2)),
        (date(2026, 3, 6), Limit(24, Unit.HOUR), date(2026, 3, 9)),
    ],
)
def test_calendar_limits_roll_forward_to_a_working_day(start: date, limit: Limit, expected: date) -> None:
    assert due(CN, start, limit).on == expected


@pytest.mark.parametrize(
    ("day", "n", "expected"),
    [
        (date(2025, 12, 31), 2, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2026, 8, 31), 1, date(2026, 9, 30)),
        (date(2026, 10, 31), 2, date(2026, 12, 31)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 5, 20), 0, date(2026, 5, 20)),
    ],
)
def test_months_end_on_the_corresponding_day_or_the_months_last(day: date, n: int, expected: date) -> None:
    assert months_after(day, n) == expected


@pytest.mark.parametrize(
    ("pauses", "extend", "expected"),
    [
        ((march(4, 6),), 0, date(2026, 3, 9)),
        ((march(4, 6), march(5, 9)), 0, date(2026, 3, 11)),
        ((march(6, 20),), 0, date(2026, 3, 6)),
        ((march(4, None),), 0, None),
        ((), 3, date(2026, 3, 11)),
        ((march(9, 11),), 3, date(2026, 3, 12)),
        ((march(11, 13),), 3, date(2026, 3, 11)),
        ((march(4, 6),), 1, date(2026, 3, 10)),
    ],
)
def test_pauses_stretch_a_calendar_limit_by_their_calendar_days(
    pauses: tuple[Pause, ...], extend: int, expected: date | None
) -> None:
    four_days = Limit(4, Unit.CALENDAR_DAY)

    assert due(CN, START, four_days, pauses, extend).on == expected


def test_a_date_that_rests_on_an_unpublished_year_says_so() -> None:
    assert due(CN, date(2026, 12, 30), Limit(1)) == Due(date(2026, 12, 31), provisional=False)
    assert due(CN, date(2026, 12, 30), Limit(2)) == Due(date(2027, 1, 4), provisional=True)


def test_a_limit_without_a_date_is_not_provisional() -> None:
    assert due(CN, date(2026, 12, 30), Limit(9), [Pause(date(2026, 12, 31), None)]) == Due(None, provisional=False)


@pytest.mark.parametrize("unit", list(Unit))
def test_a_limit_that_ends_beyond_the_calendar_is_refused(unit: Unit) -> None:
    with pytest.raises(OutsideCalendar):
        due(CN, START, Limit(10**9, unit))


def test_a_pause_cannot_end_before_it_begins() -> None:
    with pytest.raises(BadInput, match="结束日期2026-03-04早于开始日期2026-03-05"):
        march(5, 4)


def test_a_limit_cannot_be_negative() -> None:
    with pytest.raises(BadInput, match="不能为负数"):
        Limit(-1)


def test_used_days_are_the_working_days_after_the_start_outside_the_pauses() -> None:
    assert used(CN, START, START) == 0
    assert used(CN, START, date(2026, 3, 9)) == 5
    assert used(CN, START, date(2026, 3, 9), [march(3, 5)]) == 3
    assert used(CN, START, date(2026, 2, 1)) == 0


@pytest.mark.parametrize(
    ("today", "expected"),
    [(date(2026, 3, 5), 1), (date(2026, 3, 6), 0), (date(2026, 3, 9), -1), (date(2026, 2, 1), 4)],
)
def test_days_left_of_a_calendar_limit_are_working_days(today: date, expected: int) -> None:
    assert left(CN, START, Limit(4, Unit.CALENDAR_DAY), (), 0, today) == expected


def test_a_stopped_calendar_limit_keeps_the_days_it_had() -> None:
    limit, pauses = Limit(9, Unit.CALENDAR_DAY), [march(5, None)]

    assert {left(CN, START, limit, pauses, 0, date(2026, 3, day)) for day in (5, 6, 20)} == {4}
    assert left(CN, START, limit, pauses, 0, date(2026, 3, 3)) == 6


def test_due_on_friday_is_one_day_late_on_saturday() -> None:
    friday = date(2026, 3, 6)

    assert [over(CN, friday, friday + timedelta(days=n)) for n in (1, 2, 3, 4)] == [1, 1, 1, 2]


@pytest.mark.parametrize(
    ("today", "lamp", "text"),
    [
        (date(2026, 3, 3), Lamp.NORMAL, "剩 9 日"),
        (date(2026, 3, 11), Lamp.NORMAL, "剩 3 日"),
        (date(2026, 3, 12), Lamp.SOON, "临期 剩 2 日"),
        (date(2026, 3, 13), Lamp.SOON, "临期 剩 1 日"),
        (date(2026, 3, 15), Lamp.SOON, "临期 剩 1 日"),
        (date(2026, 3, 16), Lamp.TODAY, "今日到期"),
        (date(2026, 3, 17), Lamp.OVER_PROMISED, "超承诺 1 日"),
        (date(2026, 3, 23), Lamp.OVER_PROMISED, "超承诺 5 日"),
        (date(2026, 3, 24), Lamp.OVER_STATUTORY, "超法定 1 日"),
        (date(2026, 3, 28), Lamp.OVER_STATUTORY, "超法定 4 日"),
    ],
)
def test_the_lamp_of_ten_promised_and_fifteen_statutory_days(today: date, lamp: Lamp, text: str) -> None:
    found = read(CN, Clocks(START, Limit(10), Limit(15)), today)

    assert (found.lamp, found.text) == (lamp, text)


def test_a_reading_holds_both_limits() -> None:
    found = read(CN, Clocks(START, Limit(10), Limit(15), (march(3, 5),), 2), date(2026, 3, 9))

    assert (found.promised_due, found.statutory_due) == (date(2026, 3, 20), date(2026, 3, 27))
    assert (found.used, found.promised_left, found.statutory_left) == (3, 9, 14)


@pytest.mark.parametrize(
    ("n", "today", "lamp"),
    [
        (5, date(2026, 3, 5), Lamp.NORMAL),
        (5, date(2026, 3, 6), Lamp.SOON),
        (1, date(2026, 3, 2), Lamp.SOON),
        (2, date(2026, 3, 2), Lamp.NORMAL),
    ],
)
def test_a_short_limit_is_near_its_end_with_one_day_left(n: int, today: date, lamp: Lamp) -> None:
    assert read(CN, Clocks(START, Limit(n), None), today).lamp is lamp


def test_when_a_limit_is_near_its_end_can_be_configured() -> None:
    clocks, today = Clocks(START, Limit(10), None), date(2026, 3, 9)

    assert read(CN, clocks, today).lamp is Lamp.NORMAL
    assert read(CN, clocks, today, soon=SoonRule(percent=50)).lamp is Lamp.SOON
    assert read(CN, clocks, today, soon=SoonRule(left=5, short=10)).lamp is Lamp.SOON


def test_a_stopped_case_shows_the_pause_and_keeps_its_days() -> None:
    found = read(CN, Clocks(START, Limit(10), Limit(15), (march(11, None),)), date(2026, 3, 30), paused=True)

    assert (found.lamp, found.text) == (Lamp.PAUSED, "停表（特别程序）")
    assert (found.promised_due, found.statutory_due) == (None, None)
    assert (found.promised_left, found.statutory_left) == (3, 8)


def test_a_late_case_that_is_stopped_keeps_its_lamp_and_is_marked() -> None:
    found = read(CN, Clocks(START, FIVE, Limit(15), (march(10, None),)), date(2026, 3, 12), paused=True)

    assert (found.lamp, found.text) == (Lamp.OVER_PROMISED, "超承诺 1 日（停表）")
    assert found.promised_due == date(2026, 3, 9)


def test_a_pause_that_has_not_begun_does_not_stop_the_lamp() -> None:
    found = read(CN, Clocks(START, FIVE, None, (march(5, None),)), date(2026, 3, 3))

    assert (found.lamp, found.promised_left) == (Lamp.NORMAL, 4)


def test_a_case_that_waits_for_its_applicant_has_no_date() -> None:
    found = read(CN, Clocks(None, Limit(10), Limit(15)), START, supplementing=True)

    assert (found.lamp, found.text, found.promised_due, found.used) == (Lamp.SUPPLEMENTING, "待补正", None, 0)


@pytest.mark.parametrize("clocks", [Clocks(None, Limit(5), Limit(5)), Clocks(START, None, None)])
def test_without_a_start_or_a_limit_there_is_no_lamp(clocks: Clocks) -> None:
    found = read(CN, clocks, START)

    assert (found.lamp, found.text) == (None, "")


def test_limits_in_different_units_promise_the_earlier_date() -> None:
    clocks = Clocks(START, Limit(20), Limit(10, Unit.CALENDAR_DAY))

    found = read(CN, clocks, date(2026, 3, 11))

    assert (found.promised_due, found.statutory_due) == (date(2026, 3, 12), date(2026, 3, 12))
    assert (found.promised_left, found.lamp) == (1, Lamp.SOON)


def test_a_statutory_limit_alone_has_a_lamp_of_its_own() -> None:
    clocks = Clocks(START, None, FIVE)

    assert read(CN, clocks, date(2026, 3, 3)).text == "剩 4 日"
    assert read(CN, clocks, date(2026, 3, 10)).text == "超法定 1 日"


def test_every_lamp_has_its_words() -> None:
    words = [lamp_text(lamp, -3 if lamp in (Lamp.OVER_STATUTORY, Lamp.OVER_PROMISED) else 3) for lamp in Lamp]

    expected = ["超法定 3 日", "超承诺 3 日", "今日到期", "临期 剩 3 日", "剩 3 日", "停表（特别程序）", "待补正"]
    assert words == expected


def test_the_strip_explains_every_day_up_to_the_due_date() -> None:
    days = strip(CN, date(2026, 2, 13), date(2026, 2, 25))

    assert [(day.date.day, day.kind.value, day.count) for day in days] == [
        (14, "makeup", 1),
        (15, "weekend", 1),
        (16, "holiday", 1),
        (17, "holiday", 1),
        (18, "holiday", 1),
        (19, "holiday", 1),
        (20, "holiday", 1),
        (21, "weekend", 1),
        (22, "weekend", 1),
        (23, "holiday", 1),
        (24, "counted", 2),
        (25, "counted", 3),
    ]
    assert days[3].name == "春节"
    assert days[3].source == "国务院办公厅关于2026年部分节假日安排的通知"


def test_the_strip_shows_a_pause_from_the_day_after_it_began() -> None:
    days = strip(CN, START, date(2026, 3, 9), [march(3, 5)])

    assert [day.date.day for day in days if day.kind is StripKind.PAUSED] == [4, 5]
    assert days[-1].count == 3


def test_the_strip_of_an_immediate_limit_is_empty() -> None:
    assert strip(CN, START, START) == ()


@pytest.mark.parametrize("calendar", [CN, XJ])
@pytest.mark.parametrize("n", [1, 5, 20, 60])
def test_the_strip_ends_with_the_whole_limit_counted(calendar: WorkingCalendar, n: int) -> None:
    on = due(calendar, date(2025, 5, 30), Limit(n), [Pause(date(2025, 6, 3), date(2025, 6, 11))]).on
    assert on is not None

    days = strip(calendar, date(2025, 5, 30), on, [Pause(date(2025, 6, 3), date(2025, 6, 11))])

    assert (days[-1].date, days[-1].count) == (on, n)
