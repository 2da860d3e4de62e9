from __future__ import annotations

from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseflow.rules.foresight import Course, Stay
from caseflow.rules.staffing import LONGEST_ROAD, Post, Roads, Spread, Waiting, capacities, what_if, work_off
from caseflow.views.staffing import seeded

DAY = date(2026, 3, 2)
ROLE_OF = {"accepted": "clerk", "reviewing": "reviewer", "approved": "clerk"}
LENGTH = 12


def road(*states: str) -> Course:
    return Course(tuple(Stay(state, DAY, 1) for state in states), DAY)


STRAIGHT = Roads({"item": [road("accepted", "reviewing", "approved")]})
waiting = st.lists(st.integers(-2, LENGTH - 2), max_size=25).map(
    lambda lefts: [Waiting(n, "item", "reviewing", left) for n, left in enumerate(sorted(lefts))]
)
rates = st.floats(0.1, 4.0)


def crew(people: int, rate: float = 1.0, length: int = LENGTH) -> Post:
    return Post([people] * length, rate)


def test_the_first_in_the_queue_is_done_first_and_no_more_than_can_be_done() -> None:
    assert work_off([["reviewer"]] * 5, {"reviewer": [2, 0, 2]}) == [0, 0, 2, 2, None]


def test_what_one_role_sends_on_another_may_take_the_same_day() -> None:
    assert work_off([["clerk", "reviewer", "clerk"]], {"clerk": [2], "reviewer": [1]}) == [0]


def test_what_needs_nobody_is_done_at_once_and_nobody_does_nothing() -> None:
    assert work_off([[], ["clerk"]], {"clerk": [0, 0]}) == [0, None]
    assert work_off([], {}) == []


def test_the_mean_of_a_persons_day_is_the_rate() -> None:
    rng = Random(1)
    post = Post([3] * 4000, 1.3)
    draws = [[rng.random() for _ in range(3)] for _ in range(4000)]

    sent = capacities(post, draws)

    assert sum(sent) / (3 * 4000) == pytest.approx(1.3, abs=0.02)
    assert set(sent) <= {3, 4, 5, 6}


def test_the_same_seed_gives_the_same_answer_and_another_another() -> None:
    cases = [Waiting(n, "item", "accepted", 2 + n // 2) for n in range(18)]
    now, then = {"clerk": crew(2, 2.5), "reviewer": crew(2, 1.4)}, {"clerk": crew(2, 2.5), "reviewer": crew(1, 1.4)}
    answers = [what_if(cases, STRAIGHT, ROLE_OF, now, then, dice=seeded(seed)) for seed in (1, 1, 2)]

    assert answers[0] == answers[1]
    assert answers[0] != answers[2]
    assert answers[0].more.middle > 0
    assert answers[0].then.low <= answers[0].then.middle <= answers[0].then.high


def test_the_same_people_change_nothing() -> None:
    cases = [Waiting(n, "item", "accepted", n // 3) for n in range(40)]
    now = {"clerk": crew(2, 2.5), "reviewer": crew(2, 1.4)}

    answer = what_if(cases, STRAIGHT, ROLE_OF, now, dict(now), dice=seeded(1))

    assert answer.more == Spread(0, 0, 0)
    assert answer.hit == ()


@given(waiting, st.integers(1, 5), st.integers(1, 5), rates, st.integers(0, 50))
def test_before_one_role_fewer_people_never_miss_fewer_promises(
    cases: list[Waiting], people: int, fewer: int, rate: float, seed: int
) -> None:
    roads = Roads({"item": [road("reviewing")]})
    now, then = {"reviewer": crew(people, rate)}, {"reviewer": crew(max(0, people - fewer), rate)}

    answer = what_if(cases, roads, ROLE_OF, now, then, dice=seeded(seed), repeats=3)

    assert answer.more.low >= 0
    assert answer.now.high <= answer.then.high
    assert all(after > before for _, before, after in answer.hit)


@given(st.lists(st.integers(1, 3), max_size=20), st.integers(0, 4), st.integers(0, 3))
def test_before_one_role_no_case_is_done_sooner_by_fewer(steps: list[int], people: int, fewer: int) -> None:
    jobs = [["reviewer"] * n for n in steps]
    many = work_off(jobs, {"reviewer": [people] * 30})
    few = work_off(jobs, {"reviewer": [max(0, people - fewer)] * 30})

    assert all(one is None or (other is not None and other <= one) for other, one in zip(many, few, strict=True))


def test_over_several_roles_fewer_people_can_miss_fewer_promises() -> None:
    # Why the promise above is made for one role only. The late case stands first everywhere. With a reviewer it comes
    # to the clerk on the first day and takes the day's work from the one due today; without one it does not.
    late, due = ["reviewer", "clerk"], ["clerk"]

    with_one = work_off([late, due], {"reviewer": [1, 1], "clerk": [0, 1]})
    with_none = work_off([late, due], {"reviewer": [0, 0], "clerk": [0, 1]})

    assert with_one == [1, None]
    assert with_none == [None, 1]


@given(waiting, st.integers(0, 4), st.integers(0, 4), st.integers(0, 20))
def test_what_is_missed_is_counted_within_the_cases_that_were_in_time(
    cases: list[Waiting], clerks: int, reviewers: int, seed: int
) -> None:
    now = {"clerk": crew(clerks), "reviewer": crew(reviewers)}

    answer = what_if(cases, STRAIGHT, ROLE_OF, now, now, dice=seeded(seed), repeats=2)

    assert 0 <= answer.now.low <= answer.now.high <= sum(one.left >= 0 for one in cases)


def test_a_case_is_in_time_on_its_last_day_and_late_the_day_after() -> None:
    roads = Roads({"item": [road("reviewing")]})
    post = {"reviewer": Post([0, 0, 1, 1], 1.0)}

    lefts = [
        what_if(
            [Waiting(1, "item", "reviewing", left)], roads, ROLE_OF, post, post, dice=seeded(1), repeats=1
        ).now.middle
        for left in (1, 2)
    ]

    assert lefts == [1, 0]


def test_nothing_is_missed_that_is_due_after_the_days_simulated() -> None:
    nobody = {"reviewer": crew(0, length=3)}

    answer = what_if(
        [Waiting(1, "item", "reviewing", 3), Waiting(2, "item", "reviewing", 2)],
        STRAIGHT,
        ROLE_OF,
        nobody,
        nobody,
        dice=seeded(1),
    )

    assert answer.now == Spread(1, 1, 1)


def test_a_road_follows_the_item_then_any_item_and_ends() -> None:
    rng = Random(1)
    roads = Roads({"one": [road("accepted", "reviewing")], "other": [road("approved", "paying")]})
    endless = Roads({"one": [road(*["accepted", "reviewing"] * 40)]})

    assert roads.draw("one", "accepted", rng.random) == ["accepted", "reviewing"]
    assert roads.draw("one", "approved", rng.random) == ["approved", "paying"]
    assert roads.draw("one", "signing", rng.random) == ["signing"]
    assert len(endless.draw("one", "accepted", rng.random)) <= LONGEST_ROAD


@given(st.lists(st.integers(-5, 50), min_size=1, max_size=60))
def test_a_spread_lies_within_the_values_in_order(values: list[int]) -> None:
    found = Spread.of(values)

    assert min(values) <= found.low <= found.middle <= found.high <= max(values)
    assert {found.low, found.middle, found.high} <= set(values)
