"""Thousands of cases with true chains, written in bulk: for what has to be tried on a database that is not small."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, text

from benchmarks.fill import TABLES, Made, batches, maker_for, write
from caseflow.house import House
from caseflow.store.db import is_sqlite, writing
from caseflow.store.journal import Entry, link


def fill_archive(engine: Engine, house: House, cases: int) -> None:
    """As many cases of Shawan, one in ten open, each with its history chained under the keys of `house`."""
    with writing(engine) as session:
        maker = maker_for(session, years=5)
    for batch in batches(maker, cases, cases // 10):
        for made in batch:
            _chain(house, made)
        with writing(engine) as session:
            write(session, TABLES["cases"], [made.case for made in batch])
            for name in batch[0].rows:
                write(session, TABLES[name], [row for made in batch for row in made.rows[name]])
    if not is_sqlite(engine):
        with writing(engine) as session:
            session.execute(text("SELECT setval('cases_id_seq', (SELECT max(id) FROM cases))"))


def _chain(house: House, made: Made) -> None:
    """Give the entries their links, and the case the state and head its history has."""
    head = ""
    for row in made.rows["event"]:
        entry: dict[str, Any] = {name: row[name] for name in Entry.__slots__}
        head = row["chain"] = link(house.keys, head, Entry(**entry))
    made.case.update(chain=head, state=made.rows["event"][-1]["to_state"], return_to="")
    made.rows["pause"].clear()
