"""收件登记 without a mouse, and through an idle lock: what a clerk's hands do all day."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select, update

from caseflow.desk import sessions
from caseflow.store.db import reading, writing
from caseflow.store.models import CaseRow, StaffRow
from caseflow.store.office_models import DraftRow
from tests.browser.windows import PASSWORD, Windows, press, type_keys
from tests.support.office import field_values, first_answers
from web.item_search import search_items

pytestmark = pytest.mark.browser

CLINIC = "outpatient-reimbursement"
NUMBER = "11010519491231002X"
IDLE = timedelta(minutes=31)


def rows(windows: Windows, table: type[CaseRow | DraftRow]) -> int:
    with reading(windows.office.engine) as session:
        return session.execute(select(func.count()).select_from(table)).scalar_one()


def focused(page: Page) -> str:
    return str(page.evaluate("() => document.activeElement.name || document.activeElement.id"))


def start(page: Page) -> None:
    """From the work list, or wherever the clerk is, to an empty registration."""
    press(page, "F2")
    expect(page.locator("#item-search")).to_be_focused()


def to_people(page: Page, letters: str) -> None:
    """From any page to the second step of a registration of the first item these letters find."""
    start(page)
    type_keys(page, letters)
    press(page, "Enter")
    expect(page.locator(".question input").first).to_be_focused()
    press(page, "1", "F9")
    expect(page.locator("[name='applicant.id_number']")).to_be_focused()


def type_people(page: Page, windows: Windows) -> None:
    """The applicant, and a value for every field of the item, by Tab alone."""
    type_keys(page, NUMBER)
    expect(page.locator(".id-facts").first).to_have_text("女 · 76 岁 · 北京市")
    item = windows.office.item(CLINIC)
    values = {f"f.{key}": value for key, value in field_values(item, first_answers(item)).items()}
    values |= {"applicant.name": "张霈", "applicant.phone": "13912345678"}
    while values:
        press(page, "Tab")
        type_keys(page, values.pop(focused(page)))


def to_materials(page: Page) -> None:
    press(page, "F9")
    expect(page.locator("tr.material").first).to_be_focused()


def _quiet(windows: Windows) -> None:
    assert windows.foreign == []
    assert windows.complaints == []


def test_a_registration_by_keyboard_alone_from_the_work_list_to_the_printed_paper(windows: Windows) -> None:
    page = windows.of("clerk")

    to_people(page, "mzfy")
    type_people(page, windows)
    to_materials(page)
    press(page, *("1" for _ in page.locator("tr.material").all()))
    assert focused(page) == "need.accept.complete"
    press(page, "Space", "Tab", "Space", "F9")
    expect(page.locator("h1")).to_have_text("登记完成")
    number = page.locator(".done .big").first.inner_text()
    with page.context.expect_page() as opened:
        press(page, "F8")

    expect(opened.value.locator("body")).to_contain_text(number)
    expect(opened.value.locator("body")).to_contain_text("受理通知书")
    _quiet(windows)


def test_a_wrong_check_character_is_said_while_typing_and_a_right_one_at_once_after(windows: Windows) -> None:
    page = windows.of("clerk")
    to_people(page, "mzfy")

    type_keys(page, "110105194912310021")
    expect(page.locator(".field-error").first).to_contain_text("末位校验码不符")
    press(page, "Backspace")
    type_keys(page, "x")

    expect(page.locator(".id-facts").first).to_have_text("女 · 76 岁 · 北京市")
    expect(page.locator(".field-error").first).to_have_text("")
    _quiet(windows)


def test_a_fault_is_asked_for_and_the_notice_is_preselected(windows: Windows) -> None:
    page = windows.of("clerk")
    to_people(page, "mzfy")
    type_people(page, windows)
    to_materials(page)

    press(page, "1", "3")
    assert focused(page).endswith(".fault")
    type_keys(page, "123 没有盖章")
    press(page, "Enter", *("1" for _ in page.locator("tr.material").all()[2:]))

    expect(page.locator("input[name=decision][value=supplement_notice]")).to_be_checked()
    press(page, "F9")
    expect(page.locator(".done-state")).to_contain_text("待补正")
    _quiet(windows)


def test_a_deferred_line_speaks_for_a_deferred_acceptance_unless_a_decision_was_taken_by_hand(windows: Windows) -> None:
    page = windows.of("clerk")
    start(page)
    type_keys(page, "rqbl")
    press(page, "Enter")
    expect(page.locator("[name='applicant.id_number']")).to_be_focused()
    type_keys(page, NUMBER)
    press(page, "Tab")
    type_keys(page, "张霈")
    to_materials(page)

    press(page, "1", "4")
    expect(page.locator("input[name=decision][value=accept_deferred]")).to_be_checked()
    page.check("input[name=decision][value=receive_only]")
    page.locator("tr.material").nth(1).focus()
    press(page, "1")

    expect(page.locator("input[name=decision][value=receive_only]")).to_be_checked()


def test_the_same_applicant_goes_on_with_another_item(windows: Windows) -> None:
    page = windows.of("clerk")
    to_people(page, "mzfy")
    type_people(page, windows)
    to_materials(page)
    page.check("input[name=decision][value=receive_only]")
    press(page, "F9")
    expect(page.locator("h1")).to_have_text("登记完成")

    press(page, "F7")
    expect(page.locator("#item-search")).to_be_focused()
    type_keys(page, "zyfy")
    press(page, "1")
    expect(page.locator(".question input").first).to_be_focused()
    press(page, "1", "F9")

    expect(page.locator("[name='applicant.id_number']")).to_have_value(NUMBER)
    expect(page.locator("[name='applicant.name']")).to_have_value("张霈")
    expect(page.locator("[data-earlier]")).to_contain_text("此人其他办件 1 件")
    _quiet(windows)


def sign_in_again(page: Page) -> None:
    """Only the password: the number stands there, and the focus is where it must be."""
    expect(page.locator("[name=password]")).to_be_focused()
    type_keys(page, PASSWORD)
    press(page, "Enter")


def test_a_registration_goes_on_after_the_idle_lock_with_everything_typed(windows: Windows) -> None:
    page = windows.of("clerk")
    to_people(page, "mzfy")
    type_people(page, windows)
    to_materials(page)
    press(page, *("1" for _ in page.locator("tr.material").all()))
    press(page, "Space", "Tab", "Space")
    windows.office.now += IDLE

    press(page, "F9")
    expect(page.locator("main")).to_contain_text("刚才填写的内容已保存")
    assert NUMBER not in page.content()
    sign_in_again(page)

    expect(page.locator("main")).to_contain_text("已恢复 11:01 保存的填写内容")
    expect(page.locator("[name='need.accept.complete']")).to_be_checked()
    expect(page.locator("tr.material input[value=received]:checked")).to_have_count(page.locator("tr.material").count())
    assert rows(windows, CaseRow) == 0
    press(page, "F9")
    expect(page.locator("h1")).to_have_text("登记完成")
    assert (rows(windows, CaseRow), rows(windows, DraftRow)) == (1, 0)
    _quiet(windows)


def test_the_page_saves_by_itself_and_offers_what_a_crash_left_behind(windows: Windows) -> None:
    page = windows.of("clerk")
    to_people(page, "mzfy")
    type_people(page, windows)
    expect(page.locator(".draft-note")).to_have_text("已自动保存 10:30", timeout=15_000)

    other = page.context.new_page()
    page.close()
    other.goto(f"{windows.address}/register")
    expect(other.locator(".offer")).to_contain_text("有一份 10:30 未提交的登记（门诊费用报销，张*）")
    press(other, "F4")

    expect(other.locator("[name='applicant.id_number']")).to_have_value(NUMBER)
    expect(other.locator("[name='f.invoice_amount']")).to_have_value("1234.56")


def test_a_save_after_the_lock_says_so_and_leads_back(windows: Windows) -> None:
    page = windows.of("clerk")
    to_people(page, "mzfy")
    type_keys(page, "1101")
    windows.office.now += IDLE
    type_keys(page, "05")

    expect(page.locator(".draft-note")).to_contain_text("登录已过期，填写的内容已保存。", timeout=15_000)
    page.click(".draft-note a")
    sign_in_again(page)

    expect(page.locator("[name='applicant.id_number']")).to_have_value("110105")
    assert windows.foreign == []
    assert all("401" in complaint for complaint in windows.complaints)


LOST = "没有保存，请不要离开本页"


@pytest.mark.parametrize("end", ["ended", "password due", "gone", "broken"])
def test_a_save_that_was_not_kept_is_never_said_to_be(windows: Windows, end: str) -> None:
    page, office = windows.of("clerk"), windows.office
    to_people(page, "mzfy")
    with writing(office.engine) as session:
        if end == "ended":
            sessions.end_sessions_of(session, office.staff["clerk"].id, office.now)
        elif end == "password due":
            session.execute(update(StaffRow).where(StaffRow.id == office.staff["clerk"].id).values(must_change=1))
    if end == "gone":
        page.route("**/drafts/register", lambda route: route.abort())
    elif end == "broken":
        page.route("**/drafts/register", lambda route: route.fulfill(status=500, body="x"))

    type_keys(page, "1101")

    expect(page.locator(".draft-note")).to_have_text(LOST, timeout=15_000)
    assert rows(windows, DraftRow) == 0


def test_a_server_that_comes_back_is_asked_again_without_another_key(windows: Windows) -> None:
    page = windows.of("clerk")
    to_people(page, "mzfy")
    page.route("**/drafts/register", lambda route: route.fulfill(status=503, body="x"))
    type_keys(page, "1101")
    expect(page.locator(".draft-note")).to_have_text(LOST, timeout=15_000)

    page.unroute("**/drafts/register")

    expect(page.locator(".draft-note")).to_have_text("已自动保存 10:30", timeout=15_000)
    expect(page.locator(".draft-note.lost")).to_have_count(0)


def test_every_save_after_the_lock_is_kept(windows: Windows) -> None:
    page = windows.of("clerk")
    to_people(page, "mzfy")
    windows.office.now += IDLE
    for letters in ("1101", "05"):
        with page.expect_response("**/drafts/register", timeout=15_000) as answer:
            type_keys(page, letters)
        assert answer.value.json() == {"kept": True}

    page.click(".draft-note a")
    sign_in_again(page)

    expect(page.locator("[name='applicant.id_number']")).to_have_value("110105")


@pytest.mark.parametrize("typed", ["zy", "bx", "zybx", "参保", "mz", "q", "gxx"])
def test_the_page_orders_items_as_the_server_does(windows: Windows, typed: str) -> None:
    office = windows.office
    page = windows.of("clerk")
    page.goto(f"{windows.address}/register")

    page.fill("#item-search", typed)

    shown = [one.get_attribute("value") for one in page.locator("[data-items] button.item-pick:visible").all()]
    assert shown == [item.key for item in search_items(office.house.catalogue.items_of(office.bureau), typed)]


def test_a_number_in_the_empty_box_chooses_a_usual_item_and_a_longer_one_is_a_code(windows: Windows) -> None:
    windows.office.register("transfer-continuation")
    page = windows.of("clerk")
    start(page)

    type_keys(page, "12")
    expect(page.locator("#item-search")).to_have_value("12")
    expect(page.locator("[data-nothing]")).to_be_visible()
    press(page, "Backspace", "Backspace", "1")

    expect(page.locator("h1")).to_contain_text("转移接续手续办理")
    _quiet(windows)


def coded(page: Page, code: str) -> None:
    """Let the first item of the list bear this code before the page's script reads it."""
    page.add_init_script(
        f"""document.addEventListener("readystatechange", () => {{
          const row = document.querySelector("[data-items] li[data-words]");
          if (row && document.readyState === "interactive") row.dataset.words += "|{code}";
        }})"""
    )


def test_a_code_that_begins_with_the_number_is_waited_for_and_enter_chooses_the_usual_item(windows: Windows) -> None:
    windows.office.register("transfer-continuation")
    page = windows.of("clerk")
    coded(page, "11650105mb1544747u")
    page.clock.install()
    start(page)

    press(page, "1")
    page.clock.run_for(5_000)
    expect(page.locator("#item-search")).to_have_value("1")
    expect(page.locator("[data-items] button.item-pick:visible")).to_have_count(1)
    type_keys(page, "1650")
    expect(page.locator("#item-search")).to_have_value("11650")
    page.fill("#item-search", "1")
    press(page, "Enter")

    expect(page.locator("h1")).to_contain_text("转移接续手续办理")
    _quiet(windows)


def test_after_letters_a_number_that_goes_on_with_a_listed_word_is_typed(windows: Windows) -> None:
    page = windows.of("clerk")
    coded(page, "mb1544747u")
    start(page)

    type_keys(page, "mb1")
    expect(page.locator("#item-search")).to_have_value("mb1")
    page.fill("#item-search", "zyfy")
    press(page, "1")

    expect(page.locator(".question input").first).to_be_focused()


COMPOSING = """(key) => document.activeElement.dispatchEvent(
    new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true, isComposing: true}))"""


def test_keys_belong_to_the_input_method_while_it_composes(windows: Windows) -> None:
    page = windows.of("clerk")
    start(page)
    type_keys(page, "zyfy")

    for key in ("1", "Enter", "F9", "F2", "ArrowDown"):
        page.evaluate(COMPOSING, key)

    expect(page.locator("#item-search")).to_be_focused()
    expect(page.locator("#item-search")).to_have_value("zyfy")
    press(page, "Enter")
    expect(page.locator(".question input").first).to_be_focused()
    for key in ("1", "F9"):
        page.evaluate(COMPOSING, key)
    expect(page.locator(".question input:checked")).to_have_count(0)
