"""How often one address may call the pages that are open to everybody; the rest needs a session.

Counted in this process: it keeps a process from being worn out and proves nothing about a person. What must hold over
all processes, wrong passwords and wrong query codes, is counted in the database.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime
from threading import Lock
from typing import Final

from flask import Flask, current_app, request
from werkzeug.exceptions import TooManyRequests

from web.addresses import counted_address
from web.clock import now
from web.gate import is_public

MOST_A_MINUTE: Final = 300
"""Calls of one address within a minute by the clock; a whole office may stand behind one."""

MOST_ADDRESSES: Final = 10_000
KEPT: Final = "caseflow_rates"


class Rates:
    """Calls of this minute by address; of more addresses than fit, the one not heard of for longest is forgotten."""

    def __init__(self, most: int = MOST_A_MINUTE) -> None:
        self.most = most
        self._minute = ""
        self._calls: OrderedDict[str, int] = OrderedDict()
        self._lock = Lock()

    def allows(self, address: str, moment: datetime) -> bool:
        """Count one call; whether this address has made no more than `most` within the minute."""
        minute = f"{moment:%Y%m%d%H%M}"
        with self._lock:
            if minute != self._minute:
                self._minute = minute
                self._calls.clear()
            self._calls[address] = self._calls.get(address, 0) + 1
            self._calls.move_to_end(address)
            if len(self._calls) > MOST_ADDRESSES:
                self._calls.popitem(last=False)
            return self._calls[address] <= self.most


def install(app: Flask) -> None:
    """Stand before the pages open to everybody."""
    app.extensions[KEPT] = Rates()
    app.before_request(_count)


def _count() -> None:
    if not is_public(request.endpoint):
        return
    rates: Rates = current_app.extensions[KEPT]
    if not rates.allows(counted_address(), now()):
        raise TooManyRequests(retry_after=60)
