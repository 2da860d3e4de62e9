"""Reminders as staff meet them: the counter in the bar, 我的消息, the way to the case, and marking them read."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from caseflow.desk.intake import CaseRef
from caseflow.desk.upkeep import Swept, sweep
from tests.browser.windows import Windows
from tests.support.office import Office
from tests.support.roads import ACCEPT, HAND_OVER

pytestmark = pytest.mark.browser

TRANSFER = "transfer-continuation"


def _tick(office: Office, days: int = 0) -> Swept:
    office.sleep(days)
    return sweep(office.engine, office.house, office.now)


def _accepted(office: Office, *more: tuple[str, str, dict[str, str]]) -> CaseRef:
    """A transfer promised for 2026-03-16."""
    ref = office.register(TRANSFER)
    for by, action, details in (ACCEPT, *more):
        office.act(ref, by, action, **details)
    return ref


def _messages(page: Page) -> Locator:
    page.click(".bar-messages")
    expect(page.locator("h1")).to_have_text("我的消息")
    return page.locator("main tbody tr")


def _counter(page: Page) -> Locator:
    return page.locator(".bar-messages .count")


def _quiet(windows: Windows) -> None:
    assert windows.foreign == []
    assert windows.complaints == []


def test_a_notice_clock_near_its_end_is_told_followed_and_marked_read(windows: Windows) -> None:
    office = windows.office
    ref = office.register(TRANSFER)
    assert _tick(office, 4).messages == 1
    page = windows.of("clerk")

    expect(_counter(page)).to_have_text("1")
    rows = _messages(page)
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("一次性告知期限将于 2026-03-09 到期（下一工作日）")
    rows.first.locator("a").click()
    expect(page.locator(".identity-numbers")).to_contain_text(ref.number)
    expect(_counter(page)).to_have_text("1")
    _messages(page).first.locator("text=标为已读").click()

    expect(_counter(page)).to_have_count(0)
    expect(page.locator("main tbody tr")).to_contain_text(["已读 2026-03-06 10:30"])
    expect(page.locator("text=标为已读")).to_have_count(0)
    _quiet(windows)


def test_a_second_sweep_adds_no_message(windows: Windows) -> None:
    office = windows.office
    office.register(TRANSFER)
    _tick(office, 4)
    page = windows.of("clerk")
    before = _messages(page).all_inner_texts()

    again = _tick(office)

    assert (again.messages, again.total) == (0, 0)
    assert _messages(page).all_inner_texts() == before
    expect(_counter(page)).to_have_text("1")


def test_a_case_due_today_and_then_late_is_told_newest_first(windows: Windows) -> None:
    office = windows.office
    _accepted(office)
    _tick(office, 14)
    _tick(office, 1)
    page = windows.of("clerk")

    rows = _messages(page)

    expect(_counter(page)).to_have_text("2")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("已超过承诺办理时限（2026-03-16 到期）")
    expect(rows.nth(1)).to_contain_text("办理时限今日（2026-03-16）到期")
    _quiet(windows)


def test_of_two_messages_one_is_left_until_all_are_marked(windows: Windows) -> None:
    office = windows.office
    _accepted(office), _accepted(office)
    _tick(office, 14)
    page = windows.of("clerk")

    _messages(page).first.locator("text=标为已读").click()
    expect(_counter(page)).to_have_text("1")
    page.click("text=全部标为已读")

    expect(_counter(page)).to_have_count(0)
    expect(page.locator(".said-good")).to_contain_text("已标为已读 1 条")
    expect(page.locator(".page-head")).to_contain_text("没有未读消息")
    _quiet(windows)


def test_a_case_nobody_holds_is_told_to_the_supervisor_alone(windows: Windows) -> None:
    office = windows.office
    ref = _accepted(office, HAND_OVER)
    _tick(office, 14)

    chief = windows.of("supervisor")
    expect(_counter(chief)).to_have_text("1")
    _messages(chief).first.locator("a").click()
    expect(chief.locator(".identity-numbers")).to_contain_text(ref.number)
    for other in ("clerk", "reviewer"):
        page = windows.of(other)
        expect(_counter(page)).to_have_count(0)
        page.click(".bar-messages")
        expect(page.locator("main")).to_contain_text("没有消息")
    _quiet(windows)
