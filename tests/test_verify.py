"""`caseflow verify`: whatever is done to the history behind the application's back is found.

The triggers keep everybody from it who does not own the database; here the owner takes them away first. The long form,
`CASEFLOW_TAMPERINGS=1000 pytest tests/test_verify.py -k tampering`, tries a thousand of each kind.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Connection, Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from caseflow.cli import verify
from caseflow.desk.sealing import seal_history
from caseflow.errors import Unavailable
from caseflow.store.db import reading, writing
from caseflow.store.guards import PurgedEventRow, PurgeRow, tombstone_mac
from caseflow.store.journal import Entry, link
from caseflow.store.models import CaseRow, DeadlineRow, EventRow, MaterialRow, PaperRow, PersonRow
from caseflow.store.seal import Keys
from caseflow.views.verifying import check_batch, seals_at
from tests.support.office import MORNING, Office, open_office
from tests.support.roads import ACCEPT, APPROVE, CLOSE, HAND_OVER
from tests.support.tampering import disarm, undone

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


def faults(office: Office, session: Connection, path: Path) -> list[str]:
    """What the whole command finds, reading in the transaction of `session`, which need not be committed."""

    @contextmanager
    def here(_engine: Engine) -> Iterator[Connection]:
        yield session

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verify, "reading", here)
        return [one["text"] for one in verify.look(office.engine, office.house, path).broken]


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


def case_removed(session: Connection, random: Random, case_id: int | None = None) -> None:
    case_id = case_id or one_event(session, random)[1]
    for table in (EventRow, PaperRow, MaterialRow, DeadlineRow, PersonRow):
        session.execute(delete(table).where(table.case_id == case_id))
    session.execute(delete(CaseRow).where(CaseRow.id == case_id))


def buried(session: Connection, random: Random) -> None:
    """A whole case taken away by the rules of a purge, by somebody without the key."""
    _, case_id, _ = one_event(session, random)
    case = session.execute(select(*CaseRow.__table__.columns).where(CaseRow.id == case_id)).one()
    told = {name: getattr(case, name) for name in ("bureau", "number", "item_key", "ended_on", "chain")}
    told |= {"case_id": case_id, "events": case.version, "retention": "10", "kept_until": case.ended_on, "removed": {}}
    told |= {"purged_on": case.ended_on + timedelta(days=1), "purged_at": MORNING, "by_id": None, "by_name": "王强"}
    mac = tombstone_mac(Keys(random.randbytes(32)), told)
    session.execute(insert(PurgeRow).values({**told, "mac": mac}))
    links = session.execute(select(EventRow.id, EventRow.seq, EventRow.chain).where(EventRow.case_id == case_id)).all()
    here = {"bureau": case.bureau, "case_id": case_id}
    session.execute(insert(PurgedEventRow), [here | {"id": one, "seq": n, "chain": head} for one, n, head in links])
    case_removed(session, random, case_id)


def state_changed(session: Connection, random: Random) -> None:
    _, case_id, _ = one_event(session, random)
    session.execute(update(CaseRow).where(CaseRow.id == case_id).values(state="refused"))


KINDS: tuple[Callable[[Connection, Random], None], ...] = (
    *(changed, removed, inserted, reordered, truncated, recomputed, case_removed, buried, state_changed),
)


@pytest.mark.parametrize("tamper", KINDS, ids=[kind.__name__ for kind in KINDS])
def test_every_kind_of_tampering_is_found(
    office: Office, tmp_path: Path, tamper: Callable[[Connection, Random], None]
) -> None:
    path, missed = tmp_path / "seals.jsonl", []
    sealed(office, path)
    with writing(office.engine) as session:
        assert disarm(session) > 0

    for seed in range(TAMPERINGS):
        with undone(office.engine) as session:
            tamper(session, Random(seed))
            if not faults(office, session, path):
                missed.append(seed)

    assert missed == []
    with reading(office.engine) as session:
        assert faults(office, session, path) == []


# One entry more is what the application writes, and the rules of a purge are open to the owner: that these were done
# without the key is found afterwards.
REFUSED = [kind for kind in KINDS if kind not in {inserted, buried}]


@pytest.mark.parametrize("tamper", REFUSED, ids=[kind.__name__ for kind in REFUSED])
def test_with_the_triggers_in_place_it_cannot_even_be_tried(
    office: Office, tamper: Callable[[Connection, Random], None]
) -> None:
    with pytest.raises(IntegrityError, match="："), writing(office.engine) as session:
        tamper(session, Random(1))


def test_an_untouched_history_holds(office: Office, tmp_path: Path) -> None:
    sealed(office, tmp_path / "seals.jsonl")

    with reading(office.engine) as session:
        checked = check_batch(session, office.house, "shawan", 0)
        assert faults(office, session, tmp_path / "seals.jsonl") == []

    assert (checked.cases, checked.entries, checked.broken) == (4, 20, ())


def test_the_chains_alone_do_not_miss_a_whole_case(office: Office, tmp_path: Path) -> None:
    with undone(office.engine) as session:
        disarm(session)
        case_removed(session, Random(1))

        assert faults(office, session, tmp_path / "none.jsonl") == []


def test_what_came_after_the_last_seal_is_sealed_by_the_next(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "seals.jsonl"
    sealed(office, path)
    office.register(TRANSFER)
    sealed(office, path)

    with undone(office.engine) as session:
        disarm(session)
        session.execute(update(EventRow).where(EventRow.case_id == 5).values(chain="0" * 64))

        assert "办理记录与封存时不一致" in faults(office, session, path)


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
        assert "与上一次封存不相接，封存记录有缺" in faults(office, session, path)


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
        assert faults(office, session, path) == []

    assert [json.loads(line)["count"] for line in path.read_text().splitlines()] == [0, 20]


def test_a_file_that_holds_no_seals_is_refused(tmp_path: Path) -> None:
    (tmp_path / "seals.jsonl").write_text('{"at": 1}\n')

    with pytest.raises(Unavailable, match="封存记录"):
        seals_at(tmp_path / "seals.jsonl")
