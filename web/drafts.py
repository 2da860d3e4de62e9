"""Forms not sent yet: saved by the page while one types, kept when the session went idle, offered again, dropped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response, current_app, flash, g, make_response, redirect, request, session, url_for
from flask_wtf.csrf import validate_csrf
from werkzeug.wrappers import Response as AnyResponse
from wtforms import ValidationError

from caseflow.desk.drafts import CASE, CORRECTION, REGISTRATION, drop_draft, last_signed_in, save_draft
from caseflow.errors import CaseflowError
from caseflow.house import Actor, beijing_day
from caseflow.identity import IdKind, mask_name
from caseflow.store.db import reading, writing
from caseflow.views.drafts import Kept, kept_draft, kept_drafts
from web.clock import now, today
from web.forms import MOST_FIELDS
from web.frame import clock_time, full_moment
from web.gate import allow, current_actor, db_engine, house

pages = Blueprint("drafts", __name__)

WAS, KEPT = "was", "kept"
"""What the cookie of an idle session remembers for signing in again: the staff number, and that a form was kept."""

_ORDER = "order:"
_NOT_KEPT = ("csrf_token", "go", "choose")
_REGISTER_FORMS = ("intake.advance_form", "drafts.save_registration")
_AUTOSAVES = ("drafts.save_registration", "drafts.save_case")
_CASE_PAGES = {"cases.act": CASE, "drafts.save_case": CASE, "cases.send_correction": CORRECTION}
_TOO_LATE = {REGISTRATION: "这份登记已经提交", CASE: "本件已有变化"}


@dataclass(frozen=True, slots=True)
class Offer:
    """A registration somebody may go on with: the item, the applicant's name masked, and when it was last kept."""

    key: str
    item_name: str
    applicant: str
    saved_at: str


@pages.post("/drafts/register")
@allow("register")
def save_registration() -> Response:
    """Keep the form of 收件登记 as it stands; the time it was kept."""
    return _saved(_registration_form())


@pages.post("/drafts/register/<key>/drop")
@allow("register")
def drop_registration(key: str) -> AnyResponse:
    """Forget one's own registration; another's stays."""
    _drop(REGISTRATION + key)
    flash("已丢弃未提交的登记。", "good")
    return redirect(url_for("intake.start"), 303)


@pages.post("/drafts/cases/<number>")
@allow("act_on_cases")
def save_case(number: str) -> Response:
    """Keep what is being written on a case page."""
    return _saved(CASE + number)


@pages.post("/drafts/cases/<number>/drop")
@allow("act_on_cases")
def drop_case(number: str) -> AnyResponse:
    """Forget what one wrote on a case page."""
    _drop(CASE + number)
    flash("已丢弃未提交的内容。", "good")
    return redirect(url_for("cases.show", number=number), 303)


def case_form(number: str) -> str:
    """The name under which what is written on a case page is kept."""
    return CASE + number


def correction_form(number: str) -> str:
    """The name under which a correction of a case is kept."""
    return CORRECTION + number


def order_form(order_id: int) -> str:
    """The name under which the answer to an order is kept."""
    return f"{_ORDER}{order_id}"


def kept_on(form: str, version: int) -> Kept | None:
    """One's own form of a case, where it was written on this version; one of another version is forgotten, and told."""
    found = kept(form)
    if found is None or found.typed.get("version") == str(version):
        return found
    _drop(form)
    flash("本件已有变化，您此前没有提交的填写内容已不适用，没有恢复。", "bad")
    return None


def kept(form: str) -> Kept | None:
    """One's own form as it was typed."""
    with reading(db_engine()) as connection:
        return kept_draft(connection, house(), current_actor(), form)


def offers() -> list[Offer]:
    """The registrations the person at work has not sent, newest first."""
    with reading(db_engine()) as connection:
        found = kept_drafts(connection, house(), current_actor(), REGISTRATION)
    return [_offer(one) for one in found]


def _offer(one: Kept) -> Offer:
    names = {item.key: item.name for item in house().catalogue.items_of(current_actor().bureau)}
    organisation = one.typed.get("applicant.id_kind") == IdKind.CREDIT_CODE.value
    return Offer(
        one.form.removeprefix(REGISTRATION),
        names.get(one.typed.get("item", ""), "事项已不在目录中"),
        mask_name(one.typed.get("applicant.name", ""), organisation=organisation) or "尚未填写申请人",
        _when(one.saved_at),
    )


def restored(one: Kept) -> str:
    """What a page says that shows a kept form."""
    return f"已恢复 {_when(one.saved_at)} 保存、还没有提交的填写内容。"


def _when(moment: datetime) -> str:
    """10:41, with the day where that was not today."""
    return clock_time(moment) if beijing_day(moment) == today() else full_moment(moment)


def keep_sent() -> str:
    """Keep a form that came after its session went idle, for the person whose session it was; where to go on with it.

    Nothing where the form is none that is kept, is not from a page of ours, or the session was ended by somebody.
    """
    owner = _was_signed_in()
    if owner is None or request.method != "POST" or not _from_here():
        return ""
    form = _sent_form()
    session[KEPT] = bool(form) and _kept_for(owner, form)
    return _address(form) if session[KEPT] else ""


def lapsed_save() -> Mapping[str, bool] | None:
    """Whether a save by the page itself was kept although nobody is signed in; None for any other request."""
    return {"kept": keep_sent() != ""} if request.endpoint in _AUTOSAVES else None


def _kept_for(owner: Actor, form: str) -> bool:
    try:
        return _save(owner, form)
    except CaseflowError:
        return False


def _was_signed_in() -> Actor | None:
    token = g.get("lapsed")
    if token is None:
        return None
    with reading(db_engine()) as connection:
        owner = last_signed_in(connection, token, now())
    if owner is not None:
        session[WAS] = owner.number
    return owner


def _from_here() -> bool:
    if not current_app.config["WTF_CSRF_ENABLED"]:
        return True
    try:
        validate_csrf(request.form.get("csrf_token"))
    except ValidationError:
        return False
    return True


def _sent_form() -> str:
    if request.endpoint in _REGISTER_FORMS and request.form.get("item"):
        return _registration_form()
    if request.endpoint == "orders.answer":
        return order_form(int(_named("order_id")))
    kind = _CASE_PAGES.get(request.endpoint or "", "")
    return kind + _named("number") if kind else ""


def _named(part: str) -> str:
    return str((request.view_args or {}).get(part, ""))


def _registration_form() -> str:
    return REGISTRATION + request.form.get("request_key", "")


def _address(form: str) -> str:
    if form.startswith(REGISTRATION):
        return url_for("intake.resume", key=form.removeprefix(REGISTRATION))
    if form.startswith(_ORDER):
        return url_for("orders.thread", order_id=_named("order_id"))
    page = "cases.correct_form" if form.startswith(CORRECTION) else "cases.show"
    return url_for(page, number=_named("number"))


def _saved(form: str) -> Response:
    if _save(current_actor(), form):
        return make_response({"kept": True, "saved": clock_time(now())})
    return make_response({"kept": False, "why": next(why for kind, why in _TOO_LATE.items() if form.startswith(kind))})


def _save(owner: Actor, form: str) -> bool:
    with writing(db_engine()) as connection:
        return save_draft(connection, house(), owner, form, _typed(), now())


def _typed() -> Mapping[str, str]:
    named = (entry for entry in request.form.items() if entry[0] not in _NOT_KEPT)
    typed = {name: text for (name, text), _ in zip(named, range(MOST_FIELDS), strict=False)}
    action = (request.view_args or {}).get("action", "")
    return typed | ({"action": action} if action else {})


def _drop(form: str) -> None:
    with writing(db_engine()) as connection:
        drop_draft(connection, current_actor(), form)
