"""Changing the master key: nothing sealed is forgotten, nothing is lost, and the history keeps what vouched for it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, LargeBinary, insert, select, update

from caseflow.desk.drafts import save_draft
from caseflow.desk.key_use import alone, hold
from caseflow.desk.rotating import claim_key, key_in_force, rotate
from caseflow.desk.sealing import seal_history
from caseflow.errors import Unavailable
from caseflow.store.base import Base
from caseflow.store.chains import chains_of
from caseflow.store.db import create_engine_for, reading, writing
from caseflow.store.keeping_models import MasterKeyRow
from caseflow.store.models import CaseRow, EventRow
from caseflow.store.office_models import DraftRow
from caseflow.store.seal import Keys, new_master
from caseflow.store.sealed_values import KEYED, SEALED
from caseflow.store.side_models import BrokenWordRow
from caseflow.views.attachments import missing_files
from caseflow.views.earlier import earlier_cases
from caseflow.views.verifying import check_batch, key_faults, seal_fault, seals_at
from tests.support.office import PERSON, Office
from tests.support.sealed_office import TRANSFER, open_sealed_office, opening, texts, with_keys


def turned(office: Office) -> Office:
    """The office after a change of its key."""
    new = Keys.from_text(new_master())
    with writing(office.engine) as session:
        rotate(session, office.house.keys, new, office.now)
    return with_keys(office, new)


def faults(office: Office, path: Path) -> list[str]:
    """Everything `caseflow verify` would find."""
    seals = seals_at(path)
    befores = [0, *(seal.last for seal in seals)]
    with reading(office.engine) as session:
        told = [seal_fault(session, office.house, one, at) for one, at in zip(seals, befores, strict=False)]
        chains = [one.text for one in check_batch(session, office.house, "shawan", 0).broken]
        return [fault for fault in told if fault] + chains + [text for _, text in key_faults(session, office.house)]


def sealed(office: Office, path: Path) -> None:
    for _ in range(2):
        with reading(office.engine) as session:
            seal_history(session, office.house, path, office.now)
        office.now += timedelta(minutes=5)


def test_every_column_of_bytes_and_every_index_is_in_the_register() -> None:
    tables = Base.metadata.sorted_tables
    bytes_columns = {str(one) for table in tables for one in table.columns if isinstance(one.type, LargeBinary)}
    index_columns = {str(one) for table in tables for one in table.columns if one.name.endswith("_index")}

    assert bytes_columns == {str(one.property.columns[0]) for one in SEALED}
    assert index_columns <= {str(one.property.columns[0]) for one in KEYED}


def test_everything_sealed_opens_with_the_new_key_and_nothing_with_the_old(engine: Engine, tmp_path: Path) -> None:
    office, ref = open_sealed_office(engine, tmp_path)
    old = office.house.keys
    with reading(engine) as session:
        before = opening(session, old)
        assert old.index(PERSON.id_number) in texts(session)
    assert {"person", "outbox", "draft", "stored_file", "cases", "second_factor"} <= {
        place.split(".")[0] for place in before
    }

    after = turned(office)

    with reading(engine) as session:
        opened = opening(session, after.house.keys)
        assert opening(session, old) == {}
        assert {place: opened[place] for place in before} == before
        assert old.index(PERSON.id_number) not in texts(session)
        found = earlier_cases(session, after.house, after.staff["clerk"], PERSON.id_number)
        assert ref.number in {one.number for one in found}
        words = select(BrokenWordRow.id).join(CaseRow, CaseRow.applicant_index == BrokenWordRow.id_index)
        assert session.execute(words.where(CaseRow.id == ref.id)).all() == [(1,)]
        assert missing_files(session, after.house, tmp_path) == ()


def test_the_history_is_not_written_again_and_still_holds(engine: Engine, tmp_path: Path) -> None:
    office, ref = open_sealed_office(engine, tmp_path / "files")
    path = tmp_path / "seals.jsonl"
    sealed(office, path)
    chains = _chains(office)

    for _ in range(3):
        office = turned(office)
        office.act(ref, "reviewer", "send_back", reason="材料不清")
        office.act(ref, "clerk", "hand_over")
        sealed(office, path)

    assert faults(office, path) == []
    assert _chains(office)[: len(chains)] == chains
    with reading(engine) as session:
        assert len({one.key_id for one in chains_of(session, office.house.keys).epochs}) == 4


def _chains(office: Office) -> list[str]:
    with reading(office.engine) as session:
        return list(session.execute(select(EventRow.chain).order_by(EventRow.id)).scalars())


def test_whoever_has_the_old_key_cannot_write_the_old_history_anew(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new key vouches for what the old one chained: entries forged with the old key do not fit."""
    office, _ = open_sealed_office(engine, tmp_path)
    after = turned(office)
    with reading(engine) as session:
        assert key_faults(session, after.house) == ()
    forged = {"covers_mac": office.house.keys.mac(b"rotation", b"0", b""), "covers_last": 0, "covers_count": 0}

    with writing(engine) as session:
        session.execute(update(MasterKeyRow).where(MasterKeyRow.key_id == after.house.keys.key_id).values(forged))

    with reading(engine) as session:
        assert key_faults(session, after.house) != ()
        assert check_batch(session, after.house, "shawan", 0).broken


def test_what_does_not_open_stops_the_change_as_a_whole_and_is_named(engine: Engine, tmp_path: Path) -> None:
    office, _ = open_sealed_office(engine, tmp_path)
    stranger = Keys.from_text(new_master())
    with writing(engine) as session:
        row = {"staff_id": office.staff["cashier"].id, "form": "register:x", "saved_at": office.now}
        session.execute(insert(DraftRow).values(sealed=stranger.seal("{}"), **row))
    with reading(engine) as session:
        before = opening(session, office.house.keys)

    with pytest.raises(Unavailable, match=r"draft 表.*没有更换密钥"):
        turned(office)

    with reading(engine) as session:
        assert opening(session, office.house.keys) == before


def test_a_key_is_claimed_once_and_only_by_one_that_opens_what_is_there(engine: Engine, tmp_path: Path) -> None:
    other = Keys.from_text(new_master())
    office, _ = open_sealed_office(engine, tmp_path)

    with pytest.raises(Unavailable), writing(engine) as session:
        claim_key(session, other, office.now)
    for keys in (office.house.keys, other):
        with writing(engine) as session:
            claim_key(session, keys, office.now)

    with reading(engine) as session:
        assert key_in_force(session) == office.house.keys.key_id


def test_no_two_batches_leave_a_row_out(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("caseflow.desk.rotating._BATCH", 2)
    office, _ = open_sealed_office(engine, tmp_path)
    for n in range(5):
        office.register(TRANSFER)
        for by in ("clerk", "reviewer"):
            with writing(engine) as session:
                save_draft(session, office.house, office.staff[by], f"register:{n}", {}, office.now)

    after = turned(office)

    with reading(engine) as session:
        assert opening(session, office.house.keys) == {}
        assert len(opening(session, after.house.keys)) > 20


# --- who uses the key meanwhile


def test_a_process_that_holds_the_key_keeps_it_from_being_changed(database_url: str) -> None:
    server, other = create_engine_for(database_url), create_engine_for(database_url)
    hold(server, "0011")
    with reading(server):
        pass

    with pytest.raises(Unavailable, match="正在使用中"), alone(other):
        pass

    server.dispose()
    with alone(other):
        pass
    other.dispose()


def test_nobody_begins_to_use_the_key_while_it_is_changed(database_url: str) -> None:
    server, other = create_engine_for(database_url), create_engine_for(database_url)
    hold(server, "0011")

    with alone(other), pytest.raises(Unavailable, match="正在更换密钥"), reading(server):
        pass

    with reading(server):
        pass
    server.dispose()
    other.dispose()


def test_a_process_with_a_retired_key_is_refused_and_its_own_is_let_in(engine: Engine, tmp_path: Path) -> None:
    office, _ = open_sealed_office(engine, tmp_path)
    after = turned(office)

    for house, fits in ((office.house, False), (after.house, True)):
        server = create_engine_for(engine.url.render_as_string(hide_password=False))
        hold(server, house.keys.key_id)
        if fits:
            with reading(server):
                pass
        else:
            with pytest.raises(Unavailable, match="另一把密钥"), reading(server):
                pass
        server.dispose()


def test_a_deleted_person_leaves_a_word_that_is_counted(engine: Engine, tmp_path: Path) -> None:
    """A broken word whose number is in no case any more cannot be found by the new index, and that is told."""
    office, _ = open_sealed_office(engine, tmp_path)
    with writing(engine) as session:
        session.execute(update(CaseRow).values(applicant_index="0" * 64))
        told = rotate(session, office.house.keys, Keys.from_text(new_master()), office.now)

    assert told.orphans == 1
