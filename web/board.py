"""运行看板 for who watches the office: figures, charts, the list behind each of them, and all of it as a workbook."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import structlog
from flask import Blueprint, Response, render_template, request, send_file

from caseflow.errors import BadInput, Fault, Refusal, Refused
from caseflow.papers.workbook import Head, Sheet, Value, write_workbook
from caseflow.rules.calendar import WorkingCalendar
from caseflow.rules.case_sets import NAMES, Span
from caseflow.rules.metrics import METRICS, change_of, growth_of
from caseflow.store.db import reading
from caseflow.views.board import Board, board
from caseflow.views.calendar_page import working_calendar
from caseflow.views.case_sets import Scope, scope_for
from caseflow.views.export import COLUMNS, USUAL, listed, rows_of, size_of
from caseflow.views.lines import STATES
from caseflow.views.metrics import Choices, choices
from caseflow.views.worklist import LAMPS
from web.clock import now, today
from web.frame import WEEKDAYS
from web.gate import allow, current_actor, db_engine, house
from web.period_form import Asked, mark_text, presets, read_asked, read_mark

pages = Blueprint("board", __name__)
log = structlog.get_logger("caseflow.export")

MOST_EXPORTED = 50_000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_OPENS, _CLOSES = 8, 20
_LAST_DAY = 7


def names(session: Any) -> Choices:
    """What the figures of this bureau can be narrowed to."""
    bureau = current_actor().bureau
    catalogue = house().catalogue
    items = {item.key: item.name for item in catalogue.items_of(bureau)}
    return choices(session, bureau, items, catalogue.bureau(bureau).windows)


def scope_here(session: Any, asked: Asked, *, lamps_shown: bool = False) -> Scope:
    """The actor's bureau, narrowed to what was asked."""
    calendar: WorkingCalendar = working_calendar(session, house(), current_actor().bureau)
    return scope_for(session, calendar, current_actor().bureau, today(), asked.chosen, lamps_shown=lamps_shown)


def download(content: BytesIO, name: str) -> Response:
    """A workbook as a file to be saved."""
    content.seek(0)
    return send_file(content, XLSX, as_attachment=True, download_name=f"{name}.xlsx")


@pages.get("/board")
@allow("oversee")
def show() -> str:
    """The board of a period."""
    asked, known, found = _read()
    return render_template(
        "board/show.html",
        asked=asked,
        span=asked.span,
        chosen=asked.chosen,
        board=found,
        names=known,
        presets=presets(today()),
        metrics=METRICS,
        change_of=change_of,
        growth_of=growth_of,
        names_of_sets=NAMES,
        lamps=LAMPS,
        today_span=Span(today(), today(), today()),
        weekdays=WEEKDAYS,
        hours=hours_of(found),
    )


def _read() -> tuple[Asked, Choices, Board]:
    """What was asked for, what it can be narrowed to, and the figures."""
    asked = read_asked(today())
    with reading(db_engine()) as session:
        return asked, names(session), board(session, scope_here(session, asked, lamps_shown=True), asked.span)


def hours_of(found: Board) -> range:
    """The hours of the heat map: the office's day, and whatever else cases came in."""
    hours = [hour for _, hour in found.slots]
    return range(min([_OPENS, *hours]), max([_CLOSES - 1, *hours]) + 1)


@pages.get("/board.xlsx")
@allow("oversee")
def take_board() -> Response:
    """The figures of the board as a workbook."""
    asked, known, found = _read()
    content = BytesIO()
    write_workbook(content, board_sheets(found, known))
    _log("board", asked, len(METRICS))
    return download(content, f"运行看板_{asked.span.first}_{asked.span.last}")


def board_sheets(found: Board, known: Choices) -> list[Sheet]:
    """One sheet for each table of the board."""
    figures: list[tuple[Value, ...]] = [
        (
            metric.name,
            found.now.figures[key].text,
            found.before.figures[key].text,
            found.last_year.figures[key].text if found.last_year and key in found.last_year.figures else "",
            found.now.figures[key].part,
            found.now.figures[key].whole,
            metric.words,
        )
        for key, metric in METRICS.items()
    ]
    trend = [(one.first, one.last, one.received, one.closed, one.late) for one in found.trend]
    load: list[tuple[Value, ...]] = [
        (known.name("person", one.key), *one.lamps.values(), one.total) for one in found.load
    ]
    stages = [(one.label, one.cases, one.stays.count, one.stays.median, one.stays.p90) for one in found.stages]
    late = [(known.name("item", one.key), one.closed, one.open, one.total) for one in found.late_items]
    slots = [(f"周{WEEKDAYS[day - 1]}", f"{hour}时", n) for (day, hour), n in sorted(found.slots.items())]
    return [
        _sheet("指标", figures, "指标", "本期", "上期", "去年同期", "#分子", "#分母", "定义"),
        _sheet("趋势", trend, "起", "止", "#收件", "#办结", "#超期办结"),
        _sheet("在办负荷", load, "经办人", *(f"#{name}" for name in LAMPS.values()), "#合计"),
        _sheet("环节用时", stages, "环节", "#件数", "#次数", "#中位（工作日）", "#九成不超过（工作日）"),
        _sheet("超期事项", late, "事项", "#超期办结", "#在办超期", "#合计"),
        _sheet("收件时段", slots, "星期", "时段", "#收件"),
    ]


def _sheet(name: str, rows: Sequence[Sequence[Value]], *heads: str) -> Sheet:
    """A sheet from heads in which # marks a number."""
    made = [Head(head.lstrip("#"), "number" if head.startswith("#") else "text", 16) for head in heads]
    return Sheet(name, made, rows)


@pages.get("/board/cases")
@allow("oversee")
def cases() -> str:
    """The cases of one set, as every other list shows them."""
    asked, after = read_asked(today(), listing=True), read_mark()
    with reading(db_engine()) as session:
        known = names(session)
        page = listed(session, scope_here(session, asked), asked.key, asked.span, after)
    return render_template(
        "board/cases.html",
        asked=asked,
        span=asked.span,
        chosen=asked.chosen,
        page=page,
        after=after,
        names=known,
        sets=NAMES,
        lamps=LAMPS,
        states={key: state.label for key, state in STATES.items()},
        presets=presets(today()),
        mark=mark_text,
        columns=COLUMNS,
        usual=USUAL,
        most=MOST_EXPORTED,
        weekdays=WEEKDAYS,
    )


@pages.get("/board/cases.xlsx")
@allow("oversee")
def take_cases() -> Response:
    """The cases of one set as a workbook, up to a number that a page can be waited for."""
    asked = read_asked(today(), listing=True)
    columns = _columns(request.args.getlist("col"))
    content = BytesIO()
    with reading(db_engine()) as session:
        scope = scope_here(session, asked)
        _check_size(size_of(session, scope, asked.key, asked.span))
        heads = [Head(COLUMNS[key].name, COLUMNS[key].kind, COLUMNS[key].width) for key in columns]
        rows = rows_of(session, scope, asked.key, asked.span, columns)
        written = write_workbook(content, [Sheet("办件", heads, rows)])
    _log(asked.key, asked, written)
    return download(content, f"办件_{NAMES[asked.key][0]}_{asked.span.first}_{asked.span.last}")


def _columns(chosen: list[str]) -> tuple[str, ...]:
    if not set(chosen) <= set(COLUMNS):
        raise BadInput([Fault("col", "没有所选的列，请重新选择")])
    return tuple(key for key in COLUMNS if key in chosen) or USUAL


def _check_size(rows: int) -> None:
    if not rows:
        raise Refused([Refusal("nothing", "没有符合条件的办件，没有可导出的内容。请返回放宽条件。")])
    if rows > MOST_EXPORTED:
        text = f"共 {rows} 件，网页一次最多导出 {MOST_EXPORTED} 件。请缩短期间，或由系统管理员用 caseflow export 导出。"
        raise Refused([Refusal("too_many", text)])


def _log(what: str, asked: Asked, rows: int) -> None:
    """Who took how much away, and by which filters."""
    actor = current_actor()
    span = f"{asked.span.first}/{asked.span.last}"
    query = request.query_string.decode("ascii", "replace")
    log.info(
        "exported", staff=actor.number, bureau=actor.bureau, what=what, span=span, rows=rows, query=query, at=now()
    )
