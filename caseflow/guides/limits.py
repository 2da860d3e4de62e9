"""A published limit in words → number and unit, with what could not be read. Working days unless the text says else."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from caseflow.guides.numerals import NUMERALS, read_number
from caseflow.rules.clock import Limit, Unit


@dataclass(frozen=True, slots=True)
class LimitRead:
    """What a limit's text says: a limit, 即办 (`immediate`), or neither. `rest`: more was said than the value holds."""

    limit: Limit | None = None
    immediate: bool = False
    stages: Mapping[str, int] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()
    rest: bool = False


_NUMBER: Final = rf"(?:(?<![0-9A-Za-z.．]) *[0-9]{{1,6}}(?![0-9])|(?<![{NUMERALS}第])[{NUMERALS}]{{1,6}})"
_LONGEST, _LONGEST_STAGE = 999, 99
UNITS: Final[tuple[tuple[str, Unit, int], ...]] = (
    ("工作日", Unit.WORKING_DAY, 1),
    ("工作天", Unit.WORKING_DAY, 1),
    ("自然日", Unit.CALENDAR_DAY, 1),
    ("日历日", Unit.CALENDAR_DAY, 1),
    ("自然天", Unit.CALENDAR_DAY, 1),
    ("小时", Unit.HOUR, 1),
    ("月", Unit.MONTH, 1),
    ("年", Unit.MONTH, 12),
    ("周", Unit.CALENDAR_DAY, 7),
)
"""Wording, unit, and how many of the unit one of it is. Bare 日 and 天 name no unit of their own."""

_BARE: Final = ("日", "天")
_UNIT: Final = "|".join([words for words, _, _ in UNITS] + list(_BARE))
_QUANTITY: Final = re.compile(rf"(?P<n>{_NUMBER}) *[(（]? *(?:个|個)? *(?P<unit>{_UNIT})(?!期|常) *[)）]?")
_RANGE: Final = re.compile(
    rf"[0-9{NUMERALS}]{{1,6}} *(?:个?工作日)? *(?:-|—|–|~|～|至|到|或) *{_NUMBER} *(?:个|個)? *(?:{_UNIT})"
)
_IMMEDIATE: Final = re.compile(
    r"即办|即时办[结理]|即时办理|当场办|即来即办|即收即办|立即办|立等可取|随到随办|现场办结|当[日天]办结|即时$|^当场|当场$|即受即办|马上办|实时办结|(?<![0-9A-Za-z])0 *[(（]?个?工作日"  # noqa: E501 - a list of words
)
_SILENT: Final = re.compile(
    r"[\s/\\—\-－_.。…、*]*|(?:暂?无|没有|无?法定(?:办结)?时限?|无(?:法定|承诺|规定)?(?:办[结理])?(?:时限|期限)?(?:要求|规定|限制)?|不限|不作规定|未规定|法律(?:法规)?(?:未|无)(?:作)?(?:明确)?规定|无明确规定|空)[。]?"
)
_STAGE_WORDS: Final[tuple[tuple[str, str], ...]] = (
    ("受理", "accepted"),
    ("收件", "accepted"),
    ("初审", "reviewing"),
    ("审核", "reviewing"),
    ("审查", "reviewing"),
    ("复核", "checking"),
    ("审批", "approving"),
    ("决定", "approving"),
    ("拨付", "paying"),
    ("支付", "paying"),
    ("办结", "paying"),
)
_STAGE: Final = re.compile(
    rf"(?P<stage>{'|'.join(word for word, _ in _STAGE_WORDS)})(?:环节|阶段|时限|时间)?[:： ]*(?P<n>[0-9]+|[{NUMERALS}]+)(?![0-9{NUMERALS}]) *(?:个?工作日|日|天|个)?"  # noqa: E501 - a list of words
)
_ASIDE: Final = re.compile(
    r"延长|延期|特殊|复杂|疑难|补正|补充|公示|整改|不计|不含|除外|其中|告知|评估|核查|调查|鉴定|听证|缩短|压缩|原|每月|每年|集中|送达|之日起算|有效"
)
_HARMLESS: Final = re.compile(
    r"不超过|不得超过|最长|自|从|在|受理|材料|收到|提交|齐全|完整|符合|要求|合格|申请|之日|之后|当日|次日|后|起|以?内|之内|完成|办理|办结|审核|审批|作出|决定|拨付|支付|"
    r"法定|承诺|时限|期限|限时|办件|件|为|的|即|并|予以|给予|答复|[\s:：,，。;；()（）、.]"
)


def read_limit(text: str, unit_hint: str = "") -> LimitRead:
    """The limit a text states; `unit_hint` is a unit named elsewhere (in the label's brackets, in another row)."""
    plain = unicodedata.normalize("NFKC", text).replace("\n", " ")
    plain = re.sub(r"(?<=[0-9]) +(?=[0-9])", "/", plain) if unit_hint else plain
    if _SILENT.fullmatch(plain.strip()):
        return LimitRead()
    if _RANGE.search(plain):
        return LimitRead(doubts=(f"时限“{shown(text)}”是一个范围，以哪一个数为准？",))
    stages = read_stages(plain)
    quantities = list(_QUANTITY.finditer(plain))
    if len(stages) > 1:
        return _staged(plain, text, stages)
    if _IMMEDIATE.search(plain) and not [found for found in quantities if read_number(found["n"].strip())]:
        return LimitRead(immediate=True, rest=_says_more(_IMMEDIATE.sub("", plain)))
    if not quantities:
        return _bare_number(plain, text, unit_hint)
    return _chosen(plain, text, quantities)


def _chosen(plain: str, text: str, quantities: list[re.Match[str]]) -> LimitRead:
    first, others = quantities[0], quantities[1:]
    limit, doubts = _limit(first, text)
    for found in others:
        clause = re.split(r"[,，。;；]", plain[: found.start()])[-1]
        if _limit(found, text)[0] != limit and not _ASIDE.search(clause + plain[found.end() : found.end() + 6]):
            doubts = (*doubts, f"时限“{shown(text)}”有不止一个数，以哪一个为准？")
            break
    if _IMMEDIATE.search(plain[: first.start()] + plain[first.end() :]):
        doubts = (*doubts, f"时限“{shown(text)}”既有即办又有天数，以哪一个为准？")
    before = re.split(r"[,，。;；]", plain[: first.start()])[-1]
    if re.search(r"延长|补正|公示|整改", before):
        doubts = (*doubts, f"“{shown(text)}”说的是不是办理时限？")
    return LimitRead(limit, doubts=doubts, rest=_says_more(plain[: first.start()] + plain[first.end() :]))


def _limit(found: re.Match[str], text: str) -> tuple[Limit | None, tuple[str, ...]]:
    n = read_number(found["n"].strip())
    if n is None or not 0 < n <= _LONGEST:
        return None, (f"时限“{shown(text)}”里的数字读不出来，是多少？",)
    for words, unit, times in UNITS:
        if found["unit"] == words:
            return Limit(n * times, unit), ()
    return Limit(n, Unit.WORKING_DAY), (f"时限“{shown(text)}”没有写明是工作日还是自然日，按哪一种？",)


def _bare_number(plain: str, text: str, unit_hint: str) -> LimitRead:
    found = re.fullmatch(rf"\D*?(?P<n>(?<![0-9A-Za-z])[0-9]+|[{NUMERALS}]+)\D*", plain)
    n = read_number(found["n"]) if found else None
    if n is None or (found and re.search(r"[A-Za-z]", plain)) or not 0 <= n <= _LONGEST:
        return LimitRead(doubts=(f"时限“{shown(text)}”没有读懂，是多少？",))
    if n == 0:
        return LimitRead(immediate=True)
    for words, unit, times in UNITS:
        if words in unit_hint:
            return LimitRead(
                Limit(n * times, unit), rest=_says_more(plain.replace(found["n"], "", 1)) if found else False
            )
    return LimitRead(Limit(n, Unit.WORKING_DAY), doubts=(f"时限“{shown(text)}”没有写单位，是工作日吗？",))


def read_stages(plain: str) -> dict[str, int]:
    """Working days per stage, where a text gives each stage its own number: 受理1 审核9 审批1 办结1."""
    named = dict(_STAGE_WORDS)
    stages: dict[str, int] = {}
    for found in _STAGE.finditer(plain):
        days = read_number(found["n"])
        if days is not None and days <= _LONGEST_STAGE:
            key = named[found["stage"]]
            stages[key] = stages.get(key, 0) + days
    return stages


def _staged(plain: str, text: str, stages: dict[str, int]) -> LimitRead:
    total = sum(stages.values())
    stated = [_limit(found, text)[0] for found in _QUANTITY.finditer(_STAGE.sub(" ", plain))]
    whole = next((limit for limit in stated if limit is not None), None)
    if whole is None:
        question = f"“{shown(text)}”只写了各环节的天数，合计{total}个工作日，是不是办理时限？"
        return LimitRead(
            Limit(total, Unit.WORKING_DAY) if total else None, stages=stages, doubts=(question,), rest=True
        )
    if whole.unit is Unit.WORKING_DAY and whole.n != total and len(stated) == 1:
        return LimitRead(
            whole,
            stages=stages,
            doubts=(f"各环节合计{total}个工作日，与{whole.n}个工作日不符，以哪一个为准？",),
            rest=True,
        )
    return LimitRead(whole, stages=stages, rest=True)


def _says_more(rest: str) -> bool:
    return bool(_HARMLESS.sub("", rest))


def shown(text: str, most: int = 60) -> str:
    """A text short enough for a question."""
    plain = " ".join(text.split())
    return plain if len(plain) <= most else f"{plain[:most]}…"
