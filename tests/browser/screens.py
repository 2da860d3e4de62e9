"""Every screen there is: its name, who looks at it, and how it is reached. Run by hand, it renews docs/screens.

    python -m tests.browser.screens [NAME…]

draws the pictures of these screens, or of all, from a demo of 200 cases at 1366×768, in 128 colours. Needs Chromium,
and Pillow, which comes with the `pdf` extra. Look at what it draws: that is what the pictures are for.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from playwright.sync_api import Page, sync_playwright

from tests.browser.windows import Windows, press

KEPT: Final = Path(__file__).parent.parent.parent / "docs" / "screens"
COLOURS: Final = 128
CASES: Final = 200
NOBODY: Final = ""
CHRONIC: Final = "outpatient-chronic-recognition"
RESIDENT: Final = "11010519491231002X"

Go = Callable[[Windows, Page], None]


@dataclass(frozen=True, slots=True)
class Screen:
    """A screen: the role whose window shows it, the address it begins at, and the steps from there."""

    name: str
    who: str
    path: str
    go: Go | None = None

    def open(self, windows: Windows) -> Page:
        """The window with the screen in it."""
        page = windows.of(self.who) if self.who else windows.stranger()
        page.goto(f"{windows.address}{self.path}")
        if self.go is not None:
            self.go(windows, page)
        page.wait_for_load_state()
        return page


def follow(selector: str, *more: str) -> Go:
    """Click the first of what this names, and then of what each further selector names."""

    def go(_windows: Windows, page: Page) -> None:
        for one in (selector, *more):
            page.locator(one).first.click()
            page.wait_for_load_state()

    return go


def _people(_windows: Windows, page: Page) -> None:
    for first in page.locator("fieldset.question .choice:first-of-type input").all():
        first.check()
    if page.locator("form.step-1").count():
        page.click("[data-f9]")
        page.wait_for_load_state()
    page.fill("[name='applicant.id_number']", RESIDENT)
    page.fill("[name='applicant.name']", "张霈")
    page.fill("[name='applicant.phone']", "13912345678")
    page.locator(".id-facts", has_text="岁").first.wait_for()


def _materials(windows: Windows, page: Page) -> None:
    _people(windows, page)
    _fill_in(page)
    page.click("[data-f9]")
    page.wait_for_load_state()
    press(page, "1")
    press(page, "3")


def _fill_in(page: Page) -> None:
    """Something that fits in every entry that must not be empty."""
    for entry in page.locator(".field input[required]:visible, .field textarea[required]:visible").all():
        if not entry.input_value():
            entry.fill("2026-04-01" if entry.get_attribute("data-day") is not None else "高血压")
    for choice in page.locator(".field select[required]:visible").all():
        choice.select_option(index=1)


def _done(windows: Windows, page: Page) -> None:
    _people(windows, page)
    _fill_in(page)
    page.click("[data-f9]")
    page.wait_for_load_state()
    page.click("button[name=go][value=all]")
    page.check("input[name=decision][value=accept]")
    for tick in page.locator(".decision:has(input[value=accept]:checked) .decision-needs input[type=checkbox]").all():
        tick.check()
    page.click("button[name=go][value=submit]")
    page.wait_for_url(re.compile("/register/done/"))


def _bulk_results(_windows: Windows, page: Page) -> None:
    for box in page.locator("tbody input[name=case]").all()[:3]:
        box.check()
    page.click(".bulk-bar button:has-text('领取')")


def _refused_bulk(_windows: Windows, page: Page) -> None:
    for box in page.locator("tbody input[name=case]").all()[:3]:
        box.check()
    page.fill("[name=words]", "请于三日内办结")
    page.click("text=发出督办")


def _asked_for(windows: Windows, page: Page, path: str) -> None:
    """The public page of the first case of a list, asked for as the applicant does."""
    desk = windows.of("supervisor")
    desk.goto(f"{windows.address}{path}")
    row = desk.locator("tbody tr").first
    last_four = row.locator("td.num").nth(2).inner_text()
    row.locator("a[data-row]").click()
    page.fill("#code", desk.locator(".identity-numbers .num").nth(1).inner_text())
    page.fill("#last_four", last_four)
    page.click("button")


def _progress(windows: Windows, page: Page) -> None:
    _asked_for(windows, page, "/?tab=section")


def _rating(windows: Windows, page: Page) -> None:
    _asked_for(windows, page, "/board/cases?set=closed&from=2026-03-01")


def _wrong_password(_windows: Windows, page: Page) -> None:
    page.fill("#f-old", "x")
    page.fill("#f-new", "y")
    page.fill("#f-again", "z")
    page.click("main button")


def _preview_days(_windows: Windows, page: Page) -> None:
    page.fill("[name=source]", "沙湾市政府通告〔2026〕8号")
    page.fill("[name=days]", "2026-04-20至2026-04-21 放假 大雪停工")
    page.click("text=核对影响")


def _paper(_windows: Windows, page: Page) -> None:
    page.locator("a[data-row]").first.click()
    address = page.locator(".papers a").first.get_attribute("href")
    page.goto(f"{page.url.partition('/cases')[0]}{address}")


def _help_dialog(_windows: Windows, page: Page) -> None:
    press(page, "?")
    page.locator("dialog[open]").wait_for()


ROW: Final = "tbody a[data-row]"
SCREENS: Final = (
    Screen("login", NOBODY, "/login"),
    Screen("password", "clerk", "/password"),
    Screen("password-refused", "clerk", "/password", _wrong_password),
    Screen("settings", "clerk", "/settings"),
    Screen("queue", "clerk", "/?tab=section"),
    Screen("queue-mine", "clerk", "/"),
    Screen("queue-unclaimed", "reviewer", "/?tab=unclaimed"),
    Screen("queue-empty", "clerk", "/?tab=paused&item=newborn-enrolment"),
    Screen("queue-assign", "supervisor", "/"),
    Screen("bulk-results", "reviewer", "/?tab=unclaimed", _bulk_results),
    Screen("found", "clerk", "/search?q=沙湾"),
    Screen("found-nothing", "clerk", "/search?q=qqqq"),
    Screen("register-item", "clerk", "/register"),
    Screen("register-questions", "clerk", "/register?item=outpatient-reimbursement"),
    Screen("register-people", "clerk", f"/register?item={CHRONIC}", _people),
    Screen("register-materials", "clerk", f"/register?item={CHRONIC}", _materials),
    Screen("register-done", "clerk", f"/register?item={CHRONIC}", _done),
    Screen("case", "reviewer", "/", follow(ROW)),
    Screen("case-counter", "clerk", "/?tab=section&state=supplementing", follow(ROW)),
    Screen("case-supervisor", "supervisor", "/overdue", follow(ROW)),
    Screen("case-paused", "clerk", "/?tab=paused", follow(ROW)),
    Screen("case-correct", "clerk", "/?state=supplementing", follow(ROW, "main a[href*='/correct']")),
    Screen("case-carry", "clerk", "/?state=supplementing", follow(ROW, "main a[href*='/carry']")),
    Screen("attachments", "clerk", "/", follow(ROW, "main a[href*='/attachments']")),
    Screen("paper", "clerk", "/?state=accepted", _paper),
    Screen("messages", "reviewer", "/messages"),
    Screen("overdue", "supervisor", "/overdue"),
    Screen("overdue-people", "supervisor", "/overdue?cause=promised&by=person"),
    Screen("overdue-stays", "supervisor", "/overdue?view=stays"),
    Screen("overdue-days", "supervisor", "/overdue?view=days"),
    Screen("overdue-refused", "supervisor", "/overdue", _refused_bulk),
    Screen("overdue-auditor", "auditor", "/overdue"),
    Screen("orders", "supervisor", "/orders"),
    Screen("orders-mine", "reviewer", "/orders?mine=on"),
    Screen("order", "supervisor", "/orders", follow("tbody a[href*='/orders/']")),
    Screen("order-answered", "supervisor", "/orders?tab=answered", follow("tbody a[href*='/orders/']")),
    Screen("board", "supervisor", "/board?from=2026-01-01"),
    Screen("board-cases", "supervisor", "/board/cases?from=2026-01-01"),
    Screen("reports", "supervisor", "/reports?period=2026"),
    Screen("foresight", "supervisor", "/foresight"),
    Screen("staffing", "supervisor", "/foresight/staffing?role=reviewer&way=fewer&people=1&from=2026-04-20&days=5"),
    Screen("corrections", "supervisor", "/corrections"),
    Screen("items", "clerk", "/items"),
    Screen("item", "clerk", "/items/shawan/inpatient-reimbursement"),
    Screen("calendar", "clerk", "/calendar?from=2026-04-01&n=20&unit=working_day"),
    Screen("calendar-enter", "administrator", "/calendar?year=2026"),
    Screen("calendar-preview", "administrator", "/calendar", _preview_days),
    Screen("admin-staff", "administrator", "/admin/staff"),
    Screen("admin-new", "administrator", "/admin/staff/new"),
    Screen("admin-person", "administrator", "/admin/staff/sw-reviewer"),
    Screen("admin-places", "administrator", "/admin/places"),
    Screen("admin-items", "administrator", "/admin/items"),
    Screen("admin-absences", "administrator", "/admin/absences"),
    Screen("admin-changes", "administrator", "/admin/changes"),
    Screen("admin-sign-ins", "audit", "/admin/sign-ins"),
    Screen("admin-looks", "audit", "/admin/looks"),
    Screen("second-factor", "clerk", "/second-factor"),
    Screen("public-ask", NOBODY, "/progress"),
    Screen("public-case", NOBODY, "/progress", _progress),
    Screen("public-rating", NOBODY, "/progress", _rating),
    Screen("help", "clerk", "/help"),
    Screen("help-queue", "clerk", "/help/queue"),
    Screen("help-keys", "clerk", "/", _help_dialog),
    Screen("error-missing", "clerk", "/nowhere"),
    Screen("error-forbidden", "clerk", "/overdue"),
    Screen("error-filter", "clerk", "/?tab=nothing"),
)


def _picture(page: Page) -> bytes:
    """What the window shows, in few colours."""
    from PIL import Image  # noqa: PLC0415 - only who draws pictures needs it

    drawn = Image.open(BytesIO(page.screenshot())).convert("RGB")
    small = BytesIO()
    drawn.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
    return small.getvalue()


def main(names: list[str]) -> None:
    """Draw the screens of these names, or all of them."""
    from tests.browser.demo_site import demo_site  # noqa: PLC0415 - the table is wanted without the demo

    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright, TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        with demo_site(browser, Path(folder), CASES) as windows:
            for screen in SCREENS:
                if not names or screen.name in names:
                    (KEPT / f"{screen.name}.png").write_bytes(_picture(screen.open(windows)))
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
