"""Where the days went: the stages of a case add up to what its clock has used, whatever happened to it."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from caseflow.rules.clock import Pause, used
from caseflow.rules.stages import Move, Share, by_holder, by_state, stages
from tests.calendars import XJ

CALENDAR = XJ
BEGIN = date(2026, 3, 2)


def day(text: str) -> date:
    return date.fromisoformat(f"2026-{text}")


def moves(*steps: tuple[str, str]) -> list[Move]:
    return [Move(day(when), state, n, f"人{n}") for n, (when, state) in enumerate(steps)]


STATES = ("received", "supplementing", "received", "accepted", "reviewing", "suspended", "reviewing", "approved")


@st.composite
def lives(draw: st.DrawFn) -> tuple[list[Move], date | None, date, list[Pause]]:
    """A case on its way: the days of its steps, the day its clock began, today, its pauses."""
    gaps = draw(st.lists(st.integers(0, 40), min_size=1, max_size=len(STATES)))
    days = [BEGIN + timedelta(days=sum(gaps[:n])) for n in range(len(gaps))]
    steps = [Move(one, state, n) for n, (one, state) in enumerate(zip(days, STATES, strict=False))]
    today = days[-1] + timedelta(days=draw(st.integers(0, 60)))
    # A supplement and a lapse date the acceptance back; it is never before the receipt.
    start = draw(st.none() | st.integers(0, (today - BEGIN).days).map(lambda n: BEGIN + timedelta(days=n)))
    spans = draw(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 60)), max_size=3))
    pauses = [Pause(BEGIN + timedelta(days=a), BEGIN + timedelta(days=a + n)) for a, n in spans]
    if draw(st.booleans()):
        pauses.append(Pause(BEGIN + timedelta(days=draw(st.integers(0, 200))), None))
    return steps, start, today, pauses


@given(lives())
def test_the_stages_add_up_to_what_was_used(life: tuple[list[Move], date | None, date, list[Pause]]) -> None:
    steps, start, today, pauses = life

    found = stages(CALENDAR, steps, start, today, pauses)

    expected = used(CALENDAR, start, today, pauses) if start else 0
    assert sum(one.days for one in found) == expected
    assert all(one.days >= 0 and one.before >= 0 for one in found)


@given(lives())
def test_the_days_before_the_clock_and_those_on_it_are_all_the_days_there_were(
    life: tuple[list[Move], date | None, date, list[Pause]],
) -> None:
    steps, start, today, _ = life

    found = stages(CALENDAR, steps, start, today)

    assert sum(one.days + one.before for one in found) == CALENDAR.count(BEGIN, today)


@given(lives())
def test_shares_lose_no_day(life: tuple[list[Move], date | None, date, list[Pause]]) -> None:
    steps, start, today, pauses = life
    found = stages(CALENDAR, steps, start, today, pauses)

    whole = sum(one.days for one in found)

    for shares in (by_state(found), by_holder(found)):
        assert sum(one.days for one in shares) == whole
        assert sum(one.part for one in shares) == (1000 if whole else 0)


def test_each_stage_belongs_to_who_ended_it_and_the_last_to_who_holds_the_case() -> None:
    steps = moves(("03-02", "received"), ("03-03", "accepted"), ("03-05", "reviewing"))

    found = stages(CALENDAR, steps, day("03-03"), day("03-09"), holder=(9, "审核员"))

    told = [(one.state, one.days, one.before, one.holder, one.name) for one in found]
    assert told == [("received", 0, 1, 1, "人1"), ("accepted", 2, 0, 2, "人2"), ("reviewing", 2, 0, 9, "审核员")]
    assert [one.left for one in found] == [day("03-03"), day("03-05"), None]


def test_a_pause_takes_its_days_out_of_the_stage_it_lay_in() -> None:
    steps = moves(("03-02", "received"), ("03-02", "accepted"), ("03-04", "suspended"), ("03-10", "accepted"))

    found = stages(CALENDAR, steps, day("03-02"), day("03-12"), [Pause(day("03-04"), day("03-10"))])

    assert [one.days for one in found] == [0, 2, 0, 2]


def test_an_acceptance_dated_back_counts_the_days_it_waited_on_the_desk() -> None:
    steps = moves(("03-04", "received"), ("03-12", "accepted"))

    found = stages(CALENDAR, steps, day("03-10"), day("03-13"))

    assert [(one.state, one.before, one.days) for one in found] == [("received", 4, 2), ("accepted", 0, 1)]


def test_a_case_that_ended_stays_nowhere() -> None:
    steps = moves(("03-02", "received"), ("03-03", "accepted"), ("03-06", "closed"))

    found = stages(CALENDAR, steps, day("03-03"), day("03-06"), ended=True)

    assert [(one.state, one.days, one.left) for one in found][1:] == [("accepted", 3, day("03-06"))]


def test_a_stage_is_measured_against_its_own_limit() -> None:
    steps = moves(("03-02", "accepted"), ("03-05", "reviewing"))

    accepted, reviewing = stages(CALENDAR, steps, day("03-02"), day("03-06"), limits={"accepted": 1})

    assert (accepted.limit, accepted.over) == (1, 2)
    assert (reviewing.limit, reviewing.over) == (None, 0)
    assert by_state([accepted, reviewing])[0] == Share("accepted", 3, 1, 2, 750)


def test_a_limit_that_is_just_used_up_is_not_over() -> None:
    steps = moves(("03-02", "accepted"), ("03-05", "reviewing"))

    assert stages(CALENDAR, steps, day("03-02"), day("03-06"), limits={"accepted": 3})[0].over == 0
