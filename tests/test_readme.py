"""What the README shows is what the code makes."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from caseflow.rules.definition import read_item
from caseflow.views.diagram import draw
from caseflow.workflows import FLOWS
from tests.browser.screens import KEPT, SCREENS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_drawn_flow_is_the_one_that_runs() -> None:
    drawn = (ROOT / "docs" / "screens" / "flow-standard.svg").read_text(encoding="utf-8")

    assert drawn == draw(FLOWS["standard"])


def test_the_twelve_line_item_is_an_item() -> None:
    text = README.partition("```toml\n")[2].partition("```")[0]

    item = read_item(text, "README")

    assert len([line for line in text.splitlines() if line.strip()]) <= 12
    assert item.name == tomllib.loads(text)["name"]


def test_every_picture_is_there() -> None:
    pictures = re.findall(r"!\[[^]]*\]\(([^)]+)\)", README)

    assert pictures
    assert [path for path in pictures if not (ROOT / path).is_file()] == []


def test_every_screen_has_its_picture_and_every_picture_its_screen() -> None:
    assert {path.stem for path in KEPT.glob("*.png")} == {screen.name for screen in SCREENS}
