"""A sealed stream opens whole or not at all, however it was cut, mixed or changed."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseflow.store.sealed_stream import PIECE, NotWhole, Sealer, new_key, opened, seal_bytes

KEY = bytes(32)
SIZES = (0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE + 7)


def sealed(content: bytes, key: bytes = KEY) -> bytes:
    target = BytesIO()
    seal_bytes(content, key, target)
    return target.getvalue()


def open_all(content: bytes, key: bytes = KEY) -> bytes:
    return b"".join(opened(BytesIO(content), key))


@pytest.mark.parametrize("size", SIZES)
def test_any_length_opens_again_and_cannot_be_read(size: int) -> None:
    content = bytes(range(256)) * (size // 256 + 1)
    content = content[:size]

    assert open_all(sealed(content)) == content
    assert size < 16 or content[:16] not in sealed(content)


@given(st.lists(st.binary(max_size=3 * PIECE), max_size=4))
def test_it_does_not_matter_in_what_pieces_it_was_written(parts: list[bytes]) -> None:
    target = BytesIO()
    sealer = Sealer(target, KEY)
    for part in parts:
        sealer.write(part)
    sealer.close()

    assert open_all(target.getvalue()) == b"".join(parts)


@pytest.mark.parametrize("size", SIZES)
def test_a_stream_cut_off_anywhere_does_not_open(size: int) -> None:
    whole = sealed(bytes(size))
    cuts = {0, 3, 4, 5, len(whole) - 1, len(whole) - 16, *range(4, len(whole), PIECE + 16)} - {len(whole)}

    for cut in cuts:
        with pytest.raises(NotWhole):
            open_all(whole[:cut])


def test_pieces_put_in_another_order_or_left_out_do_not_open() -> None:
    whole, step = sealed(bytes(3 * PIECE)), PIECE + 16
    head, one, two, three = whole[:4], whole[4 : 4 + step], whole[4 + step : 4 + 2 * step], whole[4 + 2 * step :]

    for other in (head + two + one + three, head + one + three, head + one + two, head + one + one + two + three):
        with pytest.raises(NotWhole):
            open_all(other)
    assert open_all(head + one + two + three) == bytes(3 * PIECE)


def test_any_changed_byte_and_any_other_key_is_noticed() -> None:
    whole = sealed(b"11010519491231002X")

    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 1
        with pytest.raises(NotWhole):
            open_all(bytes(changed))
    with pytest.raises(NotWhole):
        open_all(whole, new_key())
