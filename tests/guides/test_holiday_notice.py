"""Notices of days off: every national one against the calendar, other wordings against the days they declare."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from caseflow.errors import BadInput
from caseflow.guides.holiday_notice import (
    LONGEST,
    HolidayNotice,
    announces_a_year,
    lines_of,
    read_notice,
    years_named,
)
from caseflow.rules.calendar import national_layer
from caseflow.rules.entered_days import read_lines

DATA = Path(__file__).parent.parent / "data"
NATIONAL = DATA / "notices" / "national"
LATER = {2015: "2015-victory-day", 2019: "2019-labour-day", 2020: "2020-spring-festival"}
"""Notices that changed a year once announced."""
WORDINGS: list[dict[str, Any]] = json.loads((DATA / "notices" / "wordings.json").read_text(encoding="utf-8"))


def text_of(name: str) -> str:
    folder = DATA / "notices" if name.startswith(("cn-", "xj-")) else NATIONAL
    return (folder / f"{name}.txt").read_text(encoding="utf-8")


def days(told: Iterable[str]) -> tuple[date, ...]:
    """2026-01-01, or 2026-01-01:2026-01-03 for a stretch."""
    found: set[date] = set()
    for one in told:
        first, _, last = one.partition(":")
        day = date.fromisoformat(first)
        while day <= date.fromisoformat(last or first):
            found.add(day)
            day += timedelta(days=1)
    return tuple(sorted(found))


def announced(year: int) -> dict[date, bool]:
    """Each day the notices of a year tell of → whether it is off; a later notice over an earlier one."""
    names = [f"cn-{year}" if year > 2024 else str(year), *([LATER[year]] if year in LATER else [])]
    found: dict[date, bool] = {}
    for name in names:
        notice = read_notice(text_of(name), year)
        assert notice.unsure == ()
        found |= dict.fromkeys(notice.work, False) | dict.fromkeys(notice.off, True)
    return found


@pytest.mark.parametrize("year", range(2007, 2027))
def test_every_national_notice_gives_the_days_of_the_calendar(year: int) -> None:
    """The calendar comes from another source than the texts: `holidays`, which was entered by hand."""
    first = date(year - 1, 12, 21) if year > 2007 else date(2007, 1, 1)
    layer = [*(national_layer(year - 1, year) if year > 2007 else national_layer(year, year)).entries]
    known = {entry.day: entry.off for entry in layer if first <= entry.day < date(year, 12, 21)}

    found = {day: off for day, off in announced(year).items() if day >= first}

    assert {day for day, off in found.items() if not off} == {day for day, off in known.items() if not off}
    assert {day for day, off in known.items() if off} <= {day for day, off in found.items() if off}
    assert all(day in known or day.weekday() > 4 for day, off in found.items() if off)


@pytest.mark.parametrize("case", WORDINGS, ids=lambda case: str(case["name"]))
def test_a_wording_is_read_doubted_or_refused(case: dict[str, Any]) -> None:
    text, year = "\n".join(case["text"]), case["year"]
    if case.get("refused"):
        with pytest.raises(BadInput):
            read_notice(text, year)
        return

    try:
        notice = read_notice(text, year)
    except BadInput:
        assert case.get("unsure")
        assert not case["off"]
        return

    assert (notice.off, notice.work) == (days(case["off"]), days(case["work"]))
    assert bool(notice.unsure) == bool(case.get("unsure"))
    seasons = [[one.name, one.starts, [list(hours) for hours in one.open]] for one in notice.seasons or ()]
    assert seasons == case.get("seasons", [])


@pytest.mark.parametrize("name", ["000_3695f11c3a123fcf", "003_94fa8b7fe6a5b03a"])
def test_a_guide_is_no_notice(name: str) -> None:
    with pytest.raises(BadInput, match="办事指南"):
        read_notice((DATA / "guides" / f"{name}.txt").read_text(encoding="utf-8"), 2026)


CLEAN = (
    "国务院办公厅关于2026年部分节假日安排的通知\n"
    "一、元旦：1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。"
)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (("周四", "周五"), "按日历是周四"),
        (("1月4日（周日）", "1月4日（周六）"), "按日历是周日"),
        (("共3天", "共5天"), "写着 5 天，按起止日期是 3 天"),
        (("至3日（周六）", "至33日"), "没有这一天"),
        (("1月1日（周四）", "13月1日"), "没有这个月份"),
        (("1月1日（周四）至3日（周六）", "1月3日至1日"), "止日早于起日"),
        (("1月4日（周日）上班", "1月5日上班"), "2026-01-05本是工作日"),
        (("1月4日（周日）上班", "1月3日（周六）上班"), "2026-01-03既写放假又写上班"),
        (("1月4日（周日）上班", "2月1日（周日）上班"), "离假期太远"),
        (("1月4日（周日）上班", "12月28日（周日）上班"), "与国家已公布的安排不同"),
        (("1月4日（周日）上班。", ""), "对不上"),
        (("1月1日（周四）至3日（周六）", "1月2日（周五）至4日（周日）"), "元旦是 2026-01-01，不在放假的日子里"),
        (("放假调休，", "不放假，"), "说得不确定"),
        (("至3日（周六）", "至"), "之后没有日期"),
        (("1月4日（周日）上班", "次日上班"), "相对说的"),
        (("放假调休，共3天", "放假调休，共3天，不调休"), "写着不调休"),
    ],
)
def test_what_contradicts_itself_or_the_calendar_is_unsure_with_its_reason(wrong: tuple[str, str], reason: str) -> None:
    notice = read_notice(CLEAN.replace(*wrong), 2026)

    assert any(reason in doubt.reason for doubt in notice.unsure)
    assert not set(days(["2026-01-01:2026-01-03"])) <= set(notice.off) or "上班" in reason


def test_a_doubt_names_the_text_and_the_days_it_may_concern() -> None:
    (doubt,) = read_notice(CLEAN.replace("共3天", "共4天"), 2026).unsure

    assert "1月1日" in doubt.text
    assert set(days(["2026-01-01:2026-01-04"])) == set(doubt.days)


def test_one_wrong_holiday_leaves_the_others_read() -> None:
    clean = text_of("cn-2026")

    notice = read_notice(clean.replace("共9天", "共8天"), 2026)

    lost = {date(2026, 2, day) for day in range(14, 29)}
    whole = read_notice(clean, 2026)
    assert set(notice.off) == set(whole.off) - lost
    assert set(notice.work) == set(whole.work) - lost


def test_a_notice_of_another_year_is_refused() -> None:
    with pytest.raises(BadInput, match="通知写的是 2026 年，指定的年份是 2025 年"):
        read_notice(CLEAN, 2025)


def test_the_years_a_notice_names_are_found() -> None:
    assert years_named(text_of("xj-2025")) == (2025,)
    assert years_named("关于放假的通知\n5月1日放假。") == ()


def test_only_a_whole_certain_year_announces_one() -> None:
    assert announces_a_year(read_notice(text_of("cn-2026"), 2026))
    assert not announces_a_year(read_notice(CLEAN, 2026))
    assert not announces_a_year(read_notice(text_of("cn-2026").replace("共9天", "共8天"), 2026))


@pytest.mark.parametrize(("name", "year"), [("cn-2026", 2026), ("xj-2025", 2025), ("2009", 2009)])
def test_the_lines_for_the_form_give_the_same_days(name: str, year: int) -> None:
    notice = read_notice(text_of(name), year)

    entries = read_lines(lines_of(notice), "通知")

    assert sorted(entry.day for entry in entries if entry.off) == list(notice.off)
    assert sorted(entry.day for entry in entries if not entry.off) == list(notice.work)


def test_a_day_carries_the_name_of_its_holiday() -> None:
    assert "2025-06-06至2025-06-10 放假 古尔邦节" in lines_of(read_notice(text_of("xj-2025"), 2025))


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t\n",
        "放假" * 20_000,
        "1月1日至" * 10_000,
        "（" * 50_000,
        "1月1日、" * 10_000 + "放假",
        "一、元旦：" * 8_000,
        "5月1日放假。" * 6_000,
        "《" * 50_000,
        "|" * 50_000,
        "节日|放假时间\n" * 5_000,
        "1" * 50_000 + "月",
        "x" * (LONGEST + 1),
    ],
    ids=range(13),
)
def test_absurd_text_is_answered_within_seconds(text: str) -> None:
    start = process_time()
    try:
        found: HolidayNotice | None = read_notice(text, 2026)
    except BadInput:
        found = None

    assert found is None or set(found.off) <= set(days(["2026-05-01"]))
    assert process_time() - start < 20


@pytest.mark.parametrize("year", [1000, 1999, 2036, 9998])
def test_years_the_calendar_does_not_know_are_read_as_written(year: int) -> None:
    notice = read_notice("关于国庆节放假的通知\n国庆节：10月1日放假1天。", year)

    assert (notice.off == (date(year, 10, 1),)) != bool(notice.unsure)
