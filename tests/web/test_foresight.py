from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import insert
from werkzeug.test import TestResponse

from caseflow.rules.foresight import SCARCE, Spell, Stay
from caseflow.store.db import reading, writing
from caseflow.store.office_models import AbsenceRow
from caseflow.views import courses as roads
from caseflow.views.courses import closed_courses, open_standings
from caseflow.views.foresight import foresee
from caseflow.views.staffing import Change, Crew, ask, hands, office_at_work
from tests.support.history import Archive, Road
from tests.support.office import MORNING, Office, open_office
from tests.web.counter import Door
from tests.web.test_routes import HOSTILE, sent

ITEM = "outpatient-chronic-recognition"
QUICK: Road = [("accepted", 1), ("reviewing", 4), ("approved", 1)]
SLOW: Road = [("accepted", 1), ("reviewing", 19), ("approved", 3)]


def archive(office: Office, session: object, item: str = ITEM, limit: int = 20) -> Archive:
    calendar = office.house.catalogue.calendar_of(office.bureau)
    by = {"accepted": office.staff["clerk"].id, "reviewing": office.staff["reviewer"].id}
    by["approved"] = office.staff["clerk"].id
    return Archive(session, calendar, office.bureau, item, "standard", by, limit)  # type: ignore[arg-type]


def fill(office: Office, closed: int = 240, item: str = ITEM) -> dict[str, int]:
    """A year in which every fourth case took 23 of 20 days, one case late in its review, one fresh, one stopped."""
    today = office.now.date()
    with writing(office.engine) as session:
        made = archive(office, session, item)
        for n in range(closed):
            made.closed(today - timedelta(days=45 + n), SLOW if n % 4 == 0 else QUICK)
        ids = {
            "late in review": made.open(today - timedelta(days=22), [("accepted", 1)], "reviewing"),
            "fresh": made.open(today - timedelta(days=2), [("accepted", 1)], "reviewing"),
            "stopped": made.paused(
                today - timedelta(days=30), [("accepted", 1)], "reviewing", today - timedelta(days=27)
            ),
        }
        made.write()
    return ids


def question(**changes: str) -> dict[str, str]:
    return {"role": "reviewer", "way": "fewer", "people": "1", "from": "2026-03-02", "days": "5"} | changes


def rows(page: TestResponse) -> list[str]:
    body = page.text.partition("<tbody>")[2].partition("</tbody>")[0]
    return [re.sub(r"<[^>]+>|\s+", " ", row) for row in body.split("</tr>") if "<td" in row]


def test_the_road_of_a_closed_case_is_read_as_it_was_walked(office: Office) -> None:
    today = office.now.date()
    calendar = office.house.catalogue.calendar_of(office.bureau)
    with writing(office.engine) as session:
        made = archive(office, session)
        made.closed(date(2025, 3, 3), QUICK)
        made.closed(date(2025, 3, 3), [("accepted", 1)], "withdrawn")
        made.write()

    with reading(office.engine) as session:
        history = closed_courses(session, calendar, office.bureau, [ITEM, "none-such"])

    clerk, reviewer = office.staff["clerk"].id, office.staff["reviewer"].id
    assert history.courses["none-such"] == []
    assert [(one.stays, one.limit, one.ended_on) for one in history.courses[ITEM]] == [
        (
            (
                Stay("accepted", date(2025, 3, 3), 1, clerk),
                Stay("reviewing", date(2025, 3, 4), 4, reviewer),
                Stay("approved", date(2025, 3, 10), 1, clerk),
            ),
            20,
            date(2025, 3, 11),
        )
    ]
    assert today > date(2025, 3, 11)


def test_open_cases_stand_where_they_are_and_a_stopped_one_keeps_its_days(office: Office) -> None:
    ids = fill(office, closed=0)
    calendar = office.house.catalogue.calendar_of(office.bureau)

    found = {}
    for later in (0, 7):
        with reading(office.engine) as session:
            day = office.now.date() + timedelta(days=later)
            standing = open_standings(session, calendar, office.bureau, day, late=True)
        found[later] = {one.id: one for one in standing}

    now, then = found[0][ids["stopped"]], found[7][ids["stopped"]]
    assert now.paused
    assert now.state == "reviewing"
    assert (now.left, now.spell) == (then.left, then.spell)
    fresh, older = found[0][ids["fresh"]], found[7][ids["fresh"]]
    assert older.left == fresh.left - 5
    assert older.spell.days == fresh.spell.days + 5


def test_a_case_of_the_desk_is_read_like_one_of_the_archive(office: Office) -> None:
    ref = office.register(ITEM)
    office.act_on(ref, "clerk", "accept", {"complete": "on", "genuine": "on"})
    office.sleep(1)
    office.act(ref, "clerk", "hand_over")
    office.sleep(2)
    calendar = office.house.catalogue.calendar_of(office.bureau)

    with reading(office.engine) as session:
        (one,) = open_standings(session, calendar, office.bureau, office.now.date(), late=False)

    used = calendar.count(MORNING.date(), office.now.date())
    assert one.spell == Spell("reviewing", used - 1, used, 3)
    assert not one.paused


def test_the_case_that_took_longest_stands_first_with_its_chance_and_its_basis(door: Door, office: Office) -> None:
    fill(office)

    page = door.supervisor.get("/foresight?band=high")

    (line,) = rows(page)
    assert re.search(r"9[5-9]%", line)
    assert "审核中" in line
    assert "近 240 件已办结" in page.text
    assert "估得准不准" in page.text


def test_the_chances_of_all_open_cases_follow_the_history(office: Office) -> None:
    ids = fill(office)
    calendar = office.house.catalogue.calendar_of(office.bureau)

    with reading(office.engine) as session:
        found = foresee(session, calendar, office.house, office.bureau, office.now.date())

    chances = {one.id: one.percent for one in found.cases}
    assert chances[ids["late in review"]] >= 95
    assert 15 <= chances[ids["fresh"]] <= 35
    assert [one.percent for one in found.cases] == sorted(chances.values(), reverse=True)
    assert {one.id: one.paused for one in found.cases}[ids["stopped"]]


@pytest.mark.parametrize(("closed", "told"), [(SCARCE - 1, False), (SCARCE, True)])
def test_below_two_hundred_closed_cases_nothing_is_shown(door: Door, office: Office, closed: int, told: bool) -> None:
    fill(office, closed)

    page = door.supervisor.get("/foresight?band=high")

    assert ("样本不足" in page.text.partition("估得准不准")[0]) is not told
    assert bool(rows(page)) is told
    if not told:
        assert f"已办结 {closed} 件" in page.text


def test_an_empty_office_says_so(door: Door) -> None:
    page = door.auditor.get("/foresight")

    assert page.status_code == 200
    assert "没有可以估计的办件" in page.text
    assert "样本不足，无法检验" in page.text


def test_another_bureaus_cases_are_as_if_there_were_none(office: Office, door: Door) -> None:
    other = open_office(office.engine, "shuimogou")
    fill(other, item="assistance-payment")

    page = door.supervisor.get("/foresight")
    asked = door.supervisor.client.get("/foresight/staffing", query_string=question())

    assert "没有可以估计的办件" in page.text
    assert "没有在办的承诺件" in asked.text


def test_the_page_asks_the_database_as_often_whatever_there_is(
    door: Door, office: Office, statements: list[str]
) -> None:
    counts = []
    for closed in (0, 210):
        fill(office, closed)
        door.supervisor.get("/foresight")
        statements.clear()
        door.supervisor.get("/foresight?band=low")
        counts.append(sum(one.startswith("SELECT") for one in statements))

    # Without any closed case there is none to list: its lines and their pauses are the difference.
    assert counts[1] - counts[0] <= 3
    assert counts[1] <= 20


def test_no_more_closed_cases_are_read_than_the_latest(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roads, "LATEST", 50)
    fill(office)
    calendar = office.house.catalogue.calendar_of(office.bureau)

    with reading(office.engine) as session:
        history = closed_courses(session, calendar, office.bureau, [ITEM])

    ends = [one.ended_on for one in history.courses[ITEM]]
    assert len(ends) == 50
    assert history.cut == {ITEM: min(ends) + timedelta(days=1)}


def test_pages_hold_fifty_and_the_rest_follows(door: Door, office: Office) -> None:
    fill(office)
    with writing(office.engine) as session:
        made = archive(office, session)
        for _ in range(60):
            made.open(office.now.date() - timedelta(days=22), [("accepted", 1)], "reviewing")
        made.write()

    first, second, third = (door.supervisor.get(f"/foresight?band=high&page={n}") for n in (1, 2, 3))

    assert [page.text.count("data-row") for page in (first, second, third)] == [50, 11, 0]
    assert "没有这一页" in third.text


def test_capacity_is_what_people_sent_on_and_the_answer_names_a_spread(door: Door, office: Office) -> None:
    fill(office)
    with writing(office.engine) as session:
        made = archive(office, session)
        for n in range(12):
            made.open(office.now.date() - timedelta(days=10 + n), [("accepted", 1)], "reviewing")
        made.write()

    page = door.supervisor.client.get("/foresight/staffing", query_string=question(days="30"))

    assert page.status_code == 200
    assert re.search(r"多超期 \d+ 件", page.text)
    assert "现在的人手" in page.text
    assert "最受影响的办件" in page.text


def test_what_was_late_before_its_clock_stopped_is_late_still(office: Office) -> None:
    today = office.now.date()
    calendar = office.house.catalogue.calendar_of(office.bureau)
    with writing(office.engine) as session:
        made = archive(office, session, limit=2)
        case_id = made.paused(today - timedelta(days=30), [], "accepted", today - timedelta(days=20))
        made.cases[-1]["promised_due"] = calendar.add(today - timedelta(days=30), 2)
        made.write()

    with reading(office.engine) as session:
        everything = open_standings(session, calendar, office.bureau, today, late=True)
        in_time = open_standings(session, calendar, office.bureau, today, late=False)

    assert [(one.id, one.late) for one in everything] == [(case_id, True)]
    assert in_time == ()


def test_who_is_away_is_not_counted(office: Office) -> None:
    fill(office)
    calendar, today = office.house.catalogue.calendar_of(office.bureau), office.now.date()
    reviewer = office.staff["reviewer"].id
    row = {"bureau": office.bureau, "staff_id": reviewer, "from_on": today + timedelta(days=1)}
    row |= {"to_on": today + timedelta(days=4), "note": "", "entered_by": reviewer, "entered_at": office.now}
    with writing(office.engine) as session:
        session.execute(insert(AbsenceRow).values(**row))

    with reading(office.engine) as session:
        found = office_at_work(session, calendar, office.house, office.bureau, today)

    there = dict(zip(found.days, found.present["reviewer"], strict=True))
    assert there[today] == 1
    assert [there[calendar.add(today, n)] for n in (1, 4, 5)] == [0, 0, 1]
    assert found.crews["reviewer"].rate > 0


def test_the_same_question_has_the_same_answer(office: Office) -> None:
    fill(office)
    calendar, today = office.house.catalogue.calendar_of(office.bureau), office.now.date()

    answers = []
    for _ in range(2):
        with reading(office.engine) as session:
            found = office_at_work(session, calendar, office.house, office.bureau, today)
        answers.append(ask(found, calendar, Change("reviewer", -1, today, 60)))

    assert answers[0] == answers[1]
    assert answers[0].more.low >= 0


def test_work_is_shared_by_as_many_hands_as_did_it() -> None:
    assert hands({}) == 0
    assert hands({1: 10, 2: 10}) == pytest.approx(2)
    assert hands({1: 100, 2: 1}) == pytest.approx(1.02, abs=0.01)
    assert Crew("clerk", 3, 0.0, 0.0, 0, 0).rate == 0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"role": "auditor"}, "岗位没有这个选项"),
        ({"role": ""}, "请填写岗位"),
        ({"way": "sideways"}, "增减没有这个选项"),
        ({"people": "0"}, "人数应为 1 至 20 的整数"),
        ({"people": "21"}, "人数应为 1 至 20 的整数"),
        ({"people": "-1"}, "人数应为 1 至 20 的整数"),
        ({"people": ""}, "请填写人数"),
        ({"people": "2"}, "审核人员现有 1 人，不能减少 2 人"),
        ({"role": "cashier"}, "财务近来没有足够的办理记录"),
        ({"from": ""}, "请填写开始日期"),
        ({"from": "2026-02-30"}, "应为 YYYY-MM-DD 的日期"),
        ({"from": "2026-03-01"}, "开始日期应在今天至 180 天之内"),
        ({"from": "2026-08-30"}, "开始日期应在今天至 180 天之内"),
        ({"days": "0"}, "工作日数应为 1 至 60 的整数"),
        ({"days": "61"}, "工作日数应为 1 至 60 的整数"),
    ],
)
def test_nonsense_is_answered_and_what_was_typed_stays(
    door: Door, office: Office, changes: dict[str, str], said: str
) -> None:
    fill(office)

    page = door.supervisor.client.get("/foresight/staffing", query_string=question(**changes))

    assert page.status_code == 422
    assert said in page.text
    assert f'value="{question(**changes)["days"]}"' in page.text


@pytest.mark.parametrize("changes", [{"people": "20", "way": "more"}, {"from": "2026-08-29"}, {"days": "60"}])
def test_both_sides_of_each_bound_are_kept(door: Door, office: Office, changes: dict[str, str]) -> None:
    fill(office)

    page = door.supervisor.client.get("/foresight/staffing", query_string=question(**changes))

    assert page.status_code == 200


@pytest.mark.parametrize("path", ["/foresight", "/foresight/staffing"])
def test_absurd_questions_are_no_fault_of_ours(door: Door, path: str) -> None:
    browser = door.supervisor.client
    names = ("item", "band", "page") if path == "/foresight" else tuple(question())

    pages = [
        browser.get(path, query_string=(question() if path != "/foresight" else {}) | {name: sent(value)})
        for name in names
        for value in HOSTILE
    ]

    assert {page.status_code for page in pages} <= {200, 422}
    assert not any("<script>alert" in page.text for page in pages)
