"""The actions of a case as the page offers them: which is the main one, which are closed and why. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from caseflow.house import Actor
from caseflow.rules.flow import Choice, Need
from caseflow.views.casefile import CaseFile
from caseflow.views.office import Receiver
from web.decisions import Decision, asked, decisions
from web.intake_form import RECEIVE_ONLY, Draft, preselected

FORWARD = (
    "resume",
    "hand_over",
    "approve",
    "check",
    "authorise",
    "assess",
    "publicise",
    "negotiate",
    "sign",
    "settle_statement",
    "pay",
    "close",
    "claim",
)
"""The steps that carry a case on, first come first offered; their form stands open on the page."""

AT_THE_COUNTER = (
    "receive_material",
    "supplement",
    "accept",
    "accept_deferred",
    "close_on_the_spot",
    "supplement_notice",
)
"""Taken in the one form of the materials, not by buttons of their own."""

GRAVE = ("refuse", "decline", "break_off", "terminate", "withdraw", "break_commitment")

IDLE = (
    "nothing_deferred",
    "no_commitment",
    "not_asked",
    "not_due",
    "nothing_to_return",
    "not_returned",
    "own_case",
)
"""Why an action is closed because there is nothing to do, rather than because somebody may not do it."""

MENDING = ("correct", "correct_late")
"""更正 has a page of its own."""
"""Steps that end the case against the applicant: shown in red, never first."""


@dataclass(frozen=True, slots=True)
class ActionView:
    """A button: its form, or the reasons why it is closed."""

    key: str
    label: str
    needs: tuple[Need, ...]
    closed: tuple[str, ...]
    staff: tuple[tuple[int, str], ...]
    grave: bool


def action_views(file: CaseFile, members: Iterable[Receiver]) -> list[ActionView]:
    """Every action of the state that has a form of its own, open ones first, the way forward before the rest."""
    people = list(members)
    offered = (choice for choice in file.choices if choice.action.key not in AT_THE_COUNTER and not _idle(choice))
    views = [_view(file, choice, people) for choice in offered]
    order = {key: n for n, key in enumerate(FORWARD)}
    return sorted(views, key=lambda view: (bool(view.closed), view.grave, order.get(view.key, len(order))))


def _idle(choice: Choice) -> bool:
    """Whether the case holds nothing that the action could be about: such a button would only be in the way."""
    return any(refusal.code in IDLE for refusal in choice.closed)


def _view(file: CaseFile, choice: Choice, people: list[Receiver]) -> ActionView:
    action = choice.action
    target = next((route.target or route.source for route in action.routes if route.source == file.case.state.key), "")
    roles = file.case.flow.states[target].roles
    able = [one for one in people if roles & one.roles] if any(need.kind == "staff" for need in action.needs) else []
    return ActionView(
        action.key,
        action.label,
        asked(action, file.case.facts),
        tuple(str(refusal) for refusal in choice.closed),
        tuple((one.id, f"{one.name}（{one.number}）{'不在岗' if one.away else ''}") for one in able),
        action.key in GRAVE,
    )


def primary(views: Iterable[ActionView], doing: str) -> str:
    """The action whose form stands open: the one asked for, else the way forward where it is open."""
    listed = list(views)
    if doing in {view.key for view in listed if not view.closed}:
        return doing
    return next((view.key for view in listed if view.key in FORWARD and not view.closed), "")


def counter_decisions(file: CaseFile, actor: Actor, typed: Mapping[str, str]) -> list[Decision]:
    """What the form of the materials may do: record only, take in a supplement, and decide."""
    open_ = {choice.action.key: choice for choice in file.choices if not choice.closed}
    if "receive_material" not in open_:
        return []
    record = Decision("receive_material", "receive_material", "只记录核对结果")
    listed = decisions(file.case.item, actor, file.case.checklist, file.case.facts.today, typed)
    ways = [one for one in listed if one.key not in (RECEIVE_ONLY, "decline")]
    if file.case.state.key == "received":
        return [*ways, record]
    after = [
        Decision(f"supplement+{one.key}", one.action, f"收到补正材料，{one.label}", one.needs, one.hint)
        for one in ways
        if one.key != "supplement_notice"
    ]
    return [*after, Decision("supplement", "supplement", "收到补正材料，稍后决定"), record]


def preselected_at_counter(file: CaseFile, typed: Mapping[str, str]) -> str:
    """The decision the marks speak for; in 待补正 nothing before the marks are complete."""
    wanted = preselected(file.case.item, Draft(typed), file.case.checklist)
    if file.case.state.key == "received":
        return wanted
    return f"supplement+{wanted}" if wanted in ("accept", "accept_deferred", "close_on_the_spot") else ""
