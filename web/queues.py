"""我的待办 and the search: lists with their filters, counted by lamp, and what is done to several cases at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from re import ASCII, fullmatch
from typing import Any

from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from caseflow.desk.issuing import mark_printed
from caseflow.desk.preferences import delete_view, rename_view, save_view, set_preference
from caseflow.errors import BadInput
from caseflow.papers import glyphs, render
from caseflow.papers.bundle import bundle
from caseflow.rules.flow import HANDLING_ROLES
from caseflow.rules.words import CHANNELS
from caseflow.store.db import reading, writing
from caseflow.views.casefile import load_paper
from caseflow.views.finding import MOST, exactly, find
from caseflow.views.lines import UNCLAIMED, Line
from caseflow.views.ordering import DEFAULT, SORTS, Place
from caseflow.views.overdue import Colleague, colleagues
from caseflow.views.preferences import preferences_of
from caseflow.views.prints import waiting_to_print
from caseflow.views.worklist import LAMPS, TABS, page_counts, worklist
from web.bulk import Refusal, advance_each, results_page, ticked_cases
from web.clock import now, today
from web.errors import page_again
from web.forms import Entries
from web.frame import bureau_calendar
from web.gate import allow, current_actor, db_engine, house, may
from web.listing import (
    COLUMNS,
    OPEN_STATES,
    Listing,
    chosen_columns,
    kept_columns,
    place_of,
    place_text,
    read_listing,
    read_query,
)
from web.once import once

pages = Blueprint("queues", __name__)

COLUMNS_KEPT = "columns"
"""The preference that holds which columns lists show."""

_LONGEST_SEARCH = 60
_LONGEST_REASON = 500
_WHOLE_NUMBER = r"[0-9A-Za-z]{2}\d{6}[0-9A-Za-z]{10}"
_WORDS = {
    "tabs": TABS,
    "lamps": LAMPS,
    "sorts": SORTS,
    "default_sort": DEFAULT,
    "states": OPEN_STATES,
    "channels": CHANNELS,
}
_EMPTY = {
    "mine": ("您手上没有办件。", "到“待领取”领取，或按 n 登记新的申请。"),
    "section": ("本科室没有在办的办件。", "收到申请后，由窗口人员在“收件登记”登记。"),
    "unclaimed": ("没有待领取的办件。", "新转来的办件会出现在这里。"),
    "paused": ("没有停表的办件。", "进入特别程序的办件会出现在这里，恢复计时后回到待办。"),
}
_LABELS = {
    "item": "事项",
    "state": "环节",
    "channel": "渠道",
    "lamp": "时限",
    "handler": "经办",
    "since": "收件不早于",
    "until": "收件不晚于",
}


@dataclass(frozen=True, slots=True)
class BulkAction:
    """What can be done to the ticked cases at once, by the right it needs, and what it asks."""

    label: str
    right: str
    receiver: str = ""
    """`needed` where a person must be named, `offered` where one may be."""

    reason: bool = False


BULK = {
    "claim": BulkAction("领取", "handle_cases"),
    "hand_over": BulkAction("转下一环节", "hand_over", "offered"),
    "release": BulkAction("退回待领取", "handle_cases", reason=True),
    "assign": BulkAction("指派", "supervise", "needed", reason=True),
}


@pages.get("/")
@allow()
def mine() -> BaseResponse | str:
    """One tab of the work list; who handles no cases goes to the items instead."""
    if not may("see_cases"):
        return redirect(url_for("items.index"), 303)
    entries = Entries(request.args)
    listing = read_listing(entries, current_actor())
    after = place_of(entries, listing.order.sort)
    entries.check()
    return _queue_page(listing, after)


@pages.post("/bulk/<do>")
@allow("act_on_cases")
def bulk(do: str) -> BaseResponse | str:
    """One step over the ticked cases, with a result for each; a form that lacks something keeps what was ticked."""
    listing, after = read_query(request.form.get("list", ""), current_actor())
    entries = Entries(request.form)
    action = BULK.get(do)
    reason = entries.long_text("reason", "理由", longest=_LONGEST_REASON, required=action is not None and action.reason)
    receiver = entries.number("receiver", "接收人", least=1)
    chosen = ticked_cases(entries)
    if action is None or not may(action.right):
        entries.fault("do", "您的岗位不能这样批量办理")
    elif action.receiver == "needed" and receiver is None:
        entries.fault("receiver", "请选择接收人")
    if entries.faults or action is None:
        return _refused(listing, after, BadInput(entries.faults))
    details = {"reason": reason} if reason else {}
    if receiver is not None and action.receiver:
        details["receiver"] = str(receiver)
    return results_page(action.label, advance_each(chosen, do, details), listing.address(after=after))


@pages.post("/bulk/print")
@allow("act_on_cases")
def print_papers() -> BaseResponse | str:
    """The papers of the ticked cases that were never printed, one after the other; each counts as printed."""
    listing, after = read_query(request.form.get("list", ""), current_actor())
    entries = Entries(request.form)
    chosen = [one.id for one in ticked_cases(entries)]
    if entries.faults:
        return _refused(listing, after, BadInput(entries.faults))
    with writing(db_engine()) as session:
        sheets = [_print(session, paper_id) for paper_id in waiting_to_print(session, current_actor(), chosen)]
    if not sheets:
        flash("勾选的办件没有还未打印的文书；重印请到办件页。", "bad")
        return redirect(listing.address(after=after), 303)
    return bundle(sheets)


@pages.post("/views")
@allow("see_cases")
def keep_view() -> BaseResponse:
    """Keep the list as it is filtered and ordered under a name."""
    listing, _ = read_query(request.form.get("list", ""), current_actor())
    name = _name()
    try:
        once(lambda session: save_view(session, current_actor(), name, listing.text, now()))
    except BadInput as error:
        return _refused(listing, "", error)
    flash(f"已保存视图“{name}”。", "good")
    return redirect(listing.address(), 303)


@pages.post("/views/<int:view_id>")
@allow("see_cases")
def change_view(view_id: int) -> BaseResponse:
    """Give a kept list another name, or forget it."""
    listing, _ = read_query(request.form.get("list", ""), current_actor())
    try:
        if request.form.get("go") == "delete":
            once(lambda session: delete_view(session, current_actor(), view_id))
            flash("已删除视图。", "good")
        else:
            name = _name()
            once(lambda session: rename_view(session, current_actor(), view_id, name))
            flash(f"视图已改名为“{name}”。", "good")
    except BadInput as error:
        return _refused(listing, "", error)
    return redirect(listing.address(), 303)


@pages.post("/columns")
@allow("see_cases")
def keep_columns() -> BaseResponse:
    """Keep which columns one's lists show."""
    listing, after = read_query(request.form.get("list", ""), current_actor())
    wanted = request.form.getlist("column")
    once(lambda session: set_preference(session, current_actor(), COLUMNS_KEPT, kept_columns(wanted)))
    return redirect(listing.address(after=after), 303)


@pages.route("/search", methods=["GET", "POST"])
@allow("see_cases")
def search() -> BaseResponse:
    """The cases of the bureau that a few words fit; a full number or query code opens its case straight away."""
    actor = current_actor()
    # What is typed into the page is a person's name or number: it is sent, and stays in no address.
    entries = Entries(request.form if request.method == "POST" else request.args)
    words = entries.text("q", "查找内容", longest=_LONGEST_SEARCH)
    entries.check()
    if fullmatch(_WHOLE_NUMBER, words, ASCII):
        # A card reader types the whole number: it stays neither in the address nor on the page.
        if request.method == "GET":
            return redirect(url_for("queues.search", q=words[-4:]), 303)
        words = words[-4:]
    bureau = house().catalogue.bureau(actor.bureau)
    area = bureau.area + bureau.department
    lines: tuple[Line, ...] = ()
    if words:
        with reading(db_engine()) as session:
            number = exactly(session, actor, area, words)
            if number is not None:
                return redirect(url_for("cases.show", number=number), 303)
            lines = find(session, bureau_calendar(session), actor, area, words, today())
    return make_response(render_template("found.html", q=words, lines=lines[:MOST], more=len(lines) > MOST, most=MOST))


def _print(session: Any, paper_id: int) -> str:
    before = mark_printed(session, current_actor(), paper_id)
    paper = load_paper(session, current_actor(), paper_id)
    return render(paper.kind, paper.fields, reprint=before, voided=paper.voided, warning=glyphs.warning(paper.fields))


def _name() -> str:
    entries = Entries(request.form)
    name = entries.text("name", "视图名称")
    entries.check()
    return name


def _refused(listing: Listing, after: str, error: BadInput) -> Response:
    place = place_of(Entries({"after": after}), listing.order.sort)
    return page_again(_queue_page(listing, place, Refusal.of(error, "receiver", "reason", "name")), error)


def _queue_page(listing: Listing, after: Place | None, refusal: Refusal | None = None) -> str:
    actor, day = current_actor(), today()
    offered = {key: action for key, action in BULK.items() if may(action.right)}
    with reading(db_engine()) as session:
        calendar = bureau_calendar(session)
        kept = preferences_of(session, actor)
        names_people = may("oversee") or any(action.receiver for action in offered.values())
        people = colleagues(session, actor.bureau, sorted(HANDLING_ROLES)) if names_people else ()
        counts, g.nav_counts = page_counts(session, calendar, actor, listing.filters, day)
        page = worklist(
            session,
            calendar,
            actor,
            listing.filters,
            day,
            order=listing.order,
            after=after,
            soon_ids=counts.soon_ids,
        )
    return render_template(
        "queue.html",
        listing=listing,
        filters=listing.filters,
        counts=counts,
        page=page,
        after=place_text(after) if after else "",
        chips=_chips(listing, people),
        people=people,
        offered=offered,
        refusal=refusal,
        views=kept.views,
        columns=chosen_columns(kept.values.get(COLUMNS_KEPT, "")),
        every_column=COLUMNS,
        **_WORDS,
        items=house().catalogue.items_of(actor.bureau),
        empty=_EMPTY[listing.filters.tab],
        place=place_text,
    )


def _chips(listing: Listing, people: Sequence[Colleague]) -> list[tuple[str, str, str]]:
    """Each filter in force: what it is about, what it says, and the address without it."""
    words: dict[str, Mapping[str, str]] = {
        "item": {item.key: item.name for item in house().catalogue.items_of(current_actor().bureau)},
        "state": OPEN_STATES,
        "channel": CHANNELS,
        "lamp": LAMPS,
        "handler": {UNCLAIMED: "待领取"} | {str(one.id): one.name for one in people},
    }
    return [
        (_LABELS[key], words.get(key, {}).get(value, value), listing.address(**{key: ""}))
        for key, value in listing.narrowed.items()
    ]
