"""Every packaged definition broken in every way of a table: refused with its place. No noise brings the loader down.

Beside them stand the files of tests/data/broken, one for each kind of mistake (tests/test_definitions.py).
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from caseflow.catalogue import _Reading, load_catalogue
from caseflow.errors import Fault, InvalidDefinition
from caseflow.rules.definition import Bureau, read_bureau, read_item
from caseflow.rules.item import Item
from caseflow.rules.toml_reader import parse_toml

CATALOGUE = load_catalogue()
TEXTS = {f"{bureau}/{key}.toml": text for (bureau, key), text in CATALOGUE.texts.items()}
FILES = {place: tomllib.loads(text) for place, text in TEXTS.items()}
HOME = Path(__file__).parents[1] / "caseflow" / "workflows" / "items"
BUREAUS = {f"{key}/bureau.toml": (HOME / key / "bureau.toml").read_text(encoding="utf-8") for key in CATALOGUE.bureaus}
GONE: Any = object()


@dataclass(frozen=True, slots=True)
class Mistake:
    """One entry changed (or taken out), where the refusal points and what it says. `+` in the path is one line more."""

    path: str
    value: Any
    place: str
    text: str


LIMIT = {"n": 1, "unit": "working_day"}
MISTAKES = [
    Mistake("name", GONE, "name", "缺少此项"),
    Mistake("name", 3, "name", "应为文字，写的是 3"),
    Mistake("name", "  ", "name", "不能为空"),
    Mistake("name", "甲\u202e乙", "name", "控制字符"),
    Mistake("key", "Upper Case", "key", "只能用小写字母、数字和连字符"),
    Mistake("key", "../../etc", "key", "只能用小写字母、数字和连字符"),
    Mistake("bureau", True, "bureau", "应为文字，写的是 true"),
    Mistake("case_type", "soon", "case_type", "只能是 immediate、promised"),
    Mistake("flow", GONE, "flow", "缺少此项"),
    Mistake("visit", 1, "visit", "不认识的项"),
    Mistake("guard", "os.system", "guard", "不认识的项"),
    Mistake("visits", -1, "visits", "应在 0 到 99 之间"),
    Mistake("conditions", [], "conditions", "至少要有一条"),
    Mistake("conditions", [3], "conditions", "列表里只能是文字"),
    Mistake("conditions_mode", "some", "conditions_mode", "只能是 all、any"),
    Mistake("channels", ["fax"], "channels", "只能是 "),
    Mistake("channels", ["window", "window"], "channels", "有重复"),
    Mistake("doubts", "没有", "doubts", "应为文字列表"),
    Mistake("published", {"网址": 1}, "published 网址", "应为文字"),
    Mistake("materials", [], "materials", "至少要有一项材料"),
    Mistake("materials", "身份证", "materials", "应为表的列表"),
    Mistake("materials.0.name", ["身份证"], "第1个材料 name", "应为文字"),
    Mistake("materials.0.required", "maybe", "第1个材料 required", "只能是 "),
    Mistake("materials.0.copies", 1000, "第1个材料 copies", "应在 0 到 99 之间"),
    Mistake("materials.0.deferrable", "no", "第1个材料 deferrable", "应为 true 或 false"),
    Mistake("materials.0.sealed", True, "第1个材料 sealed", "不认识的项"),
    Mistake("materials.0.when", {}, "第1个材料 when", "至少要写一个情形"),
    Mistake("materials.0.when", {"nowhere": ["a"]}, "材料 {first} when", "没有情形 'nowhere'"),
    Mistake("materials.0.options", [{"key": "a"}], "第1个可选材料 text", "缺少此项"),
    Mistake("materials.+", {"key": "extra"}, "第{materials}个材料 name", "缺少此项"),
    Mistake("fields.+", {"key": "hue", "label": "颜色", "kind": "colour"}, "第{fields}个办件信息项 kind", "只能是 "),
    Mistake(
        "fields.+", {"key": "hue", "label": "颜色", "kind": "choice"}, "第{fields}个办件信息项 options", "要有 options"
    ),
    Mistake("situations.+", {"key": "q", "question": "？", "options": []}, "第{situations}个情形 options", "两个选项"),
    Mistake("limits", {"promised": LIMIT | {"n": 0}}, "limits promised n", "应在 1 到 999 之间"),
    Mistake("limits", {"promised": LIMIT | {"unit": "week"}}, "limits promised unit", "只能是 "),
    Mistake("limits", {"promised": 3}, "limits promised", "应为表"),
    Mistake("limits", {"stages": {"waiting": 1}}, "limits stages waiting", "不认识的项"),
    Mistake("limits", {"promised": LIMIT, "stages": {"accepted": 2}}, "limits", "各环节之和 2 大于承诺时限 1"),
    Mistake("limits", {"promised": LIMIT | {"n": 9}, "statutory": LIMIT}, "limits", "承诺时限 9 大于法定时限 1"),
    Mistake("commitment", {"text": "补齐"}, "commitment months", "缺少此项"),
    Mistake("applicant_deadline", {"text": "三十日"}, "applicant_deadline limit", "缺少此项"),
    Mistake("reception", [{"weekdays": ["mon"], "opens": "25:00", "closes": "26:00"}], "第1个接待时间 opens", "HH:MM"),
]
OF_BUREAU = [
    Mistake("name", GONE, "name", "缺少此项"),
    Mistake("area", "65００00", "area", "应为六位区划代码"),
    Mistake("department", "36", "department", "应为三位部门代码"),
    Mistake("threshold", "很多", "threshold", ""),
    Mistake("threshold", 50000, "threshold", "应为文字"),
    Mistake("duties", "none", "duties", "只能是 full、small"),
    Mistake("windows", [""], "windows[1]", "不能为空"),
    Mistake("orders", {"red": 0}, "orders red", "应在 1 到 30 之间"),
    Mistake("owner", "我", "owner", "不认识的项"),
]


def broken(values: dict[str, Any], mistake: Mistake) -> str:
    """The file with this one mistake in it."""
    made = deepcopy(values)
    inner: Any = made
    *way, last = mistake.path.split(".")
    for step in way:
        inner = inner[int(step)] if step.isdigit() else inner.setdefault(step, [])
    if last == "+":
        inner.append(mistake.value)
    elif mistake.value is GONE:
        del inner[last]
    else:
        inner[last] = mistake.value
    return tomli_w.dumps(made)


def place_of(mistake: Mistake, values: dict[str, Any]) -> str:
    """Where the refusal of this file must point."""
    counts = {name: len(values.get(name, [])) + 1 for name in ("materials", "fields", "situations")}
    return mistake.place.format(first=values["materials"][0]["key"] if "materials" in values else "", **counts)


def faults_of(read: Callable[[str, str], Item | Bureau], text: str, place: str) -> tuple[Fault, ...]:
    with pytest.raises(InvalidDefinition) as caught:
        read(text, place)
    return caught.value.faults


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda one: f"{one.path}-{one.text}")
def test_every_item_with_a_mistake_is_refused_with_the_mistakes_place(mistake: Mistake) -> None:
    for place, values in FILES.items():
        found = faults_of(read_item, broken(values, mistake), place)

        where = place_of(mistake, values)
        assert any(fault.place.endswith(where) and mistake.text in fault.text for fault in found), (place, found)
        assert all(fault.place.startswith(place) for fault in found)


@pytest.mark.parametrize("mistake", OF_BUREAU, ids=lambda one: f"{one.path}-{one.text}")
def test_every_bureau_with_a_mistake_is_refused_with_the_mistakes_place(mistake: Mistake) -> None:
    for place, text in BUREAUS.items():
        found = faults_of(read_bureau, broken(tomllib.loads(text), mistake), place)

        assert any(fault.place == f"{place} {mistake.place}" and mistake.text in fault.text for fault in found), found


def test_more_than_two_hundred_files_are_broken_and_none_was_before() -> None:
    assert len(MISTAKES) * len(FILES) + len(OF_BUREAU) * len(BUREAUS) > 1_000
    for place, values in FILES.items():
        assert isinstance(read_item(tomli_w.dumps(values), place), Item)


# --- noise ------------------------------------------------------------------------------------------------------------

PLAIN = st.one_of(
    st.text(max_size=40),
    st.integers(-(2**80), 2**80),
    st.floats(),
    st.booleans(),
    st.dates(date(1, 1, 1)),
    st.times(),
    st.datetimes(datetime(1, 1, 1)),  # noqa: DTZ001 - a TOML file may hold a moment without a zone
)
VALUES = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
)
PLACES = st.sampled_from(sorted(TEXTS))


def ways(values: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value inside a file, the whole of it left out."""
    inside = values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    for step, value in inside:
        yield (*way, step)
        yield from ways(value, (*way, step))


def answered(text: str, place: str) -> bool:
    """Whether it was read; refused it must be with faults of this file, and anything else fails the test."""
    faults: tuple[Fault, ...] = ()
    try:
        assert read_item(text, place).materials
    except InvalidDefinition as error:
        faults = error.faults
    assert all(fault.place.startswith(place) and 0 < len(fault.text) < 500 for fault in faults)
    return not faults


@given(place=PLACES, pick=st.integers(0, 10**6), value=VALUES)
def test_any_value_anywhere_is_read_or_refused(place: str, pick: int, value: Any) -> None:
    values = deepcopy(FILES[place])
    every = list(ways(values))
    *way, last = every[pick % len(every)]
    inner: Any = values
    for step in way:
        inner = inner[step]
    inner[last] = value

    answered(tomli_w.dumps(values), place)


@given(place=PLACES, cut=st.integers(0, 10**6), length=st.integers(0, 40), put=st.binary(max_size=12))
def test_any_bytes_anywhere_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, place: str, cut: int, length: int, put: bytes
) -> None:
    content = TEXTS[place].encode()
    at = cut % len(content)
    bureau, _, name = place.partition("/")
    folder = tmp_path_factory.getbasetemp() / "noise" / bureau
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content[:at] + put + content[at + length :])
    faults: list[Fault] = []
    reading = _Reading(faults)
    reading.bureaus = dict(CATALOGUE.bureaus)

    reading._read_item(bureau, folder / name)

    assert faults or reading.items
    assert all(fault.place.startswith(place) for fault in faults)


@given(st.binary(max_size=300))
def test_any_bytes_alone_are_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "alone.toml"
    path.write_bytes(content)
    faults: list[Fault] = []

    _Reading(faults)._read_item("shawan", path)

    assert faults
    assert all(fault.place.startswith("shawan/alone.toml") for fault in faults)


@given(place=st.sampled_from(sorted(BUREAUS)), pick=st.integers(0, 10**6), value=VALUES)
def test_any_value_anywhere_in_a_bureau_is_read_or_refused(place: str, pick: int, value: Any) -> None:
    values = tomllib.loads(BUREAUS[place])
    every = list(ways(values))
    *way, last = every[pick % len(every)]
    inner: Any = values
    for step in way:
        inner = inner[step]
    inner[last] = value
    text = tomli_w.dumps(values)

    try:
        read = read_bureau(text, place)
    except InvalidDefinition as error:
        assert all(fault.place.startswith(place) for fault in error.faults)  # noqa: PT017 - either answer is right
    else:
        assert read.name


HOSTILE = [
    "a = " + "[" * 100_000,
    "a = " + "{b = " * 5_000,
    "[a" + ".a" * 2_000 + "]",
    "\n".join(f"[[materials]]\nkey = 'k{n}'\nname = 'x'" for n in range(5_000)),
    "key = 1e999999",
    "key = " + "9" * 4_900,
    "name = '''" + "\n".join("x" * 4_000 for _ in range(50)) + "'''",
    "key = 0000-00-00",
    "key = 2026-02-31",
    "key = 25:61:61",
    "\x00" * 1_000,
    "=" * 4_000,
]


@pytest.mark.parametrize("place", range(len(HOSTILE)))
def test_what_was_written_to_take_long_is_refused_at_once(place: int) -> None:
    assert not answered(HOSTILE[place], "shawan/x.toml")


def test_a_time_or_a_moment_is_no_text() -> None:
    table, faults = parse_toml(tomli_w.dumps({"a": time(1, 2), "b": datetime(2026, 1, 1)}), "x")  # noqa: DTZ001 - as above

    assert (table.text("a"), table.text("b")) == ("", "")
    assert len(faults) == 2
