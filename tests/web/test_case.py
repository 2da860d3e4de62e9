from __future__ import annotations

import re

import pytest
from sqlalchemy import Engine, event, select

from caseflow.store.db import reading
from caseflow.store.models import CaseRow, PaperRow, PersonRow
from caseflow.store.side_models import AccessRow
from caseflow.views.casefile import load_case
from tests.support.office import Office, open_office
from tests.support.roads import ROADS
from tests.web.counter import Counter, Door, faults_of, number_of

CLINIC = "outpatient-reimbursement"
CREDIT_CODE = "91110000600037341L"
CHECKED = {"complete": "on", "genuine": "on"}
ONE_OF_EACH = {
    "immediate": "long-term-residence",
    "standard": "transfer-continuation",
    "payment": "inpatient-reimbursement",
    "designation": "medical-institution-designation",
}


@pytest.fixture
def office(engine: Engine) -> Office:
    return open_office(engine)


@pytest.fixture
def door(office: Office) -> Door:
    return Door.of(office)


@pytest.fixture
def accepted(door: Door) -> str:
    """The number of an accepted case of a payment item."""
    return number_of(door.clerk.decide(CLINIC, "accept", CHECKED))


def state(door: Door, number: str) -> str:
    with reading(door.office.engine) as session:
        return session.execute(select(CaseRow.state).where(CaseRow.number == number)).scalar_one()


def version(door: Door, number: str) -> int:
    with reading(door.office.engine) as session:
        return session.execute(select(CaseRow.version).where(CaseRow.number == number)).scalar_one()


def test_every_flow_is_walked_to_its_end_by_the_forms_of_the_pages(door: Door) -> None:
    for flow, item_key in ONE_OF_EACH.items():
        end, road = ROADS[flow][0]
        (_, first, needs), *rest = road
        applicant = {}
        if flow == "designation":
            applicant = {"applicant.id_kind": "credit_code", "applicant.id_number": CREDIT_CODE}

        number = number_of(door.clerk.decide(item_key, first, needs, **applicant))
        for who, action, entries in rest:
            page = getattr(door, who).act(number, action, **entries)
            assert page.status_code == 303, (flow, action, faults_of(page))

        assert state(door, number) == end
        assert door.clerk.get(f"/cases/{number}").status_code == 200


def test_the_page_shows_this_flows_steps_and_where_the_case_stands(door: Door, accepted: str) -> None:
    page = door.clerk.get(f"/cases/{accepted}").text

    steps = re.findall(r'<li class="step[^"]*"[^>]*>([^<]+)', page)
    assert steps == ["收件", "受理", "审核", "复核", "审批", "审核通过", "拨付", "办结"]
    assert re.search(r'step-here" aria-current="step">受理', page)


def test_the_clock_is_told_in_words_and_day_by_day(door: Door, accepted: str) -> None:
    door.office.sleep(2)

    page = door.clerk.get(f"/cases/{accepted}").text

    assert "已用 2 个工作日；承诺剩 18 个；法定剩 28 个" in page
    assert "第 1 日" in page
    assert '<rect class="used"' in page


def test_numbers_are_masked_until_somebody_says_why_and_that_is_recorded(door: Door, accepted: str) -> None:
    with reading(door.office.engine) as session:
        person = str(session.execute(select(PersonRow.id)).scalar_one())
    before = door.clerk.get(f"/cases/{accepted}").text

    bare = door.clerk.send(f"/cases/{accepted}/reveal", {"person": person})
    shown = door.clerk.send(f"/cases/{accepted}/reveal", {"person": person, "reveal_reason": "核对社保卡"})

    assert "11010519491231002X" not in before + bare.text
    assert bare.status_code == 422
    assert "11010519491231002X" in shown.text
    assert shown.headers["Cache-Control"] == "no-store"
    with reading(door.office.engine) as session:
        assert [row.reason for row in session.execute(select(AccessRow.reason))] == ["核对社保卡"]


def test_the_account_number_is_never_on_the_page(door: Door, accepted: str) -> None:
    page = door.clerk.get(f"/cases/{accepted}").text

    assert "6222021234567890123" not in page
    assert "6222***********0123" in page


def test_a_closed_action_says_why(door: Door, accepted: str) -> None:
    page = door.reviewer.get(f"/cases/{accepted}").text

    assert "转审核须由窗口人员办理" in page


def test_a_stale_form_says_who_moved_the_case_and_keeps_what_was_typed(door: Door, accepted: str) -> None:
    door.clerk.act(accepted, "hand_over")
    path = f"/cases/{accepted}/refuse"
    form = door.reviewer.fields(door.reviewer.get(f"/cases/{accepted}"), path)
    door.reviewer.act(accepted, "suspend", kind="鉴定", basis="行政许可法第四十五条", days="5", reason="送检")
    door.reviewer.act(accepted, "resume", reason="结果已出")

    page = door.reviewer.send(path, form | {"need.refuse.opinion": "写了很久的意见"})

    assert page.status_code == 409
    assert "已由reviewer推进到审核中" in page.text
    assert "写了很久的意见" in page.text
    assert state(door, accepted) == "reviewing"


def test_a_refused_step_shows_every_reason_keeps_the_entries_and_writes_nothing(door: Door, accepted: str) -> None:
    door.clerk.act(accepted, "hand_over")
    before = version(door, accepted)

    page = door.reviewer.act(accepted, "approve", opinion="同意", statement="门诊 100.00")

    assert page.status_code == 409
    assert "请勾选：材料合法合规" in page.text
    assert "请勾选：符合办理条件" in page.text
    assert "门诊 100.00" in page.text
    assert version(door, accepted) == before


def test_a_statement_that_cannot_be_read_is_said_at_its_field(door: Door, accepted: str) -> None:
    door.clerk.act(accepted, "hand_over")

    page = door.reviewer.act(accepted, "approve", lawful="on", conditions="on", opinion="同意", statement="门诊 一百元")

    assert page.status_code == 422
    assert 'id="error-need.approve.statement"' in page.text


def test_the_receiver_is_chosen_among_those_who_may_handle_the_next_state(door: Door, accepted: str) -> None:
    page = door.clerk.get(f"/cases/{accepted}").text

    options = re.findall(r"<option value=\"\d+\">(\w+)（", page)
    assert options == ["reviewer"]


def test_a_step_sent_twice_acts_once(door: Door, accepted: str) -> None:
    path = f"/cases/{accepted}/hand_over"
    form = door.clerk.fields(door.clerk.get(f"/cases/{accepted}"), path)

    first, second = door.clerk.send(path, form), door.clerk.send(path, form)
    other = door.clerk.send(path, form | {"request_key": "another-form"})

    assert (first.status_code, second.status_code, other.status_code) == (303, 303, 409)
    assert first.headers["Location"] == second.headers["Location"]
    assert version(door, accepted) == 3


def notified(door: Door) -> str:
    form = door.clerk.register_to(3, CLINIC) | {"m.prescription.mark": "missing"}
    form = door.clerk.fields(door.clerk.send("/register", form | {"go": "all"}), "/register")
    return number_of(door.clerk.send("/register", form | {"decision": "supplement_notice", "go": "submit"}))


def counter_form(counter: Counter, number: str) -> dict[str, str]:
    return counter.fields(counter.get(f"/cases/{number}"), f"/cases/{number}/decide")


def test_the_supplement_is_taken_in_and_accepted_in_one_submission(door: Door) -> None:
    number = notified(door)
    door.office.sleep(2)
    form = counter_form(door.clerk, number) | {"m.prescription.mark": "received", "decision": "supplement+accept"}

    page = door.clerk.send(
        f"/cases/{number}/decide", form | {"need.accept.complete": "on", "need.accept.genuine": "on"}
    )

    assert page.status_code == 303
    assert state(door, number) == "accepted"


def test_a_supplement_that_may_not_be_accepted_changes_nothing_at_all(door: Door) -> None:
    number = notified(door)
    before = version(door, number)
    form = counter_form(door.clerk, number) | {"m.prescription.mark": "received", "decision": "supplement+accept"}

    page = door.clerk.send(f"/cases/{number}/decide", form)

    assert page.status_code == 409
    assert (state(door, number), version(door, number)) == ("supplementing", before)
    assert door.clerk.fields(page, f"/cases/{number}/decide")["m.prescription.mark"] == "received"


def test_what_was_received_is_recorded_without_a_decision(door: Door) -> None:
    number = notified(door)
    form = counter_form(door.clerk, number) | {"m.prescription.mark": "received", "decision": "receive_material"}

    page = door.clerk.send(f"/cases/{number}/decide", form)

    assert page.status_code == 303
    assert counter_form(door.clerk, number)["m.prescription.mark"] == "received"


def test_the_materials_form_asks_for_a_decision(door: Door) -> None:
    number = notified(door)

    page = door.clerk.send(f"/cases/{number}/decide", counter_form(door.clerk, number) | {"decision": ""})

    assert page.status_code == 422
    assert "请选择决定" in page.text


def test_a_correction_changes_only_what_was_entered_and_stands_in_the_history(door: Door, accepted: str) -> None:
    path = f"/cases/{accepted}/correct"
    form = door.clerk.fields(door.clerk.get(path), path)

    page = door.clerk.send(path, form | {"change.applicant.name": "张珮", "reason": "录入错字"})

    assert page.status_code == 303
    shown = door.clerk.get(f"/cases/{accepted}").text
    assert "申请人姓名：张霈 → 张珮" in shown
    assert "作废" in shown


def test_a_wrong_correction_is_said_at_its_field_and_kept(door: Door, accepted: str) -> None:
    path = f"/cases/{accepted}/correct"
    form = door.clerk.fields(door.clerk.get(path), path)
    wrong = {"change.applicant.id_number": "110105194912310021", "change.field.invoice_amount": "-5", "reason": "错"}

    page = door.clerk.send(path, form | wrong)

    assert page.status_code == 422
    assert 'id="error-change.applicant.id_number"' in page.text
    assert 'id="error-change.field.invoice_amount"' in page.text
    assert door.clerk.fields(page, path)["change.field.invoice_amount"] == "-5"


def test_a_correction_without_a_reason_is_said_at_the_reason(door: Door, accepted: str) -> None:
    path = f"/cases/{accepted}/correct"
    form = door.clerk.fields(door.clerk.get(path), path)

    page = door.clerk.send(path, form | {"change.applicant.name": "张珮", "reason": ""})

    assert page.status_code == 409
    assert 'id="error-reason"' in page.text
    assert door.clerk.fields(page, path)["change.applicant.name"] == "张珮"


def paper(door: Door, kind: str) -> str:
    with reading(door.office.engine) as session:
        return f"/papers/{session.execute(select(PaperRow.id).where(PaperRow.kind == kind)).scalar_one()}"


def test_a_look_at_a_paper_is_no_print(door: Door, accepted: str) -> None:
    path = paper(door, "acceptance")

    looks = [door.clerk.get(path).text for _ in range(2)]
    printed = door.clerk.send(path, {}).text

    assert all("预览" in look for look in looks)
    assert "重印" not in printed
    assert "承诺办结期限" in printed


def test_the_second_print_says_that_it_is_one(door: Door, accepted: str) -> None:
    path = paper(door, "receipt")

    first, second = door.clerk.send(path, {}).text, door.clerk.send(path, {}).text

    assert "重印" not in first
    assert "重印（第 1 次）" in second
    assert "已打印 2 次" in door.clerk.get(f"/cases/{accepted}").text


def test_a_case_and_a_paper_of_another_bureau_are_not_found(door: Door, accepted: str) -> None:
    with reading(door.office.engine) as session:
        stranger = session.execute(select(PaperRow.id)).scalars().first()
    other = open_office(door.office.engine, "shuimogou")
    other.house = door.office.house
    foreign = Door.of(other).clerk

    assert foreign.get(f"/cases/{accepted}").status_code == 404
    assert foreign.get(f"/papers/{stranger}").status_code == 404
    assert foreign.send(f"/papers/{stranger}", {}).status_code == 404
    assert foreign.send(f"/cases/{accepted}/accept", {"version": "1"}).status_code == 404


def test_the_administrator_of_accounts_sees_no_case(door: Door, accepted: str) -> None:
    assert door.administrator.get(f"/cases/{accepted}").status_code == 403


STRANGE: list[tuple[str, dict[str, str]]] = [
    ("dragon", {"version": "2"}),
    ("hand_over", {"version": ""}),
    ("hand_over", {"version": "９"}),
    ("hand_over", {"version": "9" * 40}),
    ("hand_over", {"version": "2", "need.hand_over.receiver": "99999999"}),
    ("hand_over", {"version": "2", "need.hand_over.receiver": "\x00"}),
    (
        "suspend",
        {"version": "2", "need.suspend.kind": "鉴定", "need.suspend.basis": "x", "need.suspend.days": "-4"},
    ),
    (
        "suspend",
        {"version": "2", "need.suspend.kind": "鉴定", "need.suspend.basis": "x", "need.suspend.days": "9" * 30},
    ),
    ("withdraw", {"version": "2", "need.withdraw.kind": "龙", "need.withdraw.reason": "字" * 10_000}),
    ("withdraw", {"version": "2", "need.withdraw.reason": "甲\x07乙"}),
    ("decide", {"version": "2", "decision": "a+b+c"}),
    ("decide", {"version": "2", "decision": "receive_material", "m.identity.mark": "stolen"}),
]


def test_a_step_nobody_could_have_sent_is_refused(door: Door, accepted: str) -> None:
    clerk = door.clerk

    answers = [(action, form, clerk.send(f"/cases/{accepted}/{action}", form)) for action, form in STRANGE]

    assert [(action, form) for action, form, page in answers if page.status_code not in (409, 422)] == []
    assert version(door, accepted) == 2


def test_a_number_that_is_none_is_not_found(door: Door) -> None:
    clerk = door.clerk

    answers = {
        number: clerk.get(f"/cases/{number}").status_code for number in ("0", "x" * 3000, "%00", "%ED%A0%80", "张")
    }

    assert set(answers.values()) == {404}


def test_a_case_page_takes_few_statements(door: Door, accepted: str) -> None:
    sent: list[str] = []
    event.listen(door.office.engine, "before_cursor_execute", lambda *given: sent.append(given[2]))

    with reading(door.office.engine) as session:
        load_case(session, door.office.house, door.office.staff["clerk"], accepted, door.office.now.date())

    assert len([one for one in sent if one.startswith("SELECT")]) <= 10


def test_while_the_clock_is_stopped_the_page_says_where_the_case_will_return_to(door: Door, accepted: str) -> None:
    door.clerk.act(accepted, "hand_over")
    door.reviewer.act(accepted, "suspend", kind="鉴定", basis="行政许可法第四十五条", days="5", reason="送检")
    door.office.sleep(2)

    page = door.reviewer.get(f"/cases/{accepted}").text

    assert re.search(r'step-here" aria-current="step">审核（停表）', page)
    assert "停表 03-02 至 今" in page
    assert '<rect class="paused"' in page


def test_a_form_without_its_token_is_refused(door: Door, accepted: str) -> None:
    door.app.config["WTF_CSRF_ENABLED"] = True
    counter = door.clerk

    with_token = counter.act(accepted, "release")
    without = counter.send(f"/cases/{accepted}/claim", {"version": str(version(door, accepted))})

    assert (with_token.status_code, without.status_code) == (303, 400)


def test_every_form_of_the_case_page_carries_its_token_and_the_version(door: Door, accepted: str) -> None:
    page = door.clerk.get(f"/cases/{accepted}").text

    forms = re.findall(rf'<form method="post" action="/cases/{accepted}/(?!reveal)[^"]+".*?</form>', page, re.DOTALL)

    assert len(forms) >= 3
    assert all('name="csrf_token"' in form and 'name="version" value="2"' in form for form in forms)


def test_no_page_of_a_case_needs_what_the_strict_policy_forbids(door: Door, accepted: str) -> None:
    page = door.clerk.get(f"/cases/{accepted}").text

    assert not re.search(r"<[^>]+\sstyle=|<style|<[^>]+\son\w+=|<script>", page)


def test_the_auditor_reads_a_paper_and_prints_none(door: Door, accepted: str) -> None:
    page = door.auditor.get(f"/cases/{accepted}").text
    paper = re.search(r"/papers/(\d+)", page)
    assert paper

    assert door.auditor.get(f"/papers/{paper[1]}").status_code == 200
    assert door.auditor.send(f"/papers/{paper[1]}", {}).status_code == 403
    assert f'action="/papers/{paper[1]}"' not in page
