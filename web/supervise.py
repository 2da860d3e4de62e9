"""超期督办: what is late or about to be, by cause; the supervisor assigns, the auditor looks."""

from __future__ import annotations

from collections.abc import Iterable
from re import ASCII, fullmatch

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from caseflow.desk.handling import advance
from caseflow.errors import BadInput, CaseChanged, CaseflowError, NotFound, Refused
from caseflow.rules.flow import HANDLING_ROLES
from caseflow.store.db import reading, writing
from caseflow.views.calendar_page import working_calendar
from caseflow.views.corrections import PAGE, corrections
from caseflow.views.overdue import CAUSES, GROUPS, cases_of, cause_counts, colleagues, groups_of
from web.clock import now, today
from web.errors import reasons_of
from web.forms import Entries
from web.gate import allow, current_actor, db_engine, house, may
from web.queues import place_of, place_text

pages = Blueprint("supervise", __name__)

_MOST_AT_ONCE = 50


@pages.get("/overdue")
@allow("supervisor", "auditor")
def overdue() -> str:
    """The cases of one cause, with every cause counted."""
    actor, day = current_actor(), today()
    entries = Entries(request.args)
    cause = entries.choice("cause", "类别", CAUSES, default="statutory")
    by = entries.choice("by", "分组", GROUPS, default="item")
    group, after = _group(entries, by), place_of(entries)
    entries.check()
    with reading(db_engine()) as connection:
        calendar = working_calendar(connection, house(), actor.bureau)
        counts, also = cause_counts(connection, calendar, actor.bureau, day)
        groups = groups_of(connection, calendar, actor.bureau, cause, by, day, also)
        page = cases_of(connection, calendar, actor.bureau, cause, day, by=by, group=group, after=after, also=also)
        staff = colleagues(connection, actor.bureau, sorted(HANDLING_ROLES)) if may("supervisor") else ()
    return render_template(
        "overdue.html",
        cause=cause,
        causes=CAUSES,
        counts=counts,
        by=by,
        ways=GROUPS,
        group=group,
        groups=groups,
        page=page,
        after=after,
        place=place_text,
        staff=staff,
    )


@pages.post("/overdue/assign")
@allow("supervisor")
def assign() -> BaseResponse:
    """Give the ticked cases to one person, each in a transaction of its own, with a result for each."""
    entries = Entries(request.form)
    receiver = entries.number("receiver", "经办人", least=1)
    reason = entries.long_text("reason", "理由", longest=500, required=True)
    cause = entries.choice("cause", "类别", CAUSES, default="statutory")
    by = entries.choice("by", "分组", GROUPS, default="item")
    chosen = _chosen(entries, request.form.getlist("case"))
    if receiver is None:
        entries.fault("receiver", "请选择经办人")
    entries.check()
    results = [_assign_one(case_id, version, str(receiver), reason) for case_id, version in chosen]
    done = results.count("")
    if done:
        flash(f"已指派 {done} 件。", "good")
    for text in filter(None, results):
        flash(text, "bad")
    return redirect(url_for("supervise.overdue", cause=cause, by=by), 303)


@pages.get("/corrections")
@allow("supervisor", "auditor")
def mended() -> str:
    """更正清单 of the bureau, newest first."""
    entries = Entries(request.args)
    before = entries.number("before", "页码", least=1)
    entries.check()
    with reading(db_engine()) as connection:
        rows = corrections(connection, current_actor().bureau, before)
    return render_template("corrections.html", rows=rows, more=len(rows) == PAGE)


def _group(entries: Entries, by: str) -> str:
    group = entries.text("group", "分组", longest=80)
    if by == "person" and group and not fullmatch(r"\d{1,18}", group, ASCII):
        entries.fault("group", "分组不正确")
        return ""
    return group


def _chosen(entries: Entries, values: Iterable[str]) -> list[tuple[int, int]]:
    """The ticked cases, each as "id.version"."""
    found = [fullmatch(r"(\d{1,18})\.(\d{1,9})", value, ASCII) for value in values]
    if not found or len(found) > _MOST_AT_ONCE:
        entries.fault("case", f"请勾选 1 至 {_MOST_AT_ONCE} 件")
    if None in found:
        entries.fault("case", "勾选的办件不正确")
    return [(int(match[1]), int(match[2])) for match in found if match is not None]


def _assign_one(case_id: int, version: int, receiver: str, reason: str) -> str:
    """Nothing, or why this case could not be assigned."""
    details = {"receiver": receiver, "reason": reason}
    try:
        with writing(db_engine()) as connection:
            advance(connection, house(), current_actor(), case_id, version, "assign", details, now())
    except (Refused, CaseChanged, BadInput, NotFound) as error:
        return _why(case_id, error)
    return ""


def _why(case_id: int, error: CaseflowError) -> str:
    return f"有一件（序号 {case_id}）未指派：{'；'.join(reasons_of(error))}"
