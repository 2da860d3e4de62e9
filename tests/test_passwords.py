"""What a password must be: both sides of every limit of both profiles, and the list of common ones."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select

from caseflow.desk import passwords, staff
from caseflow.errors import BadInput
from caseflow.house import BEIJING, Actor, House, new_master
from caseflow.rules.passwords import LONGEST, PROFILES, PasswordPolicy, is_common
from caseflow.rules.sign_in import SignInRules
from caseflow.store.db import reading, writing
from caseflow.store.sign_in_models import PastPasswordRow
from tests.support.signing import enter

NOW = datetime(2026, 3, 2, 10, 30, tzinfo=BEIJING)
ASVS, GB = PROFILES["asvs"], PROFILES["gb22239"]


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


def good(password: str, policy: PasswordPolicy, number: str = "1001") -> bool:
    return passwords.faults_of(password, number, policy) == []


@pytest.mark.parametrize(
    ("password", "taken"),
    [
        ("kunlunxue", False),  # 9
        ("kunlunxuef", True),  # 10, one kind of characters
        ("kunlun xue feng bai ru yin", True),
        ("昆仑雪峰白如银河水长流", True),
        ("kx7" * 21 + "bde", True),  # 66: ASVS wants 64 and more to be possible
        ("昆仑雪峰白" * 25 + "abc", True),  # 128
        ("昆仑雪峰白" * 25 + "abcd", False),  # 129
        ("snow-1001-peak", False),  # the account's own number
        ("aabbccdd-aabb", True),  # five different characters
        ("aabbccddaabb", False),  # four
        ("abcdefghijk", False),
        ("zyxwvutsrqp", True),
        ("1234567890123", False),
        ("qwertyuiopas", False),
        ("13912345678", False),  # a mobile number
        ("23912345678", True),
        ("Password2026!", False),
        ("!!baseball2026!!", False),
        ("ShaWan@2026!", False),
        ("shawan-kunlun-26", True),
    ],
)
def test_both_sides_of_every_limit_of_asvs(password: str, taken: bool) -> None:
    assert good(password, ASVS) is taken


@pytest.mark.parametrize(
    ("password", "taken"),
    [
        ("kunlunxuefeng", False),
        ("Kunlunxuefeng", False),  # two kinds
        ("Kunlunxuefen7", True),  # three
        ("kunlun-xuefen7", True),
        ("Kunlun-Xuefen", True),
        ("Kunlunxu7", False),  # 9
        ("Kunlunxue7", True),  # 10
        ("昆仑雪峰白如银河7a", True),  # other signs, a digit, a letter
        ("Password2026!", False),
    ],
)
def test_both_sides_of_every_limit_of_gb_22239(password: str, taken: bool) -> None:
    assert good(password, GB) is taken


@pytest.mark.parametrize(
    ("least", "password", "taken"),
    [(8, "kunlunx", False), (8, "kunlunxu", True), (15, "kunlunxuefengba", True), (15, "kunlunxuefengb", False)],
)
def test_an_office_may_ask_for_another_shortest_length(least: int, password: str, taken: bool) -> None:
    assert good(password, SignInRules(password_least=least).passwords) is taken


def test_a_profile_or_a_role_there_is_not_is_refused() -> None:
    with pytest.raises(BadInput) as caught:
        SignInRules(password_policy="none", administrators="two", second_factor=frozenset({"king"}))

    assert [fault.place for fault in caught.value.faults] == ["second_factor", "password_policy", "administrators"]


def test_the_list_is_as_long_as_asvs_asks_and_every_one_of_it_is_refused() -> None:
    common = passwords._common()
    fitting = [one for one in common if len(one) >= 8]
    eight = SignInRules(password_least=8).passwords

    assert len(fitting) >= 3000
    assert not any(good(one, eight) or good(one.upper(), eight) for one in fitting)


@given(st.text(st.characters(codec="utf-8"), max_size=140))
def test_any_text_is_judged_and_a_longer_one_than_allowed_never_taken(text: str) -> None:
    for policy in (ASVS, GB):
        faults = passwords.faults_of(text, "1001", policy)
        assert len(faults) <= 1
        assert faults or policy.least <= len(text) <= LONGEST


@given(st.sampled_from(sorted(passwords._common())[:300]), st.text("0123456789!@#", max_size=6))
def test_digits_and_signs_around_a_common_password_help_nothing(word: str, ends: str) -> None:
    if word.isalpha():
        assert is_common(f"{ends}{word.upper()}{ends}", passwords._common())


def test_every_generated_password_passes_both_profiles() -> None:
    assert all(good(passwords.new_password(), policy) for policy in (ASVS, GB) for _ in range(200))


def hire(engine: Engine) -> Actor:
    with writing(engine) as session:
        staff.add_staff(
            session,
            bureau="shawan",
            number="1001",
            name="王雪梅",
            roles=["clerk"],
            password="Kunlun-xue-00",
            now=NOW,
            must_change=False,
        )
        return staff.actor_of(session, "1001")


def change(engine: Engine, actor: Actor, old: int, new: int, policy: PasswordPolicy = GB) -> None:
    with writing(engine) as session:
        passwords.change(session, actor, f"Kunlun-xue-{old:02d}", f"Kunlun-xue-{new:02d}", NOW, policy)


def test_the_last_five_are_not_taken_again_and_the_sixth_is(engine: Engine) -> None:
    actor = hire(engine)
    for n in range(5):
        change(engine, actor, n, n + 1)

    for n in range(1, 6):
        with pytest.raises(BadInput):
            change(engine, actor, 5, n)
    change(engine, actor, 5, 0)

    with reading(engine) as session:
        assert session.execute(select(func.count()).select_from(PastPasswordRow)).scalar_one() == 5


def test_asvs_remembers_nothing_but_the_present_one(engine: Engine) -> None:
    actor = hire(engine)
    change(engine, actor, 0, 1, ASVS)

    change(engine, actor, 1, 0, ASVS)

    with pytest.raises(BadInput):
        change(engine, actor, 0, 0, ASVS)


@pytest.mark.parametrize(
    ("profile", "days", "due"), [("gb22239", 89, False), ("gb22239", 90, True), ("asvs", 3000, False)]
)
def test_a_password_is_due_after_ninety_days_where_the_profile_says_so(
    engine: Engine, profile: str, days: int, due: bool
) -> None:
    hire(engine)
    house = House.open(new_master(), sign_in={"password_policy": profile})

    found = enter(engine, house, "1001", "Kunlun-xue-00", NOW + timedelta(days=days))

    assert found.token is not None
    assert found.must_change is due


def test_an_account_of_an_earlier_release_counts_from_its_own_day(engine: Engine) -> None:
    hire(engine)
    with writing(engine) as session:
        session.execute(PastPasswordRow.__table__.delete())
    house = House.open(new_master(), sign_in={"password_policy": "gb22239"})

    assert not enter(engine, house, "1001", "Kunlun-xue-00", NOW + timedelta(days=89)).must_change
    assert enter(engine, house, "1001", "Kunlun-xue-00", NOW + timedelta(days=90)).must_change
