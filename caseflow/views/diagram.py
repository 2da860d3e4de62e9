"""The picture of a flow, drawn from the flow itself as one SVG without styles or scripts.

The way of an ordinary case runs from left to right. Steps beside it hang below; what may happen nearly anywhere is
listed under the picture, not drawn, so that the lines stay readable.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape

from caseflow.rules.flow import ROLES, Action, Clock, Flow, State

_WIDE, _GAP, _HIGH = 104, 58, 46
_LEFT = 8
_LANE = 22
_ROW = 84
_FEW = 3
"""A step beside the way is drawn where at most so many steps lead to it."""

_INK, _LINE, _QUIET = "#1b2430", "#4a5a70", "#5a6675"
_FILLS = {"申请": "#e7f0fc", "受理": "#dcebfb", "审核": "#fff4d6", "办结": "#e0f3e8"}


@dataclass(frozen=True, slots=True)
class Edge:
    """One or more actions from one state to another."""

    source: str
    target: str
    label: str


def draw(flow: Flow) -> str:
    """An SVG of the flow; every text is escaped, and nothing in it needs a style sheet."""
    way = _way(flow)
    edges = _edges(flow)
    beside = _beside(flow, way, edges)
    lanes = _lanes([edge for edge in edges if _is_arc(edge, way)], way)
    top = 14 + _LANE * (max(lanes.values(), default=-1) + 1)
    places = _places(way, beside, edges, top)
    width = _LEFT * 2 + len(way) * _WIDE + (len(way) - 1) * _GAP
    height = max(y for _, y in places.values()) + _HIGH + 10
    notes = _notes(flow, way, beside)
    parts = [
        *(_straight(edge, places) for edge in edges if _is_next(edge, way)),
        *(_arc(edge, places, way, lanes[edge]) for edge in edges if edge in lanes),
        *_hangings([edge for edge in edges if {edge.source, edge.target} & {*beside}], places),
        *(_box(flow.states[key], place) for key, place in places.items()),
        *(_text(_LEFT, height + 16 + 18 * n, note, "start", _QUIET) for n, note in enumerate(notes)),
    ]
    return _svg(width, height + 18 * len(notes) + 10, f"{flow.label}图", parts)


def _way(flow: Flow) -> list[str]:
    """The open states an ordinary case passes, in the order the flow names them, and its completion."""
    beside = {Clock.SUPPLEMENT, Clock.PAUSED, Clock.STOPPED}
    return [key for key, state in flow.states.items() if state.clock not in beside] + ["closed"]


def _edges(flow: Flow) -> list[Edge]:
    labels: dict[tuple[str, str], list[str]] = {}
    for action in flow.actions.values():
        for route in action.routes:
            if route.target:
                labels.setdefault((route.source, route.target), []).append(action.label)
    return [Edge(source, target, " / ".join(dict.fromkeys(texts))) for (source, target), texts in labels.items()]


def _beside(flow: Flow, way: list[str], edges: Iterable[Edge]) -> list[str]:
    sources: dict[str, set[str]] = {key: set() for key in flow.states if key not in way}
    for edge in edges:
        if edge.target in sources:
            sources[edge.target].add(edge.source)
    return [key for key, found in sources.items() if len(found) <= _FEW and flow.states[key].clock is not Clock.PAUSED]


def _is_next(edge: Edge, way: list[str]) -> bool:
    return edge.source in way and edge.target in way and way.index(edge.target) - way.index(edge.source) == 1


def _is_arc(edge: Edge, way: list[str]) -> bool:
    return edge.source in way and edge.target in way and not _is_next(edge, way)


def _lanes(arcs: Iterable[Edge], way: list[str]) -> dict[Edge, int]:
    """A height for each arc, so that arcs over the same stretch do not lie on each other."""
    lanes: dict[Edge, int] = {}
    spans: list[list[tuple[int, int]]] = []
    for edge in sorted(arcs, key=lambda edge: abs(way.index(edge.target) - way.index(edge.source))):
        low, high = sorted((way.index(edge.source), way.index(edge.target)))
        lane = next((n for n, taken in enumerate(spans) if all(high <= a or b <= low for a, b in taken)), len(spans))
        if lane == len(spans):
            spans.append([])
        spans[lane].append((low, high))
        lanes[edge] = lane
    return lanes


def _places(way: list[str], beside: list[str], edges: Iterable[Edge], top: int) -> dict[str, tuple[int, int]]:
    """The upper left corner of each box; a step beside the way hangs below the first step that leads to it."""
    places = {key: (_LEFT + n * (_WIDE + _GAP), top) for n, key in enumerate(way)}
    for key in beside:
        from_way = [edge.source for edge in edges if edge.target == key and edge.source in way]
        x = places[from_way[0]][0] if from_way else _LEFT
        row = 1
        while (x, top + row * _ROW) in places.values():
            row += 1
        places[key] = (x, top + row * _ROW)
    return places


def _straight(edge: Edge, places: Mapping[str, tuple[int, int]]) -> str:
    (x1, y), (x2, _) = places[edge.source], places[edge.target]
    middle = y + _HIGH // 2
    return _path(f"M{x1 + _WIDE} {middle}H{x2 - 2}") + _label((x1 + _WIDE + x2) // 2, middle - 5, edge.label, _GAP)


def _arc(edge: Edge, places: Mapping[str, tuple[int, int]], way: list[str], lane: int) -> str:
    back = way.index(edge.target) < way.index(edge.source)
    (x1, y), (x2, _) = places[edge.source], places[edge.target]
    start, end = (x1 + 30, x2 + _WIDE - 30) if back else (x1 + _WIDE - 16, x2 + 16)
    height = y - 8 - _LANE * lane
    path = _path(f"M{start} {y}V{height}H{end}V{y - 2}", dashed=back)
    return path + _text((start + end) // 2, height - 3, edge.label, "middle", _LINE)


def _hangings(edges: list[Edge], places: Mapping[str, tuple[int, int]]) -> Iterable[str]:
    for n, edge in enumerate(edge for edge in edges if edge.source in places and edge.target in places):
        (x1, y1), (x2, y2) = places[edge.source], places[edge.target]
        if x1 == x2:
            yield _upright(edge, x1, y1, y2)
        else:
            middle = y2 + _HIGH // 2 + (n % 2) * 8 - 4
            path = _path(f"M{x1 + _WIDE // 2} {y1 + _HIGH}V{middle}H{x2 + _WIDE + 2}")
            yield path + _text(x1 + _WIDE // 2 + 5, y1 + _HIGH + 15, edge.label, "start", _LINE)


def _upright(edge: Edge, x: int, y1: int, y2: int) -> str:
    """Down on the left, up on the right; past a box between them along its left side."""
    if y2 < y1:
        return _path(f"M{x + 92} {y1}V{y2 + _HIGH + 2}") + _text(x + 97, y1 - 8, edge.label, "start", _LINE)
    if y2 - y1 > _ROW:
        return _path(f"M{x + 12} {y1 + _HIGH}V{y2 - 2}", dashed=True)
    return _path(f"M{x + 26} {y1 + _HIGH}V{y2 - 2}") + _text(
        x + 31, y1 + _HIGH + 15, edge.label, "start", _LINE, size=11
    )


def _box(state: State, place: tuple[int, int]) -> str:
    x, y = place
    fill = _FILLS[state.stage] if state.open or state.decision else "#eceff3"
    roles = "、".join(label for role, label in ROLES.items() if role in state.roles)
    radius = 4 if state.open else 20
    name = f'<rect x="{x}" y="{y}" width="{_WIDE}" height="{_HIGH}" rx="{radius}" fill="{fill}" stroke="{_LINE}"/>'
    name += _text(x + _WIDE // 2, y + (20 if roles else 28), state.label, "middle", _INK, size=14)
    return name + (_text(x + _WIDE // 2, y + 37, roles, "middle", _QUIET, size=11) if roles else "")


def _notes(flow: Flow, way: list[str], beside: list[str]) -> list[str]:
    """What may happen in many states: one sentence for each action that is not drawn."""
    drawn = {*way, *beside}
    return [
        f"{action.label}：从{_sources(flow, action)}"
        for action in flow.actions.values()
        if any(route.target and route.target not in drawn for route in action.routes)
    ] + (["恢复计时：回到停表前的环节"] if "resume" in flow.actions else [])


def _sources(flow: Flow, action: Action) -> str:
    return "、".join(dict.fromkeys(flow.states[route.source].label for route in action.routes if route.target))


def _label(x: int, y: int, text: str, room: int) -> str:
    """A label between two boxes, broken where it is wider than the gap."""
    most = max(1, (room - 4) // 11)
    lines = [text[n : n + most] for n in range(0, len(text), most)]
    return "".join(
        _text(x, y - 13 * (len(lines) - 1 - n), line, "middle", _LINE, size=11) for n, line in enumerate(lines)
    )


def _path(route: str, *, dashed: bool = False) -> str:
    dash = ' stroke-dasharray="4 3"' if dashed else ""
    return f'<path d="{route}" fill="none" stroke="{_LINE}" stroke-width="1.3"{dash} marker-end="url(#tip)"/>'


def _text(x: int, y: int, text: str, anchor: str, fill: str, *, size: int = 12) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-size="{size}" fill="{fill}">{escape(text)}</text>'


def _svg(width: int, height: int, title: str, parts: Iterable[str]) -> str:
    tip = (
        '<defs><marker id="tip" markerWidth="8" markerHeight="8" refX="6" refY="4" orient="auto">'
        f'<path d="M0 0L8 4L0 8z" fill="{_LINE}"/></marker></defs>'
    )
    fonts = "Noto Sans CJK SC, Noto Sans SC, Microsoft YaHei, PingFang SC, sans-serif"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" class="diagram" viewBox="0 0 {width} {height}" role="img"'
    return f'{head} font-family="{fonts}"><title>{escape(title)}</title>{tip}{"".join(parts)}</svg>'
