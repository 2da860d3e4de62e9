"""The 33 items of the two guides against facts that were read from the guides by hand."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from caseflow.catalogue import check_definitions, load_calendars, load_catalogue
from caseflow.errors import NotFound
from caseflow.rules.clock import Limit, Unit
from caseflow.rules.item import CaseType, Item, Material
from caseflow.workflows import FLOWS

DATA = Path(__file__).parent / "data"
FACTS: list[dict[str, Any]] = json.loads((DATA / "guide_facts.json").read_text(encoding="utf-8"))
CATALOGUE = load_catalogue()
GUIDES = re.sub(r"\s", "", "".join(path.read_text(encoding="utf-8") for path in (DATA / "guides").glob("00*.txt")))

every_fact = pytest.mark.parametrize("fact", FACTS, ids=lambda fact: f"{fact['bureau']}-{fact['key']}")
every_item = pytest.mark.parametrize("item", CATALOGUE.items.values(), ids=lambda item: f"{item.bureau}-{item.key}")


def plain(text: str) -> str:
    """The text as compared: no white space, no full stop at the end."""
    return re.sub(r"\s", "", text).removesuffix("。")


def wordings(line: Material) -> set[str]:
    """The ways in which a line can be what the guide printed."""
    together = {line.name + line.note, f"{line.name}：{line.note}"} if line.note else set()
    return {plain(text) for text in {line.name, line.note, *together} if text}


def item_of(fact: dict[str, Any]) -> Item:
    return CATALOGUE.item(fact["bureau"], fact["key"])


def working_days(n: int | None) -> Limit | None:
    return None if n is None else Limit(n, Unit.WORKING_DAY)


def test_the_guides_hold_33_items_and_no_others() -> None:
    assert len(FACTS) == 33
    assert set(CATALOGUE.items) == {(fact["bureau"], fact["key"]) for fact in FACTS}
    assert check_definitions() == ()


def test_the_items_are_spread_over_the_four_flows() -> None:
    counted = Counter(item.flow for item in CATALOGUE.items.values())

    assert counted == {"immediate": 16, "standard": 3, "designation": 2, "payment": 12}
    assert set(counted) == set(FLOWS)


@every_fact
def test_name_kind_and_both_limits_are_as_published(fact: dict[str, Any]) -> None:
    item = item_of(fact)

    assert plain(item.name) == plain(fact["name"])
    assert (item.case_type is CaseType.IMMEDIATE) is fact["immediate"]
    assert item.limits.statutory == working_days(fact["statutory"])
    assert item.limits.promised == working_days(fact["promised"])


@every_fact
def test_channels_telephones_place_and_fee_are_as_published(fact: dict[str, Any]) -> None:
    item = item_of(fact)

    assert sorted(item.channels) == sorted(fact["channels"])
    assert (item.phone, item.complaint_phone) == (fact["phone"], fact["complaint_phone"])
    assert (plain(item.place), plain(item.fee)) == (plain(fact["place"]), plain(fact["fee"]))


@every_fact
def test_every_condition_is_there_and_begins_as_published(fact: dict[str, Any]) -> None:
    item = item_of(fact)

    assert len(item.conditions) == fact["conditions"]
    for condition, start in zip(item.conditions, fact["condition_starts"], strict=True):
        assert plain(condition).startswith(plain(start))


@every_fact
def test_every_published_material_is_a_line_word_for_word(fact: dict[str, Any]) -> None:
    have = {text for line in item_of(fact).materials for text in wordings(line)}

    assert [text for text in fact["materials"] if plain(text) not in have] == []


@every_item
def test_conditions_names_and_remarks_stand_in_the_guides_word_for_word(item: Item) -> None:
    texts = [item.name, *item.conditions, *item.remarks]

    assert [text for text in texts if plain(text) not in GUIDES] == []


@every_item
def test_no_published_line_is_deferrable_by_itself(item: Item) -> None:
    assert not any(line.deferrable for line in item.materials)


@every_item
def test_an_item_is_found_by_its_key_and_read_from_its_text(item: Item) -> None:
    assert CATALOGUE.item(item.bureau, item.key) is item
    assert f'key = "{item.key}"' in CATALOGUE.texts[item.bureau, item.key]
    assert item in CATALOGUE.items_of(item.bureau)


def test_one_item_is_received_three_afternoons_a_week() -> None:
    special = [item for item in CATALOGUE.items.values() if item.reception]

    assert [item.key for item in special] == ["outpatient-chronic-recognition"]
    assert [(one.weekdays, one.opens, one.closes) for one in special[0].reception] == [((2, 3, 4), "16:00", "20:00")]


def test_the_commitments_run_two_months() -> None:
    promised = {item.key: item.commitment.months for item in CATALOGUE.items.values() if item.commitment}

    assert promised == {"long-term-residence": 2, "resettled-retiree-registration": 2}


def test_each_bureau_counts_by_the_calendar_of_xinjiang() -> None:
    assert set(load_calendars()) == {"cn", "xj", "shawan", "shuimogou"}
    for bureau in CATALOGUE.bureaus:
        own, region = CATALOGUE.calendar_of(bureau), CATALOGUE.calendars["xj"]
        assert own.key == bureau
        assert (own.revision, own.published_through) == (region.revision, region.published_through)


def test_what_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound, match="没有经办机构“nowhere”"):
        CATALOGUE.bureau("nowhere")
    with pytest.raises(NotFound, match="没有事项“long-term-residence”"):
        CATALOGUE.item("shuimogou", "long-term-residence")
    assert CATALOGUE.items_of("nowhere") == ()
