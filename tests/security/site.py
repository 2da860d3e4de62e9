"""A furnished office behind its pages: one of everything that has an address, and a walk over all of it by role."""

from __future__ import annotations

import re
from collections import Counter as Tally
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, insert, update
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from caseflow.desk.accounts import disable
from caseflow.desk.attachments import attach
from caseflow.desk.drafts import CASE, REGISTRATION, save_draft
from caseflow.desk.intake import CaseRef
from caseflow.desk.office import Away, add_absence, add_place
from caseflow.desk.preferences import save_view
from caseflow.desk.rating import rate
from caseflow.desk.supervision import answer_order, issue_order
from caseflow.desk.upkeep import sweep
from caseflow.rules.checklist import Mark, Receipt
from caseflow.store.db import writing
from caseflow.store.facts import CaseState
from caseflow.store.models import StaffRow
from caseflow.store.side_models import MessageRow
from tests.security.pages import Form, read_page
from tests.security.undone import Undone
from tests.support.office import ROLES, Office, open_office
from tests.support.roads import ACCEPT, HAND_OVER, ROADS
from tests.support.scans import PDF
from tests.web.counter import Counter, open_door
from web import attachments, rates

ITEMS = Path(__file__).parent.parent / "data" / "items"
TRANSFER = "transfer-continuation"
FLOWS = {
    "standard": TRANSFER,
    "payment": "inpatient-reimbursement",
    "immediate": "newborn-enrolment",
    "designation": "assessed",
}
STOP = {
    "kind": "鉴定",
    "basis": "行政许可法第四十五条",
    "days": "5",
    "reason": "笔迹鉴定",
    "excluded": "不计入办理时限",
}
START = {
    True: ("/", "/items", "/admin", "/calendar", "/help", "/settings", "/search?q=zp"),
    False: ("/login", "/progress"),
}
FEW = {
    "items.guide": 2,
    "help.screen": 2,
    "queues.mine": 12,
    "board.cases": 4,
    "board.take_cases": 1,
    "supervise.overdue": 16,
    "cases.show_paper": 6,
    "attachments.index": 4,
}
"""How many pages of an endpoint are enough, where they differ by what is chosen; the auditor looks at every paper."""

REACHED_OTHERWISE = frozenset(
    {"static", "admin.unlock", "admin.reset_factor", "personal.end", "second.code", "second.check_code"}
)
"""Files; buttons of a locked account, of one with a second factor and of a second place; and the page between the two
steps of signing in, to which tests/web/test_second_factor.py sends what is hostile."""

_HANDLED = frozenset({"queues.mine", "cases.show"})
ONLY = {
    **dict.fromkeys(("reviewer", "checker", "approver", "cashier"), _HANDLED | {"orders.index", "orders.thread"}),
    "auditor": _HANDLED | {"cases.show_paper", "orders.thread"},
}
"""What is looked at again with the eyes of these: the rest looks the same to the clerk and the supervisor."""

_PLACES = frozenset({"", "list", "at", "back", "do"})
"""What an address says of the list one came from: no page differs by it."""


@dataclass(frozen=True)
class Found:
    """A form and where it was found: by whom, on which page, and which endpoint it goes to."""

    who: str
    page: str
    endpoint: str
    form: Form


@dataclass(frozen=True)
class Survey:
    """All that some people meet: (who, address, page), and the forms."""

    pages: list[tuple[str, str, TestResponse]]
    forms: list[Found]


@dataclass
class Site:
    """The office, its application, and browsers of its staff; "" is somebody not signed in."""

    office: Office
    app: Flask
    refs: list[CaseRef]
    kinds: dict[str, str] = field(default_factory=dict)
    """The item, state and handler of each case by its number."""

    extra: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Pages of this office to begin with that nobody is led to by a link."""

    cookies: dict[str, str] = field(default_factory=dict)

    def browser(self, who: str) -> FlaskClient:
        """A browser of this person's, signed in, with nothing in it from an earlier one."""
        name = str(self.app.config["SESSION_COOKIE_NAME"])
        if who and who not in self.cookies:
            first = Counter.of(self.app, self.office, who).client.get_cookie(name)
            self.cookies[who] = first.value if first else ""
        browser = self.app.test_client()
        if who:
            browser.set_cookie(name, self.cookies[who])
        return browser

    @property
    def rated(self) -> CaseRef:
        """An ended case that may still be rated."""
        return next(ref for ref in self.refs if self.office.case(ref).state.key == "refused")

    @property
    def undone(self) -> Undone:
        """The engine whose work is taken back."""
        found: Undone = self.app.extensions["caseflow_engine"]
        return found

    def endpoint(self, path: str, method: str = "GET") -> str:
        """The endpoint of an address; "" for none of ours."""
        parts = urlsplit(path)
        if parts.scheme or parts.netloc or not parts.path.startswith("/"):
            return ""
        try:
            return self.app.url_map.bind("localhost").match(parts.path, method)[0]
        except HTTPException:
            return ""

    def walk(self, who: str) -> Iterator[tuple[str, TestResponse]]:
        """Every page this person reaches by links, one of those that show the same of another thing."""
        waiting, seen = [*START[bool(who)], *self.extra.get(who, ())], Tally[tuple[str, ...]]()
        only = ONLY.get(who, frozenset(self.app.view_functions))
        while waiting:
            path = waiting.pop(0)
            endpoint, alike = self.endpoint(path), self._alike(path)
            few = 1000 if (who, endpoint) == ("auditor", "cases.show_paper") else FEW.get(endpoint, 1000)
            if endpoint in ("", "static") or seen[alike] or seen[(endpoint,)] >= few or endpoint not in only:
                continue
            seen.update([alike, (endpoint,)])
            page = self.browser(who).get(path)
            yield path, page
            if page.status_code == 200 and page.mimetype == "text/html":
                read = read_page(page.text)
                waiting += [*read.links, *(_asked(form, path) for form in read.forms if form.method == "get")]
            elif page.status_code in (302, 303):
                waiting.append(page.headers["Location"])

    def _alike(self, path: str) -> tuple[str, ...]:
        """Two addresses with the same show the same page: cases of one item in one state are alike."""
        parts = urlsplit(path)
        keys = sorted({pair.partition("=")[0] for pair in parts.query.split("&")} - _PLACES)
        number = re.match(r"/cases/([0-9]{24})", parts.path)
        return (self.kinds.get(number[1], "") + parts.path[31:] if number else parts.path, *keys)

    def stations(self, who: str) -> Iterator[tuple[str, TestResponse]]:
        """The pages that stand behind a form, for those who may reach them."""
        browser, office = self.browser(who), self.office
        if who == "clerk":
            counter = Counter(office, browser)
            for step in (1, 2, 3):
                form = counter.register_to(step, TRANSFER)
                yield f"/register#{step}", browser.post("/register", data=form | {"go": "back2" if step > 1 else ""})
            yield "/register#3", browser.post("/register", data=form | {"go": "all"})
        if who == "administrator":
            days = {"layer": "xj", "source": "新政办发〔2026〕1号", "days": "2026-05-20 放假 临时放假"}
            yield "/calendar/preview", browser.post("/calendar/preview", data=days)
        if not who:
            known = {"code": self.rated.query_code, "last_four": "002X"}
            yield "/progress", browser.post("/progress", data=known)

    def survey(self, *people: str) -> Survey:
        """Every page these people meet, and its forms, one of each shape: an endpoint with the same entries."""
        pages: list[tuple[str, str, TestResponse]] = []
        forms: dict[tuple[object, ...], Found] = {}
        for who in people:
            for path, page in (*self.walk(who), *self.stations(who)):
                pages.append((who, path, page))
                for found in self._found(who, path, page):
                    forms.setdefault(_shape(found), found)
        return Survey(pages, list(forms.values()))

    def _found(self, who: str, path: str, page: TestResponse) -> Iterator[Found]:
        for form in read_page(page.text).forms if page.mimetype == "text/html" else ():
            own = form.action or urlsplit(path).path
            for action in (own, *_beside(own)):
                endpoint = self.endpoint(action, form.method.upper())
                if endpoint:
                    yield Found(who, path, endpoint, replace(form, action=action))


def _shape(found: Found) -> tuple[object, ...]:
    """What makes a form another one: where it goes, what it does and the kinds of its entries."""
    last = urlsplit(found.form.action).path.rpartition("/")[2]
    does = last if found.endpoint in ("cases.act", "queues.bulk") else ""
    pressed = found.form.entries[-1] if found.form.entries else None
    go = pressed.value if pressed and pressed.name == "go" else ""
    return (found.endpoint, does, go, *sorted({kind_of(one.name) for one in found.form.typed}))


def kind_of(name: str) -> str:
    """Entries of the same kind: those of every material line, those of every person concerned."""
    return re.sub(r"^m\.[^.]+\.", "m.*.", re.sub(r"^concerned\.\d+\.", "concerned.*.", name))


def _asked(form: Form, path: str) -> str:
    """The address a form that only asks leads to, with something chosen everywhere."""
    chosen = [(one.name, one.value or next(filter(None, one.options), "")) for one in form.entries if one.on]
    sent = [(name, value) for name, value in chosen if name and value]
    return f"{form.action or urlsplit(path).path}?{urlencode(sent)}"


def _beside(action: str) -> tuple[str, ...]:
    """Where the script of a page sends its form while one types."""
    case = re.fullmatch(r"/cases/(\d{24})/[a-z_]+", urlsplit(action).path)
    if case:
        return (f"/drafts/cases/{case[1]}",)
    return ("/register/check", "/drafts/register") if urlsplit(action).path == "/register" else ()


def furnish(engine: Engine, folder: Path) -> Site:
    """Cases in every state of every flow, late ones among them, and one of every other thing."""
    extra = {"second": ("supervisor",), "gone": ("clerk",), "other": ("clerk",)}
    office = open_office(engine, extra=extra, items=ITEMS)
    with writing(engine) as session:
        session.execute(update(StaffRow).values(password_hash=PasswordHasher(1, 8, 1).hash("Window-2026-desk!")))
    refs = [_walked(office, FLOWS[flow], steps) for flow, steps in _stops()]
    refs.append(_walked(office, TRANSFER, [ACCEPT, HAND_OVER]))
    refs.append(_walked(office, TRANSFER, [ACCEPT, HAND_OVER, ("reviewer", "suspend", STOP)]))
    refs.append(office.register("deferral-case"))
    short = office.register(TRANSFER, receipts={"identity": Receipt(Mark.MISSING)})
    office.act(short, "clerk", "supplement_notice")
    app = open_door(office)
    app.extensions["caseflow_engine"] = Undone(engine)
    attachments.install(app, folder / "files")
    app.extensions[rates.KEPT] = rates.Rates(most=10**9)
    site = Site(office, app, [*refs, short])
    _things(site, folder)
    _late(site)
    _drafts(site)
    states = [office.case(ref) for ref in site.refs]
    site.kinds = {one.record.number: f"{one.record.item_key}.{one.state.key}.{one.record.handler_id}" for one in states}
    for who in ROLES:
        site.browser(who)
    site.extra["clerk"] = ("/register", f"/register/done/{refs[0].number}")
    return site


def _stops() -> Iterator[tuple[str, list[Any]]]:
    """Each state of the first road of every flow, and of one flow the end of every other road."""
    for flow in FLOWS:
        steps = ROADS[flow][0][1]
        yield from ((flow, steps[:n]) for n in range(len(steps) + 1))
    yield from (("standard", steps) for _, steps in ROADS["standard"][1:4])


def _walked(office: Office, item: str, steps: list[Any]) -> CaseRef:
    ref = office.register(item)
    for by, action, details in steps:
        office.act(ref, by, action, **details)
    return ref


def _things(site: Site, folder: Path) -> None:
    """The rest that has an address: places, absences, views, drafts, files, ratings."""
    office = site.office
    admin, clerk, other, gone = (office.staff[who] for who in ("administrator", "clerk", "other", "gone"))
    held = next(ref for ref in site.refs if office.case(ref).record.item_key == TRANSFER)
    with writing(office.engine) as session:
        for kind, name in (("section", "待遇科"), ("window", "A区3号")):
            add_place(session, admin, kind, name, office.now)
        away = Away(other.number, date(2026, 3, 3), date(2026, 5, 29), clerk.number, "学习")
        add_absence(session, admin, away, office.now)
        disable(session, office.staff["security"], gone.number, office.now, held_known=False)
        for who in office.staff.values():
            save_view(session, who, "常用", "tab=section", office.now)
        version, upload = office.case(held).record.version, ("identity", "身份证.pdf", PDF)
        attach(session, office.house, folder / "files", clerk, held.id, version, upload, office.now)
    closed = next(ref for ref in site.refs if office.case(ref).state.key == "closed")
    with writing(office.engine) as session:
        rate(session, office.house, office.bureau, closed.id, 2, "等了很久", office.now)


def _late(site: Site) -> None:
    """Past the promise of the first flow; two late cases are ordered about, and the sweep writes its messages."""
    office = site.office
    held = [ref for ref in site.refs if office.case(ref).state.key == "reviewing"]
    for ref in held:
        office.act(ref, "reviewer", "claim")
    late = [ref for ref in held if office.case(ref).record.item_key == TRANSFER]
    promised = office.case(late[0]).record.promised_due or date.max
    office.sleep((promised - office.now.date()).days + 1)
    for ref, answered in zip(late, (False, True), strict=True):
        _ordered(office, office.case(ref), answered=answered)
    sweep(office.engine, office.house, office.now)
    rows = [_message(office.bureau, one.id, office.now) for one in office.staff.values()]
    with writing(office.engine) as session:
        session.execute(insert(MessageRow), rows)


def _ordered(office: Office, case: CaseState, *, answered: bool) -> None:
    boss, handler, moment = office.staff["supervisor"], office.staff["reviewer"], office.now
    words, version = ("promised", "请说明"), case.record.version
    with writing(office.engine) as session:
        order = issue_order(session, office.house, boss, case.record.id, version, 1, *words, None, moment)
        if answered:
            answer_order(session, office.house, handler, order.id, "资料堆积", "今日办结", moment.date(), moment)


def _message(bureau: str, staff_id: int, now: datetime) -> dict[str, object]:
    told = {"bureau": bureau, "staff_id": staff_id, "kind": "due", "text": "测试消息", "once": "test"}
    return {**told, "created_at": now}


def _drafts(site: Site) -> None:
    """Forms not sent yet; old ones would be gone by now."""
    office, clerk = site.office, site.office.staff["clerk"]
    case = next(one for one in map(office.case, site.refs) if one.state.key == "accepted")
    written = {"action": "withdraw", "need.withdraw.reason": "未写完", "version": str(case.record.version)}
    typed = {"item": TRANSFER, "step": "2", "applicant.name": "张霈"}
    with writing(office.engine) as session:
        save_draft(session, office.house, clerk, REGISTRATION + "draft-1", typed, office.now)
        save_draft(session, office.house, clerk, CASE + case.record.number, written, office.now)
