"""Enumerations in whatever numbering: lines → entries with the entries below them, faulty numbers forgiven."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from caseflow.guides.labels import MARKS
from caseflow.guides.lines import Line
from caseflow.guides.numerals import read_number


@dataclass(slots=True)
class Entry:
    """One point of an enumeration; `style` is empty where the text has no number of its own."""

    text: str
    style: str = ""
    number: int | None = None
    lines: list[int] = field(default_factory=list)
    children: list[Entry] = field(default_factory=list)


_CN: Final = "[一二三四五六七八九十壹贰叁肆伍陆柒捌玖拾]{1,3}"
_STYLES: Final = (
    ("cn", rf"(?P<cn>{_CN})\s*[、.．]\s*"),
    ("pcn", rf"[（(]\s*(?P<pcn>{_CN})\s*[)）]\s*[、.．]?\s*"),
    ("par", r"[（(]\s*(?P<par>[0-9０-９]{1,2})\s*[)）]\s*[、.．]?\s*"),
    ("dec", r"(?P<dec>[0-9]{1,2}(?:[.．][0-9]{1,2}){1,3})(?:[.．、]\s*|\s+|(?=[一-龥《]))"),
    ("abc", r"(?P<abc>[a-zA-Z])[.、．)）]\s*(?=[一-龥《])"),
    ("zero", r"(?P<zero>0[0-9])(?![0-9:：年月日点时-])[、.．]?\s*"),
    ("ar", r"(?P<ar>[0-9０-９]{1,2})\s*(?:[、．:：]|[.,，)）](?![0-9]))\s*"),
    ("circ", r"(?P<circ>[①-⑳])\s*[、.．]?\s*"),
    ("mark", rf"(?P<mark>[{MARKS}]|[-–—*+](?=\s))\s*"),
)
_OPENING: Final = re.compile(
    "|".join(pattern for _, pattern in _STYLES)
    + r"|(?P<spaced>[0-9]{1,2})\s+(?=[一-龥《])|(?P<lost>[.．、])\s*(?=[一-龥《])"
)
_INNER: Final = re.compile(
    rf"(?<![0-9０-９A-Za-z.．第])(?:{_STYLES[6][1]})|{_STYLES[2][1]}|{_STYLES[1][1]}|{_STYLES[7][1]}|(?<=[；;。\s])(?P<mark>[{MARKS}])\s*"
)


_RANK: Final = {"cn": 0, "pcn": 1, "zero": 2, "dec": 2, "ar": 2, "par": 3, "abc": 4, "circ": 4, "mark": 5}
"""How high a numbering usually stands: the lower the number, the more it holds."""
_CASE: Final = re.compile(r"[^。；;，,：:（(]{0,14}(?:人员|职工|居民|情形|情况|对象|单位|儿童|学生)[:：]?")
"""A point that only says for whom the lines below it are."""
_DEMAND: Final = re.compile(r"^[^（(]*(?:需|须|应|可|要)[^，。]{0,6}(?:提供|提交|携带)")


def _opening(text: str) -> tuple[str, int | None, str] | None:
    found = _OPENING.match(text)
    if not found:
        return None
    style = found.lastgroup or ""
    return _normal(style), _value(style, found[style]), text[found.end() :]


def _normal(style: str) -> str:
    return {"spaced": "ar", "lost": "ar"}.get(style, style)


def _value(style: str, text: str) -> int | None:
    if style == "circ":
        return ord(text) - ord("①") + 1
    if style == "dec":
        return read_number(re.split(r"[.．]", text)[-1])
    if style == "abc":
        return ord(text.lower()) - ord("a") + 1
    if style in {"mark", "lost"}:
        return None
    return read_number(text)


def entries_of(rows: Sequence[Line]) -> list[Entry]:
    """The entries of an enumeration, nested by style; text without a number goes on the entry before it."""
    flat = list(_flat(rows))
    top = next((entry.style for entry in flat if entry.style), "")
    result: list[Entry] = []
    for entry in flat:
        if top and not entry.style and result and _continues(entry, result[-1]):
            _last(result[-1]).text = _joined(_last(result[-1]).text, entry.text)
            _last(result[-1]).lines.extend(entry.lines)
        elif result and _is_below(entry, result[-1], top):
            result[-1].children.append(entry)
        else:
            result.append(entry)
    return result


def _is_below(entry: Entry, before: Entry, top: str) -> bool:
    """Whether an entry of another numbering belongs under the one before it; 二、 below 1. begins anew, above it."""
    if not entry.style:
        return False
    if entry.style == top:
        return before.style not in {"", top} and _RANK[before.style] < _RANK[top]
    return _RANK[entry.style] >= _RANK[top] and bool(before.style or before.text.endswith(("：", ":")))


def _last(entry: Entry) -> Entry:
    return entry.children[-1] if entry.children else entry


def _continues(entry: Entry, before: Entry) -> bool:
    if not before.style or re.match(
        r"[（(]?(?:备注|注|说明|以上|上述|温馨提示|其中|另|(?:满足|符合|具备)(?:以上|上述))", entry.text
    ):
        return False
    if _CASE.fullmatch(_last(before).text):
        return False
    return not (_DEMAND.search(entry.text) and re.search(r"[。；;份》证表件书单卡簿]$", _last(before).text))


def _joined(first: str, second: str) -> str:
    return (
        f"{first} {second}"
        if re.search(r"[A-Za-z0-9]$", first) and re.match(r"[A-Za-z0-9]", second)
        else first + second
    )


def _flat(rows: Sequence[Line]) -> Iterator[Entry]:
    before: Entry | None = None
    for row in rows:
        for entry in _of_line(row.text.strip(), row.number, before):
            yield entry
            before = entry if entry.style else before


def _of_line(text: str, number: int, before: Entry | None) -> Iterator[Entry]:
    style, value = "", None
    opening = _opening(text)
    if opening:
        style, value, text = opening
    start = 0
    last = {style: value} if style else ({before.style: before.number} if before else {})
    for found in _INNER.finditer(text):
        inner = found.lastgroup or ""
        next_value = _value(inner, found[inner])
        if not _follows(inner, next_value, last, text[: found.start()]) or _within_brackets(text[: found.start()]):
            continue
        if text[start : found.start()].strip() or style:
            yield Entry(text[start : found.start()].strip(), style, value, [number])
        style, value, start = inner, next_value, found.end()
        last[style] = value
    if text[start:].strip():
        yield Entry(text[start:].strip(), style, value, [number])


def _follows(style: str, value: int | None, last: dict[str, int | None], before: str) -> bool:
    if style == "mark":
        return "mark" in last
    if style in last:
        return value is not None and (
            last[style] is None
            or value == (last[style] or 0) + 1
            or (value == 1 and before.rstrip().endswith(("：", ":")))
        )
    return value == 1


def _within_brackets(before: str) -> bool:
    return before.count("（") + before.count("(") > before.count("）") + before.count(")") or before.count(
        "《"
    ) > before.count("》")


def split_outside(text: str, marks: str) -> list[str]:
    """The text cut at the marks that stand outside brackets and book-title marks."""
    parts, depth, start = [], 0, 0
    for place, char in enumerate(text):
        if char in "（(《〈「“【[":
            depth += 1
        elif char in "）)》〉」”】]":
            depth = max(0, depth - 1)
        elif char in marks and depth == 0:
            parts.append(text[start:place])
            start = place + 1
    parts.append(text[start:])
    return [part.strip() for part in parts if part.strip()]
