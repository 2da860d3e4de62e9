"""Finding an item by a few letters: name, pinyin initials, code or key, the best match first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from caseflow.identity import initials
from caseflow.rules.item import Item
from web.forms import is_printable

_SCATTERED = 3
_LEFT_OUT = str.maketrans("", "", "'’")
"""What an input method puts between the letters it has not turned into characters yet."""


@dataclass(frozen=True, slots=True)
class Found:
    """An item as the list shows it: its words for the search in the page, its number key, if its name is double."""

    item: Item
    words: str
    key: int = 0
    twin: bool = False


def search_items(items: Iterable[Item], typed: str) -> tuple[Item, ...]:
    """The items that fit, best first; all of them where nothing was typed.

    Whole word, then beginning, then inside; letters scattered over a name count only where nothing fits better.
    """
    listed = tuple(items)
    wanted = "".join(typed.split()).translate(_LEFT_OUT).lower()
    if not wanted:
        return listed
    ranked = [(rank(item_words(item), wanted), item) for item in listed] if is_printable(wanted) else []
    best = min((place for place, _ in ranked if place is not None), default=0)
    fitting = [(place, item) for place, item in ranked if place is not None and (place < _SCATTERED or best == place)]
    return tuple(item for _, item in sorted(fitting, key=lambda pair: pair[0]))


def item_words(item: Item) -> tuple[str, ...]:
    """What an item is found by: its name, the initials of the name, its code, its key."""
    return tuple(word.lower() for word in (item.name, initials(item.name), item.code or "", item.key))


def rank(words: Sequence[str], wanted: str) -> int | None:
    """How well the words fit: 0 equal, 1 begins, 2 inside, 3 letters in order within name or initials; None not."""
    if wanted in words:
        return 0
    if any(word.startswith(wanted) for word in words):
        return 1
    if any(wanted in word for word in words):
        return 2
    return _SCATTERED if any(_in_order(wanted, word) for word in words[:2]) else None


def _in_order(wanted: str, word: str) -> bool:
    rest = iter(word)
    return all(letter in rest for letter in wanted)


def listed(items: Iterable[Item]) -> list[Found]:
    """The items of a list, each with its words."""
    shown = tuple(items)
    twins = _twins(shown)
    return [Found(item, "|".join(item_words(item)), twin=item.name in twins) for item in shown]


def numbered(items: Iterable[Item], usual: Sequence[str]) -> list[Found]:
    """The most used items that still exist, by number key."""
    known = {item.key: item for item in items}
    twins = _twins(known.values())
    keys = [key for key in usual if key in known]
    return [Found(known[key], "", n, known[key].name in twins) for n, key in enumerate(keys, 1)]


def _twins(items: Iterable[Item]) -> set[str]:
    """The names that more than one item bears."""
    return {name for name, count in Counter(item.name for item in items).items() if count > 1}
