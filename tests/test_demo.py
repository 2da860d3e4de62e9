"""The demo: every item, state, lamp and both bureaus are on the stage, every time the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select, text

from caseflow.catalogue import load_catalogue
from caseflow.cli.demo import Stage, set_stage
from caseflow.cli.demo_home import Home
from caseflow.cli.demo_items import LABEL, SOURCE
from caseflow.cli.demo_staff import AWAY, LOGINS, PASSWORD, SPECIALISTS, Login
from caseflow.desk.issuing import KINDS
from caseflow.errors import Refused
from caseflow.house import BEIJING, Actor
from caseflow.rules.clock import Lamp, read
from caseflow.rules.flow import ROLES
from caseflow.rules.supervision import LEVELS
from caseflow.store.db import create_engine_for, reading, writing
from caseflow.store.facts import DEADLINE_NAMES, CaseState, load_case
from caseflow.store.models import CaseRow, DeadlineRow, EventRow, PaperRow, PersonRow
from caseflow.store.office_models import OrderRow, OrderWordRow
from caseflow.store.side_models import AttachmentRow
from caseflow.views.attachments import missing_files
from caseflow.views.office import absences, receivers, ticked
from caseflow.views.orders import OUTCOMES, WORDS, OrderLine, orders_page
from caseflow.views.overdue import cause_counts
from caseflow.workflows import FLOWS
from tests.support.signing import enter

FRIDAY = datetime(2026, 4, 17, 16, 0, tzinfo=BEIJING)
SUNDAY = datetime(2026, 4, 19, 9, 5, tzinfo=BEIJING)
JUST_AFTER_MIDNIGHT = datetime(2026, 10, 1, 0, 3, tzinfo=BEIJING)
AFTER_NATIONAL_DAY = datetime(2026, 10, 8, 0, 3, tzinfo=BEIJING)
CATALOGUE = load_catalogue()
NOBODY = 0


@dataclass(frozen=True)
class Played:
    """A stage with its database open and its cases as they stand."""

    stage: Stage
    engine: Engine
    cases: tuple[CaseState, ...]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """200 cases as on a Friday afternoon."""
    url = f"sqlite:///{tmp_path_factory.mktemp('demo')}/demo.db"
    stage = set_stage(url, 200, FRIDAY)
    engine = create_engine_for(url)
    yield Played(stage, engine, cases_of(stage, engine, FRIDAY.date()))
    engine.dispose()


def cases_of(stage: Stage, engine: Engine, today: date) -> tuple[CaseState, ...]:
    with reading(engine) as session:
        rows = session.execute(select(CaseRow.bureau, CaseRow.id)).all()
        anyone = {bureau: Actor(NOBODY, "", "", bureau, frozenset()) for bureau, _ in rows}
        return tuple(load_case(session, stage.house, anyone[bureau], case_id, today) for bureau, case_id in rows)


def lamps(stage: Stage, cases: tuple[CaseState, ...], today: date) -> set[Lamp | None]:
    return {
        read(
            stage.house.catalogue.calendar_of(case.record.bureau),
            case.clocks,
            today,
            supplementing=case.state.key == "supplementing",
        ).lamp
        for case in cases
        if case.state.open
    }


def count(engine: Engine, table: type) -> int:
    with reading(engine) as session:
        return session.execute(select(func.count()).select_from(table)).scalar_one()


def test_every_item_of_both_bureaus_has_a_case(played: Played) -> None:
    assert len(played.cases) == 200
    assert {(case.record.bureau, case.record.item_key) for case in played.cases} == set(CATALOGUE.items)


def test_every_state_of_every_flow_that_shows_itself_is_there(played: Played) -> None:
    states = {state for flow in FLOWS.values() for state in flow.states}

    assert {case.state.key for case in played.cases} == states
    assert {case.flow.key for case in played.cases} == set(FLOWS)


def test_every_lamp_shines(played: Played) -> None:
    assert lamps(played.stage, played.cases, FRIDAY.date()) >= set(Lamp)


def test_the_summary_counts_what_is_in_the_database(played: Played) -> None:
    found = Counter((case.record.bureau, case.state.key) for case in played.cases)

    assert played.stage.cases == found
    assert {bureau for bureau, _ in found} == {"shawan", "shuimogou"}


def test_nothing_lies_after_the_moment_of_the_demo(played: Played) -> None:
    with reading(played.engine) as session:
        last = session.execute(select(func.max(EventRow.at))).scalar_one()

    assert last <= FRIDAY


def test_late_completions_say_why(played: Played) -> None:
    with reading(played.engine) as session:
        details = session.scalars(select(EventRow.detail).where(EventRow.action.in_(["pay", "close"]))).all()

    reasons = [detail for detail in details if detail.get("late_reason")]
    assert 0 < len(reasons) < len(details)


NO_DEFERRAL_ON_THE_SPOT = {("immediate", "accept_deferred"), ("immediate", "receive_deferred")}
"""A 即办件 is due the day it is accepted, and a deferred line may not come later than that."""

NO_PROMISE = {
    (flow, action)
    for flow in ("standard", "payment", "designation")
    for action in ("keep_commitment", "break_commitment")
}
"""Only two 即办件 know a promise."""


def test_every_action_of_every_flow_is_taken_but_those_no_item_allows(played: Played) -> None:
    with reading(played.engine) as session:
        query = select(CaseRow.flow, EventRow.action).join(EventRow, EventRow.case_id == CaseRow.id).distinct()
        taken = {(row.flow, row.action) for row in session.execute(query)}

    allowed = {(flow.key, action) for flow in FLOWS.values() for action in flow.actions}
    assert allowed - taken == NO_DEFERRAL_ON_THE_SPOT | NO_PROMISE
    assert {"rate", "attach", "detach"} <= {action for _, action in taken}


def test_no_item_allows_what_the_demo_leaves_out(played: Played) -> None:
    items = played.stage.house.catalogue.items.values()

    assert {item.flow for item in items if item.commitment} == {"immediate"}
    assert {item.flow for item in items if any(line.deferrable for line in item.materials)} == set(FLOWS) - {
        "immediate"
    }


def test_every_kind_of_paper_is_issued(played: Played) -> None:
    with reading(played.engine) as session:
        assert set(session.scalars(select(PaperRow.kind).distinct())) == set(KINDS)


def test_every_kind_of_deadline_runs(played: Played) -> None:
    with reading(played.engine) as session:
        kinds = set(session.scalars(select(DeadlineRow.kind).where(DeadlineRow.stopped_on.is_(None)).distinct()))

    assert kinds == set(DEADLINE_NAMES)


def causes(stage: Stage, engine: Engine, today: date) -> dict[str, int]:
    with reading(engine) as session:
        return cause_counts(session, stage.house.catalogue.calendar_of("shawan"), "shawan", today)[0]


def test_every_cause_of_supervision_has_a_case(played: Played) -> None:
    assert {cause for cause, n in causes(played.stage, played.engine, FRIDAY.date()).items() if not n} == set()


def test_orders_of_every_level_meet_every_fate(played: Played) -> None:
    with reading(played.engine) as session:
        orders = session.execute(select(OrderRow.level, OrderRow.outcome, OrderRow.closed_on)).all()
        words = set(session.scalars(select(OrderWordRow.kind).distinct()))

    assert {order.level for order in orders} == set(LEVELS)
    assert {order.outcome for order in orders if order.closed_on} == set(OUTCOMES)
    assert words == set(WORDS)


def orders_shown(played: Played, tab: str) -> tuple[OrderLine, ...]:
    calendar = played.stage.house.catalogue.calendar_of("shawan")
    supervisor = Actor(NOBODY, "", "", "shawan", frozenset({"supervisor"}))
    with reading(played.engine) as session:
        return orders_page(session, calendar, supervisor, tab, FRIDAY.date()).lines


def test_orders_wait_on_both_sides(played: Played) -> None:
    owed, answered = orders_shown(played, "owed"), orders_shown(played, "answered")

    assert answered
    assert any(order.late for order in owed)
    assert any(not order.late for order in owed)
    assert {order.cause for order in owed} >= {"超承诺", "超法定", "环节超时", "差评待办"}


def test_an_order_that_came_to_its_end_is_on_paper_with_every_round(played: Played) -> None:
    with reading(played.engine) as session:
        papers = session.scalars(select(PaperRow.fields).where(PaperRow.kind == "order")).all()

    assert ["退回重新反馈", "认可"] in [[one["verdict"] for one in paper["rounds"]] for paper in papers]


def test_the_office_of_the_day_has_somebody_away_and_every_item_in_hands(played: Played) -> None:
    names = {login.number: login.name for login in LOGINS}
    with reading(played.engine) as session:
        away = absences(session, "shawan", FRIDAY.date())
        marks = ticked(session, "shawan")
        hands = [receivers(session, "shawan", item.key, FRIDAY.date()) for item in CATALOGUE.items_of("shawan")]

    assert [(one.number, one.stand_in) for one in away] == [(AWAY[0], names[AWAY[1]])]
    assert len({staff_id for staff_id, _ in marks}) == len(SPECIALISTS)
    present = [{role for one in people if not one.away for role in one.roles} for people in hands]
    assert all(roles >= {"clerk", "reviewer", "checker", "approver", "cashier"} for roles in present)


def test_a_stage_is_late_while_the_promise_holds(played: Played) -> None:
    late = [
        case
        for case in played.cases
        if case.state.open and case.facts.running.get("stage", FRIDAY.date()) < FRIDAY.date() and not case.facts.late
    ]

    assert late


def test_nobody_acts_out_of_role(played: Played) -> None:
    """The desk holds it; this holds that supervisors decide, cashiers pay, and no administrator touches a case."""
    roles = {login.name: set(login.roles) for login in LOGINS}
    with reading(played.engine) as session:
        done = session.execute(select(EventRow.action, EventRow.actor_name).where(EventRow.actor_id.is_not(None)))
        by_role = {(action, role) for action, name in done.all() for role in roles[name]}

    assert {role for _, role in by_role} == set(ROLES) - {"auditor", "administrator", "security", "audit"}
    for action in ("consent", "assign", "grant_extension", "reject_extension"):
        assert {role for found, role in by_role if found == action} == {"supervisor"}
    for action in ("pay", "pay_again", "return_payment"):
        assert {role for found, role in by_role if found == action} == {"cashier"}


def test_every_scan_lies_where_its_row_says(played: Played) -> None:
    with reading(played.engine) as session:
        kept = session.execute(select(func.count()).select_from(AttachmentRow)).scalar_one()
        missing = missing_files(session, played.stage.house, played.stage.settings.files_dir)

    assert kept
    assert missing == ()


def test_what_was_carried_over_counts_as_two_cases(played: Played) -> None:
    with reading(played.engine) as session:
        details = session.scalars(select(EventRow.detail).where(EventRow.action == "register")).all()
        numbers = set(session.scalars(select(CaseRow.number).where(CaseRow.state == "withdrawn")))

    carried = {detail["carried_from"] for detail in details if "carried_from" in detail}
    assert carried
    assert carried < numbers


def test_what_only_the_demo_allows_says_so(played: Played) -> None:
    for place, item in played.stage.house.catalogue.items.items():
        real = CATALOGUE.items[place]
        mine = [line for line in item.materials if line.deferrable]
        assert all(line.deferrable_source == SOURCE for line in mine)
        assert (LABEL in item.published) == (item != real)
        assert not real.limits.serve
        assert not any(line.deferrable for line in real.materials)


def test_names_of_all_kinds_apply(played: Played) -> None:
    with reading(played.engine) as session:
        people = session.execute(select(PersonRow.name, PersonRow.id_kind, PersonRow.part)).all()

    names = {row.name for row in people}
    assert any("·" in name for name in names)
    assert any("有限" in name for name in names)
    assert any(len(name) == 3 and "·" not in name for name in names)
    assert {row.id_kind for row in people} >= {"resident_id", "credit_code", "birth_certificate"}
    assert {row.part for row in people} == {"applicant", "agent", "concerned"}


@pytest.mark.parametrize("login", LOGINS, ids=lambda login: login.number)
def test_everybody_can_sign_in_at_once(played: Played, login: Login) -> None:
    found = enter(played.engine, played.stage.house, login.number, PASSWORD, FRIDAY)

    assert found.token is not None
    assert not found.must_change


def test_every_role_is_held_in_both_bureaus() -> None:
    held = {(login.bureau, role) for login in LOGINS for role in login.roles}

    assert held == {(bureau, role) for bureau in CATALOGUE.bureaus for role in ROLES}


@pytest.mark.parametrize("moment", [SUNDAY, JUST_AFTER_MIDNIGHT], ids=["sunday", "holiday-midnight"])
def test_forty_cases_show_every_lamp_and_item_also_on_a_day_off(tmp_path: Path, moment: datetime) -> None:
    url = f"sqlite:///{tmp_path}/demo.db"
    stage = set_stage(url, 40, moment)
    engine = create_engine_for(url)

    cases = cases_of(stage, engine, moment.date())
    engine.dispose()

    assert len({(case.record.bureau, case.record.item_key) for case in cases}) == 33
    assert lamps(stage, cases, moment.date()) >= set(Lamp)


def test_every_cause_and_deadline_is_there_just_after_national_day_too(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/demo.db"
    stage = set_stage(url, 200, AFTER_NATIONAL_DAY)
    engine = create_engine_for(url)
    with reading(engine) as session:
        kinds = set(session.scalars(select(DeadlineRow.kind).where(DeadlineRow.stopped_on.is_(None)).distinct()))
        last = session.execute(select(func.max(EventRow.at))).scalar_one()
    found = causes(stage, engine, AFTER_NATIONAL_DAY.date())
    engine.dispose()

    assert kinds == set(DEADLINE_NAMES)
    assert {cause for cause, n in found.items() if not n} == set()
    assert last <= AFTER_NATIONAL_DAY


def test_the_demo_works_on_every_database(bare_engine: Engine, tmp_path: Path) -> None:
    url = bare_engine.url.render_as_string(hide_password=False)

    set_stage(url, 20, FRIDAY, Home(tmp_path / "home"))

    assert count(bare_engine, CaseRow) == 20


def test_a_database_with_tables_is_refused_and_stays_as_it_is(bare_engine: Engine, tmp_path: Path) -> None:
    with writing(bare_engine) as session:
        session.execute(text("CREATE TABLE precious (n INTEGER)"))

    with pytest.raises(Refused, match="空的数据库"):
        set_stage(bare_engine.url.render_as_string(hide_password=False), 3, FRIDAY, Home(tmp_path / "home"))

    with reading(bare_engine) as session:
        assert session.execute(text("SELECT count(*) FROM precious")).scalar_one() == 0
    assert not (tmp_path / "home").exists()
