"""Two bureaus in one installation, each with one of everything that an address can name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, func, select

from caseflow.desk import sessions
from caseflow.desk.attachments import attach
from caseflow.desk.drafts import save_draft
from caseflow.desk.intake import CaseRef
from caseflow.desk.messages import Note, tell
from caseflow.desk.office import Away, add_absence, add_place
from caseflow.desk.preferences import save_view
from caseflow.desk.supervision import issue_order
from caseflow.store.db import reading, writing
from caseflow.store.models import PaperRow, PersonRow
from caseflow.store.office_models import AbsenceRow, SavedViewRow, SectionRow, WindowRow
from caseflow.store.side_models import MessageRow
from tests.support.office import Office, open_office
from tests.support.roads import ACCEPT, HAND_OVER
from tests.support.scans import PDF

SPARE = {"spare": ("clerk",), "relief": ("clerk",)}
"""Two more clerks: accounts to be changed and to be away, so that nobody who acts loses the session by it."""


@dataclass(frozen=True, slots=True)
class Belongings:
    """One of everything in one bureau, by what an address or a form calls it; `mine` belong to one person."""

    office: Office
    ref: CaseRef
    ids: dict[str, str]

    def person(self, role: str) -> str:
        return str(self.office.staff[role].id)


def two_bureaus(engine: Engine, files: Path) -> tuple[Belongings, Belongings]:
    """Shawan and Shuimogou, each with a late case in review under an order, and everything around it."""
    first, second = open_office(engine, extra=SPARE), open_office(engine, "shuimogou", extra=SPARE)
    second.house = first.house
    return furnish(first, files), furnish(second, files)


def furnish(office: Office, files: Path) -> Belongings:
    """One of everything for this bureau; its clock goes 40 days on."""
    key = next(item.key for item in office.house.catalogue.items_of(office.bureau) if item.flow == "payment")
    ref = office.register(key)
    attachment = _attached(office, ref, files)
    for who, action, details in (ACCEPT, HAND_OVER, ("reviewer", "claim", {})):
        office.act(ref, who, action, **details)
    office.sleep(40)
    with writing(office.engine) as session:
        order = issue_order(
            session, office.house, office.staff["supervisor"], ref.id, None, 1, "statutory", "请说明", None, office.now
        )
        ids = _of_office(session, office) | _of_a_person(session, office, ref)
        ids |= {
            "paper_id": str(_newest(session, PaperRow)),
            "person": str(session.scalar(select(PersonRow.id).where(PersonRow.case_id == ref.id))),
        }
    ids |= {"number": ref.number, "case_id": str(ref.id), "attachment_id": attachment, "order_id": str(order.id)}
    ids |= {"bureau": office.bureau, "item": key, "staff": office.staff["spare"].number}
    return Belongings(office, ref, ids)


def _attached(office: Office, ref: CaseRef, files: Path) -> str:
    case = office.case(ref)
    upload = (next(iter(case.receipts)), "身份证.pdf", PDF)
    with writing(office.engine) as session:
        made = attach(
            session, office.house, files, office.staff["clerk"], ref.id, case.record.version, upload, office.now
        )
    return str(made.id)


def _of_office(session: Connection, office: Office) -> dict[str, str]:
    keeper = office.staff["administrator"]
    for kind, name in (("section", "受理科"), ("window", "一号窗口")):
        add_place(session, keeper, kind, name, office.now)
    day = office.now.date() + timedelta(days=5)
    add_absence(session, keeper, Away(office.staff["relief"].number, day, day), office.now)
    return {
        "absence_id": str(_newest(session, AbsenceRow)),
        "section": str(_newest(session, SectionRow)),
        "window": str(_newest(session, WindowRow)),
    }


def _of_a_person(session: Connection, office: Office, ref: CaseRef) -> dict[str, str]:
    """What belongs to the clerk alone: a kept list, an unsent form, a message, a place of being signed in."""
    clerk = office.staff["clerk"]
    save_view(session, clerk, "急件", "tab=mine", office.now)
    version = office.case(ref).record.version
    save_draft(session, office.house, clerk, f"register:unsent-{office.bureau}", {"item": "", "step": "1"}, office.now)
    save_draft(session, office.house, clerk, f"case:{ref.number}", {"version": str(version)}, office.now)
    tell(
        session, [(Note(office.bureau, ref.id, "order_issue", "请看", f"note:{office.bureau}"), [clerk.id])], office.now
    )
    here, there = (sessions.open_session(session, office.staff[who].id, "", office.now) for who in ("clerk", "spare"))
    return {
        "view_id": str(_newest(session, SavedViewRow)),
        "message_id": str(_newest(session, MessageRow)),
        "key": f"unsent-{office.bureau}",
        "session": sessions.digest_of(here)[: sessions.NAME_LENGTH],
        "spare_session": sessions.digest_of(there)[: sessions.NAME_LENGTH],
    }


def _newest(session: Connection, table: Any) -> int:
    return int(session.execute(select(func.max(table.id))).scalar_one())


def rows_of(office: Office, *tables: Any) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of these tables that is the bureau's or its people's."""
    people = [actor.id for actor in office.staff.values()]
    found = {}
    with reading(office.engine) as session:
        for table in tables:
            columns = table.c
            mine = columns.bureau == office.bureau if "bureau" in columns else columns.staff_id.in_(people)
            found[table.name] = sorted(tuple(row) for row in session.execute(select(table).where(mine)))
    return found
