"""A service item as values. `caseflow.rules.definition` reads TOML text into them; nothing here reads a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from caseflow.rules.clock import Limit

When = Mapping[str, tuple[str, ...]]
"""Situation key → the option keys under which a line applies; every key named must match."""

Answers = Mapping[str, str]
"""Situation key → the option key chosen at the counter."""


class CaseType(StrEnum):
    """即办件 or 承诺件."""

    IMMEDIATE = "immediate"
    PROMISED = "promised"


class Required(StrEnum):
    """How a line is asked for: 必要, 视情形必要 (its `when` decides), 应要求提供 (only where staff ask)."""

    REQUIRED = "required"
    CONDITIONAL = "conditional"
    ON_REQUEST = "on_request"


class FieldKind(StrEnum):
    """What a field of the item holds; the kind decides how it is checked."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    DATE = "date"
    MONTH = "month"
    MONEY = "money"
    NUMBER = "number"
    PHONE = "phone"
    ACCOUNT = "account"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class SituationOption:
    """One answer to a situation question."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Situation:
    """A question whose answer decides which lines apply (情形)."""

    key: str
    question: str
    options: tuple[SituationOption, ...]
    when: When = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MaterialOption:
    """One of the alternatives that satisfy a material line."""

    key: str
    text: str
    parts: tuple[str, ...] = ()
    when: When = field(default_factory=dict)
    commitment: bool = False


@dataclass(frozen=True, slots=True)
class Material:
    """One line of 办理材料. Several options are alternatives: any one of them is enough."""

    key: str
    name: str
    required: Required
    options: tuple[MaterialOption, ...]
    when: When = field(default_factory=dict)
    seal: str = ""
    seal_when: When = field(default_factory=dict)
    form: str = ""
    originals: int | None = None
    copies: int | None = None
    deferrable: bool = False
    deferrable_source: str = ""
    source: str = ""
    note: str = ""

    @property
    def any_of(self) -> tuple[str, ...]:
        """The published alternatives; empty where the line has only one way to be met."""
        texts = tuple(dict.fromkeys(option.text for option in self.options))
        return texts if len(texts) > 1 else ()


@dataclass(frozen=True, slots=True)
class ItemField:
    """What a case of this item is about, beside its people: 就医地, 病种, 结算期, a bank account."""

    key: str
    label: str
    kind: FieldKind
    required: bool = False
    when: When = field(default_factory=dict)
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """The published limits. In working days: stage limits, `notice`, `supplement`, `serve`, the most of an `extension`.

    `assessment` is 评估's own limit from acceptance; it clamps neither of the two limits (国家医保局令第2号、第3号).
    """

    statutory: Limit | None = None
    promised: Limit | None = None
    notice: int = 5
    supplement: int = 15
    stages: Mapping[str, int] = field(default_factory=dict)
    on_notice_lapse: str = "flag"
    on_supplement_lapse: str = "flag"
    extension: int = 10
    assessment: Limit | None = None
    serve: int | None = None


@dataclass(frozen=True, slots=True)
class Commitment:
    """A promise to hand something in after completion; `months` are calendar months from signing."""

    text: str
    months: int


@dataclass(frozen=True, slots=True)
class ApplicantDeadline:
    """The applicant's own time to apply; past it staff see a warning, never a refusal."""

    text: str
    limit: Limit
    since: str


@dataclass(frozen=True, slots=True)
class Reception:
    """When the window for an item or bureau is open: `weekdays` 0 = Monday, times HH:MM Beijing time."""

    weekdays: tuple[int, ...]
    opens: str
    closes: str
    season: str = "all"


@dataclass(frozen=True, slots=True)
class Item:
    """One published service item; every text is the published wording."""

    key: str
    name: str
    bureau: str
    case_type: CaseType
    flow: str
    limits: Limits
    conditions: tuple[str, ...]
    materials: tuple[Material, ...]
    conditions_mode: str = "all"
    code: str | None = None
    situations: tuple[Situation, ...] = ()
    fields: tuple[ItemField, ...] = ()
    legal_basis: tuple[str, ...] = ()
    service_object: str = ""
    channels: tuple[str, ...] = ()
    visits: int | None = None
    online_depth: str = ""
    commitment: Commitment | None = None
    applicant_deadline: ApplicantDeadline | None = None
    hours: str = ""
    reception: tuple[Reception, ...] = ()
    place: str = ""
    phone: str = ""
    complaint_phone: str = ""
    fee: str = ""
    remarks: tuple[str, ...] = ()
    published: Mapping[str, str] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()

    def material(self, key: str) -> Material:
        """The line with this key; KeyError where the item has none."""
        return {line.key: line for line in self.materials}[key]


def settled(item: Item, answers: Answers) -> Answers:
    """The answers with every question that does not arise answered by none of its options."""
    told = dict(answers)
    for _ in item.situations:  # as many rounds as a question can have questions before it
        told |= {one.key: "" for one in item.situations if applies(one.when, told) is False}
    return told


def applies(when: When, answers: Answers) -> bool | None:
    """Whether a line applies under the answers: None while a question it depends on is not answered."""
    verdicts = [
        None if situation not in answers else answers[situation] in allowed for situation, allowed in when.items()
    ]
    if False in verdicts:
        return False
    return None if None in verdicts else True
