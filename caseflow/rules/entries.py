"""What staff type, checked: texts, and the item's own fields by kind. Values in, values and faults out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from caseflow.errors import BadInput, Fault
from caseflow.identity import check_phone, normalise
from caseflow.rules.item import Answers, FieldKind, Item, ItemField, applies, settled

LONGEST = {FieldKind.LONG_TEXT: 2000}
LONGEST_TEXT = 200
EARLIEST, LATEST = 1900, 2100
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
_MONEY = re.compile(r"([0-9]{1,9}|[0-9]{1,3}([,，][0-9]{3}){1,2})(\.[0-9]{1,2})?")
_NUMBER = re.compile(r"[0-9]{1,9}")
_ACCOUNT = re.compile(r"[0-9]{8,30}")
_UNSEEN = {"Cc", "Cs", "Co", "Zl", "Zp"}
_OVERRIDES = set("\u200b\u2060\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def text_fault(place: str, text: str, longest: int = LONGEST_TEXT, *, lines: bool = False) -> Fault | None:
    """Why a text cannot be kept exactly as typed: too long, or characters that cannot be shown or printed."""
    if len(text) > longest:
        return Fault(place, f"不能超过 {longest} 字，现有 {len(text)} 字")
    allowed = "\n\r\t" if lines else ""
    for character in text:
        if (unicodedata.category(character) in _UNSEEN and character not in allowed) or character in _OVERRIDES:
            return Fault(place, "含有不能显示的控制字符，请重新输入")
    return None


def parse_day(text: str, place: str) -> date:
    """A day written YYYY-MM-DD; raises ValueError with the sentence for staff."""
    if not _DAY.fullmatch(text):
        message = f"{place}应写成 2026-03-05 的样子，写的是“{text[:20]}”"
        raise ValueError(message)
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        message = f"{place}没有这一天：{text}"
        raise ValueError(message) from error


def check_fields(item: Item, answers: Answers, values: Mapping[str, str]) -> tuple[dict[str, str], tuple[Fault, ...]]:
    """The item's fields cleaned by kind, and every fault; fields that do not apply are left out."""
    told = settled(item, answers)
    kept: dict[str, str] = {}
    faults: list[Fault] = [
        Fault(key[:40], "本事项没有这一项") for key in values if key not in {one.key for one in item.fields}
    ]
    for one in item.fields:
        if applies(one.when, told) is False:
            continue
        value = values.get(one.key, "").strip()
        if not value:
            if one.required:
                faults.append(Fault(one.label, "请填写"))
            continue
        cleaned, fault = _field(one, value)
        kept[one.key] = cleaned
        if fault:
            faults.append(Fault(one.label, fault))
    return kept, tuple(faults)


def _field(one: ItemField, value: str) -> tuple[str, str]:
    """The value as it is kept, and the fault or nothing."""
    kind = one.kind
    if kind in (FieldKind.TEXT, FieldKind.LONG_TEXT):
        fault = text_fault(one.label, value, LONGEST.get(kind, LONGEST_TEXT), lines=kind is FieldKind.LONG_TEXT)
        return value, fault.text if fault else ""
    if kind is FieldKind.CHOICE:
        return value, "" if value in one.options else f"只能选：{'、'.join(one.options)}"
    return _STRICT[kind](value)


def _day(value: str) -> tuple[str, str]:
    try:
        day = parse_day(value, "日期")
    except ValueError as error:
        return value, str(error)
    return value, "" if EARLIEST <= day.year <= LATEST else f"日期应在{EARLIEST}年至{LATEST}年之间"


def _month(value: str) -> tuple[str, str]:
    match = _MONTH.fullmatch(value)
    good = match is not None and 1 <= int(match[2]) <= 12 and 2000 <= int(match[1]) <= 2100  # noqa: PLR2004
    return value, "" if good else "应写成 2026-03 的样子"


def _money(value: str) -> tuple[str, str]:
    try:
        return str(parse_money(value)), ""
    except ValueError as error:
        return value, str(error)


def parse_money(text: str) -> Decimal:
    """An amount in CNY with at most two decimals, from 0 to 999 999 999.99; ValueError with the sentence for staff."""
    typed = text.strip()
    if not _MONEY.fullmatch(typed):
        message = f"金额应为不小于 0 的数，最多两位小数，写的是“{text[:20]}”"
        raise ValueError(message)
    return Decimal(typed.replace(",", "").replace("，", "")).quantize(Decimal("0.01"))


def _number(value: str) -> tuple[str, str]:
    return value, "" if _NUMBER.fullmatch(value) else "应为整数"


def _phone(value: str) -> tuple[str, str]:
    try:
        return check_phone(value), ""
    except BadInput as error:
        return value, error.faults[0].text


def _account(value: str) -> tuple[str, str]:
    plain = normalise(value)
    return plain, "" if _ACCOUNT.fullmatch(plain) else "银行账号应为 8 至 30 位数字"


_STRICT = {
    FieldKind.DATE: _day,
    FieldKind.MONTH: _month,
    FieldKind.MONEY: _money,
    FieldKind.NUMBER: _number,
    FieldKind.PHONE: _phone,
    FieldKind.ACCOUNT: _account,
}


def parse_statement(text: str) -> tuple[tuple[str, Decimal], ...]:
    """The lines of a payment statement, one per line: "项目 金额"; ValueError names the first line that is wrong."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        message = "待遇支付明细至少要有一行，写成“项目 金额”"
        raise ValueError(message)
    if len(lines) > 100:  # noqa: PLR2004 - more than any statement of one case
        message = "待遇支付明细不能超过 100 行"
        raise ValueError(message)
    return tuple(_statement_line(n, line) for n, line in enumerate(lines, 1))


def _statement_line(n: int, line: str) -> tuple[str, Decimal]:
    parts = line.rsplit(maxsplit=1)
    if len(parts) < 2:  # noqa: PLR2004 - a label and an amount
        message = f"明细第 {n} 行应写成“项目 金额”，写的是“{line[:30]}”"
        raise ValueError(message)
    label, amount = parts
    fault = text_fault("项目", label)
    if fault:
        raise ValueError(f"明细第 {n} 行项目{fault.text}")
    try:
        value = parse_money(amount)
    except ValueError as error:
        raise ValueError(f"明细第 {n} 行{error}") from error
    if value == 0:
        raise ValueError(f"明细第 {n} 行金额应大于 0")
    return label, value
