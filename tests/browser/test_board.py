"""运行看板 in a real browser: drawn, quiet, and every bar leads to as many cases as it shows."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.windows import Windows, press
from tests.support.busy_office import busy

pytestmark = pytest.mark.browser

SIZES = ((1366, 768), (1920, 1080))
INKED = """canvas => {
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  return pixels.some((value, place) => place % 4 === 3 && value > 0);
}"""


def opened(windows: Windows, path: str = "/board?from=2026-03-01") -> Page:
    busy(windows.office)
    page = windows.of("supervisor")
    page.goto(f"{windows.address}{path}")
    return page


def total(page: Page) -> int:
    return int(page.locator(".total").inner_text())


def quiet(windows: Windows) -> None:
    assert windows.foreign == []
    assert windows.complaints == []


def test_every_chart_is_drawn_and_nothing_is_asked_elsewhere(windows: Windows) -> None:
    page = opened(windows)

    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.reload()
        expect(page.locator("[data-chart].drawn")).to_have_count(6)
        charts = page.locator("[data-chart]").all()
        assert [any(one.evaluate(INKED) for one in chart.locator("canvas").all()) for chart in charts] == [True] * 6
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    quiet(windows)


def test_a_bar_leads_to_as_many_cases_as_it_shows(windows: Windows) -> None:
    page = opened(windows)
    chart = page.locator("[data-chart=bars]")
    expect(chart).to_have_class(re.compile("drawn"))
    shown = page.evaluate("""() => {
      const chart = echarts.getInstanceByDom(document.querySelector("[data-chart=bars] .canvas"));
      const data = chart.getOption().series[0].data;
      const place = data.findIndex((one) => one.value > 0);
      const [x, y] = chart.convertToPixel({ seriesIndex: 0 }, [data[place].value / 2, place]);
      return { x, y, value: data[place].value };
    }""")

    chart.locator(".canvas").click(position={"x": shown["x"], "y": shown["y"]})
    page.wait_for_url(re.compile(r"/board/cases"))

    assert total(page) == shown["value"] > 0
    quiet(windows)


def test_a_figure_leads_to_its_cases_and_they_can_be_taken_away(windows: Windows) -> None:
    page = opened(windows)
    tile = page.locator(".tile", has_text="办结").first
    shown = int(tile.locator("b").inner_text())

    tile.locator("a").click()
    assert total(page) == shown
    with page.expect_download() as download:
        page.locator(".take button").click()

    assert download.value.suggested_filename.endswith(".xlsx")
    quiet(windows)


def test_without_scripts_the_board_is_tables(windows: Windows) -> None:
    page = opened(windows)
    context = windows.browser.new_context(java_script_enabled=False, storage_state=page.context.storage_state())
    try:
        plain = context.new_page()
        plain.goto(f"{windows.address}/board?from=2026-03-01")

        assert plain.locator("[data-chart] table:visible").count() == 6
        assert plain.locator(".canvas:visible").count() == 0
    finally:
        context.close()


def test_a_keyboard_reaches_the_table_behind_a_chart(windows: Windows) -> None:
    page = opened(windows)
    summary = page.locator("[data-chart=trend] summary")

    summary.focus()
    press(page, "Enter")

    expect(page.locator("[data-chart=trend] table")).to_be_visible()
    press(page, "Tab")
    assert page.evaluate(
        "document.activeElement.closest('[data-chart=trend] table, [data-chart=trend] details') !== null"
    )


def test_a_report_shows_its_groups_and_adds_up(windows: Windows) -> None:
    page = opened(windows, "/reports?period=2026&by=item")

    received = [int(cell) for cell in page.locator(".report tbody tr td:nth-of-type(1)").all_inner_texts()]
    assert sum(received) == int(page.locator(".report tfoot td").first.inner_text()) > 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    quiet(windows)
