"""The text of a notice made regular: one kind of digit, bracket, dash and line; tables told as sentences. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

_DASHES: Final = "—–－―‐‑‒−─━一"[:-1]
_TRADITIONAL: Final = "節調補週號國慶勞動與連農曆歷齋開間時為辦廳關於個後將來緯禮聖"
_SIMPLIFIED: Final = "节调补周号国庆劳动与连农历历斋开间时为办厅关于个后将来纬礼圣"
_PLAIN: Final = str.maketrans(
    {
        **{chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},
        **dict.fromkeys(_DASHES, "-"),
        **dict.fromkeys("～〜∼˜", "~"),
        **dict.fromkeys("∶︰﹕：", ":"),
        **dict.fromkeys("【〔〖［﹙[", "("),
        **dict.fromkeys("】〕〗］﹚]", ")"),
        **dict.fromkeys("“”„‟\"'‘’「」『』*#`", ""),
        **dict.fromkeys("﹑", "、"),
        "，": ",",
        "；": ";",
        "！": "。",
        "!": "。",
        "？": "。",
        "?": "。",
        "｡": "。",
        "．": ".",
        "\r": "\n",
        "\u2028": "\n",
        "\u2029": "\n",
        "\x0b": "\n",
        "\x0c": "\n",
        "\x85": "\n",
        **dict(zip(_TRADITIONAL, _SIMPLIFIED, strict=True)),
    }
)
_CIRCLED: Final = re.compile(r"[\u2460-\u24ff\u3220-\u3247\u3280-\u32b0\u2776-\u2793]")
_RADICALS: Final = re.compile(r"[\u2e80-\u2fdf\uf900-\ufaff]")
_UNSEEN: Final = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]")
_QUOTED: Final = re.compile(r"《[^《》\n]{0,120}(?:《[^《》\n]{0,60}》[^《》\n]{0,120})*》|<[^<>\n]{0,120}>")
_PAPER_NUMBER: Final = re.compile(
    r"\((?:19|20)\d{2}\)\s*第?\d{1,4}号|(?:令)?第\s*\d{1,4}\s*号(?:令|公告)?|https?://\S{1,300}"
)
_NUMERALS: Final = "一二三四五六七八九"
_NUMBER: Final = r"(?:[二两三]?十[一二三四五六七八九]?|[一二两三四五六七八九])"
_HAN_YEAR: Final = re.compile(r"([〇零○Oo一二三四五六七八九]{4})年")
_HAN_DATE: Final = re.compile(rf"(?<![农历阴正闰腊冬\d])({_NUMBER})月({_NUMBER})(?=[日号])")
_HAN_DAY: Final = re.compile(rf"(?<=[日号)至到、和及~\-])({_NUMBER})(?=[日号])")
_HAN_COUNT: Final = re.compile(rf"(?<![第初十])({_NUMBER})(?=天)")
_SPACES: Final = re.compile(r"[^\S\n]+")
_CELLS: Final = re.compile(r"\s*\|\s*|\t+|[^\S\n]{2,}|\u3000+")
_ROLES: Final = (
    ("count", re.compile(r"天数|共计")),
    ("work", re.compile(r"上班|补班|^调休")),
    ("name", re.compile(r"名称|^节|节日|假日$")),
    ("off", re.compile(r"放假|休假|假期|时间|日期")),
)
_AT_WORK: Final = re.compile(r"上班|补班")
_LONGEST_TITLE: Final = 12
_NOTHING: Final = re.compile(r"[\-—~/无]*|不调休|没有")
_LEAST_CELLS: Final = 2
_MOST_CELLS: Final = 8


def regular(text: str) -> str:
    """The text with one form for each sign and number; quoted titles and paper numbers are left out."""
    text = _RADICALS.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    text = _UNSEEN.sub("", _CIRCLED.sub("\n", text.replace("\r\n", "\n"))).translate(_PLAIN)
    text = "\n".join(_told_tables(text.split("\n")))
    text = _QUOTED.sub("", _SPACES.sub("", text))
    return in_digits(_PAPER_NUMBER.sub("", text))


def number(text: str) -> int:
    """The value of a Chinese numeral from 一 to 三十九."""
    text = text.replace("两", "二")
    if "十" not in text:
        return _NUMERALS.index(text) + 1
    tens, _, ones = text.partition("十")
    return (number(tens) if tens else 1) * 10 + (number(ones) if ones else 0)


def in_digits(text: str) -> str:
    """Dates and numbers of days in Chinese numerals told in digits; lunar dates stay as they are."""
    text = _HAN_YEAR.sub(lambda match: "".join(_digit(one) for one in match[1]) + "年", text)
    text = _HAN_DATE.sub(lambda match: f"{number(match[1])}月{number(match[2])}", text)
    # A day after a day: 一月一日至三日、五日.
    text = _HAN_DAY.sub(lambda match: str(number(match[1])), text)
    return _HAN_COUNT.sub(lambda match: str(number(match[1])), text)


def _digit(sign: str) -> str:
    return str(_NUMERALS.find(sign) + 1)


def _told_tables(lines: Sequence[str]) -> Iterator[str]:
    """The lines, each row of a table of holidays told as the sentence it stands for."""
    head: list[str] = []
    for line in lines:
        cells = _cells(line)
        if _is_head(cells):
            head = cells
            continue
        if head and not line.strip(" |-:"):
            continue
        if head and len(cells) == len(head):
            yield _row(head, cells)
            continue
        head = []
        yield line.replace("|", " ")


def _cells(line: str) -> list[str]:
    cells = [cell.strip() for cell in _CELLS.split(line.strip().strip("|").strip())]
    return cells if _LEAST_CELLS <= len(cells) <= _MOST_CELLS else []


def _is_head(cells: Sequence[str]) -> bool:
    roles = [_role(cell) for cell in cells]
    plain = not any(sign.isdigit() for cell in cells for sign in cell)
    return plain and "off" in roles and (len(set(roles)) > 1 or len(roles) > 1) and "name" in roles


def _role(title: str) -> str:
    """What a column of this title tells."""
    found = next((role for role, words in _ROLES if words.search(title)), "name")
    return found if len(title) <= _LONGEST_TITLE else "none"


def _row(head: Sequence[str], cells: Sequence[str]) -> str:
    told: dict[str, str] = {}
    more = ""
    for title, cell in zip(head, cells, strict=True):
        role = _role(title)
        if role in told:
            more += f",{cell}" if cell else ""
        else:
            told[role] = "" if role == "work" and _NOTHING.fullmatch(cell) else cell
    count, work = told.get("count", "").removesuffix("天"), told.get("work", "").rstrip("。")
    counted = f",共{count.removeprefix('共')}天" if count else ""
    worked = f"{work}{'' if _AT_WORK.search(work) else '上班'}。" if work else ""
    return f"{told.get('name', '')}:{told['off']}放假{counted}{more}。{worked}"
