"""选错事项 through the page: one item at a time, every fault at once, and the keys that the buttons promise."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.windows import Windows, press
from tests.support.office import field_values
from tests.support.roads import ACCEPT

pytestmark = pytest.mark.browser


def test_every_fault_of_a_carry_over_is_named_at_once_beside_its_field(windows: Windows) -> None:
    office = windows.office
    ref = office.register("transfer-continuation")
    page = windows.open_case("clerk", ref.number)
    page.click("text=选错事项")
    page.select_option("select[name=item]", "temporary-registration")
    press(page, "F9")
    expect(page.locator("select[name=item]")).to_have_count(0)

    press(page, "F9")

    wrong = page.locator("#wrong li")
    needed = [one for one in office.item("temporary-registration").fields if one.required]
    assert needed
    expect(wrong).to_have_count(len(needed) + 1)
    expect(page.locator("form .field-error")).to_have_count(len(needed) + 1)
    wrong.last.locator("a").click()
    expect(page.locator("[name=reason]")).to_be_in_viewport()
    assert office.history(ref) == ["register"]


def test_a_day_typed_in_digits_is_read_when_f9_is_pressed_in_its_field(windows: Windows) -> None:
    ref = windows.office.register("transfer-continuation")
    page = windows.of("clerk")
    page.goto(f"{windows.address}/cases/{ref.number}/carry?item=temporary-registration")
    day = page.locator("[data-day]").first

    day.press_sequentially("20260310")
    day.press("F9")
    expect(page.locator("#wrong")).to_be_visible()

    expect(page.locator("[data-day]").first).to_have_value("2026-03-10")


def test_a_case_that_went_on_meanwhile_is_said_and_carried_over_at_the_second_try(windows: Windows) -> None:
    office = windows.office
    ref = office.register("transfer-continuation")
    page = windows.of("clerk")
    page.goto(f"{windows.address}/cases/{ref.number}/carry?item=temporary-registration")
    for key, value in field_values(office.item("temporary-registration"), {}).items():
        page.fill(f"[name='f.{key}']", value)
    page.fill("[name=reason]", "选错事项")
    office.act(ref, *ACCEPT[:2], **ACCEPT[2])

    press(page, "F9")
    expect(page.locator("#wrong")).to_contain_text("本件")
    expect(page.locator("[name=reason]")).to_have_value("选错事项")
    assert office.history(ref) == ["register", "accept"]
    press(page, "F9")

    expect(page.locator("section.identity")).to_contain_text("其他临时外出就医人员备案")
    assert office.case(ref).record.state == "withdrawn"
