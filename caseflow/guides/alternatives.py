"""Alternatives within the name of a material: 或, /, 任选其一, 之一, 、…或…; and what must come together."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from caseflow.guides.lists import split_outside
from caseflow.guides.vocabulary import DOCUMENT_NOUNS

CHOICE: Final = re.compile(
    r"[（(，,、：: ]{0,4}(?:以上|上述|下列|以下|等)?(?:材料|证件|证明|资料|证明材料|有效证件)?(?:中)?(?:的)?(?:任选其一|任选其中(?:之)?一(?:种|项|个)?|任选一(?:种|项|个|份)|任意一(?:种|项|个)|任一(?:种|项|个)?|[二三四五六两2-6]选一|选择其一|选其一|其中之一|其中一[种项个]|其一即可|之一|提供其一|选一|任意其一|择一|任选1[种项个])(?:即可|提供|提交)?[)）。；;]{0,4}$"  # noqa: E501 - a list of words
)
_FOLLOWED: Final = re.compile(r"(?P<head>.+?)(?:任选其一|之一|任选一[种项个]|任意一[种项个])[，,]?或者?(?P<rest>.+)")
_DOCUMENT: Final = re.compile(rf".*{DOCUMENT_NOUNS}(?:[（(].*[)）])?(?:原件|复印件|正本|副本|扫描件)?")
_IDENTITY: Final = re.compile(
    r".*(?:身份证件?|身份证明|户口[簿本]|社会保障卡|社保卡|医保卡|医保电子凭证|电子医保凭证|医保码|护照|通行证|居住证|军官证|出生(?:医学)?证明|居留证|驾驶证|结婚证)(?:[（(].*[)）])?(?:原件|复印件)?$"
)
_OR: Final = re.compile(r"或者?|／|/(?![0-9/])|\bor\b")


@dataclass(frozen=True, slots=True)
class Choice:
    """The alternatives a name holds (none where there is only one way), and what is doubtful about them."""

    any_of: tuple[str, ...] = ()
    name: str = ""
    form: str = ""
    doubt: str = ""


def is_document(text: str) -> bool:
    """Whether a text reads as the name of a paper."""
    plain = text.strip().rstrip("》").strip("《")
    return len(plain) > 1 and _DOCUMENT.fullmatch(plain) is not None


def read_choice(name: str) -> Choice:
    """The alternatives within a material's name."""
    marked = CHOICE.search(name)
    if marked and marked.start() > 0:
        return _marked(name, name[: marked.start()].strip())
    if followed := _FOLLOWED.fullmatch(name):
        return _followed(name, followed["head"], followed["rest"])
    return _unmarked(name)


def _followed(name: str, head: str, rest: str) -> Choice:
    """A、B任选其一或C: C is one more way."""
    bare = re.sub(r"[（(].*?[)）]", "", rest).strip(" 。；;")
    within = _pieces(head, "、，,")
    doubt = f"“{name}”括号里的是不是又一种可以任选的材料？" if re.search(r"[（(].*可(?:提交|提供|凭)", rest) else ""
    return Choice((*within, bare), doubt=doubt)


def _marked(whole: str, head: str) -> Choice:
    lead, colon, listed = re.sub("：", ":", head, count=1).partition(":")
    pieces = _pieces(listed if colon else head, "、，,；;")
    if len(pieces) < 2:  # noqa: PLR2004 - a small count the line itself names
        return Choice(name=head, doubt=f"“{whole}”写明任选，选哪几种没有读懂")
    return Choice(tuple(pieces), name=lead.strip() if colon else head)


def _pieces(text: str, marks: str) -> list[str]:
    parts = [piece for part in split_outside(text, marks) for piece in split_or(part)]
    parts = [re.sub(r"^(?:以及|及|和)", "", part).removesuffix("等").strip(" 。；;，,、") for part in parts]
    return [part for part in parts if part]


def split_or(text: str) -> list[str]:
    """The text cut at 或, 或者 and / outside brackets."""
    parts, start, depth = [], 0, 0
    place = 0
    while place < len(text):
        char = text[place]
        depth += (char in "（(《「“") - (char in "）)》」”")
        found = _OR.match(text, place) if depth <= 0 else None
        if found:
            parts.append(text[start:place])
            start = place = found.end()
            continue
        place += 1
    parts.append(text[start:])
    return [part.strip() for part in parts if part.strip()]


def _unmarked(name: str) -> Choice:
    pieces = split_or(name)
    if len(pieces) < 2:  # noqa: PLR2004 - a small count the line itself names
        return Choice()
    if not all(is_document(piece) for piece in pieces):
        return Choice()
    listed = [split_outside(piece, "、，,") for piece in pieces]
    if any(len(parts) > 1 for parts in listed):
        return _mixed(name, [part for parts in listed for part in parts])
    joined = [piece for piece in pieces if re.search(r"(?<!以)[和及](?!时)", piece) and not piece.startswith("《")]
    copies, plain = _shared_form(pieces)
    doubt = (
        f"“{name}”中“或”管到哪里？请核对可以任选的材料" if joined and any(_conjoined(piece) for piece in joined) else ""
    )
    if all(re.search(r"[（(][^（()）]{1,8}[)）]$", piece) for piece in pieces):
        doubt = f"“{name}”是任选其一，还是各按括号里的情形提供？"
    return Choice(tuple(plain), form=copies, doubt=doubt)


def _conjoined(piece: str) -> bool:
    parts = [part for part in re.split(r"以及|[和及]", piece) if part]
    return len(parts) > 1 and all(is_document(part) for part in parts)


def _shared_form(pieces: list[str]) -> tuple[str, list[str]]:
    last = pieces[-1]
    if last.endswith("复印件") and all(
        re.search(r"(?:证|照|证书|凭证|证照|卡|簿|执照|许可)(?:[（(].*[)）])?$", piece) for piece in pieces[:-1]
    ):
        return "复印件", [*pieces[:-1], last.removesuffix("复印件").removesuffix("的")]
    return "", pieces


def _mixed(name: str, parts: list[str]) -> Choice:
    """A、B或C: all alternatives where they are of one kind, else a question."""
    form, plain = _shared_form(parts)
    documents = all(is_document(part) for part in plain)
    alike = all(_IDENTITY.fullmatch(part) for part in plain) or _one_ending(plain)
    doubt = "" if documents and alike else f"“{name}”中哪些材料可以任选其一？"
    return Choice(tuple(plain), form=form, doubt=doubt)


def _one_ending(parts: list[str]) -> bool:
    endings = {re.sub(r"[（(].*?[)）]$", "", part)[-2:] for part in parts}
    return len(endings) == 1
