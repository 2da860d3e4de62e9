"""Who is asking, and whether they may: every route carries a policy, and none is served without one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from flask import Flask, current_app, g, request, session
from flask_wtf.csrf import CSRFProtect

from caseflow.desk.key_use import hold
from caseflow.desk.sessions import SignedIn, signed_in, touch
from caseflow.errors import NotAllowed, NotSignedIn
from caseflow.house import Actor, House
from caseflow.rules.policy import RIGHTS, STAFF, holds
from caseflow.store.db import create_engine_for, reading, writing
from web.clock import now

View = TypeVar("View", bound=Callable[..., Any])
Made = TypeVar("Made")

Policy = str | None
"""The right a route asks for, by the table in `caseflow.rules.policy`; None means open to everybody."""

TOKEN = "token"  # noqa: S105 - the name it is kept under
_ATTRIBUTE = "caseflow_policy"
_OPEN_WHILE_CHANGING = {"auth.password", "auth.change_password", "auth.leave", "static"}

csrf = CSRFProtect()


class StepDue(NotAllowed):
    """Something must be done before anything else; `endpoint` is the page for it."""

    endpoint = "auth.login"


class PasswordDue(StepDue):
    """The person must set a password of their own."""

    endpoint = "auth.password"


class SecondFactorDue(StepDue):
    """The password was right, and the second factor is still to come."""

    endpoint = "second.code"


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


def allow(right: str = STAFF) -> Callable[[View], View]:
    """Open a route to those who hold this right; KeyError for one that is not in the table."""
    RIGHTS[right]

    def mark(view: View) -> View:
        setattr(view, _ATTRIBUTE, right)
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


def halfway() -> SignedIn | None:
    """Who gave the right password and still owes the second factor; such a person is nobody to every other page."""
    found: SignedIn | None = g.get("halfway")
    return found


def may(right: str) -> bool:
    """Whether somebody is signed in and holds this right."""
    found: Actor | None = g.get("actor")
    return found is not None and holds(found.roles, right)


def is_public(endpoint: str | None) -> bool:
    """Whether a page is open to everybody; the static files are no page."""
    view = current_app.view_functions.get(endpoint or "static")
    return endpoint != "static" and view is not None and getattr(view, _ATTRIBUTE, STAFF) is None


def policies(app: Flask) -> Mapping[str, Policy]:
    """Every endpoint with its policy; RuntimeError names the routes that carry none."""
    missing = [name for name, view in app.view_functions.items() if name != "static" and not hasattr(view, _ATTRIBUTE)]
    if missing:
        raise RuntimeError(f"routes without a policy: {', '.join(sorted(missing))}")
    return {name: getattr(view, _ATTRIBUTE, None) for name, view in app.view_functions.items()}


def install(app: Flask, database_url: str, definitions: House) -> None:
    """Keep the engine and the house, and stand before every request."""
    app.extensions["caseflow_engine"] = engine = create_engine_for(database_url)
    hold(engine, definitions.keys.key_id)
    app.extensions["caseflow_house"] = definitions
    app.before_request(_stand)


def _stand() -> None:
    endpoint = request.endpoint
    if endpoint is None or endpoint == "static":
        return
    policy: Policy = getattr(current_app.view_functions[endpoint], _ATTRIBUTE, STAFF)
    must_change = _recognise()
    if policy is None:
        return
    if halfway() is not None:
        raise SecondFactorDue
    actor = current_actor()
    if not holds(actor.roles, policy):
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
            found = signed_in(connection, token, now(), house().sign_in)
    except NotSignedIn:
        # The token stays until the next sign-in, so that every later save is kept too: see web.drafts.
        g.lapsed = token
        return False
    if found.pending:
        g.halfway = found
        return False
    g.actor = found.actor
    g.keys_on = found.keys_on
    if found.touch_due:
        # A transaction of its own: whatever the request does or fails to do, the person was here.
        with writing(db_engine()) as connection:
            touch(connection, token, now())
    return found.must_change
