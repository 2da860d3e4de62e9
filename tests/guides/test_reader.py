"""Guides of many places and layouts, each fact right or asked about, and never silently wrong."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import cache
from pathlib import Path
from random import Random

import pytest

from caseflow.catalogue import load_catalogue
from caseflow.cli.items import item_facts
from caseflow.errors import BadInput
from caseflow.guides.reader import read_guide
from caseflow.guides.reading import GuideRead, item_json
from caseflow.guides.text import read_text
from tests.guides.mutations import MUTATIONS, changed
from tests.guides.scoring import DATA, Score, documents, score_file, score_items

DOUBTFUL = {"contradictions.txt", "misspelt.txt"}
"""Documents that contradict themselves or are misspelt on purpose: much of them has to be asked about."""
SEEDS = {"shawan": "000_3695f11c3a123fcf.txt", "shuimogou": "003_94fa8b7fe6a5b03a.txt"}
PUBLISHED = (
    *(
        "name",
        "code",
        "case_type",
        "statutory",
        "promised",
        "channels",
        "conditions",
        "phone",
        "complaint_phone",
        "place",
    ),
    *("fee", "hours", "visits", "online_depth", "service_object", "legal_basis", "remarks", "commitment"),
    "applicant_deadline",
)


scored = cache(score_file)


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_no_fact_of_a_guide_is_silently_wrong(path: Path) -> None:
    score = scored(path)

    assert [fact for fact in score.facts if fact.verdict == "wrong"] == []
    assert path.name in DOUBTFUL or score.share("asked") == 0


def test_the_guides_together_are_read_right_and_seldom_doubted() -> None:
    total = Score([fact for path in documents() for fact in scored(path).facts])

    assert len(total.facts) > 1000
    assert total.right > 0.98
    assert total.doubted < 0.07


@cache
def seed(bureau: str) -> GuideRead:
    return read_guide((DATA / SEEDS[bureau]).read_bytes())


def by_hand(bureau: str) -> list[dict[str, object]]:
    """The items of a bureau as they were written by hand from its guide, in the guide's order."""
    catalogue = load_catalogue()
    order = [item.values["name"] for item in seed(bureau).items]
    facts = [item_facts(item) for item in catalogue.items_of(bureau)]
    facts.sort(key=lambda item: (order.index(item["name"]), "性质" not in str(item["conditions"])))
    name = catalogue.bureau(bureau).name
    return [{"bureau": name, **{key: item[key] for key in PUBLISHED}} for item in facts]


@pytest.mark.parametrize("bureau", SEEDS)
def test_a_seed_guide_gives_what_was_written_from_it_by_hand(bureau: str) -> None:
    score = score_items(by_hand(bureau), seed(bureau).items)

    assert [fact for fact in score.facts if fact.verdict not in {"right", "doubted"}] == []


def test_every_field_has_a_confidence_and_every_doubt_a_question() -> None:
    for item in seed("shawan").items:
        printed = item_json(item)
        assert set(printed["confidence"]) == set(item.values)
        low = {name for name, confidence in printed["confidence"].items() if confidence == "low"}
        assert low == {question["field"] for question in printed["questions"]}
        assert all(set(question) == {"field", "text", "lines"} for question in printed["questions"])


def test_fields_name_the_lines_they_were_read_from() -> None:
    guide = seed("shawan")
    item = next(item for item in guide.items if item.values["name"] == "产前检查费支付")

    assert [guide.shown[line - 1].strip() for line in item.lines["promised"]] == ["承诺办结时限：19工作日"]
    assert "0993-6023208" in "".join(guide.shown[line - 1] for line in item.lines["phone"])


@cache
def mutated() -> list[tuple[str, str, str]]:
    texts = [path for path in documents() if path.suffix == ".txt"]
    return [
        (path.name, name, text)
        for path in texts
        for name, text in changed(read_text(path.read_bytes(), "").replace("\r\n", "\n"))
    ]


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_the_same_guide_typed_differently_gives_the_same_facts_or_a_question(mutation: str) -> None:
    wrong = []
    for name, mutation_name, text in mutated():
        if mutation_name == mutation:
            expected = json.loads((DATA / f"{name}.expected.json").read_text(encoding="utf-8"))
            score = score_items(expected, read_guide(text.encode()).items)
            wrong += [(name, fact) for fact in score.facts if fact.verdict == "wrong"]

    assert wrong == []


def test_a_mutation_that_changes_a_fact_is_noticed_by_the_scorer() -> None:
    expected = json.loads((DATA / "stages.txt.expected.json").read_text(encoding="utf-8"))
    text = (DATA / "stages.txt").read_text(encoding="utf-8").replace("0774-7882000", "0774-7882999")

    score = score_items(expected, read_guide(text.encode()).items)

    assert [fact.field for fact in score.facts if fact.verdict == "wrong"] == ["phone"]


def ask(text: str) -> dict[str, list[str]]:
    """Field → the questions about it, for a guide of one item."""
    asked: dict[str, list[str]] = {}
    for question in read_guide(text.encode()).items[0].questions:
        asked.setdefault(question.field, []).append(question.text)
    return asked


GUIDE = "参保登记办事指南\n沙湾市医疗保障局\n受理条件：居民\n办理材料：户口簿\n办件类型：承诺件\n{}\n咨询电话：0993-6023208\n"  # noqa: E501 - one document


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("承诺时限：20个工作日\n法定时限：10个工作日", "promised"),
        ("承诺时限：5至10个工作日", "promised"),
        ("承诺时限：2O个工作日", "promised"),
        ("承诺时限：20日", "promised"),
        ("承诺时限：20", "promised"),
        ("承诺时限：即办", "case_type"),
        ("办理时限：20个工作日", "promised"),
        ("承诺时限：10个工作日\n投诉电话：0993-60", "complaint_phone"),
        ("承诺时限：10个工作日\n事项编码：11650105MB1544747X4002036213000", "code"),
        ("承诺时限：10个工作日\n办理方式：见下", "channels"),
        ("承诺时限：10个工作日\n备注：监督举报请拨0993-6021279", "complaint_phone"),
        ("承若时限：10个工作日", "promised"),
    ],
)
def test_what_is_doubtful_is_asked(line: str, field: str) -> None:
    assert field in ask(GUIDE.format(line))


def test_a_plain_guide_raises_no_question() -> None:
    assert ask(GUIDE.format("承诺时限：10个工作日\n投诉电话：0993-6021279")) == {}


def test_two_promised_limits_are_asked_about() -> None:
    assert "不止一个承诺时限" in ask(GUIDE.format("承诺时限：10个工作日\n承诺办结时限：12个工作日"))["promised"][0]


def test_what_has_no_field_is_kept_as_published() -> None:
    text = GUIDE.format("承诺时限：10个工作日\n是否进驻政务大厅：是\n【新栏目】某种说明")

    item = read_guide(text.encode()).items[0]

    assert item.values["published"]["是否进驻政务大厅"] == "是"
    assert "某种说明" in str(item.values["published"])


@pytest.mark.parametrize("text", ["无", "无需提供材料", "—"])
def test_an_item_may_need_no_material(text: str) -> None:
    guide = read_guide(GUIDE.format("承诺时限：1个工作日").replace("户口簿", text).encode())

    assert guide.items[0].values["materials"] == []
    assert "materials" not in guide.items[0].doubted


def spoilt(text: str, lots: Random) -> str:
    """A text with lines lost, moved, doubled, or characters lost."""
    lines = text.split("\n")
    kind = lots.randrange(4)
    if kind == 0:
        return "\n".join(line for line in lines if lots.random() > 0.2)
    if kind == 1:
        lots.shuffle(lines)
        return "\n".join(lines)
    if kind == 2:
        return "".join(char for char in text if lots.random() > 0.05)
    return "\n".join(line for line in lines for _ in range(1 + (lots.random() < 0.1)))


@pytest.mark.parametrize("seed_number", range(60))
def test_a_spoilt_guide_is_read_or_refused_and_never_breaks_the_reader(seed_number: int) -> None:
    lots = Random(seed_number)
    path = lots.choice([path for path in documents() if path.suffix == ".txt"])
    text = spoilt(read_text(path.read_bytes(), ""), lots)

    with suppress(BadInput):
        assert read_guide(text.encode()).items


@pytest.mark.parametrize(
    ("lost", "field"),
    [("咨询电话：", "place"), ("监督电话：", "complaint_phone"), ("办理时间：", "place"), ("办理地点：", "place")],
)
def test_a_lost_heading_is_noticed_by_what_it_leaves_behind(lost: str, field: str) -> None:
    text = (
        "参保登记办事指南\n沙湾市医疗保障局\n受理条件：居民\n办理材料：户口簿\n承诺时限：3个工作日\n收费标准：不收费\n"
        "办理地点：书香街道智慧大道东路105号\n办理时间：周一至周五 10:00-14:00\n"
        "咨询电话：\n0993-6023208\n监督电话：\n0993-6021279\n"
    )
    if lost == "咨询电话：":
        text = text.replace("办理时间：周一至周五 10:00-14:00\n", "")

    assert field in ask(text.replace(f"{lost}\n" if f"{lost}\n" in text else lost, ""))
