"""Time-based one-time codes: RFC 6238 over RFC 4226, HMAC-SHA-1, six digits, a new one every 30 seconds."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime
from typing import Final

STEP_SECONDS: Final = 30
DIGITS: Final = 6
DRIFT: Final = 1
"""How many steps the clock of a telephone may be ahead or behind."""


def code_of(secret: bytes, step: int, digits: int = DIGITS, digest: str = "sha1") -> str:
    """The code of one step (RFC 4226, 5.3; the digest as RFC 6238, 1.2 allows)."""
    mac = hmac.new(secret, step.to_bytes(8, "big"), getattr(hashlib, digest)).digest()
    offset = mac[-1] & 0x0F
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**digits).zfill(digits)


def step_at(moment: datetime) -> int:
    """The number of the 30 seconds a moment lies in, counted from 1970-01-01 UTC."""
    return int(moment.timestamp()) // STEP_SECONDS


def matching_step(secret: bytes, code: str, moment: datetime, last_step: int) -> int | None:
    """The step a code belongs to: the present one or a neighbour, and later than `last_step`; None where there is none.

    Whoever keeps the step it gives makes each code usable once (RFC 6238, 5.2).
    """
    here = step_at(moment)
    steps = range(max(here - DRIFT, last_step + 1), here + DRIFT + 1)
    given = code.encode("utf-8", "replace")
    found = [step for step in steps if hmac.compare_digest(code_of(secret, step).encode(), given)]
    return found[0] if found else None


def secret_text(secret: bytes) -> str:
    """The secret as an authenticator takes it typed: Base32 without padding."""
    return base64.b32encode(secret).decode().rstrip("=")


def secret_of(text: str) -> bytes:
    """The secret behind its text; ValueError where it is none."""
    return base64.b32decode(text + "=" * (-len(text) % 8))
