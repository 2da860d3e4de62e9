"""The same request sent twice acts once: its key is written with its effect, and answers for it afterwards.

The key is claimed first, in the transaction of the effect. A second sender of the same key waits there until the first
has committed, then finds the answer; where the first failed or died, nothing is left of its claim, and the second acts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from caseflow.errors import Refusal, Refused
from caseflow.house import Actor
from caseflow.store.db import is_sqlite
from caseflow.store.request_keys import RequestKeyRow

KEPT_FOR: Final = timedelta(days=7)
"""How long the answer to a request is remembered."""

LONGEST_KEY: Final = 128

_OTHER: Final = "这份表单已经提交并办理过，本次内容与上次不同，没有再办。请打开最新页面核对后再办"


@dataclass(frozen=True, slots=True)
class Request:
    """One request as its sender named it: the key, and a digest of everything sent with it.

    `part` tells apart what one request does in several transactions, such as the cases of a bulk.
    """

    key: str
    body: str
    part: str = ""

    def digest(self, actor: Actor) -> str:
        """Under which it is remembered: nobody finds, or blocks, another person's key."""
        return sha256(f"{actor.id}\n{self.part}\n{self.key}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Answered:
    """The request took effect before; what was answered then."""

    answer: Any


def claim(session: Connection, actor: Actor, request: Request, now: datetime) -> Answered | None:
    """None where this request is new and may act now; its answer where it acted before.

    Waits for another sender of the same key. Refused where the key was used with other contents.
    """
    digest = request.digest(actor)
    row = {"bureau": actor.bureau, "staff_id": actor.id, "body": request.body, "answer": "null", "at": now}
    insert = sqlite_insert if is_sqlite(session) else postgres_insert
    new = insert(RequestKeyRow).values(digest=digest, **row).on_conflict_do_nothing(index_elements=["digest"])
    if session.execute(new.returning(RequestKeyRow.digest)).first() is not None:
        return None
    query = select(RequestKeyRow.body, RequestKeyRow.answer).where(RequestKeyRow.digest == digest)
    found = session.execute(query).one()
    if found.body != request.body:
        raise Refused([Refusal("sent_before", _OTHER)])
    return Answered(json.loads(found.answer))


def remember(session: Connection, actor: Actor, request: Request, answer: object) -> None:
    """Keep what the claimed request answers, in the transaction of its effect; None needs no keeping."""
    if answer is None:
        return
    mine = update(RequestKeyRow).where(RequestKeyRow.digest == request.digest(actor))
    session.execute(mine.values(answer=json.dumps(answer)))


def sweep_request_keys(session: Connection, now: datetime) -> int:
    """Forget the answers given more than seven days ago; how many."""
    return session.execute(delete(RequestKeyRow).where(RequestKeyRow.at <= now - KEPT_FOR)).rowcount
