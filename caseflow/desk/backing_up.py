"""Copies of a whole installation: taken while it runs, put back into an empty place.

In this order, so that nothing a row or a seal names is missing: the seals, then the database as it was at one instant,
then the attachments that are named since. Attachments are never changed, and taken away by a purge only, which waits.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import file_digest
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, func, insert, inspect, select
from sqlalchemy.engine import URL, make_url

from caseflow.desk.archive import DATABASES, FILES, SEALS, Manifest, Writer, unpack, writing_archive
from caseflow.errors import BadInput, Fault, Refusal, Refused, Unavailable
from caseflow.house import House
from caseflow.store.db import reading
from caseflow.store.files import path_of
from caseflow.store.keeping_models import BackupRow, StoredFileRow
from caseflow.store.side_models import AttachmentRow

_PRIVATE: Final = 0o700
_CLIENTS: Final = (
    "没有找到 {0}。请安装 PostgreSQL 客户端程序（Debian：apt install postgresql-client），版本不低于服务器。"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an installation keeps what it has."""

    database_url: str
    files: Path
    seals: Path


@dataclass(frozen=True, slots=True)
class Kept:
    """A finished archive: `missing` are the names of attachments whose file was gone already."""

    path: Path
    size: int
    sha256: str
    files: int
    missing: tuple[str, ...]


def back_up(engine: Engine, house: House, place: Place, path: Path, now: datetime, revision: str) -> Kept:
    """Copy everything into one new archive; Unavailable where it cannot be done, and then there is no archive."""
    manifest = Manifest(now.astimezone(UTC).isoformat(timespec="seconds"), engine.dialect.name, revision)
    with _folder(path.parent) as scratch, writing_archive(path, house.keys, manifest) as archive:
        _add_seals(archive, place.seals, scratch)
        snapshot = scratch / DATABASES[engine.dialect.name]
        _snapshot(place.database_url, snapshot)
        archive.add(snapshot.name, snapshot)
        snapshot.unlink()
        with reading(engine) as session:
            names = _file_names(session)
        manifest.missing = [name for name in names if not _added(archive, place.files, name)]
    with path.open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
    return Kept(path, path.stat().st_size, digest, len(names), tuple(manifest.missing))


def note_backup(session: Connection, kept: Kept, now: datetime) -> None:
    """Remember that a backup was made."""
    session.execute(insert(BackupRow).values(at=now, size=kept.size, sha256=kept.sha256))


def last_backup(session: Connection) -> datetime | None:
    """When the last backup was finished; None for none."""
    return session.execute(select(func.max(BackupRow.at))).scalar_one()


@contextmanager
def _folder(parent: Path) -> Iterator[Path]:
    """A folder for what lies unsealed meanwhile, readable by this account only."""
    try:
        made = Path(tempfile.mkdtemp(prefix=".caseflow-", dir=parent))
    except OSError as error:
        raise Unavailable(f"无法写入 {parent}：{error.strerror}") from error
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _add_seals(archive: Writer, seals: Path, scratch: Path) -> None:
    """The seals as they are now, whole lines only: the worker may be writing the next."""
    if seals.exists():
        text = seals.read_bytes()
        copied = scratch / SEALS
        copied.write_bytes(text[: text.rfind(b"\n") + 1])
        archive.add(SEALS, copied)


def _file_names(session: Connection) -> list[str]:
    """The names of every attachment's file: the sealed ones, and the plain ones of an earlier release."""
    plain = select(AttachmentRow.sha256).outerjoin(StoredFileRow).where(StoredFileRow.attachment_id.is_(None))
    return sorted({*session.execute(select(StoredFileRow.name)).scalars(), *session.execute(plain).scalars()})


def _added(archive: Writer, root: Path, name: str) -> bool:
    try:
        archive.add(FILES + name, path_of(root, name))
    except FileNotFoundError:
        return False
    return True


def _snapshot(database_url: str, target: Path) -> None:
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        _copy_sqlite(str(url.database), target)
    else:
        _run_client("pg_dump", url, "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")


def _copy_sqlite(source: str, target: Path) -> None:
    """One step that holds a read lock: pages copied in many would begin anew with every commit of somebody else."""
    try:
        with closing(sqlite3.connect(_read_only(source), uri=True)) as here, closing(sqlite3.connect(target)) as there:
            here.backup(there, pages=-1)
    except sqlite3.Error as error:
        raise Unavailable(f"无法复制数据库：{type(error).__name__}") from error


def _read_only(path: str) -> str:
    return f"{Path(path).resolve().as_uri()}?mode=ro"


def _run_client(program: str, url: URL, *options: str) -> None:
    """Run a program of PostgreSQL; the password goes by the environment, where no list of processes shows it."""
    plain = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    environment = {**os.environ, **({"PGPASSWORD": str(url.password)} if url.password else {}), "LC_ALL": "C"}
    command = [program, f"--dbname={plain}", "--no-password", *options]
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, errors="replace", env=environment)  # noqa: S603 - no shell, fixed words
    except FileNotFoundError as error:
        raise Unavailable(_CLIENTS.format(program)) from error
    if done.returncode:
        # The first line says what is wrong; later ones may show rows.
        told = next(iter(done.stderr.splitlines()), "")[:200]
        raise Unavailable(f"{program} 没有成功（退出码 {done.returncode}）：{told}")


# --- into an empty place


def require_empty(engine: Engine, place: Place) -> None:
    """Refused, naming everything that is there already, unless database, attachments and seals are all absent."""
    there = [str(path) for path in (place.files, place.seals) if _taken(path)]
    file = _sqlite_file(place.database_url)
    if file.exists() if file is not None else _has_tables(engine):
        there.append("数据库" if file is None else str(file))
    if there:
        text = f"只能恢复到空的位置，已存在：{'、'.join(there)}。请换一个位置，或先移走它们"
        raise Refused([Refusal("not_empty", text)])


def restore(house: House, archive: Path, place: Place, known: frozenset[str]) -> Manifest:
    """Put an archive into an empty place, all of it or nothing; BadInput for one that is not whole or of another kind.

    `known` are the revisions of the schema this version knows.
    """
    place.files.parent.mkdir(parents=True, exist_ok=True)
    with _folder(place.files.parent) as scratch:
        manifest = unpack(archive, house.keys, scratch)
        _require_fitting(archive, manifest, place, known)
        with _undone_on_failure() as placed:
            _move_files(scratch, place.files, placed)
            if (scratch / SEALS).exists():
                _put(scratch / SEALS, place.seals, placed)
            _put_database(scratch / DATABASES[manifest.backend], place, placed)
    return manifest


def _require_fitting(archive: Path, manifest: Manifest, place: Place, known: frozenset[str]) -> None:
    backend = make_url(place.database_url).get_backend_name()
    if manifest.backend != backend:
        raise BadInput([Fault(archive.name, f"备份来自 {manifest.backend}，配置的数据库是 {backend}")])
    if manifest.revision not in known:
        raise BadInput([Fault(archive.name, "备份来自更新的版本，本版本不认识它的数据库结构")])


@contextmanager
def _undone_on_failure() -> Iterator[list[Path]]:
    placed: list[Path] = []
    try:
        yield placed
    except BaseException:
        for path in placed:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        raise


def _move_files(scratch: Path, root: Path, placed: list[Path]) -> None:
    """The attachments into their folders, then all of them into place at once."""
    source, made = scratch / FILES, scratch / "made"
    made.mkdir(mode=_PRIVATE)
    for file in source.iterdir() if source.exists() else ():
        target = path_of(made, file.name)
        target.parent.mkdir(mode=_PRIVATE, exist_ok=True)
        file.rename(target)
    if root.exists():
        root.rmdir()
    made.rename(root)
    placed.append(root)


def _put(source: Path, target: Path, placed: list[Path]) -> None:
    """A copy where nothing is yet, whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    try:
        shutil.copyfile(source, part)
        part.chmod(0o600)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        os.link(part, target)
        placed.append(target)
    except OSError as error:
        raise Unavailable(f"无法写入 {target}：{error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)


def _put_database(source: Path, place: Place, placed: list[Path]) -> None:
    """Last, because it is one transaction or one link: with it the restored place is whole."""
    file = _sqlite_file(place.database_url)
    if file is not None:
        _put(source, file, placed)
        return
    options = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", str(source))
    _run_client("pg_restore", make_url(place.database_url), *options)


def _sqlite_file(database_url: str) -> Path | None:
    url = make_url(database_url)
    return Path(str(url.database)) if url.get_backend_name() == "sqlite" else None


def _has_tables(engine: Engine) -> bool:
    with reading(engine) as session:
        return bool(inspect(session).get_table_names())


def _taken(path: Path) -> bool:
    return any(path.iterdir()) if path.is_dir() else path.exists()
