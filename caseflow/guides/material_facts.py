"""The materials of an item with its situations, its remarks and the commitment they state."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from caseflow.guides.alternatives import is_document
from caseflow.guides.block import Block
from caseflow.guides.lists import entries_of, split_outside
from caseflow.guides.material_entries import BRACKET, MaterialRead, read_entry
from caseflow.guides.materials import NONE_NEEDED, read_materials
from caseflow.guides.numerals import NUMERALS, read_number
from caseflow.guides.reading import Draft

Blocks = Sequence[Block]
_DEMAND: Final = re.compile(
    r"(?:需|须|应|可|还|另|请|要|必须)[^，。；]{0,12}?(?:提供|提交|携带|出具|附)|(?:提供|提交|携带|出具)[^，。；]{0,30}(?:证|表|卡|簿|书|材料|凭证|复印件|证明)"
)
_COMMITMENT: Final = re.compile(
    rf"(?P<n>[0-9]+|[{NUMERALS}]+)个?月(?:之)?内?[^。；]{{0,12}}(?:补齐|补交|补充|提交|提供)"
)
_SPECIAL: Final = re.compile(r"特殊|特定|情形|委托|代办|补充")
_ODD: Final = re.compile(r"[0-9]$|^[a-zA-Z0-9(（]|.{46}")
"""A name that ends in a number, begins with one, or is longer than names are."""
_LONGEST_NAME: Final = 29
_REMARK_TOPICS: Final = re.compile(r"周[一二三四五六日]|星期|[0-9]{1,2}[:：][0-9]{2}")


def read_material_facts(blocks: Blocks, draft: Draft) -> None:
    """Read materials, remarks, situations and the commitment."""
    found = [block for block in blocks if block.kind == "materials" and block.rows]
    materials: list[MaterialRead] = []
    remarks: list[tuple[str, tuple[int, ...]]] = []
    for block in found:
        read = read_materials(block.rows)
        special = block.label.text if _SPECIAL.search(block.label.text) else ""
        lines_read = (
            [replace(line, required="conditional", group=line.group or special) for line in read.materials]
            if special
            else read.materials
        )
        materials += [line for line in lines_read if line not in materials]
        for text, lines in read.doubts:
            draft.ask("materials", text, lines or block.lines)
        remarks += [(remark, block.lines) for remark in read.remarks]
    situations = _situations(materials, draft)
    if materials:
        draft.set(
            "materials", [_json(line, situations) for line in materials], [n for line in materials for n in line.lines]
        )
    elif found and not all(re.fullmatch(NONE_NEEDED, row.text.strip()) for block in found for row in block.rows):
        draft.ask("materials", f"“{found[0].text[:40]}”里没有读出材料，要哪些？", found[0].lines)
    for line in materials:
        if _ODD.search(line.name) or not is_document(BRACKET.sub("", line.name)):
            draft.ask("materials", f"“{line.name[:60]}”是不是一种材料？", line.lines)
    for remark, lines in remarks:
        _remark(remark, lines, draft)
    _remarks(blocks, draft)
    _situation_blocks(blocks, draft)


def _json(line: MaterialRead, situations: dict[str, str]) -> dict[str, Any]:
    options = line.any_of or (line.name,)
    when = {"group": [situations[line.group]]} if line.group in situations else {}
    note = (
        line.note
        if not line.group or line.group in situations
        else "；".join(part for part in (line.group, line.note) if part)
    )
    return {
        "key": None,
        "name": line.name,
        "any_of": list(line.any_of),
        "options": [
            {"key": None, "text": text, "parts": [], "when": {}, "commitment": "承诺书" in text and len(options) > 1}
            for text in options
        ],
        "required": "conditional" if when and line.required == "required" else line.required,
        "deferrable": False,
        "when": when,
        "seal": line.seal or None,
        "form": line.form or None,
        "originals": line.originals,
        "copies": line.copies,
        "source": line.source or None,
        "note": note or None,
    }


def _situations(materials: Sequence[MaterialRead], draft: Draft) -> dict[str, str]:
    """Headings over groups of materials are the answers of one question."""
    groups = list(dict.fromkeys(line.group for line in materials if line.group))
    if len(groups) < 2:  # noqa: PLR2004 - a small count the line itself names
        return {}
    keys = {group: f"s{n}" for n, group in enumerate(groups, 1)}
    options = [{"key": key, "text": group} for group, key in keys.items()]
    draft.set(
        "situations",
        [{"key": "group", "question": "属于哪一种情形？", "options": options, "when": {}}],
        [n for line in materials if line.group for n in line.lines],
    )
    return keys


def _situation_blocks(blocks: Blocks, draft: Draft) -> None:
    for block in blocks:
        if block.kind == "situations" and block.text.strip():
            draft.publish(block.label.text, " ".join(block.text.split()))


def _remarks(blocks: Blocks, draft: Draft) -> None:
    for place, block in enumerate(blocks):
        if block.kind != "remarks" or not block.rows:
            continue
        after = next((one.kind for one in reversed(blocks[:place]) if one.kind != "remarks"), "")
        for entry in entries_of(block.rows):
            text = entry.text + "".join(child.text for child in entry.children)
            _remark(text, tuple(entry.lines) or block.lines, draft, after=after)


def _remark(text: str, lines: Sequence[int], draft: Draft, *, after: str = "materials") -> None:
    plain = " ".join(text.split()).strip()
    if not re.sub(r"[\s。；;，,、.无/\-—]", "", plain):
        return
    draft.set("remarks", [*draft.values["remarks"], plain], lines)
    if found := _COMMITMENT.search(plain):
        months = read_number(found["n"])
        if months and "承诺" in plain:
            sentence = next(part for part in re.findall(r"[^。]+。?", plain) if _COMMITMENT.search(part))
            draft.set("commitment", {"text": sentence, "months": months}, lines)
    if after == "materials" and (_DEMAND.search(plain) or _lists_papers(plain)):
        draft.values["materials"] += [_json(line, {}) for line in materials_of_remark(plain, tuple(lines))]
        draft.ask("materials", f"备注“{plain[:60]}”说的是不是另一种材料？什么情形下要？", lines)
    if _REMARK_TOPICS.search(plain) and re.search(r"受理|办理|提交|接待", plain):
        draft.ask("reception", f"备注里另有办理时间：“{plain[:60]}”，以哪一个为准？", lines)


_ASKED_FOR: Final = re.compile(
    r"^(?P<when>.*?)(?P<verb>(?:可要求|应要求|需|须|应|应当|还|另|请|要|必须|并|同时)*(?:提供|提交|携带|出具|附上?))(?:其|以下材料[:：]?)?(?P<papers>.+)$"
)


def materials_of_remark(text: str, lines: tuple[int, ...]) -> list[MaterialRead]:
    """The papers a remark asks for; none where it is not plain which."""
    plain = text.rstrip("。；; ")
    if _lists_papers(plain) and not _DEMAND.search(plain):
        papers, required = split_outside(plain, "、，,；;"), "required"
    else:
        found = _ASKED_FOR.match(plain)
        if not found or re.search(r"[。；;]", plain):
            return []
        required = "on_request" if "要求" in found["verb"] else "conditional"
        papers = [paper for part in split_outside(found["papers"], "、，,") for paper in _both(part)]
    if not papers or not all(is_document(paper) and len(paper) <= _LONGEST_NAME for paper in papers):
        return []
    note = "备注所列" if required == "required" else text
    return [replace(read_entry(paper, lines)[0], required=required, note=note) for paper in papers]


def _both(text: str) -> list[str]:
    """授权委托书和代办人身份证 → two papers; 法人和经办人身份证 stays one."""
    parts = re.split(r"以及|[和及]", text)
    return parts if len(parts) > 1 and all(is_document(part) for part in parts) else [text]


def _lists_papers(text: str) -> bool:
    parts = split_outside(text.rstrip("。；;"), "、，,；;")
    return (
        bool(parts)
        and not re.search(r"[均需须应]", text)
        and all(is_document(part) and len(part) <= _LONGEST_NAME for part in parts)
    )
