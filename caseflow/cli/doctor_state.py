"""What the doctor looks at beside the installation itself: keys, seals, backups, disks, clocks, guards."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

from sqlalchemy import make_url

from caseflow.config import CONFIG_FILE, Settings
from caseflow.errors import BadInput
from caseflow.house import BEIJING, Keys
from caseflow.views.health import Health

SEAL_LATE: Final = timedelta(minutes=30)
SEAL_LOST: Final = timedelta(days=1)
BACKUP_LATE: Final = timedelta(hours=26)
BACKUP_LOST: Final = timedelta(days=7)
CLOCKS_APART: Final = timedelta(minutes=2)
LITTLE_ROOM: Final = 2_000_000_000
NO_ROOM: Final = 200_000_000
"""Bytes free on a disk: below the first a warning, below the second a failure."""


class Level(StrEnum):
    """A warning is worth knowing; a failure has to be mended."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: what it is, how it stands, and the sentence to read."""

    key: str
    name: str
    level: Level
    text: str


def checks_of_state(
    settings: Settings, health: Health, seal: tuple[datetime, int] | None, now: datetime
) -> Iterator[Check]:
    """Every check that rests on what the database and the seals say."""
    yield Check("key_fits", "密钥与数据库", *_key(settings, health))
    yield Check("guards", "防改触发器", *_guards(health))
    yield Check("seals", "封存", *_seals(health, seal, now))
    yield Check("backup", "备份", *_backup(health, now))
    yield Check("attachments", "附件加密", *_attachments(health))
    yield Check("clock", "时钟", *_clock(health, now))
    if health.discreet is not None:
        yield Check("server_log", "数据库日志", *_server_log(health))


def checks_of_place(settings: Settings) -> Iterator[Check]:
    """Every check that rests on this machine alone."""
    yield Check("disk", "磁盘空间", *_disk(settings))
    yield Check("retired_keys", "旧密钥", *_retired())
    if settings.next_master_key:
        yield Check("rotation", "更换密钥", Level.FAILED, "上次更换没有完成，请再运行一次 caseflow rotate-keys")


def _key(settings: Settings, health: Health) -> tuple[Level, str]:
    if not health.key_id:
        return Level.WARNING, "数据库还没有登记密钥，请运行 caseflow sync"
    try:
        mine = Keys.from_text(settings.master_key).key_id
    except BadInput as error:
        return Level.FAILED, str(error)
    if health.key_id != mine:
        return Level.FAILED, "数据库是用另一把密钥密封的，号码都打不开"
    return Level.OK, "相符"


def _guards(health: Health) -> tuple[Level, str]:
    if health.unguarded:
        return Level.FAILED, f"这些表没有防改触发器：{'、'.join(health.unguarded)}"
    return Level.OK, "齐全"


def _seals(health: Health, seal: tuple[datetime, int] | None, now: datetime) -> tuple[Level, str]:
    if seal is None:
        return (Level.OK, "还没有办理记录") if not health.newest_row else (Level.WARNING, _NO_SEAL)
    at, seen = seal
    text = f"最近一次 {at.astimezone(BEIJING):%Y-%m-%d %H:%M}"
    behind = now - at if health.newest_row > seen else timedelta()
    if behind > SEAL_LOST:
        return Level.FAILED, f"{text}，之后的办理记录没有封存，请检查 caseflow worker 是否在运行"
    return (Level.WARNING, f"{text}，之后有新的办理记录") if behind > SEAL_LATE else (Level.OK, text)


_NO_SEAL = "还没有封存记录，请检查 caseflow worker 是否在运行"


def _backup(health: Health, now: datetime) -> tuple[Level, str]:
    if health.last_backup is None:
        return (Level.WARNING, "还没有备份过") if health.newest_row else (Level.OK, "还没有办理记录")
    age, text = now - health.last_backup, f"最近一次 {health.last_backup.astimezone(BEIJING):%Y-%m-%d %H:%M}"
    if age > BACKUP_LOST:
        return Level.FAILED, f"{text}，已超过 {BACKUP_LOST.days} 天"
    return (Level.WARNING, f"{text}，已超过一天") if age > BACKUP_LATE else (Level.OK, text)


def _attachments(health: Health) -> tuple[Level, str]:
    if health.plain_files:
        return Level.WARNING, f"{health.plain_files} 个旧附件没有加密，请运行 caseflow seal-files"
    return Level.OK, "全部加密"


def _clock(health: Health, now: datetime) -> tuple[Level, str]:
    zone = f"本机时区 {time.strftime('%z')}，系统一律按北京时间"
    if health.newest_entry is not None and health.newest_entry - now > CLOCKS_APART:
        return Level.FAILED, f"本机时钟早于最近一条办理记录（{health.newest_entry.astimezone(BEIJING):%Y-%m-%d %H:%M}）"
    if health.server_clock is not None and abs(health.server_clock - now) > CLOCKS_APART:
        seconds = abs(health.server_clock - now).total_seconds()
        return Level.WARNING, f"与数据库服务器的时钟相差 {seconds:.0f} 秒；{zone}"
    return Level.OK, zone


def _server_log(health: Health) -> tuple[Level, str]:
    if health.discreet:
        return Level.OK, "不记录参数和数据行"
    text = "可能记录姓名和电话，请设 log_error_verbosity = terse、log_parameter_max_length = 0（见 docs/operations.md）"
    return Level.WARNING, text


def _disk(settings: Settings) -> tuple[Level, str]:
    places = {"附件": settings.files_dir}
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite":
        places["数据库"] = Path(str(url.database))
    free = {name: shutil.disk_usage(_there(path)).free for name, path in places.items()}
    text = "，".join(f"{name}所在磁盘余 {size / 1e9:.1f} GB" for name, size in free.items())
    least = min(free.values())
    return (Level.FAILED if least < NO_ROOM else Level.WARNING if least < LITTLE_ROOM else Level.OK), text


def _there(path: Path) -> Path:
    """The nearest folder that exists."""
    return next(one for one in (path.absolute(), *path.absolute().parents) if one.exists())


def _retired() -> tuple[Level, str]:
    found = sorted(path.name for path in CONFIG_FILE.absolute().parent.glob("caseflow-key-*.retired"))
    if found:
        return Level.WARNING, f"旧密钥还在本机，请移到离线介质：{'、'.join(found)}"
    return Level.OK, "不在本机"
