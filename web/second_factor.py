"""动态口令: the second step of signing in, and setting the second factor up, there or from 个人设置."""

from __future__ import annotations

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as BaseResponse

from caseflow.desk import second_factor as factor
from caseflow.desk import signing_in
from caseflow.desk.second_factor import Offer
from caseflow.errors import BadInput, NotSignedIn, Refused, SignInFailed
from caseflow.house import Actor
from caseflow.papers.sheets import qr_code
from caseflow.store.db import reading, writing
from web.addresses import counted_address
from web.auth import remember_window, wanted, welcome
from web.clock import now
from web.errors import page_again, reasons_of
from web.forms import Entries
from web.gate import TOKEN, current_actor, db_engine, halfway, house, public

_LONGEST_CODE = 60
_LONGEST_TICKET = 400

pages = Blueprint("second", __name__)


@pages.get("/login/code")
@public
def code() -> BaseResponse | str:
    """The form for the code, after the right password."""
    with reading(db_engine()) as connection:
        enrolled = factor.is_enrolled(connection, _half_in().id)
    return _code_form([]) if enrolled else redirect(url_for("second.enrol", next=wanted() or None), 303)


@pages.post("/login/code")
@public
def check_code() -> BaseResponse:
    """The code makes the session a whole one; too many wrong ones lock the account and lead back to the beginning."""
    _half_in()
    entries = Entries(request.form)
    given = entries.text("code", "动态口令", longest=_LONGEST_CODE, required=True)
    if entries.faults:
        error = BadInput(entries.faults)
        return page_again(_code_form(reasons_of(error)), error)
    with writing(db_engine()) as connection:
        result = signing_in.give_code(connection, house(), session[TOKEN], given, counted_address(), now())
    if not result.due and result.token is not None:
        return welcome(result)
    if result.token is None:
        session.clear()
    return page_again(_code_form([result.text], over=result.token is None), SignInFailed(result.text))


@pages.get("/second-factor")
@public
def enrol() -> BaseResponse | str:
    """The QR code and the secret of a second factor to be set up."""
    actor = _who()
    with reading(db_engine()) as connection:
        enrolled = factor.is_enrolled(connection, actor.id)
    if enrolled:
        return redirect(url_for("second.code" if halfway() else "personal.show"), 303)
    return _enrol_form(factor.offer(house().keys, actor, now()), [])


@pages.post("/second-factor")
@public
def confirm() -> BaseResponse | str:
    """Keep it once its code was given; the recovery codes are on the page that answers, and nowhere else."""
    actor = _who()
    entries = Entries(request.form)
    given = entries.text("code", "动态口令", longest=_LONGEST_CODE, required=True)
    ticket = entries.text("ticket", "密钥", longest=_LONGEST_TICKET)
    try:
        entries.check()
        return _confirmed(actor, ticket, given)
    except (BadInput, Refused) as error:
        shown = factor.offer_again(house().keys, actor, ticket, now())
        return page_again(_enrol_form(shown, reasons_of(error)), error)


def _confirmed(actor: Actor, ticket: str, given: str) -> Response | str:
    if halfway() is None:
        with writing(db_engine()) as connection:
            codes = factor.enrol(connection, house().keys, actor, ticket, given, now())
        return render_template("recovery_codes.html", codes=codes, target=url_for("personal.show"))
    with writing(db_engine()) as connection:
        result, codes = signing_in.enrol(connection, house(), session[TOKEN], ticket, given, counted_address(), now())
    session.clear()
    session[TOKEN] = result.token
    if result.must_change:
        flash("请先修改密码：首次登录，或密码已到更换期限。", "bad")
    target = url_for("auth.password") if result.must_change else wanted() or url_for("queues.mine")
    response = make_response(render_template("recovery_codes.html", codes=codes, target=target))
    remember_window(response, result.window)
    return response


def _half_in() -> Actor:
    """Who gave the right password; NotSignedIn where nobody did, or too long ago."""
    found = halfway()
    if found is None:
        raise NotSignedIn("请先输入工号和密码。")
    return found.actor


def _who() -> Actor:
    """Who may set up a second factor: half signed in, or wholly."""
    return _half_in() if halfway() is not None else current_actor()


def _code_form(reasons: list[str], *, over: bool = False) -> str:
    return render_template("code.html", reasons=reasons, wanted=wanted(), over=over, rules=house().sign_in)


def _enrol_form(shown: Offer, reasons: list[str]) -> str:
    blocks = " ".join(shown.text[at : at + 4] for at in range(0, len(shown.text), 4))
    return render_template(
        "second_factor.html",
        qr=qr_code(shown.address),
        secret=blocks,
        ticket=shown.ticket,
        reasons=reasons,
        wanted=wanted(),
        must=halfway() is not None,
        number=_who().number,
    )
