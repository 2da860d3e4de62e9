"""What must hold of due dates whatever the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random

from hypothesis import assume, example, given
from hypothesis import strategies as st

from caseflow.rules.calendar import WorkingCalendar
from caseflow.rules.clock import Clocks, Lamp, Limit, Pause, Unit, due, left, over, read, strip, union, used
from tests.calendars import CN, XJ

ONE = timedelta(days=1)

calendars = st.sampled_from([CN, XJ])
days = st.dates(date(2021, 1, 1), date(2027, 12, 31))
counts = st.integers(0, 120)
units = st.sampled_from(list(Unit))


@st.composite
def closed_pauses(draw: st.DrawFn) -> Pause:
    start = draw(st.dates(date(2021, 1, 1), date(2028, 6, 30)))
    return Pause(start, start + draw(st.integers(0, 60)) * ONE)


some_pauses = st.lists(closed_pauses(), max_size=4)


@st.composite
def near(draw: st.DrawFn) -> tuple[date, list[Pause]]:
    """A start and pauses close enough to it to matter."""
    start = draw(days)
    begins = [start + draw(st.integers(-10, 60)) * ONE for _ in range(draw(st.integers(0, 4)))]
    return start, [Pause(begin, begin + draw(st.integers(0, 30)) * ONE) for begin in begins]


def on(calendar: WorkingCalendar, start: date, limit: Limit, pauses: Sequence[Pause] = (), extend: int = 0) -> date:
    found = due(calendar, start, limit, pauses, extend).on
    assert found is not None
    return found


@given(calendars, days, counts)
@example(CN, date(2025, 12, 31), 1)
@example(CN, date(2026, 5, 8), 1)
def test_counting_undoes_adding(calendar: WorkingCalendar, day: date, n: int) -> None:
    assert calendar.count(day, calendar.add(day, n)) == n


@given(calendars, days, st.integers(1, 120))
def test_adding_ends_on_a_working_day_and_on_the_first_that_is_enough(
    calendar: WorkingCalendar, day: date, n: int
) -> None:
    found = calendar.add(day, n)

    assert calendar.is_working(found)
    assert calendar.count(day, found - ONE) == n - 1


@given(calendars, days, days, days)
def test_counts_add_up(calendar: WorkingCalendar, a: date, b: date, c: date) -> None:
    first, middle, last = sorted((a, b, c))

    assert calendar.count(first, middle) + calendar.count(middle, last) == calendar.count(first, last)


@given(calendars, near(), counts, units, st.randoms(use_true_random=False))
def test_the_order_of_the_pauses_does_not_matter(
    calendar: WorkingCalendar, facts: tuple[date, list[Pause]], n: int, unit: Unit, chance: Random
) -> None:
    start, pauses = facts
    shuffled = list(pauses)
    chance.shuffle(shuffled)

    assert due(calendar, start, Limit(n, unit), shuffled) == due(calendar, start, Limit(n, unit), pauses)


@given(calendars, near(), counts, units, st.integers(0, 30))
def test_a_pause_in_two_pieces_is_the_same_pause(
    calendar: WorkingCalendar, facts: tuple[date, list[Pause]], n: int, unit: Unit, cut: int
) -> None:
    start, pauses = facts
    pieces = [
        piece
        for pause in pauses
        if pause.end is not None
        for middle in [min(pause.start + cut * ONE, pause.end)]
        for piece in (Pause(pause.start, middle), Pause(middle, pause.end))
    ]

    assert due(calendar, start, Limit(n, unit), pieces) == due(calendar, start, Limit(n, unit), pauses)


@given(calendars, near(), counts, st.integers(-10, 120))
def test_a_pause_without_working_days_changes_nothing(
    calendar: WorkingCalendar, facts: tuple[date, list[Pause]], n: int, offset: int
) -> None:
    start, pauses = facts
    begin = start + offset * ONE
    end = begin
    while not calendar.is_working(end + ONE):
        end += ONE

    assert due(calendar, start, Limit(n), [*pauses, Pause(begin, end)]) == due(calendar, start, Limit(n), pauses)


@given(calendars, near(), counts, units, st.integers(0, 60))
def test_a_pause_that_begins_on_or_after_the_due_day_does_not_move_it(
    calendar: WorkingCalendar, facts: tuple[date, list[Pause]], n: int, unit: Unit, later: int
) -> None:
    start, pauses = facts
    expected = due(calendar, start, Limit(n, unit), pauses)
    assert expected.on is not None

    found = due(calendar, start, Limit(n, unit), [*pauses, Pause(expected.on + later * ONE, None)])

    assert found == expected


@given(calendars, near(), counts, st.integers(1, 60))
def test_an_open_pause_before_the_limit_is_reached_takes_the_date_away(
    calendar: WorkingCalendar, facts: tuple[date, list[Pause]], n: int, earlier: int
) -> None:
    start, pauses = facts
    reached = on(calendar, start, Limit(n), pauses)
    begin = reached - earlier * ONE
    assume(begin >= start)

    assert due(calendar, start, Limit(n), [*pauses, Pause(begin, None)]).on is None


@given(calendars, near(), counts, counts, units)
def test_a_longer_limit_is_never_due_earlier(
    calendar: WorkingCalendar, facts: tuple[date, list[Pause]], a: int, b: int, unit: Unit
) -> None:
    start, pauses = facts
    short, long = sorted((a, b))

    assert on(calendar, start, Limit(short, unit), pauses) <= on(calendar, start, Limit(long, unit), pauses)


@given(calendars, near(), counts, units, some_pauses)
def test_more_pauses_never_make_a_limit_due_earlier(
    calendar: WorkingCalendar, facts: tuple[date, list[Pause]], n: int, unit: Unit, more: list[Pause]
) -> None:
    start, pauses = facts

    assert on(calendar, start, Limit(n, unit), pauses) <= on(calendar, start, Limit(n, unit), [*pauses, *more])


@given(calendars, near(), counts, st.integers(0, 20))
def test_an_extension_is_a_longer_limit(
    calendar: WorkingCalendar, facts: tuple[date, list[Pause]], n: int, extend: int
) -> None:
    start, pauses = facts

    assert due(calendar, start, Limit(n), pauses, extend) == due(calendar, start, Limit(n + extend), pauses)


@given(calendars, near(), counts, counts, st.integers(0, 20))
def test_the_promise_is_never_due_after_the_statutory_date(
    calendar: WorkingCalendar, facts: tuple[date, list[Pause]], a: int, b: int, extend: int
) -> None:
    start, pauses = facts
    clocks = Clocks(start, Limit(min(a, b)), Limit(max(a, b)), tuple(pauses), extend)

    found = read(calendar, clocks, start)

    assert found.promised_due is not None
    assert found.statutory_due is not None
    assert found.promised_due <= found.statutory_due


@given(calendars, near(), counts, st.integers(0, 20), st.integers(-5, 200), st.booleans())
def test_used_and_left_make_the_limit(
    calendar: WorkingCalendar, facts: tuple[date, list[Pause]], n: int, extend: int, after: int, stopped: bool
) -> None:
    start, pauses = facts
    pauses = [*pauses, Pause(start + 7 * ONE, None)] if stopped else pauses
    today = start + after * ONE

    assert used(calendar, start, today, pauses) + left(calendar, start, Limit(n), pauses, extend, today) == n + extend


@given(calendars, near(), st.integers(1, 120), units)
@example(CN, (date(2025, 12, 30), []), 2, Unit.WORKING_DAY)
@example(CN, (date(2026, 5, 7), []), 2, Unit.WORKING_DAY)
def test_the_day_before_the_day_and_the_day_after_the_due_date(
    calendar: WorkingCalendar, facts: tuple[date, list[Pause]], n: int, unit: Unit
) -> None:
    start, pauses = facts
    clocks = Clocks(start, Limit(n, unit), None, tuple(pauses))
    last = on(calendar, start, Limit(n, unit), pauses)
    assume(last > start)

    before, there, after = (read(calendar, clocks, last + shift * ONE) for shift in (-1, 0, 1))

    assert before.lamp in (Lamp.NORMAL, Lamp.SOON)
    assert (there.lamp, there.promised_left) == (Lamp.TODAY, 0)
    assert (after.lamp, after.text) == (Lamp.OVER_PROMISED, "超承诺 1 日")
    assert over(calendar, last, last + ONE) == 1


@given(calendars, near(), st.integers(0, 60), units)
def test_days_left_never_grow_as_time_passes(
    calendar: WorkingCalendar, facts: tuple[date, list[Pause]], n: int, unit: Unit
) -> None:
    start, pauses = facts

    row = [left(calendar, start, Limit(n, unit), pauses, 0, start + shift * ONE) for shift in range(90)]

    assert row == sorted(row, reverse=True)


@given(calendars, near(), st.integers(0, 60), units, st.integers(0, 10))
def test_the_strip_counts_what_was_used(
    calendar: WorkingCalendar, facts: tuple[date, list[Pause]], n: int, unit: Unit, extend: int
) -> None:
    start, pauses = facts
    last = on(calendar, start, Limit(n, unit), pauses, extend)

    row = strip(calendar, start, last, pauses)

    assert [day.date for day in row] == [start + shift * ONE for shift in range(1, (last - start).days + 1)]
    assert (row[-1].count if row else 0) == used(calendar, start, last, pauses)


@given(near(), st.booleans())
def test_merged_pauses_are_in_order_and_apart(facts: tuple[date, list[Pause]], stopped: bool) -> None:
    start, pauses = facts
    spans = union([*pauses, Pause(start + 9 * ONE, None)] if stopped else pauses, start)

    edges = [edge for span in spans for edge in span if edge is not None]

    assert edges == sorted(set(edges))
    assert all(edge >= start for edge in edges)
    assert sum(end is None for _, end in spans) == int(stopped)
