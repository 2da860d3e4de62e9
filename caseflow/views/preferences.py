"""A person's saved lists and preferences, in one statement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, literal, select, union_all

from caseflow.house import Actor
from caseflow.store.office_models import PreferenceRow, SavedViewRow


@dataclass(frozen=True, slots=True)
class SavedView:
    """A list kept under a name: the query of its address."""

    id: int
    name: str
    query: str


@dataclass(frozen=True, slots=True)
class Preferences:
    """The saved lists, oldest first, and the values kept by name."""

    views: tuple[SavedView, ...]
    values: Mapping[str, str]


def preferences_of(session: Connection, actor: Actor) -> Preferences:
    """What this person keeps; nobody sees another's."""
    views = select(SavedViewRow.id, SavedViewRow.name, SavedViewRow.query).where(SavedViewRow.staff_id == actor.id)
    values = select(literal(0), PreferenceRow.name, PreferenceRow.value).where(PreferenceRow.staff_id == actor.id)
    rows = sorted(session.execute(union_all(views, values)).all())
    return Preferences(
        tuple(SavedView(*row) for row in rows if row[0]), {name: value for key, name, value in rows if not key}
    )
