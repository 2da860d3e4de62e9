"""What a reader hands back: each item's fields with confidence, source lines and questions. Values only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Question:
    """What a person has to decide: the field, the sentence, and the lines (from 1) of the document it is about."""

    field: str
    text: str
    lines: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ItemRead:
    """One item as a guide states it: field → value in the shape of `caseflow items --json`; null where it is silent."""

    values: Mapping[str, Any]
    doubted: frozenset[str]
    lines: Mapping[str, tuple[int, ...]]
    questions: tuple[Question, ...]

    @property
    def confidence(self) -> dict[str, str]:
        """`high` for every field no question is about, else `low`."""
        return {name: "low" if name in self.doubted else "high" for name in self.values}


@dataclass(frozen=True, slots=True)
class GuideRead:
    """The items of a document, and its lines as people are shown them (line 1 is the first)."""

    items: tuple[ItemRead, ...]
    shown: tuple[str, ...] = field(repr=False)


SILENT: Final[Mapping[str, Any]] = {
    "key": None,
    "bureau": None,
    "name": None,
    "code": None,
    "case_type": None,
    "flow": None,
    "statutory": None,
    "promised": None,
    "stages": {},
    "legal_basis": [],
    "service_object": None,
    "channels": [],
    "visits": None,
    "online_depth": None,
    "conditions": [],
    "conditions_mode": None,
    "situations": [],
    "materials": [],
    "fields": [],
    "phone": None,
    "complaint_phone": None,
    "place": None,
    "fee": None,
    "hours": None,
    "reception": None,
    "remarks": [],
    "commitment": None,
    "applicant_deadline": None,
    "published": {},
    "doubts": [],
}
"""The fields of an item where a guide says nothing."""


class Draft:
    """An item while it is read: values, lines and questions gathered field by field."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {name: _fresh(value) for name, value in SILENT.items()}
        self.lines: dict[str, tuple[int, ...]] = {}
        self.questions: list[Question] = []

    def set(self, name: str, value: Any, lines: Iterable[int] = ()) -> None:
        """State a field with the lines it was read from."""
        self.values[name] = value
        self.lines[name] = tuple(sorted({*self.lines.get(name, ()), *lines} - {0}))

    def ask(self, name: str, text: str, lines: Iterable[int] = ()) -> None:
        """Ask about a field; the same question once."""
        asked = Question(name, text, tuple(sorted(set(lines) - {0})))
        if text and asked not in self.questions:
            self.questions.append(asked)

    def publish(self, label: str, text: str) -> None:
        """Keep a fact that has no field of its own under its label."""
        kept = self.values["published"]
        if label not in kept or not kept[label]:
            kept[label] = text
        elif text and text not in kept[label]:
            kept[label] = f"{kept[label]}；{text}"

    def done(self) -> ItemRead:
        """The item as read."""
        doubted = frozenset(question.field for question in self.questions)
        return ItemRead(self.values, doubted, self.lines, tuple(self.questions))


def _fresh(value: Any) -> Any:
    return type(value)() if isinstance(value, (list, dict)) else value


def item_json(item: ItemRead) -> dict[str, Any]:
    """The item as JSON: the fields, then `confidence`, `questions` and the `lines` each field was read from."""
    return {
        **item.values,
        "confidence": item.confidence,
        "questions": [{"field": one.field, "text": one.text, "lines": list(one.lines)} for one in item.questions],
        "lines": {name: list(lines) for name, lines in item.lines.items()},
    }
