"""Situations answered + materials received → is it complete, what is missing, and how the one-time notice says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from caseflow.errors import Fault
from caseflow.rules.item import Answers, Item, Material, MaterialOption, Required, Situation, applies, settled

CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
MOST_COPIES = 99


class Mark(StrEnum):
    """What the clerk ticked on a material line: 收, 缺, 不符, or nothing yet."""

    NONE = "none"
    RECEIVED = "received"
    MISSING = "missing"
    FAULTY = "faulty"
    DEFERRED = "deferred"


MARK_TEXT = {
    Mark.NONE: "未核",
    Mark.RECEIVED: "相符",
    Mark.MISSING: "缺",
    Mark.FAULTY: "不符",
    Mark.DEFERRED: "容缺",
}


class LineState(StrEnum):
    """How a material line stands under the answers given so far."""

    MET = "met"
    MISSING = "missing"
    FAULTY = "faulty"
    TO_ASK = "to_ask"
    NOT_APPLICABLE = "not_applicable"
    OPTIONAL = "optional"
    DEFERRED = "deferred"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was handed in for one line: which alternative, how many originals and copies, and the fault if 不符."""

    mark: Mark = Mark.NONE
    option: str = ""
    originals: int = 0
    copies: int = 0
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One material line of a case: the published line, what was received, how it stands."""

    material: Material
    receipt: Receipt
    state: LineState
    sealed: bool
    options: tuple[MaterialOption, ...]

    @property
    def unmet(self) -> bool:
        """Whether the one-time notice must name the line."""
        return self.state in (LineState.MISSING, LineState.FAULTY)


@dataclass(frozen=True, slots=True)
class Checklist:
    """All lines of a case and the questions still open; `complete` allows acceptance and completion."""

    lines: tuple[Line, ...]
    questions: tuple[Situation, ...]

    @property
    def unmet(self) -> tuple[Line, ...]:
        """The lines that are missing or faulty, in the published order."""
        return tuple(line for line in self.lines if line.unmet)

    @property
    def deferred(self) -> tuple[Line, ...]:
        """The lines the applicant may still hand in under a signed commitment (容缺)."""
        return tuple(line for line in self.lines if line.state is LineState.DEFERRED)

    @property
    def acceptable(self) -> bool:
        """No line is unmet and no question that decides a line is open; lines may be deferred."""
        return not self.unmet and not self.questions

    @property
    def complete(self) -> bool:
        """Acceptable, and nothing is deferred."""
        return self.acceptable and not self.deferred

    def missing_words(self) -> str:
        """Why the lines are not complete, in one sentence for staff; nothing where they are."""
        asked = [f"未回答“{question.question}”" for question in self.questions]
        faulty = {LineState.FAULTY: "不符"}
        unmet = [f"“{line.material.name}”{faulty.get(line.state, '未提交')}" for line in self.unmet]
        later = [f"“{line.material.name}”容缺待补" for line in self.deferred]
        return "；".join(asked + unmet + later)

    def notice_lines(self) -> tuple[str, ...]:
        """Everything to be put right at once, numbered, in the words of the one-time notice (行政许可法第三十二条)."""
        return tuple(f"{n}. {notice_text(line)}" for n, line in enumerate(self.unmet, 1))


def check_materials(item: Item, answers: Answers, receipts: Mapping[str, Receipt]) -> Checklist:
    """The checklist of a case: conditional lines of unanswered questions are 'to be asked', never silently absent."""
    told = settled(item, answers)
    lines = tuple(_line(material, told, receipts.get(material.key, Receipt())) for material in item.materials)
    return Checklist(lines, open_questions(item, answers))


def open_questions(item: Item, answers: Answers) -> tuple[Situation, ...]:
    """The situation questions that must still be asked under the answers so far."""
    told = settled(item, answers)
    return tuple(one for one in item.situations if one.key not in told and applies(one.when, told))


def check_answers(item: Item, answers: Answers) -> tuple[Fault, ...]:
    """Every answer that names no question, no option, or a question that does not arise."""
    situations = {one.key: one for one in item.situations}
    told = settled(item, answers)
    faults = []
    for key, answer in answers.items():
        question = situations.get(key)
        if question is None:
            faults.append(Fault(f"情形 {key}", "本事项没有这个情形"))
        elif answer not in {option.key for option in question.options}:
            faults.append(Fault(question.question, f"没有选项“{answer[:40]}”"))
        elif applies(question.when, told) is False:
            faults.append(Fault(question.question, "按其他情形的回答，不需要回答此项"))
    return tuple(faults)


def check_receipts(item: Item, receipts: Mapping[str, Receipt]) -> tuple[Fault, ...]:
    """Every receipt that names no line, no alternative, an absurd count, or 不符 without its fault."""
    materials = {line.key: line for line in item.materials}
    faults: list[Fault] = []
    for key, receipt in receipts.items():
        material = materials.get(key)
        if material is None:
            faults.append(Fault(f"材料 {key[:40]}", "本事项没有这项材料"))
        else:
            faults += [Fault(material.name, text) for text in _receipt_faults(material, receipt)]
    return tuple(faults)


def _receipt_faults(material: Material, receipt: Receipt) -> list[str]:
    faults = []
    if receipt.option and receipt.option not in {option.key for option in material.options}:
        faults.append("没有这种可选材料")
    if not (0 <= receipt.originals <= MOST_COPIES and 0 <= receipt.copies <= MOST_COPIES):
        faults.append(f"份数应在 0 到 {MOST_COPIES} 之间")
    if receipt.mark is Mark.FAULTY and not receipt.fault.strip():
        faults.append("标为不符的材料要写明不符之处")
    if receipt.mark is Mark.DEFERRED and not material.deferrable:
        faults.append("这项材料不能容缺，须补齐后才能受理")
    return faults


def _line(material: Material, answers: Answers, receipt: Receipt) -> Line:
    options = tuple(option for option in material.options if applies(option.when, answers) is not False)
    sealed = bool(material.seal) and applies(material.seal_when, answers) is True
    state = _state(material, answers, receipt)
    if state is LineState.MET and receipt.option and receipt.option not in {option.key for option in options}:
        state = LineState.MISSING  # what was handed in does not serve under the answers as they stand now
    return Line(material, receipt, state, sealed, options)


def _state(material: Material, answers: Answers, receipt: Receipt) -> LineState:
    verdict = applies(material.when, answers)
    if verdict is False:
        return LineState.NOT_APPLICABLE
    if verdict is None:
        return LineState.TO_ASK
    if receipt.mark is Mark.RECEIVED:
        return LineState.MET
    if receipt.mark is Mark.FAULTY:
        return LineState.FAULTY
    if receipt.mark is Mark.DEFERRED and material.deferrable:
        return LineState.DEFERRED
    if material.required is Required.ON_REQUEST and receipt.mark is Mark.NONE:
        return LineState.OPTIONAL
    return LineState.MISSING


def line_name(line: Line) -> str:
    """The published name with what the guide asks of the paper: the seal and the numbers of originals and copies."""
    material = line.material
    seal = f"（须{material.seal}）" if line.sealed and "加盖" not in material.name else ""
    return f"{material.name}{seal}{_counts(material)}"


def _counts(material: Material) -> str:
    parts = []
    if material.originals:
        parts.append(f"原件{material.originals}份")
    if material.copies:
        parts.append(f"复印件{material.copies}份")
    return f"（{'、'.join(parts)}）" if parts else ""


def notice_text(line: Line) -> str:
    """One line of the notice: the material, its fault, what to do, and the alternatives where there are several."""
    if line.state is LineState.FAULTY:
        what = f"不符合要求（{line.receipt.fault.strip()}），请更换或改正。"
    else:
        what = "未提交，请补交。"
    return f"{line_name(line)}：{what}{_alternatives(line.options)}"


def _alternatives(options: tuple[MaterialOption, ...]) -> str:
    texts = list(dict.fromkeys(option.text for option in options))
    if len(texts) < 2:  # noqa: PLR2004 - one way is no choice
        return ""
    listed = "；".join(f"{_circled(n)}{text}" for n, text in enumerate(texts))
    return f"下列任选其一：{listed}。"


def _circled(n: int) -> str:
    return CIRCLED[n] if n < len(CIRCLED) else f"（{n + 1}）"
