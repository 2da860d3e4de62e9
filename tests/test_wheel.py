"""The wheel alone, in a fresh environment and an empty folder, is enough for the demo."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NOT_SHIPPED = shutil.ignore_patterns(".git", ".*_cache", "__pycache__", "build", "dist", "*.egg-info", "*.db", ".venv")
CARRIED = """
from importlib.resources import files
for package, path in (
    ("web", "templates/base.html"),
    ("web", "static/vendor/bootstrap/LICENSE"),
    ("migrations", "versions/0001_first_tables.py"),
    ("caseflow.workflows", "calendars/xj.toml"),
    ("caseflow.workflows", "items/shuimogou/assistance-payment.toml"),
):
    assert files(package).joinpath(path).is_file(), path
    assert "site-packages" in str(files(package)), package
    print(package)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment in which the wheel was installed, and nothing of the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT, folder / "source", ignore=NOT_SHIPPED)
    run(sys.executable, "-m", "build", "--wheel", "--outdir", "dist", "source", cwd=folder)
    venv.create(folder / "venv", with_pip=True)
    programs = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    wheel = next((folder / "dist").glob("caseflow-*.whl"))
    run(str(programs / "python"), "-m", "pip", "install", "--quiet", str(wheel), cwd=folder)
    return programs


def run(*words: str, cwd: Path) -> str:
    """What a program prints; its errors are shown where it fails."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHONPATH", "CASEFLOW_"))}
    environ["PYTHONIOENCODING"] = "utf-8"
    found = subprocess.run(words, cwd=cwd, env=environ, capture_output=True, text=True, encoding="utf-8", check=False)
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout


def test_the_demo_runs_from_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    said = run(str(installed / "caseflow"), "demo", "--no-serve", "--cases", "40", cwd=tmp_path)

    assert "演示办件 40 件" in said
    assert {path.stem for path in tmp_path.iterdir()} == {"caseflow-demo"}


def test_the_wheel_carries_pages_migrations_and_definitions(installed: Path, tmp_path: Path) -> None:
    found = run(str(installed / "python"), "-c", CARRIED, cwd=tmp_path)

    assert found.split() == ["web", "web", "migrations", "caseflow.workflows", "caseflow.workflows"]


def test_the_installed_program_answers_without_a_database(installed: Path, tmp_path: Path) -> None:
    said = run(
        str(installed / "caseflow"),
        "due",
        "--calendar",
        "xj",
        "--from",
        "2025-05-30",
        "--days",
        "5",
        "--json",
        cwd=tmp_path,
    )

    assert '"2025-06-12"' in said
