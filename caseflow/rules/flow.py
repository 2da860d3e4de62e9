"""States, actions and the one decision: may this person take this step now, and where does it lead?

The only import of `transitions`. One model-less machine per flow, built once and fired on a throw-away position.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from transitions import EventData, Machine

from caseflow.errors import Refusal
from caseflow.rules.checklist import Checklist
from caseflow.rules.past import Extension

ROLES = {
    "clerk": "窗口人员",
    "reviewer": "审核人员",
    "checker": "复核人员",
    "approver": "审批人",
    "cashier": "财务",
    "supervisor": "主管",
    "auditor": "审计",
    "administrator": "系统管理员",
    "security": "安全管理员",
    "audit": "审计管理员",
}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER = re.compile(r"[1-9][0-9]{0,2}")
HANDLING_ROLES = frozenset({"clerk", "reviewer", "checker", "approver", "cashier"})


class Clock(StrEnum):
    """What the clocks do while a case stays in a state."""

    NOTICE = "notice"
    SUPPLEMENT = "supplement"
    RUNS = "runs"
    PAUSED = "paused"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class State:
    """A state of a flow. `stage` is the published step; `roles` handle a case that stands here.

    `duty` is the act that separation of duties knows a decision taken here by.
    """

    key: str
    label: str
    stage: str
    clock: Clock
    roles: frozenset[str] = frozenset()
    decision: bool = False
    duty: str = ""

    @property
    def open(self) -> bool:
        """Whether the case is still being handled."""
        return self.clock is not Clock.STOPPED


@dataclass(frozen=True, slots=True)
class Facts:
    """All that guards may look at. Ids are staff ids; `acts` says who already did which duty on this case.

    `overlooked` are the lines that the last notice could have named and did not; `running` the deadlines of the case
    that run, with their last days; `broken` why the applicant's word is no longer taken, or nothing. `stand_in_for` are
    those away today in whose place the actor stands; `handles` whether the actor's items include this one.
    """

    actor: int
    roles: frozenset[str]
    today: date
    handler: int | None = None
    handler_name: str = ""
    acts: Mapping[str, frozenset[int]] = field(default_factory=dict)
    duties: str = "full"
    checklist: Checklist | None = None
    promised_due: date | None = None
    statutory_due: date | None = None
    return_to: str = ""
    amount: Decimal | None = None
    threshold: Decimal | None = None
    details: Mapping[str, str] = field(default_factory=dict)
    consents: frozenset[str] = frozenset()
    overlooked: tuple[str, ...] = ()
    extension: Extension | None = None
    running: Mapping[str, date] = field(default_factory=dict)
    broken: str = ""
    paid: bool = False
    returned: bool = False
    stand_in_for: frozenset[int] = frozenset()
    handles: bool = True

    @property
    def holder(self) -> int | None:
        """Who keeps others from acting: the handler, unless away with the actor in their place."""
        return None if self.handler in self.stand_in_for else self.handler

    @property
    def own(self) -> bool:
        """Whether the case is the actor's: in own hands, of somebody away in whose place they stand, or decided on."""
        held = self.handler in {self.actor, *self.stand_in_for}
        return held or any(self.actor in people for people in self.acts.values())

    def lapsed(self, kind: str) -> bool:
        """Whether the running deadline of this kind ended before today."""
        due = self.running.get(kind)
        return due is not None and due < self.today

    @property
    def late(self) -> bool:
        """Past the promised date, or past the statutory one where nothing was promised."""
        due = self.promised_due or self.statutory_due
        return due is not None and due < self.today


Guard = Callable[[State, Facts], Refusal | None]


@dataclass(frozen=True, slots=True)
class Need:
    """Something the actor must enter for an action; `kind` is text, long_text, choice, tick, date, staff or lines."""

    key: str
    label: str
    kind: str = "text"
    choices: tuple[str, ...] = ()
    required: bool = True
    when: Callable[[Facts], bool] | None = None
    longest: int = 500

    def asked(self, facts: Facts) -> bool:
        """Whether this case asks for it."""
        return self.when is None or self.when(facts)


SAME = ""


@dataclass(frozen=True, slots=True)
class Route:
    """From one state to another (SAME stays); `when` chooses among several routes of one action.

    `paper` is issued on this route beside the action's own.
    """

    source: str
    target: str = SAME
    when: Callable[[Facts], bool] | None = None
    paper: str = ""


class Effect(StrEnum):
    """What an action does to the clocks."""

    NONE = "none"
    RESTART_NOTICE = "restart_notice"
    STOP_NOTICE = "stop_notice"
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    EXTEND = "extend"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Action:
    """A step staff may take.

    Empty `roles` means the roles of the state it is taken in; `anyone` lifts the rule that only the holder acts;
    `decides` makes it the duty of its state, kept apart from every other duty of the case.
    """

    key: str
    label: str
    routes: tuple[Route, ...]
    roles: frozenset[str] = frozenset()
    effect: Effect = Effect.NONE
    guards: tuple[Guard, ...] = ()
    needs: tuple[Need, ...] = ()
    decides: bool = False
    paper: str = ""
    anyone: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """A decided step: what happens when the desk writes it, and the papers it issues."""

    action: Action
    source: State
    target: State

    @property
    def papers(self) -> tuple[str, ...]:
        """The kinds of paper this step issues: the action's, and that of the route taken."""
        taken = (r.paper for r in self.action.routes if (r.source, r.target) == (self.source.key, self.target.key))
        return tuple(kind for kind in (self.action.paper, *taken) if kind)


@dataclass(frozen=True, slots=True)
class Choice:
    """A button: the action, and why it is closed (nothing where it is open)."""

    action: Action
    closed: tuple[Refusal, ...]


class _Position:
    """Where a case stands while one event is fired; thrown away afterwards."""

    __slots__ = ("facts", "state")

    def __init__(self, state: str, facts: Facts) -> None:
        self.state = state
        self.facts = facts


class Flow:
    """A flow as data, and the machine that moves along it."""

    def __init__(
        self, key: str, label: str, states: tuple[State, ...], actions: tuple[Action, ...], initial: str = "received"
    ) -> None:
        self.key = key
        self.label = label
        self.states = {state.key: state for state in states}
        self.actions = {action.key: action for action in actions}
        self.initial = self.states[initial]
        self._machine = Machine(
            model=None, initial=None, states=list(self.states), auto_transitions=False, queued=False, send_event=True
        )
        for action in actions:
            for route in action.routes:
                self._machine.add_transition(
                    action.key, route.source, route.target or None, conditions=_conditions(route)
                )

    def decide(self, state: str, action: str, facts: Facts) -> Step | tuple[Refusal, ...]:
        """The step, or every reason why not: state, role, holder, guards and missing entries at once."""
        known = self.actions.get(action)
        if known is None:
            return (Refusal("unknown_action", f"本流程没有“{action[:40]}”这一操作"),)
        refusals = self._closed(state, known, facts)
        if not any(refusal.code == "wrong_state" for refusal in refusals):
            refusals += _missing(known, facts)
        if refusals:
            return refusals
        position = _Position(state, facts)
        if not self._machine.events[action].trigger(position):
            return (Refusal("no_route", f"“{known.label}”在当前情况下没有下一环节"),)
        return Step(known, self.states[state], self.states[position.state])

    def open_actions(self, state: str, facts: Facts) -> tuple[Choice, ...]:
        """The actions of this state, each with the reasons for which it is closed to this person now."""
        here = (action for action in self.actions.values() if any(route.source == state for route in action.routes))
        return tuple(Choice(action, self._closed(state, action, facts)) for action in here)

    def _closed(self, state: str, action: Action, facts: Facts) -> tuple[Refusal, ...]:
        here = self.states.get(state)
        if here is None or not any(route.source == state for route in action.routes):
            label = here.label if here else state
            return (Refusal("wrong_state", f"本件现为“{label}”，不能{action.label}"),)
        found = [
            _wrong_role(here, action, facts),
            _others_case(action, facts),
            *(guard(here, facts) for guard in action.guards),
        ]
        return tuple(refusal for refusal in found if refusal is not None)


def _conditions(route: Route) -> list[str | Callable[..., bool | None]]:
    when = route.when
    if when is None:
        return []

    def holds(event: EventData) -> bool:
        model: Any = event.model
        return when(model.facts)

    return [holds]


def _wrong_role(here: State, action: Action, facts: Facts) -> Refusal | None:
    allowed = action.roles or here.roles
    if allowed & facts.roles:
        return None
    wanted = "、".join(label for role, label in ROLES.items() if role in allowed)
    return Refusal("role", f"{action.label}须由{wanted}办理")


def _others_case(action: Action, facts: Facts) -> Refusal | None:
    if action.anyone or facts.holder == facts.actor:
        return None
    if facts.holder is None:
        return not_handled(facts)
    return Refusal("others_case", f"本件由{facts.handler_name or '他人'}经办，须先由其释放或由主管指派")


def not_handled(facts: Facts) -> Refusal | None:
    """A case nobody holds is for those who handle its item; one of somebody away also for who stands in."""
    if facts.handles or facts.handler in facts.stand_in_for:
        return None
    return Refusal("not_handled", "本事项不在您的经办事项之内，须由主管指派给经办人员")


def _missing(action: Action, facts: Facts) -> tuple[Refusal, ...]:
    found = (_unusable(need, facts.details.get(need.key, "").strip()) for need in action.needs if need.asked(facts))
    return tuple(refusal for refusal in found if refusal is not None)


def _unusable(need: Need, value: str) -> Refusal | None:
    if need.kind == "tick" and need.required and value != "on":
        return Refusal(f"need_{need.key}", f"请勾选：{need.label}")
    if need.required and not value:
        return Refusal(f"need_{need.key}", f"请填写：{need.label}")
    if value and need.choices and value not in need.choices:
        return Refusal(f"need_{need.key}", f"{need.label}只能选：{'、'.join(need.choices)}")
    if value and need.kind == "number" and not _NUMBER.fullmatch(value):
        return Refusal(f"need_{need.key}", f"{need.label}应为 1 到 999 的整数")
    if value and need.kind == "date" and not _is_day(value):
        return Refusal(f"need_{need.key}", f"{need.label}应写成 2026-03-05 的样子")
    if len(value) > need.longest:
        return Refusal(f"need_{need.key}", f"{need.label}不能超过 {need.longest} 字")
    return None


def _is_day(text: str) -> bool:
    try:
        return _DAY.fullmatch(text) is not None and date.fromisoformat(text) is not None
    except ValueError:
        return False
