"""What an item asks and rests on: conditions, service object, channels, legal basis, fee."""

from __future__ import annotations

import re

from caseflow.guides.channels import read_channels as channels_in
from caseflow.guides.conditions import read_conditions as conditions_in
from caseflow.guides.conditions import read_deadline
from caseflow.guides.fact_blocks import Blocks, lines_of, of_kind, one_line
from caseflow.guides.lists import entries_of
from caseflow.guides.phones import URL
from caseflow.guides.reading import Draft


def read_channels(blocks: Blocks, draft: Draft) -> None:
    """The ways to apply."""
    found = of_kind(blocks, "channels")
    if not found:
        return
    channels: dict[str, None] = {}
    for block in found:
        read, question = channels_in(block.text)
        channels |= dict.fromkeys(read)
        draft.ask("channels", question, block.lines)
        if URL.search(block.text) or len(one_line(block.text)) > 24 or len(found) > 1:  # noqa: PLR2004 - a small count the line itself names
            draft.publish(block.label.text, one_line(block.text))
    order = ("window", "online", "mail", "self", "other")
    draft.set("channels", [channel for channel in order if channel in channels], lines_of(found))


def read_conditions(blocks: Blocks, draft: Draft) -> None:
    """The conditions, their mode, and the applicant's own deadline."""
    found = of_kind(blocks, "conditions")
    if not found:
        return
    read = conditions_in([row for block in found for row in block.rows])
    draft.set("conditions", list(read.points), lines_of(found))
    draft.set("conditions_mode", read.mode if read.points else None, lines_of(found))
    draft.ask("conditions_mode", read.doubt, lines_of(found))
    if read.lead:
        draft.publish(f"{found[0].label.text}（引语）", read.lead)
    if deadline := read_deadline(read.points):
        text, limit, since = deadline
        draft.set(
            "applicant_deadline",
            {"text": text, "limit": {"n": limit.n, "unit": limit.unit.value}, "since": since},
            lines_of(found),
        )


def read_service_object(blocks: Blocks, draft: Draft) -> None:
    """Whom the item is for; proposed as the condition where none is stated."""
    found = of_kind(blocks, "service_object")
    if not found:
        return
    text = "；".join(dict.fromkeys(one_line(block.text) for block in found)).rstrip("。；")
    draft.set("service_object", text, lines_of(found))
    if not draft.values["conditions"] and len(text) > 8 and not of_kind(blocks, "conditions"):  # noqa: PLR2004 - a small count the line itself names
        draft.set("conditions", [one_line(found[0].text)], lines_of(found))
        draft.set("conditions_mode", "all")
        draft.ask("conditions", "没有写受理条件，是不是以服务对象为条件？", lines_of(found))


def read_legal_basis(blocks: Blocks, draft: Draft) -> None:
    """The legal basis, one text per law."""
    texts: list[str] = []
    for block in of_kind(blocks, "legal_basis"):
        entries = entries_of(block.rows)
        texts += [entry.text + "".join(child.text for child in entry.children) for entry in entries]
    draft_lines = lines_of(of_kind(blocks, "legal_basis", "legal_title", "legal_text"))
    texts += _laws(of_kind(blocks, "legal_title", "legal_number", "legal_clause", "legal_text"))
    if texts:
        draft.set("legal_basis", [one_line(text) for text in texts if text.strip()], draft_lines)


def _laws(blocks: Blocks) -> list[str]:
    """Laws given fact by fact: name, number, clause, words."""
    laws: list[dict[str, str]] = []
    for block in blocks:
        if not laws or block.kind in laws[-1]:
            laws.append({})
        laws[-1][block.kind] = one_line(block.text)
    return [_law(law) for law in laws]


def _law(law: dict[str, str]) -> str:
    number = f"（{law['legal_number']}）" if law.get("legal_number") else ""
    head = f"{law.get('legal_title', '')}{number}{law.get('legal_clause', '')}"
    return "：".join(part for part in (head, law.get("legal_text", "")) if part)


def read_fee(blocks: Blocks, draft: Draft) -> None:
    """The fee in the guide's words; 否 under 是否收费 is 不收费."""
    found = [
        block
        for block in blocks
        if block.kind == "fee" and block.text.strip() and not re.fullmatch(r"[\s/—\-]*", block.text)
    ]
    if not found:
        return
    texts = list(dict.fromkeys(one_line(block.text).rstrip("。；;") for block in found))
    plain = ["不收费" if re.fullmatch(r"否|不|0", text) else text for text in texts]
    if len(plain) > 1:
        plain = [text for text in plain if text not in {"无", "是", "收费"}] or plain[:1]
    draft.set("fee", "；".join(dict.fromkeys(plain)), lines_of(found))
