"""A person's own messages: listed newest first, marked read by nobody else."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import insert

from caseflow.desk.messages import mark_all_read, mark_read
from caseflow.desk.upkeep import sweep
from caseflow.store.db import reading, writing
from caseflow.store.side_models import MessageRow
from caseflow.views.messages import PAGE, inbox, unread_count
from tests.support.office import Office


def fill(office: Office, n: int, who: str = "clerk") -> None:
    rows = [
        {
            "bureau": "shawan",
            "staff_id": office.staff[who].id,
            "kind": "test",
            "text": f"第 {one} 条",
            "once": f"{who}-{one}",
            "created_at": office.now,
        }
        for one in range(1, n + 1)
    ]
    with writing(office.engine) as session:
        session.execute(insert(MessageRow), rows)


def test_own_messages_are_listed_newest_first_page_by_page(office: Office) -> None:
    fill(office, PAGE + 2)
    fill(office, 1, "reviewer")

    with reading(office.engine) as session:
        first = inbox(session, office.staff["clerk"])
        second = inbox(session, office.staff["clerk"], first.older)

    assert (first.messages[0].text, len(first.messages), first.unread) == (f"第 {PAGE + 2} 条", PAGE, PAGE + 2)
    assert ([one.text for one in second.messages], second.older) == (["第 2 条", "第 1 条"], None)


def test_a_message_about_a_case_leads_to_it(office: Office) -> None:
    ref = office.register("transfer-continuation")
    sweep(office.engine, office.house, office.now + timedelta(days=30))

    with reading(office.engine) as session:
        (message,) = inbox(session, office.staff["clerk"]).messages

    assert message.case_number == ref.number


def test_a_message_is_marked_read_by_its_reader_only(office: Office) -> None:
    fill(office, 2)

    with writing(office.engine) as session:
        others = mark_read(session, office.staff["reviewer"], office.now, message_id=1)
        own = mark_read(session, office.staff["clerk"], office.now, message_id=1)
        again = mark_read(session, office.staff["clerk"], office.now, message_id=1)
        unread = unread_count(session, office.staff["clerk"])

    assert (others, own, again, unread) == (0, 1, 0, 1)


def test_all_are_marked_read_but_those_that_were_not_shown(office: Office) -> None:
    fill(office, 3)

    with writing(office.engine) as session:
        marked = mark_all_read(session, office.staff["clerk"], office.now, up_to=2)

        assert (marked, unread_count(session, office.staff["clerk"])) == (2, 1)
