"""A power cut for SQLite: what was written and not synced is gone, however orderly the program went on.

`kill -9` cannot show this: the system's page cache outlives the process. So the database runs on files of our own, in
which a write lies apart until the file is synced, and a cut drops what lies apart. SQLite's own build in `apsw` takes
such files; the settings under test are those of caseflow.store.db, and the statements are those of a step: read,
append to the history, move the case on, count, commit.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

import apsw

SCHEMA = """
CREATE TABLE cases (id INTEGER PRIMARY KEY, version INTEGER NOT NULL, chain TEXT NOT NULL);
CREATE TABLE event (case_id INTEGER NOT NULL, seq INTEGER NOT NULL, chain TEXT NOT NULL, UNIQUE (case_id, seq));
CREATE TABLE counter (kind TEXT PRIMARY KEY, last INTEGER NOT NULL);
INSERT INTO counter VALUES ('paper', 0);
"""
CASES = 20


@dataclass
class Disk:
    """What lies on the disk by file name, and what was written to each file since it was last synced."""

    synced: dict[str, bytes] = field(default_factory=dict)
    open: dict[str, bytearray] = field(default_factory=dict)

    def content(self, name: str) -> bytearray:
        """The file as the running program sees it."""
        return self.open.setdefault(name, bytearray(self.synced.get(name, b"")))

    def sync(self, name: str) -> None:
        """What was written to this file is on the disk from now on, and so is its name."""
        self.synced[name] = bytes(self.content(name))

    def remove(self, name: str) -> None:
        """A removed file is gone at once: the kindest of what a cut may leave."""
        self.open.pop(name, None)
        self.synced.pop(name, None)

    def cut(self, chance: random.Random, kept: float) -> None:
        """The power goes: of every file either all that was not synced is gone or, by chance, none of it."""
        for name in list(self.open):
            if chance.random() < kept:
                self.sync(name)
        self.open.clear()


class Files(apsw.VFS):  # type: ignore[misc]
    """SQLite's files on such a disk."""

    def __init__(self, name: str, disk: Disk) -> None:
        self.disk, self.named = disk, name
        super().__init__(name, base="")

    def xOpen(self, name: Any, flags: Any) -> File:  # noqa: N802 - the names and arguments here are apsw's
        path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        flags[1] = flags[0]
        return File(self.disk, path)

    def xDelete(self, name: str, sync: bool) -> None:  # noqa: ARG002, N802
        self.disk.remove(name)

    def xAccess(self, name: str, flags: int) -> bool:  # noqa: ARG002, N802
        return name in self.disk.open or name in self.disk.synced

    def xFullPathname(self, name: str) -> str:  # noqa: N802
        return name


class File:
    """One open file; one program has the disk to itself, so locks always succeed."""

    def __init__(self, disk: Disk, name: str) -> None:
        self.disk, self.name = disk, name
        disk.content(name)

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802
        return bytes(self.disk.content(self.name)[offset : offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        held = self.disk.content(self.name)
        if len(held) < offset:
            held.extend(bytes(offset - len(held)))
        held[offset : offset + len(data)] = data

    def xTruncate(self, size: int) -> None:  # noqa: N802
        del self.disk.content(self.name)[size:]

    def xSync(self, flags: int) -> None:  # noqa: ARG002, N802
        self.disk.sync(self.name)

    def xFileSize(self) -> int:  # noqa: N802
        return len(self.disk.content(self.name))

    def xLock(self, level: int) -> None:  # noqa: N802
        """Nobody else is there."""

    def xUnlock(self, level: int) -> None:  # noqa: N802
        """Nobody else is there."""

    def xCheckReservedLock(self) -> bool:  # noqa: N802
        return False

    def xFileControl(self, op: int, pointer: int) -> bool:  # noqa: ARG002, N802
        return False

    def xSectorSize(self) -> int:  # noqa: N802
        return 4096

    def xDeviceCharacteristics(self) -> int:  # noqa: N802
        return 0

    def xClose(self) -> None:  # noqa: N802
        """What was not synced stays apart."""


@dataclass(frozen=True, slots=True)
class Cut:
    """What many power cuts came to."""

    cuts: int
    acknowledged: int
    lost: int
    broken: int


def cut_often(journal: str, synchronous: str, cuts: int, seed: int) -> Cut:
    """Step, cut the power at a random step, open again, compare; as often as asked."""
    chance, disk = random.Random(seed), Disk()
    vfs = Files(f"cut-{journal}-{synchronous}-{seed}", disk)
    _with(vfs, journal, "FULL", lambda connection: connection.execute(SCHEMA))
    acknowledged, lost, broken = 0, 0, 0
    versions = [0] * CASES
    for _ in range(cuts):
        connection = _open(vfs, journal, synchronous)
        for _ in range(chance.randint(1, 12)):
            case = chance.randrange(CASES)
            versions[case] = _step(connection, case, versions[case])
            acknowledged += 1
        disk.cut(chance, kept=0.2)
        _drop(connection, disk)
        found, whole = _with(vfs, journal, synchronous, _read)
        broken += not whole
        lost += sum(max(0, version - found.get(case, 0)) for case, version in enumerate(versions))
        versions = [found.get(case, 0) for case in range(CASES)]
    vfs.unregister()
    return Cut(cuts, acknowledged, lost, broken)


def _open(vfs: Files, journal: str, synchronous: str) -> apsw.Connection:
    flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
    connection = apsw.Connection("power.db", flags=flags, vfs=vfs.named)
    # Without shared memory WAL needs the database for itself: the writes and syncs are the same.
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute(f"PRAGMA journal_mode = {journal}")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    return connection


def _with(vfs: Files, journal: str, synchronous: str, read: Any) -> Any:
    connection = _open(vfs, journal, synchronous)
    try:
        return read(connection)
    finally:
        connection.close()


def _drop(connection: apsw.Connection, disk: Disk) -> None:
    """Let go of a connection whose power is gone: what it writes while closing must not reach the disk."""
    kept = dict(disk.synced)
    connection.close()
    disk.synced, disk.open = kept, {}


def _step(connection: apsw.Connection, case: int, version: int) -> int:
    """One step as the product takes it, acknowledged when COMMIT has returned."""
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("SELECT version, chain FROM cases WHERE id = ?", (case,)).fetchall()
    connection.execute("UPDATE counter SET last = last + 1 WHERE kind = 'paper'")
    chain = f"{case}:{version + 1}"
    connection.execute("INSERT INTO event VALUES (?, ?, ?)", (case, version + 1, chain))
    moved = "INSERT INTO cases VALUES (?, 1, ?) ON CONFLICT (id) DO UPDATE SET version = version + 1, chain = ?"
    connection.execute(moved, (case, chain, chain))
    connection.execute("COMMIT")
    return version + 1


def _read(connection: apsw.Connection) -> tuple[dict[int, int], bool]:
    """The versions found, and whether every table still agrees with the others."""
    try:
        sound = connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        versions = dict(connection.execute("SELECT id, version FROM cases").fetchall())
        events = dict(connection.execute("SELECT case_id, count(*) FROM event GROUP BY case_id").fetchall())
        (papers,) = connection.execute("SELECT last FROM counter").fetchone()
    except apsw.Error:
        return {}, False
    return versions, sound and versions == events and papers == sum(versions.values())
