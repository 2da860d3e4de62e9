"""Texts that begin with others, asked so that both databases answer from an index."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, Text, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

_LAST: Final = "\U0010ffff"


class _BeginsWith(FunctionElement[bool]):
    name = "begins_with"
    inherit_cache = True


def begins_with(column: ColumnElement[str] | Any, name: str) -> ColumnElement[bool]:
    """Whether a column begins with the text whose `bounds` are given under a name, letter case and all.

    The column's index on PostgreSQL is of text_pattern_ops.
    """
    return _BeginsWith(column, bindparam(name, type_=Text), bindparam(f"{name}_end", type_=Text))


def bounds(name: str, text: str) -> dict[str, str]:
    """The values of `begins_with` for a text."""
    return {name: text, f"{name}_end": text + _LAST}


@compiles(_BeginsWith)
def _by_bytes(element: _BeginsWith, compiler: SQLCompiler, **options: Any) -> str:
    column, low, high = (compiler.process(clause, **options) for clause in element.clauses)
    return f"({column} >= {low} AND {column} < {high})"


@compiles(_BeginsWith, "postgresql")
def _by_pattern(element: _BeginsWith, compiler: SQLCompiler, **options: Any) -> str:
    # The database's collation may order texts by anything but their bytes; these operators never do.
    column, low, high = (compiler.process(clause, **options) for clause in element.clauses)
    return f"({column} ~>=~ {low} AND {column} ~<~ {high})"
