"""Every route × every role × (own, another bureau's, none) × (signed in or not), against a table written by hand."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from caseflow.rules.sign_in import SignInRules
from caseflow.store.db import create_engine_for
from tests.support.databases import SqliteDatabases
from tests.support.deciding import LETTERS
from tests.support.two_bureaus import Belongings, two_bureaus
from tests.web.counter import Counter, open_door
from web import attachments
from web.gate import policies

EVERYBODY, PUBLIC = "crkpmsuaxz", "public"
SEE, ACT, WATCH = "crkpmsu", "crkpms", "su"

EXPECTED = {
    # what is one's own, and what is published
    **dict.fromkeys(("auth.change_password", "auth.leave", "auth.password"), EVERYBODY),
    **dict.fromkeys(("personal.show", "personal.keep", "personal.end"), EVERYBODY),
    **dict.fromkeys(("messages.index", "messages.read_all", "messages.read_one"), EVERYBODY),
    **dict.fromkeys(("help.index", "help.screen", "items.index", "items.guide", "calendar.year"), EVERYBODY),
    # a first page for everybody: who sees no case is led on
    "queues.mine": EVERYBODY,
    # cases: the auditor reads, the administrators see none
    **dict.fromkeys(("cases.show", "cases.show_number", "cases.correct_form", "cases.show_paper"), SEE),
    **dict.fromkeys(("attachments.index", "attachments.download", "orders.index", "orders.thread"), SEE),
    **dict.fromkeys(("queues.search", "queues.keep_view", "queues.change_view", "queues.keep_columns"), SEE),
    **dict.fromkeys(("cases.act", "cases.send_correction", "cases.print_paper", "cases.paper_pdf"), ACT),
    **dict.fromkeys(("attachments.add", "attachments.remove", "orders.answer", "orders.paper"), ACT),
    **dict.fromkeys(("queues.bulk", "queues.print_papers", "drafts.save_case", "drafts.drop_case"), ACT),
    # the window
    **dict.fromkeys(("intake.start", "intake.advance_form", "intake.check", "intake.resume"), "c"),
    **dict.fromkeys(("intake.again", "intake.done", "carrying.choose", "carrying.carry"), "c"),
    **dict.fromkeys(("drafts.save_registration", "drafts.drop_registration"), "c"),
    # the supervisor, and the auditor who looks
    **dict.fromkeys(("supervise.overdue", "supervise.mended", "foresight.probable", "foresight.staffing"), WATCH),
    **dict.fromkeys(("board.show", "board.cases", "board.take_board", "board.take_cases"), WATCH),
    **dict.fromkeys(("reports.show", "reports.take"), WATCH),
    **dict.fromkeys(("supervise.assign", "supervise.order", "orders.decide"), "s"),
    # three administrators apart
    **dict.fromkeys(("admin.staff", "admin.show"), "xz"),
    **dict.fromkeys(("admin.new", "admin.add", "admin.save", "admin.reset", "admin.reset_factor"), "x"),
    **dict.fromkeys(("admin.unlock", "admin.enable", "admin.disable", "admin.end_session", "admin.end_sessions"), "x"),
    **dict.fromkeys(("admin.home", "office.rooms", "office.who_handles", "office.away"), "axzu"),
    **dict.fromkeys(("office.add_room", "office.change_room", "office.set_handled"), "a"),
    **dict.fromkeys(("office.add_away", "office.cancel_away", "calendar.preview", "calendar.confirm"), "a"),
    "calendar.notice": "a",
    "office.told": "axz",
    **dict.fromkeys(("logs.entered", "logs.looked"), "z"),
    # before signing in
    **dict.fromkeys(("auth.login", "auth.enter", "second.code", "second.check_code"), PUBLIC),
    **dict.fromkeys(("second.enrol", "second.confirm"), PUBLIC),
    **dict.fromkeys(("public.progress", "public.ask", "public.send_rating"), PUBLIC),
}
REFUSED = "您的岗位不能使用本页面"
NOBODY = {"number": "0" * 24, "key": "no-such-key", "name": "0" * 16}
WORDS = {"action": "claim", "do": "claim", "kind": "window"}
ELSEWHERE = {"help.screen": {"name": "queue"}}
"""Words an address holds beside ids."""

LAST = {"auth.leave", "admin.disable", "admin.end_sessions", "admin.reset", "admin.save", "drafts.drop_registration"}
"""What ends sessions, or takes away what others look for."""

EMPTY = {"admin.reset_factor", "carrying.carry", "personal.end"}
"""Where nothing is found at first: no second factor is set up, no item named, and the place is the clerk's alone."""


@dataclass(frozen=True, slots=True)
class World:
    """The door, a browser for each role of Shawan, and what there is in both bureaus."""

    app: Flask
    own: Belongings
    other: Belongings
    browsers: dict[str, FlaskClient]
    anonymous: FlaskClient


@pytest.fixture(scope="module")
def world(sqlite_databases: SqliteDatabases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with sqlite_databases.fresh() as url:
        engine = create_engine_for(url)
        yield open_world(engine, tmp_path_factory.mktemp("files"))
        engine.dispose()


def open_world(engine: Engine, files: Path) -> World:
    own, other = two_bureaus(engine, files)
    own.office.house = replace(own.office.house, sign_in=SignInRules(administrators="three"))
    app = open_door(own.office)
    attachments.install(app, files)
    browsers = {letter: Counter.of(app, own.office, role).client for letter, role in LETTERS.items()}
    return World(app, own, other, browsers, app.test_client())


@pytest.fixture(autouse=True)
def _no_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A PDF takes a second to draw and has tests of its own."""
    monkeypatch.setattr("web.cases.render_pdf", lambda *_: b"%PDF-")


def rules(app: Flask) -> list[tuple[Rule, str]]:
    """Every address the table knows with each of its methods, what takes something away last."""
    found = [
        (rule, method)
        for rule in app.url_map.iter_rules()
        if rule.endpoint in EXPECTED
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]
    return sorted(found, key=lambda one: (one[0].endpoint in LAST, one[0].endpoint == "auth.leave", one[0].endpoint))


def address(rule: Rule, held: dict[str, str] | None) -> str:
    """The address of a rule with what a bureau has, or with what nobody has."""
    words = WORDS | ELSEWHERE.get(rule.endpoint, {})
    return "".join(
        text if not is_argument else words.get(text) or identity(rule.endpoint, text, held)
        for is_argument, text in rule._trace
    ).removeprefix("|")


def identity(endpoint: str, argument: str, held: dict[str, str] | None) -> str:
    """What an argument of an address is called here, or by nobody."""
    if held is None:
        return NOBODY.get(argument, "999999")
    named = {
        "admin": {"number": "staff", "name": "spare_session"},
        "personal": {"name": "session"},
        "office": {"place_id": "window"},
        "items": {"key": "item"},
    }
    return held[named.get(endpoint.partition(".")[0], {}).get(argument, argument)]


def has_ids(rule: Rule) -> bool:
    return bool(rule.arguments - set(WORDS)) and rule.endpoint not in ELSEWHERE


def send(browser: FlaskClient, rule: Rule, method: str, held: dict[str, str] | None) -> TestResponse:
    return browser.open(address(rule, held), method=method)


def test_the_table_knows_every_route(world: World) -> None:
    assert set(policies(world.app)) - {"static"} == set(EXPECTED)
    assert {name for name, right in policies(world.app).items() if right is None} == {
        "static",
        *(name for name, who in EXPECTED.items() if who == PUBLIC),
    }


def test_nobody_gets_past_the_door_without_signing_in(world: World) -> None:
    wrong = []
    for rule, method in rules(world.app):
        if EXPECTED[rule.endpoint] == PUBLIC:
            continue
        for held in (world.own.ids, None) if has_ids(rule) else (None,):
            answer = send(world.anonymous, rule, method, held)
            told = answer.status_code == 401 if answer.is_json else "/login" in answer.headers.get("Location", "")
            wrong += [] if told else [(rule.endpoint, answer.status_code)]

    assert wrong == []


def test_every_route_opens_to_the_roles_of_the_table_and_to_no_other(world: World) -> None:
    wrong: list[tuple[str, str, str, int]] = []
    tried: Tally[bool] = Tally()
    for rule, method in rules(world.app):
        if EXPECTED[rule.endpoint] == PUBLIC:
            continue
        targets = {"own": world.own.ids, "other": world.other.ids, "none": None}
        for whose, held in targets.items() if has_ids(rule) else (("none", None),):
            for letter, browser in world.browsers.items():
                may = letter in EXPECTED[rule.endpoint]
                answer = send(browser, rule, method, held)
                tried[may] += 1
                here = held is world.own.ids and rule.endpoint not in EMPTY
                if not as_expected(answer, may=may, here=here) and not (may and rule.endpoint == "auth.leave"):
                    wrong.append((rule.endpoint, letter, whose, answer.status_code))

    assert wrong == []
    assert tried.total() > 1_500


def as_expected(answer: TestResponse, *, may: bool, here: bool) -> bool:
    """Let in, and what is `here` is found; or refused by the gate before anything else is looked at."""
    refused = answer.status_code == 403 and REFUSED in answer.text
    if not may:
        return refused
    lost = here and answer.status_code == 404
    return not (refused or lost or answer.status_code >= 500 or "/login" in answer.headers.get("Location", ""))


@pytest.mark.parametrize(
    ("letter", "endpoint", "together"),
    [("a", "admin.staff", 200), ("a", "logs.looked", 403), ("u", "admin.staff", 200), ("u", "admin.new", 403)],
)
def test_one_administrator_acts_as_two_where_an_office_keeps_them_together(
    world: World, monkeypatch: pytest.MonkeyPatch, letter: str, endpoint: str, together: int
) -> None:
    rule = next(rule for rule, method in rules(world.app) if (rule.endpoint, method) == (endpoint, "GET"))
    browser = Counter.of(world.app, world.own.office, LETTERS[letter]).client
    assert send(browser, rule, "GET", None).status_code == 403

    house = replace(world.own.office.house, sign_in=SignInRules())
    monkeypatch.setitem(world.app.extensions, "caseflow_house", house)

    # The administrator also keeps the accounts, the auditor also reads the logs; nobody does all three.
    assert send(browser, rule, "GET", None).status_code == together
