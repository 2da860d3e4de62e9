"""The staff of the demo: every role in both bureaus, with logins one can remember."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from caseflow.catalogue import Catalogue
from caseflow.desk.changes import ADMINISTRATOR
from caseflow.desk.office import Away, add_absence, add_place, set_items
from caseflow.desk.staff import actor_of, add_staff
from caseflow.house import SYSTEM, Actor, beijing_day

PASSWORD: Final = "tianshan-demo"  # noqa: S105 - of accounts that exist only in a demo database served on loopback


@dataclass(frozen=True, slots=True)
class Login:
    """An account of the demo."""

    bureau: str
    number: str
    name: str
    section: str
    roles: tuple[str, ...]


_SHAWAN: Final = (
    Login("shawan", "sw-clerk", "阿依古丽·吐尔逊", "综合服务窗口", ("clerk",)),
    Login("shawan", "sw-clerk2", "王雪梅", "综合服务窗口", ("clerk",)),
    Login("shawan", "sw-clerk3", "叶尔兰·哈孜别克", "综合服务窗口", ("clerk",)),
    Login("shawan", "sw-reviewer", "李建军", "待遇保障科", ("reviewer",)),
    Login("shawan", "sw-reviewer2", "迪丽努尔·艾合买提", "待遇保障科", ("reviewer",)),
    Login("shawan", "sw-checker", "马海涛", "基金监管科", ("checker",)),
    Login("shawan", "sw-approver", "陈国栋", "局领导", ("approver",)),
    Login("shawan", "sw-cashier", "赵玉霞", "财务科", ("cashier",)),
    Login("shawan", "sw-supervisor", "努尔买买提·依明", "办公室", ("supervisor",)),
    Login("shawan", "sw-auditor", "孙静", "审计", ("auditor",)),
    Login("shawan", "sw-admin", "单志强", "信息科", ("administrator",)),
    Login("shawan", "sw-security", "热依拉·阿布都", "信息科", ("security",)),
    Login("shawan", "sw-audit", "韩文静", "审计", ("audit",)),
)
_SHUIMOGOU: Final = (
    Login("shuimogou", "smg-clerk", "古丽娜尔·努尔兰", "政务服务窗口", ("clerk",)),
    Login("shuimogou", "smg-reviewer", "周晓燕", "待遇保障科", ("reviewer",)),
    Login("shuimogou", "smg-checker", "艾尔肯·玉素甫", "基金监管科", ("checker",)),
    Login("shuimogou", "smg-approver", "刘明亮", "局领导", ("approver",)),
    Login("shuimogou", "smg-cashier", "欧阳红梅", "财务科", ("cashier",)),
    Login("shuimogou", "smg-supervisor", "帕提古丽·卡德尔", "办公室", ("supervisor",)),
    Login("shuimogou", "smg-auditor", "仇伟", "审计", ("auditor",)),
    Login("shuimogou", "smg-admin", "高浩然", "信息科", ("administrator",)),
    Login("shuimogou", "smg-security", "巴合提·努尔兰", "信息科", ("security",)),
    Login("shuimogou", "smg-audit", "蒋玉梅", "审计", ("audit",)),
)
LOGINS: Final = (*_SHAWAN, *_SHUIMOGOU)

SPECIALISTS: Final = {"sw-clerk3": "immediate", "sw-reviewer2": "payment"}
"""Who handles only the items of one flow; everybody else handles what their role allows."""

AWAY: Final = ("sw-reviewer2", "sw-reviewer", "外出培训")
"""Who is away on the day of the demo, who stands in, and why."""
_AWAY_FOR: Final = timedelta(days=4)

Crew = Mapping[tuple[str, str], Sequence[Actor]]
"""(bureau, role) → who holds it."""


def hire(session: Connection, catalogue: Catalogue, now: datetime) -> Crew:
    """Make the accounts and give the people by bureau and role; clerks sit at their bureau's windows."""
    _furnish(session, catalogue, now)
    crew: dict[tuple[str, str], list[Actor]] = {}
    for login in LOGINS:
        add_staff(
            session,
            bureau=login.bureau,
            number=login.number,
            name=login.name,
            roles=login.roles,
            password=PASSWORD,
            now=now,
            section=login.section,
            must_change=False,
        )
        for role in login.roles:
            held = crew.setdefault((login.bureau, role), [])
            windows = catalogue.bureau(login.bureau).windows if role == "clerk" else ()
            held.append(actor_of(session, login.number, windows[len(held) % len(windows)] if windows else ""))
    return crew


def _furnish(session: Connection, catalogue: Catalogue, now: datetime) -> None:
    """The sections people sit in, and the windows each bureau publishes."""
    for key, bureau in catalogue.bureaus.items():
        by = Actor(0, "", SYSTEM, key, frozenset({ADMINISTRATOR}))
        for section in dict.fromkeys(login.section for login in LOGINS if login.bureau == key):
            add_place(session, by, "section", section, now)
        counter = next(login.section for login in LOGINS if login.bureau == key and "clerk" in login.roles)
        for window in bureau.windows:
            add_place(session, by, "window", window, now, counter)


def arrange(session: Connection, catalogue: Catalogue, crew: Crew, now: datetime) -> None:
    """The office as it is arranged on the day of the demo: who handles only some items, and who is away.

    Done after all is played: until now everybody could be given every case.
    """
    by = crew["shawan", ADMINISTRATOR][0]
    items = catalogue.items_of(by.bureau)
    people = {one.number: one.id for held in crew.values() for one in held}
    wanted = {(people[number], item.key) for number, flow in SPECIALISTS.items() for item in items if item.flow == flow}
    names = {item.key: item.name for item in items}
    set_items(session, by, names, {people[number] for number in SPECIALISTS}, (), wanted, now)
    number, stand_in, why = AWAY
    today = beijing_day(now)
    add_absence(session, by, Away(number, today, today + _AWAY_FOR, stand_in, why), now)
