"""个人设置: how a person likes the pages."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from caseflow.desk.preferences import KEYS, KEYS_OFF, set_preference
from caseflow.errors import BadInput, Fault
from caseflow.store.db import writing
from web.errors import page_again
from web.gate import allow, current_actor, db_engine
from web.help_texts import EVERYWHERE

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
    with writing(db_engine()) as session:
        set_preference(session, current_actor(), KEYS, KEYS_OFF if keys == KEYS_OFF else "")
    flash("个人设置已保存。", "good")
    return redirect(url_for("personal.show"), 303)


def _page(faults: dict[str, str]) -> str:
    return render_template("settings.html", on=g.keys_on, keys=EVERYWHERE, faults=faults)
