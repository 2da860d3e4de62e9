"""督办: ordered once, answered by who has the case, decided by a supervisor, raised by the sweep, ended with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, update
from sqlalchemy.exc import IntegrityError

from caseflow.desk.calendar_days import enter_days
from caseflow.desk.intake import CaseRef
from caseflow.desk.office import Away, add_absence
from caseflow.desk.order_paper import order_paper
from caseflow.desk.rating import rate
from caseflow.desk.supervision import (
    Ordered,
    accept_order,
    answer_order,
    issue_order,
    return_order,
    withdraw_order,
)
from caseflow.desk.upkeep import Swept, sweep
from caseflow.errors import BadInput, CaseChanged, CaseflowError, NotAllowed, NotFound, Refused
from caseflow.rules.checklist import Mark, Receipt
from caseflow.rules.definition import read_bureau
from caseflow.rules.entered_days import Amendment, read_lines
from caseflow.store.db import reading, writing
from caseflow.store.models import PaperRow, StaffRow
from caseflow.store.office_models import OrderRow, OrderWordRow
from caseflow.store.side_models import MessageRow
from tests.support.office import MORNING, Office, open_office
from tests.support.roads import ACCEPT, APPROVE, CHECK, CLOSE, HAND_OVER, PAY, REFUSE, SETTLE, SMALL

ITEMS = Path(__file__).parent.parent / "data" / "items"
TRANSFER = "transfer-continuation"
WHY = ("资料堆积", "今日办结")
OVER = {"kind": "无法继续办理", "reason": "单位已注销"}


@pytest.fixture
def office(engine: Engine) -> Office:
    """An office with two supervisors, one of whom also reviews."""
    extra = {"second": ("supervisor",), "both": ("supervisor", "reviewer"), "other": ("reviewer",)}
    return open_office(engine, extra=extra, items=ITEMS)


def walk(office: Office, ref: CaseRef, *steps: tuple[str, str, dict[str, str]]) -> CaseRef:
    for by, action, details in steps:
        office.act(ref, by, action, **details)
    return ref


def late(office: Office, by: str = "reviewer") -> CaseRef:
    """A case that this person reviews and that is past its promise."""
    ref = walk(office, office.register(TRANSFER), ACCEPT, HAND_OVER)
    office.act(ref, by, "claim")
    promised = office.case(ref).record.promised_due
    assert promised is not None
    office.sleep((promised - office.now.date()).days + 1)
    return ref


def issue(office: Office, ref: CaseRef, by: str = "supervisor", **changes: Any) -> Ordered:
    entries = {"version": None, "level": 1, "cause": "promised", "words": "请说明", "to_id": None} | changes
    with writing(office.engine) as session:
        return issue_order(session, office.house, office.staff[by], ref.id, **entries, now=office.now)


def answer(office: Office, order: Ordered, by: str = "reviewer", **changes: Any) -> int:
    entries = {"cause": WHY[0], "measures": WHY[1], "until": office.now.date()} | changes
    with writing(office.engine) as session:
        return answer_order(session, office.house, office.staff[by], order.id, **entries, now=office.now)


def decide(
    office: Office, order: Ordered, verb: Callable[..., int], words: str = "可以", by: str = "supervisor", seen: int = 0
) -> int:
    with writing(office.engine) as session:
        return verb(session, office.house, office.staff[by], order.id, seen or last(office, order), words, office.now)


def last(office: Office, order: Ordered) -> int:
    with reading(office.engine) as session:
        query = select(func.max(OrderWordRow.id)).where(OrderWordRow.order_id == order.id)
        return int(session.execute(query).scalar_one())


def orders(office: Office, ref: CaseRef) -> list[Any]:
    with reading(office.engine) as session:
        query = select(*OrderRow.__table__.columns).where(OrderRow.case_id == ref.id).order_by(OrderRow.id)
        return list(session.execute(query).all())


def thread(office: Office, order_id: int) -> list[str]:
    with reading(office.engine) as session:
        query = select(OrderWordRow.kind).where(OrderWordRow.order_id == order_id).order_by(OrderWordRow.id)
        return list(session.execute(query).scalars())


def reply(office: Office, ref: CaseRef) -> date | None:
    """The last day of the running deadline for an answer."""
    return office.case(ref).facts.running.get("order_reply")


def told(office: Office, who: str) -> list[str]:
    with reading(office.engine) as session:
        query = select(MessageRow.kind).where(MessageRow.staff_id == office.staff[who].id)
        return list(session.execute(query.order_by(MessageRow.id)).scalars())


def tick(office: Office, days: int = 0) -> Swept:
    office.sleep(days)
    return sweep(office.engine, office.house, office.now)


def refused(error: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [one.code for one in error.value.refusals]


# --- issuing


@pytest.mark.parametrize(("level", "days"), [(1, 3), (2, 2), (3, 1)])
def test_an_order_gives_its_level_s_working_days_for_the_answer(office: Office, level: int, days: int) -> None:
    ref = late(office)

    order = issue(office, ref, level=level)

    calendar = office.house.catalogue.calendar_of("shawan")
    assert order.answer_by == reply(office, ref) == calendar.add(office.now.date(), days)
    assert (order.to_id, orders(office, ref)[0].days_over) == (office.staff["reviewer"].id, 1)
    assert told(office, "reviewer") == ["order_issue"]


def test_an_order_changes_no_state_and_stands_in_the_history(office: Office) -> None:
    ref = late(office)
    before = office.case(ref).record

    order = issue(office, ref)

    after = office.case(ref).record
    assert (after.state, after.handler_id, after.promised_due) == (before.state, before.handler_id, before.promised_due)
    assert order.version == after.version == before.version + 1
    assert office.history(ref)[-1] == "order_issue"


@pytest.mark.parametrize("by", ["clerk", "reviewer", "auditor", "administrator"])
def test_only_a_supervisor_orders(office: Office, by: str) -> None:
    ref = late(office)

    with pytest.raises(Refused) as error:
        issue(office, ref, by=by)

    assert refused(error) == ["role"]


def test_a_case_has_one_running_order_and_the_second_supervisor_is_told_of_it(office: Office) -> None:
    ref = late(office)
    issue(office, ref)

    with pytest.raises(Refused, match="本件已在督办：提醒"):
        issue(office, ref, by="second", level=2)

    assert len(orders(office, ref)) == 1


def test_the_database_itself_keeps_a_second_running_order_out(office: Office) -> None:
    ref = late(office)
    order = issue(office, ref)
    row = orders(office, ref)[0]._asdict() | {"id": order.id + 1}

    with pytest.raises(IntegrityError), office.engine.begin() as session:
        session.execute(OrderRow.__table__.insert(), row)  # type: ignore[attr-defined]


def test_two_supervisors_at_once_order_once(office: Office) -> None:
    ref = late(office)
    version, gate, ended = office.case(ref).record.version, Barrier(2), []

    def order(by: str) -> None:
        gate.wait()
        try:
            issue(office, ref, by=by, version=version)
        except CaseflowError as error:
            ended.append(str(error))

    threads = [Thread(target=order, args=(by,)) for by in ("supervisor", "second")]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)

    assert len(orders(office, ref)) == 1
    assert len(ended) == 1
    assert "已在督办" in ended[0]


def test_an_order_to_nobody_is_refused_and_a_named_person_who_may_handle_it_gets_it(office: Office) -> None:
    ref = walk(office, office.register(TRANSFER), ACCEPT, HAND_OVER)

    with pytest.raises(Refused) as nobody:
        issue(office, ref, cause="unclaimed")
    with pytest.raises(Refused) as unable:
        issue(office, ref, cause="unclaimed", to_id=office.staff["cashier"].id)
    order = issue(office, ref, cause="unclaimed", to_id=office.staff["other"].id)

    assert (refused(nobody), refused(unable)) == (["nobody"], ["receiver"])
    assert order.to_id == office.staff["other"].id
    assert office.case(ref).record.handler_id is None


def test_the_handler_gets_the_order_whoever_else_is_named(office: Office) -> None:
    ref = late(office)

    assert issue(office, ref, to_id=office.staff["other"].id).to_id == office.staff["reviewer"].id


def test_nobody_orders_themselves(office: Office) -> None:
    ref = late(office, by="both")

    with pytest.raises(Refused) as error:
        issue(office, ref, by="both")

    assert refused(error) == ["own_case"]


def test_a_handler_whose_account_is_closed_gets_no_order(office: Office) -> None:
    ref = late(office)
    with writing(office.engine) as session:
        session.execute(update(StaffRow).where(StaffRow.id == office.staff["reviewer"].id).values(active=0))

    with pytest.raises(Refused, match="已停用"):
        issue(office, ref)


@pytest.mark.parametrize("cause", ["statutory", "today", "soon", "paused", "notice", "promises", "unclaimed"])
def test_a_cause_that_does_not_hold_orders_nothing(office: Office, cause: str) -> None:
    ref = late(office)

    with pytest.raises(Refused) as error:
        issue(office, ref, cause=cause)

    assert refused(error) == ["cause"]


def test_on_its_last_day_a_case_is_not_late_yet(office: Office) -> None:
    ref = late(office)
    office.sleep(-1)

    with pytest.raises(Refused):
        issue(office, ref)

    assert issue(office, ref, cause="today").id


def test_a_list_that_is_out_of_date_orders_nothing(office: Office) -> None:
    ref = late(office)

    with pytest.raises(CaseChanged):
        issue(office, ref, version=office.case(ref).record.version - 1)

    assert orders(office, ref) == []


@pytest.mark.parametrize(
    "wrong", [{"level": 0}, {"level": 4}, {"cause": "nothing"}, {"words": "x" * 501}, {"words": "a\x00"}]
)
def test_absurd_entries_are_told_and_nothing_is_written(office: Office, wrong: dict[str, Any]) -> None:
    ref = late(office)

    with pytest.raises(BadInput):
        issue(office, ref, **wrong)

    assert orders(office, ref) == []


def test_a_bureau_may_set_its_own_days() -> None:
    text = (Path("caseflow/workflows/items/shawan/bureau.toml")).read_text(encoding="utf-8")

    assert read_bureau(text, "b").answer_days == (3, 2, 1)
    assert read_bureau(text + "\n[orders]\nreminder = 5\nred = 2\n", "b").answer_days == (5, 2, 2)
    with pytest.raises(CaseflowError, match="应在 1 到 30 之间"):
        read_bureau(text + "\n[orders]\nyellow = 0\n", "b")


# --- the answer and what becomes of it


def test_an_answer_stops_the_time_and_waits_for_the_supervisor(office: Office) -> None:
    ref = late(office)
    order = issue(office, ref)

    answer(office, order)

    row = orders(office, ref)[0]
    assert (row.answered_on, row.closed_on, reply(office, ref)) == (office.now.date(), None, None)
    assert told(office, "supervisor")[-1] == "order_answer"
    with pytest.raises(Refused, match="已经反馈"):
        answer(office, order)


@pytest.mark.parametrize("by", ["clerk", "supervisor", "other", "auditor"])
def test_only_who_was_ordered_answers(office: Office, by: str) -> None:
    order = issue(office, late(office))

    with pytest.raises(Refused, match="应由reviewer反馈"):
        answer(office, order, by=by)


@pytest.mark.parametrize(
    "wrong",
    [
        {"cause": " "},
        {"measures": ""},
        {"cause": "x" * 501},
        {"measures": "a\x07"},
        {"until": None},
        {"until": date(2020, 1, 1)},
        {"until": date(9999, 12, 31)},
    ],
)
def test_an_answer_says_why_what_and_until_when(office: Office, wrong: dict[str, Any]) -> None:
    ref = late(office)
    order = issue(office, ref)

    with pytest.raises(BadInput):
        answer(office, order, **wrong)

    assert thread(office, order.id) == ["issue"]


def test_an_accepted_answer_ends_the_order_and_another_may_follow(office: Office) -> None:
    ref = late(office)
    order = issue(office, ref)
    answer(office, order)

    decide(office, order, accept_order)

    row = orders(office, ref)[0]
    assert (row.outcome, row.closed_on) == ("accepted", office.now.date())
    assert thread(office, order.id) == ["issue", "answer", "accept"]
    assert issue(office, ref, by="second", level=2).id != order.id


def test_a_returned_answer_is_owed_again_within_new_days(office: Office) -> None:
    ref = late(office)
    order = issue(office, ref, level=2)
    answer(office, order)
    office.sleep(1)

    decide(office, order, return_order, "没有写明何时办结")

    row = orders(office, ref)[0]
    again = office.house.catalogue.calendar_of("shawan").add(office.now.date(), 2)
    assert (row.answered_on, row.answer_by, reply(office, ref)) == (None, again, again)
    answer(office, order)
    assert thread(office, order.id) == ["issue", "answer", "return", "answer"]


def test_nothing_is_reviewed_before_it_is_answered_nor_returned_without_words(office: Office) -> None:
    order = issue(office, late(office))

    with pytest.raises(Refused, match="还没有反馈"):
        decide(office, order, accept_order)
    answer(office, order)
    with pytest.raises(BadInput, match="退回理由"):
        decide(office, order, return_order, " ")


def test_a_thread_that_went_on_is_not_decided_unseen(office: Office) -> None:
    order = issue(office, late(office))
    answer(office, order)
    seen = last(office, order)
    decide(office, order, return_order, "补充")
    answer(office, order)

    with pytest.raises(CaseChanged, match="新的进展"):
        decide(office, order, accept_order, seen=seen)


def test_who_answers_does_not_review_their_own_answer(office: Office) -> None:
    ref = late(office, by="both")
    order = issue(office, ref)
    answer(office, order, by="both")

    for verb in (accept_order, return_order, withdraw_order):
        with pytest.raises(Refused, match="其他主管"):
            decide(office, order, verb, by="both")

    assert decide(office, order, accept_order, by="second")


@pytest.mark.parametrize("answered", [False, True])
def test_an_order_is_withdrawn_with_a_reason(office: Office, answered: bool) -> None:
    ref = late(office)
    order = issue(office, ref)
    if answered:
        answer(office, order)

    with pytest.raises(BadInput):
        decide(office, order, withdraw_order, "")
    decide(office, order, withdraw_order, "发错了")

    assert (orders(office, ref)[0].outcome, reply(office, ref)) == ("withdrawn", None)
    assert told(office, "reviewer")[-1] == "order_withdraw"
    with pytest.raises(CaseChanged):
        answer(office, order)


def test_every_word_is_an_event_and_the_state_never_moves(office: Office) -> None:
    ref = late(office)
    state = office.case(ref).record.state
    order = issue(office, ref)
    answer(office, order)
    decide(office, order, return_order, "补充")
    answer(office, order)
    decide(office, order, accept_order)
    decide(office, issue(office, ref), withdraw_order, "重复")

    words = ["issue", "answer", "return", "answer", "accept", "issue", "withdraw"]
    assert office.history(ref)[-7:] == [f"order_{one}" for one in words]
    assert office.case(ref).record.state == state


def test_another_bureau_s_order_is_as_if_there_were_none(office: Office) -> None:
    order = issue(office, late(office))
    for name in ("supervisor", "reviewer"):
        office.staff[name] = replace(office.staff[name], bureau="shuimogou")

    with pytest.raises(NotFound):
        answer(office, order)
    with pytest.raises(NotFound):
        decide(office, order, accept_order)
    with pytest.raises(NotFound), writing(office.engine) as session:
        order_paper(session, office.house, office.staff["supervisor"], order.id, office.now)


# --- the order and its case


def test_an_order_follows_its_case_to_the_next_person(office: Office) -> None:
    ref = late(office)
    order = issue(office, ref)

    office.act(ref, "second", "assign", receiver=str(office.staff["other"].id), reason="请假")

    row = orders(office, ref)[0]
    assert (row.to_id, row.answer_by) == (office.staff["other"].id, order.answer_by)
    assert thread(office, order.id) == ["issue", "transfer"]
    assert told(office, "other") == ["order_transfer"]
    with pytest.raises(Refused):
        answer(office, order)
    assert answer(office, order, by="other")


def test_an_order_stays_where_it_is_while_nobody_holds_the_case(office: Office) -> None:
    ref = late(office)
    order = issue(office, ref)

    office.act(ref, "reviewer", "release")
    assert orders(office, ref)[0].to_id == office.staff["reviewer"].id

    office.act(ref, "other", "claim")
    assert orders(office, ref)[0].to_id == office.staff["other"].id
    assert thread(office, order.id) == ["issue", "transfer"]


def test_an_answered_order_does_not_change_hands_but_a_returned_one_goes_to_who_has_the_case(office: Office) -> None:
    ref = late(office)
    order = issue(office, ref)
    answer(office, order)

    office.act(ref, "second", "assign", receiver=str(office.staff["other"].id), reason="请假")
    assert orders(office, ref)[0].to_id == office.staff["reviewer"].id

    decide(office, order, return_order, "请现经办人说明")
    assert orders(office, ref)[0].to_id == office.staff["other"].id


@pytest.mark.parametrize("end", [("refuse", {**REFUSE, "late_reason": "迟"}), ("terminate", OVER)])
def test_an_order_ends_with_its_case(office: Office, end: tuple[str, dict[str, str]]) -> None:
    ref = late(office)
    order = issue(office, ref)

    walk(office, ref, ("reviewer", *end))

    row = orders(office, ref)[0]
    assert (row.outcome, row.closed_on, reply(office, ref)) == ("ended", office.now.date(), None)
    assert thread(office, order.id) == ["issue", "end"]


def test_an_answered_order_ends_with_its_case_too(office: Office) -> None:
    ref = late(office)
    answer(office, issue(office, ref))

    walk(office, ref, APPROVE, ("clerk", "close", {**CLOSE[2], "late_reason": "迟"}))

    assert orders(office, ref)[0].outcome == "ended"


def test_a_case_ended_by_the_sweep_takes_its_order_along(office: Office) -> None:
    missing = {"form": Receipt(Mark.RECEIVED), "proof": Receipt(Mark.MISSING)}
    ref = office.register("deferral-case", receipts=missing)
    walk(office, ref, ("clerk", "supplement_notice", {}), ("clerk", "release", {}))
    order = issue(office, ref, cause="unclaimed", level=3, to_id=office.staff["clerk"].id)

    tick(office, 40)

    assert office.case(ref).record.state == "terminated"
    assert (orders(office, ref)[0].outcome, thread(office, order.id)) == ("ended", ["issue", "end"])


def test_an_order_about_what_outlives_completion_is_not_ended_by_it(office: Office) -> None:
    steps = [ACCEPT, HAND_OVER, ("reviewer", "approve", SMALL), CHECK, SETTLE, PAY]
    ref = walk(office, office.register("inpatient-reimbursement"), *steps)
    with writing(office.engine) as session:
        rate(session, office.house, "shawan", ref.id, 1, "太慢", office.now)

    with pytest.raises(Refused):
        issue(office, ref)
    order = issue(office, ref, cause="bad_rating", to_id=office.staff["clerk"].id)

    assert reply(office, ref) == order.answer_by


# --- escalation


def test_an_unanswered_order_is_raised_by_the_sweep_once(office: Office) -> None:
    ref = late(office)
    first = issue(office, ref)
    office.now = MORNING.replace(year=first.answer_by.year, month=first.answer_by.month, day=first.answer_by.day)

    assert tick(office).lapsed == {}
    tick(office, 1)
    tick(office)

    old, new = orders(office, ref)
    assert (old.outcome, new.level, new.follows, new.issued_by) == ("escalated", 2, old.id, None)
    assert new.answer_by == office.house.catalogue.calendar_of("shawan").add(office.now.date(), 2) == reply(office, ref)
    assert (thread(office, old.id), thread(office, new.id)) == (["issue", "escalate"], ["issue"])
    assert office.history(ref)[-1] == "order_escalate"
    assert "order_escalate" in told(office, "supervisor")


def test_after_days_off_one_sweep_raises_by_one_level_only(office: Office) -> None:
    ref = late(office)
    issue(office, ref)

    tick(office, 60)

    assert [row.level for row in orders(office, ref)] == [1, 2]


def test_the_gravest_order_stays_and_is_flagged_once(office: Office) -> None:
    ref = late(office)
    order = issue(office, ref, level=3)

    tick(office, 10)
    events = office.history(ref)
    tick(office, 10)

    row = orders(office, ref)[0]
    assert (row.level, row.closed_on) == (3, None)
    assert reply(office, ref) == order.answer_by
    assert office.history(ref) == events
    assert events.count("lapse") == 1
    assert answer(office, order)


def test_an_answer_in_time_is_never_raised(office: Office) -> None:
    ref = late(office)
    answer(office, issue(office, ref))

    tick(office, 30)

    assert [row.outcome for row in orders(office, ref)] == [""]


def test_the_reminder_goes_to_who_has_to_answer(office: Office) -> None:
    ref = walk(office, office.register(TRANSFER), ACCEPT, HAND_OVER)
    order = issue(office, ref, cause="unclaimed", to_id=office.staff["other"].id)
    office.sleep((order.answer_by - office.now.date()).days)

    tick(office)

    assert told(office, "other")[-1] == "order_reply_today"


def test_a_day_declared_off_moves_the_answer_s_last_day_with_its_deadline(office: Office) -> None:
    ref = late(office)
    order = issue(office, ref)
    off = Amendment("shawan", read_lines(f"{order.answer_by.isoformat()} 放假 停电", "通知"))
    with writing(office.engine) as session:
        enter_days(session, office.house, office.staff["administrator"], off, office.now)

    tick(office)

    row = orders(office, ref)[0]
    assert row.answer_by == reply(office, ref)
    assert row.answer_by > order.answer_by


def test_a_day_declared_off_also_keeps_the_order_of_an_ended_case_from_being_raised(office: Office) -> None:
    ref = walk(office, office.register(TRANSFER), ACCEPT, HAND_OVER, APPROVE, CLOSE)
    with writing(office.engine) as session:
        rate(session, office.house, "shawan", ref.id, 1, "太慢", office.now)
    order = issue(office, ref, cause="bad_rating", to_id=office.staff["clerk"].id)
    off = Amendment("shawan", read_lines(f"{order.answer_by.isoformat()} 放假 停电", "通知"))
    with writing(office.engine) as session:
        enter_days(session, office.house, office.staff["administrator"], off, office.now)

    tick(office, (order.answer_by - office.now.date()).days + 1)

    (row,) = orders(office, ref)
    assert (row.level, row.outcome) == (1, "")
    assert row.answer_by == reply(office, ref)
    assert row.answer_by > order.answer_by


def test_nothing_is_raised_against_somebody_who_has_left(office: Office) -> None:
    ref = late(office)
    order = issue(office, ref)
    with writing(office.engine) as session:
        session.execute(update(StaffRow).where(StaffRow.id == order.to_id).values(active=0))

    tick(office, 10)

    assert [row.level for row in orders(office, ref)] == [1]
    assert "order_reply_lapsed" in told(office, "supervisor")


# --- standing in


def stand_in(office: Office, who: str, for_whom: str) -> None:
    entry = Away(office.staff[for_whom].number, office.now.date(), office.now.date(), office.staff[who].number)
    with writing(office.engine) as session:
        add_absence(session, office.staff["administrator"], entry, office.now)


def test_who_stands_in_answers_and_prints_and_decides_nothing_about_it(office: Office) -> None:
    ref = late(office)
    order = issue(office, ref)
    stand_in(office, "both", "reviewer")

    answer(office, order, by="both")

    assert paper(office, order, by="both").fields["rounds"][0]["answered_by"] == office.staff["both"].name
    for verb in (accept_order, return_order, withdraw_order):
        with pytest.raises(Refused) as error:
            decide(office, order, verb, by="both")
        assert refused(error) == ["own_order"]


def test_nobody_accepts_an_answer_they_gave_in_another_s_place(office: Office) -> None:
    ref = late(office)
    order = issue(office, ref)
    stand_in(office, "both", "reviewer")
    answer(office, order, by="both")
    office.sleep(1)

    with pytest.raises(Refused) as error:
        decide(office, order, accept_order, by="both")

    assert refused(error) == ["own_answer"]


# --- the paper


def test_the_first_print_takes_the_number_and_later_ones_fill_in_the_form(office: Office) -> None:
    ref = late(office)
    order = issue(office, ref)

    first = paper(office, order)
    answer(office, order)
    second = paper(office, order, by="reviewer")

    assert first.id == second.id
    assert first.number == second.number
    assert (first.fields["rounds"], len(second.fields["rounds"])) == ([], 1)
    assert second.fields["rounds"][0]["cause"] == WHY[0]


def test_numbers_have_no_gaps_and_only_those_concerned_print(office: Office) -> None:
    numbers = [paper(office, issue(office, late(office))).serial for _ in range(2)]

    assert numbers == [1, 2]
    order = issue(office, late(office))
    with pytest.raises(NotAllowed):
        paper(office, order, by="clerk")
    with pytest.raises(NotAllowed):
        paper(office, order, by="auditor")


def test_what_the_form_said_when_it_was_printed_stays(office: Office) -> None:
    ref = late(office)
    order = issue(office, ref)
    first = paper(office, order)

    office.act(ref, "second", "assign", receiver=str(office.staff["other"].id), reason="请假")
    second = paper(office, order)

    kept = ("to_name", "answer_by", "level", "cause", "days_over")
    assert {name: second.fields[name] for name in kept} == {name: first.fields[name] for name in kept}


def paper(office: Office, order: Ordered, by: str = "supervisor") -> Any:
    with writing(office.engine) as session:
        paper_id = order_paper(session, office.house, office.staff[by], order.id, office.now)
        return session.execute(select(*PaperRow.__table__.columns).where(PaperRow.id == paper_id)).one()
