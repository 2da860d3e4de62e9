"""Bytes of any length, sealed by AES-256-GCM in pieces of 64 KiB, each bound to its place and the last one marked.

What was cut off, reordered, put together from two or changed in one bit does not open. A key serves one stream only, so
that the place of a piece can be its nonce.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PIECE: Final = 64 * 1024
KEY_BYTES: Final = 32
_TAG: Final = 16
_MAGIC: Final = b"CFS1"
_NONCE_PLACE: Final = 11


class NotWhole(Exception):
    """The stream is not what was sealed with this key."""


def new_key() -> bytes:
    """A key for one stream."""
    return os.urandom(KEY_BYTES)


class Sealer:
    """A file to write to: what is written lies sealed in `target`; `close` ends it, and only then is it whole."""

    def __init__(self, target: BinaryIO, key: bytes) -> None:
        self._target = target
        self._cipher = AESGCM(key)
        self._kept = bytearray()
        self._place = 0
        target.write(_MAGIC)

    def write(self, content: bytes) -> int:
        """Take some bytes."""
        self._kept += content
        # The last piece has to be told that it is the last, so one is always kept back.
        while len(self._kept) > PIECE:
            self._put(bytes(self._kept[:PIECE]), last=False)
            del self._kept[:PIECE]
        return len(content)

    def close(self) -> None:
        """Write the last piece; the target stays open."""
        self._put(bytes(self._kept), last=True)
        self._kept.clear()

    def _put(self, piece: bytes, *, last: bool) -> None:
        self._target.write(self._cipher.encrypt(_nonce(self._place, last=last), piece, _MAGIC))
        self._place += 1


def seal_bytes(content: bytes, key: bytes, target: BinaryIO) -> None:
    """The whole content, sealed into `target`."""
    sealer = Sealer(target, key)
    sealer.write(content)
    sealer.close()


def opened(source: BinaryIO, key: bytes) -> Iterator[bytes]:
    """The pieces of a sealed stream as they come; NotWhole at the first that does not fit, also after good ones."""
    if source.read(len(_MAGIC)) != _MAGIC:
        raise NotWhole
    cipher, place = AESGCM(key), 0
    piece = source.read(PIECE + _TAG)
    while True:
        after = source.read(PIECE + _TAG)
        try:
            yield cipher.decrypt(_nonce(place, last=not after), piece, _MAGIC)
        except (InvalidTag, ValueError) as error:
            raise NotWhole from error
        if not after:
            return
        piece, place = after, place + 1


def _nonce(place: int, *, last: bool) -> bytes:
    return place.to_bytes(_NONCE_PLACE, "big") + bytes([last])
