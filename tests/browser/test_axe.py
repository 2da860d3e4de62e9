"""Every screen as everybody meets it: read aloud, enlarged, on either monitor, and with nothing from outside."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.demo_site import demo_site
from tests.browser.screens import SCREENS, Screen
from tests.browser.windows import Windows, press

pytestmark = pytest.mark.browser

AXE = (Path(__file__).parent.parent / "data" / "axe" / "axe.min.js").read_text(encoding="utf-8")
RUN = """async () => {
  const found = await axe.run(document, { resultTypes: ["violations"] });
  return found.violations.flatMap((one) => one.nodes.map((node) => [one.impact, one.id, node.html.slice(0, 160)]));
}"""
GRAVE = {"serious", "critical"}
ENLARGED = (1093, 614)  # 1366×768 at 125 %
SIZES = (ENLARGED, (1920, 1080), (1366, 768))


@pytest.fixture(scope="module")
def site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Windows]:
    """The demo, for all the screens of one process."""
    with demo_site(browser, tmp_path_factory.mktemp("demo"), 80) as windows:
        yield windows


def sideways(page: Page) -> list[tuple[int, int]]:
    """The sizes at which the page reaches beyond its window."""
    found = []
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        reached = page.evaluate("document.documentElement.scrollWidth")
        if reached > width:
            found.append((width, reached))
    return found


def landmarks(page: Page) -> list[int]:
    """How many of each every page has exactly one of."""
    return [page.locator(one).count() for one in ("html[lang=zh-CN]", "main", "h1:visible")]


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
def test_a_screen_can_be_read_by_everybody_and_asks_nothing_of_others(site: Windows, screen: Screen) -> None:
    site.foreign.clear()
    site.complaints.clear()

    page = screen.open(site)
    page.evaluate(AXE)
    found = page.evaluate(RUN)

    assert [one for one in found if one[0] in GRAVE] == []
    assert landmarks(page) == [1, 1, 1]
    assert page.title().strip(" ·") != "caseflow"
    assert sideways(page) == []
    assert site.foreign == []
    # The browser's own word on a page that was refused is no complaint of ours.
    assert [text for text in site.complaints if "the server responded with a status of 4" not in text] == []
    if not screen.who:
        page.context.close()


def test_axe_finds_a_fault_where_there_is_one(site: Windows) -> None:
    page = site.of("clerk")
    page.goto(f"{site.address}/items")
    page.evaluate(AXE)
    page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=\"/static/favicon.svg\">')")

    assert ["critical", "image-alt"] in [one[:2] for one in page.evaluate(RUN)]


def test_what_has_the_focus_shows_it(site: Windows) -> None:
    page = site.of("clerk")
    page.goto(f"{site.address}/?tab=section")
    drawn = set()

    for _ in range(40):
        press(page, "Tab")
        drawn.add(
            page.evaluate(
                """() => {
                  const style = getComputedStyle(document.activeElement);
                  return [style.outlineStyle, style.outlineWidth].join(" ");
                }"""
            )
        )

    assert drawn == {"solid 2px"}


def test_the_first_tab_leads_past_the_bar_to_the_content(site: Windows) -> None:
    page = site.of("clerk")
    page.goto(f"{site.address}/")

    press(page, "Tab")
    assert page.evaluate("document.activeElement.textContent") == "跳到正文"
    press(page, "Enter")

    assert page.evaluate("document.activeElement.id") == "content"


def test_a_list_on_paper_has_its_rows_whole_and_nothing_to_press(site: Windows) -> None:
    page = site.of("clerk")
    page.goto(f"{site.address}/?tab=section")
    rows = page.locator("tbody tr").count()
    page.emulate_media(media="print")

    pressed = page.locator("button:visible, select:visible, input:visible, nav.side:visible").count()
    cells = page.locator("tbody td").all()
    cut = [one.inner_text() for one in cells if one.evaluate("cell => cell.scrollWidth > cell.clientWidth + 1")]

    assert (pressed, cut) == (0, [])
    assert page.locator("tbody tr:visible").count() == rows > 0
    page.emulate_media(media="screen")
