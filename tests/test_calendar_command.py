"""`caseflow calendar`: a year with and without a database, days entered after being shown, the rest finished."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from caseflow.cli import main

DAY = ("--layer", "shawan", "--day", "2026-03-09", "--name", "大雪停工", "--source", "沙湾市政府通告")
FILE = """\
key = "{key}"
name = "国家"

[[days]]
from = 2027-01-01
to = 2027-01-03
off = true
name = "元旦"
source = "国务院办公厅关于2027年部分节假日安排的通知"
{more}
"""


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder without configuration, with no variable of ours set."""
    for name in [name for name in os.environ if name.startswith("CASEFLOW_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def installed(empty_folder: Path) -> Path:
    """A folder with a configuration and a database that is ready."""
    assert run("init", "--database", "sqlite:///caseflow.db").exit_code == 0
    return empty_folder


def run(*words: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, words, input=stdin)


def shown(bureau: str, year: int) -> dict[str, Any]:
    found = run("calendar", "show", "--bureau", bureau, "--year", str(year), "--json")
    assert found.exit_code == 0, found.output
    told: dict[str, Any] = json.loads(found.stdout)
    return told


def write(folder: Path, key: str = "cn", more: str = "") -> str:
    path = folder / "days.toml"
    path.write_text(FILE.format(key=key, more=more), encoding="utf-8")
    return str(path)


def test_a_year_is_shown_without_a_database(empty_folder: Path) -> None:
    told = shown("shawan", 2025)

    assert (told["packaged_only"], told["provisional"], told["published_through"]) == (True, False, 2026)
    assert {"2025-06-06", "2025-09-28"} <= {day["date"] for day in told["days"]}
    assert list(empty_folder.iterdir()) == []


def test_what_was_entered_is_shown_with_its_source(installed: Path) -> None:
    entered = run("calendar", "enter", *DAY, "--off", "--yes")

    assert "已录入 1 天，重算 0 件" in entered.stdout
    assert {
        "date": "2026-03-09",
        "kind": "holiday",
        "name": "大雪停工",
        "source": "沙湾市政府通告",
        "estimated": False,
    } in (shown("shawan", 2026)["days"])
    assert "2026-03-09" not in {day["date"] for day in shown("xj", 2026)["days"]}


def test_nothing_is_entered_before_it_is_confirmed(installed: Path) -> None:
    asked = run("calendar", "enter", *DAY, "--off", stdin="n\n")

    assert asked.exit_code == 2
    assert "大雪停工" in asked.stdout
    assert "影响 0 件" in asked.stdout
    assert "2026-03-09" not in {day["date"] for day in shown("shawan", 2026)["days"]}


def test_a_file_with_a_years_notice_publishes_the_year(installed: Path) -> None:
    before = shown("cn", 2027)

    entered = run("calendar", "enter", "--layer", "cn", "--file", write(installed), "--publishes", "2027", "--yes")

    after = shown("cn", 2027)
    assert entered.exit_code == 0, entered.output
    assert (before["provisional"], after["provisional"]) == (True, False)
    assert {day["date"] for day in after["days"]} == {"2027-01-01", "2027-01-02", "2027-01-03"}


def test_rederive_finds_nothing_left(installed: Path) -> None:
    done = run("calendar", "rederive", "--json")

    assert json.loads(done.stdout) == {"seen": 0, "changed": 0}


TWICE = '[[days]]\nfrom = 2027-01-01\nto = 2027-01-01\noff = true\nname = "元旦"\nsource = "同上"'
SEASON = '[[seasons]]\nname = "夏季"\nfrom = "05-01"\nopen = [["10:00", "14:00"]]\nsource = "通知"'


@pytest.mark.parametrize(
    ("key", "more", "reason"),
    [
        ("xj", "", "不符"),
        ("cn", TWICE, "2027-01-01 写了两次"),
        ("cn", SEASON, "作息时间"),
        ("cn", "colour = 1", "不认识的项"),
        ("cn", "estimated = true", "只是推定"),
    ],
)
def test_a_file_that_cannot_be_entered_is_refused(installed: Path, key: str, more: str, reason: str) -> None:
    refused = run("calendar", "enter", "--layer", "cn", "--file", write(installed, key, more), "--yes")

    assert (refused.exit_code, refused.stdout) == (2, "")
    assert reason in refused.stderr


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--layer", "cn"), "二者选一"),
        ((*DAY, "--file", "x.toml"), "二者选一"),
        (DAY, "请写明 --off"),
        (("--layer", "cn", "--day", "2026-02-30", "--off"), "没有这一天"),
        (("--layer", "cn", "--day", "2026-03-09", "--off", "--name", "停电"), "请写明依据"),
        (("--layer", "mars", "--day", "2026-03-09", "--off", "--name", "停电", "--source", "通告"), "没有日历层"),
        (("--layer", "cn", "--file", "missing.toml"), "无法读取"),
    ],
)
def test_a_command_that_says_too_little_is_refused(installed: Path, words: tuple[str, ...], reason: str) -> None:
    refused = run("calendar", "enter", *words, "--yes")

    assert (refused.exit_code, refused.stdout) == (2, "")
    assert reason in refused.stderr


@pytest.mark.parametrize(("bureau", "year"), [("mars", "2026"), ("shawan", "1999"), ("shawan", "x")])
def test_a_year_or_calendar_there_is_not_is_refused(bureau: str, year: str) -> None:
    refused = run("calendar", "show", "--bureau", bureau, "--year", year)

    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr
