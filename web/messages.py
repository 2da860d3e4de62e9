"""我的消息: a person's own messages, newest first, and marking them read."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from caseflow.desk.messages import mark_all_read, mark_read
from caseflow.store.db import reading
from caseflow.views.messages import inbox
from web.clock import now
from web.forms import Entries
from web.gate import allow, current_actor, db_engine
from web.once import once

pages = Blueprint("messages", __name__)


@pages.get("/messages")
@allow()
def index() -> str:
    """One page of messages; `?before=` continues below a message."""
    entries = Entries(request.args)
    before = entries.number("before", "起点", least=1)
    entries.check()
    with reading(db_engine()) as session:
        found = inbox(session, current_actor(), before)
    return render_template("messages.html", inbox=found)


@pages.post("/messages/<int:message_id>/read")
@allow()
def read_one(message_id: int) -> Response:
    """Mark one's own message read; another's stays as it is."""
    once(lambda session: mark_read(session, current_actor(), now(), message_id=message_id))
    return redirect(url_for("messages.index"), 303)


@pages.post("/messages/read")
@allow()
def read_all() -> Response:
    """Mark everything read up to the newest message that the page showed."""
    entries = Entries(request.form)
    newest = entries.number("up_to", "最新消息")
    entries.check()
    marked = once(lambda session: mark_all_read(session, current_actor(), now(), up_to=newest or 0))
    flash(f"已标为已读 {marked} 条。", "good")
    return redirect(url_for("messages.index"), 303)
