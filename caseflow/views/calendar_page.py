"""工作日历 as a page shows it: a year of months with the reason of every day, the notices behind it, a date tested."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection

from caseflow.errors import BadInput, Fault
from caseflow.house import House
from caseflow.rules.calendar import FIRST_YEAR, LAST_YEAR, DayEntry, DayKind, Layer, Season, WorkingCalendar
from caseflow.rules.clock import Limit, Pause, StripDay, due, strip, union
from caseflow.store.calendars import calendar_for, layers_for, standing_days

WEEK = 7
LONGEST_TEST = 400
"""Calendar days of the strip that are shown; a longer limit shows the first of them."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One day of the year: whether it counts, why, and which layer says so (nothing for a plain day)."""

    date: date
    kind: DayKind
    name: str
    source: str
    estimated: bool
    layer: str


@dataclass(frozen=True, slots=True)
class Month:
    """One month in weeks from Monday; None where the week reaches into another month."""

    number: int
    weeks: tuple[tuple[Cell | None, ...], ...]
    working: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days in a row that one notice speaks of alike; `entered_by` is empty for what came with the program."""

    first: date
    last: date
    off: bool
    name: str
    source: str
    estimated: bool
    layer: str
    entered_by: str


@dataclass(frozen=True, slots=True)
class YearPage:
    """A year of one calendar; `provisional` where its national notice is not there yet."""

    key: str
    name: str
    year: int
    published_through: int
    months: tuple[Month, ...]
    stretches: tuple[Stretch, ...]
    seasons: tuple[Season, ...]

    @property
    def provisional(self) -> bool:
        """Whether the days of this year are guesses."""
        return self.year > self.published_through

    @property
    def working(self) -> int:
        """Working days of the year."""
        return sum(month.working for month in self.months)


@dataclass(frozen=True, slots=True)
class Tested:
    """A due date with the strip behind it; without a date the clock stands still in an open pause."""

    start: date
    limit: Limit
    pauses: tuple[Pause, ...]
    extend: int
    due: date | None
    provisional: bool
    strip: tuple[StripDay, ...]


def working_calendar(session: Connection, house: House, key: str) -> WorkingCalendar:
    """The calendar of a bureau or layer as this transaction sees it, for doors; NotFound for neither."""
    return calendar_for(session, house, key)


def layer_names(house: House, bureau: str) -> tuple[tuple[str, str], ...]:
    """The layers a bureau's calendar is made of, as (key, name), the bureau's own last."""
    return tuple((layer.key, layer.name) for layer in house.catalogue.layers_of(bureau))


def year_page(session: Connection, house: House, key: str, year: int) -> YearPage:
    """One year of a calendar; BadInput for a year outside the table, NotFound for no such calendar."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise BadInput([Fault("year", f"工作日历只有{FIRST_YEAR}年至{LAST_YEAR}年")])
    calendar, layers = calendar_for(session, house, key), layers_for(session, house, key)
    said = {entry.day: layer.key for layer in layers for entry in layer.entries}
    return YearPage(
        key=key,
        name=layers[-1].name,
        year=year,
        published_through=calendar.published_through,
        months=tuple(_month(calendar, said, year, number) for number in range(1, 13)),
        stretches=tuple(_stretches(session, layers, year)),
        seasons=tuple(season for layer in layers for season in layer.seasons),
    )


def _month(calendar: WorkingCalendar, said: dict[date, str], year: int, number: int) -> Month:
    first = date(year, number, 1)
    length = (date(year + number // 12, number % 12 + 1, 1) - first).days
    days = [first + timedelta(days=n) for n in range(length)]
    cells: list[Cell | None] = [None] * first.weekday()
    cells += [_cell(calendar, said, day) for day in days]
    cells += [None] * (-len(cells) % WEEK)
    weeks = tuple(tuple(cells[n : n + WEEK]) for n in range(0, len(cells), WEEK))
    return Month(number, weeks, sum(calendar.is_working(day) for day in days))


def _cell(calendar: WorkingCalendar, said: dict[date, str], day: date) -> Cell:
    known = calendar.day(day)
    return Cell(day, known.kind, known.name, known.source, known.estimated, said.get(day, ""))


def _stretches(session: Connection, layers: Sequence[Layer], year: int) -> Iterator[Stretch]:
    by = {(one.layer, one.day): one.entered_by for one in standing_days(session)}
    for layer in layers:
        row: list[DayEntry] = []
        for entry in (entry for entry in layer.entries if entry.day.year == year):
            if row and not _continues(row[-1], entry, by, layer.key):
                yield _stretch(row, layer, by)
                row = []
            row.append(entry)
        if row:
            yield _stretch(row, layer, by)


def _continues(before: DayEntry, entry: DayEntry, by: dict[tuple[str, date], str], layer: str) -> bool:
    alike = (before.off, before.name, before.source) == (entry.off, entry.name, entry.source)
    same_hand = by.get((layer, before.day)) == by.get((layer, entry.day))
    return alike and same_hand and (entry.day - before.day).days == 1


def _stretch(row: Sequence[DayEntry], layer: Layer, by: dict[tuple[str, date], str]) -> Stretch:
    first = row[0]
    hand = by.get((layer.key, first.day), "")
    return Stretch(first.day, row[-1].day, first.off, first.name, first.source, first.estimated, layer.name, hand)


def tried_due(
    session: Connection,
    house: House,
    key: str,
    start: date,
    limit: Limit,
    pauses: Sequence[Pause] = (),
    extend: int = 0,
) -> Tested:
    """When a limit from a day is due, with the strip; raises OutsideCalendar."""
    calendar = calendar_for(session, house, key)
    falls = due(calendar, start, limit, pauses, extend)
    last = falls.on or _stopped(pauses, start)
    shown = min(last, start + timedelta(days=LONGEST_TEST), calendar.last)
    return Tested(
        start, limit, tuple(pauses), extend, falls.on, falls.provisional, strip(calendar, start, shown, pauses)
    )


def _stopped(pauses: Sequence[Pause], start: date) -> date:
    """The first day on which an open pause lets nothing count."""
    return union(pauses, start)[-1][0] + timedelta(days=1)
