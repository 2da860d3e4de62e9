"""A counter for tests: a browser without JavaScript that keeps a page's form, fills it in and sends it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from caseflow.config import Settings
from caseflow.desk import sessions
from caseflow.house import new_master
from caseflow.store.db import writing
from tests.support.office import Office, field_values, first_answers
from web import create_app
from web.gate import TOKEN


def open_door(office: Office) -> Flask:
    """The web door of an office: its database, its keys, its clock."""
    app = create_app(Settings("sqlite://", new_master(), secure_cookies=False), lambda: office.now)
    app.extensions["caseflow_engine"] = office.engine
    app.extensions["caseflow_house"] = office.house
    app.config["WTF_CSRF_ENABLED"] = False
    return app


@dataclass
class Counter:
    """One member of staff at a browser."""

    office: Office
    client: FlaskClient

    @classmethod
    def of(cls, app: Flask, office: Office, who: str) -> Counter:
        client = app.test_client()
        with writing(office.engine) as session:
            token = sessions.open_session(session, office.staff[who].id, "A区3号窗口", office.now)
        with client.session_transaction() as cookies:
            cookies[TOKEN] = token
        return cls(office, client)

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def send(self, path: str, form: dict[str, str]) -> TestResponse:
        return self.client.post(path, data=form)

    def fields(self, page: TestResponse, action: str) -> dict[str, str]:
        """What a browser would send of the form with this address."""
        return read_form(page.text, action)

    def register_to(self, step: int, item_key: str, **typed: str) -> dict[str, str]:
        """The form of 收件登记 as it stands on this step, filled in for a person of whom nothing is wrong."""
        item = self.office.item(item_key)
        answers = first_answers(item)
        form = self.fields(self.get(f"/register?item={item_key}"), "/register")
        form |= {f"answer.{key}": answer for key, answer in answers.items()}
        form |= {"applicant.id_kind": "resident_id", "applicant.id_number": "11010519491231002X"}
        form |= {"applicant.name": "张霈", "applicant.phone": "13912345678"}
        form |= {f"f.{key}": value for key, value in field_values(item, answers).items()} | typed
        for here in range(1, step):
            page = self.send("/register", form | {"go": {1: "people", 2: "materials"}[here]})
            form = self.fields(page, "/register") | (form if here == 1 else {})
        return form

    def decide(self, item_key: str, decision: str, needs: dict[str, str] | None = None, **typed: str) -> TestResponse:
        """All three steps with every line received and this decision."""
        form = self.register_to(3, item_key, **typed)
        form = self.fields(self.send("/register", form | {"go": "all"}), "/register")
        entries = {f"need.{decision}.{key}": value for key, value in (needs or {}).items()}
        return self.send("/register", form | entries | {"decision": decision, "go": "submit"})

    def act(self, number: str, action: str, **needs: str) -> TestResponse:
        """One step by the form of the case page."""
        address = f"/cases/{number}/{action}"
        form = self.fields(self.get(f"/cases/{number}"), address)
        page = self.send(address, form | {f"need.{action}.{key}": value for key, value in needs.items()})
        if 'name="confirmed"' not in page.text:
            return page
        return self.send(address, self.fields(page, address))


def number_of(page: TestResponse) -> str:
    """The case number in the address of the done page a submission leads to."""
    assert page.status_code == 303, faults_of(page)
    return page.headers["Location"].rpartition("/")[2]


def faults_of(page: TestResponse) -> list[str]:
    """What the top of a page says is wrong."""
    return re.findall(r"<li>(?:<a [^>]*>)?([^<]+)", page.text.partition('id="wrong"')[2].partition("</ul>")[0])


@dataclass
class _Form:
    action: str
    entries: dict[str, str] = field(default_factory=dict)


class _Forms(HTMLParser):
    """The forms of a page with the entries a browser would send."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[_Form] = []
        self.area = ""
        self.select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(_Form(held.get("action", "")))
        elif self.forms and tag == "input" and held.get("name"):
            self._input(held)
        elif self.forms and tag == "textarea":
            self.area = held["name"]
            self.forms[-1].entries[self.area] = ""
        elif self.forms and tag == "select":
            self.select = held["name"]
            self.forms[-1].entries[self.select] = ""
        elif tag == "option" and self.select and "selected" in held:
            self.forms[-1].entries[self.select] = held.get("value", "")

    def _input(self, held: dict[str, str]) -> None:
        if held.get("type") in ("radio", "checkbox") and "checked" not in held:
            return
        self.forms[-1].entries[held["name"]] = held.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        self.area = "" if tag == "textarea" else self.area
        self.select = "" if tag == "select" else self.select

    def handle_data(self, data: str) -> None:
        if self.area:
            self.forms[-1].entries[self.area] += (
                data.removeprefix("\n") if not self.forms[-1].entries[self.area] else data
            )


def read_form(html: str, action: str) -> dict[str, str]:
    """The entries of the form with this address."""
    parser = _Forms()
    parser.feed(html)
    found = [form.entries for form in parser.forms if form.action == action]
    assert found, f"no form for {action}"
    return found[0]


@dataclass
class Door:
    """The web door of an office, with a browser for each member of its staff."""

    app: Flask
    office: Office

    @classmethod
    def of(cls, office: Office) -> Door:
        return cls(open_door(office), office)

    def __getattr__(self, who: str) -> Counter:
        return Counter.of(self.app, self.office, who)
