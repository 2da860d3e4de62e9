"""人手推演: who is there, what they send on in a day, and what the open cases would come to with others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

from sqlalchemy import Connection, and_, select

from caseflow.errors import BadInput, Fault
from caseflow.house import House
from caseflow.rules.calendar import WorkingCalendar
from caseflow.rules.flow import HANDLING_ROLES, ROLES
from caseflow.rules.foresight import Course
from caseflow.rules.staffing import Draw, Outcome, Post, Roads, Waiting, what_if
from caseflow.store.models import StaffRoleRow, StaffRow
from caseflow.store.office_models import AbsenceRow
from caseflow.views.courses import MOST_OPEN, RUNNING, History, Standing, closed_courses, open_standings
from caseflow.views.foresight import promised_items
from caseflow.views.lines import STATES

LOOKED_BACK: Final = 60
"""Working days of history that capacity is counted from, where so many were kept."""

LEAST_DAYS: Final = 5
"""Fewer working days than this tell nothing about capacity."""

LONGEST: Final = 90
"""Working days that are simulated at most."""

SEED: Final = 1

ROLE_OF: Final[Mapping[str, str]] = {
    key: role for key in RUNNING for role in ROLES if role in STATES[key].roles & HANDLING_ROLES
}
"""Who handles a case in each state in which limits run."""


@dataclass(frozen=True, slots=True)
class Crew:
    """A role: its people, the cases sent on in a working day, by how many people's work, and the cases before it.

    `days` are the working days of history that were counted.
    """

    role: str
    people: int
    daily: float
    hands: float
    days: int
    queue: int

    @property
    def rate(self) -> float:
        """Cases one person sends on in a working day."""
        return self.daily / self.hands if self.hands else 0.0


@dataclass(frozen=True, slots=True)
class Change:
    """The question: `people` more (negative: fewer) in a role, from a day on, for so many working days."""

    role: str
    people: int
    first: date
    days: int


@dataclass(frozen=True, slots=True)
class Office:
    """What the question is asked of: the crews, the open cases in queue order, the history, the days ahead."""

    crews: dict[str, Crew]
    standing: tuple[Standing, ...]
    history: History
    days: tuple[date, ...]
    present: Mapping[str, tuple[int, ...]]
    paused: int
    late: int

    @property
    def full(self) -> bool:
        """Whether more cases are open than were looked at."""
        return len(self.standing) + self.paused >= MOST_OPEN


def office_at_work(session: Connection, calendar: WorkingCalendar, house: House, bureau: str, today: date) -> Office:
    """The people, their work and what lies before them, in eight statements."""
    names = promised_items(house, bureau)
    found = open_standings(session, calendar, bureau, today, late=True)
    mine = sorted((one for one in found if one.item in names), key=lambda one: one.order)
    standing = tuple(one for one in mine if not one.paused)
    history = closed_courses(session, calendar, bureau, sorted({one.item for one in mine}))
    days = _days_ahead(calendar, today, standing)
    present = _present(session, calendar, bureau, days)
    return Office(
        crews=_crews(calendar, history, standing, present, today),
        standing=standing,
        history=history,
        days=days,
        present=present,
        paused=len(mine) - len(standing),
        late=sum(one.late for one in standing),
    )


def ask(office: Office, calendar: WorkingCalendar, change: Change) -> Outcome:
    """What the change would do to the promises; BadInput where there is nobody, nothing or no history to ask about."""
    crew = office.crews[change.role]
    _check(office, crew, change)
    last = calendar.add(change.first, change.days - calendar.is_working(change.first))
    now = {role: Post(office.present[role], one.rate) for role, one in office.crews.items() if one.daily}
    there = zip(office.days, office.present[change.role], strict=True)
    changed = [max(0, n + change.people) if _changes(calendar, change, day, last) else n for day, n in there]
    then = now | {change.role: Post(changed, crew.rate)}
    waiting = [Waiting(one.id, one.item, one.state, -1 if one.late else one.left) for one in office.standing]
    role_of = {state: role for state, role in ROLE_OF.items() if role in now}
    return what_if(waiting, Roads(office.history.courses), role_of, now, then, dice=seeded(SEED))


def seeded(seed: int) -> Callable[[int], Draw]:
    """The draws of each repetition: the same for the same seed."""
    return lambda n: Random(f"{seed}:{n}").random  # noqa: S311 - a simulation, not a secret


def _changes(calendar: WorkingCalendar, change: Change, day: date, last: date) -> bool:
    return change.first <= day <= last and calendar.is_working(day)


def _check(office: Office, crew: Crew, change: Change) -> None:
    name = ROLES[change.role]
    if not office.standing:
        raise BadInput([Fault("role", "现在没有在办的承诺件，无从推演")])
    if not crew.daily:
        raise BadInput(
            [Fault("role", f"{name}近来没有足够的办理记录（至少 {LEAST_DAYS} 个工作日），估不出每人每日能办几件")]
        )
    if crew.people + change.people < 0:
        raise BadInput([Fault("people", f"{name}现有 {crew.people} 人，不能减少 {-change.people} 人")])


def _days_ahead(calendar: WorkingCalendar, today: date, standing: Sequence[Standing]) -> tuple[date, ...]:
    """Today and the working days after it, until the last promise has come."""
    longest = min(LONGEST, max([0, *(one.left for one in standing)]))
    return (today, *(calendar.add(today, n) for n in range(1, longest + 2)))


def _present(
    session: Connection, calendar: WorkingCalendar, bureau: str, days: Sequence[date]
) -> dict[str, tuple[int, ...]]:
    """How many of each role are there on each of the days; nobody on a day off."""
    holders = select(StaffRoleRow.role, StaffRow.id).join(StaffRow, StaffRow.id == StaffRoleRow.staff_id)
    holders = holders.where(StaffRow.bureau == bureau, StaffRow.active == 1, StaffRoleRow.role.in_(HANDLING_ROLES))
    absences = select(AbsenceRow.staff_id, AbsenceRow.from_on, AbsenceRow.to_on).where(
        and_(AbsenceRow.bureau == bureau, AbsenceRow.to_on >= days[0], AbsenceRow.from_on <= days[-1]),
        AbsenceRow.cancelled_at.is_(None),
    )
    away = [(staff_id, first, last) for staff_id, first, last in session.execute(absences)]
    people: dict[str, list[int]] = {role: [] for role in ROLES if role in HANDLING_ROLES}
    for role, staff_id in session.execute(holders):
        people[role].append(staff_id)
    gone = [{staff_id for staff_id, first, last in away if first <= day <= last} for day in days]
    works = [calendar.is_working(day) for day in days]
    return {
        role: tuple(sum(one not in gone[n] for one in ids) if works[n] else 0 for n in range(len(days)))
        for role, ids in people.items()
    }


def _crews(
    calendar: WorkingCalendar,
    history: History,
    standing: Sequence[Standing],
    present: Mapping[str, Sequence[int]],
    today: date,
) -> dict[str, Crew]:
    """What each role sends on in a day and by whom, and what lies before it."""
    work, days = _work(calendar, history, today)
    queues = Counter(ROLE_OF[one.state] for one in standing if one.state in ROLE_OF)
    first = 0 if calendar.is_working(today) else 1
    return {
        role: Crew(role, there[first], sum(work[role].values()), hands(work[role]), days, queues[role])
        for role, there in present.items()
    }


def _work(calendar: WorkingCalendar, history: History, today: date) -> tuple[dict[str, dict[int, float]], int]:
    """For each role the cases each person sends on in a working day, and the most days that were counted.

    Counted for each item by itself, in the days of which every closed case is known; today is not over.
    """
    work: dict[str, dict[int, float]] = {role: {} for role in HANDLING_ROLES}
    ends = [course.ended_on for courses in history.courses.values() for course in courses]
    since = max(_working_days_before(calendar, today), min(ends, default=today))
    counted = [0]
    for item, courses in history.courses.items():
        first = max(since, history.cut.get(item, since))
        days = calendar.count(first - timedelta(days=1), today - timedelta(days=1))
        if days >= (1 if item in history.cut else LEAST_DAYS):
            counted.append(days)
            for role, by in _steps(courses, first, today):
                work[role][by] = work[role].get(by, 0.0) + 1 / days
    return work, max(counted)


def _steps(courses: Sequence[Course], first: date, today: date) -> Iterator[tuple[str, int]]:
    """Who ended which role's stays, in the cases that were closed from a day on."""
    for course in courses:
        if first <= course.ended_on < today:
            for stay in course.stays:
                if stay.state in ROLE_OF and stay.by:
                    yield ROLE_OF[stay.state], stay.by


def _working_days_before(calendar: WorkingCalendar, today: date) -> date:
    """The day so many working days ago that capacity is counted from."""
    day = today
    while calendar.count(day, today) < LOOKED_BACK and day > calendar.first:
        day -= timedelta(days=1)
    return day


def hands(done: Mapping[int, float]) -> float:
    """How many people's work it was: those who hardly did any count for as little."""
    squares = sum(n * n for n in done.values())
    return sum(done.values()) ** 2 / squares if squares else 0.0
