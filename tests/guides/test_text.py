"""Encodings are told apart; what is no text is refused with a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from caseflow.errors import BadInput
from caseflow.guides.holiday_notice import read_notice
from caseflow.guides.notice_file import notice_text
from caseflow.guides.text import LARGEST, read_text
from tests.guides.builders import docx

TEXT = (Path(__file__).parent.parent / "data" / "notices" / "xj-2025.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "gb2312", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_a_chinese_text_is_read_in_its_encoding(encoding: str) -> None:
    data = TEXT.encode(encoding, errors="ignore")

    assert read_text(data, "通知.txt") == data.decode(encoding)


@pytest.mark.parametrize("bom", [b"\xfe\xff", b"\xff\xfe", b"\xef\xbb\xbf"])
def test_a_byte_order_mark_before_something_else_is_refused(bom: bytes) -> None:
    with pytest.raises(BadInput, match="编码无法识别"):
        read_text(bom + b"\xff\x00\xd8", "通知.txt")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (bytes(range(256)) * 40, "不是文字文件"),
        (b"\x00" * 4096, "不是文字文件"),
        (TEXT.encode()[:100] + b"\xff\xfe" + TEXT.encode()[100:], "不是文字文件"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 100, "这是图片"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "旧版 Word"),
        (b"a" * (LARGEST + 1), "超过 2 MiB"),
    ],
)
def test_what_is_no_text_is_refused_by_name(data: bytes, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence) as caught:
        read_text(data, "通知.txt")

    assert caught.value.faults[0].place == "通知.txt"


def test_a_saved_page_is_read_without_its_markup() -> None:
    body = "".join(f"<p>{line}</p>" for line in TEXT.split("\n"))
    page = f"<html><head><style>p {{}}</style></head><body><div>{body}</div><script>放假</script></body></html>"

    read = read_notice(notice_text(page.encode("gb18030"), "通知.html"), 2025)

    assert (read.off, read.work) == (read_notice(TEXT, 2025).off, read_notice(TEXT, 2025).work)


def test_a_word_table_is_read() -> None:
    rows = [["节日", "放假时间", "天数", "调休上班"], ["元旦", "1月1日至3日", "3天", "1月4日（周日）"]]

    read = read_notice(notice_text(docx(["2026年元旦放假安排的通知", rows]), "通知.docx"), 2026)

    assert [day.isoformat() for day in (*read.off, *read.work)] == [
        "2026-01-01",
        "2026-01-02",
        "2026-01-03",
        "2026-01-04",
    ]
