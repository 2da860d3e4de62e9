"""`caseflow due`: the single form, the batch against the oracle, and every kind of bad input."""

from __future__ import annotations

import importlib
import json
import random
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from caseflow.catalogue import load_calendars
from caseflow.cli.due import answer_lines, due
from tests import oracle
from tests.calendars import CALENDARS

# By its full name: in the package the command hides the module it is written in.
module = importlib.import_module("caseflow.cli.due")

ONE = timedelta(days=1)
MARCH = ("--calendar", "cn", "--from", "2026-03-02", "--days", "5")
KEYS = ("cn", "xj", "shawan", "shuimogou")
LINE = {"calendar": "cn", "from": "2026-03-02", "days": 5}


@pytest.fixture(autouse=True)
def _calendars(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "load_calendars", lambda: CALENDARS)


def run(*words: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(due, words, input=stdin)


def ask(*words: str) -> dict[str, Any]:
    found = run(*words, "--json")
    assert found.exit_code == 0, found.output
    return dict(json.loads(found.stdout))


def batch(*lines: object) -> list[dict[str, Any]]:
    data = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    return list(answer_lines(data.encode(), CALENDARS))


def vectors(count: int, seed: int) -> list[dict[str, Any]]:
    """Random questions over the years the oracle's days were typed in for, all forms mixed."""
    chance = random.Random(seed)
    return [_vector(chance) for _ in range(count)]


def _vector(chance: random.Random) -> dict[str, Any]:
    start = date(2024, 1, 12) + chance.randrange((date(2026, 12, 31) - date(2024, 1, 12)).days + 1) * ONE
    unit = chance.choice(["working_day"] * 5 + ["calendar_day"] * 2 + ["month", "hour"])
    longest = {"working_day": chance.choice([5, 20, 60]), "calendar_day": 120, "month": 6, "hour": 500}[unit]
    line: dict[str, Any] = {
        "calendar": chance.choice(["cn", "xj"]),
        "from": start.isoformat(),
        "days": chance.randint(0, longest),
    }
    if unit != "working_day" or chance.random() < 0.5:
        line["unit"] = unit
    if chance.random() < 0.7:
        line["pauses"] = [_pause(chance, start) for _ in range(chance.randint(0, 4))]
    if chance.random() < 0.3:
        line["extend"] = chance.randint(0, 15)
    if chance.random() < 0.8:
        line["today"] = (start + chance.randint(-5, 150) * ONE).isoformat()
    return line


def _pause(chance: random.Random, start: date) -> list[str | None]:
    begin = start + chance.randint(-10, chance.choice([10, 80])) * ONE
    end = begin + chance.choice([0, 1, 2, 3, 10, 30]) * ONE
    return [begin.isoformat(), None if chance.random() < 0.15 else end.isoformat()]


def test_twenty_thousand_questions_agree_with_the_oracle() -> None:
    lines = vectors(20_000, seed=20260302)

    found = batch(*lines)

    wrong = [
        (line, got, oracle.answer(line)) for line, got in zip(lines, found, strict=True) if got != oracle.answer(line)
    ]
    assert wrong[:3] == []
    assert {got["lamp"] for got in found} == {"over_promised", "today", "soon", "normal", "paused", None}
    assert sum(got["due"] is None for got in found) > 500
    assert sum(got["provisional"] for got in found) > 500


def test_twenty_thousand_lines_take_a_few_seconds_at_most() -> None:
    data = "\n".join(json.dumps(line) for line in vectors(20_000, seed=7)).encode()

    began = time.perf_counter()
    found = sum(1 for _ in answer_lines(data, CALENDARS))

    assert found == 20_000
    assert time.perf_counter() - began < 10


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), "2026-03-09"),
        (("--pause", "2026-03-06:2026-03-08"), "2026-03-09"),
        (("--pause", "2026-03-09:2026-03-12"), "2026-03-09"),
        (("--pause", "2026-03-02:2026-03-04"), "2026-03-11"),
        (("--pause", "2026-03-03:2026-03-05", "--pause", "2026-03-05:2026-03-09"), "2026-03-13"),
        (("--pause", "2026-03-05:"), None),
        (("--extend", "10"), "2026-03-23"),
        (("--unit", "calendar_day"), "2026-03-09"),
        (("--unit", "month"), "2026-08-03"),
        (("--unit", "hour"), "2026-03-02"),
    ],
)
def test_the_printed_examples_through_the_command(words: tuple[str, ...], expected: str | None) -> None:
    assert ask(*MARCH, *words)["due"] == expected


def test_a_bureaus_key_is_the_calendar_it_works_by(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "load_calendars", load_calendars)

    found = {key: ask("--calendar", key, "--from", "2025-05-30", "--days", "5")["due"] for key in KEYS}

    assert found == {"cn": "2025-06-09", "xj": "2025-06-12", "shawan": "2025-06-12", "shuimogou": "2025-06-12"}


def test_the_json_form_has_the_agreed_keys() -> None:
    assert ask(*MARCH) == {"due": "2026-03-09", "provisional": False, "days_counted": 5}
    assert set(ask(*MARCH, "--explain")) == {"due", "provisional", "days_counted", "strip"}


def test_the_strip_gives_each_day_with_its_reason() -> None:
    found = ask("--calendar", "xj", "--from", "2025-05-30", "--days", "5", "--explain")

    assert found["due"] == "2025-06-12"
    assert found["strip"][0] == {
        "date": "2025-05-31",
        "kind": "holiday",
        "name": "端午节",
        "source": "国务院办公厅关于2025年部分节假日安排的通知",
        "count": 0,
    }
    assert found["strip"][-1] == {"date": "2025-06-12", "kind": "counted", "name": "", "source": "", "count": 5}


def test_days_counted_before_an_open_pause_are_told() -> None:
    found = ask(*MARCH, "--pause", "2026-03-05:", "--explain")

    assert (found["due"], found["days_counted"]) == (None, 3)
    assert [day["kind"] for day in found["strip"]] == ["counted", "counted", "counted", "paused"]


def test_without_json_a_person_reads_chinese() -> None:
    found = run("--calendar", "cn", "--from", "2026-12-30", "--days", "2", "--explain")

    assert found.exit_code == 0
    assert found.stdout.splitlines() == [
        "到期日：2027-01-04 周一（暂定）",
        "自 2026-12-30 周三 起（当日不计），共计 2 个工作日",
        "暂定：期间有尚未公布放假通知的日子，或临近推定的放假日",
        "  2026-12-31 周四  第1日  计入",
        "  2027-01-01 周五  —  放假  元旦（2027年放假通知尚未公布，按法定节日推算）",
        "  2027-01-02 周六  —  周末",
        "  2027-01-03 周日  —  周末",
        "  2027-01-04 周一  第2日  计入",
    ]


def test_a_stopped_limit_is_told_in_chinese() -> None:
    assert run(*MARCH, "--pause", "2026-03-05:").stdout == "到期日：停表中，恢复后确定（停表前已计 3 个工作日）\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--calendar", "cn", "--days", "5"), "from：缺少此项"),
        (("--calendar", "cn", "--from", "2026-03-02"), "days：缺少此项"),
        ((), "calendar：缺少此项；from：缺少此项；days：缺少此项"),
        ((*MARCH, "--calendar", "mars"), "没有这个日历，可用的有 cn、xj"),
        ((*MARCH, "--from", "2026-W01-1"), "应为 YYYY-MM-DD 的日期"),
        ((*MARCH, "--from", "20260302"), "应为 YYYY-MM-DD 的日期"),
        ((*MARCH, "--from", "0000-00-00"), "没有这一天：0000-00-00"),
        ((*MARCH, "--from", "2026-02-31"), "没有这一天：2026-02-31"),
        ((*MARCH, "--from", "２０２６-03-02"), "应为 YYYY-MM-DD 的日期"),
        ((*MARCH, "--from", "2026-03-02\n"), "应为 YYYY-MM-DD 的日期"),
        ((*MARCH, "--from", "1999-03-02"), "超出工作日历的范围（2007年至2035年）"),
        ((*MARCH, "--from", "9999-12-31"), "超出工作日历的范围"),
        ((*MARCH, "--days", "-1"), "days：应为 0 到 100000 的整数"),
        ((*MARCH, "--days", "５"), "days：应为 0 到 100000 的整数"),
        ((*MARCH, "--days", "1.5"), "days：应为 0 到 100000 的整数"),
        ((*MARCH, "--days", "1_0"), "days：应为 0 到 100000 的整数"),
        ((*MARCH, "--days", "9" * 5000), "days：应为 0 到 100000 的整数"),
        ((*MARCH, "--days", "100000"), "超出"),
        ((*MARCH, "--days", "100000", "--unit", "month"), "超出"),
        ((*MARCH, "--extend", "-3"), "extend：应为 0 到 100000 的整数"),
        ((*MARCH, "--unit", "week"), "unit：只能是 working_day、calendar_day、month、hour"),
        ((*MARCH, "--pause", "2026-03-05"), "每段应为开始和结束"),
        ((*MARCH, "--pause", ":2026-03-05"), "pauses：应为 YYYY-MM-DD 的日期"),
        ((*MARCH, "--pause", "2026-03-05:2026-03-04"), "结束日期2026-03-04早于开始日期2026-03-05"),
        ((*MARCH, "--batch", "-"), "--batch 不能与其他选项同时使用"),
        (("--batch", "/nowhere/lines"), "读不了文件"),
        (("--batch", "/"), "读不了文件"),
    ],
)
def test_bad_input_is_refused_in_chinese_with_status_two(words: tuple[str, ...], message: str) -> None:
    found = run(*words)

    assert found.exit_code == 2
    assert message in found.stderr
    assert found.stdout == ""


def test_all_mistakes_are_told_at_once() -> None:
    found = run("--calendar", "mars", "--from", "x", "--days", "x", "--unit", "x", "--extend", "x", "--pause", "x:y")

    assert found.stderr.count("；") == 6


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "空行"),
        ("   ", "空行"),
        ("{", "不是有效的 JSON"),
        ("[" * 100_000, "不是有效的 JSON"),
        ('{"days": NaN}', "不是有效的 JSON"),
        ('{"days": ' + "9" * 5000 + "}", "不是有效的 JSON"),
        ("[1]", "应为一个 JSON 对象"),
        ("null", "应为一个 JSON 对象"),
        ('{"days": 1, "days": 2}', '"days"：写了两次'),
        ({}, "calendar：缺少此项；from：缺少此项；days：缺少此项"),
        ({**LINE, "day": 5}, '"day"：不认识的项'),
        ({**LINE, "calendar": None}, "没有这个日历"),
        ({**LINE, "calendar": ["cn"]}, "没有这个日历"),
        ({**LINE, "from": 20260302}, "from：应为 YYYY-MM-DD 的日期"),
        ({**LINE, "from": None}, "from：应为 YYYY-MM-DD 的日期"),
        ({**LINE, "from": "2026-3-2"}, "from：应为 YYYY-MM-DD 的日期"),
        ({**LINE, "days": True}, "days：应为 0 到 100000 的整数，写的是 true"),
        ({**LINE, "days": 5.0}, "days：应为 0 到 100000 的整数"),
        ({**LINE, "days": "5"}, "days：应为 0 到 100000 的整数"),
        ({**LINE, "days": None}, "days：应为 0 到 100000 的整数"),
        ({**LINE, "days": -1}, "days：应为 0 到 100000 的整数"),
        ({**LINE, "days": 100_001}, "days：应为 0 到 100000 的整数"),
        ({**LINE, "extend": False}, "extend：应为 0 到 100000 的整数"),
        ({**LINE, "unit": ["month"]}, "unit：只能是"),
        ({**LINE, "unit": None}, "unit：只能是"),
        ({**LINE, "pauses": {}}, "pauses：应为"),
        ({**LINE, "pauses": None}, "pauses：应为"),
        ({**LINE, "pauses": [["2026-03-05"]]}, "每段应为开始和结束"),
        ({**LINE, "pauses": ["2026-03-05"]}, "每段应为开始和结束"),
        ({**LINE, "pauses": [[None, "2026-03-05"]]}, "pauses：应为 YYYY-MM-DD 的日期"),
        ({**LINE, "pauses": [["2026-03-05", ""]]}, "pauses：应为 YYYY-MM-DD 的日期"),
        ({**LINE, "pauses": [["2026-03-05", "2026-03-04"]]}, "早于开始日期"),
        ({**LINE, "today": "today"}, "today：应为 YYYY-MM-DD 的日期"),
        ({**LINE, "today": "2050-01-01"}, "超出工作日历的范围"),
        ({**LINE, "days": 100_000}, "超出工作日历的范围"),
    ],
)
def test_a_bad_line_gives_an_error_in_its_place(line: object, message: str) -> None:
    found = batch(LINE, line, LINE)

    assert [answer.get("due") for answer in found] == ["2026-03-09", None, "2026-03-09"]
    assert set(found[1]) == {"line", "error"}
    assert found[1]["line"] == 2
    assert message in found[1]["error"]


def test_a_line_that_is_not_utf_8_is_bad_and_the_others_are_answered() -> None:
    found = list(answer_lines(b'{"calendar": "\xff"}\n' + json.dumps(LINE).encode(), CALENDARS))

    assert found[0] == {"line": 1, "error": "不是 UTF-8 文字"}
    assert found[1]["due"] == "2026-03-09"


def test_a_batch_reads_a_file_and_ends_with_status_two_when_a_line_is_bad(tmp_path: Path) -> None:
    file = tmp_path / "lines"
    file.write_text(json.dumps(LINE) + "\r\n{\r\n" + json.dumps({**LINE, "today": "2026-03-10"}) + "\r\n\r\n")

    found = run("--batch", str(file))

    answers = [json.loads(line) for line in found.stdout.splitlines()]
    assert found.exit_code == 2
    assert "共 3 行，其中 1 行有误" in found.stderr
    assert answers[0]["lamp"] is answers[0]["days_left"] is None
    assert answers[1]["line"] == 2
    assert (answers[2]["lamp"], answers[2]["days_left"]) == ("over_promised", -1)


def test_a_batch_reads_standard_input() -> None:
    found = run("--batch", "-", "--json", stdin=b"\xef\xbb\xbf" + json.dumps(LINE).encode() + b"\n \n")

    assert found.exit_code == 0
    assert [json.loads(line)["due"] for line in found.stdout.splitlines()] == ["2026-03-09"]


def test_an_empty_batch_has_no_answers() -> None:
    found = run("--batch", "-", stdin=b"\n")

    assert (found.exit_code, found.stdout) == (0, "")


def test_a_lone_surrogate_does_not_end_the_batch() -> None:
    found = run("--batch", "-", stdin=b'{"\\ud800": 1}\n' + json.dumps(LINE).encode())

    answers = [json.loads(line) for line in found.stdout.splitlines()]
    assert found.exit_code == 2
    assert "不认识的项" in answers[0]["error"]
    assert answers[1]["due"] == "2026-03-09"


def test_the_batch_never_answers_with_a_pause_it_was_not_told() -> None:
    first, second = batch({**LINE, "pauses": [["2026-03-02", "2026-03-04"]]}, LINE)

    assert (first["due"], second["due"]) == ("2026-03-11", "2026-03-09")
