"""Reading one TOML table strictly: every value is asked for by kind, every fault is kept, unknown keys are faults."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from caseflow.errors import Fault, InvalidDefinition
from caseflow.rules.entries import text_fault

KEY = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_LONGEST_TEXT = 4000
_LARGEST_NUMBER = 10_000
_LONGEST_SHOWN = 60
_DEEPEST = 20
_LONGEST_LINE = 5_000
"""tomllib takes minutes over a key of a hundred thousand dots; no line of a definition is near this long."""
_AT = re.compile(r"\(at (?:line (\d+), column (\d+)|end of document)\)")
_SYNTAX = (
    ("Cannot overwrite a value", "同一项写了两次"),
    ("twice", "同一个表写了两次"),
    ("Expected '=' after a key", "项名之后应为等号"),
    ("Expected newline or end of document", "一行只能写一项"),
    ("Unterminated string", "引号没有成对"),
    ("Expected '\"'", "引号没有成对"),
    ("Illegal character", "引号没有成对，或含有控制字符"),
    ("Unclosed array", "方括号没有成对"),
    ("Unclosed inline table", "花括号没有成对"),
    ("Invalid value", "等号之后的值写法不对，文字要加引号"),
    ("Invalid date", "没有这个日期或时间"),
    ("nested too deeply", "层次太深"),
)


class TableReader:
    """One table of a definition file. The faults of all tables of a file end in one shared list."""

    def __init__(self, values: Mapping[str, Any], place: str, faults: list[Fault]) -> None:
        self._values = values
        self._place = place
        self._faults = faults
        self._asked: set[str] = set()

    def fault(self, key: str, text: str) -> None:
        """Keep one fault at this table's key."""
        named = key if key.isprintable() and len(key) <= _LONGEST_SHOWN else shown(key)
        self._faults.append(Fault(f"{self._place} {named}".strip(), text))

    def names(self) -> tuple[str, ...]:
        """The keys the file gives."""
        return tuple(self._values)

    def has(self, key: str) -> bool:
        """Whether the file gives the key."""
        return key in self._values

    def _take(self, key: str, kind: type, words: str, *, required: bool) -> Any:
        self._asked.add(key)
        if key not in self._values:
            if required:
                self.fault(key, "缺少此项")
            return None
        value = self._values[key]
        # exactly this kind: true is no number, and a day with a time is no day
        if type(value) is not kind:
            self.fault(key, f"应为{words}，写的是 {shown(value)}")
            return None
        return value

    def text(self, key: str, *, required: bool = False) -> str:
        """A line of text without control characters; "" where the file has none."""
        value = self._take(key, str, "文字", required=required)
        return "" if value is None else self._clean(key, value, required=required)

    def _clean(self, key: str, value: str, *, required: bool) -> str:
        if required and not value.strip():
            self.fault(key, "不能为空")
        wrong = text_fault(key, value, _LONGEST_TEXT)
        if wrong:
            self.fault(key, wrong.text)
        return value

    def key(self, key: str) -> str:
        """A key: lower-case letters, digits and hyphens."""
        value = self.text(key, required=True)
        if value and not KEY.fullmatch(value):
            self.fault(key, f"只能用小写字母、数字和连字符，写的是 {shown(value)}")
        return value

    def choice(self, key: str, allowed: Sequence[str], default: str | None = None) -> str:
        """One of the words allowed; required where there is no default."""
        fallback = default or allowed[0]
        value = self._take(key, str, "文字", required=default is None)
        if value is None:
            return fallback
        if value not in allowed:
            self.fault(key, f"只能是 {'、'.join(allowed)}，写的是 {shown(value)}")
            return fallback
        return str(value)

    def number(self, key: str, *, required: bool = False, least: int = 0, most: int = _LARGEST_NUMBER) -> int | None:
        """A whole number from `least` to `most`; None where the file has none."""
        value: int | None = self._take(key, int, "整数", required=required)
        if value is not None and not least <= value <= most:
            self.fault(key, f"应在 {least} 到 {most} 之间，写的是 {shown(value)}")
            return None
        return value

    def flag(self, key: str, *, required: bool = False, default: bool = False) -> bool:
        """A true or a false."""
        value = self._take(key, bool, " true 或 false", required=required)
        return default if value is None else bool(value)

    def day(self, key: str, first_year: int, last_year: int) -> date | None:
        """A day, written without quotation marks, within the years given (both included)."""
        value: date | None = self._take(key, date, "日期（如 2025-06-06，不加引号）", required=True)
        if value is not None and not first_year <= value.year <= last_year:
            self.fault(key, f"应在{first_year}年至{last_year}年之间，写的是 {value}")
            return None
        return value

    def list_of_any(self, key: str, words: str) -> list[Any]:
        """A required list whose members the caller checks."""
        found: list[Any] = self._take(key, list, words, required=True) or []
        return found

    def texts(self, key: str, *, required: bool = False) -> tuple[str, ...]:
        """A list of texts, none of them empty."""
        found = self._take(key, list, "文字列表", required=required)
        if required and found == []:
            self.fault(key, "至少要有一条")
        values = found or []
        good = [value for value in values if isinstance(value, str)]
        if len(good) != len(values):
            self.fault(key, "列表里只能是文字")
        return tuple(self._clean(f"{key}[{n}]", value, required=True) for n, value in enumerate(good, 1))

    def words(self, key: str, allowed: Sequence[str], *, required: bool = False) -> tuple[str, ...]:
        """A list of words out of those allowed, none twice."""
        values = self.texts(key, required=required)
        for value in values:
            if value not in allowed:
                self.fault(key, f"只能是 {'、'.join(allowed)}，写的是 {shown(value)}")
        if len(set(values)) != len(values):
            self.fault(key, "有重复")
        return values

    def table(self, key: str, *, required: bool = False) -> TableReader | None:
        """The table under the key."""
        value = self._take(key, dict, "表", required=required)
        return None if value is None else TableReader(value, f"{self._place} {key}".strip(), self._faults)

    def tables(self, key: str, label: str = "") -> list[TableReader]:
        """The tables of an array; `label` says in Chinese what one of them is."""
        values = self._take(key, list, "表的列表", required=False) or []
        good = [value for value in values if isinstance(value, dict)]
        if len(good) != len(values):
            self.fault(key, "列表里只能是表")
        return [
            TableReader(v, f"{self._place} 第{n}个{label or key}".strip(), self._faults) for n, v in enumerate(good, 1)
        ]

    def string_map(self, key: str) -> dict[str, str]:
        """A table of label → text; a published label may stand there with nothing behind it."""
        inner = self.table(key)
        if inner is None:
            return {}
        for label in inner.names():
            self._clean(f"{key} 的项名 {shown(label)}", label, required=True)
        return {label: inner.text(label) for label in inner.names()}

    def number_map(self, key: str, allowed: Sequence[str], most: int) -> dict[str, int]:
        """A table of word → whole number from 1 to `most`."""
        inner = self.table(key)
        if inner is None:
            return {}
        read = {word: inner.number(word, least=1, most=most) for word in allowed}
        inner.done()
        return {word: n for word, n in read.items() if n is not None}

    def when(self, key: str) -> dict[str, tuple[str, ...]]:
        """A condition: situation → the answers under which the line applies."""
        inner = self.table(key)
        if inner is None:
            return {}
        if not inner.names():
            self.fault(key, "至少要写一个情形")
        return {name: inner.texts(name, required=True) for name in inner.names()}

    def done(self) -> None:
        """Every key that nobody asked for is a fault."""
        for key in sorted(set(self._values) - self._asked):
            self.fault(key, "不认识的项，请检查拼写")


def parse_toml(text: str, place: str) -> tuple[TableReader, list[Fault]]:
    """The whole file as a table and the list its faults go to; InvalidDefinition where it is no TOML."""
    if text.startswith("\ufeff"):
        raise InvalidDefinition([Fault(place, "文件开头有 BOM 标记，请另存为不带 BOM 的 UTF-8")])
    too_long = [n for n, line in enumerate(text.split("\n"), 1) if len(line) > _LONGEST_LINE]
    if too_long:
        raise InvalidDefinition([Fault(place, f"第{too_long[0]}行超过 {_LONGEST_LINE} 字")])
    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # tomllib's own, and numbers too long for Python
        raise InvalidDefinition([Fault(place, f"不是正确的 TOML：{_syntax(error)}")]) from error
    if _too_deep(values):
        raise InvalidDefinition([Fault(place, f"不是正确的 TOML：超过 {_DEEPEST} 层")])
    faults: list[Fault] = []
    return TableReader(values, place, faults), faults


def _syntax(error: ValueError | RecursionError) -> str:
    """What tomllib says in English, in Chinese and with the line."""
    said = "nested too deeply" if isinstance(error, RecursionError) else str(error)
    text = next((chinese for english, chinese in _SYNTAX if english in said), "写法不符合 TOML")
    found = _AT.search(said)
    if found is None:
        return text
    return f"{text}（{f'第{found[1]}行第{found[2]}列' if found[1] else '文件末尾'}）"


def _too_deep(values: Mapping[str, Any]) -> bool:
    """Whether tables and lists lie deeper in each other than any definition needs (repr would not come back)."""
    level: list[Any] = [values]
    for _ in range(_DEEPEST):
        level = [inner for value in level for inner in _inside(value)]
    return bool(level)


def _inside(value: object) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def shown(value: object) -> str:
    """A value of a file as a message shows it: short, and never failing."""
    if type(value) is int and value.bit_length() > 64:  # noqa: PLR2004 - Python refuses to write very long numbers
        return "极大的数"
    if isinstance(value, dict | list):
        return "一个表" if isinstance(value, dict) else f"有 {len(value)} 项的列表"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = repr(value) if isinstance(value, str | int | float) else str(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
