"""进度查询 and 评价: for everybody, on a phone first. One answer for every failure; nothing personal in an address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from flask import Blueprint, Response, make_response, render_template, request
from flask_wtf.csrf import CSRFError

from caseflow.desk.attempts import count_attempt, forgive
from caseflow.desk.rating import LONGEST_WORDS, rate
from caseflow.errors import BadInput, Fault, Refused
from caseflow.rules.rating import GRADES
from caseflow.store.db import writing
from caseflow.views.progress import STEPS, Progress, find_progress, read_code
from web.addresses import counted_address
from web.clock import now, today
from web.errors import page_again, reasons_of
from web.gate import db_engine, house, public

pages = Blueprint("public", __name__)

FAILED: Final = (
    "没有查到。请核对查询码和证件号码后四位（末位可能是字母 X）。"
    "多次没有查到的，暂时不能再查，请稍后再试，或到窗口、拨打咨询电话查询。"
)
STALE: Final = "页面打开过久，请重新填写后再提交。"


@pages.get("/progress")
@public
def progress() -> str:
    """The form; it takes nothing from the address."""
    return _form("")


@pages.post("/progress")
@public
def ask() -> Response:
    """The progress of one case, or the form again with the one sentence of every failure."""
    found = _found()
    return _failed() if found is None else make_response(_page(found))


@pages.post("/progress/rating")
@public
def send_rating() -> Response:
    """Keep the grade of an ended case, asked for by the same two entries."""
    found = _found()
    if found is None:
        return _failed()
    words, grade = request.form.get("words", ""), _grade()
    try:
        with writing(db_engine()) as session:
            rate(session, house(), found.bureau, found.case_id, grade, words, now())
    except (BadInput, Refused) as error:
        return page_again(_page(found, reasons=reasons_of(error), words=words[:LONGEST_WORDS]), error)
    return make_response(_page(replace(found, grade=grade, may_rate=False), thanks=True))


@pages.errorhandler(CSRFError)
def stale(error: CSRFError) -> Response:
    """A form of another session, or of none: asked for anew."""
    return make_response(_form(STALE), error.code)


def _found() -> Progress | None:
    """The case asked for; None where there is none, the number is wrong, or too much was asked."""
    code = read_code(request.form.get("code", ""))
    with writing(db_engine()) as session:
        attempt = count_attempt(session, house(), counted_address(), code, now())
        if not attempt.allowed:
            return None
        found = find_progress(session, house(), code, request.form.get("last_four", ""), today())
        if found is not None:
            forgive(session, attempt)
    return found


def _grade() -> int:
    """The grade chosen; 0, which is none, for anything else."""
    return {str(grade): grade for grade in GRADES}.get(request.form.get("grade", ""), 0)


def _failed() -> Response:
    return page_again(_form(FAILED), BadInput([Fault("", FAILED)]))


def _form(text: str) -> str:
    return render_template("public/ask.html", failure=text, bureaus=list(house().catalogue.bureaus.values()))


def _page(found: Progress, *, reasons: Sequence[str] = (), thanks: bool = False, words: str = "") -> str:
    return render_template(
        "public/case.html",
        case=found,
        steps=STEPS,
        grades=GRADES,
        longest_words=LONGEST_WORDS,
        call_back_days=house().catalogue.bureau(found.bureau).follow_up["call_back"],
        code=read_code(request.form.get("code", "")),
        last_four=request.form.get("last_four", "")[:8],
        reasons=reasons,
        thanks=thanks,
        words=words,
    )
