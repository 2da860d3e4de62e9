"""现在开门吗: the reception hours of a bureau's items at one moment, items with the same hours together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from caseflow.catalogue import Catalogue
from caseflow.house import House
from caseflow.rules.differences import reception_words
from caseflow.rules.item import Item, Reception
from caseflow.rules.reception import next_opening, open_until
from caseflow.store.calendars import calendar_for


@dataclass(frozen=True, slots=True)
class Opening:
    """Items received in the same hours. `until` is when the open window closes, "" where it is not open now.

    `published` is the guide's own wording; `next_on` and `next_at` the next time the window opens, if it is known.
    """

    items: tuple[Item, ...]
    own: bool
    words: str
    published: str
    until: str
    next_on: date | None
    next_at: str


def openings(session: Connection, house: House, bureau: str, local: datetime) -> tuple[Opening, ...]:
    """The items of a bureau by their hours, those with hours of their own last; `local` is Beijing time."""
    calendar = calendar_for(session, house, bureau)
    found = []
    for reception, items in _by_hours(house.catalogue, bureau).items():
        following = next_opening(calendar, reception, local)
        own = any(item.reception for item in items)
        found.append(
            Opening(
                items=tuple(items),
                own=own,
                words=reception_words(reception),
                published=items[0].hours if own else house.catalogue.bureau(bureau).hours,
                until=open_until(calendar, reception, local),
                next_on=following[0] if following else None,
                next_at=following[1] if following else "",
            )
        )
    return tuple(sorted(found, key=lambda one: one.own))


def _by_hours(catalogue: Catalogue, bureau: str) -> dict[Sequence[Reception], list[Item]]:
    """An item without hours of its own is received in the bureau's."""
    usual = catalogue.bureau(bureau).reception
    found: dict[Sequence[Reception], list[Item]] = {}
    for item in catalogue.items_of(bureau):
        found.setdefault(item.reception or usual, []).append(item)
    return found
