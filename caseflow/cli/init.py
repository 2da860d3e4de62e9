"""`caseflow init`: the configuration with a fresh key, and with `--database` a database that is ready."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import click
import tomli_w

from caseflow.cli.opening import database, fresh_settings, house_of, now
from caseflow.config import CONFIG_FILE, DEFAULT_DATABASE, Settings
from caseflow.desk.definitions import sync as store_definitions
from caseflow.desk.rotating import claim_key
from caseflow.errors import BadInput, Fault, Refusal, Refused
from caseflow.store.db import revision_state, upgrade, writing

_PRIVATE = stat.S_IRUSR | stat.S_IWUSR
_HEAD = """\
# caseflow 的配置。master_key 密封证件号码和账号：丢失后无法恢复，泄露等于泄露全部号码。
# 请把它与数据库分开备份，本文件只能由运行 caseflow 的账号读取（权限 600）。
"""


@click.command(help="在当前文件夹生成 caseflow.toml（含新密钥）；已有时拒绝。给出 --database 时同时建表并载入事项。")
@click.option("--database", "url", help="数据库地址：sqlite:///文件 或 postgresql://用户@主机/库名")
def init(url: str | None) -> None:
    """Write caseflow.toml, mode 600; prepare the database first, so that a refusal leaves nothing behind."""
    if CONFIG_FILE.exists():
        raise Refused([Refusal("config_exists", f"{CONFIG_FILE} 已存在，不会覆盖：其中的密钥丢失后无法恢复")])
    made = fresh_settings(url or DEFAULT_DATABASE)
    if url is not None:
        _prepare(made)
    write_config(CONFIG_FILE, made)
    click.echo(f"已生成 {CONFIG_FILE}（权限 600），请备份其中的密钥。")
    click.echo("下一步：caseflow staff add" if url else "下一步：caseflow sync（建表并载入事项）")


def _prepare(made: Settings) -> None:
    house = house_of(made)
    with database(made.database_url, migrated=False) as engine:
        if revision_state(engine)[0] is not None:
            raise Refused([Refusal("database_used", "该数据库已经建过表，应使用它原来的 caseflow.toml 和密钥")])
        upgrade(engine)
        with writing(engine) as session:
            claim_key(session, house.keys, now())
            store_definitions(session, house.catalogue, now())


def write_config(path: Path, made: Settings) -> None:
    """The configuration with its fresh key; BadInput where the file cannot be made or is there already."""
    kept = {"database_url": made.database_url, "master_key": made.master_key, "secure_cookies": made.secure_cookies}
    write_private(path, _HEAD + tomli_w.dumps(kept))


def write_private(path: Path, text: str) -> None:
    """A new file that only its owner may read; BadInput where it cannot be made or is there already."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    except OSError as error:
        raise BadInput([Fault(str(path), f"无法写入：{error.strerror}")]) from error
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
