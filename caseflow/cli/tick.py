"""`caseflow tick`: one sweep over everything that falls due."""

from __future__ import annotations

from dataclasses import asdict

import click

from caseflow.cli.opening import database, house_of, now, settings_here
from caseflow.cli.output import print_json
from caseflow.desk.upkeep import sweep


@click.command(help="检查全部期限并登记到期情况；可随时重复运行。请每天至少运行一次。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def tick(as_json: bool) -> None:  # noqa: FBT001 - click hands it over by name
    """Sweep once and say what was done."""
    settings = settings_here()
    house = house_of(settings)
    with database(settings.database_url) as engine:
        swept = asdict(sweep(engine, house, now()))
    if as_json:
        print_json(swept)
    else:
        click.echo("，".join(f"{name} {value}" for name, value in swept.items()))
