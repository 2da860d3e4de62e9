"""好差评 through the desk, the public's view of a case, and how often it may be asked for; on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, select

from caseflow.desk.attempts import ADDRESS_FAILURES, CODE_FAILURES, count_attempt, forgive
from caseflow.desk.intake import CaseRef
from caseflow.desk.rating import Rated, rate
from caseflow.desk.upkeep import sweep
from caseflow.errors import BadInput, CaseflowError, NotFound, Refused
from caseflow.identity import IdKind
from caseflow.rules.checklist import Mark, Receipt
from caseflow.store.db import reading, writing
from caseflow.store.models import DeadlineRow, EventRow
from caseflow.store.side_models import PublicAttemptRow, RatingRow
from caseflow.views.progress import STATE_WORDS, Progress, find_progress, read_code
from caseflow.workflows import FLOWS
from tests.support.office import ORGANISATION, PERSON, Office, open_office
from tests.support.roads import ACCEPT, APPROVE, CLOSE, DECLINE, HAND_OVER, REFUSE, WITHDRAW

TRANSFER = "transfer-continuation"
LAST_FOUR = "002X"
REFUSED = ("reviewer", "refuse", REFUSE)
ENDS = {
    "closed": [ACCEPT, HAND_OVER, APPROVE, CLOSE],
    "refused": [ACCEPT, HAND_OVER, REFUSED],
    "declined": [DECLINE],
    "withdrawn": [WITHDRAW],
}


def _ended(office: Office, end: str = "closed", **changes: object) -> CaseRef:
    ref = office.register(TRANSFER, **changes)
    for by, action, details in ENDS[end]:
        office.act(ref, by, action, **details)
    return ref


def _rate(office: Office, ref: CaseRef, grade: int, words: str = "") -> Rated:
    with writing(office.engine) as session:
        return rate(session, office.house, office.bureau, ref.id, grade, words, office.now)


def _answer(office: Office, ref: CaseRef, kind: str, by: str = "clerk", text: str = "已电话致歉") -> int:
    return office.act(ref, by, kind, text=text).version


def _running(office: Office, ref: CaseRef) -> dict[str, date]:
    with reading(office.engine) as session:
        query = select(DeadlineRow.kind, DeadlineRow.due_on).where(
            DeadlineRow.case_id == ref.id, DeadlineRow.stopped_on.is_(None)
        )
        return {row.kind: row.due_on for row in session.execute(query)}


def _ask(office: Office, code: str, last_four: str = LAST_FOUR) -> Progress | None:
    with reading(office.engine) as session:
        return find_progress(session, office.house, code, last_four, office.now.date())


def _asked(office: Office, ref: CaseRef) -> Progress:
    found = _ask(office, ref.query_code)
    assert found is not None
    return found


# --- rating


@pytest.mark.parametrize("end", ["closed", "refused", "declined"])
def test_an_ended_case_is_rated_by_its_applicant(office: Office, end: str) -> None:
    ref = _ended(office, end)

    rated = _rate(office, ref, 5, " 很好\r\n谢谢 ")

    with reading(office.engine) as session:
        row = session.execute(select(RatingRow.grade, RatingRow.words)).one()
        told = session.execute(
            select(EventRow.actor_id, EventRow.actor_name, EventRow.detail).where(EventRow.action == "rate")
        ).one()
    assert tuple(row) == (5, "很好\n谢谢")
    assert tuple(told) == (None, "申请人", {"grade": 5, "text": "非常满意"})
    assert (rated.version, rated.call_back_due) == (office.case(ref).record.version, None)
    assert "call_back" not in _running(office, ref)


@pytest.mark.parametrize("grade", [1, 2])
def test_a_bad_grade_opens_a_call_back_and_a_rectification(office: Office, grade: int) -> None:
    ref = _ended(office)

    rated = _rate(office, ref, grade)

    assert (rated.call_back_due, rated.rectify_due) == (date(2026, 3, 3), date(2026, 3, 24))
    running = _running(office, ref)
    assert (running["call_back"], running["rectify"]) == (date(2026, 3, 3), date(2026, 3, 24))


def test_the_days_of_follow_up_are_the_bureaus_own(office: Office) -> None:
    bureau = replace(office.house.catalogue.bureau("shawan"), follow_up={"call_back": 2, "rectify": 7, "repay": 5})
    bureaus = {**office.house.catalogue.bureaus, "shawan": bureau}
    office.house = replace(office.house, catalogue=replace(office.house.catalogue, bureaus=bureaus))
    ref = _ended(office)

    rated = _rate(office, ref, 1)

    assert (rated.call_back_due, rated.rectify_due) == (date(2026, 3, 4), date(2026, 3, 11))


def test_the_middle_grade_is_not_a_bad_one(office: Office) -> None:
    ref = _ended(office)

    _rate(office, ref, 3)

    assert not {"call_back", "rectify"} & set(_running(office, ref))


def test_a_case_is_rated_once(office: Office) -> None:
    ref = _ended(office)
    _rate(office, ref, 1)

    with pytest.raises(Refused, match="只能评价一次"):
        _rate(office, ref, 5)

    assert office.history(ref).count("rate") == 1


def test_of_two_ratings_at_once_one_counts(office: Office) -> None:
    ref = _ended(office)

    def once(grade: int) -> str:
        try:
            _rate(office, ref, grade)
        except CaseflowError as error:
            return type(error).__name__
        return "done"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(once, [1, 2]))

    assert outcomes == ["Refused", "done"]
    assert office.history(ref).count("rate") == 1


def test_what_has_not_ended_or_was_withdrawn_is_not_rated(office: Office) -> None:
    for ref in (office.register(TRANSFER), _ended(office, "withdrawn")):
        with pytest.raises(Refused, match="办结后"):
            _rate(office, ref, 5)


@pytest.mark.parametrize(
    ("grade", "words"), [(0, ""), (6, ""), (-1, ""), (5, "字" * 501), (5, "a\x00b"), (5, "\u202ex")]
)
def test_a_grade_or_words_that_cannot_be_kept_are_refused(office: Office, grade: int, words: str) -> None:
    ref = _ended(office)

    with pytest.raises(BadInput):
        _rate(office, ref, grade, words)

    assert "rate" not in office.history(ref)


def test_another_bureau_cannot_be_rated_for(office: Office) -> None:
    ref = _ended(office)

    with writing(office.engine) as session, pytest.raises(NotFound):
        rate(session, office.house, "shuimogou", ref.id, 5, "", office.now)


def test_the_follow_up_is_done_in_order_and_stops_its_deadlines(office: Office) -> None:
    ref = _ended(office)
    _rate(office, ref, 1)

    with pytest.raises(Refused, match="先回访"):
        _answer(office, ref, "rectify")
    _answer(office, ref, "call_back")
    _answer(office, ref, "rectify", by="supervisor")

    assert not {"call_back", "rectify"} & set(_running(office, ref))
    assert office.history(ref)[-3:] == ["rate", "call_back", "rectify"]


@pytest.mark.parametrize("who", ["reviewer", "checker", "approver", "cashier", "auditor", "administrator"])
def test_only_clerks_and_supervisors_call_back(office: Office, who: str) -> None:
    ref = _ended(office)
    _rate(office, ref, 2)

    with pytest.raises(Refused, match="窗口人员、主管"):
        _answer(office, ref, "call_back", by=who)


@pytest.mark.parametrize("text", ["", "  ", "字" * 501, "a\x00"])
def test_a_call_back_needs_its_words(office: Office, text: str) -> None:
    ref = _ended(office)
    _rate(office, ref, 2)

    with pytest.raises((BadInput, Refused)):
        _answer(office, ref, "call_back", text=text)


def test_where_nothing_is_due_nobody_is_called_back(office: Office) -> None:
    ref = _ended(office)
    _rate(office, ref, 5)

    with pytest.raises(Refused, match="没有待办"):
        _answer(office, ref, "call_back")


def test_a_call_back_that_was_forgotten_is_found_by_the_sweep_and_may_still_be_made(office: Office) -> None:
    ref = _ended(office)
    _rate(office, ref, 1)
    office.sleep(2)

    swept = sweep(office.engine, office.house, office.now)
    _answer(office, ref, "call_back")

    assert swept.lapsed["call_back"] == 1
    assert "call_back" not in _running(office, ref)


# --- what the public sees


def test_an_open_case_shows_its_state_and_dates_and_a_masked_name(office: Office) -> None:
    ref = office.register(TRANSFER)
    office.act(ref, *ACCEPT[:2], **ACCEPT[2])

    found = _asked(office, ref)

    assert (found.state, found.applicant, found.step) == ("已受理", "张*", 1)
    assert (found.received_on, found.accepted_on) == (date(2026, 3, 2), date(2026, 3, 2))
    assert (found.due_label, found.due_on, found.ended_on) == ("承诺办结", date(2026, 3, 16), None)
    assert (found.missing, found.result, found.may_rate) == ((), "", False)


def test_a_date_that_rests_on_an_estimate_says_so(office: Office) -> None:
    ref = office.register(TRANSFER)
    office.act(ref, *ACCEPT[:2], **ACCEPT[2])

    assert _asked(office, ref).provisional is bool(office.case(ref).record.provisional)


def test_a_case_sent_back_says_what_is_missing_and_by_when(office: Office) -> None:
    ref = office.register(TRANSFER, receipts={"identity": Receipt(Mark.MISSING)})
    office.act(ref, "clerk", "supplement_notice")

    found = _asked(office, ref)

    assert (found.state, found.step, found.reply_by, found.reply_late) == ("待补正", 0, date(2026, 3, 24), False)
    assert len(found.missing) == 1
    assert "有效身份证件" in found.missing[0]
    office.sleep(30)
    assert _asked(office, ref).reply_late


def test_an_ended_case_says_what_came_of_it_without_names_and_numbers(office: Office) -> None:
    ref = office.register(TRANSFER)
    for by, action, details in [ACCEPT, HAND_OVER, APPROVE]:
        office.act(ref, by, action, **details)
    office.act(ref, "clerk", "close", result="张霈（11010519491231002X）已转入，电话 139 1234 5678，2026-03-02 到账")

    found = _asked(office, ref)

    assert (found.state, found.step, found.ended_on, found.due_on) == ("已办结", 3, date(2026, 3, 2), None)
    assert found.result == "张*（＊＊＊＊）已转入，电话 ＊＊＊＊，2026-03-02 到账"
    assert found.may_rate


@pytest.mark.parametrize(
    ("end", "state", "result"),
    [
        ("refused", "已办结（审核不通过）", "不在支付范围内"),
        ("declined", "不予受理", "应向参保地申请"),
        ("withdrawn", "已撤回", ""),
    ],
)
def test_every_end_has_its_words(office: Office, end: str, state: str, result: str) -> None:
    found = _asked(office, _ended(office, end))

    assert (found.state, found.result, found.may_rate) == (state, result, end != "withdrawn")


def test_a_rated_case_shows_its_grade_and_is_not_asked_again(office: Office) -> None:
    ref = _ended(office)
    _rate(office, ref, 4)

    found = _asked(office, ref)

    assert (found.grade, found.may_rate) == (4, False)


def test_every_state_of_every_flow_has_public_words() -> None:
    open_words = {
        STATE_WORDS.get(key, "审核中") for flow in FLOWS.values() for key, state in flow.states.items() if state.open
    }
    ends = {key for flow in FLOWS.values() for key, state in flow.states.items() if not state.open}

    assert ends <= set(STATE_WORDS)
    assert not any("完结" in word or "停表" in word for word in open_words)


def test_an_organisation_is_named(office: Office) -> None:
    company = replace(ORGANISATION, id_number="91110000802100433B")
    ref = office.register(TRANSFER, applicant=company)

    found = _ask(office, ref.query_code, "433B")

    assert found is not None
    assert found.applicant == ORGANISATION.name


def test_the_agent_may_ask_with_the_own_number(office: Office) -> None:
    agent = replace(
        PERSON, name="李雷", id_kind=IdKind.PASSPORT, id_number="E12345678", relation="子女", authorisation="委托书"
    )
    ref = office.register(TRANSFER, agent=agent)

    assert _ask(office, ref.query_code, "5678") is not None


@pytest.mark.parametrize(
    "last_four", ["", "0", "002", "0020", "002XX", "11010519491231002X", "００２Ｙ", "%", "\x00" * 4, "字" * 10_000]
)
def test_another_number_finds_nothing(office: Office, last_four: str) -> None:
    ref = office.register(TRANSFER)

    assert _ask(office, ref.query_code, last_four) is None


@pytest.mark.parametrize("last_four", ["002x", " 002X ", "００２Ｘ"])
def test_the_number_may_be_typed_carelessly(office: Office, last_four: str) -> None:
    ref = office.register(TRANSFER)

    assert _ask(office, ref.query_code, last_four) is not None


def test_without_a_number_nobody_asks_with_nothing(office: Office) -> None:
    newborn = replace(PERSON, id_kind=IdKind.NONE, id_number="")
    ref = office.register(TRANSFER, applicant=newborn)

    assert _ask(office, ref.query_code, "") is None


@pytest.mark.parametrize(
    ("text", "code"),
    [("ABCD2345", "ABCD2345"), (" abcd-2345 ", "ABCD2345"), ("ＡＢＣＤ２３４５", "ABCD2345")]
    + [(bad, "") for bad in ("", "ABCD234", "ABCD23456", "ABCD0345", "' OR 1=1", "\x00BCD2345", "A" * 10_000)],
)
def test_a_code_is_read_as_people_type_it(text: str, code: str) -> None:
    assert read_code(text) == code


# --- how often


def _count(office: Office, address: str = "10.0.0.1", code: str = "ABCD2345") -> bool:
    with writing(office.engine) as session:
        return count_attempt(session, office.house, address, code, office.now).allowed


def test_a_code_is_tried_so_often_in_a_day_from_wherever(office: Office) -> None:
    tries = [_count(office, address=f"10.0.0.{n}") for n in range(CODE_FAILURES + 1)]

    assert tries == [True] * CODE_FAILURES + [False]
    assert _count(office, code="ZZZZ2345")
    office.sleep(1)
    assert _count(office)


def test_an_address_asks_so_often_in_an_hour_for_whatever(office: Office) -> None:
    tries = [_count(office, code="") for _ in range(ADDRESS_FAILURES + 1)]

    assert tries == [True] * ADDRESS_FAILURES + [False]
    assert not _count(office, code="ZZZZ2345")
    assert _count(office, address="10.0.0.2")
    office.now += timedelta(hours=1)
    assert _count(office)


def test_a_good_question_costs_nothing(office: Office) -> None:
    for _ in range(ADDRESS_FAILURES + 1):
        with writing(office.engine) as session:
            attempt = count_attempt(session, office.house, "10.0.0.1", "ABCD2345", office.now)
            forgive(session, attempt)
            assert attempt.allowed


def test_many_at_once_are_counted_each(office: Office) -> None:
    with ThreadPoolExecutor(4) as pool:
        tries = list(pool.map(lambda _: _count(office), range(CODE_FAILURES + 6)))

    assert tries.count(True) == CODE_FAILURES


def test_neither_address_nor_code_is_kept_and_old_counts_go(office: Office) -> None:
    _count(office)
    office.sleep(4)
    _count(office)

    with reading(office.engine) as session:
        rows = session.execute(select(PublicAttemptRow.key, PublicAttemptRow.window_start)).all()
    assert len(rows) == 2
    assert not any("10.0.0.1" in row.key or "ABCD2345" in row.key for row in rows)


def test_each_installation_knows_its_own(engine: Engine) -> None:
    office = open_office(engine)
    other = open_office(engine, "shuimogou")

    assert office.house.keys.index("address:10.0.0.1") != other.house.keys.index("address:10.0.0.1")
