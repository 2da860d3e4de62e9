"""Files of every kind, good and hostile: read, or refused with a sentence, within bounds of size and time."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from weasyprint import HTML

from caseflow.errors import BadInput
from caseflow.guides.documents import read_document
from caseflow.guides.lines import Bounds
from caseflow.guides.reader import read_guide
from tests.guides.builders import Part, docx, docx_of_xml, page, pdf
from tests.guides.scoring import DATA, Score, score_items

SMALL = Bounds(file=200_000, unpacked=400_000, lines=500, characters=20_000, cell=2_000, pages=3)
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"

PARTS: list[Part] = [
    "丰宁满族自治县医疗保障局",
    "医疗机构申请定点协议管理办事指南",
    [
        ["事项名称", "医疗机构申请定点协议管理", "<", "<"],
        ["实施依据", "《医疗机构医疗保障定点管理暂行办法》（国家医疗保障局令第2号）", "<", "<"],
        ["办理条件", "1.取得医疗机构执业许可证；\n2.正式运营至少3个月。\n（以上条件须同时具备）", "<", "<"],
        ["申请材料", "序号", "材料名称", "份数"],
        ["^", "1", "《定点医疗机构申请表》", "原件2份"],
        ["^", "2", "医疗机构执业许可证或中医诊所备案证", "复印件1份"],
        ["^", "3", "与医保有关的信息系统相关材料", "原件1份"],
        ["^", "4", "预测性分析报告（加盖公章）", "原件1份"],
        [
            "办理时限",
            "法定时限：3个月\n承诺时限：60个工作日（受理5个工作日，评估45个工作日，审批10个工作日）",
            "<",
            "<",
        ],
        ["收费标准及依据", "不收费", "办理方式", "窗口"],
        ["办理地点", "丰宁满族自治县大阁镇新丰路政务服务中心医保窗口", "<", "<"],
        [
            "办理时间",
            "夏季：周一至周五 上午8:30-12:00 下午14:30-17:30\n冬季：周一至周五 上午8:30-12:00 下午13:30-17:00",
            "<",
            "<",
        ],
        ["联系电话", "0314-8012345", "监督电话", "0314-8016789"],
    ],
]


@pytest.fixture(scope="module")
def expected() -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads((DATA / "word-like.html.expected.json").read_text(encoding="utf-8"))
    return found


def as_page(parts: list[Part]) -> bytes:
    return page(parts).encode()


@pytest.mark.parametrize("made", [docx, pdf, as_page], ids=["docx", "pdf", "html"])
def test_a_table_reads_the_same_in_every_format(
    made: Callable[[list[Part]], bytes], expected: list[dict[str, object]]
) -> None:
    score: Score = score_items(expected, read_guide(made(PARTS)).items)

    assert [fact for fact in score.facts if fact.verdict not in {"right", "doubted"}] == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_every_encoding_of_an_office_reads_the_same(encoding: str) -> None:
    text = (DATA / "stages.txt").read_text(encoding="utf-8")

    assert read_guide(text.encode(encoding)).items == read_guide(text.encode()).items


def test_a_list_that_word_numbers_by_itself_is_a_list() -> None:
    guide = read_guide(
        docx(
            [
                "参保登记",
                "受理条件：未参保的居民",
                "# 办理材料：",
                "# 户口簿",
                "# 身份证或社保卡",
                "办理时限：即办件",
                "咨询电话：0993-6023208",
            ]
        )
    )

    assert [line["name"] for line in guide.items[0].values["materials"]] == ["户口簿", "身份证或社保卡"]


def test_an_old_page_that_closes_no_tag_is_read() -> None:
    rows = "".join(
        f"<TR><TD>{label}<TD>{text}"
        for label, text in [("受理条件", "居民"), ("办理材料", "户口簿<BR>身份证"), ("办理时限", "即办")]
    )

    guide = read_guide(f"<HTML><BODY><P>参保登记<TABLE>{rows}</TABLE>".encode())

    assert [line["name"] for line in guide.items[0].values["materials"]] == ["户口簿", "身份证"]
    assert guide.items[0].values["case_type"] == "immediate"


def test_a_label_in_a_row_of_cells_keeps_its_line() -> None:
    document = read_document(docx([[["办理时限", "20个工作日"], ["收费标准", "不收费"]]]))

    assert [(line.number, line.cells) for line in document.lines] == [
        (1, ("办理时限", "20个工作日")),
        (2, ("收费标准", "不收费")),
    ]


def bomb(size: int) -> bytes:
    return docx_of_xml(
        f'<w:document xmlns:w="{WORD}"><w:body><w:p>'.encode()
        + b"<w:r><w:t>"
        + b"0" * size
        + b"</w:t></w:r></w:p></w:body></w:document>"
    )


def pdf_bomb(size: int) -> bytes:
    packed = zlib.compress(b" " * size)
    return (
        b"%PDF-1.4\n1 0 obj\n<< /Length "
        + str(len(packed)).encode()
        + b" /Filter /FlateDecode >>\nstream\n"
        + packed
        + b"\nendstream\nendobj\n"
    )


def pdf_with(content: bytes, trailer: bytes = b"") -> bytes:
    """A PDF of one page that draws this."""
    packed = zlib.compress(content)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<<>>>>",
        b"<</Length %d/Filter/FlateDecode>>\nstream\n%s\nendstream" % (len(packed), packed),
    ]
    made = b"%PDF-1.4\n"
    places = []
    for number, one in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer\n<</Size 5/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF" % (trailer, len(made))
    return made + b"xref\n0 5\n0000000000 65535 f \n" + table + end


ENCRYPTED = b"/Encrypt<</Filter/Standard/V 1/R 2/O<" + b"41" * 32 + b">/U<" + b"42" * 32 + b">/P -4>>/ID[<41><41>]"


def deep(levels: int) -> bytes:
    return docx_of_xml(
        f'<w:document xmlns:w="{WORD}"><w:body>'.encode()
        + b"<w:sdt>" * levels
        + b"</w:sdt>" * levels
        + b"</w:body></w:document>"
    )


def deep_runs(levels: int) -> bytes:
    runs = b"<w:ins>" * levels + b"<w:r><w:t>x</w:t></w:r>" + b"</w:ins>" * levels
    return docx_of_xml(f'<w:document xmlns:w="{WORD}"><w:body><w:p>'.encode() + runs + b"</w:p></w:body></w:document>")


BILLION = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
NO_PASSWORD = b"%PDF-1.6\n1 0 obj\n<</Type/Catalog>>\nendobj\n"

REFUSED: list[tuple[str, Callable[[], bytes], str]] = [
    ("nothing", lambda: b"", "空"),
    ("blanks", lambda: b" \r\n\t", "空"),
    ("too large", lambda: "办理时限".encode() * 50_000, "超过"),
    ("too many lines", lambda: "办\n".encode() * 600, "太多"),
    ("an old Word file", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "旧版"),
    ("a picture", lambda: b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "图片"),
    ("an archive", lambda: b"Rar!\x1a\x07\0" + b"\0" * 100, "压缩"),
    ("a broken Word file", lambda: docx(PARTS)[:700], "损坏"),
    ("a Word file with macros", lambda: docx(PARTS, {"word/vbaProject.bin": b"x"}), "宏"),
    (
        "a workbook",
        lambda: docx_of_xml(b"<x/>", {"xl/workbook.xml": b"<x/>"}).replace(b"word/document.xml", b"word/dokument.xml"),
        "Excel",
    ),
    ("a zip bomb", lambda: bomb(500_000), "展开"),
    ("entities", lambda: docx_of_xml(BILLION), "定义"),
    ("no XML", lambda: docx_of_xml(b"<w:document"), "损坏"),
    ("no body", lambda: docx_of_xml(b"<x/>"), "正文"),
    ("too deep", lambda: deep(400), "嵌套"),
    ("a broken PDF", lambda: NO_PASSWORD, "损坏"),
    ("an encrypted PDF", lambda: pdf_with(b"BT ET", ENCRYPTED), "密码"),
    ("a PDF that draws too much", lambda: pdf_with(b"1 1 9 9 re S\n" * 3_000), "太多"),
    ("a PDF bomb", lambda: pdf_bomb(3_000_000), "展开"),
    ("runs too deep", lambda: deep_runs(3_000), "嵌套"),
    ("a page of tags left open", lambda: b"<html><body>" + b"<div>" * 5_000, "没有文字"),
]


@pytest.mark.parametrize(("made", "word"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_a_file_that_cannot_be_read_is_refused_in_a_sentence(made: Callable[[], bytes], word: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_guide(made(), SMALL)

    assert word in str(caught.value)


def test_a_scan_without_text_is_refused() -> None:
    pixel = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="  # noqa: E501 - one document
    scan: bytes = HTML(string=f'<img src="{pixel}" style="width:500px;height:700px">').write_pdf()

    with pytest.raises(BadInput, match="没有文字"):
        read_guide(scan)


def test_a_pdf_of_too_many_pages_is_refused() -> None:
    many: bytes = HTML(string="<p style='page-break-after:always'>x</p>" * 5).write_pdf()

    with pytest.raises(BadInput, match="3 页"):
        read_guide(many, SMALL)


OTHERS = {
    "a law": "中华人民共和国社会保险法\n第一章 总则\n第一条 为了规范社会保险关系，维护公民参加社会保险的合法权益，制定本法。\n第二条 国家建立基本养老保险制度。\n",  # noqa: E501 - one document
    "a holiday notice": "国务院办公厅关于2026年部分节假日安排的通知\n一、元旦：1月1日至3日放假调休，共3天。\n二、春节：2月15日至23日放假调休，共9天。\n",  # noqa: E501 - one document
    "a job advert": "医疗保障局招聘公告\n一、报名条件：大专以上学历\n二、报名时间：3月1日至5日\n三、联系电话：0991-1234567\n四、地点：市医保局\n",  # noqa: E501 - one document
    "a list of names": "序号\t姓名\t电话\n1\t张三\t0991-1234567\n2\t李四\t0991-1234568\n",
    "a letter": "尊敬的参保人：\n您好！您的异地就医备案已经办理完成，请携带身份证到窗口领取。\n",
    "English": "How to apply: bring your card. Office hours: 9-17.\n",
}


@pytest.mark.parametrize("text", OTHERS.values(), ids=OTHERS.keys())
def test_a_text_of_another_kind_is_no_guide(text: str) -> None:
    with pytest.raises(BadInput, match="不像是办事指南"):
        read_guide(text.encode())


def test_a_page_that_is_a_picture_among_others_is_asked_about() -> None:
    guide = read_guide(
        "参保登记\n受理条件：居民\n[第2页是图片，没有文字]\n办理材料：户口簿\n办理时限：即办件\n咨询电话：12345\n".encode()
    )

    assert [question.lines for question in guide.items[0].questions if "图片" in question.text] == [(3,)]


def test_reading_is_bounded_in_time_for_text_made_to_slow_it_down() -> None:
    nasty = (
        "一、" * 3000 + "（" * 2000 + "或" * 2000 + "、" * 2000 + "办理" * 2000 + "周一" * 2000 + "1" * 2000
    ).encode()

    with pytest.raises(BadInput):
        read_guide(nasty, Bounds(characters=40_000))


def test_data_of_the_seed_guides_is_there() -> None:
    assert (Path(DATA) / "000_3695f11c3a123fcf.txt").exists()
