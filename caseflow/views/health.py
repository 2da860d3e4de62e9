"""What of an installation's state can be read from its database: for the doctor, who judges it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, func, select

from caseflow.store.db import is_sqlite
from caseflow.store.guards import KEPT
from caseflow.store.keeping_models import BackupRow, MasterKeyRow
from caseflow.store.models import EventRow
from caseflow.store.seals import read_seals
from caseflow.views.attachments import plain_files

_GUARDED: Final = frozenset({*KEPT, "purge", "purged_event"})
_TRIGGERS: Final = {
    True: "SELECT DISTINCT tbl_name FROM sqlite_master WHERE type = 'trigger'",
    False: "SELECT DISTINCT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
    "WHERE NOT tgisinternal AND tgenabled <> 'D'",
}
_TALKATIVE: Final = "SELECT current_setting('log_error_verbosity'), current_setting('log_parameter_max_length')"
_CLOCK: Final = "SELECT clock_timestamp()"


@dataclass(frozen=True, slots=True)
class Health:
    """`key_id` is "" where none was noted; `unguarded` are tables of the history without a trigger.

    `server_clock` and `discreet` (whether the server's log leaves out values) are None on SQLite.
    """

    key_id: str
    newest_entry: datetime | None
    newest_row: int
    last_backup: datetime | None
    plain_files: int
    unguarded: tuple[str, ...]
    server_clock: datetime | None
    discreet: bool | None


def read_health(session: Connection) -> Health:
    """Everything at once, in one transaction."""
    newest = session.execute(select(EventRow.id, EventRow.at).order_by(EventRow.id.desc()).limit(1)).one_or_none()
    key = session.execute(select(MasterKeyRow.key_id).order_by(MasterKeyRow.id.desc()).limit(1)).scalar_one_or_none()
    sqlite = is_sqlite(session)
    guarded = set(session.exec_driver_sql(_TRIGGERS[sqlite]).scalars())
    return Health(
        key_id=key or "",
        newest_entry=None if newest is None else newest.at,
        newest_row=0 if newest is None else newest.id,
        last_backup=session.execute(select(func.max(BackupRow.at))).scalar_one(),
        plain_files=plain_files(session),
        unguarded=tuple(sorted(_GUARDED - guarded)),
        server_clock=None if sqlite else session.exec_driver_sql(_CLOCK).scalar_one().astimezone(UTC),
        discreet=None if sqlite else tuple(session.exec_driver_sql(_TALKATIVE).one()) == ("terse", "0"),
    )


def last_seal(path: Path) -> tuple[datetime, int] | None:
    """When the history was last sealed and the newest row seen then; None for never, Unavailable for another file."""
    seals = read_seals(path)
    return (datetime.fromisoformat(seals[-1].at), seals[-1].seen) if seals else None
