"""One step over the ticked cases of a list: each in a transaction of its own, and a result for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from re import ASCII, fullmatch
from typing import Any

from flask import render_template, request

from caseflow.desk.handling import advance
from caseflow.errors import (
    BadInput,
    CaseChanged,
    CaseflowError,
    NotAllowed,
    NotFound,
    OutsideCalendar,
    Refused,
    Unavailable,
)
from caseflow.store.db import reading
from caseflow.views.calendar_page import working_calendar
from caseflow.views.lines import Line, lines_by_id
from web.clock import now, today
from web.errors import reasons_of
from web.forms import Entries
from web.gate import current_actor, db_engine, house
from web.once import once

MOST_AT_ONCE = 50
OUTCOMES = {"refused": "未办理", "changed": "已有变化", "missing": "没有找到", "untried": "没有轮到", "done": "已办理"}
"""How a case of the bulk can end, in the order of the results page."""

_ONE_CASE_ONLY = (BadInput, CaseChanged, NotAllowed, NotFound, OutsideCalendar, Refused)

Step = Callable[[Any, int, int], object]
"""What is done to one case: the open transaction, the case's id, the version its form showed."""


@dataclass(frozen=True, slots=True)
class Ticked:
    """A case as it was ticked: its id, and the version the list showed."""

    id: int
    version: int


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one ticked case: a key of OUTCOMES with every reason; `line` is the case as it stands now."""

    case_id: int
    outcome: str
    reasons: tuple[str, ...]
    line: Line | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A bulk form that was not taken: what was ticked and typed on it, and what is wrong."""

    error: BadInput
    ticked: frozenset[str]
    typed: Mapping[str, str]

    @classmethod
    def of(cls, error: BadInput, *names: str) -> Refusal:
        """The form in hand, with these of its entries."""
        typed = {name: request.form.get(name, "") for name in names}
        return cls(error, frozenset(request.form.getlist("case")), typed)

    @property
    def reasons(self) -> list[tuple[str, str]]:
        """What is wrong, each with its entry where the form shows one."""
        return [(fault.place if fault.place in self.typed else "", fault.text) for fault in self.error.faults]


def ticked_cases(entries: Entries) -> tuple[Ticked, ...]:
    """The cases ticked on the form, each once; a fault where there are none, too many, or something else."""
    values = dict.fromkeys(request.form.getlist("case"))
    found = [fullmatch(r"(\d{1,18})\.(\d{1,9})", value, ASCII) for value in values]
    if not found or len(found) > MOST_AT_ONCE:
        entries.fault("case", f"请勾选 1 至 {MOST_AT_ONCE} 件")
    if None in found:
        entries.fault("case", "勾选的办件不正确")
    return tuple(Ticked(int(match[1]), int(match[2])) for match in found if match is not None)


def for_each(chosen: Sequence[Ticked], step: Step) -> tuple[Result, ...]:
    """Do the step to each case by itself; what one case refuses holds up no other.

    Where the database stops answering, the cases that follow are left alone and said to be untried.
    """
    ended: list[tuple[int, str, tuple[str, ...]]] = []
    for n, one in enumerate(chosen):
        try:
            once(partial(_one, step, one), part=str(one.id))
        except Unavailable as error:
            ended += [(left.id, "untried", (str(error),)) for left in chosen[n:]]
            break
        except _ONE_CASE_ONLY as error:
            ended.append((one.id, _outcome(error), tuple(reasons_of(error))))
        else:
            ended.append((one.id, "done", ()))
    lines = _lines([case_id for case_id, _, _ in ended])
    order = list(OUTCOMES)
    results = (Result(case_id, outcome, told, lines.get(case_id)) for case_id, outcome, told in ended)
    return tuple(sorted(results, key=lambda result: order.index(result.outcome)))


def _one(step: Step, one: Ticked, session: Any) -> None:
    step(session, one.id, one.version)


def advance_each(chosen: Sequence[Ticked], action: str, details: dict[str, str]) -> tuple[Result, ...]:
    """Take one and the same step of the flow on each case."""

    def step(session: Any, case_id: int, version: int) -> object:
        return advance(session, house(), current_actor(), case_id, version, action, details, now())

    return for_each(chosen, step)


def results_page(title: str, results: Sequence[Result], back: str) -> str:
    """办理结果: a summary, one row for each case with what was refused first, and the way back to the list."""
    counts = {key: sum(result.outcome == key for result in results) for key in OUTCOMES}
    return render_template("results.html", what=title, results=results, counts=counts, outcomes=OUTCOMES, back=back)


def _outcome(error: CaseflowError) -> str:
    if isinstance(error, CaseChanged):
        return "changed"
    return "missing" if isinstance(error, NotFound) else "refused"


def _lines(ids: Sequence[int]) -> dict[int, Line]:
    """The cases as they stand after the bulk; none where the database does not answer any more."""
    try:
        with reading(db_engine()) as session:
            calendar = working_calendar(session, house(), current_actor().bureau)
            return lines_by_id(session, calendar, current_actor(), ids, today())
    except Unavailable:
        return {}
