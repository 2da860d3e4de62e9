"""Sealing of ID and account numbers, their blind index, and the MAC of the history: one master key, kept outside."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from caseflow.errors import BadInput, Fault, Unavailable

_MASTER_BYTES = 32
_NONCE_BYTES = 12
_ID_BYTES = 8
_VERSION = b"\x01"


def new_master() -> str:
    """A fresh master key as text for the configuration."""
    return base64.urlsafe_b64encode(os.urandom(_MASTER_BYTES)).decode()


class Chainer(Protocol):
    """Whatever can chain: the keys in force, or the chain key of a retired master."""

    def mac(self, *parts: bytes) -> str:
        """The MAC of the parts, each preceded by its length."""


class ChainKey:
    """The key of the history's MAC (HMAC-SHA-256); it outlives its master, so that old entries can still be checked."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw

    def mac(self, *parts: bytes) -> str:
        """The MAC of the parts, each preceded by its length."""
        digest = hmac.new(self.raw, digestmod=hashlib.sha256)
        for part in parts:
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
        return digest.hexdigest()


class Keys:
    """The keys derived from one master key; sealing is AES-256-GCM, index and MAC are HMAC-SHA-256.

    `key_id` names the master key without telling anything of it.
    """

    def __init__(self, master: bytes) -> None:
        if len(master) != _MASTER_BYTES:
            raise BadInput([Fault("master_key", f"密钥应为 {_MASTER_BYTES} 字节")])
        self._cipher = AESGCM(_derive(master, b"seal"))
        self._index = _derive(master, b"index")
        self.chain = ChainKey(_derive(master, b"chain"))
        self.key_id = _derive(master, b"id")[:_ID_BYTES].hex()

    @classmethod
    def from_text(cls, text: str) -> Keys:
        """The keys of a master key as `new_master` writes it; BadInput where it is none."""
        try:
            return cls(base64.b64decode(text, altchars=b"-_", validate=True))
        except ValueError as error:
            raise BadInput([Fault("master_key", "密钥不是正确的 Base64 文字")]) from error

    def seal(self, text: str) -> bytes:
        """The text sealed under a fresh nonce."""
        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + nonce + self._cipher.encrypt(nonce, text.encode(), _VERSION)

    def open(self, sealed: bytes) -> str:
        """The text that was sealed; Unavailable where the key is another or the bytes were changed."""
        try:
            return self._cipher.decrypt(sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :], sealed[:1]).decode()
        except (InvalidTag, ValueError) as error:
            message = "密封的号码无法打开：密钥不符或数据被改动"
            raise Unavailable(message) from error

    def index(self, text: str) -> str:
        """A keyed index by which equal texts are found without being readable; "" for the empty text."""
        return hmac.new(self._index, text.encode(), hashlib.sha256).hexdigest() if text else ""

    def mac(self, *parts: bytes) -> str:
        """The MAC of the parts under the chain key in force."""
        return self.chain.mac(*parts)


def _derive(master: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"caseflow " + purpose).derive(master)
