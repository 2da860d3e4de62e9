"""The administrator at work: a clerk is hired and signs in, somebody is away and the stand-in acts."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.windows import HEIGHT, WIDTH, Windows, take
from tests.support.roads import ACCEPT

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
