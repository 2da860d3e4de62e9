"""`caseflow seal-files`: seals the attachments that an earlier release left plain, while the server runs."""

from __future__ import annotations

from pathlib import Path

import click
from sqlalchemy import Engine

from caseflow.cli.opening import database, house_of, settings_here
from caseflow.desk.attachments import forget_plain, seal_plain
from caseflow.errors import Unavailable
from caseflow.house import House
from caseflow.store.db import reading, writing
from caseflow.views.attachments import next_plain


@click.command(
    name="seal-files", help="把旧版本留下的未加密附件逐个加密，原文件随后删除；服务运行中也可以做，中断后再运行即可。"
)
def seal_files() -> None:
    """Seal one file after the other; 1 where one was missing or changed, and the others are sealed all the same."""
    settings = settings_here()
    house = house_of(settings)
    with database(settings.database_url, house=house) as engine:
        done, missing = _seal_all(engine, house, settings.files_dir)
    click.echo(f"已加密 {done} 个附件。")
    if missing:
        numbers = "、".join(map(str, missing[:20]))
        click.echo(f"{len(missing)} 个附件的文件缺失或已被改动，没有加密（附件编号 {numbers}）", err=True)
        raise click.exceptions.Exit(1)


def _seal_all(engine: Engine, house: House, root: Path) -> tuple[int, list[int]]:
    done, missing, last = 0, [], 0
    while (found := _next(engine, last)) is not None:
        last, digest = found
        try:
            with writing(engine) as session:
                seal_plain(session, house, root, last, digest)
        except Unavailable:
            missing.append(last)
            continue
        with reading(engine) as session:
            forget_plain(session, root, digest)
        done += 1
    return done, missing


def _next(engine: Engine, after: int) -> tuple[int, str] | None:
    with reading(engine) as session:
        return next_plain(session, after)
