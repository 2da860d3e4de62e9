"""The demo: every item, state, lamp and both bureaus are on the stage, every time the same."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import TextIO

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, func, select, text

from caseflow.catalogue import load_catalogue
from caseflow.cli import main
from caseflow.cli.demo import DEMO_FILE, Stage, free_port, is_demo_file, new_demo_file, set_stage
from caseflow.cli.demo_fields import paperwork
from caseflow.cli.demo_parties import parties
from caseflow.cli.demo_people import Crowd
from caseflow.cli.demo_plan import PlannedCase, plan
from caseflow.cli.demo_staff import LOGINS, PASSWORD
from caseflow.desk import staff
from caseflow.desk.issuing import KINDS
from caseflow.errors import Refused
from caseflow.house import BEIJING, Actor
from caseflow.rules.clock import Lamp, read
from caseflow.rules.flow import ROLES
from caseflow.store.db import create_engine_for, reading, writing
from caseflow.store.facts import CaseState, load_case
from caseflow.store.models import CaseRow, EventRow, PaperRow, PersonRow
from caseflow.workflows import FLOWS

ROOT = Path(__file__).parent.parent
FRIDAY = datetime(2026, 4, 17, 16, 0, tzinfo=BEIJING)
SUNDAY = datetime(2026, 4, 19, 9, 5, tzinfo=BEIJING)
JUST_AFTER_MIDNIGHT = datetime(2026, 10, 1, 0, 3, tzinfo=BEIJING)
CATALOGUE = load_catalogue()
NOBODY = 0


@dataclass(frozen=True)
class Played:
    """A stage with its database open and its cases as they stand."""

    stage: Stage
    engine: Engine
    cases: tuple[CaseState, ...]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """200 cases as on a Friday afternoon."""
    url = f"sqlite:///{tmp_path_factory.mktemp('demo')}/demo.db"
    stage = set_stage(url, 200, FRIDAY)
    engine = create_engine_for(url)
    yield Played(stage, engine, cases_of(stage, engine, FRIDAY.date()))
    engine.dispose()


def cases_of(stage: Stage, engine: Engine, today: date) -> tuple[CaseState, ...]:
    with reading(engine) as session:
        rows = session.execute(select(CaseRow.bureau, CaseRow.id)).all()
        anyone = {bureau: Actor(NOBODY, "", "", bureau, frozenset()) for bureau, _ in rows}
        return tuple(load_case(session, stage.house, anyone[bureau], case_id, today) for bureau, case_id in rows)


def lamps(stage: Stage, cases: tuple[CaseState, ...], today: date) -> set[Lamp | None]:
    return {
        read(
            stage.house.catalogue.calendar_of(case.record.bureau),
            case.clocks,
            today,
            supplementing=case.state.key == "supplementing",
        ).lamp
        for case in cases
        if case.state.open
    }


def count(engine: Engine, table: type) -> int:
    with reading(engine) as session:
        return session.execute(select(func.count()).select_from(table)).scalar_one()


def test_every_item_of_both_bureaus_has_a_case(played: Played) -> None:
    assert len(played.cases) == 200
    assert {(case.record.bureau, case.record.item_key) for case in played.cases} == set(CATALOGUE.items)


def test_every_state_of_every_flow_that_shows_itself_is_there(played: Played) -> None:
    states = {state for flow in FLOWS.values() for state in flow.states}

    assert {case.state.key for case in played.cases} == states
    assert {case.flow.key for case in played.cases} == set(FLOWS)


def test_every_lamp_shines(played: Played) -> None:
    assert lamps(played.stage, played.cases, FRIDAY.date()) >= set(Lamp)


def test_the_summary_counts_what_is_in_the_database(played: Played) -> None:
    found = Counter((case.record.bureau, case.state.key) for case in played.cases)

    assert played.stage.cases == found
    assert {bureau for bureau, _ in found} == {"shawan", "shuimogou"}


def test_nothing_lies_after_the_moment_of_the_demo(played: Played) -> None:
    with reading(played.engine) as session:
        last = session.execute(select(func.max(EventRow.at))).scalar_one()

    assert last <= FRIDAY


def test_late_completions_say_why(played: Played) -> None:
    with reading(played.engine) as session:
        details = session.scalars(select(EventRow.detail).where(EventRow.action.in_(["pay", "close"]))).all()

    reasons = [detail for detail in details if detail.get("late_reason")]
    assert 0 < len(reasons) < len(details)


RARE = {
    *("consent", "serve", "call_back", "rectify", "accept_deferred", "receive_deferred", "keep_commitment"),
    *("break_commitment", "correct_late", "reject_extension"),
}
"""Side roads the demo does not take."""


def test_every_kind_of_action_and_paper_was_used(played: Played) -> None:
    with reading(played.engine) as session:
        actions = set(session.scalars(select(EventRow.action).distinct()))
        papers = set(session.scalars(select(PaperRow.kind).distinct()))

    people = {"receive_material", "claim", "release", "assign", "correct"}
    assert actions >= {action for flow in FLOWS.values() for action in flow.actions} - people - RARE
    assert papers >= set(KINDS) - {"deferral", "commitment", "service"}


def test_names_of_all_kinds_apply(played: Played) -> None:
    with reading(played.engine) as session:
        people = session.execute(select(PersonRow.name, PersonRow.id_kind, PersonRow.part)).all()

    names = {row.name for row in people}
    assert any("·" in name for name in names)
    assert any("有限" in name for name in names)
    assert any(len(name) == 3 and "·" not in name for name in names)
    assert {row.id_kind for row in people} >= {"resident_id", "credit_code", "birth_certificate"}
    assert {row.part for row in people} == {"applicant", "agent", "concerned"}


@pytest.mark.parametrize("login", LOGINS, ids=lambda login: login.number)
def test_everybody_can_sign_in_at_once(played: Played, login: staff.StaffMember) -> None:
    with writing(played.engine) as session:
        found = staff.sign_in(session, login.number, PASSWORD, "", FRIDAY)

    assert found.token is not None
    assert not found.must_change


def test_every_role_is_held_in_both_bureaus() -> None:
    held = {(login.bureau, role) for login in LOGINS for role in login.roles}

    assert held == {(bureau, role) for bureau in CATALOGUE.bureaus for role in ROLES}


@pytest.mark.parametrize("moment", [SUNDAY, JUST_AFTER_MIDNIGHT], ids=["sunday", "holiday-midnight"])
def test_forty_cases_show_every_lamp_and_item_also_on_a_day_off(tmp_path: Path, moment: datetime) -> None:
    url = f"sqlite:///{tmp_path}/demo.db"
    stage = set_stage(url, 40, moment)
    engine = create_engine_for(url)

    cases = cases_of(stage, engine, moment.date())
    engine.dispose()

    assert len({(case.record.bureau, case.record.item_key) for case in cases}) == 33
    assert lamps(stage, cases, moment.date()) >= set(Lamp)


@pytest.mark.parametrize("n", [0, 1, 40, 365])
def test_a_plan_is_the_same_every_time_and_lies_before_its_moment(n: int) -> None:
    moment = FRIDAY + timedelta(days=n)

    one, other = (plan(CATALOGUE, 200, moment, Random(1)) for _ in range(2))  # noqa: S311 - as the demo itself

    assert one == other
    assert all(move.at <= moment for case in one for move in case.moves)
    assert all(in_order(case) for case in one)


def in_order(case: PlannedCase) -> bool:
    times = [move.at for move in case.moves]
    return times == sorted(times)


def test_the_same_seed_makes_the_same_people() -> None:
    def made(seed: int) -> list[object]:
        random = Random(seed)  # noqa: S311 - as the demo itself
        crowd = Crowd(random, FRIDAY.date())
        found: list[object] = []
        for item in CATALOGUE.items.values():
            paper = paperwork(item, random, crowd, FRIDAY.date())
            found.append((paper, parties(item, paper, crowd, random)))
        return found

    assert made(7) == made(7)
    assert made(7) != made(8)


def test_the_demo_works_on_every_database(bare_engine: Engine) -> None:
    url = bare_engine.url.render_as_string(hide_password=False)

    set_stage(url, 12, FRIDAY)

    assert count(bare_engine, CaseRow) == 12


def test_a_database_with_tables_is_refused_and_stays_as_it_is(bare_engine: Engine) -> None:
    with writing(bare_engine) as session:
        session.execute(text("CREATE TABLE precious (n INTEGER)"))

    with pytest.raises(Refused, match="空的数据库"):
        set_stage(bare_engine.url.render_as_string(hide_password=False), 3, FRIDAY)

    with reading(bare_engine) as session:
        assert session.execute(text("SELECT count(*) FROM precious")).scalar_one() == 0


def test_an_earlier_demo_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "demo.db"
    set_stage(new_demo_file(path), 3, FRIDAY)

    url = new_demo_file(path)

    assert is_demo_file(path)
    assert path.stat().st_size < 10_000
    assert set_stage(url, 2, FRIDAY).cases.total() == 2


@pytest.mark.parametrize("content", [b"", b"a letter", b"SQLite format 3\x00 but broken" * 100])
def test_a_file_that_is_no_demo_is_never_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "demo.db"
    path.write_bytes(content)

    with pytest.raises(Refused, match="不会覆盖"):
        new_demo_file(path)

    assert path.read_bytes() == content


def test_another_database_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "demo.db"
    made = sqlite3.connect(path)
    made.execute("CREATE TABLE precious (n)")
    made.close()

    with pytest.raises(Refused, match="不会覆盖"):
        new_demo_file(path)


def test_the_command_without_serving_tells_the_cases_by_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    found = CliRunner().invoke(main, ["demo", "--no-serve", "--cases", "3"])

    assert found.exit_code == 0
    assert "演示办件 3 件" in found.stdout
    assert (tmp_path / DEMO_FILE).exists()


def test_the_command_serves_on_loopback_and_tells_address_and_logins(tmp_path: Path) -> None:
    port = free_port(8300)
    words = [sys.executable, "-u", "-m", "caseflow.cli", "demo", "--cases", "3", "--port", str(port)]
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}

    with subprocess.Popen(
        words, cwd=tmp_path, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8"
    ) as server:
        try:
            assert server.stdout is not None
            told = until(server.stdout, "演示网址")
            page = open_page(f"http://127.0.0.1:{port}/")
        finally:
            server.terminate()

    assert f"http://127.0.0.1:{port}/" in told[-1]
    for login in LOGINS:
        assert any(login.number in line for line in told)
    assert "密码" in page


def until(lines: TextIO, word: str) -> list[str]:
    """What is printed up to and with the first line that holds the word."""
    seen: list[str] = []
    while not seen or (seen[-1] and word not in seen[-1]):
        seen.append(lines.readline())
    return seen


def open_page(url: str) -> str:
    """The page behind an address, once somebody answers there."""
    for _ in range(100):
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own loopback address
                return str(answer.read().decode())
        except ConnectionError:
            time.sleep(0.1)
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionError):
                raise
            time.sleep(0.1)
    raise AssertionError(url)
