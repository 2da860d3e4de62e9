"""The growing form of 收件登记: what was typed in three steps, as the values the desk takes. Keeps every entry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from re import ASCII, fullmatch

from caseflow.desk.intake import Application
from caseflow.desk.people import Party, check_parties
from caseflow.errors import BadInput, Fault, OutsideCalendar
from caseflow.identity import ID_KIND_NAMES, IdKind, age, normalise, region, sex
from caseflow.rules import words
from caseflow.rules.calendar import WorkingCalendar
from caseflow.rules.checklist import (
    Checklist,
    LineState,
    Mark,
    Receipt,
    check_answers,
    check_materials,
    check_receipts,
    open_questions,
)
from caseflow.rules.clock import due
from caseflow.rules.entries import check_fields, parse_day, text_fault
from caseflow.rules.item import FieldKind, Item, Material
from web.forms import MOST_FIELDS

UNSURE = "?"
"""The answer 尚不清楚: the question was asked, and its lines stay to be asked."""

LONGEST = 5000
MOST_CONCERNED = 20
FIRST_CONCERNED = 2
RECEIVE_ONLY = "receive_only"
CHANNELS = {**words.CHANNELS, "online": "网上（代录）"}
PARTY_KEYS = ("id_kind", "id_number", "name", "phone", "relation", "authorisation")
LINE_KEYS = ("mark", "option", "originals", "copies", "fault")

STEP_PREFIXES = {
    1: ("q", "answer."),
    2: ("applicant.", "agent.", "concerned.", "f.", "channel", "note", "received_on", "late_reason", "since"),
    3: ("m.", "decision", "need."),
}
_OWN = ("csrf_token", "go", "choose", "item", "request_key", "concerned_rows", "step")


@dataclass(frozen=True, slots=True)
class Draft:
    """Everything typed so far, by the name of its input."""

    typed: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.typed.get(name, "")

    def under(self, prefix: str) -> dict[str, str]:
        """The entries whose name begins with the prefix, by the rest of the name; empty ones left out."""
        return {
            name.removeprefix(prefix): text
            for name, text in self.typed.items()
            if name.startswith(prefix) and text.strip()
        }

    def carried(self, step: int) -> list[tuple[str, str]]:
        """What the page of this step keeps in hidden inputs, because it shows no input for it."""
        shown = STEP_PREFIXES[step]
        return [(name, text) for name, text in self.typed.items() if name not in _OWN and not name.startswith(shown)]

    @property
    def answers(self) -> dict[str, str]:
        """The situations answered; 尚不清楚 is no answer."""
        return {key: text for key, text in self.under("answer.").items() if text != UNSURE}

    @property
    def rows(self) -> int:
        """How many rows for persons concerned the page shows."""
        typed = self["concerned_rows"]
        asked = int(typed) if fullmatch(r"\d{1,2}", typed, ASCII) else FIRST_CONCERNED
        return max(FIRST_CONCERNED, min(asked, MOST_CONCERNED))


def read_draft(form: Mapping[str, str]) -> Draft:
    """The form as it came; BadInput where it cannot be one of ours at all."""
    if len(form) > MOST_FIELDS:
        raise BadInput([Fault("", f"表单栏目过多（超过 {MOST_FIELDS} 项）")])
    return Draft(dict(form))


def unusable(draft: Draft) -> list[Fault]:
    """Entries that no field can take: too long, or with characters that cannot be shown."""
    found = (text_fault(name, text, LONGEST, lines=True) for name, text in draft.typed.items() if name not in _OWN)
    return [fault for fault in found if fault is not None]


def check_situations(item: Item, draft: Draft) -> list[Fault]:
    """The questions of step 1 not yet answered, and answers that are none."""
    faults = [
        Fault(f"answer.{one.key}", "请选择，不能确定时选“尚不清楚”")
        for one in open_questions(item, draft.answers)
        if not draft[f"answer.{one.key}"]
    ]
    return faults + placed(item, check_answers(item, draft.answers))


def stray_answers(item: Item, draft: Draft) -> Draft:
    """The draft without answers to questions that do not arise any more under the other answers."""
    wrong = {fault.place for fault in check_answers(item, draft.answers)}
    names = {f"answer.{one.key}" for one in item.situations if one.question in wrong}
    return Draft({name: text for name, text in draft.typed.items() if name not in names})


def party(draft: Draft, prefix: str) -> Party:
    """A person as typed; an unknown kind of proof is a BadInput at its field."""
    kind = draft[f"{prefix}id_kind"] or IdKind.RESIDENT_ID.value
    if kind not in {one.value for one in IdKind}:
        raise BadInput([Fault(f"{prefix}id_kind", "没有这种证件")])
    texts = {key: draft[prefix + key] for key in PARTY_KEYS[1:]}
    return Party(id_kind=IdKind(kind), **texts)


_CARDS = (IdKind.RESIDENT_ID, IdKind.HK_MO_TW_PERMIT, IdKind.FOREIGNER_PERMIT)


def id_facts(draft: Draft, prefix: str, today: date) -> str:
    """What a card number says of its holder, to be compared with the person at the window: sex, age, place."""
    kind, number = draft[f"{prefix}id_kind"] or IdKind.RESIDENT_ID.value, normalise(draft[f"{prefix}id_number"])
    years = age(number, today) if kind in _CARDS else None
    return "" if years is None else " · ".join(filter(None, (sex(number), f"{years} 岁", region(number))))


def people_shown(draft: Draft) -> list[str]:
    """The prefixes of everybody the page of step 2 asks for."""
    return ["applicant.", "agent.", *(f"concerned.{n}." for n in range(1, draft.rows + 1))]


def agent_of(draft: Draft) -> Party | None:
    """The agent, where anything was typed about one."""
    typed = draft.under("agent.")
    typed.pop("id_kind", None)
    return party(draft, "agent.") if typed else None


def concerned_of(draft: Draft) -> dict[int, Party]:
    """The persons concerned by the row they were typed in."""
    found = {}
    for row in range(1, MOST_CONCERNED + 1):
        typed = draft.under(f"concerned.{row}.")
        typed.pop("id_kind", None)
        if typed:
            found[row] = party(draft, f"concerned.{row}.")
    return found


def check_people(item: Item, draft: Draft, today: date) -> list[Fault]:
    """Every fault of step 2, by the name of its input."""
    concerned = concerned_of(draft)
    _, faults = check_parties(party(draft, "applicant."), agent_of(draft), concerned.values(), today)
    _, field_faults = check_fields(item, draft.answers, draft.under("f."))
    rows = dict(enumerate(concerned, 1))
    return placed(item, [*faults, *field_faults], rows) + _day_faults(draft)


def _day_faults(draft: Draft) -> list[Fault]:
    faults = []
    for name, label in (("received_on", "收件日期"), ("since", "日期")):
        try:
            _day(draft, name, label)
        except ValueError as error:
            faults.append(Fault(name, str(error)))
    if draft["channel"] and draft["channel"] not in CHANNELS:
        faults.append(Fault("channel", "没有这种渠道"))
    return faults


def _day(draft: Draft, name: str, label: str) -> date | None:
    typed = draft[name].strip()
    return parse_day(typed, label) if typed else None


def deadline_field(item: Item) -> str:
    """The input that says when the applicant's own time began: the item's own date field of that name, or `since`."""
    wanted = item.applicant_deadline.since[:2] if item.applicant_deadline else ""
    own = (one.key for one in item.fields if wanted and one.kind is FieldKind.DATE and one.label.startswith(wanted))
    return next((f"f.{key}" for key in own), "since")


def deadline_warning(item: Item, calendar: WorkingCalendar, draft: Draft, today: date) -> str:
    """The sentence where the applicant comes later than the guide asks: a warning, never a refusal."""
    own = item.applicant_deadline
    if own is None:
        return ""
    try:
        since = _day(draft, deadline_field(item), own.since)
        last = due(calendar, since, own.limit).on if since else None
    except (ValueError, OutsideCalendar):
        return ""
    if last is None or last >= today:
        return ""
    return f"已超过“{own.text}”（最后一日 {last.isoformat()}），仅提示，不影响收件。"


def receipts_of(item: Item, draft: Draft) -> dict[str, Receipt]:
    """The material rows as typed; BadInput where a mark or a count is none."""
    faults: list[Fault] = []
    receipts = {line.key: _receipt(draft, f"m.{line.key}.", faults) for line in item.materials}
    faults += placed(item, check_receipts(item, receipts))
    if faults:
        raise BadInput(faults)
    return receipts


def _receipt(draft: Draft, prefix: str, faults: list[Fault]) -> Receipt:
    mark = draft[f"{prefix}mark"] or Mark.NONE.value
    if mark not in {one.value for one in Mark}:
        faults.append(Fault(f"{prefix}mark", "只能选收、缺、不符"))
        mark = Mark.NONE.value
    originals, copies = (_count(draft, prefix + key, faults) for key in ("originals", "copies"))
    fault = draft[f"{prefix}fault"].strip()
    wrong = text_fault(f"{prefix}fault", fault, 200)
    faults += [wrong] if wrong else []
    if mark not in (Mark.RECEIVED.value, Mark.FAULTY.value):
        return Receipt(Mark(mark))
    return Receipt(Mark(mark), draft[f"{prefix}option"], originals, copies, fault if mark == Mark.FAULTY.value else "")


def _count(draft: Draft, name: str, faults: list[Fault]) -> int:
    typed = draft[name].strip()
    if not typed:
        return 0
    if not fullmatch(r"\d{1,2}", typed, ASCII):
        faults.append(Fault(name, "份数应为 0 到 99 的整数"))
        return 0
    return int(typed)


def safe_checklist(item: Item, draft: Draft) -> Checklist:
    """The checklist for showing, with the rows that cannot be read left unmarked."""
    try:
        return check_materials(item, draft.answers, receipts_of(item, draft))
    except BadInput:
        return check_materials(item, draft.answers, {})


def preselected(item: Item, draft: Draft, checklist: Checklist) -> str:
    """The decision the ticks speak for: nothing while a line that applies has no tick."""
    if checklist.complete:
        return "close_on_the_spot" if item.flow == "immediate" else "accept"
    if checklist.acceptable:
        return "accept_deferred"
    ticked = all(draft[f"m.{line.material.key}.mark"] not in ("", Mark.NONE.value) for line in checklist.unmet)
    return "supplement_notice" if ticked and checklist.unmet and not checklist.questions else ""


def application(item: Item, draft: Draft) -> Application:
    """What the desk registers; BadInput with every entry that cannot be read, by the name of its input."""
    faults = _day_faults(draft)
    if faults:
        raise BadInput(faults)
    return Application(
        item_key=item.key,
        applicant=party(draft, "applicant."),
        request_key=draft["request_key"],
        channel=draft["channel"] or "window",
        answers=draft.answers,
        agent=agent_of(draft),
        concerned=tuple(concerned_of(draft).values()),
        fields=draft.under("f."),
        receipts=receipts_of(item, draft),
        note=draft["note"].strip(),
        received_on=_day(draft, "received_on", "收件日期"),
        late_reason=draft["late_reason"].strip(),
    )


def placed(item: Item, faults: Iterable[Fault], rows: Mapping[int, int] | None = None) -> list[Fault]:
    """The desk's faults, which name a field by its label, at the names of the inputs they belong to."""
    names = {label: name for name, label in input_labels(item, rows or {}).items()}
    return [Fault(names.get(fault.place, fault.place), fault.text) for fault in faults]


def summary(item: Item, faults: Iterable[Fault]) -> list[tuple[str, str]]:
    """Every fault for the top of the page: the input's name, and the sentence with its label."""
    labels = input_labels(item, {})
    return [(fault.place, str(Fault(labels.get(fault.place, ""), fault.text))) for fault in faults]


_PERSON_WORDS = {
    "name": "姓名",
    "id_number": "证件号码",
    "phone": "联系电话",
    "relation": "关系",
    "authorisation": "授权",
}
_OTHER_WORDS = {"received_on": "收件日期", "late_reason": "补录原因", "note": "备注", "channel": "渠道"}


def input_labels(item: Item, rows: Mapping[int, int]) -> dict[str, str]:
    """The label by which the desk names each input; `rows` is the row of the n-th person concerned."""
    labels = {f"f.{one.key}": one.label for one in item.fields}
    labels |= {f"m.{line.key}.mark": line.name for line in item.materials}
    labels |= {f"answer.{one.key}": one.question for one in item.situations}
    people = {"applicant.": "申请人", "agent.": "代办人"}
    people |= {f"concerned.{rows.get(n, n)}.": f"相关人员{n}" for n in range(1, MOST_CONCERNED + 1)}
    labels |= {prefix + key: label + word for prefix, label in people.items() for key, word in _PERSON_WORDS.items()}
    return labels | _OTHER_WORDS


ID_KINDS = {kind.value: name for kind, name in ID_KIND_NAMES.items()}

_ORGANISATIONS = ("单位", "机构", "药店", "法人")


def usual_id_kind(item: Item) -> str:
    """The kind of proof the applicants of an item usually bring: a credit code where they are organisations."""
    told = item.name + item.service_object
    return (IdKind.CREDIT_CODE if any(word in told for word in _ORGANISATIONS) else IdKind.RESIDENT_ID).value


def step_of(faults: Iterable[Fault]) -> int:
    """The step whose page shows the first of these faults; step 3 where none is an input's."""
    for fault in faults:
        for step, prefixes in STEP_PREFIXES.items():
            if fault.place.startswith(prefixes):
                return step
    return 3


def filled(draft: Draft, entries: Mapping[str, str]) -> Draft:
    """The draft with these entries set."""
    return Draft({**draft.typed, **entries})


def all_received(item: Item, draft: Draft) -> Draft:
    """The draft with 收 on every line that applies, must be handed in and has no tick yet."""
    checklist = safe_checklist(item, draft)
    marks = {
        f"m.{line.material.key}.mark": Mark.RECEIVED.value
        for line in checklist.lines
        if line.state is LineState.MISSING and draft[f"m.{line.material.key}.mark"] in ("", Mark.NONE.value)
    }
    return filled(draft, marks)


def usual_counts(material: Material) -> tuple[int, int]:
    """Originals and copies as the guide asks; one copy of what is named 复印件, else one original."""
    if material.originals is not None or material.copies is not None:
        return material.originals or 0, material.copies or 0
    return (0, 1) if "复印件" in material.name else (1, 0)


class Typed(dict[str, str]):
    """What was typed, by input; "" for an input not sent, so that templates need no default."""

    def __missing__(self, key: str) -> str:
        """Nothing was typed."""
        return ""


def typed_marks(receipts: Mapping[str, Receipt]) -> dict[str, str]:
    """The marks of a case as the rows of the form show them."""
    typed = {}
    for key, receipt in receipts.items():
        typed[f"m.{key}.mark"] = receipt.mark.value
        typed |= {f"m.{key}.option": receipt.option, f"m.{key}.fault": receipt.fault}
        if receipt.mark in (Mark.RECEIVED, Mark.FAULTY):
            typed |= {f"m.{key}.originals": str(receipt.originals), f"m.{key}.copies": str(receipt.copies)}
    return typed
