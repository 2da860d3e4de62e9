"""What happens in the demo: which item takes which course, on which days. Pure: the same plan for the same day."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import cycle
from random import Random
from typing import Final

from caseflow.catalogue import Catalogue
from caseflow.house import BEIJING
from caseflow.rules.calendar import WorkingCalendar
from caseflow.rules.item import Item

TENTHS: Final = 10
_LONGEST_LOOK_BACK: Final = 100
_BEGINS: Final = (time(10, 40), time(16, 5))
_CLOSES: Final = time(20)
_APART: Final = 11
"""Minutes between two steps of one case on one day."""

_NEVER_LARGE: Final = ("contribution-subsidy", "prenatal-check-payment", "family-planning-payment")
_EXTRA_SMALL_BUREAU: Final = 4
"""How often, per round of all items, the bureau with one item gets that item again."""


@dataclass(frozen=True, slots=True)
class Days:
    """The limits of an item in working days; a 即办件 has 0."""

    promised: int
    statutory: int


Length = Callable[[Days, int, Random], int]
"""Working days for an item with these limits, given the span of the course so far (0 while the span is asked for)."""


@dataclass(frozen=True, slots=True)
class Course:
    """How a case goes. `route` names actions at tenths of `span` working days; it began `age` working days ago.

    `spoiled` material makes it incomplete, `large` takes the payment above the threshold, `today` puts it on the very
    day, working day or not.
    """

    route: str
    span: Length
    age: Length
    spoiled: bool = False
    large: bool = False
    today: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """One step of a case: when, what, and the role that takes it where it is not the usual one."""

    at: datetime
    action: str
    role: str = ""


@dataclass(frozen=True, slots=True)
class PlannedCase:
    """One application with everything that will happen to it."""

    number: int
    item: Item
    course: Course
    moves: tuple[Move, ...]


def exactly(n: int) -> Length:
    """Always n working days."""
    return lambda _days, _span, _random: n


def between(least: int, most: int) -> Length:
    """Some number of working days."""
    return lambda _days, _span, random: random.randint(least, most)


def after(least: int, most: int) -> Length:
    """Some number of working days more than the span."""
    return lambda _days, span, random: span + random.randint(least, most)


def promised(plus: int) -> Length:
    """So many working days more (or fewer) than the promised limit."""
    return lambda days, _span, _random: max(0, days.promised + plus)


def statutory(plus: int) -> Length:
    """So many working days more than the statutory limit."""
    return lambda days, _span, _random: days.statutory + plus


def part(share: float) -> Length:
    """A share of the promised limit."""
    return lambda days, _span, _random: int(days.promised * share)


NOW, LATELY, SOME_TIME = exactly(0), after(1, 4), after(1, 32)
IN_TIME: Final = promised(-1)

_UNMET = "register@0 supplement_notice@0"
_AT_WINDOW = (
    Course("register@0 decline@0", NOW, SOME_TIME),
    Course(f"{_UNMET} terminate@10", exactly(16), LATELY, spoiled=True),
    Course("register@0", NOW, exactly(7), spoiled=True),
    Course(_UNMET, NOW, exactly(17), spoiled=True),
)
_GIVEN = "register@0 accept@0 hand_over@1"
_UNDER_REVIEW = "register@0 accept@0 hand_over@0"

IMMEDIATE: Final = (
    Course("register@0 close_on_the_spot@0", NOW, SOME_TIME),
    Course("register@0", NOW, NOW, today=True),
    Course("register@0 close_on_the_spot@0", NOW, SOME_TIME),
    Course(_UNMET, NOW, between(1, 9), spoiled=True),
    Course("register@0 close_on_the_spot@0", NOW, SOME_TIME),
    Course(f"{_UNMET} supplement@10 close_on_the_spot@10", between(2, 7), SOME_TIME, spoiled=True),
    Course("register@0 accept@0", NOW, LATELY),
    Course("register@0 close_on_the_spot@0", NOW, SOME_TIME),
    Course("register@0 withdraw@0", NOW, SOME_TIME),
    Course("register@0 close_on_the_spot@0", NOW, NOW),
    Course("register@0 accept@0 close@10", exactly(1), SOME_TIME),
    *_AT_WINDOW,
    Course("register@0 accept@0 close@0", NOW, SOME_TIME),
)

STANDARD: Final = (
    Course(_UNDER_REVIEW, NOW, part(0.3)),
    Course(f"{_GIVEN} approve@8 close@10", IN_TIME, SOME_TIME),
    Course(_UNMET, NOW, between(1, 9), spoiled=True),
    Course(_UNDER_REVIEW, NOW, promised(1)),
    Course(f"{_GIVEN} suspend@10", part(0.4), LATELY),
    Course(f"{_GIVEN} approve@10", promised(-2), exactly(1)),
    Course(f"{_GIVEN} refuse@10", IN_TIME, SOME_TIME),
    Course(_UNDER_REVIEW, NOW, promised(0)),
    Course("register@0 accept@0", NOW, part(0.2)),
    Course(_UNDER_REVIEW, NOW, promised(-1)),
    Course(_UNDER_REVIEW, NOW, statutory(2)),
    Course(f"{_GIVEN} suspend@3 resume@5 approve@9 close@10", IN_TIME, SOME_TIME),
    Course("register@0", NOW, NOW),
    Course(f"{_GIVEN} send_back@4 hand_over@5 approve@8 close@10", IN_TIME, SOME_TIME),
    Course(f"{_GIVEN} withdraw@6", IN_TIME, SOME_TIME),
    Course(f"{_GIVEN} approve@8 close@10", promised(1), SOME_TIME),
    Course(f"{_UNMET} supplement@3 accept@3 hand_over@4 approve@9 close@10", IN_TIME, SOME_TIME, spoiled=True),
    *_AT_WINDOW,
)

_CHECKED = f"{_GIVEN} approve@4 check@6"
_LONGER = "ask_extension:reviewer@2 grant_extension:supervisor@3"
_PAID = f"{_GIVEN} approve@5 check@7 settle_statement@9 pay@10"
PAYMENT: Final = (
    Course(_UNDER_REVIEW, NOW, part(0.3)),
    Course(_PAID, IN_TIME, SOME_TIME),
    Course(f"{_GIVEN} approve@10", part(0.5), NOW),
    Course(f"{_GIVEN} approve@6 check@10", part(0.6), NOW, large=True),
    Course(f"{_GIVEN} approve@6 check@8 settle_statement@10", part(0.8), NOW),
    Course(_UNDER_REVIEW, NOW, promised(1)),
    Course(_UNDER_REVIEW, NOW, statutory(2)),
    Course(_UNMET, NOW, between(1, 9), spoiled=True),
    Course(f"{_GIVEN} suspend@10", part(0.4), LATELY),
    Course(f"{_GIVEN} refuse@10", IN_TIME, SOME_TIME),
    Course(f"{_GIVEN} approve@10", part(0.7), statutory(2)),
    Course(_UNDER_REVIEW, NOW, promised(0)),
    Course(_UNDER_REVIEW, NOW, promised(-1)),
    Course(f"{_GIVEN} approve@6 check@10", part(0.7), NOW),
    Course(f"{_PAID} return_payment@10 pay_again@10", IN_TIME, SOME_TIME),
    Course("register@0", NOW, NOW),
    Course("register@0 accept@0", NOW, part(0.2)),
    Course(f"{_CHECKED} authorise@7 settle_statement@9 pay@10", IN_TIME, SOME_TIME, large=True),
    Course(_PAID, promised(1), SOME_TIME),
    Course(f"{_GIVEN} approve@5 refuse:checker@10", IN_TIME, SOME_TIME),
    Course(f"{_GIVEN} approve@4 send_back:checker@5 approve@7 check@8 settle_statement@9 pay@10", IN_TIME, SOME_TIME),
    Course(
        f"{_UNMET} supplement@3 accept@3 hand_over@4 approve@7 check@8 settle_statement@9 pay@10",
        IN_TIME,
        SOME_TIME,
        spoiled=True,
    ),
    Course(
        f"{_GIVEN} approve@3 suspend:checker@4 resume:checker@5 check@7 settle_statement@8 pay@10", IN_TIME, SOME_TIME
    ),
    Course(f"{_GIVEN} withdraw@8", part(0.5), SOME_TIME),
    Course(f"{_GIVEN} {_LONGER} approve@5 check@7 settle_statement@9 pay@10", part(0.6), SOME_TIME),
    Course(_PAID, statutory(1), LATELY),
    *_AT_WINDOW,
)

_ASSESSED = f"{_GIVEN} assess@4"
DESIGNATION: Final = (
    Course(_GIVEN, exactly(5), between(2, 20)),
    Course(f"{_ASSESSED} publicise@6 negotiate@8 sign@10", part(0.8), LATELY),
    Course(_ASSESSED, part(0.6), LATELY),
    Course(f"{_ASSESSED} publicise@10", part(0.6), LATELY),
    Course(f"{_ASSESSED} publicise@6 negotiate@10", part(0.8), LATELY),
    Course(f"{_ASSESSED} publicise@6 break_off@10", part(0.7), LATELY),
    Course(f"{_GIVEN} refuse@10", part(0.5), LATELY),
    Course(f"{_GIVEN} suspend@10", part(0.3), LATELY),
    Course(_UNMET, NOW, between(1, 9), spoiled=True),
    Course(f"{_ASSESSED} publicise@10", part(0.6), promised(-20)),
)

COURSES: Final[Mapping[str, tuple[Course, ...]]] = {
    "immediate": IMMEDIATE,
    "standard": STANDARD,
    "payment": PAYMENT,
    "designation": DESIGNATION,
}


def plan(catalogue: Catalogue, n: int, now: datetime, random: Random) -> tuple[PlannedCase, ...]:
    """So many cases whose every step lies before `now`: each item in turn, each course of its flow in turn."""
    courses = {flow: cycle(found) for flow, found in COURSES.items()}
    items = _items(catalogue)
    past = {bureau: _past_days(catalogue.calendar_of(bureau), now) for bureau in catalogue.bureaus}
    planned = []
    for number in range(1, n + 1):
        item = next(items)
        course = next(one for one in courses[item.flow] if not (one.large and item.key in _NEVER_LARGE))
        days = [_day_of(now)] if course.today else past[item.bureau]
        planned.append(PlannedCase(number, item, course, _moves(item, course, days, now, random)))
    return tuple(planned)


def _items(catalogue: Catalogue) -> Iterator[Item]:
    """Every item in turn, without end; a bureau with a single item gets it more often."""
    found = [catalogue.items_of(bureau) for bureau in catalogue.bureaus]
    one_round = [item for items in found for item in items]
    one_round += [items[0] for items in found if len(items) == 1 for _ in range(_EXTRA_SMALL_BUREAU)]
    return cycle(one_round)


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


def _moves(item: Item, course: Course, past: Sequence[date], now: datetime, random: Random) -> tuple[Move, ...]:
    limits = item.limits
    longest = limits.promised or limits.statutory
    days = Days(longest.n if longest else 0, limits.statutory.n if limits.statutory else 0)
    span = course.span(days, 0, random)
    age = max(span, course.age(days, span, random))
    begins = random.choice(_BEGINS)
    minute = random.randrange(60)
    moves = []
    for n, (action, role, tenths) in enumerate(_step(token) for token in course.route.split()):
        planned = datetime.combine(past[age - span * tenths // TENTHS], begins, BEIJING)
        moves.append(Move(_before(planned + timedelta(minutes=minute + _APART * n), now), action, role))
    return tuple(moves)


def _step(token: str) -> tuple[str, str, int]:
    what, _, tenths = token.partition("@")
    action, _, role = what.partition(":")
    return action, role, int(tenths)


def _before(planned: datetime, now: datetime) -> datetime:
    """The planned moment; today's are drawn together into the hour before `now` while the office is still open."""
    closes = datetime.combine(_day_of(now), _CLOSES, BEIJING)
    if planned.date() != closes.date() or now >= closes:
        return planned
    midnight = datetime.combine(planned.date(), time(), BEIJING)
    return max(midnight, now - (closes - planned) / TENTHS)
