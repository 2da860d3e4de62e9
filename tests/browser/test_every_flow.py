"""One case of every flow, through the pages, from registration to completion."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.windows import Windows, fill_registration, take

pytestmark = pytest.mark.browser

Step = tuple[str, str, dict[str, str]]
LIVES: dict[str, list[Step]] = {
    "transfer-continuation": [
        ("clerk", "hand_over", {}),
        ("reviewer", "approve", {"opinion": "符合规定，同意"}),
        ("clerk", "close", {"result": "已转入本统筹区"}),
    ],
    "inpatient-reimbursement": [
        ("clerk", "hand_over", {}),
        ("reviewer", "approve", {"statement": "住院费用报销 60000.50", "opinion": "同意"}),
        ("checker", "check", {"opinion": "复核无误"}),
        ("approver", "authorise", {"opinion": "同意"}),
        ("clerk", "settle_statement", {}),
        ("cashier", "pay", {"reference": "ZF-2026-0001", "result": "已拨付"}),
    ],
    "retail-pharmacy-designation": [
        ("clerk", "hand_over", {}),
        ("reviewer", "assess", {"opinion": "评估合格"}),
        ("reviewer", "publicise", {"publicised": "3月2日至3月8日，局门户网站"}),
        ("reviewer", "negotiate", {"opinion": "协商一致"}),
        ("approver", "sign", {"agreement": "XY-2026-001", "result": "已签订协议"}),
    ],
}


def _registered(windows: Windows, key: str, decision: str, ticks: tuple[str, ...], result: str = "") -> str:
    page = windows.of("clerk")
    fill_registration(page, windows.address, windows.office.item(key))
    page.check(f"input[name=decision][value={decision}]")
    for tick in ticks:
        page.check(f"[name='need.{decision}.{tick}']")
    if result:
        page.fill(f"[name='need.{decision}.result']", result)
    page.click("button[name=go][value=submit]:visible:not(.first-submit)")
    expect(page.locator("h1")).to_have_text("登记完成")
    found = re.search(r"\d{24}", page.locator("main").inner_text())
    assert found
    return found[0]


def _quiet(windows: Windows) -> None:
    assert windows.foreign == []
    assert windows.complaints == []


def _state(page: Page) -> str:
    return page.locator("section.identity").inner_text()


@pytest.mark.parametrize("key", LIVES)
def test_a_case_is_registered_accepted_reviewed_and_closed(windows: Windows, key: str) -> None:
    number = _registered(windows, key, "accept", ("complete", "genuine"))

    for who, action, needs in LIVES[key]:
        page = windows.open_case(who, number)
        take(page, action, **needs)

    assert "已办结" in _state(windows.open_case("clerk", number))
    _quiet(windows)


def test_an_immediate_case_is_closed_on_the_spot(windows: Windows) -> None:
    ticks = ("complete", "genuine", "lawful", "conditions")

    number = _registered(windows, "resident-enrolment", "close_on_the_spot", ticks, "已登记")

    assert "已办结" in _state(windows.open_case("clerk", number))
    _quiet(windows)


def test_the_work_list_shows_the_case_and_the_supervisor_sees_it_late(windows: Windows) -> None:
    number = _registered(windows, "transfer-continuation", "accept", ("complete", "genuine"))
    windows.office.sleep(18)

    late = windows.of("supervisor")
    late.goto(f"{windows.address}/overdue?cause=promised")

    expect(late.locator("main")).to_contain_text("超承诺 3 日")
    late.click("table a")
    expect(late.locator("section.identity")).to_contain_text("超承诺 3 日")
    assert number in late.url
    _quiet(windows)
