"""The demo with what its cases lack, served on loopback: something to see on every screen there is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from playwright.sync_api import Browser
from sqlalchemy import Engine, select, update

from caseflow.cli.demo import set_stage
from caseflow.cli.demo_home import Home
from caseflow.desk.preferences import save_view
from caseflow.desk.staff import actor_of
from caseflow.desk.supervision import answer_order
from caseflow.house import BEIJING, House
from caseflow.store.db import create_engine_for, reading, writing
from caseflow.store.models import CaseRow
from caseflow.store.office_models import OrderRow
from tests.browser.windows import Windows
from tests.support.office import ROLES, Office
from tests.support.serving import served
from tests.support.tampering import disarm
from tests.web.test_foresight import ITEM, fill
from web import create_app

FRIDAY = datetime(2026, 4, 17, 16, 0, tzinfo=BEIJING)
NUMBERS = {"administrator": "sw-admin"}


@contextmanager
def demo_site(browser: Browser, folder: Path, cases: int) -> Iterator[Windows]:
    """A window for each role of Shawan at a demo with so many cases, on 17 April 2026."""
    url = f"sqlite:///{folder / 'demo.db'}"
    stage = set_stage(url, cases, FRIDAY, Home.beside(url))
    engine = create_engine_for(url)
    office = _office(engine, stage.house)
    _furnish(office)
    app = create_app(stage.settings, lambda: office.now)
    with served(app) as address, closing(Windows(browser, office, address)) as windows:
        yield windows
    engine.dispose()


def _office(engine: Engine, house: House) -> Office:
    with reading(engine) as session:
        staff = {role: actor_of(session, NUMBERS.get(role, f"sw-{role}"), "综合窗口1") for role in ROLES}
    return Office(engine, house, "shawan", staff, FRIDAY)


def _furnish(office: Office) -> None:
    """What a demo leaves to its visitors: a saved view, an answer to review, and enough history to estimate from."""
    by_id = {one.id: one for one in office.staff.values()}
    owed = select(OrderRow.id, OrderRow.to_id).where(
        OrderRow.to_id.in_(by_id),
        OrderRow.closed_on.is_(None),
        OrderRow.answered_on.is_(None),
        OrderRow.cause != "bad_rating",
    )
    with writing(office.engine) as session:
        save_view(session, office.staff["clerk"], "本科室超期", "tab=section&lamp=over", office.now)
        order = session.execute(owed).first()
        assert order is not None
        until = office.now.date() + timedelta(days=5)
        words = ("参保地回函延迟", "今日电话催办")
        answer_order(session, office.house, by_id[order.to_id], order.id, *words, until, office.now)
    fill(office)
    with writing(office.engine) as session:
        disarm(session)
        session.execute(update(CaseRow).where(CaseRow.item_name == ITEM).values(item_name=office.item(ITEM).name))
