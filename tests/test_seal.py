"""Sealed numbers open only with their key, unchanged; the blind index finds equal texts; the MAC tells parts apart."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseflow.errors import BadInput, Unavailable
from caseflow.store.seal import Keys, new_master

KEYS = Keys(bytes(32))
STRANGER = Keys(bytes(31) + b"\x01")
NUMBER = "11010519491231002X"


@given(st.text())
def test_what_is_sealed_opens_again(text: str) -> None:
    assert KEYS.open(KEYS.seal(text)) == text


def test_the_same_text_is_never_sealed_twice_alike_and_cannot_be_read() -> None:
    first, second = KEYS.seal(NUMBER), KEYS.seal(NUMBER)

    assert first != second
    assert NUMBER.encode() not in first


def test_another_key_does_not_open_it() -> None:
    with pytest.raises(Unavailable, match="密钥不符或数据被改动"):
        STRANGER.open(KEYS.seal(NUMBER))


def test_any_changed_byte_is_noticed() -> None:
    sealed = KEYS.seal(NUMBER)

    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(Unavailable):
            KEYS.open(bytes(changed))


@given(st.binary(max_size=60))
def test_arbitrary_bytes_are_refused(sealed: bytes) -> None:
    with pytest.raises(Unavailable):
        KEYS.open(sealed)


def test_equal_texts_have_equal_indices_under_one_key_only() -> None:
    assert KEYS.index(NUMBER) == Keys(bytes(32)).index(NUMBER)
    assert KEYS.index(NUMBER) != KEYS.index(NUMBER[:-1])
    assert KEYS.index(NUMBER) != STRANGER.index(NUMBER)
    assert NUMBER not in KEYS.index(NUMBER)
    assert KEYS.index("") == ""


def test_the_mac_depends_on_every_part_and_on_where_it_ends() -> None:
    macs = {
        KEYS.mac(),
        KEYS.mac(b""),
        KEYS.mac(b"ab"),
        KEYS.mac(b"a", b"b"),
        KEYS.mac(b"b", b"a"),
        KEYS.mac(b"ab", b""),
    }

    assert len(macs) == 6
    assert STRANGER.mac(b"ab") not in macs
    assert KEYS.mac(b"ab") != KEYS.index("ab")


def test_a_new_master_is_32_fresh_bytes_written_as_text() -> None:
    first, second = new_master(), new_master()

    assert first != second
    assert len(base64.urlsafe_b64decode(first)) == 32
    assert Keys.from_text(first).open(Keys.from_text(first).seal("甲")) == "甲"


# Spelled out: every test process must collect the same cases.
WHOLE = "WhYsm5CUK1QwrLPs-U_0nl7KZ9JLBu52IKlPLNZr4bA="


@pytest.mark.parametrize("text", ["", "短", "not base64!", "AAAA", WHOLE[:-2], WHOLE + "AAAA"])
def test_a_text_that_is_no_master_key_is_refused_in_words(text: str) -> None:
    with pytest.raises(BadInput, match="密钥"):
        Keys.from_text(text)
