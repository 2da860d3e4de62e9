"""A real server for a test: waitress on loopback, in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from waitress.server import create_server
from waitress.wasyncore import close_all


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The address of the application while it is served.

    Its sockets are closed by the thread that waits on them: closed by another, the wait would fail.
    """
    sockets: dict[int, Any] = {}
    server = create_server(app, map=sockets, host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.trigger.pull_trigger(lambda: close_all(sockets))
        thread.join(timeout=10)
