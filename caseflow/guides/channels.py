"""The ways to apply (窗口、网上、邮寄、自助、其他) in a guide's words."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from caseflow.guides.vocabulary import CHANNEL_WORDS

_WORDS: Final = tuple((channel, re.compile(words, re.IGNORECASE)) for channel, words in CHANNEL_WORDS)
_NOT: Final = re.compile(
    r"(?:不|未|暂不|尚未|无法|不能|没有|暂未)(?:支持|开通|提供|可|能|实行|开展|接受)?[^，。；、,;.]{0,8}$"
)
_OFF: Final = re.compile(r"^[^，。；、,;.]{0,8}(?:[:：]?\s*(?:否|无|不支持|未开通|暂未开通|暂不支持|×|✗|□))")


def read_channels(text: str) -> tuple[tuple[str, ...], str]:
    """The channels a text names in the order window, online, mail, self, other, and a question where none is named."""
    plain = unicodedata.normalize("NFKC", text)
    found = tuple(channel for channel, words in _WORDS if any(_meant(plain, hit) for hit in words.finditer(plain)))
    if len(found) > 1 and "other" in found and not re.search(r"电话|传真|上门|帮办|代办", plain):
        found = tuple(channel for channel in found if channel != "other")
    if not found and plain.strip() and not re.fullmatch(r"[\s/—\-无]*", plain):
        return (), f"办理方式“{' '.join(text.split())[:40]}”没有读懂，是窗口、网上、邮寄还是自助？"
    return found, ""


def _meant(text: str, hit: re.Match[str]) -> bool:
    return not _NOT.search(text[: hit.start()]) and not _OFF.search(text[hit.end() :])
