"""帮助 and 个人设置: every page leads to its own help, and whoever wants no keys has none."""

from __future__ import annotations

import re

from tests.support.office import Office
from tests.web.counter import Door
from web.gate import policies
from web.help_texts import HELPS, WORDS, help_of

SCREENS = {
    "/": "queue",
    "/search?q=zs": "search",
    "/register": "register",
    "/overdue": "overdue",
    "/corrections": "corrections",
    "/orders": "orders",
    "/board": "board",
    "/board/cases": "cases",
    "/reports": "reports",
    "/foresight": "foresight",
    "/foresight/staffing": "staffing",
    "/items": "items",
    "/items/shawan/newborn-enrolment": "items",
    "/calendar": "calendar",
    "/messages": "messages",
    "/admin/staff": "staff",
    "/admin/places": "places",
    "/admin/items": "handled",
    "/admin/absences": "absences",
    "/admin/changes": "changes",
    "/admin/sign-ins": "sign-ins",
    "/admin/looks": "looks",
    "/second-factor": "second-factor",
    "/settings": "settings",
    "/password": "settings",
}
WHO = {"/register": "clerk", "/admin/sign-ins": "audit", "/admin/looks": "audit", "/admin": "administrator"}


def who_opens(path: str) -> str:
    return next((role for start, role in WHO.items() if path.startswith(start)), "supervisor")


def test_every_page_leads_to_its_own_help(door: Door) -> None:
    counters = {who: getattr(door, who) for who in ("clerk", "supervisor", "administrator", "audit")}
    pages = {path: counters[who_opens(path)].get(path) for path in SCREENS}

    links = {path: re.search(r'class="bar-help" href="/help/([^"]+)"', page.text) for path, page in pages.items()}

    assert {path: link and link[1] for path, link in links.items()} == SCREENS


def test_a_case_and_its_forms_lead_to_their_help(door: Door, office: Office) -> None:
    number = office.register("transfer-continuation").number
    pages = {"": "case", "/correct": "correct", "/carry": "carry", "/attachments": "attachments"}

    found = {end: door.clerk.get(f"/cases/{number}{end}").text for end in pages}

    assert [name for end, name in pages.items() if f'href="/help/{name}"' not in found[end]] == []


def test_only_help_and_what_belongs_to_nobody_lead_to_the_list_of_all(door: Door) -> None:
    listed = {name for name in policies(door.app) if help_of(name).name == "help"}

    assert {name.partition(".")[0] for name in listed} == {"static", "help", "public"}


def test_every_help_is_read_in_a_minute_and_defines_its_words(door: Door) -> None:
    clerk = door.clerk
    pages = {name: clerk.get(f"/help/{name}").text for name in HELPS}
    letters = {name: len(one.purpose + "".join(one.steps)) for name, one in HELPS.items()}

    assert {name for name, n in letters.items() if not 40 <= n <= 300} == set()
    assert {name for name, one in HELPS.items() if not 3 <= len(one.steps) + 1 <= 8} == set()
    assert [name for name, one in HELPS.items() if f"<h1>帮助：{one.title}</h1>" not in pages[name]] == []
    assert [name for name, one in HELPS.items() if any(WORDS[word] not in pages[name] for word in one.words)] == []


def test_a_help_there_is_not_is_not_found(door: Door) -> None:
    assert door.clerk.get("/help/nothing").status_code == 404
    assert door.clerk.get("/help").status_code == 200


def test_keys_are_offered_to_whom_they_serve(door: Door) -> None:
    clerk, administrator = door.clerk.get("/items").text, door.administrator.get("/items").text

    assert "<dd>收件登记</dd>" in clerk
    assert "<dd>收件登记</dd>" not in administrator
    assert "<dd>查找办件</dd>" not in administrator


def test_keys_are_switched_off_and_on_again_for_one_person(door: Door) -> None:
    def off(counter: object) -> bool:
        return '<body data-keys="off" ' in counter.get("/").text  # type: ignore[attr-defined]

    assert not off(door.clerk)
    answer = door.clerk.send("/settings", {"keys": "off"})
    assert answer.status_code == 303
    assert off(door.clerk)
    assert 'id="keys"' not in door.clerk.get("/").text
    assert not off(door.reviewer)
    door.clerk.send("/settings", {"keys": "on"})

    assert not off(door.clerk)


def test_a_setting_that_is_none_is_refused_at_its_field(door: Door) -> None:
    clerk = door.clerk

    pages = [clerk.send("/settings", sent) for sent in ({}, {"keys": ""}, {"keys": "<b>"}, {"keys": "off" * 1000})]

    assert {page.status_code for page in pages} == {422}
    assert all('<a href="#f-keys">' in page.text for page in pages)
    assert 'data-keys="off"' not in clerk.get("/").text
