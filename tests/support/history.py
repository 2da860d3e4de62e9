"""Cases put into a database in bulk, as the desk would have left them: for views that learn from hundreds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import count
from typing import Any

from sqlalchemy import Connection, insert, select

from caseflow.house import BEIJING
from caseflow.rules.calendar import WorkingCalendar
from caseflow.store.models import CaseRow, EditionRow, EventRow, PauseRow

Road = Sequence[tuple[str, int]]
"""The states of a case from its acceptance on, each with the working days it stayed there."""


@dataclass
class Archive:
    """Writes cases of one item of a bureau; each person who ends a stay is named by its state."""

    session: Connection
    calendar: WorkingCalendar
    bureau: str
    item: str
    flow: str
    by: dict[str, int]
    limit: int = 20
    statutory: int | None = None
    cases: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    pauses: list[dict[str, Any]] = field(default_factory=list)
    serial: count[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        query = select(EditionRow.id).where(EditionRow.bureau == self.bureau, EditionRow.item_key == self.item)
        self._edition = self.session.execute(query).scalars().first()
        last = self.session.execute(select(CaseRow.id).order_by(CaseRow.id.desc()).limit(1)).scalar() or 0
        self._base = last + 1_000_000

    def closed(self, start: date, road: Road, end: str = "closed") -> int:
        """A case accepted on `start` that ended with the last of its stays."""
        return self._case(start, road, end)

    def open(self, start: date, road: Road, state: str) -> int:
        """A case that has left every stay of `road` and stands in `state`."""
        return self._case(start, road, state)

    def paused(self, start: date, road: Road, state: str, since: date) -> int:
        """An open case whose clock was stopped in `state` on a day."""
        case_id = self._case(start, road, state)
        self.pauses.append(
            self._of(case_id)
            | {"kind": "鉴定", "basis": "", "reason": "试", "expected_days": 10, "excluded": 1, "from_on": since}
        )
        row = next(row for row in self.cases if row["id"] == case_id)
        row |= {"return_to": state, "state": "suspended", "promised_due": None, "statutory_due": None}
        seq = max(event["seq"] for event in self.events if event["case_id"] == case_id)
        self._event(case_id, seq + 1, since, state, "suspended")
        return case_id

    def write(self) -> None:
        """Put everything into the database."""
        for model, rows in ((CaseRow, self.cases), (EventRow, self.events), (PauseRow, self.pauses)):
            if rows:
                self.session.execute(insert(model), rows)
        self.cases, self.events, self.pauses = [], [], []

    def _of(self, case_id: int) -> dict[str, Any]:
        return {"bureau": self.bureau, "case_id": case_id}

    def _case(self, start: date, road: Road, state: str) -> int:
        n = next(self.serial)
        case_id = self._base + n
        day, before = start, "received"
        self._event(case_id, 1, start, "", "received")
        for seq, (here, days) in enumerate(road, 2):
            self._event(case_id, seq, day, before, here)
            day, before = self.calendar.add(day, days), here
        self._event(case_id, len(road) + 2, day, before, state)
        ended = state in {"closed", "refused", "declined", "withdrawn", "terminated"}
        self.cases.append(self._row(case_id, start, state, day if ended else None, day))
        return case_id

    def _event(self, case_id: int, seq: int, day: date, before: str, after: str) -> None:
        at = datetime.combine(day, time(11), BEIJING)
        self.events.append(
            self._of(case_id)
            | {"seq": seq, "at": at, "on_day": day, "actor_id": self.by.get(before), "actor_name": "某", "action": "x"}
            | {"from_state": before, "to_state": after, "detail": {}, "chain": ""}
        )

    def _row(self, case_id: int, start: date, state: str, ended: date | None, since: date) -> dict[str, Any]:
        return {
            "id": case_id,
            "bureau": self.bureau,
            "number": f"{case_id:024d}",
            "query_code": f"q{case_id}",
            "request_key": f"r{case_id}",
            "version": 1,
            "chain": "",
            "edition_id": self._edition,
            "item_key": self.item,
            "item_name": self.item,
            "flow": self.flow,
            "state": state,
            "is_open": int(ended is None),
            "return_to": "",
            "channel": "window",
            "state_since": since,
            "received_at": datetime.combine(start, time(10), BEIJING),
            "received_on": start,
            "accepted_on": start,
            "ended_on": ended,
            "decided_on": ended if state in {"closed", "refused"} else None,
            "promised_n": self.limit,
            "promised_unit": "working_day",
            "promised_due": self.calendar.add(start, self.limit),
            "statutory_n": self.statutory,
            "statutory_unit": None if self.statutory is None else "working_day",
            "statutory_due": None if self.statutory is None else self.calendar.add(start, self.statutory),
            "provisional": 0,
            "calendar_revision": self.calendar.revision,
            "answers": {},
            "fields": {},
            "applicant_name": "张霈",
            "applicant_initials": "zp",
            "applicant_last4": "002X",
            "applicant_index": "",
        }
