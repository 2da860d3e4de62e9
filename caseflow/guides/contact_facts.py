"""Where and when: telephones, place, hours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from caseflow.guides.fact_blocks import Blocks, lines_of, of_kind, one_line
from caseflow.guides.hours import read_reception
from caseflow.guides.lines import Line
from caseflow.guides.phones import URL
from caseflow.guides.phones import read_phones as phones_in
from caseflow.guides.reading import Draft
from caseflow.rules.definition import WEEKDAYS


def read_phones(blocks: Blocks, draft: Draft) -> None:
    """Telephones for questions and complaints, and what else stood beside them."""
    told: dict[str, list[str]] = {"phone": [], "complaint_phone": []}
    for block in of_kind(blocks, "phone", "complaint_phone", "phones"):
        read = phones_in(block.text, block.kind)
        for field, numbers in (("phone", read.phones), ("complaint_phone", read.complaints)):
            told[field] += [number for number in numbers if number not in told[field]]
            if numbers:
                draft.set(field, "、".join(told[field]), block.lines)
        for question in read.doubts:
            draft.ask("complaint_phone" if block.kind == "complaint_phone" else "phone", question, block.lines)
        for site in URL.findall(block.text):
            draft.publish("网址", site.strip())
        if read.rest:
            draft.publish(block.label.text, one_line(block.text))
            if not (read.phones or read.complaints or read.doubts or URL.search(block.text)):
                draft.ask(
                    "complaint_phone" if block.kind == "complaint_phone" else "phone",
                    f"“{one_line(block.text)[:40]}”里没有电话号码，请核对",
                    block.lines,
                )


def read_place(blocks: Blocks, draft: Draft) -> None:
    """The place, links beside it kept as published."""
    found = of_kind(blocks, "place")
    texts: list[str] = []
    for block in found:
        plain = one_line(re.sub(r"<?https?://\S+", "", block.text))
        for site in re.findall(r"https?://\S+", block.text):
            draft.publish(f"{block.label.text}（链接）", site)
        plain = re.sub(r"^(?:地址|地点)[:：]\s*", "", plain).rstrip("。；; ")
        if plain and plain not in texts:
            texts.append(plain)
    if texts:
        draft.set("place", "；".join(texts), lines_of(found))


def read_hours(blocks: Blocks, draft: Draft) -> None:
    """The opening hours in the guide's words, and as days and times where they are plain."""
    found = of_kind(blocks, "hours")
    if not found:
        return
    text = "；".join(dict.fromkeys(one_line(block.text) for block in found)).rstrip("。；")
    draft.set("hours", text, lines_of(found))
    _reception(text, found, draft)


def _reception(text: str, found: Blocks, draft: Draft) -> None:
    reception = read_reception(text)
    if reception:
        rows = [
            {
                "weekdays": [WEEKDAYS[day] for day in one.weekdays],
                "opens": one.opens,
                "closes": one.closes,
                "season": one.season,
            }
            for one in reception
        ]
        draft.set("reception", rows, lines_of(found))


def read_place_hours(blocks: Blocks, draft: Draft) -> None:
    """One heading over place and hours: the lines with a time are the hours."""
    for block in of_kind(blocks, "place_hours"):
        rows = [part for row in block.rows for part in _before_times(row)]
        timed = [row for row in rows if re.search(r"[0-9]\s*[:：点时]|周[一二三四五]|星期|工作日", row.text)]
        placed = [row for row in rows if row not in timed]
        if timed and not draft.values["hours"]:
            text = one_line(" ".join(row.text for row in timed))
            draft.set("hours", text, block.lines)
            _reception(text, [block], draft)
        if placed and not draft.values["place"]:
            draft.set("place", one_line(" ".join(row.text for row in placed)).rstrip("。；;"), block.lines)
        if not placed or not timed:
            draft.ask(
                "place" if not placed else "hours",
                f"“{one_line(block.text)[:60]}”里地点和时间写在一起，请分开",
                block.lines,
            )


_TIME_BEGINS = re.compile(
    r"(?<=.{4})[；;，,。\s]+(?=周[一二三四五六日]|星期|工作日|每天|每周|上午|夏季|冬季|夏令|[0-9]{1,2}[:：][0-9]{2})"
)


def _before_times(row: Line) -> Iterator[Line]:
    """A line that gives the place and then the hours, as two."""
    for text in (
        _TIME_BEGINS.split(row.text, maxsplit=1) if re.search(r"[路街道巷号楼厅室窗口心]", row.text) else [row.text]
    ):
        yield replace(row, cells=(text,), table=False)
