"""What the sweep says to staff and applicants: once, to whom it concerns, and after days off the latest word only."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread

import pytest
from sqlalchemy import Connection, Engine, func, insert, select, text, update

from caseflow.desk.intake import CaseRef
from caseflow.desk.people import Party
from caseflow.desk.reminders import DUTIES, Reach
from caseflow.desk.upkeep import _SWEEPER, _TEXT, Swept, sweep
from caseflow.rules.checklist import Mark, Receipt
from caseflow.store.db import is_sqlite, reading, writing
from caseflow.store.models import CaseRow, DeadlineRow, EditionRow, StaffRow
from caseflow.store.side_models import MessageRow, OutboxRow
from tests.support.office import MORNING, PERSON, Office, open_office
from tests.support.roads import ACCEPT, APPROVE, CHECK, HAND_OVER, PAY, SETTLE, SMALL
from tests.support.tampering import disarm

ITEMS = Path(__file__).parent.parent / "data" / "items"
TRANSFER = "transfer-continuation"
OUT = Reach(sms=True, mailboxes={"shawan": "office@example.cn"})


@pytest.fixture
def office(engine: Engine) -> Office:
    return open_office(engine, items=ITEMS)


def tick(office: Office, days: int = 0, reach: Reach = Reach()) -> Swept:  # noqa: B008 - a frozen value
    """Let days pass and sweep."""
    office.sleep(days)
    return sweep(office.engine, office.house, office.now, reach)


def told(office: Office) -> list[tuple[str, str]]:
    """(who, kind) of every message, in the order of writing."""
    names = {actor.id: name for name, actor in office.staff.items()}
    with reading(office.engine) as session:
        query = select(MessageRow.staff_id, MessageRow.kind).order_by(MessageRow.id)
        return [(names[row.staff_id], row.kind) for row in session.execute(query)]


def words(office: Office) -> list[str]:
    with reading(office.engine) as session:
        return list(session.execute(select(MessageRow.text).order_by(MessageRow.id)).scalars())


def letters(office: Office, channel: str = "sms") -> list[tuple[str, dict[str, object]]]:
    with reading(office.engine) as session:
        query = select(OutboxRow.kind, OutboxRow.fields).where(OutboxRow.channel == channel).order_by(OutboxRow.id)
        return [(row.kind, row.fields) for row in session.execute(query)]


def walk(office: Office, ref: CaseRef, *steps: tuple[str, str, dict[str, str]]) -> None:
    for by, action, details in steps:
        office.act(ref, by, action, **details)


def supplementing(office: Office, applicant: Party = PERSON) -> CaseRef:
    ref = office.register(TRANSFER, receipts={}, applicant=applicant)
    office.act(ref, "clerk", "supplement_notice")
    return ref


# --- deadlines


def test_the_notice_clock_is_announced_on_its_last_days_and_when_it_lapsed(office: Office) -> None:
    office.register(TRANSFER)

    for days in (0, 4, 0, 3, 0, 1, 0):
        tick(office, days)

    assert told(office) == [("clerk", "notice_soon"), ("clerk", "notice_today"), ("clerk", "notice_lapsed")]
    assert "下一工作日" in words(office)[0]
    assert "2026-03-09" in words(office)[0]
    assert words(office)[2].endswith("逾期未告知，视为受理")


def test_the_day_before_a_weekend_counts_as_the_day_before(office: Office) -> None:
    office.register(TRANSFER)

    before = tick(office, 3)
    friday = tick(office, 1)

    assert (before.messages, friday.messages) == (0, 1)


def test_after_days_off_only_the_latest_word_is_said(office: Office) -> None:
    office.register(TRANSFER)

    swept = tick(office, 30)

    assert (swept.messages, told(office)) == (1, [("clerk", "notice_lapsed")])


def test_run_twice_it_adds_nothing(office: Office) -> None:
    office.register(TRANSFER)
    walk(office, office.register(TRANSFER), ACCEPT)
    tick(office, 20, OUT)
    before = told(office)

    again = tick(office, 0, OUT)

    assert (again.messages, again.letters, told(office)) == (0, 0, before)


def test_a_case_nobody_holds_is_told_to_every_supervisor(engine: Engine) -> None:
    office = open_office(engine, extra={"deputy": ("supervisor",)}, items=ITEMS)
    ref = office.register(TRANSFER)
    office.act(ref, "clerk", "release")

    tick(office, 10)

    assert told(office) == [("supervisor", "notice_lapsed"), ("deputy", "notice_lapsed")]


def test_a_handler_who_left_is_not_written_to(office: Office) -> None:
    office.register(TRANSFER)
    with writing(office.engine) as session:
        session.execute(update(StaffRow).where(StaffRow.id == office.staff["clerk"].id).values(active=0))

    tick(office, 10)

    assert told(office) == [("supervisor", "notice_lapsed")]


def test_what_was_done_in_time_is_not_reminded_of(office: Office) -> None:
    ref = office.register(TRANSFER)
    walk(office, ref, ACCEPT)

    assert tick(office, 5).messages == 0


def test_a_supplement_is_announced_three_working_days_before(office: Office) -> None:
    supplementing(office)

    for days in (15, 1, 0, 6, 1):  # 03-20 is a day off in Xinjiang, so 03-18 is three working days before 03-24
        tick(office, days)

    assert told(office) == [
        ("clerk", "supplement_soon"),
        ("clerk", "supplement_today"),
        ("clerk", "supplement_lapsed"),
    ]
    assert "剩 3 个工作日" in words(office)[0]


def test_where_the_item_ends_the_case_the_message_says_so(office: Office) -> None:
    ref = office.register("deferral-case", receipts={"form": Receipt(Mark.MISSING)})
    office.act(ref, "clerk", "supplement_notice")

    tick(office, 40)

    assert words(office)[0].endswith("逾期未补正，已按事项规定终止")


def test_the_expected_end_of_a_stopped_clock_is_announced(office: Office) -> None:
    ref = office.register(TRANSFER)
    walk(office, ref, ACCEPT)
    why = {"kind": "鉴定", "basis": "行政许可法第四十五条", "days": "5", "reason": "笔迹鉴定"}
    office.act(ref, "clerk", "suspend", **why, excluded="不计入办理时限")

    for days in (4, 3, 1):
        tick(office, days)

    assert [kind for _, kind in told(office)] == ["suspension_soon", "suspension_today", "suspension_lapsed"]


def test_a_returned_payment_is_announced(office: Office) -> None:
    ref = office.register("inpatient-reimbursement")
    walk(office, ref, ACCEPT, HAND_OVER, ("reviewer", "approve", SMALL), CHECK, SETTLE, PAY)
    office.act(ref, "cashier", "return_payment", reason="账号户名不符")

    tick(office, 7)

    assert [kind for _, kind in told(office)] == ["repay_today"]


def test_every_kind_of_deadline_has_its_words(office: Office) -> None:
    ref = office.register(TRANSFER)
    with writing(office.engine) as session:
        session.execute(update(DeadlineRow).values(due_on=office.now.date()))
        (row,) = session.execute(select(DeadlineRow.__table__)).mappings().all()
        others = [{**row, "id": None, "kind": kind} for kind in DUTIES if kind != "notice"]
        session.execute(insert(DeadlineRow), [{k: v for k, v in one.items() if k != "id"} for one in others])

    tick(office)
    tick(office, 1)

    kinds = {kind for _, kind in told(office)}
    assert kinds >= {f"{kind}_{phase}" for kind in DUTIES for phase in ("today", "lapsed")}
    assert set(_TEXT) == set(DUTIES)
    assert office.history(ref).count("lapse") == len(DUTIES)


# --- limits


def test_a_promise_is_announced_on_its_last_day_and_past_it_and_past_the_law(office: Office) -> None:
    ref = office.register("deferral-case")
    walk(office, ref, ACCEPT, HAND_OVER, APPROVE)
    record = office.case(ref).record
    assert record.promised_due is not None
    assert record.statutory_due is not None

    for day in (record.promised_due, record.promised_due + timedelta(days=1), record.statutory_due):
        tick(office, (day - office.now.date()).days)
    tick(office, 1)
    tick(office, 5)

    kinds = [kind for _, kind in told(office) if "limit" in kind or "over" in kind]
    assert kinds == ["limit_today", "over_promised", "over_statutory"]


def test_a_limit_is_announced_on_the_working_day_before_its_last_and_not_earlier(office: Office) -> None:
    ref = office.register("deferral-case")
    walk(office, ref, ACCEPT, HAND_OVER, APPROVE)
    due = office.case(ref).record.promised_due
    assert due is not None
    calendar = office.house.catalogue.calendar_of("shawan")
    day_before = min(day for n in range(1, 15) if calendar.add(day := due - timedelta(days=n), 1) == due)

    tick(office, (day_before - office.now.date()).days - 1)
    early = [kind for _, kind in told(office) if kind.startswith("limit")]
    tick(office, 1)
    tick(office, 0)

    assert early == []
    assert [kind for _, kind in told(office) if kind.startswith("limit")] == ["limit_soon"]


def test_of_a_case_past_both_limits_the_worse_is_said(office: Office) -> None:
    ref = office.register("deferral-case")
    walk(office, ref, ACCEPT, HAND_OVER, APPROVE)

    tick(office, 90)

    assert [kind for _, kind in told(office) if kind.startswith("over")] == ["over_statutory"]


def test_a_case_told_of_once_is_not_told_of_again_to_its_next_holder(office: Office) -> None:
    ref = office.register(TRANSFER)
    walk(office, ref, ACCEPT)
    tick(office, 20)
    before = told(office)

    office.act(ref, "clerk", "release")
    tick(office, 1)

    assert told(office) == before


# --- the applicant


def test_the_applicant_is_reminded_of_a_supplement_once(office: Office) -> None:
    ref = supplementing(office)

    for days in (15, 1, 1, 3, 2):
        tick(office, days, OUT)

    ((kind, fields),) = letters(office)
    assert (kind, fields["due"], fields["query_code"]) == ("supplement_due", "2026-03-24", ref.query_code)
    assert set(fields) == {"bureau", "item", "due", "query_code"}


def test_the_applicant_is_reminded_of_a_commitment_ten_days_before(office: Office) -> None:
    item = office.item("long-term-residence")
    line = next(line for line in item.materials if any(option.commitment for option in line.options))
    promise = next(option for option in line.options if option.commitment)
    answers = {"region": promise.when["region"][0]}
    application = office.application(item.key, answers=answers)
    receipts = {**application.receipts, line.key: Receipt(Mark.RECEIVED, promise.key, 1)}
    ref = office.register(item.key, answers=answers, receipts=receipts)
    ticks = dict.fromkeys(("complete", "genuine", "lawful", "conditions"), "on")
    office.act(ref, "clerk", "close_on_the_spot", **ticks, result="已备案")

    early = tick(office, 54, OUT)
    tick(office, 1, OUT)

    assert early.letters == 0
    assert [(kind, fields["due"]) for kind, fields in letters(office)] == [("commitment_due", "2026-05-06")]


@pytest.mark.parametrize(("phone", "reach"), [("0993-6012345", OUT), ("", OUT), (PERSON.phone, Reach())])
def test_without_a_mobile_or_a_gateway_nobody_is_written_to(office: Office, phone: str, reach: Reach) -> None:
    supplementing(office, applicant=replace(PERSON, phone=phone))

    tick(office, 20, reach)

    assert letters(office) == []


def test_who_handed_in_is_not_reminded(office: Office) -> None:
    ref = supplementing(office)
    lines = {line.material.key for line in office.case(ref).checklist.unmet}
    receipts = {key: value for key, value in office.application(TRANSFER).receipts.items() if key in lines}
    office.act_on(ref, "clerk", "supplement", {}, receipts=receipts)

    tick(office, 19, OUT)

    assert letters(office) == []


# --- the office's mailbox


def test_the_office_gets_counts_on_working_days_with_something_to_say(office: Office) -> None:
    walk(office, office.register(TRANSFER), ACCEPT)

    quiet = tick(office, 1, OUT)
    tick(office, 14, OUT)
    saturday = tick(office, 4, OUT)

    ((kind, fields),) = letters(office, "email")
    assert (quiet.letters, saturday.letters, kind) == (0, 0, "day_summary")
    assert (fields["over_promised"], fields["today"], fields["day"]) == (1, 0, "2026-03-17")


# --- one sweeper at a time


def test_sweeps_at_once_write_each_thing_one_time(office: Office) -> None:
    refs = [office.register(TRANSFER) for _ in range(3)]
    office.sleep(30)
    start = Barrier(3)
    faults: list[BaseException] = []

    def work() -> None:
        start.wait()
        try:
            sweep(office.engine, office.house, office.now)
        except BaseException as error:  # noqa: BLE001 - told to the test
            faults.append(error)

    threads = [Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert faults == []
    assert told(office) == [("clerk", "notice_lapsed")] * 3
    assert [office.history(ref).count("lapse") for ref in refs] == [1, 1, 1]


def test_while_another_process_sweeps_this_one_does_nothing(office: Office) -> None:
    office.register(TRANSFER)
    if is_sqlite(office.engine):
        # There the write lock alone keeps two sweeps apart.
        assert not tick(office, 30).elsewhere
        return
    with reading(office.engine) as other:
        other.execute(text(f"SELECT pg_advisory_xact_lock({_SWEEPER})"))
        during = tick(office, 30)

    after = tick(office)

    assert (during.elsewhere, during.total, after.elsewhere, after.total) == (True, 0, False, 1)


def test_a_case_that_cannot_be_read_does_not_hide_the_others(office: Office) -> None:
    first, second = office.register(TRANSFER), office.register(TRANSFER)
    with writing(office.engine) as session:
        ids = list(session.execute(select(DeadlineRow.id).order_by(DeadlineRow.case_id)).scalars())
        disarm(session)
        session.execute(update(CaseRow).where(CaseRow.id == first.id).values(edition_id=_broken_edition(session)))

    swept = tick(office, 30)

    assert (swept.failed, swept.total) == ((ids[0],), 1)
    assert office.history(second)[-1] == "lapse"


def _broken_edition(session: Connection) -> int:
    row = {"bureau": "shawan", "item_key": "broken", "digest": "-", "definition": "key =", "current": 0}
    return session.execute(
        insert(EditionRow).values({**row, "synced_at": MORNING}).returning(EditionRow.id)
    ).scalar_one()


# --- many


def test_many_messages_are_written_in_one_sweep(office: Office) -> None:
    office.register(TRANSFER)
    with writing(office.engine) as session:
        (row,) = session.execute(select(DeadlineRow.__table__)).mappings().all()
        many = [
            {**{k: v for k, v in row.items() if k != "id"}, "kind": "serve", "stopped_on": row["due_on"]}
            for _ in range(1200)
        ]
        session.execute(insert(DeadlineRow), many)
        session.execute(text("DROP INDEX uq_deadline_running"))
        session.execute(update(DeadlineRow).values(stopped_on=None))

    swept = tick(office, 7)

    assert swept.messages == 1201
    assert tick(office).messages == 0
    with reading(office.engine) as session:
        assert session.execute(select(func.count()).select_from(MessageRow)).scalar_one() == 1201
