"""What commands print: JSON as UTF-8 whatever the terminal, tables for people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table

_WIDEST = 400


def print_json(value: Any) -> None:
    """The value as indented JSON on stdout."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=1).encode("utf-8"))


def print_table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table on stdout, as wide as the terminal; in a pipe as wide as it needs to be."""
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, emoji=False, width=_WIDEST)
    table = Table(title=title or None, title_justify="left")
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*row)
    console.print(table)
