"""What the database is told while a test runs: the statements, and the values written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event

WRITES = ("INSERT", "UPDATE")


@dataclass
class Heard:
    """The statements of a stretch of work, and every text among the values of those that write."""

    statements: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)

    def holding(self, mark: str) -> list[str]:
        """The texts written that hold a mark."""
        return [text for text in self.written if mark in text]


@contextmanager
def heard(engine: Engine) -> Iterator[Heard]:
    """Listen to an engine."""
    found = Heard()

    def hear(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        found.statements.append(statement)
        if statement.lstrip().startswith(WRITES):
            found.written += texts_in(parameters)

    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", hear)


def texts_in(value: Any) -> Iterator[str]:
    """Every text within a value of a statement; a JSON document is looked into."""
    value = getattr(value, "obj", value)
    if isinstance(value, Mapping):
        yield from (text for one in value.values() for text in texts_in(one))
    elif isinstance(value, (list, tuple)):
        yield from (text for one in value for text in texts_in(one))
    elif isinstance(value, str) and value[:1] in ("{", "["):
        yield from _document(value)
    elif isinstance(value, str):
        yield value


def _document(text: str) -> Iterator[str]:
    try:
        found = json.loads(text)
    except ValueError:
        yield text
    else:
        yield from texts_in(found)
