from __future__ import annotations

import re
from typing import Any

import pytest
from jinja2 import UndefinedError

from caseflow.errors import NotFound
from caseflow.papers import PAPERS, chinese_day, qr_code, render

COMMON = {
    "bureau_name": "沙湾市医疗保障局",
    "number": "沙医保受〔2026〕000123号",
    "case_number": "654203036202605081000123",
    "query_code": "7Q4K92MD",
    "item_name": "门诊费用报销",
    "item_code": "",
    "applicant": "古丽努尔·吐尔逊",
    "applicant_id": "6542**********1234",
    "id_kind": "居民身份证",
    "agent": "",
    "window": "A区3号窗口",
    "handler": "李晓燕",
    "date": "2026-05-08",
    "place": "沙湾市书香街道",
    "phone": "0993-6023208",
    "complaint_phone": "0993-6021279",
    "fee": "不收费",
}
MATERIALS = [
    {"name": "有效身份证件或社会保障卡", "option": "社会保障卡", "originals": 1, "copies": 0},
    {"name": "医药机构收费票据", "option": "", "originals": 3, "copies": 2},
]
OWN: dict[str, dict[str, Any]] = {
    "receipt": {"received_at": "2026-05-08 10:31", "notice_days": 5, "materials": MATERIALS},
    "acceptance": {
        "accepted_on": "2026-05-08",
        "promised_text": "19个工作日",
        "promised_due": "2026-06-05",
        "statutory_text": "30个工作日",
        "statutory_due": "2026-06-24",
        "provisional": False,
        "immediate": False,
        "result": "",
        "materials": MATERIALS,
    },
    "notice": {
        "received_on": "2026-05-08",
        "lines": ["1. 处方底方：未提交，请补交。", "2. 费用清单：不符合要求（未盖章），请更换或改正。"],
        "reply_by": "2026-05-29",
        "supplement_days": 15,
        "consequence": "逾期未补正的，本次申请可以终止办理。",
    },
}


def printed(kind: str, **changes: Any) -> str:
    """The paper as one line of words."""
    html = render(kind, {**COMMON, **OWN[kind], **changes})
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html.partition("<body>")[2]))


@pytest.mark.parametrize("kind", PAPERS)
def test_every_paper_shows_the_common_fields(kind: str) -> None:
    words = printed(kind)

    for value in (
        PAPERS[kind].title,
        *(text for text in COMMON.values() if text and text != "2026-05-08"),
        "2026年5月8日",
    ):
        assert value in words


@pytest.mark.parametrize("kind", PAPERS)
def test_every_paper_has_two_signatures_a_seal_box_and_a_qr(kind: str) -> None:
    html = render(kind, COMMON | OWN[kind])

    assert html.count('class="sign"') == 2
    assert html.count('class="seal"') == 1
    assert '<svg viewBox="0 0 25 25" class="qr">' in html


@pytest.mark.parametrize("kind", PAPERS)
def test_no_paper_needs_anything_a_strict_policy_forbids(kind: str) -> None:
    html = render(kind, COMMON | OWN[kind])

    assert not re.search(r"\sstyle=|<style|\son\w+=|<script>|https?://", html)


def test_the_receipt_says_that_it_is_no_acceptance() -> None:
    words = printed("receipt")

    assert "收件不等于受理" in words
    assert "5 个工作日内一次性告知" in words
    assert "2026-05-08 10:31" in words
    assert "提交：社会保障卡" in words


def test_the_acceptance_shows_both_due_dates() -> None:
    words = printed("acceptance")

    assert "19个工作日，2026年6月5日到期" in words
    assert "30个工作日，2026年6月24日到期" in words
    assert "暂定" not in words


def test_a_provisional_date_says_so_beside_the_date_and_why() -> None:
    words = printed("acceptance", provisional=True)

    assert "2026年6月5日（暂定）到期" in words
    assert "2026年6月24日（暂定）到期" in words
    assert "放假安排尚未公布" in words


def test_an_acceptance_without_limits_shows_no_invented_date() -> None:
    words = printed("acceptance", promised_text="", promised_due="", statutory_text="", statutory_due="")

    assert "承诺办结期限—" in words
    assert "法定办结期限—" in words


def test_on_the_spot_the_acceptance_is_receipt_and_completion_on_one_sheet() -> None:
    words = printed("acceptance", immediate=True, result="已办理备案", promised_text="", statutory_text="")

    assert "兼作办结通知书" in words
    assert "当场办结" in words
    assert "办理结果已办理备案" in words
    assert "承诺办结期限" not in words


def test_the_notice_lists_everything_by_when_and_what_happens_otherwise() -> None:
    words = printed("notice")

    assert "（共 2 项）" in words
    for line in OWN["notice"]["lines"]:
        assert line in words
    assert "2026年5月29日" in words
    assert OWN["notice"]["consequence"] in words
    assert "送达时间" in words


def test_what_people_typed_is_text_and_never_markup() -> None:
    html = render("receipt", {**COMMON, **OWN["receipt"], "applicant": "<script>alert(1)</script>"})

    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_a_later_print_says_that_it_is_one() -> None:
    assert "重印" not in render("receipt", COMMON | OWN["receipt"])
    assert "重印（第 2 次）" in render("receipt", COMMON | OWN["receipt"], reprint=2)


def test_a_void_paper_says_so() -> None:
    assert "作废" not in render("receipt", COMMON | OWN["receipt"])
    assert "作废" in render("receipt", COMMON | OWN["receipt"], voided=True)


def test_a_preview_is_marked_and_offers_no_print_button() -> None:
    html = render("receipt", COMMON | OWN["receipt"], preview=True)

    assert "预览" in html
    assert "data-print" not in html


def test_a_paper_without_a_field_it_needs_is_not_printed() -> None:
    fields = {key: value for key, value in (COMMON | OWN["acceptance"]).items() if key != "statutory_due"}

    with pytest.raises(UndefinedError):
        render("acceptance", fields)


def test_an_unknown_kind_is_not_found() -> None:
    with pytest.raises(NotFound):
        render("diploma", COMMON)


def test_no_code_is_drawn_for_no_text() -> None:
    assert qr_code("") == ""


def test_a_day_is_written_in_chinese_and_anything_else_as_it_stands() -> None:
    assert chinese_day("2026-05-08") == "2026年5月8日"
    assert chinese_day("待定") == "待定"
