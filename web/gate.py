"""Who is asking, and whether they may: every route carries a policy, and none is served without one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TypeVar

from flask import Flask, current_app, g, request, session
from flask_wtf.csrf import CSRFProtect

from caseflow.desk.staff import signed_in, touch
from caseflow.errors import NotAllowed, NotSignedIn
from caseflow.house import Actor, House
from caseflow.store.db import create_engine_for, reading, writing
from web.clock import now

View = TypeVar("View", bound=Callable[..., Any])
Made = TypeVar("Made")

Policy = frozenset[str] | None
"""The roles a route is open to: empty means any member of staff, None means everybody."""

STAFF = frozenset[str]()
CASE_READERS = ("clerk", "reviewer", "checker", "approver", "cashier", "supervisor", "auditor")
"""Who may see cases: everybody but the administrator of accounts, who handles none."""

CASE_WORKERS = tuple(role for role in CASE_READERS if role != "auditor")
"""Who may change anything about cases, a print count included: the auditor reads and writes nothing."""

TOKEN = "token"  # noqa: S105 - the name it is kept under
_ATTRIBUTE = "caseflow_policy"
_OPEN_WHILE_CHANGING = {"auth.password", "auth.change_password", "auth.leave", "static"}

csrf = CSRFProtect()


class PasswordDue(NotAllowed):
    """The person must set a password of their own before anything else."""


def _kept(_maker: Callable[[str], Made], key: str) -> Callable[[], Made]:
    """A getter of what `install` kept, typed after its maker: the web knows no database classes."""

    def kept() -> Made:
        found: Made = current_app.extensions[key]
        return found

    return kept


db_engine = _kept(create_engine_for, "caseflow_engine")
"""The engine of this application, for `reading(db_engine())` and `writing(db_engine())`."""


def house() -> House:
    """The definitions and keys this application runs with."""
    found: House = current_app.extensions["caseflow_house"]
    return found


def allow(*roles: str) -> Callable[[View], View]:
    """Open a route to these roles; without any, to every signed-in member of staff."""

    def mark(view: View) -> View:
        setattr(view, _ATTRIBUTE, frozenset(roles))
        return view

    return mark


def public(view: View) -> View:
    """Open a route to everybody, signed in or not."""
    setattr(view, _ATTRIBUTE, None)
    return view


def current_actor() -> Actor:
    """The member of staff who is asking; NotSignedIn where there is none."""
    found: Actor | None = g.get("actor")
    if found is None:
        raise NotSignedIn("请先登录。")
    return found


def may(*roles: str) -> bool:
    """Whether somebody is signed in and holds one of these roles."""
    found: Actor | None = g.get("actor")
    return found is not None and bool(found.roles & frozenset(roles))


def policies(app: Flask) -> Mapping[str, Policy]:
    """Every endpoint with its policy; RuntimeError names the routes that carry none."""
    missing = [name for name, view in app.view_functions.items() if name != "static" and not hasattr(view, _ATTRIBUTE)]
    if missing:
        raise RuntimeError(f"routes without a policy: {', '.join(sorted(missing))}")
    return {name: getattr(view, _ATTRIBUTE, None) for name, view in app.view_functions.items()}


def install(app: Flask, database_url: str, definitions: House, idle: timedelta) -> None:
    """Keep the engine and the house, and stand before every request; a session ends after `idle` without one."""
    app.extensions["caseflow_engine"] = create_engine_for(database_url)
    app.extensions["caseflow_house"] = definitions
    app.extensions["caseflow_idle"] = idle
    app.before_request(_stand)


def _stand() -> None:
    endpoint = request.endpoint
    if endpoint is None or endpoint == "static":
        return
    policy: Policy = getattr(current_app.view_functions[endpoint], _ATTRIBUTE, STAFF)
    must_change = _recognise()
    if policy is None:
        return
    actor = current_actor()
    if policy and not policy & actor.roles:
        raise NotAllowed("您的岗位不能使用本页面。")
    if must_change and endpoint not in _OPEN_WHILE_CHANGING:
        raise PasswordDue


def _recognise() -> bool:
    """Put the actor of the session's token into this request; whether the password must be changed first."""
    token = session.get(TOKEN)
    if not isinstance(token, str):
        return False
    try:
        with reading(db_engine()) as connection:
            found = signed_in(connection, token, now(), current_app.extensions["caseflow_idle"])
    except NotSignedIn:
        # The token stays until the next sign-in, so that every later save is kept too: see web.drafts.
        g.lapsed = token
        return False
    g.actor = found.actor
    g.keys_on = found.keys_on
    if found.touch_due:
        # A transaction of its own: whatever the request does or fails to do, the person was here.
        with writing(db_engine()) as connection:
            touch(connection, token, now())
    return found.must_change
