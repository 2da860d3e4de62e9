"""The one way out of the history: a whole case whose time of keeping is over, and the database asks for the truth."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, delete, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from caseflow.cli.verify import look
from caseflow.desk.intake import CaseRef
from caseflow.desk.sealing import seal_history
from caseflow.errors import Unavailable
from caseflow.store.db import downgrade, is_sqlite, reading, writing
from caseflow.store.guards import PurgedEventRow, PurgeRow, PurgingRow, tombstone_mac
from caseflow.store.models import CaseRow, DeadlineRow, EventRow, MaterialRow, PaperRow, PersonRow
from tests.support.office import Office, open_office
from tests.support.roads import ACCEPT, APPROVE, CLOSE, HAND_OVER
from tests.support.tampering import undone

TRANSFER = "transfer-continuation"
CHILDREN = (PaperRow, MaterialRow, DeadlineRow, PersonRow, EventRow)


@pytest.fixture
def office(engine: Engine) -> Office:
    return open_office(engine)


@pytest.fixture
def ended(office: Office) -> CaseRef:
    """A case that ended a month ago, and a younger one; how long it had to be kept is the tombstone's to say."""
    ref = office.register(TRANSFER)
    for by, action, details in (ACCEPT, HAND_OVER, APPROVE, CLOSE):
        office.act(ref, by, action, **details)
    office.sleep(30)
    office.register(TRANSFER)
    return ref


def tombstone(session: Connection, office: Office, ref: CaseRef, **other: Any) -> dict[str, Any]:
    """What is true of the case, but for what is named."""
    case = session.execute(select(*CaseRow.__table__.columns).where(CaseRow.id == ref.id)).one()
    told = {name: getattr(case, name) for name in ("bureau", "number", "item_key", "ended_on", "chain")}
    told |= {"case_id": case.id, "events": case.version, "removed": {"event": case.version}, "by_id": None}
    told |= {"retention": "10", "kept_until": date(2026, 3, 20), "by_name": "王强"}
    told |= {"purged_on": office.now.date(), "purged_at": office.now, **other}
    return told | {"mac": tombstone_mac(office.house.keys, told)}


def bury(session: Connection, office: Office, ref: CaseRef, **other: Any) -> None:
    session.execute(insert(PurgeRow).values(tombstone(session, office, ref, **other)))


def remove(session: Connection, ref: CaseRef) -> None:
    for table in CHILDREN:
        session.execute(delete(table).where(table.case_id == ref.id))
    session.execute(delete(CaseRow).where(CaseRow.id == ref.id))


def seal(office: Office, path: Path) -> None:
    for _ in range(2):
        with reading(office.engine) as session:
            seal_history(session, office.house, path, office.now)
        office.now += timedelta(minutes=5)


def counted(office: Office, *tables: Any) -> list[int]:
    with reading(office.engine) as session:
        return [session.execute(select(func.count()).select_from(table)).scalar_one() for table in tables]


def broken(office: Office, path: Path) -> list[str]:
    return [one["text"] for one in look(office.engine, office.house, path).broken]


def test_a_purged_case_leaves_its_tombstone_and_its_links_and_every_seal_still_holds(
    office: Office, ended: CaseRef, tmp_path: Path
) -> None:
    path = tmp_path / "seals.jsonl"
    seal(office, path)

    with writing(office.engine) as session:
        bury(session, office, ended)
        remove(session, ended)

    found = look(office.engine, office.house, path)
    assert (found.broken, found.cases, found.purged, found.seals) == ([], 1, 1, 2)
    assert counted(office, PurgeRow, PurgedEventRow, PurgingRow) == [1, 5, 0]


@pytest.mark.parametrize("table", [PaperRow, PersonRow, EventRow, CaseRow])
def test_without_a_tombstone_nothing_goes(office: Office, ended: CaseRef, table: Any) -> None:
    key = CaseRow.id if table is CaseRow else table.case_id

    with pytest.raises(IntegrityError, match="登记后不能删除"), writing(office.engine) as session:
        session.execute(delete(table).where(key == ended.id))


UNTRUE = [
    {"number": "650105000000000000000009"},
    {"item_key": "other"},
    {"ended_on": date(2020, 1, 1)},
    {"events": 4},
    {"chain": "0" * 64},
    {"bureau": "shuimogou"},
    {"case_id": 99},
    {"kept_until": date(2026, 3, 1)},
    {"purged_on": date(2026, 3, 20)},
]


@pytest.mark.parametrize("untrue", UNTRUE, ids=[str(next(iter(one))) for one in UNTRUE])
def test_a_tombstone_tells_the_truth_or_is_not_written(office: Office, ended: CaseRef, untrue: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), writing(office.engine) as session:
        bury(session, office, ended, **untrue)


def test_an_open_case_is_not_purged(office: Office, ended: CaseRef) -> None:
    younger = CaseRef(ended.id + 1, "", "", 1)

    with pytest.raises(IntegrityError, match="尚未办结"), writing(office.engine) as session:
        bury(session, office, younger)


def test_a_transaction_that_opens_the_way_and_leaves_the_case_does_not_commit(office: Office, ended: CaseRef) -> None:
    with pytest.raises(IntegrityError), writing(office.engine) as session:
        bury(session, office, ended)
        session.execute(delete(EventRow).where(EventRow.case_id == ended.id))

    assert counted(office, PurgeRow, PurgedEventRow, PurgingRow, CaseRow) == [0, 0, 0, 2]
    assert office.history(ended)[-1] == "close"


def test_the_way_is_open_for_that_case_alone(office: Office, ended: CaseRef) -> None:
    with undone(office.engine) as session:
        bury(session, office, ended)

        with pytest.raises(IntegrityError, match="person：登记后不能删除"):
            session.execute(delete(PersonRow))


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO purging (bureau, case_id) VALUES ('shawan', 1)",
        "INSERT INTO purged_event (id, bureau, case_id, seq, chain) VALUES (900, 'shawan', 1, 1, '')",
    ],
)
def test_the_way_is_not_opened_from_the_side(office: Office, ended: CaseRef, statement: str) -> None:
    with pytest.raises(IntegrityError, match="没有销毁登记"), writing(office.engine) as session:
        session.execute(text(statement))

    assert office.history(ended)[-1] == "close"


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM purging",
        "UPDATE purging SET case_id = 2",
        "DELETE FROM purge",
        "UPDATE purge SET by_name = '别人'",
    ],
)
def test_once_open_it_closes_with_the_case_and_not_before(office: Office, ended: CaseRef, statement: str) -> None:
    with undone(office.engine) as session:
        bury(session, office, ended)

        with pytest.raises(IntegrityError, match="purg"):
            session.execute(text(statement))


@pytest.mark.parametrize("statement", ["DELETE FROM purge", "UPDATE purge SET mac = ''", "DELETE FROM purged_event"])
def test_what_is_left_of_a_purged_case_stays(office: Office, ended: CaseRef, statement: str) -> None:
    with writing(office.engine) as session:
        bury(session, office, ended)
        remove(session, ended)

    with pytest.raises(IntegrityError, match="purge"), writing(office.engine) as session:
        session.execute(text(statement))


def test_on_sqlite_the_newest_case_waits_for_the_next_or_its_number_would_come_again(office: Office) -> None:
    if not is_sqlite(office.engine):
        # A sequence never gives a number twice.
        return
    ref = office.register(TRANSFER)
    office.act(ref, *ACCEPT[:2], **ACCEPT[2])
    for by, action, details in (HAND_OVER, APPROVE, CLOSE):
        office.act(ref, by, action, **details)
    office.sleep(30)

    with pytest.raises(IntegrityError, match="编号会被重复使用"), writing(office.engine) as session:
        bury(session, office, ref)
        remove(session, ref)


def test_a_tombstone_made_without_the_key_is_found(office: Office, ended: CaseRef, tmp_path: Path) -> None:
    """Who owns the database may go the whole way by its rules, and lacks the key all the same."""
    path = tmp_path / "seals.jsonl"
    seal(office, path)

    with writing(office.engine) as session:
        session.execute(insert(PurgeRow).values({**tombstone(session, office, ended), "mac": "0" * 64}))
        remove(session, ended)

    assert broken(office, path) == ["销毁登记与销毁时不一致"]


def test_a_tombstone_changed_afterwards_is_found(office: Office, ended: CaseRef, tmp_path: Path) -> None:
    path = tmp_path / "seals.jsonl"
    with writing(office.engine) as session:
        bury(session, office, ended)
        remove(session, ended)
    with writing(office.engine) as session:
        session.execute(text("DROP TRIGGER purge_fixed" + ("" if is_sqlite(session) else " ON purge")))
        session.execute(update(PurgeRow).values(by_name="别人"))

    assert broken(office, path) == ["销毁登记与销毁时不一致"]


def test_a_link_taken_away_afterwards_is_found_by_tombstone_and_seal(
    office: Office, ended: CaseRef, tmp_path: Path
) -> None:
    path = tmp_path / "seals.jsonl"
    seal(office, path)
    with writing(office.engine) as session:
        bury(session, office, ended)
        remove(session, ended)
    with writing(office.engine) as session:
        session.execute(text("DROP TRIGGER purged_event_stays" + ("" if is_sqlite(session) else " ON purged_event")))
        session.execute(delete(PurgedEventRow).where(PurgedEventRow.seq == 3))

    assert broken(office, path) == ["封存时有 6 条办理记录，现在有 5 条", "销毁了 5 条办理记录，留下的封链不全"]


def test_the_schema_does_not_go_back_behind_the_tombstones(office: Office, ended: CaseRef, tmp_path: Path) -> None:
    with writing(office.engine) as session:
        bury(session, office, ended)
        remove(session, ended)

    with pytest.raises(Unavailable, match="会丢失销毁登记"):
        downgrade(office.engine, "0002", rehearse=False)

    assert look(office.engine, office.house, tmp_path / "none.jsonl").purged == 1
