"""Forms filled in as a clerk would, so that what is tried in one entry is not hidden by a fault of another."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.security.pages import TYPED, Entry
from tests.security.site import Found

FITTING = (
    (r"(^|\.)id_number$", "11010519491231002X"),
    (r"phone$", "13912345678"),
    (r"bank_account$", "6222021234567890123"),
    (r"(^|\.)(from_on|to_on)$", "2026-06-01"),
    (r"(_on|_date|since|expense_from|expense_to|defer_until)$", "2026-03-02"),
    (r"^(from|to)$", "2026-03-02"),
    (r"^until$", "2026-03-31"),
    (r"(^|\.)period$", "2026-02"),
    (r"amount$", "100.00"),
    (r"statement$", "住院费用报销 100.00"),
    (r"(^days|\.days|^n|extend|copies|originals|people|received_n)$", "3"),
    (r"(name|holder|guardian|recipient)$", "张霈"),
    (r"^number$", "new-01"),
    (r"^(old|new|again|password)$", "Window-2026-desk!"),
    (r"^(code|last_four|q|find|publishes|pauses|received_on|late_reason)$", ""),
)
"""What fits an entry, by its name; the first that matches. Everything else takes 说明."""

ANY = "说明"


def fitting(entry: Entry) -> str:
    """A text that this entry takes."""
    if entry.kind == "area" and entry.name == "days":
        return "2026-05-20 放假 临时放假"
    if entry.value and not entry.name.startswith("f."):
        return entry.value
    return next((text for pattern, text in FITTING if re.search(pattern, entry.name)), ANY)


def filled(found: Found, changes: dict[str, str] | None = None) -> list[tuple[str, str]]:
    """The form as sent: its texts fitting, something chosen everywhere, every box ticked; then what is different."""
    radios: dict[str, str] = {}
    sent: list[tuple[str, str]] = []
    for one in found.form.entries:
        if one.kind == "radio":
            radios[one.name] = one.value if one.on or one.name not in radios else radios[one.name]
        elif one.name and one.kind != "file":
            sent.append((one.name, _chosen(one)))
    sent += radios.items()
    changed = changes or {}
    return [*((name, text) for name, text in sent if name not in changed), *changed.items()]


def _chosen(entry: Entry) -> str:
    if entry.kind == "select":
        return entry.value or next(filter(None, entry.options), "")
    return fitting(entry) if entry.kind in TYPED else entry.value


def send(browser: FlaskClient, found: Found, pairs: list[tuple[str, str]]) -> TestResponse:
    """Send a form; broken halves of characters go out as the bytes an attacker would send."""
    text = urlencode(pairs, encoding="utf-8", errors="surrogatepass")
    if found.form.method == "get":
        return browser.get(f"{found.form.action.partition('?')[0]}?{text}")
    return browser.post(found.form.action, data=text, content_type="application/x-www-form-urlencoded")


def targets(forms: list[Found], kind_of: Callable[[str], str]) -> Iterator[tuple[str, Found, str]]:
    """Each kind of text entry once: (what it is called, a form it stands in, its name there)."""
    seen: set[str] = set()
    for found in forms:
        last = found.form.action.partition("?")[0].rpartition("/")[2]
        does = f"/{last}" if found.endpoint in ("cases.act", "queues.bulk") else ""
        for one in found.form.typed:
            label = f"{found.endpoint}{does} {kind_of(one.name)}"
            if one.name and label not in seen:
                seen.add(label)
                yield label, found, one.name


def said(page: TestResponse) -> Any:
    """What an answer says, as text."""
    return page.get_data(as_text=True)
