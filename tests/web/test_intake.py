from __future__ import annotations

import pytest
from sqlalchemy import Engine, func, select

from caseflow.store.db import reading
from caseflow.store.models import CaseRow, EventRow, PersonRow
from tests.support.office import Office, open_office
from tests.web.counter import Door, faults_of, number_of

CLINIC = "outpatient-reimbursement"
RESIDENCE = "long-term-residence"
CHECKED = {"complete": "on", "genuine": "on"}
ON_THE_SPOT = CHECKED | {"lawful": "on", "conditions": "on", "result": "已办理备案"}


@pytest.fixture
def office(engine: Engine) -> Office:
    return open_office(engine)


@pytest.fixture
def door(office: Office) -> Door:
    return Door.of(office)


def cases(door: Door) -> int:
    with reading(door.office.engine) as session:
        return session.execute(select(func.count()).select_from(CaseRow)).scalar_one()


def actions(door: Door) -> list[str]:
    with reading(door.office.engine) as session:
        return list(session.execute(select(EventRow.action).order_by(EventRow.seq)).scalars())


@pytest.mark.parametrize("typed", ["门诊费用", "mzfy", "MZFYBX", "outpatient-reimb"])
def test_an_item_is_found_by_name_initials_and_key(door: Door, typed: str) -> None:
    page = door.clerk.send("/register", {"go": "search", "q": typed, "request_key": "k"})

    assert page.status_code == 200
    assert "门诊费用报销" in page.text


def test_a_search_that_fits_one_item_chooses_it(door: Door) -> None:
    page = door.clerk.send("/register", {"go": "search", "q": "异地长期居住", "request_key": "k"})

    assert "是否跨省" in page.text


def test_a_search_that_fits_nothing_says_so(door: Door) -> None:
    page = door.clerk.send("/register", {"go": "search", "q": "没有这样的", "request_key": "k"})

    assert "没有符合的事项" in page.text


def test_a_question_without_an_answer_is_asked_at_the_question(door: Door) -> None:
    form = door.clerk.fields(door.clerk.get(f"/register?item={RESIDENCE}"), "/register")

    page = door.clerk.send("/register", form | {"go": "people"})

    assert page.status_code == 422
    assert "不能确定时选“尚不清楚”" in page.text


def test_nobody_knows_yet_is_an_answer_and_its_lines_stay_to_be_asked(door: Door) -> None:
    form = door.clerk.register_to(2, RESIDENCE) | {"answer.region": "?"}

    page = door.clerk.send("/register", form | {"go": "materials"})

    assert page.status_code == 200
    assert "是否跨省" in page.text


def test_a_wrong_number_is_said_at_the_field_and_the_rest_is_kept(door: Door) -> None:
    form = door.clerk.register_to(2, CLINIC, **{"applicant.id_number": "110105194912310021", "note": "老人由子女陪同"})

    page = door.clerk.send("/register", form | {"go": "materials"})

    assert page.status_code == 422
    assert 'id="error-applicant.id_number"' in page.text
    assert "末位校验码不符" in page.text
    kept = door.clerk.fields(page, "/register")
    assert (kept["applicant.name"], kept["applicant.id_number"], kept["note"], kept["f.invoice_amount"]) == (
        "张霈",
        "110105194912310021",
        "老人由子女陪同",
        "1234.56",
    )


def test_every_fault_of_a_step_is_said_at_once(door: Door) -> None:
    wrong = {"applicant.phone": "12345", "f.invoice_amount": "-3", "f.visit_date": "2026-02-30", "agent.name": "李四"}
    form = door.clerk.register_to(2, CLINIC, **wrong)

    page = door.clerk.send("/register", form | {"go": "materials"})

    for field in ("applicant.phone", "f.invoice_amount", "f.visit_date", "agent.id_number"):
        assert f'id="error-{field}"' in page.text


def test_what_was_typed_in_earlier_steps_survives_to_the_last_and_back(door: Door) -> None:
    form = door.clerk.register_to(3, CLINIC, note="第一行\n第二行 <b>")

    page = door.clerk.send("/register", form | {"go": "back2"})

    kept = door.clerk.fields(page, "/register")
    assert kept["note"] == "第一行\n第二行 <b>"
    assert kept["applicant.id_number"] == "11010519491231002X"


def test_nothing_personal_stands_in_an_address(door: Door) -> None:
    done = door.clerk.decide(CLINIC, "accept", CHECKED)

    assert "11010519491231002X" not in done.headers["Location"]
    assert "张" not in done.headers["Location"]


def test_the_ticks_speak_for_a_decision(door: Door) -> None:
    form = door.clerk.register_to(3, CLINIC)

    complete = door.clerk.fields(door.clerk.send("/register", form | {"go": "all"}), "/register")
    lacking = door.clerk.fields(
        door.clerk.send("/register", complete | {"m.prescription.mark": "missing", "go": "check"}), "/register"
    )
    open_ = door.clerk.fields(
        door.clerk.send("/register", form | {"m.identity.mark": "received", "go": "check"}), "/register"
    )

    assert complete["decision"] == "accept"
    assert lacking["decision"] == "supplement_notice"
    assert open_.get("decision", "") == ""


def test_accepting_registers_and_accepts_in_one_transaction(door: Door) -> None:
    page = door.clerk.decide(CLINIC, "accept", CHECKED)

    number_of(page)
    assert actions(door) == ["register", "accept"]
    done = door.clerk.get(page.headers["Location"])
    assert "查询码" in done.text
    assert "打印受理通知书" in done.text
    assert "打印收件凭据" in done.text


def test_a_refused_decision_registers_nothing_and_keeps_the_form(door: Door) -> None:
    page = door.clerk.decide(CLINIC, "accept", {"complete": "on"})

    assert page.status_code == 409
    assert cases(door) == 0
    assert "请勾选：材料真实有效" in page.text
    kept = door.clerk.fields(page, "/register")
    assert (kept["applicant.name"], kept["decision"], kept["need.accept.complete"]) == ("张霈", "accept", "on")


def test_without_a_decision_the_one_the_ticks_speak_for_is_offered_and_nothing_is_done(door: Door) -> None:
    page = door.clerk.decide(CLINIC, "")

    assert page.status_code == 422
    assert cases(door) == 0
    assert door.clerk.fields(page, "/register")["decision"] == "accept"


def test_the_same_form_sent_twice_acts_once(door: Door) -> None:
    form = door.clerk.register_to(3, CLINIC)
    form = door.clerk.fields(door.clerk.send("/register", form | {"go": "all"}), "/register")
    form |= {"need.accept.complete": "on", "need.accept.genuine": "on", "go": "submit"}

    first, second = door.clerk.send("/register", form), door.clerk.send("/register", form)

    assert number_of(first) == number_of(second)
    assert actions(door) == ["register", "accept"]


def test_an_immediate_item_is_closed_on_the_spot(door: Door) -> None:
    number = number_of(door.clerk.decide(RESIDENCE, "close_on_the_spot", ON_THE_SPOT))

    page = door.clerk.get(f"/cases/{number}")

    assert "已办结" in page.text


def test_a_faulty_line_needs_its_fault(door: Door) -> None:
    form = door.clerk.register_to(3, CLINIC) | {"m.receipts.mark": "faulty"}

    page = door.clerk.send("/register", form | {"decision": "receive_only", "go": "submit"})

    assert page.status_code == 422
    assert "标为不符的材料要写明不符之处" in page.text
    assert cases(door) == 0


def test_the_notice_names_what_is_missing_and_what_is_faulty(door: Door) -> None:
    form = door.clerk.register_to(3, CLINIC)
    marks = {"m.receipts.mark": "faulty", "m.receipts.fault": "票据未盖章", "m.prescription.mark": "missing"}
    form = door.clerk.fields(door.clerk.send("/register", form | marks | {"go": "all"}), "/register")

    done = door.clerk.send("/register", form | {"decision": "supplement_notice", "go": "submit"})

    case = door.clerk.get(f"/cases/{number_of(done)}")
    assert "待补正" in case.text
    assert "票据未盖章" in case.text


def test_only_received_is_registered_and_nothing_is_decided(door: Door) -> None:
    number_of(door.clerk.decide(CLINIC, "receive_only"))

    assert actions(door) == ["register"]


def test_an_earlier_open_case_of_the_same_person_and_item_is_said(door: Door) -> None:
    door.clerk.decide(CLINIC, "accept", CHECKED)
    form = door.clerk.register_to(2, CLINIC)

    page = door.clerk.send("/register", form | {"go": "materials"})

    assert "同一事项还有未办结的办件" in page.text


def test_the_check_while_typing_tells_the_fault_and_the_earlier_cases(door: Door) -> None:
    door.clerk.decide(CLINIC, "accept", CHECKED)
    asked = {"item": CLINIC, "applicant.id_kind": "resident_id"}

    good = door.clerk.send("/register/check", asked | {"applicant.id_number": "１１０１０５１９４９１２３１００２ｘ"})
    bad = door.clerk.send("/register/check", asked | {"applicant.id_number": "110105194912310021"})

    assert good.json is not None
    assert good.json["fault"] == ""
    assert "未办结" in good.json["html"]
    assert bad.json is not None
    assert "校验码" in bad.json["fault"]


def test_late_entry_needs_a_reason_and_reaches_three_working_days_back(door: Door) -> None:
    early = door.clerk.decide(CLINIC, "receive_only", received_on="2026-02-20", late_reason="停电")
    bare = door.clerk.decide(CLINIC, "receive_only", received_on="2026-02-27")
    good = door.clerk.decide(CLINIC, "receive_only", received_on="2026-02-27", late_reason="停电")

    assert (early.status_code, bare.status_code, good.status_code) == (422, 422, 303)
    assert "补录最多补前 3 个工作日" in early.text
    assert "补录要写明原因" in bare.text


def test_agent_and_persons_concerned_are_kept_with_the_case(door: Door) -> None:
    people = {
        "agent.name": "李四",
        "agent.id_kind": "passport",
        "agent.id_number": "E12345678",
        "agent.relation": "儿子",
        "concerned.2.name": "王小宝",
        "concerned.2.id_kind": "none",
        "concerned.2.relation": "新生儿",
    }

    number_of(door.clerk.decide(CLINIC, "receive_only", **people))

    with reading(door.office.engine) as session:
        rows = session.execute(select(PersonRow.part, PersonRow.name).order_by(PersonRow.id)).all()
    assert [tuple(row) for row in rows] == [("applicant", "张霈"), ("agent", "李四"), ("concerned", "王小宝")]


def test_the_applicants_own_deadline_is_a_warning_and_no_refusal(door: Door) -> None:
    late = {
        "f.established_on": "2026-01-01",
        "applicant.id_kind": "credit_code",
        "applicant.id_number": "91110000600037341L",
    }
    form = door.clerk.register_to(2, "employer-enrolment", **late)

    page = door.clerk.send("/register", form | {"go": "materials"})

    assert faults_of(page) == []
    assert "自成立之日起三十日内" in page.text


def test_a_form_of_an_unknown_item_is_not_found(door: Door) -> None:
    assert door.clerk.send("/register", {"go": "people", "item": "dragons", "request_key": "k"}).status_code == 404


def test_only_clerks_register(door: Door) -> None:
    assert door.reviewer.get("/register").status_code == 403


HOSTILE = [
    "字" * 10_000,
    "甲\x00乙",
    "甲\x07乙",
    "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    "甲\u202e乙",
    "甲\u2028乙",
]
KEPT = ["👩‍👩‍👧 张", "مُحَمَّد", "１２３", "㼆𠮷", "<script>alert(1)</script>", "{{ 7*7 }}", "'; DROP TABLE cases; --"]


FIELDS = ("applicant.name", "applicant.id_number", "note", "f.institution", "agent.relation", "q")


def test_hostile_text_is_refused_and_never_a_fault_of_ours(door: Door) -> None:
    clerk = door.clerk
    form = clerk.register_to(2, CLINIC)

    answers = [(f, t, clerk.send("/register", form | {f: t, "go": "materials"})) for f in FIELDS for t in HOSTILE]

    assert [(field, text) for field, text, page in answers if page.status_code not in (200, 422)] == []


def test_unusual_text_is_stored_exactly(door: Door) -> None:
    pages = [door.clerk.decide(CLINIC, "receive_only", **{"applicant.name": t, "f.institution": t}) for t in KEPT]

    with reading(door.office.engine) as session:
        rows = session.execute(select(CaseRow.applicant_name, CaseRow.fields).order_by(CaseRow.id)).all()
    assert [row.applicant_name for row in rows] == KEPT
    assert [row.fields["institution"] for row in rows] == KEPT
    assert [door.clerk.get(f"/cases/{number_of(page)}").status_code for page in pages] == [200] * len(KEPT)


STRANGE: list[dict[str, str]] = [
    {"concerned_rows": "9" * 50},
    {"concerned_rows": "-1"},
    {"m.identity.mark": "stolen"},
    {"m.identity.mark": "received", "m.identity.originals": "-1"},
    {"m.identity.mark": "received", "m.identity.originals": "１"},
    {"m.identity.mark": "received", "m.identity.option": "no-such"},
    {"m.dragon.mark": "received"},
    {"applicant.id_kind": "dragon"},
    {"channel": "pigeon"},
    {"answer.emergency": "maybe"},
    {"answer.dragon": "yes"},
    {"f.dragon": "x"},
    {"decision": "dragon"},
    {"received_on": "2026-W01-1"},
    {"received_on": "0001-01-01", "late_reason": "x"},
    {"received_on": "9999-12-31", "late_reason": "x"},
    {"request_key": "长" * 30},
    {"request_key": ""},
    {"go": "dragon"},
]


def test_a_form_nobody_could_have_filled_in_is_refused(door: Door) -> None:
    clerk = door.clerk
    form = clerk.register_to(3, CLINIC) | {"go": "submit", "decision": "receive_only"}

    answers = [
        (strange, clerk.send("/register", form | {"request_key": f"strange-{n}"} | strange).status_code)
        for n, strange in enumerate(STRANGE)
    ]

    assert [(strange, status) for strange, status in answers if status not in (200, 303, 404, 422)] == []
    assert cases(door) == sum(status == 303 for _, status in answers)


def test_a_form_with_thousands_of_entries_is_refused(door: Door) -> None:
    page = door.clerk.send("/register", {f"m.{n}.mark": "x" for n in range(1500)})

    assert page.status_code == 422
