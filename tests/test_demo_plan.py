"""The demo's plan: the same for the same seed, before its moment, as large as asked for, and like a real office's."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from random import Random

import pytest

from caseflow.catalogue import load_catalogue
from caseflow.cli.demo_fields import paperwork
from caseflow.cli.demo_parties import parties
from caseflow.cli.demo_people import Crowd
from caseflow.cli.demo_plan import PlannedCase, plan
from caseflow.house import BEIJING
from caseflow.rules.foresight import SCARCE

FRIDAY = datetime(2026, 4, 17, 16, 0, tzinfo=BEIJING)
SUNDAY = datetime(2026, 4, 19, 9, 5, tzinfo=BEIJING)
JUST_AFTER_MIDNIGHT = datetime(2026, 10, 1, 0, 3, tzinfo=BEIJING)
AFTER_NATIONAL_DAY = datetime(2026, 10, 8, 0, 3, tzinfo=BEIJING)
NEW_YEAR = datetime(2027, 1, 1, 12, 0, tzinfo=BEIJING)
CATALOGUE = load_catalogue()

DAYS = [
    *(FRIDAY + timedelta(days=n) for n in (0, 1, 40, 365)),
    *(SUNDAY, JUST_AFTER_MIDNIGHT, AFTER_NATIONAL_DAY, NEW_YEAR),
]


@pytest.mark.parametrize("moment", DAYS, ids=lambda moment: f"{moment:%Y-%m-%d %H:%M}")
def test_a_plan_is_the_same_every_time_and_lies_before_its_moment(moment: datetime) -> None:
    one, other = (plan(CATALOGUE, 200, moment, Random(1)) for _ in range(2))

    assert one == other
    assert all(move.at <= moment for case in one for move in case.moves)
    assert all(in_order(case) for case in one)
    assert sum(case.cases for case in one) == 200


@pytest.mark.parametrize("n", [1, 2, 17, 18, 19, 60])
def test_a_plan_makes_as_many_cases_as_were_asked_for(n: int) -> None:
    planned = plan(CATALOGUE, n, FRIDAY, Random(1))

    assert sum(case.cases for case in planned) == n


def in_order(case: PlannedCase) -> bool:
    times = [move.at for move in case.moves]
    return times == sorted(times)


def test_the_same_seed_makes_the_same_people() -> None:
    def made(seed: int) -> list[object]:
        random = Random(seed)
        crowd = Crowd(random, FRIDAY.date())
        found: list[object] = []
        for item in CATALOGUE.items.values():
            paper = paperwork(item, random, crowd, FRIDAY.date())
            found.append((paper, parties(item, paper, crowd, random)))
        return found

    assert made(7) == made(7)
    assert made(7) != made(8)


def finished(cases: int) -> int:
    """Of the busiest item, the cases that ended as most do."""
    planned = plan(CATALOGUE, cases, FRIDAY, Random(1))
    return max(Counter(case.item.key for case in planned if case.course.usual).values())


def test_two_thousand_cases_give_one_item_the_history_that_estimates_need() -> None:
    assert finished(200) < SCARCE <= finished(2000)
