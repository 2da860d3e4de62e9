"""How long an open case will still take, learnt from closed cases of its item. Pure; every length is working days.

What is left of a case is what is left of its stay, among the stays that lasted as long as this one already has, plus
what cases took from the next state to their end. Both are counted, never fitted, so an estimate names its cases.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from math import sqrt
from typing import Final, Literal

from caseflow.rules.stages import Stage

SCARCE: Final = 200
"""Below this many closed cases of an item nothing is foreseen."""

ENOUGH: Final = 30
"""Fewer stays than this are not counted by themselves: a wider basis is taken, and said."""

WHOLE: Final = ""
"""The basis that takes a case as one stay from its start to its end; also what follows the last state."""

Season = Literal["used", "few", "same"]
"""Whether a season counts by itself: it does unless it has too few stays, or is no different from the year."""

AGAIN: Final = "+"
"""Behind the state of a stay that is not the first in it: what was sent back takes its own time."""

_MONTHS: Final = 12
_SURE: Final = 3.0
"""Standard errors by which a season must be longer or shorter than the year."""


@dataclass(frozen=True, slots=True)
class Stay:
    """One stay of a case while its limits ran: the state, the day it came, working days, who ended it."""

    state: str
    entered: date
    days: int
    by: int | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """A closed case from the start of its limits; `limit` is what was promised, before any extension."""

    stays: tuple[Stay, ...]
    ended_on: date
    limit: int | None = None

    @property
    def days(self) -> int:
        """Working days from the start to the end, pauses out."""
        return sum(stay.days for stay in self.stays)


@dataclass(frozen=True, slots=True)
class Spell:
    """Where an open case stands: its stage, the days of this stay and of the whole case, the month the stay began."""

    stage: str
    days: int
    used: int
    month: int


@dataclass(frozen=True, slots=True)
class Basis:
    """What an estimate rests on: `stays` stays of at least `since` days in `stage`, among `closed` cases.

    `months` are those in which the stays began, none for all of the year, and `season` says why; `first` and `last`
    are days of closing; `beyond` says that hardly any case ever stayed as long as this one.
    """

    closed: int
    first: date
    last: date
    stage: str
    stays: int
    since: int
    season: Season
    months: tuple[int, ...] = ()
    beyond: bool = False


@dataclass(frozen=True, slots=True)
class _Rest:
    """Of cases that came into a state: how many took more than n days from there to the end, for each n."""

    often: int = 0
    more: tuple[float, ...] = ()

    @classmethod
    def of(cls, lengths: Counter[int]) -> _Rest:
        """What these lengths, in working days, say."""
        total, tail = sum(lengths.values()), []
        above = total
        for n in range(max(lengths, default=0)):
            above -= lengths[n]
            tail.append(above / total)
        return cls(total, tuple(tail))

    def beyond(self, days: int) -> float:
        """The share that took more than this."""
        return self.more[days] if days < len(self.more) else 0.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """How long a case will still take, and what that rests on."""

    basis: Basis
    _rows: tuple[tuple[int, int, _Rest], ...] = field(repr=False)

    def chance(self, left: int) -> float:
        """The probability that more than `left` days are still needed; 1 where none are left.

        Half a case is added on each side, so that no number of cases makes a certainty.
        """
        if left < 0:
            return 1.0
        late = 0.5
        for still, often, rest in self._rows:
            late += often if still > left else often * rest.beyond(left - still)
        return min(1.0, late / (self.basis.stays + 1))

    def within(self, share: float) -> int:
        """The days in which this share of such cases ended."""
        longest = max(still + len(rest.more) for still, _, rest in self._rows)
        return next((n for n in range(longest) if self.chance(n) <= 1 - share), longest)


class _Tally:
    """Every stay of the courses counted by the month it began in."""

    def __init__(self, courses: Iterable[Course]) -> None:
        self.stays: Counter[tuple[int, str, int, str]] = Counter()
        self.rests: Counter[tuple[int, str, int]] = Counter()
        for course in courses:
            rest = course.days
            self.stays[course.ended_on.month, WHOLE, rest, WHOLE] += 1
            for stay, (stage, after) in zip(course.stays, pairwise([*labels(course.stays), WHOLE]), strict=True):
                month = stay.entered.month
                self.stays[month, stage, stay.days, after] += 1
                self.rests[month, stage, rest] += 1
                rest -= stay.days


class _Pool:
    """Stays counted by state, length and what followed; and what cases took from each state to the end."""

    def __init__(self, tally: _Tally, months: Collection[int]) -> None:
        self.stays: dict[str, Counter[tuple[int, str]]] = {}
        self._lengths: dict[str, Counter[int]] = {}
        self._rests: dict[str, _Rest] = {}
        self._counts: dict[str, list[int]] = {}
        for (month, stage, days, after), often in tally.stays.items():
            if month in months:
                self.stays.setdefault(stage, Counter())[days, after] += often
        for (month, stage, rest), often in tally.rests.items():
            if month in months:
                self._lengths.setdefault(stage, Counter())[rest] += often

    def rest(self, stage: str) -> _Rest:
        """The days from coming into a state to the end."""
        if stage not in self._rests:
            self._rests[stage] = _Rest.of(self._lengths.get(stage, Counter()))
        return self._rests[stage]

    def count(self, stage: str, since: int) -> int:
        """How many stays lasted at least so long."""
        counts = self._counted(stage)
        return counts[since] if since < len(counts) else 0

    def longest(self, stage: str, days: int) -> int:
        """The most days, not above these, that enough stays lasted."""
        counts = self._counted(stage)
        return next((n for n in range(min(days, len(counts) - 1), 0, -1) if counts[n] >= ENOUGH), 0)

    def differs(self, other: _Pool, stage: str) -> bool:
        """Whether cases that came into a state took longer or shorter to the end than in the other, beyond chance."""
        lengths = self._lengths[stage]
        often, mean, spread = _moments(lengths)
        return abs(mean - _moments(other._lengths[stage])[1]) * sqrt(often) > _SURE * spread

    def _counted(self, stage: str) -> list[int]:
        if stage not in self._counts:
            lengths = Counter[int]()
            for (days, _), often in self.stays.get(stage, Counter()).items():
                lengths[days] += often
            above, counts = sum(lengths.values()), []
            for n in range(max(lengths, default=-1) + 1):
                counts.append(above)
                above -= lengths[n]
            self._counts[stage] = counts
        return self._counts[stage]


def _moments(lengths: Counter[int]) -> tuple[int, float, float]:
    """How many, their mean and standard deviation."""
    often = lengths.total()
    mean = sum(days * n for days, n in lengths.items()) / often
    return often, mean, sqrt(sum((days - mean) ** 2 * n for days, n in sorted(lengths.items())) / often)


class Experience:
    """What the closed cases of one item teach; their order does not matter."""

    def __init__(self, courses: Sequence[Course]) -> None:
        self.closed = len(courses)
        self._first = min((course.ended_on for course in courses), default=date.min)
        self._last = max((course.ended_on for course in courses), default=date.min)
        self._tally = _Tally(courses)
        self._year = _Pool(self._tally, range(1, _MONTHS + 1))
        self._seasons: dict[int, _Pool] = {}
        self._known: dict[tuple[str, int, int, int], Estimate] = {}

    @property
    def scarce(self) -> bool:
        """Whether there are too few closed cases to show anything."""
        return self.closed < SCARCE

    def estimate(self, spell: Spell) -> Estimate | None:
        """What is to be expected of a case that stands so; None where hardly anything is known of the item."""
        if self.closed < ENOUGH:
            return None
        key = (spell.stage, spell.days, spell.used, spell.month)
        if key not in self._known:
            self._known[key] = self._estimate(spell)
        return self._known[key]

    def _season(self, month: int) -> _Pool:
        if month not in self._seasons:
            self._seasons[month] = _Pool(self._tally, season(month))
        return self._seasons[month]

    def _estimate(self, spell: Spell) -> Estimate:
        season_of = self._season(spell.month)
        if season_of.count(spell.stage, spell.days) < ENOUGH:
            return self._from_year(spell, "few")
        if not season_of.differs(self._year, spell.stage):
            return self._from_year(spell, "same")
        basis = self._basis(season_of, spell.stage, spell.days, "used", season(spell.month))
        return Estimate(basis, self._rows(season_of, spell.stage, spell.days))

    def _from_year(self, spell: Spell, why: Season) -> Estimate:
        known = [stage for stage in (spell.stage, state_of(spell.stage)) if self._year.count(stage, 0) >= ENOUGH]
        stage, days = (known[0], spell.days) if known else (WHOLE, spell.used)
        since = self._year.longest(stage, days)
        basis = self._basis(self._year, stage, since, why, beyond=since < days)
        return Estimate(basis, self._rows(self._year, stage, since))

    def _basis(
        self, pool: _Pool, stage: str, since: int, why: Season, months: tuple[int, ...] = (), *, beyond: bool = False
    ) -> Basis:
        stays = pool.count(stage, since)
        return Basis(self.closed, self._first, self._last, stage, stays, since, why, months, beyond=beyond)

    def _rows(self, pool: _Pool, stage: str, since: int) -> tuple[tuple[int, int, _Rest], ...]:
        stays = sorted((days, after, often) for (days, after), often in pool.stays[stage].items() if days >= since)
        return tuple((days - since, often, self._rest(pool, after)) for days, after, often in stays)

    def _rest(self, pool: _Pool, after: str) -> _Rest:
        if after == WHOLE:
            return _Rest()
        known = (pool.rest(after), self._year.rest(after), self._year.rest(state_of(after)))
        return next((rest for rest in known if rest.often >= ENOUGH), known[1])


def season(month: int) -> tuple[int, int, int]:
    """The month with the one before and the one after it."""
    return (month - 2) % _MONTHS + 1, month, month % _MONTHS + 1


def folded(found: Iterable[Stage], running: Collection[str], paused: Collection[str]) -> tuple[Stay, ...]:
    """The stays of a case while its limits ran: a pause belongs to the stay it interrupted.

    `running` are the states in which limits run; what passed before them is left out.
    """
    stays: list[Stay] = []
    for one in found:
        if not one.days and one.state not in running and one.state not in paused:
            continue
        if stays and (one.state in paused or one.state == stays[-1].state):
            last = stays.pop()
            stays.append(Stay(last.state, last.entered, last.days + one.days, one.holder))
        else:
            stays.append(Stay(one.state, one.entered, one.days, one.holder))
    return tuple(stays)


def labels(stays: Iterable[Stay]) -> list[str]:
    """The stage of each stay: its state, marked where the case had been in it before."""
    seen: set[str] = set()
    found = []
    for stay in stays:
        found.append(stay.state + AGAIN if stay.state in seen else stay.state)
        seen.add(stay.state)
    return found


def state_of(stage: str) -> str:
    """The state of a stage, the first time or again."""
    return stage.removesuffix(AGAIN)


def spell_of(stays: Sequence[Stay]) -> Spell | None:
    """Where an open case stands, from its stays up to today; None before its limits run."""
    if not stays:
        return None
    last = stays[-1]
    return Spell(labels(stays)[-1], last.days, sum(stay.days for stay in stays), last.entered.month)
