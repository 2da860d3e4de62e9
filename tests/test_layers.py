"""The house keeps its layers: who may know whom is a table, and every module is read against it."""

from __future__ import annotations

from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.support.layers import ALLOWED, SERVE, breaches, unit_of, web_imports_at_module_level

ROOT = Path(__file__).parent.parent


def modules() -> dict[str, Path]:
    """Dotted name → file of everything the wheel runs."""
    files = [path for package in ("caseflow", "web") for path in sorted((ROOT / package).rglob("*.py"))]
    return {dotted(path): path for path in files}


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize(("module", "path"), modules().items(), ids=modules())
def test_a_module_imports_and_calls_only_what_it_may(module: str, path: Path) -> None:
    source = path.read_text(encoding="utf-8")

    assert breaches(module, source) == []


def test_every_module_belongs_to_a_layer() -> None:
    units = {module: unit_of(module) for module in modules()}

    assert [module for module, unit in units.items() if unit is None or unit.startswith("unknown:")] == []


def test_no_two_layers_know_each_other() -> None:
    order = list(TopologicalSorter(ALLOWED).static_order())

    assert order.index("errors") < order.index("rules") < order.index("workflows") < order.index("catalogue")
    assert order.index("catalogue") < order.index("store") < order.index("desk") < order.index("web")


def test_the_one_door_that_starts_the_web_imports_it_inside_its_function() -> None:
    source = modules()[SERVE].read_text(encoding="utf-8")

    assert not web_imports_at_module_level(source)


PLANTED = [
    ("caseflow.rules.clock", "from caseflow.store import models"),
    ("caseflow.rules.clock", "import sqlalchemy"),
    ("caseflow.rules.clock", "from pathlib import Path"),
    ("caseflow.rules.clock", "import os.path"),
    ("caseflow.rules.clock", "text = open('x').read()"),
    ("caseflow.rules.clock", "import transitions"),
    ("caseflow.rules.clock", "from holidays import China"),
    ("caseflow.rules.clock", "from datetime import date\ndate.today()"),
    ("caseflow.identity", "from caseflow.rules.clock import due"),
    ("caseflow.identity", "import requests"),
    ("caseflow.workflows.standard", "from transitions import Machine"),
    ("caseflow.workflows.standard", "from caseflow.catalogue import load_catalogue"),
    ("caseflow.catalogue", "from caseflow.store.models import CaseRow"),
    ("caseflow.store.models", "from caseflow.desk import intake"),
    ("caseflow.store.seal", "from caseflow.store.models import CaseRow"),
    ("caseflow.desk.intake", "from caseflow.views import casefile"),
    ("caseflow.desk.intake", "from caseflow.config import load_settings"),
    ("caseflow.desk.intake", "from flask import g"),
    ("caseflow.desk.intake", "import web"),
    ("caseflow.desk.intake", "from . import handling"),
    ("caseflow.desk.intake", "def f(connection):\n    connection.commit()"),
    ("caseflow.desk.intake", "def f(engine):\n    with engine.begin():\n        pass"),
    ("caseflow.desk.intake", "from sqlalchemy import func\nfunc.now()"),
    ("caseflow.desk.intake", "import time\ntime.monotonic()"),
    ("caseflow.views.worklist", "from caseflow.desk import handling"),
    ("caseflow.views.worklist", "from sqlalchemy import select, update"),
    ("caseflow.papers.sheets", "from caseflow.store.db import reading"),
    ("caseflow.guides.reader", "from caseflow.store.models import CaseRow"),
    ("caseflow.cli.staff", "from caseflow.store.models import StaffRow"),
    ("caseflow.cli.staff", "from web import create_app"),
    ("caseflow.cli.serve", "from web.auth import login"),
    ("web.cases", "from caseflow.store import models"),
    ("web.cases", "from caseflow.store.models import CaseRow"),
    ("web.cases", "from caseflow.cli import main"),
    ("web.cases", "import caseflow.store.journal"),
    ("web.cases", "from sqlalchemy import insert"),
    ("caseflow.somewhere", "from caseflow.store import models"),
]

HARMLESS = [
    ("caseflow.rules.flow", "from transitions import Machine"),
    ("caseflow.rules.calendar", "from holidays.countries.china import China"),
    ("caseflow.rules.clock", "from caseflow.rules.calendar import DayKind"),
    ("caseflow.identity", "from pypinyin import lazy_pinyin"),
    ("caseflow.store.db", "def f(connection):\n    connection.commit()"),
    ("caseflow.desk.intake", "from sqlalchemy import insert"),
    ("caseflow.desk.intake", "from caseflow.store import models"),
    ("caseflow.cli.serve", "def f():\n    from web import create_app"),
    ("caseflow.cli.tick", "from datetime import datetime\ndatetime.now()"),
    ("web.cases", "from flask import g\nfrom caseflow.store.db import writing\nfrom caseflow import __version__"),
]


@pytest.mark.parametrize(("module", "source"), PLANTED)
def test_a_planted_breach_is_found(module: str, source: str) -> None:
    assert breaches(module, source) != []


@pytest.mark.parametrize(("module", "source"), HARMLESS)
def test_what_is_allowed_is_left_alone(module: str, source: str) -> None:
    assert breaches(module, source) == []


@pytest.mark.parametrize(
    ("source", "outside"),
    [("from web import create_app", True), ("def f():\n    import web", False)],
)
def test_where_the_web_is_imported_is_seen(source: str, outside: bool) -> None:
    assert web_imports_at_module_level(source) is outside
