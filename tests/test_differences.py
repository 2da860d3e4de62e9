"""What two editions of an item say otherwise, in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from caseflow.catalogue import load_catalogue
from caseflow.rules.clock import Limit, Unit
from caseflow.rules.differences import Difference, differences, reception_words
from caseflow.rules.item import Item, Material, MaterialOption, Reception, Required

ITEMS = load_catalogue().items
TRANSFER = ITEMS["shawan", "transfer-continuation"]
WEEK = (0, 1, 2, 3, 4)


def told(old: Item, new: Item) -> list[tuple[str, str, str]]:
    return [(one.field, one.old, one.new) for one in differences(old, new)]


@pytest.mark.parametrize("item", ITEMS.values(), ids=lambda item: f"{item.bureau}-{item.key}")
def test_an_edition_does_not_differ_from_itself(item: Item) -> None:
    assert differences(item, item) == ()


def test_a_shorter_promise_is_told_with_old_and_new() -> None:
    new = replace(TRANSFER, limits=replace(TRANSFER.limits, promised=Limit(1, Unit.MONTH)))

    assert told(TRANSFER, new) == [("承诺时限", "10个工作日", "1个月")]


def test_a_material_that_came_and_one_that_went_are_told_whole() -> None:
    line = Material("proof", "参保凭证", Required.REQUIRED, (MaterialOption("a", "参保凭证"),), originals=1)
    new = replace(TRANSFER, materials=(line,))

    (gone, come) = differences(TRANSFER, new)

    assert gone.field == come.field == "材料"
    assert gone.old.startswith("有效身份证件或医保电子凭证或社会保障卡（要求：必要；任选其一：有效身份证件 / ")
    assert (gone.new, come.old) == ("", "")
    assert come.new == "参保凭证（要求：必要；任选其一：参保凭证；原件：1）"


def test_a_changed_material_is_told_part_by_part() -> None:
    line = replace(TRANSFER.materials[0], copies=2, note="核对原件")

    found = told(TRANSFER, replace(TRANSFER, materials=(line,)))

    assert [(field.rpartition("：")[2], old, new) for field, old, new in found] == [
        ("复印件", "", "2"),
        ("说明", "", "核对原件"),
    ]


def test_a_condition_put_otherwise_stands_beside_the_old_words() -> None:
    old = replace(TRANSFER, conditions=("甲", "乙"))

    assert told(old, replace(old, conditions=("甲", "丙"))) == [("办理条件", "乙", "丙")]
    assert told(old, replace(old, conditions=("甲",))) == [("办理条件", "乙", "")]
    assert told(old, replace(old, conditions=("乙", "甲"))) == [("办理条件的次序", "甲；乙", "乙；甲")]


def test_published_facts_fields_and_doubts_are_compared() -> None:
    new = replace(TRANSFER, published={"网址": "另一个"}, doubts=(), phone="0993-1")
    kept = [one for one in differences(TRANSFER, new) if one.field != "存疑"]

    assert Difference("咨询电话", "0993-6023208", "0993-1") in kept
    assert [(one.field, one.new) for one in kept if one.field.startswith("公布")] == [("公布内容：网址", "另一个")]
    assert len([one for one in differences(TRANSFER, new) if one.field == "存疑"]) == len(TRANSFER.doubts)


@pytest.mark.parametrize("pair", [(a, b) for a in ("shawan",) for b in ("shuimogou",)])
def test_any_two_items_can_be_compared(pair: tuple[str, str]) -> None:
    ours = [item for (bureau, _), item in ITEMS.items() if bureau == pair[0]]
    theirs = [item for (bureau, _), item in ITEMS.items() if bureau == pair[1]]

    assert all(differences(one, other) for one in ours for other in theirs)


def test_hours_of_the_same_days_are_said_together() -> None:
    hours = (Reception(WEEK, "10:00", "14:00", "summer"), Reception(WEEK, "16:00", "20:00", "summer"))

    assert reception_words(hours) == "夏季 周一至周五 10:00—14:00，16:00—20:00"
    assert reception_words((Reception((1, 3), "10:00", "14:00"),)) == "周二、周四 10:00—14:00"
    assert reception_words(()) == ""
