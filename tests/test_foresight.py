from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from math import sqrt
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseflow.rules.calendar import WorkingCalendar, national_layer
from caseflow.rules.calibration import Calibration, Predict, calibration, learned, spell_at, split
from caseflow.rules.clock import Pause
from caseflow.rules.foresight import (
    ENOUGH,
    SCARCE,
    WHOLE,
    Course,
    Experience,
    Spell,
    Stay,
    folded,
    season,
    spell_of,
)
from caseflow.rules.stages import Move, stages

CALENDAR = WorkingCalendar.build("cn", [national_layer(2024, 2026)], first_year=2024, last_year=2026, revision="t")
FIRST = date(2025, 1, 6)
RUNNING, PAUSED = {"accepted", "reviewing", "approved"}, {"suspended"}


def course(*stays: tuple[str, int], entered: date = FIRST, limit: int | None = 10) -> Course:
    """A case with these stays, all begun in one month."""
    took = sum(days for _, days in stays)
    return Course(tuple(Stay(state, entered, days) for state, days in stays), entered + timedelta(days=took), limit)


def office_year(
    number: int, seed: int, *, busy: Callable[[date], float] = lambda _: 1.0, again: float = 0.15
) -> list[Course]:
    """Closed cases of two years whose stages last as drawn: what is sent back is reviewed faster the second time."""
    rng = Random(seed)
    found = []
    for n in range(number):
        day = FIRST + timedelta(days=n * 700 // number)
        slow = busy(day)
        stays = [("accepted", int(rng.expovariate(1))), ("reviewing", 1 + int(rng.gammavariate(2, 3) * slow))]
        if rng.random() < again:
            stays += [("accepted", int(rng.expovariate(1))), ("reviewing", 1 + int(rng.gammavariate(2, 1)))]
        stays.append(("approved", int(rng.expovariate(0.5))))
        found.append(course(*stays, entered=day))
    return found


courses = st.lists(
    st.builds(
        lambda stays, offset, limit: course(*stays, entered=FIRST + timedelta(days=offset), limit=limit),
        st.lists(
            st.tuples(st.sampled_from(["accepted", "reviewing", "approved"]), st.integers(0, 9)), min_size=1, max_size=5
        ),
        st.integers(0, 600),
        st.one_of(st.none(), st.integers(0, 15)),
    ),
    min_size=ENOUGH,
    max_size=60,
)
spells = st.builds(
    Spell,
    st.sampled_from(["accepted", "reviewing", "reviewing+", "approved", "signing"]),
    st.integers(0, 200),
    st.integers(0, 400),
    st.integers(1, 12),
)


def test_what_is_left_is_counted_among_the_stays_that_lasted_as_long() -> None:
    known = Experience([course(("reviewing", n % 10), ("approved", 2)) for n in range(300)])

    estimate = known.estimate(Spell("reviewing", 6, 6, 7))

    assert estimate is not None
    assert estimate.basis.stays == 120
    # Of 6, 7, 8 and 9 days a half is more than 7: with 2 days afterwards more than 3 are needed.
    assert estimate.chance(3) == pytest.approx(0.5, abs=0.01)
    assert (estimate.within(0.5), estimate.within(0.9)) == (3, 5)


def test_no_days_left_is_certain_and_nothing_else_is() -> None:
    known = Experience([course(("reviewing", 3)) for _ in range(300)])

    estimate = known.estimate(Spell("reviewing", 0, 0, 1))

    assert estimate is not None
    assert estimate.chance(-1) == 1.0
    assert 0 < estimate.chance(3) < 0.01
    assert 0.99 < estimate.chance(2) < 1


@pytest.mark.parametrize(("closed", "scarce"), [(0, True), (SCARCE - 1, True), (SCARCE, False)])
def test_below_two_hundred_closed_cases_an_item_is_scarce(closed: int, scarce: bool) -> None:
    assert Experience([course(("reviewing", 3))] * closed).scarce is scarce


@pytest.mark.parametrize("closed", [0, 1, ENOUGH - 1])
def test_hardly_any_history_says_nothing_and_divides_by_nothing(closed: int) -> None:
    assert Experience([course(("reviewing", 3))] * closed).estimate(Spell("reviewing", 0, 0, 1)) is None


@settings(max_examples=60)
@given(courses, spells)
def test_a_chance_is_a_probability_and_more_days_left_never_raise_it(history: list[Course], spell: Spell) -> None:
    estimate = Experience(history).estimate(spell)

    assert estimate is not None
    chances = [estimate.chance(left) for left in range(-2, 60)]
    assert all(0 <= chance <= 1 for chance in chances)
    assert chances == sorted(chances, reverse=True)
    assert estimate.basis.stays >= 1
    assert estimate.within(0.5) <= estimate.within(0.9)


@settings(max_examples=60)
@given(courses, spells, st.randoms(use_true_random=False))
def test_the_order_of_the_history_changes_nothing(history: list[Course], spell: Spell, rng: Random) -> None:
    mixed = list(history)
    rng.shuffle(mixed)

    one, other = Experience(history).estimate(spell), Experience(mixed).estimate(spell)

    assert one is not None
    assert other is not None
    assert one.basis == other.basis
    assert [one.chance(n) for n in range(40)] == [other.chance(n) for n in range(40)]


@settings(max_examples=60)
@given(courses, st.integers(1_000, 10_000))
def test_longer_than_any_case_ever_stayed_falls_back_and_says_so(history: list[Course], days: int) -> None:
    estimate = Experience(history).estimate(Spell("reviewing", days, days, 1))

    assert estimate is not None
    assert estimate.basis.beyond
    assert estimate.basis.since < days


def test_a_stage_hardly_ever_seen_is_estimated_by_the_whole_case() -> None:
    known = Experience([course(("reviewing", n % 10)) for n in range(300)])

    estimate = known.estimate(Spell("signing", 1, 4, 1))

    assert estimate is not None
    assert (estimate.basis.stage, estimate.basis.since) == (WHOLE, 4)


def test_a_season_of_its_own_counts_by_itself_and_one_like_the_year_does_not() -> None:
    december = [course(("reviewing", 9), entered=date(2025, 12, 1)) for _ in range(60)]
    june = [course(("reviewing", 2), entered=date(2025, 6, 2)) for _ in range(300)]
    known = Experience(december + june)

    late, plain = known.estimate(Spell("reviewing", 0, 0, 1)), known.estimate(Spell("reviewing", 0, 0, 3))

    assert late is not None
    assert (late.basis.season, late.basis.months, late.basis.stays) == ("used", (12, 1, 2), 60)
    assert late.chance(5) > 0.9
    assert plain is not None
    assert (plain.basis.season, plain.basis.months, plain.basis.stays) == ("few", (), 360)


@pytest.mark.parametrize(("stays", "used"), [(ENOUGH - 1, "few"), (ENOUGH, "used")])
def test_a_season_needs_enough_stays(stays: int, used: str) -> None:
    rare = [course(("reviewing", 9), entered=date(2025, 12, 1)) for _ in range(stays)]
    known = Experience(rare + [course(("reviewing", 2), entered=date(2025, 6, 2)) for _ in range(300)])

    estimate = known.estimate(Spell("reviewing", 0, 0, 12))

    assert estimate is not None
    assert estimate.basis.season == used


def test_a_season_like_the_rest_of_the_year_is_not_taken_apart() -> None:
    known = Experience(office_year(900, 3))

    estimate = known.estimate(Spell("accepted", 0, 0, 6))

    assert estimate is not None
    assert estimate.basis.season == "same"


def test_the_season_goes_round_the_turn_of_the_year() -> None:
    assert (season(1), season(6), season(12)) == ((12, 1, 2), (5, 6, 7), (11, 12, 1))


def test_what_was_sent_back_is_a_stage_of_its_own() -> None:
    back = [course(("reviewing", 8), ("accepted", 0), ("reviewing", 1)) for _ in range(100)]
    known = Experience(back + [course(("reviewing", 8)) for _ in range(200)])

    first, again = known.estimate(Spell("reviewing", 0, 0, 1)), known.estimate(Spell("reviewing+", 0, 8, 1))

    assert first is not None
    assert again is not None
    assert (first.within(0.5), again.within(0.5)) == (8, 1)


def test_a_pause_belongs_to_the_stay_it_interrupted_and_its_days_are_out() -> None:
    moves = [
        Move(date(2025, 3, 3), "received"),
        Move(date(2025, 3, 3), "accepted"),
        Move(date(2025, 3, 4), "reviewing"),
        Move(date(2025, 3, 6), "suspended"),
        Move(date(2025, 3, 20), "reviewing"),
        Move(date(2025, 3, 21), "closed"),
    ]
    pause = Pause(date(2025, 3, 6), date(2025, 3, 20))

    found = folded(stages(CALENDAR, moves, date(2025, 3, 3), date(2025, 3, 21), [pause], ended=True), RUNNING, PAUSED)

    assert [(stay.state, stay.days) for stay in found] == [("accepted", 1), ("reviewing", 3)]


def test_a_case_that_is_stopped_now_stands_where_it_was_stopped() -> None:
    moves = [
        Move(date(2025, 3, 3), "accepted"),
        Move(date(2025, 3, 4), "reviewing"),
        Move(date(2025, 3, 6), "suspended"),
    ]

    seen = [
        spell_of(
            folded(stages(CALENDAR, moves, date(2025, 3, 3), day, [Pause(date(2025, 3, 6), None)]), RUNNING, PAUSED)
        )
        for day in (date(2025, 3, 7), date(2025, 4, 30))
    ]

    assert seen == [Spell("reviewing", 2, 3, 3)] * 2


def test_a_case_before_its_limits_run_stands_nowhere() -> None:
    moves = [Move(date(2025, 3, 3), "received")]

    assert spell_of(folded(stages(CALENDAR, moves, None, date(2025, 3, 7)), RUNNING, PAUSED)) is None


def test_a_closed_case_is_looked_at_as_it_stood_each_morning() -> None:
    closed = course(("accepted", 0), ("reviewing", 3), ("approved", 2))

    assert [spell_at(closed, used) for used in range(6)] == [
        Spell("accepted", 0, 0, 1),
        Spell("reviewing", 1, 1, 1),
        Spell("reviewing", 2, 2, 1),
        Spell("reviewing", 3, 3, 1),
        Spell("approved", 1, 4, 1),
        Spell("approved", 2, 5, 1),
    ]


@settings(max_examples=60)
@given(courses)
def test_no_day_of_closing_is_both_learnt_from_and_held_back(history: list[Course]) -> None:
    older, newer = split(history)

    assert len(older) + len(newer) == len(history)
    assert not {one.ended_on for one in older} & {one.ended_on for one in newer}
    assert len(older) >= len(history) // 2


def test_nothing_is_said_of_nothing() -> None:
    assert calibration([]) is None
    assert calibration([[]]) is None
    assert calibration([[course(("reviewing", 3), limit=None)] * 300]) is None


def strays(found: Calibration, share_of_predictions: int = 50) -> list[float]:
    """By how many standard errors each bin's predictions miss the truth; the looks at one case are one observation."""
    edges = [(one.low / 100, one.high / 100) for one in found.bins if one.looks >= share_of_predictions]
    result = []
    for low, high in edges:
        sums: dict[int, float] = {}
        for look in found.looks:
            if low <= look.chance < high:
                sums[look.case] = sums.get(look.case, 0.0) + look.missed - look.chance
        result.append(sum(sums.values()) / sqrt(sum(one * one for one in sums.values())))
    return result


def honest(**changes: object) -> list[list[Course]]:
    """Ten items with a history large enough that chance alone strays little."""
    return [office_year(4000, seed, **changes) for seed in range(10)]  # type: ignore[arg-type]


def test_what_was_foreseen_comes_true_as_often_as_it_was_said() -> None:
    found = calibration(honest())

    assert found is not None
    assert found.worst is not None
    assert max(abs(one) for one in strays(found)) < 4
    assert found.worst < 0.04
    assert found.brier < 0.85 * found.base


def test_a_busy_season_is_foreseen_too() -> None:
    history = honest(busy=lambda day: 2.0 if day.month in (10, 11, 12) else 1.0)

    found, seasonless = calibration(history), calibration(history, without_seasons)

    assert found is not None
    assert found.worst is not None
    assert found.worst < 0.06
    assert seasonless is not None
    assert found.brier < 0.98 * seasonless.brier


def without_seasons(history: Sequence[Course]) -> Predict:
    """Takes every stay for one of January."""
    flat = [replace(one, stays=tuple(replace(stay, entered=FIRST) for stay in one.stays)) for one in history]
    predict = learned(flat)
    return lambda spell, left: predict(replace(spell, month=1), left)


def blind(history: Sequence[Course]) -> Predict:
    """Says the same of every case: the share of those before that were missed."""
    share = sum(one.days > (one.limit or 0) for one in history) / len(history)
    return lambda _spell, _left: share


def forgetful(history: Sequence[Course]) -> Predict:
    """Takes every case for one that has only just come into its stage."""
    predict = learned(history)
    return lambda spell, left: predict(Spell(spell.stage, 0, spell.used, spell.month), left)


def hopeful(history: Sequence[Course]) -> Predict:
    """Halves every chance."""
    predict = learned(history)
    return lambda spell, left: (predict(spell, left) or 0.0) / 2


@pytest.mark.parametrize("learn", [forgetful, hopeful])
def test_a_predictor_that_is_wrong_fails_the_same_test(learn: Callable[[Sequence[Course]], Predict]) -> None:
    found = calibration(honest(), learn)

    assert found is not None
    assert max(abs(one) for one in strays(found)) > 8


def test_saying_always_the_same_is_no_better_than_the_base_rate() -> None:
    found = calibration(honest(), blind)

    assert found is not None
    assert found.better <= 0.0


@settings(max_examples=40)
@given(courses)
def test_a_calibration_counts_every_prediction_once(history: list[Course]) -> None:
    found = calibration([history])

    if found is not None:
        assert sum(one.looks for one in found.bins) == len(found.looks)
        assert 0 <= found.brier <= 1
        assert 0 <= found.base <= 0.25
