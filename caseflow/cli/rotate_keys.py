"""`caseflow rotate-keys`: a new master key for everything that is sealed, in the database and in caseflow.toml.

In this order, so that a crash at any instant leaves a key that fits: the new key into the file beside the old one; the
database, in one transaction that notes the new key's name; the old key out of the file. Run again, it goes on there.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import click
from sqlalchemy import Engine

from caseflow.cli.init import write_private
from caseflow.cli.key_file import write_keys
from caseflow.cli.opening import database, now, settings_here
from caseflow.config import CONFIG_FILE, Settings
from caseflow.desk.key_use import alone
from caseflow.desk.rotating import Rotated, key_in_force, rotate
from caseflow.errors import Refusal, Refused, Unavailable
from caseflow.house import Keys, new_master
from caseflow.store.db import reading, writing

_RETIRED = "# 已更换的旧密钥：只在恢复更换之前的备份时需要，请移到离线介质保管。\n"
_OTHER_KEY = "数据库不是用 caseflow.toml 中的密钥密封的，没有更换。请先放回正确的 master_key。"


@click.command(
    name="rotate-keys",
    help="更换主密钥：重新密封全部号码、账号、附件密钥等。须先停止 serve 和 worker；中断后再运行一次即可。",
)
@click.option("--yes", is_flag=True, help="不再询问")
def rotate_keys(yes: bool) -> None:  # noqa: FBT001 - click hands it over by name
    """Change the key, or finish a change that was cut short."""
    settings = _changeable()
    with database(settings.database_url) as engine, alone(engine):
        if not yes:
            click.confirm("请确认已有可用的备份（caseflow backup）。现在更换主密钥？", abort=True)
        change = _Change.announce(settings)
        rotated = change.run(engine)
        change.finish()
    _tell(change, rotated)


def _changeable() -> Settings:
    """The settings; Refused where the key does not lie in the file of this folder."""
    if "CASEFLOW_MASTER_KEY" in os.environ or not CONFIG_FILE.exists():
        text = f"密钥不在本文件夹的 {CONFIG_FILE} 中，不能自动更换。请先写入该文件，去掉环境变量 CASEFLOW_MASTER_KEY"
        raise Refused([Refusal("key_elsewhere", text)])
    return settings_here()


@dataclass(frozen=True, slots=True)
class _Change:
    old: str
    new: str

    @classmethod
    def announce(cls, settings: Settings) -> _Change:
        """The old key and the new one, both in the configuration; a new one that is there already is used."""
        change = cls(settings.master_key, settings.next_master_key or new_master())
        write_keys(CONFIG_FILE, {"master_key": change.old, "next_master_key": change.new})
        return change

    @property
    def retired(self) -> Path:
        """Where the old key is kept for the backups made with it."""
        return CONFIG_FILE.with_name(f"caseflow-key-{Keys.from_text(self.old).key_id}.retired")

    def run(self, engine: Engine) -> Rotated | None:
        """Seal the database anew; None where that was done before."""
        old, new = Keys.from_text(self.old), Keys.from_text(self.new)
        with reading(engine) as session:
            held = key_in_force(session)
        if held == new.key_id:
            return None
        if held not in {"", old.key_id}:
            raise Unavailable(_OTHER_KEY)
        with writing(engine) as session:
            return rotate(session, old, new, now())

    def finish(self) -> None:
        """The old key into a file of its own, then the new key alone in the configuration."""
        if not self.retired.exists():
            write_private(self.retired, f"{_RETIRED}{self.old}\n")
        write_keys(CONFIG_FILE, {"master_key": self.new})


def _tell(change: _Change, rotated: Rotated | None) -> None:
    if rotated is None:
        click.echo("上次更换已写入数据库，现已补完配置文件。")
    else:
        click.echo(f"已更换主密钥：重新密封 {rotated.values} 项，{rotated.entries} 条办理记录由新密钥再次担保。")
        if rotated.orphans:
            click.echo(f"有 {rotated.orphans} 条失信记录的证件号码已不在库中，不再能按证件号码查到。")
    click.echo(f"旧密钥在 {change.retired}（权限 600），恢复旧备份时需要，请移到离线介质。请重新启动 serve 和 worker。")
