"""From where a request comes: the peer, or behind proxies that are said to be there, whom the outermost of them saw."""

from __future__ import annotations

import ipaddress

from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix


def install(app: Flask, proxies: int) -> None:
    """Believe X-Forwarded-For as far as there are proxies, and X-Forwarded-Proto of the nearest; without any, neither.

    Each proxy adds one address at the right: with the exact count, what a client wrote itself is never taken.
    """
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=1, x_host=0, x_port=0, x_prefix=0)  # type: ignore[method-assign]


def counted_address() -> str:
    """Whom an attempt counts for: an IPv4 address, or the network of an IPv6 one, which one household has whole."""
    text = request.remote_addr or ""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text[:100]
    if address.version == 4:  # noqa: PLR2004 - IPv4
        return text
    return str(ipaddress.ip_network((address, 64), strict=False))
