"""Materials in tables with a head, and as cards: 材料名称：…, 材料形式：…, one fact a line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from caseflow.guides.counts import Counts, read_counts
from caseflow.guides.headers import column_of, is_materials_header
from caseflow.guides.labels import strip_numbering
from caseflow.guides.lines import Line
from caseflow.guides.lists import entries_of
from caseflow.guides.material_entries import MaterialRead, MaterialsRead, read_entry

Facts = Mapping[str, list[str]]
"""Column (vocabulary.COLUMNS) → the cells under it."""

_SUBLABEL: Final = re.compile(
    r"(材料必要性|必要性|其他要求|材料类型|材料形式|纸质材料规格|来源渠道|材料来源|填报须知|要求填报的材料依据|受理标准|材料份数|材料要求)\s*[:：]?\s*"
)
_REQUIRED: Final = (
    (re.compile(r"非必[要需须]|否|可选|选择|不必[要需须]|视情|特定|情形|如有|容缺"), "conditional"),
    (re.compile(r"要求提供|必要时"), "on_request"),
)
_NOTHING: Final = re.compile(r"[\s/—\-无]*")


def read_table(rows: Sequence[Line], read: MaterialsRead) -> None:
    """Materials of a table whose first row is its head; a repeated head (a new page) is passed over."""
    heads = tuple(column_of(cell) or "" for cell in rows[0].cells)
    group = ""
    for row in rows[1:]:
        if row.table and is_materials_header(row.cells):
            heads = tuple(column_of(cell) or "" for cell in row.cells)
            continue
        filled = [cell.strip() for cell in row.cells if cell.strip()]
        if not row.table or len(filled) == 1:
            group = _loose(filled, read, group)
            continue
        _table_row(heads, row, read, group)


def _loose(filled: list[str], read: MaterialsRead, group: str) -> str:
    """A line of its own in a table: a remark, or a heading over the rows below."""
    text = filled[0] if filled else ""
    if re.match(r"[（(]?(?:备注|注|说明|以上|上述|温馨提示)", text) or len(text) > 24:  # noqa: PLR2004 - a small count the line itself names
        read.remarks.append(re.sub(r"^[（(]?(?:备注|注|说明)\s*[:：]\s*", "", text))
        return group
    if text.isdecimal():
        return group
    return strip_numbering(text)[1].rstrip("：:")


def _table_row(heads: Sequence[str], row: Line, read: MaterialsRead, group: str) -> None:
    cells = list(row.cells)
    if len(cells) > len(heads) and not any(cell.strip() for cell in cells[len(heads) :]):
        cells = cells[: len(heads)]
    facts: dict[str, list[str]] = {}
    for head, cell in zip(heads, cells, strict=False):
        if cell.strip():
            facts.setdefault(head or "note", []).append(cell.strip())
    if len(cells) != len(heads) and facts.get("material"):
        read.doubt(f"材料表这一行的格数与表头不符：“{row.text[:60]}”，请核对", [row.number])
    group = _group(facts, read, group, "group" in heads)
    if not facts.get("material"):
        if read.materials and facts:
            last = read.materials[-1]
            more = "；".join(text for key, texts in facts.items() if key != "index" for text in texts)
            read.materials[-1] = replace(last, note=f"{last.note}；{more}".strip("；"))
        return
    for name in _names(facts["material"][0]):
        material, doubt = of_facts(name, facts, (row.number,))
        read.materials.append(replace(material, group=group))
        read.doubt(doubt, [row.number])


_GENERAL: Final = re.compile(r"(?:通用|共同|基本|所有|全部|各类|均需|必备)(?:材料|情形|人员)?|无|/|—+|-+")


def _group(facts: dict[str, list[str]], read: MaterialsRead, group: str, stated: bool) -> str:  # noqa: FBT001 - told by the head
    """The case a row is for: in its own column, or as in the row above where that cell is blank or merged."""
    if not stated:
        return group
    named = " ".join(facts.pop("group", ()))
    if not named:
        return read.materials[-1].group if read.materials else ""
    return "" if _GENERAL.fullmatch(named) else named


def _names(cell: str) -> list[str]:
    """The papers of one cell: mostly one, several where they are numbered."""
    entries = entries_of([Line(0, (part,)) for part in cell.split("\n") if part.strip()])
    if len(entries) > 1 and all(entry.style for entry in entries):
        return [entry.text for entry in entries]
    text = "".join(part.strip() for part in cell.split("\n"))
    return [strip_numbering(text)[1] if re.match(r"[0-9]{1,2}[.、．]", text) else text]


def of_facts(name: str, facts: Facts, lines: tuple[int, ...]) -> tuple[MaterialRead, str]:
    """A material by its name and the cells beside it."""
    material, doubt = read_entry(name, lines)
    counts = _counts(facts)
    required = _required(facts) or material.required
    note = _note(facts, material.note)
    return replace(
        material,
        required=required,
        note=note,
        form=counts.form or material.form,
        originals=material.originals if counts.originals is None else counts.originals,
        copies=material.copies if counts.copies is None else counts.copies,
        source=_sublabel(facts, "source", ("来源渠道", "材料来源")) or " ".join(facts.get("source", ())),
    ), doubt


def _counts(facts: Facts) -> Counts:
    originals, copies = _number(facts, "originals"), _number(facts, "copies")
    form = _form(facts)
    if originals is not None or copies is not None:
        return Counts(originals, copies, form)
    words = [*facts.get("form", ()), *facts.get("type", ()), *facts.get("count", ())]
    if any(re.search(r"[0-9一二两三四五六七八九]\s*份?", text) for text in words) and any(
        re.search("原件|复印件", text) for text in words
    ):
        read = read_counts(_together(facts))
        return Counts(read.originals, read.copies, form or read.form)
    number = read_counts(" ".join(f"{text}份" if text.isdecimal() else text for text in facts.get("count", ())))
    if number.originals is None and number.copies is None:
        number = (
            read_counts(" ".join(facts.get("note", ())))
            if any(re.search(r"(?:原件|复印件).{0,6}[0-9一二两三四五]", text) for text in facts.get("note", ()))
            else number
        )
    return Counts(number.originals, number.copies, form)


def _together(facts: Facts) -> str:
    """Type and number side by side: 原件和复印件 | 2 reads as 原件和复印件 2份."""
    kind = " ".join([*facts.get("form", ()), *facts.get("type", ())])
    count = " ".join(facts.get("count", ()))
    if re.search(r"原件|复印件", count) or not count:
        return f"{kind} {count}"
    kinds = "原件和复印件" if "原件" in kind and "复印件" in kind else "复印件" if "复印件" in kind else "原件"
    digits = re.search(r"[0-9]+|[一二两三四五六七八九十]+", count)
    return f"{kinds}{digits[0]}份" if digits else kinds


def _number(facts: Facts, key: str) -> int | None:
    for text in facts.get(key, ()):
        found = re.search(r"[0-9]+", text)
        if found:
            return int(found[0])
        if _NOTHING.fullmatch(text):
            return 0
        return read_counts(f"{text}份" if not text.endswith("份") else text).originals
    return None


def _form(facts: Facts) -> str:
    kind = _sublabel(facts, "note", ("材料类型",)) or " ".join(facts.get("type", ()))
    medium = _sublabel(facts, "note", ("材料形式",)) or " ".join(facts.get("form", ()))
    if medium and kind and not re.search(r"份", medium):
        return f"{medium}{kind}" if re.fullmatch(r"纸质|电子(?:版)?", medium) else f"{kind}（{medium}）"
    return kind or ("" if re.search(r"份", medium) else medium)


def _required(facts: Facts) -> str:
    text = " ".join(facts.get("required", ())) or _sublabel(facts, "note", ("材料必要性", "必要性"))
    if not text:
        return ""
    return next((required for pattern, required in _REQUIRED if pattern.search(text)), "required")


def _sublabel(facts: Facts, key: str, names: Sequence[str]) -> str:
    """A fact written inside a cell of facts, such as 材料必要性 必要 其他要求."""
    keys = [key] if key != "source" else ["source", "note"]
    for text in (text for one in keys for text in facts.get(one, ())):
        parts = _SUBLABEL.split(text)
        for label, value in zip(parts[1::2], parts[2::2], strict=False):
            if label in names and value.strip():
                return value.strip()
    return ""


def _note(facts: Facts, note: str) -> str:
    texts = []
    for text in facts.get("note", ()):
        plain = " ".join(text.split())
        if not _SUBLABEL.search(plain) and not _NOTHING.fullmatch(plain):
            texts.append(plain)
    texts += [
        f"容缺：{text}" for text in facts.get("deferrable", ()) if not re.fullmatch(r"否|不可|不支持|/|-|—+|无", text)
    ]
    return "；".join([*([note] if note else []), *texts])


def read_cards(rows: Sequence[Line], read: MaterialsRead) -> None:
    """Cards: each 材料名称 begins a material, the lines below it are its facts."""
    cards: list[tuple[str, dict[str, list[str]], list[int]]] = []
    for row in rows:
        head, _, value = re.sub("：", ":", strip_numbering(row.text.strip())[1], count=1).partition(":")
        kind = column_of(head)
        if kind == "material" and value.strip():
            cards.append((value.strip(), {}, [row.number]))
        elif cards and kind and value.strip():
            cards[-1][1].setdefault(kind, []).append(value.strip())
            cards[-1][2].append(row.number)
        elif cards and row.text.strip():
            cards[-1][1].setdefault("note", []).append(row.text.strip())
            cards[-1][2].append(row.number)
    for name, facts, lines in cards:
        material, doubt = of_facts(name, facts, tuple(lines))
        read.materials.append(material)
        read.doubt(doubt, lines)
