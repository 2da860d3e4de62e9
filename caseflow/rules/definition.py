"""Definition files as text → values, every mistake of a file at once (InvalidDefinition)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from caseflow.errors import Fault, InvalidDefinition
from caseflow.rules.clock import Limit, Unit
from caseflow.rules.entries import parse_money
from caseflow.rules.item import (
    ApplicantDeadline,
    CaseType,
    Commitment,
    FieldKind,
    Item,
    ItemField,
    Limits,
    Material,
    MaterialOption,
    Reception,
    Required,
    Situation,
    SituationOption,
    When,
)
from caseflow.rules.rating import FOLLOW_UP, MOST_FOLLOW_UP
from caseflow.rules.retention import Retention, read_retention
from caseflow.rules.supervision import ANSWER_DAYS
from caseflow.rules.toml_reader import TableReader, parse_toml, shown
from caseflow.rules.words import CHANNELS

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
STAGES = ("accepted", "reviewing", "checking", "approving", "paying")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00")
_AREA = re.compile(r"[0-9]{6}")
_DEPARTMENT = re.compile(r"[0-9]{3}")
_LONGEST_LIMIT = 999
_LONGEST_STAGE = _MOST_COPIES = _MOST_VISITS = 99
_MOST_MONTHS = 120
_MOST_ANSWER_DAYS = 30


@dataclass(frozen=True, slots=True)
class Bureau:
    """An implementing bureau (实施主体). `threshold` in CNY: a larger payment goes to the approver.

    `follow_up`: working days for what may have to follow an end: the call-back and the rectification after a bad grade,
    and paying again what was returned. `answer_days`: working days for the answer to a supervision order of each level.
    """

    key: str
    name: str
    short: str
    area: str
    department: str
    calendar: str
    threshold: Decimal
    duties: str = "full"
    place: str = ""
    phone: str = ""
    complaint_phone: str = ""
    hours: str = ""
    reception: tuple[Reception, ...] = ()
    windows: tuple[str, ...] = ()
    follow_up: Mapping[str, int] = field(default_factory=lambda: dict(FOLLOW_UP))
    answer_days: tuple[int, ...] = ANSWER_DAYS
    retention: Mapping[str, Retention] = field(default_factory=dict)


def read_item(text: str, place: str) -> Item:
    """The item a definition file describes; InvalidDefinition with every fault of the file."""
    table, faults = parse_toml(text, place)
    item = _item(table)
    table.done()
    # what a limit may be cannot be judged before kind and flow are known
    unsure = any(fault.place in (f"{place} case_type", f"{place} flow") for fault in faults)
    faults += [
        Fault(f"{place} {where}", text) for where, text in _item_faults(item) if not (unsure and where == "limits")
    ]
    if faults:
        raise InvalidDefinition(faults)
    return item


def read_bureau(text: str, place: str) -> Bureau:
    """The bureau a bureau.toml describes; InvalidDefinition with every fault of the file."""
    table, faults = parse_toml(text, place)
    bureau = Bureau(
        key=table.key("key"),
        name=table.text("name", required=True),
        short=table.text("short", required=True),
        area=_digits(table, "area", _AREA, "六位区划代码"),
        department=_digits(table, "department", _DEPARTMENT, "三位部门代码"),
        calendar=table.key("calendar"),
        threshold=_money(table, "threshold"),
        duties=table.choice("duties", ("full", "small"), "full"),
        place=table.text("place"),
        phone=table.text("phone"),
        complaint_phone=table.text("complaint_phone"),
        hours=table.text("hours"),
        reception=_reception(table),
        windows=table.texts("windows"),
        follow_up={**FOLLOW_UP, **table.number_map("follow_up", tuple(FOLLOW_UP), MOST_FOLLOW_UP)},
        answer_days=_answer_days(table),
        retention=read_retention(table),
    )
    table.done()
    if faults:
        raise InvalidDefinition(faults)
    return bureau


def _answer_days(table: TableReader) -> tuple[int, ...]:
    inner = table.table("orders")
    if inner is None:
        return ANSWER_DAYS
    levels = zip(("reminder", "yellow", "red"), ANSWER_DAYS, strict=True)
    days = tuple(inner.number(key, least=1, most=_MOST_ANSWER_DAYS) or usual for key, usual in levels)
    inner.done()
    return days


def _digits(table: TableReader, key: str, pattern: re.Pattern[str], words: str) -> str:
    value = table.text(key, required=True)
    if value and not pattern.fullmatch(value):
        table.fault(key, f"应为{words}，写的是 {shown(value)}")
    return value


def _money(table: TableReader, key: str) -> Decimal:
    value = table.text(key, required=True)
    if not value.strip():
        return Decimal(0)
    try:
        return parse_money(value)
    except ValueError as error:
        table.fault(key, str(error))
        return Decimal(0)


def _item(table: TableReader) -> Item:
    return Item(
        key=table.key("key"),
        name=table.text("name", required=True),
        bureau=table.key("bureau"),
        case_type=CaseType(table.choice("case_type", [kind.value for kind in CaseType])),
        flow=table.key("flow"),
        limits=_limits(table),
        conditions=table.texts("conditions", required=True),
        conditions_mode=table.choice("conditions_mode", ("all", "any"), "all"),
        materials=tuple(_material(line) for line in table.tables("materials", "材料")),
        code=table.text("code") or None,
        situations=tuple(_situation(one) for one in table.tables("situations", "情形")),
        fields=tuple(_field(one) for one in table.tables("fields", "办件信息项")),
        legal_basis=table.texts("legal_basis"),
        service_object=table.text("service_object"),
        channels=table.words("channels", tuple(CHANNELS)),
        visits=table.number("visits", most=_MOST_VISITS),
        online_depth=table.text("online_depth"),
        commitment=_commitment(table),
        applicant_deadline=_applicant_deadline(table),
        hours=table.text("hours"),
        reception=_reception(table),
        place=table.text("place"),
        phone=table.text("phone"),
        complaint_phone=table.text("complaint_phone"),
        fee=table.text("fee"),
        remarks=table.texts("remarks"),
        published=table.string_map("published"),
        doubts=table.texts("doubts"),
    )


def _limit(table: TableReader, key: str, *, required: bool = False) -> Limit | None:
    inner = table.table(key, required=required)
    if inner is None:
        return None
    n = inner.number("n", required=True, least=1, most=_LONGEST_LIMIT)
    unit = Unit(inner.choice("unit", [unit.value for unit in Unit]))
    inner.done()
    return None if n is None else Limit(n, unit)


def _limits(table: TableReader) -> Limits:
    inner = table.table("limits")
    if inner is None:
        return Limits()
    notice = inner.number("notice", least=1, most=_LONGEST_STAGE)
    supplement = inner.number("supplement", least=1, most=_LONGEST_STAGE)
    extension = inner.number("extension", most=_LONGEST_STAGE)
    serve = inner.number("serve", least=1, most=_LONGEST_STAGE)
    limits = Limits(
        statutory=_limit(inner, "statutory"),
        promised=_limit(inner, "promised"),
        notice=5 if notice is None else notice,
        supplement=15 if supplement is None else supplement,
        stages=inner.number_map("stages", STAGES, _LONGEST_STAGE),
        on_notice_lapse=inner.choice("on_notice_lapse", ("flag", "accept"), "flag"),
        on_supplement_lapse=inner.choice("on_supplement_lapse", ("flag", "terminate"), "flag"),
        extension=10 if extension is None else extension,
        assessment=_limit(inner, "assessment"),
        serve=serve,
    )
    inner.done()
    return limits


def _situation(table: TableReader) -> Situation:
    options = []
    for inner in table.tables("options", "选项"):
        options.append(SituationOption(inner.key("key"), inner.text("text", required=True)))
        inner.done()
    situation = Situation(table.key("key"), table.text("question", required=True), tuple(options), table.when("when"))
    if len(options) < 2:  # noqa: PLR2004 - a question with one answer asks nothing
        table.fault("options", "至少要有两个选项")
    table.done()
    return situation


def _material(table: TableReader) -> Material:
    name = table.text("name", required=True)
    material = Material(
        key=table.key("key"),
        name=name,
        required=Required(table.choice("required", [one.value for one in Required], "required")),
        options=tuple(_option(one) for one in table.tables("options", "可选材料")) or (MaterialOption("self", name),),
        when=table.when("when"),
        seal=table.text("seal"),
        seal_when=table.when("seal_when"),
        form=table.text("form"),
        originals=table.number("originals", most=_MOST_COPIES),
        copies=table.number("copies", most=_MOST_COPIES),
        deferrable=table.flag("deferrable"),
        deferrable_source=table.text("deferrable_source"),
        source=table.text("source"),
        note=table.text("note"),
    )
    if material.required is Required.CONDITIONAL and not table.has("when"):
        table.fault("when", "视情形必要的材料要写明适用情形")
    if material.seal_when and not material.seal:
        table.fault("seal_when", "没有写明加盖什么印章（seal）")
    if material.deferrable and not material.deferrable_source:
        table.fault("deferrable_source", "可容缺的材料要写明依据")
    table.done()
    return material


def _option(table: TableReader) -> MaterialOption:
    option = MaterialOption(
        key=table.key("key"),
        text=table.text("text", required=True),
        parts=table.texts("parts"),
        when=table.when("when"),
        commitment=table.flag("commitment"),
    )
    table.done()
    return option


def _field(table: TableReader) -> ItemField:
    read = ItemField(
        key=table.key("key"),
        label=table.text("label", required=True),
        kind=FieldKind(table.choice("kind", [kind.value for kind in FieldKind], "text")),
        required=table.flag("required"),
        when=table.when("when"),
        options=table.texts("options"),
    )
    if (read.kind is FieldKind.CHOICE) != bool(read.options):
        table.fault("options", "选择项（choice）要有 options，其他类型不能有")
    table.done()
    return read


def _commitment(table: TableReader) -> Commitment | None:
    inner = table.table("commitment")
    if inner is None:
        return None
    text, months = inner.text("text", required=True), inner.number("months", required=True, least=1, most=_MOST_MONTHS)
    inner.done()
    return Commitment(text, months or 1)


def _applicant_deadline(table: TableReader) -> ApplicantDeadline | None:
    inner = table.table("applicant_deadline")
    if inner is None:
        return None
    text, since, limit = (
        inner.text("text", required=True),
        inner.text("since", required=True),
        _limit(inner, "limit", required=True),
    )
    inner.done()
    return None if limit is None else ApplicantDeadline(text, limit, since)


def _reception(table: TableReader) -> tuple[Reception, ...]:
    return tuple(_open_hours(one) for one in table.tables("reception", "接待时间"))


def _open_hours(table: TableReader) -> Reception:
    days = table.words("weekdays", WEEKDAYS, required=True)
    opens, closes = table.text("opens", required=True), table.text("closes", required=True)
    for key, value in (("opens", opens), ("closes", closes)):
        if value.strip() and not _TIME.fullmatch(value):
            table.fault(key, f"应为 HH:MM，写的是 {shown(value)}")
    if closes <= opens and _TIME.fullmatch(opens) and _TIME.fullmatch(closes):
        table.fault("closes", "应晚于 opens")
    season = table.choice("season", ("all", "summer", "winter"), "all")
    table.done()
    return Reception(tuple(WEEKDAYS.index(day) for day in days if day in WEEKDAYS), opens, closes, season)


def _item_faults(item: Item) -> Iterable[tuple[str, str]]:
    """What is wrong between the parts of an item, each with its place."""
    if not item.materials:
        yield "materials", "至少要有一项材料"
    if item.conditions_mode == "any" and len(item.conditions) < 2:  # noqa: PLR2004 - one alternative is none
        yield "conditions", '写了 conditions_mode = "any"，至少要有两条受理条件'
    for group, keys in _keyed(item):
        for key in sorted({key for key in keys if key and keys.count(key) > 1}):
            yield group, f"{shown(key)} 出现了两次"
    known = {one.key: {option.key for option in one.options} for one in item.situations}
    for where, when in _conditions(item):
        yield from ((where, text) for text in _unknown(when, known))
    yield from ((f"情形 {key} when", "情形互相等待，永远不会问到") for key in _never_asked(item))
    yield from (("limits", text) for text in _limit_faults(item))
    yield from (("commitment", text) for text in _commitment_faults(item))


def _keyed(item: Item) -> Iterable[tuple[str, list[str]]]:
    yield "situations", [one.key for one in item.situations]
    yield "materials", [one.key for one in item.materials]
    yield "fields", [one.key for one in item.fields]
    for line in item.materials:
        yield f"材料 {line.key} 的选项", [one.key for one in line.options]
    for question in item.situations:
        yield f"情形 {question.key} 的选项", [one.key for one in question.options]


def _conditions(item: Item) -> Iterable[tuple[str, When]]:
    for situation in item.situations:
        yield f"情形 {situation.key} when", situation.when
    for line in item.materials:
        yield f"材料 {line.key} when", line.when
        yield f"材料 {line.key} seal_when", line.seal_when
        for option in line.options:
            yield f"材料 {line.key} 选项 {option.key} when", option.when
    for one in item.fields:
        yield f"办件信息项 {one.key} when", one.when


def _unknown(when: When, known: Mapping[str, set[str]]) -> Iterable[str]:
    for situation, answers in when.items():
        if situation not in known:
            yield f"没有情形 {shown(situation)}"
            continue
        for answer in answers:
            if answer not in known[situation]:
                yield f"情形 {shown(situation)} 没有选项 {shown(answer)}"


def _never_asked(item: Item) -> list[str]:
    """The situations that wait for each other in a circle; one that is not there counts as asked (its own fault)."""
    waiting = {one.key: set(one.when) for one in item.situations}
    while free := {key for key, needed in waiting.items() if not needed & waiting.keys()}:
        waiting = {key: needed for key, needed in waiting.items() if key not in free}
    return list(waiting)


def _commitment_faults(item: Item) -> Iterable[str]:
    promised = any(option.commitment for line in item.materials for option in line.options)
    if promised and item.commitment is None:
        yield "有可选材料是承诺（commitment = true），要写明承诺内容和期限"
    if item.commitment is not None and not promised:
        yield "没有一种可选材料是承诺（commitment = true）"


def _limit_faults(item: Item) -> Iterable[str]:
    limits = item.limits
    immediate = item.case_type is CaseType.IMMEDIATE
    if immediate != (item.flow == "immediate"):
        yield "即办件（immediate）只能用 immediate 流程，承诺件不能用"
    if immediate and (limits.statutory or limits.promised):
        yield "即办件当场办结，不应写法定或承诺时限"
    if not immediate and not (limits.statutory or limits.promised):
        yield "承诺件至少要有法定或承诺时限"
    if (
        limits.promised
        and limits.statutory
        and limits.promised.unit is limits.statutory.unit
        and limits.promised.n > limits.statutory.n
    ):
        yield f"承诺时限 {limits.promised.n} 大于法定时限 {limits.statutory.n}"
    stages = sum(limits.stages.values())
    if limits.promised and limits.promised.unit is Unit.WORKING_DAY and stages > limits.promised.n:
        yield f"各环节之和 {stages} 大于承诺时限 {limits.promised.n}"
