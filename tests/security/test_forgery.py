"""A form of another site does nothing, and every answer tells the browser what it may do with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, event

import web
from caseflow.config import Settings
from caseflow.house import new_master
from caseflow.papers import sheets
from tests.security.filling import filled, send
from tests.security.site import REACHED_OTHERWISE, Site, Survey
from web import create_app

TEMPLATES = [*Path(web.__file__).parent.rglob("*.html"), *Path(sheets.__file__).parent.rglob("*.html")]
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
DIRECTIVES = (
    "default-src 'none'",
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "form-action 'self'",
)
SANDBOXED = "sandbox; default-src 'none'"


ON_SQLITE = pytest.mark.parametrize("site", ["sqlite"], indirect=True)
"""These promises do not depend on the database."""


@pytest.fixture
def commits(site: Site) -> Iterator[list[str]]:
    """What is written while the test runs, the sign of life of a session aside."""
    told: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.lstrip().startswith(("INSERT", "UPDATE", "DELETE")) and "session" not in statement[:30]:
            told.append(statement)

    engine: Engine = site.office.engine
    event.listen(engine, "before_cursor_execute", hear)
    yield told
    event.remove(engine, "before_cursor_execute", hear)


@pytest.fixture
def guarded(site: Site) -> Iterator[Flask]:
    """The office with its check of form tokens on, as it is served."""
    site.app.config["WTF_CSRF_ENABLED"] = True
    yield site.app
    site.app.config["WTF_CSRF_ENABLED"] = False


@pytest.mark.parametrize("token", [None, "", "wrong", "IjEi.ZZZZ.aaaa"])
@ON_SQLITE
def test_no_form_without_its_token_changes_anything(
    site: Site, survey: Survey, guarded: Flask, commits: list[str], token: str | None
) -> None:
    posts = {rule.endpoint for rule in guarded.url_map.iter_rules() if "POST" in (rule.methods or ())}
    answers, tried = {}, set()
    for found in survey.forms:
        if found.form.method == "post" and found.endpoint not in tried:
            tried.add(found.endpoint)
            pairs = [pair for pair in filled(found) if pair[0] != "csrf_token"]
            with site.undone.taken_back():
                page = send(site.browser(found.who), found, pairs + ([] if token is None else [("csrf_token", token)]))
            answers[found.endpoint] = page.status_code

    assert {endpoint for endpoint, status in answers.items() if status not in (400, 403)} == set()
    assert posts - tried <= REACHED_OTHERWISE
    assert commits == []


@ON_SQLITE
@pytest.mark.parametrize("who", ["security", "clerk", ""])
def test_nor_does_a_button_that_stands_on_few_pages(site: Site, guarded: Flask, commits: list[str], who: str) -> None:
    adapter = guarded.url_map.bind("localhost")
    few = [
        rule for rule in guarded.url_map.iter_rules() if rule.endpoint in REACHED_OTHERWISE and "POST" in rule.methods
    ]
    paths = [adapter.build(rule.endpoint, dict.fromkeys(rule.arguments, 1), method="POST") for rule in few]

    with site.undone.taken_back():
        answers = {path: site.browser(who).post(path).status_code for path in paths}

    assert len(answers) == 4
    assert set(answers.values()) <= {303, 400, 403}
    assert commits == []


@ON_SQLITE
def test_the_same_forms_with_their_token_do_change_something(site: Site, survey: Survey, commits: list[str]) -> None:
    """The negative control: without the check the very same requests write."""
    for found in survey.forms:
        if found.endpoint in ("queues.keep_view", "cases.act", "office.add_room"):
            with site.undone.taken_back():
                send(site.browser(found.who), found, filled(found))

    assert len(commits) > 3


@ON_SQLITE
def test_nothing_is_changed_by_asking(site: Site, survey: Survey, commits: list[str]) -> None:
    """A picture on another site can make a browser ask, not send."""
    with site.undone.taken_back():
        for path in {path.partition("#")[0] for who, path, _ in survey.pages if who == "clerk"}:
            site.browser("clerk").get(path)

    assert commits == []


@ON_SQLITE
def test_every_answer_is_closed_to_other_sites(survey: Survey) -> None:
    odd = [
        (path, name, page.headers.get(name))
        for _, path, page in survey.pages
        for name, value in HEADERS.items()
        if page.headers.get(name) != value
    ]
    policies = {page.headers.get("Content-Security-Policy", "") for _, _, page in survey.pages}

    assert odd == []
    assert all("unsafe" not in one and "*" not in one and "http" not in one for one in policies)
    assert all(one == SANDBOXED or all(part in one for part in DIRECTIVES) for one in policies)
    assert {page.headers.get("Cache-Control") for _, _, page in survey.pages} == {"no-store"}
    assert all("camera=()" in page.headers["Permissions-Policy"] for _, _, page in survey.pages)


@ON_SQLITE
def test_every_answer_says_what_it_is(survey: Survey) -> None:
    kinds = {page.headers["Content-Type"] for _, _, page in survey.pages}

    assert all("charset=utf-8" in kind for kind in kinds if kind.startswith("text/"))
    assert "text/html; charset=utf-8" in kinds


@pytest.mark.parametrize("secure", [True, False])
def test_https_is_asked_for_where_cookies_need_it(tmp_path: Path, secure: bool) -> None:
    url = f"sqlite:///{tmp_path / 'none.db'}"
    app = create_app(Settings(url, new_master(), files_dir=tmp_path, secure_cookies=secure))

    page = app.test_client().get("/progress", base_url="https://localhost" if secure else "http://localhost")

    wanted = "max-age=31536000; includeSubDomains" if secure else None
    assert page.headers.get("Strict-Transport-Security") == wanted
    cookies = page.headers.getlist("Set-Cookie")
    assert cookies
    assert all(("; Secure" in one) is secure and "HttpOnly" in one and "SameSite=Lax" in one for one in cookies)


@pytest.mark.parametrize("method", ["TRACE", "PUT", "DELETE", "PATCH", "CONNECT"])
@ON_SQLITE
def test_no_other_method_is_answered(site: Site, method: str) -> None:
    assert site.browser("clerk").open("/", method=method).status_code == 405


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_holds_a_script_or_a_style_of_its_own(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert not re.search(r"<style\b|\sstyle=|\son[a-z]+=|javascript:", text, re.IGNORECASE)
    assert not re.search(r"<script\b(?![^>]*\bsrc=)", text, re.IGNORECASE)
    assert not re.search(r"\|\s*safe\b|autoescape\s+false", text)


def test_the_scan_finds_what_it_looks_for() -> None:
    """The negative control of the scan above."""
    assert re.search(r"\son[a-z]+=", '<a onclick="x">')
    assert re.search(r"<script\b(?![^>]*\bsrc=)", "<script>x</script>")
    assert len(TEMPLATES) > 60


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example/",
        "https://evil.example/",
        "/\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "/%0d%0aSet-Cookie:a=b",
    ],
)
@ON_SQLITE
def test_signing_in_leads_nowhere_else(site: Site, target: str) -> None:
    clerk = site.office.staff["clerk"].number
    form = {"number": clerk, "password": "Window-2026-desk!", "window": "", "next": target}

    with site.undone.taken_back():
        page = site.browser("").post("/login", data=form)

    assert page.status_code == 303
    assert re.fullmatch(r"/(?![/\\])[!-~]*", page.headers["Location"])
    assert "evil.example" not in page.headers["Location"]
    assert "Set-Cookie" not in page.headers["Location"].replace("%0d%0aSet-Cookie", "")


@pytest.mark.parametrize("name", ["Host", "X-Forwarded-Host", "X-Forwarded-Proto", "Referer", "Origin"])
@ON_SQLITE
def test_no_header_of_the_client_shows_in_an_answer(site: Site, name: str) -> None:
    for path in ("/login", "/", "/admin", "/nowhere"):
        page = site.browser("clerk").get(path, headers={name: "https://evil.example"})

        assert "evil.example" not in page.get_data(as_text=True)
        assert "evil.example" not in str(page.headers)
