"""Each of the 33 published items, walked through the desk on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, select

from caseflow.catalogue import load_catalogue
from caseflow.desk.correcting import correct
from caseflow.desk.people import Party
from caseflow.errors import BadInput, Refused
from caseflow.identity import IdKind
from caseflow.rules.checklist import LineState, Mark, Receipt, check_materials
from caseflow.rules.item import Item, applies
from caseflow.store.db import reading, writing
from caseflow.store.models import PaperRow
from caseflow.workflows import FLOWS
from tests.support.office import Office, first_answers, full_receipts, open_office
from tests.support.roads import ACCEPT, ROADS

ITEMS = sorted(load_catalogue().items.values(), key=lambda item: (item.bureau, item.key))
every_item = pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.key)


def test_there_are_thirty_three() -> None:
    assert len(ITEMS) == 33


def test_the_roads_reach_every_end_of_every_flow() -> None:
    for flow in FLOWS.values():
        ends = {key for key, state in flow.states.items() if not state.open}

        assert {end for end, _ in ROADS[flow.key]} == ends


@every_item
def test_it_reaches_every_possible_end(engine: Engine, item: Item) -> None:
    office = open_office(engine, item.bureau)

    for n, (end, steps) in enumerate(ROADS[item.flow]):
        ref = office.register(item.key, applicant=Party("古丽努尔·吐尔逊", IdKind.PASSPORT, f"E{n:08d}"))
        for by, action, details in steps:
            last = office.act(ref, by, action, **details)

        case = office.case(ref)
        assert (last.state, case.record.is_open, case.record.ended_on) == (end, 0, office.now.date())
        assert office.history(ref)[0] == "register"
        assert case.record.version == len(office.history(ref))


@every_item
def test_a_missing_a_faulty_and_an_any_of_line_are_named_at_once(engine: Engine, item: Item) -> None:
    office = open_office(engine, item.bureau)
    answers = first_answers(item)
    receipts = full_receipts(item, answers)
    keys = list(receipts)
    any_of = next((key for key in keys if item.material(key).any_of), keys[0])
    marks = {key: Receipt(Mark.FAULTY, fault="字迹不清") for key in keys[:1]} | {any_of: Receipt(Mark.MISSING)}
    ref = office.register(item.key, receipts={**receipts, **marks})

    with pytest.raises(Refused) as refused:
        office.act(ref, *ACCEPT[:2], **ACCEPT[2])
    told = office.act(ref, "clerk", "supplement_notice")

    assert all(item.material(key).name in str(refused.value) for key in marks)
    lines = _paper_lines(office, told.paper_id)
    assert len(lines) == len(marks)
    assert all(any(text in line for line in lines) for text in item.material(any_of).any_of)

    office.sleep(1)
    office.act_on(ref, "clerk", "supplement", {}, receipts={key: receipts[key] for key in marks})
    accepted = office.act(ref, *ACCEPT[:2], **ACCEPT[2])
    assert accepted.state == "accepted"
    assert office.case(ref).record.accepted_on == office.now.date()


def _paper_lines(office: Office, paper_id: int | None) -> list[str]:
    with reading(office.engine) as session:
        fields = session.execute(select(PaperRow.fields).where(PaperRow.id == paper_id)).scalar_one()
    return list(fields["lines"])


@every_item
def test_a_wrong_situation_answer_is_refused_and_nothing_is_written(engine: Engine, item: Item) -> None:
    office = open_office(engine, item.bureau)
    wrong = {**first_answers(item), (item.situations[0].key if item.situations else "nonsense"): "no-such-answer"}

    with pytest.raises(BadInput) as refused:
        office.register(item.key, answers=wrong)

    assert "选项" in str(refused.value) or "没有这个情形" in str(refused.value)
    with reading(engine) as session:
        assert session.execute(select(PaperRow.id)).first() is None


@every_item
def test_a_mistyped_name_is_corrected_and_its_papers_are_issued_again(engine: Engine, item: Item) -> None:
    office = open_office(engine, item.bureau)
    ref = office.register(item.key)

    with writing(engine) as session:
        clerk = office.staff["clerk"]
        version = correct(session, office.house, clerk, ref.id, 1, {"applicant.name": "张需"}, "录入错字", office.now)

    assert version == 2
    assert office.case(ref).record.applicant_name == "张需"
    with reading(engine) as session:
        query = select(PaperRow.serial, PaperRow.voided_at).where(PaperRow.case_id == ref.id).order_by(PaperRow.serial)
        papers = session.execute(query).all()
    assert [(row.serial, row.voided_at is not None) for row in papers] == [(1, True), (2, False)]


@every_item
def test_under_every_answer_some_material_is_asked_for(item: Item) -> None:
    for question in item.situations:
        for option in question.options:
            chosen = {**first_answers(item), question.key: option.key}
            asked = (one.key for one in item.situations if one.key in chosen and applies(one.when, chosen))
            answers = {key: chosen[key] for key in asked}

            lines = check_materials(item, answers, {}).lines

            assert any(line.state is LineState.MISSING for line in lines)
