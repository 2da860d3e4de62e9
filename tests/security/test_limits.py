"""A request that is too large, too slow or not even one is turned away, and the server goes on serving others."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from waitress.channel import HTTPChannel
from werkzeug.test import TestResponse

from caseflow.cli.listening import MOST_BODY, MOST_HEADERS, PATIENCE, SLOWEST, TimedChannel, open_server
from caseflow.config import Settings
from caseflow.house import BEIJING, new_master
from web import create_app
from web.rates import MOST_A_MINUTE, MOST_ADDRESSES, Rates

GREETING = b"hello"
RESET = b"reset"
SETTINGS = Settings("sqlite://", new_master(), port=0, threads=2)


def _app(environ: dict[str, Any], start: Any) -> list[bytes]:
    start("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(GREETING)))])
    return [GREETING]


@pytest.fixture
def port() -> Iterator[int]:
    """A server on loopback that waits for nobody longer than a second."""
    server = open_server(_app, SETTINGS, patience=1)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield server.effective_port
    server.close()
    thread.join(timeout=10)


def _answer(port: int, sent: bytes) -> bytes:
    """What comes back until the server closes; the test waits for the server and never for a clock."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        try:
            connection.sendall(sent)
            return b"".join(iter(lambda: connection.recv(65_536), b""))
        except ConnectionError:
            return RESET


def _status(answer: bytes) -> str:
    return answer.split(b" ")[1].decode() if answer.startswith(b"HTTP/") else ""


def _still_serves(port: int) -> bool:
    return _answer(port, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").endswith(GREETING)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\nX: " + b"a" * MOST_HEADERS + b"\r\n\r\n", "431"),
        (b"GET /" + b"a" * MOST_HEADERS + b" HTTP/1.1\r\n\r\n", "431"),
        (b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (MOST_BODY + 1), "413"),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "400"),
        (b"POST / HTTP/1.1\r\nContent-Length: 1e3\r\n\r\n", "400"),
        (b"POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", "400"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nXYZ\r\n", "400"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", "501"),
        (b"GET / HTTP/1.1\r\nX : a\r\n\r\n", "400"),
        (b"GET / HTTP/1.1\r\nX: a\nY: b\r\n\r\n", "400"),
        (b"\x16\x03\x01\x02\x00 not http\r\n\r\n", "400"),
    ],
    ids=lambda value: repr(value[:50]) if isinstance(value, bytes) else value,
)
def test_what_is_no_proper_request_is_turned_away(port: int, sent: bytes, status: str) -> None:
    answer = _answer(port, sent)

    # Who still sends when the server has closed hears of a reset connection and not of the reason.
    assert _status(answer) == status or (answer == RESET and status == "431")
    assert _still_serves(port)


def test_chunks_decide_where_a_length_says_otherwise(port: int) -> None:
    """RFC 9112, 6.3: a server that took the length would see one request where a proxy sees two."""
    second = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    both = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"

    answer = _answer(port, both % (5 + len(second)) + second)

    assert answer.count(GREETING) == 2


@pytest.mark.parametrize(
    "begun",
    [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: a\r\n", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"],
)
def test_who_stops_in_the_middle_is_left(port: int, begun: bytes) -> None:
    assert GREETING not in _answer(port, begun)
    assert _still_serves(port)


def test_the_server_does_not_say_which_program_it_is(port: int) -> None:
    head = _answer(port, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").partition(b"\r\n\r\n")[0]

    assert b"waitress" not in head.lower()


class _Clock:
    """Time as `waitress.channel` reads it."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def time(self) -> float:
        return self.now


def _trickled(kind: type[Any], monkeypatch: pytest.MonkeyPatch, data: bytes, every: float, seconds: float) -> float:
    """How long ago a connection counts as last active that has sent `data` each `every` seconds for so long."""
    clock = _Clock()
    monkeypatch.setattr("waitress.channel.time", clock)
    adjusted = open_server(_app, SETTINGS)
    ours, theirs = socket.socketpair()
    try:
        channel = kind(
            SimpleNamespace(add_task=lambda _: None, active_channels={}), ours, ("", 0), adjusted.adj, map={}
        )
        channel.recv = lambda _size: data
        first, channel.recv = data, lambda _size: b"POST / HTTP/1.1\r\nContent-Length: 50000000\r\nX: "
        channel.handle_read()
        channel.recv = lambda _size: first
        while clock.now < 1_000_000.0 + seconds:
            clock.now += every
            channel.handle_read()
        return clock.now - channel.last_activity
    finally:
        if channel.request is not None:
            channel.request.close()
        adjusted.close()
        ours.close()
        theirs.close()


def test_a_byte_now_and_then_does_not_keep_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    idle = _trickled(TimedChannel, monkeypatch, b"a", every=10, seconds=PATIENCE + 10)

    assert idle > PATIENCE


def test_waitress_alone_would_keep_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control."""
    idle = _trickled(HTTPChannel, monkeypatch, b"a", every=10, seconds=PATIENCE + 10)

    assert idle < PATIENCE


def test_a_request_that_comes_on_has_all_the_time_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    idle = _trickled(TimedChannel, monkeypatch, b"\r\n\r\n" + b"a" * SLOWEST, every=1, seconds=10 * PATIENCE)

    assert idle < PATIENCE


def test_one_address_calls_public_pages_so_often_and_others_still_may(tmp_path: Path) -> None:
    moment = [datetime(2026, 3, 2, 10, 30, 59, tzinfo=BEIJING)]
    settings = Settings(f"sqlite:///{tmp_path / 'none.db'}", new_master(), files_dir=tmp_path, secure_cookies=False)
    phone = create_app(settings, lambda: moment[0]).test_client()

    def asked(address: str) -> TestResponse:
        return phone.get("/progress", environ_overrides={"REMOTE_ADDR": address})

    calls = [asked("10.0.0.1") for _ in range(MOST_A_MINUTE + 1)]

    assert [page.status_code for page in calls[-2:]] == [200, 429]
    assert calls[-1].headers["Retry-After"] == "60"
    assert "请一分钟后再试" in calls[-1].get_data(as_text=True)
    assert asked("10.0.0.2").status_code == 200
    moment[0] += timedelta(seconds=1)
    assert asked("10.0.0.1").status_code == 200


def test_the_count_of_addresses_is_bounded() -> None:
    rates = Rates(most=1)
    moment = datetime(2026, 3, 2, 10, 30, tzinfo=BEIJING)

    for n in range(MOST_ADDRESSES + 5):
        rates.allows(str(n), moment)

    assert not rates.allows(str(MOST_ADDRESSES + 4), moment)
    assert rates.allows("0", moment)
