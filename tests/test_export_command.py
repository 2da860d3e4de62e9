"""`caseflow export`: a file with every case of the period, or a sentence and no file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from openpyxl import load_workbook

from caseflow.cli import main
from caseflow.house import new_master
from caseflow.store.db import create_engine_for
from caseflow.views import export
from tests.support.busy_office import NEWBORN, busy
from tests.support.databases import SqliteDatabases
from tests.support.office import Office, open_office

YEAR = ("--bureau", "shawan", "--from", "2026-01-01", "--to", "2026-12-31")


@pytest.fixture
def office(sqlite_databases: SqliteDatabases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """A busy office whose database the command finds."""
    with sqlite_databases.fresh() as url:
        engine = create_engine_for(url)
        made = busy(open_office(engine))
        for name in [name for name in os.environ if name.startswith("CASEFLOW_")]:
            monkeypatch.delenv(name)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("CASEFLOW_DATABASE_URL", url)
        monkeypatch.setenv("CASEFLOW_MASTER_KEY", new_master())
        monkeypatch.setattr("caseflow.cli.export.now", lambda: made.now)
        yield made
        engine.dispose()


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["export", *words])


def rows(path: Path) -> list[tuple[object, ...]]:
    return list(load_workbook(path).active.iter_rows(values_only=True))  # type: ignore[union-attr]


def test_every_case_of_the_period_is_in_the_file(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "BATCH", 4)

    result = run(*YEAR, "--out", "cases.xlsx")

    found = rows(Path("cases.xlsx"))
    assert result.exit_code == 0
    assert f"已导出 {len(found) - 1} 件" in result.stdout
    assert result.stderr == ""
    assert len({row[0] for row in found[1:]}) == len(found) - 1 > 10


def test_columns_stand_in_the_order_they_are_named(office: Office) -> None:
    result = run(*YEAR, "--out", "a.xlsx", "--columns", "state, number,state", "--set", "closed", "--item", NEWBORN)

    head, *found = rows(Path("a.xlsx"))
    assert result.exit_code == 0
    assert head == ("环节", "办件编号")
    assert {row[0] for row in found} == {"已办结"}


def test_a_file_that_is_there_is_never_overwritten(office: Office) -> None:
    Path("cases.xlsx").write_text("mine", encoding="utf-8")

    result = run(*YEAR, "--out", "cases.xlsx")

    assert result.exit_code == 2
    assert "已存在，不会覆盖" in result.stderr
    assert Path("cases.xlsx").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--bureau", "shawan", "--from", "2020-01-01", "--to", "2020-12-31"), "没有符合条件的办件"),
        (("--bureau", "shuimogou", "--from", "2026-01-01", "--to", "2026-12-31"), "没有符合条件的办件"),
        (("--bureau", "shawan", "--from", "2026-05-01", "--to", "2026-01-01"), "不能晚于"),
        (("--bureau", "shawan", "--from", "2026-02-30", "--to", "2026-12-31"), "YYYY-MM-DD"),
        (("--bureau", "shawan", "--from", "2026-W01-1", "--to", "2026-12-31"), "YYYY-MM-DD"),
        (("--bureau", "nowhere", "--from", "2026-01-01", "--to", "2026-12-31"), "没有经办机构"),
        ((*YEAR, "--columns", "number,password"), "没有列 password"),
        ((*YEAR, "--columns", ","), "没有列"),
        ((*YEAR, "--set", "everything"), "--set"),
        ((*YEAR, "--out", "no/such/folder.xlsx"), "不能写"),
    ],
)
def test_what_cannot_be_exported_is_told_and_leaves_no_file(
    office: Office, words: tuple[str, ...], sentence: str
) -> None:
    result = run(*("--out", "cases.xlsx"), *words)

    assert result.exit_code == 2
    assert sentence in result.stderr
    assert not list(Path().rglob("*.xlsx"))


def test_a_file_that_could_not_be_finished_is_taken_away(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError

    columns = {**export.COLUMNS, "item": replace(export.COLUMNS["item"], value=broken)}  # type: ignore[arg-type]
    monkeypatch.setattr(export, "COLUMNS", columns)

    result = run(*YEAR, "--out", "cases.xlsx")

    assert result.exit_code != 0
    assert not Path("cases.xlsx").exists()
