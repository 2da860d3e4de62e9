"""A day at an office on which everything fails everywhere before it succeeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from caseflow.desk.handling import advance
from caseflow.desk.intake import register
from caseflow.store.db import reading, writing
from tests.reliability.faulty import fail_everywhere
from tests.support.office import Office

TRANSFER = "transfer-continuation"


@dataclass
class Day:
    """A day at an office, each act of which may fail anywhere before it succeeds."""

    office: Office

    def do(self, of: Callable[..., Any], *given: Any, **named: Any) -> Any:
        """Call a desk function in a transaction of its own, failing everywhere first; what it gave at last."""
        told: list[Any] = []

        def act() -> None:
            with writing(self.office.engine) as session:
                told.append(of(session, *given, **named))

        fail_everywhere(self.office.engine, act)
        return told[-1]

    def by(self, who: str) -> Any:
        return self.office.staff[who]

    def register(self, item: str = TRANSFER, **changes: Any) -> Any:
        application = self.office.application(item, **changes)
        return self.do(register, self.office.house, self.by("clerk"), application, self.office.now)

    def step(self, ref: Any, who: str, action: str, details: Mapping[str, str], **more: Any) -> None:
        version = self.office.case(ref).record.version
        told = (self.office.house, self.by(who), ref.id, version, action, details, self.office.now)
        self.do(advance, *told, **more)

    def quick(self, *steps: tuple[str, str, Mapping[str, str]], item: str = TRANSFER) -> Any:
        """A case on its way, without faults."""
        ref = self.office.register(item)
        for who, action, details in steps:
            self.office.act(ref, who, action, **details)
        return ref

    def one(self, column: Any) -> Any:
        """The newest value of a column."""
        with reading(self.office.engine) as session:
            return session.execute(select(column).order_by(column.class_.id.desc()).limit(1)).scalar_one()
