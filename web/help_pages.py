"""帮助: one page for each screen, and a list of them."""

from __future__ import annotations

from flask import Blueprint, render_template

from caseflow.errors import NotFound
from web.gate import allow
from web.help_model import EVERYWHERE
from web.help_texts import HELPS, WORDS

pages = Blueprint("help", __name__)


@pages.get("/help")
@allow()
def index() -> str:
    """Every screen's help, and every word with its definition."""
    return render_template("help/index.html", helps=HELPS, words=WORDS, everywhere=EVERYWHERE)


@pages.get("/help/<name>")
@allow()
def screen(name: str) -> str:
    """What a screen is for, what to do first, its keys and its words; NotFound for a screen there is not."""
    if name not in HELPS:
        raise NotFound("没有这一页帮助。")
    return render_template("help/screen.html", one=HELPS[name], words=WORDS, everywhere=EVERYWHERE)
