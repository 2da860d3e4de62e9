"""One material out of its words: alternatives, counts, seal, applicability."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from caseflow.guides.alternatives import CHOICE, is_document, read_choice, split_or
from caseflow.guides.counts import COUNT_ONLY, COUNT_TAIL, SEAL, Counts, read_counts


@dataclass(frozen=True, slots=True)
class MaterialRead:
    """One material as the guide words it; `group` is the heading it stands under (在职职工：)."""

    name: str
    any_of: tuple[str, ...] = ()
    required: str = "required"
    note: str = ""
    seal: str = ""
    form: str = ""
    originals: int | None = None
    copies: int | None = None
    source: str = ""
    group: str = ""
    lines: tuple[int, ...] = ()


@dataclass(slots=True)
class MaterialsRead:
    """The materials, remarks that stood among them, and what is doubtful, each with its lines."""

    materials: list[MaterialRead] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    doubts: list[tuple[str, tuple[int, ...]]] = field(default_factory=list)

    def doubt(self, text: str, lines: Sequence[int]) -> None:
        """Ask about a line."""
        if text:
            self.doubts.append((text, tuple(lines)))


_WHEN: Final = re.compile(
    r"^(?P<when>(?:(?:如|若|凡|对|属于?|涉及|因|经|需要|须|由|委托|代|非本人|本人|他人)[^，,：:。；]{1,40}?|[^，,：:。；]{0,40}?(?:的|时|者|人员|对象|情况|情形|单位|职工|居民|学生|儿童|患者|备案|办理|急诊|意外|外伤)))"
    r"(?P<comma>[，,：:]?)\s*(?:还|另|并|应|同时|则|均)*(?P<verb>(?:还?需|须|应|要|可|应当|必须)*(?:要求)?(?:提供|提交|携带|出具|附送|附|补充|持))(?:其|本人的|相应的)?(?P<doc>.+)$"
)
_ON_REQUEST: Final = re.compile(
    r"可要求(?:其)?提供|必要时(?:可|需|须)?(?:要求)?(?:提供|提交)|应(?:经办机构)?要求提供|根据需要提供|视需要提供|按要求提供"
)
BRACKET: Final = re.compile(r"[（(](?P<in>(?:[^（()）]|[（(][^（()）]*[)）])*)[)）]")
_APPLIES: Final = re.compile(
    r"免提交|免交|可不提交|数据共享|需提供|须提供|需提交|的提供|时提供|提供$|适用|仅限|限于|代办|委托|如有|如需|必要时|视情|非必[要需须]|可选|选填|情形|的需|的须|未成年|^.{1,12}(?:的|时|者)$|特殊情况|有则提供"
)
_OPTIONAL: Final = re.compile(
    r"如有|如需|有则|视情|非必|可选|代办|委托|的提供|时提供|需提供|须提供|适用|仅限|限于|的需|的须|^.{1,12}(?:的|时|者)$"
)


def read_entry(text: str, lines: tuple[int, ...] = ()) -> tuple[MaterialRead, str]:
    """One material out of its words, and what is doubtful about it ("" where nothing is)."""
    text, note = _noted(text.strip().rstrip("。；;，,、 "))
    required, group = "required", ""
    applies = _WHEN.match(BRACKET.sub(lambda found: "　" * len(found[0]), text))
    if applies and not is_document(text[: applies.end("when")]) and _is_paper(text[applies.start("doc") :]):
        note = _add(note, text)
        required = "on_request" if _ON_REQUEST.search(text) else "conditional"
        text = text[applies.start("doc") :]
    elif _ON_REQUEST.search(text):
        note, required = _add(note, text), "on_request"
        text = _ON_REQUEST.split(text)[-1] or text
    text, stamped = _stamped(text)
    name, counts, seal, note, limited = _brackets(text, note)
    if stamped:
        seal, note = seal or seal_of(stamped), _add(note, stamped)
    if limited and required == "required":
        required = "conditional"
    name, kept = _last_bracket(name)
    if (tail := COUNT_TAIL.search(name)) and tail.start() > 1:
        name = name[: tail.start()]
        counts = _merged(counts, _as_copies(read_counts(tail[0]), name))
    material, doubt = _chosen(name.strip(" ，,、：:") + kept, note)
    form = counts.form or material.form or ("复印件" if material.name.endswith("复印件") else "")
    return replace(
        material,
        required=required,
        seal=seal,
        form=form,
        originals=counts.originals,
        copies=counts.copies,
        group=group,
        lines=lines,
    ), doubt


_STAMPED: Final = re.compile(
    r"(?P<name>.+?)\s*[，,；;]\s*(?P<more>(?:需|须|应|要|均|并|请|由[^，,]{2,12})*(?:加?盖|签)[^，,]*章|[^，,]{0,10}签字(?:并|及)?[^，,]*)$"
)


def _stamped(text: str) -> tuple[str, str]:
    """登记表一式两份，加盖公章: the name, and the clause about the seal."""
    found = _STAMPED.fullmatch(text)
    return (found["name"], found["more"]) if found and _is_paper(found["name"]) else (text, "")


def _last_bracket(name: str) -> tuple[str, str]:
    """A bracket behind the counts belongs to the name before them: 审批表1份（附明细）."""
    found = re.search(r"[（(][^（()）]*[)）]$", name.strip())
    if found and (tail := COUNT_TAIL.search(name[: found.start()])) and tail.start() > 1:
        return name[: found.start()], found[0]
    return name, ""


def _is_paper(text: str) -> bool:
    return is_document(COUNT_TAIL.sub("", CHOICE.sub("", BRACKET.sub("", text))).strip())


def _as_copies(counts: Counts, name: str) -> Counts:
    """复印件1份: the number after a name that ends in 复印件 counts copies."""
    if name.rstrip().endswith("复印件") and counts.form == "":
        return Counts(None, counts.originals if counts.copies is None else counts.copies, "复印件")
    return counts


def _noted(text: str) -> tuple[str, str]:
    found = re.search(r"(?<=.)[（(]?(?:备注|注)\s*[:：]\s*(?P<note>.+?)[)）]?$", text)
    return (text[: found.start()].strip(), found["note"]) if found else (text, "")


def _brackets(text: str, note: str) -> tuple[str, Counts, str, str, bool]:
    """The name without the brackets that are about counts, seals and applicability; what they say."""
    counts, seal, limited = Counts(), "", False
    name = text
    for found in BRACKET.finditer(text):
        inner = found["in"]
        if COUNT_ONLY.fullmatch(inner) and re.search(r"份|原件|复印件|正本|副本|张|套|电子", inner):
            counts = _merged(counts, read_counts(inner))
        elif SEAL.search(inner):
            seal, note = seal_of(inner), _add(note, found[0])
            counts = _merged(counts, read_counts(inner)) if "份" in inner else counts
        elif _APPLIES.search(inner) and not re.search(r"[或/]|任选|之一", inner):
            note, limited = _add(note, inner), bool(_OPTIONAL.search(inner))
            counts = _merged(counts, read_counts(inner)) if "份" in inner else counts
        elif inner.startswith("含") and len(inner) > 4:  # noqa: PLR2004 - a small count the line itself names
            note = _add(note, found[0])
        else:
            continue
        name = name.replace(found[0], "", 1)
    return name, counts, seal, note, limited


def seal_of(text: str) -> str:
    """The seal a text asks for, without the words around it; 加盖单位公 lacks its 章."""
    found = SEAL.search(text)
    words = re.sub(r"^(?:需|须|应|要|均|请|并|由)+", "", found[0]) if found else text
    return f"{words}章" if words.endswith("公") else words


def _merged(first: Counts, second: Counts) -> Counts:
    originals = first.originals if first.originals is not None else second.originals
    copies = first.copies if first.copies is not None else second.copies
    return Counts(originals, copies, first.form or second.form)


def _add(note: str, more: str) -> str:
    return more if not note else note if more in note else f"{note}；{more}"


def _chosen(name: str, note: str) -> tuple[MaterialRead, str]:
    lead, colon, listed = re.sub("：", ":", name, count=1).partition(":")
    if colon and listed.strip() and len(lead) > 1:
        choice = read_choice(listed)
        if choice.any_of:
            return MaterialRead(
                lead.strip(),
                choice.any_of,
                note=_add(listed.strip(), note) if note else listed.strip(),
                form=choice.form,
            ), choice.doubt
        return MaterialRead(lead.strip(), note=_add(listed.strip(), note) if note else listed.strip()), ""
    choice = read_choice(name)
    if choice.any_of:
        return MaterialRead(choice.name or name, choice.any_of, note=note, form=choice.form), choice.doubt
    inner = BRACKET.search(name)
    if inner and inner.end() == len(name) and (or_else := re.match(r"或者?(?=.)", inner["in"])):
        first = name[: inner.start()].strip()
        return MaterialRead(name, (first, *split_or(inner["in"][or_else.end() :])), note=note), ""
    if inner and re.search(r"[或/]|任选|之一", inner["in"]):
        within = read_choice(inner["in"])
        if len(within.any_of) > 1 and inner.end() == len(name):
            return MaterialRead(name, within.any_of, note=note), within.doubt
    return MaterialRead(name, note=note), choice.doubt
