"""Definitions and calendars read from files and handed on as values, with the checks that need more than one file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from caseflow.errors import Fault, InvalidDefinition, NotFound
from caseflow.identity import check_area_code31
from caseflow.rules.calendar import Layer, WorkingCalendar, national_layer
from caseflow.rules.calendar_file import read_layer
from caseflow.rules.definition import Bureau, read_bureau, read_item
from caseflow.rules.item import Item
from caseflow.workflows import FLOWS

_PACKAGED = Path(str(files("caseflow.workflows")))
_LARGEST_FILE = 256 * 1024


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything that was defined: bureaus, items by (bureau, key) with their texts, calendars by key."""

    bureaus: Mapping[str, Bureau]
    items: Mapping[tuple[str, str], Item]
    texts: Mapping[tuple[str, str], str]
    calendars: Mapping[str, WorkingCalendar]

    def bureau(self, key: str) -> Bureau:
        """The bureau; NotFound where there is none."""
        if key not in self.bureaus:
            message = f"没有经办机构“{key[:40]}”"
            raise NotFound(message)
        return self.bureaus[key]

    def item(self, bureau: str, key: str) -> Item:
        """The item; NotFound where the bureau has none of this key."""
        if (bureau, key) not in self.items:
            message = f"没有事项“{key[:40]}”"
            raise NotFound(message)
        return self.items[bureau, key]

    def items_of(self, bureau: str) -> tuple[Item, ...]:
        """The items of one bureau, in the order of their names."""
        return tuple(sorted((item for (of, _), item in self.items.items() if of == bureau), key=lambda item: item.name))

    def calendar_of(self, bureau: str) -> WorkingCalendar:
        """The bureau's working calendar as it was packaged, without the days entered in a database since."""
        return self.calendars[self.bureau(bureau).key]

    def layers_of(self, key: str) -> tuple[Layer, ...]:
        """The packaged layers of a calendar, later over earlier: national, region, the bureau's own; NotFound."""
        if key in self.bureaus:
            return _layers_of_bureau(self.bureaus[key])
        if key not in _layers():
            raise NotFound(f"没有日历“{key[:40]}”")
        return tuple(_layers()[layer] for layer in dict.fromkeys(("cn", key)))

    def bureaus_on(self, layer: str) -> tuple[str, ...]:
        """The bureaus whose calendar lies on this layer."""
        return tuple(key for key in self.bureaus if layer in {one.key for one in self.layers_of(key)})


def load_catalogue(items_dir: Path | None = None) -> Catalogue:
    """The packaged definitions and those of a folder of the same shape; InvalidDefinition with every fault of all."""
    faults: list[Fault] = []
    found = _Reading(faults)
    for root in _roots(items_dir):
        found.read(root)
    calendars = _calendars(found.bureaus, faults)
    if faults:
        raise InvalidDefinition(faults)
    return Catalogue(found.bureaus, found.items, found.texts, calendars)


def check_definitions(path: Path | None = None) -> tuple[Fault, ...]:
    """Every fault of the definitions, the folder's own included; nothing where all is well."""
    try:
        load_catalogue(path)
    except InvalidDefinition as error:
        return error.faults
    return ()


def load_calendars() -> Mapping[str, WorkingCalendar]:
    """The calendars by key: `cn` (national), each region's, and each bureau's."""
    return load_catalogue().calendars


class _Reading:
    """Reads folders of items; faults of all files end in one list."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        self.bureaus: dict[str, Bureau] = {}
        self.items: dict[tuple[str, str], Item] = {}
        self.texts: dict[tuple[str, str], str] = {}

    def read(self, root: Path) -> None:
        folders = sorted(folder for folder in root.iterdir() if folder.is_dir() and folder.name != "__pycache__")
        if not folders:
            self.faults.append(Fault(str(root), "这里没有经办机构的文件夹"))
        for folder in folders:
            self._read_folder(folder)

    def _read_folder(self, folder: Path) -> None:
        if (folder / "bureau.toml").is_file():
            self._read_bureau(folder)
        elif folder.name not in self.bureaus:
            self.faults.append(Fault(folder.name, "缺少 bureau.toml"))
        for path in sorted(folder.glob("*.toml")):
            if path.name != "bureau.toml":
                self._read_item(folder.name, path)

    def _read_bureau(self, folder: Path) -> None:
        place = f"{folder.name}/bureau.toml"
        try:
            bureau = read_bureau(_text(folder / "bureau.toml", place), place)
        except InvalidDefinition as error:
            self.faults += error.faults
            return
        if bureau.key != folder.name:
            self.faults.append(Fault(f"{place} key", f"应与文件夹同名：{folder.name}"))
        self.bureaus[bureau.key] = bureau

    def _read_item(self, bureau: str, path: Path) -> None:
        place = f"{bureau}/{path.name}"
        try:
            text = _text(path, place)
            item = read_item(text, place)
        except InvalidDefinition as error:
            self.faults += error.faults
            return
        self.faults += [Fault(f"{place} {where}", text) for where, text in _place_faults(item, bureau, path.stem)]
        self.items[bureau, item.key] = item
        self.texts[bureau, item.key] = text


def _place_faults(item: Item, bureau: str, stem: str) -> Iterator[tuple[str, str]]:
    if item.bureau != bureau:
        yield "bureau", f"应与文件夹同名：{bureau}"
    if item.key != stem:
        yield "key", f"应与文件同名：{stem}"
    if item.flow not in FLOWS:
        yield "flow", f"没有流程 {item.flow!r}，只有 {'、'.join(FLOWS)}"
    if item.code:
        for text in check_area_code31(item.code):
            yield "code", text


def _text(path: Path, place: str) -> str:
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise InvalidDefinition([Fault(place, f"文件超过 {_LARGEST_FILE // 1024} KiB")])
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InvalidDefinition([Fault(place, "不是 UTF-8 文字")]) from error
    except OSError as error:
        raise InvalidDefinition([Fault(place, f"无法读取：{error.strerror}")]) from error


def _roots(items_dir: Path | None) -> Iterator[Path]:
    yield _PACKAGED / "items"
    if items_dir is not None:
        if not items_dir.is_dir():
            raise InvalidDefinition([Fault(str(items_dir), "不是文件夹")])
        yield items_dir


@lru_cache(maxsize=1)
def _layers() -> Mapping[str, Layer]:
    layers = {"cn": national_layer()}
    for path in sorted((_PACKAGED / "calendars").glob("*.toml")):
        layers[path.stem] = read_layer(_text(path, path.name), path.name)
    return layers


def _layers_of_bureau(bureau: Bureau) -> tuple[Layer, ...]:
    below = dict.fromkeys(("cn", bureau.calendar))
    return (*(_layers()[key] for key in below), Layer(bureau.key, bureau.name, ()))


@lru_cache(maxsize=32)
def _calendar(key: str, layer_keys: tuple[str, ...]) -> WorkingCalendar:
    return build_calendar(key, [_layers()[layer] for layer in layer_keys])


def build_calendar(key: str, layers: Sequence[Layer], newest: int = 0) -> WorkingCalendar:
    """A calendar of these layers; its revision names their content and the newest entered day among them."""
    return WorkingCalendar.build(key, layers, revision=f"{_revision(layers)}.{newest}")


def _calendars(bureaus: Mapping[str, Bureau], faults: list[Fault]) -> dict[str, WorkingCalendar]:
    calendars = {key: _calendar(key, tuple(dict.fromkeys(("cn", key)))) for key in _layers()}
    for bureau in bureaus.values():
        if bureau.calendar not in _layers():
            faults.append(Fault(f"{bureau.key}/bureau.toml calendar", f"没有日历 {bureau.calendar!r}"))
        elif bureau.key in _layers():
            faults.append(Fault(f"{bureau.key}/bureau.toml key", "与一个日历同名"))
        else:
            calendars[bureau.key] = _calendar(bureau.key, tuple(dict.fromkeys(("cn", bureau.calendar))))
    return calendars


def _revision(layers: Sequence[Layer]) -> str:
    told = [f"{layer.key} {layer.published_through}" for layer in layers if layer.published_through is not None]
    told += [f"{layer.key} {e.day} {e.off} {e.source} {e.estimated}" for layer in layers for e in layer.entries]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:12]
