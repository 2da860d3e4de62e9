"""`caseflow due`: one due date with its strip, or a batch of JSON lines. Needs no database."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

import click

from caseflow.catalogue import load_calendars
from caseflow.errors import BadInput, CaseflowError, Fault
from caseflow.rules import clock
from caseflow.rules.calendar import WorkingCalendar
from caseflow.rules.clock import Clocks, Limit, Pause, StripDay, StripKind, Unit

Calendars = Mapping[str, WorkingCalendar]

MOST_DAYS = 100_000
_REQUIRED = ("calendar", "from", "days")
_KNOWN = frozenset((*_REQUIRED, "unit", "pauses", "extend", "today"))
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER = re.compile(r"-?[0-9]{1,9}")
_UNITS = frozenset(unit.value for unit in Unit)
_PAIR = 2
_WEEKDAYS = "一二三四五六日"
_KIND_WORDS = {
    StripKind.COUNTED: "计入",
    StripKind.MAKEUP: "调休上班，计入",
    StripKind.WEEKEND: "周末",
    StripKind.HOLIDAY: "放假",
    StripKind.PAUSED: "停表",
}


@dataclass(frozen=True, slots=True)
class Question:
    """One limit to be timed; `today` only where days left and a lamp are wanted."""

    calendar: WorkingCalendar
    start: date
    limit: Limit
    pauses: tuple[Pause, ...]
    extend: int
    today: date | None


def read_question(raw: Mapping[str, Any], calendars: Calendars) -> Question:
    """The question in one JSON object; BadInput with every fault."""
    faults = [Fault(_shown(key), "不认识的项") for key in raw if key not in _KNOWN]
    faults += [Fault(key, "缺少此项") for key in _REQUIRED if key not in raw]
    calendar = _calendar(raw["calendar"], calendars, faults) if "calendar" in raw else None
    start = _date("from", raw["from"], faults) if "from" in raw else None
    days = _number("days", raw["days"], faults) if "days" in raw else 0
    unit = _unit(raw.get("unit", Unit.WORKING_DAY.value), faults)
    pauses = _pauses(raw.get("pauses", []), faults)
    extend = _number("extend", raw.get("extend", 0), faults)
    today = None if raw.get("today") is None else _date("today", raw["today"], faults)
    if faults or calendar is None or start is None:
        raise BadInput(faults)
    return Question(calendar, start, Limit(days, unit), pauses, extend, today)


def _calendar(value: object, calendars: Calendars, faults: list[Fault]) -> WorkingCalendar | None:
    found = calendars.get(value) if isinstance(value, str) else None
    if found is None:
        faults.append(Fault("calendar", f"没有这个日历，可用的有 {'、'.join(calendars)}，写的是 {_shown(value)}"))
    return found


def _date(key: str, value: object, faults: list[Fault]) -> date | None:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        faults.append(Fault(key, f"应为 YYYY-MM-DD 的日期，写的是 {_shown(value)}"))
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        faults.append(Fault(key, f"没有这一天：{value}"))
        return None


def _number(key: str, value: object, faults: list[Fault]) -> int:
    if type(value) is int and 0 <= value <= MOST_DAYS:
        return value
    faults.append(Fault(key, f"应为 0 到 {MOST_DAYS} 的整数，写的是 {_shown(value)}"))
    return 0


def _unit(value: object, faults: list[Fault]) -> Unit:
    if isinstance(value, str) and value in _UNITS:
        return Unit(value)
    faults.append(Fault("unit", f"只能是 {'、'.join(Unit)}，写的是 {_shown(value)}"))
    return Unit.WORKING_DAY


def _pauses(value: object, faults: list[Fault]) -> tuple[Pause, ...]:
    if not isinstance(value, list):
        faults.append(Fault("pauses", f"应为 [[开始, 结束或 null], …]，写的是 {_shown(value)}"))
        return ()
    read = (_pause(pair, faults) for pair in value)
    return tuple(pause for pause in read if pause is not None)


def _pause(pair: object, faults: list[Fault]) -> Pause | None:
    if not isinstance(pair, list) or len(pair) != _PAIR:
        faults.append(Fault("pauses", f"每段应为开始和结束两个日期（结束可空），写的是 {_shown(pair)}"))
        return None
    known = len(faults)
    start = _date("pauses", pair[0], faults)
    end = None if pair[1] is None else _date("pauses", pair[1], faults)
    if start is None or len(faults) > known:
        return None
    try:
        return Pause(start, end)
    except BadInput as error:
        faults.extend(error.faults)
        return None


def answer(question: Question) -> dict[str, Any]:
    """The due date and the working days counted up to it; where it is null, those counted before the clock stopped.

    With `today` also the working days left and the lamp of this one limit, which is taken as a promise.
    """
    q = question
    found = clock.due(q.calendar, q.start, q.limit, q.pauses, q.extend)
    stop = found.on or clock.union(q.pauses, q.start)[-1][0]
    reading = None
    if q.today is not None:
        reading = clock.read(q.calendar, Clocks(q.start, q.limit, None, q.pauses, q.extend), q.today)
    return {
        "due": found.on.isoformat() if found.on else None,
        "provisional": found.provisional,
        "days_counted": clock.used(q.calendar, q.start, stop, q.pauses),
        "days_left": reading.promised_left if reading else None,
        "lamp": reading.lamp.value if reading and reading.lamp else None,
    }


def explain(question: Question) -> tuple[StripDay, ...]:
    """The strip behind the answer: to the due date, or to the first stopped day where an open pause hides it."""
    q = question
    on = clock.due(q.calendar, q.start, q.limit, q.pauses, q.extend).on
    if on is None:
        stopped = clock.union(q.pauses, q.start)[-1][0]
        on = date.fromordinal(stopped.toordinal() + 1)
    return clock.strip(q.calendar, q.start, on, q.pauses)


def read_line(line: bytes, calendars: Calendars) -> Question:
    """The question on one line of a batch; BadInput in a sentence where it is none."""
    if not line.strip():
        raise BadInput([Fault("", "空行")])
    try:
        raw = json.loads(line.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_no_doubles)
    except UnicodeDecodeError:
        raise BadInput([Fault("", "不是 UTF-8 文字")]) from None
    except (ValueError, RecursionError):
        raise BadInput([Fault("", f"不是有效的 JSON：{_shown(line.decode()[:40])}")]) from None
    if not isinstance(raw, dict):
        raise BadInput([Fault("", f"应为一个 JSON 对象，写的是 {_shown(raw)}")])
    return read_question(raw, calendars)


def _no_constant(word: str) -> object:
    raise ValueError(word)


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        doubled = sorted(key for key in found if sum(name == key for name, _ in pairs) > 1)
        raise BadInput([Fault(_shown(key), "写了两次") for key in doubled])
    return found


def answer_lines(data: bytes, calendars: Calendars) -> Iterator[dict[str, Any]]:
    """One answer per line in the same order; a bad line gives {"line", "error"}. White space at the end is no line."""
    text = data.removeprefix(b"\xef\xbb\xbf").rstrip()
    for number, line in enumerate(text.split(b"\n") if text else (), 1):
        try:
            yield answer(read_line(line, calendars))
        except CaseflowError as error:
            yield {"line": number, "error": str(error)}


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=repr)[:60]


def _from_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of the single form as the object a batch line would hold."""
    raw = {key: options[key] for key in ("calendar", "from", "days", "unit", "extend") if options[key] is not None}
    for key in ("days", "extend"):
        if key in raw and _NUMBER.fullmatch(raw[key]):
            raw[key] = int(raw[key])
    pauses = [text.split(":") for text in options["pause"]]
    raw["pauses"] = [[pair[0], pair[1] or None] if len(pair) == _PAIR else pair for pair in pauses]
    return raw


def _refuse(message: str) -> NoReturn:
    click.echo(message, err=True)
    raise click.exceptions.Exit(2)


def _dumps(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)


def _write(line: str) -> None:
    # A lone surrogate from a bad line becomes its JSON escape instead of ending the batch half way.
    sys.stdout.buffer.write(line.encode("utf-8", "backslashreplace") + b"\n")


def _run_batch(path: str, options: Mapping[str, Any]) -> None:
    if any(value for key, value in options.items() if key != "as_json"):
        _refuse("--batch 不能与其他选项同时使用，每行自带各项")
    try:
        data = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except (OSError, ValueError) as error:
        _refuse(f"读不了文件 {_shown(path)}：{error}")
    lines = bad = 0
    for found in answer_lines(data, load_calendars()):
        _write(_dumps(found))
        lines, bad = lines + 1, bad + ("error" in found)
    if bad:
        _refuse(f"共 {lines} 行，其中 {bad} 行有误，错误写在各行的位置上")


def _run_single(options: Mapping[str, Any]) -> None:
    question = read_question(_from_options(options), load_calendars())
    found = answer(question)
    days = explain(question) if options["explain"] else None
    if not options["as_json"]:
        click.echo("\n".join(_report(found, question, days or ())))
        return
    shown: dict[str, Any] = {key: found[key] for key in ("due", "provisional", "days_counted")}
    if days is not None:
        shown["strip"] = [_strip_day(day) for day in days]
    click.echo(_dumps(shown))


def _strip_day(day: StripDay) -> dict[str, Any]:
    return {
        "date": day.date.isoformat(),
        "kind": day.kind.value,
        "name": day.name,
        "source": day.source,
        "count": day.count,
    }


def _report(found: Mapping[str, Any], question: Question, days: tuple[StripDay, ...]) -> Iterator[str]:
    if found["due"] is None:
        yield f"到期日：停表中，恢复后确定（停表前已计 {found['days_counted']} 个工作日）"
    else:
        yield f"到期日：{_spoken(date.fromisoformat(found['due']))}" + ("（暂定）" if found["provisional"] else "")
        yield f"自 {_spoken(question.start)} 起（当日不计），共计 {found['days_counted']} 个工作日"
    if found["provisional"]:
        yield "暂定：期间有尚未公布放假通知的日子，或临近推定的放假日"
    for day in days:
        count = f"第{day.count}日" if day.kind in (StripKind.COUNTED, StripKind.MAKEUP) else "—"
        why = f"{day.name}（{day.source}）" if day.source else ""
        yield f"  {_spoken(day.date)}  {count}  {_KIND_WORDS[day.kind]}  {why}".rstrip()


def _spoken(day: date) -> str:
    return f"{day.isoformat()} 周{_WEEKDAYS[day.weekday()]}"


@click.command("due", help="计算到期日：逐日可查，或用 --batch 成批计算（JSON 行）。")
@click.option("--calendar", help="日历：机关代码，或 cn（全国）、xj（新疆）")
@click.option("--from", help="起算日 YYYY-MM-DD，当日不计")
@click.option("--days", help="时限")
@click.option("--unit", help="单位：working_day（默认）、calendar_day、month、hour")
@click.option("--pause", multiple=True, metavar="A:B", help="停表 开始:结束，结束留空为尚未恢复；可多次")
@click.option("--extend", help="延期的工作日数")
@click.option("--explain", is_flag=True, help="列出每一天为何计入或不计")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@click.option("--batch", metavar="FILE|-", help="JSON 行文件，- 为标准输入")
def due(batch: str | None, **options: Any) -> None:
    """Answer one question or a batch; every refusal is a sentence on stderr and exit status 2."""
    try:
        if batch is None:
            _run_single(options)
        else:
            _run_batch(batch, options)
    except CaseflowError as error:
        _refuse(str(error))
