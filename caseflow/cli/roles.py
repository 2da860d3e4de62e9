"""`caseflow roles`: the SQL that sets owner, application and auditor apart on PostgreSQL."""

from __future__ import annotations

import click

from caseflow.errors import BadInput, Fault
from caseflow.views.grants import Roles, script

_DEFAULT = Roles()


@click.command(help="输出 PostgreSQL 分设三个角色（所有者、应用、审计）的 SQL，交数据库管理员用 psql 执行。")
@click.option("--owner", default=_DEFAULT.owner, help="所有者：升级结构、到期销毁")
@click.option("--application", default=_DEFAULT.application, help="应用：caseflow serve 和 worker 使用")
@click.option("--auditor", default=_DEFAULT.auditor, help="审计：只读，不含密封和口令列")
@click.option("--schema", default=_DEFAULT.schema, help="表所在的 schema")
def roles(owner: str, application: str, auditor: str, schema: str) -> None:
    """Print the script; BadInput where two roles have one name."""
    if len({owner, application, auditor}) != len((owner, application, auditor)):
        raise BadInput([Fault("角色", "三个角色的名称应各不相同")])
    click.echo(script(Roles(owner, application, auditor, schema)), nl=False)
