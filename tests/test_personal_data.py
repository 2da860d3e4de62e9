"""Nothing about people where it does not belong: 200 markers go through every door, and are searched for outside.

Searched are the log, addresses, file names, the pages and traces of errors, what commands print, the names of files and
PostgreSQL's own log with every statement in it. The controls plant a leak of each kind and find it.
"""

from __future__ import annotations

import io
import logging
import os
import re
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from traceback import format_exception
from typing import Any
from urllib.parse import quote, unquote

import pytest
import structlog
from click.testing import CliRunner
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, IntegrityError
from werkzeug.test import TestResponse

from caseflow.cli import main
from caseflow.config import CONFIG_FILE
from caseflow.desk.rotating import claim_key
from caseflow.store.db import is_sqlite, reading, writing
from caseflow.store.seal import Keys, new_master
from tests.support.office import Office, open_office
from tests.support.planted import Planted, plant
from tests.support.roads import ACCEPT
from tests.support.scans import PDF
from tests.support.sealed_office import with_keys
from tests.web.counter import Counter, number_of, open_door
from web import attachments
from web import errors as web_errors

INPATIENT = "inpatient-reimbursement"
PEOPLE = plant(25)
STATEMENTS = 12
"""The most a step may take, reading included: each is made to fail."""

_ADDRESS = re.compile(r'\b(?:href|action|src|formaction|hx-get|hx-post|data-url)="([^"]*)"')
DISCREET = "log_parameter_max_length = 0", "log_error_verbosity = 'terse'"
"""What docs/operations.md sets for the roles that come to the database."""


def test_two_hundred_markers_are_two_hundred() -> None:
    assert len({marker for one in PEOPLE for marker in one.markers()}) == 200


def found_in(content: str) -> list[str]:
    """The markers in a text, however its addresses are written."""
    plain = content + unquote(content) + unescape(content)
    return [marker for one in PEOPLE for marker in one.markers() if marker in plain]


@dataclass
class Heard:
    """What came out of the doors, by where it would be seen."""

    addresses: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    statuses: set[int] = field(default_factory=set)

    def hear(self, response: TestResponse) -> TestResponse:
        """Keep what of an answer is seen by others than the person who asked."""
        self.statuses.add(response.status_code)
        self.addresses.append(response.headers.get("Location", ""))
        self.names.append(response.headers.get("Content-Disposition", ""))
        if response.mimetype == "text/html":
            self.addresses += _ADDRESS.findall(response.text)
        if response.status_code >= 400 and response.status_code not in {409, 422}:
            self.faults.append(response.text)
        return response


class Listening(Counter):
    """A counter whose answers are heard."""

    heard: Heard

    def get(self, path: str) -> TestResponse:
        return self.heard.hear(super().get(path))

    def send(self, path: str, form: dict[str, Any]) -> TestResponse:
        return self.heard.hear(super().send(path, form))


@dataclass
class Log:
    """PostgreSQL's log from some place on."""

    path: Path
    start: int

    def read(self) -> str:
        with self.path.open("rb") as file:
            file.seek(self.start)
            return file.read().decode("utf-8", "replace")


@pytest.fixture
def statements(engine: Engine) -> Log | None:
    """The log of PostgreSQL from here on, with every statement and the settings of the manual; None on SQLite."""
    if is_sqlite(engine):
        return None
    with engine.connect() as connection:
        name = connection.exec_driver_sql("SELECT current_database()").scalar_one()
        folder = Path(str(connection.exec_driver_sql("SHOW data_directory").scalar_one()))
        for setting in ("log_statement = 'all'", "log_min_duration_statement = 0", *DISCREET):
            connection.exec_driver_sql(f"ALTER DATABASE {name} SET {setting}")
        connection.commit()
    engine.dispose()
    return Log(folder.parent / "server.log", (folder.parent / "server.log").stat().st_size)


@pytest.fixture
def office(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """An office in the present folder, so that commands find it."""
    for name in [name for name in os.environ if name.startswith("CASEFLOW_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    master = new_master()
    url = engine.url.render_as_string(hide_password=False)
    CONFIG_FILE.write_text(f'database_url = "{url}"\nmaster_key = "{master}"\n')
    office = with_keys(open_office(engine), Keys.from_text(master))
    with writing(engine) as session:
        claim_key(session, office.house.keys, office.now)
    return office


@pytest.fixture
def app(office: Office, tmp_path: Path) -> Flask:
    app = open_door(office)
    attachments.install(app, tmp_path / "caseflow-files")
    app.testing = False
    return app


def form_of(one: Planted) -> dict[str, str]:
    """What a clerk types about these people."""
    applicant = {"name": one.name, "id_kind": "resident_id", "id_number": one.number, "phone": one.phone}
    agent = {"name": one.agent, "id_kind": "resident_id", "id_number": one.agent_number, "phone": one.agent_phone}
    typed = {f"applicant.{key}": value for key, value in applicant.items()}
    typed |= {f"agent.{key}": value for key, value in (agent | {"relation": "配偶"}).items()}
    return typed | {"f.bank_account": one.account, "f.account_holder": one.holder, "note": f"联系{one.agent}"}


def go_through(clerk: Listening, one: Planted) -> str:
    """One applicant at the window: registered and looked for; the case's number."""
    number = number_of(clerk.decide(INPATIENT, "accept", ACCEPT[2], **form_of(one)))
    clerk.send("/search", {"q": one.name})
    return number


def go_astray(clerk: Listening, one: Planted) -> None:
    """What goes before and beside a registration: numbers asked about, typed wrongly, kept as a draft, looked for."""
    typed = form_of(one)
    clerk.send("/register/check", typed | {"who": "applicant.", "item": INPATIENT})
    wrong = typed | {"applicant.id_number": one.number[:-1] + ("0" if one.number[-1] != "0" else "1")}
    clerk.send("/register", clerk.register_to(2, INPATIENT, **wrong) | {"go": "materials"})
    clerk.send("/drafts/register", clerk.register_to(2, INPATIENT, **typed))
    for words in (one.phone, one.number, one.agent_number, one.account):
        clerk.send("/search", {"q": words})
    clerk.get(f"/search?q={one.number}")


def look_around(clerk: Listening, one: Planted, number: str) -> list[TestResponse]:
    """Every page on which the case is seen by somebody who did not just type it."""
    form = clerk.fields(clerk.get(f"/cases/{number}/attachments"), f"/cases/{number}/attachments")
    line = clerk.office.item(INPATIENT).materials[0].key
    files = {"files": (io.BytesIO(PDF), f"{one.name}身份证.pdf"), "file": (io.BytesIO(PDF), f"{one.name}.pdf")}
    clerk.send(f"/cases/{number}/attachments", form | {"material": line} | files)
    seen = [clerk.get(path) for path in ("/", f"/cases/{number}", f"/cases/{number}/attachments", "/register")]
    papers = sorted(set(re.findall(r'href="(/papers/\d+)"', seen[1].text)))
    downloads = sorted(set(re.findall(rf'href="(/cases/{number}/attachments/\d+)"', seen[2].text)))
    seen += [clerk.get(path) for path in papers]
    for path in (*downloads, f"/cases/{number}x", f"/cases/{number}/no-such"):
        clerk.get(path)
    return [page for page in seen if page.mimetype == "text/html"]


def break_down(clerk: Listening, one: Planted, engine: Engine, k: int) -> None:
    """The k-th statement of a registration fails: as a fault of ours, or as one that quotes the row it was given."""
    form = clerk.register_to(3, INPATIENT, **form_of(one))
    form = clerk.fields(clerk.send("/register", form | {"go": "all"}), "/register")
    form |= {f"need.accept.{key}": value for key, value in ACCEPT[2].items()} | {"decision": "accept", "go": "submit"}
    asked = [0]

    def fail(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: object) -> tuple[str, Any]:
        asked[0] += 1
        if asked[0] != k:
            return statement, parameters
        if k % 2:
            raise ValueError(f"cannot store {one.name} {one.number} {parameters}")
        return refused_row(engine, one)

    event.listen(engine, "before_cursor_execute", fail, retval=True)
    try:
        clerk.send("/register", form)
    finally:
        event.remove(engine, "before_cursor_execute", fail)


def refused_row(engine: Engine, one: Planted) -> tuple[str, Any]:
    """A row the database refuses; PostgreSQL quotes it as a whole: "Failing row contains (…)"."""
    if is_sqlite(engine):
        return "INSERT INTO person (name, phone, id_last4) VALUES (?, ?, ?)", (one.name, one.phone, one.number)
    values = {"name": one.name, "phone": one.phone, "number": one.number}
    return "INSERT INTO person (name, phone, id_last4) VALUES (%(name)s, %(phone)s, %(number)s)", values


def run_commands(office: Office, folder: Path) -> str:
    """Everything that commands print and write, but what is sealed."""
    office.engine.dispose()
    year = ("--bureau", "shawan", "--from", "2026-01-01", "--to", "2026-12-31", "--out", "cases.xlsx")
    commands = (
        *(("doctor",), ("verify",), ("tick",), ("worker", "--once"), ("export", *year), ("export", *year)),
        *(
            ("purge", "--dry-run"),
            ("backup", "backups"),
            ("seal-files",),
            ("rotate-keys", "--yes"),
            ("verify", "--json"),
        ),
        *(("hold", "nobody", "--reason", "x", "--by", "nobody"), ("staff", "list"), ("restore", "cases.xlsx")),
    )
    (folder / "backups").mkdir()
    results = [CliRunner().invoke(main, list(words)) for words in commands]
    assert results[4].exit_code == results[9].exit_code == 0, results[9].output
    sheet = load_workbook("cases.xlsx").active
    cells = "\n".join(str(value) for row in sheet.iter_rows(values_only=True) for value in row)  # type: ignore[union-attr]
    return "\n".join([cells, *(result.output + repr(result.exception) for result in results)])


def test_nothing_personal_leaves_by_a_door_it_should_not(
    app: Flask,
    office: Office,
    statements: Log | None,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    heard = Heard()
    clerk = Listening(office, Counter.of(app, office, "clerk").client)
    clerk.heard = heard
    shown: list[TestResponse] = []
    with structlog.testing.capture_logs() as logged:
        for one in PEOPLE:
            number = go_through(clerk, one)
            shown += look_around(clerk, one, number) if one in PEOPLE[::4] else [clerk.get(f"/cases/{number}")]
        for one in PEOPLE[:4]:
            go_astray(clerk, one)
        for k, one in enumerate(PEOPLE[:STATEMENTS], 1):
            break_down(clerk, one, office.engine, k)
    printed = run_commands(office, tmp_path)

    told = capfd.readouterr()
    assert {200, 303, 404, 422, 500} <= heard.statuses
    assert sum(entry["event"] == "unexpected" for entry in logged) >= 5
    assert found_in(repr(logged) + caplog.text + told.out + told.err) == []
    assert found_in("\n".join(heard.addresses)) == []
    assert found_in("\n".join(heard.names)) == []
    assert found_in("\n".join(heard.faults)) == []
    assert found_in(printed) == []
    assert found_in("\n".join(str(path) for path in tmp_path.rglob("*"))) == []
    secrets = {secret for one in PEOPLE for secret in one.secrets()}
    assert [secret for page in shown for secret in secrets if secret in page.text] == []
    if statements is not None:
        assert found_in(statements.read()) == []
        assert "INSERT INTO cases" in statements.read()


# --- the controls: each kind of leak is found by the same search


def test_a_leaky_log_line_address_or_name_is_found(capfd: pytest.CaptureFixture[str]) -> None:
    one = PEOPLE[7]

    structlog.get_logger().error("oops", person=one.name)

    assert found_in(capfd.readouterr().out) == [one.name]
    assert found_in(f"/search?q={quote(one.name)}&amp;phone={one.phone}") == [one.name, one.phone]
    assert found_in(f"attachment; filename*=UTF-8''{quote(one.holder)}.pdf") == [one.holder]


def test_a_database_without_the_settings_of_the_manual_leaks_and_is_found(
    engine: Engine, statements: Log | None
) -> None:
    one = PEOPLE[3]
    if statements is None:
        leaky = create_engine(engine.url)
        with leaky.connect() as connection, pytest.raises(IntegrityError) as caught:
            connection.exec_driver_sql(*refused_row(engine, one))
        leaky.dispose()
        assert set(found_in(str(caught.value))) >= {one.name, one.number}
        return
    with engine.connect() as connection:
        name = connection.exec_driver_sql("SELECT current_database()").scalar_one()
        for setting in DISCREET:
            connection.exec_driver_sql(f"ALTER DATABASE {name} RESET {setting.partition(' ')[0]}")
        connection.commit()
    engine.dispose()

    with engine.connect() as connection, pytest.raises(IntegrityError):
        connection.exec_driver_sql(*refused_row(engine, one))

    assert set(found_in(statements.read())) >= {one.name, one.number}


def test_an_error_of_the_database_names_the_rule_and_nobody(engine: Engine) -> None:
    one = PEOPLE[5]

    with pytest.raises(IntegrityError) as caught, writing(engine) as connection:
        connection.exec_driver_sql(*refused_row(engine, one))

    told = "".join(format_exception(caught.value))
    assert found_in(told) == []
    assert "person" in told


def test_a_value_that_does_not_fit_is_not_quoted(engine: Engine) -> None:
    if is_sqlite(engine):
        return
    one = PEOPLE[6]

    with pytest.raises(DBAPIError) as caught, reading(engine) as connection:
        connection.exec_driver_sql("SELECT CAST(CAST(%(a)s AS text) AS integer)", {"a": one.number})

    assert found_in("".join(format_exception(caught.value))) == []
    assert "data exception 22003" in str(caught.value)


def test_the_trace_of_an_error_says_where_and_not_what() -> None:
    one = PEOPLE[8]
    error = KeyError(one.number)
    error.__cause__ = ValueError(one.name)

    told = web_errors._trace(error)

    assert found_in(told) == []
    assert told.splitlines() == ["builtins.ValueError", "builtins.KeyError"]
