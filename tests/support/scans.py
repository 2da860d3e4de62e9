"""Small files of each kind, whole and as an attacker or a bad scanner would send them."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\nxref\n0 1\ntrailer\n<< /Root 1 0 R >>\nstartxref\n54\n%%EOF\n"


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width: int = 2, height: int = 2, *, seed: int = 0, padding: int = 0) -> bytes:
    """A grey picture; `seed` makes its bytes differ, `padding` makes it that much larger."""
    rows = b"".join(b"\x00" + bytes([seed % 256] * min(width, 64)) for _ in range(min(height, 64)))
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    extra = chunk(b"seED", seed.to_bytes(4, "big") + bytes(padding))
    return b"\x89PNG\r\n\x1a\n" + header + extra + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def jpeg(width: int = 16, height: int = 16) -> bytes:
    """Markers and lengths as a camera writes them, with a scan of nothing."""
    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00"
    parts = [(0xE0, b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"), (0xDB, bytes(65)), (0xC0, frame)]
    scan = b"\x01\x01\x00\x00\x3f\x00"
    head = b"".join(segment(marker, body) for marker, body in [*parts, (0xDA, scan)])
    return b"\xff\xd8" + head + b"\x12\xff\x00\x34\xff\xd0\x56" + b"\xff\xd9"


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def archive(size: int = 10_000_000) -> bytes:
    """A ZIP that unpacks to `size` zeros."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a", bytes(size))
    return buffer.getvalue()


def archive_comment(content: bytes, tail: bytes) -> bytes:
    """A file that is an archive too: `tail` hides in the archive's comment."""
    buffer = io.BytesIO(content)
    with zipfile.ZipFile(buffer, "a") as file:
        file.writestr("a", b"x")
        file.comment = tail
    return buffer.getvalue()
