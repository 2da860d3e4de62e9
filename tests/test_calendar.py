"""The working calendar: notices, layers, what is provisional, and what lies beyond."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from caseflow.errors import InvalidDefinition, OutsideCalendar
from caseflow.rules.calendar import DayEntry, DayKind, Layer, WorkingCalendar, national_layer
from caseflow.rules.calendar_file import read_layer
from tests.calendars import CN, NATIONAL, XINJIANG, XJ

NOTICES = Path(__file__).parent / "data" / "notices"
ONE = timedelta(days=1)
STRETCH = re.compile(r"(\d+)月(\d+)日\([^)]*\)(?:至(?:(\d+)月)?(\d+)日\([^)]*\))?放假")
WORKED = re.compile(r"((?:\d+月\d+日\([^)]*\)、?)+)上班")


def declared(file: str, year: int) -> tuple[set[date], set[date]]:
    """Days off and make-up days as the notice's text says them."""
    text = (NOTICES / file).read_text(encoding="utf-8").replace(":", "：")
    off: set[date] = set()
    for month, first, last_month, last in STRETCH.findall(text):
        day = date(year, int(month), int(first))
        end = date(year, int(last_month or month), int(last)) if last else day
        off |= {day + n * ONE for n in range((end - day).days + 1)}
    worked = {
        date(year, int(month), int(day))
        for found in WORKED.findall(text)
        for month, day in re.findall(r"(\d+)月(\d+)日", found)
    }
    return off, worked


def days_of(year: int) -> list[date]:
    return [date(year, 1, 1) + n * ONE for n in range((date(year + 1, 1, 1) - date(year, 1, 1)).days)]


@pytest.mark.parametrize(
    ("calendar", "file", "year"), [(CN, "cn-2025.txt", 2025), (CN, "cn-2026.txt", 2026), (XJ, "xj-2025.txt", 2025)]
)
def test_every_day_of_a_year_is_as_its_notice_says(calendar: WorkingCalendar, file: str, year: int) -> None:
    off, worked = declared(file, year)

    counted = {day for day in days_of(year) if calendar.is_working(day)}

    assert len(off) > 20
    assert len(worked) >= 5
    assert counted == {day for day in days_of(year) if day in worked or (day.weekday() < 5 and day not in off)}


def test_the_last_published_year_is_the_last_with_a_notice_in_the_package() -> None:
    assert NATIONAL.published_through == 2026
    assert CN.published_through == XJ.published_through == 2026


def test_days_off_of_an_unpublished_year_are_marked_as_estimates() -> None:
    guesses = [entry for entry in NATIONAL.entries if entry.day.year == 2027]

    assert date(2027, 10, 1) in {entry.day for entry in guesses}
    assert all(entry.estimated and entry.off for entry in guesses)
    assert not any(entry.estimated for entry in NATIONAL.entries if entry.day.year <= 2026)


def test_every_national_entry_carries_its_notice() -> None:
    day_off, make_up = CN.day(date(2026, 2, 20)), CN.day(date(2026, 2, 28))

    assert all(entry.source and entry.name for entry in NATIONAL.entries)
    assert day_off.source == make_up.source == "国务院办公厅关于2026年部分节假日安排的通知"
    assert (day_off.name, make_up.name) == ("调休放假（2月14日上班）", "调休上班（2月23日放假）")


def test_a_new_year_bridge_in_december_belongs_to_the_next_years_notice() -> None:
    assert CN.day(date(2018, 12, 29)).source == "国务院办公厅关于2019年部分节假日安排的通知"
    assert not CN.is_working(date(2018, 12, 31))


def test_a_layer_up_to_2011_keeps_the_make_up_day_for_the_next_new_year() -> None:
    last = national_layer(2011, 2011).entries[-1]

    assert (last.day, last.off) == (date(2011, 12, 31), False)


@pytest.mark.parametrize(
    ("day", "kind", "name"),
    [
        (date(2026, 3, 2), DayKind.COUNTED, ""),
        (date(2026, 3, 7), DayKind.WEEKEND, "周六"),
        (date(2026, 3, 8), DayKind.WEEKEND, "周日"),
        (date(2026, 10, 1), DayKind.HOLIDAY, "国庆节"),
        (date(2026, 5, 9), DayKind.MAKEUP, "调休上班（5月5日放假）"),
        (date(2020, 10, 1), DayKind.HOLIDAY, "中秋节、国庆节"),
    ],
)
def test_a_day_says_what_it_is(day: date, kind: DayKind, name: str) -> None:
    found = CN.day(day)

    assert (found.kind, found.name) == (kind, name)


def test_xinjiang_is_off_on_its_own_days_and_the_nation_is_not() -> None:
    own = [date(2022, 5, 5), date(2022, 7, 11), date(2023, 4, 21), date(2023, 6, 28), date(2025, 6, 10)]

    assert not any(XJ.is_working(day) for day in own)
    assert all(CN.is_working(day) for day in own)


def test_a_xinjiang_weekend_day_inside_a_festival_is_shown_as_the_festival() -> None:
    found = XJ.day(date(2025, 6, 7))

    assert (found.kind, found.name) == (DayKind.HOLIDAY, "古尔邦节")
    assert "自治区人民政府令第174号" in found.source


def test_a_later_layer_overrules_an_earlier_one() -> None:
    closure = DayEntry(date(2026, 3, 4), off=True, name="系统切换", source="沙医保办〔2026〕3号")
    extra = DayEntry(date(2026, 5, 27), off=False, name="加班办理", source="沙医保办〔2026〕9号")
    bureau = Layer("shawan", "沙湾市", (closure, extra))

    own = WorkingCalendar.build("shawan", [NATIONAL, XINJIANG, bureau], revision="r1")

    assert own.day(date(2026, 3, 4)).source == "沙医保办〔2026〕3号"
    assert not own.is_working(date(2026, 3, 4))
    assert own.is_working(date(2026, 5, 27))
    assert (own.key, own.revision) == ("shawan", "r1")


def test_adding_counts_the_days_after_the_start() -> None:
    assert CN.add(date(2026, 3, 2), 0) == date(2026, 3, 2)
    assert CN.add(date(2026, 3, 2), 5) == date(2026, 3, 9)
    assert CN.add(date(2026, 3, 7), 0) == date(2026, 3, 7)
    assert CN.add(date(2026, 5, 8), 1) == date(2026, 5, 9)
    assert CN.add(date(2025, 12, 31), 1) == date(2026, 1, 4)


def test_counting_leaves_out_the_first_day_and_takes_in_the_last() -> None:
    assert CN.count(date(2026, 3, 2), date(2026, 3, 9)) == 5
    assert CN.count(date(2026, 3, 9), date(2026, 3, 9)) == 0
    assert CN.count(date(2026, 3, 9), date(2026, 3, 2)) == 0


def test_the_next_working_day_may_be_a_make_up_saturday() -> None:
    assert CN.next_working(date(2026, 2, 28)) == date(2026, 2, 28)
    assert CN.next_working(date(2026, 10, 1)) == date(2026, 10, 8)


def test_add_and_count_agree_with_counting_day_by_day() -> None:
    day, expected = date(2024, 12, 1), 0
    while day < date(2027, 3, 1):
        day += ONE
        expected += XJ.is_working(day)

        assert XJ.count(date(2024, 12, 1), day) == expected
        assert not XJ.is_working(day) or XJ.add(date(2024, 12, 1), expected) == day


@pytest.mark.parametrize("day", [date(2006, 12, 31), date(2036, 1, 1), date(1, 1, 1), date(9999, 12, 31)])
def test_beyond_the_table_everything_is_refused(day: date) -> None:
    inside = date(2026, 3, 2)

    for ask in (
        lambda: CN.is_working(day),
        lambda: CN.add(day, 0),
        lambda: CN.add(day, 3),
        lambda: CN.count(inside, day),
        lambda: CN.count(day, inside),
        lambda: CN.next_working(day),
        lambda: CN.day(day),
    ):
        with pytest.raises(OutsideCalendar, match="超出工作日历的范围（2007年至2035年）"):
            ask()


def test_adding_past_the_end_is_refused() -> None:
    with pytest.raises(OutsideCalendar, match="2035-12-28之后第5个工作日超出"):
        CN.add(date(2035, 12, 28), 5)


def test_a_negative_number_of_days_is_no_question() -> None:
    with pytest.raises(ValueError, match="-1"):
        CN.add(date(2026, 3, 2), -1)


@pytest.mark.parametrize(
    ("calendar", "start", "due", "expected"),
    [
        (CN, date(2026, 12, 28), date(2026, 12, 31), False),
        (CN, date(2026, 12, 31), date(2027, 1, 4), True),
        (CN, date(2026, 5, 20), date(2026, 6, 10), False),
        (XJ, date(2026, 5, 20), date(2026, 5, 23), False),
        (XJ, date(2026, 5, 20), date(2026, 5, 24), True),
        (XJ, date(2026, 6, 1), date(2026, 6, 2), False),
        (XJ, date(2026, 5, 31), date(2026, 6, 1), True),
        (XJ, date(2025, 5, 30), date(2025, 6, 12), False),
        (CN, date(2026, 12, 31), date(2026, 12, 31), False),
    ],
)
def test_a_date_is_provisional_exactly_where_its_stretch_may_still_change(
    calendar: WorkingCalendar, start: date, due: date, expected: bool
) -> None:
    assert calendar.provisional(start, due) is expected


def test_without_a_national_layer_every_date_is_provisional() -> None:
    bare = WorkingCalendar.build("bare", [Layer("x", "某局", ())], revision="r")

    assert bare.provisional(date(2020, 1, 1), date(2020, 1, 2))


def test_an_estimate_replaced_by_a_notice_is_no_longer_provisional() -> None:
    notice = tuple(replace(entry, estimated=False, source="通知") for entry in XINJIANG.entries if entry.estimated)

    settled = WorkingCalendar.build("xj", [NATIONAL, XINJIANG, Layer("n", "通知", notice)], revision="r2")

    assert not settled.provisional(date(2026, 5, 20), date(2026, 6, 10))


def test_the_seasons_are_hours_and_no_working_days() -> None:
    summer, winter = XINJIANG.seasons

    assert (summer.starts, summer.open) == ("05-01", (("10:00", "14:00"), ("16:00", "20:00")))
    assert (winter.starts, winter.open) == ("10-01", (("10:00", "14:00"), ("15:30", "19:30")))


GOOD = """
key = "xj"
name = "新疆"
[[days]]
from = 2025-06-06
to = 2025-06-07
off = true
name = "古尔邦节"
source = "通知"
[[seasons]]
name = "夏季"
from = "05-01"
open = [["10:00", "14:00"]]
source = "通知"
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('key = "xj"', 'key = "XJ"', "key：只能用小写字母、数字和连字符"),
        ('name = "新疆"', "", "name：缺少此项"),
        ("to = 2025-06-07", "to = 2025-06-05", "to：应不早于 from"),
        ("to = 2025-06-07", "to = 2025-08-07", "一段最多31天"),
        ("to = 2025-06-07", 'to = "2025-06-07"', "to：应为日期"),
        ("to = 2025-06-07", "to = 2025-06-07T00:00:00", "to：应为日期"),
        ("from = 2025-06-06", "from = 1999-06-06", "from：应在2007年至2035年之间"),
        ("off = true", 'off = "true"', "off：应为 true 或 false"),
        ("off = true", "", "off：缺少此项"),
        ('name = "古尔邦节"', 'name = " "', "name：不能为空"),
        ("off = true", "off = true\nofff = 1", "offf：不认识的项"),
        ("off = true", 'off = true\nestimated = "no"', "estimated：应为 true 或 false"),
        ('from = "05-01"', 'from = "02-30"', "from：应为月-日"),
        ('"14:00"', '"24:00"', "open：应为先后相接的时段"),
        ('"14:00"', '"09:00"', "open：应为先后相接的时段"),
        ('["10:00", "14:00"]', "3", "open：应为先后相接的时段"),
        ('key = "xj"', 'key = "xj"\nextra = 3', "extra：不认识的项"),
        ("[[seasons]]", "[[season]]", "season：不认识的项"),
        ("off = true", "off = ", "不是正确的 TOML"),
    ],
)
def test_a_fault_in_a_calendar_file_is_named(old: str, new: str, message: str) -> None:
    faulty = GOOD.replace(old, new, 1)

    with pytest.raises(InvalidDefinition, match=re.escape(message)) as caught:
        read_layer(faulty, "xj.toml")

    assert all(fault.place.startswith("xj.toml") for fault in caught.value.faults)


def test_every_fault_of_a_calendar_file_is_told_at_once() -> None:
    faulty = GOOD.replace('key = "xj"', "key = 1").replace("off = true", "off = 1").replace('"05-01"', '"5-1"')

    with pytest.raises(InvalidDefinition) as caught:
        read_layer(faulty, "xj.toml")

    assert len(caught.value.faults) == 3


def test_a_day_written_twice_is_a_fault() -> None:
    twice = GOOD + '[[days]]\nfrom = 2025-06-07\nto = 2025-06-07\noff = false\nname = "上班"\nsource = "通知"\n'

    with pytest.raises(InvalidDefinition, match="2025-06-07 写了两次"):
        read_layer(twice, "xj.toml")
