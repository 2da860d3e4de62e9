"""进度查询 and 评价 at the public door: one answer for every failure, nothing personal in an address, on a phone."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from werkzeug.test import TestResponse

from caseflow.desk.attempts import ADDRESS_FAILURES, CODE_FAILURES
from caseflow.desk.intake import CaseRef
from caseflow.rules.checklist import Mark, Receipt
from caseflow.store.db import reading
from caseflow.store.side_models import RatingRow
from tests.support.office import Office, open_office
from tests.support.roads import ACCEPT, APPROVE, CLOSE, HAND_OVER
from tests.web.counter import open_door, read_form
from web.public import FAILED, STALE

TRANSFER = "transfer-continuation"


@pytest.fixture
def office(engine: Engine) -> Office:
    return open_office(engine)


@pytest.fixture
def app(office: Office) -> Flask:
    return open_door(office)


@pytest.fixture
def phone(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def closed(office: Office) -> CaseRef:
    ref = office.register(TRANSFER)
    for by, action, details in [ACCEPT, HAND_OVER, APPROVE, CLOSE]:
        office.act(ref, by, action, **details)
    return ref


def _ask(phone: FlaskClient, code: str, last_four: str = "002X", address: str = "10.0.0.1") -> TestResponse:
    form = {"code": code, "last_four": last_four}
    return phone.post("/progress", data=form, environ_overrides={"REMOTE_ADDR": address})


def _rate(phone: FlaskClient, code: str, **entries: str) -> TestResponse:
    return phone.post("/progress/rating", data={"code": code, "last_four": "002X", "grade": "5"} | entries)


def _grades(office: Office) -> list[tuple[int, str]]:
    with reading(office.engine) as session:
        return [(row.grade, row.words) for row in session.execute(select(RatingRow.grade, RatingRow.words))]


def _without_token(page: TestResponse) -> str:
    return re.sub(r'name="(csrf_token|request_key)" value="[^"]*"', "", page.text)


def test_the_form_is_open_to_everybody_and_takes_nothing_from_the_address(phone: FlaskClient) -> None:
    page = phone.get("/progress?code=ABCD2345&last_four=002X")

    assert page.status_code == 200
    assert "ABCD2345" not in page.text
    assert "002X" not in page.text
    assert 'name="viewport" content="width=device-width' in page.text


def test_the_applicant_sees_the_case_and_nothing_personal(office: Office, phone: FlaskClient) -> None:
    ref = office.register(TRANSFER)
    office.act(ref, *ACCEPT[:2], **ACCEPT[2])

    page = _ask(phone, ref.query_code)

    assert page.status_code == 200
    for shown in ("已受理", "转移接续手续办理", "张*", "2026-03-02", "2026-03-16"):
        assert shown in page.text
    for hidden in ("张霈", "11010519491231002X", "13912345678", ref.number, "clerk", "石河子"):
        assert hidden not in page.text
    assert page.headers["Cache-Control"] == "no-store"


def test_what_is_missing_is_said_with_its_day(office: Office, phone: FlaskClient) -> None:
    ref = office.register(TRANSFER, receipts={"identity": Receipt(Mark.MISSING)})
    office.act(ref, "clerk", "supplement_notice")

    page = _ask(phone, ref.query_code)

    assert "请补正以下材料" in page.text
    assert "有效身份证件" in page.text
    assert "2026-03-24" in page.text


def test_every_failure_looks_the_same(office: Office, phone: FlaskClient) -> None:
    ref = office.register(TRANSFER)
    bad = [(ref.query_code, "0021"), ("ZZZZ2345", "002X"), ("", ""), ("x" * 10_000, "002X"), ("' OR 1=1 --", "002X")]
    bad += [(ref.query_code, ""), (ref.query_code, "\x00" * 4), ("\ud83d", "字字字字"), (ref.number, "002X")]

    pages = [_ask(phone, code.encode("utf-8", "replace").decode(), last_four) for code, last_four in bad]

    assert {page.status_code for page in pages} == {422}
    assert len({_without_token(page) for page in pages}) == 1
    assert FAILED in pages[0].text


def test_a_code_tried_too_often_is_silent_even_with_the_right_number(office: Office, phone: FlaskClient) -> None:
    ref = office.register(TRANSFER)
    wrong = [_ask(phone, ref.query_code, "0000", f"10.0.1.{n}") for n in range(CODE_FAILURES)]

    right = _ask(phone, ref.query_code, address="10.0.2.1")

    assert (right.status_code, _without_token(right)) == (422, _without_token(wrong[0]))
    office.sleep(1)
    assert _ask(phone, ref.query_code).status_code == 200


def test_one_network_of_ipv6_counts_as_one_address(office: Office, phone: FlaskClient) -> None:
    ref = office.register(TRANSFER)
    for n in range(ADDRESS_FAILURES):
        _ask(phone, "", "", f"2001:db8::{n:x}")

    assert _ask(phone, ref.query_code, address="2001:db8::ffff").status_code == 422
    assert _ask(phone, ref.query_code, address="2001:db8:0:1::1").status_code == 200


def test_a_form_without_a_token_is_asked_for_anew(app: Flask, phone: FlaskClient, closed: CaseRef) -> None:
    app.config["WTF_CSRF_ENABLED"] = True

    page = _ask(phone, closed.query_code)
    form = read_form(phone.get("/progress").text, "/progress")
    good = phone.post("/progress", data=form | {"code": closed.query_code, "last_four": "002X"})

    assert (page.status_code, STALE in page.text) == (400, True)
    assert (good.status_code, "已办结" in good.text) == (200, True)


def test_an_ended_case_is_rated_through_its_page(office: Office, phone: FlaskClient, closed: CaseRef) -> None:
    page = _ask(phone, closed.query_code)
    form = read_form(page.text, "/progress/rating")

    thanks = phone.post("/progress/rating", data=form | {"grade": "2", "words": "等了很久"})

    assert "感谢您的评价" in thanks.text
    assert "不满意" in thanks.text
    assert _grades(office) == [(2, "等了很久")]
    assert "call_back" in office.case(closed).facts.running


def test_a_second_rating_is_refused_and_says_so(office: Office, phone: FlaskClient, closed: CaseRef) -> None:
    _rate(phone, closed.query_code, grade="1")

    again = _rate(phone, closed.query_code)

    assert (again.status_code, "只能评价一次" in again.text) == (409, True)
    assert _grades(office) == [(1, "")]


@pytest.mark.parametrize(
    "entries",
    [{"grade": ""}, {"grade": "6"}, {"grade": "05"}, {"grade": "５"}, {"words": "字" * 501}, {"words": "\x00"}],
)
def test_a_bad_rating_keeps_nothing_and_shows_the_case_again(
    office: Office, phone: FlaskClient, closed: CaseRef, entries: dict[str, str]
) -> None:
    page = _rate(phone, closed.query_code, **entries)

    assert (page.status_code, "评价没有提交" in page.text) == (422, True)
    assert _grades(office) == []


def test_words_are_shown_as_words(phone: FlaskClient, closed: CaseRef) -> None:
    page = _rate(phone, closed.query_code, grade="", words="<script>alert(1)</script>")

    assert "<script>alert" not in page.text
    assert "<script>alert(1)</script>" in unescape(page.text)


def test_nobody_rates_with_another_number(office: Office, phone: FlaskClient, closed: CaseRef) -> None:
    page = _rate(phone, closed.query_code, last_four="0021")

    assert (page.status_code, FAILED in page.text) == (422, True)
    assert _grades(office) == []


def test_no_address_on_the_pages_holds_code_or_number(phone: FlaskClient, closed: CaseRef) -> None:
    page = _ask(phone, closed.query_code)

    addresses = re.findall(r'(?:href|action|src)="([^"]*)"', page.text)

    assert addresses
    assert not any(closed.query_code in one or "002X" in one or urlsplit(one).query for one in addresses)
