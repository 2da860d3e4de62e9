from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from markupsafe import escape

from caseflow.catalogue import load_catalogue
from caseflow.rules.item import Item
from caseflow.views.diagram import draw
from caseflow.workflows import FLOWS
from tests.web.counter import Door

ITEMS = sorted(load_catalogue().items.items())


@pytest.mark.parametrize("item", [item for _, item in ITEMS], ids=["/".join(key) for key, _ in ITEMS])
def test_a_guide_page_shows_every_published_fact_and_every_doubt(
    login: Callable[[str], FlaskClient], item: Item
) -> None:
    page = login("clerk").get(f"/items/{item.bureau}/{item.key}")

    facts = [item.name, item.phone, item.complaint_phone, item.place, item.hours, item.fee, item.code or ""]
    facts += [*item.conditions, *item.remarks, *item.doubts, *item.published.values()]
    facts += [text for line in item.materials for text in (line.name, line.note, line.seal, *line.any_of)]
    assert page.status_code == 200
    assert [fact for fact in facts if str(escape(fact)) not in page.text] == []


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

    ElementTree.fromstring(picture)  # noqa: S314 - our own text, read to see that it is well formed
    assert "style=" not in picture
    named = {label for state in flow.states.values() for label in [state.label] if label in picture}
    entered = {action.label for action in flow.actions.values() if action.label in picture}
    moving = {action.label for action in flow.actions.values() if any(route.target for route in action.routes)}
    assert moving - entered - {"恢复计时"} == set()
    assert {state.label for state in flow.states.values() if state.open} - named == set()
