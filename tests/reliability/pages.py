"""Browsers against a real `caseflow serve`, which is killed and started again under them."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

from argon2 import PasswordHasher
from sqlalchemy import select, update

from caseflow.store.db import create_engine_for, reading, upgrade, writing
from caseflow.store.models import CaseRow, StaffRow
from tests.reliability.books import Audit, audit
from tests.reliability.clusters import killable_cluster
from tests.reliability.desks import HOUSE, MASTER, Ack
from tests.support.office import field_values, first_answers, open_office
from tests.support.postgres import _free_port, find_programs
from tests.web.counter import read_form

ITEM = "transfer-continuation"
PASSWORD = "correct-horse-7"
CLIENTS = 3
STEPS = ("accept", "hand_over", "approve", "close")
NEEDS = {
    "accept": {"complete": "on", "genuine": "on"},
    "approve": {"lawful": "on", "conditions": "on", "opinion": "同意"},
    "close": {"result": "已办理"},
}
_PATIENCE_SECONDS = 300
"""Long enough for a machine with much else to do; what is measured is how long it took."""

_ENVIRONMENT = {"CASEFLOW_MASTER_KEY": MASTER, "CASEFLOW_SECURE_COOKIES": "false", "PYTHONUNBUFFERED": "1"}


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: its status, where it leads, and its page."""

    status: int
    location: str
    text: str


@dataclass
class Browser:
    """Cookies and the patience to send a request again until it is answered."""

    port: int
    stopped: threading.Event
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> Answer:
        return self._ask("GET", path, None)

    def post(self, path: str, form: dict[str, str]) -> Answer:
        return self._ask("POST", path, urlencode(form))

    def follow(self, answer: Answer) -> Answer:
        return self.get(answer.location)

    def _ask(self, method: str, path: str, body: str | None) -> Answer:
        """The first answer that is one: a killed server gives none, one that lost its database says 503."""
        while not self.stopped.is_set():
            with suppress(OSError, http.client.HTTPException):
                answer = self._once(method, path, body)
                if answer.status != 503:
                    return answer
            time.sleep(0.02)
        raise Stopped

    def _once(self, method: str, path: str, body: str | None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            connection.request(method, path, body, headers)
            got = connection.getresponse()
            text = got.read().decode("utf-8")
        finally:
            connection.close()
        for _, value in (pair for pair in got.getheaders() if pair[0].lower() == "set-cookie"):
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(value).items()}
        return Answer(got.status, got.getheader("Location") or "", text)


class Stopped(Exception):
    """The campaign is over."""


@dataclass
class Client:
    """A clerk and a reviewer who take one case after the other along its road, by the forms of the pages."""

    port: int
    stopped: threading.Event
    clerk: str
    reviewer: str
    acks: list[Ack] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def run(self) -> None:
        with suppress(Stopped):
            clerk, reviewer = self._signed_in(self.clerk), self._signed_in(self.reviewer)
            while True:
                self._one_case(clerk, reviewer)

    def _signed_in(self, number: str) -> Browser:
        browser = Browser(self.port, self.stopped)
        form = read_form(browser.get("/login").text, "/login")
        answer = browser.post("/login", form | {"number": number, "password": PASSWORD})
        if answer.status != 303:
            self.wrong.append(f"sign-in of {number}: {answer.status}")
            raise Stopped
        return browser

    def _one_case(self, clerk: Browser, reviewer: Browser) -> None:
        form = self._filled(clerk)
        number = self._expect(clerk.post("/register", form), "/register/done/").rpartition("/")[2]
        if not number:
            return
        self.acks += [Ack(number, 0, 1, "register"), Ack(number, 0, 2, "accept")]
        for n, action in enumerate(STEPS[1:], 3):
            browser = reviewer if action == "approve" else clerk
            address = f"/cases/{number}/{action}"
            page = browser.get(f"/cases/{number}").text
            needs = {f"need.{action}.{key}": text for key, text in NEEDS.get(action, {}).items()}
            if not self._expect(browser.post(address, read_form(page, address) | needs), f"/cases/{number}"):
                return
            self.acks.append(Ack(number, 0, n, action))

    def _filled(self, clerk: Browser) -> dict[str, str]:
        """The last step of 收件登记, every line received."""
        item = HOUSE.catalogue.item("shawan", ITEM)
        answers = first_answers(item)
        form = read_form(clerk.get(f"/register?item={ITEM}").text, "/register")
        form |= {f"answer.{key}": answer for key, answer in answers.items()}
        form |= {"applicant.id_kind": "resident_id", "applicant.id_number": "11010519491231002X"}
        form |= {"applicant.name": "张霈", "applicant.phone": "13912345678"}
        form |= {f"f.{key}": value for key, value in field_values(item, answers).items()}
        form = read_form(clerk.post("/register", form | {"go": "people"}).text, "/register") | form
        for go in ("materials", "all"):
            form = read_form(clerk.post("/register", form | {"go": go}).text, "/register")
        needs = {f"need.accept.{key}": text for key, text in NEEDS["accept"].items()}
        return form | needs | {"decision": "accept", "go": "submit"}

    def _expect(self, answer: Answer, leads_to: str) -> str:
        """Where the answer leads; whatever else it is goes on the list of wrong answers."""
        if answer.status == 303 and answer.location.startswith(leads_to):
            return answer.location
        self.wrong.append(f"{answer.status} {answer.location} instead of 303 {leads_to}")
        return ""


@dataclass
class Pages:
    """A served database with clients at work."""

    url: str
    folder: Path
    port: int
    people: list[tuple[str, str]]
    clients: list[Client] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)
    server: subprocess.Popen[bytes] | None = None

    @classmethod
    @contextmanager
    def open(cls, database: str) -> Iterator[Pages]:
        """A database of this kind, its server, and people at work."""
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="caseflow-crash-")))
            url = f"sqlite:///{folder}/crash.db"
            if database == "postgresql":
                programs = find_programs()
                assert programs is not None
                url = stack.enter_context(killable_cluster(programs)).url
            pages = cls(url, folder, _free_port(), prepare_sign_in(url))
            stack.callback(pages.close)
            pages.serve()
            pages.await_page()
            pages.begin()
            yield pages

    def serve(self) -> None:
        with (self.folder / "serve.log").open("ab") as log:
            self.server = subprocess.Popen(
                [sys.executable, "-m", "caseflow.cli", "serve", "--port", str(self.port)],
                env={**os.environ, **_ENVIRONMENT, "CASEFLOW_DATABASE_URL": self.url},
                cwd=self.folder,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def begin(self) -> None:
        self.clients = [Client(self.port, self.stopped, *pair) for pair in self.people]
        self.threads = [threading.Thread(target=client.run) for client in self.clients]
        for thread in self.threads:
            thread.start()

    def kill(self) -> float:
        """kill -9, start again; seconds until a page is answered."""
        assert self.server is not None
        began = time.monotonic()
        self.server.send_signal(signal.SIGKILL)
        self.server.wait()
        self.serve()
        self.await_page()
        return time.monotonic() - began

    def await_page(self) -> None:
        asking = threading.Event()
        browser, until = Browser(self.port, asking), time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < until:
            with suppress(OSError, http.client.HTTPException):
                if browser._once("GET", "/login", None).status == 200:
                    return
            time.sleep(0.01)
        raise TimeoutError((self.folder / "serve.log").read_text(encoding="utf-8"))

    def await_progress(self, steps: int) -> None:
        """Wait until so many steps more are acknowledged."""
        until, enough = time.monotonic() + _PATIENCE_SECONDS, len(self.acks()) + steps
        while len(self.acks()) < enough:
            if time.monotonic() > until or not any(thread.is_alive() for thread in self.threads):
                raise TimeoutError(f"the browsers stand still: {self.wrong}")
            time.sleep(0.005)

    def finish(self) -> None:
        """Everybody stops; whoever waits for an answer is let go."""
        self.stopped.set()
        for thread in self.threads:
            thread.join()

    def close(self) -> None:
        self.finish()
        if self.server is not None:
            self.server.kill()
            self.server.wait()

    @property
    def wrong(self) -> list[str]:
        return [text for client in self.clients for text in client.wrong]

    def acks(self) -> set[Ack]:
        return {ack for client in self.clients for ack in list(client.acks)}

    def audit(self) -> Audit:
        """The acknowledged steps by their cases' numbers, in the database; no file says what else was asked."""
        engine = create_engine_for(self.url)
        try:
            with reading(engine) as session:
                ids = {row.number: row.id for row in session.execute(select(CaseRow.number, CaseRow.id))}
            acks = [ack._replace(case_id=ids.get(ack.key, 0)) for ack in self.acks()]
            return audit(engine, HOUSE, [ack._replace(key=f"{ack.key}.{ack.seq}") for ack in acks], (), dates=False)
        finally:
            engine.dispose()


def prepare_sign_in(url: str) -> list[tuple[str, str]]:
    """The numbers of a clerk and a reviewer for each client, all with one password; its hash is made to be quick."""
    engine = create_engine_for(url)
    upgrade(engine)
    office = open_office(
        engine, extra={f"{role}{n}": (role,) for n in range(CLIENTS) for role in ("clerk", "reviewer")}
    )
    hasher = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
    with writing(engine) as session:
        session.execute(update(StaffRow).values(password_hash=hasher.hash(PASSWORD)))
    engine.dispose()
    return [(office.staff[f"clerk{n}"].number, office.staff[f"reviewer{n}"].number) for n in range(CLIENTS)]
