"""上一件 and 下一件: a case opened from a list keeps the list in its address, through every form and answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Flask, has_request_context, request, url_for

from caseflow.errors import BadInput
from caseflow.store.db import reading
from caseflow.views.worklist import Neighbour, neighbours
from web.clock import today
from web.forms import Entries
from web.frame import bureau_calendar
from web.gate import current_actor, db_engine
from web.listing import Listing, place_of, place_text, read_query

LIST, AT = "list", "at"
"""The entries of a case's address: the query of its list, and where the case stood there."""


@dataclass(frozen=True, slots=True)
class Walk:
    """The addresses before, after and above a case in its list; empty at either end."""

    previous: str
    next: str
    back: str


def install(app: Flask) -> None:
    """Give templates `walk()`, and let every address of the case in hand carry its list on."""
    app.jinja_env.globals.update(walk=walk)
    app.url_defaults(_carry_on)


def walk() -> Walk | None:
    """The neighbours of the case in hand in the list it was opened from; None where it came from no list."""
    if not request.args.get(LIST) or not request.args.get(AT):
        return None
    actor = current_actor()
    try:
        listing, _ = read_query(request.args[LIST], actor)
    except BadInput:
        return None
    here = place_of(Entries(request.args), listing.order.sort, field=AT)
    if here is None:
        return None
    with reading(db_engine()) as session:
        before, after = neighbours(
            session, bureau_calendar(session), actor, listing.filters, today(), listing.order, here
        )
    return Walk(_address(listing, before), _address(listing, after), listing.address())


def _address(listing: Listing, case: Neighbour | None) -> str:
    if case is None:
        return ""
    return url_for("cases.show", number=case.number, list=listing.text, at=place_text(case.place))


def _carry_on(endpoint: str, values: dict[str, Any]) -> None:
    """The list of the case in hand goes into the addresses of this case, and of no other."""
    here = (request.view_args or {}).get("number") if has_request_context() else None
    if here is None or endpoint == "static" or values.get("number") != here:
        return
    for name in (LIST, AT):
        if name in request.args:
            values.setdefault(name, request.args[name])
