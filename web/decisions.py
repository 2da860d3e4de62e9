"""What may be decided at the counter, with the inputs it asks for: shared by 收件登记 and the case page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from caseflow.errors import BadInput, CaseflowError, Fault, Refused
from caseflow.house import Actor
from caseflow.rules.checklist import Checklist
from caseflow.rules.flow import Action, Facts, Need
from caseflow.rules.item import Item
from caseflow.workflows import FLOWS
from web.intake_form import RECEIVE_ONLY

PHRASES = {
    "opinion": ("同意。", "材料齐全，符合条件，同意。", "经审核，符合规定，同意办理。"),
    "result": ("已办理备案。", "已办理登记。", "已办结，结果已告知申请人。", "待遇已拨付至申请人银行账户。"),
    "reason": ("申请人要求。", "材料需要重新核对。", "信息录入有误。"),
    "late_reason": ("业务量集中，已向申请人说明。", "等待外部单位协查结果。"),
}

ORDER = ("close_on_the_spot", "accept", "accept_deferred", "supplement_notice", "decline")


@dataclass(frozen=True, slots=True)
class Decision:
    """One way to go on; `hint` says what stands against it as the ticks are now."""

    key: str
    action: str
    label: str
    needs: tuple[Need, ...] = ()
    hint: str = ""


def decisions(item: Item, actor: Actor, checklist: Checklist, today: date, typed: Mapping[str, str]) -> list[Decision]:
    """The decisions open at registration, in the order of use, and 只收件."""
    facts = Facts(actor=actor.id, roles=actor.roles, today=today, checklist=checklist)
    ticked = any(name.startswith("m.") and name.endswith(".mark") for name in typed)
    open_ = {one.action.key: one for one in FLOWS[item.flow].open_actions("received", facts)}
    told = [
        Decision(
            key,
            key,
            open_[key].action.label,
            asked(open_[key].action, facts),
            "；".join(refusal.text for refusal in open_[key].closed) if ticked else "",
        )
        for key in ORDER
        if key in open_
    ]
    return [*told, Decision(RECEIVE_ONLY, RECEIVE_ONLY, "只收件，稍后决定")]


def asked(action: Action, facts: Facts) -> tuple[Need, ...]:
    """What this case asks for when the action is taken."""
    return tuple(need for need in action.needs if need.asked(facts))


def details_of(typed: Mapping[str, str], action: str) -> dict[str, str]:
    """The entries of the inputs need.<action>.<key>, by key."""
    prefix = f"need.{action}."
    return {name.removeprefix(prefix): text.strip() for name, text in typed.items() if name.startswith(prefix)}


def need_faults(action: str, error: CaseflowError) -> list[Fault]:
    """The reasons of a refusal, at the inputs of the action where they belong to one."""
    if isinstance(error, Refused):
        keys = ((refusal.code.removeprefix("need_"), refusal) for refusal in error.refusals)
        return [
            Fault(f"need.{action}.{key}" if refusal.code.startswith("need_") else "", str(refusal))
            for key, refusal in keys
        ]
    if isinstance(error, BadInput):
        return list(_needs(action, error.faults))
    return [Fault("", str(error))]


def _needs(action: str, faults: Iterable[Fault]) -> Iterable[Fault]:
    """A fault whose place is a bare key was found in an entry of the action; 待遇支付明细 names its own."""
    for fault in faults:
        if fault.place == "待遇支付明细":
            yield Fault(f"need.{action}.statement", fault.text)
        elif fault.place.isascii() and fault.place.isidentifier():
            yield Fault(f"need.{action}.{fault.place}", fault.text)
        else:
            yield fault
