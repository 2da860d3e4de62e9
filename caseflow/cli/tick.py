"""`caseflow tick`: one sweep over everything that falls due."""

from __future__ import annotations

from typing import Final

import click

from caseflow.cli.opening import database, house_of, now, settings_here
from caseflow.cli.output import print_json
from caseflow.cli.sending import reach_of
from caseflow.desk.upkeep import Swept, sweep
from caseflow.errors import Unavailable

_LAPSED: Final = {
    "notice": "逾期未告知",
    "supplement": "逾期未补正",
    "stage": "环节超时",
    "suspension": "停表到期",
    "deferral": "容缺逾期未补",
    "commitment": "承诺逾期未补",
    "serve": "逾期未送达",
    "repay": "退汇逾期未重付",
    "order_reply": "督办逾期未反馈",
    "call_back": "差评逾期未回访",
    "rectify": "差评逾期未整改",
}


@click.command(help="检查全部期限并登记到期情况；可随时重复运行。请每天至少运行一次。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def tick(as_json: bool) -> None:  # noqa: FBT001 - click hands it over by name
    """Sweep once and say what was done."""
    settings = settings_here()
    house = house_of(settings)
    with database(settings.database_url, house=house) as engine:
        swept = sweep(engine, house, now(), reach_of(settings, house))
    if swept.elsewhere:
        raise Unavailable("另一个进程正在检查期限，本次没有重复检查。")
    if as_json:
        print_json({"lapsed": swept.lapsed, "accepted": swept.accepted})
    else:
        click.echo(_sentence(swept))
    if swept.failed:
        raise Unavailable(f"有 {len(swept.failed)} 项期限未能检查，请运行 caseflow doctor 并通知系统管理员。")


def _sentence(swept: Swept) -> str:
    if not swept.messages and not swept.letters:
        return _lapses(swept)
    return f"{_lapses(swept)}写入提醒 {swept.messages} 条，待发短信和邮件 {swept.letters} 条。"


def _lapses(swept: Swept) -> str:
    moved = f"工作日历有变，重算 {swept.redated} 件。" if swept.redated else ""
    if not swept.total:
        return f"{moved}没有新的到期情况。"
    kinds = "、".join(f"{_LAPSED.get(kind, kind)} {n} 件" for kind, n in swept.lapsed.items())
    return f"{moved}登记到期 {swept.total} 件：{kinds}；其中视为受理 {swept.accepted} 件。"
