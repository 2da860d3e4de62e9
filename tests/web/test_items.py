from __future__ import annotations

from xml.etree import ElementTree  # noqa: ICN001

import pytest
from markupsafe import escape

from caseflow.catalogue import load_catalogue
from caseflow.rules.item import Item
from caseflow.views.diagram import draw
from caseflow.workflows import FLOWS
from tests.web.counter import Door

ITEMS = sorted(load_catalogue().items.items())


def published(item: Item) -> list[str]:
    """Every text of a guide that its page must show, word for word."""
    facts = [item.name, item.phone, item.complaint_phone, item.place, item.hours, item.fee, item.code or ""]
    facts += [*item.conditions, *item.remarks, *item.doubts, *item.published.values()]
    return facts + [text for line in item.materials for text in (line.name, line.note, line.seal, *line.any_of)]


def test_every_guide_page_shows_every_published_fact_and_every_doubt(door: Door) -> None:
    browser = door.clerk

    pages = {key: browser.get(f"/items/{item.bureau}/{item.key}").text for key, item in ITEMS}

    assert len(pages) == len(ITEMS)
    assert [(key, text) for key, item in ITEMS for text in published(item) if str(escape(text)) not in pages[key]] == []


def test_the_directory_lists_every_item_of_the_bureau(door: Door) -> None:
    page = door.clerk.get("/items")

    own = [item for _, item in ITEMS if item.bureau == "shawan"]
    assert [item.key for item in own if f"/items/shawan/{item.key}" not in page.text] == []


def test_another_bureaus_items_may_be_read_but_not_registered(door: Door) -> None:
    listed = door.clerk.get("/items?bureau=shuimogou")
    guide = door.clerk.get("/items/shuimogou/assistance-payment")

    assert "/items/shuimogou/assistance-payment" in listed.text
    assert "登记申请" not in guide.text


@pytest.mark.parametrize("words", ["住院", "zyfy", "ZYFYBX"])
def test_an_item_is_found_by_name_and_initials(door: Door, words: str) -> None:
    page = door.clerk.client.get("/items", query_string={"find": words})

    assert "/items/shawan/inpatient-reimbursement" in page.text
    assert "/items/shawan/newborn-enrolment" not in page.text


def test_a_search_without_result_offers_the_way_back(door: Door) -> None:
    page = door.clerk.client.get("/items", query_string={"find": "没有的事项"})

    assert "显示全部事项" in page.text


@pytest.mark.parametrize("key", FLOWS)
def test_the_picture_of_a_flow_names_every_state_or_its_actions(key: str) -> None:
    flow = FLOWS[key]

    picture = draw(flow)

    words = "".join(ElementTree.fromstring(picture).itertext())  # noqa: S314 - our own text
    moving = {action.label for action in flow.actions.values() if any(route.target for route in action.routes)}
    assert "style=" not in picture
    assert {label for label in moving - {"恢复计时"} if label not in words} == set()
    assert {state.label for state in flow.states.values() if state.open and state.label not in words} == set()
