"""Values that hold what belongs to another field, as they do where a heading was lost: asked about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from caseflow.guides.block import Block
from caseflow.guides.phones import NUMBER
from caseflow.guides.reading import Draft
from caseflow.guides.vocabulary import HOURS_WORDS

_TIME: Final = (
    r"[0-9]{1,2}\s*[:：]\s*[0-9]{2}\s*(?:[:：][0-9]{2})?\s*(?:-|—|–|~|～|至|到)"
    r"|(?:周|星期)[一二三四五]|法定工作日|每个?工作日"
)
_PHONE: Final = NUMBER.pattern
_ADDRESS: Final = r"[路街道巷][^，。；]{0,10}[0-9一二三四五六七八九十]+号|政务服务中心|行政服务中心"
_LAW: Final = re.compile(
    r"《|法|条例|办法|规定|通知|意见|〔|\[20|方案|细则|规程|决定|令|清单|文件|标准|目录|制度|公告|批复|章程|号"
)
FOREIGN: Final[tuple[tuple[str, re.Pattern[str], str], ...]] = (
    ("place", re.compile(f"{_TIME}|{_PHONE}"), "办理地点里有时间或电话，是不是漏了栏目名称？"),
    ("hours", re.compile(f"(?:{_PHONE})|{_ADDRESS}"), "办理时间里有电话或地址，是不是漏了栏目名称？"),
    ("fee", re.compile(f"{_TIME}|{_PHONE}|{_ADDRESS}"), "收费里有别的内容，是不是漏了栏目名称？"),
    ("name", re.compile(f"{_TIME}|{_PHONE}|[。；]"), "事项名称里有别的内容，请核对"),
    (
        "service_object",
        re.compile(f"{_TIME}|{_PHONE}|[。；].+[。；]|[:：]|[0-9][.、）)]"),
        "服务对象里有别的内容，是不是漏了栏目名称？",
    ),
)
"""Field → what does not belong into it → the question."""
_NO_CONDITION: Final = re.compile(rf"{_PHONE}|[0-9]{{1,2}}[:：][0-9]{{2}}|[0-9]$")
_HOURS: Final = re.compile(HOURS_WORDS)
_FEW: Final = 3
_SAID_TWICE: Final = {
    "conditions": "conditions",
    "materials": "materials",
    "service_object": "service_object",
    "legal_basis": "legal_basis",
    "place": "place",
    "hours": "hours",
    "phone": "phone",
    "complaint_phone": "complaint_phone",
    "fee": "fee",
}


def ask_foreign(blocks: Sequence[Block], draft: Draft) -> None:
    """Ask about values that hold something foreign, or that two blocks of one label give differently."""
    for field, sign, question in FOREIGN:
        value = draft.values[field]
        if isinstance(value, str) and sign.search(value):
            draft.ask(field, f"{question}“{value[:60]}”", draft.lines.get(field, ()))
    other = "".join(re.findall("[一-龥]", _HOURS.sub("", draft.values["hours"] or "")))
    if len(other) > _FEW:
        draft.ask("hours", f"办理时间里的“{other[:20]}”是不是别的内容？", draft.lines.get("hours", ()))
    for law in draft.values["legal_basis"]:
        if not _LAW.search(law):
            draft.ask("legal_basis", f"“{law[:60]}”是不是依据？", draft.lines.get("legal_basis", ()))
    for condition in draft.values["conditions"]:
        if _NO_CONDITION.search(condition):
            draft.ask(
                "conditions", f"受理条件“{condition[:60]}”里有别的内容，请核对", draft.lines.get("conditions", ())
            )
    _missing(blocks, draft)
    _said_twice(blocks, draft)
    _second_number(blocks, draft)


def _missing(blocks: Sequence[Block], draft: Draft) -> None:
    """A guide without materials, or without conditions and service object, is rare enough to ask."""
    kinds = {block.kind for block in blocks}
    if "materials" not in kinds and not draft.values["materials"]:
        draft.ask("materials", "没有找到办理材料，是不需要，还是没有读到？")
    if not kinds & {"conditions", "service_object"} and not draft.values["conditions"]:
        draft.ask("conditions", "没有找到受理条件，是没有写，还是没有读到？")


def _said_twice(blocks: Sequence[Block], draft: Draft) -> None:
    said: dict[tuple[str, str], str] = {}
    for block in blocks:
        field = _SAID_TWICE.get(block.kind)
        key = (block.kind, block.label.text)
        text = "".join(block.text.split())
        if field and text and said.setdefault(key, text) != text:
            draft.ask(field, f"“{block.label.text}”写了两次，内容不同，是不是两个事项连在了一起？", block.lines)


def _second_number(blocks: Sequence[Block], draft: Draft) -> None:
    """A second number on a line of its own, where no number for complaints is stated, may be that one."""
    if draft.values["complaint_phone"] is not None:
        return
    for block in blocks:
        numbers = [row for row in block.rows if re.fullmatch(rf"\s*(?:{_PHONE})\s*", row.text)]
        if block.kind == "phone" and len(numbers) > 1:
            for field in ("phone", "complaint_phone"):
                draft.ask(field, "咨询电话下面另有一行号码，是不是监督投诉电话？", [row.number for row in numbers])
