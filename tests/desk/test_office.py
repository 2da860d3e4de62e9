from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import Engine, insert, select, update

from caseflow.desk import office as desk
from caseflow.desk import staff
from caseflow.desk.intake import CaseRef
from caseflow.desk.office import Away
from caseflow.errors import BadInput, CaseChanged, NotAllowed, NotFound, Refused
from caseflow.house import Actor
from caseflow.store.db import reading, writing
from caseflow.store.models import StaffRow
from caseflow.store.office_models import StaffChangeRow, StaffItemRow, WindowRow
from caseflow.views import office as view
from tests.support.office import Office, hire_elsewhere, open_office
from tests.support.roads import ACCEPT

TRANSFER = "transfer-continuation"
HOSPITAL = "inpatient-reimbursement"
TODAY = date(2026, 3, 2)
FRIDAY = date(2026, 3, 6)


@pytest.fixture
def office(engine: Engine) -> Office:
    """The usual staff, a second clerk and a second reviewer."""
    return open_office(engine, extra={"clerk2": ("clerk",), "reviewer2": ("reviewer",), "both": ("clerk", "reviewer")})


def number(office: Office, who: str) -> str:
    return office.staff[who].number


def away(office: Office, who: str, stand_in: str = "", first: date = TODAY, last: date = FRIDAY) -> None:
    """This person is away, entered by the administrator."""
    entry = Away(number(office, who), first, last, number(office, stand_in) if stand_in else "")
    with writing(office.engine) as session:
        desk.add_absence(session, office.staff["administrator"], entry, office.now)


def faults(office: Office, who: str, stand_in: str = "", first: date = TODAY, last: date = FRIDAY) -> list[str]:
    with pytest.raises(BadInput) as caught:
        away(office, who, stand_in, first, last)
    return [fault.text for fault in caught.value.faults]


def ticks(office: Office, *marks: tuple[str, str], before: frozenset[tuple[int, str]] = frozenset()) -> int:
    """Everybody's marks as given, by name."""
    people = {one.id for one in office.staff.values()}
    names = {item.key: item.name for item in office.house.catalogue.items_of(office.bureau)}
    wanted = {(office.staff[who].id, key) for who, key in marks}
    with writing(office.engine) as session:
        return desk.set_items(session, office.staff["administrator"], names, people, before, wanted, office.now)


def told(office: Office) -> list[tuple[str, list[list[str]]]]:
    with reading(office.engine) as session:
        query = select(StaffChangeRow.action, StaffChangeRow.detail).order_by(StaffChangeRow.id)
        return [(row.action, row.detail["changed"]) for row in session.execute(query)]


def test_a_window_is_opened_renamed_with_those_who_sit_there_and_closed(office: Office) -> None:
    admin = office.staff["administrator"]
    with writing(office.engine) as session:
        desk.add_place(session, admin, "section", "综合科", office.now)
        desk.add_place(session, admin, "window", "1号窗口", office.now, "综合科")
        session.execute(update(StaffRow).where(StaffRow.number == number(office, "clerk")).values(window="1号窗口"))
        one = view.places(session, "shawan", "window")[0]
        desk.rename_place(session, admin, "window", one.id, "A1号窗口", office.now)
        desk.open_place(session, admin, "window", one.id, office.now, open_=False)

    with reading(office.engine) as session:
        (one,) = view.places(session, "shawan", "window")
        seen = view.open_windows(session)

    assert (one.name, one.section, one.active, one.people) == ("A1号窗口", "综合科", False, 1)
    assert seen == {}
    assert told(office) == [
        ("section", [["新增科室", "", "综合科"]]),
        ("window", [["新增窗口", "", "1号窗口"]]),
        ("window", [["窗口改名", "1号窗口", "A1号窗口"]]),
        ("window", [["窗口A1号窗口", "在用", "已关闭"]]),
    ]


def test_a_renamed_section_takes_its_windows_along(office: Office) -> None:
    admin = office.staff["administrator"]
    with writing(office.engine) as session:
        desk.add_place(session, admin, "section", "综合科", office.now)
        desk.add_place(session, admin, "window", "1号窗口", office.now, "综合科")
        desk.rename_place(
            session, admin, "section", view.places(session, "shawan", "section")[0].id, "业务科", office.now
        )

        assert view.places(session, "shawan", "window")[0].section == "业务科"


@pytest.mark.parametrize("name", ["", "  ", "x" * 41, "甲\x00乙", "1号窗口"])
def test_a_window_without_a_usable_name_of_its_own_is_refused(office: Office, name: str) -> None:
    admin = office.staff["administrator"]
    with writing(office.engine) as session:
        desk.add_place(session, admin, "window", "1号窗口", office.now)

    with pytest.raises(BadInput), writing(office.engine) as session:
        desk.add_place(session, admin, "window", name, office.now)


def test_another_bureaus_window_is_as_if_none(office: Office) -> None:
    with writing(office.engine) as session:
        other = {"bureau": "shuimogou", "name": "A25号窗口", "active": 1}
        there = session.execute(insert(WindowRow).values(other).returning(WindowRow.id)).scalar_one()

    with pytest.raises(NotFound), writing(office.engine) as session:
        desk.rename_place(session, office.staff["administrator"], "window", there, "我的", office.now)
    with reading(office.engine) as session:
        assert view.places(session, "shawan", "window") == ()


@pytest.mark.parametrize("who", ["auditor", "supervisor", "clerk"])
def test_only_the_administrator_changes_the_office(office: Office, who: str) -> None:
    with pytest.raises(NotAllowed), writing(office.engine) as session:
        desk.add_place(session, office.staff[who], "window", "1号窗口", office.now)
    with pytest.raises(NotAllowed), writing(office.engine) as session:
        desk.add_absence(session, office.staff[who], Away(number(office, "clerk"), TODAY, FRIDAY), office.now)
    assert told(office) == []


def test_an_unclaimed_case_is_refused_to_who_does_not_handle_its_item(office: Office) -> None:
    ref = office.register(TRANSFER)
    office.act(ref, *ACCEPT[:2], **ACCEPT[2])
    office.act(ref, "clerk", "hand_over")
    ticks(office, ("reviewer", HOSPITAL))

    with pytest.raises(Refused) as caught:
        office.act(ref, "reviewer", "claim")
    with pytest.raises(Refused) as acted:
        office.act(ref, "reviewer", "approve", opinion="同意", lawful="on", conditions="on")
    office.act(ref, "reviewer2", "claim")

    assert [one.code for one in caught.value.refusals] == ["not_handled"]
    assert [one.code for one in acted.value.refusals] == ["not_handled"]
    assert office.case(ref).record.handler_id == office.staff["reviewer2"].id


def test_a_case_is_not_handed_to_who_does_not_handle_its_item(office: Office) -> None:
    ref = office.register(TRANSFER)
    office.act(ref, *ACCEPT[:2], **ACCEPT[2])
    ticks(office, ("reviewer", HOSPITAL), ("reviewer2", TRANSFER))

    with pytest.raises(Refused, match="reviewer不经办"):
        office.act(ref, "clerk", "hand_over", receiver=str(office.staff["reviewer"].id))
    office.act(ref, "clerk", "hand_over", receiver=str(office.staff["reviewer2"].id))

    assert office.case(ref).record.handler_id == office.staff["reviewer2"].id


def test_who_registered_a_case_goes_on_with_it_whatever_the_ticks_say(office: Office) -> None:
    ref = office.register(TRANSFER)
    ticks(office, ("clerk", HOSPITAL))

    office.act(ref, *ACCEPT[:2], **ACCEPT[2])

    assert office.case(ref).state.key == "accepted"


def test_marks_that_somebody_else_changed_meanwhile_are_not_overwritten(office: Office) -> None:
    ticks(office, ("clerk", TRANSFER))

    with pytest.raises(CaseChanged):
        ticks(office, ("clerk", HOSPITAL), before=frozenset())
    assert ticks(office, before=frozenset({(office.staff["clerk"].id, TRANSFER)})) == 1

    words = office.item(TRANSFER).name
    assert told(office) == [
        ("items", [["经办事项", "所有事项", words]]),
        ("items", [["经办事项", words, "所有事项"]]),
    ]


def test_unknown_items_and_other_bureaus_people_are_not_ticked(office: Office) -> None:
    stranger = hire_elsewhere(office)
    names = {TRANSFER: "转移接续"}

    with pytest.raises(BadInput), writing(office.engine) as session:
        me = office.staff["clerk"].id
        desk.set_items(session, office.staff["administrator"], names, {me}, (), {(me, "nothing")}, office.now)
    with pytest.raises(NotFound), writing(office.engine) as session:
        desk.set_items(
            session, office.staff["administrator"], names, {stranger}, (), {(stranger, TRANSFER)}, office.now
        )
    with reading(office.engine) as session:
        assert session.execute(select(StaffItemRow)).all() == []


def test_a_case_is_not_handed_to_somebody_away_and_the_stand_in_is_named(office: Office) -> None:
    ref = office.register(TRANSFER)
    office.act(ref, *ACCEPT[:2], **ACCEPT[2])
    away(office, "reviewer", "reviewer2")

    with pytest.raises(Refused) as caught:
        office.act(ref, "clerk", "hand_over", receiver=str(office.staff["reviewer"].id))

    assert [one.text for one in caught.value.refusals] == ["reviewer 03-02 至 03-06 不在岗，代岗：reviewer2"]


def test_on_the_day_after_the_absence_the_case_is_handed_over_again(office: Office) -> None:
    ref = office.register(TRANSFER)
    office.act(ref, *ACCEPT[:2], **ACCEPT[2])
    away(office, "reviewer", "reviewer2", last=date(2026, 3, 3))
    office.sleep(1)
    with pytest.raises(Refused, match="不在岗"):
        office.act(ref, "clerk", "hand_over", receiver=str(office.staff["reviewer"].id))
    office.sleep(1)

    office.act(ref, "clerk", "hand_over", receiver=str(office.staff["reviewer"].id))

    assert office.case(ref).record.handler_id == office.staff["reviewer"].id


def under_review(office: Office) -> CaseRef:
    ref = office.register(TRANSFER)
    office.act(ref, *ACCEPT[:2], **ACCEPT[2])
    office.act(ref, "clerk", "hand_over", receiver=str(office.staff["reviewer"].id))
    return ref


def test_the_stand_in_acts_on_the_case_of_somebody_away_and_holds_it_then(office: Office) -> None:
    ref = under_review(office)
    with pytest.raises(Refused, match="由reviewer经办"):
        office.act(ref, "reviewer2", "approve", opinion="同意", lawful="on", conditions="on")
    away(office, "reviewer", "reviewer2")

    office.act(ref, "reviewer2", "approve", opinion="同意", lawful="on", conditions="on")

    case = office.case(ref)
    assert case.state.key == "approved"
    assert case.facts.acts["review"] == {office.staff["reviewer2"].id}


def test_the_stand_in_takes_the_case_by_claiming_it(office: Office) -> None:
    ref = under_review(office)
    away(office, "reviewer", "reviewer2")

    office.act(ref, "reviewer2", "claim")

    assert office.case(ref).record.handler_id == office.staff["reviewer2"].id


def test_a_stand_in_does_not_review_what_he_accepted_himself(office: Office) -> None:
    ref = office.register(TRANSFER, by="both")
    office.act(ref, "both", *ACCEPT[1:2], **ACCEPT[2])
    office.act(ref, "both", "hand_over", receiver=str(office.staff["reviewer"].id))
    away(office, "reviewer", "both")

    with pytest.raises(Refused) as caught:
        office.act(ref, "both", "approve", opinion="同意", lawful="on", conditions="on")

    assert [one.code for one in caught.value.refusals] == ["duties"]


def test_nobody_else_acts_on_the_case_of_somebody_away(office: Office) -> None:
    ref = under_review(office)
    away(office, "reviewer", "reviewer2")

    with pytest.raises(Refused, match="由reviewer经办"):
        office.act(ref, "both", "claim")


def test_a_cancelled_absence_gives_the_stand_in_nothing(office: Office) -> None:
    ref = under_review(office)
    away(office, "reviewer", "reviewer2")
    with writing(office.engine) as session:
        (one,) = view.absences(session, "shawan", TODAY)
        desk.cancel_absence(session, office.staff["administrator"], one.id, office.now)

    with pytest.raises(Refused, match="由reviewer经办"):
        office.act(ref, "reviewer2", "claim")
    with reading(office.engine) as session:
        assert view.absences(session, "shawan", TODAY) == ()
        assert [one.cancelled_at is not None for one in view.past_absences(session, "shawan", TODAY)] == [True]


def test_an_absence_that_is_over_is_not_cancelled(office: Office) -> None:
    away(office, "reviewer", "reviewer2", last=TODAY)
    office.sleep(1)

    with reading(office.engine) as session:
        (one,) = view.past_absences(session, "shawan", office.now.date())
    with pytest.raises(Refused, match="已经过去"), writing(office.engine) as session:
        desk.cancel_absence(session, office.staff["administrator"], one.id, office.now)


def test_overlapping_absences_are_refused_and_neighbouring_ones_are_not(office: Office) -> None:
    away(office, "reviewer", "reviewer2")

    assert faults(office, "reviewer", first=FRIDAY, last=date(2026, 3, 9)) == [
        "与已登记的 2026-03-02 至 2026-03-06 重叠"
    ]
    away(office, "reviewer", first=date(2026, 3, 7), last=date(2026, 3, 9))


def test_a_stand_in_is_there_holds_the_same_roles_and_is_somebody_else(office: Office) -> None:
    away(office, "reviewer2")

    assert faults(office, "reviewer", "reviewer2") == ["reviewer2 2026-03-02 至 2026-03-06 自己也不在岗"]
    assert faults(office, "reviewer", "clerk") == ["clerk没有审核人员的岗位，不能代岗"]
    assert faults(office, "both", "clerk") == ["clerk没有审核人员的岗位，不能代岗"]
    assert faults(office, "clerk", "clerk") == ["不能由本人代岗"]
    away(office, "reviewer", "both")


def test_who_stands_in_for_somebody_cannot_be_away_himself(office: Office) -> None:
    away(office, "reviewer", "reviewer2")

    assert faults(office, "reviewer2") == ["reviewer2 2026-03-02 至 2026-03-06 为reviewer代岗，请先取消或改由他人代岗"]


@pytest.mark.parametrize(
    ("first", "last", "text"),
    [
        (date(2026, 3, 4), date(2026, 3, 3), "不能早于起始日"),
        (date(2026, 2, 20), date(2026, 3, 1), "这段日子已经过去"),
        (date(2026, 3, 2), date(2027, 3, 3), "一次最多登记一年"),
        (date(1, 1, 1), date(9999, 12, 31), "一次最多登记一年"),
    ],
)
def test_days_that_cannot_be_are_refused(office: Office, first: date, last: date, text: str) -> None:
    assert faults(office, "clerk", first=first, last=last) == [text]


def test_another_bureaus_staff_are_neither_away_nor_stand_in(office: Office) -> None:
    hire_elsewhere(office)
    admin = office.staff["administrator"]

    for entry in (Away("smg-1", TODAY, FRIDAY), Away(number(office, "clerk"), TODAY, FRIDAY, "smg-1")):
        with pytest.raises(NotFound), writing(office.engine) as session:
            desk.add_absence(session, admin, entry, office.now)


def test_an_item_for_which_nobody_of_a_role_is_left_is_named(office: Office) -> None:
    ticks(office, *((who, TRANSFER) for who in ("clerk", "clerk2", "both")))

    with reading(office.engine) as session:
        listed = [one for one in view.people(session, "shawan", TODAY, office.now) if one.handles_cases]
        found = view.lacking(listed, view.ticked(session, "shawan"), office.house.catalogue.items_of("shawan"))

    assert TRANSFER not in found
    assert found[HOSPITAL] == "窗口人员"


def test_an_entry_by_the_machines_user_names_him_and_no_member_of_staff(office: Office) -> None:
    here = Actor(0, "", "命令行（root）", "", frozenset())
    with writing(office.engine) as session:
        staff.disable(session, number(office, "clerk"), office.now, here)

    with reading(office.engine) as session:
        (one,) = view.changes(session, "shawan")
    assert (one.by, one.action, one.about) == ("命令行（root）", "停用账号", f"clerk（{number(office, 'clerk')}）")
    assert one.changed == (("状态", "在用", "停用"),)
