"""How long the unluckiest of sixteen writers waits on SQLite, with the queue before the write lock and without.

python -m tests.reliability.fairness
"""

from __future__ import annotations

import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from itertools import chain
from pathlib import Path
from statistics import median
from unittest.mock import patch

from sqlalchemy import Engine, text

from caseflow.store import db
from caseflow.store.db import create_engine_for, writing

WRITERS = 16
TURNS = 40


def waits(engine: Engine) -> list[float]:
    """Seconds each of all turns was waited for."""

    def write(_n: int) -> list[float]:
        waited = []
        for _ in range(TURNS):
            began = time.monotonic()
            with writing(engine) as session:
                waited.append(time.monotonic() - began)
                session.execute(text("INSERT INTO held VALUES (randomblob(2000))"))
        return waited

    with ThreadPoolExecutor(WRITERS) as pool:
        return sorted(chain.from_iterable(pool.map(write, range(WRITERS))))


def measured(*, queue: bool) -> list[float]:
    """The waits on a file of its own."""
    with tempfile.TemporaryDirectory() as folder:
        engine = create_engine_for(f"sqlite:///{Path(folder)}/fair.db")
        with writing(engine) as session:
            session.execute(text("CREATE TABLE held (content BLOB)"))
        try:
            with nullcontext() if queue else patch.object(db, "_turn", lambda _engine: nullcontext()):
                return waits(engine)
        finally:
            engine.dispose()


def main() -> int:
    """Both, and the ratio of the worst waits."""
    with_queue, without = measured(queue=True), measured(queue=False)
    for name, found in (("with the queue", with_queue), ("without", without)):
        sys.stdout.write(f"{name}: median {median(found):.3f} s, worst {found[-1]:.3f} s\n")
    sys.stdout.write(f"worst without / with: {without[-1] / with_queue[-1]:.1f}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
