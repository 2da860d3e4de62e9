"""Signing in: what locks and for whom, what is told to whom, what a code opens, and that two workers share it all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import count
from threading import Barrier

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine, func, select

from caseflow.desk import passwords, second_factor, sessions, signing_in, staff
from caseflow.desk.signing_in import CODE, SignIn
from caseflow.errors import BadInput, NotSignedIn, Refused
from caseflow.house import BEIJING, House, new_master
from caseflow.rules.sign_in import SignInRules, Tally
from caseflow.rules.totp import secret_of
from caseflow.store.db import create_engine_for, reading, writing
from caseflow.store.models import SessionRow, StaffRow
from caseflow.store.sign_in_models import SecondFactorRow, SignInRow, SignInTallyRow
from tests.support.signing import enter, shown

NOW = datetime(2026, 3, 2, 10, 30, tzinfo=BEIJING)
PASSWORD = "blue-horse-7x"
HOUSE = House.open(new_master(), sign_in={"second_factor": frozenset({"supervisor"})})
MINUTE = timedelta(minutes=1)
NUMBERS = count(1000)


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    passwords.stand_in.cache_clear()


def hire(engine: Engine, *roles: str, number: str = "") -> str:
    number = number or f"n{next(NUMBERS)}"
    with writing(engine) as session:
        staff.add_staff(
            session,
            bureau="shawan",
            number=number,
            name="王雪梅",
            roles=roles or ("clerk",),
            password=PASSWORD,
            now=NOW,
            must_change=False,
        )
    return number


def enrol(engine: Engine, number: str, at: datetime = NOW) -> tuple[str, tuple[str, ...]]:
    """The secret in the telephone, and the recovery codes on paper."""
    with writing(engine) as session:
        actor = staff.actor_of(session, number)
        offer = second_factor.offer(HOUSE.keys, actor, at)
        codes = second_factor.enrol(session, HOUSE.keys, actor, offer.ticket, shown(offer.text, at), at)
    return offer.text, codes


def give(engine: Engine, token: str, code: str, at: datetime, address: str = "10.0.0.7") -> SignIn:
    with writing(engine) as session:
        return signing_in.give_code(session, HOUSE, token, code, address, at)


def who(engine: Engine, token: str | None, at: datetime) -> str:
    try:
        with reading(engine) as session:
            return sessions.session_actor(session, token or "", at).number
    except NotSignedIn:
        return ""


def test_an_unknown_number_is_told_answered_and_locked_like_a_known_one(engine: Engine) -> None:
    known = hire(engine)

    def lives(number: str, address: str) -> list[str]:
        texts = [enter(engine, HOUSE, number, "wrong-password", NOW, address=address).text for _ in range(7)]
        return [*texts, enter(engine, HOUSE, number, "wrong-password", NOW + 15 * MINUTE, address=address).text]

    assert lives(known, "10.0.0.1") == lives("nobody-1", "10.0.0.2") == lives("\x00' OR 1=1", "10.0.0.3")


def test_an_unknown_number_costs_the_same_hash(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    known = hire(engine)
    asked: list[str] = []
    verify = passwords.matches
    monkeypatch.setattr(passwords, "matches", lambda hashed, typed: asked.append(hashed) or verify(hashed, typed))

    for number in (known, "nobody-2"):
        enter(engine, HOUSE, number, "wrong-password", NOW)

    assert len(asked) == 2
    assert {one.split("$")[1:4] == asked[0].split("$")[1:4] for one in asked} == {True}


def test_an_address_is_locked_whatever_number_it_tries_and_no_other_is(engine: Engine) -> None:
    number = hire(engine)
    rules = SignInRules()
    for n in range(rules.address_failures):
        assert "本机所在网络" not in enter(engine, HOUSE, f"nobody-{n}", "x", NOW, address="10.9.9.9").text

    here = enter(engine, HOUSE, number, PASSWORD, NOW, address="10.9.9.9")
    there = enter(engine, HOUSE, number, PASSWORD, NOW, address="10.9.9.8")
    later = enter(engine, HOUSE, number, PASSWORD, NOW + rules.lock, address="10.9.9.9")

    assert here.token is None
    assert "本机所在网络" in here.text
    assert there.token
    assert later.token


def test_whoever_goes_on_trying_fills_no_record(engine: Engine) -> None:
    number = hire(engine)

    for _ in range(60):
        enter(engine, HOUSE, number, "wrong-password", NOW, address="10.7.0.1")

    with reading(engine) as session:
        told = session.scalars(select(SignInRow.outcome).order_by(SignInRow.id)).all()
    assert told == ["wrong"] * 4 + ["lock"] + ["locked"] * 24 + ["address"]


def test_nothing_secret_shows_in_a_trace(engine: Engine) -> None:
    number = hire(engine)
    with writing(engine) as session:
        attempt = signing_in.count_attempt(session, HOUSE, number, "10.0.0.7", NOW)
        offer = second_factor.offer(HOUSE.keys, staff.actor_of(session, number), NOW)
    found = enter(engine, HOUSE, number, PASSWORD, NOW)
    assert found.token

    assert "argon2" not in repr(attempt)
    assert found.token not in repr(found)
    assert offer.text not in repr(offer)


def test_right_passwords_never_add_up_to_a_lock_of_the_address(engine: Engine) -> None:
    number = hire(engine)

    found = [enter(engine, HOUSE, number, PASSWORD, NOW, address="10.8.0.1") for _ in range(40)]

    assert all(one.token for one in found)
    with reading(engine) as session:
        assert session.execute(select(func.sum(SignInTallyRow.failures))).scalar_one() == 0


def test_failures_of_an_address_far_apart_do_not_add_up() -> None:
    tally = Tally()
    for n in range(200):
        tally = tally.counted(NOW + n * 16 * MINUTE, 30, 15 * MINUTE, 15 * MINUTE)

    assert not tally.locked(NOW + 200 * 16 * MINUTE)


@pytest.mark.parametrize("guess", ["password", "code"])
def test_two_workers_share_the_lock(databases: object, database_url: str, guess: str) -> None:
    """Sixteen guesses at once from two processes' engines: five are compared, and no sixth before the lock ends."""
    workers = [create_engine_for(database_url) for _ in range(2)]
    number = hire(workers[0])
    asked: list[str] = []
    tokens: list[str] = []
    if guess == "code":
        enrol(workers[0], number)
        tokens = [enter(workers[0], HOUSE, number, PASSWORD, NOW).token or "" for _ in range(16)]
    start = Barrier(16)

    def once(n: int) -> SignIn:
        engine = workers[n % 2]
        start.wait()
        if guess == "code":
            return give(engine, tokens[n], "x", NOW)
        with writing(engine) as session:
            attempt = signing_in.count_attempt(session, HOUSE, number, f"10.0.1.{n}", NOW)
        if attempt.refused:
            return SignIn(None, attempt.refused)
        asked.append(attempt.number)
        compared = attempt.compare(f"guess-number-{n}")
        with writing(engine) as session:
            return signing_in.finish(session, HOUSE, attempt, compared, "", NOW)

    with ThreadPoolExecutor(16) as pool:
        texts = [found.text for found in pool.map(once, range(16))]
    with reading(workers[0]) as session:
        row = session.execute(select(StaffRow.failures, StaffRow.locked_until).where(StaffRow.number == number)).one()
        wrong = session.execute(
            select(func.count()).where(SignInRow.outcome.in_(["wrong", "lock", "code"]))
        ).scalar_one()
    for engine in workers:
        engine.dispose()

    assert len(texts) == 16
    assert wrong == 5
    assert guess == "code" or len(asked) == 5
    assert row.locked_until == NOW + 15 * MINUTE


def test_one_code_sent_sixteen_times_at_once_opens_one_session(engine: Engine) -> None:
    number = hire(engine)
    secret, _ = enrol(engine, number, NOW - 2 * MINUTE)
    tokens = [enter(engine, HOUSE, number, PASSWORD, NOW).token or "" for _ in range(4)]
    start = Barrier(4)

    def once(token: str) -> SignIn:
        start.wait()
        return give(engine, token, shown(secret, NOW), NOW)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(once, tokens))

    assert sum(bool(one.token and not one.due) for one in found) == 1


def test_right_passwords_do_not_wash_away_wrong_codes(engine: Engine) -> None:
    number = hire(engine)
    enrol(engine, number)

    for _ in range(5):
        token = enter(engine, HOUSE, number, PASSWORD, NOW).token
        assert token
        give(engine, token, "000000x", NOW)

    assert enter(engine, HOUSE, number, PASSWORD, NOW).token is None


def test_a_secret_is_sealed_and_recovery_codes_are_kept_as_digests_and_taken_once(engine: Engine) -> None:
    number = hire(engine)
    secret, codes = enrol(engine, number)
    with reading(engine) as session:
        sealed = session.execute(select(SecondFactorRow.sealed)).scalar_one()

    first, again = (
        give(engine, enter(engine, HOUSE, number, PASSWORD, NOW).token or "", codes[0].upper(), NOW) for _ in range(2)
    )

    assert secret.encode() not in sealed
    assert HOUSE.keys.open(sealed) == secret
    assert len(set(codes)) == 10
    assert first.token
    assert first.due == ""
    assert again.due == CODE


def test_the_address_is_the_one_authenticators_read(engine: Engine) -> None:
    number = hire(engine)
    with reading(engine) as session:
        offer = second_factor.offer(HOUSE.keys, staff.actor_of(session, number), NOW)

    assert offer.address == f"otpauth://totp/caseflow:{number}?secret={offer.text}&issuer=caseflow"
    assert len(secret_of(offer.text)) == 20


@pytest.mark.parametrize("late", [31, 0])
def test_a_ticket_is_of_one_person_and_of_half_an_hour(engine: Engine, late: int) -> None:
    one, other = hire(engine), hire(engine)
    with writing(engine) as session:
        offer = second_factor.offer(HOUSE.keys, staff.actor_of(session, one), NOW)
        actor = staff.actor_of(session, one if late else other)
        at = NOW + late * MINUTE
        with pytest.raises(BadInput, match="已更换"):
            second_factor.enrol(session, HOUSE.keys, actor, offer.ticket, shown(offer.text, at), at)


def test_who_has_a_second_factor_cannot_set_another_over_it(engine: Engine) -> None:
    number = hire(engine)
    enrol(engine, number)

    with pytest.raises(Refused, match="已启用"):
        enrol(engine, number)


def test_one_place_at_a_time_ends_the_other_and_is_a_setting(engine: Engine) -> None:
    number = hire(engine)
    alone = House.open(new_master(), sign_in={"one_place": True})

    first, second = (enter(engine, HOUSE, number, PASSWORD, NOW).token for _ in range(2))
    assert who(engine, first, NOW) == who(engine, second, NOW) == number
    third = enter(engine, alone, number, PASSWORD, NOW).token

    assert who(engine, third, NOW) == number
    assert who(engine, first, NOW) == who(engine, second, NOW) == ""


def test_idle_time_and_the_absolute_end_are_settings(engine: Engine) -> None:
    number = hire(engine)
    rules = SignInRules(idle_minutes=5, session_hours=1)
    with writing(engine) as session:
        staff_id = staff.actor_of(session, number).id
        token = sessions.open_session(session, staff_id, "", NOW, rules)
        assert sessions.session_actor(session, token, NOW + 4 * MINUTE, rules).number == number
        with pytest.raises(NotSignedIn):
            sessions.session_actor(session, token, NOW + 5 * MINUTE, rules)
        sessions.touch(session, token, NOW + 58 * MINUTE)
        assert sessions.session_actor(session, token, NOW + 59 * MINUTE, rules).number == number
        with pytest.raises(NotSignedIn):
            sessions.session_actor(session, token, NOW + 60 * MINUTE, rules)


def test_half_a_sign_in_is_nobody_and_over_after_ten_minutes(engine: Engine) -> None:
    number = hire(engine)
    secret, _ = enrol(engine, number)
    token = enter(engine, HOUSE, number, PASSWORD, NOW).token
    assert token
    late = NOW + 10 * MINUTE

    assert who(engine, token, NOW) == ""
    with pytest.raises(NotSignedIn):
        give(engine, token, shown(secret, late), late)


def test_every_outcome_is_on_record_and_a_number_there_is_not_is_not_kept(engine: Engine) -> None:
    number = hire(engine)
    enter(engine, HOUSE, number, "wrong-password", NOW)
    enter(engine, HOUSE, "My-Secret-Password", "x", NOW)
    token = enter(engine, HOUSE, number, PASSWORD, NOW).token
    with writing(engine) as session:
        signing_in.sign_out(session, token or "", "10.0.0.7", NOW)

    with reading(engine) as session:
        rows = session.execute(select(SignInRow).order_by(SignInRow.id)).all()
        kept = session.execute(select(SignInTallyRow.key)).scalars().all()

    assert [(row.outcome, row.bureau, row.address) for row in rows] == [
        ("wrong", "shawan", "10.0.0.7"),
        ("unknown", "", "10.0.0.7"),
        ("in", "shawan", "10.0.0.7"),
        ("out", "shawan", "10.0.0.7"),
    ]
    assert not any("Secret" in key or "10.0" in key for key in kept)


def test_a_password_changed_between_the_two_transactions_lets_nobody_in(engine: Engine) -> None:
    number = hire(engine)
    with writing(engine) as session:
        attempt = signing_in.count_attempt(session, HOUSE, number, "10.0.0.7", NOW)
    compared = attempt.compare(PASSWORD)
    with writing(engine) as session:
        staff.reset_password(session, number, "green-camel-8", NOW)

    with writing(engine) as session:
        found = signing_in.finish(session, HOUSE, attempt, compared, "", NOW)

    assert compared.right
    assert found.token is None
    with reading(engine) as session:
        assert session.execute(select(func.count()).select_from(SessionRow)).scalar_one() == 0


def test_tallies_nobody_touched_for_a_month_are_forgotten(engine: Engine) -> None:
    enter(engine, HOUSE, "nobody-3", "x", NOW)

    with writing(engine) as session:
        kept = signing_in.sweep_tallies(session, NOW + timedelta(days=29))
        gone = signing_in.sweep_tallies(session, NOW + timedelta(days=30))

    assert (kept, gone) == (0, 2)
