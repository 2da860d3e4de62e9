"""The clock of the web door: the one place of `web` where time comes from, and one reading for each request."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from flask import Flask, current_app, g

from caseflow.house import BEIJING, beijing_day

Clock = Callable[[], datetime]

_KEY = "caseflow_clock"


def system_clock() -> datetime:
    """The machine's time, aware, in Beijing time."""
    return datetime.now(BEIJING)


def install(app: Flask, clock: Clock | None) -> None:
    """Give the application its clock; None is the machine's own."""
    app.extensions[_KEY] = clock or system_clock


def now() -> datetime:
    """The moment of this request, aware, +08:00: the same however often it is asked within one request."""
    if "now" not in g:
        read: Clock = current_app.extensions[_KEY]
        g.now = read().astimezone(BEIJING)
    moment: datetime = g.now
    return moment


def today() -> date:
    """The Beijing day of this request."""
    return beijing_day(now())
