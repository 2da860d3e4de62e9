"""Forms kept for whoever was typing: sealed, one's own, bounded, forgotten in time; on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from caseflow.desk import sessions, staff
from caseflow.desk.drafts import (
    CASE,
    CORRECTION,
    KEPT_FOR,
    LONGEST_DRAFT,
    MOST_DRAFTS,
    REGISTRATION,
    drop_draft,
    last_signed_in,
    save_draft,
    sweep_drafts,
)
from caseflow.desk.upkeep import sweep
from caseflow.errors import BadInput
from caseflow.house import House, new_master
from caseflow.store.db import reading, writing
from caseflow.store.office_models import DraftRow
from caseflow.views.drafts import Kept, kept_draft, kept_drafts
from tests.support.office import Office

TYPED = {"item": "inpatient-reimbursement", "applicant.name": "张霈", "applicant.id_number": "11010519491231002X"}
FORM = f"{REGISTRATION}abc-DEF_1"


def _save(office: Office, form: str = FORM, who: str = "clerk", at: datetime | None = None, **typed: str) -> bool:
    with writing(office.engine) as session:
        return save_draft(session, office.house, office.staff[who], form, TYPED | typed, at or office.now)


def _kept(office: Office, form: str = FORM, who: str = "clerk") -> Kept | None:
    with reading(office.engine) as session:
        return kept_draft(session, office.house, office.staff[who], form)


def _forms(office: Office, who: str = "clerk") -> list[str]:
    with reading(office.engine) as session:
        return [one.form for one in kept_drafts(session, office.house, office.staff[who], REGISTRATION)]


def _rows(office: Office) -> int:
    with reading(office.engine) as session:
        return session.execute(select(func.count()).select_from(DraftRow)).scalar_one()


def test_a_form_is_found_as_it_was_typed(office: Office) -> None:
    _save(office, note="第一行\r\n第二行\x07 <b> \ud800")

    kept = _kept(office)

    assert kept is not None
    assert kept.typed == TYPED | {"note": "第一行\r\n第二行\x07 <b> \ud800"}
    assert kept.saved_at == office.now


def test_neither_name_nor_number_can_be_read_in_the_table(office: Office) -> None:
    _save(office)

    with reading(office.engine) as session:
        row = session.execute(select(DraftRow.form, DraftRow.sealed)).one()

    stored = row.form.encode() + bytes(row.sealed)
    for plain in ("张霈", "11010519491231002X", "1949", "inpatient"):
        assert plain.encode() not in stored
        assert plain.encode("unicode_escape") not in stored


def test_anothers_form_is_as_if_there_were_none(office: Office) -> None:
    _save(office)

    assert _kept(office, who="reviewer") is None
    assert _forms(office, "reviewer") == []


def test_nobody_drops_anothers_form(office: Office) -> None:
    _save(office)

    with writing(office.engine) as session:
        drop_draft(session, office.staff["reviewer"], FORM)

    assert _kept(office) is not None


def test_saving_again_replaces_what_was_kept(office: Office) -> None:
    _save(office, note="一")
    _save(office, note="二", at=office.now + timedelta(minutes=1))

    kept = _kept(office)

    assert (_rows(office), kept and kept.typed["note"]) == (1, "二")


def test_the_oldest_goes_where_there_would_be_too_many(office: Office) -> None:
    for n in range(MOST_DRAFTS + 1):
        _save(office, f"{REGISTRATION}{n}", at=office.now + timedelta(minutes=n))

    forms = _forms(office)

    assert len(forms) == _rows(office) == MOST_DRAFTS
    assert (forms[0], f"{REGISTRATION}0" in forms) == (f"{REGISTRATION}{MOST_DRAFTS}", False)


def _filled_to(length: int) -> str:
    with_nothing = '{"item": "inpatient-reimbursement", "applicant.name": "\\u5f20\\u9708", '
    with_nothing += '"applicant.id_number": "11010519491231002X", "note": ""}'
    return "x" * (length - len(with_nothing))


def test_a_form_of_the_greatest_size_is_kept_and_one_more_character_is_refused(office: Office) -> None:
    _save(office, note=_filled_to(LONGEST_DRAFT))

    with pytest.raises(BadInput, match="内容过长"):
        _save(office, note=_filled_to(LONGEST_DRAFT) + "x")

    kept = _kept(office)
    assert kept is not None
    assert kept.typed["note"] == _filled_to(LONGEST_DRAFT)


@pytest.mark.parametrize("form", ["", "register:甲", "register:a b", "register:" + "a" * 90, "register:a\x00", "a\n"])
def test_a_form_without_a_proper_name_is_not_kept(office: Office, form: str) -> None:
    with pytest.raises(BadInput):
        _save(office, form)


def test_a_save_that_comes_after_the_registration_keeps_nothing(office: Office) -> None:
    office.register("inpatient-reimbursement", request_key="sent")

    assert not _save(office, f"{REGISTRATION}sent")
    assert _rows(office) == 0


@pytest.mark.parametrize("kind", [CASE, CORRECTION])
def test_a_form_of_a_case_is_kept_on_its_present_version_and_on_no_other(office: Office, kind: str) -> None:
    ref = office.register("inpatient-reimbursement")
    form, version = f"{kind}{ref.number}", office.case(ref).record.version

    assert [_save(office, form, version=str(n)) for n in (version - 1, version, version + 1)] == [False, True, False]
    office.act(ref, "clerk", "withdraw", kind="申请人撤回", reason="本人要求")
    assert not _save(office, form, version=str(version))


@pytest.mark.parametrize("typed", [{}, {"version": ""}, {"version": "x"}, {"version": "１"}, {"version": "01"}])
def test_a_form_of_a_case_without_its_version_is_not_kept(office: Office, typed: dict[str, str]) -> None:
    ref = office.register("inpatient-reimbursement")

    assert not _save(office, f"{CASE}{ref.number}", **typed)
    assert _rows(office) == 0


def test_a_form_of_no_case_or_of_another_bureaus_is_not_kept(office: Office) -> None:
    ref = office.register("inpatient-reimbursement")
    office.staff["stranger"] = replace(office.staff["reviewer"], bureau="shuimogou")

    assert not _save(office, f"{CASE}no-such-case", version="1")
    assert not _save(office, f"{CASE}{ref.number}", who="stranger", version=str(office.case(ref).record.version))
    assert _rows(office) == 0


def test_a_form_kept_while_it_was_being_sent_is_not_offered(office: Office) -> None:
    _save(office, f"{REGISTRATION}sent")
    office.register("inpatient-reimbursement", request_key="sent")

    assert _forms(office) == []


def test_a_form_is_forgotten_after_its_time_and_not_before(office: Office) -> None:
    _save(office)
    _save(office, f"{REGISTRATION}later", at=office.now + timedelta(seconds=1))

    with writing(office.engine) as session:
        early = sweep_drafts(session, office.now + KEPT_FOR - timedelta(seconds=1))
        due = sweep_drafts(session, office.now + KEPT_FOR)

    assert (early, due, _forms(office)) == (0, 1, [f"{REGISTRATION}later"])


def test_the_daily_sweep_forgets_old_forms(office: Office) -> None:
    _save(office)

    sweep(office.engine, office.house, office.now + KEPT_FOR)

    assert _rows(office) == 0


def test_a_form_sealed_with_another_key_is_as_if_there_were_none(office: Office) -> None:
    _save(office)
    other: House = replace(office.house, keys=House.open(new_master()).keys)

    with reading(office.engine) as session:
        assert kept_draft(session, other, office.staff["clerk"], FORM) is None
        assert kept_drafts(session, other, office.staff["clerk"], REGISTRATION) == ()


def _token(office: Office) -> str:
    with writing(office.engine) as session:
        return sessions.open_session(session, office.staff["clerk"].id, "A区3号窗口", office.now)


def test_a_session_that_went_idle_still_says_whose_it_was(office: Office) -> None:
    token = _token(office)
    office.sleep(1)

    with reading(office.engine) as session:
        owner = last_signed_in(session, token, office.now)

    assert owner is not None
    assert (owner.id, owner.roles) == (office.staff["clerk"].id, frozenset())


@pytest.mark.parametrize(
    "end", [sessions.sign_out, lambda session, _token, now: staff.disable(session, "shaw001", now)]
)
def test_a_session_somebody_ended_says_nothing(office: Office, end: object) -> None:
    token = _token(office)

    with writing(office.engine) as session:
        end(session, token, office.now)  # type: ignore[operator]

    with reading(office.engine) as session:
        assert last_signed_in(session, token, office.now) is None
        assert last_signed_in(session, "made-up", office.now) is None
