"""附件: the scans of a case by material line; added and removed while it is open, handed out only as downloads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse

from caseflow.desk.attachments import MOST_BYTES_OF_CASE, attach, detach, may_change
from caseflow.errors import BadInput, CaseChanged, CaseflowError, Fault, NotFound, Refused
from caseflow.store.db import reading
from caseflow.views.attachments import attachments_of, load_download
from caseflow.views.casefile import CaseFile, load_case
from web.clock import now, today
from web.errors import page_again, reasons_of
from web.forms import is_printable
from web.gate import allow, current_actor, db_engine, house
from web.once import once

pages = Blueprint("attachments", __name__)

MOST_BYTES: Final = 52 * 1024 * 1024
"""One form of files, a little over what one case may hold; every other form keeps the application's bound."""

MOST_FILES: Final = 20
_ROOT: Final = "caseflow_files"
_SANDBOX: Final = "sandbox; default-src 'none'"
_TOO_LARGE: Final = f"一次上传的文件合计不能超过 {MOST_BYTES_OF_CASE // 1024 // 1024} MB"


def install(app: Flask, root: Path) -> None:
    """Keep the folder the files lie in; it is no part of what the web serves."""
    app.extensions[_ROOT] = root


@pages.url_value_preprocessor
def widen(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Files may be larger than any other form; set before the check of form tokens reads the body."""
    if endpoint == "attachments.add":
        request.max_content_length = MOST_BYTES


@pages.errorhandler(RequestEntityTooLarge)
def too_large(_error: RequestEntityTooLarge) -> AnyResponse:
    """More than one form may hold: back to the page, which says so."""
    flash(_TOO_LARGE, "bad")
    return redirect(url_for("attachments.index", **(request.view_args or {})), 303)


@pages.get("/cases/<number>/attachments")
@allow("see_cases")
def index(number: str) -> str:
    """The attachments of a case by material line."""
    return _page(number, ())


@pages.post("/cases/<number>/attachments")
@allow("act_on_cases")
def add(number: str) -> AnyResponse:
    """Add the files chosen to one material line: all of them or none."""
    file = _load(number)
    try:
        uploads = _uploads()
        version = _whole(request.form.get("version", ""))
        once(lambda session: _attach_each(session, file.case.record.id, version, uploads))
    except (BadInput, Refused, CaseChanged) as error:
        return _refused(number, error)
    flash(f"已上传 {len(uploads)} 个附件。", "good")
    return redirect(url_for("attachments.index", number=number), 303)


@pages.get("/cases/<number>/attachments/<int:attachment_id>")
@allow("see_cases")
def download(number: str, attachment_id: int) -> Response:
    """One attachment, never shown inside the site: the browser saves it."""
    if not is_printable(number):
        raise NotFound("没有这个附件")
    with reading(db_engine()) as session:
        found = load_download(session, house(), _root(), current_actor(), number, attachment_id)
    response = make_response(found.content)
    response.headers["Content-Type"] = found.mime_type
    response.headers["Content-Disposition"] = found.disposition
    response.headers["Content-Security-Policy"] = _SANDBOX
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


@pages.post("/cases/<number>/attachments/<int:attachment_id>/remove")
@allow("act_on_cases")
def remove(number: str, attachment_id: int) -> AnyResponse:
    """Mark one attachment as removed, with a reason."""
    file = _load(number)
    version, reason = _whole(request.form.get("version", "")), request.form.get("reason", "")

    def take_off(session: Any) -> None:
        detach(session, house(), current_actor(), file.case.record.id, version, attachment_id, reason, now())

    try:
        once(take_off)
    except (BadInput, Refused, CaseChanged) as error:
        return _refused(number, error)
    flash("附件已移除，移除原因已记入办理过程。", "good")
    return redirect(url_for("attachments.index", number=number), 303)


def _attach_each(session: Any, case_id: int, version: int, uploads: Sequence[tuple[str, str, bytes]]) -> None:
    for upload in uploads:
        version = attach(session, house(), _root(), current_actor(), case_id, version, upload, now()).version


def _uploads() -> list[tuple[str, str, bytes]]:
    """The files chosen, each with its line and name; BadInput for none or too many."""
    material = request.form.get("material", "")
    given = [one for one in request.files.getlist("files") if one.filename]
    if not given:
        raise BadInput([Fault("", "请选择要上传的文件")])
    if len(given) > MOST_FILES:
        raise BadInput([Fault("", f"一次最多上传 {MOST_FILES} 个文件")])
    return [(material, one.filename or "", one.read()) for one in given]


def _root() -> Path:
    root: Path = current_app.extensions[_ROOT]
    return root


def _load(number: str) -> CaseFile:
    if not is_printable(number):
        raise NotFound("没有这个办件")
    with reading(db_engine()) as session:
        return load_case(session, house(), current_actor(), number, today())


def _refused(number: str, error: CaseflowError) -> Response:
    return page_again(_page(number, reasons_of(error)), error)


def _page(number: str, reasons: Sequence[str]) -> str:
    file = _load(number)
    with reading(db_engine()) as session:
        found = attachments_of(session, current_actor(), file.case.record.id)
    lines = [(line.key, line.name) for line in file.case.item.materials]
    return render_template(
        "attachments/list.html",
        file=file,
        reasons=reasons,
        lines=lines,
        groups=[(name, [one for one in found if one.material == key]) for key, name in lines],
        used=sum(one.size for one in found if one.removed_at is None),
        most=MOST_BYTES_OF_CASE,
        may_change=may_change(file.case, current_actor()),
    )


def _whole(text: str) -> int:
    """A version; -1, which none has, for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1  # noqa: PLR2004 - fits a column
