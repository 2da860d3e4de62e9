"""What each paper says beyond the common fields, taken from the step that issues it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from caseflow.desk.effects import Work
from caseflow.desk.issuing import issue, materials_of
from caseflow.house import BEIJING
from caseflow.rules.checklist import line_name
from caseflow.rules.money import capital_amount
from caseflow.rules.words import limit_text
from caseflow.store.facts import CaseState
from caseflow.store.models import StatementRow

REMEDIES = "如不服本决定，可以依法申请行政复议或者提起行政诉讼。"


def issue_papers(work: Work) -> tuple[int, ...]:
    """Issue every paper of a step that was written; the ids of their rows, in order."""
    case = _after(work)
    kinds = (*work.step.papers, *work.more_papers)
    return tuple(
        issue(work.session, work.house, work.actor, case, kind, _OWN[kind](work, case), work.now) for kind in kinds
    )


def _after(work: Work) -> CaseState:
    """The case as it stands after the step."""
    names = {name for name in work.changes if name in type(work.case.record).__slots__}
    return replace(work.case, record=replace(work.case.record, **{name: work.changes[name] for name in names}))


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def _said(work: Work, *names: str) -> dict[str, str]:
    return {name: work.details.get(name, "").strip() for name in names}


def _acceptance(work: Work, case: CaseState) -> dict[str, Any]:
    """What the 受理通知书 says: the acceptance date and both limits with their last days."""
    record = case.record
    return {
        "accepted_on": record.accepted_on.isoformat() if record.accepted_on else "",
        "promised_text": limit_text(record.promised),
        "promised_due": record.promised_due.isoformat() if record.promised_due else "",
        "statutory_text": limit_text(record.statutory),
        "statutory_due": record.statutory_due.isoformat() if record.statutory_due else "",
        "provisional": bool(record.provisional),
        "immediate": case.item.flow == "immediate",
        "result": work.details.get("result", "").strip() if work.step.action.key == "close_on_the_spot" else "",
        "materials": materials_of(case),
    }


def _notice(work: Work, case: CaseState) -> dict[str, Any]:
    """What the 一次性告知书 says: everything to be put right, by when, and what happens otherwise."""
    return {
        "received_on": case.record.received_on.isoformat(),
        "lines": list(case.checklist.notice_lines()),
        "reply_by": work.extra["reply_by"],
        "supplement_days": case.item.limits.supplement,
        "consequence": "逾期未补正的，本次申请可以终止办理；材料齐全后可以重新申请。",
    }


def _decline(work: Work, _case: CaseState) -> dict[str, Any]:
    return _said(work, "kind", "reason", "basis", "agency") | {"remedies": REMEDIES}


def _deferral(work: Work, case: CaseState) -> dict[str, Any]:
    return {
        "accepted_on": _iso(case.record.accepted_on),
        "lines": [line_name(line) for line in case.checklist.deferred],
        "defer_until": work.extra["defer_until"],
        "promised_due": _iso(case.record.promised_due),
        "consequence": "逾期未补齐的，终止办理，并记入未履行承诺名单，今后不再适用容缺受理。",
    }


def _commitment(work: Work, case: CaseState) -> dict[str, Any]:
    promise = case.item.commitment
    return {
        "text": promise.text if promise else "",
        "months": promise.months if promise else 0,
        "signed_on": work.today.isoformat(),
        "commitment_due": work.extra["commitment_due"],
    }


def _special(work: Work, _case: CaseState) -> dict[str, Any]:
    return _said(work, "kind", "basis", "reason") | {
        "excluded": work.told["excluded"],
        "started_on": work.today.isoformat(),
        "expected_days": int(work.details["days"]),
    }


def _extension(work: Work, case: CaseState) -> dict[str, Any]:
    before = work.case.record
    return {
        "days": work.told["days"],
        "reason": work.told["reason"],
        "opinion": work.details["opinion"].strip(),
        "approver": work.actor.name,
        "old_promised": _iso(before.promised_due),
        "old_statutory": _iso(before.statutory_due),
        "new_promised": _iso(case.record.promised_due),
        "new_statutory": _iso(case.record.statutory_due),
        "provisional": bool(case.record.provisional),
    }


def _refusal(work: Work, _case: CaseState) -> dict[str, Any]:
    again = "补齐条件或材料后，可以再次申请。"
    if work.case.flow.key == "designation":
        again = "自本告知书送达之日起整改满 3 个月后，可以再次申请评估；再次评估不合格的，1 年内不得再次申请。"
    return _said(work, "opinion", "failed", "basis", "late_reason") | {"again": again, "remedies": REMEDIES}


def _completion(work: Work, case: CaseState) -> dict[str, Any]:
    fen = case.record.amount_fen
    account = case.record.fields.get("bank_account")
    return _said(work, "result", "late_reason", "reference", "agreement") | {
        "amount": f"{Decimal(fen) / 100:,.2f}" if fen is not None else "",
        "account": str(account["shown"]) if isinstance(account, dict) else "",
        "bank": str(case.record.fields.get("bank_name", "")),
    }


def _statement(work: Work, case: CaseState) -> dict[str, Any]:
    query = select(StatementRow.label, StatementRow.amount_fen).where(
        StatementRow.bureau == case.record.bureau, StatementRow.case_id == case.record.id
    )
    lines = work.session.execute(query.order_by(StatementRow.place)).all()
    total = Decimal(sum(line.amount_fen for line in lines)) / 100
    return {
        "lines": [{"label": line.label, "amount": f"{Decimal(line.amount_fen) / 100:,.2f}"} for line in lines],
        "total": f"{total:,.2f}",
        "total_words": capital_amount(total),
    } | {name: _completion(work, case)[name] for name in ("account", "bank")}


def _service(work: Work, _case: CaseState) -> dict[str, Any]:
    names = ("paper_number", "way", "served_on", "place", "recipient", "servers")
    said = _said(work, *names)
    return {"served_number": said.pop("paper_number"), "served_place": said.pop("place")} | said


def _transfer(work: Work, case: CaseState) -> dict[str, Any]:
    return {
        "materials": materials_of(case),
        "from_name": work.actor.name,
        "from_state": work.step.source.label,
        "to_name": work.told.get("receiver", ""),
        "to_state": work.step.target.label,
        "handed_at": f"{work.now.astimezone(BEIJING):%Y-%m-%d %H:%M}",
    }


_OWN: Mapping[str, Callable[[Work, CaseState], dict[str, Any]]] = {
    "acceptance": _acceptance,
    "notice": _notice,
    "decline": _decline,
    "deferral": _deferral,
    "commitment": _commitment,
    "special": _special,
    "extension": _extension,
    "refusal": _refusal,
    "completion": _completion,
    "statement": _statement,
    "service": _service,
    "transfer": _transfer,
}
