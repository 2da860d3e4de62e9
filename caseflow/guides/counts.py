"""How many originals and copies of a material are asked for, in which form, with which seal."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from caseflow.guides.numerals import NUMERALS, read_number


@dataclass(frozen=True, slots=True)
class Counts:
    """Originals and copies in pieces (None where nothing is said) and the form in the guide's words."""

    originals: int | None = None
    copies: int | None = None
    form: str = ""


_N: Final = rf"(?:[0-9]{{1,3}}|[{NUMERALS}]{{1,4}})"
_PIECE: Final = r"[份张本套页件]"
_ORIGINAL: Final = r"(?:纸质)?(?:原件|正本)(?:材料)?"
_COPY: Final = r"(?:纸质)?(?:复印件|影印件|副本复印件|复制件)(?:材料)?"
_BOTH: Final = re.compile(
    rf"原件(?:[及和与、/＋+,，]|以及)?(?:的)?复印件?(?:材料)?\s*[:：,，、]?\s*(?:各|均)?\s*(?P<n>{_N})?\s*{_PIECE}?"
)
_ORIGINALS: Final = re.compile(
    rf"{_ORIGINAL}\s*(?:份数)?\s*[:：,，、]?\s*(?:一式)?(?P<n>{_N})(?!式)\s*{_PIECE}?|(?P<m>{_N})\s*{_PIECE}\s*{_ORIGINAL}"
)
_COPIES: Final = re.compile(
    rf"{_COPY}\s*(?:份数)?\s*[:：,，、]?\s*(?:一式)?(?P<n>{_N})(?!式)\s*{_PIECE}?|(?P<m>{_N})\s*{_PIECE}\s*{_COPY}"
)
_IN_COPIES: Final = re.compile(rf"一式\s*(?P<n>{_N})\s*{_PIECE}")
_PLAIN: Final = re.compile(rf"(?P<n>{_N})\s*{_PIECE}")

COUNT_TAIL: Final = re.compile(
    rf"[\s,，、:：]{{0,6}}(?:(?:的)?(?:原件|正本)(?:[及和与、/＋+]|以及)?(?:的)?复印件?\s*(?:各|均)?\s*(?:{_N}\s*{_PIECE})?"
    rf"|(?:的)?(?:原件|正本)\s*(?:(?:一式)?\s*{_N}\s*{_PIECE})?(?:\s*[,，、及和]?\s*复印件\s*(?:{_N}\s*{_PIECE})?)?"
    rf"|(?:各|均|共)?\s*一?式?\s*{_N}\s*{_PIECE}(?:原件|复印件)?|{_N}\s*{_PIECE}(?:原件)?)$"
)
COUNT_ONLY: Final = re.compile(
    rf"(?:(?:需|须|应|要|提供|提交|验|收|留存|查验|核验|审验|交验|纸质|电子版?|电子件|扫描件|材料|A4|规格|原件|复印件|正本|副本|份数|必要|各|均|一式|和|及|或|与|{_N}|{_PIECE}|[、,，;；:：/+＋\s.。]))+"
)
SEAL: Final = re.compile(
    r"(?:需|须|应|要|均|请|并|由)*(?:加?盖|签)[^，,；;。）)]{0,12}?(?:公章|印章|章|专用章|公)|(?:单位)?(?:盖章|签章)|签字[^，,；;。）)]{0,6}"
)


def read_counts(text: str) -> Counts:
    """What a text says about originals and copies; 份 without either word counts as originals."""
    plain = unicodedata.normalize("NFKC", text)
    both = _BOTH.search(plain)
    if both:
        n = _number(both["n"])
        if n is not None:
            return Counts(n, n, "原件和复印件")
        copies = _first(_COPIES, plain)
        return Counts(None, copies, "原件和复印件")
    originals, copies = _first(_ORIGINALS, plain), _first(_COPIES, plain)
    if originals is None and copies is None:
        return _without_words(plain)
    return Counts(originals, copies, _form(plain))


def _without_words(plain: str) -> Counts:
    found = _IN_COPIES.search(plain) or _PLAIN.search(plain)
    n = _number(found["n"]) if found else None
    form = _form(plain)
    if form == "复印件":
        return Counts(None, n, form)
    return Counts(n, None, form)


def _form(plain: str) -> str:
    original, copy = re.search("原件|正本", plain), re.search("复印件|影印件|复制件", plain)
    if original and copy:
        return "原件和复印件"
    return "复印件" if copy else "原件" if original else ""


def _first(pattern: re.Pattern[str], plain: str) -> int | None:
    found = pattern.search(plain)
    return _number(found["n"] or found["m"]) if found else None


def _number(text: str | None) -> int | None:
    n = read_number(text) if text else None
    return n if n is not None and n < 100 else None  # noqa: PLR2004 - a small count the line itself names
