"""What if one person fewer: the open cases worked off day by day, with the people there are and with others. Pure.

Both are run on the same draws (the same roads of the same cases, the same good and bad days), so that their difference
is the difference in people. More people need not always mean fewer missed: over several stages, a case that comes
through sooner may stand before another one that was in time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import accumulate, pairwise
from math import ceil, floor
from typing import Final

from caseflow.rules.foresight import WHOLE, Course

REPEATS: Final = 30
LONGEST_ROAD: Final = 30
"""Steps after which a drawn road ends: cases sent back for ever are none."""

_ANY = ""
_LOW, _MIDDLE, _HIGH = 0.1, 0.5, 0.9


Draw = Callable[[], float]
"""The next number in [0, 1) of a repetition."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An open case: its item, its state, the working days left (negative: late already). Lists are in queue order."""

    id: int
    item: str
    state: str
    left: int


@dataclass(frozen=True, slots=True)
class Post:
    """A role: who is there on each day, and the cases one of them sends on a day."""

    people: Sequence[int]
    rate: float


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle of the repetitions, and the values that one and nine of ten do not exceed."""

    low: int
    middle: int
    high: int

    @classmethod
    def of(cls, values: Iterable[int]) -> Spread:
        """By nearest rank."""
        ordered = sorted(values)
        return cls(*(ordered[max(0, ceil(len(ordered) * share) - 1)] for share in (_LOW, _MIDDLE, _HIGH)))


@dataclass(frozen=True, slots=True)
class Outcome:
    """Missed promises as things are, as they would be, and the difference run by run.

    `hit` are the cases missed more often than now, with the share of runs before and after, the most first.
    """

    now: Spread
    then: Spread
    more: Spread
    hit: tuple[tuple[int, float, float], ...]


class Roads:
    """Where cases of an item went from each state, as often as they went there."""

    def __init__(self, courses: Mapping[str, Sequence[Course]]) -> None:
        counted: dict[tuple[str, str], Counter[str]] = {}
        for item, found in courses.items():
            for course in found:
                for state, after in pairwise((*(stay.state for stay in course.stays), WHOLE)):
                    counted.setdefault((item, state), Counter())[after] += 1
                    counted.setdefault((_ANY, state), Counter())[after] += 1
        self._after = {key: _choices(counts) for key, counts in counted.items()}

    def draw(self, item: str, state: str, draw: Draw) -> list[str]:
        """The states from this one to the end; one that history never left is the last."""
        road = [state]
        while len(road) < LONGEST_ROAD:
            choices = self._after.get((item, road[-1])) or self._after.get((_ANY, road[-1]))
            after = WHOLE if choices is None else choices[0][bisect_right(choices[1], draw() * choices[1][-1])]
            if after == WHOLE:
                break
            road.append(after)
        return road


def _choices(counts: Counter[str]) -> tuple[list[str], list[int]]:
    keys = sorted(counts)
    return keys, list(accumulate(counts[key] for key in keys))


def what_if(
    waiting: Sequence[Waiting],
    roads: Roads,
    role_of: Mapping[str, str],
    now: Mapping[str, Post],
    then: Mapping[str, Post],
    *,
    dice: Callable[[int], Draw],
    repeats: int = REPEATS,
) -> Outcome:
    """Work off the cases in their order under both sets of people; `dice` hands each repetition its draws."""
    missed: list[tuple[frozenset[int], frozenset[int]]] = []
    for n in range(repeats):
        draw = dice(n)
        drawn = [roads.draw(one.item, one.state, draw) for one in waiting]
        jobs = [[role_of[state] for state in road if state in role_of] for road in drawn]
        draws = {role: _draws(now[role], then[role], draw) for role in sorted(now)}
        missed.append((_missed(waiting, jobs, now, draws), _missed(waiting, jobs, then, draws)))
    return Outcome(
        now=Spread.of(len(before) for before, _ in missed),
        then=Spread.of(len(after) for _, after in missed),
        more=Spread.of(len(after) - len(before) for before, after in missed),
        hit=tuple(_hit(waiting, missed)),
    )


def _draws(now: Post, then: Post, draw: Draw) -> list[list[float]]:
    """For each day and person one number in [0, 1): by it the day's work is rounded up or down."""
    days = zip(now.people, then.people, strict=True)
    return [[draw() for _ in range(max(before, after))] for before, after in days]


def capacities(post: Post, draws: Sequence[Sequence[float]]) -> list[int]:
    """The cases a role can send on each day; the mean of each person's day is the rate."""
    days = zip(post.people, draws, strict=True)
    return [sum(floor(post.rate + one) for one in drawn[:people]) for people, drawn in days]


def _missed(
    waiting: Sequence[Waiting],
    jobs: Sequence[Sequence[str]],
    posts: Mapping[str, Post],
    draws: Mapping[str, Sequence[Sequence[float]]],
) -> frozenset[int]:
    ended = work_off(jobs, {role: capacities(post, draws[role]) for role, post in posts.items()})
    return frozenset(
        one.id
        for one, day in zip(waiting, ended, strict=True)
        if one.left >= 0 and (one.left < day if day is not None else one.left < _length(posts))
    )


def _length(posts: Mapping[str, Post]) -> int:
    return min((len(post.people) for post in posts.values()), default=0)


def work_off(jobs: Sequence[Sequence[str]], capacity: Mapping[str, Sequence[int]]) -> list[int | None]:
    """The day on which each job ends (0 is the first; None: not within them). A job is the roles it needs in order.

    Each role takes what waits for it, first the job that stands first; what it sends on may be taken the same day.
    """
    ended: list[int | None] = [None if job else 0 for job in jobs]
    steps = [0] * len(jobs)
    queues: dict[str, list[int]] = {role: [] for role in capacity}
    for place, job in enumerate(jobs):
        if job:
            queues[job[0]].append(place)
    for day in range(min(map(len, capacity.values()), default=0)):
        able = {role: days[day] for role, days in capacity.items()}
        while _some_work(queues, able):
            for role, queue in queues.items():
                while queue and able[role] > 0:
                    able[role] -= 1
                    place = heappop(queue)
                    steps[place] += 1
                    if steps[place] == len(jobs[place]):
                        ended[place] = day
                    else:
                        heappush(queues[jobs[place][steps[place]]], place)
    return ended


def _some_work(queues: Mapping[str, Sequence[int]], able: Mapping[str, int]) -> bool:
    return any(queue and able[role] > 0 for role, queue in queues.items())


def _hit(
    waiting: Sequence[Waiting], missed: Sequence[tuple[frozenset[int], frozenset[int]]]
) -> Iterable[tuple[int, float, float]]:
    before, after = Counter[int](), Counter[int]()
    for now, then in missed:
        before.update(now)
        after.update(then)
    worse = [one.id for one in waiting if after[one.id] > before[one.id]]
    worse.sort(key=lambda one: before[one] - after[one])
    return ((one, before[one] / len(missed), after[one] / len(missed)) for one in worse)
