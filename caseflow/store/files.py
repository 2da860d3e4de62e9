"""Attachments' bytes: what a file really is, and where it lies: outside the web root, sealed, under a name of chance.

A file is complete on disk before the row that names it is committed. A file without a row is harmless: its key is lost.
Files of earlier releases lie plain under their SHA-256 until `caseflow seal-files` has sealed them.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from caseflow.errors import BadInput, Fault, Unavailable
from caseflow.store.sealed_stream import NotWhole, opened, seal_bytes

PLACE = "附件"
MOST_BYTES = 10 * 1024 * 1024
"""The largest file, in bytes."""

MOST_SIDE = 10_000
MOST_PIXELS = 40_000_000
"""The largest picture: a larger one may be small as a file and fill the memory of whoever opens it."""

_MOST_PARTS = 20_000
_TAIL = 1024
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_PDF = re.compile(rb"%PDF-[12]\.[0-9][\r\n \t%]")
_PDF_END = re.compile(rb"startxref\s+([0-9]{1,10})\s+%%EOF[\s\x00]*\Z")
_PNG_DEPTHS = {0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}}
# Frame headers of JPEG; C4, C8 and CC share their range and are none.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_END, _JPEG_SCAN = 0xD9, 0xDA
# In the data of a scan FF00 is a byte and FFD0–FFD7 are restarts; any other FFxx is the next marker.
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
# Any number of FF may stand before a marker.
_FILL = re.compile(rb"\xff+(?=\xff)")
_ZIP_END = b"PK\x05\x06"
_ZIP_END_SIZE = 22
_NAME = re.compile(r"[0-9a-f]{64}")

_BROKEN = "文件不完整或已损坏，请重新扫描或另存后再上传"
_UNKNOWN = "只能上传 PDF、JPEG 或 PNG 文件；按文件内容判断，改文件名没有用"
_TRAILING = "文件末尾还附有其他内容（如动态照片、压缩包），请另存为普通文件后再上传"
_HUGE = f"图片尺寸过大：每边不能超过 {MOST_SIDE} 像素，总数不能超过 {MOST_PIXELS // 1_000_000} 百万像素"
_LOST = "附件文件缺失或已被改动，请通知系统管理员"
_FULL = "附件没有保存：文件目录已满或无法写入，请立即通知系统管理员"


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """Bytes that are what they say: `kind` is pdf, jpeg or png."""

    kind: str
    content: bytes
    sha256: str


def check_file(content: bytes) -> CheckedFile:
    """The file with its kind and digest; BadInput where it is empty, too large, no such file, broken or a bomb."""
    fault = _size_fault(content)
    if not fault:
        kind, check = _kind_of(content)
        fault = check(content) or _zip_fault(content)
    if fault:
        raise BadInput([Fault(PLACE, fault)])
    return CheckedFile(kind, content, hashlib.sha256(content).hexdigest())


def _size_fault(content: bytes) -> str:
    if not content:
        return "文件是空的"
    return f"文件不能超过 {MOST_BYTES // 1024 // 1024} MB" if len(content) > MOST_BYTES else ""


def _kind_of(content: bytes) -> tuple[str, Callable[[bytes], str]]:
    if content.startswith(_PNG):
        return "png", _png_fault
    if content.startswith(_JPEG):
        return "jpeg", _jpeg_fault
    if _PDF.match(content):
        return "pdf", _pdf_fault
    return "", lambda _content: _UNKNOWN


def _pixels_fault(width: int, height: int) -> str:
    if not width or not height:
        return _BROKEN
    return _HUGE if max(width, height) > MOST_SIDE or width * height > MOST_PIXELS else ""


def _zip_fault(content: bytes) -> str:
    """A file that is an archive at the same time: its end record reaches exactly to the end of the file."""
    earliest = max(0, len(content) - 0xFFFF - _ZIP_END_SIZE)
    place = content.rfind(_ZIP_END, earliest)
    while place >= 0:
        comment = int.from_bytes(content[place + 20 : place + _ZIP_END_SIZE], "little")
        if place + _ZIP_END_SIZE + comment == len(content):
            return _TRAILING
        place = content.rfind(_ZIP_END, earliest, place)
    return ""


def _pdf_fault(content: bytes) -> str:
    end = _PDF_END.search(content, max(0, len(content) - _TAIL))
    if end is None:
        return _TRAILING if b"%%EOF" in content else _BROKEN
    return "" if 0 < int(end[1]) < end.start() else _BROKEN


def _png_fault(content: bytes) -> str:
    place, drawn = len(_PNG), False
    for n in range(_MOST_PARTS):
        size = int.from_bytes(content[place : place + 4], "big")
        name, body = content[place + 4 : place + 8], content[place + 8 : place + 8 + size]
        after = place + 12 + size
        if after > len(content) or zlib.crc32(name + body) != int.from_bytes(content[after - 4 : after], "big"):
            return _BROKEN
        fault = _png_header_fault(name, body) if n == 0 else ""
        if fault or name == b"IEND":
            return fault or _png_end_fault(content, after, drawn=drawn)
        drawn = drawn or name == b"IDAT"
        place = after
    return _BROKEN


def _png_header_fault(name: bytes, body: bytes) -> str:
    if name != b"IHDR" or len(body) != 13:  # noqa: PLR2004 - the size PNG gives its header
        return _BROKEN
    depth, colour, compression, filtering, interlace = body[8:]
    if depth not in _PNG_DEPTHS.get(colour, ()) or compression or filtering or interlace > 1:
        return _BROKEN
    return _pixels_fault(int.from_bytes(body[:4], "big"), int.from_bytes(body[4:8], "big"))


def _png_end_fault(content: bytes, after: int, *, drawn: bool) -> str:
    if not drawn:
        return _BROKEN
    return _TRAILING if after != len(content) else ""


def _jpeg_fault(content: bytes) -> str:
    place, framed, drawn = 2, False, False
    for _ in range(_MOST_PARTS):
        fill = _FILL.match(content, place)
        place = fill.end() if fill else place
        marker = content[place + 1] if content[place : place + 1] == b"\xff" and place + 1 < len(content) else 0
        if marker == _JPEG_END:
            return _jpeg_end_fault(content, place + 2, drawn=drawn)
        size = int.from_bytes(content[place + 2 : place + 4], "big")
        body = content[place + 4 : place + 2 + size]
        if marker < 0xC0 or size < 2 or place + 2 + size > len(content):  # noqa: PLR2004 - lower markers carry no length
            return _BROKEN
        fault = _frame_fault(body, again=framed) if marker in _FRAMES else ""
        framed = framed or marker in _FRAMES
        drawn = drawn or marker == _JPEG_SCAN
        place = _after(content, place + 2 + size, marker)
        if fault or place < 0 or (drawn and not framed):
            return fault or _BROKEN
    return _BROKEN


def _frame_fault(body: bytes, *, again: bool) -> str:
    if again or len(body) < 6:  # noqa: PLR2004 - precision, height, width, components
        return _BROKEN
    return _pixels_fault(int.from_bytes(body[3:5], "big"), int.from_bytes(body[1:3], "big"))


def _after(content: bytes, place: int, marker: int) -> int:
    """Where the next marker stands; -1 where a scan never ends."""
    if marker != _JPEG_SCAN:
        return place
    found = _NEXT_MARKER.search(content, place)
    return found.start() if found else -1


def _jpeg_end_fault(content: bytes, after: int, *, drawn: bool) -> str:
    if not drawn:
        return _BROKEN
    # Scanners pad the end with zeros.
    return _TRAILING if content[after:].strip(b"\x00") else ""


def keep_sealed(root: Path, content: bytes, key: bytes) -> str:
    """Seal the bytes into a new file, on disk when this returns, and give its name; Unavailable where it cannot be.

    The name is drawn at random: it tells nothing of what lies in the file, nor whether two are alike.
    """
    name = secrets.token_hex(32)
    try:
        _write(path_of(root, name), lambda file: seal_bytes(content, key, file))
    except OSError as error:
        raise Unavailable(_FULL) from error
    return name


def fetch(root: Path, name: str, key: bytes | None, sha256: str) -> bytes:
    """The bytes of a file, unchanged; without a key it is a plain one. Unavailable where it is missing or changed."""
    try:
        with path_of(root, name).open("rb") as file:
            content = file.read() if key is None else b"".join(opened(file, key))
    except (OSError, NotWhole) as error:
        raise Unavailable(_LOST) from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise Unavailable(_LOST)
    return content


def is_whole(root: Path, name: str, key: bytes | None, sha256: str) -> bool:
    """Whether the file is there and unchanged."""
    try:
        fetch(root, name, key, sha256)
    except Unavailable:
        return False
    return True


def forget(root: Path, name: str) -> None:
    """Take a file away; nothing where it is not there. Unavailable where it cannot be taken away."""
    try:
        path_of(root, name).unlink(missing_ok=True)
    except OSError as error:
        raise Unavailable(f"附件文件没有删除：{error.strerror}") from error


def names_in(root: Path) -> Iterator[str]:
    """The names of all files kept."""
    for folder in sorted(root.glob("[0-9a-f][0-9a-f]")):
        yield from (folder.name + file.name for file in sorted(folder.iterdir()) if not file.name.startswith("."))


def path_of(root: Path, name: str) -> Path:
    """Where the file of this name lies; ValueError for what is no name."""
    if not _NAME.fullmatch(name):
        message = "a file's name is 64 hexadecimal digits"
        raise ValueError(message)
    return root / name[:2] / name[2:]


def _write(path: Path, fill: Callable[[BinaryIO], None]) -> None:
    """Under another name first, then renamed: whoever looks sees all of it or nothing."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            fill(file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    for folder in (path.parent, path.parent.parent):
        sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """A renamed file is safe only when its folder is."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
