"""Destroying cases: only what may go goes, whole, with a tombstone; and what is left still proves itself."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, delete, func, select
from sqlalchemy.exc import IntegrityError

from caseflow.cli import main
from caseflow.desk.attachments import attach
from caseflow.desk.intake import CaseRef
from caseflow.desk.purging import OF_CASE, Due, due_cases, forget_file, held, hold, purge_case, release
from caseflow.desk.sealing import seal_history
from caseflow.errors import BadInput, NotFound, Refused
from caseflow.house import BEIJING, House
from caseflow.rules.retention import Retention
from caseflow.store.base import Base
from caseflow.store.db import reading, writing
from caseflow.store.guards import PurgeRow
from caseflow.store.keeping_models import StoredFileRow
from caseflow.store.models import CaseRow, EventRow, PersonRow
from caseflow.views.verifying import check_batch, check_tombstones, seal_fault, seals_at
from tests.support.busy_office import NEWBORN, SPOT, TRANSFER, busy, walk
from tests.support.office import Office, open_office
from tests.support.roads import ACCEPT, APPROVE, CLOSE, HAND_OVER, WITHDRAW
from tests.support.scans import PDF

OWN = {flow: Retention(f"bureau_{flow}", "本机构规定", 10, "沙医保〔2026〕1号") for flow in ("immediate", "standard")}
LATER = datetime(2058, 1, 1, 10, tzinfo=BEIJING)
BY = "李主任，销毁清册〔2058〕1号"


@pytest.fixture
def office(engine: Engine) -> Office:
    """Three ended cases and two open ones, the newest among them."""
    office = with_periods(open_office(engine))
    walk(office, office.register(TRANSFER), ACCEPT, HAND_OVER, APPROVE, CLOSE)
    walk(office, office.register(NEWBORN), SPOT)
    walk(office, office.register(NEWBORN), WITHDRAW)
    walk(office, office.register(TRANSFER), ACCEPT)
    office.register(NEWBORN)
    return office


@pytest.fixture
def busy_office(engine: Engine) -> Office:
    """Something of everything: payments, pauses, ratings, orders, letters."""
    return with_periods(busy(open_office(engine)))


def with_periods(office: Office) -> Office:
    """The office under a bureau that has set periods for what the rules give none for."""
    catalogue = office.house.catalogue
    bureau = replace(catalogue.bureaus["shawan"], retention=OWN)
    bureaus = MappingProxyType({**catalogue.bureaus, "shawan": bureau})
    return replace(office, house=replace(office.house, catalogue=replace(catalogue, bureaus=bureaus)))


def due(office: Office, at: datetime = LATER) -> list[Due]:
    with reading(office.engine) as session:
        found, _ = due_cases(session, office.house, "shawan", at.date(), 0)
        return found


def destroy(office: Office, root: Path, at: datetime = LATER) -> list[Due]:
    gone = due(office, at)
    for one in gone:
        with writing(office.engine) as session:
            files = purge_case(session, office.house, one, BY, at)
        for name in files:
            forget_file(root, name)
    return gone


def seal(office: Office, path: Path) -> None:
    for _ in range(2):
        with reading(office.engine) as session:
            seal_history(session, office.house, path, office.now)
        office.now += timedelta(minutes=5)


def faults(office: Office, path: Path) -> list[str]:
    seals = seals_at(path)
    befores = [0, *(one.last for one in seals)]
    with reading(office.engine) as session:
        told = [seal_fault(session, office.house, one, at) for one, at in zip(seals, befores, strict=False)]
        chains = check_batch(session, office.house, "shawan", 0).broken
        stones = check_tombstones(session, office.house, 0).broken
        return [fault for fault in told if fault] + [one.text for one in (*chains, *stones)]


def rows_of(office: Office, case_id: int) -> dict[str, int]:
    """How many rows of each table still belong to a case."""
    found = {}
    with reading(office.engine) as session:
        for table in Base.metadata.sorted_tables:
            if "case_id" in table.columns and not table.name.startswith("purge"):
                query = select(func.count()).select_from(table).where(table.columns["case_id"] == case_id)
                if count := session.execute(query).scalar_one():
                    found[table.name] = count
    return found


def test_every_table_with_a_case_is_emptied() -> None:
    kept = {"purge", "purged_event", "purging"}
    own_way = {"supervision_order"}
    with_case = {table.name for table in Base.metadata.sorted_tables if "case_id" in table.columns}

    assert with_case - kept - own_way == {table.__tablename__ for table in OF_CASE}


def test_a_case_goes_whole_and_everything_left_still_proves_itself(busy_office: Office, tmp_path: Path) -> None:
    office = busy_office
    path = tmp_path / "seals.jsonl"
    seal(office, path)
    assert faults(office, path) == []
    with reading(office.engine) as session:
        before = session.execute(select(func.count()).select_from(CaseRow)).scalar_one()
        entries = session.execute(select(func.count()).select_from(EventRow)).scalar_one()

    gone = destroy(office, tmp_path)

    assert len(gone) >= 8
    assert {one.retention.key for one in gone} >= {"bureau_immediate", "bureau_standard"}
    assert [rows_of(office, one.case_id) for one in gone] == [{}] * len(gone)
    assert faults(office, path) == []
    with reading(office.engine) as session:
        assert session.execute(select(func.count()).select_from(CaseRow)).scalar_one() == before - len(gone)
        stones = session.execute(select(PurgeRow.number, PurgeRow.events, PurgeRow.by_name)).all()
        left = session.execute(select(func.count()).select_from(EventRow)).scalar_one()
    assert {row.number for row in stones} == {one.number for one in gone}
    assert sum(row.events for row in stones) == entries - left
    assert {row.by_name for row in stones} == {BY}


def test_a_seal_made_after_a_purge_holds_too(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "seals.jsonl"
    seal(office, path)
    destroy(office, tmp_path)
    office.register(TRANSFER)
    seal(office, path)

    assert faults(office, path) == []


def test_a_case_taken_away_without_a_tombstone_is_refused_by_the_database(office: Office) -> None:
    one = due(office)[0]

    with (
        pytest.raises(IntegrityError),
        writing(office.engine) as session,
    ):
        session.execute(delete(EventRow).where(EventRow.case_id == one.case_id))


# --- what may not go


def test_nothing_goes_before_its_time_and_everything_on_the_day(office: Office) -> None:
    first = min(one.kept_until for one in due(office))
    morning = datetime(first.year, first.month, first.day, 10, tzinfo=BEIJING)

    assert due(office, morning) == []
    assert due(office, morning + timedelta(days=1)) != []


def test_open_cases_and_those_with_something_running_stay(busy_office: Office) -> None:
    office = busy_office
    listed = {one.case_id for one in due(office)}

    with reading(office.engine) as session:
        still_open = set(session.execute(select(CaseRow.id).where(CaseRow.is_open == 1)).scalars())
        ended = set(session.execute(select(CaseRow.id).where(CaseRow.is_open == 0)).scalars())
    assert still_open
    assert not listed & still_open
    assert ended - listed, "the busy office has ended cases with an order or a deadline still running"


def test_without_a_period_nothing_goes(office: Office) -> None:
    plain = replace(office, house=House(open_office_catalogue(office), office.house.keys))

    assert {one.retention.key for one in due(plain)} <= {"payment_details", "benefit_materials"}


def open_office_catalogue(office: Office) -> object:
    bureau = replace(office.house.catalogue.bureaus["shawan"], retention={})
    return replace(office.house.catalogue, bureaus={**office.house.catalogue.bureaus, "shawan": bureau})


def test_what_was_listed_is_looked_at_again_before_it_goes(office: Office, tmp_path: Path) -> None:
    one = due(office)[0]
    with writing(office.engine) as session:
        hold(session, office.house, office.staff["auditor"], one.number, "诉讼", office.now)

    with pytest.raises(Refused, match="还不能销毁"), writing(office.engine) as session:
        purge_case(session, office.house, one, BY, LATER)
    with pytest.raises(Refused), writing(office.engine) as session:
        purge_case(session, office.house, due(office)[0], BY, office.now)


def test_a_case_destroyed_meanwhile_is_not_destroyed_twice(office: Office, tmp_path: Path) -> None:
    one = due(office)[0]
    destroy(office, tmp_path)

    with pytest.raises(NotFound), writing(office.engine) as session:
        purge_case(session, office.house, one, BY, LATER)


def test_a_purge_that_fails_half_way_takes_nothing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    one = due(office)[0]
    before = rows_of(office, one.case_id)

    with pytest.raises(RuntimeError, match="power"), writing(office.engine) as session:
        purge_case(session, office.house, one, BY, LATER)
        raise RuntimeError("power")

    assert rows_of(office, one.case_id) == before


# --- 禁止销毁


def test_a_hold_keeps_a_case_and_its_release_lets_it_go(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "seals.jsonl"
    one, auditor = due(office)[0], office.staff["auditor"]
    with writing(office.engine) as session:
        hold(session, office.house, auditor, one.number, "诉讼期间", office.now)

    assert one.number not in {each.number for each in due(office)}
    with reading(office.engine) as session:
        assert held(session, "shawan", one.case_id)
    with writing(office.engine) as session:
        release(session, office.house, office.staff["supervisor"], one.number, "结案", office.now)
    office.register(TRANSFER)
    assert one.number in {each.number for each in due(office)}
    assert due(office)[0].kept_until == one.kept_until
    assert faults(office, path) == []


def test_a_hold_needs_a_reason_a_case_of_one_s_own_bureau_and_is_set_once(office: Office) -> None:
    one, auditor = due(office)[0], office.staff["auditor"]
    elsewhere = replace(auditor, bureau="shuimogou")

    with writing(office.engine) as session:
        for reason in ("", "  ", "长" * 201):
            with pytest.raises(BadInput):
                hold(session, office.house, auditor, one.number, reason, office.now)
        with pytest.raises(NotFound):
            hold(session, office.house, elsewhere, one.number, "诉讼", office.now)
        with pytest.raises(Refused, match="没有被禁止"):
            release(session, office.house, auditor, one.number, "结案", office.now)
        hold(session, office.house, auditor, one.number, "诉讼", office.now)
        with pytest.raises(Refused, match="已禁止"):
            hold(session, office.house, auditor, one.number, "诉讼", office.now)


# --- files


def test_the_files_of_a_case_go_with_it_and_no_others(engine: Engine, tmp_path: Path) -> None:
    office = with_periods(open_office(engine))
    ref, other = office.register(TRANSFER), office.register(TRANSFER)
    for one in (ref, other):
        attach_to(office, tmp_path, one)
    walk(office, ref, ACCEPT, HAND_OVER, APPROVE, CLOSE)
    office.register(TRANSFER)

    assert [one.number for one in destroy(office, tmp_path, LATER)] == [ref.number]

    with reading(engine) as session:
        (name,) = session.execute(select(StoredFileRow.name)).scalars()
        assert session.execute(select(func.count()).select_from(PersonRow)).scalar_one() == 2
    assert [path.parent.name + path.name for path in tmp_path.rglob("*") if path.is_file()] == [name]


def attach_to(office: Office, root: Path, ref: CaseRef) -> None:
    line = office.item(TRANSFER).materials[0].key
    with writing(office.engine) as session:
        version = office.case(ref).record.version
        attach(session, office.house, root, office.staff["clerk"], ref.id, version, (line, "a.pdf", PDF), office.now)


# --- the commands


@pytest.fixture
def here(office: Office, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    for name in [name for name in os.environ if name.startswith("CASEFLOW_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CASEFLOW_DATABASE_URL", database_url)
    monkeypatch.setenv("CASEFLOW_MASTER_KEY", "A" * 43 + "=")
    monkeypatch.setattr("caseflow.cli.purge.now", lambda: LATER)
    monkeypatch.setattr("caseflow.cli.purge.house_of", lambda _settings: office.house)
    monkeypatch.setattr("caseflow.cli.hold.now", lambda: office.now)
    monkeypatch.setattr("caseflow.cli.hold.house_of", lambda _settings: office.house)
    return office


def test_the_list_comes_first_and_nothing_goes_without_approval(here: Office) -> None:
    listed = CliRunner().invoke(main, ["purge", "--dry-run", "--json"])
    refused = CliRunner().invoke(main, ["purge", "--yes"])
    asked = CliRunner().invoke(main, ["purge", "--by", BY], input="n\n")

    assert {one["number"] for one in json.loads(listed.stdout)} == {one.number for one in due(here)}
    assert (refused.exit_code, "批准人" in refused.stderr) == (2, True)
    assert asked.exit_code == 2
    with reading(here.engine) as session:
        assert session.execute(select(func.count()).select_from(PurgeRow)).scalar_one() == 0


def test_the_command_destroys_what_it_listed(here: Office) -> None:
    expected = {one.number for one in due(here)}

    result = CliRunner().invoke(main, ["purge", "--yes", "--by", BY])

    assert (result.exit_code, f"已销毁 {len(expected)} 件" in result.stdout) == (0, True)
    with reading(here.engine) as session:
        assert set(session.execute(select(PurgeRow.number)).scalars()) == expected


def test_a_supervisor_or_auditor_holds_by_command_and_a_clerk_does_not(here: Office) -> None:
    one = due(here)[0]
    numbers = {role: actor.number for role, actor in here.staff.items()}

    clerk = CliRunner().invoke(main, ["hold", one.number, "--reason", "诉讼", "--by", numbers["clerk"]])
    auditor = CliRunner().invoke(main, ["hold", one.number, "--reason", "诉讼", "--by", numbers["auditor"]])

    assert (clerk.exit_code, auditor.exit_code) == (2, 0)
    assert one.number not in {each.number for each in due(here)}
