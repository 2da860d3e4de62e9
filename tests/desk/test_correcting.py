from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from caseflow.desk.carrying import carry_over
from caseflow.desk.correcting import correct
from caseflow.desk.intake import CaseRef
from caseflow.errors import BadInput, CaseChanged, Refused
from caseflow.rules.past import CONSENTS
from caseflow.store.db import reading, writing
from caseflow.store.models import CaseRow, EventRow, PaperRow
from tests.support.office import Office, field_values, first_answers, full_receipts
from tests.support.roads import ACCEPT, APPROVE, CLOSE, HAND_OVER

TRANSFER = "transfer-continuation"
HOSPITAL = "inpatient-reimbursement"


def _correct(office: Office, ref: CaseRef, by: str = "clerk", reason: str = "录入错字", **changes: str) -> int:
    version = office.case(ref).record.version
    given = {key.replace("__", "."): value for key, value in changes.items()}
    with writing(office.engine) as session:
        return correct(session, office.house, office.staff[by], ref.id, version, given, reason, office.now)


def _last_detail(office: Office, ref: CaseRef) -> dict[str, object]:
    with reading(office.engine) as session:
        query = select(EventRow.detail).where(EventRow.case_id == ref.id).order_by(EventRow.seq.desc()).limit(1)
        return dict(session.execute(query).scalar_one())


def test_old_and_new_stand_in_the_history_with_numbers_masked(office: Office) -> None:
    ref = office.register(TRANSFER)

    _correct(office, ref, applicant__id_kind="passport", applicant__id_number="E12345678", applicant__name="张需")

    detail = _last_detail(office, ref)
    assert detail["changes"]["申请人姓名"] == ["张霈", "张需"]  # type: ignore[index]
    assert "11010519491231002X" not in str(detail)


def test_a_wrong_number_is_said_and_nothing_changes(office: Office) -> None:
    ref = office.register(TRANSFER)

    with pytest.raises(BadInput, match="申请人证件号码"):
        _correct(office, ref, applicant__id_number="110105194912310021")

    assert office.case(ref).record.version == 1


def test_a_field_is_corrected_and_an_account_stays_sealed(office: Office) -> None:
    ref = office.register(HOSPITAL)

    _correct(office, ref, field__bank_account="6222021234567899999")

    with reading(office.engine) as session:
        fields = session.execute(select(CaseRow.fields)).scalar_one()
    assert fields["bank_account"]["shown"] == "6222***********9999"
    assert "6222021234567899999" not in str(fields)


def test_an_earlier_day_of_receipt_moves_the_notice_clock(office: Office) -> None:
    ref = office.register(TRANSFER)

    _correct(office, ref, received_on="2026-02-27")

    assert office.case(ref).facts.running["notice"] == date(2026, 3, 5)  # 28 February is a make-up Saturday


@pytest.mark.parametrize("day", ["2026-03-03", "2026-02-13", "2026-2-27", "2026-02-30"])
def test_a_day_of_receipt_too_far_back_or_ahead_is_refused(office: Office, day: str) -> None:
    ref = office.register(TRANSFER)

    with pytest.raises(BadInput, match="收件日期"):
        _correct(office, ref, received_on=day)


def test_a_correction_that_changes_nothing_is_refused(office: Office) -> None:
    ref = office.register(TRANSFER)

    with pytest.raises(BadInput, match="没有改动"):
        _correct(office, ref, applicant__name="张霈")


def test_what_cannot_be_corrected_is_named(office: Office) -> None:
    ref = office.register(TRANSFER)

    with pytest.raises(BadInput, match="这一项不能更正"):
        _correct(office, ref, state="closed")


def test_a_stale_correction_is_refused(office: Office) -> None:
    ref = office.register(TRANSFER)
    office.act(ref, *ACCEPT[:2], **ACCEPT[2])

    with pytest.raises(CaseChanged), writing(office.engine) as session:
        correct(session, office.house, office.staff["clerk"], ref.id, 1, {"note": "x"}, "y", office.now)


def test_after_the_decision_a_correction_needs_a_supervisors_consent_each_time(office: Office) -> None:
    ref = office.register(TRANSFER)
    for by, action, details in (ACCEPT, HAND_OVER, APPROVE, CLOSE):
        office.act(ref, by, action, **details)

    with pytest.raises(Refused, match="须主管同意"):
        _correct(office, ref, applicant__name="张需")
    office.act(ref, "supervisor", "consent", kind=CONSENTS["late_correction"], reason="身份证核对")
    _correct(office, ref, applicant__name="张需")
    with pytest.raises(Refused, match="须主管同意"):
        _correct(office, ref, applicant__name="张沛")

    assert office.history(ref)[-2:] == ["consent", "correct_late"]
    assert office.case(ref).record.state == "closed"


def test_every_standing_paper_is_issued_again_with_a_new_number(office: Office) -> None:
    ref = office.register(TRANSFER)
    office.act(ref, *ACCEPT[:2], **ACCEPT[2])

    _correct(office, ref, applicant__name="张需")

    with reading(office.engine) as session:
        query = select(PaperRow.kind, PaperRow.serial, PaperRow.voided_at, PaperRow.fields).order_by(PaperRow.id)
        papers = session.execute(query).all()
    assert [(p.kind, p.serial, p.voided_at is None, p.fields["applicant"]) for p in papers] == [
        ("receipt", 1, False, "张霈"),
        ("acceptance", 1, False, "张霈"),
        ("receipt", 2, True, "张需"),
        ("acceptance", 2, True, "张需"),
    ]
    assert papers[1].fields["promised_due"] == papers[3].fields["promised_due"]


def test_a_wrong_item_is_withdrawn_and_carried_over_with_its_day(office: Office) -> None:
    wrong = office.register(TRANSFER)
    office.sleep(8)
    item = office.item(HOSPITAL)
    answers = first_answers(item)

    with writing(office.engine) as session:
        ref = carry_over(
            session,
            office.house,
            office.staff["clerk"],
            wrong.id,
            1,
            HOSPITAL,
            answers,
            field_values(item, answers),
            full_receipts(item, answers),
            "选错事项",
            "carried-1",
            office.now,
        )

    assert office.case(wrong).record.state == "withdrawn"
    record = office.case(ref).record
    assert (record.applicant_name, record.received_on, record.item_key) == ("张霈", date(2026, 3, 2), HOSPITAL)
    assert _last_detail(office, ref)["carried_from"] == office.case(wrong).record.number
