"""Pages as a browser without JavaScript has them: their links, and their forms with every entry and button."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser

TYPED = frozenset({"text", "search", "tel", "email", "number", "date", "password", "area"})
"""Entries into which a person types."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One input of a form; `options` are the values a browser lets one choose."""

    name: str
    kind: str
    value: str = ""
    options: tuple[str, ...] = ()
    on: bool = True


@dataclass(frozen=True, slots=True)
class Form:
    """A form; a button with an address of its own makes a form of its own."""

    action: str
    method: str
    entries: tuple[Entry, ...]

    @property
    def typed(self) -> list[Entry]:
        """The entries that take text, each name once."""
        return list({one.name: one for one in self.entries if one.kind in TYPED}.values())

    def sent(self) -> list[tuple[str, str]]:
        """What a browser would send of it as it stands."""
        return [(one.name, one.value) for one in self.entries if one.name and one.on and one.kind != "file"]


@dataclass(frozen=True, slots=True)
class Page:
    """What one can do next."""

    links: tuple[str, ...]
    forms: tuple[Form, ...]


@dataclass
class _Open:
    action: str
    method: str
    entries: list[Entry] = field(default_factory=list)
    buttons: list[tuple[str, Entry]] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.forms: list[_Open] = []
        self.area: Entry | None = None
        self.select: Entry | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = {name: value or "" for name, value in attrs}
        if tag == "a" and held.get("href"):
            self.links.append(held["href"])
        elif tag == "form":
            self.forms.append(_Open(held.get("action", ""), held.get("method", "get").lower()))
        elif self.forms:
            self._within(tag, held)

    def _within(self, tag: str, held: dict[str, str]) -> None:
        name, here = held.get("name", ""), self.forms[-1]
        if tag == "input" and name:
            here.entries.append(_input(held))
        elif tag == "textarea":
            self.area = Entry(name, "area")
        elif tag == "select":
            self.select = Entry(name, "select")
        elif tag == "option" and self.select is not None:
            value = held.get("value", "")
            chosen = value if "selected" in held or not self.select.options else self.select.value
            self.select = replace(self.select, value=chosen, options=(*self.select.options, value))
        elif tag == "button" and held.get("type", "submit") == "submit":
            here.buttons.append((held.get("formaction", ""), Entry(name, "button", held.get("value", ""))))

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self.area is not None:
            self.forms[-1].entries.append(self.area)
            self.area = None
        elif tag == "select" and self.select is not None:
            self.forms[-1].entries.append(self.select)
            self.select = None

    def handle_data(self, data: str) -> None:
        if self.area is not None:
            self.area = replace(self.area, value=self.area.value + (data if self.area.value else data.lstrip("\n")))


def _input(held: dict[str, str]) -> Entry:
    kind = held.get("type", "text")
    value = held.get("value", "on" if kind in ("checkbox", "radio") else "")
    return Entry(held["name"], kind, value, on=kind not in ("checkbox", "radio") or "checked" in held)


def read_page(html: str) -> Page:
    """The links and forms of a page."""
    reader = _Reader()
    reader.feed(html)
    return Page(tuple(reader.links), tuple(_forms(reader.forms)))


def _forms(opened: Iterable[_Open]) -> Iterator[Form]:
    for one in opened:
        yield from (
            Form(action or one.action, one.method, (*one.entries, button))
            for action, button in one.buttons or [("", Entry("", "button"))]
        )
