"""What staff type: texts, days, amounts, the item's own fields, and the lines of a statement."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseflow.rules.definition import read_item
from caseflow.rules.entries import check_fields, parse_day, parse_money, parse_statement, text_fault

HEAD = """key = "card"
name = "医保卡申领"
bureau = "demo"
case_type = "immediate"
flow = "immediate"
conditions = ["已参保缴费。"]
materials = [{ key = "identity", name = "身份证" }]
[[situations]]
key = "by"
question = "由谁办理？"
options = [{ key = "self", text = "本人" }, { key = "agent", text = "代办" }]
[[situations]]
key = "kin"
question = "是否亲属？"
when = { by = ["agent"] }
options = [{ key = "yes", text = "是" }, { key = "no", text = "否" }]
"""
KINDS = ("text", "long_text", "date", "month", "money", "number", "phone", "account")
FIELDS = "".join(f'[[fields]]\nkey = "{kind}"\nlabel = "{kind}"\nkind = "{kind}"\n' for kind in KINDS)
CHOICE = '[[fields]]\nkey = "choice"\nlabel = "险种"\nkind = "choice"\noptions = ["职工", "居民"]\n'
ITEM = read_item(HEAD + FIELDS + CHOICE, "")


def faults(values: dict[str, str]) -> list[str]:
    return [str(fault) for fault in check_fields(ITEM, {}, values)[1]]


@pytest.mark.parametrize(
    ("key", "typed", "kept"),
    [
        ("text", " 石河子市人民医院 ", "石河子市人民医院"),
        ("text", "㼆", "㼆"),
        ("long_text", "第一行\n第二行", "第一行\n第二行"),
        ("date", "2026-03-05", "2026-03-05"),
        ("date", "2024-02-29", "2024-02-29"),
        ("month", "2026-12", "2026-12"),
        ("money", "1,234.5", "1234.50"),
        ("money", "999999999.99", "999999999.99"),
        ("money", "0", "0.00"),
        ("number", "0", "0"),
        ("number", "999999999", "999999999"),
        ("phone", "13912345678", "13912345678"),
        ("account", "6222 0212 3456 7890 123", "6222021234567890123"),
        ("choice", "居民", "居民"),
    ],
)
def test_a_right_value_is_kept_in_its_plain_form(key: str, typed: str, kept: str) -> None:
    values, wrong = check_fields(ITEM, {}, {key: typed})

    assert wrong == ()
    assert values == {key: kept}


@pytest.mark.parametrize(
    ("key", "typed", "fault"),
    [
        ("text", "字" * 201, "不能超过 200 字，现有 201 字"),
        ("text", "字" * 10_000, "不能超过 200 字，现有 10000 字"),
        ("text", "甲\n乙", "含有不能显示的控制字符，请重新输入"),
        ("text", "甲\x00乙", "含有不能显示的控制字符，请重新输入"),
        ("text", "甲\u202e乙", "含有不能显示的控制字符，请重新输入"),
        ("text", "甲\ue000乙", "含有不能显示的控制字符，请重新输入"),
        ("text", "甲\ud800乙", "含有不能显示的控制字符，请重新输入"),
        ("long_text", "字" * 2001, "不能超过 2000 字，现有 2001 字"),
        ("long_text", "甲\x1b乙", "含有不能显示的控制字符，请重新输入"),
        ("date", "2026-02-30", "日期没有这一天：2026-02-30"),
        ("date", "2026-W01-1", "日期应写成 2026-03-05 的样子，写的是“2026-W01-1”"),
        ("date", "2026/3/5", "日期应写成 2026-03-05 的样子，写的是“2026/3/5”"),
        ("date", "２０２６-03-05", "日期应写成 2026-03-05 的样子，写的是“２０２６-03-05”"),
        ("date", "0001-01-01", "日期应在1900年至2100年之间"),
        ("date", "9999-12-31", "日期应在1900年至2100年之间"),
        ("month", "2026-13", "应写成 2026-03 的样子"),
        ("month", "2026-00", "应写成 2026-03 的样子"),
        ("month", "1999-12", "应写成 2026-03 的样子"),
        ("money", "-1", "金额应为不小于 0 的数，最多两位小数，写的是“-1”"),
        ("money", "1.234", "金额应为不小于 0 的数，最多两位小数，写的是“1.234”"),
        ("money", "1,50", "金额应为不小于 0 的数，最多两位小数，写的是“1,50”"),
        ("money", "1e9", "金额应为不小于 0 的数，最多两位小数，写的是“1e9”"),
        ("money", "NaN", "金额应为不小于 0 的数，最多两位小数，写的是“NaN”"),
        ("money", "1000000000", "金额应为不小于 0 的数，最多两位小数，写的是“1000000000”"),
        ("number", "-1", "应为整数"),
        ("number", "1.0", "应为整数"),
        ("number", "1000000000", "应为整数"),
        ("number", "٣", "应为整数"),
        ("account", "1234567", "银行账号应为 8 至 30 位数字"),
        ("account", "6222x0212", "银行账号应为 8 至 30 位数字"),
        ("account", "1" * 31, "银行账号应为 8 至 30 位数字"),
    ],
)
def test_a_wrong_value_is_said_at_its_field_and_the_value_is_kept_for_correction(
    key: str, typed: str, fault: str
) -> None:
    values, wrong = check_fields(ITEM, {}, {key: typed})

    assert [str(one) for one in wrong] == [f"{key}：{fault}"]
    assert key in values


def test_a_choice_outside_the_list_and_an_odd_telephone_are_refused() -> None:
    assert faults({"choice": "工伤"}) == ["险种：只能选：职工、居民"]
    assert len(faults({"phone": "12"})) == 1


def test_every_wrong_field_is_told_at_once_and_an_unknown_one_too() -> None:
    told = faults({"number": "x", "month": "x", "colour" * 10: "red"})

    assert told == [f"{('colour' * 10)[:40]}：本事项没有这一项", "month：应写成 2026-03 的样子", "number：应为整数"]


REQUIRED = read_item(
    HEAD + '[[fields]]\nkey = "name"\nlabel = "代办人关系"\nrequired = true\nwhen = { kin = ["yes"] }\n', ""
)


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ({"by": "agent", "kin": "yes"}, ["代办人关系：请填写"]),
        ({"by": "agent", "kin": "no"}, []),
        ({"by": "self"}, []),
        ({"by": "self", "kin": "yes"}, []),
    ],
)
def test_a_required_field_is_asked_for_only_where_its_situation_arises(
    answers: dict[str, str], told: list[str]
) -> None:
    _, wrong = check_fields(REQUIRED, answers, {})

    assert [str(fault) for fault in wrong] == told


def test_a_field_that_does_not_apply_is_left_out() -> None:
    kept, wrong = check_fields(REQUIRED, {"by": "self"}, {"name": "配偶"})

    assert (kept, wrong) == ({}, ())


def test_an_empty_required_field_is_not_filled_by_blanks() -> None:
    _, wrong = check_fields(REQUIRED, {"by": "agent", "kin": "yes"}, {"name": " \u3000 "})

    assert [str(fault) for fault in wrong] == ["代办人关系：请填写"]


def test_a_text_may_have_lines_only_where_lines_are_meant() -> None:
    assert text_fault("意见", "一\n二\t三", lines=True) is None
    assert text_fault("意见", "一\n二") is not None


@given(st.dates())
def test_every_day_reads_back_as_it_is_written(day: date) -> None:
    assert parse_day(str(day), "日期") == day


@given(st.integers(0, 99_999_999_999))
def test_every_amount_to_the_fen_is_read_exactly(fen: int) -> None:
    amount = Decimal(fen) / 100

    assert parse_money(f"{amount:.2f}") == parse_money(f" {amount:,.2f} ") == amount


@given(st.text(max_size=12))
def test_a_text_is_an_amount_or_a_sentence_says_why_not(text: str) -> None:
    try:
        amount = parse_money(text)
    except ValueError as error:
        assert str(error).startswith("金额应为")  # noqa: PT017 - either answer is right
    else:
        assert 0 <= amount <= Decimal("999999999.99")


def test_a_statement_is_read_line_by_line() -> None:
    lines = parse_statement("住院 费用报销 1,234.56\n\n 护理费\t0.01 \n床位费\u30002\n")

    assert lines == (
        ("住院 费用报销", Decimal("1234.56")),
        ("护理费", Decimal("0.01")),
        ("床位费", Decimal("2.00")),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "待遇支付明细至少要有一行，写成“项目 金额”"),
        (" \n ", "待遇支付明细至少要有一行，写成“项目 金额”"),
        ("住院费用", "明细第 1 行应写成“项目 金额”，写的是“住院费用”"),
        ("100.00", "明细第 1 行应写成“项目 金额”，写的是“100.00”"),
        ("甲 1\n乙 -1", "明细第 2 行金额应为不小于 0 的数，最多两位小数，写的是“-1”"),
        ("甲 0", "明细第 1 行金额应大于 0"),
        ("甲 0.00", "明细第 1 行金额应大于 0"),
        ("甲\x07 1", "明细第 1 行项目含有不能显示的控制字符，请重新输入"),
        (f"{'甲' * 201} 1", "明细第 1 行项目不能超过 200 字，现有 201 字"),
        ("甲 1\n" * 101, "待遇支付明细不能超过 100 行"),
    ],
)
def test_a_wrong_statement_names_the_line(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        parse_statement(text)
