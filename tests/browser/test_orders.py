"""督办 through the pages: ordered in bulk, answered, accepted; not answered, raised by the sweep."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from caseflow.desk.intake import CaseRef
from caseflow.desk.supervision import issue_order
from caseflow.desk.upkeep import sweep
from caseflow.store.db import writing
from tests.browser.windows import Windows
from tests.support.roads import ACCEPT, HAND_OVER

pytestmark = pytest.mark.browser


def _late(windows: Windows, *holders: str) -> list[CaseRef]:
    """Cases past their limits in review, each held by this person or by nobody."""
    refs = []
    for who in holders:
        ref = windows.office.register("transfer-continuation")
        for by, action, details in (ACCEPT, HAND_OVER):
            windows.office.act(ref, by, action, **details)
        if who:
            windows.office.act(ref, who, "claim")
        refs.append(ref)
    windows.office.sleep(40)
    return refs


def _board(windows: Windows, **asked: str) -> Page:
    page = windows.of("supervisor")
    page.goto(f"{windows.address}/overdue?" + "&".join(f"{key}={value}" for key, value in asked.items()))
    return page


def _order_all(page: Page, level: str = "提醒") -> None:
    page.check("[data-tick-all]")
    page.select_option("[name=level]", label=level)
    page.fill("[name=words]", "请说明为何超期")
    page.click("text=发出督办")


def _fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def _quiet(windows: Windows) -> None:
    assert windows.foreign == []
    assert windows.complaints == []


def test_two_orders_are_issued_one_is_refused_and_an_answer_is_accepted(windows: Windows) -> None:
    held, _ = _late(windows, "reviewer", "")
    chief = _board(windows, cause="statutory")
    _fits(chief)
    _order_all(chief)
    expect(chief.locator("[role=status]")).to_contain_text("共 2 件：已办理 1 件，未办理 1 件")
    expect(chief.locator("main")).to_contain_text("本件无人经办")
    chief.click("text=返回列表")
    expect(chief.locator("main")).to_contain_text("督办提醒")

    reader = windows.of("reviewer")
    reader.goto(f"{windows.address}/")
    reader.click("nav a:has-text('我的督办')")
    _fits(reader)
    reader.click("text=去反馈")
    reader.fill("[name=cause]", "参保地回函延迟")
    reader.fill("[name=measures]", "今日电话催办")
    reader.fill("[name=until]", windows.office.now.date().isoformat())
    reader.click("text=提交反馈")
    expect(reader.locator("main")).to_contain_text("已反馈，等待主管审核")
    _fits(reader)

    chief.click("nav a:has-text('督办清单')")
    chief.click("nav[aria-label=状态] a:has-text('待审核 1')")
    chief.click("text=去审核")
    chief.fill("[name=words]", "按期办结")
    chief.click("button:has-text('认可')")
    expect(chief.locator("main")).to_contain_text("已认可")
    assert windows.office.history(held)[-3:] == ["order_issue", "order_answer", "order_accept"]
    _quiet(windows)


def test_an_answer_that_lacks_something_keeps_what_was_typed(windows: Windows) -> None:
    _late(windows, "reviewer")
    _order_all(_board(windows, cause="statutory"))
    reader = windows.of("reviewer")
    reader.goto(f"{windows.address}/orders?mine=on")
    reader.click("text=去反馈")
    reader.fill("[name=cause]", "参保地回函延迟")
    reader.fill("[name=measures]", "今日电话催办")
    reader.fill("[name=until]", "2020-01-01")

    reader.click("text=提交反馈")

    expect(reader.locator("[role=alert]").first).to_contain_text("今天起一年以内")
    expect(reader.locator("[name=cause]")).to_have_value("参保地回函延迟")


def test_an_order_nobody_answers_is_raised_and_stands_on_the_board(windows: Windows) -> None:
    office = windows.office
    ref, *_ = _late(windows, "reviewer")
    with writing(office.engine) as session:
        issue_order(
            session, office.house, office.staff["supervisor"], ref.id, None, 1, "statutory", "", None, office.now
        )
    office.sleep(7)
    sweep(office.engine, office.house, office.now)

    chief = _board(windows, cause="unanswered")

    expect(chief.locator("nav[aria-label=类别]")).to_contain_text("督办未反馈 1")
    expect(chief.locator("main")).to_contain_text("督办黄牌")
    _fits(chief)
    reader = windows.open_case("reviewer", ref.number)
    expect(reader.locator(".ordered")).to_contain_text("督办（黄牌）")
    reader.click("text=去反馈")
    expect(reader.locator("main")).to_contain_text("升级而来")
    _quiet(windows)


def test_the_board_shows_where_the_days_went(windows: Windows) -> None:
    _late(windows, "reviewer", "")

    chief = _board(windows, cause="statutory", view="days")
    expect(chief.locator("main")).to_contain_text("的 2 件共用去")
    expect(chief.locator(".shares").nth(0)).to_contain_text("审核中")
    expect(chief.locator(".shares").nth(1)).to_contain_text("reviewer")
    chief.click("text=办件与各环节用时")
    expect(chief.locator("tr.stays")).to_have_count(2)
    _fits(chief)
    _quiet(windows)
