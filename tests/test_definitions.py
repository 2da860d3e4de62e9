"""Definition files: one bad file per mistake with its exact message, every fault at once, and nothing loaded."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseflow.catalogue import check_definitions, load_catalogue
from caseflow.errors import Fault, InvalidDefinition
from caseflow.rules.definition import read_bureau, read_item
from caseflow.rules.item import CaseType, Required

BROKEN = sorted((Path(__file__).parent / "data" / "broken").glob("*.toml"))
BUREAU = """key = "demo"
name = "示例县医疗保障局"
short = "示医保"
area = "650000"
department = "036"
calendar = "xj"
threshold = "50,000.00"
"""
ITEM = """key = "card"
name = "医保卡申领"
bureau = "demo"
case_type = "immediate"
flow = "immediate"
conditions = ["已参保缴费。"]
[[situations]]
key = "by"
question = "由谁办理？"
options = [{ key = "self", text = "本人" }, { key = "agent", text = "代办" }]
[[materials]]
key = "identity"
name = "身份证"
"""
LINES = ITEM.splitlines()


def faults_of(text: str, place: str = "") -> list[str]:
    with pytest.raises(InvalidDefinition) as caught:
        read_item(text, place)
    return [str(fault).strip() for fault in caught.value.faults]


def folder(root: Path, *, bureau: str | None = BUREAU, name: str = "demo", **items: str) -> Path:
    """A folder of definitions with one bureau."""
    home = root / name
    home.mkdir()
    if bureau is not None:
        (home / "bureau.toml").write_text(bureau, encoding="utf-8")
    for stem, text in items.items():
        (home / f"{stem}.toml").write_text(text, encoding="utf-8")
    return root


def test_the_smallest_item_is_read_with_the_defaults_of_the_house() -> None:
    item = read_item(ITEM, "card.toml")

    assert (item.case_type, item.limits.notice, item.limits.supplement) == (CaseType.IMMEDIATE, 5, 15)
    assert item.materials[0].required is Required.REQUIRED
    assert [option.text for option in item.materials[0].options] == ["身份证"]
    assert item.materials[0].any_of == ()
    assert item.code is None


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_a_broken_file_is_refused_with_exactly_the_faults_its_header_names(path: Path) -> None:
    text = path.read_bytes().decode()
    expected = [line.removeprefix("# ") for line in text.partition("\n\n")[0].split("\n")]
    read = read_bureau if path.stem.startswith("bureau-") else read_item

    with pytest.raises(InvalidDefinition) as caught:
        read(text, path.name)

    assert [str(fault).removeprefix(path.name).strip() for fault in caught.value.faults] == expected


def test_there_is_a_broken_file_for_every_kind_of_mistake() -> None:
    assert len(BROKEN) >= 90


def test_every_fault_of_a_file_is_told_at_once() -> None:
    text = ITEM.replace('"医保卡申领"', "3").replace('"身份证"', "true").replace('"本人"', '""') + "visit = 1\n"

    told = faults_of(text, "card.toml")

    assert told == [
        "card.toml name：应为文字，写的是 3",
        "card.toml 第1个材料 name：应为文字，写的是 true",
        "card.toml 第1个材料 visit：不认识的项，请检查拼写",
        "card.toml 第1个情形 第1个选项 text：不能为空",
    ]


def test_a_byte_order_mark_is_named() -> None:
    assert faults_of("\ufeff" + ITEM, "a.toml") == ["a.toml：文件开头有 BOM 标记，请另存为不带 BOM 的 UTF-8"]


def test_situations_may_be_asked_in_any_order_but_never_in_a_circle() -> None:
    later = '[[situations]]\nkey = "kin"\nquestion = "何种关系？"\nwhen = { by = ["agent"] }\n'
    options = 'options = [{ key = "a", text = "甲" }, { key = "b", text = "乙" }]\n'
    nested = ITEM + later + options
    circle = nested.replace('question = "由谁办理？"', 'question = "由谁办理？"\nwhen = { kin = ["a"] }')

    read = read_item(nested, "")

    assert [one.key for one in read.situations] == ["by", "kin"]
    assert faults_of(circle) == [f"情形 {key} when：情形互相等待，永远不会问到" for key in ("by", "kin")]


def test_a_key_of_a_hundred_thousand_dots_is_refused_without_being_parsed() -> None:
    assert faults_of("a" + ".a" * 100_000 + " = 1") == ["第1行超过 5000 字"]


def test_a_huge_value_never_fills_the_message() -> None:
    told = faults_of(ITEM.replace('"immediate"', '"' + "x" * 4000 + '"', 1))

    assert len(told[0]) < 200


@given(st.text())
def test_arbitrary_text_is_refused_as_a_definition_and_as_nothing_else(text: str) -> None:
    with pytest.raises(InvalidDefinition) as caught:
        read_item(text, "x.toml")

    assert all(fault.place.startswith("x.toml") and fault.text for fault in caught.value.faults)


SIMPLE = ("true", "-1", "1.5", "nan", "inf", '""', '"\\u0000"', "2026-03-02", "2026-03-02T10:00:00Z", "10:00:00")
NESTED = (
    "[]",
    "[[]]",
    "{}",
    "{ a = { b = [1] } }",
    "[true]",
    '["a", 1]',
    "[{}]",
    '[{ key = "a" }]',
    "0xFFFFFFFFFFFFFFFFF",
)


@given(
    st.integers(0, len(LINES) - 1),
    st.sampled_from(SIMPLE + NESTED),
    st.sampled_from(["", "options", "when", "published", "limits", "key"]),
)
def test_a_wrong_value_anywhere_raises_nothing_but_its_faults(line: int, value: str, name: str) -> None:
    key = name or LINES[line].partition(" =")[0]
    changed = [*LINES[:line], f"{key} = {value}", *LINES[line + 1 :]]

    try:
        item = read_item("\n".join(changed), "x.toml")
    except InvalidDefinition as error:
        assert error.faults  # noqa: PT017 - either answer is right; any other error fails the test
    else:
        assert item.materials


def test_a_folder_of_its_own_adds_a_bureau_and_its_items(tmp_path: Path) -> None:
    catalogue = load_catalogue(folder(tmp_path, card=ITEM))

    assert catalogue.item("demo", "card").name == "医保卡申领"
    assert catalogue.texts["demo", "card"] == ITEM
    assert str(catalogue.bureau("demo").threshold) == "50000.00"
    assert len(catalogue.items) == 34


def test_nothing_is_loaded_when_any_file_is_faulty_and_every_file_is_named(tmp_path: Path) -> None:
    bad = folder(tmp_path, card=ITEM, other=ITEM, worse="visits = ", name_less=ITEM.replace('"医保卡申领"', '""'))

    with pytest.raises(InvalidDefinition) as caught:
        load_catalogue(bad)

    assert [fault.place for fault in caught.value.faults] == [
        "demo/name_less.toml name",
        "demo/other.toml key",
        "demo/worse.toml",
    ]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('key = "card"', 'key = "cards"', Fault("demo/card.toml key", "应与文件同名：card")),
        ('bureau = "demo"', 'bureau = "shawan"', Fault("demo/card.toml bureau", "应与文件夹同名：demo")),
        (
            'case_type = "immediate"\nflow = "immediate"',
            'case_type = "promised"\nflow = "express"\nlimits = { promised = { n = 1, unit = "working_day" } }',
            Fault("demo/card.toml flow", "没有流程 'express'，只有 immediate、standard、payment、designation"),
        ),
        ("conditions", 'code = "11650105MB1544747X4002036213000"\nconditions', "demo/card.toml code"),
    ],
)
def test_what_one_file_cannot_know_is_checked_across_files(
    tmp_path: Path, old: str, new: str, fault: Fault | str
) -> None:
    told = check_definitions(folder(tmp_path, card=ITEM.replace(old, new, 1)))

    assert [one if isinstance(fault, Fault) else one.place for one in told] == [fault]


@pytest.mark.parametrize(
    ("bureau", "place", "text"),
    [
        (None, "demo", "缺少 bureau.toml"),
        (BUREAU.replace('"xj"', '"tibet"'), "demo/bureau.toml calendar", "没有日历 'tibet'"),
        (BUREAU.replace('"demo"', '"other"'), "demo/bureau.toml key", "应与文件夹同名：demo"),
        (BUREAU + "[follow_up]\nrepay = 0\n", "demo/bureau.toml follow_up repay", "应在 1 到 60 之间，写的是 0"),
        (BUREAU + "[follow_up]\nvisit = 2\n", "demo/bureau.toml follow_up visit", "不认识的项，请检查拼写"),
    ],
)
def test_a_faulty_bureau_is_refused(tmp_path: Path, bureau: str | None, place: str, text: str) -> None:
    told = check_definitions(folder(tmp_path, bureau=bureau))

    assert Fault(place, text) in told


def test_a_bureau_sets_its_own_days_of_follow_up_and_keeps_the_usual_ones_beside() -> None:
    own = read_bureau(BUREAU + "[follow_up]\nrectify = 7\nrepay = 3\n", "demo/bureau.toml")

    assert own.follow_up == {"call_back": 1, "rectify": 7, "repay": 3}


def test_a_bureau_may_not_bear_the_name_of_a_calendar(tmp_path: Path) -> None:
    told = check_definitions(folder(tmp_path, name="xj", bureau=BUREAU.replace('"demo"', '"xj"')))

    assert told == (Fault("xj/bureau.toml key", "与一个日历同名"),)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (ITEM.encode("gb18030"), "不是 UTF-8 文字"),
        (b"#" * 1_000_000, "文件超过 256 KiB"),
        (b"\xef\xbb\xbf" + ITEM.encode(), "文件开头有 BOM 标记，请另存为不带 BOM 的 UTF-8"),
        (b"", "缺少此项"),
    ],
)
def test_a_file_that_is_no_text_of_ours_is_refused(tmp_path: Path, content: bytes, text: str) -> None:
    root = folder(tmp_path)
    (root / "demo" / "card.toml").write_bytes(content)

    told = check_definitions(root)

    assert told[0].place.startswith("demo/card.toml")
    assert told[0].text == text


def test_a_folder_that_is_missing_or_empty_is_a_fault(tmp_path: Path) -> None:
    empty, missing = check_definitions(tmp_path), check_definitions(tmp_path / "none")

    assert [fault.text for fault in (*empty, *missing)] == ["这里没有经办机构的文件夹", "不是文件夹"]
