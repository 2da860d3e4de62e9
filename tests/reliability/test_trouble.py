"""A full disk or a locked database: 503 with Retry-After, pages go on, nothing is lost, and it mends by itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, text
from werkzeug.test import TestResponse

from caseflow.store.db import is_sqlite
from tests.reliability.books import audit
from tests.reliability.faulty import dump
from tests.support.office import Office
from tests.support.roads import ACCEPT
from tests.web.counter import Counter, Door

TRANSFER = "transfer-continuation"
SOON = 0.1
"""Seconds a writer waits here instead of ten."""

FULL = """
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
CREATE TRIGGER full_disk BEFORE INSERT ON event FOR EACH STATEMENT EXECUTE FUNCTION full_disk();
"""
ROOM = "DROP TRIGGER full_disk ON event; DROP FUNCTION full_disk();"


@contextmanager
def full_disk(engine: Engine) -> Iterator[None]:
    """Nothing more fits: SQLite may take no page more, PostgreSQL says so where history is written."""
    if not is_sqlite(engine):
        yield from _while(lambda: _run(engine, FULL), lambda: _run(engine, ROOM))
        return

    def bound(connection: Any) -> None:
        # No page more than there are: the lowest bound there is.
        connection.exec_driver_sql("PRAGMA max_page_count = 1")

    event.listen(engine, "begin", bound)
    try:
        yield
    finally:
        event.remove(engine, "begin", bound)
        engine.dispose()


def _while(begin: Callable[[], None], end: Callable[[], None]) -> Iterator[None]:
    begin()
    try:
        yield
    finally:
        end()


@contextmanager
def locked(engine: Engine) -> Iterator[None]:
    """Another program holds what every writer needs."""

    def impatient(connection: Any) -> None:
        ask = (
            f"PRAGMA busy_timeout = {int(SOON * 1000)}" if is_sqlite(engine) else f"SET LOCAL lock_timeout = '{SOON}s'"
        )
        connection.exec_driver_sql(ask)

    event.listen(engine, "begin", impatient, insert=True)
    holder = _hold(engine)
    try:
        yield
    finally:
        holder()
        event.remove(engine, "begin", impatient)


def _hold(engine: Engine) -> Callable[[], None]:
    """Take the lock; how to let go of it."""
    if is_sqlite(engine):
        other = sqlite3.connect(str(engine.url.database), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        return other.close
    plain = create_engine(engine.url)
    connection = plain.connect()
    connection.execute(text("LOCK TABLE request_key, cases IN EXCLUSIVE MODE"))

    def release() -> None:
        connection.close()
        plain.dispose()

    return release


def _run(engine: Engine, statements: str) -> None:
    plain = create_engine(engine.url)
    with plain.begin() as connection:
        connection.exec_driver_sql(statements)
    plain.dispose()


@pytest.mark.parametrize(("trouble", "words"), [(full_disk, "磁盘已满"), (locked, "数据库正忙")])
def test_in_trouble_a_step_is_put_off_and_pages_go_on_until_it_is_over(
    door: Door, office: Office, trouble: Callable[[Engine], Any], words: str
) -> None:
    clerk, numbers = door.clerk, [accepted(office) for _ in range(MOST_THAT_FIT)]
    forms = [(number, clerk.fields(clerk.get(f"/cases/{number}"), f"/cases/{number}/withdraw")) for number in numbers]

    with trouble(office.engine):
        number, form, refused, before = until_refused(office, clerk, forms)
        after = dump(office.engine)
        shown = clerk.get(f"/cases/{number}")
    taken = clerk.send(f"/cases/{number}/withdraw", form)

    assert (refused.status_code, refused.headers.get("Retry-After"), words in refused.text) == (503, "5", True)
    assert after == before
    assert shown.status_code == 200
    assert taken.status_code == 303
    assert audit(office.engine, office.house, one_road=False).clean


MOST_THAT_FIT = 8
"""So many long reasons fit into no free space that a small database has."""


def accepted(office: Office) -> str:
    ref = office.register(TRANSFER)
    office.act_on(ref, *ACCEPT)
    return ref.number


def until_refused(
    office: Office, clerk: Counter, forms: list[tuple[str, dict[str, str]]]
) -> tuple[str, dict[str, str], TestResponse, dict[str, str]]:
    """Take steps until one is put off: its case, its form, its answer, and the database just before."""
    for number, form in forms:
        before = dump(office.engine)
        filled = form | {"need.withdraw.kind": "申请人撤回", "need.withdraw.reason": "本人要求" * 110}
        answer = clerk.send(f"/cases/{number}/withdraw", filled)
        if answer.status_code == 503:
            break
    return number, filled, answer, before
