"""The same form sent twice acts once and is answered alike: at once, later, and after a crash."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from caseflow.desk.once import KEPT_FOR, Answered, Request, claim, remember
from caseflow.desk.upkeep import sweep
from caseflow.errors import Refused
from caseflow.store.db import reading, writing
from caseflow.store.models import CaseRow
from caseflow.store.request_keys import RequestKeyRow
from tests.support.office import Office
from tests.web.counter import Counter, Door, number_of

TRANSFER = "transfer-continuation"
WEB = Path(__file__).parents[2] / "web"

NOT_ONCE = {
    "once.once": "the mechanism",
    "gate._recognise": "that somebody was here: the same again is the same",
    "auth._entered": "nobody is signed in yet",
    "auth.leave": "signing out: the same again is the same",
    "auth.change_password": "the old password fits once",
    "second_factor.check_code": "a code fits once",
    "second_factor._confirmed": "a code fits once",
    "drafts._save": "what is typed is kept as it stands: the same again is the same",
    "drafts._drop": "the same again is the same",
    "public.send_rating": "nobody is signed in; a case is rated once by its row",
    "public._found": "every question is counted",
    "cases.show_number": "every look is recorded",
    "intake.again": "every look is recorded",
    "cases.print_paper": "every print is counted",
    "cases.paper_pdf": "every print is counted",
    "orders.paper": "every print is counted",
    "queues.print_papers": "every print is counted",
    "admin.add": "a first password is shown once and kept nowhere; the number is taken the second time",
    "admin.reset": "a first password is shown once and kept nowhere; the last one shown holds",
}
"""Where the web opens a writing transaction itself, each with its reason."""


def acts(office: Office) -> int:
    with reading(office.engine) as session:
        return session.execute(select(func.sum(CaseRow.version))).scalar_one() or 0


def sent(counter: Counter, number: str, action: str, **needs: str) -> dict[str, str]:
    """The form of a step, filled in."""
    form = counter.fields(counter.get(f"/cases/{number}"), f"/cases/{number}/{action}")
    return form | {f"need.{action}.{key}": text for key, text in needs.items()}


@pytest.fixture
def accepted(door: Door) -> str:
    return number_of(door.clerk.decide(TRANSFER, "accept", {"complete": "on", "genuine": "on"}))


def test_the_same_form_is_answered_alike_and_acts_once(door: Door, accepted: str) -> None:
    form = sent(door.clerk, accepted, "withdraw", kind="申请人撤回", reason="本人要求")

    answers = [door.clerk.send(f"/cases/{accepted}/withdraw", form) for _ in range(3)]

    assert {(one.status_code, one.headers["Location"]) for one in answers} == {(303, f"/cases/{accepted}")}
    assert acts(door.office) == 3


def test_a_form_whose_answer_was_lost_in_a_crash_is_answered_by_the_next_process(door: Door, accepted: str) -> None:
    form = sent(door.clerk, accepted, "withdraw", kind="申请人撤回", reason="本人要求")
    door.clerk.send(f"/cases/{accepted}/withdraw", form)

    again = Door.of(door.office).clerk.send(f"/cases/{accepted}/withdraw", form)

    assert (again.status_code, acts(door.office)) == (303, 3)


def test_a_registration_sent_twice_leads_to_the_same_case(door: Door) -> None:
    form = door.clerk.register_to(3, TRANSFER) | {"go": "submit", "decision": "receive_only"}

    first, second = door.clerk.send("/register", form), door.clerk.send("/register", form)

    assert number_of(first) == number_of(second)
    assert acts(door.office) == 1


def test_the_same_form_with_other_contents_is_refused(door: Door, accepted: str) -> None:
    form = sent(door.clerk, accepted, "withdraw", kind="申请人撤回", reason="本人要求")
    door.clerk.send(f"/cases/{accepted}/withdraw", form)

    other = door.clerk.send(f"/cases/{accepted}/withdraw", form | {"need.withdraw.reason": "另一理由"})

    assert other.status_code == 409
    assert "已经提交并办理过" in other.text


def test_what_was_refused_may_be_sent_again_with_the_same_key(door: Door, accepted: str) -> None:
    form = sent(door.clerk, accepted, "withdraw", kind="申请人撤回", reason="")

    refused = door.clerk.send(f"/cases/{accepted}/withdraw", form)
    mended = door.clerk.send(f"/cases/{accepted}/withdraw", form | {"need.withdraw.reason": "本人要求"})

    assert (refused.status_code // 100, mended.status_code) == (4, 303)


def test_a_header_names_a_request_as_a_form_does(door: Door, accepted: str) -> None:
    form = sent(door.clerk, accepted, "withdraw", kind="申请人撤回", reason="本人要求")
    del form["request_key"]
    headers = {"Idempotency-Key": "client-7"}

    answers = [
        door.clerk.client.post(f"/cases/{accepted}/withdraw", data=form, headers=headers).status_code for _ in range(2)
    ]

    assert (answers, acts(door.office)) == ([303, 303], 3)


def test_another_person_is_not_answered_for_ones_own_key(office: Office) -> None:
    request = Request("key", "body")
    with writing(office.engine) as session:
        assert claim(session, office.staff["clerk"], request, office.now) is None
        remember(session, office.staff["clerk"], request, {"number": "1"})

    with writing(office.engine) as session:
        assert claim(session, office.staff["clerk"], request, office.now) == Answered({"number": "1"})
        assert claim(session, office.staff["reviewer"], request, office.now) is None
        assert claim(session, office.staff["clerk"], Request("key", "body", "part"), office.now) is None
        with pytest.raises(Refused, match="内容与上次不同"):
            claim(session, office.staff["clerk"], Request("key", "another"), office.now)


def test_answers_are_forgotten_after_seven_days(office: Office) -> None:
    with writing(office.engine) as session:
        claim(session, office.staff["clerk"], Request("key", "body"), office.now)

    kept = []
    for days in (KEPT_FOR - timedelta(hours=1), KEPT_FOR):
        sweep(office.engine, office.house, office.now + days)
        with reading(office.engine) as session:
            kept.append(session.execute(select(func.count()).select_from(RequestKeyRow)).scalar_one())

    assert kept == [1, 0]


def test_whatever_writes_in_the_web_goes_through_once_or_says_why_not() -> None:
    assert {name for path in WEB.glob("*.py") for name in _writers(path)} == set(NOT_ONCE)


def test_every_form_carries_its_key_beside_its_token() -> None:
    templates = (WEB / "templates").rglob("*.html")

    assert {path.name for path in templates if 'name="csrf_token"' in path.read_text(encoding="utf-8")} == BARE


BARE = {"macros.html", "base.html", "messages.html"}
"""Where a token is named: the macro that adds the key; leaving, and marking messages read, are the same twice."""


def _writers(path: Path) -> Iterator[str]:
    """The functions of a module in which a writing transaction is opened."""
    for function in ast.parse(path.read_text(encoding="utf-8")).body:
        called = (node.func for node in ast.walk(function) if isinstance(node, ast.Call))
        if any(isinstance(one, ast.Name) and one.id == "writing" for one in called):
            yield f"{path.stem}.{getattr(function, 'name', '')}"
