"""The rights of the three roles on PostgreSQL, as SQL: who owns, who works, who only looks.

The triggers keep history from everybody who does not take them away; only the owner can, and no program that serves
people connects as the owner.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Column, LargeBinary, Table

from caseflow.store.guards import KEPT, READ_ONLY
from caseflow.store.tables import METADATA

_WORK: Final = "SELECT, INSERT, UPDATE, DELETE"
_SECRET_NAMES: Final = frozenset({"digest", "key"})
_SECRET_ENDINGS: Final = ("_hash", "_index", "sealed")


@dataclass(frozen=True, slots=True)
class Roles:
    """The names of the roles, and the schema that holds the tables."""

    owner: str = "caseflow_owner"
    application: str = "caseflow_app"
    auditor: str = "caseflow_auditor"
    schema: str = "public"


def script(roles: Roles) -> str:
    """One transaction for a superuser after `caseflow sync`; run again after a later one it changes only what is new.

    Passwords are not set here: a script is kept and printed.
    """
    statements = (*_made(roles), *_owned(roles), *_working(roles), *_looking(roles), *_later(roles))
    return "\n".join(("BEGIN;", *statements, "COMMIT;", ""))


def is_secret(column: Column[object]) -> bool:
    """Whether an auditor has no use for it: sealed values, keyed indexes of people, what signing in rests on."""
    sealed = isinstance(column.type, LargeBinary)
    return sealed or column.name in _SECRET_NAMES or column.name.endswith(_SECRET_ENDINGS)


def _made(roles: Roles) -> Iterator[str]:
    for name in (roles.owner, roles.application, roles.auditor):
        missing = f"NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {_text(name)})"
        yield f"DO $$ BEGIN IF {missing} THEN CREATE ROLE {_name(name)} LOGIN; END IF; END $$;"
        yield f"ALTER ROLE {_name(name)} NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;"
    everybody = ", ".join(map(_name, (roles.owner, roles.application, roles.auditor)))
    # Nobody else connects, and nobody makes tables of their own, temporary ones included.
    for order in ("REVOKE ALL ON DATABASE %I FROM PUBLIC", f"GRANT CONNECT ON DATABASE %I TO {everybody}"):
        yield f"DO $$ BEGIN EXECUTE format({_text(order)}, current_database()); END $$;"
    schema = _name(roles.schema)
    yield f"REVOKE ALL ON SCHEMA {schema} FROM PUBLIC, {_name(roles.application)}, {_name(roles.auditor)};"
    yield f"GRANT USAGE, CREATE ON SCHEMA {schema} TO {_name(roles.owner)};"
    yield f"GRANT USAGE ON SCHEMA {schema} TO {_name(roles.application)}, {_name(roles.auditor)};"


def _owned(roles: Roles) -> Iterator[str]:
    """Give every table and function to the owner, whoever made it; the sequence of a column goes with its table."""
    here = f"{_text(_name(roles.schema))}::regnamespace"
    for kind, query in (
        ("TABLE", "oid::regclass::text AS one FROM pg_class WHERE relkind = 'r' AND relnamespace"),
        ("FUNCTION", "oid::regprocedure::text AS one FROM pg_proc WHERE pronamespace"),
    ):
        give = _text(f"ALTER {kind} %s OWNER TO {_name(roles.owner)}")
        each = f"FOR r IN SELECT {query} = {here} LOOP EXECUTE format({give}, r.one); END LOOP"
        yield f"DO $$ DECLARE r record; BEGIN {each}; END $$;"


def _working(roles: Roles) -> Iterator[str]:
    """The application writes and changes, but what is history stays, but for the columns that change later."""
    schema, role = _name(roles.schema), _name(roles.application)
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role};"
    yield f"GRANT {_WORK} ON ALL TABLES IN SCHEMA {schema} TO {role};"
    yield f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {role};"
    for table, changing in KEPT.items():
        yield f"REVOKE UPDATE, DELETE ON {schema}.{_name(table)} FROM {role};"
        if changing:
            yield f"GRANT UPDATE ({_names(changing)}) ON {schema}.{_name(table)} TO {role};"
    for table in sorted(READ_ONLY):
        yield f"REVOKE INSERT, UPDATE, DELETE ON {schema}.{_name(table)} FROM {role};"


def _looking(roles: Roles) -> Iterator[str]:
    """The auditor reads every column that is not secret, and a later table only once this was run again."""
    schema, role = _name(roles.schema), _name(roles.auditor)
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role};"
    for table in METADATA.sorted_tables:
        yield f"GRANT SELECT ({_names(_open_columns(table))}) ON {schema}.{_name(table.name)} TO {role};"
    yield f"GRANT SELECT ON {schema}.alembic_version TO {role};"


def _later(roles: Roles) -> Iterator[str]:
    """What later revisions make is the application's at once; where it is history, their triggers keep it."""
    mine = f"ALTER DEFAULT PRIVILEGES FOR ROLE {_name(roles.owner)} IN SCHEMA {_name(roles.schema)}"
    yield f"{mine} GRANT {_WORK} ON TABLES TO {_name(roles.application)};"
    yield f"{mine} GRANT USAGE, SELECT ON SEQUENCES TO {_name(roles.application)};"


def _open_columns(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.columns if not is_secret(column))


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(map(_name, names))


def _name(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'


def _text(word: str) -> str:
    return "'" + word.replace("'", "''") + "'"
