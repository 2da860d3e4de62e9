"""Conditions: their points, and whether all of them or any one must be met."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from caseflow.guides.lines import Line
from caseflow.guides.lists import Entry, entries_of
from caseflow.guides.numerals import NUMERALS, read_number
from caseflow.rules.clock import Limit, Unit


@dataclass(frozen=True, slots=True)
class ConditionsRead:
    """The points in the guide's words; mode `all` or `any`; what is doubtful about the mode; what stood before them."""

    points: tuple[str, ...] = ()
    mode: str = "all"
    doubt: str = ""
    lead: str = ""


_ANY: Final = re.compile(r"之一|任一|任意一|其中一|任何一|其一|或者?$|满足其|符合其|任选")
_ALL: Final = re.compile(r"同时|均|全部|都(?:要|须|应)|各项|且")
_LEAD: Final = re.compile(r"(?:下列|以下|如下|具备|符合|满足|之一)")
_NONE: Final = re.compile(r"(?:无|/|—+|-+|暂无|无条件|无要求)[。]?")
_CLOSING: Final = re.compile(
    r"[（(]?(?:(?:符合|具备)?(?:以上|上述|前述)|同时|满足)[^。；]{0,20}(?:同时|均|全部|之一|任一|其一|缺一不可)"
)
_BRACKETED: Final = re.compile(
    r"(?<=.)[（(](?:以上|上述|前述)[^（()）]{0,20}(?:同时|均|全部|之一|任一|其一|缺一不可)[^（()）]{0,10}[)）][。；]?$"
)
_GROUP: Final = re.compile(r"[^，,。；;]{0,16}(?:人员|职工|居民|对象|儿童|学生|配偶|新生儿|人群|家庭|患者|子女)")
_DEMAND: Final = re.compile(
    r"(?:须|应|应当|需|必须|且|并)?(?:符合|具有|具备|已|未|参加|年满|按时|按规定|持有|取得|正常|连续|累计|在[^，。]{2,20}[内的]|依法|办理了?|完成|遵守|无|有|正式|本[市县区州省旗]|单位|用人单位|达到|不属于)"
)
_DEADLINE: Final = re.compile(
    rf"(?P<text>[^。；;]*?自?(?P<since>[^，,。；;自]{{2,14}}之日)起(?P<n>[0-9]+|[{NUMERALS}]+)(?:个)?(?P<unit>工作日|自然日|日|天|个?月|年)(?:之)?内)"
)


def read_conditions(rows: Sequence[Line]) -> ConditionsRead:
    """The conditions in a block of rows."""
    entries = entries_of(rows)
    lead = ""
    if (
        len(entries) > 1
        and not entries[0].style
        and any(entry.style for entry in entries)
        and _is_lead(entries[0].text)
    ):
        lead, entries = entries[0].text, entries[1:]
    elif entries and entries[0].children and not entries[0].style and _is_lead(entries[0].text):
        lead, entries = entries[0].text, [*entries[0].children, *entries[1:]]
    elif len(entries) == 1 and entries[0].children and _is_lead(entries[0].text):
        lead, entries = entries[0].text, entries[0].children
    if not any(entry.style for entry in entries):
        entries = _joined(entries)
        if len(entries) > 1 and _is_lead(entries[0].text) and entries[0].text.endswith(("：", ":")):
            lead, entries = entries[0].text, entries[1:]
    if len(entries) > 2 and _CLOSING.match(entries[-1].text):  # noqa: PLR2004 - a small count the line itself names
        lead, entries = f"{lead} {entries[-1].text}".strip(), entries[:-1]
    if entries and (closing := _BRACKETED.search(entries[-1].text)):
        lead, entries[-1].text = f"{lead} {closing[0]}".strip(), entries[-1].text[: closing.start()]
    points = tuple(text for entry in entries for text in _texts(entry))
    points = tuple(point for point in points if not _NONE.fullmatch(point))
    return _with_mode(points, lead)


def _is_lead(text: str) -> bool:
    return bool(_LEAD.search(text)) and (text.endswith(("：", ":", "，", ",", "；")) or bool(_ANY.search(text[-12:])))


def _joined(entries: list[Entry]) -> list[Entry]:
    """Lines without numbers: a line that ends in the middle of a sentence goes on in the next."""
    result: list[Entry] = []
    for entry in entries:
        if result and not re.search(r"[。；;！：:]$", result[-1].text):
            result[-1] = Entry(result[-1].text + entry.text, "", None, result[-1].lines + entry.lines)
        else:
            result.append(entry)
    return result


def _texts(entry: Entry) -> list[str]:
    if not entry.children:
        return [entry.text.strip()] if entry.text.strip() else []
    return [entry.text.strip() + "".join(f"（{n}）{child.text.strip()}" for n, child in enumerate(entry.children, 1))]


def _with_mode(points: tuple[str, ...], lead: str) -> ConditionsRead:
    if len(points) < 2:  # noqa: PLR2004 - a small count the line itself names
        return ConditionsRead(points, "all", "", lead)
    if (
        _ANY.search(lead)
        or (_ANY.search(points[0]) and points[0].endswith(("：", ":")))
        or any(re.search(r"[；;，,。]?\s*或者?[；;]?$", point) for point in points[:-1])
    ):
        return ConditionsRead(points, "any", "", lead)
    if _ALL.search(lead) or any(re.search(r"(?:同时|且|并且|并)[；;，,]?$", point) for point in points[:-1]):
        return ConditionsRead(points, "all", "", lead)
    if all(_DEMAND.match(point) for point in points):
        return ConditionsRead(points, "all", "", lead)
    mode = "any" if all(_GROUP.match(point) for point in points) else "all"
    question = f"受理条件列了{len(points)}条，没有写明要全部符合还是符合其中一条，是哪一种？"
    return ConditionsRead(points, mode, question, lead)


def read_deadline(points: Sequence[str]) -> tuple[str, Limit, str] | None:
    """The applicant's own time to apply (自用工之日起三十日内): words, limit, since when. Bare 日 are calendar days."""
    for point in points:
        found = _DEADLINE.search(point)
        n = read_number(found["n"]) if found else None
        if found is None or n is None or not 0 < n < 1000:  # noqa: PLR2004 - a small count the line itself names
            continue
        unit = {"工作日": Unit.WORKING_DAY, "月": Unit.MONTH, "个月": Unit.MONTH, "年": Unit.MONTH}.get(
            found["unit"], Unit.CALENDAR_DAY
        )
        return found["text"].strip(), Limit(n * 12 if found["unit"] == "年" else n, unit), found["since"]
    return None
