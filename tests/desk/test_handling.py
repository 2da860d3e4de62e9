from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, event, func, select

from caseflow.desk.handling import advance, reveal
from caseflow.desk.upkeep import sweep
from caseflow.errors import BadInput, CaseChanged, NotFound, Refused
from caseflow.house import Actor
from caseflow.rules.checklist import Mark, Receipt
from caseflow.store.db import reading, writing
from caseflow.store.journal import START, Entry, link
from caseflow.store.models import CaseRow, DeadlineRow, EventRow, PaperRow, PersonRow
from caseflow.store.side_models import AccessRow
from tests.support.office import Office, open_office
from tests.support.roads import ACCEPT, APPROVE, CHECK, HAND_OVER, PAY, ROADS, SETTLE, SMALL

COUNTED_OUT = {"excluded": "不计入办理时限"}
TRANSFER = "transfer-continuation"
HOSPITAL = "inpatient-reimbursement"
ENROLMENT = "resident-enrolment"


def test_both_limits_run_from_the_day_of_acceptance(office: Office) -> None:
    ref = office.register(TRANSFER)
    office.sleep(1)

    office.act(ref, *ACCEPT[:2], **ACCEPT[2])

    record = office.case(ref).record
    assert (record.accepted_on, record.promised_due, record.statutory_due) == (
        date(2026, 3, 3),
        date(2026, 3, 17),
        date(2026, 3, 25),
    )
    assert record.provisional == 1  # 肉孜节 of 2026 (20 March) is an estimate


def test_after_a_supplement_the_case_is_accepted_as_of_the_day_the_last_line_came_in(office: Office) -> None:
    missing = {"identity": Receipt(Mark.MISSING)}
    ref = office.register(TRANSFER, receipts=missing)
    office.sleep(2)
    office.act(ref, "clerk", "supplement_notice")
    office.sleep(6)
    received = {"identity": Receipt(Mark.RECEIVED, "id-card", 1)}
    office.act_on(ref, "clerk", "supplement", {}, receipts=received)
    office.sleep(2)

    office.act(ref, *ACCEPT[:2], **ACCEPT[2])

    assert office.now.date() == date(2026, 3, 12)
    assert office.case(ref).record.accepted_on == date(2026, 3, 10)


def test_a_supplement_without_new_material_is_refused(office: Office) -> None:
    ref = office.register(TRANSFER, receipts={"identity": Receipt(Mark.MISSING)})
    office.act(ref, "clerk", "supplement_notice")
    office.sleep(1)

    with pytest.raises(Refused, match="还没有勾选今天收到的补正材料"):
        office.act(ref, "clerk", "supplement")


def test_when_the_notice_lapsed_acceptance_dates_back_to_the_receipt(office: Office) -> None:
    ref = office.register(TRANSFER)
    office.sleep(9)

    office.act(ref, *ACCEPT[:2], **ACCEPT[2])

    assert office.case(ref).record.accepted_on == date(2026, 3, 2)


def test_on_the_last_day_of_the_notice_clock_acceptance_still_counts_from_today(office: Office) -> None:
    ref = office.register(TRANSFER)
    office.sleep(7)

    office.act(ref, *ACCEPT[:2], **ACCEPT[2])

    assert office.case(ref).record.accepted_on == date(2026, 3, 9)


def test_an_immediate_case_is_due_on_the_day_its_material_was_complete(office: Office) -> None:
    ref = office.register(ENROLMENT)

    assert office.case(ref).record.promised_due == date(2026, 3, 2)


def test_an_immediate_case_without_its_material_has_no_due_date(office: Office) -> None:
    ref = office.register(ENROLMENT, receipts={"identity": Receipt(Mark.MISSING)})

    assert office.case(ref).record.promised_due is None


def test_on_the_spot_records_acceptance_and_completion_each(office: Office) -> None:
    ref = office.register(ENROLMENT)
    ticks = dict.fromkeys(("complete", "genuine", "lawful", "conditions"), "on")

    office.act(ref, "clerk", "close_on_the_spot", **ticks, result="已登记")

    assert office.history(ref) == ["register", "accept", "close_on_the_spot"]
    assert office.case(ref).record.accepted_on == date(2026, 3, 2)


def test_a_pause_moves_both_limits_by_its_working_days(office: Office) -> None:
    ref = office.register(TRANSFER)
    office.act(ref, *ACCEPT[:2], **ACCEPT[2])
    office.sleep(1)
    why = {"kind": "鉴定", "basis": "行政许可法第四十五条", "days": "5", "reason": "笔迹鉴定"} | COUNTED_OUT

    office.act(ref, "clerk", "suspend", **why)
    stopped = office.case(ref).record
    office.sleep(2)
    office.act(ref, "clerk", "resume", reason="鉴定完成")

    record = office.case(ref).record
    assert (stopped.promised_due, stopped.statutory_due, stopped.state) == (None, None, "suspended")
    assert record.state == "accepted"
    assert (record.promised_due, record.statutory_due) == (date(2026, 3, 18), date(2026, 3, 26))


def test_who_accepted_cannot_review(engine: Engine) -> None:
    office = open_office(engine, extra={"both": ("clerk", "reviewer")})
    ref = office.register(TRANSFER, by="both")
    office.act(ref, "both", "accept", complete="on", genuine="on")
    office.act(ref, "both", "hand_over")

    with pytest.raises(Refused, match="岗位分离"):
        office.act(ref, "both", *APPROVE[1:2], **APPROVE[2])

    assert office.case(ref).record.handler_id is None


def test_a_case_cannot_be_given_to_who_already_did_another_duty(engine: Engine) -> None:
    office = open_office(engine, extra={"both": ("clerk", "reviewer")})
    ref = office.register(TRANSFER, by="both")
    office.act(ref, "both", "accept", complete="on", genuine="on")

    with pytest.raises(Refused, match="不能接收"):
        office.act(ref, "both", "hand_over", receiver=str(office.staff["both"].id))


def test_another_persons_case_is_refused_until_it_is_assigned(engine: Engine) -> None:
    office = open_office(engine, extra={"other": ("clerk",)})
    ref = office.register(TRANSFER)

    with pytest.raises(Refused, match="本件由clerk经办"):
        office.act(ref, "other", "accept", complete="on", genuine="on")
    office.act(ref, "supervisor", "assign", receiver=str(office.staff["other"].id), reason="休假")

    assert office.act(ref, "other", "accept", complete="on", genuine="on").state == "accepted"


def test_acting_on_an_unclaimed_case_claims_it(office: Office) -> None:
    ref = office.register(TRANSFER)
    office.act(ref, "clerk", "release")

    office.act_on(ref, "clerk", "receive_material", {}, receipts={})

    assert office.case(ref).record.handler_id == office.staff["clerk"].id


def test_every_reason_is_given_at_once_and_nothing_is_written(office: Office) -> None:
    ref = office.register(HOSPITAL, receipts={})

    with pytest.raises(Refused) as refused:
        office.act(ref, "supervisor", "accept")

    assert {refusal.code for refusal in refused.value.refusals} == {
        "role",
        "others_case",
        "incomplete",
        "need_complete",
        "need_genuine",
    }
    assert office.case(ref).record.version == 1


def test_a_stale_form_says_who_moved_the_case_and_when(office: Office) -> None:
    ref = office.register(TRANSFER)
    office.act(ref, *ACCEPT[:2], **ACCEPT[2])

    with pytest.raises(CaseChanged, match="本件 10:30 已由clerk推进到已受理"):
        office.act_on(ref, "clerk", "decline", {}, version=1)


def test_two_at_once_give_one_step_and_one_refusal(office: Office) -> None:
    ref = office.register(TRANSFER)

    def accept(_: int) -> str:
        try:
            return office.act_on(ref, "clerk", "accept", ACCEPT[2], version=1).state
        except CaseChanged:
            return "changed"

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(accept, range(8)))

    assert sorted(outcomes) == ["accepted", *["changed"] * 7]
    with reading(office.engine) as session:
        assert session.execute(select(func.count()).where(PaperRow.kind == "acceptance")).scalar_one() == 1


def test_a_payment_above_the_threshold_goes_to_the_approver(office: Office) -> None:
    states = []
    for statement in ("报销 50000.00", "报销 50000.01"):
        ref = office.register(HOSPITAL)
        approve = ("reviewer", "approve", {**SMALL, "statement": statement})
        for by, action, details in (ACCEPT, HAND_OVER, approve, CHECK):
            last = office.act(ref, by, action, **details)
        states.append(last.state)

    assert states == ["approved", "approving"]


WRONG_AMOUNTS = ["报销", "报销 -1", "报销 1.234", "报销 abc", "报销 0", "报销 1e9", "报销 ９９999999999"]


@pytest.mark.parametrize("statement", WRONG_AMOUNTS)
def test_an_amount_that_is_none_is_refused_and_nothing_is_kept(office: Office, statement: str) -> None:
    ref = office.register(HOSPITAL)
    for by, action, details in (ACCEPT, HAND_OVER):
        office.act(ref, by, action, **details)

    with pytest.raises(BadInput, match="明细"):
        office.act(ref, "reviewer", "approve", **{**SMALL, "statement": statement})

    assert office.case(ref).record.amount_fen is None


def test_an_overdue_case_is_closed_only_with_its_reason(office: Office) -> None:
    ref = office.register(HOSPITAL)
    for by, action, details in (ACCEPT, HAND_OVER, ("reviewer", "approve", SMALL), CHECK, SETTLE):
        office.act(ref, by, action, **details)
    office.sleep(60)

    with pytest.raises(Refused, match="超期原因"):
        office.act(ref, *PAY[:2], **PAY[2])

    assert office.act(ref, *PAY[:2], **PAY[2], late_reason="财务系统升级").state == "closed"


def test_a_case_sent_back_returns_to_who_handled_it(office: Office) -> None:
    ref = office.register(HOSPITAL)
    for by, action, details in (ACCEPT, HAND_OVER, ("reviewer", "approve", SMALL)):
        office.act(ref, by, action, **details)

    office.act(ref, "checker", "send_back", reason="金额有误")

    record = office.case(ref).record
    assert (record.state, record.handler_id) == ("reviewing", office.staff["reviewer"].id)


def test_another_bureaus_case_looks_like_none(office: Office) -> None:
    ref = office.register(TRANSFER)
    stranger = Actor(office.staff["clerk"].id, "x", "陌生人", "shuimogou", frozenset({"clerk"}))
    office.staff["stranger"] = stranger

    with pytest.raises(NotFound, match="没有这个办件"):
        office.case(ref, by="stranger")


def test_a_look_at_a_full_number_needs_a_reason_and_is_recorded(office: Office) -> None:
    office.register(TRANSFER)
    clerk = office.staff["clerk"]
    with reading(office.engine) as session:
        person = session.execute(select(PersonRow.id)).scalar_one()

    with pytest.raises(BadInput), writing(office.engine) as session:
        reveal(session, office.house, clerk, person, "  ", office.now)
    with writing(office.engine) as session:
        number = reveal(session, office.house, clerk, person, "核对银行账户", office.now)

    assert number == "11010519491231002X"
    with reading(office.engine) as session:
        assert session.execute(select(AccessRow.reason)).scalars().all() == ["核对银行账户"]


def test_numbers_are_nowhere_in_the_clear(office: Office) -> None:
    ref = office.register(HOSPITAL)

    with reading(office.engine) as session:
        columns = (CaseRow.fields, EventRow.detail, PaperRow.fields, PersonRow.id_sealed)
        told = "".join(str(session.execute(select(column)).all()) for column in columns)
    assert "6222021234567890123" not in told
    assert "11010519491231002X" not in told
    assert office.case(ref).record.applicant_last4 == "002X"


def test_the_history_is_one_unbroken_chain(office: Office) -> None:
    ref = office.register(HOSPITAL)
    for by, action, details in (ACCEPT, HAND_OVER, ("reviewer", "approve", SMALL)):
        office.act(ref, by, action, **details)

    with reading(office.engine) as session:
        rows = session.execute(select(EventRow.__table__).order_by(EventRow.seq)).all()
        head = session.execute(select(CaseRow.chain)).scalar_one()
    before = START
    for row in rows:
        entry = Entry(**{name: getattr(row, name) for name in Entry.__slots__})
        assert link(office.house.keys, before, entry) == row.chain
        before = row.chain
    assert before == head


def test_the_sweep_flags_a_lapsed_notice_once(office: Office) -> None:
    ref = office.register(TRANSFER)
    late = office.now + timedelta(days=8)

    on_the_day = sweep(office.engine, office.house, office.now + timedelta(days=7))
    first, second = sweep(office.engine, office.house, late), sweep(office.engine, office.house, late)

    assert (on_the_day.total, first.lapsed, second.total) == (0, {"notice": 1}, 0)
    assert office.history(ref) == ["register", "lapse"]
    assert office.case(ref).record.state == "received"


def test_an_ended_case_has_no_running_deadline(office: Office) -> None:
    ref = office.register(TRANSFER)
    office.act(ref, "clerk", "withdraw", kind="申请人撤回", reason="本人要求")

    with reading(office.engine) as session:
        running = select(func.count()).where(DeadlineRow.stopped_on.is_(None))
        assert session.execute(running).scalar_one() == 0
    with pytest.raises(Refused, match="本件现为“已撤回”"):
        office.act(ref, *ACCEPT[:2], **ACCEPT[2])


@pytest.mark.parametrize("flow", sorted(ROADS))
def test_a_step_takes_at_most_twelve_statements(office: Office, flow: str) -> None:
    item = next(one for one in office.house.catalogue.items_of("shawan") if one.flow == flow)
    sent: list[str] = []
    event.listen(office.engine, "before_cursor_execute", lambda *args: sent.append(args[2]))

    took: dict[str, int] = {}
    # A refusal of a designation bars the next application: it comes last.
    for _, steps in sorted(ROADS[flow], key=lambda road: road[0] == "refused"):
        ref = office.register(item.key)
        version = 1
        for who, action, details in steps:
            with writing(office.engine) as session:
                sent.clear()
                step = (session, office.house, office.staff[who], ref.id, version, action, details, office.now)
                version = advance(*step).version
                took[action] = max(took.get(action, 0), len(sent))

    assert {action: n for action, n in took.items() if n > 12} == {}
