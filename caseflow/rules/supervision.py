"""督办: its levels, its causes, the time for an answer, and by how much a case is late for a cause. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from caseflow.rules.calendar import WorkingCalendar
from caseflow.rules.clock import Clocks, Lamp, Pause, over, read
from caseflow.rules.flow import Clock, Facts, State

LEVELS: Final[Mapping[int, str]] = {1: "提醒", 2: "黄牌", 3: "红牌"}
GRAVEST: Final = 3
ANSWER_DAYS: Final = (3, 2, 1)
"""Working days for the answer to an order of each level, where the bureau sets none."""

CAUSES: Final[Mapping[str, str]] = {
    "statutory": "超法定",
    "promised": "超承诺",
    "stage": "环节超时",
    "today": "今日到期",
    "soon": "临期",
    "paused": "停表",
    "pause_over": "停表到期",
    "supplement": "补正逾期",
    "notice": "逾期未告知",
    "promises": "容缺/承诺待补",
    "bad_rating": "差评待办",
    "unclaimed": "待领取",
}
"""Why a case is ordered, in the words and the order of the board."""

KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "stage": ("stage",),
    "pause_over": ("suspension",),
    "supplement": ("supplement",),
    "notice": ("notice",),
    "promises": ("deferral", "commitment"),
    "bad_rating": ("call_back", "rectify"),
}
"""The deadlines behind a cause that is not about the two limits."""

AFTERWARDS: Final = ("promises", "bad_rating")
"""Causes that outlive completion, and hold while their deadline runs, late or not."""


def days_over(calendar: WorkingCalendar, clocks: Clocks, state: State, facts: Facts, cause: str) -> int | None:
    """Working days by which the case is late for this cause, 0 where it is not late; None: the cause does not hold."""
    if cause in KINDS:
        running = [facts.running[kind] for kind in KINDS[cause] if kind in facts.running]
        return _since(calendar, min(running, default=None), facts.today, holds=cause in AFTERWARDS)
    if not state.open:
        return None
    if cause == "unclaimed":
        return 0 if facts.handler is None else None
    if cause == "paused":
        return 0 if state.clock is Clock.PAUSED else None
    return _of_limit(calendar, clocks, state, facts, cause)


def _since(calendar: WorkingCalendar, due_on: date | None, today: date, *, holds: bool) -> int | None:
    """Days late on a running deadline; one that is not late yet counts where the cause `holds` all the same."""
    if due_on is None:
        return None
    if due_on < today:
        return over(calendar, due_on, today)
    return 0 if holds else None


def _of_limit(calendar: WorkingCalendar, clocks: Clocks, state: State, facts: Facts, cause: str) -> int | None:
    due_on = {"statutory": facts.statutory_due, "promised": facts.promised_due}.get(cause)
    if due_on is not None:
        return late_by(calendar, due_on, facts.today, clocks.pauses) or None
    reading = read(calendar, clocks, facts.today, paused=state.clock is Clock.PAUSED)
    lamp = {"today": Lamp.TODAY, "soon": Lamp.SOON}.get(cause)
    return 0 if lamp is not None and reading.lamp is lamp else None


def late_by(calendar: WorkingCalendar, due_on: date, today: date, pauses: Sequence[Pause] = ()) -> int:
    """Working days late as a lamp shows them; 0 up to and on the due day."""
    return over(calendar, due_on, today, pauses) if due_on < today else 0
