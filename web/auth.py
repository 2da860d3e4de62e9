"""登录, 退出, 修改密码. One sentence for every failed sign-in; the window is remembered by the browser."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote, unquote, urlsplit

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as BaseResponse

from caseflow.desk.staff import SHORTEST_PASSWORD, SignIn, sign_in, sign_out
from caseflow.desk.staff import change_password as store_password
from caseflow.errors import BadInput, Fault, SignInFailed
from caseflow.store.db import reading, writing
from caseflow.views.office import open_windows
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
    with writing(db_engine()) as connection:
        if isinstance(session.get(TOKEN), str):
            sign_out(connection, session[TOKEN], now())
        result = sign_in(connection, number, password, window, now())
    if result.token is None:
        return page_again(_form(number, window, [result.text]), SignInFailed(result.text))
    return _signed_in(result)


@pages.post("/logout")
@allow()
def leave() -> BaseResponse:
    """End the session by its row, then forget it."""
    with writing(db_engine()) as connection:
        sign_out(connection, session[TOKEN], now())
    session.clear()
    return redirect(url_for("auth.login"), 303)


@pages.get("/password")
@allow()
def password() -> str:
    """The form for one's own password."""
    return render_template("password.html", faults={}, shortest=SHORTEST_PASSWORD)


@pages.post("/password")
@allow()
def change_password() -> BaseResponse:
    """Store the new password; every other session of this person ends."""
    entries = Entries(request.form)
    old, new = entries.secret("old", "原密码"), entries.secret("new", "新密码")
    again = entries.secret("again", "再次输入的新密码")
    if not entries.faults and again != new:
        entries.fault("again", "两次输入的新密码不一致")
    try:
        entries.check()
        with writing(db_engine()) as connection:
            store_password(connection, current_actor().id, old, new, now(), session[TOKEN])
    except BadInput as error:
        faults = by_field(_renamed(fault) for fault in error.faults)
        return page_again(render_template("password.html", faults=faults, shortest=SHORTEST_PASSWORD), error)
    flash("密码已修改。", "good")
    return redirect(url_for("queues.mine"), 303)


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
        wanted=_wanted(),
        lapsed=WAS in session,
        kept=session.get(KEPT),
    )


def _signed_in(result: SignIn) -> Response:
    session.clear()
    session[TOKEN] = result.token
    flash(_last_login(result.last_login), "good")
    if result.text:
        flash(result.text, "bad")
    if result.must_change:
        flash("请先修改初始密码。", "bad")
    target = url_for("auth.password") if result.must_change else _wanted() or url_for("queues.mine")
    response = make_response(redirect(target, 303))
    window, secure = quote(result.window), request.is_secure
    response.set_cookie(_WINDOW_COOKIE, window, _WINDOW_SECONDS, httponly=True, samesite="Lax", secure=secure)
    return response


def _last_login(moment: datetime | None) -> str:
    return f"登录成功，上次登录：{full_moment(moment)}。" if moment else "登录成功，这是本账号第一次登录。"


def _remembered_window() -> str:
    window = unquote(request.cookies.get(_WINDOW_COOKIE, ""))
    return window if len(window) <= _LONGEST_WINDOW and is_printable(window) else ""


def _wanted() -> str:
    """The page asked for before signing in, where it is one of ours; "" otherwise."""
    target = request.values.get("next", "")
    if not target.startswith("/") or len(target) > _LONGEST_PATH or not is_printable(target) or "\\" in target:
        return ""
    parts = urlsplit(target)
    return "" if parts.scheme or parts.netloc or target.startswith("//") else target


def _renamed(fault: Fault) -> Fault:
    """The desk names fields in Chinese; this form names them its own way."""
    names = {"原密码": "old", "密码": "new"}
    return Fault(names.get(fault.place, fault.place), fault.text)
