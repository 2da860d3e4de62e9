"""Labels within a line: glued to the text before them, several in one run-on line, or right before their values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from caseflow.guides.labels import (
    ANY_LABEL,
    FREE_KINDS,
    GLUED_VALUES,
    MARKS,
    SHORT,
    Label,
    Piece,
    is_step,
    opening_label,
    plain_kind,
    style_of,
    together,
)

_COLON: Final = re.compile(r"\s*[:：]|[】\]]\s*[:：]?")
_HINT: Final = re.compile(r"[（(](?P<hint>[^（()）]{1,14})[)）]$")
_NUMBER: Final = re.compile(
    rf"(?:[一二三四五六七八九十壹贰叁肆伍陆柒捌玖拾]{{1,3}}[、.．]\s*|[（(][一二三四五六七八九十0-9]{{1,3}}[)）]\s*|(?<![0-9])[0-9]{{1,2}}[、.．]\s*"
    rf"|[{MARKS}①-⑳]\s*|[【\[])$"
)
_NUMBERED: Final = re.compile(
    r"(?<![第一二三四五六七八九十])[一二三四五六七八九十壹贰叁肆伍陆柒捌玖拾]{1,3}、\s*|[（(][一二三四五六七八九十]{1,3}[)）]\s*"
)
_NO_LABEL_AFTER: Final = re.compile(r"[一-龥]?[的之及和与或、，,：:]|[）)】]")
_SPACED: Final = re.compile(r"(?<![一-龥])(?:[一-龥]\s){2,10}[一-龥](?=\s*[:：])")
_GLUED: Final = re.compile(
    r"(?<=[，,；;。、\s])(?P<label>(?:法定|承诺)(?:办[结理])?(?:时限|期限)|(?:监督|投诉|举报)(?:投诉|举报)?电话)(?:为|是)?"
)
_GLUED_KINDS: Final = frozenset({"statutory", "promised", "complaint_phone"})
_BOUNDARY: Final = frozenset(" \t\n\u3000。；;，,、）)】」]|!！?？”\"'/》：:")
_WORD: Final = re.compile(r"(?<!\S)(?P<word>[一-龥]{4,10})(?=\s)")
_FEWEST_RUN_TOGETHER: Final = 4
_LIMITS: Final = frozenset({"limit", "statutory", "promised"})
_WAYS: Final = frozenset({"窗口", "网址", "网站", "官网"})
_UNMISTAKABLE: Final = frozenset({"备注"})
_LONGEST: Final = 24
PROSE: Final = frozenset({"flow", "conditions", "remarks", "legal_basis", "legal_text", "situations"})
"""Kinds whose text is prose, in which the words of a label may be just words."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A label within a text, from its numbering to the colon behind it."""

    start: int
    end: int
    label: Label


def cut(text: str, *, inside: str = "", glued: bool = False) -> list[Piece]:
    """A line's labels with what follows each; the first piece has no label where text comes before any.

    `inside` is the kind of the block the line stands in: within steps, a step's own limit is no label.
    `glued` where the document sets its labels right before their values.
    """
    text = _SPACED.sub(together, text)
    if not text.strip():
        return [Piece(None, "")]
    opening = opening_label(text, glued=glued)
    if opening is None:
        return list(_inner(None, text, inside))
    label, rest = opening
    if (
        (inside == "flow" and is_step(label))
        or (label.kind == inside and _is_a_point(label))
        or _is_a_way(label, inside)
    ):
        return [Piece(None, text)]
    return list(_inner(label, rest, label.kind))


def _is_a_point(label: Label) -> bool:
    """Whether what reads as the label of the block it stands in is rather one of its points: 地址, 异地安置认定材料."""
    return plain_kind(label.text) is None or (len(label.text) < SHORT and not label.style)


def _is_a_way(label: Label, inside: str) -> bool:
    """窗口： and 网上： among the ways to apply are ways, not places."""
    return inside == "channels" and label.text in _WAYS and not label.style


def _inner(label: Label | None, text: str, inside: str) -> Iterator[Piece]:
    """Split a value where another label begins within it."""
    start, current, kind = 0, label, inside
    for hit in _hits(text, inside):
        if hit.start < start or (kind == "flow" and is_step(hit.label)):
            continue
        before = text[start : hit.start].strip()
        if before or current is not None:
            yield Piece(current, before)
        start, current, kind = hit.end, hit.label, hit.label.kind
    rest = text[start:].strip()
    if rest or current is not None:
        yield Piece(current, rest)


def _hits(text: str, inside: str) -> list[Hit]:
    found = [hit for colon in _COLON.finditer(text) if (hit := _before_colon(text, colon, inside))]
    for hit in (*_numbered(text, inside), *_glued(text), *_between_blanks(text)):
        if not any(other.start <= hit.start < other.end for other in found):
            found.append(hit)
    return sorted(found, key=lambda hit: hit.start)


def _between_blanks(text: str) -> list[Hit]:
    """A whole page run together, its labels and values told apart by blanks alone: only where there are several."""
    found = []
    for word in _WORD.finditer(text):
        kind = plain_kind(word["word"]) if len(word["word"]) >= SHORT else None
        if kind:
            found.append(Hit(word.start(), word.end(), Label(kind, word["word"])))
    return found if len({hit.label.kind for hit in found}) >= _FEWEST_RUN_TOGETHER else []


def _before_colon(text: str, colon: re.Match[str], inside: str) -> Hit | None:
    """The longest label that ends at a colon and may stand there."""
    end = colon.start()
    written = text[max(0, end - _LONGEST) : end].rstrip()
    hint = _HINT.search(written)
    words = written[: hint.start()] if hint else written
    first = max(0, end - _LONGEST)
    for start in range(first, first + len(words) - 1):
        label = text[start : first + len(words)]
        kind = plain_kind(label)
        if kind is None:
            continue
        number = _NUMBER.search(text[max(0, start - 8) : start])
        made = Label(kind, label, hint["hint"] if hint else "", style_of(number[0]) if number else "")
        if colon[0][0] in "】]" and not (number and number[0][0] in "【["):
            continue
        if _stands(made, text[:start], inside, numbered=bool(number)):
            return Hit(start - len(number[0]) if number else start, colon.end(), made)
    return None


def _stands(label: Label, before: str, inside: str, *, numbered: bool) -> bool:
    """Whether words that read as a label are one where they stand."""
    bounded = not before.strip() or before[-1] in _BOUNDARY
    long = len(label.text) >= SHORT or label.text in _UNMISTAKABLE
    if (
        _is_a_way(label, inside)
        or not (bounded or numbered or long)
        or (label.kind == inside and not (bounded or numbered))
    ):
        return False
    free = label.kind in FREE_KINDS or label.kind == "other"
    if free and not (bounded or numbered or (long and inside not in PROSE and label.kind != "name")):
        return False
    within_limit = label.kind in _LIMITS and inside in _LIMITS
    return (numbered and long) or within_limit or not _open_bracket(before)


def _open_bracket(before: str) -> bool:
    return before.count("（") + before.count("(") > before.count("）") + before.count(")")


def _numbered(text: str, inside: str) -> Iterator[Hit]:
    """三、办理方式 窗口办理四、办理时限 20个工作日: numbered labels without a colon."""
    for number in _NUMBERED.finditer(text):
        found = ANY_LABEL.match(text, number.end())
        if not found or len(found["label"]) < SHORT or _NO_LABEL_AFTER.match(text, found.end()):
            continue
        kind = plain_kind(found["label"])
        if kind and kind not in FREE_KINDS | {"other", "remarks"} and kind != inside:
            yield Hit(number.start(), found.end(), Label(kind, found["label"], "", style_of(number[0])))


def _glued(text: str) -> Iterator[Hit]:
    """法定时限20个工作日，承诺时限10个工作日: the second label without a colon."""
    for found in _GLUED.finditer(text):
        kind = plain_kind(found["label"])
        if kind in _GLUED_KINDS and re.match(rf"\s*(?:{GLUED_VALUES[kind]})", text[found.end() :]):
            yield Hit(found.start(), found.end(), Label(kind, found["label"]))
