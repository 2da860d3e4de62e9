"""Which item it is: name, bureau, code, visits, online depth."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from caseflow.guides.fact_blocks import Blocks, lines_of, of_kind, one_line
from caseflow.guides.grouping import squeezed
from caseflow.guides.numerals import read_number
from caseflow.guides.reading import Draft
from caseflow.guides.vocabulary import PUBLIC_BODIES
from caseflow.identity import check_area_code31

_CODE: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z\-_.()（）]{3,60}")


def read_name(blocks: Blocks, draft: Draft) -> None:
    """The item's name under its label; other names are kept as published."""
    named = of_kind(blocks, "name")
    if not named:
        return
    best = min(
        named,
        key=lambda block: _NAME_ORDER.index(block.label.text) if block.label.text in _NAME_ORDER else len(_NAME_ORDER),
    )
    draft.set("name", squeezed(one_line(best.text)), best.lines)
    for block in named:
        if block is not best and one_line(block.text) != one_line(best.text):
            draft.publish(block.label.text, one_line(block.text))


_NAME_ORDER: Final = (
    "事项名称",
    "服务事项名称",
    "政务服务事项名称",
    "办理事项名称",
    "业务办理项名称",
    "办理项名称",
    "办理事项",
    "服务事项",
    "业务名称",
    "事项",
    "项目名称",
    "服务名称",
    "子项名称",
    "主项名称",
)
_BUREAU_ORDER: Final = (
    "实施主体",
    "实施机关",
    "实施机构",
    "实施单位",
    "实施部门",
    "行使主体",
    "责任单位",
    "责任部门",
    "主管部门",
    "决定机构",
    "办理机构",
    "经办机构",
    "受理机构",
    "办理单位",
    "受理单位",
    "办理部门",
    "受理部门",
    "承办机构",
    "承办单位",
    "服务机构",
)


def read_bureau(blocks: Blocks, draft: Draft) -> None:
    """The implementing body: the first under the labels that name it best."""
    named = [
        block
        for block in of_kind(blocks, "bureau")
        if re.search(PUBLIC_BODIES + "|[局厅委会中心所处院府办]", squeezed(block.text))
    ]
    if not named:
        for block in of_kind(blocks, "bureau"):
            draft.publish(block.label.text, one_line(block.text))
        return
    order = {label: place for place, label in enumerate(_BUREAU_ORDER)}
    named.sort(
        key=lambda block: (not re.search(PUBLIC_BODIES, squeezed(block.text)), order.get(block.label.text, len(order)))
    )
    best = named[0]
    text = squeezed(one_line(best.text)).rstrip("。；;")
    draft.set("bureau", text, best.lines)
    for block in of_kind(blocks, "bureau"):
        if squeezed(one_line(block.text)) != squeezed(one_line(best.text)):
            draft.publish(block.label.text, one_line(block.text))
    if len(text) > 30 or re.search(r"[，；。]", text):  # noqa: PLR2004 - a small count the line itself names
        found = re.search(PUBLIC_BODIES, text)
        if found:
            draft.set("bureau", found[0], best.lines)
            draft.publish(best.label.text, text)
        draft.ask("bureau", f"“{text[:60]}”里哪一个是实施主体？", best.lines)


_CODE_ORDER: Final = (
    "实施编码",
    "事项编码",
    "事项代码",
    "实施清单编码",
    "事项实施编码",
    "业务办理项编码",
    "服务事项编码",
    "地方实施编码",
    "基本编码",
)


def read_code(blocks: Blocks, draft: Draft) -> None:
    """The code with its check character; other codes are kept as published."""
    coded = of_kind(blocks, "code")
    if not coded:
        return
    order = {label: place for place, label in enumerate(_CODE_ORDER)}
    coded.sort(key=lambda block: order.get(block.label.text, len(order)))
    best = coded[0]
    found = _CODE.fullmatch(re.sub(r"\s", "", best.text))
    code = found[0] if found else one_line(best.text)
    draft.set("code", code, best.lines)
    if not found:
        draft.ask("code", f"“{code[:60]}”不像事项编码，请核对", best.lines)
    for fault in check_area_code31(code):
        draft.ask("code", f"{fault}，原文“{code}”，请核对", best.lines)
    for block in coded[1:]:
        if re.sub(r"\s", "", block.text) != code:
            draft.publish(block.label.text, one_line(block.text))


def read_simple(field: str, *kinds: str) -> Callable[[Blocks, Draft], None]:
    """A reader for a field that is its text on one line."""

    def read(blocks: Blocks, draft: Draft) -> None:
        found = of_kind(blocks, *kinds)
        if found:
            texts = dict.fromkeys(one_line(block.text) for block in found)
            draft.set(field, "；".join(texts), lines_of(found))

    return read


def read_visits(blocks: Blocks, draft: Draft) -> None:
    """How often one has to come."""
    found = of_kind(blocks, "visits")
    if not found:
        return
    digits = re.search(r"[0-9]+|[零一二两三四五六七八九]", found[0].text)
    visits = read_number(digits[0]) if digits else None
    draft.set("visits", visits, found[0].lines)
    if visits is None:
        draft.ask("visits", f"“{one_line(found[0].text)[:40]}”是几次？", found[0].lines)
