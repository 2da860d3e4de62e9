"""The administrator at work: a clerk is hired and signs in, somebody is away and the stand-in acts."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from caseflow.desk import passwords
from caseflow.rules.sign_in import SignInRules
from caseflow.store.db import writing
from caseflow.store.models import StaffRow
from tests.browser.windows import HEIGHT, PASSWORD, WIDTH, Windows, take
from tests.support.office import Office
from tests.support.roads import ACCEPT
from tests.support.signing import shown

pytestmark = pytest.mark.browser

OWN = "Meine-eigene-8-Worte"


def _add_window(windows: Windows, name: str) -> None:
    page = windows.of("administrator")
    page.goto(f"{windows.address}/admin/places")
    page.fill("#new-window", name)
    page.press("#new-window", "Enter")
    expect(page.locator(".said-good")).to_contain_text(name)


def _hire(windows: Windows, number: str, window: str) -> str:
    """A clerk with this number; the first password, as the page shows it."""
    page = windows.of("administrator")
    page.goto(f"{windows.address}/admin/staff")
    page.click("text=新增人员")
    page.fill("#f-number", number)
    page.fill("#f-name", "玛依拉·买买提")
    page.select_option("#f-window", window)
    page.check("input[name=role][value=clerk]")
    page.press("#f-name", "Enter")
    expect(page.locator("h1")).to_have_text("已新增账号")
    return page.locator("#first-password").inner_text()


def _fresh(windows: Windows) -> Page:
    page = windows.browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, locale="zh-CN").new_page()
    page.goto(f"{windows.address}/login")
    return page


def _no_sideways(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_new_clerk_signs_in_with_the_first_password_and_must_change_it(windows: Windows) -> None:
    _add_window(windows, "1号窗口")
    first = _hire(windows, "sw-new", "1号窗口")

    page = _fresh(windows)
    offered = page.locator("#windows option").evaluate_all("nodes => nodes.map(node => node.value)")
    page.fill("#number", "sw-new")
    page.fill("#password", first)
    page.fill("#window", "1号窗口")
    page.press("#window", "Enter")

    assert "1号窗口" in offered
    expect(page.locator("h1")).to_have_text("修改密码")
    page.goto(f"{windows.address}/")
    expect(page.locator("h1")).to_have_text("修改密码")
    page.fill("#f-old", first)
    page.fill("#f-new", OWN)
    page.fill("#f-again", OWN)
    page.press("#f-again", "Enter")
    expect(page.locator(".said-good").first).to_contain_text("密码已修改")
    expect(page.locator(".bar-place")).to_contain_text("1号窗口")
    page.context.close()
    assert windows.foreign == []
    assert windows.complaints == []


def test_somebody_is_away_and_the_stand_in_acts_on_the_case(windows: Windows) -> None:
    office = windows.office
    ref = office.register("transfer-continuation")
    office.act(ref, *ACCEPT[:2], **ACCEPT[2])
    office.act(ref, "clerk", "hand_over", receiver=str(office.staff["reviewer"].id))
    _hire_reviewer(windows)

    page = windows.of("administrator")
    page.goto(f"{windows.address}/admin/absences")
    page.select_option("#f-number", office.staff["reviewer"].number)
    page.fill("#f-to_on", "2026-03-06")
    page.select_option("#f-stand_in", "sw-second")
    page.click(".absence-form button")
    expect(page.locator("main")).to_contain_text("reviewer（")
    _no_sideways(page)

    stand_in = windows.pages["second"]
    stand_in.goto(f"{windows.address}/?tab=unclaimed")
    stand_in.click("tbody a")
    expect(stand_in).to_have_url(re.compile(f"/cases/{ref.number}"))
    take(stand_in, "approve", opinion="符合规定，同意")

    expect(stand_in.locator("section.identity")).to_contain_text("审核通过")
    expect(stand_in.locator(".timeline").first).to_contain_text("代岗")
    assert windows.foreign == []
    assert windows.complaints == []


def _hire_reviewer(windows: Windows) -> None:
    """A second reviewer, signed in at a window of their own with a password of their own."""
    page = windows.of("administrator")
    page.goto(f"{windows.address}/admin/staff/new")
    page.fill("#f-number", "sw-second")
    page.fill("#f-name", "迪丽努尔·艾合买提")
    page.check("input[name=role][value=reviewer]")
    page.press("#f-name", "Enter")
    first = page.locator("#first-password").inner_text()
    theirs = windows.pages["second"] = _fresh(windows)
    theirs.fill("#number", "sw-second")
    theirs.fill("#password", first)
    theirs.press("#password", "Enter")
    theirs.fill("#f-old", first)
    theirs.fill("#f-new", OWN)
    theirs.fill("#f-again", OWN)
    theirs.press("#f-again", "Enter")
    expect(theirs.locator(".said-good").first).to_contain_text("密码已修改")


@pytest.mark.parametrize("path", ["staff", "staff/new", "places", "items", "absences", "changes"])
def test_no_page_of_the_administration_scrolls_sideways(windows: Windows, path: str) -> None:
    page = windows.of("administrator")
    page.goto(f"{windows.address}/admin/{path}")

    _no_sideways(page)
    assert windows.complaints == []


@pytest.fixture
def strict(office: Office) -> Office:
    """Supervisors need a second factor, and the three administrators are apart."""
    rules = SignInRules(second_factor=frozenset({"supervisor"}), administrators="three")
    office.house = replace(office.house, sign_in=rules)
    with writing(office.engine) as session:
        values = {"password_hash": passwords.hashed(PASSWORD)}
        mine = update(StaffRow).where(StaffRow.number == office.staff["supervisor"].number)
        session.execute(mine.values(values))
    return office


def _enter(page: Page, number: str) -> None:
    page.fill("#number", number)
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")


def _set_up(page: Page, at: datetime) -> str:
    """The secret a telephone has taken from the page, after one wrong code; the recovery codes were looked at."""
    expect(page.locator("h1")).to_have_text("启用动态口令")
    expect(page.locator(".enrol-qr svg")).to_be_visible()
    secret = page.locator("#secret").inner_text()
    _looked_at(page, "second-factor-due")
    page.fill("#f-code", "000000")
    page.press("#f-code", "Enter")
    expect(page.locator(".said-bad")).to_contain_text("动态口令不正确")
    assert page.locator("#secret").inner_text() == secret
    page.fill("#f-code", shown(secret, at))
    page.press("#f-code", "Enter")
    expect(page.locator("h1")).to_have_text("动态口令已启用")
    assert len(set(page.locator("#recovery output").all_inner_texts())) == 10
    _looked_at(page, "recovery-codes")
    page.click("text=已抄好，继续")
    return secret


def test_a_supervisor_sets_up_a_second_factor_and_signs_in_with_it(strict: Office, windows: Windows) -> None:
    number = strict.staff["supervisor"].number
    page = _fresh(windows)
    _enter(page, number)
    secret = _set_up(page, strict.now)
    expect(page.locator(".bar-person")).to_contain_text(number)
    strict.sleep(1)
    page.context.clear_cookies()
    page.goto(f"{windows.address}/overdue")
    _enter(page, number)
    expect(page.locator("h1")).to_have_text("动态口令")
    _looked_at(page, "code")

    page.fill("#f-code", shown(secret, strict.now))
    page.press("#f-code", "Enter")

    expect(page).to_have_url(re.compile("/overdue"))
    page.goto(f"{windows.address}/settings")
    expect(page.locator("#places")).to_contain_text("本机，正在使用")
    expect(page.locator("#factor")).to_contain_text("恢复码还剩 10 个")
    _looked_at(page, "settings")
    page.context.close()
    assert windows.foreign == []
    assert windows.complaints == []


def test_a_lost_telephone_is_reset_by_one_administrator_and_read_of_by_another(
    strict: Office, windows: Windows
) -> None:
    number = strict.staff["supervisor"].number
    page = _fresh(windows)
    _enter(page, number)
    _set_up(page, strict.now)
    keeper, audit = windows.of("security"), windows.of("audit")

    keeper.goto(f"{windows.address}/admin/staff/{number}")
    _looked_at(keeper, "person")
    keeper.click("text=重置动态口令")
    expect(keeper.locator(".said-good")).to_contain_text("已重置动态口令")

    page.goto(f"{windows.address}/overdue")
    expect(page.locator("h1")).to_have_text("登录")
    audit.goto(f"{windows.address}/admin/sign-ins")
    expect(audit.locator("tbody")).to_contain_text("密码正确，等待动态口令")
    _looked_at(audit, "sign-ins")
    page.context.close()
    assert windows.complaints == []


def _looked_at(page: Page, name: str) -> None:
    """Nothing is wider than the window; a picture to look at, where CASEFLOW_PICTURES names a folder."""
    _no_sideways(page)
    if folder := os.environ.get("CASEFLOW_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png")
