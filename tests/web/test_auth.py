from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from caseflow.desk.staff import add_staff
from caseflow.store.db import writing
from tests.support.office import Office
from tests.web.counter import read_form

PASSWORD = "tianshan-2026"
WRONG = "工号或密码不正确"


@pytest.fixture
def number(office: Office) -> str:
    """The staff number of a clerk who may sign in."""
    with writing(office.engine) as session:
        add_staff(
            session,
            bureau="shawan",
            number="c100",
            name="李晓燕",
            roles=["clerk"],
            password=PASSWORD,
            now=office.now,
            must_change=False,
        )
    return "c100"


@pytest.fixture
def newcomer(office: Office) -> str:
    """The staff number of a clerk whose password was given by the administrator."""
    with writing(office.engine) as session:
        add_staff(
            session, bureau="shawan", number="c200", name="王芳", roles=["clerk"], password=PASSWORD, now=office.now
        )
    return "c200"


def enter(client: FlaskClient, number: str, password: str = PASSWORD, **more: str) -> TestResponse:
    """Open the sign-in page, fill it in and send it, token and all."""
    form = read_form(client.get("/login").text, "/login")
    return client.post("/login", data=form | {"number": number, "password": password} | more)


def test_signing_in_leads_to_the_work_list_and_tells_the_last_sign_in(anonymous: FlaskClient, number: str) -> None:
    first = enter(anonymous, number)

    page = anonymous.get("/")

    assert (first.status_code, first.headers["Location"]) == (303, "/")
    assert "第一次登录" in page.text
    assert "李晓燕" in page.text


def test_the_second_sign_in_names_the_first(anonymous: FlaskClient, number: str, office: Office) -> None:
    enter(anonymous, number)
    office.sleep(1)

    enter(anonymous, number)

    assert "上次登录：2026-03-02 10:30" in anonymous.get("/").text


@pytest.mark.parametrize(("who", "password"), [("c100", "not-the-one-1"), ("nobody", PASSWORD), ("' OR 1=1", PASSWORD)])
def test_every_failed_sign_in_says_the_same(anonymous: FlaskClient, number: str, who: str, password: str) -> None:
    page = enter(anonymous, who, password)

    assert page.status_code == 401
    assert WRONG in page.text


def test_the_fifth_failure_locks_and_the_count_is_kept(anonymous: FlaskClient, number: str) -> None:
    for _ in range(5):
        enter(anonymous, number, "not-the-one-1")

    page = enter(anonymous, number)

    assert page.status_code == 401
    assert "已锁定" in page.text


def test_a_lock_ends_after_its_time(anonymous: FlaskClient, number: str, office: Office) -> None:
    for _ in range(5):
        enter(anonymous, number, "not-the-one-1")
    office.now += timedelta(minutes=16)

    page = enter(anonymous, number)

    assert page.status_code == 303


def test_the_browser_remembers_the_window(anonymous: FlaskClient, number: str) -> None:
    enter(anonymous, number, window="A区3号窗口")
    anonymous.post("/logout", data={"csrf_token": read_form(anonymous.get("/").text, "/logout")["csrf_token"]})

    page = anonymous.get("/login")

    assert 'value="A区3号窗口"' in page.text


def test_signing_out_ends_the_session_also_for_a_copy_of_its_cookie(guarded: Flask, number: str) -> None:
    mine, copied = guarded.test_client(), guarded.test_client()
    enter(mine, number)
    cookie = mine.get_cookie("caseflow")
    assert cookie is not None
    copied.set_cookie("caseflow", cookie.value)
    mine.post("/logout", data={"csrf_token": read_form(mine.get("/").text, "/logout")["csrf_token"]})

    page = copied.get("/")

    assert page.status_code == 303
    assert page.headers["Location"].startswith("/login")


def test_a_session_ends_when_nobody_used_it(anonymous: FlaskClient, number: str, office: Office) -> None:
    enter(anonymous, number)
    office.now += timedelta(minutes=31)

    page = anonymous.get("/items")

    assert (page.status_code, page.headers["Location"]) == (303, "/login?next=/items")


def test_use_keeps_a_session_awake(anonymous: FlaskClient, number: str, office: Office) -> None:
    enter(anonymous, number)
    office.now += timedelta(minutes=20)
    anonymous.get("/items")
    office.now += timedelta(minutes=20)

    page = anonymous.get("/items")

    assert page.status_code == 200


def test_after_signing_in_the_page_that_was_wanted_opens(anonymous: FlaskClient, number: str) -> None:
    form = read_form(anonymous.get("/login?next=/items").text, "/login")

    page = anonymous.post("/login", data=form | {"number": number, "password": PASSWORD})

    assert page.headers["Location"] == "/items"


@pytest.mark.parametrize("target", ["//evil.example/", "https://evil.example/", "/\\evil.example", "items", "/\x00"])
def test_signing_in_never_leads_away(anonymous: FlaskClient, number: str, target: str) -> None:
    page = enter(anonymous, number, next=target)

    assert page.headers["Location"] == "/"


def test_a_given_password_must_be_changed_before_anything_else(anonymous: FlaskClient, newcomer: str) -> None:
    enter(anonymous, newcomer)

    page = anonymous.get("/items")

    assert (page.status_code, page.headers["Location"]) == (303, "/password")


def test_after_the_change_everything_opens(anonymous: FlaskClient, newcomer: str) -> None:
    enter(anonymous, newcomer)
    form = read_form(anonymous.get("/password").text, "/password")
    new = "kunlun-shan-9"

    page = anonymous.post("/password", data=form | {"old": PASSWORD, "new": new, "again": new})

    assert page.status_code == 303
    assert anonymous.get("/items").status_code == 200


@pytest.mark.parametrize(
    ("old", "new", "again", "told"),
    [
        (PASSWORD, "kunlun-shan-9", "kunlun-shan-8", "两次输入的新密码不一致"),
        ("not-the-one-1", "kunlun-shan-9", "kunlun-shan-9", "不正确"),
        (PASSWORD, "short", "short", "10 至 128"),
        (PASSWORD, "", "", "请填写新密码"),
    ],
)
def test_a_change_that_cannot_be_is_told_at_its_field(
    anonymous: FlaskClient, number: str, old: str, new: str, again: str, told: str
) -> None:
    enter(anonymous, number)
    form = read_form(anonymous.get("/password").text, "/password")

    page = anonymous.post("/password", data=form | {"old": old, "new": new, "again": again})

    assert page.status_code == 422
    assert told in page.text


def test_the_session_cookie_cannot_be_read_by_scripts_nor_sent_from_other_sites(
    anonymous: FlaskClient, number: str
) -> None:
    page = enter(anonymous, number)

    cookie = next(text for text in page.headers.getlist("Set-Cookie") if text.startswith("caseflow="))

    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_forged_session_cookie_is_nobody(anonymous: FlaskClient) -> None:
    anonymous.set_cookie("caseflow", "eyJ0b2tlbiI6ICJ4In0.Zz.forged")

    page = anonymous.get("/items")

    assert page.status_code == 303
