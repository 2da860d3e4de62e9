from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from xml.etree import ElementTree  # noqa: ICN001

import pytest
from markupsafe import escape
from sqlalchemy import delete

from caseflow.catalogue import Catalogue, load_catalogue
from caseflow.desk.definitions import sync
from caseflow.rules.definition import read_item
from caseflow.rules.item import Item
from caseflow.store.db import reading, writing
from caseflow.store.models import EditionRow
from caseflow.views.diagram import draw
from caseflow.views.editions import editions
from caseflow.workflows import FLOWS
from tests.support.office import Office
from tests.support.tampering import disarm
from tests.web.counter import Door

TRANSFER = "transfer-continuation"
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


@pytest.mark.parametrize("words", ["住院", "zyfy", "ZYFYBX", "zy'fy'bx", "zybx", "inpatient"])
def test_an_item_is_found_as_in_the_registration(door: Door, words: str) -> None:
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


def changed(office: Office, *pairs: tuple[str, str], at: int = 1) -> Catalogue:
    """The catalogue with some words of one item put otherwise, synced some days later."""
    catalogue = office.house.catalogue
    text = catalogue.texts["shawan", TRANSFER]
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    item = read_item(text, "test")
    made = replace(
        catalogue,
        texts={**catalogue.texts, ("shawan", TRANSFER): text},
        items={**catalogue.items, ("shawan", TRANSFER): item},
    )
    with writing(office.engine) as session:
        sync(session, made, office.now + timedelta(days=at))
    return made


PROMISE = ("promised = { n = 10,", "promised = { n = 8,")


def test_the_page_shows_what_runs_and_says_that_the_file_differs(door: Door) -> None:
    changed(door.office, PROMISE)

    page = door.clerk.get(f"/items/shawan/{TRANSFER}").text

    assert "<dt>承诺时限</dt><dd>8个工作日</dd>" in page
    assert "定义文件已改，尚未同步" in page
    assert "<del>8个工作日</del>" in page
    assert "<ins>10个工作日</ins>" in page


def test_where_file_and_edition_agree_nothing_is_said(door: Door) -> None:
    page = door.clerk.get(f"/items/shawan/{TRANSFER}").text

    assert "尚未同步" not in page
    assert "处不同" not in page
    assert "正在运行" in page


def test_editions_are_listed_with_their_open_cases_and_differences(door: Door) -> None:
    office = door.office
    office.register(TRANSFER)
    office.house = replace(office.house, catalogue=changed(office, PROMISE))
    door.app.extensions["caseflow_house"] = office.house
    office.register(TRANSFER)
    office.register(TRANSFER)

    page = door.clerk.get(f"/items/shawan/{TRANSFER}").text

    listed = page.partition('id="editions"')[2].partition("</section>")[0]
    assert re.findall(r"(\d+) 件</td>", listed) == ["2", "1"]
    assert "<del>10个工作日</del>" in listed
    assert "<ins>8个工作日</ins>" in listed
    assert "1 处不同" in listed


def test_an_edition_that_comes_back_is_in_force_since_then(door: Door) -> None:
    office = door.office
    changed(office, PROMISE)
    with writing(office.engine) as session:
        sync(session, office.house.catalogue, office.now + timedelta(days=9))

    with reading(office.engine) as session:
        found = editions(session, "shawan", TRANSFER)

    assert [(one.current, one.since - office.now) for one in found] == [
        (True, timedelta(days=9)),
        (False, timedelta(days=1)),
    ]


def test_two_editions_can_be_compared_either_way_and_a_comment_changes_nothing(door: Door) -> None:
    changed(door.office, ('key = "transfer', '# another comment\nkey = "transfer'))
    with reading(door.office.engine) as session:
        new, old = (one.id for one in editions(session, "shawan", TRANSFER))

    page = door.clerk.get(f"/items/shawan/{TRANSFER}?old={new}&new={old}").text

    assert "办理内容没有变化" in page


@pytest.mark.parametrize(
    ("query", "status"),
    [("old=999999", 404), ("old=x", 422), ("new=-1", 422), ("old=" + "9" * 30, 422), ("old=1&new=1", 404)],
)
def test_an_edition_the_item_does_not_have_is_not_compared(door: Door, query: str, status: int) -> None:
    assert door.clerk.get(f"/items/shawan/{TRANSFER}?{query}").status_code == status


def test_an_item_that_was_never_synced_says_so(door: Door) -> None:
    with writing(door.office.engine) as session:
        disarm(session)
        session.execute(delete(EditionRow))

    page = door.clerk.get(f"/items/shawan/{TRANSFER}")

    assert page.status_code == 200
    assert "尚未发布" in page.text


def test_an_item_that_left_the_files_is_shown_as_long_as_it_runs(door: Door) -> None:
    catalogue = door.office.house.catalogue
    items = {key: item for key, item in catalogue.items.items() if key != ("shawan", TRANSFER)}
    door.app.extensions["caseflow_house"] = replace(door.office.house, catalogue=replace(catalogue, items=items))

    page = door.clerk.get(f"/items/shawan/{TRANSFER}")

    assert page.status_code == 200
    assert "定义文件中已没有本事项" in page.text
