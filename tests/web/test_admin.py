"""管理: the administrator keeps accounts and office, the auditor reads, nobody else enters."""

from __future__ import annotations

import re

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine, func, select
from werkzeug.test import TestResponse

from caseflow.desk import passwords
from caseflow.store.db import reading
from caseflow.store.models import StaffRow
from caseflow.store.office_models import AbsenceRow, StaffChangeRow, StaffItemRow, WindowRow
from tests.support.office import Office, open_office
from tests.support.roads import ACCEPT
from tests.web.counter import Counter, Door
from tests.web.test_routes import HOSTILE, sent

PAGES = [
    "/admin/staff",
    "/admin/places",
    "/admin/items",
    "/admin/absences",
    "/admin/changes",
]
LOGS = ["/admin/sign-ins", "/admin/looks"]
FORMS = [
    "/admin/staff/new",
    "/admin/staff/shaw001",
    "/admin/staff/shaw001/password",
    "/admin/staff/shaw001/unlock",
    "/admin/staff/shaw001/sessions",
    "/admin/staff/shaw001/sessions/0123456789abcdef",
    "/admin/staff/shaw001/second-factor",
    "/admin/staff/shaw001/enable",
    "/admin/staff/shaw001/disable",
    "/admin/places/window",
    "/admin/places/window/1",
    "/admin/items",
    "/admin/absences",
    "/admin/absences/1/cancel",
]
NEW = {"number": "sw-new", "name": "王雪梅", "section": "", "window": "", "role": "clerk"}
AWAY = {"number": "shaw002", "from_on": "2026-03-02", "to_on": "2026-03-06", "stand_in": "", "note": ""}
TRANSFER = "transfer-continuation"


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


@pytest.fixture
def office(engine: Engine) -> Office:
    return open_office(engine, extra={"reviewer2": ("reviewer",)})


@pytest.fixture
def admin(door: Door) -> Counter:
    found: Counter = door.administrator
    return found


def count(office: Office, table: type) -> int:
    with reading(office.engine) as session:
        return session.execute(select(func.count()).select_from(table)).scalar_one()


def first_password(page: TestResponse) -> str:
    found = re.search(r'id="first-password">([^<]+)<', page.text)
    assert found, page.text
    return found[1]


@pytest.mark.parametrize("role", ["clerk", "reviewer", "checker", "approver", "cashier", "supervisor"])
def test_who_keeps_no_accounts_sees_nothing_of_the_administration(door: Door, role: str) -> None:
    browser = getattr(door, role)

    assert {browser.get(path).status_code for path in (*PAGES, *LOGS)} == {403}
    assert {browser.send(path, {}).status_code for path in FORMS} == {403}
    assert "变更记录" not in browser.get("/items").text


def test_the_auditor_reads_everything_and_changes_nothing(door: Door, office: Office) -> None:
    pages = [door.auditor.get(path) for path in (*PAGES, *LOGS, "/admin/staff/shaw001")]
    answers = {door.auditor.send(path, NEW | AWAY).status_code for path in FORMS}

    assert {page.status_code for page in pages} == {200}
    assert answers == {403}
    assert not any('method="post" action="/admin' in page.text for page in pages)
    assert count(office, StaffChangeRow) == 0


def test_the_administrator_is_led_to_no_case(admin: Counter, door: Door) -> None:
    door.office.register(TRANSFER)

    for path in PAGES:
        page = admin.get(path)
        assert page.status_code == 200
        assert "张霈" not in page.text
        assert "/cases/" not in page.text
    assert admin.get("/search?q=zp").status_code == 403


def test_a_first_password_is_shown_once_and_works(admin: Counter, door: Door, office: Office) -> None:
    page = admin.send("/admin/staff/new", NEW)

    password = first_password(page)
    assert page.status_code == 200
    assert password not in admin.get("/admin/staff/sw-new").text
    browser = door.app.test_client()
    answer = browser.post("/login", data={"number": "sw-new", "password": password, "window": ""})
    assert answer.headers["Location"] == "/password"
    assert browser.get("/").headers["Location"] == "/password"


def test_sending_the_form_of_a_new_account_twice_makes_one(admin: Counter, office: Office) -> None:
    admin.send("/admin/staff/new", NEW)
    again = admin.send("/admin/staff/new", NEW)

    assert again.status_code == 422
    assert "已被使用" in again.text
    assert count(office, StaffChangeRow) == 1


def test_a_refused_form_keeps_what_was_typed_and_names_the_fields(admin: Counter, office: Office) -> None:
    before = count(office, StaffRow)

    page = admin.send("/admin/staff/new", NEW | {"number": "?", "role": "auditor"} | {"name": "阿依古丽"})

    assert page.status_code == 422
    assert "工号：应为 2 至 32 位" in page.text
    assert 'value="阿依古丽"' in page.text
    assert re.search(r'value="auditor" checked', page.text)
    assert count(office, StaffRow) == before


@pytest.mark.parametrize("field", ["number", "name", "section", "window", "role"])
def test_hostile_entries_of_a_person_are_refused(admin: Counter, office: Office, field: str) -> None:
    bad = [value for value in HOSTILE if value not in ("-1", "%00", "' OR 1=1 --", "１２", "9" * 40) or field == "role"]

    pages = [admin.client.post("/admin/staff/new", data=NEW | {field: sent(value)}) for value in bad]

    expected = {422} if field in ("number", "role") else {200, 422}
    assert {page.status_code for page in pages} <= expected
    assert not any("<script>alert" in page.text for page in pages)


def test_profile_and_roles_are_saved_in_one_go(admin: Counter, office: Office) -> None:
    answer = admin.client.post(
        "/admin/staff/shaw001",
        data={"name": "王雪梅", "section": "综合科", "window": "", "role": ["clerk", "reviewer"]},
    )

    page = admin.get(answer.headers["Location"])
    assert answer.status_code == 303
    assert "角色：窗口人员 → 窗口人员、审核人员" in page.text
    assert "科室：综合科" in page.text


def test_a_half_refused_change_changes_nothing(admin: Counter, office: Office) -> None:
    page = admin.client.post("/admin/staff/shaw001", data={"name": "王雪梅", "role": ["clerk", "auditor"]})

    assert page.status_code == 422
    assert count(office, StaffChangeRow) == 0


def test_a_person_with_cases_is_disabled_after_a_warning(admin: Counter, office: Office) -> None:
    office.register(TRANSFER)

    warned = admin.send("/admin/staff/shaw001/disable", {})
    done = admin.send("/admin/staff/shaw001/disable", {"held_known": "on"})

    assert warned.status_code == 409
    assert "名下还有 1 件在办" in warned.text
    assert done.status_code == 303
    assert "名下仍有 1 件" in admin.get("/admin/staff").text
    assert admin.send("/admin/staff/shaw001/enable", {}).status_code == 303


def test_the_administrator_cannot_lock_himself_out(admin: Counter, office: Office) -> None:
    me = office.staff["administrator"].number

    assert admin.send(f"/admin/staff/{me}/disable", {"held_known": "on"}).status_code == 409
    assert admin.client.post(f"/admin/staff/{me}", data={"name": "甲", "role": ["clerk"]}).status_code == 409
    assert admin.send(f"/admin/staff/{me}/password", {}).status_code == 409
    assert admin.get("/admin/staff").status_code == 200


@pytest.mark.parametrize("number", ["nobody", "%00", "x" * 300, "' OR 1=1 --"])
def test_a_person_there_is_not_is_not_found(admin: Counter, number: str) -> None:
    assert admin.get(f"/admin/staff/{number}").status_code == 404
    assert admin.send(f"/admin/staff/{number}/unlock", {}).status_code == 404


def test_a_reset_password_is_shown_once(admin: Counter) -> None:
    page = admin.send("/admin/staff/shaw001/password", {})

    assert page.status_code == 200
    assert first_password(page) not in admin.get("/admin/staff/shaw001").text


def test_windows_are_added_renamed_closed_and_offered_at_sign_in(admin: Counter, door: Door) -> None:
    admin.send("/admin/places/window", {"name": "A9号窗口"})
    page = admin.get("/admin/places")
    (one,) = re.findall(r'action="(/admin/places/window/\d+)"', page.text)[:1]
    admin.send(one, {"go": "rename", "name": "B9号窗口"})
    offered = door.app.test_client().get("/login").text
    admin.send(one, {"go": "close"})
    closed = door.app.test_client().get("/login").text

    assert '<option value="B9号窗口">' in offered
    assert '<option value="A25号窗口">' in offered  # the other bureau keeps no list: its published windows
    assert '<option value="A区3号窗口">' not in offered
    assert '<option value="B9号窗口">' not in closed


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        ("/admin/places/window", {"name": ""}, 422),
        ("/admin/places/window", {"name": "x" * 41}, 422),
        ("/admin/places/window", {"name": "1号", "section": "没有"}, 422),
        ("/admin/places/nothing", {"name": "1号"}, 404),
        ("/admin/places/window/99", {"go": "rename", "name": "1号"}, 404),
        ("/admin/places/window/99", {"go": "burn"}, 422),
        ("/admin/places/window/" + "9" * 18, {"go": "close"}, 404),
    ],
)
def test_absurd_windows_are_answered_clearly(
    admin: Counter, office: Office, path: str, form: dict[str, str], status: int
) -> None:
    assert admin.send(path, form).status_code == status
    assert count(office, WindowRow) == 0


def test_the_matrix_is_saved_and_nothing_ticked_means_every_item(admin: Counter, office: Office) -> None:
    reviewer = office.staff["reviewer"].id
    everyone = [str(one.id) for one in office.staff.values() if one.roles & {"clerk", "reviewer", "checker"}]

    saved = admin.client.post("/admin/items", data={"person": everyone, "mark": [f"{reviewer}.{TRANSFER}"]})
    page = admin.get("/admin/items").text
    stale = admin.client.post("/admin/items", data={"person": everyone, "mark": []})

    assert saved.status_code == 303
    assert f'name="was" value="{reviewer}.{TRANSFER}"' in page
    assert "1 项" in page
    assert "所有事项" in page
    assert stale.status_code == 409
    assert count(office, StaffItemRow) == 1


@pytest.mark.parametrize("field", ["person", "was", "mark"])
def test_a_tampered_matrix_is_refused(admin: Counter, office: Office, field: str) -> None:
    reviewer = office.staff["reviewer"].id
    form = {"person": [str(reviewer)], "was": [], "mark": [f"{reviewer}.{TRANSFER}"]}

    answers = {admin.client.post("/admin/items", data=form | {field: [sent(value)]}).status_code for value in HOSTILE}

    assert answers <= {404, 409, 422}
    assert count(office, StaffItemRow) == 0


def test_a_case_is_shown_to_the_stand_in_and_taken_by_him(admin: Counter, door: Door, office: Office) -> None:
    ref = office.register(TRANSFER)
    office.act(ref, *ACCEPT[:2], **ACCEPT[2])
    office.act(ref, "clerk", "hand_over", receiver=str(office.staff["reviewer"].id))
    numbers = {"number": office.staff["reviewer"].number, "stand_in": office.staff["reviewer2"].number}

    before = door.reviewer2.get("/?tab=unclaimed").text
    answer = admin.send("/admin/absences", AWAY | numbers)
    after = door.reviewer2.get("/?tab=unclaimed").text
    acted = door.reviewer2.act(ref.number, "claim")

    assert answer.status_code == 303
    assert ref.number not in before
    assert ref.number in after
    assert acted.status_code == 303
    assert office.case(ref).record.handler_id == office.staff["reviewer2"].id


def test_an_unclaimed_case_is_offered_only_to_those_who_handle_its_item(
    admin: Counter, door: Door, office: Office
) -> None:
    ref = office.register(TRANSFER)
    office.act(ref, *ACCEPT[:2], **ACCEPT[2])
    office.act(ref, "clerk", "hand_over")
    reviewer = office.staff["reviewer"].id

    assert ref.number in door.reviewer.get("/?tab=unclaimed").text
    admin.client.post("/admin/items", data={"person": [str(reviewer)], "mark": [f"{reviewer}.inpatient-reimbursement"]})

    assert ref.number not in door.reviewer.get("/?tab=unclaimed").text
    assert ref.number in door.reviewer2.get("/?tab=unclaimed").text
    assert ref.number in door.supervisor.get("/?tab=unclaimed").text


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": ""},
        {"number": "nobody"},
        {"from_on": "2026-W10-1"},
        {"to_on": ""},
        {"to_on": "2026-02-30"},
        {"from_on": "2026-03-07"},
        {"to_on": "9999-12-31"},
        {"stand_in": "shaw002"},
        {"stand_in": "shaw001"},
        {"note": "x" * 201},
        {"note": "\x00"},
    ],
)
def test_an_absurd_absence_is_refused_and_kept_in_the_form(
    admin: Counter, office: Office, wrong: dict[str, str]
) -> None:
    page = admin.send("/admin/absences", AWAY | wrong)

    assert page.status_code in (404, 422)
    assert "没有登记" in page.text or "没有办成" in page.text
    assert count(office, AbsenceRow) == 0


def test_an_absence_is_cancelled_once(admin: Counter, office: Office) -> None:
    admin.send("/admin/absences", AWAY)
    (one,) = re.findall(r'action="(/admin/absences/\d+/cancel)"', admin.get("/admin/absences").text)

    assert [admin.send(one, {}).status_code for _ in range(2)] == [303, 303]
    assert "已取消" in admin.get("/admin/absences").text
    assert admin.send("/admin/absences/99/cancel", {}).status_code == 404
    assert count(office, StaffChangeRow) == 2


@pytest.mark.parametrize("before", ["x", "-1", "0", "9" * 30])
def test_a_page_of_changes_that_cannot_be_is_refused(admin: Counter, before: str) -> None:
    assert admin.get(f"/admin/changes?before={before}").status_code == 422


def test_every_change_stands_in_the_record_and_pages_lead_back(admin: Counter) -> None:
    for n in range(60):
        admin.send("/admin/places/section", {"name": f"第{n}科"})

    first = admin.get("/admin/changes").text
    (older,) = re.findall(r'href="(/admin/changes\?before=\d+)"', first)
    second = admin.get(older).text

    assert "新增科室：第59科" in first
    assert "新增科室：第0科" in second
    assert "新增科室：第59科" not in second
