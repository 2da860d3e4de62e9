"""`caseflow purge`: destroys the cases whose time of keeping is over, each with a tombstone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import click
from sqlalchemy import Engine
from sqlalchemy.exc import ProgrammingError

from caseflow.cli.export import Day
from caseflow.cli.opening import database, house_of, now, settings_here
from caseflow.cli.output import print_json, print_table
from caseflow.desk.key_use import PURGE, alone
from caseflow.desk.purging import Due, due_cases, forget_file, purge_case
from caseflow.errors import BadInput, Fault, Unavailable
from caseflow.house import House, beijing_day
from caseflow.store.db import reading, writing

_HEADS = ("机构", "办件编号", "事项", "办结", "保管期限", "保管至")
_NOT_OWNER = "应用账号不能销毁办件。请用数据库所有者的账号运行（设置 CASEFLOW_DATABASE_URL）。"
_NO_RIGHT = "42501"


@dataclass(frozen=True, slots=True)
class _Order:
    """What was asked for."""

    before: date | None
    dry_run: bool
    by: str
    yes: bool
    as_json: bool


@click.command(
    help="销毁保管期满的办件（整件，含附件），留下可核对的销毁登记。先用 --dry-run 看清单；PostgreSQL 用所有者账号。"
)
@click.option("--before", type=Day(), help="保管期在这一天之前届满的，如 2037-01-01；缺省为今天")
@click.option("--dry-run", is_flag=True, help="只列出，不销毁")
@click.option("--by", default="", help="批准人和批准文号，写入销毁登记，如 “李主任，销毁清册〔2037〕1号”")
@click.option("--yes", is_flag=True, help="不再询问")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def purge(**asked: bool | str | date | None) -> None:
    """List what is due, ask, and destroy it case by case; what was destroyed before a fault stays destroyed."""
    order = _Order(**asked)  # type: ignore[arg-type]  # click has made them what they are
    today = beijing_day(now())
    _check(order, today)
    settings = settings_here()
    house = house_of(settings)
    with database(settings.database_url, house=house) as engine:
        due = list(_due(engine, house, order.before or today))
        _list(due, as_json=order.as_json)
        if order.dry_run or not due:
            return
        if not order.yes:
            click.confirm(f"销毁后不能恢复。确认销毁以上 {len(due)} 件？", abort=True, err=order.as_json)
        with alone(engine, PURGE):
            for one in due:
                _destroy(engine, house, settings.files_dir, one, order.by.strip())
    click.echo(f"已销毁 {len(due)} 件，销毁登记可用 caseflow verify 核对。", err=order.as_json)


def _check(order: _Order, today: date) -> None:
    faults = []
    if order.before is not None and order.before > today:
        faults.append(Fault("--before", "不能晚于今天"))
    if not order.dry_run and not order.by.strip():
        faults.append(Fault("--by", "请写明批准人和批准文号"))
    if faults:
        raise BadInput(faults)


def _due(engine: Engine, house: House, before: date) -> Iterator[Due]:
    for bureau in house.catalogue.bureaus:
        last: int | None = 0
        while last is not None:
            with reading(engine) as session:
                found, last = due_cases(session, house, bureau, before, last)
            yield from found


def _list(due: list[Due], *, as_json: bool) -> None:
    if as_json:
        print_json([_told(one) for one in due])
        return
    rows = [tuple(str(value) for value in list(_told(one).values())[: len(_HEADS)]) for one in due]
    print_table(f"保管期满 {len(due)} 件", _HEADS, rows)


def _told(one: Due) -> dict[str, str]:
    return {
        "bureau": one.bureau,
        "number": one.number,
        "item": one.item_name,
        "ended_on": one.ended_on.isoformat(),
        "retention": f"{one.retention.name} {one.retention.years} 年",
        "kept_until": one.kept_until.isoformat(),
        "class": one.retention.key,
        "source": one.retention.source,
    }


def _destroy(engine: Engine, house: House, root: Path, one: Due, by: str) -> None:
    try:
        with writing(engine) as session:
            files = purge_case(session, house, one, by, now())
    except ProgrammingError as error:
        if getattr(error.orig, "sqlstate", "") == _NO_RIGHT:
            raise Unavailable(_NOT_OWNER) from error
        raise
    # After the commit: a file whose row is gone is harmless, a row whose file is gone is not.
    for name in files:
        forget_file(root, name)
