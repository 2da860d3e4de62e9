"""登录记录 and 查看记录: what the audit administrator reads beside the 变更记录, and nobody changes."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from caseflow.store.db import reading
from caseflow.views.logs import PAGE, looks, sign_ins
from web.forms import Entries
from web.gate import allow, current_actor, db_engine

_LONGEST = 32

pages = Blueprint("logs", __name__, url_prefix="/admin")


@pages.get("/sign-ins")
@allow("see_logs")
def entered() -> str:
    """Who signed in or tried to, when, from where; of one person where a number is asked for."""
    entries = Entries(request.args)
    before, number = entries.number("before", "页码", least=1), entries.text("number", "工号", longest=_LONGEST)
    entries.check()
    with reading(db_engine()) as connection:
        rows = sign_ins(connection, current_actor().bureau, before, number)
    return render_template("admin/sign_ins.html", rows=rows, more=len(rows) == PAGE, number=number)


@pages.get("/looks")
@allow("see_logs")
def looked() -> str:
    """Who looked at which full number, and why."""
    entries = Entries(request.args)
    before = entries.number("before", "页码", least=1)
    entries.check()
    with reading(db_engine()) as connection:
        rows = looks(connection, current_actor().bureau, before)
    return render_template("admin/looks.html", rows=rows, more=len(rows) == PAGE)
