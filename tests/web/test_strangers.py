"""Another bureau's anything is like nothing at all: same status, same page, same number of statements, nothing changed.

Every address with an id is found in the application's own map of addresses, so that a new one cannot be left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, event
from werkzeug.routing import Rule

from caseflow.store.base import Base
from caseflow.store.db import create_engine_for
from tests.support.databases import SqliteDatabases
from tests.support.two_bureaus import rows_of
from tests.web.counter import Counter
from tests.web.test_matrix import EXPECTED, PUBLIC, World, address, has_ids, open_world, rules

PUBLISHED = {"items.guide"}
"""What a bureau publishes is for every bureau to read."""

ONES_OWN = {"personal.end", "messages.read_one", "queues.change_view", "intake.resume", "drafts.drop_registration"}
"""What belongs to one person; for these a colleague is a stranger too."""

SILENT = {"messages.read_one", "drafts.drop_registration", "drafts.drop_case", "drafts.save_case"}
"""What answers alike whether there was anything or not: it is not told, and a repeated click is no fault."""

REPLACED = re.compile(
    r'name="(?:csrf_token|request_key)" value="[^"]*"|request_key=[\w-]+|/register/drafts/[\w-]+|\d\d:\d\d(?::\d\d)?'
)
"""Tokens and the time of day."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a stranger can tell answers apart by."""

    status: int
    target: str
    body: str
    statements: int


class Ear:
    """A world, with what its database is asked."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.asked: list[str] = []
        event.listen(world.own.office.engine, "before_cursor_execute", self._hear)

    def _hear(self, _connection: object, _cursor: object, statement: str, *_: object) -> None:
        self.asked.append(statement)

    def send(self, browser: FlaskClient, method: str, path: str, form: Mapping[str, str], typed: set[str]) -> Answer:
        """Send it; whatever was typed or addressed is blotted out of the answer, and nothing waits to be told."""
        with browser.session_transaction() as kept:
            kept.pop("_flashes", None)
        self.asked.clear()
        answer = browser.open(path, method=method, data=dict(form))
        count, shown = len(self.asked), answer.mimetype.startswith(("text/", "application/json"))
        body = _blot(answer.text, typed) if shown else str(answer.data)
        return Answer(answer.status_code, _blot(answer.headers.get("Location", ""), typed), body, count)


def _blot(text: str, typed: set[str]) -> str:
    text = REPLACED.sub("*", text)
    for one in sorted(typed - {""}, key=len, reverse=True):
        text = text.replace(one, "?") if len(one) > 3 else re.sub(rf"(?<![\w-]){re.escape(one)}(?![\w-])", "?", text)
    return text


@pytest.fixture(scope="module")
def ear(sqlite_databases: SqliteDatabases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ear]:
    """One world for all tests: none of them may change it."""
    with sqlite_databases.fresh() as url:
        engine = create_engine_for(url)
        yield Ear(open_world(engine, tmp_path_factory.mktemp("files")))
        engine.dispose()


@pytest.fixture(autouse=True)
def _no_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.cases.render_pdf", lambda *_: b"%PDF-")


def addressed(world: World) -> list[tuple[Rule, str]]:
    """Every address with an id, with each of its methods."""
    return [(r, m) for r, m in rules(world.app) if has_ids(r) and r.endpoint not in PUBLISHED]


def everything(world: World) -> object:
    """All that the other bureau has, sessions aside."""
    tables = [table for table in Base.metadata.sorted_tables if {"bureau", "staff_id"} & set(table.c.keys())]
    return rows_of(world.other.office, *tables)


FORM = {"version": "4", "seen": "1", "go": "delete", "what": "accept", "name": "改名", "reason": "试", "words": "试"}
FORM |= {"need.claim.reason": "试", "cause": "原因", "measures": "措施", "until": "2026-04-20", "held_known": "on"}


def test_every_id_of_another_bureau_is_answered_as_one_that_nobody_has(engine: Engine, tmp_path: Path) -> None:
    world = open_world(engine, tmp_path)
    ear = Ear(world)
    before = everything(world)
    told: list[tuple[str, str, Answer, Answer]] = []
    same: set[str] = set()

    for rule, method in addressed(world):
        browser = world.browsers[EXPECTED[rule.endpoint][0]]
        form = FORM | {"item": world.own.ids["item"]} if method == "POST" else {}
        paths = [address(rule, held) for held in (world.other.ids, None, world.own.ids)]
        typed = {part for path in paths for part in (*path.split("/"), *_short(path))}
        theirs, nobodys, ours = (ear.send(browser, method, path, form, typed) for path in paths)
        told += [(rule.endpoint, method, theirs, nobodys)] if theirs != nobodys else []
        same |= {rule.endpoint} if replace(ours, statements=nobodys.statements) == nobodys else set()

    assert told == []
    assert same <= SILENT
    assert everything(world) == before


def _short(path: str) -> list[str]:
    """The case number as lists show it."""
    return [f"{one[11:17]}-{one[17]}{int(one[18:]):03d}" for one in path.split("/") if re.fullmatch(r"\d{24}", one)]


def test_what_belongs_to_a_colleague_is_answered_as_what_nobody_has(ear: Ear) -> None:
    world = ear.world
    colleague = Counter.of(world.app, world.own.office, "relief").client
    known = {rule.endpoint for rule, _ in addressed(world)}
    before = rows_of(world.own.office, *(Base.metadata.tables[name] for name in ("saved_view", "draft", "message")))

    for rule, method in addressed(world):
        if rule.endpoint in ONES_OWN:
            paths = [address(rule, held) for held in (world.own.ids, None)]
            typed = {part for path in paths for part in path.split("/")}
            theirs, nobodys = (ear.send(colleague, method, path, {"go": "delete"}, typed) for path in paths)
            assert theirs == nobodys, rule.endpoint

    assert known >= ONES_OWN
    assert rows_of(world.own.office, *(Base.metadata.tables[name] for name in before)) == before


ENTRIES = [
    # role, method, address, entries: {x} is the id of another bureau, or of nobody
    ("r", "/cases/{own}/reveal", "person", "person", {"reveal_reason": "核对"}),
    ("r", "/bulk/claim", "case", "case", {}),
    ("r", "/bulk/release", "case", "case", {"reason": "试"}),
    ("c", "/bulk/print", "case", "case", {}),
    ("s", "/overdue/assign", "case", "case", {"receiver": "{reviewer}", "reason": "试"}),
    ("s", "/overdue/order", "case", "case", {"level": "1", "cause": "statutory", "by": "item"}),
    ("s", "/bulk/assign", "case", "case", {"receiver": "{reviewer}", "reason": "试"}),
    ("s", "/cases/{own}/assign", "reviewer", "need.assign.receiver", {"need.assign.reason": "试", "version": "{v}"}),
    ("s", "/overdue/assign", "reviewer", "receiver", {"case": "{own_case}", "reason": "试"}),
    ("s", "/overdue/order", "reviewer", "to", {"case": "{own_case}", "level": "1", "cause": "promised", "by": "item"}),
    ("a", "/admin/absences", "staff", "number", {"from_on": "2026-05-06", "to_on": "2026-05-06"}),
    (
        "a",
        "/admin/absences",
        "staff",
        "stand_in",
        {"number": "{spare}", "from_on": "2026-05-06", "to_on": "2026-05-06"},
    ),
    ("a", "/admin/items", "reviewer", "person", {}),
    ("c", "/cases/{own}/attachments", "item", "material", {"version": "{v}"}),
]
"""Who, where, whose id, under which name it is sent, and what else the form holds."""


def ids_for(world: World, what: str, *, there: bool) -> str:
    """An id of the other bureau of this kind, or one that nobody has."""
    if what == "reviewer":
        return world.other.person("reviewer") if there else "999999"
    if what == "case":
        return f"{world.other.ids['case_id']}.5" if there else "999999.5"
    nobodys = {"staff": "zzzz011", "item": "no-such-line", "number": "0" * 24}
    return world.other.ids[what] if there else nobodys.get(what, "999999")


@pytest.mark.parametrize("place", range(len(ENTRIES)), ids=lambda n: "-".join(ENTRIES[n][1:4]).replace("/", "."))
def test_an_id_of_another_bureau_in_a_form_is_like_one_that_nobody_has(ear: Ear, place: int) -> None:
    world = ear.world
    letter, where, what, name, others = ENTRIES[place]
    own = world.own
    version = str(own.office.case(own.ref).record.version)
    words = {"own": own.ref.number, "v": version, "own_case": f"{own.ref.id}.{version}"}
    words |= {"reviewer": own.person("reviewer"), "spare": own.ids["staff"]}
    form = {key: text.format(**words) for key, text in others.items()}
    before, mine = everything(world), own.office.history(own.ref)

    sent = [ids_for(world, what, there=there) for there in (True, False)]
    typed = {part for one in sent for part in (one, one.partition(".")[0])}
    path, browser = where.format(**words), world.browsers[letter]
    theirs, nobodys = (ear.send(browser, "POST", path, form | {name: one}, typed) for one in sent)

    assert theirs == nobodys
    assert theirs.status < 500
    assert everything(world) == before
    assert own.office.history(own.ref) == mine


QUERIES = [
    ("s", "/?tab=section&handler={}", "reviewer"),
    ("s", "/search?q={}", "number"),
    ("s", "/overdue?by=person&group={}", "reviewer"),
    ("s", "/board/cases?handler={}", "reviewer"),
    ("a", "/admin/absences?number={}", "staff"),
    ("z", "/admin/sign-ins?number={}", "staff"),
    ("c", "/register?item={}", "item"),
    ("c", "/?item={}", "item"),
]


@pytest.mark.parametrize(("letter", "where", "what"), QUERIES, ids=lambda text: str(text).replace("/", "."))
def test_an_id_of_another_bureau_in_an_address_finds_what_one_finds_that_nobody_has(
    ear: Ear, letter: str, where: str, what: str
) -> None:
    world = ear.world
    sent = [ids_for(world, what, there=there) for there in (True, False)]
    typed = {part for one in sent for part in (one, one[-4:])}
    theirs, nobodys = (ear.send(world.browsers[letter], "GET", where.format(one), {}, typed) for one in sent)

    assert theirs == nobodys


def test_every_route_with_an_id_is_looked_at(ear: Ear) -> None:
    world = ear.world
    with_arguments = {
        r.endpoint for r in world.app.url_map.iter_rules() if r.arguments and EXPECTED.get(r.endpoint) != PUBLIC
    }
    words_only = {"help.screen", "queues.bulk", "office.add_room", "static"}

    assert {rule.endpoint for rule, _ in addressed(world)} == with_arguments - words_only - PUBLISHED


def test_a_door_that_looks_no_further_than_the_id_is_found_out(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    world = ear.world
    stranger = replace(world.own.office.staff["reviewer"], bureau="shuimogou")
    monkeypatch.setattr("web.cases.current_actor", lambda: stranger)
    theirs, nobodys = (
        ear.send(world.browsers["r"], "GET", f"/cases/{number}", {}, {number})
        for number in (world.other.ref.number, "0" * 24)
    )

    assert theirs != nobodys
