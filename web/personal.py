"""个人设置: how a person likes the pages, where the person is signed in, and the second factor."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from caseflow.desk.preferences import KEYS, KEYS_OFF, set_preference
from caseflow.desk.sessions import NAME_LENGTH, digest_of, end_session
from caseflow.errors import BadInput, Fault
from caseflow.store.db import reading
from caseflow.views.logs import factor_of, places_of
from web.clock import now
from web.errors import page_again
from web.gate import TOKEN, allow, current_actor, db_engine, house
from web.help_model import EVERYWHERE
from web.once import once

pages = Blueprint("personal", __name__)


@pages.get("/settings")
@allow()
def show() -> str:
    """The form, as it is kept."""
    return _page({})


@pages.post("/settings")
@allow()
def keep() -> Response:
    """Keep whether the keys of the pages act, for this person on every computer."""
    keys = request.form.get("keys", "")
    if keys not in {"on", KEYS_OFF}:
        faults = {"keys": "请选择使用或者不使用快捷键"}
        return page_again(_page(faults), BadInput([Fault("keys", faults["keys"])]))
    once(lambda session: set_preference(session, current_actor(), KEYS, KEYS_OFF if keys == KEYS_OFF else ""))
    flash("个人设置已保存。", "good")
    return redirect(url_for("personal.show"), 303)


@pages.post("/settings/sessions/<name>")
@allow()
def end(name: str) -> Response:
    """End one's own sign-in in another place; one that is over already is none of anybody's."""
    once(lambda connection: end_session(connection, current_actor().id, name, now()))
    flash("已结束该处登录。", "good")
    return redirect(url_for("personal.show") + "#places", 303)


def _page(faults: dict[str, str]) -> str:
    me = current_actor().id
    with reading(db_engine()) as connection:
        places = places_of(connection, me, now(), house().sign_in.idle, NAME_LENGTH)
        factor = factor_of(connection, me)
    return render_template(
        "settings.html",
        on=g.keys_on,
        keys=EVERYWHERE,
        faults=faults,
        places=places,
        factor=factor,
        rules=house().sign_in,
        here=digest_of(session[TOKEN])[:NAME_LENGTH],
    )
