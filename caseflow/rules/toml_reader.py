"""Reading one TOML table strictly: every value is asked for by kind, every fault is kept, unknown keys are faults."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from caseflow.errors import Fault, InvalidDefinition

KEY = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_LONGEST_TEXT = 4000
_LARGEST_NUMBER = 10_000


class TableReader:
    """One table of a definition file. The faults of all tables of a file end in one shared list."""

    def __init__(self, values: Mapping[str, Any], place: str, faults: list[Fault]) -> None:
        self._values = values
        self._place = place
        self._faults = faults
        self._asked: set[str] = set()

    def fault(self, key: str, text: str) -> None:
        """Keep one fault at this table's key."""
        self._faults.append(Fault(f"{self._place} {key}".strip(), text))

    def keys(self) -> tuple[str, ...]:
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
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self.fault(key, f"应为{words}，写的是 {value!r}")
            return None
        return value

    def text(self, key: str, *, required: bool = False) -> str:
        """A line of text without control characters; "" where the file has none."""
        value = self._take(key, str, "文字", required=required)
        return "" if value is None else self._clean(key, value, required=required)

    def _clean(self, key: str, value: str, *, required: bool) -> str:
        if required and not value.strip():
            self.fault(key, "不能为空")
        if _CONTROL.search(value):
            self.fault(key, "含有控制字符或换行")
        if len(value) > _LONGEST_TEXT:
            self.fault(key, f"超过 {_LONGEST_TEXT} 字")
        return value

    def key(self, key: str) -> str:
        """A key: lower-case letters, digits and hyphens."""
        value = self.text(key, required=True)
        if value and not KEY.fullmatch(value):
            self.fault(key, f"只能用小写字母、数字和连字符，写的是 {value!r}")
        return value

    def choice(self, key: str, allowed: Sequence[str], default: str | None = None) -> str:
        """One of the words allowed; required where there is no default."""
        value = self.text(key, required=default is None)
        if not value:
            return default or allowed[0]
        if value not in allowed:
            self.fault(key, f"只能是 {'、'.join(allowed)}，写的是 {value!r}")
            return allowed[0]
        return value

    def number(self, key: str, *, required: bool = False, least: int = 0) -> int | None:
        """A whole number from `least` to 10 000; None where the file has none."""
        value: int | None = self._take(key, int, "整数", required=required)
        if value is not None and not least <= value <= _LARGEST_NUMBER:
            self.fault(key, f"应在 {least} 到 {_LARGEST_NUMBER} 之间，写的是 {value}")
            return None
        return value

    def flag(self, key: str, *, default: bool = False) -> bool:
        """A true or a false."""
        value = self._take(key, bool, " true 或 false", required=False)
        return default if value is None else bool(value)

    def texts(self, key: str, *, required: bool = False) -> tuple[str, ...]:
        """A list of texts, none of them empty."""
        values = self._take(key, list, "文字列表", required=required) or []
        if required and self.has(key) and not values:
            self.fault(key, "至少要有一条")
        good = [value for value in values if isinstance(value, str)]
        if len(good) != len(values):
            self.fault(key, "列表里只能是文字")
        return tuple(self._clean(f"{key}[{n}]", value, required=True) for n, value in enumerate(good, 1))

    def words(self, key: str, allowed: Sequence[str]) -> tuple[str, ...]:
        """A list of words out of those allowed, none twice."""
        values = self.texts(key)
        for value in values:
            if value not in allowed:
                self.fault(key, f"只能是 {'、'.join(allowed)}，写的是 {value!r}")
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
        """A table of label → text."""
        found = self._take(key, dict, "表", required=False) or {}
        for label, value in found.items():
            if not isinstance(value, str):
                self.fault(f"{key}.{label}", "应为文字")
        return {label: value for label, value in found.items() if isinstance(value, str)}

    def number_map(self, key: str, allowed: Sequence[str]) -> dict[str, int]:
        """A table of word → whole number of at least 1."""
        inner = self.table(key)
        if inner is None:
            return {}
        read = {word: inner.number(word, least=1) for word in allowed}
        inner.done()
        return {word: n for word, n in read.items() if n is not None}

    def when(self, key: str) -> dict[str, tuple[str, ...]]:
        """A condition: situation → the answers under which the line applies."""
        inner = self.table(key)
        return {} if inner is None else {name: inner.texts(name, required=True) for name in inner.keys()}

    def done(self) -> None:
        """Every key that nobody asked for is a fault."""
        for key in sorted(set(self._values) - self._asked):
            self.fault(key, "不认识的项，请检查拼写")


def parse_toml(text: str, place: str) -> tuple[TableReader, list[Fault]]:
    """The whole file as a table and the list its faults go to; InvalidDefinition where it is no TOML."""
    try:
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InvalidDefinition([Fault(place, f"不是正确的 TOML：{error}")]) from error
    faults: list[Fault] = []
    return TableReader(values, place, faults), faults
