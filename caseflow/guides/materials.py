"""The materials of an item: numbered or run-on text, tables, and cards of one fact a line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from caseflow.guides.alternatives import CHOICE, is_document, read_choice, split_or
from caseflow.guides.counts import COUNT_TAIL, SEAL
from caseflow.guides.headers import is_materials_header
from caseflow.guides.lines import Line
from caseflow.guides.lists import Entry, entries_of, split_outside
from caseflow.guides.material_entries import BRACKET, MaterialRead, MaterialsRead, read_entry, seal_of
from caseflow.guides.material_tables import read_cards, read_table

_NOTE: Final = re.compile(r"[（(]?(?:备注|注|说明|温馨提示|提示)\s*[:：]\s*")
_ALL: Final = re.compile(r"以上|上述|所有|全部|所列|各项")
_LONGEST_CASE: Final = 20
_LEAD: Final = re.compile(
    r"(?:.{0,20}(?:以下|下列|如下|所需|需提供|需提交|应提交|应提供|提供|提交|携带|包括|材料|资料))[^。；]{0,14}[:：]$"
)
NONE_NEEDED: Final = (
    r"(?:无|无需(?:申请人)?(?:提供|提交)?(?:任何)?(?:申请)?(?:材料|资料)?|不需要(?:提供|提交)?(?:任何)?(?:材料)?|暂无"
    r"|免提交(?:材料)?|/|—+|-+)[。]?"
)
"""How a guide says that no material is needed."""
_EMPTY: Final = re.compile(NONE_NEEDED)
_PERSONS: Final = re.compile(
    r".*(?:人员|职工|居民|单位|对象|的|者|人|学生|儿童|情形|情况|办理|报销|参保|登记|变更|新增|转入|转出|门诊|住院|备案|类|死亡|退休|离休|就业|险|材料|资料|要件|户|企业|机构|新生儿|生育|流产|手术|费用|支付|业务|注销|时)(?:[（(].*[)）])?"
)
_GENERIC: Final = re.compile(r"(?:.{0,6}(?:材料|资料|证明|证件|凭证|证明材料|文件)(?:之一)?)")


def read_materials(rows: Sequence[Line]) -> MaterialsRead:
    """The materials a block of rows names."""
    read = MaterialsRead()
    header = next((place for place, row in enumerate(rows) if row.table and is_materials_header(row.cells)), None)
    if header is not None:
        before = [row for row in rows[:header] if not _LEAD.fullmatch(row.text.strip())]
        _read_text(before, read)
        read_table(rows[header:], read)
    elif any(re.search(r"材料名称\s*[:：]", row.text) for row in rows):
        read_cards(rows, read)
    else:
        _read_text(_untabled(rows), read)
    _for_all(read)
    return read


def _untabled(rows: Sequence[Line]) -> list[Line]:
    """Rows of a table without a header: the cells side by side, its number before them."""
    return [
        replace(row, cells=(" ".join(cell.strip() for cell in row.cells if cell.strip()),), table=False) for row in rows
    ]


def _read_text(rows: Sequence[Line], read: MaterialsRead) -> None:
    entries = entries_of(rows)
    numbered = any(entry.style for entry in entries)
    if not numbered and len(entries) == 1:
        entries = _split_run(entries[0])
    elif not numbered:
        entries = _unwrapped(entries)
    for entry in _under_cases(entries):
        _read_entry(entry, read, group="", numbered=numbered)


def _under_cases(entries: list[Entry]) -> list[Entry]:
    """A numbered case with a line of papers below it: the papers belong under the case."""
    result: list[Entry] = []
    for entry in entries:
        case = result[-1] if result and result[-1].style and not entry.style else None
        if case and not case.children and not _paperlike(case.text.rstrip("：:")) and not _NOTE.match(entry.text):
            case.children = _split_run(entry)
        else:
            result.append(entry)
    return result


def _unwrapped(entries: list[Entry]) -> list[Entry]:
    """Lines without numbers: a line that closes a bracket or goes on is part of the line before."""
    result: list[Entry] = []
    for entry in entries:
        before = result[-1].text if result else ""
        if result and (
            before.count("（") > before.count("）")
            or before.endswith(("、", "或", "和", "及"))
            or re.match(r"[（(）)。；、或]", entry.text)
        ):
            result[-1].text += entry.text
            result[-1].lines += entry.lines
        else:
            result.append(entry)
    if len(result) == 1:
        return _split_run(result[0])
    return result


def _split_run(entry: Entry) -> list[Entry]:
    """One line that lists several papers."""
    text = entry.text.strip().rstrip("。；; ")
    if CHOICE.search(text) and not re.search(r"[；;。]", text):
        return [entry]
    for marks in ("；;。", "、，,"):
        parts = split_outside(text, marks)
        if len(parts) > 1 and all(_paperlike(part) for part in parts):
            if marks == "、，," and _one_choice(text, parts):
                return [entry]
            return [Entry(part, "", None, entry.lines) for part in parts]
    return [entry]


def _one_choice(text: str, parts: list[str]) -> bool:
    """身份证、户口簿或社保卡: a choice among three, not two papers and a choice."""
    choice = read_choice(text)
    return (
        len(split_or(parts[-1])) > 1
        and not any(len(split_or(part)) > 1 for part in parts[:-1])
        and bool(choice.any_of)
        and not choice.doubt
    )


def _paperlike(text: str) -> bool:
    bare = COUNT_TAIL.sub("", BRACKET.sub("", text)).strip()
    return is_document(bare) or bool(COUNT_TAIL.search(text)) or bool(_NOTE.match(text)) or bool(CHOICE.search(text))


def _read_entry(entry: Entry, read: MaterialsRead, *, group: str, numbered: bool) -> None:
    text = entry.text.strip().lstrip("。；;，,、.：:").strip()
    if not re.sub(r"[\s。；;，,、.]", "", text) and not entry.children:
        return
    if noted := _NOTE.match(text):
        read.remarks.append(text[noted.end() :].strip())
        read.remarks.extend(child.text for child in entry.children)
        return
    if _EMPTY.fullmatch(text) or (numbered and _only_leads(entry, text)):
        return
    if not entry.style and _is_remark(text):
        read.remarks.append(text)
        return
    if entry.children:
        _read_parent(text, entry, read, group)
        return
    if split := _heading_and_list(text):
        heading, listed = split
        for part in listed:
            _read_entry(Entry(part, "", None, entry.lines), read, group=heading, numbered=True)
        return
    material, doubt = read_entry(text, tuple(entry.lines))
    read.materials.append(replace(material, group=material.group or group))
    read.doubt(doubt, entry.lines)


def _is_remark(text: str) -> bool:
    """Whether a line without a number is about the materials rather than one of them."""
    if re.match(r"其中第|其中[，,]|另外|注意", text):
        return True
    return bool(_ALL.search(text[:8])) and (not is_document(text) or bool(re.search(r"[均都]|须|需", text)))


def _only_leads(entry: Entry, text: str) -> bool:
    """Whether a line only leads to the list below it, such as 需提供以下材料."""
    return not entry.style and not entry.children and _LEAD.fullmatch(text) is not None


def _heading_and_list(text: str) -> tuple[str, list[str]] | None:
    """在职职工：登记表、身份证复印件 → the heading and its papers."""
    heading, colon, listed = re.sub("：", ":", text, count=1).partition(":")
    if (
        not colon
        or _GENERIC.fullmatch(heading)
        or len(heading) > _LONGEST_CASE
        or is_document(heading.strip())
        or CHOICE.search(listed)
    ):
        return None
    parts = [
        part
        for piece in split_outside(listed, "；;。")
        for part in ([piece] if CHOICE.search(piece) else split_outside(piece, "、，,"))
    ]
    return (heading.strip(), parts) if parts and all(_paperlike(part) for part in parts) else None


def _read_parent(text: str, entry: Entry, read: MaterialsRead, group: str) -> None:
    head = text.rstrip("：:。；; ").strip()
    lines = [*entry.lines, *(line for child in entry.children for line in child.lines)]
    choice = CHOICE.search(head) or re.search(
        r"(?:下列|以下)(?:材料|证件|资料|证明)?(?:中)?(?:任|之一)|任选|之一", head
    )
    if choice:
        options = [read_entry(child.text.strip(" 。；;，,"), tuple(child.lines))[0].name for child in entry.children]
        name = CHOICE.sub("", head).strip(" （(，,：:") or head
        name = re.sub(r"[（(,，]?(?:提供|提交)?(?:以下|下列).*$", "", name).strip("（(，, ") or head
        read.materials.append(
            MaterialRead(name, tuple(options), note=head if head != name else "", group=group, lines=tuple(lines))
        )
        return
    if is_document(head) and not text.endswith(("：", ":")) and not _PERSONS.fullmatch(head):
        _read_entry(Entry(text, entry.style, entry.number, entry.lines), read, group=group, numbered=True)
        for child in entry.children:
            _read_entry(child, read, group=group, numbered=True)
        read.doubt(f"“{head}”下面所列的是它的组成部分，还是另外的材料？", lines)
        return
    for child in entry.children:
        _read_entry(child, read, group=head if not _general_heading(head) else group, numbered=True)


def _general_heading(head: str) -> bool:
    """Whether a heading over materials says nothing about who hands them in."""
    return bool(
        re.fullmatch(
            r"(?:需|须|应)?(?:提供|提交|携带)?(?:的)?(?:以下|下列|基本|基础|必[要需备]|所需|通用|申请|办理|主要|共同|公共)*(?:提供|提交)?(?:的)?(?:材料|资料|要件)?(?:如下|包括|清单)?",
            head,
        )
    )


def _for_all(read: MaterialsRead) -> None:
    """（以上办理资料均需加盖单位公章）, wherever it stands, is about every material."""
    for place, material in enumerate(read.materials):
        if material.seal and _ALL.search(material.note):
            for other, line in enumerate(read.materials[: place + 1]):
                read.materials[other] = replace(line, seal=line.seal or material.seal)
    for remark in read.remarks:
        if _ALL.search(remark) and SEAL.search(remark):
            read.materials = [replace(line, seal=line.seal or seal_of(remark)) for line in read.materials]
