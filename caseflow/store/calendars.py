"""Working calendars as the database has them: the days entered since lie over the packaged layers.

Every transaction asks once, in one statement, for the newest entered day; only where it is another one than this
process knows are the days read and the tables built again. So no process counts with a stale table.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final
from weakref import WeakKeyDictionary, ref

from sqlalchemy import Connection, Engine, func, select

from caseflow.catalogue import build_calendar
from caseflow.house import House
from caseflow.rules.calendar import DayEntry, Layer, WorkingCalendar
from caseflow.rules.entered_days import Amendment, overlay
from caseflow.store.side_models import CalendarDayRow

_KEY: Final = "caseflow_calendar_days"
_UNSAVED: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Standing:
    """A day that was entered and stands; `publishes` is the year its notice announced in full, 0 for none."""

    id: int
    layer: str
    day: date
    off: int
    name: str
    source: str
    publishes: int
    entered_by: str
    entered_at: datetime

    @property
    def entry(self) -> DayEntry:
        """The day as a layer holds it."""
        return DayEntry(self.day, bool(self.off), self.name, self.source)


@dataclass(frozen=True, slots=True)
class _Known:
    """What this process last read of one database: the days, and the calendars built from them."""

    revision: int
    days: tuple[Standing, ...]
    built: dict[tuple[str, ...], WorkingCalendar] = field(default_factory=dict)


# Each database has its own days: one process may serve several, as tests do.
_KNOWN: Final[WeakKeyDictionary[Engine, _Known]] = WeakKeyDictionary()


def calendar_for(session: Connection, house: House, key: str) -> WorkingCalendar:
    """The calendar of a bureau or a layer as this transaction sees it; NotFound for neither."""
    known, layers = _known(session), house.catalogue.layers_of(key)
    keys = (key, *(layer.key for layer in layers))
    if keys not in known.built:
        newest = _newest(known.days, keys)
        packaged = house.catalogue.calendars[key]
        known.built[keys] = build_calendar(key, _over(layers, known.days), newest) if newest else packaged
    return known.built[keys]


def calendar_with(session: Connection, house: House, key: str, amendment: Amendment) -> WorkingCalendar:
    """The calendar as it would be with an amendment entered; nothing is kept of it."""
    known = _known(session)
    replaced = {(amendment.layer, entry.day): entry for entry in amendment.days}
    days = [one for one in known.days if (one.layer, one.day) not in replaced]
    published = {(one.layer, one.day): one.publishes for one in known.days}
    days += [
        Standing(
            known.revision + 1,
            amendment.layer,
            entry.day,
            int(entry.off),
            entry.name,
            entry.source,
            amendment.publishes or published.get((amendment.layer, entry.day), 0),
            "",
            _UNSAVED,
        )
        for entry in amendment.days
    ]
    return build_calendar(key, _over(house.catalogue.layers_of(key), days), known.revision + 1)


def layers_for(session: Connection, house: House, key: str) -> tuple[Layer, ...]:
    """The layers of a bureau's or a layer's calendar, with the entered days over them; NotFound for neither."""
    return _over(house.catalogue.layers_of(key), _known(session).days)


def standing_days(session: Connection) -> tuple[Standing, ...]:
    """Every entered day that stands, oldest first."""
    return _known(session).days


def days_revision(session: Connection) -> int:
    """The number of the newest entered day, 0 before the first: it grows with every amendment of any layer."""
    return _known(session).revision


def forget(session: Connection) -> None:
    """Ask again within this transaction: it has itself changed the days, or waited for another that did."""
    session.info.pop(_KEY, None)


def newest_of(revision: str) -> int:
    """The newest entered day a calendar's revision was built with."""
    return int(revision.rpartition(".")[2])


def _over(layers: Iterable[Layer], days: Iterable[Standing]) -> tuple[Layer, ...]:
    held = list(days)
    return tuple(
        overlay(
            layer,
            [one.entry for one in held if one.layer == layer.key],
            {one.publishes for one in held if one.layer == layer.key and one.publishes},
        )
        for layer in layers
    )


def _newest(days: Iterable[Standing], layers: Iterable[str]) -> int:
    """A day is only ever retired by the one that replaces it, so the newest of a layer always stands."""
    wanted = set(layers)
    return max((one.id for one in days if one.layer in wanted), default=0)


def _known(session: Connection) -> _Known:
    transaction = session.get_transaction()
    kept: tuple[Any, _Known] | None = session.info.get(_KEY)
    if kept is not None and transaction is not None and kept[0]() is transaction:
        return kept[1]
    newest = session.execute(select(func.max(CalendarDayRow.id))).scalar_one() or 0
    known = _KNOWN.get(session.engine)
    if known is None or known.revision != newest:
        known = _KNOWN[session.engine] = _read(session)
    if transaction is not None:
        session.info[_KEY] = (ref(transaction), known)
    return known


def _read(session: Connection) -> _Known:
    columns = [getattr(CalendarDayRow, name) for name in Standing.__slots__]
    rows = session.execute(select(*columns).where(CalendarDayRow.retired_at.is_(None)).order_by(CalendarDayRow.id))
    days = tuple(Standing(*row) for row in rows)
    return _Known(days[-1].id if days else 0, days)
