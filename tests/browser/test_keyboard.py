"""Two of the three main jobs without a mouse (test_register_keys.py has the first), and keys that stand back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from caseflow.desk.intake import CaseRef
from caseflow.desk.preferences import KEYS, KEYS_OFF, set_preference
from caseflow.store.db import writing
from tests.browser.windows import Windows, press, type_keys
from tests.support.roads import ACCEPT, HAND_OVER

pytestmark = pytest.mark.browser

TRANSFER = "transfer-continuation"
FARTHEST = 80


def accepted(windows: Windows) -> CaseRef:
    ref = windows.office.register(TRANSFER)
    windows.office.act(ref, ACCEPT[0], ACCEPT[1], **ACCEPT[2])
    return ref


def until(page: Page, wanted: Callable[[str, str], bool], key: str = "Tab") -> None:
    """Go on by Tab until what has the focus fits, by its name and its words."""
    for _ in range(FARTHEST):
        press(page, key)
        name, words = page.evaluate(
            "() => [document.activeElement.name ?? '', document.activeElement.textContent.trim()]"
        )
        if wanted(name, words):
            return
    raise AssertionError("the keyboard does not get there")


def named(name: str) -> Callable[[str, str], bool]:
    return lambda here, _words: here == name


def saying(text: str) -> Callable[[str, str], bool]:
    return lambda _name, words: words.startswith(text)


def find(page: Page, number: str) -> None:
    """From wherever one is to a case, by its number."""
    press(page, "/")
    type_keys(page, number)
    press(page, "Enter")
    expect(page.locator(".identity-numbers")).to_contain_text(number)


def quiet(windows: Windows) -> None:
    assert windows.foreign == []
    assert windows.complaints == []


def test_a_case_is_advanced_from_acceptance_to_completion_by_keyboard_alone(windows: Windows) -> None:
    ref = accepted(windows)
    clerk, reviewer = windows.of("clerk"), windows.of("reviewer")
    clerk.reload()

    press(clerk, "j")
    press(clerk, "Enter")
    expect(clerk.locator(".identity-numbers")).to_contain_text(ref.number)
    press(clerk, "F9")
    expect(clerk.locator(".said-good").first).to_contain_text("已办理")

    find(reviewer, ref.number)
    for tick in ("lawful", "conditions"):
        until(reviewer, named(f"need.approve.{tick}"))
        press(reviewer, "Space")
    until(reviewer, named("need.approve.opinion"))
    press(reviewer, "Alt+1")
    press(reviewer, "F9")
    expect(reviewer.locator("section.identity")).to_contain_text("审核通过")

    find(clerk, ref.number)
    until(clerk, named("need.close.result"))
    type_keys(clerk, "已转移")
    press(clerk, "F9")
    expect(clerk.locator("section.identity")).to_contain_text("已办结")

    assert windows.office.history(ref)[-3:] == ["hand_over", "approve", "close"]
    quiet(windows)


def test_an_overdue_case_is_ordered_by_keyboard_alone(windows: Windows) -> None:
    refs = [accepted(windows) for _ in range(2)]
    for ref in refs:
        windows.office.act(ref, HAND_OVER[0], HAND_OVER[1])
        windows.office.act(ref, "reviewer", "claim")
    windows.office.sleep(40)
    chief = windows.of("supervisor")

    until(chief, saying("超期督办"))
    press(chief, "Enter")
    expect(chief.locator("h1")).to_have_text("超期督办")
    for key in "jjx":
        press(chief, key)
    until(chief, named("level"), "Shift+Tab")
    press(chief, "ArrowDown")
    press(chief, "ArrowDown")
    until(chief, named("words"))
    type_keys(chief, "请说明为何超期")
    press(chief, "Enter")  # Enter in a text takes no step
    until(chief, saying("发出督办"))
    press(chief, "Enter")

    expect(chief.locator("[role=status]")).to_contain_text("共 1 件：已办理 1 件")
    assert [windows.office.history(ref)[-1] for ref in refs] == ["claim", "order_issue"]
    chief.goto(f"{windows.address}/orders")
    expect(chief.locator("tbody .level")).to_have_text("黄牌")
    quiet(windows)


def test_an_order_that_lacks_its_level_keeps_ticks_and_words_and_leads_to_the_entry(windows: Windows) -> None:
    ref = accepted(windows)
    windows.office.sleep(40)
    chief = windows.of("supervisor")
    chief.goto(f"{windows.address}/overdue")

    chief.check("[data-tick-all]")
    chief.fill("[name=words]", "请说明为何超期")
    chief.click("text=发出督办")

    expect(chief.locator("tbody [name=case]")).to_be_checked()
    expect(chief.locator("[name=words]")).to_have_value("请说明为何超期")
    chief.click("[role=alert] a")
    expect(chief.locator("[name=level]")).to_be_focused()
    assert windows.office.history(ref)[-1] == "accept"


def test_a_question_mark_lists_the_keys_of_the_page_and_escape_returns(windows: Windows) -> None:
    accepted(windows)
    page = windows.of("clerk")
    page.reload()

    press(page, "?")
    expect(page.locator("#keys")).to_be_visible()
    expect(page.locator("#keys")).to_contain_text("勾选所在行")
    press(page, "a")
    press(page, "Escape")

    expect(page.locator("#keys")).to_be_hidden()
    expect(page.locator("tbody [name=case]")).not_to_be_checked()
    press(page, "a")
    expect(page.locator("tbody [name=case]")).to_be_checked()
    quiet(windows)


def test_keys_stand_back_while_a_text_is_typed_or_composed(windows: Windows) -> None:
    page = windows.of("clerk")
    page.focus("#search")

    type_keys(page, "n?/jx")
    expect(page.locator("#search")).to_have_value("n?/jx")
    page.evaluate(
        """() => {
          document.activeElement.blur();
          for (const composed of [{ isComposing: true }, { keyCode: 229 }]) {
            for (const key of ["n", "?", "/", "F2"]) {
              const pressed = { key, bubbles: true, cancelable: true, ...composed };
              document.body.dispatchEvent(new KeyboardEvent("keydown", pressed));
            }
          }
        }"""
    )

    expect(page.locator("#keys")).to_be_hidden()
    expect(page.locator("#search")).not_to_be_focused()
    assert page.url == f"{windows.address}/"


def test_f2_waits_where_something_is_typed_that_nobody_keeps(windows: Windows) -> None:
    ref = accepted(windows)
    page = windows.of("clerk")
    address = f"{windows.address}/cases/{ref.number}/correct"
    page.goto(address)

    page.fill("[name=reason]", "录入错字")
    press(page, "F2")
    page.focus("[name='change.note']")
    press(page, "F2")

    assert page.url == address
    expect(page.locator("[name=reason]")).to_have_value("录入错字")
    page.evaluate("document.activeElement.blur()")
    press(page, "F2")
    expect(page.locator("#item-search")).to_be_focused()
    quiet(windows)


def test_f2_leaves_a_form_that_is_kept_and_the_search(windows: Windows) -> None:
    accepted(windows)
    page = windows.of("clerk")

    page.goto(f"{windows.address}/register?item={TRANSFER}")
    page.wait_for_load_state()
    page.focus("#search")
    press(page, "F2")

    expect(page.locator("#item-search")).to_be_focused()


def test_page_keys_do_nothing_while_a_dialog_is_open(windows: Windows) -> None:
    ref = accepted(windows)
    page = windows.open_case("clerk", ref.number)
    press(page, "?")
    expect(page.locator("#keys")).to_be_visible()

    for key in ("F2", "F4", "F7", "F8", "F9"):
        press(page, key)

    expect(page.locator("#keys")).to_be_visible()
    assert len(page.context.pages) == 1
    assert windows.office.history(ref)[-1] == "accept"
    press(page, "Escape")
    press(page, "F9")
    expect(page.locator(".said-good").first).to_contain_text("已办理")
    quiet(windows)


def test_whoever_wants_no_keys_has_none(windows: Windows) -> None:
    ref = accepted(windows)
    with writing(windows.office.engine) as session:
        set_preference(session, windows.office.staff["clerk"], KEYS, KEYS_OFF)
    page = windows.of("clerk")
    page.reload()

    for key in ("n", "F2", "?", "/", "a", "j"):
        press(page, key)

    assert page.url == f"{windows.address}/"
    assert page.locator("#keys").count() == 0
    expect(page.locator("tbody [name=case]")).not_to_be_checked()
    assert page.evaluate("document.activeElement === document.body")
    page.goto(f"{windows.address}/cases/{ref.number}")
    press(page, "F9")
    assert windows.office.history(ref)[-1] == "accept"
    page.click(".bar-help")
    expect(page.locator("h1")).to_have_text("帮助：办件页")
    expect(page.locator("main")).to_contain_text("重新启用")
