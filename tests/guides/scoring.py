"""How well a guide was read: every stated fact right, asked about, or silently wrong; and what was right but doubted.

`python -m tests.guides.scoring` prints the table for the documents in tests/data/guides; with `-v` every fault.
"""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from caseflow.errors import BadInput
from caseflow.guides.reader import read_guide
from caseflow.guides.reading import ItemRead

DATA = Path(__file__).parent.parent / "data" / "guides"
LEFT_OUT = re.compile(r"[\s\W_]+")
MATERIAL_FACTS = ("any_of", "required", "originals", "copies")


@dataclass(frozen=True, slots=True)
class Fact:
    """One stated fact and how it was read: `right`, `doubted` (right, but asked about), `asked`, `wrong` (silently)."""

    item: str
    field: str
    verdict: str
    expected: Any
    read: Any


@dataclass(slots=True)
class Score:
    facts: list[Fact] = field(default_factory=list)

    def share(self, *verdicts: str) -> float:
        counts = Counter(fact.verdict for fact in self.facts)
        return sum(counts[verdict] for verdict in verdicts) / max(1, len(self.facts))

    @property
    def right(self) -> float:
        return self.share("right", "doubted")

    @property
    def doubted(self) -> float:
        """Of what was read right, the share that was doubted all the same."""
        return self.share("doubted") / max(1e-9, self.right)

    def __str__(self) -> str:
        return (
            f"{len(self.facts):5d} facts  right {self.right:6.1%}  asked {self.share('asked'):6.1%}  "
            f"silently wrong {self.share('wrong'):6.1%}  doubted of the right {self.doubted:6.1%}"
        )


def plain(value: Any) -> Any:
    """A value as it is compared: texts without blanks and punctuation, empty and null alike."""
    if isinstance(value, str):
        return LEFT_OUT.sub("", unicodedata.normalize("NFKC", value)).lower() or None
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()} or None
    if isinstance(value, Sequence):
        return [plain(one) for one in value] or None
    return value


def score_items(expected: Sequence[Mapping[str, Any]], found: Sequence[ItemRead]) -> Score:
    """Every fact of the expected items against the items read, matched by name and order."""
    score = Score()
    left = list(found)
    for item in expected:
        match = next((one for one in left if plain(one.values["name"]) == plain(item.get("name"))), None)
        if match is None:
            match = next((one for one in left if not _named_elsewhere(one, expected)), None)
        if match is not None:
            left.remove(match)
        score.facts.extend(_facts(item, match))
    for extra in left:
        score.facts.append(
            Fact(
                str(extra.values["name"]),
                "item",
                "asked" if "name" in extra.doubted else "wrong",
                None,
                extra.values["name"],
            )
        )
    return score


def _named_elsewhere(one: ItemRead, expected: Iterable[Mapping[str, Any]]) -> bool:
    return any(plain(one.values["name"]) == plain(item.get("name")) for item in expected)


def _facts(item: Mapping[str, Any], read: ItemRead | None) -> Iterator[Fact]:
    name = str(item.get("name"))
    for key, value in item.items():
        if read is None:
            yield Fact(name, key, "asked", value, None)
        elif key == "materials":
            yield from _material_facts(name, value, read)
        else:
            yield _fact(name, key, value, read.values.get(key), doubted=key in read.doubted)


def _fact(item: str, key: str, expected: Any, read: Any, *, doubted: bool) -> Fact:
    right = plain(expected) == plain(read)
    verdict = ("doubted" if doubted else "right") if right else ("asked" if doubted else "wrong")
    return Fact(item, key, verdict, expected, read)


def _material_facts(item: str, expected: Sequence[Mapping[str, Any]], read: ItemRead) -> Iterator[Fact]:
    doubted = "materials" in read.doubted
    left = list(read.values["materials"])
    for line in expected:
        match = next((one for one in left if plain(one["name"]) == plain(line["name"])), None)
        if match is not None:
            left.remove(match)
        yield _fact(item, f"material {line['name']}", line["name"], match and match["name"], doubted=doubted)
        for key in MATERIAL_FACTS:
            if key in line and match is not None:
                yield _fact(item, f"material {line['name']} {key}", line[key], match[key], doubted=doubted)
    for extra in left:
        yield Fact(item, "material too many", "asked" if doubted else "wrong", None, extra["name"])


def documents() -> list[Path]:
    """The guides with an expected result beside them."""
    return sorted(path.with_name(path.name.removesuffix(".expected.json")) for path in DATA.rglob("*.expected.json"))


def score_file(path: Path) -> Score:
    expected = json.loads(path.with_name(f"{path.name}.expected.json").read_text(encoding="utf-8"))
    try:
        found = read_guide(path.read_bytes()).items
    except BadInput:
        found = ()
    return score_items(expected, found)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def main(arguments: Sequence[str]) -> None:
    total = Score()
    names = [argument for argument in arguments if not argument.startswith("-")]
    for path in documents():
        if names and not any(name in path.name for name in names):
            continue
        score = score_file(path)
        total.facts.extend(score.facts)
        say(f"{path.name:45s}{score}")
        if "-v" in arguments:
            for fact in score.facts:
                if fact.verdict in {"wrong", "asked"} or (fact.verdict == "doubted" and "-vv" in arguments):
                    say(f"      {fact.verdict:8s}{fact.item[:20]} / {fact.field}: {fact.expected!r} <- {fact.read!r}")
    say(f"{'all':45s}{total}")


if __name__ == "__main__":
    main(sys.argv[1:])
