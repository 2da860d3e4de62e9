"""waitress with bounds: how large a request may be, how slowly it may come, and how many may be under way."""

from __future__ import annotations

from typing import Any, Final

from waitress.channel import HTTPChannel
from waitress.server import create_server

from caseflow.config import Settings

MOST_HEADERS: Final = 32 * 1024
"""All headers of a request together, in bytes."""

MOST_BODY: Final = 53 * 1024 * 1024
"""A request's body, in bytes: one form of attachments (52 MB) and what stands around it."""

MOST_CONNECTIONS: Final = 500
PATIENCE: Final = 30
"""Seconds a connection may be idle, or a request may be late."""

SLOWEST: Final = 8 * 1024
"""Bytes a second: at this pace a request is never late; slower, it has `PATIENCE` to spare in all."""


class TimedChannel(HTTPChannel):  # type: ignore[misc]  # waitress publishes no types
    """A connection on which a request must come on: a byte now and then does not keep it open, as waitress would."""

    last_activity: float
    _seen = 0.0

    def received(self, data: bytes) -> bool:
        """Take what came; while a request is half there, the time it bought is all that counts as activity."""
        waiting = self.request is not None
        taken: bool = super().received(data)
        if waiting and self.request is not None:
            self.last_activity = min(self.last_activity, self._seen + len(data) / SLOWEST)
        self._seen = self.last_activity
        return taken


def open_server(app: Any, settings: Settings, *, patience: int = PATIENCE) -> Any:
    """A server that listens; OSError or ValueError where it cannot."""
    sockets: dict[int, Any] = {}
    server = create_server(
        app,
        map=sockets,
        host=settings.host,
        port=settings.port,
        threads=settings.threads,
        # Waitress drops X-Forwarded-For unless told not to; how many of its entries count is the application's to say.
        clear_untrusted_proxy_headers=not settings.trusted_proxies,
        max_request_header_size=MOST_HEADERS,
        max_request_body_size=MOST_BODY,
        connection_limit=MOST_CONNECTIONS,
        channel_timeout=patience,
        cleanup_interval=min(patience, 5),
        # select() takes no more than 1024 files.
        asyncore_use_poll=True,
        # Which program serves is nobody's business.
        ident=None,
    )
    for one in sockets.values():
        one.channel_class = TimedChannel
    return server
