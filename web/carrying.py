"""选错事项: the case is withdrawn as 录入错误 and its people are carried into a registration of the right item."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from caseflow.desk.carrying import carry_over
from caseflow.errors import BadInput, CaseChanged, CaseflowError, Fault, Refused
from caseflow.rules.entries import check_fields
from caseflow.rules.item import Item, applies
from caseflow.store.db import reading
from caseflow.views.casefile import load_case
from web import intake_form as forms
from web.clock import now, today
from web.decisions import need_faults
from web.errors import status_of
from web.forms import by_field
from web.gate import allow, current_actor, db_engine, house
from web.intake_form import Draft
from web.once import once

pages = Blueprint("carrying", __name__)


@pages.get("/cases/<number>/carry")
@allow("register")
def choose(number: str) -> Response:
    """The right item, then its questions and fields."""
    draft = Draft({"item": request.args.get("item", ""), "request_key": secrets.token_urlsafe(24)})
    return _page(number, draft)


@pages.post("/cases/<number>/carry")
@allow("register")
def carry(number: str) -> AnyResponse:
    """Withdraw and register in one transaction; the materials are checked on the new case."""
    draft = forms.read_draft(request.form)
    item = house().catalogue.item(current_actor().bureau, draft["item"])
    draft = forms.stray_answers(item, draft)
    faults = _faults(item, draft)
    if faults:
        return _page(number, draft, tuple(faults), BadInput(faults))
    try:
        carried = once(lambda session: _carried(session, number, draft))
    except (BadInput, Refused, CaseChanged) as error:
        return _page(number, draft, tuple(forms.placed(item, need_faults("carry", error))), error)
    return redirect(url_for("cases.show", number=carried), 303)


def _faults(item: Item, draft: Draft) -> list[Fault]:
    """Everything that can be said before the case is touched, so that it is said at once."""
    _, field_faults = check_fields(item, draft.answers, draft.under("f."))
    faults = [*forms.unusable(draft), *forms.check_situations(item, draft), *forms.placed(item, field_faults)]
    return faults if draft["reason"].strip() else [*faults, Fault("reason", "请填写转登记的理由")]


def _carried(session: Any, number: str, draft: Draft) -> str:
    file = load_case(session, house(), current_actor(), number, today())
    ref = carry_over(
        session,
        house(),
        current_actor(),
        file.case.record.id,
        int(draft["version"]) if draft["version"].isdecimal() and len(draft["version"]) < 10 else -1,  # noqa: PLR2004
        draft["item"],
        draft.answers,
        draft.under("f."),
        {},
        draft["reason"],
        draft["request_key"],
        now(),
    )
    return ref.number


def _page(number: str, draft: Draft, faults: tuple[Fault, ...] = (), error: CaseflowError | None = None) -> Response:
    actor = current_actor()
    with reading(db_engine()) as session:
        file = load_case(session, house(), actor, number, today())
    item = house().catalogue.item(actor.bureau, draft["item"]) if draft["item"] else None
    html = render_template(
        "case/carry.html",
        file=file,
        item=item,
        others=[one for one in house().catalogue.items_of(actor.bureau) if one.key != file.case.record.item_key],
        typed=forms.Typed(draft.typed),
        faults=by_field(faults),
        reasons=forms.summary(item, faults) if item else [],
        fields_shown=_shown(item, draft),
    )
    return make_response(html, status_of(error) if error else 200)


def _shown(item: Item | None, draft: Draft) -> set[str]:
    """The fields that may apply under the answers so far."""
    return {one.key for one in item.fields if applies(one.when, draft.answers) is not False} if item else set()
