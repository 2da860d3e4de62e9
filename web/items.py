"""事项目录: the published items of every bureau, each with its guide page, its flow and its doubts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, render_template, request
from markupsafe import Markup

from caseflow.identity import initials
from caseflow.rules.item import Item, When
from caseflow.views.diagram import draw
from caseflow.workflows import FLOWS
from web.forms import Entries
from web.gate import allow, current_actor, house

pages = Blueprint("items", __name__)

_LONGEST_SEARCH = 60
_REQUIRED = {"required": "必要", "conditional": "视情形", "on_request": "应要求"}
_CASE_TYPES = {"immediate": "即办件", "promised": "承诺件"}


@dataclass(frozen=True, slots=True)
class Words:
    """The words of the guide page for what the definition says by key."""

    required: dict[str, str]
    case_types: dict[str, str]


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
    items = [item for item in catalogue.items_of(bureau) if _fits(item, words)]
    return render_template(
        "items.html",
        items=items,
        chosen=bureau,
        bureaus=catalogue.bureaus.values(),
        find=words,
        words=WORDS,
        flows=FLOWS,
    )


@pages.get("/items/<bureau>/<key>")
@allow()
def guide(bureau: str, key: str) -> str:
    """Everything published about one item, with what is doubtful about it."""
    item = house().catalogue.item(bureau, key)
    flow = FLOWS[item.flow]
    return render_template(
        "item.html",
        item=item,
        office=house().catalogue.bureau(bureau),
        flow=flow,
        diagram=Markup(draw(flow)),  # noqa: S704 - drawn from our own flows; every text in it is escaped
        words=WORDS,
        when=_when_text(item),
    )


def _fits(item: Item, words: str) -> bool:
    wanted = words.lower().replace(" ", "")
    return wanted in item.name.lower() or wanted in (item.code or "").lower() or wanted in initials(item.name)


def _when_text(item: Item) -> Callable[[When], str]:
    """Under which answers a line applies, in the words of the item's own questions."""
    options = {(one.key, option.key): option.text for one in item.situations for option in one.options}

    def text(when: When) -> str:
        return "；".join("或".join(options[question, key] for key in keys) for question, keys in when.items())

    return text
