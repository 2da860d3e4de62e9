"""The web door: pages for staff behind a signed-in session."""

from __future__ import annotations

from flask import Flask, Response, current_app, request
from werkzeug.routing import IntegerConverter

from caseflow.config import Settings
from caseflow.house import House
from web import (
    addresses,
    admin,
    attachments,
    auth,
    board,
    calendar,
    carrying,
    cases,
    drafts,
    errors,
    foresight,
    frame,
    gate,
    help_pages,
    intake,
    items,
    logs,
    messages,
    offices,
    once,
    orders,
    personal,
    public,
    queues,
    rates,
    reports,
    second_factor,
    supervise,
    texts,
    walk,
)
from web import clock as clocks

_DOORS = (
    auth,
    second_factor,
    queues,
    supervise,
    orders,
    board,
    reports,
    foresight,
    items,
    intake,
    drafts,
    cases,
    carrying,
    attachments,
    calendar,
    messages,
    public,
    admin,
    offices,
    logs,
    personal,
    help_pages,
)
MOST_BYTES = 2 * 1024 * 1024
CONTENT_SECURITY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; object-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_HTTPS_ONLY = "max-age=31536000; includeSubDomains"


class RowId(IntegerConverter):
    """A row's id in an address: digits that fit the column; anything else is no such page."""

    regex = r"[0-9]{1,18}"


def create_app(settings: Settings, clock: clocks.Clock | None = None) -> Flask:
    """The application of one installation; RuntimeError where a route carries no policy."""
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=settings.cookie_secret,
        MAX_CONTENT_LENGTH=MOST_BYTES,
        MAX_FORM_PARTS=2000,
        # With the prefix a browser takes it from this host alone, over https alone (RFC 6265bis, 4.1.3).
        SESSION_COOKIE_NAME="__Host-caseflow" if settings.secure_cookies else "caseflow",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        # A form lives as long as the session it was opened in.
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=settings.secure_cookies,
    )
    app.url_map.converters["int"] = RowId
    addresses.install(app, settings.trusted_proxies)
    clocks.install(app, clock)
    rates.install(app)
    texts.install(app)
    # The gate stands before the check of form tokens: who is not signed in is sent to sign in, not told of tokens.
    house = House.open(settings.master_key, settings.items_dir, settings.sign_in)
    gate.install(app, settings.database_url, house)
    gate.csrf.init_app(app)
    errors.install(app)
    frame.install(app)
    walk.install(app)
    once.install(app)
    attachments.install(app, settings.files_dir)
    for module in _DOORS:
        app.register_blueprint(module.pages)
    app.after_request(_harden)
    gate.policies(app)
    return app


def _harden(response: Response) -> Response:
    # A file handed out has a stricter policy of its own.
    response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY)
    response.headers.update(_HEADERS)
    if current_app.config["SESSION_COOKIE_SECURE"]:
        response.headers["Strict-Transport-Security"] = _HTTPS_ONLY
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
    return response
