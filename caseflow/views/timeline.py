"""The history of a case as rows for a page: pure, newest first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from caseflow.rules.flow import Flow, State


@dataclass(frozen=True, slots=True)
class Event:
    """One recorded step, as stored."""

    seq: int
    at: datetime
    actor_name: str
    action: str
    from_state: str
    to_state: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One step as shown: what happened, when, who, where it led, and what was entered."""

    seq: int
    at: datetime
    actor: str
    label: str
    moved: str
    clock: str
    details: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class StepMark:
    """One step of the flow's bar: `kind` is done, now, todo, skipped or ended."""

    label: str
    kind: str
    note: str = ""


_CLOCK_TEXT: Final = {"suspend": "停表开始", "resume": "停表结束", "accept": "计时开始"}


def timeline(
    events: Iterable[Event], flow: Flow, labels: Mapping[str, str], actions: Mapping[str, str]
) -> tuple[Row, ...]:
    """The events newest first; `labels` names entered details, `actions` the steps that are no action of the flow."""
    return tuple(_row(event, flow, labels, actions) for event in sorted(events, key=lambda event: -event.seq))


def _row(event: Event, flow: Flow, labels: Mapping[str, str], actions: Mapping[str, str]) -> Row:
    action = flow.actions.get(event.action)
    needs = {need.key: need.label for need in action.needs} if action else {}
    moved = ""
    if event.from_state != event.to_state and event.to_state in flow.states:
        moved = flow.states[event.to_state].label
    return Row(
        seq=event.seq,
        at=event.at,
        actor=event.actor_name,
        label=action.label if action else actions.get(event.action, event.action),
        moved=moved,
        clock=_CLOCK_TEXT.get(event.action, ""),
        details=(*_confirmed(event, needs), *_told(event, {**labels, **needs})),
    )


def _confirmed(event: Event, needs: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The boxes ticked, on one line."""
    ticked = [needs[key] for key, value in event.detail.items() if value == "on" and key in needs]
    return (("已确认", "、".join(ticked)),) if ticked else ()


def _told(event: Event, labels: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """What was entered, with its label; what the page has no word for stays in the history only."""
    # An amended calendar tells every date it moved; the two limits are among them.
    twice = {"due"} if "dates" in event.detail else set()
    shown = ((key, value) for key, value in event.detail.items() if key in labels.keys() - twice and value != "on")
    told = ((labels[key], _text(key, value)) for key, value in shown)
    return tuple((label, text) for label, text in told if text)


def _text(key: str, value: Any) -> str:
    if isinstance(value, Mapping):
        return _WRITERS.get(key, _pairs)(value)
    if isinstance(value, (list, tuple)):
        return "；".join(str(one) for one in value)
    return "" if value is None else str(value)


def _pairs(value: Mapping[str, Any]) -> str:
    return "；".join(f"{name}：{one}" for name, one in value.items())


def _changes(value: Mapping[str, Any]) -> str:
    """姓名：张三 → 张珊."""
    return "；".join(f"{label}：{old or '（空）'} → {new or '（空）'}" for label, (old, new) in value.items())


def _due(value: Mapping[str, Any]) -> str:
    """承诺到期 2026-05-18 → 2026-05-25."""
    pairs = zip(("承诺到期", "法定到期"), value["before"], value["after"], strict=True)
    moved = ((name, old, new) for name, old, new in pairs if old != new)
    return "；".join(
        f"{name} {new or '待定'}" if old is None else f"{name} {old} → {new or '待定'}" for name, old, new in moved
    )


def _dates(value: Mapping[str, Any]) -> str:
    """一次性告知期限 2026-03-09 → 2026-03-11."""
    return "；".join(f"{what} {moved}" for what, moved in value.items())


_WRITERS: Final = {"changes": _changes, "due": _due, "dates": _dates}


def step_bar(flow: Flow, state: State, return_to: str, visited: frozenset[str]) -> tuple[StepMark, ...]:
    """The main road of this flow with the place where the case stands; an end other than the flow's own closes it."""
    road = [one for one in flow.states.values() if one.open and one.key not in ("supplementing", "suspended")]
    here = {"supplementing": "received", "suspended": return_to}.get(state.key, state.key)
    place = next((n for n, one in enumerate(road) if one.key == here), len(road))
    marks = [_mark(one, n, place, state, visited) for n, one in enumerate(road)]
    if state.open:
        return (*marks, StepMark("办结", "todo"))
    return (*marks, StepMark(_short(state.label), "ended" if state.key == "closed" else "stopped"))


def _mark(one: State, n: int, place: int, state: State, visited: frozenset[str]) -> StepMark:
    if n == place:
        beside = "" if state.key == one.key else _short(state.label).partition("（")[0]
        return StepMark(_short(one.label), "now", beside)
    if n > place:
        return StepMark(_short(one.label), "todo")
    return StepMark(_short(one.label), "done" if one.key in visited else "skipped")


def _short(label: str) -> str:
    return label.removeprefix("已").removeprefix("待").removesuffix("中")
