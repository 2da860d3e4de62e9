"""办事指南 → items: bytes → lines → blocks → items → fields. What is doubtful becomes a question, never a guess."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from caseflow.errors import BadInput
from caseflow.guides.block import Block
from caseflow.guides.blocks import blocks_of
from caseflow.guides.documents import read_document
from caseflow.guides.facts import field_of, read_facts
from caseflow.guides.grouping import Group, bodies_in, groups_of, is_title, squeezed, title_text
from caseflow.guides.headers import MATTERS
from caseflow.guides.lines import Bounds, Document, Line, refuse
from caseflow.guides.reading import Draft, GuideRead, ItemRead
from caseflow.guides.sharing import share
from caseflow.guides.vocabulary import PUBLIC_BODIES

_FEWEST: Final = 3
_HEART: Final = frozenset({"materials", "conditions", "statutory", "promised", "limit", "flow"})
_PICTURE: Final = re.compile(r"\[第[0-9]+页是图片，没有文字\]")


def read_guide(data: bytes, bounds: Bounds | None = None) -> GuideRead:
    """The items a guide states; BadInput where the file cannot be read or is no guide."""
    document = read_document(data, bounds)
    found = groups_of(blocks_of(document.lines))
    groups = [group for group in found if _is_item(group.blocks)]
    if not groups:
        raise not_a_guide()
    share(found, groups, document)
    bureau = _common_bureau(document, groups)
    pictures = [line for line in document.lines if _PICTURE.fullmatch(line.text.strip())]
    items = tuple(_item(group, bureau, document, pictures) for group in groups)
    return GuideRead(items, document.shown)


def not_a_guide() -> BadInput:
    """The error for a text of another kind."""
    return refuse("这不像是办事指南：没有找到受理条件、办理材料、办理时限、办理地点等栏目")


def _is_item(blocks: Sequence[Block]) -> bool:
    """Whether blocks hold enough of what guides state to be one."""
    filled = {block.kind for block in blocks if block.rows}
    return len(filled & MATTERS) >= _FEWEST and bool(filled & _HEART)


def _common_bureau(document: Document, groups: Sequence[Group]) -> str | None:
    """The one body all headings of a document name, if they name one."""
    named = {body for group in groups for body in bodies_in(group.heading)[:1]}
    labelled = {_body_of(block.text) for group in groups for block in group.blocks if block.kind == "bureau"} - {""}
    bodies = labelled or named
    if not bodies:
        first = [line for line in document.lines[:6] if len(line.text) < 60]  # noqa: PLR2004 - a small count the line itself names
        bodies = set(bodies_in(first)[:1])
    return next(iter(bodies)) if len(bodies) == 1 else None


def _body_of(text: str) -> str:
    found = re.search(PUBLIC_BODIES, squeezed(text))
    return found[0] if found else ""


def _item(group: Group, common: str | None, document: Document, pictures: Sequence[Line]) -> ItemRead:
    draft = Draft()
    read_facts(group.blocks, draft)
    for block in group.unsure:
        draft.ask(field_of(block.kind), f"“{block.label.text}”只写在最后一项之后，是不是各项共用？", block.lines)
    _name(group, draft)
    _bureau(group, common, draft, document)
    _heading(group, draft)
    for line in pictures:
        draft.ask("published", f"{line.text.strip()[1:-1]}，其中的内容没有读到，请对照原件", [line.number])
    return draft.done()


def _name(group: Group, draft: Draft) -> None:
    title = title_text("".join(squeezed(row.text) for row in group.title))
    lines = [row.number for row in group.title]
    if draft.values["name"]:
        if title and title not in draft.values["name"]:
            draft.publish("标题", title)
        return
    if not title:
        draft.ask("name", "没有找到事项名称，叫什么？", [block.line for block in group.blocks[:1]])
        return
    draft.set("name", title, lines)
    if not is_title(title) or re.fullmatch(rf"{PUBLIC_BODIES}.{{0,6}}", title):
        draft.ask("name", f"“{title}”是不是事项名称？", lines)


def _bureau(group: Group, common: str | None, draft: Draft, document: Document) -> None:
    if draft.values["bureau"]:
        return
    bodies = bodies_in(group.heading)
    if bodies:
        draft.set("bureau", bodies[0], [row.number for row in group.heading])
        if len(bodies) > 1:
            draft.ask(
                "bureau", f"抬头里有{'、'.join(bodies)}，实施主体是哪一个？", [row.number for row in group.heading]
            )
    elif common:
        draft.set("bureau", common)
    else:
        _bureau_elsewhere(group, draft, document)


def _bureau_elsewhere(group: Group, draft: Draft, document: Document) -> None:
    """A body named only in the place, the intro or elsewhere in the document is proposed, and asked about."""
    rows: list[Line] = [
        *group.intro,
        *group.title,
        *(
            row
            for block in group.blocks
            if block.kind in {"place", "remarks", "other", "unknown"}
            for row in block.rows
        ),
    ]
    bodies = bodies_in(rows) or bodies_in(document.lines)
    if bodies:
        draft.set("bureau", bodies[0])
        draft.ask(
            "bureau",
            f"没有写明实施主体，是不是{bodies[0]}？",
            [row.number for row in rows if bodies[0] in squeezed(row.text)],
        )
    else:
        draft.ask("bureau", "没有写明实施主体，是哪个机构？", [])


def _heading(group: Group, draft: Draft) -> None:
    heading = " ".join(dict.fromkeys(squeezed(row.text) for row in group.heading))
    if heading:
        draft.publish("抬头", heading)
    for row in group.intro:
        draft.publish("引言", squeezed(row.text))
