"""Amounts in CNY as papers write them."""

from __future__ import annotations

from decimal import Decimal

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_UNITS = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿")


def capital_amount(amount: Decimal) -> str:
    """The amount in capitals (人民币大写), to the fen: 50000.01 → 伍万元零壹分; ValueError for a negative one."""
    if amount < 0:
        message = "a statement holds no negative amount"
        raise ValueError(message)
    fen = int((amount * 100).to_integral_value())
    yuan, rest = divmod(fen, 100)
    jiao, last = divmod(rest, 10)
    whole = f"{_whole(yuan)}元" if yuan or not rest else ""
    if not rest:
        return f"{whole}整"
    gap = "零" if yuan and not jiao else ""
    return whole + gap + (f"{_DIGITS[jiao]}角" if jiao else "") + (f"{_DIGITS[last]}分" if last else "整")


def _whole(yuan: int) -> str:
    if yuan == 0:
        return _DIGITS[0]
    words = ""
    for place, digit in enumerate(reversed(str(yuan))):
        group, unit = divmod(place, 4)
        if unit == 0 and yuan // 10000**group % 10000:
            words = _GROUPS[group] + words
        if digit != "0":
            words = _DIGITS[int(digit)] + _UNITS[unit] + words
        elif words and not words.startswith(("零", *_GROUPS[1:])):
            words = "零" + words
    return words.rstrip("零") if words.endswith("零") else words
