"""A case as every list shows it: one line, with the lamp its clock shows and the marks a clerk looks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, ScalarSelect, Select, Subquery, and_, func, literal, select

from caseflow.house import Actor
from caseflow.identity import IdKind, mask_name
from caseflow.rules.calendar import WorkingCalendar
from caseflow.rules.clock import Lamp, Reading
from caseflow.rules.supervision import LEVELS
from caseflow.store.models import CaseRow, DeadlineRow, EventRow, PauseRow, PersonRow, StaffRow
from caseflow.store.office_models import OrderRow
from caseflow.views import lamps
from caseflow.views.ordering import Place, waiting_due
from caseflow.workflows import FLOWS

AnySelect = Select[*tuple[Any, ...]]

STATES = {key: state for flow in FLOWS.values() for key, state in flow.states.items()}
UNCLAIMED: Final = "0"
"""The handler of the cases that nobody holds, as filters and groups name it."""

_WAITING_FOR = {"received": "应在此日前受理或一次性告知", "supplementing": "补正期限", "suspended": "特别程序预计结束"}


@dataclass(frozen=True, slots=True)
class Line:
    """One case as lists show it; `place` is where it stands in the order asked for.

    `reading` is None where no lamp shines, and `waiting` is said instead. `due` is the date the lamp speaks of: the
    promised one, else or past the law the statutory one, else the day of what `due_words` names.
    """

    id: int
    version: int
    number: str
    applicant: str
    last4: str
    item_key: str
    item_name: str
    state: str
    state_label: str
    received_on: date
    accepted_on: date | None
    handler_id: int | None
    handler: str
    channel: str
    statutory_due: date | None
    due: date | None
    due_words: str
    reading: Reading | None
    waiting: str
    marks: tuple[str, ...]
    place: Place

    @property
    def ticked(self) -> str:
        """The value of the box that ticks this case."""
        return f"{self.id}.{self.version}"

    @property
    def handler_key(self) -> str:
        """The group of this case where cases are grouped by person; "0" where nobody holds it."""
        return str(self.handler_id or 0)


def _of_case(model: type[EventRow | PersonRow | DeadlineRow | PauseRow | OrderRow]) -> ColumnElement[bool]:
    return and_(model.bureau == CaseRow.bureau, model.case_id == CaseRow.id)


def line_query(found: Subquery) -> AnySelect:
    """Everything a line shows, for the cases `found` names with their rank and place; still without an order."""
    returned = select(func.count()).where(_of_case(EventRow), EventRow.action == "send_back").scalar_subquery()
    stops = select(func.count()).where(_of_case(PauseRow)).scalar_subquery()
    agent = select(func.count()).where(_of_case(PersonRow), PersonRow.part == "agent").scalar_subquery()
    kind = (
        select(func.min(PersonRow.id_kind)).where(_of_case(PersonRow), PersonRow.part == "applicant").scalar_subquery()
    )
    columns = (
        *lamps.CLOCK_COLUMNS,
        CaseRow.version,
        CaseRow.number,
        CaseRow.item_key,
        CaseRow.item_name,
        CaseRow.is_open,
        CaseRow.channel,
        CaseRow.received_on,
        CaseRow.supplemented_on,
        CaseRow.handler_id,
        CaseRow.applicant_name,
        CaseRow.applicant_last4,
        StaffRow.name.label("handler"),
        returned.label("returned"),
        agent.label("agent"),
        stops.label("stops"),
        kind.label("id_kind"),
        waiting_due().label("waiting_due"),
        _order_level().label("order_level"),
        found.c.rank.label("rank"),
        found.c.place.label("place"),
    )
    joined = select(*columns).select_from(found).join(CaseRow, CaseRow.id == found.c.id)
    return joined.outerjoin(StaffRow, StaffRow.id == CaseRow.handler_id)


def _order_level() -> ScalarSelect[int]:
    """The level of the supervision order that runs about the case."""
    running = and_(_of_case(OrderRow), OrderRow.closed_on.is_(None))
    return select(func.max(OrderRow.level)).where(running).correlate(CaseRow).scalar_subquery()


def lines_of(
    session: Connection,
    calendar: WorkingCalendar,
    query: AnySelect,
    today: date,
    values: Mapping[str, Any] | None = None,
) -> tuple[Line, ...]:
    """The lines of a query made by `line_query`, asked with these values, with their lamps."""
    rows = session.execute(query, values).all()
    pauses = lamps.pauses_of(session, [row for row in rows if row.stops])
    readings = {row.id: lamps.reading_of(calendar, row, pauses, today) for row in rows if row.is_open}
    return tuple(_line(row, readings.get(row.id), today) for row in rows)


def lines_by_id(
    session: Connection, calendar: WorkingCalendar, actor: Actor, ids: Sequence[int], today: date
) -> dict[int, Line]:
    """These cases of the actor's bureau by id; what is no case of it is left out."""
    named = select(CaseRow.id, literal(0).label("rank"), CaseRow.id.label("place"))
    named = named.where(CaseRow.bureau == actor.bureau, CaseRow.id.in_(ids))
    return {line.id: line for line in lines_of(session, calendar, line_query(named.subquery()), today)}


def _line(row: lamps.AnyRow, reading: Reading | None, today: date) -> Line:
    organisation = row.id_kind == IdKind.CREDIT_CODE
    shining = reading is not None and reading.lamp is not None
    late_by_law = reading is not None and reading.lamp is Lamp.OVER_STATUTORY
    limit = row.statutory_due if late_by_law else row.promised_due or row.statutory_due
    return Line(
        id=row.id,
        version=row.version,
        number=row.number,
        applicant=mask_name(row.applicant_name, organisation=organisation),
        last4=row.applicant_last4,
        item_key=row.item_key,
        item_name=row.item_name,
        state=row.state,
        state_label=STATES[row.state].label,
        received_on=row.received_on,
        accepted_on=row.accepted_on,
        handler_id=row.handler_id,
        handler=row.handler or "",
        channel=row.channel,
        statutory_due=row.statutory_due,
        due=(limit or row.waiting_due) if row.is_open else None,
        due_words="" if limit or not row.is_open else _WAITING_FOR.get(row.state, ""),
        reading=reading if shining else None,
        waiting="" if shining else _waiting_text(row, today),
        marks=_marks(row, today),
        place=Place(row.rank, row.place, row.id),
    )


def _waiting_text(row: lamps.AnyRow, today: date) -> str:
    if not row.is_open:
        return str(STATES[row.state].label)
    late = row.waiting_due is not None and row.waiting_due < today
    return "逾期未告知" if late else "待受理"


def _marks(row: lamps.AnyRow, today: date) -> tuple[str, ...]:
    return tuple(text for text in (mark(row, today) for mark in _MARKS) if text)


def _lapsed(row: lamps.AnyRow, today: date) -> str:
    late = row.is_open and row.waiting_due is not None and row.waiting_due < today
    return {"supplementing": "补正逾期", "suspended": "停表到期"}.get(row.state, "") if late else ""


_MARKS: Final[tuple[Callable[[lamps.AnyRow, date], str], ...]] = (
    lambda row, _: f"督办{LEVELS.get(row.order_level, '')}" if row.order_level else "",
    _lapsed,
    lambda row, _: "代办" if row.agent else "",
    lambda row, _: f"退回{row.returned}次" if row.returned else "",
    lambda row, _: f"停表{row.stops}次" if row.stops > 1 else "",
    lambda row, _: "补正过" if row.supplemented_on else "",
    lambda row, _: {"online": "网上", "mail": "邮寄"}.get(row.channel, ""),
    lambda row, _: f"延期{row.extend}日" if row.extend else "",
)
"""The marks beside a line, in their order; a mark that does not hold is empty."""
