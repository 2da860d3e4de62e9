"""The chain of the history: the same entries give the same chain, any change gives another."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseflow.store.journal import START, Entry, link
from caseflow.store.seal import Keys

KEYS = Keys(bytes(32))
NOON = datetime(2026, 3, 2, 4, 0, 0, 123456, tzinfo=UTC)
ENTRY = Entry(
    "shawan", 7, 3, NOON, date(2026, 3, 2), 5, "马 丽", "accept", "received", "accepted", "accept", {"a": "1"}
)
CHANGED = {
    "bureau": "shuimogou",
    "case_id": 8,
    "seq": 4,
    "at": NOON + timedelta(microseconds=1),
    "on_day": date(2026, 3, 3),
    "actor_id": None,
    "actor_name": "马丽",
    "action": "decline",
    "from_state": "supplementing",
    "to_state": "declined",
    "duty": "",
    "detail": {"a": 1},
}


def chain(entries: list[Entry], keys: Keys = KEYS) -> str:
    head = START
    for entry in entries:
        head = link(keys, head, entry)
    return head


def test_the_same_entries_give_the_same_chain() -> None:
    entries = [replace(ENTRY, seq=n) for n in range(1, 6)]

    assert chain(entries) == chain([replace(entry) for entry in entries])


def test_every_field_of_an_entry_is_tried() -> None:
    assert set(CHANGED) == {field.name for field in fields(Entry)}


@pytest.mark.parametrize("name", CHANGED)
def test_any_changed_field_changes_the_chain_from_there_on(name: str) -> None:
    changed = replace(ENTRY, **{name: CHANGED[name]})  # type: ignore[arg-type]
    after = replace(ENTRY, seq=9)

    assert link(KEYS, START, changed) != link(KEYS, START, ENTRY)
    assert chain([changed, after]) != chain([ENTRY, after])


def test_a_removed_a_doubled_and_a_moved_entry_are_noticed() -> None:
    first, second, third = (replace(ENTRY, seq=n) for n in (1, 2, 3))

    chains = [
        chain([first, second, third]),
        chain([first, third]),
        chain([first, second, second, third]),
        chain([second, first, third]),
        chain([first, second]),
    ]

    assert len(set(chains)) == 5


def test_a_chain_cannot_be_made_without_the_key() -> None:
    assert chain([ENTRY], Keys(bytes(31) + b"\x01")) != chain([ENTRY])


def test_the_zone_in_which_an_instant_is_told_does_not_matter() -> None:
    beijing = replace(ENTRY, at=NOON.astimezone(timezone(timedelta(hours=8))))

    assert link(KEYS, START, beijing) == link(KEYS, START, ENTRY)


def test_the_order_of_the_details_does_not_matter() -> None:
    one, other = replace(ENTRY, detail={"a": "1", "b": "2"}), replace(ENTRY, detail={"b": "2", "a": "1"})

    assert link(KEYS, START, one) == link(KEYS, START, other)


@given(st.dictionaries(st.text(), st.text() | st.integers()), st.dictionaries(st.text(), st.text() | st.integers()))
def test_details_are_told_apart_whatever_they_hold(one: dict[str, str | int], other: dict[str, str | int]) -> None:
    same = link(KEYS, START, replace(ENTRY, detail=one)) == link(KEYS, START, replace(ENTRY, detail=other))

    assert same is (one == other)
