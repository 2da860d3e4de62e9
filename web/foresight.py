"""预计超期: the cases that will probably miss the promise, and what other staffing would change. Nothing is written."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from flask import Blueprint, render_template, request

from caseflow.errors import BadInput
from caseflow.rules.calendar import WorkingCalendar
from caseflow.rules.flow import HANDLING_ROLES, ROLES
from caseflow.rules.foresight import ENOUGH, SCARCE
from caseflow.rules.staffing import REPEATS, Outcome
from caseflow.store.db import reading
from caseflow.views.calendar_page import working_calendar
from caseflow.views.foresight import BANDS, foresee, promised_items
from caseflow.views.lines import lines_by_id
from caseflow.views.staffing import Change, Office, ask, office_at_work
from web.clock import today
from web.forms import Entries, by_field
from web.gate import allow, current_actor, db_engine, house

pages = Blueprint("foresight", __name__)

PAGE: Final = 50
LONGEST_LIST: Final = 20
"""Cases that a change of staff would hit, as the page names them."""

WAYS: Final = {"fewer": "减少", "more": "增加"}
_MOST_PEOPLE, _MOST_DAYS, _MOST_AHEAD = 20, 60, 180
_CREW: Final = {role: name for role, name in ROLES.items() if role in HANDLING_ROLES}


@pages.get("/foresight")
@allow("oversee")
def probable() -> str:
    """The open cases by the chance of missing their promise, what that rests on, and how such estimates fared."""
    actor, day = current_actor(), today()
    items = promised_items(house(), actor.bureau)
    entries = Entries(request.args)
    item = entries.choice("item", "事项", items)
    band = entries.choice("band", "可能性", BANDS)
    number = entries.number("page", "页码", least=1, most=1000) or 1
    entries.check()
    with reading(db_engine()) as connection:
        calendar = working_calendar(connection, house(), actor.bureau)
        found = foresee(connection, calendar, house(), actor.bureau, day, item)
        chosen = found.of(band)
        here = chosen[(number - 1) * PAGE : number * PAGE]
        lines = lines_by_id(connection, calendar, actor, [one.id for one in here], day)
    return render_template(
        "foresight.html",
        found=found,
        rows=[(one, lines[one.id]) for one in here if one.id in lines],
        bases=sorted({one.basis for one in here}),
        total=len(chosen),
        bands=BANDS,
        band=band,
        item=item,
        items=items,
        number=number,
        last=-(-len(chosen) // PAGE),
        scarce=SCARCE,
        enough=ENOUGH,
    )


@pages.get("/foresight/staffing")
@allow("oversee")
def staffing() -> tuple[str, int]:
    """The question what fewer or more people would change, and its answer where one was asked."""
    actor, day = current_actor(), today()
    entries = Entries(request.args)
    with reading(db_engine()) as connection:
        calendar = working_calendar(connection, house(), actor.bureau)
        office = office_at_work(connection, calendar, house(), actor.bureau, day)
        change = _change(entries, day) if "role" in request.args else None
        outcome = _answer(entries, office, calendar, change)
        hit = outcome.hit[:LONGEST_LIST] if outcome else ()
        lines = lines_by_id(connection, calendar, actor, [one for one, _, _ in hit], day)
    page = render_template(
        "staffing.html",
        office=office,
        change=change,
        outcome=outcome,
        hit=[(lines[one], before, after) for one, before, after in hit if one in lines],
        faults=by_field(entries.faults),
        typed=_typed(calendar, day),
        crew=_CREW,
        ways=WAYS,
        repeats=REPEATS,
        most={"people": _MOST_PEOPLE, "days": _MOST_DAYS},
    )
    return page, 422 if entries.faults else 200


def _change(entries: Entries, day: date) -> Change | None:
    """The question as it was asked; None where it makes no sense, with the faults among the entries."""
    role = entries.choice("role", "岗位", _CREW)
    way = entries.choice("way", "增减", WAYS, default="fewer")
    people = entries.number("people", "人数", least=1, most=_MOST_PEOPLE)
    first = entries.day("from", "开始日期", required=True)
    days = entries.number("days", "工作日数", least=1, most=_MOST_DAYS)
    for field, label, value in (("role", "岗位", role), ("people", "人数", people), ("days", "工作日数", days)):
        if not value and not any(fault.place == field for fault in entries.faults):
            entries.fault(field, f"请填写{label}")
    if first is not None and not day <= first <= day + timedelta(days=_MOST_AHEAD):
        entries.fault("from", f"开始日期应在今天至 {_MOST_AHEAD} 天之内")
    if entries.faults or people is None or first is None or days is None:
        return None
    return Change(role, -people if way == "fewer" else people, first, days)


def _answer(entries: Entries, office: Office, calendar: WorkingCalendar, change: Change | None) -> Outcome | None:
    if change is None:
        return None
    try:
        return ask(office, calendar, change)
    except BadInput as error:
        entries.faults.extend(error.faults)
        return None


def _typed(calendar: WorkingCalendar, day: date) -> dict[str, str]:
    """What stands in the form: what was typed, or one reviewer fewer for the five working days of next week."""
    monday = calendar.next_working(day + timedelta(days=7 - day.weekday()))
    usual = {"role": "reviewer", "way": "fewer", "people": "1", "from": monday.isoformat(), "days": "5"}
    return {key: request.args.get(key, value)[:40] for key, value in usual.items()}
