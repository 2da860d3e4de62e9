"""保管期限: which class a case falls into, and the day on which it may be destroyed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseflow.errors import InvalidDefinition
from caseflow.rules.definition import read_bureau
from caseflow.rules.retention import (
    BENEFIT_MATERIALS,
    FLOWS,
    PAYMENT_DETAILS,
    Retention,
    kept_until,
    may_go_on,
    retention_of,
)

OWN = Retention("bureau_standard", "本机构规定", 20, "沙医保〔2026〕1号")
BUREAU = """
key = "shawan"
name = "沙湾市医疗保障局"
short = "沙医保"
area = "654203"
department = "036"
calendar = "xj"
threshold = "50000.00"
"""


@pytest.mark.parametrize(
    ("closed", "years", "until"),
    [
        (date(2026, 1, 1), 10, date(2036, 12, 31)),
        (date(2026, 12, 31), 10, date(2036, 12, 31)),
        (date(2027, 1, 1), 10, date(2037, 12, 31)),
        (date(2028, 2, 29), 30, date(2058, 12, 31)),
    ],
)
def test_the_period_begins_with_the_year_after_the_end(closed: date, years: int, until: date) -> None:
    retention = Retention("x", "x", years, "x")

    assert (kept_until(closed, retention), may_go_on(closed, retention)) == (until, until + timedelta(days=1))


@given(st.dates(date(2000, 1, 1), date(2100, 12, 31)), st.integers(1, 100))
def test_a_case_is_kept_for_whole_calendar_years(closed: date, years: int) -> None:
    until = kept_until(closed, Retention("x", "x", years, "x"))

    assert (
        closed.replace(month=1, day=1)
        <= until.replace(year=until.year - years)
        < may_go_on(closed, Retention("x", "x", years, "x"))
    )
    assert until >= date(closed.year, 12, 31) + timedelta(days=365 * years)
    assert (until.month, until.day) == (12, 31)


@given(st.dates(date(2000, 1, 1), date(2100, 12, 31)), st.integers(0, 400))
def test_what_ended_later_is_never_destroyed_earlier(closed: date, later: int) -> None:
    assert may_go_on(closed + timedelta(days=later), PAYMENT_DETAILS) >= may_go_on(closed, PAYMENT_DETAILS)


def test_a_case_with_a_payment_statement_is_kept_thirty_years_and_an_unpaid_one_ten() -> None:
    assert retention_of("payment", paid=True, settings={}) is PAYMENT_DETAILS
    assert retention_of("payment", paid=False, settings={}) is BENEFIT_MATERIALS
    assert (PAYMENT_DETAILS.years, BENEFIT_MATERIALS.years) == (30, 10)


@pytest.mark.parametrize("flow", [flow for flow in FLOWS if flow != "payment"])
def test_what_no_rule_gives_a_period_for_is_kept_until_the_bureau_sets_one(flow: str) -> None:
    assert retention_of(flow, paid=False, settings={}) is None
    assert retention_of(flow, paid=False, settings={flow: OWN}) is OWN


def test_a_bureau_may_keep_longer_but_never_shorter() -> None:
    longer, shorter = Retention("x", "x", 50, "x"), Retention("x", "x", 1, "x")

    assert retention_of("payment", paid=True, settings={"payment": longer}) is longer
    assert retention_of("payment", paid=True, settings={"payment": shorter}) is PAYMENT_DETAILS


def test_a_bureau_s_periods_are_read_with_their_source() -> None:
    text = BUREAU + '[retention.standard]\nyears = 20\nsource = "沙医保〔2026〕1号"\n'

    assert read_bureau(text, "bureau.toml").retention == {"standard": OWN}


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("[retention.standard]\nyears = 20\n", "source"),
        ('[retention.standard]\nyears = 0\nsource = "x"\n', "years"),
        ('[retention.standard]\nyears = 101\nsource = "x"\n', "years"),
        ('[retention.other]\nyears = 10\nsource = "x"\n', "other"),
        ('[retention.standard]\nyears = 10\nsource = "x"\nfor = "x"\n', "for"),
    ],
)
def test_a_period_without_source_or_sense_is_a_fault(lines: str, told: str) -> None:
    with pytest.raises(InvalidDefinition, match=told):
        read_bureau(BUREAU + lines, "bureau.toml")
