"""Whatever is typed anywhere is kept exactly, or refused with a sentence in Chinese; it is never a fault of ours.

The entries are read from the forms the pages show, so that a new one is tried without a line here. CI tries two
values in each entry, another two in the next; CASEFLOW_HOSTILE=all tries every value in every entry.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator
from itertools import cycle

import pytest
from werkzeug.test import TestResponse

from tests.security.filling import filled, send, targets
from tests.security.hearing import heard
from tests.security.site import REACHED_OTHERWISE, Site, Survey, kind_of

MARK = "Zq7"
"""Stands in every value, so that it is known again wherever it goes."""

VALUES = {
    "empty": "",
    "blank": "　 \t",
    "long": MARK + "长" * 10_000,
    "control": f"{MARK}\x07\x1b[31m",
    "NUL": f"{MARK}\x00x",
    "half a character": f"{MARK}\ud83d",
    "right to left override": f"{MARK}\u202egpj.exe",
    "right to left mark": f"{MARK}\u200fא",
    "emoji": f"{MARK}👨‍👩‍👧🏽",
    "combining": f"{MARK}e\u0301\u0323a\u030a",
    "full-width digits": f"{MARK}１３９",
    "traditional": f"{MARK}臺灣醫療",
    "Uyghur name": f"阿依古丽·{MARK}吐尔逊",
    "beyond the first plane": f"{MARK}𠮷㼆䶮",
    "line ends": f"{MARK}甲\r\n乙\r丙",
    "SQL": f"{MARK}'; DROP TABLE staff; --",
    "SQL in quotes": f'{MARK}" OR 1=1) --',
    "percent": f"{MARK}%s%(a)s{{0}}:a",
}
UNTYPED = ("\x00", "x" * 10_000, "-1", "9" * 40, "' OR 1=1 --", "１２", "None", "on")
"""What nobody types but may send in place of a choice; PostgreSQL, which takes no NUL, is asked about that in CI."""

DAYS = ("2026-W01-1", "0000-00-00", "2026-02-31", "2026-2-3", "２０２６-03-02", "99999-01-01", "20260230")
DATED = re.compile(r"(_on|_date|since|until|from|to|defer_until|expense_from|expense_to)$")
NORMALISED = re.compile(r"(id_number|phone|bank_account)$")
"""Numbers: full-width digits are made plain, blanks and dashes left out."""

ALL = os.environ.get("CASEFLOW_HOSTILE") == "all"
BY_DATABASE = ("NUL", "half a character", "control", "long", "beyond the first plane", "SQL in quotes", "percent")
"""What one database might take and another not: the values PostgreSQL is asked about in CI."""


ON_SQLITE = pytest.mark.parametrize("site", ["sqlite"], indirect=True)


def test_the_walk_reaches_every_page_and_every_form(site: Site, survey: Survey) -> None:
    rules = list(site.app.url_map.iter_rules())
    pages = {site.endpoint(path) for _, path, _ in survey.pages}
    forms = {found.endpoint for found in survey.forms}

    assert {rule.endpoint for rule in rules if "GET" in rule.methods} - pages <= REACHED_OTHERWISE
    assert {rule.endpoint for rule in rules if "POST" in rule.methods} - forms <= REACHED_OTHERWISE


def test_no_page_is_a_fault(survey: Survey) -> None:
    odd = {(who, path): page.status_code for who, path, page in survey.pages if page.status_code >= 400}

    assert all(status in (403, 422) for status in odd.values()), odd
    assert len(odd) < len(survey.pages) / 20, odd


@ON_SQLITE
def test_every_form_filled_in_properly_is_understood(site: Site, survey: Survey) -> None:
    answers = {}
    for found in survey.forms:
        with site.undone.taken_back():
            answers[found] = send(site.browser(found.who), found, filled(found)).status_code

    assert {status for status in answers.values() if status >= 500} == set()
    understood = sum(status in (200, 303) for status in answers.values())
    assert understood > 0.9 * len(answers), {
        found.endpoint: status for found, status in answers.items() if status > 399
    }


def test_every_entry_keeps_a_text_exactly_or_refuses_it(site: Site, survey: Survey) -> None:
    wrong: list[tuple[str, str, str]] = []
    tried, values = 0, _values(site)
    for label, found, name in targets(survey.forms, kind_of):
        for kind, value in [next(values) for _ in range(len(VALUES) if ALL else 2)]:
            with site.undone.taken_back(), heard(site.office.engine) as told:
                page = send(site.browser(found.who), found, filled(found, {name: value}))
            tried += 1
            wrong += [(label, kind, fault) for fault in _faults(page, told.statements, told.holding(MARK), name, value)]

    assert wrong == []
    assert tried > 500


def _values(site: Site) -> Iterator[tuple[str, str]]:
    few = not ALL and site.office.engine.dialect.name != "sqlite"
    return cycle([(kind, value) for kind, value in VALUES.items() if not few or kind in BY_DATABASE])


def _faults(page: TestResponse, statements: list[str], kept: list[str], name: str, value: str) -> list[str]:
    """What is wrong with an answer and with what was kept."""
    faults = [f"status {page.status_code}"] if page.status_code >= 500 else []
    if page.status_code in (400, 422) and not _has_sentence(page):
        faults.append("refused without a sentence")
    faults += [f"in a statement: {text[:80]}" for text in statements if MARK in text]
    if not NORMALISED.search(name):
        faults += [f"kept as {text[:60]!r}" for text in kept if not _exact(text, value)]
    return faults


def _exact(text: str, value: str) -> bool:
    """Whether a text kept holds what was typed, ends stripped, and nothing unreadable."""
    lines = value.strip().replace("\r\n", "\n").replace("\r", "\n")
    readable = not any(unicodedata.category(one) in ("Cc", "Cs") and one not in "\r\n\t" for one in text)
    return readable and any(one in text for one in (value.strip(), lines))


def _has_sentence(page: TestResponse) -> bool:
    """Whether an answer says in Chinese what is wrong."""
    shown = re.sub(r"<(script|head|nav|header)\b.*?</\1>|<[^>]+>", " ", page.get_data(as_text=True), flags=re.DOTALL)
    return bool(re.search(r"[\u4e00-\u9fff]{4}", shown))


@ON_SQLITE
def test_no_entry_takes_a_day_there_is_not(site: Site, survey: Survey) -> None:
    taken, tried = [], 0
    for label, found, name in targets(survey.forms, kind_of):
        for day in DAYS if DATED.search(name) else ():
            with site.undone.taken_back(), heard(site.office.engine) as told:
                page = send(site.browser(found.who), found, filled(found, {name: day}))
            tried += 1
            kept = [] if "drafts" in found.endpoint else told.holding(day)
            if page.status_code >= 500 or kept:
                taken.append((label, day, page.status_code, kept))

    assert taken == []
    assert tried > 100


def test_no_hidden_entry_no_choice_and_no_button_is_a_fault(site: Site, survey: Survey) -> None:
    wrong, tried = [], set()
    values = cycle(UNTYPED if ALL or site.office.engine.dialect.name == "sqlite" else UNTYPED[:1])
    for found in survey.forms:
        for one in found.form.entries:
            label = (found.endpoint, kind_of(one.name))
            if one.kind in ("hidden", "select", "radio", "checkbox", "button") and one.name and label not in tried:
                tried.add(label)
                for value in [next(values) for _ in range(len(UNTYPED) if ALL else 1)]:
                    with site.undone.taken_back():
                        page = send(site.browser(found.who), found, filled(found, {one.name: value}))
                    wrong += [(label, value[:10], page.status_code)] if page.status_code >= 500 else []

    assert wrong == []
    assert len(tried) > 100
