"""`caseflow staff`: accounts. A generated password is printed once and is nowhere else."""

from __future__ import annotations

import getpass
from typing import Any

import click

from caseflow.cli import ChineseGroup
from caseflow.cli.opening import database, house_of, now, settings_here
from caseflow.cli.output import print_json, print_table
from caseflow.desk import passwords
from caseflow.desk import staff as desk
from caseflow.house import BEIJING, Actor
from caseflow.rules.flow import ROLES
from caseflow.store.db import reading, writing

_PROMPT = click.option("--prompt", is_flag=True, help="输入密码，而不是由系统生成")


@click.group(cls=ChineseGroup, help="账号：新增、列出、重置密码、停用、恢复、解除锁定、重置动态口令。")
def staff() -> None:
    """The commands for accounts."""


@staff.command(help="新增账号；密码由系统生成并只显示一次，首次登录时须修改。")
@click.argument("number")
@click.option("--name", required=True, help="姓名")
@click.option("--bureau", required=True, help="经办机构代码，如 shawan")
@click.option("--role", "roles", multiple=True, required=True, help=f"角色，可多次：{'、'.join(ROLES)}")
@click.option("--section", default="", help="科室")
@_PROMPT
def add(number: str, bureau: str, prompt: bool, **person: Any) -> None:  # noqa: FBT001 - click hands it over by name
    """Add an account to a bureau that is defined."""
    settings = settings_here()
    house = house_of(settings)
    known, policy = house.catalogue.bureau(bureau), house.sign_in.passwords
    person |= {"bureau": known.key, "number": number, "password": (password := _password(prompt=prompt))}
    with database(settings.database_url) as engine, writing(engine) as session:
        desk.add_staff(session, **person, now=now(), by=_here(), policy=policy)
    click.echo(f"已新增账号 {number}（{known.name}）。")
    _show(password, prompt=prompt)


@staff.command(name="list", help="列出账号。")
@click.option("--bureau", help="只列一个经办机构的账号")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def list_(bureau: str | None, as_json: bool) -> None:  # noqa: FBT001 - click hands it over by name
    """Print the accounts with their roles; never anything of their passwords."""
    settings = settings_here()
    known = house_of(settings).catalogue.bureau(bureau).key if bureau else None
    with database(settings.database_url) as engine, reading(engine) as session:
        found = desk.list_staff(session, known)
    if as_json:
        print_json([_facts(one) for one in found])
        return
    heads = ("机构", "工号", "姓名", "科室", "角色", "状态", "上次登录")
    print_table(f"共 {len(found)} 个账号", heads, [_row(one) for one in found])


@staff.command(help="重置密码：解除锁定，结束其全部登录，下次登录时须修改。")
@click.argument("number")
@_PROMPT
def reset(number: str, prompt: bool) -> None:  # noqa: FBT001 - click hands it over by name
    """Give an account another password."""
    password, settings = _password(prompt=prompt), settings_here()
    policy = house_of(settings).sign_in.passwords
    with database(settings.database_url) as engine, writing(engine) as session:
        desk.reset_password(session, number, password, now(), _here(), policy)
    click.echo(f"已重置 {number} 的密码。")
    _show(password, prompt=prompt)


@staff.command(help="停用账号：立即结束其全部登录；账号保留，因为历史记录中有其姓名。")
@click.argument("number")
def disable(number: str) -> None:
    """Disable an account."""
    with database(settings_here().database_url) as engine, writing(engine) as session:
        desk.disable(session, number, now(), _here())
    click.echo(f"已停用 {number}。")


@staff.command(help="恢复已停用的账号。")
@click.argument("number")
def enable(number: str) -> None:
    """Enable a disabled account."""
    with database(settings_here().database_url) as engine, writing(engine) as session:
        desk.enable(session, number, now(), _here())
    click.echo(f"已恢复 {number}。")


@staff.command(help="解除锁定：不再等待锁定时间；地址的锁定不受影响，到时自动解除。")
@click.argument("number")
def unlock(number: str) -> None:
    """Forget the failed sign-ins of an account."""
    with database(settings_here().database_url) as engine, writing(engine) as session:
        desk.unlock(session, number, now(), _here())
    click.echo(f"已解除 {number} 的锁定。")


@staff.group(name="second-factor", cls=ChineseGroup, help="动态口令：重置。")
def second_factor() -> None:
    """The commands for second factors."""


@second_factor.command(name="reset", help="重置动态口令（手机丢失时）：恢复码一并作废，结束其全部登录。")
@click.argument("number")
def reset_factor(number: str) -> None:
    """Take the second factor off an account, to be set up anew."""
    with database(settings_here().database_url) as engine, writing(engine) as session:
        desk.reset_second_factor(session, number, now(), _here())
    click.echo(f"已重置 {number} 的动态口令；其岗位须使用动态口令的，下次登录时重新启用。")


def _here() -> Actor:
    """Who sits at this machine, for the record of changes: no member of staff, and of no bureau."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = "?"
    return Actor(0, "", f"命令行（{name}）", "", frozenset())


def _password(*, prompt: bool) -> str:
    if not prompt:
        return passwords.new_password()
    entered: str = click.prompt("密码", hide_input=True, confirmation_prompt="再输入一次")
    return entered


def _show(password: str, *, prompt: bool) -> None:
    if not prompt:
        click.echo(f"初始密码（只显示这一次）：{password}")


def _facts(one: desk.StaffMember) -> dict[str, Any]:
    return {
        "number": one.number,
        "name": one.name,
        "bureau": one.bureau,
        "section": one.section,
        "roles": list(one.roles),
        "active": one.active,
        "must_change": one.must_change,
        "locked_until": one.locked_until and one.locked_until.astimezone(BEIJING).isoformat(),
        "last_login_at": one.last_login_at and one.last_login_at.astimezone(BEIJING).isoformat(),
    }


def _row(one: desk.StaffMember) -> tuple[str, ...]:
    roles = "、".join(ROLES[role] for role in one.roles)
    state = "在用" if one.active else "停用"
    seen = f"{one.last_login_at.astimezone(BEIJING):%Y-%m-%d %H:%M}" if one.last_login_at else "—"
    return one.bureau, one.number, one.name, one.section, roles, state, seen
