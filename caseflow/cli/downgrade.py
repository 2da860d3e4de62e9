"""`caseflow downgrade`: the schema back to that of an older release, for the operator who must go back."""

from __future__ import annotations

import click

from caseflow.cli.opening import database, settings_here
from caseflow.store.db import Lost
from caseflow.store.db import downgrade as go_down


@click.command(help="把数据库退回到旧版本的结构（如 0002）。先停止服务并备份；不加 --yes 只演练，列出会丢失的内容。")
@click.argument("revision")
@click.option("--yes", is_flag=True, help="确认执行，丢失列出的内容")
def downgrade(revision: str, yes: bool) -> None:  # noqa: FBT001 - click hands it over by name
    """Say what would be lost; go down only with `--yes`."""
    with database(settings_here().database_url, migrated=False) as engine:
        lost = go_down(engine, revision, rehearse=not yes)
    if not yes:
        click.echo(f"只是演练，没有改动数据库。退回 {revision} 将{_told(lost)}；确认后加 --yes 执行。")
        return
    click.echo(f"数据库结构已退回 {revision}，{_told(lost)}。请改用与之相配的旧版本程序。")


def _told(lost: Lost) -> str:
    rows = [f"{table} 表 {count} 行" for table, count in lost.rows.items() if count]
    gone = "、".join([*rows, *(f"{column} 列" for column in lost.columns)])
    return f"丢失 {gone}" if gone else "不丢失任何记录"
