"""The outbox on both databases: claimed once, tried again, given up with a word to those in charge."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import select, update

from caseflow.desk.messages import tell
from caseflow.desk.outbox import (
    LEASE,
    MOST_ATTEMPTS,
    WAITS,
    Letter,
    Outgoing,
    anything_due,
    claim_next,
    compose,
    enqueue,
    mark_failed,
    mark_sent,
)
from caseflow.desk.reminders import mobile
from caseflow.store.db import reading, writing
from caseflow.store.side_models import MessageRow, OutboxRow
from tests.support.office import Office

PHONE = "13912345678"
FIELDS = {"bureau": "沙湾市医疗保障局", "item": "关系转移接续", "due": "2026-03-20", "query_code": "K7M2QX"}


def letter(once: str = "one", kind: str = "supplement_due") -> Letter:
    return Letter("shawan", None, "sms", PHONE, kind, FIELDS, once)


def put(office: Office, once: str = "one") -> bool:
    with writing(office.engine) as session:
        return enqueue(session, office.house, letter(once), office.now)


def claim(office: Office) -> Outgoing | None:
    with writing(office.engine) as session:
        return claim_next(session, office.now)


def claimed(office: Office) -> Outgoing:
    row = claim(office)
    assert row is not None
    return row


def fail(office: Office, row: Outgoing) -> bool:
    with writing(office.engine) as session:
        return mark_failed(session, row, "短信网关答复 500", office.now)


def stored(office: Office) -> tuple[int, int, str]:
    """Attempts, whether given up, and the last error of the one row."""
    with reading(office.engine) as session:
        row = session.execute(select(OutboxRow.attempts, OutboxRow.gave_up, OutboxRow.last_error)).one()
        return row.attempts, row.gave_up, row.last_error


def told(office: Office) -> list[tuple[int, str]]:
    with reading(office.engine) as session:
        query = select(MessageRow.staff_id, MessageRow.text).order_by(MessageRow.staff_id)
        return [(row.staff_id, row.text) for row in session.execute(query)]


def test_a_message_is_queued_once_for_its_occasion(office: Office) -> None:
    assert (put(office), put(office), put(office, "another")) == (True, False, True)


def test_what_is_rolled_back_queues_nothing(office: Office) -> None:
    with pytest.raises(ZeroDivisionError), writing(office.engine) as session:
        enqueue(session, office.house, letter(), office.now)
        _ = 1 // 0

    assert claim(office) is None


def test_the_recipient_is_sealed_in_the_row(office: Office) -> None:
    put(office)

    row = claimed(office)

    assert PHONE.encode() not in row.to_sealed
    assert office.house.keys.open(row.to_sealed) == PHONE
    assert PHONE not in repr(row)


def test_the_words_name_the_item_the_day_and_the_code_only() -> None:
    assert compose("supplement_due", FIELDS)[1] == (
        "【沙湾市医疗保障局】您申请的“关系转移接续”须在2026-03-20前补齐材料，逾期可能不再办理。查询码K7M2QX。"
    )


def test_a_message_of_no_known_kind_is_not_queued(office: Office) -> None:
    with pytest.raises(KeyError), writing(office.engine) as session:
        enqueue(session, office.house, letter(kind="gossip"), office.now)


def test_a_claimed_message_is_left_alone_until_its_lease_ends(office: Office) -> None:
    put(office)
    first = claimed(office)

    during = claim(office)
    office.now += LEASE
    after = claimed(office)

    assert (first.attempt, during, after.attempt, after.key) == (1, None, 2, first.key)


def test_the_one_that_waited_longest_goes_first(office: Office) -> None:
    put(office, "late")
    office.now -= timedelta(hours=1)
    put(office, "early")
    office.now += timedelta(hours=1)

    assert [claimed(office).id, claimed(office).id] == [2, 1]


def test_a_message_sent_is_not_sent_again(office: Office) -> None:
    put(office)
    row = claimed(office)

    with writing(office.engine) as session:
        mark_sent(session, row, office.now)
    office.sleep(1)

    assert claim(office) is None
    with reading(office.engine) as session:
        assert not anything_due(session, office.now)


def test_after_a_failure_it_waits_longer_each_time(office: Office) -> None:
    put(office)
    for wait in (*WAITS, WAITS[-1]):
        fail(office, claimed(office))
        office.now += wait - timedelta(seconds=1)
        assert claim(office) is None
        office.now += timedelta(seconds=1)

    assert claimed(office).attempt == len(WAITS) + 2
    assert [wait.total_seconds() / 60 for wait in WAITS] == [1, 5, 30, 120]


def test_after_the_last_attempt_it_is_given_up_and_those_in_charge_are_told(office: Office) -> None:
    put(office)
    for _ in range(MOST_ATTEMPTS):
        given_up = fail(office, claimed(office))
        office.sleep(1)

    assert given_up
    assert claim(office) is None
    assert stored(office)[1:] == (1, "短信网关答复 500")
    people = [office.staff["supervisor"].id, office.staff["administrator"].id]
    assert told(office) == [(one, "短信“补正提醒”没有发出，已试 8 次：短信网关答复 500") for one in people]


def test_a_worker_that_dies_every_time_does_not_keep_a_message_for_ever(office: Office) -> None:
    put(office)
    for _ in range(MOST_ATTEMPTS):
        claimed(office)
        office.now += LEASE
    put(office, "next")

    after = claimed(office)

    assert (after.attempt, after.id) == (1, 2)
    assert "发送中断" in told(office)[0][1]


def test_a_row_of_a_kind_nobody_knows_is_given_up_like_any_other(office: Office) -> None:
    put(office)
    with writing(office.engine) as session:
        session.execute(update(OutboxRow).values(kind="of-tomorrow", attempts=MOST_ATTEMPTS))

    assert claim(office) is None
    assert "of-tomorrow" in told(office)[0][1]


def test_a_failure_after_the_lease_takes_nothing_from_the_next_holder(office: Office) -> None:
    put(office)
    slow = claimed(office)
    office.now += LEASE
    quick = claimed(office)

    fail(office, slow)

    assert stored(office) == (quick.attempt, 0, "")


def test_a_success_after_the_lease_still_counts(office: Office) -> None:
    put(office)
    slow = claimed(office)
    office.now += LEASE
    quick = claimed(office)
    with writing(office.engine) as session:
        mark_sent(session, slow, office.now)

    fail(office, quick)
    office.sleep(1)

    assert claim(office) is None


def test_workers_at_once_claim_each_message_one_time(office: Office) -> None:
    for n in range(20):
        put(office, str(n))
    start, found = Barrier(4), []

    def work() -> None:
        start.wait()
        while True:
            with writing(office.engine) as session:
                row = claim_next(session, office.now)
            if row is None:
                return
            found.append(row.id)

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(found) == list(range(1, 21))


def test_nobody_to_tell_is_no_failure(office: Office) -> None:
    with writing(office.engine) as session:
        assert tell(session, [], office.now) == 0


@pytest.mark.parametrize(
    ("phone", "number"),
    [
        ("13912345678", "13912345678"),
        ("+86 139-1234-5678", "13912345678"),
        ("0993-6012345", ""),
        ("12912345678", ""),
        ("139123456789", ""),
        ("１３９１２３４５６７８", ""),
        ("13912345678\n", "13912345678"),
        ("", ""),
    ],
)
def test_only_a_mobile_number_takes_short_messages(phone: str, number: str) -> None:
    assert mobile(phone) == number
