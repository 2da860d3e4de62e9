"""Who may know whom, as data, and a reader of one module's source that names every breach."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator

_VALUES = frozenset({"errors", "identity", "rules", "workflows"})
_READABLE = _VALUES | {"catalogue", "house"}
_DOORS = _READABLE | {"desk", "views", "papers", "guides", "senders", "config", "store.db"}

ALLOWED: dict[str, frozenset[str]] = {
    "errors": frozenset(),
    "identity": frozenset({"errors"}),
    "rules": frozenset({"errors", "identity"}),
    "workflows": frozenset({"errors", "identity", "rules"}),
    "catalogue": _VALUES,
    "config": frozenset({"errors"}),
    "senders": frozenset({"errors"}),
    "store.db": frozenset({"errors", "store.write_gate"}),
    "store.write_gate": frozenset({"errors"}),
    "store.seal": frozenset({"errors"}),
    "house": frozenset({"errors", "rules", "catalogue", "store.seal"}),
    "store": _READABLE | {"store.db", "store.seal"},
    "papers": _VALUES,
    "guides": _VALUES | {"catalogue"},
    "views": _READABLE | {"store", "store.db", "store.seal"},
    "desk": _READABLE | {"store", "store.db", "store.seal"},
    "cli": _DOORS,
    "web": _DOORS,
}
"""Unit → the other units it may import. A unit is a module or a package; the longest name that fits counts."""

DOORS = frozenset({"cli", "web"})
PURE_PACKAGES: dict[str, frozenset[str]] = {
    "rules": frozenset(),
    "workflows": frozenset(),
    "errors": frozenset(),
    "identity": frozenset({"pypinyin", "stdnum"}),
}
"""Pure unit → what it may import from outside the standard library."""

ONLY_IN = {"transitions": "caseflow.rules.flow", "holidays": "caseflow.rules.calendar"}
SERVE = "caseflow.cli.serve"
DB = "caseflow.store.db"

IMPURE_MODULES = frozenset(
    """asyncio ctypes glob http importlib io logging multiprocessing os pathlib random secrets shutil signal socket
    sqlite3 ssl subprocess sys tempfile threading time urllib uuid""".split()  # noqa: SIM905 - one line is easier read
)
CLOCK_CALLS = frozenset({"now", "today", "utcnow", "fromtimestamp", "localtime", "gmtime"})
TRANSACTION_CALLS = frozenset({"commit", "begin", "begin_nested"})
WRITING_NAMES = frozenset({"insert", "update", "delete"})
WRITERS = frozenset({"desk", "store"})


def unit_of(module: str) -> str | None:
    """The unit a dotted name belongs to; None outside the house, "" for the bare package."""
    root, _, rest = module.partition(".")
    if root == "web":
        return "web"
    if root != "caseflow":
        return None
    names = [name for name in ALLOWED if rest == name or rest.startswith(f"{name}.")]
    return max(names, key=len, default="" if not rest else f"unknown:{rest}")


def breaches(module: str, source: str) -> list[str]:
    """Every way in which this module's source breaks the table or the rules beside it."""
    tree = ast.parse(source)
    return sorted({*_import_breaches(module, tree), *_call_breaches(module, tree)})


def _import_breaches(module: str, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            yield f"{module}: a relative import"
    for target in imported(tree):
        yield from _edge_breach(module, target)
        yield from _outside_breach(module, target)


def imported(tree: ast.AST) -> Iterator[str]:
    """The dotted names a tree imports, each as far as it is spelled."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _edge_breach(module: str, target: str) -> Iterator[str]:
    own, other = unit_of(module), unit_of(target)
    if own is None or other is None or other in {own, ""} or (own == "" and other == "errors"):
        return
    if module == SERVE and target == "web.create_app":
        return
    # `from caseflow import something` names an attribute of the package, such as its version, unless it is a unit.
    if other.startswith("unknown:") and target.count(".") == 1:
        return
    if other not in ALLOWED.get(own, frozenset()):
        yield f"{module}: must not import {target}"


def _outside_breach(module: str, target: str) -> Iterator[str]:
    own, root = unit_of(module), target.partition(".")[0]
    if root in ONLY_IN and module != ONLY_IN[root]:
        yield f"{module}: {root} belongs to {ONLY_IN[root]} alone"
    if root == "time" and own not in DOORS:
        yield f"{module}: now and today are arguments, so {root} is not for it"
    if root in {"flask", "flask_wtf", "werkzeug"} and own != "web":
        yield f"{module}: must not import {root}"
    if root == "sqlalchemy" and target.rpartition(".")[2] in WRITING_NAMES and own not in WRITERS:
        yield f"{module}: rows change only in desk, so {target} is not for it"
    if own in PURE_PACKAGES and not _is_pure(own, root) and root not in ONLY_IN:
        yield f"{module}: is pure, so {root} is not for it"


def _is_pure(own: str, root: str) -> bool:
    if root in {"caseflow", "web", "__future__"}:
        return True
    if root in sys.stdlib_module_names:
        return root not in IMPURE_MODULES
    return root in PURE_PACKAGES[own]


def _call_breaches(module: str, tree: ast.Module) -> Iterator[str]:
    own = unit_of(module)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Attribute):
            yield from _attribute_breach(module, own, node.func.attr)
        if isinstance(node.func, ast.Name) and node.func.id == "open" and own in PURE_PACKAGES:
            yield f"{module}: is pure, so it opens no file"


def _attribute_breach(module: str, own: str | None, name: str) -> Iterator[str]:
    if name in TRANSACTION_CALLS and module != DB:
        yield f"{module}: only {DB} begins and commits, so .{name}() is not for it"
    if name in CLOCK_CALLS and own not in DOORS:
        yield f"{module}: now and today are arguments, so .{name}() is not for it"


def web_imports_at_module_level(source: str) -> bool:
    """Whether web is imported outside a function: the one door that may import it does so inside."""
    return any(target.partition(".")[0] == "web" for node in ast.parse(source).body for target in _top(node))


def _top(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield from imported(ast.Module(body=[node], type_ignores=[]))
