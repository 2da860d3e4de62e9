"""Where the days went: the stays of a case in its states, each with the working days it used of the limit. Pure.

A stage is the stay in one state; its days are the counted days in (entered, left] outside the pauses, so that the
stages of a case add up to what its clock has used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from caseflow.rules.calendar import WorkingCalendar
from caseflow.rules.clock import Pause, used


@dataclass(frozen=True, slots=True)
class Move:
    """A case came into a state on a day; `by` is who took that step (staff id, None for nobody), by name."""

    day: date
    state: str
    by: int | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stay: `left` is None while it lasts, `days` count towards the limits, `before` passed before they ran.

    Whose days they are is who took the step that ended the stay, or who holds the case now.
    """

    state: str
    entered: date
    left: date | None
    days: int
    before: int
    holder: int | None
    name: str
    limit: int | None = None

    @property
    def over(self) -> int:
        """Working days beyond the limit of the stage; 0 where it has none."""
        return max(0, self.days - self.limit) if self.limit is not None else 0


def stages(
    calendar: WorkingCalendar,
    moves: Sequence[Move],
    start: date | None,
    stop: date,
    pauses: Sequence[Pause] = (),
    *,
    holder: tuple[int | None, str] = (None, ""),
    limits: Mapping[str, int] | None = None,
    ended: bool = False,
) -> tuple[Stage, ...]:
    """The stays of a case in order, up to `stop` (today, or the day it ended).

    `moves` begin with the registration, on the day of receipt; `start` is the day the limits run from; `holder` has
    the case now; an `ended` case stays in its last state no longer.
    """
    last = Move(stop, "", *holder)
    ends = pairwise(moves if ended else [*moves, last])
    return tuple(_stage(calendar, one, after, start, stop, pauses, limits or {}) for one, after in ends)


def _stage(
    calendar: WorkingCalendar,
    one: Move,
    after: Move,
    start: date | None,
    stop: date,
    pauses: Sequence[Pause],
    limits: Mapping[str, int],
) -> Stage:
    # A correction may move the receipt behind a step that was taken before it.
    entered, left = min(one.day, after.day, stop), min(after.day, stop)
    begins = left if start is None else min(max(entered, start), left)
    days = 0 if start is None else _between(calendar, start, begins, left, pauses)
    return Stage(
        state=one.state,
        entered=entered,
        left=after.day if after.state else None,
        days=days,
        before=calendar.count(entered, begins),
        holder=after.by,
        name=after.name,
        limit=limits.get(one.state),
    )


def _between(calendar: WorkingCalendar, start: date, begins: date, left: date, pauses: Sequence[Pause]) -> int:
    """Counted days in (begins, left] of limits that run from `start`."""
    if not pauses:
        return calendar.count(begins, left)
    return used(calendar, start, left, pauses) - used(calendar, start, begins, pauses)


@dataclass(frozen=True, slots=True)
class Share:
    """Days of many cases in one stage or with one person: working days, stays, the part of the whole in thousandths."""

    key: str
    days: int
    stays: int
    over: int
    part: int


def by_state(found: Iterable[Stage]) -> tuple[Share, ...]:
    """The days by state, the most first."""
    return _shares((one.state, one) for one in found)


def by_holder(found: Iterable[Stage]) -> tuple[Share, ...]:
    """The days by person (staff id as text, "0" for nobody), the most first."""
    return _shares((str(one.holder or 0), one) for one in found)


def _shares(found: Iterable[tuple[str, Stage]]) -> tuple[Share, ...]:
    grouped: dict[str, list[Stage]] = {}
    for key, one in found:
        grouped.setdefault(key, []).append(one)
    sums = {key: days for key, stays in grouped.items() if (days := sum(one.days for one in stays))}
    parts = _thousandths(sums)
    shares = (
        Share(key, days, len(grouped[key]), sum(one.over for one in grouped[key]), parts[key])
        for key, days in sums.items()
    )
    return tuple(sorted(shares, key=lambda share: (-share.days, share.key)))


def _thousandths(sums: Mapping[str, int]) -> Mapping[str, int]:
    """Each sum as thousandths of all; they add up to 1000, what rounding down leaves goes to the largest remainders."""
    whole = sum(sums.values())
    floors = {key: days * 1000 // whole for key, days in sums.items()}
    by_remainder = sorted(sums, key=lambda key: (-(sums[key] * 1000 % whole), key))
    raised = by_remainder[: 1000 - sum(floors.values())] if sums else []
    return {key: part + (key in raised) for key, part in floors.items()}
