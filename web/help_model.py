"""What the help of a screen consists of, and the keys that act everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from caseflow.house import Actor
from caseflow.rules.policy import holds

Keys = tuple[tuple[str, str], ...]
"""Keys, parted by spaces, with what they do."""

EVERYWHERE: Final[Keys] = (
    ("/", "查找办件"),
    ("?", "看本页按键"),
    ("N F2", "收件登记"),
)


@dataclass(frozen=True, slots=True)
class Help:
    """The help of one screen."""

    name: str
    title: str
    purpose: str
    steps: tuple[str, ...]
    keys: Keys = ()
    words: tuple[str, ...] = ()

    def keys_for(self, actor: Actor) -> Keys:
        """The keys that act on this screen for this person, those of every screen last."""
        common = [(key, does) for key, does in EVERYWHERE if _has(actor, key)]
        own = {key for key, _ in self.keys}
        return (*self.keys, *((key, does) for key, does in common if key not in own))


def _has(actor: Actor, key: str) -> bool:
    if key == "N F2":
        return holds(actor.roles, "register")
    return key != "/" or holds(actor.roles, "see_cases")
