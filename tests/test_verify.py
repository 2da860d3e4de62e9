"""`caseflow verify`: whatever is done to the history behind the application's back is found."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Connection, Engine, delete, insert, select, update

from caseflow.desk.sealing import seal_history
from caseflow.errors import Unavailable
from caseflow.house import House
from caseflow.store.db import reading, writing
from caseflow.store.journal import Entry, link
from caseflow.store.models import CaseRow, DeadlineRow, EventRow, MaterialRow, PaperRow, PersonRow
from caseflow.store.seal import Keys
from caseflow.views.verifying import check_batch, seal_fault, seals_at
from tests.support.office import Office, open_office
from tests.support.roads import ACCEPT, APPROVE, CLOSE, HAND_OVER

TRANSFER = "transfer-continuation"
TAMPERINGS = int(os.environ.get("CASEFLOW_TAMPERINGS", "12"))
"""How many of each kind are tried; 1,000 in the long form."""


@pytest.fixture
def office(engine: Engine) -> Office:
    office = open_office(engine)
    for _ in range(4):
        ref = office.register(TRANSFER)
        for by, action, details in (ACCEPT, HAND_OVER, APPROVE, CLOSE):
            office.act(ref, by, action, **details)
    return office


def sealed(office: Office, path: Path) -> None:
    """Two seals: what the first had seen, the second counts."""
    for _ in range(2):
        with reading(office.engine) as session:
            seal_history(session, office.house, path, office.now)
        office.now += timedelta(minutes=5)


def faults(session: Connection, house: House, path: Path) -> list[str]:
    seals = seals_at(path)
    befores = [0, *(seal.last for seal in seals)]
    told = (seal_fault(session, house, seal, before) for seal, before in zip(seals, befores, strict=False))
    found = [fault for fault in told if fault]
    return found + [one.text for one in check_batch(session, house, "shawan", 0).broken]


def one_event(session: Connection, random: Random, *, last: bool = False) -> tuple[int, int, int]:
    """The id, case and place of some event: of any but the last of its case, or of the last."""
    case_id = random.choice(list(session.execute(select(CaseRow.id)).scalars()))
    rows = session.execute(select(EventRow.id, EventRow.seq).where(EventRow.case_id == case_id).order_by(EventRow.seq))
    row = rows.all()[-1] if last else random.choice(rows.all()[:-1])
    return row.id, case_id, row.seq


def changed(session: Connection, random: Random) -> None:
    event_id, _, _ = one_event(session, random)
    columns = {
        "actor_name": "别人",
        "on_day": date(2025, 1, 1),
        "action": "withdraw",
        "detail": {"opinion": "不同意"},
        "to_state": "refused",
        "duty": "check",
    }
    name = random.choice(list(columns))
    session.execute(update(EventRow).where(EventRow.id == event_id).values({name: columns[name]}))


def removed(session: Connection, random: Random) -> None:
    event_id, _, _ = one_event(session, random)
    session.execute(delete(EventRow).where(EventRow.id == event_id))


def inserted(session: Connection, random: Random) -> None:
    _, case_id, _ = one_event(session, random)
    query = select(EventRow).where(EventRow.case_id == case_id).order_by(EventRow.seq.desc()).limit(1)
    row = dict(session.execute(query.with_only_columns(*EventRow.__table__.columns)).one()._mapping)
    session.execute(insert(EventRow).values({**row, "id": row["id"] + 1000, "seq": row["seq"] + 1}))


def reordered(session: Connection, random: Random) -> None:
    _, case_id, seq = one_event(session, random)
    here = [EventRow.case_id == case_id]
    for before, after in ((seq, 900), (seq + 1, seq), (900, seq + 1)):
        session.execute(update(EventRow).where(*here, EventRow.seq == before).values(seq=after))


def truncated(session: Connection, random: Random) -> None:
    """The last entry cut off, and the head on the case's row set back to fit."""
    event_id, case_id, seq = one_event(session, random, last=True)
    session.execute(delete(EventRow).where(EventRow.id == event_id))
    query = select(EventRow.chain, EventRow.to_state).where(EventRow.case_id == case_id, EventRow.seq == seq - 1)
    row = session.execute(query).one()
    back = {"version": seq - 1, "chain": row.chain, "state": row.to_state}
    session.execute(update(CaseRow).where(CaseRow.id == case_id).values(back))


def recomputed(session: Connection, random: Random) -> None:
    """Everything after a change chained again, by somebody who knows the rule and not the key."""
    _, case_id, seq = one_event(session, random)
    keys, before = Keys(random.randbytes(32)), ""
    query = select(EventRow).where(EventRow.case_id == case_id).order_by(EventRow.seq)
    for row in session.execute(query.with_only_columns(*EventRow.__table__.columns)).all():
        values = {name: getattr(row, name) for name in Entry.__slots__}
        if row.seq == seq:
            values["actor_name"] = "别人"
        before = link(keys, before, Entry(**values)) if row.seq >= seq else row.chain
        session.execute(
            update(EventRow).where(EventRow.id == row.id).values(actor_name=values["actor_name"], chain=before)
        )
    session.execute(update(CaseRow).where(CaseRow.id == case_id).values(chain=before))


def case_removed(session: Connection, random: Random) -> None:
    _, case_id, _ = one_event(session, random)
    for table in (EventRow, PaperRow, MaterialRow, DeadlineRow, PersonRow):
        session.execute(delete(table).where(table.case_id == case_id))
    session.execute(delete(CaseRow).where(CaseRow.id == case_id))


def state_changed(session: Connection, random: Random) -> None:
    _, case_id, _ = one_event(session, random)
    session.execute(update(CaseRow).where(CaseRow.id == case_id).values(state="refused"))


KINDS: tuple[Callable[[Connection, Random], None], ...] = (
    *(changed, removed, inserted, reordered, truncated, recomputed, case_removed, state_changed),
)


class _Undo(Exception):
    """Ends a transaction without keeping what it did."""


@pytest.mark.parametrize("tamper", KINDS, ids=[kind.__name__ for kind in KINDS])
def test_every_kind_of_tampering_is_found(
    office: Office, tmp_path: Path, tamper: Callable[[Connection, Random], None]
) -> None:
    path, missed = tmp_path / "seals.jsonl", []
    sealed(office, path)

    for seed in range(TAMPERINGS):
        with pytest.raises(_Undo), writing(office.engine) as session:
            tamper(session, Random(seed))
            if not faults(session, office.house, path):
                missed.append(seed)
            raise _Undo

    assert missed == []


def test_an_untouched_history_holds(office: Office, tmp_path: Path) -> None:
    sealed(office, tmp_path / "seals.jsonl")

    with reading(office.engine) as session:
        checked = check_batch(session, office.house, "shawan", 0)
        assert faults(session, office.house, tmp_path / "seals.jsonl") == []

    assert (checked.cases, checked.entries, checked.broken) == (4, 20, ())


def test_the_chains_alone_do_not_miss_a_whole_case(office: Office, tmp_path: Path) -> None:
    with pytest.raises(_Undo), writing(office.engine) as session:
        case_removed(session, Random(1))

        assert faults(session, office.house, tmp_path / "none.jsonl") == []
        raise _Undo


def test_what_came_after_the_last_seal_is_sealed_by_the_next(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "seals.jsonl"
    sealed(office, path)
    office.register(TRANSFER)
    sealed(office, path)

    with pytest.raises(_Undo), writing(office.engine) as session:
        session.execute(update(EventRow).where(EventRow.case_id == 5).values(chain="0" * 64))

        assert "办理记录与封存时不一致" in faults(session, office.house, path)
        raise _Undo


def test_a_second_seal_of_nothing_new_is_not_written(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "seals.jsonl"
    sealed(office, path)
    sealed(office, path)

    assert len(seals_at(path)) == 2


def test_a_seal_taken_out_of_the_file_is_missed(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "seals.jsonl"
    for _ in range(2):
        office.register(TRANSFER)
        sealed(office, path)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:1] + lines[2:]))

    with reading(office.engine) as session:
        assert "与上一次封存不相接，封存记录有缺" in faults(session, office.house, path)


def test_two_seals_in_one_minute_are_one(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "seals.jsonl"
    with reading(office.engine) as session:
        first = seal_history(session, office.house, path, office.now)
        second = seal_history(session, office.house, path, office.now + timedelta(seconds=59))

    assert (first is not None, second) == (True, None)


def test_a_seal_cut_off_by_a_crash_is_replaced_by_the_next(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "seals.jsonl"
    sealed(office, path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])

    with reading(office.engine) as session:
        seal_history(session, office.house, path, office.now)
        assert faults(session, office.house, path) == []

    assert [json.loads(line)["count"] for line in path.read_text().splitlines()] == [0, 20]


def test_a_file_that_holds_no_seals_is_refused(tmp_path: Path) -> None:
    (tmp_path / "seals.jsonl").write_text('{"at": 1}\n')

    with pytest.raises(Unavailable, match="封存记录"):
        seals_at(tmp_path / "seals.jsonl")
