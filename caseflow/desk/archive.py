"""A backup as one file: a sealed tar of the seals, the database, the attachments, and last a manifest of digests.

The head names the key by which it opens, and holds the key of the stream sealed with it: the master key is not inside.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from caseflow.errors import BadInput, Fault, Unavailable
from caseflow.store.seal import Keys
from caseflow.store.sealed_stream import NotWhole, Sealer, new_key, opened

FORMAT: Final = 1
SEALS: Final = "seals.jsonl"
DATABASES: Final = {"sqlite": "database.sqlite", "postgresql": "database.dump"}
FILES: Final = "files/"
_MANIFEST: Final = "manifest.json"
_MAGIC: Final = b"caseflow backup\n"
_LONGEST_HEAD: Final = 4096
_LARGEST_MANIFEST: Final = 512 * 1024 * 1024
_PIECE: Final = 1024 * 1024
_NAMES: Final = re.compile(r"seals\.jsonl|database\.(?:sqlite|dump)|files/[0-9a-f]{64}|manifest\.json")

_NO_ARCHIVE: Final = "不是 caseflow 的备份文件"
_BROKEN: Final = "备份文件不完整或已被改动，没有恢复任何内容"


@dataclass(slots=True)
class Manifest:
    """What a backup holds: `members` name → [size in bytes, SHA-256]; `missing` files were gone when it was made."""

    made_at: str
    backend: str
    revision: str
    format: int = FORMAT
    members: dict[str, list[Any]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


class Writer:
    """Puts files into an archive; the manifest goes in when it is finished."""

    def __init__(self, tar: tarfile.TarFile, manifest: Manifest) -> None:
        self._tar = tar
        self.manifest = manifest

    def add(self, name: str, path: Path) -> None:
        """Put a file in; OSError where it cannot be read."""
        with path.open("rb") as file:
            info = self._info(name, os.fstat(file.fileno()).st_size)
            source = _Digesting(file)
            self._tar.addfile(info, cast("BinaryIO", source))
        self.manifest.members[name] = [info.size, source.hexdigest()]

    def finish(self) -> None:
        """Put the manifest in."""
        text = json.dumps(asdict(self.manifest), ensure_ascii=False).encode()
        self._tar.addfile(self._info(_MANIFEST, len(text)), io.BytesIO(text))

    def _info(self, name: str, size: int) -> tarfile.TarInfo:
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        return info


@contextmanager
def writing_archive(path: Path, keys: Keys, manifest: Manifest) -> Iterator[Writer]:
    """A new archive, readable by its owner only; complete and on disk at the end, or not there at all.

    Refused where something of this name is there; Unavailable where it cannot be written.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            sealer = _begin(file, keys)
            with tarfile.open(fileobj=cast("BinaryIO", sealer), mode="w|", format=tarfile.PAX_FORMAT) as tar:
                writer = Writer(tar, manifest)
                yield writer
                writer.finish()
            sealer.close()
            file.flush()
            os.fsync(file.fileno())
        os.link(part, path)
    except OSError as error:
        raise Unavailable(f"备份没有完成，无法写入 {path}：{error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)


def _begin(file: BinaryIO, keys: Keys) -> Sealer:
    key = new_key()
    head = {"format": FORMAT, "key_id": keys.key_id, "sealed": keys.seal(key.hex()).hex()}
    file.write(_MAGIC + json.dumps(head).encode() + b"\n")
    return Sealer(file, key)


def unpack(path: Path, keys: Keys, folder: Path) -> Manifest:
    """Everything of an archive into an empty folder, checked against its manifest; BadInput for one that is not whole.

    Nothing is written outside the folder, whatever the archive says.
    """
    try:
        with path.open("rb") as file:
            stream = _Reading(opened(file, _key_of(file, keys)))
            found = _members(stream, folder)
            stream.drain()
    except (NotWhole, tarfile.TarError, EOFError) as error:
        raise BadInput([Fault(path.name, _BROKEN)]) from error
    except OSError as error:
        raise Unavailable(f"无法读取备份或写入 {folder}：{error.strerror}") from error
    return _checked(path, folder, found)


def _key_of(file: BinaryIO, keys: Keys) -> bytes:
    if file.read(len(_MAGIC)) != _MAGIC:
        raise BadInput([Fault("备份", _NO_ARCHIVE)])
    head = _json(file.readline(_LONGEST_HEAD))
    if head.get("format") != FORMAT:
        raise BadInput([Fault("备份", "备份的格式不是本版本的，请用生成它的版本恢复")])
    if head.get("key_id") != keys.key_id:
        raise BadInput([Fault("备份", "备份是用另一把密钥做的：请先把当时的 master_key 放回 caseflow.toml")])
    try:
        return bytes.fromhex(keys.open(bytes.fromhex(str(head.get("sealed")))))
    except (ValueError, Unavailable) as error:
        raise BadInput([Fault("备份", _BROKEN)]) from error


def _json(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise BadInput([Fault("备份", _NO_ARCHIVE)]) from error
    return found if isinstance(found, dict) else {}


def _members(stream: _Reading, folder: Path) -> dict[str, list[Any]]:
    """Write out each member that may be there, once; its size and digest by its name."""
    found: dict[str, list[Any]] = {}
    with tarfile.open(fileobj=cast("BinaryIO", stream), mode="r|") as tar:
        for member in tar:
            source = tar.extractfile(member) if member.isreg() else None
            if source is None or not _NAMES.fullmatch(member.name) or member.name in found:
                raise NotWhole
            found[member.name] = _copy(cast("BinaryIO", source), folder / member.name)
    return found


def _copy(source: BinaryIO, target: Path) -> list[Any]:
    target.parent.mkdir(mode=0o700, exist_ok=True)
    size, digest = 0, hashlib.sha256()
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while piece := source.read(_PIECE):
            file.write(piece)
            digest.update(piece)
            size += len(piece)
        file.flush()
        os.fsync(file.fileno())
    return [size, digest.hexdigest()]


def _checked(path: Path, folder: Path, found: dict[str, list[Any]]) -> Manifest:
    told = _manifest_in(folder)
    found.pop(_MANIFEST, None)
    if told is None or told.members != found or DATABASES.get(told.backend) not in found:
        raise BadInput([Fault(path.name, _BROKEN)])
    if told.format != FORMAT:
        raise BadInput([Fault(path.name, "备份的格式不是本版本的，请用生成它的版本恢复")])
    return told


def _manifest_in(folder: Path) -> Manifest | None:
    try:
        return Manifest(**json.loads((folder / _MANIFEST).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


class _Digesting:
    """A file that is digested as it is read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        piece = self._file.read(size)
        self._digest.update(piece)
        return piece

    def hexdigest(self) -> str:
        return self._digest.hexdigest()


class _Reading:
    """The opened pieces of a stream, read as a file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._kept = bytearray()

    def read(self, size: int) -> bytes:
        while len(self._kept) < size and (piece := next(self._pieces, b"")):
            self._kept += piece
        found = bytes(self._kept[:size])
        del self._kept[:size]
        return found

    def drain(self) -> None:
        """To the end: only the last piece tells that nothing was cut off."""
        for _ in self._pieces:
            pass
