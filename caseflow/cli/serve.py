"""`caseflow serve`: the web pages, by waitress."""

from __future__ import annotations

import ipaddress
import signal
import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace

import click

from caseflow.cli.listening import open_server
from caseflow.cli.opening import database, settings_here
from caseflow.cli.worker import in_background
from caseflow.config import Settings
from caseflow.errors import Unavailable

_HTTPS = "登录只在 https 下有效：请在前面放置 https 代理，或在 caseflow.toml 中设 secure_cookies = false。"


@click.command(help="启动网页服务。数据库须已建表（caseflow sync）。")
@click.option("--host", help="监听地址，缺省用配置中的 host")
@click.option("--port", type=click.IntRange(1, 65_535), help="监听端口，缺省用配置中的 port")
@click.option("--with-worker", is_flag=True, help="同时运行提醒和发送（小型机构用，可代替 caseflow worker）")
def serve(host: str | None, port: int | None, with_worker: bool) -> None:  # noqa: FBT001 - click hands it over by name
    """Serve until interrupted; refused where the database is not migrated or the port is taken."""
    settings = settings_here()
    settings = replace(settings, host=host or settings.host, port=port or settings.port)
    with database(settings.database_url), in_background(settings) if with_worker else nullcontext():
        if with_worker:
            signal.signal(signal.SIGTERM, _leave)
        run(settings, lambda: _say(settings))


def _leave(_signal: int, _frame: object) -> None:
    """Waitress takes SystemExit as the order to finish; then the worker is told to stop."""
    sys.exit(0)


def _say(settings: Settings) -> None:
    click.echo(f"正在监听 http://{settings.host}:{settings.port}/ ，按 Ctrl+C 停止。")
    if settings.secure_cookies and not _is_loopback(settings.host):
        click.echo(_HTTPS, err=True)


def run(settings: Settings, listening: Callable[[], None]) -> None:
    """Serve until interrupted, calling `listening` once the address is taken; Unavailable where it cannot be."""
    # The one import of web: everything else in this package runs without Flask.
    from web import create_app  # noqa: PLC0415

    app = create_app(settings)
    try:
        server = open_server(app, settings)
    except (OSError, ValueError) as error:
        raise Unavailable(f"无法监听 {settings.host[:60]}:{settings.port}：{error}") from error
    listening()
    server.run()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
