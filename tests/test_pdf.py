"""The PDF holds what the page shows, and nothing is fetched for it."""

from __future__ import annotations

import importlib
import re
import subprocess
import zlib
from pathlib import Path

import pytest

from caseflow.errors import Unavailable
from caseflow.papers import render
from caseflow.papers.pdf import render_pdf
from tests.support.papers import FIELDS

ROOT = Path(__file__).parent.parent
CSS = (ROOT / "web" / "static" / "paper.css").read_text(encoding="utf-8")
A4 = (595, 842)


def streams(pdf: bytes) -> str:
    """Every stream of the file, unpacked."""
    found = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    return "\n".join(_unpacked(one).decode("latin-1") for one in found)


def _unpacked(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return stream


def words(pdf: bytes) -> set[str]:
    """The characters of the file's text, from the tables that map its glyphs back to Unicode."""
    codes = re.findall(r"<[0-9a-f]+> <([0-9a-f]+)>", streams(pdf))
    return set("".join(bytes.fromhex(code).decode("utf-16-be") for code in codes))


def pages(pdf: bytes) -> list[tuple[int, int]]:
    """Width and height of each page in points."""
    boxes = re.findall(r"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf.decode("latin-1") + streams(pdf))
    return [(round(float(width)), round(float(height))) for width, height in boxes]


@pytest.mark.parametrize("kind", FIELDS)
def test_a_paper_is_one_sheet_of_a4_and_keeps_its_words(kind: str) -> None:
    pdf = render_pdf(render(kind, FIELDS[kind]), CSS)

    assert pdf.startswith(b"%PDF-")
    assert pages(pdf) == [A4] * (2 if kind == "deferral" else 1)
    assert words(pdf) >= set(FIELDS[kind]["applicant"] + FIELDS[kind]["number"] + FIELDS[kind]["query_code"])


def test_rare_and_uyghur_names_are_drawn() -> None:
    pdf = render_pdf(render("receipt", {**FIELDS["receipt"], "applicant": "王㼆𠮷䶮·古丽"}), CSS)

    assert words(pdf) >= set("王㼆𠮷䶮·古丽")


def test_the_stylesheet_handed_in_is_the_one_that_draws() -> None:
    page = render("receipt", FIELDS["receipt"])

    pdf = render_pdf(page, "@page { size: A5 }" + CSS.partition("}")[2])

    assert set(pages(pdf)) != {A4}


def test_thirty_materials_run_over_pages_and_none_is_lost() -> None:
    materials = [{"name": f"材料{n}", "option": "", "originals": 1, "copies": 0} for n in range(30)]

    short = render_pdf(render("receipt", FIELDS["receipt"]), CSS)
    long = render_pdf(render("receipt", {**FIELDS["receipt"], "materials": materials * 3}), CSS)

    assert len(pages(short)) == 1
    assert len(pages(long)) > 1


@pytest.mark.browser
@pytest.mark.parametrize("kind", ["deferral", "statement"])
def test_the_browser_prints_as_many_sheets_of_the_same_size(chromium: str, tmp_path: Path, kind: str) -> None:
    html = render(kind, FIELDS[kind], reprint=1, voided=True)
    page = tmp_path / "paper.html"
    page.write_text(html.replace("/static/paper.css", "paper.css"), encoding="utf-8")
    (tmp_path / "paper.css").write_text(CSS, encoding="utf-8")

    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-pdf-header-footer",
        f"--user-data-dir={tmp_path}/me",
    ]
    to = tmp_path / "paper.pdf"
    subprocess.run([chromium, *options, f"--print-to-pdf={to}", page.as_uri()], check=True, capture_output=True)

    assert pages(to.read_bytes()) == pages(render_pdf(html, CSS))


@pytest.mark.parametrize("wanted", ["http://example.org/x.png", "file:///etc/passwd", "/static/other.css", "x.png"])
def test_a_page_that_wants_anything_else_is_refused(wanted: str) -> None:
    with pytest.raises(ValueError, match="nothing but its stylesheet"):
        render_pdf(f'<link rel="stylesheet" href="{wanted}"><img src="{wanted}">', CSS)


def test_a_stylesheet_that_reaches_out_is_refused() -> None:
    with pytest.raises(ValueError, match=r"example\.org"):
        render_pdf(render("receipt", FIELDS["receipt"]), '@import url("https://example.org/a.css");')


@pytest.mark.parametrize(
    ("cause", "said"), [(ImportError("weasyprint"), "caseflow\\[pdf\\]"), (OSError("libpango"), "pango")]
)
def test_without_the_engine_staff_read_a_sentence(monkeypatch: pytest.MonkeyPatch, cause: Exception, said: str) -> None:
    def broken(name: str) -> None:
        raise cause

    monkeypatch.setattr(importlib, "import_module", broken)

    with pytest.raises(Unavailable, match=f"{said}.*请使用浏览器打印"):
        render_pdf("<p></p>", CSS)
