"""Both limits, the stages and 即办/承诺 of an item, weighed against each other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from caseflow.guides.block import Block
from caseflow.guides.limits import LimitRead, read_limit, shown
from caseflow.guides.reading import Draft
from caseflow.guides.vocabulary import IMMEDIATE_TYPES, PROMISED_TYPES
from caseflow.rules.clock import Limit

Blocks = Sequence[Block]
_BEHIND: Final = re.compile(
    r"(?P<limit>[^（()），,；;。]+)[（(]\s*(?P<name>法定|承诺)[^（()）0-9一二三四五六七八九十]{0,6}[)）]"
)
_NAMES: Final = {"法定": "statutory", "承诺": "promised"}
_SPLIT: Final = re.compile(r"(?P<statutory>法定)|(?P<promised>承诺|压缩后|优化后)")


def read_limits(blocks: Blocks, draft: Draft) -> None:
    """Read limits and case type; whatever contradicts is asked about."""
    immediate = [_named(blocks, draft, name) for name in ("statutory", "promised")]
    general = _general(blocks, draft)
    _case_type(blocks, draft, immediate=immediate[1] or general or (immediate[0] and draft.values["promised"] is None))
    _compare(draft)


def _named(blocks: Blocks, draft: Draft, name: str) -> bool:
    """A limit under its own label; whether it says 即办."""
    unit = next((block.text for block in blocks if block.kind == f"{name}_unit"), "")
    mine = [block for block in blocks if block.kind == name]
    reads = [(block, read_limit(block.text, block.label.hint or unit)) for block in mine]
    stated = [(block, read) for block, read in reads if read.limit or read.immediate or read.doubts]
    for block, read in reads:
        _take(draft, name, block, read)
    values = {read.limit for _, read in stated if not read.doubts}
    if len(stated) > 1 and len(values) > 1:
        texts = "”“".join(shown(block.text, 20) for block, _ in stated)
        draft.ask(
            name,
            f"写了不止一个{_WORD[name]}：“{texts}”，以哪一个为准？",
            [line for block, _ in stated for line in block.lines],
        )
    return any(read.immediate for _, read in stated)


_WORD: Final = {"statutory": "法定时限", "promised": "承诺时限"}


def _take(draft: Draft, name: str, block: Block, read: LimitRead) -> None:
    if read.limit is not None and draft.values[name] is None:
        draft.set(name, limit_json(read.limit), block.lines)
    elif read.immediate:
        draft.set(name, draft.values[name], block.lines)
    for question in read.doubts:
        draft.ask(name, question, block.lines)
    if read.stages:
        draft.set("stages", dict(read.stages), block.lines)
    if read.rest:
        draft.publish(block.label.text, " ".join(block.text.split()))


def limit_json(limit: Limit) -> dict[str, Any]:
    """A limit as the command prints it."""
    return {"n": limit.n, "unit": limit.unit.value}


def _general(blocks: Blocks, draft: Draft) -> bool:
    """A limit under 办理时限 alone: 即办, one number, or both limits in one text."""
    immediate = False
    for block in (block for block in blocks if block.kind == "limit" and block.text.strip()):
        parts = _parts(block.text)
        for name, text in sorted(parts, key=lambda part: part[0] == ""):
            read = read_limit(text, block.label.hint)
            immediate = immediate or (read.immediate and name != "statutory")
            if name:
                _take(draft, name, block, read)
            else:
                _unnamed(draft, block, read)
    return immediate


def _parts(text: str) -> list[tuple[str, str]]:
    """法定20个工作日，承诺10个工作日 → each with its name; "" where the text names neither."""
    behind = list(_BEHIND.finditer(text))
    if behind:
        return [(_NAMES[found["name"]], found["limit"]) for found in behind]
    marks = list(_SPLIT.finditer(text))
    if not marks:
        return [("", text)]
    parts = [("", text[: marks[0].start()])] if re.search(r"[0-9]|即办|当场", text[: marks[0].start()]) else []
    for mark, after in zip(marks, [*marks[1:], None], strict=True):
        piece = text[mark.end() : after.start() if after else None]
        parts.append(
            (
                mark.lastgroup or "",
                re.sub(r"^(?:的)?(?:办[结理])?(?:时限|期限|时间)?\s*[为是:：]?\s*", "", piece).strip(" ，,；;。（()）"),
            )
        )
    return parts


def _unnamed(draft: Draft, block: Block, read: LimitRead) -> None:
    if read.stages:
        draft.set("stages", dict(read.stages), block.lines)
    known = [draft.values[name] for name in ("promised", "statutory") if draft.values[name] is not None]
    if read.limit is not None and known:
        if limit_json(read.limit) not in known:
            draft.ask("promised", f"“{shown(block.text)}”与写明的法定、承诺时限都不同，以哪一个为准？", block.lines)
    elif read.limit is not None:
        draft.set("promised", limit_json(read.limit), block.lines)
        draft.ask(
            "promised",
            f"“{block.label.text}：{shown(block.text)}”没有写明是法定时限还是承诺时限，按承诺时限吗？",
            block.lines,
        )
    for question in read.doubts:
        draft.ask("promised", question, block.lines)
    if read.rest or (read.limit is None and not read.immediate):
        draft.publish(block.label.text, " ".join(block.text.split()))


def _case_type(blocks: Blocks, draft: Draft, *, immediate: bool) -> None:
    labelled = next((block for block in blocks if block.kind == "case_type" and block.text.strip()), None)
    limit_lines = [line for block in blocks if block.kind in {"limit", "promised", "statutory"} for line in block.lines]
    stated = _type_of(labelled.text) if labelled else None
    if labelled and stated is None:
        draft.ask("case_type", f"办件类型“{shown(labelled.text, 20)}”是即办件还是承诺件？", labelled.lines)
    limited = draft.values["promised"] or draft.values["statutory"]
    guessed = "immediate" if immediate else "promised" if limited else None
    kind = stated or guessed
    if kind is None:
        if not any(question.field in {"promised", "statutory"} for question in draft.questions):
            draft.ask("promised", "没有写办理时限，也没有写是不是即办件，各是多少？", limit_lines)
        draft.ask("case_type", "没有写是即办件还是承诺件，是哪一种？", limit_lines)
        return
    draft.set("case_type", kind, labelled.lines if labelled else limit_lines)
    _contradictions(draft, stated, limit_lines, immediate=immediate)


def _type_of(text: str) -> str | None:
    if re.search(r"非即办|不(?:是|属于)?即办", text):
        return "promised"
    if re.search(IMMEDIATE_TYPES, text):
        return "immediate" if not re.search(PROMISED_TYPES, text) else None
    return "promised" if re.search(PROMISED_TYPES, text) else None


def _contradictions(draft: Draft, stated: str | None, lines: Sequence[int], *, immediate: bool) -> None:
    promised = draft.values["promised"]
    long = promised is not None and not (promised["unit"] == "hour" or promised["n"] <= 1)
    if stated == "immediate" and long:
        draft.ask("case_type", f"办件类型写即办件，承诺时限却是{promised['n']}，以哪一个为准？", lines)
    elif stated == "promised" and immediate and promised is None:
        draft.ask("case_type", "办件类型写承诺件，时限却写即办，以哪一个为准？", lines)
    elif stated is None and immediate and long:
        draft.ask("case_type", f"既写即办又写{promised['n']}天，是即办件还是承诺件？", lines)
    elif stated == "promised" and promised is None and draft.values["statutory"] is None and not draft.questions:
        draft.ask("promised", "承诺件没有写时限，是多少？", lines)


def _compare(draft: Draft) -> None:
    promised, statutory = draft.values["promised"], draft.values["statutory"]
    if promised and statutory and promised["unit"] == statutory["unit"] and promised["n"] > statutory["n"]:
        lines = [*draft.lines.get("promised", ()), *draft.lines.get("statutory", ())]
        for name in ("promised", "statutory"):
            draft.ask(name, f"承诺时限{promised['n']}大于法定时限{statutory['n']}，是不是写反了？", lines)
