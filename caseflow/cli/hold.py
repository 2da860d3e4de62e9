"""`caseflow hold`: forbids to destroy a case, or ends that; with a reason in the history of the case."""

from __future__ import annotations

import click

from caseflow.cli.opening import database, house_of, now, settings_here
from caseflow.desk.purging import hold as forbid
from caseflow.desk.purging import release as allow
from caseflow.desk.staff import actor_of
from caseflow.errors import NotAllowed
from caseflow.store.db import writing

_MAY = frozenset({"supervisor", "auditor"})


@click.command(help="禁止销毁一件办件（诉讼、审计期间等），或用 --release 解除；写入办理过程。")
@click.argument("number")
@click.option("--reason", required=True, help="原因")
@click.option("--by", required=True, help="决定人的工号，须为主管或审计")
@click.option("--release", is_flag=True, help="解除禁止")
def hold(number: str, reason: str, by: str, release: bool) -> None:  # noqa: FBT001 - click hands it over by name
    """Hold or release a case of the person's own bureau."""
    settings = settings_here()
    house = house_of(settings)
    with database(settings.database_url, house=house) as engine, writing(engine) as session:
        actor = actor_of(session, by)
        if not actor.roles & _MAY:
            raise NotAllowed("只有主管或审计可以决定禁止或解除销毁。")
        (allow if release else forbid)(session, house, actor, number, reason, now())
    click.echo(f"{number} 已{'解除禁止' if release else '禁止'}销毁。")
