"""工作日历 amended through the pages: what moves is shown, confirmed, and stands in the history of each open case."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from caseflow.desk.calendar_days import enter
from caseflow.desk.intake import CaseRef
from caseflow.rules.entered_days import Amendment, read_lines
from caseflow.store.db import reading
from caseflow.store.side_models import CalendarDayRow
from tests.browser.windows import Windows
from tests.support.office import Office
from tests.support.roads import ACCEPT, APPROVE, CLOSE, HAND_OVER

pytestmark = pytest.mark.browser

TRANSFER = "transfer-continuation"
SOURCE = "沙湾市政府通告〔2026〕8号"
MOVED = ("承诺到期 2026-03-16（暂定） → 2026-03-17（暂定）", "法定到期 2026-03-24（暂定） → 2026-03-25（暂定）")
DAYS = "2026-03-09至2026-03-10 放假 大雪停工\n2026-03-14 上班 补班"


def _walk(windows: Windows, *steps: tuple[str, str, dict[str, str]]) -> CaseRef:
    ref = windows.office.register(TRANSFER)
    for by, action, details in steps:
        windows.office.act(ref, by, action, **details)
    return ref


def _dues(office: Office, ref: CaseRef) -> tuple[str, str]:
    record = office.case(ref).record
    return str(record.promised_due), str(record.statutory_due)


def _written(office: Office) -> int:
    with reading(office.engine) as session:
        return session.execute(select(func.count()).select_from(CalendarDayRow)).scalar_one()


def _preview(windows: Windows, days: str = DAYS, source: str = SOURCE) -> Page:
    """The administrator, from the directory at the side to what the days would move."""
    page = windows.of("administrator")
    page.click("nav.side >> text=工作日历")
    page.click(".page-head >> text=录入放假通知")
    page.fill("[name=source]", source)
    page.fill("[name=days]", days)
    page.click("text=核对影响")
    return page


def _no_stranger(windows: Windows) -> None:
    """As after every walk, but for the browser's own word on a page that was refused."""
    assert windows.foreign == []
    assert [text for text in windows.complaints if "status of 422" not in text] == []


def test_days_off_move_the_open_cases_once_they_are_confirmed(windows: Windows) -> None:
    office = windows.office
    ref, closed = _walk(windows, ACCEPT), _walk(windows, ACCEPT, HAND_OVER, APPROVE, CLOSE)
    assert _dues(office, ref) == _dues(office, closed) == ("2026-03-16", "2026-03-24")

    page = _preview(windows)
    expect(page.locator("main")).to_contain_text("影响 1 件：旧 → 新")
    cells = page.locator("tr", has_text=ref.number).locator("td")
    assert cells.all_inner_texts()[2:] == ["承诺到期", "2026-03-16（暂定）", "2026-03-17（暂定）"]
    assert page.locator("tr.same-case td").all_inner_texts()[2:] == [
        "法定到期",
        "2026-03-24（暂定）",
        "2026-03-25（暂定）",
    ]
    assert closed.number not in page.locator("main").inner_text()
    assert (_written(office), _dues(office, ref)[0]) == (0, "2026-03-16")
    page.click("text=确认录入并重算")

    expect(page.locator(".said-good")).to_contain_text("已录入 3 天，1 件办件的日期已重算")
    expect(page.locator("td.d-holiday[title*='大雪停工']").first).to_have_attribute("title", f"大雪停工：{SOURCE}")
    assert _dues(office, ref) == ("2026-03-17", "2026-03-25")
    assert _dues(office, closed) == ("2026-03-16", "2026-03-24")
    assert office.history(closed)[-1] == "close"
    _no_stranger(windows)


def test_the_clerk_finds_old_new_and_source_in_the_cases_history(windows: Windows) -> None:
    ref, closed = _walk(windows, ACCEPT), _walk(windows, ACCEPT, HAND_OVER, APPROVE, CLOSE)
    _preview(windows).click("text=确认录入并重算")
    expect(windows.of("administrator").locator(".said-good")).to_be_visible()

    page = windows.open_case("clerk", ref.number)

    newest = page.locator(".timeline li").first
    for words in (*MOVED, SOURCE, "大雪停工"):
        expect(newest).to_contain_text(words)
    expect(page.locator("main")).to_contain_text("2026-03-17")
    expect(windows.open_case("clerk", closed.number).locator(".timeline")).not_to_contain_text(SOURCE)
    _no_stranger(windows)


def test_a_notice_clock_that_moved_is_told_in_the_history_too(windows: Windows) -> None:
    ref = _walk(windows)
    page = _preview(windows)
    expect(page.locator("tr", has_text=ref.number)).to_contain_text("2026-03-11")
    page.click("text=确认录入并重算")
    expect(page.locator(".said-good")).to_be_visible()

    newest = windows.open_case("clerk", ref.number).locator(".timeline li").first

    expect(newest).to_contain_text("2026-03-09 → 2026-03-11")
    expect(newest).to_contain_text(SOURCE)
    _no_stranger(windows)


@pytest.mark.parametrize(
    ("source", "days", "reason"),
    [
        ("", DAYS, "请填写依据"),
        (SOURCE, "2026-02-30 放假 大雪停工", "第 1 行的日期"),
        (SOURCE, "三月九日放假", "第 1 行应写成"),
        (SOURCE, "2026-03-09 放假 大雪停工\n2026-03-09 放假 停电", "2026-03-09 写了两次"),
    ],
)
def test_a_refused_entry_keeps_what_was_typed_and_goes_on_once_mended(
    windows: Windows, source: str, days: str, reason: str
) -> None:
    _walk(windows, ACCEPT)

    page = _preview(windows, days, source)

    expect(page.locator("#enter [role=alert]").first).to_contain_text(reason)
    expect(page.locator("#enter")).to_be_in_viewport()
    expect(page.locator("[name=source]")).to_have_value(source)
    expect(page.locator("[name=days]")).to_have_value(days)
    assert _written(windows.office) == 0
    page.fill("[name=source]", SOURCE)
    page.fill("[name=days]", DAYS)
    page.click("text=核对影响")
    expect(page.locator("main")).to_contain_text("影响 1 件：旧 → 新")
    _no_stranger(windows)


def test_days_entered_already_offer_nothing_to_confirm(windows: Windows) -> None:
    office = windows.office
    ref = _walk(windows, ACCEPT)
    enter(
        office.engine,
        office.house,
        office.staff["administrator"],
        Amendment("shawan", read_lines(DAYS, SOURCE)),
        office.now,
    )
    before = office.history(ref), _written(office)

    page = _preview(windows)

    expect(page.locator("main")).to_contain_text("这些日子已经如此")
    expect(page.locator("text=确认录入并重算")).to_have_count(0)
    page.click("text=返回日历")
    expect(page.locator("h1")).to_have_text("工作日历")
    assert (office.history(ref), _written(office)) == before
    _no_stranger(windows)


def test_a_preview_given_up_writes_nothing(windows: Windows) -> None:
    ref = _walk(windows, ACCEPT)

    page = _preview(windows)
    page.click("text=放弃")

    expect(page.locator("h1")).to_have_text("工作日历")
    expect(page.locator("[name=days]")).to_have_value("")
    assert (_written(windows.office), _dues(windows.office, ref)[0]) == (0, "2026-03-16")
    assert windows.office.history(ref) == ["register", "accept"]
    _no_stranger(windows)


def test_a_preview_leads_back_to_what_was_typed(windows: Windows) -> None:
    _walk(windows, ACCEPT)

    page = _preview(windows)
    page.click("text=返回修改")

    expect(page.locator("[name=source]")).to_have_value(SOURCE)
    expect(page.locator("[name=days]")).to_have_value(DAYS)
    expect(page.locator("[name=source]")).to_be_focused()
    assert _written(windows.office) == 0
    page.fill("[name=days]", DAYS.splitlines()[0])
    page.click("text=核对影响")
    expect(page.locator("h2").first).to_have_text("日历变化 2 天")
    _no_stranger(windows)
