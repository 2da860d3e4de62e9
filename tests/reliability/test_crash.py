"""A kill at any instant loses nothing that was acknowledged. CASEFLOW_KILLS=500 runs the long form."""

from __future__ import annotations

import os

import pytest

from tests.conftest import DATABASES, POSTGRES
from tests.reliability import crash
from tests.reliability.crash import PARTS, Goal, Outcome
from tests.reliability.power import Cut, cut_often

KILLS = int(os.environ.get("CASEFLOW_KILLS", "0"))
STEPS_PER_KILL = 100
SEED = 51129


def short(kills: int) -> Goal:
    return Goal(kills, 0, SEED)


def must_hold(outcome: Outcome) -> None:
    assert {name: found for name, found in outcome.faults.items() if found} == {}
    assert outcome.acknowledged > 0


@pytest.mark.parametrize("database", DATABASES)
def test_a_killed_server_loses_and_doubles_nothing_that_people_were_answered(database: str) -> None:
    must_hold(crash.of_server(database, short(2)))


@pytest.mark.parametrize("database", DATABASES)
def test_killed_writers_leave_the_database_as_it_was_acknowledged(database: str) -> None:
    must_hold({"sqlite": crash.on_sqlite, "postgresql": crash.on_postgres}[database](short(4)))


if POSTGRES:

    def test_a_killed_postgresql_loses_nothing_and_the_application_goes_on_by_itself() -> None:
        must_hold(crash.of_postgres(short(4)))

    def test_the_audit_finds_what_commits_lose_that_do_not_wait_for_the_disk() -> None:
        """The control: without it the tests above might find nothing because they cannot."""
        assert crash.control(short(2)).faults["lost"] != []


@pytest.mark.parametrize("journal", ["TRUNCATE", "WAL"])
def test_a_power_cut_takes_nothing_that_was_acknowledged_from_sqlite(journal: str) -> None:
    cut = cut_often(journal, "FULL", cuts=60, seed=SEED)

    assert cut == Cut(60, cut.acknowledged, lost=0, broken=0)
    assert cut.acknowledged > 100


@pytest.mark.parametrize(("journal", "synchronous"), [("TRUNCATE", "OFF"), ("TRUNCATE", "NORMAL"), ("WAL", "NORMAL")])
def test_a_power_cut_takes_steps_where_sqlite_does_not_wait_for_the_disk(journal: str, synchronous: str) -> None:
    """The control for the test above."""
    assert cut_often(journal, synchronous, cuts=60, seed=SEED).lost > 0


if KILLS:

    @pytest.mark.parametrize("part", PARTS)
    def test_the_long_form(part: str) -> None:
        outcome = PARTS[part](Goal(KILLS, KILLS * STEPS_PER_KILL, SEED))

        must_hold(outcome)
        assert outcome.p99 <= crash.READY_SECONDS
