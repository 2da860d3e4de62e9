"""Accounts and sessions: who may sign in, what locks, what ends, and what is never stored."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine, select

from caseflow.desk import passwords, sessions, staff
from caseflow.desk.signing_in import SignIn
from caseflow.errors import BadInput, NotFound, NotSignedIn
from caseflow.house import BEIJING, House, new_master
from caseflow.store.db import reading, writing
from caseflow.store.models import SessionRow, StaffRow
from tests.support.signing import enter

NOW = datetime(2026, 3, 2, 10, 30, tzinfo=BEIJING)
PASSWORD = "blue-horse-7"
MINUTE = timedelta(minutes=1)
REAL = passwords._HASHER
HOUSE = House.open(new_master())


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same algorithm with little memory: the real cost, paid hundreds of times, would be most of the run."""
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


@pytest.fixture
def office(engine: Engine) -> Engine:
    """A database with one clerk, number 1001."""
    add(engine, "1001", "clerk", "reviewer")
    return engine


def add(engine: Engine, number: str, *roles: str, password: str = PASSWORD, name: str = "王雪梅") -> int:
    with writing(engine) as session:
        return staff.add_staff(
            session, bureau="shawan", number=number, name=name, roles=roles, password=password, now=NOW
        )


def sign_in(engine: Engine, number: str = "1001", password: str = PASSWORD, at: datetime = NOW) -> SignIn:
    return enter(engine, HOUSE, number, password, at, window="A区3号窗口")


def token_of(engine: Engine, at: datetime = NOW) -> str:
    token = sign_in(engine, at=at).token
    assert token is not None
    return token


def who(engine: Engine, token: str, at: datetime = NOW) -> str:
    with reading(engine) as session:
        return sessions.session_actor(session, token, at).number


def faults(engine: Engine, number: str = "2002", *roles: str, **changes: str) -> list[str]:
    with pytest.raises(BadInput) as caught:
        add(engine, number, *(roles or ("clerk",)), **changes)
    return [fault.place for fault in caught.value.faults]


def test_who_signs_in_is_known_with_bureau_roles_and_window(office: Engine) -> None:
    token = token_of(office)

    with reading(office) as session:
        actor = sessions.session_actor(session, token, NOW)

    assert (actor.number, actor.name, actor.bureau, actor.window) == ("1001", "王雪梅", "shawan", "A区3号窗口")
    assert actor.roles == {"clerk", "reviewer"}


def test_every_failure_has_the_same_sentence(office: Engine) -> None:
    add(office, "1002", "clerk")
    with writing(office) as session:
        staff.disable(session, "1002", NOW)

    found = [
        sign_in(office, password="wrong-password"),
        sign_in(office, "9999"),
        sign_in(office, "1002"),
        sign_in(office, "\x00' OR 1=1", "x"),
        sign_in(office, password="长" * 10_000),
        sign_in(office, password="\ud800"),
    ]

    assert {one.token for one in found} == {None}
    assert len({one.text for one in found}) == 1


def test_the_fifth_failure_in_a_row_locks_for_a_quarter_of_an_hour(office: Engine) -> None:
    texts = [sign_in(office, password="wrong-password").text for _ in range(5)]

    locked = sign_in(office, at=NOW + 14 * MINUTE)
    later = sign_in(office, at=NOW + 15 * MINUTE)

    assert len(set(texts[:4])) == 1
    assert "锁定" in texts[4]
    assert locked.token is None
    assert later.token is not None


def test_a_success_begins_the_count_again(office: Engine) -> None:
    for _ in range(4):
        sign_in(office, password="wrong-password")
    sign_in(office)

    again = [sign_in(office, password="wrong-password").text for _ in range(4)]

    assert not any("锁定" in text for text in again)


def test_the_last_sign_in_is_told(office: Engine) -> None:
    first = sign_in(office)

    second = sign_in(office, at=NOW + MINUTE)

    assert first.last_login is None
    assert second.last_login == NOW


def test_a_session_ends_after_half_an_hour_without_use(office: Engine) -> None:
    token = token_of(office)

    assert who(office, token, NOW + 29 * MINUTE) == "1001"
    with pytest.raises(NotSignedIn):
        who(office, token, NOW + 30 * MINUTE)


def test_using_a_session_keeps_it_but_not_beyond_twelve_hours(office: Engine) -> None:
    token = token_of(office)

    for n in range(1, 36):
        with writing(office) as session:
            sessions.touch(session, token, NOW + 20 * n * MINUTE)

    assert who(office, token, NOW + 719 * MINUTE) == "1001"
    with pytest.raises(NotSignedIn):
        who(office, token, NOW + 720 * MINUTE)


def test_a_session_is_touched_at_most_once_a_minute(office: Engine) -> None:
    token = token_of(office)

    with writing(office) as session:
        early = sessions.signed_in(session, token, NOW + timedelta(seconds=59)).touch_due
        due = sessions.signed_in(session, token, NOW + MINUTE).touch_due
        sessions.touch(session, token, NOW + MINUTE)
        after = sessions.signed_in(session, token, NOW + MINUTE).touch_due

    assert (early, due, after) == (False, True, False)


def test_signing_out_ends_the_session(office: Engine) -> None:
    token = token_of(office)

    with writing(office) as session:
        sessions.sign_out(session, token, NOW)

    with pytest.raises(NotSignedIn):
        who(office, token)


@pytest.mark.parametrize("token", ["", "x", "\ud800", "0" * 10_000])
def test_a_token_that_is_none_is_nobody(office: Engine, token: str) -> None:
    with pytest.raises(NotSignedIn):
        who(office, token)


def test_disabling_ends_every_session_and_enabling_lets_in_again(office: Engine) -> None:
    token = token_of(office)

    with writing(office) as session:
        staff.disable(session, "1001", NOW)
    with pytest.raises(NotSignedIn):
        who(office, token)
    with writing(office) as session:
        staff.enable(session, "1001", NOW)

    assert sign_in(office).token is not None
    with pytest.raises(NotSignedIn):
        who(office, token)


def test_a_reset_unlocks_ends_sessions_and_asks_for_another_password(office: Engine) -> None:
    token = token_of(office)
    for _ in range(5):
        sign_in(office, password="wrong-password")

    with writing(office) as session:
        staff.reset_password(session, "1001", "green-camel-8", NOW)
    found = sign_in(office, password="green-camel-8")

    assert found.token is not None
    assert found.must_change
    with pytest.raises(NotSignedIn):
        who(office, token)


def test_changing_the_password_keeps_this_session_and_ends_the_others(office: Engine) -> None:
    other, mine = token_of(office), token_of(office)

    with writing(office) as session:
        holder = sessions.session_actor(session, mine, NOW)
        passwords.change(session, holder, PASSWORD, "green-camel-8", NOW)
        sessions.end_sessions_of(session, holder.id, NOW, keep=mine)
        fresh = sessions.rotate(session, mine)

    assert who(office, fresh) == "1001"
    for gone in (mine, other):
        with pytest.raises(NotSignedIn):
            who(office, gone)
    assert not sign_in(office, password="green-camel-8").must_change


@pytest.mark.parametrize(("old", "new"), [("wrong-one-9", "green-camel-8"), (PASSWORD, PASSWORD), (PASSWORD, "short")])
def test_a_change_without_the_old_or_with_a_poor_new_password_changes_nothing(
    office: Engine, old: str, new: str
) -> None:
    add(office, "1003", "clerk")

    with pytest.raises(BadInput), writing(office) as session:
        passwords.change(session, staff.actor_of(session, "1003"), old, new, NOW)

    assert sign_in(office, "1003").token is not None


def test_a_hash_of_older_strength_is_renewed_at_the_next_sign_in(
    office: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "_HASHER", REAL)

    found = sign_in(office)
    with reading(office) as session:
        hashed = session.execute(select(StaffRow.password_hash)).scalar_one()

    assert found.token is not None
    assert not REAL.check_needs_rehash(hashed)


def test_neither_password_nor_token_is_stored(office: Engine) -> None:
    token = token_of(office)

    with reading(office) as session:
        hashed = session.execute(select(StaffRow.password_hash)).scalar_one()
        digest = session.execute(select(SessionRow.digest)).scalar_one()

    assert hashed.startswith("$argon2id$")
    assert token not in digest


@pytest.mark.parametrize("alone", ["administrator", "security", "audit", "auditor"])
def test_some_roles_are_held_alone(engine: Engine, alone: str) -> None:
    assert faults(engine, "2002", alone, "clerk") == ["角色"]


def test_every_fault_of_an_account_is_told_at_once(engine: Engine) -> None:
    assert faults(engine, "a b", "king", name="\x07", password="123") == ["工号", "姓名", "角色", "密码"]


@pytest.mark.parametrize("password", ["", "123456789", "1111111111", "a2002-word-2002", "长" * 129])
def test_a_poor_password_is_refused(engine: Engine, password: str) -> None:
    assert faults(engine, password=password) == ["密码"]


def test_a_number_is_given_once(office: Engine) -> None:
    assert faults(office, "1001") == ["工号"]


@pytest.mark.parametrize("number", ["9999", "", "\x00", "x" * 10_000])
def test_an_unknown_account_cannot_be_changed(office: Engine, number: str) -> None:
    with writing(office) as session:
        for change in (staff.disable, lambda *a: staff.reset_password(*a[:2], "green-camel-8", NOW)):
            with pytest.raises(NotFound):
                change(session, number, NOW)


def test_the_list_shows_roles_in_their_order_and_state(office: Engine) -> None:
    add(office, "1000", "auditor", name="孙静")
    with writing(office) as session:
        staff.disable(session, "1000", NOW)
        staff.set_roles(session, "1001", ["supervisor", "clerk"], NOW)

    with reading(office) as session:
        listed = staff.list_staff(session, "shawan")
        active = staff.list_staff(session, active_only=True)
        elsewhere = staff.list_staff(session, "shuimogou")

    assert [(one.number, one.roles, one.active) for one in listed] == [
        ("1000", ("auditor",), False),
        ("1001", ("clerk", "supervisor"), True),
    ]
    assert [one.number for one in active] == ["1001"]
    assert elsewhere == ()


def test_generated_passwords_differ_and_are_good_enough(engine: Engine) -> None:
    made = {passwords.new_password() for _ in range(100)}

    assert len(made) == 100
    assert add(engine, "3003", "clerk", password=made.pop()) > 0
