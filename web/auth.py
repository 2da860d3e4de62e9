"""登录, 退出, 修改密码. One sentence for every failed sign-in; the window is remembered by the browser."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote, unquote, urlsplit

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from werkzeug.wrappers import Response as BaseResponse

from caseflow.desk import signing_in
from caseflow.desk.passwords import change
from caseflow.desk.sessions import end_sessions_of, rotate
from caseflow.desk.signing_in import ENROL, SignIn, sign_out
from caseflow.errors import BadInput, Fault, SignInFailed
from caseflow.store.db import reading, writing
from caseflow.views.office import open_windows
from web.addresses import counted_address
from web.clock import now
from web.drafts import KEPT, WAS
from web.errors import page_again, reasons_of
from web.forms import Entries, by_field, is_printable
from web.frame import full_moment
from web.gate import TOKEN, allow, current_actor, db_engine, house, public

pages = Blueprint("auth", __name__)

_WINDOW_COOKIE = "caseflow_window"
_WINDOW_SECONDS = 365 * 24 * 3600
_LONGEST_WINDOW = 40
_LONGEST_PATH = 500


@pages.get("/login")
@public
def login() -> str:
    """The form: number, password, window."""
    return _form(session.get(WAS, ""), _remembered_window(), [])


@pages.post("/login")
@public
def enter() -> BaseResponse:
    """Sign in and go on to the page that was wanted, or say the one sentence."""
    entries = Entries(request.form)
    number, password = entries.text("number", "工号"), entries.secret("password", "密码")
    window = entries.text("window", "窗口", longest=_LONGEST_WINDOW)
    if entries.faults:
        error = BadInput(entries.faults)
        return page_again(_form(number, window, reasons_of(error)), error)
    result = _entered(number, password, window)
    if result.token is None:
        return page_again(_form(number, window, [result.text]), SignInFailed(result.text))
    if not result.due:
        return welcome(result)
    session.clear()
    session[TOKEN] = result.token
    page = "second.enrol" if result.due == ENROL else "second.code"
    return redirect(url_for(page, next=wanted() or None), 303)


@pages.post("/logout")
@allow()
def leave() -> BaseResponse:
    """End the session by its row, then forget it."""
    with writing(db_engine()) as connection:
        sign_out(connection, session[TOKEN], counted_address(), now())
    session.clear()
    return redirect(url_for("auth.login"), 303)


@pages.get("/password")
@allow()
def password() -> str:
    """The form for one's own password."""
    return _password_form({})


@pages.post("/password")
@allow()
def change_password() -> BaseResponse:
    """Store the new password; every other session of this person ends, and this one goes on under another token."""
    entries = Entries(request.form)
    old, new = entries.secret("old", "原密码"), entries.secret("new", "新密码")
    again = entries.secret("again", "再次输入的新密码")
    if not entries.faults and again != new:
        entries.fault("again", "两次输入的新密码不一致")
    try:
        entries.check()
        with writing(db_engine()) as connection:
            change(connection, current_actor(), old, new, now(), house().sign_in.passwords)
            end_sessions_of(connection, current_actor().id, now(), keep=session[TOKEN])
            token = rotate(connection, session[TOKEN])
    except BadInput as error:
        return page_again(_password_form(by_field(_renamed(fault) for fault in error.faults)), error)
    session[TOKEN] = token
    flash("密码已修改。", "good")
    return redirect(url_for("queues.mine"), 303)


def welcome(result: SignIn) -> Response:
    """Into the house: the new token, the last sign-in told, the window remembered."""
    session.clear()
    session[TOKEN] = result.token
    flash(_last_login(result.last_login), "good")
    if result.text:
        flash(result.text, "bad")
    if result.must_change:
        flash("请先修改密码：首次登录，或密码已到更换期限。", "bad")
    target = url_for("auth.password") if result.must_change else wanted() or url_for("queues.mine")
    response = make_response(redirect(target, 303))
    remember_window(response, result.window)
    return response


def remember_window(response: Response, window: str) -> None:
    """The window, for the next sign-in at this computer."""
    secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    response.set_cookie(
        _window_cookie(), quote(window), _WINDOW_SECONDS, httponly=True, samesite="Lax", secure=secure, path="/"
    )


def wanted() -> str:
    """The page asked for before signing in, where it is one of ours; "" otherwise."""
    target = request.values.get("next", "")
    if not target.startswith("/") or len(target) > _LONGEST_PATH or not is_printable(target) or "\\" in target:
        return ""
    parts = urlsplit(target)
    return "" if parts.scheme or parts.netloc or target.startswith("//") else target


def _entered(number: str, password: str, window: str) -> SignIn:
    """The attempt counted, the password compared between the transactions, the outcome kept."""
    with writing(db_engine()) as connection:
        if isinstance(session.get(TOKEN), str):
            sign_out(connection, session[TOKEN], counted_address(), now())
        attempt = signing_in.count_attempt(connection, house(), number, counted_address(), now())
    if attempt.refused:
        return SignIn(None, attempt.refused)
    compared = attempt.compare(password)
    with writing(db_engine()) as connection:
        return signing_in.finish(connection, house(), attempt, compared, window, now())


def _form(number: str, window: str, reasons: list[str]) -> str:
    with reading(db_engine()) as connection:
        kept = open_windows(connection)
    published = {key: bureau.windows for key, bureau in house().catalogue.bureaus.items()}
    windows = sorted({name for names in {**published, **kept}.values() for name in names})
    return render_template(
        "login.html",
        number=number,
        window=window,
        windows=windows,
        reasons=reasons,
        wanted=wanted(),
        lapsed=WAS in session,
        kept=session.get(KEPT),
        rules=house().sign_in,
    )


def _password_form(faults: dict[str, str]) -> str:
    return render_template("password.html", faults=faults, policy=house().sign_in.passwords)


def _last_login(moment: datetime | None) -> str:
    return f"登录成功，上次登录：{full_moment(moment)}。" if moment else "登录成功，这是本账号第一次登录。"


def _remembered_window() -> str:
    window = unquote(request.cookies.get(_window_cookie(), ""))
    return window if len(window) <= _LONGEST_WINDOW and is_printable(window) else ""


def _window_cookie() -> str:
    return f"__Host-{_WINDOW_COOKIE}" if current_app.config["SESSION_COOKIE_SECURE"] else _WINDOW_COOKIE


def _renamed(fault: Fault) -> Fault:
    """The desk names fields in Chinese; this form names them its own way."""
    names = {"原密码": "old", "密码": "new"}
    return Fault(names.get(fault.place, fault.place), fault.text)
