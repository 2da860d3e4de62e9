"""`caseflow sync`: the schema to this version, then the definitions as editions."""

from __future__ import annotations

import click

from caseflow.cli.opening import database, house_of, now, settings_here
from caseflow.desk.definitions import sync as store_definitions
from caseflow.desk.rotating import claim_key
from caseflow.store.db import upgrade, writing


@click.command(help="把数据库升级到本版本的结构，并载入当前的事项定义；重复运行没有影响。")
def sync() -> None:
    """Migrate and store every definition that changed; a faulty definition changes nothing."""
    settings = settings_here()
    house = house_of(settings)
    with database(settings.database_url, migrated=False, house=house) as engine:
        upgrade(engine)
        with writing(engine) as session:
            claim_key(session, house.keys, now())
            synced = store_definitions(session, house.catalogue, now())
    click.echo(f"事项已载入：新版本 {synced.added} 项，未变 {synced.unchanged} 项，停用 {synced.withdrawn} 项。")
