"""Desks under load: processes that take cases along their roads, and say of each step when it was acknowledged.

A line `try` is on the file before a step is asked for, a line `ack` after the transaction context returned: what was
acknowledged survives the kill of the process. Whoever goes on with a killed desk's file sends its last request again,
under the same key, as a client does that got no answer.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count, takewhile
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, event, select
from sqlalchemy.exc import DBAPIError

from caseflow.desk.handling import advance
from caseflow.desk.intake import register
from caseflow.desk.once import Answered, Request, claim, remember
from caseflow.errors import CaseflowError, Unavailable
from caseflow.house import House
from caseflow.store.db import create_engine_for, writing
from caseflow.store.models import StaffRoleRow, StaffRow
from tests.support.office import MORNING, ROLES, Actor, Office
from tests.support.roads import ROADS

MASTER = "_sxRog35kE0cD5sLRU63Fyx9L6sFzfxp9X3EwQgKcmw="
HOUSE = House.open(MASTER)
"""Opened where the processes are forked from, so that each begins at once."""

KINDS = {"transfer-continuation": ROADS["standard"][0][1], "inpatient-reimbursement": ROADS["payment"][1][1]}
"""Items and their whole roads: every step of them is one entry of the history."""

RETRY_SECONDS = 0.02


class Ack(NamedTuple):
    """A step that was acknowledged: its key, the case, the entry of its history, and the action."""

    key: str
    case_id: int
    seq: int
    action: str


@dataclass
class Journal:
    """The file of one desk."""

    path: Path

    def write(self, *words: object) -> None:
        """One line, handed to the system in one call: it outlives the process."""
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, ("\t".join(map(str, words)) + "\n").encode())
        os.close(file)

    def lines(self) -> list[list[str]]:
        if not self.path.exists():
            return []
        return [line.split("\t") for line in self.path.read_text(encoding="utf-8").splitlines()]

    def acks(self) -> list[Ack]:
        return [Ack(words[1], int(words[2]), int(words[3]), words[4]) for words in self.lines() if words[0] == "ack"]

    def tries(self) -> set[str]:
        """The keys under which anything was asked for."""
        return {words[1] for words in self.lines() if words[0] == "try"}


def open_desk(engine: Engine) -> Office:
    """The office as it stands in the database, with the house that every process knows."""
    with writing(engine) as session:
        rows = session.execute(
            select(StaffRow.id, StaffRow.number, StaffRow.name, StaffRoleRow.role)
            .join(StaffRoleRow, StaffRoleRow.staff_id == StaffRow.id)
            .where(StaffRow.bureau == "shawan", StaffRow.name.in_(ROLES))
        ).all()
    staff = {row.role: Actor(row.id, row.number, row.name, "shawan", frozenset({row.role}), "A区3号") for row in rows}
    return Office(engine, HOUSE, "shawan", staff, MORNING)


def work(url: str, path: Path, asynchronous: bool = False) -> None:
    """Take cases along their roads until killed, or until whoever started it is gone."""
    engine, started_by = create_engine_for(url), os.getppid()
    if asynchronous:
        event.listen(engine, "connect", answer_too_early)
    desk = Desk(open_desk(engine), Journal(path))
    # In the control the database forgets what it acknowledged; whoever finds the case gone goes on with the next.
    forgotten = (CaseflowError, DBAPIError) if asynchronous else ()
    for key, kind in takewhile(lambda _: os.getppid() == started_by, desk.cases()):
        with suppress(*forgotten):
            desk.take_along(key, kind)


def answer_too_early(connection: Any, _record: object) -> None:
    """The control: a commit that does not wait for the disk."""
    connection.execute("SET synchronous_commit TO off")
    connection.commit()


@dataclass
class Desk:
    """One person of every role, with a file of what was asked and acknowledged."""

    office: Office
    journal: Journal

    def cases(self) -> Iterator[tuple[str, str]]:
        """The case a killed desk was at, then new ones; each with its item."""
        begun = {key.rpartition(".")[0] for key in self.journal.tries()}
        for n in count(max(0, len(begun) - 1)):
            yield f"{self.journal.path.stem}-{n}", list(KINDS)[n % len(KINDS)]

    def take_along(self, key: str, kind: str) -> None:
        """Register a case and take every step of its road; what took effect before answers as it did."""
        case_id = self._once(f"{key}.0", "register", "clerk", lambda session: self._register(session, key, kind))
        for n, (by, action, details) in enumerate(KINDS[kind], 1):

            def step(session: Connection, n: int = n, by: str = by, action: str = action, told: Any = details) -> int:
                office = self.office
                actor = office.staff[by]
                advance(session, office.house, actor, case_id, n, action, told, office.now)
                return case_id

            self._once(f"{key}.{n}", action, by, step)

    def _register(self, session: Connection, key: str, kind: str) -> int:
        office = self.office
        application = office.application(kind, request_key=key)
        return register(session, office.house, office.staff["clerk"], application, office.now).id

    def _once(self, key: str, action: str, by: str, step: Callable[[Connection], int]) -> int:
        self.journal.write("try", key)
        while True:
            try:
                with writing(self.office.engine) as session:
                    case_id = once(session, self.office.staff[by], key, step)
            except Unavailable:
                # The database will be back: a client sends the same request again.
                time.sleep(RETRY_SECONDS)
                continue
            self.journal.write("ack", key, case_id, int(key.rpartition(".")[2]) + 1, action)
            return case_id


def once(session: Connection, actor: Actor, key: str, step: Callable[[Connection], int]) -> int:
    """What the web does with every request: claim its key, act, remember the answer."""
    request = Request(key, "the same")
    before = claim(session, actor, request, MORNING)
    if isinstance(before, Answered):
        return int(before.answer)
    told = step(session)
    remember(session, actor, request, told)
    return told
