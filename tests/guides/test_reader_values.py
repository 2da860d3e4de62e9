"""The small readers behind a guide's fields: numerals, limits, hours, telephones, channels, alternatives, counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseflow.guides.alternatives import read_choice
from caseflow.guides.channels import read_channels
from caseflow.guides.conditions import read_conditions
from caseflow.guides.counts import read_counts
from caseflow.guides.hours import read_reception
from caseflow.guides.limits import read_limit
from caseflow.guides.lines import Line
from caseflow.guides.lists import entries_of
from caseflow.guides.material_entries import read_entry
from caseflow.guides.numerals import read_number
from caseflow.guides.phones import read_phones
from caseflow.rules.clock import Limit, Unit

DIGITS = "零一二三四五六七八九"


def spelled(n: int) -> str:
    """The usual Chinese numeral of 1 … 999."""
    hundreds, tens, ones = n // 100, n // 10 % 10, n % 10
    text = f"{DIGITS[hundreds]}百" if hundreds else ""
    if tens:
        text += "十" if n < 20 else f"{DIGITS[tens]}十"
    elif hundreds and ones:
        text += "零"
    return text + (DIGITS[ones] if ones else "")


@given(st.integers(1, 999))
def test_every_chinese_numeral_is_read(n: int) -> None:
    assert read_number(spelled(n)) == n


@given(st.text("零一二十百千", min_size=1, max_size=5))
def test_no_numeral_is_read_as_something_below_zero(text: str) -> None:
    n = read_number(text)

    assert n is None or 0 <= n < 100_000


AROUND = ["{}", "不超过{}", "自受理之日起{}内办结", "{}（不含公示时间）", "受理后{}内", "  {} "]
UNITS = {
    "个工作日": Unit.WORKING_DAY,
    "工作日": Unit.WORKING_DAY,
    "(工作日)": Unit.WORKING_DAY,
    "个自然日": Unit.CALENDAR_DAY,
    "自然日": Unit.CALENDAR_DAY,
    "个月": Unit.MONTH,
    "小时": Unit.HOUR,
}


@given(st.integers(1, 999), st.sampled_from(AROUND), st.sampled_from(list(UNITS)), st.booleans())
def test_a_limit_is_read_in_any_wording(n: int, around: str, unit: str, in_words: bool) -> None:
    number = spelled(n) if in_words and not unit.startswith("(") else str(n)

    read = read_limit(around.format(f"{number}{unit}"))

    assert (read.limit, read.doubts) == (Limit(n, UNITS[unit]), ())


@given(st.integers(1, 60), st.integers(1, 60))
def test_two_different_limits_in_one_text_are_asked_about(first: int, second: int) -> None:
    read = read_limit(f"{first}个工作日，{second}个工作日")

    assert bool(read.doubts) == (first != second)


@given(st.text(max_size=40))
def test_no_text_breaks_the_reader_of_limits(text: str) -> None:
    read = read_limit(text)

    assert read.limit is None or 0 < read.limit.n < 12_000


@given(st.lists(st.integers(1, 20), min_size=2, max_size=4), st.integers(-2, 2))
def test_stages_that_do_not_add_up_are_asked_about(days: list[int], off: int) -> None:
    stages = "、".join(f"{name}{n}个工作日" for name, n in zip(("受理", "审核", "审批", "办结"), days, strict=False))

    read = read_limit(f"共{sum(days) + off}个工作日，其中{stages}")

    assert (sum(read.stages.values()), bool(read.doubts)) == (sum(days), off != 0)


@pytest.mark.parametrize(
    "text", ["即办件", "当场办结", "即时办结", "0个工作日", "立等可取", "当日办结", "材料齐全的，即时办理"]
)
def test_what_is_done_on_the_spot_has_no_limit(text: str) -> None:
    read = read_limit(text)

    assert (read.limit, read.immediate, read.doubts) == (None, True, ())


@pytest.mark.parametrize(
    "text", ["2O个工作日", "l0个工作日", "5-10个工作日", "若干工作日", "20日", "20", "1000个工作日"]
)
def test_what_is_not_plainly_a_limit_is_asked_about(text: str) -> None:
    assert read_limit(text).doubts


@pytest.mark.parametrize("text", ["", "无", "/", "——", "法律法规未规定"])
def test_a_guide_may_state_no_limit(text: str) -> None:
    read = read_limit(text)

    assert (read.limit, read.immediate, read.doubts) == (None, False, ())


@given(st.integers(0, 11), st.sampled_from([0, 30]), st.integers(1, 5), st.booleans())
def test_morning_and_afternoon_are_read_on_either_clock(opens: int, minute: int, hours: int, words: bool) -> None:
    first = f"{opens}点{minute}分" if words and minute else f"{opens}点" if words else f"{opens}:{minute:02d}"
    closes = opens + hours
    last = f"{closes}点{minute}分" if words and minute else f"{closes}点" if words else f"{closes}:{minute:02d}"

    (span,) = read_reception(f"周一至周五 上午{first}至{'' if closes < 12 else '下午'}{last}")

    assert (span.opens, span.closes) == (f"{opens:02d}:{minute:02d}", f"{closes:02d}:{minute:02d}")
    assert span.weekdays == (0, 1, 2, 3, 4)


@pytest.mark.parametrize(
    ("text", "phones", "complaints"),
    [
        ("座机：0993-6023208", ["0993-6023208"], []),
        ("（0571）88888888、12345", ["(0571)88888888", "12345"], []),
        ("咨询：0571-88888888；投诉：0571-87654321", ["0571-88888888"], ["0571-87654321"]),
        ("0991—4613071/4613072", ["0991-4613071", "4613072"], []),
        ("0770-8510000（传真：0770-8510009）", ["0770-8510000"], []),
        ("0518-12345", ["0518-12345"], []),
        ("400-123-4567", ["400-123-4567"], []),
    ],
)
def test_telephones_are_told_apart(text: str, phones: list[str], complaints: list[str]) -> None:
    read = read_phones(text)

    assert (read.phones, read.complaints, read.doubts) == (phones, complaints, [])


@pytest.mark.parametrize("text", ["0993-602320", "0851-24", "099360232081234"])
def test_a_number_cut_short_is_asked_about(text: str) -> None:
    assert read_phones(text).doubts or not read_phones(text).phones


@pytest.mark.parametrize(
    ("text", "channels"),
    [
        ("窗口办理，网上办理", ("window", "online")),
        ("不支持网上办理，窗口办理", ("window",)),
        ("网上办理，不需到窗口", ("online",)),
        ("现场、邮寄、自助终端", ("window", "mail", "self")),
        ("网上：否；窗口：是", ("window",)),
    ],
)
def test_channels_that_are_denied_are_none(text: str, channels: tuple[str, ...]) -> None:
    assert read_channels(text)[0] == channels


@pytest.mark.parametrize(
    ("text", "any_of"),
    [
        ("身份证或社保卡", ("身份证", "社保卡")),
        ("身份证/社保卡/医保电子凭证", ("身份证", "社保卡", "医保电子凭证")),
        ("居住证、房产证、租房合同任选其一", ("居住证", "房产证", "租房合同")),
        ("身份证、户口簿或社保卡", ("身份证", "户口簿", "社保卡")),
        ("住院或门诊发票", ()),
        ("《参保登记表》", ()),
    ],
)
def test_alternatives_are_read(text: str, any_of: tuple[str, ...]) -> None:
    assert read_choice(text).any_of == any_of


def test_an_or_among_papers_of_several_kinds_is_asked_about() -> None:
    assert read_choice("结算单、处方底方或发票").doubt


@pytest.mark.parametrize(
    ("text", "originals", "copies"),
    [
        ("原件1份，复印件2份", 1, 2),
        ("原件及复印件各1份", 1, 1),
        ("一式两份", 2, None),
        ("复印件3份", None, 3),
        ("纸质原件材料 份数： 1 纸质复印件材料 份数： 0", 1, 0),
        ("加盖公章", None, None),
    ],
)
def test_originals_and_copies_are_counted(text: str, originals: int | None, copies: int | None) -> None:
    read = read_counts(text)

    assert (read.originals, read.copies) == (originals, copies)


def test_a_material_is_told_from_what_is_said_about_it() -> None:
    material, doubt = read_entry("委托他人办理的，需提供代办人身份证复印件1份（加盖单位公章）")

    assert (material.name, material.required, material.copies, material.seal, doubt) == (
        "代办人身份证复印件",
        "conditional",
        1,
        "加盖单位公章",
        "",
    )


def rows(*texts: str) -> list[Line]:
    return [Line(n, (text,)) for n, text in enumerate(texts, 1)]


def test_a_list_is_a_list_with_wrong_numbers_and_none_where_a_number_is_a_number() -> None:
    assert [entry.text for entry in entries_of(rows("1.身份证", "1、登记表", "4.A4纸2.5厘米"))] == [
        "身份证",
        "登记表",
        "A4纸2.5厘米",
    ]
    assert [entry.text for entry in entries_of(rows("1.身份证2.登记表3.发票"))] == ["身份证", "登记表", "发票"]


@pytest.mark.parametrize(
    ("texts", "mode", "doubtful"),
    [
        (("符合下列条件之一：", "1.参保人员死亡", "2.出国定居"), "any", False),
        (("同时符合以下条件：", "1.正常缴费", "2.已满6个月"), "all", False),
        (("1.参保人员死亡", "2.参保人员出国定居"), "any", True),
        (("1.参加生育保险；", "2.符合生育政策。"), "all", False),
        (("参保人员",), "all", False),
    ],
)
def test_whether_all_or_any_condition_must_be_met(texts: tuple[str, ...], mode: str, doubtful: bool) -> None:
    read = read_conditions(rows(*texts))

    assert (read.mode, bool(read.doubt)) == (mode, doubtful)
