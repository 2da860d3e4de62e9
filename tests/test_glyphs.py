"""A character that no font has is found before anything is printed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

from caseflow.errors import Unavailable
from caseflow.papers import glyphs

ROOT = Path(__file__).parent.parent
RARE = "㼆𠮷䶮"


def gb2312() -> set[str]:
    """Every character of GB 2312, the set of many an office's fonts, and ASCII."""
    # By way of GBK, which gives the dot of Uyghur names as U+00B7; Python's gb2312 gives a Japanese one.
    pairs = (bytes((row, column)) for row in range(0xA1, 0xF8) for column in range(0xA1, 0xFF))
    return {chr(code) for code in range(0x20, 0x7F)} | set(b"".join(pairs).decode("gbk", "ignore"))


def build_font(path: Path, characters: set[str]) -> None:
    """A font that draws a box for each of the characters and has nothing else."""
    pen = TTGlyphPen(None)
    for n, corner in enumerate(((100, 0), (100, 700), (900, 700), (900, 0))):
        (pen.lineTo if n else pen.moveTo)(corner)
    pen.closePath()
    box, names = pen.glyph(), [f"u{ord(one):05X}" for one in sorted(characters)]
    font = FontBuilder(1000)
    font.setupGlyphOrder([".notdef", *names])
    font.setupCharacterMap({ord(one): name for one, name in zip(sorted(characters), names, strict=True)})
    font.setupGlyf(dict.fromkeys([".notdef", *names], box))
    font.setupHorizontalMetrics(dict.fromkeys([".notdef", *names], (1000, 100)))
    font.setupHorizontalHeader(ascent=880, descent=-120)
    font.setupNameTable({"familyName": "Office Subset", "styleName": "Regular"})
    font.setupOS2(sTypoAscender=880, sTypoDescender=-120)
    font.setupPost()
    font.save(path)


@pytest.fixture(scope="module")
def small_office(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a machine whose only font holds GB 2312."""
    folder = tmp_path_factory.mktemp("fonts")
    build_font(folder / "subset.ttf", gb2312())
    config = folder / "fonts.conf"
    config.write_text(
        f"<?xml version='1.0'?><!DOCTYPE fontconfig SYSTEM 'fonts.dtd'>"
        f"<fontconfig><dir>{folder}</dir><cachedir>{folder}/cache</cachedir></fontconfig>",
        encoding="utf-8",
    )
    return {**os.environ, "FONTCONFIG_FILE": str(config), "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}


def answer(program: str, environment: dict[str, str]) -> str:
    """What a program prints under another font configuration, which a process reads but once."""
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()


def test_each_missing_character_is_named_once_and_in_order() -> None:
    found = glyphs.missing("张㼆㼆三䶮㼆", "张三".__contains__)

    assert found == ("㼆", "䶮")


def test_what_draws_nothing_is_never_missing() -> None:
    found = glyphs.missing("\u3000 \n\u200b\u200d\ufe0f\U000e0100", "".__contains__)

    assert found == ()


def test_a_small_font_set_shows_common_names_and_not_the_rare_ones(small_office: dict[str, str]) -> None:
    program = f"from caseflow.papers.glyphs import unshown; print(''.join(unshown('古丽努尔·吐尔逊 王{RARE}')))"

    assert answer(program, small_office) == RARE


def test_the_warning_names_every_character_wherever_it_stands(small_office: dict[str, str]) -> None:
    fields = {"applicant": "王㼆", "lines": ["交𠮷", {"label": "䶮"}], "months": 2, "provisional": False}
    program = f"from caseflow.papers.glyphs import warning; print(warning({fields!r}))"

    assert answer(program, small_office) == (
        "服务器的字体不能显示下列字符：㼆（U+3F06）、𠮷（U+20BB7）、䶮（U+4DAE）。请先安装含有这些字的字体，不要打印。"
    )


def test_no_pdf_is_made_with_a_gap_in_a_name(small_office: dict[str, str]) -> None:
    program = f"""
from caseflow.errors import Refused
from caseflow.papers.pdf import render_pdf
try:
    render_pdf('<p>王{RARE}</p>', '')
except Refused as error:
    print(error)
"""

    said = answer(program, small_office)

    assert all(one in said for one in RARE)
    assert "王（" not in said


def test_a_glyph_that_only_the_drawing_misses_is_reported_too(small_office: dict[str, str]) -> None:
    program = """
from caseflow.errors import Refused
from caseflow.papers import pdf
pdf.unshown = lambda text: ()
try:
    pdf.render_pdf('<p>王㼆、㼆</p>', '')
except Refused as error:
    print(error)
"""

    said = answer(program, small_office)

    assert said.startswith("服务器的字体不能显示下列字符：㼆（U+3F06）。")


def test_the_fonts_ci_installs_show_rare_names_and_uyghur_ones() -> None:
    assert glyphs.unshown(f"王{RARE}，古丽努尔·吐尔逊") == ()


def test_a_private_code_point_of_an_old_registry_is_found() -> None:
    assert glyphs.unshown("王\uf7f7") == ("\uf7f7",)


def test_nothing_missing_needs_no_warning() -> None:
    assert glyphs.warning({"applicant": "张霈"}) == ""


def test_where_fonts_cannot_be_asked_staff_are_told_to_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glyphs, "_LIBRARIES", ("no-such-library.so",))

    with pytest.raises(Unavailable, match="fontconfig"):
        glyphs.unshown("张")

    assert glyphs.warning({"applicant": "张"}).endswith("打印前请自行核对姓名等处的生僻字。")
