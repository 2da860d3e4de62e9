"""Triggers that keep rows from being changed or removed, the same on SQLite and on PostgreSQL.

A revision lists them and makes or drops each. What these functions write never changes once a release has run them:
another form is another function, because a revision is history.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from alembic import op

_IS_NOT: Final = {"sqlite": "IS NOT", "postgresql": "IS DISTINCT FROM"}


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger for each row of a table: it refuses with `message` where `condition` holds, or runs `then`.

    `{is_not}` in a condition compares with NULL as a value. A refusal is an IntegrityError on both databases (23001 on
    PostgreSQL), and TRUNCATE, which SQLite has not, is refused whatever the rows are.
    """

    name: str
    moment: str
    table: str
    condition: str = ""
    message: str = ""
    then: str = ""

    def make(self) -> None:
        """Create it."""
        if _dialect() == "postgresql":
            op.execute(self._function())
            each = "STATEMENT" if self.moment.endswith("TRUNCATE") else "ROW"
            op.execute(
                f"CREATE TRIGGER {self.name} {self.moment} ON {self.table} FOR EACH {each} "
                f"EXECUTE FUNCTION {self.name}()"
            )
        elif not self.moment.endswith("TRUNCATE"):
            when = f" WHEN {self._condition()}" if self.condition else ""
            body = self.then or f"SELECT RAISE(ABORT, '{self.message}')"
            op.execute(f"CREATE TRIGGER {self.name} {self.moment} ON {self.table}{when} BEGIN {body}; END")

    def drop(self) -> None:
        """Take it away."""
        if _dialect() == "postgresql":
            op.execute(f"DROP TRIGGER {self.name} ON {self.table}")
            op.execute(f"DROP FUNCTION {self.name}()")
        elif not self.moment.endswith("TRUNCATE"):
            op.execute(f"DROP TRIGGER {self.name}")

    def _function(self) -> str:
        body = self.then or f"RAISE EXCEPTION '{self.message}' USING ERRCODE = 'restrict_violation'"
        guarded = f"IF {self._condition()} THEN {body}; END IF" if self.condition else body
        result = "OLD" if self.moment.endswith("DELETE") else "NEW"
        return (
            f"CREATE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT "
            f"AS $$ BEGIN {guarded}; RETURN {result}; END $$"
        )

    def _condition(self) -> str:
        return self.condition.format(is_not=_IS_NOT[_dialect()])


def settle_search_path() -> None:
    """Let the functions made in this transaction look for tables where they are now, and nowhere before that.

    Otherwise a temporary table of the same name, which anybody may make, would stand in the place of the real one.
    """
    if _dialect() == "postgresql":
        op.execute("SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true)")


def differs(*columns: str) -> str:
    """The condition that an update changes one of the columns."""
    return "(" + " OR ".join(f"OLD.{column} {{is_not}} NEW.{column}" for column in columns) + ")"


def fixed(table: str, *columns: str) -> Trigger:
    """Refuse to change the columns; without columns, any update."""
    message = f"{table}：这些内容登记后不能更改"
    return Trigger(f"{table}_fixed", "BEFORE UPDATE", table, differs(*columns) if columns else "", message)


def once(table: str, *columns: str) -> Trigger:
    """Refuse to change the columns once the first of them is set."""
    condition = f"OLD.{columns[0]} IS NOT NULL AND {differs(*columns)}"
    return Trigger(f"{table}_once", "BEFORE UPDATE", table, condition, f"{table}：这一记载已经作出，不能更改")


def stays(table: str, case: str = "") -> tuple[Trigger, Trigger]:
    """Refuse to remove rows; where `case` gives the case of OLD, but for a case that is being purged."""
    opened = "EXISTS (SELECT 1 FROM purging p WHERE p.bureau = OLD.bureau AND p.case_id"
    condition = f"NOT {opened} = {case})" if case else ""
    message = f"{table}：登记后不能删除"
    return (
        Trigger(f"{table}_stays", "BEFORE DELETE", table, condition, message),
        Trigger(f"{table}_whole", "BEFORE TRUNCATE", table, "", message),
    )


def _dialect() -> str:
    return op.get_context().dialect.name
