"""预计超期: the open cases that will probably miss the promise, what each estimate rests on, and how well they fare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection

from caseflow.house import House
from caseflow.rules.calendar import WorkingCalendar
from caseflow.rules.calibration import Calibration, calibration
from caseflow.rules.foresight import AGAIN, ENOUGH, WHOLE, Basis, Estimate, Experience, season, state_of
from caseflow.rules.item import CaseType
from caseflow.views.courses import MOST_OPEN, Standing, closed_courses, open_standings
from caseflow.views.lines import STATES

BANDS: Final[Mapping[str, tuple[str, int, int]]] = {
    "high": ("很可能", 70, 101),
    "even": ("可能", 50, 70),
    "watch": ("留意", 30, 50),
    "low": ("多半按期", 0, 30),
}
"""Percent from and below which a chance is called so."""

PROBABLE: Final = 50
"""Percent from which a case will probably be missed."""

_HALF, _MOST = 0.5, 0.9


@dataclass(frozen=True, slots=True)
class Foreseen:
    """An open case that is not late yet: the percent of missing its promise, and the days half and nine of ten took.

    `basis` is a place among the page's bases, `why` the same in words.
    """

    id: int
    percent: int
    half: int
    most: int
    left: int
    paused: bool
    basis: int
    why: str


@dataclass(frozen=True, slots=True)
class Rested:
    """One basis in words, how many stays it counts, and the open cases that rest on it."""

    item: str
    words: str
    stays: int
    cases: int


@dataclass(frozen=True, slots=True)
class TooFew:
    """An item of which too few cases have been closed: 样本不足."""

    item: str
    open: int
    closed: int


@dataclass(frozen=True, slots=True)
class Foresight:
    """The open cases by chance, the greatest first; `full` says that more are open than were looked at."""

    cases: tuple[Foreseen, ...]
    bases: tuple[Rested, ...]
    too_few: tuple[TooFew, ...]
    calibration: Calibration | None
    full: bool

    @property
    def counts(self) -> dict[str, int]:
        """The cases of each band."""
        return {key: len(self.of(key)) for key in BANDS}

    def of(self, band: str) -> tuple[Foreseen, ...]:
        """The cases of a band; without one, those that will probably be missed."""
        low, high = BANDS[band][1:] if band else (PROBABLE, 101)
        return tuple(one for one in self.cases if low <= one.percent < high)


def promised_items(house: House, bureau: str) -> dict[str, str]:
    """The names of the items a promise of days is made for; 即办件 are due the same day."""
    return {item.key: item.name for item in house.catalogue.items_of(bureau) if item.case_type is CaseType.PROMISED}


def foresee(
    session: Connection, calendar: WorkingCalendar, house: House, bureau: str, today: date, item: str = ""
) -> Foresight:
    """The open cases of a bureau that are not late yet, or those of one item, in six statements."""
    names = promised_items(house, bureau)
    looked_at = open_standings(session, calendar, bureau, today, late=False)
    standing = [one for one in looked_at if one.item in names and item in ("", one.item)]
    history = closed_courses(session, calendar, bureau, sorted({one.item for one in standing}))
    known = {key: Experience(courses) for key, courses in history.courses.items()}
    told = {key: experience for key, experience in known.items() if not experience.scarce}
    cases, bases = _foreseen(standing, told, names)
    return Foresight(
        cases=cases,
        bases=bases,
        too_few=tuple(_too_few(standing, known, names)),
        calibration=calibration(history.courses[key] for key in sorted(told)),
        full=len(looked_at) >= MOST_OPEN,
    )


def _foreseen(
    standing: Iterable[Standing], told: Mapping[str, Experience], names: Mapping[str, str]
) -> tuple[tuple[Foreseen, ...], tuple[Rested, ...]]:
    estimates = [
        (one, estimate)
        for one in standing
        if one.item in told and (estimate := told[one.item].estimate(one.spell)) is not None
    ]
    estimates.sort(key=lambda pair: (-percent_of(pair[1], pair[0].left), pair[0].order))
    places: dict[tuple[str, Basis, int], int] = {}
    cases = []
    for one, estimate in estimates:
        place = places.setdefault(_key(one, estimate), len(places))
        cases.append(_case(one, estimate, place))
    return tuple(cases), tuple(_rested(places, cases, names))


def _key(one: Standing, estimate: Estimate) -> tuple[str, Basis, int]:
    return one.item, estimate.basis, one.spell.month


def _case(one: Standing, estimate: Estimate, place: int) -> Foreseen:
    return Foreseen(
        id=one.id,
        percent=percent_of(estimate, one.left),
        half=estimate.within(_HALF),
        most=estimate.within(_MOST),
        left=one.left,
        paused=one.paused,
        basis=place,
        why=words_of(estimate.basis, one.spell.month),
    )


def _rested(
    places: Mapping[tuple[str, Basis, int], int], cases: Iterable[Foreseen], names: Mapping[str, str]
) -> Iterable[Rested]:
    found = [one.basis for one in cases]
    for (item, basis, month), place in places.items():
        yield Rested(names[item], words_of(basis, month), basis.stays, found.count(place))


def _too_few(
    standing: Iterable[Standing], known: Mapping[str, Experience], names: Mapping[str, str]
) -> Iterable[TooFew]:
    items = [one.item for one in standing]
    for key, experience in known.items():
        if experience.scarce:
            yield TooFew(names[key], items.count(key), experience.closed)


def percent_of(estimate: Estimate, left: int) -> int:
    """The chance of missing the promise in whole percent; never 0 or 100, which nobody knows beforehand."""
    return max(1, min(99, round(estimate.chance(left) * 100)))


def words_of(basis: Basis, month: int) -> str:
    """What an estimate rests on, as a supervisor reads it; the month is that in which the stay began."""
    span = f"近 {basis.closed} 件已办结（{basis.first.isoformat()} 至 {basis.last.isoformat()}）"
    return f"{span}中，{_stays_words(basis)} {basis.stays} 件；{_season_words(basis, month)}{_beyond_words(basis)}"


def _stays_words(basis: Basis) -> str:
    months = f"{basis.months[0]}—{basis.months[-1]} 月" if basis.months else ""
    if basis.stage == WHOLE:
        return f"本环节样本少，按全程用时满 {basis.since} 日的"
    again = "退回后再次" if basis.stage.endswith(AGAIN) else ""
    since = f"停留满 {basis.since} 日的" if basis.since else "的"
    return f"{months}{again}进入“{STATES[state_of(basis.stage)].label}”{since}"


def _season_words(basis: Basis, month: int) -> str:
    first, _, last = season(month)
    around = f"{first}—{last} 月"
    return {
        "used": "只用同季的件",
        "few": f"同季（{around}）不足 {ENOUGH} 件，改用全年",
        "same": f"同季（{around}）与全年没有明显差别，用全年",
    }[basis.season]


def _beyond_words(basis: Basis) -> str:
    return "；停留这么久的以往很少，只能按上述天数估计" if basis.beyond else ""
