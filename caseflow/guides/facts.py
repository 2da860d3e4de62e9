"""Blocks of one item → its fields, one small reader per field; every text that fills no field is kept as published."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from caseflow.guides.contact_facts import read_hours, read_phones, read_place, read_place_hours
from caseflow.guides.fact_blocks import Blocks, one_line
from caseflow.guides.foreign import ask_foreign
from caseflow.guides.identity_facts import read_bureau, read_code, read_name, read_simple, read_visits
from caseflow.guides.limit_facts import read_limits
from caseflow.guides.lines import Line
from caseflow.guides.material_facts import read_material_facts
from caseflow.guides.phones import NUMBER
from caseflow.guides.reading import SILENT, Draft
from caseflow.guides.rule_facts import read_channels, read_conditions, read_fee, read_legal_basis, read_service_object
from caseflow.guides.tidying import tidied

_READERS: Final[tuple[Callable[[Blocks, Draft], None], ...]] = (
    read_name,
    read_bureau,
    read_code,
    read_simple("online_depth", "online_depth"),
    read_visits,
    read_channels,
    read_conditions,
    read_service_object,
    read_legal_basis,
    read_fee,
    read_phones,
    read_place,
    read_hours,
    read_place_hours,
    read_limits,
    read_material_facts,
)
_FIELD_OF: Final[Mapping[str, str]] = {
    "limit": "promised",
    "phones": "phone",
    "place_hours": "place",
    "legal_text": "legal_basis",
}


def read_facts(blocks: Blocks, draft: Draft) -> None:
    """Fill the draft from the blocks of one item."""
    blocks = tidied(blocks)
    for read in _READERS:
        read(blocks, draft)
    _published(blocks, draft)
    _misspelt(blocks, draft)
    _overlooked(blocks, draft)
    ask_foreign(blocks, draft)


def field_of(kind: str) -> str:
    """The field a kind of block is about."""
    return _FIELD_OF.get(kind, kind)


def _misspelt(blocks: Blocks, draft: Draft) -> None:
    for block in blocks:
        field = field_of(block.kind)
        if block.label.meant and field in SILENT:
            draft.ask(field, f"“{block.label.text}”是不是“{block.label.meant}”？", block.lines)


_KEPT: Final = frozenset({"other", "unknown", "online", "flow", "statutory_note", "promised_note"})


def _published(blocks: Blocks, draft: Draft) -> None:
    for block in blocks:
        if block.kind in _KEPT:
            draft.publish(block.label.text, one_line(block.text))


_SIGNS: Final[tuple[tuple[str, re.Pattern[str], str], ...]] = (
    ("fee", re.compile(r"^(?:不收费|免费|不收取|[0-9.]+元)"), "没有写收费；这里说的是不是？"),
    (
        "hours",
        re.compile(r"[0-9]{1,2}[:：][0-9]{2}\s*(?:-|—|–|~|至|到)\s*[0-9]{1,2}[:：]"),
        "没有写办理时间；这里说的是不是？",
    ),
    ("phone", re.compile(NUMBER.pattern), "没有写咨询电话；这里的号码是不是？"),
    (
        "complaint_phone",
        re.compile(r"(?:投诉|监督|举报)[^。；]{0,14}?[0-9]{4}"),
        "没有写监督投诉电话；这里的号码是不是？",
    ),
    (
        "promised",
        re.compile(r"[0-9一二三四五六七八九十]+\s*个?(?:工作日|自然日)"),
        "没有写办理时限；这里的天数是不是？",
    ),
    (
        "statutory",
        re.compile(r"法定[^。；]{0,8}[0-9一二三四五六七八九十]+\s*个?工作日"),
        "没有写法定时限；这里的天数是不是？",
    ),
    (
        "place",
        re.compile(r"(?:路|街|大道|巷)[^。；]{0,12}号|政务服务(?:中心|大厅)[^。；]{0,12}(?:窗口|楼)"),
        "没有写办理地点；这里的地址是不是？",
    ),
    (
        "materials",
        re.compile(r"(?:需|须|应)?(?:提供|提交|携带|准备)[^。；]{0,30}(?:证|表|卡|材料|票据)"),
        "没有写办理材料；这里说的是不是？",
    ),
)


def _overlooked(blocks: Blocks, draft: Draft) -> None:
    """A field that stayed empty although some text without a field of its own looks like it."""
    loose: list[Line] = [
        row
        for block in blocks
        if block.kind in {"other", "unknown", "remarks", "online", "", "statutory_note", "promised_note"}
        for row in block.rows
    ]
    for field, sign, question in _SIGNS:
        if not _silent(draft, field):
            continue
        for row in loose:
            if sign.search(row.text):
                draft.ask(field, f"{question}“{one_line(row.text)[:60]}”", [row.number])
                break


def _silent(draft: Draft, field: str) -> bool:
    values: dict[str, Any] = draft.values
    if field == "promised":
        return values["promised"] is None and values["statutory"] is None and values["case_type"] is None
    return not values[field]
