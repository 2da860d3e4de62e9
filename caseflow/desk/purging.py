"""Destroying cases whose time of keeping is over, whole and with a tombstone; and the hold that forbids it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, exists, func, insert, select

from caseflow.desk.recording import Happened, record
from caseflow.errors import BadInput, Fault, NotFound, Refusal, Refused
from caseflow.house import Actor, House, beijing_day
from caseflow.rules.entries import text_fault
from caseflow.rules.retention import Retention, kept_until, retention_of
from caseflow.store.files import forget as forget_file
from caseflow.store.guards import PurgeRow, tombstone_mac
from caseflow.store.keeping_models import StoredFileRow
from caseflow.store.models import (
    CaseRow,
    DeadlineRow,
    EventRow,
    MaterialRow,
    PaperRow,
    PauseRow,
    PersonRow,
    StatementRow,
)
from caseflow.store.office_models import OrderRow, OrderWordRow
from caseflow.store.side_models import (
    AccessRow,
    AttachmentRow,
    BrokenWordRow,
    MessageRow,
    OutboxRow,
    PaymentRow,
    RatingRow,
)

__all__ = ["Due", "due_cases", "forget_file", "held", "hold", "purge_case", "release"]

HOLD: Final = "hold"
RELEASE: Final = "release_hold"
"""What a history says of a case that must not be destroyed, and of the end of that."""

OF_CASE: Final[Sequence[type[Any]]] = (
    *(AccessRow, PaymentRow, BrokenWordRow, AttachmentRow, RatingRow, StatementRow, DeadlineRow, PauseRow),
    *(MaterialRow, PaperRow, PersonRow, EventRow, MessageRow, OutboxRow),
)
"""The tables whose rows of a case go one statement each, children first; orders and files have a way of their own."""

_BATCH: Final = 200
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Due:
    """A case that may be destroyed: why, until when it had to be kept, and the sealed files that go with it."""

    bureau: str
    case_id: int
    number: str
    item_name: str
    ended_on: date
    retention: Retention
    kept_until: date


def due_cases(session: Connection, house: House, bureau: str, before: date, after: int) -> tuple[list[Due], int | None]:
    """Of the next ended cases after that row id, those whose keeping ended before that day; and the id to go on from.

    None to go on from at the end. Left out are cases under a hold, with anything still running, and the newest.
    """
    query = (
        select(CaseRow.id, CaseRow.number, CaseRow.item_name, CaseRow.flow, CaseRow.ended_on, CaseRow.amount_fen)
        .where(CaseRow.bureau == bureau, CaseRow.is_open == 0, CaseRow.ended_on < before, CaseRow.id > after)
        .order_by(CaseRow.id)
        .limit(_BATCH)
    )
    rows = session.execute(query).all()
    due = [one for one in (_due(session, house, bureau, row) for row in rows) if one is not None]
    return [one for one in due if one.kept_until < before], rows[-1].id if rows else None


def _due(session: Connection, house: House, bureau: str, row: Any) -> Due | None:
    settings = house.catalogue.bureaus[bureau].retention if bureau in house.catalogue.bureaus else {}
    retention = retention_of(row.flow, paid=row.amount_fen is not None, settings=settings)
    if retention is None or _still_needed(session, bureau, row.id):
        return None
    closed = max(row.ended_on, _last_day(session, bureau, row.id))
    return Due(bureau, row.id, row.number, row.item_name, row.ended_on, retention, kept_until(closed, retention))


def _last_day(session: Connection, bureau: str, case_id: int) -> date:
    """The last day on which anything was done about the case itself."""
    done = select(func.max(EventRow.on_day)).where(EventRow.bureau == bureau, EventRow.case_id == case_id)
    last: date | None = session.execute(done.where(EventRow.action.not_in([HOLD, RELEASE]))).scalar_one()
    return date.min if last is None else last


def _still_needed(session: Connection, bureau: str, case_id: int) -> bool:
    here = (DeadlineRow.bureau == bureau) & (DeadlineRow.case_id == case_id) & DeadlineRow.stopped_on.is_(None)
    order = (OrderRow.bureau == bureau) & (OrderRow.case_id == case_id) & OrderRow.closed_on.is_(None)
    letter = (OutboxRow.bureau == bureau) & (OutboxRow.case_id == case_id) & OutboxRow.done_at.is_(None)
    running = select(exists().where(here), exists().where(order), exists().where(letter))
    return any(session.execute(running).one()) or held(session, bureau, case_id) or _newest(session, case_id)


def _newest(session: Connection, case_id: int) -> bool:
    """SQLite would give the number of its newest row again: the seals and tombstones name rows by number."""
    newest = select(
        func.max(CaseRow.id), select(EventRow.case_id).order_by(EventRow.id.desc()).limit(1).scalar_subquery()
    )
    return case_id in tuple(session.execute(newest).one())


def held(session: Connection, bureau: str, case_id: int) -> bool:
    """Whether a hold forbids to destroy the case."""
    words = select(EventRow.action).where(
        EventRow.bureau == bureau, EventRow.case_id == case_id, EventRow.action.in_([HOLD, RELEASE])
    )
    return session.execute(words.order_by(EventRow.seq.desc()).limit(1)).scalar_one_or_none() == HOLD


def purge_case(session: Connection, house: House, due: Due, by: str, now: datetime) -> tuple[str, ...]:
    """Destroy one case and leave its tombstone; the names of its files, to be taken away after the commit.

    Refused where it may not go on that day; NotFound where it is gone. `by` says who approved it, under what number.
    """
    case = _whole_case(session, due)
    if beijing_day(now) <= due.kept_until or _still_needed(session, due.bureau, due.case_id):
        raise Refused([Refusal("kept", f"{due.number} 还不能销毁")])
    files = _files_of(session, due)
    stone = _tombstone(session, house, due, case, by, now)
    session.execute(insert(PurgeRow).values(stone))
    for statement in _removals(session, due):
        session.execute(statement)
    return files


def _whole_case(session: Connection, due: Due) -> Any:
    query = select(CaseRow.version, CaseRow.chain, CaseRow.item_key, CaseRow.ended_on)
    mine = query.where(CaseRow.bureau == due.bureau, CaseRow.id == due.case_id, CaseRow.is_open == 0).with_for_update()
    found = session.execute(mine).one_or_none()
    if found is None:
        raise NotFound("没有这个办件，或已销毁")
    return found


def _tombstone(session: Connection, house: House, due: Due, case: Any, by: str, now: datetime) -> dict[str, Any]:
    stone = {
        "bureau": due.bureau,
        "case_id": due.case_id,
        "number": due.number,
        "item_key": case.item_key,
        "ended_on": case.ended_on,
        "retention": due.retention.key,
        "kept_until": due.kept_until,
        "events": case.version,
        "chain": case.chain,
        "removed": _counted(session, due),
        "purged_on": beijing_day(now),
        "purged_at": now,
        "by_id": None,
        "by_name": by,
    }
    return {**stone, "mac": tombstone_mac(house.keys, stone)}


def _counted(session: Connection, due: Due) -> dict[str, int]:
    """How many rows of each table go."""
    counts = {}
    for table in OF_CASE:
        query = select(func.count()).where(table.bureau == due.bureau, table.case_id == due.case_id)
        if count := session.execute(query).scalar_one():
            counts[str(table.__tablename__)] = count
    return counts


def _removals(session: Connection, due: Due) -> Iterator[Any]:
    attached = select(AttachmentRow.id).where(AttachmentRow.bureau == due.bureau, AttachmentRow.case_id == due.case_id)
    yield delete(StoredFileRow).where(StoredFileRow.attachment_id.in_(attached))
    orders = select(OrderRow.id).where(OrderRow.bureau == due.bureau, OrderRow.case_id == due.case_id)
    # An order refers to the one it follows, so the newest goes first, and each by itself.
    for order_id in session.execute(orders.order_by(OrderRow.id.desc())).scalars().all():
        yield delete(OrderWordRow).where(OrderWordRow.bureau == due.bureau, OrderWordRow.order_id == order_id)
        yield delete(OrderRow).where(OrderRow.bureau == due.bureau, OrderRow.id == order_id)
    for table in OF_CASE:
        yield delete(table).where(table.bureau == due.bureau, table.case_id == due.case_id)
    yield delete(CaseRow).where(CaseRow.bureau == due.bureau, CaseRow.id == due.case_id)


def _files_of(session: Connection, due: Due) -> tuple[str, ...]:
    """The names of the case's sealed files, and of plain ones that no other case needs."""
    attached = (AttachmentRow.bureau == due.bureau) & (AttachmentRow.case_id == due.case_id)
    sealed = select(StoredFileRow.name).join(AttachmentRow).where(attached)
    plain = select(AttachmentRow.sha256).outerjoin(StoredFileRow).where(StoredFileRow.attachment_id.is_(None))
    elsewhere = plain.where(~attached).scalar_subquery()
    lonely = plain.where(attached, AttachmentRow.sha256.not_in(elsewhere)).distinct()
    return (*session.execute(sealed).scalars().all(), *session.execute(lonely).scalars().all())


def hold(session: Connection, house: House, actor: Actor, number: str, reason: str, now: datetime) -> None:
    """Forbid to destroy a case of the actor's bureau, with a reason in its history; BadInput, NotFound, Refused."""
    _mark(session, house, actor, number, reason, HOLD, now)


def release(session: Connection, house: House, actor: Actor, number: str, reason: str, now: datetime) -> None:
    """End a hold, with a reason in the history; BadInput, NotFound, Refused."""
    _mark(session, house, actor, number, reason, RELEASE, now)


def _mark(
    session: Connection, house: House, actor: Actor, number: str, reason: str, action: str, now: datetime
) -> None:
    fault = text_fault("原因", reason, _LONGEST) if reason.strip() else Fault("原因", "请写明原因")
    if fault is not None:
        raise BadInput([fault])
    columns = CaseRow.bureau, CaseRow.id, CaseRow.version, CaseRow.chain, CaseRow.state
    query = select(*columns).where(CaseRow.bureau == actor.bureau, CaseRow.number == number).with_for_update()
    case = session.execute(query).one_or_none()
    if case is None:
        raise NotFound("没有这个办件")
    if held(session, actor.bureau, case.id) == (action == HOLD):
        raise Refused([Refusal("hold", "本件已禁止销毁" if action == HOLD else "本件没有被禁止销毁")])
    record(session, house, case, [Happened(actor, action, {"reason": reason.strip()})], {}, now)
