"""What happens in the demo: which item takes which course, on which days. Pure: the same plan for the same day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import chain, cycle, repeat
from random import Random
from typing import Final

from caseflow.catalogue import Catalogue
from caseflow.cli.demo_courses import COURSES, Course, Days
from caseflow.house import BEIJING
from caseflow.rules.calendar import WorkingCalendar
from caseflow.rules.item import Item

TENTHS: Final = 10
_LONGEST_LOOK_BACK: Final = 110
_BEGINS: Final = (time(10, 5), time(10, 40), time(11, 20), time(12, 5), time(15, 35), time(16, 5), time(16, 50))
_CLOSES: Final = time(20)
_APART: Final = 11
"""Minutes between two steps of one case on one day."""

_EXTRA: Final = {"standard": 2, "designation": 1}
"""How often, per round of all items, an item of these flows comes again: they are few and have as many side roads."""

_EXTRA_SMALL_BUREAU: Final = 4
"""The same for the item of a bureau with a single one."""

_SHOWN: Final = 5
"""Rounds of all items that show every road; what comes after is the business of a busy office."""

_BUSY: Final = {"inpatient-reimbursement": 24, "outpatient-reimbursement": 12}
"""How often these items come again in a round of a busy office."""

_USUAL: Final = 8
"""How often a usual course comes again each time the courses of a flow begin anew."""


@dataclass(frozen=True, slots=True)
class Move:
    """One step of a case: when, what, in which variant, and the role that takes it where it is not the usual one."""

    at: datetime
    action: str
    variant: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True)
class PlannedCase:
    """One application with everything that will happen to it; `mistaken` is the item it is registered under first."""

    number: int
    item: Item
    course: Course
    moves: tuple[Move, ...]
    mistaken: Item | None = None

    @property
    def cases(self) -> int:
        """How many cases it makes: what is carried over leaves a withdrawn one behind."""
        return 1 if self.mistaken is None else 2


def plan(catalogue: Catalogue, n: int, now: datetime, random: Random) -> tuple[PlannedCase, ...]:
    """What makes so many cases, every step before `now`: each item in turn, each course of its flow in turn."""
    queues = {flow: _Queue(found) for flow, found in COURSES.items()}
    items = _items(catalogue)
    past = {bureau: _past_days(catalogue.calendar_of(bureau), now) for bureau in catalogue.bureaus}
    planned: list[PlannedCase] = []
    made = 0
    while made < n:
        item = next(items)
        course = queues[item.flow].take(item, room=n - made)
        days = [_day_of(now)] if course.today else past[item.bureau]
        wrong = random.choice(_siblings(catalogue, item)) if course.mistaken else None
        planned.append(PlannedCase(len(planned) + 1, item, course, _moves(item, course, days, now, random), wrong))
        made += planned[-1].cases
    return tuple(planned)


class _Queue:
    """The courses of a flow in turn: an item takes the first that fits it, the others wait for theirs."""

    def __init__(self, courses: Sequence[Course]) -> None:
        self._courses = list(courses)
        self._usual = [one for one in courses if one.usual]
        self._waiting = list(courses)

    def take(self, item: Item, *, room: int) -> Course:
        """The next course for the item that makes no more than `room` cases."""
        found = self._next(item, room)
        if found is None:
            self._waiting += self._courses + self._usual * _USUAL
            found = self._next(item, room)
        if found is None:
            raise AssertionError(item.key)
        self._waiting.remove(found)
        return found

    def _next(self, item: Item, room: int) -> Course | None:
        return next((one for one in self._waiting if one.fits(item) and not (one.mistaken and room == 1)), None)


def _items(catalogue: Catalogue) -> Iterator[Item]:
    """Every item in turn, without end; after each round those that come more often, later many of the busiest."""
    one_round = [item for bureau in catalogue.bureaus for item in catalogue.items_of(bureau)]
    alone = {bureau for bureau, count in Counter(item.bureau for item in one_round).items() if count == 1}
    again = ((item, _EXTRA_SMALL_BUREAU if item.bureau in alone else _EXTRA.get(item.flow, 0)) for item in one_round)
    shown = [*one_round, *_times(again)]
    busy = [*shown, *_times((item, _BUSY.get(item.key, 0)) for item in one_round)]
    return chain(shown * _SHOWN, cycle(busy))


def _times(often: Iterable[tuple[Item, int]]) -> Iterator[Item]:
    return chain.from_iterable(repeat(item, times) for item, times in often)


def _siblings(catalogue: Catalogue, item: Item) -> list[Item]:
    """The items one may register under by mistake."""
    return [one for one in catalogue.items_of(item.bureau) if one.flow == item.flow and one.key != item.key]


def _day_of(now: datetime) -> date:
    return now.astimezone(BEIJING).date()


def _past_days(calendar: WorkingCalendar, now: datetime) -> list[date]:
    """The last working days, newest first; today is the first where it is one."""
    days: list[date] = []
    day = _day_of(now)
    while len(days) <= _LONGEST_LOOK_BACK:
        if calendar.is_working(day):
            days.append(day)
        day -= timedelta(days=1)
    return days


@dataclass(frozen=True, slots=True)
class _Step:
    """A step as its course names it."""

    action: str
    variant: str
    role: str
    tenths: int
    later: int

    def day(self, span: int) -> int:
        """How many working days after the first step it comes."""
        return span * self.tenths // TENTHS + self.later


def _moves(item: Item, course: Course, past: Sequence[date], now: datetime, random: Random) -> tuple[Move, ...]:
    limits = item.limits
    longest = limits.promised or limits.statutory
    days = Days(longest.n if longest else 0, limits.statutory.n if limits.statutory else 0)
    span = course.span(days, 0, random)
    steps = [_step(token) for token in course.route.split()]
    length = max(step.day(span) for step in steps)
    age = max(length, course.age(days, length, random))
    begins = random.choice(_BEGINS)
    minute = random.randrange(60)
    taken: Counter[date] = Counter()
    moves = []
    for step in steps:
        day = past[age - step.day(span)]
        planned = datetime.combine(day, begins, BEIJING) + timedelta(minutes=minute + _APART * taken[day])
        taken[day] += 1
        moves.append(Move(_before(planned, now), step.action, step.variant, step.role))
    return tuple(moves)


def _step(token: str) -> _Step:
    what, _, when = token.partition("@")
    what, _, role = what.partition(":")
    action, _, variant = what.partition("=")
    tenths, _, later = when.partition("+")
    return _Step(action, variant, role, int(tenths), int(later or 0))


def _before(planned: datetime, now: datetime) -> datetime:
    """The planned moment; today's are drawn together into the hour before `now` while the office is still open."""
    closes = datetime.combine(_day_of(now), _CLOSES, BEIJING)
    if planned.date() != closes.date() or now >= closes:
        return planned
    midnight = datetime.combine(planned.date(), time(), BEIJING)
    return max(midnight, now - (closes - planned) / TENTHS)
