"""What staff do at their windows, in the words of the pages."""

from __future__ import annotations

from dataclasses import dataclass, field

from argon2 import PasswordHasher
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import update

from caseflow.rules.item import Item
from caseflow.store.db import writing
from caseflow.store.models import StaffRow
from tests.support.office import Office, field_values, first_answers

PASSWORD = "Window-2026-desk!"
WIDTH, HEIGHT = 1366, 768


@dataclass
class Windows:
    """One browser window per member of staff, each signed in through the page; foreign requests are kept."""

    browser: Browser
    office: Office
    address: str
    pages: dict[str, Page] = field(default_factory=dict)
    foreign: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def of(self, who: str) -> Page:
        """The window of this person, signed in at the first call."""
        if who not in self.pages:
            self.pages[who] = self._sign_in(who)
        return self.pages[who]

    def _sign_in(self, who: str) -> Page:
        number = self.office.staff[who].number
        with writing(self.office.engine) as session:
            hashed = PasswordHasher().hash(PASSWORD)
            session.execute(update(StaffRow).where(StaffRow.number == number).values(password_hash=hashed))
        page = self.stranger()
        page.goto(f"{self.address}/")
        page.fill("[name=number]", number)
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        expect(page.locator(".bar-person")).to_contain_text(number)
        return page

    def stranger(self) -> Page:
        """A window in which nobody is signed in."""
        page = self.browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, locale="zh-CN").new_page()
        page.on("request", lambda request: self._seen(request.url))
        page.on("console", lambda message: self._heard(message.type, message.text))
        return page

    def _seen(self, url: str) -> None:
        if not url.startswith((self.address, "data:", "about:")):
            self.foreign.append(url)

    def _heard(self, kind: str, text: str) -> None:
        if "Content Security Policy" in text or kind == "error":
            self.complaints.append(text)

    def open_case(self, who: str, number: str) -> Page:
        page = self.of(who)
        page.goto(f"{self.address}/cases/{number}")
        return page

    def close(self) -> None:
        for page in self.pages.values():
            page.context.close()


def press(page: Page, *keys: str) -> None:
    """Keys in order, none before the page's scripts listen: a key pressed earlier is lost, as for anybody."""
    for key in keys:
        page.wait_for_load_state("load")
        page.keyboard.press(key)


def type_keys(page: Page, text: str) -> None:
    """A text by its keys, once the page's scripts listen."""
    page.wait_for_load_state("load")
    page.keyboard.type(text)


def fill_registration(page: Page, address: str, item: Item) -> None:
    """The first two steps of 收件登记 and all lines received, up to the decision."""
    answers = first_answers(item)
    page.goto(f"{address}/register")
    page.fill("#item-search", item.name[:40])
    page.locator(f"button[name=choose][value={item.key}]:visible").click()
    for key, answer in answers.items():
        page.check(f"input[name='answer.{key}'][value='{answer}']")
    if answers:
        page.click("button[name=go][value=people]:visible:not(.first-submit)")
    page.select_option("[name='applicant.id_kind']", "resident_id")
    page.fill("[name='applicant.id_number']", "11010519491231002X")
    page.fill("[name='applicant.name']", "张霈")
    page.fill("[name='applicant.phone']", "13912345678")
    for key, value in field_values(item, answers).items():
        entry = page.locator(f"[name='f.{key}']")
        if entry.evaluate("node => node.tagName") == "SELECT":
            entry.select_option(value)
        else:
            entry.fill(value)
    page.click("button[name=go][value=materials]:visible:not(.first-submit)")
    page.click("button[name=go][value=all]")


def take(page: Page, action: str, **needs: str) -> None:
    """One step by its form on the case page."""
    form = page.locator(f"#act-{action}")
    if form.get_attribute("open") is None:
        form.locator("summary").click()
    for tick in form.locator("input[type=checkbox]").all():
        tick.check()
    for key, value in needs.items():
        entry = form.locator(f"[name='need.{action}.{key}']")
        if entry.evaluate("node => node.tagName") == "SELECT":
            entry.select_option(value)
        else:
            entry.fill(value)
    form.locator("form button:not([type=button])").last.click()
    page.wait_for_load_state("networkidle")
