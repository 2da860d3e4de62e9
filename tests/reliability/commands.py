"""Which functions of the desk the doors call: what `test_faults` must make fail."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
DESK = "caseflow.desk"
TAKES_ROWS = ("session", "engine", "connection")
"""What the first argument of a function is called that reads or writes rows."""


def commands() -> set[str]:
    """`module.function` under caseflow.desk of everything web and cli name that takes a session or an engine."""
    files = [path for folder in ("web", "caseflow/cli") for path in (ROOT / folder).rglob("*.py")]
    return {name for path in files for name in named(path) if _takes_rows(name)}


def named(path: Path) -> set[str]:
    """Every attribute of a desk module that a file imports, or reaches through its module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules, found = {}, set()
    for module, name, known_as in _imports(tree):
        if module == DESK:
            modules[known_as] = name
        else:
            found.add(f"{module.removeprefix(DESK + '.')}.{name}")
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            found.add(f"{modules[node.value.id]}.{node.attr}")
    return found


def _imports(tree: ast.Module) -> Iterator[tuple[str, str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(DESK):
            yield from ((node.module, alias.name, alias.asname or alias.name) for alias in node.names)


def _takes_rows(name: str) -> bool:
    module, _, function = name.partition(".")
    found = getattr(importlib.import_module(f"{DESK}.{module}"), function)
    return inspect.isfunction(found) and next(iter(inspect.signature(found).parameters), "") in TAKES_ROWS
