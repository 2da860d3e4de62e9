"""督办: the lists of orders, the thread of each, the answer of who was ordered and the decision of the supervisor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from caseflow.desk import supervision
from caseflow.desk.drafts import drop_draft
from caseflow.desk.issuing import mark_printed
from caseflow.desk.order_paper import order_paper
from caseflow.errors import BadInput, Fault, Refused
from caseflow.papers import glyphs, render
from caseflow.papers.pdf import render_pdf
from caseflow.rules.supervision import LEVELS
from caseflow.store.db import reading, writing
from caseflow.views.calendar_page import working_calendar
from caseflow.views.casefile import load_paper
from caseflow.views.orders import TABS, load_thread, orders_page, own_only
from web.clock import now, today
from web.drafts import kept, order_form, restored
from web.errors import page_again, reasons_of
from web.forms import Entries, by_field
from web.gate import allow, current_actor, db_engine, house
from web.once import once

pages = Blueprint("orders", __name__)

_FIELDS = {"原因": "cause", "措施": "measures", "办结日期": "until"}
_WORDS = {"审核意见": "accept", "退回理由": "return", "撤销理由": "withdraw"}
_DECISIONS: Mapping[str, tuple[Callable[..., int], str]] = {
    "accept": (supervision.accept_order, "已认可反馈，督办办结。"),
    "return": (supervision.return_order, "已退回，等待重新反馈。"),
    "withdraw": (supervision.withdraw_order, "督办已撤销。"),
}


@pages.get("/orders")
@allow("see_cases")
def index() -> str:
    """The orders of the bureau, or with `mine` those the reader has to answer."""
    actor = current_actor()
    entries = Entries(request.args)
    tab = entries.choice("tab", "页签", TABS, default="owed")
    before = entries.number("before", "页码", least=1)
    mine = entries.ticked("mine") or own_only(actor)
    entries.check()
    with reading(db_engine()) as session:
        calendar = working_calendar(session, house(), actor.bureau)
        page = orders_page(session, calendar, actor, tab, today(), mine=mine, before=before)
    return render_template("orders/list.html", page=page, tab=tab, tabs=TABS, mine=mine, before=before, levels=LEVELS)


@pages.get("/orders/<int:order_id>")
@allow("see_cases")
def thread(order_id: int) -> str:
    """The thread of one order, with the answer one was writing."""
    return _page(order_id)


def _page(order_id: int, error: BadInput | Refused | None = None) -> str:
    typed: Mapping[str, str] = request.form
    with reading(db_engine()) as session:
        calendar = working_calendar(session, house(), current_actor().bureau)
        found = load_thread(session, calendar, current_actor(), order_id, today())
    written = kept(order_form(order_id)) if found.answers and error is None else None
    if written is not None:
        typed = written.typed
        flash(restored(written), "good")
    faults = error.faults if isinstance(error, BadInput) else ()
    places = {**_FIELDS, **_WORDS}
    return render_template(
        "orders/thread.html",
        thread=found,
        order=found.order,
        typed=typed,
        reasons=reasons_of(error) if error else [],
        faults=by_field([Fault(places.get(fault.place, fault.place), fault.text) for fault in faults]),
    )


@pages.post("/orders/<int:order_id>/answer")
@allow("act_on_cases")
def answer(order_id: int) -> AnyResponse:
    """The answer of who was ordered; what was typed stays where something is wrong."""
    entries = Entries(request.form)
    cause = entries.long_text("cause", "原因", longest=supervision.LONGEST)
    measures = entries.long_text("measures", "措施", longest=supervision.LONGEST)
    until = entries.day("until", "办结日期")

    def step(session: Any) -> int:
        entries.check()
        drop_draft(session, current_actor(), order_form(order_id))
        return supervision.answer_order(session, house(), current_actor(), order_id, cause, measures, until, now())

    return _take(order_id, step, "已反馈，等待主管审核。")


@pages.post("/orders/<int:order_id>/decide")
@allow("supervise")
def decide(order_id: int) -> AnyResponse:
    """Accept or return the answer, or take the order back."""
    entries = Entries(request.form)
    what = entries.choice("what", "操作", _DECISIONS)
    words = entries.long_text("words", "意见", longest=supervision.LONGEST)
    seen = entries.number("seen", "页面", least=1) or 0
    if not what:
        entries.fault("what", "请选择认可、退回或者撤销")
    verb, done = _DECISIONS.get(what, (supervision.accept_order, ""))

    def step(session: Any) -> int:
        entries.check()
        return verb(session, house(), current_actor(), order_id, seen, words, now())

    return _take(order_id, step, done)


def _take(order_id: int, step: Callable[[Any], int], done: str) -> AnyResponse:
    try:
        once(step)
    except (BadInput, Refused) as error:
        return page_again(_page(order_id, error), error)
    flash(done, "good")
    return redirect(url_for("orders.thread", order_id=order_id), 303)


@pages.post("/orders/<int:order_id>/paper")
@allow("act_on_cases")
def paper(order_id: int) -> Response:
    """督办单 for printing, or as a PDF: the first print takes the number, and every print is counted."""
    pdf = Entries(request.form).choice("as", "形式", ("page", "pdf"), default="page") == "pdf"
    with writing(db_engine()) as session:
        paper_id = order_paper(session, house(), current_actor(), order_id, now())
        before = mark_printed(session, current_actor(), paper_id)
        stored = load_paper(session, current_actor(), paper_id)
        warning = "" if pdf else glyphs.warning(stored.fields)
        html = render(stored.kind, stored.fields, reprint=before, voided=stored.voided, warning=warning)
        drawn = render_pdf(html, _paper_style()) if pdf else b""
    if not pdf:
        return make_response(html)
    response = make_response(drawn)
    response.headers["Content-Type"] = "application/pdf"
    response.headers["Content-Disposition"] = f'inline; filename="order-{order_id}.pdf"'
    return response


def _paper_style() -> str:
    return (Path(current_app.root_path) / "static" / "paper.css").read_text(encoding="utf-8")
