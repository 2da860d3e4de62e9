"""Situations answered and materials received: what is complete, what is missing, and how the notice says it."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseflow.catalogue import load_catalogue
from caseflow.rules.checklist import (
    CIRCLED,
    Checklist,
    LineState,
    Mark,
    Receipt,
    check_answers,
    check_materials,
    check_receipts,
    open_questions,
)
from caseflow.rules.definition import read_item
from caseflow.rules.item import Item

ITEM = read_item(
    """key = "card"
name = "医保卡申领"
bureau = "demo"
case_type = "immediate"
flow = "immediate"
conditions = ["已参保缴费。"]
commitment = { text = "两个月内补齐", months = 2 }
[[situations]]
key = "by"
question = "由谁办理？"
options = [{ key = "self", text = "本人" }, { key = "agent", text = "代办" }]
[[situations]]
key = "kin"
question = "是否亲属？"
when = { by = ["agent"] }
options = [{ key = "yes", text = "是" }, { key = "no", text = "否" }]
[[materials]]
key = "identity"
name = "身份证或社会保障卡"
options = [{ key = "id-card", text = "身份证" }, { key = "ss-card", text = "社会保障卡" }]
originals = 1
copies = 2
[[materials]]
key = "authorisation"
name = "授权委托书"
required = "conditional"
when = { by = ["agent"] }
seal = "加盖单位公章"
seal_when = { kin = ["no"] }
[[materials]]
key = "kinship"
name = "亲属关系证明"
required = "conditional"
when = { kin = ["yes"] }
options = [
  { key = "booklet", text = "户口簿" },
  { key = "pledge", text = "承诺书", commitment = true, when = { by = ["agent"] } },
  { key = "court", text = "判决书", when = { by = ["self"] } },
]
[[materials]]
key = "extra"
name = "其他证明"
required = "on_request"
""",
    "card.toml",
)
AGENT = {"by": "agent", "kin": "yes"}
GOT = Receipt(Mark.RECEIVED)
ALL = dict.fromkeys(("identity", "authorisation", "kinship"), GOT)


def states(checklist: Checklist) -> list[str]:
    return [line.state.value for line in checklist.lines]


def test_before_any_answer_conditional_lines_are_to_be_asked_and_never_absent() -> None:
    checklist = check_materials(ITEM, {}, {})

    assert states(checklist) == ["missing", "to_ask", "to_ask", "optional"]
    assert [one.key for one in checklist.questions] == ["by"]
    assert not checklist.complete


def test_an_answer_decides_its_lines_and_brings_the_question_that_hangs_on_it() -> None:
    checklist = check_materials(ITEM, {"by": "agent"}, {})

    assert states(checklist) == ["missing", "missing", "to_ask", "optional"]
    assert [one.key for one in checklist.questions] == ["kin"]


def test_lines_of_a_question_that_does_not_arise_do_not_apply() -> None:
    checklist = check_materials(ITEM, {"by": "self"}, {"identity": GOT})

    assert states(checklist) == ["met", "not_applicable", "not_applicable", "optional"]
    assert checklist.questions == ()
    assert checklist.complete


def test_an_answer_left_over_from_another_answer_decides_nothing() -> None:
    checklist = check_materials(ITEM, {"by": "self", "kin": "yes"}, {"identity": GOT})

    assert states(checklist) == ["met", "not_applicable", "not_applicable", "optional"]


def test_every_line_received_and_every_question_answered_is_complete() -> None:
    assert check_materials(ITEM, AGENT, ALL).complete


def test_received_lines_with_an_open_question_are_not_complete() -> None:
    assert not check_materials(ITEM, {"by": "agent"}, ALL).complete


@pytest.mark.parametrize(
    ("mark", "state"),
    [
        (Mark.NONE, LineState.MISSING),
        (Mark.MISSING, LineState.MISSING),
        (Mark.RECEIVED, LineState.MET),
        (Mark.FAULTY, LineState.FAULTY),
    ],
)
def test_a_required_line_stands_as_it_was_ticked(mark: Mark, state: LineState) -> None:
    checklist = check_materials(ITEM, {"by": "self"}, {"identity": Receipt(mark, fault="看不清")})

    assert checklist.lines[0].state is state
    assert checklist.complete is (state is LineState.MET)


def test_a_line_asked_for_on_request_counts_only_once_staff_asked() -> None:
    asked = check_materials(ITEM, {"by": "self"}, {"identity": GOT, "extra": Receipt(Mark.MISSING)})

    assert states(asked)[-1] == "missing"
    assert asked.notice_lines() == ("1. 其他证明：未提交，请补交。",)


def test_the_notice_names_everything_at_once_with_the_alternatives_counts_and_seal() -> None:
    receipts = {"identity": Receipt(Mark.FAULTY, fault=" 复印件缺背面 "), "authorisation": Receipt(Mark.MISSING)}

    told = check_materials(ITEM, {"by": "agent", "kin": "no"}, receipts).notice_lines()

    what = "不符合要求（复印件缺背面），请更换或改正。"
    assert told == (
        f"1. 身份证或社会保障卡（原件1份、复印件2份）：{what}下列任选其一：①身份证；②社会保障卡。",
        "2. 授权委托书（须加盖单位公章）：未提交，请补交。",
    )


def test_the_seal_is_asked_for_only_where_its_situation_applies() -> None:
    sealed = [check_materials(ITEM, {"by": "agent", **kin}, {}).lines[1].sealed for kin in ({}, {"kin": "no"}, AGENT)]

    assert sealed == [False, True, False]


def test_an_alternative_is_offered_only_where_it_applies() -> None:
    checklist = check_materials(ITEM, AGENT, {})

    assert [option.key for option in checklist.lines[2].options] == ["booklet", "pledge"]
    assert checklist.notice_lines()[-1] == "3. 亲属关系证明：未提交，请补交。下列任选其一：①户口簿；②承诺书。"


def test_any_one_of_the_alternatives_meets_the_line() -> None:
    met = [
        check_materials(ITEM, {"by": "self"}, {"identity": Receipt(Mark.RECEIVED, option)}).complete
        for option in ("", "id-card", "ss-card")
    ]

    assert met == [True, True, True]


def test_an_alternative_that_no_longer_applies_does_not_meet_the_line() -> None:
    checklist = check_materials(ITEM, AGENT, ALL | {"kinship": Receipt(Mark.RECEIVED, "court")})

    assert [line.material.key for line in checklist.unmet] == ["kinship"]


def test_alternatives_past_the_twentieth_are_still_named() -> None:
    options = ", ".join(f'{{ key = "o{n}", text = "材料{n}" }}' for n in range(1, 23))
    text = f"""key = "many"
name = "多"
bureau = "demo"
case_type = "immediate"
flow = "immediate"
conditions = ["无"]
materials = [{{ key = "any", name = "任一", options = [{options}] }}]
"""

    told = check_materials(read_item(text, ""), {}, {}).notice_lines()[0]

    assert f"{CIRCLED[-1]}材料20；（21）材料21；（22）材料22。" in told


@pytest.mark.parametrize(
    ("answers", "faults"),
    [
        ({}, []),
        (AGENT, []),
        ({"kin": "yes"}, []),
        ({"who": "self"}, ["情形 who：本事项没有这个情形"]),
        ({"by": "lawyer"}, ["由谁办理？：没有选项“lawyer”"]),
        ({"by": "self", "kin": "yes"}, ["是否亲属？：按其他情形的回答，不需要回答此项"]),
        ({"by": "x" * 10_000}, [f"由谁办理？：没有选项“{'x' * 40}”"]),
    ],
)
def test_wrong_answers_are_named(answers: dict[str, str], faults: list[str]) -> None:
    assert [str(fault) for fault in check_answers(ITEM, answers)] == faults


@pytest.mark.parametrize(
    ("key", "receipt", "faults"),
    [
        ("identity", Receipt(Mark.RECEIVED, "id-card", 1, 2), []),
        ("identity", Receipt(Mark.RECEIVED, originals=99, copies=99), []),
        ("passport", GOT, ["材料 passport：本事项没有这项材料"]),
        ("identity", Receipt(Mark.RECEIVED, "passport"), ["身份证或社会保障卡：没有这种可选材料"]),
        ("identity", Receipt(Mark.RECEIVED, originals=-1), ["身份证或社会保障卡：份数应在 0 到 99 之间"]),
        ("identity", Receipt(Mark.RECEIVED, copies=100), ["身份证或社会保障卡：份数应在 0 到 99 之间"]),
        ("identity", Receipt(Mark.FAULTY, fault="  "), ["身份证或社会保障卡：标为不符的材料要写明不符之处"]),
        (
            "identity",
            Receipt(Mark.FAULTY, "passport", -1),
            [
                "身份证或社会保障卡：没有这种可选材料",
                "身份证或社会保障卡：份数应在 0 到 99 之间",
                "身份证或社会保障卡：标为不符的材料要写明不符之处",
            ],
        ),
    ],
)
def test_wrong_receipts_are_named_with_every_fault(key: str, receipt: Receipt, faults: list[str]) -> None:
    assert [str(fault) for fault in check_receipts(ITEM, {key: receipt})] == faults


OPTION = {"by": ["", "self", "agent"], "kin": ["", "yes", "no"]}
EVERY_ANSWER = [
    {key: value for key, value in zip(OPTION, chosen, strict=True) if value} for chosen in product(*OPTION.values())
]


@given(st.sampled_from(EVERY_ANSWER), st.dictionaries(st.sampled_from(list(ALL)), st.sampled_from(Mark)))
def test_a_line_waits_only_while_a_question_is_open_and_the_notice_names_exactly_the_unmet(
    answers: dict[str, str], marks: dict[str, Mark]
) -> None:
    checklist = check_materials(ITEM, answers, {key: Receipt(mark, fault="有误") for key, mark in marks.items()})

    waiting = [line for line in checklist.lines if line.state is LineState.TO_ASK]
    assert not waiting or checklist.questions
    assert len(checklist.notice_lines()) == len(checklist.unmet)
    assert checklist.complete == (not checklist.unmet and not checklist.questions)


@pytest.mark.parametrize("item", load_catalogue().items.values(), ids=lambda item: item.key)
def test_every_item_of_the_guides_can_be_made_complete_under_every_first_answer(item: Item) -> None:
    for turn in range(max([len(one.options) for one in item.situations], default=1)):
        answers: dict[str, str] = {}
        while questions := open_questions(item, answers):
            answers[questions[0].key] = questions[0].options[turn % len(questions[0].options)].key
        empty = check_materials(item, answers, {})
        receipts = {line.material.key: Receipt(Mark.RECEIVED, line.options[0].key) for line in empty.unmet}

        assert empty.unmet
        assert check_materials(item, answers, receipts).complete
        assert check_answers(item, answers) == ()
