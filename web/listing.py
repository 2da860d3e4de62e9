"""The address of a list: which cases, in which order, from which place; what cannot be one is a fault."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from re import ASCII, fullmatch
from typing import Final
from urllib.parse import parse_qsl, urlencode

from flask import url_for

from caseflow.errors import BadInput, Fault
from caseflow.house import Actor
from caseflow.rules.flow import HANDLING_ROLES
from caseflow.rules.words import CHANNELS
from caseflow.views.lines import STATES
from caseflow.views.ordering import DEFAULT, SORTS, Order, Place
from caseflow.views.worklist import LAMPS, TABS, Filters
from web.forms import Entries, is_printable, read_day
from web.gate import house

OPEN_STATES: Final = {key: state.label for key, state in STATES.items() if state.open}
COLUMNS: Final = {
    "last4": "后四位",
    "state": "环节",
    "received": "收件",
    "accepted": "受理",
    "statutory": "法定到期",
    "handler": "经办",
    "channel": "渠道",
    "marks": "标记",
}
"""The columns a person can leave out of lists or put in; number, applicant, item and dates always stand there."""

USUAL_COLUMNS: Final = ("last4", "state", "accepted", "handler", "marks")
LONGEST_LIST: Final = 600
_LONGEST_TOKEN: Final = 260
_DATED = frozenset({DEFAULT, "day", "received"})
_ORDERS = (*SORTS, *(f"-{sort}" for sort in SORTS if sort != DEFAULT))


@dataclass(frozen=True, slots=True)
class Listing:
    """A list as its address names it."""

    filters: Filters
    order: Order

    @property
    def narrowed(self) -> dict[str, str]:
        """The filters in force beside the tab, as the address carries them."""
        return {key: _text(value) for key, value in asdict(self.filters).items() if value and key != "tab"}

    @property
    def query(self) -> dict[str, str]:
        """Everything the address says, the order only where it is not the default."""
        return {"tab": self.filters.tab, **self.narrowed, **({"sort": self.sort} if self.sort != DEFAULT else {})}

    @property
    def sort(self) -> str:
        """The order as the address carries it."""
        return f"-{self.order.sort}" if self.order.down else self.order.sort

    @property
    def text(self) -> str:
        """The address's query as one text, as a saved view keeps it."""
        return urlencode(self.query)

    def address(self, **changes: str) -> str:
        """The address of this list with some of its entries changed; an empty one is left out."""
        said = {key: value for key, value in {**self.query, **changes}.items() if value}
        return f"{url_for('queues.mine')}?{urlencode(said)}"


def read_listing(entries: Entries, actor: Actor) -> Listing:
    """The list an address names; faults are kept in the entries."""
    # Who watches but handles nothing has no cases of their own.
    home = "mine" if actor.roles & HANDLING_ROLES else "section"
    handler = entries.number("handler", "经办人")
    since, until = entries.day("since", "收件日起"), entries.day("until", "收件日止")
    if since and until and since > until:
        entries.fault("until", "收件日止不能早于收件日起")
    filters = Filters(
        tab=entries.choice("tab", "页签", TABS, default=home),
        item=entries.choice("item", "事项", [item.key for item in house().catalogue.items_of(actor.bureau)]),
        state=entries.choice("state", "环节", OPEN_STATES),
        channel=entries.choice("channel", "渠道", CHANNELS),
        lamp=entries.choice("lamp", "时限", LAMPS),
        handler="" if handler is None else str(handler),
        since=since,
        until=until,
    )
    sort = entries.choice("sort", "排序", _ORDERS, default=DEFAULT)
    return Listing(filters, Order(sort.removeprefix("-"), sort.startswith("-")))


def read_query(text: str, actor: Actor) -> tuple[Listing, str]:
    """The list a kept query names, and where its page began; BadInput for what is none."""
    if len(text) > LONGEST_LIST or not is_printable(text):
        raise BadInput([Fault("list", "列表地址过长或含有不可显示的字符")])
    try:
        entries = Entries(dict(parse_qsl(text, max_num_fields=20)))
    except ValueError as error:
        raise BadInput([Fault("list", "列表地址不正确")]) from error
    listing = read_listing(entries, actor)
    after = place_of(entries, listing.order.sort)
    entries.check()
    return listing, place_text(after) if after else ""


def place_of(entries: Entries, sort: str = DEFAULT, field: str = "after") -> Place | None:
    """Where a page begins, from its address; anything but what `place_text` writes for this order is a fault."""
    token = entries.text(field, "页码", longest=_LONGEST_TOKEN)
    if not token:
        return None
    place = _place(token, sort)
    if place is None:
        entries.fault(field, "页码不正确，请从第一页重新翻看")
    return place


def place_text(place: Place) -> str:
    """The place a page ends as its address carries it."""
    return f"{place.rank}.{_text(place.value)}.{place.id}"


def chosen_columns(kept: str) -> tuple[str, ...]:
    """The columns a person wants, in the order of COLUMNS; the usual ones where nothing was kept."""
    wanted = kept.split(",") if kept else USUAL_COLUMNS
    return tuple(key for key in COLUMNS if key in wanted)


def kept_columns(wanted: Iterable[str]) -> str:
    """The columns as they are kept; a choice of none is a choice."""
    return ",".join(key for key in COLUMNS if key in set(wanted)) or "-"


def _place(token: str, sort: str) -> Place | None:
    parts = fullmatch(r"([012])\.([0-9a-z_-]{0,200})\.(\d{1,18})", token, ASCII)
    if parts is None or (parts[1] != "0" and sort != DEFAULT):
        return None
    value = _value(parts[2], sort)
    return None if value is None else Place(int(parts[1]), value, int(parts[3]))


def _value(text: str, sort: str) -> date | str | int | None:
    if sort in _DATED:
        return read_day(text)
    if sort == "handler":
        return int(text) if fullmatch(r"\d{1,18}", text, ASCII) else None
    return text


def _text(value: date | str | int) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
