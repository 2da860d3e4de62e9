"""动态口令 at the door: two steps, nothing in between, setting it up by page, and its reset by the administrator."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from caseflow.desk import passwords
from caseflow.desk.staff import add_staff
from caseflow.rules.sign_in import SignInRules
from caseflow.store.db import writing
from tests.support.office import Office
from tests.support.signing import shown
from tests.web.counter import Door, read_form
from tests.web.test_routes import HOSTILE, sent

PASSWORD = "tianshan-2026"
NUMBER = "s100"


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    passwords.stand_in.cache_clear()
    yield
    passwords.stand_in.cache_clear()


@pytest.fixture
def door(office: Office) -> Door:
    """An office where supervisors need a second factor, and one supervisor who may sign in."""
    office.house = replace(office.house, sign_in=SignInRules(second_factor=frozenset({"supervisor"})))
    with writing(office.engine) as session:
        add_staff(
            session,
            bureau="shawan",
            number=NUMBER,
            name="努尔买买提",
            roles=["supervisor"],
            password=PASSWORD,
            now=office.now,
            must_change=False,
        )
    return Door.of(office)


@pytest.fixture
def browser(door: Door) -> FlaskClient:
    door.app.config["WTF_CSRF_ENABLED"] = True
    return door.app.test_client()


def enter(browser: FlaskClient, number: str = NUMBER, wanted: str = "") -> TestResponse:
    form = read_form(browser.get(f"/login?next={wanted}" if wanted else "/login").text, "/login")
    return browser.post("/login", data=form | {"number": number, "password": PASSWORD})


def secret_on(page: TestResponse) -> str:
    found = re.search(r'id="secret">([A-Z2-7 ]+)<', page.text)
    assert found, page.text
    return found[1].replace(" ", "")


def set_up(browser: FlaskClient, office: Office) -> tuple[str, list[str], TestResponse]:
    """The secret, the recovery codes and the page that shows them."""
    page = browser.get("/second-factor")
    secret, form = secret_on(page), read_form(page.text, "/second-factor")
    done = browser.post("/second-factor", data=form | {"code": shown(secret, office.now)})
    return secret, re.findall(r"<output>([a-z2-9-]+)</output>", done.text), done


def give(browser: FlaskClient, code: str) -> TestResponse:
    form = read_form(browser.get("/login/code").text, "/login/code")
    return browser.post("/login/code", data=form | {"code": code})


def test_who_must_have_one_sets_it_up_at_the_first_sign_in_and_nothing_opens_before(
    browser: FlaskClient, office: Office
) -> None:
    entered = enter(browser)
    before = [browser.get(path) for path in ("/", "/overdue", "/settings", "/password", "/admin/staff")]
    secret, codes, done = set_up(browser, office)

    assert entered.headers["Location"] == "/second-factor"
    assert {(page.status_code, page.headers["Location"]) for page in before} == {(303, "/login/code")}
    assert done.status_code == 200
    assert len(set(codes)) == 10
    assert secret not in done.text
    assert browser.get("/overdue").status_code == 200
    assert "恢复码还剩 10 个" in browser.get("/settings").text
    assert not any(code in browser.get("/settings").text for code in codes)


def test_after_that_both_steps_are_needed_and_lead_to_the_page_that_was_wanted(door: Door, office: Office) -> None:
    first = door.app.test_client()
    enter(first)
    secret, _, _ = set_up(first, office)
    office.sleep(1)
    browser = door.app.test_client()

    entered = enter(browser, wanted="/overdue")
    form = read_form(browser.get(entered.headers["Location"]).text, "/login/code")
    done = browser.post("/login/code", data=form | {"code": shown(secret, office.now)})

    assert entered.headers["Location"] == "/login/code?next=/overdue"
    assert done.headers["Location"] == "/overdue"
    assert "上次登录：2026-03-02 10:30" in browser.get("/overdue").text


def test_the_token_changes_with_the_second_step_and_the_old_one_is_nobody(door: Door, office: Office) -> None:
    first = door.app.test_client()
    enter(first)
    secret, _, _ = set_up(first, office)
    office.sleep(1)
    browser, thief = door.app.test_client(), door.app.test_client()
    enter(browser)
    cookie = browser.get_cookie("caseflow")
    assert cookie is not None
    thief.set_cookie("caseflow", cookie.value)

    give(browser, shown(secret, office.now))

    assert browser.get("/overdue").status_code == 200
    assert thief.get("/overdue").headers["Location"].startswith("/login")


def test_a_code_is_used_once_a_recovery_code_too_and_wrong_ones_lock(door: Door, office: Office) -> None:
    first = door.app.test_client()
    enter(first)
    secret, codes, _ = set_up(first, office)
    browser = door.app.test_client()
    enter(browser)

    replayed = give(browser, shown(secret, office.now))
    by_paper = give(browser, codes[3])
    enter(again := door.app.test_client())
    used = give(again, codes[3])
    wrong = [give(again, "123") for _ in range(4)]

    assert (replayed.status_code, by_paper.status_code, used.status_code) == (401, 303, 401)
    assert "不正确，或已经用过" in replayed.text
    assert "已锁定" in wrong[-1].text
    assert 'name="code"' not in wrong[-1].text
    assert again.get("/login/code").headers["Location"].startswith("/login")
    assert "已锁定" in enter(door.app.test_client()).text


def test_a_wrong_code_at_setting_up_shows_the_same_secret_again(browser: FlaskClient) -> None:
    enter(browser)
    page = browser.get("/second-factor")
    form = read_form(page.text, "/second-factor")

    again = browser.post("/second-factor", data=form | {"code": "000"})

    assert again.status_code == 422
    assert secret_on(again) == secret_on(page)
    assert "动态口令不正确" in again.text


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_codes_and_tickets_are_refused(browser: FlaskClient, value: str) -> None:
    enter(browser)
    form = read_form(browser.get("/second-factor").text, "/second-factor")

    pages = [browser.post("/second-factor", data=form | {name: sent(value)}) for name in ("code", "ticket")]

    assert {page.status_code for page in pages} == {422}
    assert browser.get("/overdue").status_code == 303


def test_nobody_comes_to_the_second_step_without_the_first(browser: FlaskClient) -> None:
    for path in ("/login/code", "/second-factor"):
        assert browser.get(path).headers["Location"].startswith("/login")
    token = read_form(browser.get("/login").text, "/login")["csrf_token"]

    answers = [
        browser.post(path, data={"csrf_token": token, "code": "123456"}) for path in ("/login/code", "/second-factor")
    ]

    assert {(page.status_code, page.headers["Location"][:6]) for page in answers} == {(303, "/login")}


def test_half_a_sign_in_writes_no_draft_and_tells_nobody_who_it_was(door: Door, office: Office) -> None:
    ref = office.register("transfer-continuation")
    browser = door.app.test_client()
    enter(browser)
    office.now += timedelta(minutes=11)

    page = browser.post(f"/drafts/cases/{ref.number}", data={"version": "1", "need.assign.reason": "人员调离"})

    assert (page.status_code, page.json) == (401, {"kept": False})
    assert NUMBER not in browser.get("/login").text


def test_the_security_administrator_resets_it_and_it_is_on_record(door: Door, office: Office) -> None:
    browser = door.app.test_client()
    enter(browser)
    set_up(browser, office)

    shown_ = door.security.get(f"/admin/staff/{NUMBER}")
    answer = door.security.send(f"/admin/staff/{NUMBER}/second-factor", {})
    twice = door.security.send(f"/admin/staff/{NUMBER}/second-factor", {})
    changes = door.audit.get("/admin/changes").text

    assert "恢复码剩 10 个" in shown_.text
    assert (answer.status_code, twice.status_code) == (303, 404)
    assert "启用动态口令" in changes
    assert "重置动态口令" in changes
    assert browser.get("/overdue").headers["Location"].startswith("/login")
    assert enter(door.app.test_client()).headers["Location"] == "/second-factor"


def test_who_need_not_may_and_sets_it_up_from_the_settings(door: Door, office: Office) -> None:
    clerk = door.clerk
    page = clerk.get("/second-factor")
    secret, form = secret_on(page), clerk.fields(page, "/second-factor")

    done = clerk.send("/second-factor", form | {"code": shown(secret, office.now)})

    assert "动态口令已启用" in done.text
    assert clerk.get("/second-factor").headers["Location"] == "/settings"
    assert clerk.get("/settings").status_code == 200


def test_one_s_places_are_listed_and_ended_one_by_one(door: Door, office: Office) -> None:
    here, there = door.clerk, door.clerk
    other = door.reviewer
    page = here.get("/settings")
    (name,) = re.findall(r'action="/settings/sessions/([0-9a-f]{16})"', page.text)

    assert "本机，正在使用" in page.text
    assert other.send(f"/settings/sessions/{name}", {}).status_code == 404
    assert there.get("/items").status_code == 200
    assert here.send(f"/settings/sessions/{name}", {}).status_code == 303
    assert there.get("/items").status_code == 303
    assert here.get("/items").status_code == 200


def test_the_security_administrator_ends_one_place_of_another(door: Door, office: Office) -> None:
    clerk, keeper = door.clerk, door.security
    number = office.staff["clerk"].number
    (address,) = re.findall(
        rf'action="(/admin/staff/{number}/sessions/[0-9a-f]+)"', keeper.get(f"/admin/staff/{number}").text
    )

    assert keeper.send(address, {}).status_code == 303
    assert clerk.get("/items").status_code == 303


def test_three_administrators_apart_each_have_their_own_pages(door: Door, office: Office) -> None:
    office.house = replace(office.house, sign_in=SignInRules(administrators="three"))
    door.app.extensions["caseflow_house"] = office.house
    paths = ("/admin/staff", "/admin/places", "/admin/changes", "/admin/sign-ins", "/admin/looks", "/", "/search?q=zs")

    def opened(who: str) -> set[str]:
        return {path for path in paths if getattr(door, who).get(path).status_code == 200}

    assert opened("administrator") == {"/admin/places", "/admin/changes"}
    assert opened("security") == {"/admin/staff", "/admin/places", "/admin/changes"}
    assert opened("audit") == {"/admin/staff", "/admin/places", "/admin/changes", "/admin/sign-ins", "/admin/looks"}
    assert opened("auditor") == {"/admin/places", "/", "/search?q=zs"}


def test_the_record_of_sign_ins_tells_who_when_and_from_where(door: Door, office: Office, guarded: Flask) -> None:
    browser = door.app.test_client()
    form = read_form(browser.get("/login").text, "/login")
    for number, password in ((NUMBER, "wrong-password"), ("My-Password-1", "x")):
        browser.post("/login", data=form | {"number": number, "password": password})

    page = door.audit.get("/admin/sign-ins").text
    only = door.audit.get(f"/admin/sign-ins?number={NUMBER}").text

    assert "密码不正确" in page
    assert "没有这个工号" in page
    assert "127.0.0.1" in page
    assert "My-Password-1" not in page
    assert "没有这个工号" not in only.replace("没有这个工号的尝试", "")
    assert "努尔买买提（s100）" in only
    assert {door.audit.get(f"/admin/{log}?before=x").status_code for log in ("sign-ins", "looks")} == {422}
