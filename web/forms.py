"""Reading what a browser sent: every field is bounded, every fault is kept by field, nothing absurd gets through."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date
from re import ASCII, fullmatch

from caseflow.errors import BadInput, Fault

SHORT = 200
LONG = 2000
MOST_FIELDS = 600
_LARGEST_ID = 2**63 - 1
_KEY = r"[A-Za-z0-9_.\-]{1,80}"


class Entries:
    """Reads one form or query; faults are collected, and `check` says all of them at once.

    Every reader strips the ends, gives "" or None where nothing was entered, and never raises by itself.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.faults: list[Fault] = []
        if len(values) > MOST_FIELDS:
            self.fault("", f"表单栏目过多（超过 {MOST_FIELDS} 项）")

    def fault(self, field: str, text: str) -> None:
        """Keep a fault of this field."""
        self.faults.append(Fault(field, text))

    def text(self, field: str, label: str, *, longest: int = SHORT, required: bool = False) -> str:
        """One line of text."""
        return self._text(field, label, longest, required=required, allowed="")

    def long_text(self, field: str, label: str, *, longest: int = LONG, required: bool = False) -> str:
        """Several lines of text, with one kind of line end."""
        text = self._text(field, label, longest, required=required, allowed="\n\r\t")
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def secret(self, field: str, label: str, *, longest: int = SHORT) -> str:
        """A password: taken as it is, never stripped."""
        value = self._values.get(field, "")
        self._bounded(field, label, value, longest, "")
        if not value:
            self.fault(field, f"请填写{label}")
        return value

    def choice(self, field: str, label: str, options: Iterable[str], *, default: str = "") -> str:
        """One of the options, or the default where nothing was chosen."""
        value = self._values.get(field, "") or default
        if value and value not in set(options):
            self.fault(field, f"{label}没有这个选项，请重新选择")
            return default
        return value

    def number(self, field: str, label: str, *, least: int = 0, most: int = _LARGEST_ID) -> int | None:
        """A whole number in plain digits within the bounds."""
        value = self.text(field, label)
        if not value:
            return None
        if not fullmatch(r"\d{1,19}", value, ASCII) or not least <= int(value) <= most:
            self.fault(field, f"{label}应为 {least} 至 {most} 的整数" if most < _LARGEST_ID else f"{label}不正确")
            return None
        return int(value)

    def day(self, field: str, label: str, *, required: bool = False) -> date | None:
        """A date written YYYY-MM-DD."""
        value = self.text(field, label, required=required)
        if not value:
            return None
        found = read_day(value)
        if found is None:
            self.fault(field, f"{label}应为 YYYY-MM-DD 的日期")
        return found

    def ticked(self, field: str) -> bool:
        """Whether a box was ticked."""
        return self._values.get(field, "") == "on"

    def prefixed(self, prefix: str, *, longest: int = LONG) -> dict[str, str]:
        """The fields `<prefix><key>` by key: answers, marks, item fields. A key that is no key is a fault."""
        found: dict[str, str] = {}
        for field in [name for name in self._values if name.startswith(prefix)]:
            key = field.removeprefix(prefix)
            if not fullmatch(_KEY, key, ASCII):
                self.fault(prefix, "表单栏目名称不正确")
                continue
            found[key] = self.long_text(field, "填写内容", longest=longest)
        return found

    def check(self) -> None:
        """Raise BadInput with every fault found so far."""
        if self.faults:
            raise BadInput(self.faults)

    def _text(self, field: str, label: str, longest: int, *, required: bool, allowed: str) -> str:
        value = self._values.get(field, "").strip()
        if not self._bounded(field, label, value, longest, allowed):
            return ""
        if required and not value:
            self.fault(field, f"请填写{label}")
        return value

    def _bounded(self, field: str, label: str, value: str, longest: int, allowed: str) -> bool:
        if len(value) > longest:
            self.fault(field, f"{label}不能超过 {longest} 字（现有 {len(value)} 字）")
            return False
        if not is_printable(value, allowed):
            self.fault(field, f"{label}含有不可显示的控制字符")
            return False
        return True


def is_printable(value: str, allowed: str = "") -> bool:
    """Whether a text holds no control characters or broken halves of characters, beside those allowed."""
    return not any(unicodedata.category(character) in {"Cc", "Cs"} and character not in allowed for character in value)


def read_day(value: str) -> date | None:
    """The date of YYYY-MM-DD and of nothing else; `date.fromisoformat` alone also takes 2026-W01-1."""
    if not fullmatch(r"\d{4}-\d{2}-\d{2}", value, ASCII):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def by_field(faults: Iterable[Fault]) -> dict[str, str]:
    """The faults of a refused form by field, as the macro `field_error` takes them."""
    found: dict[str, str] = {}
    for fault in faults:
        found[fault.place] = f"{found[fault.place]}；{fault.text}" if fault.place in found else fault.text
    return found
