"""What the database must say after any crash, compared with what was acknowledged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Engine, func, select

from caseflow.house import House
from caseflow.store.db import reading
from caseflow.store.models import (
    CaseRow,
    CounterRow,
    DeadlineRow,
    EventRow,
    MaterialRow,
    PaperRow,
    PersonRow,
    StatementRow,
)
from caseflow.store.side_models import PaymentRow
from caseflow.views.verifying import bureaus_of, check_batch
from tests.reliability.desks import Ack


@dataclass(frozen=True, slots=True)
class Audit:
    """Every fault found, by what it is; all empty where the promises hold."""

    lost: list[str]
    half: list[str]
    doubled: list[str]
    gaps: list[str]
    unasked: list[str]

    @property
    def clean(self) -> bool:
        return not (self.lost or self.half or self.doubled or self.gaps or self.unasked)


def audit(
    engine: Engine,
    house: House,
    acks: Collection[Ack] = (),
    tries: Collection[str] = (),
    *,
    one_road: bool = True,
    dates: bool = True,
) -> Audit:
    """Compare the database with what was acknowledged and asked for.

    Where all cases of an item go one road, their rows are compared too, with their dates where the clock stood still.
    """
    with reading(engine) as session:
        events = [tuple(row) for row in session.execute(select(EventRow.case_id, EventRow.seq, EventRow.action))]
        return Audit(
            lost=list(_lost(events, acks)),
            half=[*_heads(session), *_chains(session, house), *(_shapes(session, dates=dates) if one_road else ())],
            doubled=list(_doubled(events, acks)),
            gaps=[*_papers(session), *_numbers(session)],
            unasked=list(_unasked(session, tries)),
        )


def _lost(events: Iterable[tuple[int, int, str]], acks: Iterable[Ack]) -> Iterator[str]:
    """An acknowledged step that the history does not have at its place."""
    held = Counter(events)
    return (f"{ack} stands {held[ack[1:]]} times" for ack in acks if held[ack[1:]] != 1)


def _doubled(events: Iterable[tuple[int, int, str]], acks: Iterable[Ack]) -> Iterator[str]:
    """A step of a straight road that a case took twice, or a request answered in two ways."""
    taken = Counter((case, action) for case, _, action in events)
    yield from (f"case {case}: {action} {n} times" for (case, action), n in taken.items() if n > 1)
    answers = Counter(key for key, _ in {(ack.key, ack[1:]) for ack in acks})
    yield from (f"{key} was answered in {n} ways" for key, n in answers.items() if n > 1)


def _unasked(session: Connection, tries: Collection[str]) -> Iterator[str]:
    """A case or a step that nobody asked for."""
    asked = set(tries)
    if not asked:
        return
    for key, version in session.execute(select(CaseRow.request_key, CaseRow.version)):
        steps = {f"{key}.{n}" for n in range(version)}
        yield from sorted(steps - asked)


def _heads(session: Connection) -> Iterator[str]:
    """The version of a case is the number of entries of its history."""
    counted = select(EventRow.case_id, func.count().label("n")).group_by(EventRow.case_id).subquery()
    query = select(CaseRow.number, CaseRow.version, counted.c.n).outerjoin(counted, counted.c.case_id == CaseRow.id)
    for number, version, n in session.execute(query):
        if version != n:
            yield f"{number}: version {version}, {n} entries"


def _chains(session: Connection, house: House) -> Iterator[str]:
    """What `caseflow verify` reads."""
    for bureau in bureaus_of(session):
        after: int | None = 0
        while after is not None:
            checked = check_batch(session, house, bureau, after)
            yield from (f"{one.number} {one.seq}: {one.text}" for one in checked.broken)
            after = checked.last


def _shapes(session: Connection, *, dates: bool) -> Iterator[str]:
    """Cases of one item after the same number of steps look the same in every table."""
    shapes: dict[tuple[str, int], Counter[Any]] = {}
    parts = _parts(session, dates=dates)
    columns = [CaseRow.promised_due, CaseRow.statutory_due] if dates else []
    query = select(CaseRow.id, CaseRow.item_key, CaseRow.version, CaseRow.state, CaseRow.amount_fen, *columns)
    for row in session.execute(query):
        shape = (*row[3:], *(tuple(sorted(map(str, held.get(row.id, [])))) for held in parts))
        shapes.setdefault((row.item_key, row.version), Counter())[shape] += 1
    for (item, version), found in shapes.items():
        if len(found) > 1:
            yield f"{item} after {version} steps: {found.most_common()}"


def _parts(session: Connection, *, dates: bool) -> list[dict[int, list[tuple[Any, ...]]]]:
    """What every table holds of each case."""
    due = [DeadlineRow.started_on, DeadlineRow.due_on, DeadlineRow.stopped_on] if dates else []
    tables = [
        [DeadlineRow.case_id, DeadlineRow.kind, DeadlineRow.stopped_on.is_(None), *due],
        [PaperRow.case_id, PaperRow.kind],
        [PersonRow.case_id, PersonRow.part],
        [MaterialRow.case_id, MaterialRow.material, MaterialRow.mark],
        [StatementRow.case_id, StatementRow.place, StatementRow.amount_fen],
        [PaymentRow.case_id, PaymentRow.amount_fen],
    ]
    found = []
    for columns in tables:
        held: dict[int, list[tuple[Any, ...]]] = {}
        for row in session.execute(select(*columns)):
            held.setdefault(row[0], []).append(tuple(row[1:]))
        found.append(held)
    return found


def _papers(session: Connection) -> Iterator[str]:
    """The papers of a kind and year are numbered from 1 without a gap."""
    query = select(PaperRow.bureau, PaperRow.kind, PaperRow.year, PaperRow.serial)
    ordered = session.execute(query.order_by(PaperRow.bureau, PaperRow.kind, PaperRow.year, PaperRow.serial)).all()
    for kind, rows in groupby(ordered, key=lambda row: tuple(row[:3])):
        serials = [row.serial for row in rows]
        if serials != list(range(1, len(serials) + 1)):
            yield f"{kind}: {len(serials)} papers, the last is {serials[-1]}"


def _numbers(session: Connection) -> Iterator[str]:
    """The case numbers of a day and source are numbered from 1 without a gap, and the counter stands at the last."""
    numbers = sorted(session.execute(select(CaseRow.number)).scalars())
    for day, held in groupby(numbers, key=lambda number: number[:-6]):
        serials = [int(number[-6:]) for number in held]
        if serials != list(range(1, len(serials) + 1)):
            yield f"cases {day}: {len(serials)}, the last is {serials[-1]}"
    last = session.execute(select(func.sum(CounterRow.last)).where(CounterRow.kind.startswith("case:"))).scalar_one()
    if (last or 0) != len(numbers):
        yield f"the counters of cases stand at {last}, there are {len(numbers)}"
