"""Notices written from known days are read back; with one character spoilt they are right, unsure or refused.

The long form, with the rates: CASEFLOW_NOTICES=4000 pytest -n 0 -s tests/guides/test_notice_properties.py
"""

from __future__ import annotations

import os
import random
from collections import Counter
from datetime import date

import pytest

from caseflow.errors import BadInput
from caseflow.guides.holiday_notice import read_notice
from tests.guides.notice_writer import Holiday, national_year, regional, spoil, write

NOTICES = int(os.environ.get("CASEFLOW_NOTICES", "120"))
SPOILT_EACH = 4
YEARS = tuple(year for year in range(2008, 2027) if year != 2020)  # 2020 was extended: its days are no one notice's
SILENT_AT_MOST = {"national": 0.0005, "regional": 0.01}
"""Of a holiday told without weekdays and without a number of days, nothing is left to check one wrong digit by."""

Days = tuple[tuple[date, ...], tuple[date, ...]]


def drawn(kind: str, n: int) -> tuple[int, list[Holiday], random.Random]:
    rng = random.Random(n)
    year = rng.choice(YEARS)
    return year, national_year(year) if kind == "national" else [regional(rng, year)], rng


def expected(holidays: list[Holiday]) -> Days:
    off = sorted({day for one in holidays for day in one.off})
    work = sorted({day for one in holidays for day in one.work} - set(off))
    return tuple(off), tuple(work)


def verdict(text: str, year: int, days: Days) -> str:
    try:
        notice = read_notice(text, year)
    except BadInput:
        return "refused"
    if (notice.off, notice.work) == days:
        return "doubted" if notice.unsure else "right"
    return "unsure" if notice.unsure else "silently wrong"


@pytest.mark.parametrize("kind", ["national", "regional"])
def test_a_notice_in_any_layout_is_read_back(kind: str) -> None:
    tally: Counter[str] = Counter()
    for n in range(NOTICES):
        year, holidays, rng = drawn(kind, n)
        tally[verdict(write(year, holidays, rng), year, expected(holidays))] += 1

    print(f"\n{kind}, as written: {dict(tally)}")  # noqa: T201 - the measurement
    assert tally["silently wrong"] == 0
    assert tally["right"] >= 0.97 * NOTICES


@pytest.mark.parametrize("kind", ["national", "regional"])
def test_one_spoilt_character_never_gives_other_days_silently(kind: str) -> None:
    tally: Counter[str] = Counter()
    for n in range(NOTICES):
        year, holidays, rng = drawn(kind, n)
        text = write(year, holidays, rng)
        tally.update(verdict(spoil(text, rng), year, expected(holidays)) for _ in range(SPOILT_EACH))

    print(f"\n{kind}, spoilt: {dict(tally)}")  # noqa: T201 - the measurement
    assert tally["silently wrong"] <= SILENT_AT_MOST[kind] * tally.total()


def test_a_reader_that_took_the_first_date_only_would_be_found_out() -> None:
    year, holidays, rng = drawn("national", 1)
    days = expected(holidays)

    assert verdict(write(year, holidays, rng), year, (days[0][:1], days[1])) == "silently wrong"
