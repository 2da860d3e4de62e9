"""A registration that was interrupted: kept by the page, kept when its session went idle, offered again, dropped."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from caseflow.desk import passwords, staff
from caseflow.store.db import reading, writing
from caseflow.store.models import CaseRow, StaffRow
from caseflow.store.office_models import DraftRow
from caseflow.store.side_models import AccessRow
from tests.support.office import Office
from tests.support.tampering import disarm
from tests.web.counter import Counter, Door, number_of, read_form

CLINIC = "outpatient-reimbursement"
CHECKED = {"complete": "on", "genuine": "on"}
NUMBER = "11010519491231002X"
PASSWORD = "tianshan-2026"
IDLE = timedelta(minutes=31)


def drafts(office: Office) -> int:
    with reading(office.engine) as session:
        return session.execute(select(func.count()).select_from(DraftRow)).scalar_one()


def cases(office: Office) -> int:
    with reading(office.engine) as session:
        return session.execute(select(func.count()).select_from(CaseRow)).scalar_one()


def login_form(browser: Counter, page: TestResponse) -> dict[str, str]:
    return read_form(browser.get(page.headers["Location"]).text, "/login")


def allow_in(office: Office, who: str) -> str:
    """The number of this person, who may sign in with PASSWORD from now on."""
    number = office.staff[who].number
    with writing(office.engine) as session:
        values = {"password_hash": passwords.hashed(PASSWORD)}
        session.execute(update(StaffRow).where(StaffRow.number == number).values(values))
    return number


def again(browser: Counter, page: TestResponse, number: str) -> TestResponse:
    """Sign in where the page leads, and open what comes after it."""
    form = login_form(browser, page)
    entered = browser.send("/login", form | {"number": number, "password": PASSWORD})
    return browser.get(entered.headers["Location"])


def test_what_the_page_saved_is_offered_with_the_name_masked_and_opened_as_it_was(door: Door) -> None:
    clerk = door.clerk
    form = clerk.register_to(3, CLINIC, note="老人\n子女陪同") | {"m.identity.mark": "received", "step": "3"}

    saved = clerk.send("/drafts/register", form)
    offered = clerk.get("/register")
    kept = clerk.fields(clerk.get(f"/register/drafts/{form['request_key']}"), "/register")

    assert saved.json == {"kept": True, "saved": "10:30"}
    assert "有一份 10:30 未提交的登记（门诊费用报销，张*）" in offered.text
    assert NUMBER not in offered.text
    assert "张霈" not in offered.text
    expected = {name: text for name, text in form.items() if name not in ("csrf_token", "go")}
    assert {name: kept.get(name) for name in expected} == expected


def test_a_registration_sent_is_offered_no_more(door: Door) -> None:
    clerk = door.clerk
    form = clerk.register_to(3, CLINIC)
    clerk.send("/drafts/register", form)
    form = clerk.fields(clerk.send("/register", form | {"go": "all"}), "/register")
    ticks = {"need.accept.complete": "on", "need.accept.genuine": "on", "decision": "accept", "go": "submit"}

    number_of(clerk.send("/register", form | ticks))
    late = clerk.send("/drafts/register", form)

    assert late.json == {"kept": False, "why": "这份登记已经提交"}
    assert drafts(door.office) == 0
    assert "有一份" not in clerk.get("/register").text


def test_anothers_registration_can_neither_be_opened_nor_dropped(door: Door) -> None:
    form = door.clerk.register_to(2, CLINIC)
    door.clerk.send("/drafts/register", form)
    with writing(door.office.engine) as session:
        staff.set_roles(session, door.office.staff["reviewer"].number, ["clerk"], door.office.now)
    other, key = door.reviewer, form["request_key"]

    opened = other.get(f"/register/drafts/{key}")
    other.send(f"/drafts/register/{key}/drop", {})

    assert (opened.status_code, opened.headers["Location"]) == (303, "/register")
    assert "未提交的登记（" not in other.get("/register").text
    assert drafts(door.office) == 1


def test_a_registration_dropped_is_gone(door: Door) -> None:
    form = door.clerk.register_to(2, CLINIC)
    door.clerk.send("/drafts/register", form)

    door.clerk.send(f"/drafts/register/{form['request_key']}/drop", {})

    assert drafts(door.office) == 0


def test_a_form_sent_after_the_idle_lock_is_found_as_it_was_after_signing_in(door: Door) -> None:
    clerk, office = door.clerk, door.office
    number = allow_in(office, "clerk")
    form = clerk.register_to(3, CLINIC, note="行动不便")
    form |= {"m.identity.mark": "received", "decision": "accept", "need.accept.complete": "on"}
    office.now += IDLE

    sent = clerk.send("/register", form | {"go": "submit"})
    asked = clerk.get(sent.headers["Location"])
    page = again(clerk, sent, number)

    assert sent.status_code == 303
    assert NUMBER not in sent.headers["Location"]
    assert f'value="{number}"' in asked.text
    assert "刚才填写的内容已保存" in asked.text
    assert NUMBER not in asked.text
    assert "已恢复 11:01 保存的填写内容" in page.text
    kept = read_form(page.text, "/register")
    wanted = {name: text for name, text in form.items() if name != "csrf_token"}
    assert {name: kept.get(name) for name in wanted} == wanted
    assert cases(office) == 0


def test_every_save_by_the_page_after_the_idle_lock_is_kept_and_the_last_comes_back(door: Door) -> None:
    clerk, office = door.clerk, door.office
    number = allow_in(office, "clerk")
    form = clerk.register_to(2, CLINIC)
    office.now += IDLE

    saves = [clerk.send("/drafts/register", form | {"note": note}) for note in ("第一句", "第二句", "最后一句")]
    page = again(clerk, clerk.send("/register", form | {"note": "最后一句", "go": "back1"}), number)

    assert [(one.status_code, one.json) for one in saves] == [(401, {"kept": True})] * 3
    assert drafts(office) == 1
    assert read_form(page.text, "/register")["note"] == "最后一句"


def test_the_second_save_after_the_idle_lock_replaces_the_first(door: Door) -> None:
    clerk, office = door.clerk, door.office
    form = clerk.register_to(2, CLINIC)
    office.now += IDLE
    for note in ("第一句", "第二句"):
        clerk.send("/drafts/register", form | {"note": note})

    kept = door.clerk.get(f"/register/drafts/{form['request_key']}")

    assert read_form(kept.text, "/register")["note"] == "第二句"


def test_a_token_left_in_the_cookie_opens_nothing(door: Door) -> None:
    clerk = door.clerk
    form = clerk.register_to(2, CLINIC)
    door.office.now += IDLE
    clerk.send("/drafts/register", form)

    page = clerk.get(f"/register/drafts/{form['request_key']}")

    assert (page.status_code, page.headers["Location"].partition("?")[0]) == (303, "/login")


def test_a_save_after_the_next_sign_in_is_never_kept_for_the_one_before(door: Door) -> None:
    clerk, office = door.clerk, door.office
    number = allow_in(office, "clerk")
    form = clerk.register_to(2, CLINIC)
    old = clerk.client.get_cookie("caseflow")
    assert old is not None
    office.now += IDLE
    again(clerk, clerk.get("/register"), number)
    clerk.client.set_cookie("caseflow", old.value)

    late = clerk.send("/drafts/register", form)

    assert (late.status_code, late.json) == (401, {"kept": False})
    assert drafts(office) == 0


def test_a_save_that_a_password_due_holds_up_is_not_said_to_be_kept(door: Door) -> None:
    clerk, office = door.clerk, door.office
    form = clerk.register_to(2, CLINIC)
    with writing(office.engine) as session:
        session.execute(update(StaffRow).where(StaffRow.id == office.staff["clerk"].id).values(must_change=1))

    answer = clerk.send("/drafts/register", form)

    assert (answer.status_code, answer.is_json) == (303, False)
    assert drafts(office) == 0


def test_somebody_else_who_signs_in_after_the_lock_finds_nothing_of_it(door: Door) -> None:
    clerk, office = door.clerk, door.office
    other = allow_in(office, "reviewer")
    with writing(office.engine) as session:
        staff.set_roles(session, other, ["clerk"], office.now)
    form = clerk.register_to(2, CLINIC)
    office.now += IDLE

    page = again(clerk, clerk.send("/register", form | {"go": "materials"}), other)

    assert (page.status_code, page.headers["Location"]) == (303, "/register")
    assert "张霈" not in clerk.get("/register").text


@pytest.mark.parametrize("end", ["signed out", "disabled"])
def test_a_session_that_somebody_ended_keeps_nothing(door: Door, end: str) -> None:
    clerk, office = door.clerk, door.office
    form = clerk.register_to(2, CLINIC)
    if end == "signed out":
        cookie = clerk.client.get_cookie("caseflow")
        clerk.send("/logout", {})
        assert cookie is not None
        clerk.client.set_cookie("caseflow", cookie.value)
    else:
        with writing(office.engine) as session:
            staff.disable(session, office.staff["clerk"].number, office.now)

    page = clerk.send("/register", form | {"go": "materials"})
    saved = clerk.send("/drafts/register", form)

    assert (page.status_code, page.headers["Location"]) == (303, "/login")
    assert (saved.status_code, saved.json) == (401, {"kept": False})
    assert drafts(office) == 0


@pytest.fixture
def strict(door: Door) -> Flask:
    door.app.config["WTF_CSRF_ENABLED"] = True
    return door.app


def test_a_form_from_elsewhere_is_not_kept_for_the_one_whose_session_went_idle(door: Door, strict: Flask) -> None:
    clerk = door.clerk
    form = clerk.register_to(1, CLINIC)
    door.office.now += IDLE

    forged = clerk.send("/register", form | {"csrf_token": "forged", "go": "people"})
    saved = clerk.send("/drafts/register", form | {"csrf_token": "forged"})

    assert (saved.status_code, saved.json) == (401, {"kept": False})
    assert forged.headers["Location"] == "/login"
    assert drafts(door.office) == 0


def test_a_form_with_its_token_is_kept(door: Door, strict: Flask) -> None:
    clerk = door.clerk
    form = clerk.register_to(1, CLINIC)
    door.office.now += IDLE

    page = clerk.send("/register", form | {"go": "people"})

    assert page.headers["Location"].startswith("/login?next=")
    assert drafts(door.office) == 1


def test_who_never_was_signed_in_keeps_nothing(anonymous: FlaskClient, office: Office) -> None:
    page = anonymous.post("/register", data={"item": CLINIC, "request_key": "k", "go": "people"})

    assert page.headers["Location"] == "/login"
    assert drafts(office) == 0


HOSTILE_KEYS = ["../..", "甲", "a" * 200, "a b", "%00", "'; DROP TABLE draft; --"]


@pytest.mark.parametrize("key", HOSTILE_KEYS)
def test_an_absurd_key_opens_and_drops_nothing(door: Door, key: str) -> None:
    opened = door.clerk.client.get(f"/register/drafts/{key}")
    saved = door.clerk.send("/drafts/register", {"request_key": key, "item": CLINIC, "note": "x"})

    assert opened.status_code in (303, 404)
    assert saved.status_code == 422
    assert drafts(door.office) == 0


def test_a_form_too_large_to_keep_says_so(door: Door) -> None:
    page = door.clerk.send("/drafts/register", {"request_key": "k", "item": CLINIC, "note": "字" * 20_000})

    assert page.status_code == 422
    assert drafts(door.office) == 0


def test_a_kept_form_of_an_item_that_is_gone_opens_at_the_choice_of_items(door: Door) -> None:
    form = door.clerk.register_to(2, CLINIC)
    door.clerk.send("/drafts/register", form | {"item": "dragons", "step": "2"})

    page = door.clerk.get(f"/register/drafts/{form['request_key']}")

    assert "查找事项" in page.text
    assert read_form(page.text, "/register")["applicant.name"] == "张霈"


def test_an_opinion_being_written_comes_back_after_the_lock_and_goes_when_it_is_sent(door: Door) -> None:
    clerk, office = door.clerk, door.office
    number = number_of(clerk.decide(CLINIC, "accept", CHECKED))
    clerk.act(number, "hand_over")
    reviewer, login = door.reviewer, allow_in(office, "reviewer")
    address = f"/cases/{number}/approve"
    form = reviewer.fields(reviewer.get(f"/cases/{number}"), address)
    form |= {"need.approve.opinion": "票据齐全，同意", "need.approve.statement": "门诊 100"}
    office.now += IDLE

    page = again(reviewer, reviewer.send(address, form), login)
    kept = read_form(page.text, address)
    sent = reviewer.send(address, kept | {"need.approve.lawful": "on", "need.approve.conditions": "on"})

    assert "还没有提交的填写内容" in page.text
    assert (kept["need.approve.opinion"], kept["need.approve.statement"]) == ("票据齐全，同意", "门诊 100")
    assert sent.status_code == 303
    assert drafts(office) == 0


def in_review(door: Door) -> str:
    """The number of a case that waits for its review."""
    number = number_of(door.clerk.decide(CLINIC, "accept", CHECKED))
    door.clerk.act(number, "hand_over")
    return number


def test_what_was_written_on_a_case_that_has_moved_on_is_not_laid_over_it(door: Door) -> None:
    clerk, office = door.clerk, door.office
    number = number_of(clerk.decide(CLINIC, "receive_only"))
    address = f"/cases/{number}/decide"
    fresh = clerk.fields(clerk.get(f"/cases/{number}"), address)
    stale = {name: "faulty" for name in fresh if name.endswith(".mark")} | {"m.identity.fault": "旧的写法"}
    saved = clerk.send(f"/drafts/cases/{number}", fresh | stale)
    with writing(office.engine) as session:
        disarm(session)
        session.execute(update(CaseRow).where(CaseRow.number == number).values(version=CaseRow.version + 1))

    page = clerk.get(f"/cases/{number}")

    assert saved.json == {"kept": True, "saved": "10:30"}
    assert "旧的写法" not in page.text
    assert "还没有提交的填写内容" not in page.text
    assert "已不适用，没有恢复" in page.text
    now_shown = read_form(page.text, address)
    assert {name: now_shown.get(name) for name in stale} == {name: fresh.get(name) for name in stale}
    assert int(now_shown["version"]) == int(fresh["version"]) + 1
    assert drafts(office) == 0


def test_a_case_form_saved_after_it_was_sent_is_not_kept(door: Door) -> None:
    number = in_review(door)
    reviewer, address = door.reviewer, f"/cases/{number}/approve"
    form = reviewer.fields(reviewer.get(f"/cases/{number}"), address)
    needs = {"opinion": "同意", "statement": "门诊 100", "lawful": "on", "conditions": "on"}
    form |= {f"need.approve.{key}": text for key, text in needs.items()}
    sent = reviewer.send(address, form)

    late = reviewer.send(f"/drafts/cases/{number}", form)

    assert sent.status_code == 303
    assert late.json == {"kept": False, "why": "本件已有变化"}
    assert drafts(door.office) == 0


def test_a_correction_sent_after_the_idle_lock_comes_back_and_nothing_is_corrected(door: Door) -> None:
    clerk, office = door.clerk, door.office
    login = allow_in(office, "clerk")
    number = number_of(clerk.decide(CLINIC, "receive_only"))
    address = f"/cases/{number}/correct"
    form = clerk.fields(clerk.get(address), address) | {"change.applicant.name": "张需", "reason": "录入错字"}
    office.now += IDLE

    page = again(clerk, clerk.send(address, form), login)
    kept = read_form(page.text, address)
    before = clerk.get(f"/cases/{number}").text
    done = clerk.send(address, kept)

    assert "已恢复 11:01 保存" in page.text
    assert (kept["change.applicant.name"], kept["reason"]) == ("张需", "录入错字")
    assert "张需" not in before
    assert (done.status_code, drafts(office)) == (303, 0)
    assert "张需" in clerk.get(f"/cases/{number}").text


def test_a_correction_of_a_case_that_has_moved_on_is_not_brought_back(door: Door) -> None:
    clerk, office = door.clerk, door.office
    login = allow_in(office, "clerk")
    number = number_of(clerk.decide(CLINIC, "receive_only"))
    address = f"/cases/{number}/correct"
    form = clerk.fields(clerk.get(address), address) | {"change.applicant.name": "张需", "reason": "录入错字"}
    office.now += IDLE
    sent = clerk.send(address, form)
    with writing(office.engine) as session:
        disarm(session)
        session.execute(update(CaseRow).where(CaseRow.number == number).values(version=CaseRow.version + 1))

    page = again(clerk, sent, login)

    assert read_form(page.text, address)["change.applicant.name"] == ""
    assert "已不适用，没有恢复" in page.text
    assert drafts(office) == 0


def test_the_same_applicant_is_carried_into_the_next_registration_and_the_look_is_recorded(door: Door) -> None:
    clerk = door.clerk
    number = number_of(clerk.decide(CLINIC, "receive_only"))

    page = clerk.send(f"/register/again/{number}", {})
    form = read_form(page.text, "/register")
    chosen = read_form(clerk.send("/register", form | {"choose": "transfer-continuation"}).text, "/register")

    assert (chosen["applicant.name"], chosen["applicant.id_number"], chosen["applicant.phone"]) == (
        "张霈",
        NUMBER,
        "13912345678",
    )
    assert form["request_key"] != ""
    with reading(door.office.engine) as session:
        assert session.scalars(select(AccessRow.reason)).all() == ["同一申请人再办一件"]


def test_the_applicant_of_another_bureau_is_not_carried(door: Door) -> None:
    clerk = door.clerk
    number = number_of(clerk.decide(CLINIC, "receive_only"))
    with writing(door.office.engine) as session:
        session.execute(update(StaffRow).where(StaffRow.id == door.office.staff["clerk"].id).values(bureau="shuimogou"))

    page = clerk.send(f"/register/again/{number}", {})

    assert page.status_code == 404
    assert "张霈" not in page.text
