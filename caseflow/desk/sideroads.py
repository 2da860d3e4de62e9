"""What the actions of the side roads write: deferrals, commitments, extensions asked for, money, service."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import insert, select, update

from caseflow.desk.deadlines import open_deadline, open_deadline_on, stop_deadlines
from caseflow.desk.effects import Work
from caseflow.errors import BadInput, Fault, Refusal, Refused
from caseflow.rules.clock import Limit
from caseflow.store.models import PaperRow
from caseflow.store.side_models import BrokenWordRow, PaymentRow


def accept_deferred(work: Work) -> None:
    """容缺受理: the deferred lines get their own last day, not after the promised date."""
    last = date.fromisoformat(work.details["defer_until"])
    if last <= work.today:
        raise BadInput([Fault("容缺材料最迟补齐日期", "应晚于今天")])
    work.extra["defer_until"] = last.isoformat()
    work.told["deferred"] = [line.material.name for line in work.case.checklist.deferred]
    open_deadline_on(work.session, work.calendar, *work.key, "deferral", work.today, last)


def deferral_within_promise(work: Work, promised_due: date | None) -> None:
    """补齐时限不得超过承诺时限."""
    last = work.extra.get("defer_until")
    if last is not None and promised_due is not None and date.fromisoformat(last) > promised_due:
        raise BadInput([Fault("容缺材料最迟补齐日期", f"不能晚于承诺到期日 {promised_due.isoformat()}")])


def receive_deferred(work: Work) -> None:
    """A deferred line came in; with the last one its deadline stops."""
    if not any(day == work.today for day in work.case.received_days.values()):
        raise Refused([Refusal("nothing_received", "还没有勾选今天收到的容缺材料")])
    if not work.case.checklist.deferred:
        stop_deadlines(work.session, *work.key, work.today, "deferral")


def ask_extension(work: Work) -> None:
    """The days asked for stay within what the item allows."""
    most = work.case.item.limits.extension
    if int(work.details["days"]) > most:
        raise Refused([Refusal("extension_cap", f"本事项最多可延期 {most} 个工作日", "行政许可法第四十二条")])


def call_back(work: Work) -> None:
    """The applicant was called back."""
    stop_deadlines(work.session, *work.key, work.today, "call_back")


def rectify(work: Work) -> None:
    """What the applicant complained of was put right."""
    stop_deadlines(work.session, *work.key, work.today, "rectify")


def keep_commitment(work: Work) -> None:
    """The promised material was handed in."""
    stop_deadlines(work.session, *work.key, work.today, "commitment")


def break_commitment(work: Work) -> None:
    """The promise was not kept: noted for this applicant."""
    stop_deadlines(work.session, *work.key, work.today, "commitment")
    _note_broken(work, "commitment", "告知承诺逾期未履行")


def terminate(work: Work) -> None:
    """A deferral that ran out is a promise broken too."""
    if work.details["kind"] == "容缺材料逾期未补":
        _note_broken(work, "deferral", "容缺材料逾期未补")


def _note_broken(work: Work, kind: str, note: str) -> None:
    bureau, case_id = work.key
    row = {
        "bureau": bureau,
        "case_id": case_id,
        "id_index": work.case.record.applicant_index,
        "kind": kind,
        "noted_on": work.today,
        "noted_by": work.actor.id,
        "note": note,
    }
    work.session.execute(insert(BrokenWordRow).values(row))


def pay(work: Work) -> None:
    """One remittance of the statement's total."""
    bureau, case_id = work.key
    amount = work.case.record.amount_fen
    if amount is None:
        raise Refused([Refusal("no_statement", "本件没有待遇支付明细，不能拨付")])
    made = select(PaymentRow.place).where(PaymentRow.bureau == bureau, PaymentRow.case_id == case_id)
    row: dict[str, Any] = {
        "bureau": bureau,
        "case_id": case_id,
        "place": max(work.session.execute(made).scalars(), default=0) + 1,
        "reference": work.details["reference"].strip(),
        "amount_fen": amount,
        "paid_on": work.today,
        "paid_by": work.actor.id,
    }
    work.session.execute(insert(PaymentRow).values(row))


def pay_again(work: Work) -> None:
    """The money goes out once more, and the deadline for it stops."""
    pay(work)
    stop_deadlines(work.session, *work.key, work.today, "repay")


def return_payment(work: Work) -> None:
    """退汇: the payment came back and must be made again."""
    bureau, case_id = work.key
    standing = update(PaymentRow).where(
        PaymentRow.bureau == bureau, PaymentRow.case_id == case_id, PaymentRow.returned_on.is_(None)
    )
    work.session.execute(standing.values(returned_on=work.today, return_reason=work.details["reason"].strip()))
    days = work.house.catalogue.bureau(bureau).follow_up["repay"]
    open_deadline(work.session, work.calendar, bureau, case_id, "repay", work.today, Limit(days))


def serve(work: Work) -> None:
    """The result reached the applicant: not before it was made, not in the future."""
    day = date.fromisoformat(work.details["served_on"])
    ended = work.case.record.ended_on
    if day > work.today or (ended is not None and day < ended):
        raise BadInput([Fault("送达日期", "应在办结之日与今天之间")])
    _own_paper(work)
    work.changes["served_on"] = day
    stop_deadlines(work.session, *work.key, work.today, "serve")


def _own_paper(work: Work) -> None:
    bureau, case_id = work.key
    number = work.details["paper_number"].strip()
    query = select(PaperRow.id).where(
        PaperRow.bureau == bureau,
        PaperRow.case_id == case_id,
        PaperRow.number == number,
        PaperRow.voided_at.is_(None),
    )
    if work.session.execute(query).first() is None:
        raise BadInput([Fault("送达的文书编号", "本件没有这份有效文书")])


SIDE_EXTRAS: Mapping[str, Callable[[Work], None]] = {
    "accept_deferred": accept_deferred,
    "receive_deferred": receive_deferred,
    "ask_extension": ask_extension,
    "call_back": call_back,
    "rectify": rectify,
    "keep_commitment": keep_commitment,
    "break_commitment": break_commitment,
    "terminate": terminate,
    "pay": pay,
    "pay_again": pay_again,
    "return_payment": return_payment,
    "serve": serve,
}
