"""A page as a scanner would send it: grey bars for lines of text, another page for every seed."""

from __future__ import annotations

import struct
import zlib
from random import Random
from typing import Final

_WIDTH, _HEIGHT = 420, 594
_LEFT, _LINE, _INK = 50, 18, 8
_PAPER: Final = bytes([246])
_GREY: Final = bytes([96])


def scan(random: Random) -> bytes:
    """A PNG of one written page."""
    rows = b"".join(_row(random.randint(_WIDTH // 3, _WIDTH - 2 * _LEFT), y) for y in range(_HEIGHT // _LINE))
    head = struct.pack(">IIBBBBB", _WIDTH, _HEIGHT // _LINE * _LINE, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in chunks)


def _row(length: int, place: int) -> bytes:
    """The pixels of one line of text; the first and last lines of the page are its margin."""
    empty = b"\x00" + _PAPER * _WIDTH
    margin = place in (0, 1, _HEIGHT // _LINE - 1)
    inked = empty if margin else b"\x00" + _PAPER * _LEFT + _GREY * length + _PAPER * (_WIDTH - _LEFT - length)
    return inked * _INK + empty * (_LINE - _INK)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
