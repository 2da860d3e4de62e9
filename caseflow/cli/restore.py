"""`caseflow restore`: an archive into an empty place, and then every check there is."""

from __future__ import annotations

from pathlib import Path

import click

from caseflow.cli.backup import place_of
from caseflow.cli.opening import database, house_of, settings_here
from caseflow.cli.verify import verify
from caseflow.config import Settings
from caseflow.desk.archive import Manifest
from caseflow.desk.backing_up import require_empty
from caseflow.desk.backing_up import restore as put_back
from caseflow.house import House
from caseflow.store.db import known_revisions, reading, revision_state
from caseflow.views.attachments import missing_files


@click.command(help="把备份恢复到 caseflow.toml 所指的空位置（数据库、附件目录、封存记录都还没有），恢复后自动核对。")
@click.argument("archive", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.pass_context
def restore(context: click.Context, archive: Path) -> None:
    """Put everything back, then verify it; 1 where something does not hold."""
    settings = settings_here()
    house, place = house_of(settings), place_of(settings)
    with database(settings.database_url, migrated=False) as engine:
        require_empty(engine, place)
    manifest = put_back(house, archive, place, known_revisions())
    click.echo(f"已恢复 {manifest.made_at} 的备份。")
    if not _of_this_version(settings):
        click.echo("数据库是旧版本的结构，请运行 caseflow sync 升级，再运行 caseflow verify 核对。")
        return
    lost = _lost(settings, house, manifest)
    context.invoke(verify, as_json=False)
    if lost:
        click.echo(f"有 {lost} 个附件的文件缺失或已被改动。", err=True)
        context.exit(1)


def _of_this_version(settings: Settings) -> bool:
    with database(settings.database_url, migrated=False) as engine:
        current, newest = revision_state(engine)
    return current == newest


def _lost(settings: Settings, house: House, manifest: Manifest) -> int:
    """How many attachments do not open, beside those that were missing when the backup was made."""
    with database(settings.database_url, house=house) as engine, reading(engine) as session:
        return max(0, len(missing_files(session, house, settings.files_dir)) - len(manifest.missing))
