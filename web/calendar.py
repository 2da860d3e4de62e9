"""工作日历: a year by layer, a due date tried out, and for the administrator the entering of days in two steps."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from caseflow.desk.calendar_days import Preview, enter, preview_days
from caseflow.errors import BadInput, CaseflowError, Fault, NotFound
from caseflow.guides.holiday_notice import HolidayNotice, announces_a_year, lines_of, read_notice, years_named
from caseflow.guides.notice_dates import runs
from caseflow.rules.calendar import FIRST_YEAR, LAST_YEAR
from caseflow.rules.entered_days import LONGEST_SOURCE, NATIONAL, Amendment, read_lines
from caseflow.rules.words import UNITS
from caseflow.store.db import reading
from caseflow.views.calendar_page import layer_names, year_page
from caseflow.views.opening import openings
from web.clock import now, today
from web.errors import page_again, reasons_of
from web.forms import Entries, by_field
from web.gate import allow, current_actor, db_engine, house
from web.tester import tested

MOST_SHOWN = 200
LONGEST_LINES = 20_000

pages = Blueprint("calendar", __name__, url_prefix="/calendar")


@dataclass(frozen=True, slots=True)
class Typed:
    """The administrator's form as it was typed; `shown` ties the confirmation to its preview."""

    layer: str = ""
    source: str = ""
    days: str = ""
    publishes: str = ""
    shown: str = ""
    notice: str = ""
    notice_year: str = ""


@pages.get("")
@allow()
def year() -> str:
    """A year of one calendar, and a due date where one was asked for."""
    return _page(Typed())


@pages.post("/notice")
@allow("keep_calendar")
def notice() -> Response | str:
    """The days a pasted notice declares, filled into the form in which days are entered; nothing is written."""
    typed = _typed()
    try:
        found = _read_notice()
    except CaseflowError as error:
        return page_again(_page(typed, error), error)
    whole_year = typed.layer == NATIONAL and announces_a_year(found)
    filled = replace(
        typed,
        source=found.title[:LONGEST_SOURCE] or typed.source,
        days=lines_of(found),
        publishes=str(found.year) if whole_year else "",
        notice_year=str(found.year),
    )
    return _page(filled, found=found)


def _read_notice() -> HolidayNotice:
    """The pasted text read; its year is the one it names, unless one was typed. BadInput beside the fields."""
    entries = Entries(request.form)
    text = entries.long_text("notice", "通知全文", longest=LONGEST_LINES, required=True)
    year = entries.number("notice_year", "通知的年份", least=FIRST_YEAR, most=LAST_YEAR)
    named = years_named(text)
    if year is None and len(named) != 1 and not entries.faults:
        entries.fault("notice_year", "通知没有写明是哪一年的，请填写年份")
    entries.check()
    try:
        return read_notice(text, year if year is not None else named[0])
    except BadInput as error:
        raise BadInput([Fault("notice", fault.text) for fault in error.faults]) from error


@pages.post("/preview")
@allow("keep_calendar")
def preview() -> Response | str:
    """What the days typed would move, or the form again to change them; nothing is written."""
    typed = _typed()
    if request.form.get("go") == "back":
        return _page(typed)
    try:
        shown = preview_days(db_engine(), house(), current_actor(), _amendment(), now())
    except CaseflowError as error:
        return page_again(_page(typed, error), error)
    return _confirm(typed, shown)


@pages.post("/enter")
@allow("keep_calendar")
def confirm() -> AnyResponse:
    """Enter what was shown; where the calendar changed since, it is shown once more."""
    typed = _typed()
    try:
        amendment = _amendment()
        entered = enter(db_engine(), house(), current_actor(), amendment, now(), typed.shown)
    except CaseflowError as error:
        return page_again(_page(typed, error), error)
    rest = "" if entered.complete else "其余办件将由系统在下次检查期限时重算。"
    flash(f"已录入 {entered.days} 天，{entered.cases} 件办件的日期已重算。{rest}", "good")
    first = min(entry.day for entry in amendment.days)
    return redirect(url_for("calendar.year", layer=typed.layer, year=first.year), 303)


def _typed() -> Typed:
    form = request.form
    return Typed(**{name: form.get(name, "") for name in Typed.__slots__})


def _amendment() -> Amendment:
    """The form as an amendment; BadInput with every fault of its fields."""
    entries = Entries(request.form)
    layer = entries.text("layer", "日历层", required=True)
    source = entries.text("source", "依据", longest=LONGEST_SOURCE, required=True)
    lines = entries.long_text("days", "日子", longest=LONGEST_LINES, required=True)
    publishes = entries.number("publishes", "公布的年份", least=FIRST_YEAR, most=LAST_YEAR)
    try:
        days = read_lines(lines, source)
    except BadInput as error:
        entries.faults += error.faults
        days = ()
    entries.check()
    return Amendment(layer, days, publishes or 0)


def _confirm(typed: Typed, shown: Preview) -> str:
    return render_template(
        "calendar/confirm.html",
        typed=typed,
        preview=shown,
        changes=shown.changes[:MOST_SHOWN],
        layers=dict(layer_names(house(), current_actor().bureau)),
    )


def _page(typed: Typed, error: CaseflowError | None = None, found: HolidayNotice | None = None) -> str:
    layers = layer_names(house(), current_actor().bureau)
    asked = Entries(request.args)
    key = asked.text("layer", "日历层") or layers[-1][0]
    if key not in dict(layers):
        raise NotFound("没有这个日历")
    wanted = asked.number("year", "年份", least=FIRST_YEAR, most=LAST_YEAR) or today().year
    tried = tested(asked, key)
    with reading(db_engine()) as session:
        page = year_page(session, house(), key, wanted)
        hours = openings(session, house(), current_actor().bureau, now())
    return render_template(
        "calendar/year.html",
        page=page,
        layers=layers,
        today=today(),
        first=FIRST_YEAR,
        last=LAST_YEAR,
        tested=tried,
        hours=hours,
        moment=now(),
        asked=request.args,
        asked_faults=by_field(asked.faults),
        units=UNITS,
        typed=typed,
        found=found,
        runs=runs,
        faults=by_field(error.faults) if isinstance(error, BadInput) else {},
        reasons=reasons_of(error) if error is not None else [],
    )
