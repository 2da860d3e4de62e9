"""超期督办: what is late or about to be, by cause; the supervisor orders and assigns, the auditor looks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from re import ASCII, fullmatch
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request, url_for

from caseflow.desk.supervision import issue_order
from caseflow.errors import BadInput
from caseflow.rules.flow import HANDLING_ROLES
from caseflow.rules.supervision import LEVELS
from caseflow.store.db import reading
from caseflow.views.calendar_page import working_calendar
from caseflow.views.corrections import PAGE, corrections
from caseflow.views.lines import Line
from caseflow.views.ordering import Place
from caseflow.views.overdue import (
    CAUSES,
    GROUPS,
    LINES,
    Cause,
    cases_of,
    cause_counts,
    colleagues,
    group_of,
    groups_of,
    sections_of,
    worst_stages,
)
from caseflow.views.stages import WORST, pieces, stages_among, summed
from web.bulk import Refusal, Result, Ticked, advance_each, for_each, results_page, ticked_cases
from web.clock import now, today
from web.errors import page_again
from web.forms import Entries
from web.gate import allow, current_actor, db_engine, house, may
from web.listing import place_of, place_text

pages = Blueprint("supervise", __name__)

VIEWS = {"cases": "办件", "stays": "办件与各环节用时", "days": "天数花在哪里"}
_TYPED = ("level", "words", "to", "receiver", "reason")
ORDERABLE = [cause for cause in CAUSES if cause != "unanswered"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the board was asked for: the cause, how it is grouped, one group of it, and how it is shown."""

    cause: str
    by: str
    group: str
    view: str

    @property
    def address(self) -> str:
        """The board as it was asked for, from its first page."""
        return self.at(None)

    def at(self, after: Place | None) -> str:
        """The same from a place on."""
        place = place_text(after) if after else None
        group = self.group or None
        return url_for("supervise.overdue", cause=self.cause, by=self.by, group=group, view=self.view, after=place)


def _asked(entries: Entries) -> Asked:
    by = entries.choice("by", "分组", GROUPS, default="item")
    return Asked(
        cause=entries.choice("cause", "类别", CAUSES, default="statutory"),
        by=by,
        group=_group(entries, by),
        view=entries.choice("view", "显示", VIEWS, default="cases"),
    )


def _group(entries: Entries, by: str) -> str:
    group = entries.text("group", "分组", longest=80)
    if by == "person" and group and not fullmatch(r"\d{1,18}", group, ASCII):
        entries.fault("group", "分组不正确")
        return ""
    return group


@pages.get("/overdue")
@allow("oversee")
def overdue() -> str:
    """The cases of one cause with every cause counted, or where the days of its cases went."""
    entries = Entries(request.args)
    asked, after = _asked(entries), place_of(entries)
    entries.check()
    return _board(asked, after)


def _board(asked: Asked, after: Place | None, refusal: Refusal | None = None) -> str:
    actor, day = current_actor(), today()
    with reading(db_engine()) as connection:
        calendar = working_calendar(connection, house(), actor.bureau)
        counts, also = cause_counts(connection, calendar, actor.bureau, day)
        cause = Cause(calendar, actor.bureau, asked.cause, day, also)
        context: dict[str, Any] = {"counts": counts, "groups": groups_of(connection, cause, asked.by)}
        if asked.view == "days":
            context["sums"] = summed(worst_stages(connection, cause, by=asked.by, group=asked.group))
        else:
            page = cases_of(connection, cause, by=asked.by, group=asked.group, after=after)
            sections = sections_of(connection, actor.bureau) if asked.by == "section" else {}
            context |= {"page": page, "grouped": _grouped(page.lines, asked.by, sections)}
            context["staff"] = colleagues(connection, actor.bureau, sorted(HANDLING_ROLES)) if may("supervise") else ()
        if asked.view == "stays":
            ids = [line.id for line in page.lines]
            context["stays"] = {
                key: pieces(found) for key, found in stages_among(connection, calendar, actor.bureau, ids, day).items()
            }
    words = {"causes": CAUSES, "rows": LINES, "ways": GROUPS, "views": VIEWS, "levels": LEVELS, "worst": WORST}
    return render_template(
        "overdue.html", asked=asked, after=after, place=place_text, refusal=refusal, **words, **context
    )


def _grouped(lines: Sequence[Line], by: str, sections: dict[int, str]) -> dict[str, list[Line]]:
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(group_of(line, by, sections), []).append(line)
    return found


@pages.post("/overdue/assign")
@allow("supervise")
def assign() -> Response:
    """Give the ticked cases to one person, each in a transaction of its own, with a result for each."""
    entries = Entries(request.form)
    receiver = entries.number("receiver", "经办人", least=1)
    reason = entries.long_text("reason", "指派理由", longest=500, required=True)
    if receiver is None:
        entries.fault("receiver", "请选择把办件指派给谁")

    def step(chosen: Sequence[Ticked]) -> tuple[Result, ...]:
        return advance_each(chosen, "assign", {"receiver": str(receiver), "reason": reason})

    return _each(entries, "指派", step)


@pages.post("/overdue/order")
@allow("supervise")
def order() -> Response:
    """Order an answer about each of the ticked cases, with a result for each."""
    entries = Entries(request.form)
    level = entries.choice("level", "级别", map(str, LEVELS))
    words = entries.long_text("words", "督办要求", longest=500)
    to_id = entries.number("to", "被督办人", least=1)
    cause = _asked(entries).cause
    if not level:
        entries.fault("level", "请选择督办级别")
    if cause not in ORDERABLE:
        entries.fault("cause", "已在督办的办件，请在督办页面处理")

    def issue(session: Any, case_id: int, version: int) -> object:
        actor, moment = current_actor(), now()
        return issue_order(session, house(), actor, case_id, version, int(level), cause, words, to_id, moment)

    return _each(entries, f"督办（{LEVELS[int(level)]}）" if level else "", lambda chosen: for_each(chosen, issue))


def _each(entries: Entries, title: str, step: Callable[[Sequence[Ticked]], tuple[Result, ...]]) -> Response:
    """The step over the ticked cases, or the board once more with everything that was ticked and typed."""
    where = Entries(request.form)
    asked, after = _asked(where), place_of(where)
    where.check()
    chosen = ticked_cases(entries)
    if entries.faults:
        error = BadInput(entries.faults)
        return page_again(_board(asked, after, Refusal.of(error, *_TYPED)), error)
    return make_response(results_page(title, step(chosen), asked.at(after)))


@pages.get("/corrections")
@allow("oversee")
def mended() -> str:
    """更正清单 of the bureau, newest first."""
    entries = Entries(request.args)
    before = entries.number("before", "页码", least=1)
    entries.check()
    with reading(db_engine()) as connection:
        rows = corrections(connection, current_actor().bureau, before)
    return render_template("corrections.html", rows=rows, more=len(rows) == PAGE)
