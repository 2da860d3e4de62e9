"""事项目录: the published items of every bureau, each with its guide page, its flow and its doubts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template, request
from markupsafe import Markup

from caseflow.errors import NotFound
from caseflow.rules.differences import Difference, differences
from caseflow.rules.item import Item, When
from caseflow.store.db import reading
from caseflow.views.diagram import draw
from caseflow.views.editions import Edition, editions
from caseflow.workflows import FLOWS
from web.forms import Entries
from web.gate import allow, current_actor, db_engine, house
from web.item_search import search_items

pages = Blueprint("items", __name__)

_LONGEST_SEARCH = 60
_LONGEST_KEY = 100
_REQUIRED = {"required": "必要", "conditional": "视情形", "on_request": "应要求"}
_CASE_TYPES = {"immediate": "即办件", "promised": "承诺件"}


@dataclass(frozen=True, slots=True)
class Words:
    """The words of the guide page for what the definition says by key."""

    required: dict[str, str]
    case_types: dict[str, str]


@dataclass(frozen=True, slots=True)
class Compared:
    """What the new edition says otherwise than the old one."""

    old: Edition
    new: Edition
    differences: tuple[Difference, ...]


WORDS = Words(_REQUIRED, _CASE_TYPES)


@pages.get("/items")
@allow()
def index() -> str:
    """The items of one's own bureau, or of another, by name, code or initials."""
    catalogue = house().catalogue
    entries = Entries(request.args)
    bureau = entries.choice("bureau", "实施主体", catalogue.bureaus, default=current_actor().bureau)
    words = entries.text("find", "查找内容", longest=_LONGEST_SEARCH)
    entries.check()
    return render_template(
        "items.html",
        items=search_items(catalogue.items_of(bureau), words),
        chosen=bureau,
        bureaus=catalogue.bureaus.values(),
        find=words,
        words=WORDS,
        flows=FLOWS,
    )


@pages.get("/items/<bureau>/<key>")
@allow()
def guide(bureau: str, key: str) -> str:
    """Everything published about one item as it runs, what is doubtful about it, and how its editions differ."""
    entries = Entries(request.args)
    before = entries.number("old", "版本", least=1)
    after = entries.number("new", "版本", least=1)
    entries.check()
    with reading(db_engine()) as connection:
        known = editions(connection, house().catalogue.bureau(bureau).key, key[:_LONGEST_KEY])
    loaded = house().catalogue.items.get((bureau, key))
    current = next((one.item for one in known if one.current), None)
    item = current or loaded
    if item is None:
        raise NotFound("没有这个事项")
    flow = FLOWS[item.flow]
    return render_template(
        "item.html",
        item=item,
        editions=known,
        synced=current is not None,
        pending=differences(current, loaded) if current is not None and loaded is not None else (),
        gone=loaded is None,
        compared=_compared(known, before, after),
        office=house().catalogue.bureau(bureau),
        flow=flow,
        diagram=Markup(draw(flow)),  # noqa: S704 - drawn from our own flows; every text in it is escaped
        words=WORDS,
        when=_when_text(item),
    )


def _compared(known: Sequence[Edition], before: int | None, after: int | None) -> Compared | None:
    """Two editions side by side: those asked for, else the latest and the one before; None where there is only one."""
    by_id = {one.id: one for one in known}
    if {before, after} - {None} - by_id.keys():
        raise NotFound("本事项没有这个版本")
    new = by_id[after] if after is not None else next(iter(known), None)
    others = [one for one in known if one is not new]
    old = by_id[before] if before is not None else next(iter(others), None)
    if new is None or old is None or old is new:
        return None
    return Compared(old, new, differences(old.item, new.item))


def _when_text(item: Item) -> Callable[[When], str]:
    """Under which answers a line applies, in the words of the item's own questions."""
    options = {(one.key, option.key): option.text for one in item.situations for option in one.options}

    def text(when: When) -> str:
        return "；".join("或".join(options[question, key] for key in keys) for question, keys in when.items())

    return text
