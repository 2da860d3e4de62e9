"""Chinese numerals as they stand in notices and guides, up to 9999."""

from __future__ import annotations

from typing import Final

_DIGITS: Final = {
    char: n
    for n, chars in enumerate(("〇零○", "一壹", "二贰两", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖"))
    for char in chars
}
_SCALES: Final = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000}
NUMERALS: Final = "〇零○一壹二贰两三叁四肆五伍六陆七柒八捌九玖十拾百佰千"
"""Every character a numeral may be written with; for use inside a character class."""


def read_number(text: str) -> int | None:
    """The number ASCII digits, full-width digits or Chinese numerals stand for; None for anything else.

    Both 二十三 and 二三 (digit by digit, as in 二〇二六) are read; 廿 and 卅 are not.
    """
    if text.isdecimal():
        return int(text)
    if not text or any(char not in NUMERALS for char in text):
        return None
    if not any(char in _SCALES for char in text):
        return int("".join(str(_DIGITS[char]) for char in text))
    return _scaled(text)


def _scaled(text: str) -> int | None:
    total, digit, last = 0, None, 10_000
    for char in text:
        if char in _DIGITS:
            if digit:
                return None
            digit = _DIGITS[char]
            continue
        scale = _SCALES[char]
        if scale >= last or digit == 0:
            return None
        total, digit, last = total + (1 if digit is None else digit) * scale, None, scale
    return total + (digit or 0)
