"""The figures by hand and by property: what counts, what is divided by what, and what nothing is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caseflow.rules.case_sets import JOINED, NAMES, SETS, CaseFacts, OrderFacts, Span, holds
from caseflow.rules.clock import Limit, Unit
from caseflow.rules.metrics import METRICS, NOTHING, Tally, change_of, figures, growth_of, percent, spread, tally_of

MARCH = Span(date(2026, 3, 1), date(2026, 3, 31), date(2026, 3, 20))
FEBRUARY = Span(date(2026, 2, 1), date(2026, 2, 28), date(2026, 3, 20))


def day(n: int) -> date:
    return date(2026, 3, n)


def closed(on: int, due: int | None = 10, last: int | None = 15, **more: Any) -> CaseFacts:
    """A case received on the 2nd and closed, with a promise and a statutory limit in working days."""
    facts: dict[str, Any] = {
        "received_on": day(2),
        "state": "closed",
        "decision": True,
        "accepted_on": day(2),
        "ended_on": day(on),
        "promised": Limit(6) if due else None,
        "statutory": Limit(9) if last else None,
        "promised_due": day(due) if due else None,
        "statutory_due": day(last) if last else None,
    }
    return CaseFacts(**{**facts, **more})


def opened(due: int | None = None, **more: Any) -> CaseFacts:
    facts: dict[str, Any] = {"received_on": day(2), "state": "reviewing", "accepted_on": day(2), "promised": Limit(6)}
    return CaseFacts(**{**facts, "promised_due": day(due) if due else None, **more})


def text(key: str, *cases: CaseFacts, span: Span = MARCH) -> str:
    return figures(tally_of(cases, span))[key].text


def test_the_due_day_itself_is_in_time_and_the_next_is_late() -> None:
    found = tally_of([closed(10), closed(11)], MARCH)

    assert (found.count("on_time"), found.count("closed_late")) == (1, 1)
    assert text("on_time", closed(10), closed(11)) == "50.0%"


def test_without_a_promise_the_statutory_limit_decides() -> None:
    assert text("on_time", closed(15, due=None), closed(16, due=None)) == "50.0%"


def test_what_has_no_limit_is_in_no_on_time_rate() -> None:
    case = closed(30, due=None, last=None)

    assert text("on_time", case) == NOTHING
    assert text("late", case) == NOTHING
    assert text("same_day", case) == "0.0%"


def test_a_refusal_is_a_decision_and_the_other_ends_are_none() -> None:
    ends = [closed(5, state=state, decision=state == "refused") for state in ("refused", "declined", "withdrawn")]

    found = tally_of(ends, MARCH)

    assert (found.count("closed"), found.count("ended")) == (1, 3)
    assert text("declined", *ends) == "33.3%"


def test_what_was_entered_by_mistake_is_counted_nowhere() -> None:
    case = closed(5, state="withdrawn", decision=False, mistaken=True)

    assert set(tally_of([case], MARCH).counts.values()) == {0}


def test_the_overdue_rate_takes_closed_and_open_together() -> None:
    cases = [closed(10), closed(16), opened(19), opened(20), opened()]

    assert text("late", *cases) == "40.0%"
    assert text("late_statutory", *cases) == "50.0%"


def test_early_is_before_the_due_day_and_leaves_out_what_is_due_at_once() -> None:
    at_once = closed(2, promised=Limit(0), promised_due=day(2))

    assert text("early", closed(9), closed(10), at_once) == "50.0%"


def test_the_limits_saved_are_a_ratio_of_sums_of_working_days() -> None:
    months = closed(5, statutory_due=day(30), statutory=Limit(2, Unit.MONTH))
    cases = [
        closed(5, promised=Limit(5), statutory=Limit(20)),
        closed(5, promised=Limit(4), statutory=Limit(10)),
        months,
    ]

    assert figures(tally_of(cases, MARCH))["compression"].value == Fraction(7, 10)


def test_means_are_of_working_days() -> None:
    assert text("used", closed(5, used=3, gross=4), closed(6, used=4, gross=7)) == "3.5"
    assert text("gross", closed(5, used=3, gross=4), closed(6, used=4, gross=7)) == "5.5"


@pytest.mark.parametrize(
    ("key", "more", "whole"),
    [
        ("supplement", {"noticed": True}, True),
        ("first_pass", {"noticed": True}, False),
        ("first_pass", {"sent_back": True}, False),
        ("sent_back", {"sent_back": True}, True),
        ("extended", {"extend": 3}, True),
        ("paused", {"paused": True}, True),
        ("online", {"channel": "online"}, True),
        ("deferred", {"deferred": True}, True),
        ("satisfied", {"grade": 3}, True),
        ("satisfied", {"grade": 2}, False),
        ("rectified", {"grade": 2, "rectified": True}, True),
        ("rectified", {"grade": 1}, False),
    ],
)
def test_one_mark_decides_one_rate(key: str, more: dict[str, Any], *, whole: bool) -> None:
    assert text(key, closed(5, **more)) == ("100.0%" if whole else "0.0%")


@pytest.mark.parametrize(
    ("order", "said"),
    [
        (OrderFacts(day(3), day(6), day(6)), "100.0%"),
        (OrderFacts(day(3), day(6), day(7)), "0.0%"),
        (OrderFacts(day(3), day(19)), "0.0%"),
        (OrderFacts(day(3), day(20)), NOTHING),
        (OrderFacts(day(3), day(6), closed_on=day(6)), NOTHING),
        (OrderFacts(day(3), day(6), closed_on=day(7)), "0.0%"),
        (OrderFacts(day(3), day(6), day(6), withdrawn=True), NOTHING),
        (OrderFacts(date(2026, 2, 28), day(6), day(6)), NOTHING),
    ],
)
def test_an_order_is_answered_by_its_last_day_or_not(order: OrderFacts, said: str) -> None:
    assert text("answered", opened(orders=(order,))) == said


def test_in_a_past_period_open_is_what_was_open_on_its_last_day() -> None:
    before = date(2026, 2, 10)
    cases = [closed(5, received_on=before), opened(received_on=before), closed(5), opened(received_on=day(2))]

    assert tally_of(cases, FEBRUARY).count("open") == 2
    assert tally_of(cases, MARCH).count("open") == 2


def test_nothing_divided_by_nothing_is_said_as_nothing() -> None:
    assert {figure.text for figure in figures(tally_of([], MARCH)).values()} == {NOTHING}


@pytest.mark.parametrize(
    ("value", "said"),
    [(Fraction(0), "0.0%"), (Fraction(1, 9999), "0.1%"), (Fraction(9999, 10000), "99.9%"), (Fraction(1), "100.0%")],
)
def test_only_all_is_a_hundred_and_only_nothing_is_none(value: Fraction, said: str) -> None:
    assert percent(value) == said


def test_a_change_is_in_points_and_says_whether_it_is_good() -> None:
    better = figures(tally_of([closed(10)], MARCH))["on_time"]
    worse = figures(tally_of([closed(10), closed(11)], MARCH))["on_time"]
    nothing = figures(Tally())["on_time"]

    assert (change_of(worse, better).text, change_of(worse, better).way, change_of(worse, better).good) == (
        "50.0 百分点",
        -1,
        -1,
    )
    assert change_of(better, better).text == "持平"
    assert {change_of(better, None).text, change_of(better, nothing).text} == {NOTHING}


def test_growth_is_a_share_of_what_was() -> None:
    assert (growth_of(12, 10).text, growth_of(12, 10).way) == ("20.0%", 1)
    assert growth_of(5, 0).text == NOTHING


def test_the_middle_and_the_ninth_of_ten() -> None:
    found = spread({1: 5, 2: 4, 30: 1})

    assert found is not None
    assert (found.count, found.median, found.p90) == (10, 1.5, 2)
    assert spread({}) is None


days = st.dates(date(2026, 2, 1), date(2026, 4, 15))
orders = st.builds(OrderFacts, days, days, st.none() | days, st.none() | days, st.booleans())


@st.composite
def cases(draw: st.DrawFn) -> CaseFacts:
    received = draw(days)
    ended = draw(st.none() | st.integers(0, 60).map(lambda n: received + timedelta(days=n)))
    promised = draw(st.none() | st.integers(0, 20).map(Limit))
    longer = st.integers(promised.n if promised else 0, 40).map(Limit)
    statutory = draw(st.none() | longer | st.just(Limit(2, Unit.MONTH)))
    due = draw(st.none() | days)
    state = "reviewing" if ended is None else draw(st.sampled_from(["closed", "refused", "declined", "withdrawn"]))
    facts = draw(
        st.builds(
            CaseFacts,
            received_on=st.just(received),
            state=st.just(state),
            channel=st.sampled_from(["window", "online"]),
            decision=st.just(state in {"closed", "refused"}),
            accepted_on=st.none() | st.just(received),
            ended_on=st.just(ended),
            promised=st.just(promised),
            statutory=st.just(statutory),
            promised_due=st.just(due if promised else None),
            statutory_due=st.just(draw(days) if statutory else None),
            extend=st.integers(0, 3),
            grade=st.none() | st.integers(1, 5),
            orders=st.lists(orders, max_size=2).map(tuple),
            used=st.integers(0, 9),
            gross=st.integers(0, 9),
        )
    )
    return replace(facts, grade=facts.grade if ended else None)


@settings(max_examples=80)
@given(st.lists(cases(), max_size=6), st.randoms())
def test_figures_do_not_depend_on_the_order_of_cases(found: list[CaseFacts], random: Any) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)

    assert tally_of(shuffled, MARCH) == tally_of(found, MARCH)


@settings(max_examples=80)
@given(st.lists(cases(), max_size=6), st.sampled_from([MARCH, FEBRUARY]))
def test_every_rate_lies_between_nothing_and_all(found: list[CaseFacts], span: Span) -> None:
    for figure in figures(tally_of(found, span)).values():
        assert figure.value is None or figure.value >= 0
        assert figure.metric.kind == "days" or figure.value is None or figure.value <= 1


@settings(max_examples=80)
@given(st.lists(cases(), max_size=6), st.sampled_from([MARCH, FEBRUARY]))
def test_the_counts_add_up(found: list[CaseFacts], span: Span) -> None:
    tally = tally_of(found, span)

    assert tally.count("on_time") + tally.count("closed_late") == tally.count("closed_limited")
    assert tally.count("late") == tally.count("closed_late") + tally.count("open_late")
    assert tally.count("satisfied") + tally.count("bad") == tally.count("rated")
    assert {key: tally.count(key) for key in NAMES} == {
        key: sum(holds(case, key, span) for case in found) for key in NAMES
    }


@settings(max_examples=80)
@given(st.lists(cases(), max_size=4), st.lists(cases(), max_size=4))
def test_the_tally_of_two_groups_is_the_sum_of_theirs(some: list[CaseFacts], others: list[CaseFacts]) -> None:
    assert tally_of(some, MARCH) + tally_of(others, MARCH) == tally_of(some + others, MARCH)


def test_every_set_and_figure_is_named_and_explained() -> None:
    assert {part for parts in JOINED.values() for part in parts} <= set(SETS)
    assert all(metric.part in NAMES or metric.kind == "days" for metric in METRICS.values())
    assert all(metric.whole in NAMES and metric.words.endswith("。") for metric in METRICS.values())
    assert len({metric.name for metric in METRICS.values()}) == len(METRICS) == 19
