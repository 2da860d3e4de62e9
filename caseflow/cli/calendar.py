"""`caseflow calendar`: a year with its sources, notices read, days entered with their effect shown first."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Final

import click
from sqlalchemy import Connection

from caseflow.catalogue import load_catalogue
from caseflow.cli import ChineseGroup
from caseflow.cli.opening import database, house_of, now, settings_here
from caseflow.cli.output import print_json, print_table
from caseflow.config import load_items_dir
from caseflow.desk import calendar_days as desk
from caseflow.desk.rederiving import rederive as finish
from caseflow.errors import BadInput, Fault, NotFound
from caseflow.guides.holiday_notice import HolidayNotice, lines_of, read_notice
from caseflow.guides.notice_file import notice_text
from caseflow.guides.text import LARGEST
from caseflow.house import Actor, House
from caseflow.rules.calendar import Day, DayEntry, DayKind, WorkingCalendar
from caseflow.rules.calendar_file import read_layer
from caseflow.rules.entered_days import Amendment
from caseflow.rules.entries import parse_day
from caseflow.store.db import reading
from caseflow.views.calendar_page import working_calendar

_LARGEST_FILE: Final = 256 * 1024
_MOST_SHOWN: Final = 100
_KINDS: Final[Mapping[DayKind, str]] = {
    DayKind.COUNTED: "工作日",
    DayKind.WEEKEND: "周末",
    DayKind.HOLIDAY: "放假",
    DayKind.MAKEUP: "上班",
}


@click.group(cls=ChineseGroup, help="工作日历：查看、读取放假通知、录入放假和调休的日子、重算办件日期。")
def calendar() -> None:
    """The commands for working calendars."""


@calendar.command(help="列出一年中与平常周末不同的日子及其依据；已配置数据库的，含其中录入的日子。")
@click.option("--bureau", required=True, help="经办机构代码，或日历层 cn、xj")
@click.option("--year", required=True, type=click.IntRange(1, 9999), help="年份")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def show(bureau: str, year: int, as_json: bool) -> None:  # noqa: FBT001 - click hands it over by name
    """Print a year; the packaged layers alone where no database is configured."""
    found, packaged = _calendar(bureau)
    if not found.first.year <= year <= found.last.year:
        raise BadInput([Fault("--year", f"工作日历只有{found.first.year}年至{found.last.year}年")])
    days = [day for day in _days(found, year) if day.source]
    provisional = year > found.published_through
    if as_json:
        print_json(
            {
                "calendar": bureau,
                "year": year,
                "published_through": found.published_through,
                "provisional": provisional,
                "packaged_only": packaged,
                "days": [_facts(day) for day in days],
            }
        )
        return
    marks = ("（暂定：国家放假安排尚未公布）" if provisional else "") + ("（只含程序自带的日历）" if packaged else "")
    rows = [(day.date.isoformat(), _KINDS[day.kind], day.name, day.source) for day in days]
    print_table(f"{bureau} {year}年{marks}", ("日期", "类别", "名称", "依据"), rows)


def _calendar(key: str) -> tuple[WorkingCalendar, bool]:
    """The calendar, and whether only the packaged layers were asked."""
    with _session() as opened:
        if opened is not None:
            house, session = opened
            return working_calendar(session, house, key), False
    calendars = load_catalogue(load_items_dir(os.environ)).calendars
    if key not in calendars:
        raise NotFound(f"没有日历“{key[:40]}”，可用的有 {'、'.join(calendars)}")
    return calendars[key], True


@contextmanager
def _session() -> Iterator[tuple[House, Connection] | None]:
    """A reading transaction where an installation is configured here, else None."""
    if not Path("caseflow.toml").exists() and "CASEFLOW_MASTER_KEY" not in os.environ:
        yield None
        return
    settings = settings_here()
    with database(settings.database_url) as engine, reading(engine) as session:
        yield house_of(settings), session


def _days(found: WorkingCalendar, year: int) -> Iterator[Day]:
    first = date(year, 1, 1).toordinal()
    return (found.day(date.fromordinal(n)) for n in range(first, date(year, 12, 31).toordinal() + 1))


def _facts(day: Day) -> dict[str, Any]:
    return {
        "date": day.date.isoformat(),
        "kind": day.kind.value,
        "name": day.name,
        "source": day.source,
        "estimated": day.estimated,
    }


@calendar.command(help="读取放假通知（文字文件，- 为标准输入）：放假和调休上班的日子、作息时间，以及没有把握的地方。")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--year", required=True, type=click.IntRange(1000, 9998), help="通知里没有写年份的日子算哪一年")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def read(file: Path, year: int, as_json: bool) -> None:  # noqa: FBT001 - click hands it over by name
    """Print what a notice declares; nothing is entered, and no database is needed."""
    notice = read_notice(notice_text(_bytes(file), file.name), year)
    if as_json:
        print_json(_told(notice))
        return
    click.echo(lines_of(notice) or "没有读出有把握的日子。")
    for season in notice.seasons or ():
        hours = "，".join(f"{opens}—{closes}" for opens, closes in season.open)
        click.echo(f"{season.name or '作息时间'} {season.starts} 起 {hours}")
    for doubt in notice.unsure:
        click.echo(f"请核对：{doubt.reason}（{doubt.text}）", err=True)


def _bytes(path: Path) -> bytes:
    """The file, or standard input for -; one byte more than may be read shows that it is too large."""
    try:
        with click.open_file(str(path), "rb") as file:
            return bytes(file.read(LARGEST + 1))
    except OSError as error:
        raise BadInput([Fault(path.name, f"无法读取：{error.strerror}")]) from error


def _told(notice: HolidayNotice) -> dict[str, Any]:
    seasons = [
        {"name": one.name, "from": one.starts, "to": one.ends or None, "open": one.open} for one in notice.seasons or ()
    ]
    return {
        "off": [day.isoformat() for day in notice.off],
        "work": [day.isoformat() for day in notice.work],
        "seasons": seasons or None,
        "unsure": [
            {"text": one.text, "reason": one.reason, "days": [day.isoformat() for day in one.days]}
            for one in notice.unsure
        ],
    }


@calendar.command(help="录入放假或上班的日子：先列出受影响的办件（旧 → 新），确认后录入并重算。")
@click.option("--layer", required=True, help="日历层：cn 国家、xj 自治区，或经办机构代码")
@click.option("--file", "path", type=click.Path(path_type=Path), help="日历文件（TOML，格式同程序自带的日历）")
@click.option("--day", help="只录入一天：YYYY-MM-DD")
@click.option("--off/--work", default=None, help="这一天放假，还是上班")
@click.option("--name", default="", help="名称，如 春节延长假期")
@click.option("--source", default="", help="依据：通知名称或文号")
@click.option("--publishes", default=0, metavar="YEAR", help="本通知公布的是哪一整年的安排")
@click.option("--by", default="命令行", help="录入人")
@click.option("--yes", is_flag=True, help="不再询问，直接录入")
def enter(layer: str, by: str, yes: bool, publishes: int, **told: Any) -> None:  # noqa: FBT001 - click hands it over
    """Show what would move, ask, enter, and move it."""
    amendment = Amendment(layer, _entries(layer, told), publishes)
    settings = settings_here()
    house = house_of(settings)
    actor = Actor(0, "", by, layer, frozenset({desk.ADMINISTRATOR}))
    with database(settings.database_url, house=house) as engine:
        preview = desk.preview_days(engine, house, actor, amendment, now())
        _print_preview(preview)
        if not yes:
            click.confirm("确认录入？", abort=True)
        entered = desk.enter(engine, house, actor, amendment, now(), preview.shown)
    click.echo(f"已录入 {entered.days} 天，重算 {entered.cases} 件。")
    if not entered.complete:
        click.echo(
            "数据库暂时无法使用，其余办件将在下次 caseflow tick 或 caseflow calendar rederive 时重算。", err=True
        )


def _entries(layer: str, told: Mapping[str, Any]) -> tuple[DayEntry, ...]:
    if (told["path"] is None) == (told["day"] is None):
        raise BadInput([Fault("", "请用 --file 给出日历文件，或用 --day 给出一天，二者选一")])
    if told["path"] is not None:
        return _file_entries(layer, told["path"])
    if told["off"] is None:
        raise BadInput([Fault("", "请写明 --off（放假）或 --work（上班）")])
    try:
        day = parse_day(told["day"], "--day ")
    except ValueError as error:
        raise BadInput([Fault("", str(error))]) from error
    return (DayEntry(day, told["off"], told["name"], told["source"]),)


def _file_entries(layer: str, path: Path) -> tuple[DayEntry, ...]:
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise BadInput([Fault(path.name, f"文件超过 {_LARGEST_FILE // 1024} KiB")])
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadInput([Fault(path.name, f"无法读取：{error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise BadInput([Fault(path.name, "不是 UTF-8 文字")]) from error
    read = read_layer(text, path.name)
    if read.key != layer:
        raise BadInput([Fault(path.name, f"文件写的是日历层 {read.key}，与 --layer {layer[:40]} 不符")])
    if read.seasons:
        raise BadInput([Fault(path.name, "作息时间（seasons）不能录入，只能录入日子（days）")])
    return read.entries


def _print_preview(preview: desk.Preview) -> None:
    days = [(one.after.date.isoformat(), _shown(one.before), _shown(one.after)) for one in preview.days]
    print_table(f"日历变化 {len(days)} 天", ("日期", "现为", "改为"), days)
    rows = [
        (change.bureau, change.number, change.item_name, what, f"{old} → {new}")
        for change in preview.changes[:_MOST_SHOWN]
        for what, old, new in change.lines
    ]
    print_table(f"影响 {len(preview.changes)} 件", ("机构", "办件编号", "事项", "日期", "旧 → 新"), rows)
    if len(preview.changes) > _MOST_SHOWN:
        click.echo(f"只列出前 {_MOST_SHOWN} 件。")


def _shown(day: Day) -> str:
    return f"{_KINDS[day.kind]} {day.name}{'（推定）' if day.estimated else ''}".strip()


@calendar.command(help="把日历变化后尚未重算的办件重算完；可随时重复运行。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def rederive(as_json: bool) -> None:  # noqa: FBT001 - click hands it over by name
    """Finish what a crash or another process left."""
    settings = settings_here()
    house = house_of(settings)
    with database(settings.database_url, house=house) as engine:
        done = finish(engine, house, now())
    if as_json:
        print_json({"seen": done.seen, "changed": done.changed})
    else:
        click.echo(f"核对 {done.seen} 件，日期有变 {done.changed} 件。")
