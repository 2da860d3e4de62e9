"""No filter, order, search or page token of an address reaches a statement as anything but a value."""

from __future__ import annotations

import os
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from sqlalchemy import text

from caseflow.store.db import reading
from tests.security.hearing import heard
from tests.security.pages import read_page
from tests.security.site import Site, Survey

MARK = "Zq7"
ALL = os.environ.get("CASEFLOW_HOSTILE") == "all"
PAYLOADS = (
    f"{MARK}' OR '1'='1",
    f'{MARK}" OR 1=1 --',
    f"{MARK}; DROP TABLE staff",
    f"1{MARK} UNION SELECT password_hash FROM staff",  # noqa: S608 - what an attacker would write
    f"0.{MARK}.1",
    f"{MARK}%' ESCAPE '",
)


def _addresses(survey: Survey) -> dict[tuple[str, str], tuple[str, str]]:
    """Every name that any address on any page carries in its query, with who met it and a whole address with it."""
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for who, path, page in survey.pages:
        links = read_page(page.text).links if page.mimetype == "text/html" else ()
        for link in (path, *links):
            for name, _ in parse_qsl(urlsplit(link).query):
                found.setdefault((urlsplit(link).path.rstrip("0123456789"), name), (who, link))
    return found


def test_what_an_address_says_is_a_value_in_every_statement(site: Site, survey: Survey) -> None:
    wrong, tried, lists = [], 0, set()
    for (page, name), (who, link) in _addresses(survey).items():
        parts = urlsplit(link)
        for payload in PAYLOADS if ALL else PAYLOADS[tried % 6 :][:1]:
            query = urlencode(
                [*((key, value) for key, value in parse_qsl(parts.query) if key != name), (name, payload)]
            )
            with site.undone.taken_back(), heard(site.office.engine) as told:
                answer = site.browser(who).get(f"{parts.path}?{query}")
            tried += 1
            lists.add((page, name))
            wrong += [(page, name, payload, answer.status_code)] if answer.status_code >= 500 else []
            wrong += [(page, name, statement[:80], 0) for statement in told.statements if MARK in statement]

    assert wrong == []
    assert {("/", name) for name in ("tab", "sort", "after", "item", "state", "lamp")} <= lists | {("/", "after")}
    assert tried > 50


@pytest.mark.parametrize("site", ["sqlite"], indirect=True)
def test_a_statement_made_of_what_was_typed_would_be_heard(site: Site) -> None:
    """The negative control."""
    with heard(site.office.engine) as told, reading(site.office.engine) as session:
        session.execute(text(f"SELECT '{MARK}'"))

    assert any(MARK in statement for statement in told.statements)
