"""What somebody typed is text wherever it is shown: in pages, papers, prints and exports, and in a real browser.

Each text entry of each form is sent markup in turn; what is kept is then looked for on every page that shows the like.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from html import unescape
from xml.etree.ElementTree import Element

import pytest
import tinyhtml5
from openpyxl import load_workbook
from playwright.sync_api import Browser
from sqlalchemy import select
from werkzeug.test import TestResponse

from caseflow.papers import PAPERS, render
from caseflow.store.db import reading, writing
from caseflow.store.models import CaseRow, PaperRow
from tests.browser.windows import Windows
from tests.security.filling import filled, send, targets
from tests.security.hearing import heard
from tests.security.site import Found, Site, Survey, kind_of
from tests.support.papers import FIELDS

MARK = "=1+'\"><x-9"
SHORT = f"{MARK} onx=1>{{{{7*7}}}}"
LONG = f"{SHORT}</textarea></title></script><script>x9()</script><img src=x onerror=x9()><svg/onload=x9()>"
STATEMENT = f"{SHORT} 100.00"

LOOKS = {
    "auth": ("/login",),
    "public": ("/progress",),
    "queues": ("/",),
    "calendar": ("/calendar?layer=xj&year=2026",),
    "office": ("/admin/places", "/admin/absences", "/admin/changes", "/admin/items", "/login", "/admin/staff/new"),
    "admin": ("/admin/staff", "/admin/items", "/admin/changes", "/admin/absences"),
    "orders": ("/orders",),
    "drafts": ("/register", "/register/drafts/draft-1"),
    "supervise": ("/orders",),
}
NOT_SHOWN = re.compile(r"^(drafts\.|auth\.|intake\.check|public\.send_rating)|reveal_reason$")
"""Kept without being shown by any of these pages: drafts before one goes on, words and reasons kept for the record."""


def odd_in(html: str) -> list[str]:
    """The elements and attributes of a page, as a browser reads it, that no template of ours writes."""
    return [fault for element in tinyhtml5.parse(html, namespace_html_elements=False).iter() for fault in _odd(element)]


def _odd(element: Element) -> Iterator[str]:
    tag = element.tag if isinstance(element.tag, str) else ""
    if tag in ("x-9", "iframe", "object", "embed", "base", "style") or (tag == "script" and not element.get("src")):
        yield f"<{tag}>"
    for name, value in element.attrib.items():
        if str(name).startswith("on") or name == "style":
            yield f"<{tag} {name}>"
        if name in ("href", "src", "action", "formaction") and not re.match(
            r"[/?#.]|data:image/|tel:|$", value.strip()
        ):
            yield f"<{tag} {name}={value[:40]}>"


@pytest.mark.parametrize("payload", [SHORT, LONG])
def test_the_look_at_a_page_finds_markup_that_got_through(payload: str) -> None:
    """The negative control."""
    assert odd_in(f"<p>{payload}</p>")
    assert odd_in(f'<input value="{payload}">')
    assert odd_in("<a href='javascript:x9()'>x</a>")


@pytest.mark.parametrize("site", ["sqlite"], indirect=True)
def test_markup_typed_into_any_entry_is_text_wherever_it_is_shown(site: Site, survey: Survey) -> None:
    odd: list[tuple[str, str, list[str]]] = []
    kept, shown = set(), set()
    for label, found, name in targets(survey.forms, kind_of):
        with site.undone.taken_back():
            for path, html in _after(site, found, name, kept, label):
                # A page without a trace of it can neither show nor run it.
                if "x-9" in html:
                    odd += [(label, path, faults)] if (faults := odd_in(html)) else []
                    shown |= {label} if MARK in unescape(html) else set()

    assert odd == []
    assert {label for label in kept - shown if not NOT_SHOWN.search(label)} == set()
    assert len(shown) > 60


def _after(site: Site, found: Found, name: str, kept: set[str], label: str) -> Iterator[tuple[str, str]]:
    """The answer to markup in one entry, and where it was kept every page that may show it."""
    for payload in (STATEMENT,) if name.endswith("statement") else (LONG, SHORT):
        with heard(site.office.engine) as told:
            answer = send(site.browser(found.who), found, filled(found, {name: payload}))
        if answer.mimetype == "text/html":
            yield found.form.action, answer.get_data(as_text=True)
        if told.holding(MARK) and answer.status_code < 400:
            kept.add(label)
            yield from _pages(site, found, answer)
            return


def _pages(site: Site, found: Found, answer: TestResponse) -> Iterator[tuple[str, str]]:
    """The pages by who sent it, and the cases it is about with their newest papers by the auditor."""
    own = [
        found.page.partition("#")[0],
        answer.headers.get("Location", ""),
        *LOOKS.get(found.endpoint.partition(".")[0], ("/",)),
    ]
    about = [path for number in _numbers(site, found, answer) for path in (f"/cases/{number}", *_papers(site, number))]
    for who, path in [*((found.who, path) for path in dict.fromkeys(own)), *(("auditor", path) for path in about)]:
        page = site.browser(who).get(path) if path else answer
        if page.status_code == 200 and page.mimetype == "text/html":
            yield path, page.get_data(as_text=True)


def _numbers(site: Site, found: Found, answer: TestResponse) -> list[str]:
    """The cases a form is about, by its address, where it leads, or what was ticked."""
    said = re.findall(r"(?<!\d)\d{24}(?!\d)", f"{found.form.action} {answer.headers.get('Location', '')}")
    ticked = {one.value.partition(".")[0] for one in found.form.entries if one.name == "case"}
    rated = {str(site.rated.id)} if found.endpoint == "public.send_rating" else set()
    return list(dict.fromkeys([*said, *(ref.number for ref in site.refs if str(ref.id) in ticked | rated)]))[:2]


def _papers(site: Site, number: str) -> list[str]:
    with reading(site.undone) as session:  # type: ignore[arg-type]
        query = select(PaperRow.id).join(CaseRow, CaseRow.id == PaperRow.case_id).where(CaseRow.number == number)
        return [f"/papers/{key}" for key in session.execute(query.order_by(PaperRow.id.desc()).limit(2)).scalars()]


@pytest.mark.parametrize("kind", sorted(PAPERS))
def test_every_paper_prints_markup_as_text(kind: str) -> None:
    html = render(kind, _haunted(FIELDS[kind]), warning=SHORT)

    assert odd_in(html) == []
    assert "{{7*7}}" in html
    assert MARK in unescape(html)


def _haunted(value: object) -> object:
    """Every text of a paper's fields with markup behind it."""
    if isinstance(value, dict):
        return {key: _haunted(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_haunted(one) for one in value]
    return f"{value}{SHORT}" if isinstance(value, str) and value else value


@pytest.mark.parametrize("site", ["sqlite"], indirect=True)
@pytest.mark.parametrize("path", ["/board/cases.xlsx?figure=received", "/board.xlsx", "/reports.xlsx?period=2026-03"])
def test_no_export_holds_a_formula(site: Site, path: str) -> None:
    with site.undone.taken_back():
        with writing(site.undone) as session:  # type: ignore[arg-type]
            session.execute(CaseRow.__table__.update().values(applicant_name=f"=HYPERLINK({SHORT})"))  # type: ignore[attr-defined]
        page = site.browser("supervisor").get(path)

    assert page.status_code == 200
    cells = [cell for sheet in load_workbook(io.BytesIO(page.data)) for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n", "d"}
    assert not any(cell.hyperlink for cell in cells)


@pytest.mark.parametrize("query", ["/search?q={}", "/items?find={}", "/login?next={}", "/?tab={}", "/calendar?from={}"])
@pytest.mark.parametrize("site", ["sqlite"], indirect=True)
def test_markup_in_an_address_is_text(site: Site, query: str) -> None:
    for payload in (SHORT, LONG):
        who = "" if "login" in query else "clerk"
        page = site.browser(who).get(query.format(payload.replace("&", "%26").replace("#", "%23").replace("+", "%2B")))

        assert odd_in(page.get_data(as_text=True)) == []


@pytest.mark.browser
def test_a_browser_runs_nothing_of_it(browser: Browser, windows: Windows) -> None:
    office = windows.office
    ref = office.register("transfer-continuation")
    with writing(office.engine) as session:
        changed = {"applicant_name": SHORT, "note": LONG}
        session.execute(CaseRow.__table__.update().values(changed))  # type: ignore[attr-defined]
    dialogs: list[str] = []
    for who, paths in {
        "clerk": ("/", f"/cases/{ref.number}", f"/cases/{ref.number}/correct", "/search?q=654203", "/register"),
        "supervisor": ("/", "/overdue", "/board", "/board/cases?figure=received", f"/cases/{ref.number}"),
    }.items():
        page = windows.of(who)
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        for path in paths:
            page.goto(f"{windows.address}{path}")
            page.wait_for_load_state("networkidle")
            assert page.locator("x-9").count() == 0

    assert page.locator("h1, .case-name, body").first.inner_text()
    assert (dialogs, windows.complaints, windows.foreign) == ([], [], [])
