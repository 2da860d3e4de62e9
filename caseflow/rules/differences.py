"""Two editions of an item side by side: what was added, left out or put otherwise, field by field, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from caseflow.rules.item import Item, ItemField, Material, Reception, Situation, When
from caseflow.rules.words import CHANNELS, limit_text

_REQUIRED: Final = {"required": "必要", "conditional": "视情形必要", "on_request": "应要求提供"}
_CASE_TYPES: Final = {"immediate": "即办件", "promised": "承诺件"}
_DAYS: Final = "一二三四五六日"
_SEASONS: Final = {"all": "", "summer": "夏季 ", "winter": "冬季 "}
_TEXTS: Final = {
    "name": "名称",
    "code": "实施编码",
    "flow": "流程",
    "service_object": "服务对象",
    "online_depth": "网办深度",
    "visits": "到场次数",
    "hours": "办理时间",
    "place": "办理地点",
    "phone": "咨询电话",
    "complaint_phone": "投诉电话",
    "fee": "收费",
}
_LISTS: Final = {"conditions": "办理条件", "legal_basis": "依据", "remarks": "备注", "doubts": "存疑"}
_NUMBERS: Final = {
    "notice": "告知时限（工作日）",
    "supplement": "补正期限（工作日）",
    "extension": "最长延期（工作日）",
    "serve": "送达时限（工作日）",
    "on_notice_lapse": "逾期未告知",
    "on_supplement_lapse": "逾期未补正",
}
_LAPSES: Final = {"flag": "只标记", "accept": "视为受理", "terminate": "终止办理"}


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs: where, and its old and new words; "" is not there at all."""

    field: str
    old: str
    new: str


def differences(old: Item, new: Item) -> tuple[Difference, ...]:
    """Everything in which the new edition differs from the old one, in the order of the guide page."""
    return tuple(one for one in _pairs(old, new) if one.old != one.new)


def _pairs(old: Item, new: Item) -> Iterator[Difference]:
    for key, label in _TEXTS.items():
        yield Difference(label, _word(getattr(old, key)), _word(getattr(new, key)))
    yield Difference("类型", _CASE_TYPES[old.case_type], _CASE_TYPES[new.case_type])
    yield Difference("办理方式", _channels(old), _channels(new))
    yield from _limits(old, new)
    yield Difference("条件的关系", _mode(old), _mode(new))
    for key, label in _LISTS.items():
        yield from _lines(label, getattr(old, key), getattr(new, key))
    yield from _situations(old, new)
    yield from _materials(old, new)
    yield from _fields(old, new)
    yield Difference("告知承诺", _commitment(old), _commitment(new))
    yield Difference("申请期限", _deadline(old), _deadline(new))
    yield Difference("窗口开放时间", reception_words(old.reception), reception_words(new.reception))
    yield from _named("公布内容：", old.published, new.published)


def reception_words(reception: Sequence[Reception]) -> str:
    """夏季 周一至周五 10:00—14:00，16:00—20:00；冬季 …: the stretches of the same days together."""
    found: dict[str, list[str]] = {}
    for one in reception:
        days = f"{_SEASONS[one.season]}{_weekdays(one.weekdays)}"
        found.setdefault(days, []).append(f"{one.opens}—{one.closes}")
    return "；".join(f"{days} {'，'.join(times)}" for days, times in found.items())


def _weekdays(days: Sequence[int]) -> str:
    ordered = sorted(days)
    if len(ordered) > 2 and ordered == list(range(ordered[0], ordered[-1] + 1)):  # noqa: PLR2004 - 周一至周三, but 周一、周二
        return f"周{_DAYS[ordered[0]]}至周{_DAYS[ordered[-1]]}"
    return "、".join(f"周{_DAYS[day]}" for day in ordered)


def _limits(old: Item, new: Item) -> Iterator[Difference]:
    a, b = old.limits, new.limits
    yield Difference("法定时限", limit_text(a.statutory), limit_text(b.statutory))
    yield Difference("承诺时限", limit_text(a.promised), limit_text(b.promised))
    yield Difference("评估时限", limit_text(a.assessment), limit_text(b.assessment))
    for key, label in _NUMBERS.items():
        yield Difference(label, _word(getattr(a, key)), _word(getattr(b, key)))
    yield from _named("环节时限（工作日）：", a.stages, b.stages)


def _lines(label: str, old: Sequence[str], new: Sequence[str]) -> Iterator[Difference]:
    """Texts that are gone or new; where exactly one was replaced it stands beside what replaced it."""
    gone = [text for text in old if text not in new]
    come = [text for text in new if text not in old]
    if len(gone) == len(come):
        yield from (Difference(label, a, b) for a, b in zip(gone, come, strict=True))
    else:
        yield from (Difference(label, text, "") for text in gone)
        yield from (Difference(label, "", text) for text in come)
    if not gone and not come and list(old) != list(new):
        yield Difference(f"{label}的次序", "；".join(old), "；".join(new))


def _named(label: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    for key in dict.fromkeys((*old, *new)):
        yield Difference(f"{label}{key}", _word(old.get(key)), _word(new.get(key)))


def _situations(old: Item, new: Item) -> Iterator[Difference]:
    a, b = ({one.key: one for one in item.situations} for item in (old, new))
    for key in dict.fromkeys((*a, *b)):
        yield Difference("情形", _situation(a.get(key), old), _situation(b.get(key), new))


def _situation(one: Situation | None, item: Item) -> str:
    if one is None:
        return ""
    asked = f"（{_when(one.when, item)}时询问）" if one.when else ""
    return f"{one.question}{' / '.join(option.text for option in one.options)}{asked}"


def _materials(old: Item, new: Item) -> Iterator[Difference]:
    a, b = ({line.key: line for line in item.materials} for item in (old, new))
    for key in dict.fromkeys((*a, *b)):
        before, after = a.get(key), b.get(key)
        if before is None or after is None:
            yield Difference("材料", _material(before, old), _material(after, new))
        else:
            yield from _material_parts(before, after, old, new)


def _material(line: Material | None, item: Item) -> str:
    if line is None:
        return ""
    told = [f"{label}{text}" for label, text in _parts(line, item).items() if text and label != "名称"]
    return f"{line.name}（{'；'.join(told)}）"


def _material_parts(before: Material, after: Material, old: Item, new: Item) -> Iterator[Difference]:
    was, now = _parts(before, old), _parts(after, new)
    for label in was:
        yield Difference(f"材料“{after.name}”：{label.rstrip('：')}", was[label], now[label])


def _parts(line: Material, item: Item) -> dict[str, str]:
    sealed = f"（{_when(line.seal_when, item)}）" if line.seal_when else ""
    return {
        "名称": line.name,
        "要求：": _REQUIRED[line.required],
        "适用：": _when(line.when, item),
        "任选其一：": " / ".join(_option(line, n, item) for n in range(len(line.options))),
        "形式：": line.form,
        "原件：": _word(line.originals),
        "复印件：": _word(line.copies),
        "盖章：": f"{line.seal}{sealed}" if line.seal else "",
        "容缺：": (line.deferrable_source or "可容缺") if line.deferrable else "",
        "来源：": line.source,
        "说明：": line.note,
    }


def _option(line: Material, n: int, item: Item) -> str:
    option = line.options[n]
    parts = f"（{'、'.join(option.parts)}）" if option.parts else ""
    promise = "（告知承诺）" if option.commitment else ""
    return f"{option.text}{parts}{promise}" + (f"（{_when(option.when, item)}）" if option.when else "")


def _when(when: When, item: Item) -> str:
    texts = {(one.key, option.key): option.text for one in item.situations for option in one.options}
    return "；".join("或".join(texts.get((key, one), one) for one in keys) for key, keys in when.items())


def _fields(old: Item, new: Item) -> Iterator[Difference]:
    a, b = ({one.key: one for one in item.fields} for item in (old, new))
    for key in dict.fromkeys((*a, *b)):
        yield Difference("登记内容", _field(a.get(key), old), _field(b.get(key), new))


def _field(one: ItemField | None, item: Item) -> str:
    if one is None:
        return ""
    told = ["必填" if one.required else "选填"]
    told += [_when(one.when, item)] if one.when else []
    told += ["、".join(one.options)] if one.options else []
    return f"{one.label}（{'；'.join(told)}）"


def _commitment(item: Item) -> str:
    return f"{item.commitment.text}（{item.commitment.months} 个月）" if item.commitment else ""


def _deadline(item: Item) -> str:
    return item.applicant_deadline.text if item.applicant_deadline else ""


def _channels(item: Item) -> str:
    return "、".join(CHANNELS.get(key, key) for key in item.channels)


def _mode(item: Item) -> str:
    return "符合其中一项" if item.conditions_mode == "any" else "须全部符合"


def _word(value: object) -> str:
    return "" if value is None else _LAPSES.get(str(value), str(value))
