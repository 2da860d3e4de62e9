"""我的待办 and the search: lists with their filters, counted by lamp."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from re import ASCII, fullmatch
from urllib.parse import urlencode

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from caseflow.house import Actor
from caseflow.store.db import reading
from caseflow.views.calendar_page import working_calendar
from caseflow.views.finding import MOST, find
from caseflow.views.worklist import LAMPS, STATES, TABS, Filters, Line, Place, lamp_counts, worklist
from web.clock import today
from web.forms import Entries, read_day
from web.frame import CHANNELS
from web.gate import CASE_READERS, allow, current_actor, db_engine, house, may

pages = Blueprint("queues", __name__)

_LONGEST_SEARCH = 60
_OPEN_STATES = {key: state.label for key, state in STATES.items() if state.open}
_EMPTY = {
    "mine": ("您手上没有办件。", "到“待领取”领取，或按 n 登记新的申请。"),
    "section": ("本科室没有在办的办件。", "收到申请后，由窗口人员在“收件登记”登记。"),
    "unclaimed": ("没有待领取的办件。", "新转来的办件会出现在这里。"),
    "paused": ("没有停表的办件。", "进入特别程序的办件会出现在这里，恢复计时后回到待办。"),
}


@pages.get("/")
@allow()
def mine() -> BaseResponse | str:
    """One tab of the work list; who handles no cases goes to the items instead."""
    if not may(*CASE_READERS):
        return redirect(url_for("items.index"), 303)
    actor, day = current_actor(), today()
    entries = Entries(request.args)
    filters, after = _filters(entries, actor), place_of(entries)
    entries.check()
    with reading(db_engine()) as connection:
        calendar = working_calendar(connection, house(), actor.bureau)
        counts = lamp_counts(connection, calendar, actor, filters, day)
        page = worklist(connection, calendar, actor, filters, day, after=after, soon_ids=counts.soon_ids)
    return render_template(
        "queue.html",
        filters=filters,
        counts=counts,
        page=page,
        after=after,
        tabs=TABS,
        lamps=LAMPS,
        states=_OPEN_STATES,
        channels=CHANNELS,
        items=house().catalogue.items_of(actor.bureau),
        empty=_EMPTY[filters.tab],
        link=_link(filters),
        place=place_text,
    )


@pages.get("/search")
@allow(*CASE_READERS)
def search() -> Response:
    """The cases of the bureau that a few words fit."""
    actor = current_actor()
    entries = Entries(request.args)
    words = entries.text("q", "查找内容", longest=_LONGEST_SEARCH)
    entries.check()
    bureau = house().catalogue.bureau(actor.bureau)
    lines: tuple[Line, ...] = ()
    if words:
        with reading(db_engine()) as connection:
            calendar = working_calendar(connection, house(), actor.bureau)
            lines = find(connection, calendar, actor, bureau.area + bureau.department, words, today())
    return make_response(render_template("found.html", q=words, lines=lines[:MOST], more=len(lines) > MOST, most=MOST))


def place_of(entries: Entries) -> Place | None:
    """Where a page begins, from its address; anything but what `place_text` writes is a fault."""
    token = entries.text("after", "页码", longest=40)
    if not token:
        return None
    parts = fullmatch(r"([012])\.(\d{4}-\d{2}-\d{2})\.(\d{1,18})", token, ASCII)
    day = read_day(parts[2]) if parts else None
    if parts is None or day is None:
        entries.fault("after", "页码不正确，请从第一页重新翻看")
        return None
    return Place(int(parts[1]), day, int(parts[3]))


def place_text(place: Place) -> str:
    """The place a page ends as its address carries it."""
    return f"{place.rank}.{place.due.isoformat()}.{place.id}"


def _filters(entries: Entries, actor: Actor) -> Filters:
    # Who watches but handles nothing has no cases of their own.
    home = "section" if actor.roles <= {"supervisor", "auditor"} else "mine"
    return Filters(
        tab=entries.choice("tab", "页签", TABS, default=home),
        item=entries.choice("item", "事项", [item.key for item in house().catalogue.items_of(actor.bureau)]),
        state=entries.choice("state", "环节", _OPEN_STATES),
        channel=entries.choice("channel", "渠道", CHANNELS),
        lamp=entries.choice("lamp", "时限", LAMPS),
    )


def _link(filters: Filters) -> Callable[..., str]:
    """The address of this list with some of its filters changed."""

    def changed(**changes: str) -> str:
        chosen = {key: value for key, value in {**asdict(filters), **changes}.items() if value}
        return f"{url_for('queues.mine')}?{urlencode(chosen)}"

    return changed
