"""Files from outside are exactly those that were looked at, each with its licence, and ask nothing of the network."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import pytest

VENDOR = Path(__file__).parent.parent / "web" / "static" / "vendor"
FOR_TESTS = Path(__file__).parent / "data" / "axe"
FREE_LICENCES = {"MIT", "0BSD", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "ISC"}


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    version: str
    licence: str
    sha256: str
    path: str


def manifest(folder: Path = VENDOR) -> list[Line]:
    text = (folder / "HASHES.txt").read_text(encoding="utf-8")
    return [Line(*line.split()) for line in text.splitlines() if not line.startswith("#")]


@pytest.mark.parametrize("line", manifest(), ids=lambda line: line.path)
def test_a_vendored_file_is_the_one_that_was_looked_at(line: Line) -> None:
    content = (VENDOR / line.path).read_bytes()

    digest = hashlib.sha256(content).hexdigest()

    assert digest == line.sha256


def test_every_file_in_the_folder_stands_in_the_manifest() -> None:
    present = {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file()}

    listed = {line.path for line in manifest()}

    assert present - {"HASHES.txt"} == listed


def test_every_package_comes_with_its_licence_and_one_version() -> None:
    lines = manifest()

    facts = {(line.name, line.version, line.licence) for line in lines}

    assert len(facts) == len({line.name for line in lines})
    assert {name for name, _, _ in facts if not (VENDOR / name / "LICENSE").is_file()} == set()
    assert {licence for _, _, licence in facts} <= FREE_LICENCES


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("bootstrap/bootstrap.min.css", b"v5.3.9"),
        ("htmx/htmx.min.js", b'"2.0.11"'),
        ("echarts/echarts.min.js", b'"6.1.0"'),
    ],
)
def test_the_version_in_the_manifest_is_the_version_in_the_file(path: str, words: bytes) -> None:
    content = (VENDOR / path).read_bytes()

    assert words in content


def test_no_style_sheet_fetches_anything_from_elsewhere() -> None:
    sheets = [path.read_bytes() for path in VENDOR.rglob("*.css")]

    assert sheets
    assert not any(b"url(http" in sheet or b"url(//" in sheet or b"@import" in sheet for sheet in sheets)


def test_what_only_tests_use_is_the_file_that_was_looked_at_and_is_never_served() -> None:
    lines = manifest(FOR_TESTS)

    assert {line.path: hashlib.sha256((FOR_TESTS / line.path).read_bytes()).hexdigest() for line in lines} == {
        line.path: line.sha256 for line in lines
    }
    assert {line.path for line in lines} == {path.name for path in FOR_TESTS.iterdir()} - {"HASHES.txt"}
    assert {(line.name, line.licence) for line in lines} == {("axe-core", "MPL-2.0")}
    assert not list(VENDOR.glob("axe*"))
