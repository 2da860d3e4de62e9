"""`caseflow doctor`: whether this installation can be trusted with cases, one line per check."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import date, datetime
from typing import Final

import click
from sqlalchemy import Engine

from caseflow.catalogue import check_definitions, load_calendars
from caseflow.cli.doctor_state import Check, Level, checks_of_place, checks_of_state
from caseflow.cli.opening import NOT_MIGRATED, database, house_of, now, settings_here
from caseflow.cli.output import print_json
from caseflow.config import CONFIG_FILE, Settings
from caseflow.errors import CaseflowError, InvalidDefinition
from caseflow.house import beijing_day
from caseflow.store.db import is_sqlite, reading, revision_state, wal_is_sound
from caseflow.views.health import last_seal, read_health

_FAILED: Final = 1
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


MARKS: Final = {Level.OK: "✓", Level.WARNING: "!", Level.FAILED: "✗"}


@click.command(
    help="检查本机安装：密钥、权限、数据库、防改、封存、备份、磁盘、时钟、定义、放假通知。有不合格项时退出码为 1。"
)
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def doctor(as_json: bool) -> None:  # noqa: FBT001 - click hands it over by name
    """Print every check; exit 1 if one failed."""
    checks = tuple(examine(now()))
    failed = any(check.level is Level.FAILED for check in checks)
    if as_json:
        print_json({"ok": not failed, "checks": [asdict(check) for check in checks]})
    else:
        click.echo("\n".join(f"{MARKS[check.level]} {check.name}：{check.text}" for check in checks))
    if failed:
        raise click.exceptions.Exit(_FAILED)


def examine(moment: datetime) -> Iterator[Check]:
    """Every check that can be made; what rests on one that failed is left out."""
    try:
        settings = settings_here()
    except CaseflowError as error:
        yield Check("config", "配置", Level.FAILED, str(error))
        settings = None
    if settings is not None:
        yield _attempt("key", "密钥", lambda: _key(settings))
        yield from _file_mode()
        yield from checks_of_place(settings)
        yield from _database(settings, moment)
    yield from _definitions(settings)
    yield from _calendars(beijing_day(moment))


def _attempt(key: str, name: str, look: Callable[[], tuple[Level, str]]) -> Check:
    try:
        level, text = look()
    except CaseflowError as error:
        level, text = Level.FAILED, str(error)
    return Check(key, name, level, text)


def _key(settings: Settings) -> tuple[Level, str]:
    keys = house_of(settings).keys
    works = keys.open(keys.seal("试")) == "试"
    return (Level.OK, "可以密封和打开号码") if works else (Level.FAILED, "密封后无法打开")


def _file_mode() -> Iterator[Check]:
    if os.name != "posix" or not CONFIG_FILE.exists():
        return
    mode = stat.S_IMODE(CONFIG_FILE.stat().st_mode)
    if mode & _OTHERS:
        text = f"{mode:o}，其他人可以读到密钥，请运行 chmod 600 {CONFIG_FILE}"
        yield Check("mode", "配置文件权限", Level.FAILED, text)
    else:
        yield Check("mode", "配置文件权限", Level.OK, f"{mode:o}")


def _database(settings: Settings, moment: datetime) -> Iterator[Check]:
    try:
        with database(settings.database_url, migrated=False) as engine:
            current, newest = revision_state(engine)
            yield Check("database", "数据库", Level.OK, "可以连接")
            level = Level.OK if current == newest else Level.FAILED
            text = f"版本 {current}" if current == newest else NOT_MIGRATED
            yield Check("schema", "数据库结构", level, text)
            yield Check("engine", "数据库版本", *_engine(engine))
            if current == newest:
                with reading(engine) as session:
                    health = read_health(session)
                yield from checks_of_state(settings, health, last_seal(settings.seals_file), moment)
    except CaseflowError as error:
        yield Check("database", "数据库", Level.FAILED, str(error))


def _engine(engine: Engine) -> tuple[Level, str]:
    sqlite = is_sqlite(engine)
    with reading(engine) as session:
        told = session.exec_driver_sql("PRAGMA journal_mode" if sqlite else "SHOW server_version").scalar_one()
    if not sqlite:
        return Level.OK, f"PostgreSQL {told}"
    text = f"SQLite {sqlite3.sqlite_version}，日志方式 {str(told).upper()}"
    if str(told).lower() == "wal" and not wal_is_sound(sqlite3.sqlite_version_info):
        return Level.FAILED, f"{text}：这个版本的 WAL 可能损坏数据"
    return Level.OK, text


def _definitions(settings: Settings | None) -> Iterator[Check]:
    faults = check_definitions(settings.items_dir if settings else None)
    if faults:
        text = f"{len(faults)} 处错误，详见 caseflow check；第一处：{faults[0]}"
        yield Check("definitions", "事项定义", Level.FAILED, text)
    else:
        yield Check("definitions", "事项定义", Level.OK, "没有发现错误")


def _calendars(today: date) -> Iterator[Check]:
    try:
        published = min(calendar.published_through for calendar in load_calendars().values())
    except InvalidDefinition as error:
        yield Check("calendar", "放假通知", Level.FAILED, str(error))
        return
    if published < today.year:
        yield Check("calendar", "放假通知", Level.FAILED, f"只到 {published} 年，今年的到期日都是暂定")
    elif published == today.year:
        # The notice for the next year usually comes in November, so its absence is no fault of the installation.
        yield Check("calendar", "放假通知", Level.WARNING, f"{published + 1} 年的通知尚未录入，跨年的到期日标为暂定")
    else:
        yield Check("calendar", "放假通知", Level.OK, f"已到 {published} 年")
