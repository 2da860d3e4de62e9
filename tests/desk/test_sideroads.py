"""The side roads through the desk, on both databases."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from caseflow.desk.intake import CaseRef
from caseflow.desk.upkeep import sweep
from caseflow.errors import BadInput, Refused
from caseflow.rules.checklist import Mark, Receipt
from caseflow.rules.past import CONSENTS
from caseflow.store.db import reading
from caseflow.store.models import DeadlineRow, PaperRow
from caseflow.store.side_models import PaymentRow
from tests.support.office import Office, open_office
from tests.support.roads import ACCEPT, APPROVE, CHECK, HAND_OVER, PAY, REFUSE, SETTLE, SMALL

ITEMS = Path(__file__).parent.parent / "data" / "items"
TRANSFER = "transfer-continuation"
HOSPITAL = "inpatient-reimbursement"
COMMITTED = {"region": "cross-province"}
WHY = {"kind": "鉴定", "basis": "行政许可法第四十五条", "days": "5", "reason": "笔迹鉴定", "excluded": "不计入办理时限"}


@pytest.fixture
def office(engine: Engine) -> Office:
    return open_office(engine, items=ITEMS)


def _walk(office: Office, ref: CaseRef, *steps: tuple[str, str, dict[str, str]]) -> None:
    for by, action, details in steps:
        office.act(ref, by, action, **details)


def _papers(office: Office, ref: CaseRef, kind: str) -> list[dict[str, object]]:
    with reading(office.engine) as session:
        query = select(PaperRow.fields).where(PaperRow.case_id == ref.id, PaperRow.kind == kind).order_by(PaperRow.id)
        return list(session.execute(query).scalars())


def _due(office: Office, ref: CaseRef, kind: str) -> date | None:
    with reading(office.engine) as session:
        query = select(DeadlineRow.due_on).where(
            DeadlineRow.case_id == ref.id, DeadlineRow.kind == kind, DeadlineRow.stopped_on.is_(None)
        )
        return session.execute(query).scalar_one_or_none()


# --- stopped clocks


def test_a_pause_that_counts_towards_the_limit_moves_nothing(office: Office) -> None:
    ref = office.register(TRANSFER)
    _walk(office, ref, ACCEPT)
    before = office.case(ref).record

    office.act(ref, "clerk", "suspend", **{**WHY, "excluded": "计入办理时限"})
    stopped = office.case(ref).record
    office.sleep(3)
    office.act(ref, "clerk", "resume", reason="完成")

    assert stopped.promised_due == before.promised_due == office.case(ref).record.promised_due


def test_several_pauses_in_a_row_add_up(office: Office) -> None:
    ref = office.register(TRANSFER)
    _walk(office, ref, ACCEPT)
    for _ in range(2):
        office.act(ref, "clerk", "suspend", **WHY)
        office.sleep(1)
        office.act(ref, "clerk", "resume", reason="完成")

    record = office.case(ref).record

    assert (record.promised_due, len(office.case(ref).pauses)) == (date(2026, 3, 18), 2)
    assert len(_papers(office, ref, "special")) == 2


def test_a_case_already_late_stays_late_when_it_is_stopped(office: Office) -> None:
    ref = office.register(TRANSFER)
    _walk(office, ref, ACCEPT)
    office.sleep(20)

    office.act(ref, "clerk", "suspend", **WHY)

    assert office.case(ref).record.promised_due == date(2026, 3, 16)


@pytest.mark.parametrize("state", ["received", "closed"])
def test_no_clock_is_stopped_before_acceptance_or_after_completion(office: Office, state: str) -> None:
    ref = office.register(TRANSFER)
    if state == "closed":
        _walk(office, ref, ACCEPT, HAND_OVER, APPROVE, ("clerk", "close", {"result": "已转入"}))

    with pytest.raises(Refused, match="不能停表"):
        office.act(ref, "clerk", "suspend", **WHY)


def test_what_is_not_stopped_cannot_be_resumed(office: Office) -> None:
    ref = office.register(TRANSFER)
    _walk(office, ref, ACCEPT)

    with pytest.raises(Refused, match="不能恢复计时"):
        office.act(ref, "clerk", "resume", reason="x")


# --- extension


def test_an_extension_moves_both_limits_and_prints_old_and_new(office: Office) -> None:
    ref = office.register("deferral-case")
    _walk(office, ref, ACCEPT)

    office.act(ref, "clerk", "ask_extension", days="5", reason="需要向参保地核实")
    office.act(ref, "supervisor", "grant_extension", opinion="同意")

    record = office.case(ref).record
    assert (record.promised_due, record.statutory_due, record.extend) == (date(2026, 3, 24), date(2026, 4, 8), 5)
    (paper,) = _papers(office, ref, "extension")
    assert (paper["old_promised"], paper["new_promised"], paper["days"]) == ("2026-03-16", "2026-03-24", 5)


def test_a_case_is_extended_once(office: Office) -> None:
    ref = office.register("deferral-case")
    _walk(office, ref, ACCEPT)
    office.act(ref, "clerk", "ask_extension", days="2", reason="核实")
    office.act(ref, "supervisor", "grant_extension", opinion="同意")

    with pytest.raises(Refused, match="已延期一次"):
        office.act(ref, "clerk", "ask_extension", days="2", reason="核实")


def test_a_rejected_request_moves_nothing_and_may_be_made_again(office: Office) -> None:
    ref = office.register("deferral-case")
    _walk(office, ref, ACCEPT)
    office.act(ref, "clerk", "ask_extension", days="2", reason="核实")

    office.act(ref, "supervisor", "reject_extension", reason="理由不足")
    office.act(ref, "clerk", "ask_extension", days="2", reason="参保地书面来函")

    assert office.case(ref).record.extend == 0
    assert _papers(office, ref, "extension") == []


def test_more_days_than_the_item_allows_are_refused(office: Office) -> None:
    ref = office.register("deferral-case")
    _walk(office, ref, ACCEPT)

    with pytest.raises(Refused, match="最多可延期 5 个工作日"):
        office.act(ref, "clerk", "ask_extension", days="6", reason="核实")


@pytest.mark.parametrize(("days", "allowed"), [(14, True), (15, False)])
def test_more_time_is_asked_for_until_the_promised_day_and_not_after(
    office: Office, days: int, *, allowed: bool
) -> None:
    ref = office.register("deferral-case")
    _walk(office, ref, ACCEPT)
    office.sleep(days)

    if allowed:
        office.act(ref, "clerk", "ask_extension", days="1", reason="核实")
    else:
        with pytest.raises(Refused, match="时限已过"):
            office.act(ref, "clerk", "ask_extension", days="1", reason="核实")


def test_nobody_grants_an_own_request(engine: Engine) -> None:
    office = open_office(engine, extra={"chief": ("clerk", "supervisor")}, items=ITEMS)
    ref = office.register("deferral-case", by="chief")
    office.act(ref, "chief", "accept", complete="on", genuine="on")
    office.act(ref, "chief", "ask_extension", days="1", reason="核实")

    with pytest.raises(Refused, match="不能决定自己经办"):
        office.act(ref, "chief", "grant_extension", opinion="同意")


# --- notices and lapses


def test_a_line_the_first_notice_could_have_named_needs_a_supervisor(office: Office) -> None:
    ref = office.register(
        "deferral-case", receipts={"form": Receipt(Mark.RECEIVED, "self", 1), "proof": Receipt(Mark.MISSING)}
    )
    office.act(ref, "clerk", "supplement_notice")
    office.sleep(1)
    handed_in = {"proof": Receipt(Mark.RECEIVED, "self", 1)}
    office.act_on(ref, "clerk", "supplement", {}, receipts=handed_in)
    overlooked = {"form": Receipt(Mark.FAULTY, fault="没有签名")}
    office.act_on(ref, "clerk", "receive_material", {}, receipts=overlooked)

    with pytest.raises(Refused, match="上次告知时就可以指出"):
        office.act(ref, "clerk", "supplement_notice")
    office.act(ref, "supervisor", "consent", kind=CONSENTS["second_notice"], reason="漏看签名")

    assert office.act(ref, "clerk", "supplement_notice").state == "supplementing"


def test_a_fault_of_a_paper_that_came_in_later_is_no_oversight(office: Office) -> None:
    ref = office.register(
        "deferral-case", receipts={"form": Receipt(Mark.RECEIVED, "self", 1), "proof": Receipt(Mark.MISSING)}
    )
    office.act(ref, "clerk", "supplement_notice")
    office.sleep(1)
    office.act_on(ref, "clerk", "supplement", {}, receipts={"proof": Receipt(Mark.FAULTY, "self", 1, 0, "不是原件")})

    assert office.act(ref, "clerk", "supplement_notice").state == "supplementing"


def test_after_the_notice_lapsed_a_decline_needs_a_supervisor(office: Office) -> None:
    ref = office.register(TRANSFER)
    office.sleep(8)
    decline = {"kind": "不符合条件", "reason": "未参保"}

    with pytest.raises(Refused, match="视为受理"):
        office.act(ref, "clerk", "decline", **decline)
    office.act(ref, "supervisor", "consent", kind=CONSENTS["after_lapse"], reason="申请人已同意撤件")

    assert office.act(ref, "clerk", "decline", **decline).state == "declined"


def test_where_the_item_says_so_a_lapse_accepts_as_of_the_receipt(office: Office) -> None:
    ref = office.register("lapse-accepts")
    swept = sweep(office.engine, office.house, office.now + timedelta(days=8))

    record = office.case(ref).record
    assert (swept.accepted, record.state, record.accepted_on) == (1, "accepted", date(2026, 3, 2))
    assert record.promised_due == date(2026, 3, 16)


def test_where_the_item_says_so_an_unanswered_notice_ends_the_case(office: Office) -> None:
    ref = office.register("deferral-case", receipts={"form": Receipt(Mark.MISSING)})
    office.act(ref, "clerk", "supplement_notice")

    sweep(office.engine, office.house, office.now + timedelta(days=40))
    sweep(office.engine, office.house, office.now + timedelta(days=40))

    assert office.case(ref).record.state == "terminated"
    assert office.history(ref).count("terminate") == 1


# --- deferral


def _deferred(office: Office) -> CaseRef:
    return office.register("deferral-case", receipts={"form": Receipt(Mark.RECEIVED), "proof": Receipt(Mark.DEFERRED)})


SIGNED = {"genuine": "on", "signed": "on"}


def test_a_deferred_line_allows_acceptance_and_forbids_completion(office: Office) -> None:
    ref = _deferred(office)

    with pytest.raises(Refused, match="容缺待补"):
        office.act(ref, "clerk", "accept", complete="on", genuine="on")
    office.act(ref, "clerk", "accept_deferred", **SIGNED, defer_until="2026-03-10")
    _walk(office, ref, HAND_OVER)
    with pytest.raises(Refused, match="还没有补齐"):
        office.act(ref, *APPROVE[:2], **APPROVE[2])
    office.act_on(ref, "clerk", "receive_deferred", {}, receipts={"proof": Receipt(Mark.RECEIVED, "self", 1)})

    assert office.act(ref, *APPROVE[:2], **APPROVE[2]).state == "approved"
    assert _due(office, ref, "deferral") is None
    assert len(_papers(office, ref, "deferral")) == 1


@pytest.mark.parametrize("day", ["2026-03-02", "2026-03-17", "2026-02-30", "soon"])
def test_a_deferral_ends_after_today_and_by_the_promised_day(office: Office, day: str) -> None:
    ref = _deferred(office)

    with pytest.raises((BadInput, Refused), match="补齐日期"):
        office.act(ref, "clerk", "accept_deferred", **SIGNED, defer_until=day)

    assert office.case(ref).record.state == "received"


def test_a_line_that_is_not_deferrable_cannot_be_deferred(office: Office) -> None:
    with pytest.raises(BadInput, match="不能容缺"):
        office.register("deferral-case", receipts={"form": Receipt(Mark.DEFERRED), "proof": Receipt(Mark.RECEIVED)})


def test_who_broke_a_deferral_is_not_granted_another(office: Office) -> None:
    ref = _deferred(office)
    office.act(ref, "clerk", "accept_deferred", **SIGNED, defer_until="2026-03-10")
    office.sleep(9)
    office.act(ref, "clerk", "terminate", kind="容缺材料逾期未补", reason="多次催告")

    again = _deferred(office)
    with pytest.raises(Refused, match="不适用容缺受理"):
        office.act(again, "clerk", "accept_deferred", **SIGNED, defer_until="2026-03-13")


# --- commitment


def _committed(office: Office) -> CaseRef:
    item = office.item("long-term-residence")
    line = next(line for line in item.materials if any(option.commitment for option in line.options))
    promise = next(option for option in line.options if option.commitment)
    answers = {"region": promise.when["region"][0]}
    application = office.application("long-term-residence", answers=answers)
    receipts = {**application.receipts, line.key: Receipt(Mark.RECEIVED, promise.key, 1)}
    return office.register("long-term-residence", answers=answers, receipts=receipts)


SPOT = {**dict.fromkeys(("complete", "genuine", "lawful", "conditions"), "on"), "result": "已备案"}


def test_a_commitment_outlives_completion_by_two_calendar_months(office: Office) -> None:
    ref = _committed(office)

    office.act(ref, "clerk", "close_on_the_spot", **SPOT)

    assert _due(office, ref, "commitment") == date(2026, 5, 6)  # 05-02 lies in the May holidays
    assert len(_papers(office, ref, "commitment")) == 1


def test_a_kept_commitment_ends_and_the_case_stays_closed(office: Office) -> None:
    ref = _committed(office)
    office.act(ref, "clerk", "close_on_the_spot", **SPOT)
    office.sleep(30)

    office.act(ref, "clerk", "keep_commitment", handed_in="居住证")

    assert (_due(office, ref, "commitment"), office.case(ref).record.state) == (None, "closed")


def test_a_commitment_is_broken_only_after_its_last_day(office: Office) -> None:
    ref = _committed(office)
    office.act(ref, "clerk", "close_on_the_spot", **SPOT)
    office.sleep(65)

    with pytest.raises(Refused, match="期限还没有过"):
        office.act(ref, "clerk", "break_commitment", reason="未补")
    office.sleep(1)

    assert office.act(ref, "clerk", "break_commitment", reason="未补").state == "closed"


# --- money


def _paid(office: Office) -> CaseRef:
    ref = office.register(HOSPITAL)
    _walk(office, ref, ACCEPT, HAND_OVER, ("reviewer", "approve", SMALL), CHECK, SETTLE, PAY)
    return ref


def test_the_statement_lists_its_lines_and_the_total_in_capitals(office: Office) -> None:
    ref = _paid(office)

    (statement,) = _papers(office, ref, "statement")

    assert (statement["total"], statement["total_words"]) == ("50,000.00", "伍万元整")
    assert [line["amount"] for line in statement["lines"]] == ["49,999.99", "0.01"]  # type: ignore[attr-defined]
    assert statement["account"] == "6222***********0123"


def test_a_returned_payment_is_paid_again_and_the_case_stays_closed(office: Office) -> None:
    ref = _paid(office)

    office.act(ref, "cashier", "return_payment", reason="账号户名不符")
    due = _due(office, ref, "repay")
    again = office.act(ref, "cashier", "pay_again", reference="P2026-002")

    assert (due, _due(office, ref, "repay"), again.state) == (date(2026, 3, 9), None, "closed")
    with reading(office.engine) as session:
        rows = session.execute(select(PaymentRow.reference, PaymentRow.returned_on).order_by(PaymentRow.place)).all()
    assert [tuple(row) for row in rows] == [("P2026-001", date(2026, 3, 2)), ("P2026-002", None)]


def test_nothing_is_paid_twice(office: Office) -> None:
    ref = _paid(office)

    with pytest.raises(Refused, match="款项没有退回"):
        office.act(ref, "cashier", "pay_again", reference="P2026-002")


# --- designation


def test_the_assessment_has_three_calendar_months_of_its_own(office: Office) -> None:
    ref = office.register("assessed")
    _walk(office, ref, ACCEPT, HAND_OVER)
    first = _due(office, ref, "stage")
    office.act(ref, "reviewer", "suspend", **{**WHY, "kind": "受理后补充材料"})
    office.sleep(10)
    office.act(ref, "reviewer", "resume", reason="已补")

    assert (first, _due(office, ref, "stage")) == (date(2026, 6, 2), date(2026, 6, 12))


def _refused_and_served(office: Office) -> CaseRef:
    ref = office.register("assessed")
    _walk(office, ref, ACCEPT, HAND_OVER, ("reviewer", "refuse", REFUSE))
    (paper,) = _papers(office, ref, "refusal")
    served = {"way": "直接送达", "served_on": office.now.date().isoformat(), "place": "窗口", "recipient": "王建国"}
    office.act(ref, "clerk", "serve", paper_number=str(paper["number"]), servers="甲、乙", **served)
    return ref


def test_a_refused_institution_waits_three_months_from_the_served_day_then_a_year(office: Office) -> None:
    ref = office.register("assessed")
    _walk(office, ref, ACCEPT, HAND_OVER, ("reviewer", "refuse", REFUSE))
    with pytest.raises(Refused, match="还没有送达"):
        office.register("assessed")
    office.act(ref, "clerk", "serve", **_service(office, ref))
    office.sleep(91)
    with pytest.raises(Refused, match="2026-06-02"):
        office.register("assessed")
    office.sleep(1)

    second = _refused_and_served(office)

    assert office.case(second).record.served_on == date(2026, 6, 2)
    office.sleep(364)
    with pytest.raises(Refused, match="2027-06-02"):
        office.register("assessed")


def _service(office: Office, ref: CaseRef) -> dict[str, str]:
    (paper,) = _papers(office, ref, "refusal")
    said = {"way": "直接送达", "served_on": office.now.date().isoformat(), "place": "窗口", "recipient": "王建国"}
    return {**said, "paper_number": str(paper["number"]), "servers": "甲、乙"}


def test_only_a_standing_paper_of_the_case_is_served(office: Office) -> None:
    ref = office.register("assessed")
    _walk(office, ref, ACCEPT, HAND_OVER, ("reviewer", "refuse", REFUSE))

    with pytest.raises(BadInput, match="没有这份有效文书"):
        office.act(ref, "clerk", "serve", **{**_service(office, ref), "paper_number": "沙医保不通〔2026〕999999号"})


# --- stages


def test_a_stage_with_a_published_limit_has_its_own_deadline(office: Office) -> None:
    ref = office.register("deferral-case", receipts={"form": Receipt(Mark.RECEIVED), "proof": Receipt(Mark.RECEIVED)})
    _walk(office, ref, ACCEPT)
    accepted = _due(office, ref, "stage")
    _walk(office, ref, HAND_OVER)

    assert (accepted, _due(office, ref, "stage")) == (date(2026, 3, 3), date(2026, 3, 10))
