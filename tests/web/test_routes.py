from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from caseflow.errors import Unavailable
from tests.web.counter import Door
from web.gate import policies

OPEN_TO_ALL = {
    *("static", "auth.login", "auth.enter", "public.progress", "public.ask", "public.send_rating"),
    # Open to who gave the right password and owes the second factor; to others they lead to the sign-in page.
    *("second.code", "second.check_code", "second.enrol", "second.confirm"),
}
EVERYWHERE = [
    ("GET", "/"),
    ("GET", "/search?q=zs"),
    ("POST", "/bulk/claim"),
    ("POST", "/bulk/print"),
    ("POST", "/views"),
    ("POST", "/views/1"),
    ("POST", "/columns"),
    ("GET", "/overdue"),
    ("GET", "/foresight"),
    ("GET", "/foresight/staffing"),
    ("POST", "/overdue/assign"),
    ("POST", "/overdue/order"),
    ("GET", "/orders"),
    ("GET", "/orders/1"),
    ("POST", "/orders/1/answer"),
    ("POST", "/orders/1/decide"),
    ("POST", "/orders/1/paper"),
    ("GET", "/board"),
    ("GET", "/board.xlsx"),
    ("GET", "/board/cases"),
    ("GET", "/board/cases.xlsx"),
    ("GET", "/reports"),
    ("GET", "/reports.xlsx"),
    ("GET", "/items"),
    ("GET", "/items/shawan/inpatient-reimbursement"),
    ("GET", "/register"),
    ("POST", "/register"),
    ("GET", "/register/drafts/key"),
    ("POST", "/register/check"),
    ("POST", "/register/again/1"),
    ("POST", "/drafts/register"),
    ("POST", "/drafts/register/key/drop"),
    ("POST", "/drafts/cases/1"),
    ("POST", "/drafts/cases/1/drop"),
    ("GET", "/admin"),
    ("GET", "/admin/staff"),
    ("GET", "/admin/staff/new"),
    ("POST", "/admin/staff/new"),
    ("GET", "/admin/staff/shaw001"),
    ("POST", "/admin/staff/shaw001"),
    ("POST", "/admin/staff/shaw001/password"),
    ("POST", "/admin/staff/shaw001/disable"),
    ("GET", "/admin/places"),
    ("POST", "/admin/places/window"),
    ("POST", "/admin/places/window/1"),
    ("GET", "/admin/items"),
    ("POST", "/admin/items"),
    ("GET", "/admin/absences"),
    ("POST", "/admin/absences"),
    ("POST", "/admin/absences/1/cancel"),
    ("GET", "/admin/changes"),
    ("GET", "/admin/sign-ins"),
    ("GET", "/admin/looks"),
    ("POST", "/admin/staff/shaw001/sessions/0123456789abcdef"),
    ("POST", "/admin/staff/shaw001/second-factor"),
    ("GET", "/settings"),
    ("POST", "/settings"),
    ("POST", "/settings/sessions/0123456789abcdef"),
    ("GET", "/login/code"),
    ("GET", "/second-factor"),
    ("GET", "/help"),
    ("GET", "/help/queue"),
    ("GET", "/password"),
    ("POST", "/password"),
    ("POST", "/logout"),
]
HOSTILE = [
    "\x00",
    "a\x07b",
    "x" * 10_000,
    "-1",
    "9" * 40,
    "%00",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "\ud83d",
    "１２",
]


def test_every_route_carries_a_policy_and_only_signing_in_and_the_progress_query_are_open(guarded: Flask) -> None:
    found = policies(guarded)

    assert {name for name, policy in found.items() if policy is None} == OPEN_TO_ALL


def test_an_application_with_a_route_without_policy_is_not_made(
    monkeypatch: pytest.MonkeyPatch, guarded: Flask
) -> None:
    guarded.add_url_rule("/open", "open", lambda: "anybody")  # type: ignore[arg-type]

    with pytest.raises(RuntimeError, match="open"):
        policies(guarded)


@pytest.mark.parametrize(("method", "path"), EVERYWHERE)
def test_nobody_sees_anything_without_signing_in(anonymous: FlaskClient, method: str, path: str) -> None:
    page = anonymous.open(path, method=method)

    if page.is_json:  # a save by the page itself, told that it was not kept
        assert (page.status_code, page.json) == (401, {"kept": False})
        return
    assert page.status_code == 303
    assert page.headers["Location"].startswith("/login")


@pytest.mark.parametrize(
    ("role", "path"),
    [
        ("clerk", "/overdue"),
        ("administrator", "/search?q=zs"),
        ("administrator", "/register"),
        ("supervisor", "/register"),
        ("auditor", "/register"),
        ("cashier", "/overdue"),
        ("reviewer", "/foresight"),
        ("administrator", "/foresight/staffing"),
        ("supervisor", "/admin/staff"),
        ("clerk", "/admin/items"),
        ("auditor", "/admin/staff/new"),
    ],
)
def test_a_page_of_another_role_is_refused(login: Callable[[str], FlaskClient], role: str, path: str) -> None:
    page = login(role).get(path)

    assert page.status_code == 403
    assert "没有权限" in page.text


def test_the_auditor_cannot_assign(login: Callable[[str], FlaskClient]) -> None:
    page = login("auditor").post("/overdue/assign", data={"case": "1.1", "receiver": "1", "reason": "试"})

    assert page.status_code == 403


def test_who_handles_no_cases_is_led_to_the_items(login: Callable[[str], FlaskClient]) -> None:
    page = login("administrator").get("/")

    assert (page.status_code, page.headers["Location"]) == (303, "/items")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/overdue",
        "/board",
        "/board/cases",
        "/reports",
        "/items",
        "/items/shawan/newborn-enrolment",
        "/password",
        "/nowhere",
    ],
)
def test_every_page_forbids_what_does_not_come_from_here(login: Callable[[str], FlaskClient], path: str) -> None:
    page = login("supervisor").get(path)

    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Cache-Control"] == "no-store"
    assert not re.search(r"""<[^>]+\s(?:style|on[a-z]+)=""", page.text)
    assert "<script>" not in page.text
    assert not re.search(r"""(?:src|href)="(?:https?:)?//""", page.text)


def test_a_form_without_its_token_does_nothing(door: Door) -> None:
    door.app.config["WTF_CSRF_ENABLED"] = True

    page = door.clerk.client.post("/password", data={"old": "a", "new": "b", "again": "b"})

    assert page.status_code == 400
    assert "表单已失效" in page.text


def sent(value: str) -> bytes:
    """The bytes of a hostile value, broken characters and all."""
    return value.encode("utf-8", "surrogatepass")


@pytest.mark.parametrize(
    "name", ["tab", "item", "state", "lamp", "channel", "after", "handler", "since", "until", "sort"]
)
def test_an_absurd_filter_is_refused_and_never_a_fault_of_ours(door: Door, name: str) -> None:
    browser = door.clerk.client

    answers = {value: browser.get("/", query_string={name: sent(value)}).status_code for value in HOSTILE}

    assert answers == dict.fromkeys(HOSTILE, 422)


@pytest.mark.parametrize(
    "after", ["3.2026-03-02.1", "2.2026-02-30.1", "2.2026-03-02.", "2.2026-03-02.1.1", "-1.2026-03-02.1"]
)
def test_a_page_mark_that_was_tampered_with_is_refused(door: Door, after: str) -> None:
    page = door.clerk.client.get("/", query_string={"after": after})

    assert page.status_code == 422


@pytest.mark.parametrize(
    "where", ["/overdue?cause", "/overdue?by", "/overdue?group", "/overdue?after", "/search?q", "/items?find"]
)
def test_hostile_words_are_found_nowhere_or_refused(door: Door, where: str) -> None:
    path, _, name = where.partition("?")
    browser = door.supervisor.client

    pages = [browser.get(path, query_string={name: sent(value)}) for value in HOSTILE]

    assert {page.status_code for page in pages} <= {200, 422}
    assert not any("<script>alert" in page.text for page in pages)


@pytest.mark.parametrize(
    "path",
    ["/items/shawan/nothing", "/items/nowhere/newborn-enrolment", "/items/%00/%00", "/cases/0", "/papers/" + "9" * 30],
)
def test_what_does_not_exist_is_not_found(door: Door, path: str) -> None:
    page = door.clerk.get(path)

    assert page.status_code == 404


def test_a_wrong_method_and_too_large_a_form_are_told_in_chinese(door: Door) -> None:
    wrong = door.clerk.get("/overdue/assign")
    large = door.clerk.client.post("/password", data={"old": "x" * (3 * 1024 * 1024)})

    assert (wrong.status_code, large.status_code) == (405, 413)
    assert "不能这样打开" in wrong.text
    assert "内容过大" in large.text


def test_a_database_that_cannot_answer_is_told_with_when_to_try_again(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> None:
        raise Unavailable("数据库正忙，请稍后再试。")

    browser = door.clerk
    monkeypatch.setattr("web.queues.page_counts", busy)

    page = browser.get("/")

    assert page.status_code == 503
    assert page.headers["Retry-After"]
    assert "数据库正忙" in page.text


def test_an_unexpected_fault_shows_no_details(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("110105194912310021")

    browser = door.clerk
    monkeypatch.setattr("web.queues.page_counts", broken)

    page = browser.get("/")

    assert page.status_code == 500
    assert "系统出现故障" in page.text
    assert "1101051949" not in page.text
