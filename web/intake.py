"""收件登记: three steps of one growing form. Every step is a POST, so that nothing personal stands in an address."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from caseflow.desk.carrying import applicant_again
from caseflow.desk.drafts import REGISTRATION, drop_draft
from caseflow.desk.handling import advance
from caseflow.desk.intake import preview, register
from caseflow.errors import BadInput, CaseflowError, Fault, NotFound, OutsideCalendar, Refused
from caseflow.identity import IdKind, check_identity, mask_number, normalise
from caseflow.papers import PAPERS, qr_code
from caseflow.rules.checklist import Checklist, open_questions
from caseflow.rules.item import Item, applies
from caseflow.store.db import reading, writing
from caseflow.views.calendar_page import working_calendar
from caseflow.views.casefile import load_case
from caseflow.views.earlier import EarlierCase, earlier_cases
from caseflow.views.usual import usual_items
from web import drafts
from web import intake_form as forms
from web.clock import now, today
from web.decisions import PHRASES, decisions, details_of, need_faults
from web.errors import status_of
from web.forms import by_field, is_printable
from web.frame import clock_time
from web.gate import allow, current_actor, db_engine, house
from web.intake_form import RECEIVE_ONLY, Draft
from web.item_search import listed, numbered, search_items
from web.once import once

pages = Blueprint("intake", __name__)
pages.add_app_template_filter(lambda text: (text, text), "pair")

_MORE_ROWS = 5


@dataclass(frozen=True, slots=True)
class Turn:
    """One answer to a sent form: the step shown next, what is typed, what is wrong, and the status of its cause."""

    step: int
    draft: Draft
    faults: tuple[Fault, ...] = ()
    status: int = 200
    resumed: str = ""


def _wrong(step: int, draft: Draft, faults: Iterable[Fault], error: CaseflowError | None = None) -> Turn:
    told = tuple(faults)
    return Turn(step, draft, told, status_of(error or BadInput(told)))


@pages.get("/register")
@allow("register")
def start() -> Response:
    """Step 1, empty; `?item=` opens it with an item chosen."""
    draft = _fresh()
    wanted = request.args.get("item", "")
    if wanted:
        return _page(_chosen(draft, wanted))
    return _page(Turn(1, draft))


@pages.post("/register")
@allow("register")
def advance_form() -> AnyResponse:
    """The next step, or the same with what is wrong; the last one registers and decides in one transaction."""
    draft = forms.read_draft(request.form)
    if draft["choose"]:
        return _page(_chosen(draft, draft["choose"]))
    faults = forms.unusable(draft)
    if faults:
        step = forms.step_of(faults)
        return _page(_wrong(step if draft["item"] or step == 1 else 1, draft, faults))
    if draft["go"] in ("search", "drop") or not draft["item"]:
        return _page(_search(draft))
    item = house().catalogue.item(current_actor().bureau, draft["item"])
    if draft["go"] == "submit":
        return _submit(item, draft)
    return _page(_GO.get(draft["go"], _back1)(item, draft))


@pages.post("/register/check")
@allow("register")
def check() -> Response:
    """What is known of the number just typed: what is wrong, whose it is, and earlier cases of the applicant."""
    draft = forms.read_draft(request.form)
    item = house().catalogue.item(current_actor().bureau, draft["item"])
    who = draft["who"] or "applicant."
    fault = _number_fault(draft, who)
    earlier = () if who != "applicant." else _earlier(draft)
    html = render_template("intake/earlier.html", item=item, earlier=earlier, warning="")
    return make_response({"fault": fault, "facts": "" if fault else forms.id_facts(draft, who, today()), "html": html})


def _number_fault(draft: Draft, who: str) -> str:
    try:
        party = forms.party(draft, who)
        if party.id_number.strip():
            check_identity(party.id_kind, party.id_number, today=today())
    except BadInput as error:
        return "；".join(fault.text for fault in error.faults)
    return ""


@pages.get("/register/drafts/<key>")
@allow("register")
def resume(key: str) -> AnyResponse:
    """One's own form that was not sent, at the step where it was left; without one, an empty form."""
    kept = drafts.kept(REGISTRATION + key) if is_printable(key) else None
    if kept is None:
        flash("没有这份未提交的登记：可能已经提交，或已丢弃。", "bad")
        return redirect(url_for("intake.start"), 303)
    step = {"2": 2, "3": 3}.get(kept.typed.get("step", ""), 1)
    draft = Draft({**kept.typed, "request_key": key})
    try:
        house().catalogue.item(current_actor().bureau, draft["item"])
    except NotFound:
        draft = forms.filled(draft, {"item": ""})
    return _page(Turn(step if draft["item"] else 1, draft, resumed=clock_time(kept.saved_at)))


@pages.post("/register/again/<number>")
@allow("register")
def again(number: str) -> Response:
    """Step 1 with the applicant of this case carried over; the look at the number is recorded."""
    if not is_printable(number):
        raise NotFound("没有这个办件")
    with writing(db_engine()) as session:
        one = applicant_again(session, house(), current_actor(), number, now())
    carried = {"id_kind": one.id_kind.value, "id_number": one.id_number, "name": one.name, "phone": one.phone}
    return _page(Turn(1, forms.filled(_fresh(), {f"applicant.{key}": text for key, text in carried.items()})))


@pages.get("/register/done/<number>")
@allow("register")
def done(number: str) -> str:
    """The number, the query code and the papers of a case just registered."""
    with reading(db_engine()) as session:
        file = load_case(session, house(), current_actor(), number, today())
    titles = {kind: paper.title for kind, paper in PAPERS.items()}
    return render_template("intake/done.html", file=file, qr=qr_code(file.case.record.query_code), titles=titles)


def _fresh() -> Draft:
    return Draft({"request_key": secrets.token_urlsafe(24)})


# --- the steps -------------------------------------------------------------------------------------------------------


def _search(draft: Draft) -> Turn:
    kept = replace(draft, typed={**draft.typed, "item": ""})
    found = search_items(house().catalogue.items_of(current_actor().bureau), draft["q"])
    if len(found) == 1 and draft["go"] == "search":
        return _chosen(kept, found[0].key)
    return Turn(1, kept)


def _chosen(draft: Draft, key: str) -> Turn:
    item = house().catalogue.item(current_actor().bureau, key)
    kept = forms.filled(draft, {"item": item.key, "q": ""})
    return Turn(1 if item.situations else 2, kept)


def _people(item: Item, draft: Draft) -> Turn:
    draft = forms.stray_answers(item, draft)
    faults = forms.check_situations(item, draft)
    return _wrong(1, draft, faults) if faults else Turn(2, draft)


def _materials(item: Item, draft: Draft) -> Turn:
    draft = forms.stray_answers(item, draft)
    try:
        faults = forms.check_people(item, draft, today())
    except BadInput as error:
        faults = list(error.faults)
    return _wrong(2, draft, faults) if faults else Turn(3, draft)


def _more(_item: Item, draft: Draft) -> Turn:
    return Turn(2, forms.filled(draft, {"concerned_rows": str(draft.rows + _MORE_ROWS)}))


def _back1(_item: Item, draft: Draft) -> Turn:
    return Turn(1, draft)


def _back2(_item: Item, draft: Draft) -> Turn:
    return Turn(2, draft)


def _all_received(item: Item, draft: Draft) -> Turn:
    return _check(item, forms.all_received(item, draft))


def _check(item: Item, draft: Draft) -> Turn:
    draft = forms.stray_answers(item, draft)
    try:
        forms.receipts_of(item, draft)
    except BadInput as error:
        return _wrong(3, draft, error.faults)
    return Turn(3, forms.filled(draft, {"decision": forms.preselected(item, draft, forms.safe_checklist(item, draft))}))


_GO: Mapping[str, Callable[[Item, Draft], Turn]] = {
    "people": _people,
    "materials": _materials,
    "more": _more,
    "back1": _back1,
    "back2": _back2,
    "all": _all_received,
    "check": _check,
}


def _submit(item: Item, draft: Draft) -> AnyResponse:
    draft = forms.stray_answers(item, draft)
    decision = draft["decision"]
    known = {one.key for one in _decisions(item, draft, forms.safe_checklist(item, draft))}
    if decision not in known:
        wanted = forms.preselected(item, draft, forms.safe_checklist(item, draft))
        told = "已按核对结果预选决定，请确认后再提交" if wanted else "请选择决定"
        return _page(_wrong(3, forms.filled(draft, {"decision": wanted}), [Fault("decision", told)]))
    try:
        number = once(lambda session: _register(session, item, draft, decision))
    except BadInput as error:
        faults = forms.placed(item, need_faults(decision, error), _rows(draft))
        return _page(_wrong(forms.step_of(faults), draft, faults, error))
    except Refused as error:
        return _page(_wrong(3, draft, need_faults(decision, error), error))
    return redirect(url_for("intake.done", number=number), 303)


def _register(session: Any, item: Item, draft: Draft, decision: str) -> str:
    """Register and decide; the number of the case."""
    case = register(session, house(), current_actor(), forms.application(item, draft), now())
    if decision != RECEIVE_ONLY and case.version == 1:
        details = details_of(draft.typed, decision)
        advance(session, house(), current_actor(), case.id, case.version, decision, details, now())
    drop_draft(session, current_actor(), REGISTRATION + draft["request_key"])
    return case.number


def _rows(draft: Draft) -> dict[int, int]:
    return dict(enumerate(forms.concerned_of(draft), 1))


# --- the page --------------------------------------------------------------------------------------------------------


def _page(turn: Turn) -> Response:
    draft = turn.draft
    item = house().catalogue.item(current_actor().bureau, draft["item"]) if draft["item"] else None
    shared: dict[str, Any] = {
        "step": turn.step,
        "item": item,
        "typed": forms.Typed(draft.typed),
        "faults": by_field(turn.faults),
        "reasons": forms.summary(item, turn.faults) if item else [(fault.place, fault.text) for fault in turn.faults],
        "carried": draft.carried(turn.step),
        "rows": draft.rows,
        "phrases": PHRASES,
        "resumed": turn.resumed,
    }
    own = _SHOWS[turn.step](item, draft) if item else _items_page(draft)
    return make_response(render_template("intake/register.html", **shared, **own), turn.status)


def _items_page(draft: Draft) -> dict[str, Any]:
    items = house().catalogue.items_of(current_actor().bureau)
    with reading(db_engine()) as session:
        usual = usual_items(session, current_actor())
    fresh = not draft["q"] and not draft["applicant.name"]
    return {
        "found": listed(search_items(items, draft["q"])),
        "usual": [] if draft["q"] else numbered(items, usual),
        "offers": drafts.offers() if fresh else [],
    }


def _questions_page(item: Item, draft: Draft) -> dict[str, Any]:
    open_ = {one.key for one in open_questions(item, draft.answers)}
    return {"asked": [one for one in item.situations if one.key in open_ or one.key in draft.answers]}


def _people_page(item: Item, draft: Draft) -> dict[str, Any]:
    typed = {name.partition(".")[0] for name, text in draft.typed.items() if text and not name.endswith("id_kind")}
    other = any(draft[name] for name in ("note", "received_on", "late_reason")) or draft["channel"] not in (
        "",
        "window",
    )
    return {
        "id_kinds": forms.ID_KINDS,
        "usual_kind": forms.usual_id_kind(item),
        "channels": forms.CHANNELS,
        "fields_shown": {one.key for one in item.fields if applies(one.when, draft.answers) is not False},
        "ask_since": item.applicant_deadline is not None and forms.deadline_field(item) == "since",
        "open_parts": {"agent": "agent" in typed, "concerned": "concerned" in typed, "other": other},
        "facts": {who: forms.id_facts(draft, who, today()) for who in forms.people_shown(draft)},
        "earlier": _earlier(draft),
        "warning": _deadline(item, draft),
    }


def _materials_page(item: Item, draft: Draft) -> dict[str, Any]:
    checklist = forms.safe_checklist(item, draft)
    ticked = any(name.endswith(".mark") for name in draft.under("m."))
    return {
        "checklist": checklist,
        "usual_counts": forms.usual_counts,
        "earlier": _earlier(draft),
        "warning": _deadline(item, draft),
        "masked": mask_number(normalise(draft["applicant.id_number"])),
        "facts": forms.id_facts(draft, "applicant.", today()),
        "sentence": _sentence(item),
        "missing": [line.partition(". ")[2] for line in checklist.notice_lines()] if ticked else [],
        "choices": _decisions(item, draft, checklist),
        "chosen": draft["decision"],
    }


_SHOWS: Mapping[int, Callable[[Item, Draft], dict[str, Any]]] = {
    1: _questions_page,
    2: _people_page,
    3: _materials_page,
}


def _decisions(item: Item, draft: Draft, checklist: Checklist) -> list[Any]:
    return decisions(item, current_actor(), checklist, today(), draft.typed)


def _deadline(item: Item, draft: Draft) -> str:
    with reading(db_engine()) as session:
        calendar = working_calendar(session, house(), item.bureau)
    return forms.deadline_warning(item, calendar, draft, today())


def _sentence(item: Item) -> str:
    try:
        with reading(db_engine()) as session:
            return preview(session, house(), item, today()).sentence
    except OutsideCalendar as error:
        return str(error)


def _earlier(draft: Draft) -> tuple[EarlierCase, ...]:
    if draft["applicant.id_kind"] == IdKind.NONE.value:
        return ()
    with reading(db_engine()) as session:
        return earlier_cases(session, house(), current_actor(), draft["applicant.id_number"], draft["item"])
