"""The commands: what they print, what they refuse, and that every refusal is a sentence with exit status 2."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from caseflow.cli import COMMANDS, main
from caseflow.cli.demo import free_port
from caseflow.errors import Unavailable

ROOT = Path(__file__).parent.parent
ADD = ("staff", "add", "1001", "--name", "王雪梅", "--bureau", "shawan", "--role", "clerk")
DUE = ("due", "--calendar", "cn")
GOOD_BUREAU = """\
key = "own"
name = "某市医疗保障局"
short = "某医保"
area = "654203"
department = "036"
calendar = "xj"
threshold = "50000.00"
"""


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Every test starts in a folder without configuration, with no variable of ours set."""
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


def told(*words: str) -> Any:
    """The JSON a command prints."""
    found = run(*words, "--json")
    assert found.exit_code == 0, found.output
    return json.loads(found.stdout)


def refused(*words: str, stdin: str | None = None) -> str:
    """The sentence with which a command refuses."""
    found = run(*words, stdin=stdin)
    assert found.exit_code == 2, found.output
    assert found.stdout == ""
    assert "Traceback" not in found.stderr
    return found.stderr


def python(*words: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run([sys.executable, *words], capture_output=True, text=True, env=environ, check=False)


def item_of(key: str) -> dict[str, Any]:
    return next(item for item in told("items") if item["key"] == key)


# --- items ---


def test_all_items_of_both_guides_are_listed_under_the_contract() -> None:
    items = told("items")

    assert len(items) == 33
    assert {item["bureau"] for item in items} == {"shawan", "shuimogou"}
    for item in items:
        assert item["case_type"] in ("immediate", "promised")
        assert item["conditions_mode"] in ("all", "any")
        assert set(item["channels"]) <= {"window", "online", "mail", "self", "other"}
        for limit in (item["statutory"], item["promised"]):
            assert limit is None or limit["unit"] in ("working_day", "calendar_day", "month", "hour")
        for line in item["materials"]:
            assert line["required"] in ("required", "conditional", "on_request")
            assert len(line["any_of"]) != 1


def test_limits_alternatives_and_the_commitment_are_in_the_json() -> None:
    item = item_of("long-term-residence")

    identity = item["materials"][0]
    assert (item["statutory"], item["promised"]) == (None, None)
    assert identity["any_of"] == ["有效身份证件", "医保电子凭证", "社会保障卡"]
    assert [option["text"] for option in identity["options"]] == identity["any_of"]
    assert item["commitment"]["months"] == 2
    assert item_of("maternity-allowance")["promised"] == {"n": 19, "unit": "working_day"}


def test_special_reception_hours_are_listed_and_ordinary_ones_are_null() -> None:
    items = told("items")

    special = [item["reception"] for item in items if item["reception"]]

    assert len(special) == 1
    assert special[0][0] == {"weekdays": ["wed", "thu", "fri"], "opens": "16:00", "closes": "20:00", "season": "all"}


def test_one_bureau_can_be_asked_for() -> None:
    items = told("items", "--bureau", "shuimogou")

    assert [item["key"] for item in items] == ["assistance-payment"]


def test_the_table_shows_every_item() -> None:
    found = run("items")

    assert found.exit_code == 0
    assert "共 33 项" in found.stdout
    assert "19个工作日" in found.stdout


@pytest.mark.parametrize("bureau", ["nowhere", "长" * 10_000, "../shawan", "\x07"])
def test_an_unknown_bureau_is_refused(bureau: str) -> None:
    assert "没有经办机构" in refused("items", "--bureau", bureau)


def test_a_bureaus_own_items_are_listed_too(empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = empty_folder / "items" / "own"
    own.mkdir(parents=True)
    (own / "bureau.toml").write_text(GOOD_BUREAU, encoding="utf-8")
    monkeypatch.setenv("CASEFLOW_ITEMS_DIR", "items")

    assert told("items", "--bureau", "own") == []


# --- check ---


def test_the_packaged_definitions_have_no_fault() -> None:
    assert told("check") == {"ok": True, "faults": []}


def test_every_fault_of_a_file_is_told_with_its_place(empty_folder: Path) -> None:
    (empty_folder / "bad.toml").write_text('key = "bad"\ncolour = "red"\nflow = 3\n', encoding="utf-8")

    found = run("check", "bad.toml")
    as_json = run("check", "bad.toml", "--json")

    assert found.exit_code == 1
    for word in ("bad.toml colour", "bad.toml name", "bad.toml flow", "bad.toml materials"):
        assert word in found.stdout
    assert as_json.exit_code == 1
    assert len(json.loads(as_json.stdout)["faults"]) >= 4


def test_the_faults_of_a_folder_of_bureaus_and_of_one_bureau_are_told(empty_folder: Path) -> None:
    folder = empty_folder / "items" / "own"
    folder.mkdir(parents=True)
    (folder / "bureau.toml").write_text(GOOD_BUREAU.replace("654203", "6542"), encoding="utf-8")
    (folder / "broken.toml").write_bytes(b"\xff")

    whole, one = run("check", "items"), run("check", "items/own")

    assert (whole.exit_code, one.exit_code) == (1, 1)
    for found in (whole, one):
        assert "六位区划代码" in found.stdout
        assert "不是 UTF-8" in found.stdout


@pytest.mark.parametrize("path", ["nowhere", "长" * 10_000, "a\x00b"])
def test_checking_what_is_not_there_is_refused(path: str) -> None:
    refused("check", path)


# --- due, and a light start ---


def test_due_dates_are_reached_through_the_group() -> None:
    found = told("due", "--calendar", "xj", "--from", "2025-05-30", "--days", "5")

    assert found["due"] == "2025-06-12"


@pytest.mark.parametrize("day", ["2026-02-30", "gestern", "2026-W01-1", "9" * 10_000])
def test_an_unreadable_date_is_refused(day: str) -> None:
    assert refused("due", "--calendar", "cn", "--from", day, "--days", "5").startswith("from：")


@pytest.mark.parametrize("words", [["items", "--json"], [*DUE, "--from", "2026-03-02", "--days", "5"]])
def test_commands_without_a_database_load_no_database_library(words: list[str]) -> None:
    program = f"""
import sys
from caseflow.cli import main
try:
    main({words!r})
except SystemExit as end:
    assert end.code == 0
heavy = {{"sqlalchemy", "alembic", "flask", "waitress", "argon2"}} & {{name.partition(".")[0] for name in sys.modules}}
assert not heavy, heavy
"""

    assert python("-c", program).returncode == 0


# --- refusals of the command line itself ---


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["fly"], "没有命令 fly"),
        (["staff", "fire"], "没有命令 fire"),
        (["items", "--colour"], "没有选项 --colour"),
        (["staff", "add", "1001"], "缺少：--name"),
        (["demo", "--cases", "many"], "--cases"),
        (["demo", "--cases", "-3"], "--cases"),
        (["serve", "--port", "70000"], "--port"),
        (["items", "extra"], "命令行有误"),
    ],
)
def test_a_mistyped_command_is_refused_in_chinese(words: list[str], sentence: str) -> None:
    assert sentence in refused(*words)


def test_every_command_explains_itself() -> None:
    for command in COMMANDS:
        found = run(command, "--help")
        assert found.exit_code == 0, command
        assert any("\u4e00" <= letter <= "\u9fff" for letter in found.stdout), command


def test_as_a_program_a_refusal_is_one_line_without_a_traceback(empty_folder: Path) -> None:
    found = python("-m", "caseflow.cli", "items", "--bureau", "nowhere")

    assert found.returncode == 2
    assert found.stdout == ""
    assert found.stderr.strip() == "没有经办机构“nowhere”"


# --- init, sync ---


def test_init_writes_a_private_file_with_a_key(empty_folder: Path) -> None:
    found = run("init")

    path = empty_folder / "caseflow.toml"
    assert found.exit_code == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "master_key" in path.read_text(encoding="utf-8")
    assert not (empty_folder / "caseflow.db").exists()


def test_init_never_overwrites_a_key(empty_folder: Path) -> None:
    run("init")
    before = (empty_folder / "caseflow.toml").read_bytes()

    sentence = refused("init", "--database", "sqlite:///other.db")

    assert "已存在" in sentence
    assert (empty_folder / "caseflow.toml").read_bytes() == before
    assert not (empty_folder / "other.db").exists()


def test_init_with_a_database_makes_it_ready(installed: Path) -> None:
    checks = told("doctor")

    assert checks["ok"]
    looked_at = {check["key"] for check in checks["checks"]}
    of_state = {"key_fits", "guards", "seals", "backup", "attachments", "clock", "disk", "retired_keys"}
    assert looked_at == {"key", "mode", "database", "schema", "engine", "definitions", "calendar"} | of_state


def test_init_does_not_take_a_database_that_another_key_belongs_to(installed: Path) -> None:
    (installed / "caseflow.toml").unlink()

    assert "原来的" in refused("init", "--database", "sqlite:///caseflow.db")
    assert not (installed / "caseflow.toml").exists()


@pytest.mark.parametrize("url", ["nonsense", "mysql://x/y", "sqlite:////no/such/folder/x.db", "x" * 10_000])
def test_init_with_a_database_that_cannot_be_used_leaves_nothing_behind(empty_folder: Path, url: str) -> None:
    refused("init", "--database", url)

    assert list(empty_folder.iterdir()) == []


def test_sync_builds_the_tables_and_does_nothing_the_second_time(empty_folder: Path) -> None:
    run("init")

    first, second = run("sync"), run("sync")

    assert "新版本 33 项" in first.stdout
    assert "新版本 0 项，未变 33 项" in second.stdout


# --- what needs a configuration or a database ---


@pytest.mark.parametrize("words", [["sync"], ["tick"], ["serve"], ["staff", "list"], ADD])
def test_without_a_configuration_the_sentence_says_what_to_run(words: list[str]) -> None:
    assert "caseflow init" in refused(*words)


@pytest.mark.parametrize("words", [["tick"], ["serve"], ["staff", "list"], ADD])
def test_without_tables_the_sentence_says_what_to_run(words: list[str]) -> None:
    run("init")

    assert "caseflow sync" in refused(*words)


@pytest.mark.parametrize("words", [["items"], ["check"], ["sync"], ["staff", "list"]])
def test_a_broken_configuration_is_refused(empty_folder: Path, words: list[str]) -> None:
    (empty_folder / "caseflow.toml").write_text("a =", encoding="utf-8")

    assert "caseflow.toml" in refused(*words)


def test_a_wrong_key_is_refused(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASEFLOW_MASTER_KEY", "not-a-key")

    assert "密钥" in refused("tick")


def test_a_sweep_of_an_empty_database_finds_nothing(installed: Path) -> None:
    assert told("tick") == {"lapsed": {}, "accepted": 0}


# --- staff ---


def test_an_account_is_added_listed_reset_disabled_and_enabled(installed: Path) -> None:
    added = run(*ADD, "--role", "reviewer", "--section", "窗口")
    reset = run("staff", "reset", "1001")
    run("staff", "disable", "1001")
    disabled = told("staff", "list", "--bureau", "shawan")
    run("staff", "enable", "1001")
    enabled = told("staff", "list")

    passwords = [found.stdout.rpartition("：")[2].strip() for found in (added, reset)]
    assert all(len(password) == 19 for password in passwords)
    assert passwords[0] != passwords[1]
    assert disabled == [{**enabled[0], "active": False}]
    assert (enabled[0]["number"], enabled[0]["roles"], enabled[0]["section"]) == ("1001", ["clerk", "reviewer"], "窗口")
    assert not any(password in run("staff", "list").stdout for password in passwords)


def test_every_change_of_an_account_names_the_user_of_the_machine(installed: Path) -> None:
    run(*ADD)
    for words in ("reset", "disable", "enable", "unlock"):
        run("staff", words, "1001")

    (path,) = installed.glob("*.db")
    with sqlite3.connect(path) as database:
        rows = database.execute("SELECT action, by_id, by_name FROM staff_change ORDER BY id").fetchall()

    assert [(action, by_id) for action, by_id, _ in rows] == [
        ("add", None),
        ("reset", None),
        ("disable", None),
        ("enable", None),
        ("unlock", None),
    ]
    assert all(name.startswith("命令行（") for *_, name in rows)


def test_a_password_can_be_entered_instead(installed: Path) -> None:
    found = run(*ADD, "--prompt", stdin="blue-horse-7\nblue-horse-7\n")

    assert found.exit_code == 0
    assert "blue-horse-7" not in found.output


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"--bureau": "nowhere"}, "没有经办机构"),
        ({"--role": "king"}, "没有 king"),
        ({"--name": "长" * 10_000}, "姓名"),
        ({"--name": "\x07"}, "姓名"),
    ],
)
def test_an_impossible_account_is_refused(installed: Path, changes: dict[str, str], sentence: str) -> None:
    words = list(ADD)
    for option, value in changes.items():
        words[words.index(option) + 1] = value

    assert sentence in refused(*words)
    assert told("staff", "list") == []


@pytest.mark.parametrize(
    "words",
    [
        ["reset", "9999"],
        ["disable", "9999"],
        ["enable", "长" * 10_000],
        ["unlock", "9999"],
        ["second-factor", "reset", "9999"],
    ],
)
def test_an_unknown_account_is_refused(installed: Path, words: list[str]) -> None:
    assert "没有工号" in refused("staff", *words)


def test_a_lost_telephone_is_reset_once_and_on_record(installed: Path) -> None:
    run(*ADD)
    none = refused("staff", "second-factor", "reset", "1001")
    (path,) = installed.glob("*.db")
    with sqlite3.connect(path) as database:
        database.execute("INSERT INTO second_factor SELECT id, x'00', created_at, 0 FROM staff")

    done = run("staff", "second-factor", "reset", "1001")

    with sqlite3.connect(path) as database:
        left = database.execute("SELECT count(*) FROM second_factor").fetchone()
        last = database.execute("SELECT action FROM staff_change ORDER BY id DESC").fetchone()
    assert "没有启用动态口令" in none
    assert (done.exit_code, left, last) == (0, (0,), ("second_factor",))


def test_the_office_s_password_profile_holds_on_the_command_line_too(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CASEFLOW_PASSWORD_POLICY", "gb22239")

    poor = run(*ADD, "--prompt", stdin="kunlunxuefeng\nkunlunxuefeng\n")
    good = run(*ADD, "--prompt", stdin="Kunlun-xue-feng-7\nKunlun-xue-feng-7\n")

    assert "至少 3 种" in poor.output
    assert poor.exit_code == 2
    assert good.exit_code == 0


# --- doctor ---


def test_doctor_without_a_configuration_fails_and_says_why() -> None:
    found = run("doctor")

    assert found.exit_code == 1
    assert "✗ 配置" in found.stdout


def test_doctor_finds_a_file_others_can_read_and_tables_that_are_missing(empty_folder: Path) -> None:
    run("init")
    (empty_folder / "caseflow.toml").chmod(0o644)

    found = run("doctor", "--json")

    failed = {check["key"] for check in json.loads(found.stdout)["checks"] if check["level"] == "failed"}
    assert found.exit_code == 1
    assert failed == {"mode", "schema"}


def test_doctor_finds_a_wrong_key_and_a_database_that_is_away(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASEFLOW_MASTER_KEY", "not-a-key")
    monkeypatch.setenv("CASEFLOW_DATABASE_URL", "sqlite:////no/such/folder/x.db")

    found = run("doctor", "--json")

    failed = {check["key"] for check in json.loads(found.stdout)["checks"] if check["level"] == "failed"}
    assert failed == {"key", "database"}


# --- ports ---


def test_the_next_free_port_is_taken() -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        taken = busy.getsockname()[1]

        found = free_port(taken)

    assert taken < found < taken + 50


def test_beyond_the_last_port_the_sentence_says_so() -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 65_535))
        busy.listen()

        with pytest.raises(Unavailable, match="--port"):
            free_port(65_535)
