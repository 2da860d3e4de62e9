"""A page left alone is covered when its session has ended, and not while another tab is at work."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.windows import PASSWORD, Windows

pytestmark = pytest.mark.browser

COVER = "dialog.idle-cover"
WITHIN, AFTER = 29 * 60, 31 * 60


def left_alone(page: Page, seconds: int) -> None:
    page.clock.fast_forward(seconds * 1000)


def test_a_page_left_alone_is_covered_and_leads_back_to_where_one_was(windows: Windows) -> None:
    ref = windows.office.register("transfer-continuation")
    page = windows.of("clerk")
    page.clock.install()
    windows.open_case("clerk", ref.number)

    left_alone(page, WITHIN)
    expect(page.locator(COVER)).to_have_count(0)
    left_alone(page, AFTER - WITHIN)

    expect(page.locator(COVER)).to_be_visible()
    expect(page.locator(f"{COVER} a")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(COVER)).to_be_visible()
    page.click(f"{COVER} a")
    page.fill("[name=number]", windows.office.staff["clerk"].number)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    expect(page.locator(".identity-numbers")).to_contain_text(ref.number)
    assert windows.complaints == []


def test_work_in_another_tab_keeps_a_page_open(windows: Windows) -> None:
    page = windows.of("clerk")
    page.clock.install()
    page.goto(f"{windows.address}/")
    left_alone(page, WITHIN)

    page.evaluate("localStorage.setItem('caseflow-used', String(Date.now()))")
    left_alone(page, AFTER - WITHIN)

    expect(page.locator(COVER)).to_have_count(0)
