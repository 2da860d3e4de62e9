"""What the documents of security name is there: every test, every file, every requirement of the standard."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
DOCUMENTS = [ROOT / "docs" / name for name in ("security.md", "asvs.md")]

# OWASP ASVS 5.0.0 (May 2025): each section with the level of each of its requirements, in their order.
LEVELS = """
    1.1 22  1.2 1111122223  1.3 112222222223  1.4 222  1.5 123
    2.1 122  2.2 112  2.3 12223  2.4 23
    3.1 3  3.2 113  3.3 12223  3.4 11222233  3.5 11122333  3.6 3  3.7 22333
    4.1 12233  4.2 23333  4.3 22  4.4 1222
    5.1 2  5.2 112333  5.3 113  5.4 222
    6.1 122  6.2 111111112222  6.3 11223333  6.4 112233  6.5 22222333  6.6 2223  6.7 33  6.8 2222
    7.1 222  7.2 1111  7.3 22  7.4 11222  7.5 223  7.6 22
    8.1 1233  8.2 1123  8.3 133  8.4 23
    9.1 111  9.2 1222
    10.1 22  10.2 223  10.3 22223  10.4 1111122222233333  10.5 22222  10.6 22  10.7 222
    11.1 2233  11.2 22233  11.3 11233  11.4 1222  11.5 23  11.6 23  11.7 33
    12.1 12233  12.2 11  12.3 22223
    13.1 2333  13.2 222223  13.3 2233  13.4 1222233
    14.1 22  14.2 12223333  14.3 122
    15.1 12233  15.2 12233  15.3 1222222  15.4 3333
    16.1 2  16.2 22222  16.3 2222  16.4 222  16.5 2223
    17.1 23  17.2 22223333  17.3 22
"""
STATES = {"met", "document", "in part", "open", "n/a"}


def _levels() -> dict[str, str]:
    words = LEVELS.split()
    sections = zip(words[::2], words[1::2], strict=True)
    return {f"V{section}.{n}": level for section, levels in sections for n, level in enumerate(levels, 1)}


def _rows() -> list[list[str]]:
    """The rows of the table of requirements, cell by cell."""
    lines = (ROOT / "docs" / "asvs.md").read_text(encoding="utf-8").splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| V")]


def test_the_standard_has_as_many_requirements_as_it_says() -> None:
    levels = list(_levels().values())

    assert (levels.count("1"), levels.count("2"), levels.count("3")) == (70, 183, 92)


def test_every_requirement_of_level_1_and_2_is_answered_once_and_none_is_made_up() -> None:
    answered = [key for row in _rows() for key in row[0].split(", ")]
    levels = _levels()

    assert sorted(answered) == sorted(key for key, level in levels.items() if level in "12")
    assert all({levels[key] for key in row[0].split(", ")} == set(row[1].split("/")) for row in _rows())


def test_every_answer_has_a_state_and_its_ground() -> None:
    assert {row[3] for row in _rows()} <= STATES
    assert all(row[4] for row in _rows())
    assert all("test" in row[4] or "`" in row[4] or len(row[4]) > 10 for row in _rows() if row[3] == "met")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_test_and_file_a_document_names_is_there(document: Path) -> None:
    words = re.findall(r"`([^`]+)`", document.read_text(encoding="utf-8"))
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py")]
    known = {name for source in sources for name in re.findall(r"def (test_\w+)", source)}

    tests = {word for word in words if re.fullmatch(r"test_\w+", word)}
    files = {word for word in words if re.fullmatch(r"(tests|docs|caseflow|web|\.ci)/[\w./-]+", word)}
    assert tests - known == set()
    assert {name for name in files if not (ROOT / name).exists()} == set()
    assert len(tests) > 20


def test_a_document_that_names_a_test_there_is_not_is_found() -> None:
    """The negative control: the very names are looked for."""
    known = {"test_there"}

    assert set(re.findall(r"`(test_\w+)`", "`test_there` and `test_nowhere`")) - known == {"test_nowhere"}
