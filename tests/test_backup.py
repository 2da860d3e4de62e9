"""Backups taken while people work, put back into an empty place; and archives that are not what they seem."""

from __future__ import annotations

import io
import json
import os
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select

from caseflow.catalogue import load_catalogue
from caseflow.cli import main
from caseflow.config import CONFIG_FILE
from caseflow.desk import archive as archives
from caseflow.desk import backing_up
from caseflow.desk.archive import unpack
from caseflow.desk.attachments import attach
from caseflow.desk.key_use import PURGE, alone
from caseflow.desk.rotating import claim_key
from caseflow.desk.sealing import seal_history
from caseflow.errors import BadInput
from caseflow.house import House
from caseflow.store.db import create_engine_for, reading, writing
from caseflow.store.files import names_in, path_of
from caseflow.store.keeping_models import StoredFileRow
from caseflow.store.models import CaseRow, EventRow
from caseflow.store.seal import Keys, new_master
from caseflow.store.sealed_stream import Sealer, new_key, seal_bytes
from tests.support.databases import Databases
from tests.support.office import Office
from tests.support.roads import ACCEPT, HAND_OVER
from tests.support.scans import png
from tests.support.sealed_office import TRANSFER, open_sealed_office

LONG = "CASEFLOW_BACKUPS" in os.environ
BACKUPS = int(os.environ.get("CASEFLOW_BACKUPS", "2"))
"""Backups under load per database, each put back and verified; 100 in the long form."""


@dataclass
class Home:
    """An installation in a folder of its own."""

    folder: Path
    office: Office
    master: str

    def run(self, *words: str) -> Result:
        """A command in this folder."""
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            return CliRunner().invoke(main, list(words))


def settle(folder: Path, url: str, master: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / CONFIG_FILE).write_text(f'database_url = "{url}"\nmaster_key = "{master}"\n', encoding="utf-8")


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("CASEFLOW_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def home(database_url: str, tmp_path: Path) -> Iterator[Home]:
    engine, master = create_engine_for(database_url), new_master()
    settle(tmp_path / "here", database_url, master)
    office, _ = open_sealed_office(engine, tmp_path / "here" / "caseflow-files", master)
    with writing(engine) as session:
        claim_key(session, office.house.keys, office.now)
    yield Home(tmp_path / "here", office, master)
    engine.dispose()


@dataclass
class Elsewhere:
    """An empty place to put a backup into."""

    folder: Path
    url: str

    def restore(self, archive: Path) -> Result:
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            return CliRunner().invoke(main, ["restore", str(archive)])

    def left(self) -> list[str]:
        """What lies here beside the configuration."""
        return sorted(path.name for path in self.folder.iterdir() if path.name != CONFIG_FILE.name)


@pytest.fixture
def empty(databases: Databases, tmp_path: Path, home: Home) -> Iterator[Callable[[], Elsewhere]]:
    """Makes empty places, one after the other."""
    opened = []

    def make() -> Elsewhere:
        folder = tmp_path / f"there-{len(opened)}"
        context = databases.fresh(migrated=False)
        opened.append(context)
        url = context.__enter__()
        if url.startswith("sqlite"):
            url = f"sqlite:///{folder / 'restored.db'}"
        settle(folder, url, home.master)
        return Elsewhere(folder, url)

    yield make
    for context in opened:
        context.__exit__(None, None, None)


def count(url: str) -> dict[str, int]:
    engine = create_engine_for(url)
    with reading(engine) as session:
        found = {
            table.__tablename__: session.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (CaseRow, EventRow, StoredFileRow)
        }
    engine.dispose()
    return found


def test_a_backup_put_back_elsewhere_is_the_same_and_verifies(
    home: Home, database_url: str, empty: Callable[[], Elsewhere], tmp_path: Path
) -> None:
    for _ in range(2):
        with reading(home.office.engine) as session:
            seal_history(session, home.office.house, home.folder / "caseflow-seals.jsonl", home.office.now)
        home.office.now = home.office.now.replace(hour=home.office.now.hour + 1)

    made = home.run("backup", str(tmp_path))
    there = empty()
    (archive,) = tmp_path.glob("*.backup")
    result = there.restore(archive)

    assert (made.exit_code, result.exit_code) == (0, 0), made.stderr + result.stderr
    assert "封存相符" in result.stdout
    assert count(there.url) == count(database_url)
    assert set(names_in(there.folder / "caseflow-files")) == set(names_in(home.folder / "caseflow-files"))
    assert (archive.stat().st_mode & 0o777, home.master in archive.read_bytes().decode("latin-1")) == (0o600, False)
    assert "张霈".encode() not in archive.read_bytes()


def test_under_load_every_backup_is_whole(home: Home, empty: Callable[[], Elsewhere], tmp_path: Path) -> None:
    """Somebody registers, accepts, hands over and scans without a pause while the copies are made."""
    stop, done = threading.Event(), []
    worker = threading.Thread(target=_work, args=(home, stop, done))
    worker.start()
    failed, sizes = [], []
    try:
        for n in range(BACKUPS):
            archive = tmp_path / f"{n}.backup"
            made = home.run("backup", str(archive), "--json")
            there = empty()
            result = there.restore(archive)
            sizes.append(count(there.url)["cases"])
            if made.exit_code or result.exit_code:
                failed.append((n, made.output, result.output))
            archive.unlink()
    finally:
        stop.set()
        worker.join()

    assert failed == []
    assert len(done) >= BACKUPS
    assert sizes == sorted(sizes)
    if LONG:
        sys.stderr.write(f"\n{BACKUPS} backups, {len(done)} cases written meanwhile, all whole\n")


def _work(home: Home, stop: threading.Event, done: list[int]) -> None:
    office, root = home.office, home.folder / "caseflow-files"
    line = office.item(TRANSFER).materials[0].key
    while not stop.is_set():
        ref = office.register(TRANSFER)
        with writing(office.engine) as session:
            scan = (line, "扫描.png", png(seed=len(done)))
            attach(session, office.house, root, office.staff["clerk"], ref.id, ref.version, scan, office.now)
        for by, action, details in (ACCEPT, HAND_OVER):
            office.act(ref, by, action, **details)
        done.append(ref.id)


def test_a_backup_is_remembered_and_a_file_never_replaced(home: Home, tmp_path: Path) -> None:
    first, second = home.run("backup", str(tmp_path / "a.backup")), home.run("backup", str(tmp_path / "a.backup"))

    with reading(home.office.engine) as session:
        assert backing_up.last_backup(session) is not None
    assert (first.exit_code, second.exit_code) == (0, 2)
    assert "已存在，不会覆盖" in second.stderr


def test_a_missing_attachment_is_named_and_everything_else_is_kept(
    home: Home, empty: Callable[[], Elsewhere], tmp_path: Path
) -> None:
    (name,) = names_in(home.folder / "caseflow-files")
    path_of(home.folder / "caseflow-files", name).unlink()

    made = home.run("backup", str(tmp_path / "a.backup"))

    assert (made.exit_code, name in made.stderr) == (1, True)
    assert empty().restore(tmp_path / "a.backup").exit_code == 0


def test_a_purge_waits_for_a_backup(home: Home, tmp_path: Path) -> None:
    with alone(home.office.engine, PURGE):
        result = home.run("backup", str(tmp_path / "a.backup"))

    assert (result.exit_code, "正在销毁办件" in result.stderr) == (2, True)
    assert list(tmp_path.glob("*.backup")) == []


def test_without_the_client_programs_it_says_what_to_install(
    home: Home, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    result = home.run("backup", str(tmp_path / "a.backup"))

    if database_url.startswith("sqlite"):
        assert result.exit_code == 0
    else:
        assert (result.exit_code, "postgresql-client" in result.stderr) == (2, True)
        assert [path.name for path in tmp_path.iterdir()] == ["here"]


def test_a_disk_that_fills_leaves_no_archive(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_self: Sealer, _content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Sealer, "write", full)
    result = home.run("backup", str(tmp_path / "a.backup"))

    assert (result.exit_code, "没有完成" in result.stderr) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["here"]


# --- into an empty place only, all or nothing


@pytest.mark.parametrize("taken", ["database", "caseflow-files", "caseflow-seals.jsonl"])
def test_a_place_that_is_not_empty_is_left_as_it_is(
    home: Home, empty: Callable[[], Elsewhere], tmp_path: Path, taken: str
) -> None:
    home.run("backup", str(tmp_path / "a.backup"))
    there = empty()
    if taken == "database":
        engine = create_engine_for(there.url)
        with writing(engine) as session:
            session.exec_driver_sql("CREATE TABLE precious (n INTEGER)")
        engine.dispose()
    elif taken == "caseflow-files":
        (there.folder / taken).mkdir()
        (there.folder / taken / "precious").touch()
    else:
        (there.folder / taken).touch()
    before = there.left()

    result = there.restore(tmp_path / "a.backup")

    assert (result.exit_code, "只能恢复到空的位置" in result.stderr) == (2, True)
    assert there.left() == before


def test_another_key_does_not_open_it(home: Home, empty: Callable[[], Elsewhere], tmp_path: Path) -> None:
    home.run("backup", str(tmp_path / "a.backup"))
    there = empty()
    settle(there.folder, there.url, new_master())

    result = there.restore(tmp_path / "a.backup")

    assert (result.exit_code, "另一把密钥" in result.stderr, there.left()) == (2, True, [])


def test_a_fault_while_putting_back_leaves_nothing(
    home: Home, empty: Callable[[], Elsewhere], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.run("backup", str(tmp_path / "a.backup"))
    there = empty()

    def broken(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(backing_up, "_put_database", broken)
    result = there.restore(tmp_path / "a.backup")

    assert isinstance(result.exception, OSError)
    assert there.left() == []


# --- hostile archives


KEYS = Keys(bytes(32))
DATABASE = ("database.sqlite", b"SQLite format 3")
SEALS = ("seals.jsonl", b"")


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def forged(path: Path, *members: tuple[str | tarfile.TarInfo, bytes], **told: object) -> Path:
    """An archive as somebody with the key could make it, with a manifest that fits unless something else is told."""
    buffer = io.BytesIO()
    named = {
        str(name): [len(content), sha256(content).hexdigest()] for name, content in members if isinstance(name, str)
    }
    manifest = {"made_at": "2026-03-02", "backend": "sqlite", "revision": "0006", "members": named} | told
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in (*members, ("manifest.json", json.dumps(manifest).encode())):
            info = name if isinstance(name, tarfile.TarInfo) else member(name)
            info.size = len(content) if info.isreg() else 0
            tar.addfile(info, io.BytesIO(content))
    key = new_key()
    head = {"format": 1, "key_id": KEYS.key_id, "sealed": KEYS.seal(key.hex()).hex()}
    with path.open("wb") as file:
        file.write(archives._MAGIC + json.dumps(head).encode() + b"\n")
        seal_bytes(buffer.getvalue(), key, file)
    return path


def test_a_forged_archive_that_fits_is_taken(tmp_path: Path) -> None:
    """The control: what the hostile ones change is what makes them refused."""
    folder = tmp_path / "out"
    folder.mkdir()

    manifest = unpack(forged(tmp_path / "a", SEALS, DATABASE), KEYS, folder)

    assert (manifest.revision, sorted(manifest.members)) == ("0006", ["database.sqlite", "seals.jsonl"])


HOSTILE: dict[str, tuple[tuple[tuple[str | tarfile.TarInfo, bytes], ...], dict[str, object]]] = {
    "upwards": ((DATABASE, ("../escaped", b"x")), {}),
    "absolute": ((DATABASE, ("/escaped-caseflow", b"x")), {}),
    "upwards inside": ((DATABASE, ("files/../../escaped", b"x")), {}),
    "a name of its own": ((DATABASE, ("caseflow.toml", b"x")), {}),
    "a link": ((DATABASE, (member("seals.jsonl", tarfile.SYMTYPE, "/etc/passwd"), b"")), {}),
    "a hard link": ((DATABASE, (member("seals.jsonl", tarfile.LNKTYPE, "../x"), b"")), {}),
    "a device": ((DATABASE, (member("seals.jsonl", tarfile.CHRTYPE), b"")), {}),
    "a folder": ((DATABASE, (member("files", tarfile.DIRTYPE), b"")), {}),
    "twice": ((DATABASE, DATABASE), {}),
    "no database": ((SEALS,), {}),
    "another database": ((("database.dump", b"PGDMP"),), {}),
    "a wrong digest": ((DATABASE,), {"members": {"database.sqlite": [15, "0" * 64]}}),
    "a wrong size": ((DATABASE,), {"members": {"database.sqlite": [1, sha256(DATABASE[1]).hexdigest()]}}),
    "one too few": ((DATABASE,), {"members": {}}),
    "another format": ((DATABASE,), {"format": 2}),
    "an unknown word": ((DATABASE,), {"surprise": 1}),
    "no manifest of its own": ((DATABASE, ("manifest.json", b"{}")), {}),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_archive_writes_nothing_outside_and_is_refused(tmp_path: Path, kind: str) -> None:
    members, told = HOSTILE[kind]
    folder = tmp_path / "deep" / "out"
    folder.mkdir(parents=True)

    with pytest.raises(BadInput, match="备份"):
        unpack(forged(tmp_path / "a.backup", *members, **told), KEYS, folder)

    outside = [path for path in tmp_path.rglob("*") if path.is_file() and folder not in path.parents]
    assert [path.name for path in outside] == ["a.backup"]
    assert not Path("/escaped-caseflow").exists()


def test_an_archive_cut_off_or_changed_anywhere_is_refused(tmp_path: Path) -> None:
    whole = forged(tmp_path / "whole", SEALS, DATABASE, ("files/" + "a" * 64, bytes(300_000))).read_bytes()
    bad = tmp_path / "bad.backup"
    cuts = [whole[:size] for size in (0, 5, 20, 100, 300, 70_000, len(whole) - 1, len(whole) - 17)]
    flips = [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in (0, 40, 400, 70_000, len(whole) - 1)]

    for n, content in enumerate((*cuts, *flips, whole + b"x", b"SQLite format 3" * 9)):
        bad.write_bytes(content)
        folder = tmp_path / f"out-{n}"
        folder.mkdir()
        with pytest.raises(BadInput):
            unpack(bad, KEYS, folder)


@pytest.mark.parametrize(
    ("told", "words"),
    [({"revision": "9999"}, "更新的版本"), ({"backend": "postgresql"}, "备份来自 postgresql")],
)
def test_a_backup_of_another_kind_or_version_is_refused(tmp_path: Path, told: dict[str, object], words: str) -> None:
    name = "database.dump" if "backend" in told else "database.sqlite"
    archive = forged(tmp_path / "a.backup", (name, b"x"), **told)
    place = backing_up.Place(f"sqlite:///{tmp_path / 'new.db'}", tmp_path / "files", tmp_path / "seals")
    house = House(load_catalogue(), KEYS)

    with pytest.raises(BadInput, match=words):
        backing_up.restore(house, archive, place, frozenset({"0006"}))

    assert [path.name for path in tmp_path.iterdir()] == ["a.backup"]
