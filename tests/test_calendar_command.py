"""`caseflow calendar`: a year with and without a database, notices read, days entered after being shown."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from caseflow.cli import main

NOTICES = Path(__file__).parent / "data" / "notices"
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


def told(path: Path, year: int) -> dict[str, Any]:
    found = run("calendar", "read", str(path), "--year", str(year), "--json")
    assert (found.exit_code, found.stderr) == (0, "")
    answer: dict[str, Any] = json.loads(found.stdout)
    return answer


def test_a_notice_is_read_without_a_database(empty_folder: Path) -> None:
    answer = told(NOTICES / "cn-2025.txt", 2025)

    assert set(answer) == {"off", "work", "seasons", "unsure"}
    assert answer["work"] == ["2025-01-26", "2025-02-08", "2025-04-27", "2025-09-28", "2025-10-11"]
    assert {"2025-01-01", "2025-02-01", "2025-02-02", "2025-10-08"} <= set(answer["off"])
    assert (answer["seasons"], answer["unsure"]) == (None, [])
    assert list(empty_folder.iterdir()) == []


def test_seasons_and_doubts_have_their_form(empty_folder: Path) -> None:
    path = empty_folder / "notice.txt"
    path.write_text(
        "关于2026年放假和作息时间的通知\n元旦：1月1日（周五）放假1天。\n"
        "自5月1日起实行夏季作息时间，上午10:00至14:00，下午16:00至20:00。",
        encoding="gb18030",
    )

    answer = told(path, 2026)

    assert answer["off"] == []
    assert answer["seasons"] == [
        {"name": "夏季", "from": "05-01", "to": None, "open": [["10:00", "14:00"], ["16:00", "20:00"]]}
    ]
    (doubt,) = answer["unsure"]
    assert set(doubt) == {"text", "reason", "days"}
    assert "周五" in doubt["reason"]


def test_a_notice_is_told_in_lines_that_can_be_entered(empty_folder: Path) -> None:
    found = run("calendar", "read", str(NOTICES / "cn-2026.txt"), "--year", "2026")

    assert "2026-02-15至2026-02-23 放假 春节" in found.stdout
    assert "2026-02-14 上班 调休上班" in found.stdout


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "没有文字"),
        ("床前明月光，疑是地上霜。".encode(), "没有读出"),
        ("停电通知\n5月6日停电，节假日不上班。".encode(), "标题是"),
        (bytes(range(256)), "不是文字文件"),
        (b"x" * 3_000_000, "超过"),
    ],
)
def test_what_is_no_notice_is_refused(empty_folder: Path, data: bytes, reason: str) -> None:
    (empty_folder / "a.txt").write_bytes(data)

    refused = run("calendar", "read", "a.txt", "--year", "2026", "--json")

    assert (refused.exit_code, refused.stdout) == (2, "")
    assert reason in refused.stderr


@pytest.mark.parametrize(
    "words", [("a.txt",), ("a.txt", "--year", "x"), ("missing.txt", "--year", "2026"), (".", "--year", "2026")]
)
def test_a_notice_that_is_not_there_or_has_no_year_is_refused(empty_folder: Path, words: tuple[str, ...]) -> None:
    refused = run("calendar", "read", *words)

    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr
