"""Blocks → one group per item: where an item ends, what its title is, and which body published it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from caseflow.guides.block import Block
from caseflow.guides.headers import MATTERS
from caseflow.guides.inline_labels import cut
from caseflow.guides.labels import MARKS, strip_numbering, style_of, whole_label
from caseflow.guides.lines import JOINT, Line
from caseflow.guides.vocabulary import CHANNEL_WORDS, ITEM_ENDINGS, PUBLIC_BODIES


@dataclass(slots=True)
class Group:
    """One item's blocks, title and heading. `unsure`: blocks that may be another item's alone."""

    blocks: list[Block]
    title: tuple[Line, ...] = ()
    heading: tuple[Line, ...] = ()
    intro: list[Line] = field(default_factory=list)
    unsure: list[Block] = field(default_factory=list)


_ONCE: Final = MATTERS - {"legal_basis"} | {"name", "bureau", "case_type", "code", "service_object"}
_GUIDE: Final = re.compile(
    r"(?:.{0,40}?)(?:办\s*事|办\s*理|服\s*务|经\s*办|业\s*务|办\s*事\s*服\s*务)\s*(?:指\s*南|须\s*知|流\s*程\s*图?|手\s*册|规\s*程|告知单|明白卡)(?:[（(].*[)）])?"
)
_ONLY_GUIDE: Final = re.compile(
    r"(?:一、)?(?:公共服务|政务服务|政务服务事项|医疗保障(?:经办)?(?:政务)?服务(?:事项)?|医保|医疗保障|经办|经办政务服务(?:事项)?|事项)?(?:办事|服务|办理|业务)?(?:办事)?(?:指南|须知|手册|服务指南)"
)
_BODY: Final = re.compile(PUBLIC_BODIES)
_ENDING: Final = re.compile(rf".*{ITEM_ENDINGS}")
_IMAGE: Final = re.compile(r"\[?(?:image|图片|图)[:：][^\]]*\]?|!\[[^\]]*\]\([^)]*\)|<[^>]*>")
_CHANNEL: Final = re.compile("|".join(words for _, words in CHANNEL_WORDS))
_SENTENCE: Final = re.compile(r"[。；;！!？?：:]|https?:|www\.|[0-9]{4,}|→|—>|--|[0-9]{1,2}[:：][0-9]{2}")
_LONGEST_TITLE: Final = 70
_SHORTEST_TITLE: Final = 3
_SHORTEST_LINE: Final = 6


def squeezed(text: str) -> str:
    """The text without blanks between Chinese characters (沙 湾 市 → 沙湾市)."""
    return re.sub(r"(?<=[一-龥（）《》、])\s+(?=[一-龥（）《》、])", "", text.replace(JOINT, "")).strip()


def groups_of(blocks: Sequence[Block]) -> list[Group]:
    """The items of a document in order."""
    starts = _starts(blocks)
    groups = []
    for begin, end in zip(starts, [*starts[1:], len(blocks)], strict=True):
        if begin < end:
            groups.append(_group(blocks, begin, end))
    return [group for group in groups if group.blocks]


def _starts(blocks: Sequence[Block]) -> list[int]:
    starts, seen = [0], set[str]()
    for place, block in enumerate(blocks):
        begin = _begin(blocks, starts[-1], place, seen)
        if begin is not None and begin > starts[-1]:
            starts.append(begin)
            seen = {one.kind for one in blocks[begin : place + 1] if one.rows}
        if block.rows:
            seen.add(block.kind)
    return starts


def _begin(blocks: Sequence[Block], first: int, place: int, seen: set[str]) -> int | None:
    """Where a new item begins, if the block at `place` shows that one does."""
    kind = blocks[place].kind
    if len(seen & _ONCE) > 2 and _strong_heading(blocks, place):  # noqa: PLR2004 - a small count the line itself names
        return place
    if kind not in _ONCE or kind not in seen or place <= first:
        return None
    kinds: set[str] = set()
    for begin in range(place, first, -1):
        if blocks[begin].kind in kinds & _ONCE:
            break
        kinds.add(blocks[begin].kind)
        if _title_above(blocks, begin):
            return begin
    if kind == "name":
        return place
    opening = next((one.kind for one in blocks[first:] if one.kind), "")
    return place if kind == opening and len(seen & _ONCE) > 3 and kind != "name" else None  # noqa: PLR2004 - a small count the line itself names


def _strong_heading(blocks: Sequence[Block], place: int) -> bool:
    tail = _tail(blocks, place)
    return any(_GUIDE.fullmatch(squeezed(row.text)) and not whole_label(squeezed(row.text)) for row in tail)


def _title_above(blocks: Sequence[Block], place: int) -> bool:
    return any(is_title(squeezed(row.text)) for row in _tail(blocks, place)[-2:])


def _tail(blocks: Sequence[Block], place: int) -> list[Line]:
    """The rows right above a block that may be its title and heading."""
    if place == 0:
        return []
    above = blocks[place - 1]
    rows = above.rows
    tail: list[Line] = []
    for row in reversed(rows):
        text = squeezed(row.text)
        if row.table and len([cell for cell in row.cells if cell.strip()]) > 1:
            break
        goes_on = bool(tail) and not tail[0].gap and _unfinished(text) and is_title(squeezed(tail[0].text))
        if not (is_title(text) or is_heading(text) or goes_on) or _is_listed(row, rows):
            break
        tail.insert(0, row)
    if above.kind and above.kind != "flow" and len(tail) == len(rows) and tail and not _is_pure_heading(tail):
        tail = tail[1:]
    return tail


def _is_listed(row: Line, rows: Sequence[Line]) -> bool:
    """Whether a line is a point of the list above it: numbered as the lines before it are."""
    style = style_of(strip_numbering(row.text.strip())[0])
    place = rows.index(row)
    above = [style_of(strip_numbering(other.text.strip())[0]) for other in rows[max(0, place - 2) : place]]
    return bool(style) and above.count(style) > 1


def _is_pure_heading(rows: Sequence[Line]) -> bool:
    return is_heading(squeezed(rows[0].text))


def is_heading(text: str) -> bool:
    """Whether a line is a heading over a guide: a body's name, 办事指南."""
    plain = _bare(text)
    return bool(
        _BODY.fullmatch(plain)
        or _ONLY_GUIDE.fullmatch(plain)
        or re.fullmatch(r"[一-龥]{2,16}(?:政务服务中心|行政服务中心|便民服务中心|政务服务大厅)", plain)
    )


def is_title(text: str) -> bool:
    """Whether a line could be the title of an item."""
    plain = _bare(text)
    if not _SHORTEST_TITLE <= len(plain) <= _LONGEST_TITLE or _SENTENCE.search(plain) or _IMAGE.fullmatch(text.strip()):
        return False
    if re.search(r"，.*(?:应当|需要?|须|可以)", plain) and text.rstrip().endswith("。"):
        return False
    if is_heading(text) or whole_label(text) or not re.search(r"[一-龥]{3}", plain):
        return False
    if re.fullmatch(rf"(?:{_CHANNEL.pattern}|[办理受申请方式形渠道业务及])+", plain):
        return False
    return bool(_ENDING.fullmatch(plain) or _GUIDE.fullmatch(plain))


_ASKED: Final = re.compile(r"(?:，|,)?(?:应该|应当)?(?:怎么|如何|怎样)(?:办理?|申请|操作|申领|报销)?[？?！!].*$")


def _bare(text: str) -> str:
    _, rest = strip_numbering(text.strip())
    rest = re.sub(r"^(?:事项|项目|业务)[一二三四五六七八九十0-9]{1,3}\s*[:：、.]\s*(?=.{3})", "", rest)
    rest = re.sub(r"^事项[一二三四五六七八九十0-9]{1,3}\s*(?=.{3})", "", rest)
    rest = _ASKED.sub("", re.sub(r"^【[^】]{2,12}】(?=.{3})", "", rest))
    return rest.strip().strip(f"{MARKS}#*【】[]「」《》〔〕 -—=_").strip().rstrip("。:：")


def title_text(text: str) -> str:
    """The item's name a title line holds: without numbering, brackets around it, and 办事指南 behind it."""
    plain = _bare(squeezed(text))
    plain = re.sub(r"^(?:事项|项目|业务)?[一二三四五六七八九十0-9]{1,3}[:：、.]\s*", "", plain)
    plain = re.sub(r"^[0-9]{1,2}(?=[一-龥]{4})(?![0-9]+[个种类项年月日])", "", plain)
    plain = re.sub(rf"^{PUBLIC_BODIES}\s*[|｜—–:：·-]+\s*(?=.{{4}})", "", plain)
    shorter = re.sub(
        r"[》」】]?(?:的)?(?:公共服务|政务服务|经办)?(?:事项)?[-—–\s]*(?:办事|服务|办理|业务|经办)(?:服务)?(?:指南|须知|手册|规程|告知单|明白卡)(?:[（(].*[)）])?$",
        "",
        plain,
    )
    return (shorter if len(shorter) >= _SHORTEST_TITLE else plain).strip("《》「」【】 -—")


def _group(blocks: Sequence[Block], begin: int, end: int) -> Group:
    mine = list(blocks[begin:end])
    if end < len(blocks):
        mine[-1] = _without_tail(blocks, end)
    lead: list[Line] = []
    if mine and not mine[0].kind:
        lead = mine[0].rows
        mine = mine[1:]
    elif begin:
        lead = _tail(blocks, begin)
    heading, title = _split_lead(lead)
    intro = [row for row in lead if row not in heading and row not in title]
    return Group(mine, title, heading, intro)


def _without_tail(blocks: Sequence[Block], end: int) -> Block:
    tail = _tail(blocks, end)
    last = blocks[end - 1]
    return Block(last.label, last.line, [row for row in last.rows if row not in tail])


def _split_lead(lead: Sequence[Line]) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """Heading lines and title lines; a title may run over two lines."""
    heading = tuple(row for row in lead if is_heading(squeezed(row.text)))
    titles = [row for row in lead if row not in heading and is_title(squeezed(row.text))]
    rest = [row for row in lead if row not in heading]
    if not titles:
        loose = [row for row in rest if _could_be_title(squeezed(row.text))]
        return heading, tuple(loose[-1:])
    chosen = [titles[-1]]
    place = rest.index(chosen[0])
    while (
        place
        and not rest[place].gap
        and not strip_numbering(rest[place].text.strip())[0]
        and _unfinished(squeezed(rest[place - 1].text))
        and rest[place - 1].number == rest[place].number - 1
    ):
        place -= 1
        chosen.insert(0, rest[place])
    return heading, tuple(chosen)


def _could_be_title(text: str) -> bool:
    plain = _bare(text)
    return (
        _SHORTEST_TITLE <= len(plain) <= _LONGEST_TITLE
        and not _SENTENCE.search(plain)
        and bool(re.search(r"[一-龥]{3}", plain))
        and not whole_label(text)
    )


def _unfinished(text: str) -> bool:
    """Whether a line goes on in the next: it ends in no word a title ends in."""
    if (
        len(text) < _SHORTEST_LINE
        or not re.search(r"[一-龥、]$", text)
        or strip_numbering(text)[0]
        or text.endswith("类")
    ):
        return False
    return (
        _could_be_title(text)
        and (not _ENDING.fullmatch(_bare(text)) or text.endswith(("享受", "参加", "、", "和", "的")))
        and not _GUIDE.fullmatch(text)
    )


def _without_label(text: str) -> str:
    first = cut(text)[0]
    return first.text if first.label else text


def bodies_in(lines: Sequence[Line]) -> list[str]:
    """The public bodies named in heading lines, each once, the medical-insurance bureaus first."""
    found = [body for line in lines for body in _BODY.findall(_without_label(squeezed(line.text)))]
    return sorted(dict.fromkeys(found), key=lambda body: "医" not in body)
