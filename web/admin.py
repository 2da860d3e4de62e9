"""人员: the accounts of a bureau, kept by its security administrator, read by its audit administrator."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask import session as flask_session
from werkzeug.wrappers import Response as BaseResponse

from caseflow.desk import accounts
from caseflow.desk.accounts import Profile
from caseflow.desk.passwords import new_password
from caseflow.desk.sessions import NAME_LENGTH, digest_of
from caseflow.errors import BadInput, CaseflowError, Fault
from caseflow.house import Actor
from caseflow.rules.flow import ROLES
from caseflow.store.db import reading, writing
from caseflow.views.logs import factor_of, places_of
from caseflow.views.office import Person, changes, people, person, places
from web.clock import now, today
from web.errors import page_again, reasons_of
from web.forms import Entries, by_field
from web.gate import TOKEN, allow, current_actor, db_engine, house, may
from web.once import once

FIELDS = {"姓名": "name", "工号": "number", "角色": "role", "科室": "section", "窗口": "window", "密码": ""}
_LONGEST = 40

pages = Blueprint("admin", __name__, url_prefix="/admin")


@dataclass(frozen=True, slots=True)
class Typed:
    """The form of a person as it stands or was typed."""

    number: str = ""
    name: str = ""
    section: str = ""
    window: str = ""
    roles: tuple[str, ...] = ()

    @property
    def profile(self) -> Profile:
        """What of it is not the account itself."""
        return Profile(self.name, self.section, self.window)


@pages.get("")
@allow("see_office")
def home() -> BaseResponse:
    """The first page of the administration."""
    return redirect(url_for("admin.staff" if may("see_accounts") else "office.rooms"), 303)


@pages.get("/staff")
@allow("see_accounts")
def staff() -> str:
    """Every account of the bureau."""
    with reading(db_engine()) as connection:
        found = people(connection, current_actor().bureau, today(), now())
    return render_template("admin/staff.html", people=found)


@pages.get("/staff/new")
@allow("keep_accounts")
def new() -> str:
    """The form for a new account."""
    return _new(Typed())


@pages.post("/staff/new")
@allow("keep_accounts")
def add() -> BaseResponse | str:
    """Make the account; its first password is on the page that answers, and nowhere else."""
    typed = _typed(request.form.get("number", "").strip())
    password = new_password()
    try:
        _checked()
        with writing(db_engine()) as connection:
            accounts.hire(
                connection,
                current_actor(),
                number=typed.number,
                profile=typed.profile,
                roles=typed.roles,
                password=password,
                now=now(),
                policy=house().sign_in.passwords,
            )
    except BadInput as error:
        return page_again(_new(typed, error), error)
    return _password(typed.number, password, "已新增账号")


@pages.get("/staff/<number>")
@allow("see_accounts")
def show(number: str) -> str:
    """One account, with what was changed about it."""
    return _show(number)


@pages.post("/staff/<number>")
@allow("keep_accounts")
def save(number: str) -> BaseResponse | str:
    """Name, place and roles as typed; other roles end the sessions of the person."""
    typed, actor = _typed(number), current_actor()
    try:
        _checked()
        changed, moved, held = once(lambda session: _saved(session, actor, typed))
    except CaseflowError as error:
        return page_again(_show(number, typed, error), error)
    flash("已保存。" if changed or moved else "没有改动。", "good")
    if moved and held:
        flash(f"岗位已变，名下 {held} 件在办如不能继续办理，须由主管另行指派。", "bad")
    return redirect(url_for("admin.show", number=number), 303)


@pages.post("/staff/<number>/password")
@allow("keep_accounts")
def reset(number: str) -> BaseResponse | str:
    """Another first password, shown on the page that answers, and nowhere else."""
    password = new_password()
    try:
        with writing(db_engine()) as connection:
            accounts.reset_password(connection, current_actor(), number, password, now())
    except CaseflowError as error:
        return page_again(_show(number, None, error), error)
    return _password(number, password, "已重置密码")


@pages.post("/staff/<number>/unlock")
@allow("keep_accounts")
def unlock(number: str) -> BaseResponse | str:
    """Sign-ins are taken again."""
    return _act(number, accounts.unlock, "已解除锁定。")


@pages.post("/staff/<number>/sessions")
@allow("keep_accounts")
def end_sessions(number: str) -> BaseResponse | str:
    """The person is signed out everywhere."""
    return _act(number, accounts.end_sessions, "已结束其全部登录。")


@pages.post("/staff/<number>/sessions/<name>")
@allow("keep_accounts")
def end_session(number: str, name: str) -> BaseResponse | str:
    """The person is signed out in one place."""
    return _act(number, lambda session, by, of, at: accounts.end_session(session, by, of, name, at), "已结束该处登录。")


@pages.post("/staff/<number>/second-factor")
@allow("keep_accounts")
def reset_factor(number: str) -> BaseResponse | str:
    """The person sets the second factor up anew at the next sign-in."""
    return _act(number, accounts.reset_second_factor, "已重置动态口令，并结束其全部登录。")


@pages.post("/staff/<number>/enable")
@allow("keep_accounts")
def enable(number: str) -> BaseResponse | str:
    """The account works again."""
    return _act(number, accounts.enable, "已恢复账号。")


@pages.post("/staff/<number>/disable")
@allow("keep_accounts")
def disable(number: str) -> BaseResponse | str:
    """The account works no longer; with open cases only where the administrator says so."""
    known = Entries(request.form).ticked("held_known")
    try:
        held = once(lambda session: accounts.disable(session, current_actor(), number, now(), held_known=known))
    except CaseflowError as error:
        return page_again(_show(number, None, error), error)
    flash(f"已停用账号{f'，名下 {held} 件在办请主管另行指派' if held else ''}。", "good")
    return redirect(url_for("admin.show", number=number), 303)


def _act(number: str, act: Callable[[Any, Actor, str, datetime], None], said: str) -> BaseResponse | str:
    """One change of an account without entries of its own."""
    try:
        once(lambda session: act(session, current_actor(), number, now()))
    except CaseflowError as error:
        return page_again(_show(number, None, error), error)
    flash(said, "good")
    return redirect(url_for("admin.show", number=number), 303)


def _saved(session: Any, actor: Actor, typed: Typed) -> tuple[bool, bool, int]:
    """Whether name or place changed, whether the roles did, and how many open cases the person holds."""
    accounts.unchanged(session, actor, typed.number, request.form.get("seen", "")[:400])
    changed = accounts.set_profile(session, actor, typed.number, typed.profile, now())
    moved = accounts.set_roles(session, actor, typed.number, typed.roles, now())
    return changed, moved, person(session, actor.bureau, typed.number, today(), now()).held


def _typed(number: str) -> Typed:
    form = request.form
    held = {name: form.get(name, "").strip() for name in ("name", "section", "window")}
    return Typed(number=number, roles=tuple(dict.fromkeys(form.getlist("role"))), **held)


def _checked() -> None:
    """BadInput where an entry is too long or unreadable; what is left out is the desk's to say."""
    entries = Entries(request.form)
    for name, label in (("number", "工号"), ("name", "姓名"), ("section", "科室"), ("window", "窗口")):
        entries.text(name, label, longest=_LONGEST)
    if set(request.form.getlist("role")) - set(ROLES):
        entries.fault("role", "没有这个角色")
    entries.check()


def _new(typed: Typed, error: BadInput | None = None) -> str:
    return render_template(
        "admin/new.html",
        typed=typed,
        faults=faults_of(error, FIELDS),
        summary=summary_of(error, FIELDS),
        **_choices(typed),
    )


def _show(number: str, typed: Typed | None = None, error: CaseflowError | None = None) -> str:
    with reading(db_engine()) as connection:
        one = person(connection, current_actor().bureau, number, today(), now())
        told = changes(connection, current_actor().bureau, number=number)
        places_ = places_of(connection, one.id, now(), house().sign_in.idle, NAME_LENGTH)
        factor = factor_of(connection, one.id)
    form = typed or Typed(one.number, one.name, one.section, one.window, one.roles)
    reasons = reasons_of(error) if error is not None and not isinstance(error, BadInput) else []
    return render_template(
        "admin/person.html",
        one=one,
        seen=accounts.as_seen(one.name, one.section, one.window, one.roles),
        typed=form,
        told=told,
        places=places_,
        here=digest_of(flask_session[TOKEN])[:NAME_LENGTH],
        factor=factor,
        rules=house().sign_in,
        faults=faults_of(error, FIELDS),
        summary=summary_of(error, FIELDS),
        reasons=reasons,
        **_choices(form, one),
    )


def _choices(typed: Typed, one: Person | None = None) -> Mapping[str, list[str]]:
    """The open sections and windows, and those the person has had or was given in the form."""
    found = {}
    with reading(db_engine()) as connection:
        for kind in ("section", "window"):
            listed = places(connection, current_actor().bureau, kind)
            held = {getattr(typed, kind), getattr(one, kind, "")} if listed else set()
            open_ = [place.name for place in listed if place.active]
            found[f"{kind}s"] = [*open_, *sorted(held - {"", *open_})]
    return found


def _password(number: str, password: str, said: str) -> str:
    return render_template("admin/password.html", number=number, password=password, said=said)


def faults_of(error: CaseflowError | None, names: Mapping[str, str]) -> dict[str, str]:
    """What was wrong with a form by its fields; the desk names them in Chinese."""
    faults: Iterable[Fault] = error.faults if isinstance(error, BadInput) else ()
    return by_field(Fault(names.get(fault.place, fault.place), fault.text) for fault in faults)


def summary_of(error: CaseflowError | None, names: Mapping[str, str]) -> list[tuple[str, str]]:
    """The same for the top of the page: each field with what is wrong, said with its label."""
    faults: Iterable[Fault] = error.faults if isinstance(error, BadInput) else ()
    return [
        (names.get(fault.place, fault.place), str(fault) if fault.place in names else fault.text) for fault in faults
    ]
