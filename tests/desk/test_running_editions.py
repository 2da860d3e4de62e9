"""A running case keeps the edition it was registered under through its whole life, whatever its item has become."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from caseflow.desk.definitions import sync
from caseflow.papers import render
from caseflow.rules.checklist import Mark, Receipt
from caseflow.rules.definition import read_item
from caseflow.store.db import reading, writing
from caseflow.store.models import CaseRow, EditionRow
from caseflow.views.casefile import load_paper
from tests.support.office import Office
from tests.support.roads import ACCEPT, APPROVE, CLOSE, HAND_OVER

ITEM = "transfer-continuation"
NEW_NAME, NEW_LINE = "关系转移接续（新版）", "新版才有的材料"


def change_the_item(office: Office) -> None:
    """Another name, another limit, another first line: as a bureau does when the guide is published anew."""
    catalogue, key = office.house.catalogue, (office.bureau, ITEM)
    old = catalogue.items[key]
    text = catalogue.texts[key].replace(f'name = "{old.name}"', f'name = "{NEW_NAME}"', 1)
    text = text.replace(f'name = "{old.materials[0].name}"', f'name = "{NEW_LINE}"', 1)
    promised = old.limits.promised
    assert promised is not None
    text = text.replace(f"promised = {{ n = {promised.n},", "promised = { n = 1,", 1)
    items, texts = {**catalogue.items, key: read_item(text, "new")}, {**catalogue.texts, key: text}
    assert (items[key].name, items[key].materials[0].name) == (NEW_NAME, NEW_LINE)
    assert items[key].limits.promised != promised
    office.house = replace(office.house, catalogue=replace(catalogue, items=items, texts=texts))
    with writing(office.engine) as session:
        assert sync(session, office.house.catalogue, office.now).added == 1


def edition_of(office: Office, case_id: int) -> int:
    with reading(office.engine) as session:
        return int(session.execute(select(CaseRow.edition_id).where(CaseRow.id == case_id)).scalar_one())


def printed(office: Office, paper_id: int) -> str:
    with reading(office.engine) as session:
        paper = load_paper(session, office.staff["clerk"], paper_id)
    return render(paper.kind, paper.fields, reprint=0, voided=False)


def test_the_notice_of_day_1_is_the_same_on_day_60_and_the_case_ends_under_its_own_edition(office: Office) -> None:
    application = office.application(ITEM)
    line = next(iter(application.receipts))
    ref = office.register(ITEM, receipts={**application.receipts, line: Receipt(Mark.MISSING)})
    before, edition = office.case(ref), edition_of(office, ref.id)
    noticed = office.act(ref, "clerk", "supplement_notice")
    assert noticed.paper_id is not None
    first = printed(office, noticed.paper_id)

    change_the_item(office)
    office.sleep(60)

    assert printed(office, noticed.paper_id) == first
    assert before.item.material(line).name in first
    assert office.case(ref).item == before.item
    office.act_on(ref, "clerk", "supplement", {}, receipts={line: Receipt(Mark.RECEIVED, originals=1)})
    papers = [noticed.paper_id]
    for by, action, details in (ACCEPT, HAND_OVER, APPROVE, CLOSE):
        papers += office.act(ref, by, action, **details).paper_ids
        now = office.case(ref)
        assert (now.item, now.record.promised) == (before.item, before.record.promised)
    assert now.state.key == "closed"
    assert edition_of(office, ref.id) == edition
    for paper in papers:
        told = printed(office, paper)
        assert NEW_NAME not in told
        assert NEW_LINE not in told


def test_a_case_registered_after_the_change_runs_under_the_new_edition_beside_the_old_one(office: Office) -> None:
    old = office.register(ITEM)
    change_the_item(office)
    new = office.register(ITEM)

    assert office.case(new).item.name == NEW_NAME
    assert office.case(old).item.name != NEW_NAME
    assert edition_of(office, old.id) != edition_of(office, new.id)


def test_an_item_taken_out_of_the_catalogue_leaves_its_running_cases_whole(office: Office) -> None:
    ref = office.register(ITEM)
    before = office.case(ref).item
    catalogue = office.house.catalogue
    texts = {key: text for key, text in catalogue.texts.items() if key[1] != ITEM}
    items = {key: item for key, item in catalogue.items.items() if key[1] != ITEM}
    office.house = replace(office.house, catalogue=replace(catalogue, items=items, texts=texts))

    with writing(office.engine) as session:
        assert sync(session, office.house.catalogue, office.now).withdrawn == 1

    for by, action, details in (ACCEPT, HAND_OVER, APPROVE, CLOSE):
        office.act(ref, by, action, **details)
    assert office.case(ref).item == before
    with reading(office.engine) as session:
        held = select(EditionRow.current).where(EditionRow.id == edition_of(office, ref.id))
        assert session.execute(held).scalar_one() == 0
