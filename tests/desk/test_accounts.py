from __future__ import annotations

from collections.abc import Callable

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Connection, Engine

from caseflow.desk import accounts, passwords, sessions
from caseflow.desk import office as rooms
from caseflow.desk.accounts import Profile
from caseflow.errors import BadInput, CaseChanged, NotAllowed, NotFound, NotSignedIn, Refused
from caseflow.rules.policy import holds
from caseflow.rules.sign_in import SignInRules
from caseflow.store.db import reading, writing
from caseflow.views import office as view
from caseflow.views.office import Person
from tests.support.office import Office, hire_elsewhere, open_office
from tests.support.signing import enter

TRANSFER = "transfer-continuation"
PASSWORD = "blue-horse-7x"


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


@pytest.fixture
def office(engine: Engine) -> Office:
    return open_office(engine)


def hire(office: Office, number: str = "1099", by: str = "security", **changes: str) -> int:
    profile = Profile(**{"name": "王雪梅", "section": "", "window": "", **changes})
    with writing(office.engine) as session:
        return accounts.hire(
            session,
            office.staff[by],
            number=number,
            profile=profile,
            roles=("clerk",),
            password=PASSWORD,
            now=office.now,
        )


def person(office: Office, number: str) -> Person:
    with reading(office.engine) as session:
        return view.person(session, "shawan", number, office.now.date(), office.now)


def token_of(office: Office) -> str:
    token = enter(office.engine, office.house, "1099", PASSWORD, office.now).token
    assert token
    return token


def told(office: Office) -> list[tuple[str, tuple[tuple[str, str, str], ...]]]:
    with reading(office.engine) as session:
        return [(one.action, one.changed) for one in reversed(view.changes(session, "shawan"))]


def test_a_new_account_must_change_its_password_and_is_on_record(office: Office) -> None:
    hire(office)

    one = person(office, "1099")
    assert (one.name, one.roles, one.must_change, one.active, one.held) == ("王雪梅", ("clerk",), True, True, 0)
    assert told(office) == [("新增账号", (("账号", "", "1099 王雪梅（窗口人员）"),))]


def test_a_section_that_is_not_on_the_bureaus_list_is_refused(office: Office) -> None:
    with writing(office.engine) as session:
        rooms.add_place(session, office.staff["administrator"], "section", "综合科", office.now)

    with pytest.raises(BadInput, match="没有在用的科室“别处”"):
        hire(office, section="别处")
    hire(office, section="综合科")

    assert person(office, "1099").section == "综合科"


def test_every_fault_of_a_new_account_is_told_at_once(office: Office) -> None:
    with writing(office.engine) as session:
        rooms.add_place(session, office.staff["administrator"], "window", "1号窗口", office.now)

    with pytest.raises(BadInput) as caught:
        hire(office, number="?", name="", window="2号窗口")

    assert [fault.place for fault in caught.value.faults] == ["工号", "姓名", "窗口"]


def test_a_changed_profile_is_on_record_with_old_and_new(office: Office) -> None:
    number = office.staff["clerk"].number
    with writing(office.engine) as session:
        accounts.set_profile(
            session, office.staff["security"], number, Profile("王雪梅", "综合科", "1号窗口"), office.now
        )
        again = accounts.set_profile(
            session, office.staff["security"], number, Profile("王雪梅", "综合科", "1号窗口"), office.now
        )

    assert again is False
    assert told(office) == [
        ("改资料", (("姓名", "clerk", "王雪梅"), ("科室", "", "综合科"), ("窗口", "", "1号窗口"))),
    ]


def test_other_roles_end_the_sessions_and_the_same_roles_do_not(office: Office) -> None:
    hire(office)
    token = token_of(office)
    with writing(office.engine) as session:
        same = accounts.set_roles(session, office.staff["security"], "1099", ("clerk",), office.now)
        assert sessions.session_actor(session, token, office.now).number == "1099"
        other = accounts.set_roles(session, office.staff["security"], "1099", ("clerk", "reviewer"), office.now)

    assert (same, other) == (False, True)
    with pytest.raises(NotSignedIn), reading(office.engine) as session:
        sessions.session_actor(session, token, office.now)
    assert told(office)[-1] == ("改角色", (("角色", "窗口人员", "窗口人员、审核人员"),))


def test_the_security_administrator_neither_disables_nor_demotes_nor_resets_themselves(office: Office) -> None:
    admin = office.staff["security"]
    for act in (
        lambda session: accounts.disable(session, admin, admin.number, office.now, held_known=True),
        lambda session: accounts.set_roles(session, admin, admin.number, ("clerk",), office.now),
        lambda session: accounts.reset_password(session, admin, admin.number, PASSWORD, office.now),
    ):
        with pytest.raises(Refused, match="不能"), writing(office.engine) as session:
            act(session)

    assert told(office) == []


def test_an_account_with_open_cases_is_disabled_only_when_that_is_known(office: Office) -> None:
    ref = office.register(TRANSFER)
    number = office.staff["clerk"].number
    admin = office.staff["security"]

    with pytest.raises(Refused, match="名下还有 1 件在办"), writing(office.engine) as session:
        accounts.disable(session, admin, number, office.now, held_known=False)
    assert person(office, number).active
    with writing(office.engine) as session:
        held = accounts.disable(session, admin, number, office.now, held_known=True)

    assert held == 1
    assert (person(office, number).active, person(office, number).held) == (False, 1)
    assert office.case(ref, "supervisor").record.handler_id == office.staff["clerk"].id


def test_the_supervisor_assigns_the_cases_of_a_disabled_person(engine: Engine) -> None:
    office = open_office(engine, extra={"clerk2": ("clerk",)})
    ref = office.register(TRANSFER)
    with writing(office.engine) as session:
        accounts.disable(session, office.staff["security"], office.staff["clerk"].number, office.now, held_known=True)

    office.act(ref, "supervisor", "assign", receiver=str(office.staff["clerk2"].id), reason="人员调离")

    assert office.case(ref).record.handler_id == office.staff["clerk2"].id


def test_a_locked_account_is_unlocked_and_signs_in(office: Office) -> None:
    hire(office)
    for _ in range(5):
        enter(office.engine, office.house, "1099", "wrong-password-1", office.now)
    assert enter(office.engine, office.house, "1099", PASSWORD, office.now).token is None
    assert person(office, "1099").locked

    with writing(office.engine) as session:
        accounts.unlock(session, office.staff["security"], "1099", office.now)
    assert token_of(office)

    assert told(office)[-1] == ("解除锁定", ())


def test_ended_sessions_are_over(office: Office) -> None:
    hire(office)
    token = token_of(office)
    assert person(office, "1099").sessions == 1

    with writing(office.engine) as session:
        accounts.end_sessions(session, office.staff["security"], "1099", office.now)

    assert person(office, "1099").sessions == 0
    with pytest.raises(NotSignedIn), reading(office.engine) as session:
        sessions.session_actor(session, token, office.now)


def test_a_form_that_showed_another_account_changes_nothing(office: Office) -> None:
    admin, clerk = office.staff["security"], office.staff["clerk"]
    shown = person(office, clerk.number)
    seen = accounts.as_seen(shown.name, shown.section, shown.window, shown.roles)
    with writing(office.engine) as session:
        accounts.unchanged(session, admin, clerk.number, seen)
        accounts.set_roles(session, admin, clerk.number, ("clerk", "reviewer"), office.now)

    with pytest.raises(CaseChanged), writing(office.engine) as session:
        accounts.unchanged(session, admin, clerk.number, seen)


@pytest.mark.parametrize("act", ["unlock", "end_sessions", "enable", "disable", "reset", "roles", "profile"])
def test_another_bureaus_account_is_as_if_none(office: Office, act: str) -> None:
    admin, now = office.staff["security"], office.now
    hire_elsewhere(office)
    acts: dict[str, Callable[[Connection], object]] = {
        "unlock": lambda session: accounts.unlock(session, admin, "smg-1", now),
        "end_sessions": lambda session: accounts.end_sessions(session, admin, "smg-1", now),
        "enable": lambda session: accounts.enable(session, admin, "smg-1", now),
        "disable": lambda session: accounts.disable(session, admin, "smg-1", now, held_known=True),
        "reset": lambda session: accounts.reset_password(session, admin, "smg-1", PASSWORD, now),
        "roles": lambda session: accounts.set_roles(session, admin, "smg-1", ("clerk",), now),
        "profile": lambda session: accounts.set_profile(session, admin, "smg-1", Profile("甲", "", ""), now),
    }

    with pytest.raises(NotFound), writing(office.engine) as session:
        acts[act](session)
    with pytest.raises(NotFound):
        person(office, "smg-1")


@pytest.mark.parametrize("who", ["administrator", "audit", "auditor", "supervisor", "clerk"])
def test_only_the_security_administrator_changes_accounts(office: Office, who: str) -> None:
    with pytest.raises(NotAllowed):
        hire(office, by=who)
    with pytest.raises(NotAllowed), writing(office.engine) as session:
        accounts.unlock(session, office.staff[who], office.staff["clerk"].number, office.now)


def test_where_the_bureau_keeps_windows_only_those_are_taken_at_sign_in(office: Office) -> None:
    hire(office)
    free = enter(office.engine, office.house, "1099", PASSWORD, office.now, window="随便写")
    with writing(office.engine) as session:
        rooms.add_place(session, office.staff["administrator"], "window", "1号窗口", office.now)
    known, unknown, none = (
        enter(office.engine, office.house, "1099", PASSWORD, office.now, window=window)
        for window in ("1号窗口", "随便写", "")
    )

    assert [one.window for one in (free, known, unknown, none)] == ["随便写", "1号窗口", "", ""]
    assert unknown.token
    assert "“随便写”不是本单位在用的窗口" in unknown.text
    assert (free.text, known.text, none.text) == ("", "", "")


def test_one_place_is_ended_and_the_others_go_on(office: Office) -> None:
    hire(office)
    here, there = token_of(office), token_of(office)
    name = sessions.digest_of(there)[: sessions.NAME_LENGTH]

    with writing(office.engine) as session:
        accounts.end_session(session, office.staff["security"], "1099", name, office.now)
        assert sessions.session_actor(session, here, office.now).number == "1099"
        with pytest.raises(NotSignedIn):
            sessions.session_actor(session, there, office.now)
        for gone in (name, "", "0" * 16, "%" * 16):
            with pytest.raises(NotFound):
                accounts.end_session(session, office.staff["security"], "1099", gone, office.now)


@pytest.mark.parametrize("who", ["administrator", "audit", "auditor"])
def test_where_the_three_are_apart_only_the_security_administrator_keeps_accounts(office: Office, who: str) -> None:
    other = office.staff[who]
    apart = SignInRules(administrators="three")

    assert apart.powers(other.roles) == other.roles
    assert ("security" in SignInRules().powers(other.roles)) == (who == "administrator")
    with pytest.raises(NotAllowed):
        hire(office, by=who)
    with pytest.raises(NotAllowed), writing(office.engine) as session:
        accounts.set_roles(session, other, office.staff["clerk"].number, ("supervisor",), office.now)


def test_the_security_administrator_grants_nothing_to_themselves_and_reads_no_case(office: Office) -> None:
    keeper = office.staff["security"]

    with pytest.raises(Refused, match="不能改自己的角色"), writing(office.engine) as session:
        accounts.set_roles(session, keeper, keeper.number, ("supervisor",), office.now)

    for one in SignInRules(), SignInRules(administrators="three"):
        assert not any(holds(one.powers(keeper.roles), right) for right in ("see_cases", "oversee", "act_on_cases"))
