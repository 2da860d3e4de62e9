"""The one way in which a request changes something: once, however often its form or its Idempotency-Key is sent."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from hashlib import sha256
from typing import Any, TypeVar

from flask import Flask, request

from caseflow.desk.once import LONGEST_KEY, Answered, Request, claim, remember
from caseflow.errors import BadInput, Fault
from caseflow.store.db import writing
from web.clock import now
from web.gate import current_actor, db_engine

Told = TypeVar("Told")

HEADER = "Idempotency-Key"
FIELD = "request_key"
"""The hidden field of every form that changes something."""

_NOT_CONTENTS = (FIELD, "csrf_token")


def install(app: Flask) -> None:
    """Give templates a new key for every form."""
    app.jinja_env.globals["new_request_key"] = new_key


def new_key() -> str:
    """A key nobody can guess."""
    return secrets.token_urlsafe(18)


def once(work: Callable[[Any], Told], part: str = "") -> Told:
    """Do the work in a transaction of its own and give what it gave; sent again, give the same and do nothing.

    `work` takes the open transaction and gives what JSON can keep and nothing personal. Nothing is remembered of work
    that raises. Raises Refused where the key came with other contents before. A request without a key just acts.
    """
    asked = _asked(part)
    with writing(db_engine()) as session:
        if asked is None:
            return work(session)
        before = claim(session, current_actor(), asked, now())
        if isinstance(before, Answered):
            told: Told = before.answer
            return told
        told = work(session)
        remember(session, current_actor(), asked, told)
        return told


def _asked(part: str) -> Request | None:
    key = request.headers.get(HEADER) or request.form.get(FIELD, "")
    if not key:
        return None
    if len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise BadInput([Fault("", "表单编号不正确，请重新打开页面")])
    return Request(key, _contents(key), part)


def _contents(key: str) -> str:
    """A digest of what was sent, and where to; salted with the key, which is kept nowhere."""
    told = sha256(f"{key}\n{request.method} {request.path}\n{request.query_string!r}\n".encode())
    if request.mimetype == "application/json":
        told.update(request.get_data())
    for name, text in request.form.items(multi=True):
        if name not in _NOT_CONTENTS:
            told.update(f"{len(name)} {len(text)}\n{name}{text}".encode("utf-8", "surrogatepass"))
    for name, file in request.files.items(multi=True):
        told.update(f"\n{name}\n{file.filename}\n".encode("utf-8", "surrogatepass"))
        file.seek(0)
        told.update(file.read())
        file.seek(0)
    return told.hexdigest()
