"""我的待办 in a real browser: a bulk with a stale case among it, and a walk through the list by keys alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from caseflow.desk.intake import CaseRef
from tests.browser.windows import Windows, press, type_keys
from tests.support.office import Office

pytestmark = pytest.mark.browser

ITEM = "transfer-continuation"
CHECKED = {"complete": "on", "genuine": "on"}


def accepted(office: Office) -> CaseRef:
    ref = office.register(ITEM)
    office.act_on(ref, "clerk", "accept", CHECKED)
    return ref


def quiet(windows: Windows) -> None:
    assert windows.foreign == []
    assert windows.complaints == []


def fits(page: Page) -> bool:
    """Nothing reaches beyond the right edge, and no row of the list takes two lines."""
    wide = page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    tall = page.evaluate("Math.max(...[...document.querySelectorAll('tbody tr')].map((row) => row.offsetHeight))")
    return bool(wide) and int(tall) <= 30


def test_a_bulk_claim_tells_the_stale_case_from_the_claimed_ones(windows: Windows) -> None:
    refs = [accepted(windows.office) for _ in range(3)]
    for ref in refs:
        windows.office.act(ref, "clerk", "hand_over")
    page = windows.of("reviewer")
    page.goto(f"{windows.address}/?tab=unclaimed")
    page.check("[data-tick-all]")
    windows.office.act(refs[1], "supervisor", "assign", receiver=str(windows.office.staff["reviewer"].id), reason="急")

    page.click("button:has-text('领取')")

    expect(page.locator("h1")).to_have_text("领取：办理结果")
    expect(page.locator("[role=status]").first).to_have_text("共 3 件：已办理 2 件，已有变化 1 件。")
    expect(page.locator("tbody tr").first).to_contain_text("已有变化")
    page.click("text=返回列表")
    expect(page).to_have_url(re.compile("tab=unclaimed"))
    quiet(windows)


def test_the_list_is_walked_ticked_and_worked_by_keys_alone(windows: Windows) -> None:
    refs = [accepted(windows.office) for _ in range(3)]
    page = windows.of("clerk")
    page.goto(f"{windows.address}/")
    assert fits(page)

    press(page, *"jjxk")
    boxes = page.locator("tbody input[name=case]")
    assert [box.is_checked() for box in boxes.all()] == [False, True, False]
    press(page, "a")
    assert all(box.is_checked() for box in boxes.all())
    press(page, "Enter")
    expect(page.locator(".identity-numbers")).to_contain_text(refs[0].number)
    press(page, "]")
    expect(page.locator(".identity-numbers")).to_contain_text(refs[1].number)
    press(page, "F9")
    expect(page.locator(".walk a[rel=next]")).to_be_focused()
    press(page, "Enter")
    expect(page.locator(".identity-numbers")).to_contain_text(refs[2].number)
    press(page, "[")
    expect(page.locator(".identity-numbers")).to_contain_text(refs[0].number)

    assert windows.office.case(refs[1]).record.state == "reviewing"
    quiet(windows)


def test_keys_typed_into_a_field_move_nothing_and_enter_there_takes_no_step(windows: Windows) -> None:
    ref = accepted(windows.office)
    page = windows.of("clerk")
    page.goto(f"{windows.address}/?tab=section")

    page.focus("[name=reason]")
    type_keys(page, "jkxa")
    press(page, "Enter")

    expect(page.locator("[name=reason]")).to_have_value("jkxa")
    assert not page.locator("tbody input[name=case]").first.is_checked()
    assert windows.office.history(ref)[-1] == "accept"


def test_a_scanned_query_code_opens_the_case(windows: Windows) -> None:
    ref = accepted(windows.office)
    page = windows.of("reviewer")

    press(page, "/")
    type_keys(page, ref.query_code)
    press(page, "Enter")

    expect(page.locator(".identity-numbers")).to_contain_text(ref.number)
