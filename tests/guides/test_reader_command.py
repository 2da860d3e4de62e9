"""`caseflow guide read`: the items as JSON, questions for people, and status 2 for what is no guide."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from caseflow.cli import main
from tests.guides.scoring import DATA


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, ["guide", "read", *arguments])
    return result.exit_code, result.stdout, result.stderr


def test_the_command_prints_the_items_with_confidence_and_questions() -> None:
    status, printed, _ = run(str(DATA / "contradictions.txt"), "--json")

    (item,) = json.loads(printed)
    assert status == 0
    assert item["name"] == "基本医疗保险参保人员享受门诊慢特病病种待遇认定"
    assert item["confidence"]["promised"] == "low"
    assert item["confidence"]["place"] == "high"
    assert {"field": "promised", "text": "承诺时限30大于法定时限20，是不是写反了？", "lines": [4, 5]} in item[
        "questions"
    ]


def test_the_command_tells_people_what_to_decide() -> None:
    status, printed, _ = run(str(DATA / "contradictions.txt"))

    assert status == 0
    assert "承诺时限30大于法定时限20，是不是写反了？（第 4、5 行）" in printed


@pytest.mark.parametrize("text", ["尊敬的参保人：您的备案已办结。", ""])
def test_a_file_that_is_no_guide_ends_with_status_2(tmp_path: Path, text: str) -> None:
    file = tmp_path / "letter.txt"
    file.write_text(text, encoding="utf-8")

    status, printed, said = run(str(file), "--json")

    assert (status, printed) == (2, "")
    assert said.strip()


def test_a_file_that_is_not_there_ends_with_status_2(tmp_path: Path) -> None:
    status, _, said = run(str(tmp_path / "none.txt"))

    assert status == 2
    assert "无法读取" in said
