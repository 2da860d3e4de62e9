"""收件登记 helps: the item by a few letters, the usual ones first, whose number it is, what the ticks speak for."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from sqlalchemy import Engine, event, text

from caseflow.house import Actor
from caseflow.rules.item import Item
from caseflow.store.db import is_sqlite, reading
from caseflow.views.earlier import MOST, earlier_cases
from caseflow.views.usual import usual_items
from tests.support.office import Office, open_office
from tests.web.counter import Door
from web import intake_form as forms
from web.intake_form import Draft
from web.item_search import search_items

CLINIC = "outpatient-reimbursement"
NUMBER = "11010519491231002X"


def found(office: Office, typed: str) -> list[str]:
    return [item.key for item in search_items(office.house.catalogue.items_of(office.bureau), typed)]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("zyfybx", "inpatient-reimbursement"),
        ("zyf", "inpatient-reimbursement"),
        ("ZY", "inpatient-reimbursement"),
        ("zybx", "inpatient-reimbursement"),
        ("zy'fy'bx", "inpatient-reimbursement"),
        ("住院", "inpatient-reimbursement"),
        ("报销", "inpatient-reimbursement"),
        ("mzbx", "outpatient-reimbursement"),
        ("syjt", "maternity-allowance"),
        ("newborn", "newborn-enrolment"),
    ],
)
def test_a_few_letters_find_the_item_first(door: Door, typed: str, first: str) -> None:
    assert found(door.office, typed)[0] == first


def test_a_name_that_begins_so_stands_before_one_that_holds_it(door: Door) -> None:
    names = found(door.office, "mz")

    assert names.index("outpatient-reimbursement") < names.index("outpatient-chronic-recognition")


def test_an_item_is_found_by_its_code(door: Door) -> None:
    items = [replace(door.office.item(CLINIC), code="11650000MB12345678"), door.office.item("newborn-enrolment")]

    assert [item.key for item in search_items(items, "11650000mb1234")] == [CLINIC]


@pytest.mark.parametrize("typed", ["没有这样的", "\x00", "zzzzzzzzzz", "' OR 1=1", "字" * 500])
def test_what_fits_nothing_finds_nothing(door: Door, typed: str) -> None:
    assert found(door.office, typed) == []


def test_nothing_typed_lists_every_item(door: Door) -> None:
    assert len(found(door.office, "  ")) == len(door.office.house.catalogue.items_of(door.office.bureau))


def usual(office: Office, who: str) -> tuple[str, ...]:
    with reading(office.engine) as session:
        return usual_items(session, office.staff[who])


@pytest.fixture
def busy(engine: Engine) -> Office:
    """An office where one clerk registered clinics and the other transfers."""
    office = open_office(engine, extra={"other": ("clerk",)})
    sat = (("clerk", CLINIC, 2), ("other", "transfer-continuation", 3), ("clerk", "newborn-enrolment", 1))
    for who, item_key, n in sat:
        for _ in range(n):
            office.register(item_key, by=who)
    return office


def test_ones_own_usual_items_come_first_and_then_the_bureaus(busy: Office) -> None:
    assert usual(busy, "clerk") == (CLINIC, "newborn-enrolment", "transfer-continuation")
    assert usual(busy, "other")[0] == "transfer-continuation"


def test_another_bureau_has_no_usual_items_of_ours(busy: Office) -> None:
    stranger = Actor(busy.staff["clerk"].id, "x", "x", "shuimogou", frozenset({"clerk"}))

    with reading(busy.engine) as session:
        assert usual_items(session, stranger) == ()


def test_usual_items_stand_under_number_keys(busy: Office) -> None:
    page = Door.of(busy).clerk.get("/register")

    part = page.text.partition("常用事项")[2].partition("全部事项")[0]
    assert part.index(f'value="{CLINIC}"') < part.index('value="newborn-enrolment"')
    assert '<kbd class="item-key">1</kbd>' in part


def plan(engine: Engine, ask: object) -> str:
    """How the database would answer the statements asked meanwhile, even where the table is small."""
    asked: list[tuple[str, object]] = []

    def hear(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", hear)
    with reading(engine) as session:
        ask(session)  # type: ignore[operator]
    event.remove(engine, "before_cursor_execute", hear)
    selects = [one for one in asked if one[0].lstrip().startswith("SELECT")]
    with reading(engine) as session:
        if not is_sqlite(engine):
            session.execute(text("SET LOCAL enable_seqscan = off"))
        explain = "EXPLAIN QUERY PLAN " if is_sqlite(engine) else "EXPLAIN "
        rows = [row for one in selects for row in session.exec_driver_sql(explain + one[0], one[1])]  # type: ignore[arg-type]
    return "\n".join(str(row) for row in rows)


def test_earlier_cases_and_usual_items_are_looked_up_by_index(busy: Office) -> None:
    clerk = busy.staff["clerk"]

    earlier = plan(busy.engine, lambda session: earlier_cases(session, busy.house, clerk, NUMBER, CLINIC))
    counted = plan(busy.engine, lambda session: usual_items(session, clerk))

    # Over a handful of rows PostgreSQL may take any index that begins with the bureau.
    own, newest = ("ix_cases_applicant_index", "ix_cases_received") if is_sqlite(busy.engine) else ("Index", "Index")
    assert own in earlier
    assert newest in counted
    assert not re.search(r"Seq Scan on cases|SCAN cases(?! USING)", earlier + counted)


def test_an_open_case_of_the_same_item_warns_however_many_others_are_newer(door: Door) -> None:
    office = door.office
    wanted = office.register(CLINIC)
    for _ in range(MOST):
        office.register("transfer-continuation")

    with reading(office.engine) as session:
        earlier = earlier_cases(session, office.house, office.staff["clerk"], NUMBER, CLINIC)

    assert len(earlier) == MOST
    assert earlier[0].number == wanted.number


def test_a_case_of_another_bureau_is_no_earlier_case(door: Door) -> None:
    office = door.office
    office.register(CLINIC)
    stranger = replace(office.staff["clerk"], bureau="shuimogou")

    with reading(office.engine) as session:
        assert earlier_cases(session, office.house, stranger, NUMBER, CLINIC) == ()


@pytest.mark.parametrize(
    ("kind", "number", "facts", "fault"),
    [
        ("resident_id", NUMBER, "女 · 76 岁 · 北京市", ""),
        ("resident_id", "11010519491231002x", "女 · 76 岁 · 北京市", ""),
        ("resident_id", "110105194912310021", "", "末位校验码不符"),
        ("resident_id", "1101051949123100", "", "应为 18 位"),
        ("credit_code", "91110000600037341L", "", ""),
        ("credit_code", "911100006000373411", "", "末位校验码不符"),
        ("passport", "E12345678", "", ""),
        ("passport", "E1", "", "护照号码应为"),
        ("birth_certificate", "A123456789", "", ""),
        ("none", "1", "", "暂无证件号码"),
        ("dragon", "1", "", "没有这种证件"),
    ],
)
def test_every_kind_of_paper_has_its_own_check(door: Door, kind: str, number: str, facts: str, fault: str) -> None:
    for who in ("applicant.", "agent.", "concerned.2."):
        typed = {"item": CLINIC, "who": who, f"{who}id_kind": kind, f"{who}id_number": number}
        answer = door.clerk.send("/register/check", typed).json

        assert answer is not None
        assert answer["facts"] == facts
        assert fault in answer["fault"] if fault else answer["fault"] == ""


def test_the_age_is_complete_only_on_the_birthday(door: Door) -> None:
    typed = {"item": CLINIC, "applicant.id_kind": "resident_id", "applicant.id_number": "110105200803030027"}
    today = door.clerk.send("/register/check", typed).json
    door.office.sleep(1)
    tomorrow = Door.of(door.office).clerk.send("/register/check", typed).json

    assert today is not None
    assert tomorrow is not None
    assert [one["facts"].split(" · ")[1] for one in (today, tomorrow) if not one["fault"]] == ["17 岁", "18 岁"]


def test_the_sentence_names_both_due_dates(door: Door) -> None:
    form = door.clerk.register_to(2, CLINIC)

    page = door.clerk.send("/register", form | {"go": "materials"})

    assert "现在受理：自 2026-03-02 起算，承诺到期 2026-" in page.text
    assert "，法定 2026-" in page.text


def _deferrable(item: Item) -> Item:
    return replace(item, materials=tuple(replace(line, deferrable=True) for line in item.materials))


def _decided(item: Item, marks: list[str]) -> str:
    typed = {f"m.{line.key}.mark": mark for line, mark in zip(item.materials, marks, strict=True)}
    faults = {f"m.{line.key}.fault": "未盖章" for line in item.materials}
    draft = Draft(typed | faults)
    return forms.preselected(item, draft, forms.safe_checklist(item, draft))


@pytest.mark.parametrize(
    ("marks", "decision"),
    [
        (["received", "received", "received"], "close_on_the_spot"),
        (["received", "received", "deferred"], "accept_deferred"),
        (["received", "missing", "deferred"], "supplement_notice"),
        (["received", "received", "faulty"], "supplement_notice"),
        (["received", "received", "none"], ""),
        (["none", "none", "none"], ""),
    ],
)
def test_the_marks_speak_for_one_decision(door: Door, marks: list[str], decision: str) -> None:
    item = _deferrable(door.office.item("stationed-worker-registration"))

    assert _decided(item, marks) == decision
