"""Where a text names a fact: headings, labels before a colon, labels glued to their value or to the text before."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from caseflow.guides.vocabulary import LABELS, USUAL_LABELS

MARKS: Final = "◆◇●○■□★☆▲△▶►•·※➤❖✦✅◎☞▪▫◼◻♦⬥❀✧→"
_CN: Final = "[一二三四五六七八九十壹贰叁肆伍陆柒捌玖拾ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩ]{1,3}"
_NUMBERINGS: Final = (
    rf"第?{_CN}(?:[、.．,，:：]|\s|(?=[【\[]))\s*",
    rf"[（(]\s*(?:{_CN}|[0-9]{{1,2}})\s*[)）]\s*[、.．]?",
    r"[0-9]{1,2}(?:[.．][0-9]{1,2})+\s*(?=[一-龥【《])(?![个倍元万天日年月岁种])",
    r"[0-9]{1,2}(?:[.．][0-9]{1,2})*(?:[、．)）,，]|\.(?![0-9])|\s+)\s*",
    r"0[0-9](?![0-9:：.年月日点时])\s*",
    r"[①-⑳㈠-㈩❶-❿]\s*",
    rf"[{MARKS}]+\s*",
    r"[-–—*+]\s+",
    r"#{1,6}\s*",
    r"\*{1,2}",
    r"[.．、]\s*(?=[一-龥《])",
)
NUMBERING: Final = re.compile(f"(?:{'|'.join(_NUMBERINGS)})")
"""What may stand before a heading or a point: 一、 （一） 1. 1.2 01 ① ◆ - # and a point whose number was lost."""
_SYMBOLS: Final = re.compile(r"[\u2190-\u23ff\u2600-\u27bf\u2b00-\u2bff\ufe0f\u200d\U0001f000-\U0001faff]+\s*")
_BRACKETS: Final = re.compile(
    r"[【\[〖「［〔](?P<label>[^】\]〗」］〕]{2,24})[】\]〗」］〕]\s*[:：]?\s*(?P<rest>.*)", re.DOTALL
)
_HINT: Final = re.compile(r"(?P<label>.+?)[（(](?P<hint>[^（()）]{1,20})[)）]")
_KINDS: Final = tuple((kind, re.compile(pattern)) for kind, pattern in LABELS)
_ALL: Final = "|".join(sorted((pattern for _, pattern in LABELS), key=len, reverse=True))
ANY_LABEL: Final = re.compile(rf"(?P<label>{_ALL})")
_PARTICLES: Final = tuple("的地得和及与或、，,是应须需可为不之要后前时内按由向并等者")
GLUED_VALUES: Final = {
    "limit": r"[0-9一二三四五六七八九十两即不自当法承]",
    "statutory": r"[0-9一二三四五六七八九十两即不自当无]",
    "promised": r"[0-9一二三四五六七八九十两即不自当无]",
    "phone": r"[0-9(（座]",
    "complaint_phone": r"[0-9(（座]",
    "fee": r"不收|免费|无|否|0元",
    "hours": r"周|星期|工作日|法定|夏|冬|上午|每|[0-9]",
    "code": r"[0-9A-Z]",
    "channels": r"窗口|网上|线上|线下|现场",
    "case_type": r"即办|承诺",
    "visits": r"[0-9]",
    "bureau": r"[一-龥]{2,20}(?:局|中心|处|所)$",
    "materials": r"[（(][一1][)）]|1[.、]|①|《",
    "conditions": r"[（(][一1][)）]|1[.、]|①",
    "legal_basis": r"[（(][一1][)）]|1[.、]|①|《",
}
_LISTED: Final = frozenset({"materials", "conditions", "legal_basis"})
SHORT: Final = 4
_LONGEST: Final = 24
_LONGEST_QUALIFIER: Final = 6
_QUALIFIER: Final = re.compile(r"[一-龥]+(?<![不非无未禁免停])")
_LONGEST_WRITTEN: Final = 80
FREE_KINDS: Final = frozenset({"service_object", "name", "bureau", "situations"})
"""Kinds whose short words are everyday words: inside a line they count only after a boundary."""


@dataclass(frozen=True, slots=True)
class Label:
    """A fact named in the text: its kind (vocabulary.LABELS, or `unknown`), wording, bracketed hint and numbering.

    `meant` is the known wording an unknown one is one character away from.
    """

    kind: str
    text: str
    hint: str = ""
    style: str = ""
    meant: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """A label (or None) and the text after it, up to the next label."""

    label: Label | None
    text: str


def style_of(numbering: str) -> str:
    """The kind of numbering: 一、 and 二、 are of one style; 1、 and 1. of another."""
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", numbering))
    plain = re.sub(r"[一二三四五六七八九十壹贰叁肆伍陆柒捌玖拾]+|(?<![A-Za-z])[IVX]+(?![A-Za-z])", "一", plain)
    return re.sub(r"[0-9]+", "1", re.sub(r"0[0-9]", "0", plain)).replace("１", "1").rstrip("、.,:")


def strip_numbering(text: str) -> tuple[str, str]:
    """The numbering before a text, and the text without it."""
    symbols = _SYMBOLS.match(text)
    if symbols and symbols.end() < len(text):
        return text[: symbols.end()], text[symbols.end() :]
    found = NUMBERING.match(text)
    if not found or not found[0]:
        return "", text
    return found[0], text[found.end() :]


@lru_cache(maxsize=20_000)
def whole_label(text: str) -> Label | None:
    """The label a text consists of, with or without numbering, brackets, blanks within and a colon behind."""
    if len(text) > 2 * _LONGEST + 20:
        return None
    numbering, rest = strip_numbering(text.strip())
    rest = rest.strip().strip("*").strip()
    if bracketed := _BRACKETS.fullmatch(rest):
        return None if bracketed["rest"] else _kind_of(bracketed["label"], style_of("【"))
    return _kind_of(rest.rstrip(":：").rstrip(), style_of(numbering))


def _kind_of(text: str, style: str) -> Label | None:
    if len(text) > _LONGEST_WRITTEN:
        return None
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text))
    found = plain_kind(plain)
    if found:
        return Label(found, re.sub(r"\s", "", text), "", style)
    hinted = _HINT.fullmatch(plain)
    if hinted and len(hinted["hint"]) >= SHORT and (kind := plain_kind(hinted["hint"])):
        return Label(kind, hinted["hint"], "", style)
    if hinted and (kind := plain_kind(hinted["label"])):
        return Label(kind, hinted["label"], hinted["hint"], style)
    return None


@lru_cache(maxsize=20_000)
def plain_kind(plain: str) -> str | None:
    """The kind of a label written without blanks and numbering; None for any other text."""
    if not 1 <= len(plain) <= _LONGEST:
        return None
    return next((kind for kind, pattern in _KINDS if pattern.fullmatch(plain)), None)


def _qualified(head: str, style: str) -> Label | None:
    """需要提交的材料, 个人申请材料: a usual label with a few words before it that do not turn it round."""
    for start in range(1, min(len(head) - SHORT, _LONGEST_QUALIFIER) + 1):
        kind = plain_kind(head[start:])
        if kind and kind not in FREE_KINDS | {"other", "remarks"} and _QUALIFIER.fullmatch(head[:start]):
            return Label(kind, head, "", style)
    return None


@lru_cache(maxsize=20_000)
def misspelt(text: str, style: str = "") -> Label | None:
    """The label a text one character away from a usual label is meant to be."""
    meant = next((usual for usual in USUAL_LABELS if _one_away(text, usual)), "")
    kind = plain_kind(meant) if meant and plain_kind(text) is None else None
    return Label(kind, text, "", style, meant) if kind else None


def _one_away(text: str, usual: str) -> bool:
    """Whether one character is wrong, missing or too many."""
    if text == usual or abs(len(text) - len(usual)) > 1 or len(text) < SHORT:
        return False
    if len(text) == len(usual):
        return sum(a != b for a, b in zip(text, usual, strict=True)) == 1
    shorter, longer = sorted((text, usual), key=len)
    return any(shorter == longer[:place] + longer[place + 1 :] for place in range(len(longer)))


def together(found: re.Match[str]) -> str:
    """办 理 时 间： without its blanks, where that is a label."""
    plain = re.sub(r"\s", "", found[0])
    return plain if plain_kind(plain) else found[0]


def opening_label(text: str, *, glued: bool = False) -> tuple[Label, str] | None:
    """The label a line begins with, and the text after it."""
    numbering, rest = strip_numbering(text.strip())
    again, after = strip_numbering(rest)
    if again and whole_label(after.split("：")[0].split(":")[0]):
        rest = after
    style = style_of(numbering)
    if bracketed := _BRACKETS.fullmatch(rest):
        inner = _kind_of(bracketed["label"], "【")
        return (inner, bracketed["rest"]) if inner else None
    return _before_colon(rest, style) or _before_blank(rest, style) or _glued(rest, style, anyway=glued)


def _before_colon(text: str, style: str) -> tuple[Label, str] | None:
    head, colon, rest = text.replace("：", ":", 1).partition(":") if "：" in text[:40] else text.partition(":")
    if not colon:
        bare = _kind_of(text.rstrip("。"), style)
        return (bare, "") if bare and (len(bare.text) >= SHORT or style) else None
    head = head.strip("* ")
    found = _kind_of(head, style) or _qualified(head, style) or misspelt(head, style)
    return (found, rest.strip("* ")) if found else None


def _before_blank(text: str, style: str) -> tuple[Label, str] | None:
    for gap in re.finditer(r"\s+", text[: 2 * _LONGEST]):
        found = _kind_of(text[: gap.start()], style)
        if found and (len(found.text) >= SHORT or style):
            return found, text[gap.end() :]
    return None


def _glued(text: str, style: str, *, anyway: bool) -> tuple[Label, str] | None:
    found = ANY_LABEL.match(text)
    if not found or len(found["label"]) < SHORT:
        return None
    rest = text[found.end() :]
    kind = plain_kind(found["label"])
    if kind is None or not rest:
        return None
    fits = kind in GLUED_VALUES and re.match(GLUED_VALUES[kind], rest) is not None
    if not fits and (rest.startswith(_PARTICLES) or (kind in GLUED_VALUES and kind not in _LISTED)):
        return None
    if fits or ((style or anyway) and kind not in FREE_KINDS and kind not in {"other", "flow", "remarks"}):
        return Label(kind, found["label"], "", style), rest
    return None


def is_step(label: Label) -> bool:
    """Whether a label is a step's own limit rather than the item's."""
    return (
        label.kind in {"limit", "hours"}
        and bool(re.match(r"受理|审核|审批|复核|审查", label.text))
        and label.style not in {"一", "(一)", "【"}
    )
