"""Telephone numbers in a guide's words; what is nearly a number is asked about."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Final


@dataclass(slots=True)
class PhonesRead:
    """Numbers for questions and for complaints as published; the text that is no number; what is doubtful."""

    phones: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    rest: str = ""
    doubts: list[str] = field(default_factory=list)


NUMBER: Final = re.compile(
    r"(?<![0-9A-Za-z.])(?:"
    r"(?:\(0[0-9]{2,3}\)|0[0-9]{2,3}) ?[-—–─－_ ]{0,3} ?[1-9][0-9]{2,3} ?-?[0-9]{4}(?: ?(?:-|转) ?[0-9]{1,6})?"
    r"|(?:\(0[0-9]{2,3}\)|0[0-9]{2,3}) ?-? ?12[0-9]{3}"
    r"|1[3-9][0-9]-?[0-9]{4}-?[0-9]{4}"
    r"|[48]00[- ]?[0-9]{3,4}[- ]?[0-9]{3,4}"
    r"|[2-9][0-9]{6,7}(?: ?(?:-|转) ?[0-9]{1,6})?"
    r"|12[0-9]{3}|9[56][0-9]{3,4}"
    r")(?![0-9A-Za-z])"
)
_DIGITS: Final = re.compile(r"[0-9][0-9 \-]{3,}[0-9]|[0-9OolI]{5,}")
_COMPLAINT: Final = re.compile(r"投诉|监督|举报|信访|监察")
_ASK: Final = re.compile(r"咨询|联系|服务|业务|办公")
_PLAINLY_ASK: Final = re.compile(r"咨询")
URL: Final = re.compile(r"[^\s，。；、（(]*[（(]?\s*<?(?:https?://|www\.)[^\s）)，。；、>]*>?\s*[)）]?")
_WORDS: Final = re.compile(
    r"座机|固定?电话|电话|手机|号码|咨询|热线|联系|方式|服务|监督|投诉|举报|业务|窗口|区号|工作日|办公|转|或|和|及|[\s:：;；,，、。/()（）\-—]"
)


def read_phones(text: str, kind: str = "phone") -> PhonesRead:
    """The numbers of a text; `kind` says what a number is for where no word beside it does.

    Kinds: `phone`, `complaint_phone`, or `phones` for a label that names both.
    """
    plain = unicodedata.normalize("NFKC", URL.sub(" ", text)).replace("\n", "; ")
    plain = re.sub(r"[—–─―‐‑]", "-", plain)
    plain = re.sub(r"(?<=[0-9])\s*-+\s*(?=[0-9])", "-", plain)
    read = PhonesRead()
    end, purpose = 0, ""
    for found in NUMBER.finditer(plain):
        between = plain[end : found.start()]
        purpose = _purpose(between, kind) or (purpose if kind == "phones" else "")
        end = found.end()
        if not re.search(r"传真|邮编|邮政编码|QQ|文号", between[-8:]):
            _put(read, re.sub(r"\s+", "", found[0]), purpose or kind)
    rest = NUMBER.sub(" ", plain)
    if odd := _DIGITS.search(re.sub(r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?", "", rest)):
        read.doubts.append(f"“{odd[0].strip()}”不像完整的电话号码，请核对")
    read.rest = rest.strip() if _WORDS.sub("", rest) else ""
    return read


def _purpose(words: str, kind: str) -> str:
    complaint, ask = _COMPLAINT.search(words), (_ASK if kind == "phones" else _PLAINLY_ASK).search(words)
    if kind == "complaint_phone" and not (ask and not complaint):
        return ""
    if complaint and not ask:
        return "complaint_phone"
    if ask and not complaint:
        return "phone"
    return "phones" if complaint and ask else ""


def _put(read: PhonesRead, number: str, purpose: str) -> None:
    if purpose in {"phone", "phones"} and number not in read.phones:
        read.phones.append(number)
    if purpose in {"complaint_phone", "phones"} and number not in read.complaints:
        read.complaints.append(number)
