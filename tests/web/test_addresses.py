"""From where a request comes is said by the peer alone, unless so many proxies are said to be there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from flask import Flask, request
from sqlalchemy import select

from caseflow.cli.listening import open_server
from caseflow.config import Settings
from caseflow.desk.staff import add_staff
from caseflow.house import new_master
from caseflow.store.db import reading, writing
from caseflow.store.side_models import PublicAttemptRow
from caseflow.store.sign_in_models import SignInRow
from tests.support.office import Office
from web import create_app
from web.addresses import counted_address, install

PEER = "192.0.2.9"


def seen(proxies: int, **headers: str) -> tuple[str, bool]:
    app = Flask("door")
    install(app, proxies)
    found: list[tuple[str, bool]] = []
    app.add_url_rule("/", "here", lambda: found.append((counted_address(), request.is_secure)) or "")
    app.test_client().get("/", headers=headers, environ_base={"REMOTE_ADDR": PEER})
    return found[0]


@pytest.mark.parametrize(
    ("proxies", "header", "address"),
    [
        (0, "203.0.113.5", PEER),
        (1, "203.0.113.5", "203.0.113.5"),
        (1, "198.51.100.1, 203.0.113.5", "203.0.113.5"),  # the first was written by the client
        (2, "198.51.100.1, 203.0.113.5", "198.51.100.1"),
        (2, "1.2.3.4, 198.51.100.1, 203.0.113.5", "198.51.100.1"),
        (2, "203.0.113.5", PEER),  # one too few: nobody is believed
        (1, "", PEER),
        (1, "2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        (1, "unknown", "unknown"),
    ],
)
def test_as_many_addresses_are_believed_as_there_are_proxies(proxies: int, header: str, address: str) -> None:
    assert seen(proxies, **{"X-Forwarded-For": header})[0] == address


@pytest.mark.parametrize("proxies", [0, 1])
def test_the_scheme_is_believed_from_a_proxy_alone(proxies: int) -> None:
    assert seen(proxies, **{"X-Forwarded-Proto": "https"})[1] is bool(proxies)


@contextmanager
def served(office: Office, proxies: int) -> Iterator[str]:
    """The office's door behind the real server, and said to stand behind so many proxies."""
    settings = Settings("sqlite://", new_master(), port=0, secure_cookies=False, trusted_proxies=proxies)
    app = create_app(settings, lambda: office.now)
    app.extensions |= {"caseflow_engine": office.engine, "caseflow_house": office.house}
    app.config["WTF_CSRF_ENABLED"] = False
    server = open_server(app, settings)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    thread.join(timeout=10)


def send(address: str, form: dict[str, str], forwarded: str) -> int:
    request = Request(address, urlencode(form).encode(), {"X-Forwarded-For": forwarded})  # noqa: S310 - our own server
    try:
        with urlopen(request, timeout=20) as answer:  # noqa: S310
            return int(answer.status)
    except HTTPError as error:
        with error:
            return error.code


@pytest.mark.parametrize(("proxies", "kept"), [(0, "127.0.0.1"), (1, "203.0.113.5")])
def test_the_server_hands_on_what_the_proxies_say_and_nothing_otherwise(
    office: Office, proxies: int, kept: str
) -> None:
    with served(office, proxies) as address:
        status = send(f"{address}/login", {"number": "nobody", "password": "x"}, "198.51.100.1, 203.0.113.5")
        for _ in range(2):
            send(f"{address}/progress", {"code": "ZZZZ2345", "last_four": "0000"}, "203.0.113.5")

    with reading(office.engine) as session:
        told = session.scalars(select(SignInRow.address)).all()
        asked = session.scalars(
            select(PublicAttemptRow.count).where(PublicAttemptRow.key == office.house.keys.index(f"address:{kept}"))
        ).all()
    assert status == 401
    assert told == [kept]
    assert asked == [2]


@pytest.mark.parametrize("secure", [True, False])
def test_cookies_carry_the_host_prefix_where_they_are_secure(office: Office, secure: bool) -> None:
    app = create_app(Settings("sqlite://", new_master(), secure_cookies=secure), lambda: office.now)
    app.extensions |= {"caseflow_engine": office.engine, "caseflow_house": office.house}
    app.config["WTF_CSRF_ENABLED"] = False
    with writing(office.engine) as session:
        hired = {"bureau": "shawan", "number": "c100", "name": "李晓燕", "roles": ["clerk"], "now": office.now}
        add_staff(session, password="tianshan-2026", **hired)

    page = app.test_client().post(
        "/login",
        data={"number": "c100", "password": "tianshan-2026", "window": "A区3号窗口"},
        base_url="https://office.example" if secure else "http://office.example",
    )

    cookies = page.headers.getlist("Set-Cookie")
    names = sorted(text.partition("=")[0] for text in cookies)
    prefix = "__Host-" if secure else ""
    assert names == [f"{prefix}caseflow", f"{prefix}caseflow_window"]
    for text in cookies:
        assert "HttpOnly" in text
        assert "SameSite=Lax" in text
        assert "Path=/" in text
        assert "Domain" not in text
        assert ("Secure" in text) is secure
