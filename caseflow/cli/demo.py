"""`caseflow demo`: a database full of cases, played through the real desk, and the pages on it. Needs only Python."""

from __future__ import annotations

import socket
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Final

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from sqlalchemy import Engine, inspect

from caseflow.cli.demo_home import Home
from caseflow.cli.demo_plan import plan
from caseflow.cli.demo_play import Player
from caseflow.cli.demo_staff import LOGINS, PASSWORD, arrange, hire
from caseflow.cli.opening import database, house_of, now
from caseflow.cli.output import print_table
from caseflow.cli.serve import run
from caseflow.config import Settings
from caseflow.desk.definitions import sync
from caseflow.desk.rotating import claim_key
from caseflow.desk.upkeep import sweep
from caseflow.errors import Refusal, Refused, Unavailable
from caseflow.house import House
from caseflow.rules.flow import ROLES
from caseflow.store.db import reading, upgrade, writing
from caseflow.workflows import FLOWS

DEMO_FILE: Final = Path("caseflow-demo.db")
_MARK: Final = 0x63664465
"""SQLite's application_id of a demo database: what carries it may be made anew."""
_SEED: Final = 20260417
_PORTS: Final = 50
_LOOPBACK: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Stage:
    """A demo that is set up: its folder, how to open it, and its cases by (bureau, state)."""

    home: Home
    settings: Settings
    house: House
    cases: Counter[tuple[str, str]]


@click.command(help="演示：新建数据库，演练各类办件，然后在本机打开网页。不需要任何配置。")
@click.option("--port", type=click.IntRange(1, 65_535), default=8000, help="端口，被占用时用下一个；缺省 8000")
@click.option("--cases", type=click.IntRange(1, 5000), default=200, help="办件数；缺省 200")
@click.option("--db", "url", help="使用这个空数据库，而不是当前文件夹中的 caseflow-demo.db")
@click.option("--no-serve", is_flag=True, help="只建立数据并显示小结，不打开网页")
def demo(port: int, cases: int, url: str | None, no_serve: bool) -> None:  # noqa: FBT001 - click hands it over by name
    """Set the stage with a progress bar, say what is on it, and serve it on loopback."""
    home = Home.beside(url or f"sqlite:///{DEMO_FILE}")
    home.require_free()
    where = url or new_demo_file(DEMO_FILE)
    with Progress(
        TextColumn("正在演练办件"), BarColumn(), MofNCompleteColumn(), TextColumn("步"), console=Console(stderr=True)
    ) as progress:
        bar = progress.add_task("", total=None)
        stage = set_stage(
            where,
            cases,
            now(),
            home,
            begun=lambda steps: progress.update(bar, total=steps),
            played=lambda steps: progress.advance(bar, steps),
        )
    _say_cases(stage)
    click.echo(f"再次打开：cd {home.folder} && caseflow serve")
    if not no_serve:
        _serve(stage.settings, port)


def set_stage(
    url: str,
    cases: int,
    moment: datetime,
    home: Home | None = None,
    *,
    begun: Callable[[int], None] = lambda _steps: None,
    played: Callable[[int], None] = lambda _steps: None,
) -> Stage:
    """Fill an empty database as if its offices had worked until `moment`; Refused where it is not empty."""
    home = home or Home.beside(url)
    random = Random(_SEED)  # noqa: S311 - the same demo every time; nothing here is secret
    with database(url, migrated=False) as engine:
        _require_empty(engine)
        settings = home.settle(url)
        house = house_of(settings)
        upgrade(engine)
        planned = plan(house.catalogue, cases, moment, random)
        begun(sum(len(one.moves) for one in planned))
        opened = min(one.moves[0].at for one in planned)
        with writing(engine) as session:
            claim_key(session, house.keys, opened)
            sync(session, house.catalogue, opened)
            crew = hire(session, house.catalogue, opened)
        counted = Player(engine, house, crew, random, moment, settings.files_dir).play(planned, played)
        with writing(engine) as session:
            arrange(session, house.catalogue, crew, moment)
        sweep(engine, house, moment)
    return Stage(home, settings, house, counted)


def _require_empty(engine: Engine) -> None:
    with reading(engine) as session:
        tables = inspect(session).get_table_names()
    if tables:
        raise Refused([Refusal("database_used", "演示只能用空的数据库，这个数据库中已有数据表")])


def new_demo_file(path: Path) -> str:
    """The URL of a new, marked SQLite file; an earlier demo's file is replaced, anything else is refused."""
    if path.exists() and not is_demo_file(path):
        raise Refused([Refusal("not_a_demo", f"{path} 已存在，但不是演示数据库，不会覆盖；请换一个文件夹，或用 --db")])
    try:
        for suffix in ("", "-journal", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        with closing(sqlite3.connect(path)) as made:
            made.execute(f"PRAGMA application_id = {_MARK}")
    except (OSError, sqlite3.Error) as error:
        raise Unavailable(f"无法在当前文件夹建立 {path}：{error}") from error
    return f"sqlite:///{path}"


def is_demo_file(path: Path) -> bool:
    """Whether a file is a database that an earlier demo made."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as found:
            return bool(found.execute("PRAGMA application_id").fetchone()[0] == _MARK)
    except sqlite3.Error:
        return False


def _say_cases(stage: Stage) -> None:
    labels = {state.key: state.label for flow in FLOWS.values() for state in flow.states.values()}
    ended = {state.key for flow in FLOWS.values() for state in flow.states.values() if not state.open}
    bureaus = stage.house.catalogue.bureaus
    rows = [
        (label, *(str(stage.cases[bureau, key] or "") for bureau in bureaus))
        for key, label in sorted(labels.items(), key=lambda state: state[0] in ended)
        if any(stage.cases[bureau, key] for bureau in bureaus)
    ]
    print_table(f"演示办件 {stage.cases.total()} 件", ("状态", *(one.name for one in bureaus.values())), rows)


def _serve(settings: Settings, port: int) -> None:
    there = replace(settings, host=_LOOPBACK, port=free_port(port))
    run(there, lambda: _say_logins(there))


def _say_logins(settings: Settings) -> None:
    rows = [(one.number, one.name, "、".join(ROLES[role] for role in one.roles), one.section) for one in LOGINS]
    print_table(f"登录（密码都是 {PASSWORD}）", ("工号", "姓名", "角色", "科室"), rows)
    click.echo(f"演示网址：http://{settings.host}:{settings.port}/    按 Ctrl+C 停止")


def free_port(first: int) -> int:
    """The first port from `first` on that nobody on this machine listens on."""
    for port in range(first, min(first + _PORTS, 65_536)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((_LOOPBACK, port))
            except OSError:
                continue
            return port
    raise Unavailable(f"从 {first} 起的 {_PORTS} 个端口都被占用，请用 --port 另选")
