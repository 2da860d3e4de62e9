"""`caseflow verify`: whether the history was changed behind the application's back."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import click
from sqlalchemy import Engine

from caseflow.cli.opening import database, house_of, settings_here
from caseflow.cli.output import print_json
from caseflow.house import House
from caseflow.store.db import reading
from caseflow.views.verifying import bureaus_of, check_batch, check_tombstones, key_faults, seal_fault, seals_at

MOST_TOLD: Final = 100


@dataclass(slots=True)
class Found:
    """What was counted, and every place that does not hold."""

    cases: int = 0
    entries: int = 0
    purged: int = 0
    seals: int = 0
    sealed_at: str = ""
    broken: list[dict[str, str]] = field(default_factory=list)


@click.command(help="核对全部办理记录是否被改动、删除或补写。发现问题退出码为 1。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
def verify(as_json: bool) -> None:  # noqa: FBT001 - click hands it over by name
    """Follow every chain and every seal; 1 and the first broken link where one does not hold."""
    settings = settings_here()
    house = house_of(settings)
    with database(settings.database_url, house=house) as engine:
        found = look(engine, house, settings.seals_file)
    _tell(found, as_json=as_json)
    if found.broken:
        sys.exit(1)


def look(engine: Engine, house: House, seals_file: Path) -> Found:
    """Everything that is checked: the seals, the changes of the key, every chain, every tombstone."""
    found = Found()
    # The seals first: what they counted is older than what is read afterwards.
    seals, before = seals_at(seals_file), 0
    for seal in seals:
        with reading(engine) as session:
            fault = seal_fault(session, house, seal, before)
        before = seal.last
        found.broken += [{"place": f"封存 {seal.at}", "text": fault}] if fault else []
    found.seals, found.sealed_at = len(seals), seals[-1].at if seals else ""
    with reading(engine) as session:
        found.broken += [{"place": f"更换密钥 {at}", "text": text} for at, text in key_faults(session, house)]
    found.broken += _broken_chains(engine, house, found)
    found.broken += _broken_tombstones(engine, house, found)
    return found


def _broken_chains(engine: Engine, house: House, found: Found) -> Iterator[dict[str, str]]:
    with reading(engine) as session:
        bureaus = bureaus_of(session)
    for bureau in bureaus:
        last: int | None = 0
        while last is not None:
            with reading(engine) as session:
                checked = check_batch(session, house, bureau, last)
            found.cases, found.entries = found.cases + checked.cases, found.entries + checked.entries
            for one in checked.broken:
                yield {"place": f"{one.bureau} {one.number} 第 {one.seq} 条", "text": one.text}
            last = checked.last


def _broken_tombstones(engine: Engine, house: House, found: Found) -> Iterator[dict[str, str]]:
    last: int | None = 0
    while last is not None:
        with reading(engine) as session:
            checked = check_tombstones(session, house, last)
        found.purged += checked.cases
        for one in checked.broken:
            yield {"place": f"{one.bureau} {one.number}", "text": one.text}
        last = checked.last


def _tell(found: Found, *, as_json: bool) -> None:
    if as_json:
        told = {name: getattr(found, name) for name in ("cases", "entries", "purged", "seals", "sealed_at")}
        print_json({**told, "broken": found.broken[:MOST_TOLD], "broken_count": len(found.broken)})
        return
    if found.broken:
        first = found.broken[0]
        click.echo(f"发现 {len(found.broken)} 处不符，第一处：{first['place']}：{first['text']}")
        return
    sealed = f"，{found.seals} 次封存相符，最近 {found.sealed_at}" if found.seals else "；还没有封存记录"
    purged = f"，{found.purged} 件已到期销毁" if found.purged else ""
    click.echo(f"{found.cases} 件、{found.entries} 条办理记录完好{purged}{sealed}")
