"""`caseflow tick`: one sweep over everything that falls due."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

import click

from caseflow.cli.opening import database, house_of, now, settings_here
from caseflow.cli.output import print_json
from caseflow.desk.upkeep import Swept, sweep

_LAPSED: Final = {
    "notice": "逾期未告知",
    "supplement": "逾期未补正",
    "stage": "环节超时",
    "suspension": "停表到期",
}


@click.command(help="检查全部期限并登记到期情况；可随时重复运行。请每天至少运行一次。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def tick(as_json: bool) -> None:  # noqa: FBT001 - click hands it over by name
    """Sweep once and say what was done."""
    settings = settings_here()
    house = house_of(settings)
    with database(settings.database_url) as engine:
        swept = sweep(engine, house, now())
    if as_json:
        print_json(asdict(swept))
    else:
        click.echo(_sentence(swept))


def _sentence(swept: Swept) -> str:
    if not swept.total:
        return "没有新的到期情况。"
    kinds = "、".join(f"{_LAPSED.get(kind, kind)} {n} 件" for kind, n in swept.lapsed.items())
    return f"登记到期 {swept.total} 件：{kinds}；其中视为受理 {swept.accepted} 件。"
