"""Whether what was foreseen came true: learnt from older closed cases, tried on the newer ones. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final

from caseflow.rules.foresight import ENOUGH, Course, Experience, Spell, labels

BOUNDS: Final = (0, 10, 30, 50, 70, 90, 100)
"""Percent between which predictions are put together."""

LOOKS: Final = 4
"""A case is looked at when 0, 1/4, 1/2, 3/4 and all of its promise is used, while it is still open."""

_HELD_BACK: Final = 0.25

Predict = Callable[[Spell, int], float | None]
Learn = Callable[[Sequence[Course]], Predict]


@dataclass(frozen=True, slots=True)
class Look:
    """One prediction about a case that has ended since: the case, what was said, what happened."""

    case: int
    chance: float
    missed: bool


@dataclass(frozen=True, slots=True)
class Bin:
    """The predictions of low to high percent: how many, their mean, the share that came true."""

    low: int
    high: int
    looks: int
    foreseen: float
    missed: float

    @property
    def gap(self) -> float:
        """By how much the mean prediction was beside the truth."""
        return abs(self.foreseen - self.missed)


@dataclass(frozen=True, slots=True)
class Calibration:
    """How predictions fared on held-back cases that ended from `first` to `last`.

    `brier` is the mean squared error, `base` that of always saying the share that was missed.
    """

    first: date
    last: date
    cases: int
    looks: tuple[Look, ...]
    bins: tuple[Bin, ...]
    brier: float
    base: float

    @property
    def worst(self) -> float | None:
        """The largest gap of a bin with enough predictions; None where no bin has."""
        return max((one.gap for one in self.bins if one.looks >= ENOUGH), default=None)

    @property
    def better(self) -> float:
        """The part of the error of always saying the same that was saved; negative where it did worse."""
        return 1 - self.brier / self.base if self.base else 0.0


def learned(courses: Sequence[Course]) -> Predict:
    """The predictor the pages use."""
    experience = Experience(courses)

    def predict(spell: Spell, left: int) -> float | None:
        estimate = experience.estimate(spell)
        return None if estimate is None else estimate.chance(left)

    return predict


def calibration(groups: Iterable[Sequence[Course]], learn: Learn = learned) -> Calibration | None:
    """How predictions fare on the newest quarter of each item's cases when only the others are known.

    None where nothing was held back or nothing could be said.
    """
    held: list[Course] = []
    looks: list[Look] = []
    for courses in groups:
        older, newer = split(courses)
        predict = learn(older)
        for course in newer:
            looks += _looked(course, len(held), predict)
            held.append(course)
    if not looks:
        return None
    share = sum(look.missed for look in looks) / len(looks)
    return Calibration(
        first=min(course.ended_on for course in held),
        last=max(course.ended_on for course in held),
        cases=len({look.case for look in looks}),
        looks=tuple(looks),
        bins=tuple(_bins(looks)),
        brier=sum((look.chance - look.missed) ** 2 for look in looks) / len(looks),
        base=share * (1 - share),
    )


def split(courses: Sequence[Course]) -> tuple[list[Course], list[Course]]:
    """The older cases and the newest quarter, no day of closing in both."""
    if not courses:
        return [], []
    days = sorted(course.ended_on for course in courses)
    cut = days[max(0, int(len(days) * (1 - _HELD_BACK)) - 1)]
    return [one for one in courses if one.ended_on <= cut], [one for one in courses if one.ended_on > cut]


def spell_at(course: Course, used: int) -> Spell:
    """Where the case stood at the beginning of its n-th working day (0: the moment its limits began)."""
    before = 0
    for stay, stage in zip(course.stays, labels(course.stays), strict=True):
        if used <= before + stay.days:
            return Spell(stage, used - before, used, stay.entered.month)
        before += stay.days
    raise ValueError(used)


def _looked(course: Course, case: int, predict: Predict) -> Iterator[Look]:
    if course.limit is None or not course.stays:
        return
    took = course.days
    for used in dict.fromkeys(course.limit * n // LOOKS for n in range(LOOKS + 1)):
        chance = predict(spell_at(course, used), course.limit - used) if used <= took else None
        if chance is not None:
            yield Look(case, chance, took > course.limit)


def _bins(looks: Sequence[Look]) -> Iterator[Bin]:
    for low, high in pairwise(BOUNDS):
        here = [look for look in looks if low <= look.chance * 100 < high or (high == BOUNDS[-1] == look.chance * 100)]
        if here:
            foreseen = sum(look.chance for look in here) / len(here)
            yield Bin(low, high, len(here), foreseen, sum(look.missed for look in here) / len(here))
