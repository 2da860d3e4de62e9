"""On which day something counts as received, and how far back a paper may be entered."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from caseflow.house import BEIJING
from caseflow.rules.item import Reception
from caseflow.rules.reception import (
    arrival_day,
    closing,
    late_entry_fault,
    next_opening,
    open_until,
    season,
)
from tests.calendars import CN

WEEK = (0, 1, 2, 3, 4)
OFFICE = (
    Reception(WEEK, "10:00", "14:00", "summer"),
    Reception(WEEK, "16:00", "20:00", "summer"),
    Reception(WEEK, "10:00", "14:00", "winter"),
    Reception(WEEK, "15:30", "19:30", "winter"),
)
HOSPITAL = (Reception((2, 3, 4), "16:00", "20:00"),)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


@pytest.mark.parametrize(
    ("day", "expected"),
    [("2026-04-30", "winter"), ("2026-05-01", "summer"), ("2026-09-30", "summer"), ("2026-10-01", "winter")],
)
def test_summer_is_from_may_to_september(day: str, expected: str) -> None:
    assert season(date.fromisoformat(day)) == expected


def test_the_last_closing_of_the_day_counts_and_midday_is_not_closed() -> None:
    assert closing(OFFICE, date(2026, 3, 2)) == "19:30"
    assert closing(OFFICE, date(2026, 6, 1)) == "20:00"
    assert closing(OFFICE, date(2026, 3, 7)) is None
    assert arrival_day(CN, OFFICE, at("2026-03-02T14:30")) == date(2026, 3, 2)


@pytest.mark.parametrize(
    ("arrived", "received"),
    [
        ("2026-03-02T00:00", "2026-03-02"),
        ("2026-03-02T19:29", "2026-03-02"),
        ("2026-03-02T19:30", "2026-03-03"),
        ("2026-06-01T19:59", "2026-06-01"),
        ("2026-06-01T20:00", "2026-06-02"),
        ("2026-05-08T20:30", "2026-05-09"),
        ("2026-05-09T19:59", "2026-05-09"),
        ("2026-05-09T20:00", "2026-05-11"),
        ("2026-03-07T11:00", "2026-03-09"),
        ("2026-09-30T21:00", "2026-10-08"),
        ("2026-12-31T23:59", "2027-01-04"),
    ],
)
def test_what_comes_after_closing_or_on_a_day_off_is_received_the_next_working_day(arrived: str, received: str) -> None:
    assert arrival_day(CN, OFFICE, at(arrived)) == date.fromisoformat(received)


def test_an_item_received_three_days_a_week_still_receives_what_arrives_on_the_others() -> None:
    assert arrival_day(CN, HOSPITAL, at("2026-03-02T19:00")) == date(2026, 3, 2)
    assert arrival_day(CN, HOSPITAL, at("2026-03-02T20:00")) == date(2026, 3, 3)


def test_without_published_hours_the_whole_working_day_counts() -> None:
    assert arrival_day(CN, (), at("2026-03-02T23:59")) == date(2026, 3, 2)


@pytest.mark.parametrize(
    ("received_on", "reason", "fault"),
    [
        (date(2026, 3, 9), "", ""),
        (date(2026, 3, 6), "系统故障", ""),
        (date(2026, 3, 4), "系统故障", ""),
        (date(2026, 3, 3), "系统故障", "补录最多补前 3 个工作日的收件"),
        (date(2026, 3, 6), "  ", "补录要写明原因"),
        (date(2026, 3, 10), "系统故障", "收件日期不能晚于今天"),
        (date(1, 1, 1), "系统故障", "补录最多补前 3 个工作日的收件"),
        (date(9999, 12, 31), "系统故障", "收件日期不能晚于今天"),
    ],
)
def test_a_paper_may_be_entered_three_working_days_back_with_a_reason(
    received_on: date, reason: str, fault: str
) -> None:
    assert late_entry_fault(CN, received_on, date(2026, 3, 9), reason) == fault


def test_three_working_days_reach_across_a_long_holiday() -> None:
    assert late_entry_fault(CN, date(2026, 9, 29), date(2026, 10, 9), "国庆前收件") == ""


@pytest.mark.parametrize(
    ("moment", "until", "following"),
    [
        ("2026-03-02T09:59", "", (date(2026, 3, 2), "10:00")),
        ("2026-03-02T10:00", "14:00", (date(2026, 3, 2), "15:30")),
        ("2026-03-02T13:59", "14:00", (date(2026, 3, 2), "15:30")),
        ("2026-03-02T14:00", "", (date(2026, 3, 2), "15:30")),
        ("2026-03-06T19:30", "", (date(2026, 3, 9), "10:00")),
        ("2026-05-09T10:30", "14:00", (date(2026, 5, 9), "16:00")),  # a make-up Saturday
        ("2026-02-16T11:00", "", (date(2026, 2, 24), "10:00")),  # 春节
    ],
)
def test_whether_a_window_is_open_and_when_it_opens_next(moment: str, until: str, following: tuple[date, str]) -> None:
    assert open_until(CN, OFFICE, at(moment)) == until
    assert next_opening(CN, OFFICE, at(moment)) == following


def test_a_window_with_hours_of_its_own_opens_only_then() -> None:
    assert open_until(CN, HOSPITAL, at("2026-03-02T16:30")) == ""
    assert next_opening(CN, HOSPITAL, at("2026-03-02T16:30")) == (date(2026, 3, 4), "16:00")
    assert open_until(CN, HOSPITAL, at("2026-03-04T16:30")) == "20:00"


def test_without_published_hours_no_opening_is_promised() -> None:
    assert open_until(CN, (), at("2026-03-02T10:30")) == ""
    assert next_opening(CN, (), at("2026-03-02T10:30")) is None


def test_beyond_the_calendar_no_opening_is_promised() -> None:
    assert next_opening(CN, OFFICE, at(f"{CN.last.isoformat()}T23:00")) is None
