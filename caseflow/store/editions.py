"""Editions: the definition a case was registered under, read once per process and never changed."""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import Connection, select

from caseflow.errors import NotFound
from caseflow.rules.definition import read_item
from caseflow.rules.item import Item
from caseflow.store.models import EditionRow


@lru_cache(maxsize=4096)
def item_of(definition: str) -> Item:
    """The item an edition's text defines; each text is read once per process."""
    return read_item(definition, "edition")


def edition_item(session: Connection, edition_id: int) -> Item:
    """The item of an edition; NotFound where there is none."""
    query = select(EditionRow.definition).where(EditionRow.id == edition_id)
    definition = session.execute(query).scalar_one_or_none()
    if definition is None:
        message = "没有这个事项版本"
        raise NotFound(message)
    return item_of(definition)


def current_edition(session: Connection, bureau: str, item_key: str) -> tuple[int, Item]:
    """The edition in force of an item; NotFound where the item is unknown or was never synced."""
    query = select(EditionRow.id, EditionRow.definition).where(
        EditionRow.bureau == bureau, EditionRow.item_key == item_key, EditionRow.current == 1
    )
    row = session.execute(query).one_or_none()
    if row is None:
        message = "没有这个事项，或事项尚未发布"
        raise NotFound(message)
    return row.id, item_of(row.definition)
