"""Whichever statement of whatever command fails, nothing is half applied. CASEFLOW_FAULTS=1 runs the long form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine, text

from caseflow.desk import accounts, drafts, messages, office, once, outbox, passwords, preferences, purging, supervision
from caseflow.desk.accounts import Profile
from caseflow.desk.attachments import attach, detach
from caseflow.desk.attempts import count_attempt, forgive
from caseflow.desk.calendar_days import enter, enter_days
from caseflow.desk.carrying import applicant_again, carry_over
from caseflow.desk.correcting import correct
from caseflow.desk.definitions import sync
from caseflow.desk.handling import reveal
from caseflow.desk.intake import CaseRef
from caseflow.desk.issuing import mark_printed
from caseflow.desk.order_paper import order_paper
from caseflow.desk.rating import rate
from caseflow.desk.rederiving import rederive
from caseflow.desk.upkeep import sweep
from caseflow.rules.checklist import Mark, Receipt
from caseflow.rules.entered_days import Amendment, read_lines
from caseflow.rules.past import CONSENTS
from caseflow.store.db import writing
from caseflow.store.models import PaperRow, PersonRow
from caseflow.store.office_models import AbsenceRow, OrderRow, OrderWordRow, SavedViewRow, SectionRow
from caseflow.store.side_models import AttachmentRow
from caseflow.workflows import FLOWS
from tests.reliability.books import audit
from tests.reliability.commands import commands, named
from tests.reliability.day import Day
from tests.reliability.faulty import BOTH, Tape, dump, fail_everywhere, spoiling
from tests.support.office import Office, first_answers, open_office
from tests.support.roads import ACCEPT, APPROVE, CLOSE, HAND_OVER, REFUSE, ROADS
from tests.support.scans import PDF

ROOT = Path(__file__).parents[2]
TRANSFER = "transfer-continuation"
PASSWORD, OTHER_PASSWORD = "blue-horse-7x", "red-camel-8y"
WHY = {"kind": "鉴定", "basis": "行政许可法第四十五条", "days": "5", "reason": "笔迹鉴定", "excluded": "不计入办理时限"}


@pytest.fixture
def day(engine: Engine) -> Day:
    return Day(open_office(engine, extra={"second": ("clerk",)}, items=ROOT / "tests" / "data" / "items"))


def roads() -> Iterator[tuple[str, int]]:
    """The whole road of each flow; all of them in the long form."""
    for flow, known in ROADS.items():
        yield from ((flow, n) for n in range(len(known) if BOTH else 1))


@pytest.mark.parametrize(("flow", "road"), list(roads()))
def test_no_step_of_a_road_is_half_taken(day: Day, flow: str, road: int) -> None:
    item = next(one for one in day.office.house.catalogue.items_of("shawan") if one.flow == flow)
    end, steps = ROADS[flow][road]

    ref = day.register(item.key)
    for who, action, details in steps:
        day.step(ref, who, action, details)

    assert day.office.case(ref).record.state == end
    assert day.office.history(ref) == [
        "register",
        *(key for _, action, _ in steps for key in (["accept"] if action == "close_on_the_spot" else []) + [action]),
    ]


def test_no_side_road_is_half_taken(day: Day) -> None:
    ref = day.register()
    faulty = {"identity": Receipt(Mark.FAULTY, fault="不清楚")}
    day.step(ref, "clerk", "receive_material", {}, receipts=faulty)
    day.step(ref, "clerk", "supplement_notice", {})
    day.step(ref, "clerk", "supplement", {}, receipts={"identity": Receipt(Mark.RECEIVED, originals=1)})
    day.step(ref, *ACCEPT)
    day.step(ref, "clerk", "suspend", WHY)
    day.office.sleep(1)
    day.step(ref, "clerk", "resume", {"reason": "完成"})
    day.step(ref, "clerk", "ask_extension", {"days": "5", "reason": "需要向参保地核实"})
    day.step(ref, "supervisor", "grant_extension", {"opinion": "同意"})
    day.step(ref, *HAND_OVER)
    day.step(ref, "reviewer", "claim", {})
    day.step(ref, "reviewer", "release", {"reason": "请他人办理"})
    day.step(ref, "supervisor", "assign", {"receiver": str(day.by("reviewer").id), "reason": "均衡"})
    day.step(ref, "reviewer", "send_back", {"reason": "补充情况"})

    assert day.office.case(ref).record.state == "accepted"


def test_no_deferral_or_late_correction_is_half_taken(day: Day) -> None:
    ref = day.register("deferral-case", receipts={"form": Receipt(Mark.RECEIVED), "proof": Receipt(Mark.DEFERRED)})
    until = (day.office.now + timedelta(days=8)).date().isoformat()

    day.step(ref, "clerk", "accept_deferred", {"genuine": "on", "signed": "on", "defer_until": until})
    day.step(ref, "clerk", "receive_deferred", {}, receipts={"proof": Receipt(Mark.RECEIVED, "self", 1)})
    day.step(ref, "clerk", "ask_extension", {"days": "1", "reason": "核实"})
    day.step(ref, "supervisor", "reject_extension", {"reason": "理由不足"})
    day.step(ref, *HAND_OVER)
    day.step(ref, *APPROVE)
    day.step(ref, "supervisor", "consent", {"kind": CONSENTS["late_correction"], "reason": "身份证核对"})
    version, changes = day.office.case(ref).record.version, {"applicant.name": "张需"}
    told = (day.office.house, day.by("clerk"), ref.id, version, changes, "录入错字", day.office.now)
    day.do(correct, *told)

    assert day.office.history(ref)[-1] == "correct_late"


def test_no_return_of_a_payment_service_or_answer_to_a_bad_grade_is_half_taken(day: Day) -> None:
    paid = day.quick(*ROADS["payment"][0][1], item="inpatient-reimbursement")
    day.step(paid, "cashier", "return_payment", {"reason": "账号户名不符"})
    day.step(paid, "cashier", "pay_again", {"reference": "P2026-002"})
    refused = day.quick(ACCEPT, HAND_OVER, ("reviewer", "refuse", REFUSE))
    paper = day.one(PaperRow.number)
    service = {"way": "直接送达", "served_on": day.office.now.date().isoformat(), "place": "窗口"}
    said = {**service, "recipient": "张霈", "paper_number": paper, "servers": "甲、乙"}
    day.step(refused, "clerk", "serve", said)
    with writing(day.office.engine) as session:
        rate(session, day.office.house, "shawan", paid.id, 1, "态度差", day.office.now)
    day.step(paid, "clerk", "call_back", {"text": "已电话致歉"})
    day.step(paid, "supervisor", "rectify", {"text": "已整改"})

    assert day.office.history(paid)[-3:] == ["rate", "call_back", "rectify"]


def test_no_promise_is_half_kept_or_half_broken(day: Day) -> None:
    kept, broken = (committed(day.office) for _ in range(2))
    for ref in (kept, broken):
        day.office.act(ref, "clerk", "close_on_the_spot", **SPOT)

    day.step(kept, "clerk", "keep_commitment", {"handed_in": "居住证"})
    day.office.sleep(90)
    day.step(broken, "clerk", "break_commitment", {"reason": "未补"})

    assert day.office.history(broken)[-1] == "break_commitment"


SPOT = {**dict.fromkeys(("complete", "genuine", "lawful", "conditions"), "on"), "result": "已备案"}


def committed(office: Office) -> CaseRef:
    """A case for which one line is promised instead of handed in."""
    item = office.item("long-term-residence")
    line = next(line for line in item.materials if any(option.commitment for option in line.options))
    promise = next(option for option in line.options if option.commitment)
    answers = {"region": promise.when["region"][0]}
    receipts = {
        **office.application(item.key, answers=answers).receipts,
        line.key: Receipt(Mark.RECEIVED, promise.key, 1),
    }
    return office.register(item.key, answers=answers, receipts=receipts)


def test_no_correction_carrying_or_look_is_half_written(day: Day) -> None:
    house, clerk, now = day.office.house, day.by("clerk"), day.office.now
    ref = day.quick(ACCEPT)
    day.do(correct, house, clerk, ref.id, 2, {"applicant.name": "张需"}, "录入错字", now)
    person, paper = day.one(PersonRow.id), day.one(PaperRow.id)

    assert day.do(reveal, house, clerk, person, "核对", now) == "11010519491231002X"
    assert day.do(mark_printed, clerk, paper) == 0
    day.do(applicant_again, house, clerk, ref.number, now)
    wrong = day.quick()
    item = day.office.item("long-term-residence")
    answers, fields = first_answers(item), dict(day.office.application(item.key).fields)
    told = (house, clerk, wrong.id, 1, item.key, answers, fields, {}, "选错事项", "carried", now)
    carried = day.do(carry_over, *told)

    assert day.office.history(carried) == ["register"]
    assert day.office.history(wrong) == ["register", "withdraw"]


def test_no_attachment_is_half_kept(day: Day, tmp_path: Path) -> None:
    house, clerk, now = day.office.house, day.by("clerk"), day.office.now
    ref = day.office.register(TRANSFER, receipts={"identity": Receipt(Mark.MISSING)})

    day.do(attach, house, tmp_path, clerk, ref.id, 1, ("identity", "身份证.pdf", PDF), now)
    day.do(detach, house, clerk, ref.id, 2, day.one(AttachmentRow.id), "扫错了", now)

    assert day.office.case(ref).record.version == 3


def test_no_order_is_half_issued_answered_or_decided(day: Day) -> None:
    house, boss, reviewer = day.office.house, day.by("supervisor"), day.by("reviewer")
    ref = day.quick(ACCEPT, HAND_OVER, ("reviewer", "claim", {}))
    day.office.sleep(30)
    now, until = day.office.now, day.office.now.date()

    for n, (verb, words) in enumerate(((supervision.return_order, "太笼统"), (supervision.accept_order, "可以"))):
        if n == 0:
            version = day.office.case(ref).record.version
            day.do(supervision.issue_order, house, boss, ref.id, version, 1, "promised", "请说明", None, now)
        order = day.one(OrderRow.id)
        day.do(supervision.answer_order, house, reviewer, order, "资料堆积", "今日办结", until, now)
        day.do(verb, house, boss, order, day.one(OrderWordRow.id), words, now)
    version = day.office.case(ref).record.version
    day.do(supervision.issue_order, house, boss, ref.id, version, 2, "promised", "请说明", None, now)
    order = day.one(OrderRow.id)
    day.do(order_paper, house, boss, order, now)
    day.do(supervision.withdraw_order, house, boss, order, day.one(OrderWordRow.id), "误发", now)


def test_no_rating_or_question_of_the_public_is_half_kept(day: Day) -> None:
    ref = day.quick(ACCEPT, HAND_OVER, APPROVE, CLOSE)
    house, now = day.office.house, day.office.now

    attempt = day.do(count_attempt, house, "203.0.113.9", ref.query_code, now)
    day.do(forgive, attempt)
    day.do(rate, house, "shawan", ref.id, 1, "态度差", now)

    assert day.office.history(ref)[-1] == "rate"


def test_nothing_a_person_keeps_is_half_kept(day: Day) -> None:
    house, clerk, now = day.office.house, day.by("clerk"), day.office.now
    form = {"item": TRANSFER, "applicant.name": "张霈"}

    assert day.do(drafts.save_draft, house, clerk, "register:abc", form, now)
    day.do(drafts.drop_draft, clerk, "register:abc")
    view = day.do(preferences.save_view, clerk, "超期", "lamp=over", now)
    day.do(preferences.rename_view, clerk, view, "已超期")
    day.do(preferences.delete_view, clerk, day.one(SavedViewRow.id))
    day.do(preferences.set_preference, clerk, "keys", "off")
    day.do(messages.mark_all_read, clerk, now, up_to=10)
    day.do(messages.mark_read, clerk, now, message_id=1)


def test_no_change_of_the_office_is_half_made(day: Day) -> None:
    admin, now, today = day.by("administrator"), day.office.now, day.office.now.date()

    day.do(office.add_place, admin, "section", "综合科", now)
    place = day.one(SectionRow.id)
    day.do(office.rename_place, admin, "section", place, "综合业务科", now)
    day.do(office.open_place, admin, "section", place, now, open_=False)
    names = {item.key: item.name for item in day.office.house.catalogue.items_of("shawan")}
    people = {one.id for one in day.office.staff.values()}
    day.do(office.set_items, admin, names, people, frozenset(), {(day.by("clerk").id, TRANSFER)}, now)
    away = office.Away(day.by("clerk").number, today, today + timedelta(days=3), day.by("second").number)
    day.do(office.add_absence, admin, away, now)
    day.do(office.cancel_absence, admin, day.one(AbsenceRow.id), now)


def test_no_change_of_an_account_is_half_made(day: Day, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    boss, now = day.by("security"), day.office.now
    profile = Profile("王雪梅", "", "")

    day.do(accounts.hire, boss, number="1099", profile=profile, roles=("clerk",), password=PASSWORD, now=now)
    day.do(accounts.set_profile, boss, "1099", Profile("王雪", "", ""), now)
    day.do(accounts.set_roles, boss, "1099", ("clerk", "reviewer"), now)
    day.do(accounts.reset_password, boss, "1099", OTHER_PASSWORD, now)
    for change in (accounts.unlock, accounts.end_sessions, accounts.enable):
        day.do(change, boss, "1099", now)
    day.do(accounts.disable, boss, "1099", now, held_known=False)


def test_no_hold_of_a_case_is_half_placed_or_lifted(day: Day) -> None:
    ref, house, now = day.quick(ACCEPT), day.office.house, day.office.now

    day.do(purging.hold, house, day.by("supervisor"), ref.number, "诉讼", now)
    day.do(purging.release, house, day.by("supervisor"), ref.number, "结案", now)


def test_no_letter_is_half_queued_or_half_sent(day: Day) -> None:
    house, now = day.office.house, day.office.now
    fields = {"bureau": "沙湾市医疗保障局", "item": "关系转移接续", "due": "2026-03-20", "query_code": "K7M2QX"}
    letter = outbox.Letter("shawan", None, "sms", "13912345678", "supplement_due", fields, "one")

    day.do(outbox.enqueue, house, letter, now)
    row = day.do(outbox.claim_next, now)
    day.do(outbox.mark_failed, row, "短信网关答复 500", now)
    again = day.do(outbox.claim_next, now + timedelta(hours=1))
    day.do(outbox.mark_sent, again, now)


def test_no_edition_day_or_request_key_is_half_written(day: Day) -> None:
    house, now = day.office.house, day.office.now
    amendment = Amendment("cn", read_lines("2026-06-01 放假 测试", "通知"), 0)
    request = once.Request("key", "body")

    day.do(enter_days, house, day.by("administrator"), amendment, now)
    day.do(sync, house.catalogue, now)
    assert day.do(once.claim, day.by("clerk"), request, now) is None
    day.do(once.remember, day.by("clerk"), request, {"number": "1"})
    day.do(once.sweep_request_keys, now + timedelta(days=30))


SEVERAL: dict[Callable[..., Any], Callable[[Day], Any]] = {
    sweep: lambda day: sweep(day.office.engine, day.office.house, day.office.now),
    rederive: lambda day: rederive(day.office.engine, day.office.house, day.office.now),
    enter: lambda day: enter(
        day.office.engine,
        day.office.house,
        day.by("administrator"),
        Amendment("cn", read_lines("2026-03-05 放假 测试", "通知"), 0),
        day.office.now,
    ),
}
"""Commands of several transactions: each of these is whole, and what is left is done the next time."""


@pytest.mark.parametrize("of", SEVERAL, ids=lambda one: one.__name__)
def test_a_command_of_several_transactions_stops_between_two_and_is_finished_by_the_next_sweep(
    day: Day, of: Callable[..., Any]
) -> None:
    refs = [day.quick(), day.quick(ACCEPT), day.quick(ACCEPT, HAND_OVER)]
    with writing(day.office.engine) as session:
        amendment = Amendment("cn", read_lines("2026-03-06 放假 测试", "通知"), 0)
        enter_days(session, day.office.house, day.by("administrator"), amendment, day.office.now)
    day.office.sleep(12)
    way = "bad statement"
    for place in range(1, 400):
        tape = Tape(way, place)
        # Whatever it fails with: the books are what is looked at.
        with spoiling(day.office.engine, tape), suppress(Exception):
            SEVERAL[of](day)
        if not tape.spoiled:
            break
        if place % 5 == 0 or BOTH:
            books = audit(day.office.engine, day.office.house, one_road=False)
            assert (books.half, books.gaps) == ([], [])

    sweep(day.office.engine, day.office.house, day.office.now)
    finished = dump(day.office.engine)
    sweep(day.office.engine, day.office.house, day.office.now)

    assert dump(day.office.engine) == finished
    assert day.office.history(refs[0]).count("lapse") == 1


READS: Final = {
    "intake.preview": "reads",
    "calendar_days.preview_days": "reads",
    "drafts.last_signed_in": "reads",
    "outbox.anything_due": "reads",
    "staff.list_staff": "reads",
    "staff.actor_of": "reads",
    "accounts.unchanged": "reads",
    "purging.due_cases": "reads",
    "rotating.key_in_force": "reads",
    "backing_up.require_empty": "reads",
}
ONE_TRANSACTION: Final = {
    "staff": "accounts, by the command line: what accounts calls",
    "accounts.end_session": "one statement",
    "accounts.reset_second_factor": "sign-in",
    "passwords": "accounts",
    "sessions": "sign-in",
    "signing_in": "sign-in",
    "second_factor": "sign-in",
    "rotating": "keys, with tests of their own",
    "key_use": "keys, with tests of their own",
    "purging.purge_case": "retention, with tests of its own",
    "backing_up": "backup, with tests of its own",
    "sealing": "the seals outside the database, with tests of their own",
    "attachments.seal_plain": "files of the release before",
    "attachments.forget_plain": "files of the release before",
}
"""Modules and functions whose commands are one transaction each, under the same context, and are not failed here."""


def test_every_command_of_the_doors_is_made_to_fail_here_or_said_why_not() -> None:
    here = named(Path(__file__)) | named(Path(__file__).with_name("day.py"))

    missing = commands() - here - set(READS)

    assert {name for name in missing if not {name, name.partition(".")[0]} & set(ONE_TRANSACTION)} == set()


def test_every_action_of_every_flow_is_made_to_fail_here() -> None:
    written = Path(__file__).read_text(encoding="utf-8")
    on_roads = {action for roads in ROADS.values() for _, steps in roads for _, action, _ in steps}
    every = {action for flow in FLOWS.values() for action in flow.actions} - {"correct"}

    assert {action for action in every - on_roads if f'"{action}"' not in written} == set()


def test_a_command_that_commits_in_between_is_found(engine: Engine) -> None:
    """The control: what does in two transactions what should be one is half applied after the first."""
    with writing(engine) as session:
        session.execute(text("CREATE TABLE pair (n INTEGER)"))

    def act() -> None:
        for n in range(2):
            with writing(engine) as session:
                session.execute(text("INSERT INTO pair VALUES (:n)"), {"n": n})

    with pytest.raises(AssertionError, match="half applied"):
        fail_everywhere(engine, act, count(1))
