"""`caseflow backup`: one sealed file with everything but the key, made while the system runs."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click

from caseflow.cli.opening import database, house_of, now, settings_here
from caseflow.cli.output import print_json
from caseflow.config import Settings
from caseflow.desk.backing_up import Kept, Place, back_up, note_backup
from caseflow.desk.key_use import PURGE, beside
from caseflow.errors import Refusal, Refused
from caseflow.house import BEIJING
from caseflow.store.db import revision_state, writing

_MISSING_SHOWN = 10


@click.command(
    help="备份整个系统到一个加密文件（数据库、附件、封存记录），服务运行中也可以做。密钥不在其中，须另外保管。"
)
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def backup(target: Path, as_json: bool) -> None:  # noqa: FBT001 - click hands it over by name
    """Write the archive; 1 where an attachment's file was missing, which is then named."""
    settings, moment = settings_here(), now()
    path = _path(target, moment)
    house = house_of(settings)
    with database(settings.database_url, house=house) as engine, beside(engine, PURGE):
        kept = back_up(engine, house, place_of(settings), path, moment, str(revision_state(engine)[0]))
        with writing(engine) as session:
            note_backup(session, kept, now())
    _tell(kept, as_json=as_json)
    if kept.missing:
        sys.exit(1)


def place_of(settings: Settings) -> Place:
    """Where these settings keep what the installation has."""
    return Place(settings.database_url, settings.files_dir, settings.seals_file)


def _path(target: Path, moment: datetime) -> Path:
    """A folder gets a file named by the moment, in Beijing time; a file that is there is never replaced."""
    path = target / f"caseflow-{moment.astimezone(BEIJING):%Y%m%d-%H%M%S}.backup" if target.is_dir() else target
    if path.exists():
        raise Refused([Refusal("exists", f"{path} 已存在，不会覆盖；请换一个文件名")])
    return path


def _tell(kept: Kept, *, as_json: bool) -> None:
    if as_json:
        told = {"path": str(kept.path), "size": kept.size, "sha256": kept.sha256, "files": kept.files}
        print_json({**told, "missing": list(kept.missing)})
        return
    click.echo(f"已备份：{kept.path}（{kept.size / 1_000_000:.1f} MB，附件 {kept.files} 个）")
    click.echo(f"SHA-256 {kept.sha256}")
    click.echo("恢复时需要本系统的密钥（caseflow.toml 中的 master_key），它不在备份中，请另外保管。")
    if kept.missing:
        names = "、".join(kept.missing[:_MISSING_SHOWN])
        click.echo(f"有 {len(kept.missing)} 个附件的文件在备份前已经缺失：{names}", err=True)
