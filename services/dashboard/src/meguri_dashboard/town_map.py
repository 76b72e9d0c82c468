"""A schematic map of a town as SVG: its places with a sign for their kind, its ways, and what is shown there.

Text is set in the page's own sizes, so a map is drawn once for each width and never scaled.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from math import cos, hypot, pi, sin
from typing import TYPE_CHECKING

from markupsafe import Markup, escape
from meguri_proto.towns import PlaceKind

from meguri_dashboard.text_widths import text_px

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from meguri_proto.towns import Town

_SIGNS = {
    PlaceKind.SIGHT: "M3 19l6-10 4 6 2.5-3.5L21 19zM17 4.5a2 2 0 1 0 .01 0",
    PlaceKind.ROADSIDE_STATION: "M3.5 10.5L12 4l8.5 6.5M5.5 9.5V20h13V9.5M10 20v-5.5h4V20",
    PlaceKind.CAVE: "M3 20C3 11 6.5 4.5 12 4.5S21 11 21 20h-4.5c0-5-1.5-8.5-4.5-8.5S7.5 15 7.5 20z",
    PlaceKind.STREET: "M4 9.5l1.7-5h12.6l1.7 5M4 9.5a2.67 2.67 0 0 0 5.33 0 2.67 2.67 0 0 0 5.34 0 "
    "2.67 2.67 0 0 0 5.33 0M5.5 12.5V20h13v-7.5M10 20v-4h4v4",
    PlaceKind.RESTAURANT: "M3.5 11.5h17a8.5 8.5 0 0 1-5.5 7.5v1.5H9V19a8.5 8.5 0 0 1-5.5-7.5zM8.5 8.5l8.5-5"
    "M12 8.5l7.5-3.5",
    PlaceKind.HOTEL: "M3 5v14M3 15.5h18V19M21 15.5V13a3 3 0 0 0-3-3h-7.5v5.5M6.8 9.3a1.7 1.7 0 1 0 .01 0",
    PlaceKind.PARKING: "M8.5 20V4.5h5a4.5 4.5 0 0 1 0 9h-5",
    PlaceKind.BUS_STOP: "M5 6.5a2 2 0 0 1 2-2h10a2 2 0 0 1 2 2V17H5zM5 11.5h14M8 17v2.5M16 17v2.5M8 14.3h.01"
    "M16 14.3h.01",
}
"""Drawn by their outline in a square of 24."""

NARROW_PX = 500
_TEXT_PX = 13
_LINE_PX = 17
_NODE_PX = 17
"""Half a place's height."""
_SIDE_PX, _TOP_PX, _BOTTOM_PX = 48, 28, 44
"""Between the edges of the map and the middle of its outermost places."""
_GAP_PX, _ENOUGH_PX, _MOST_PUSHES = 4, 0.5, 50
_MOST_NUMBERED = 5
"""More numbers would cover the arrows; `flows` begin with the most frequent."""
_LEAST_FLOW_PX, _GREATEST_FLOW_PX = 1.5, 9.0


@dataclass(frozen=True)
class PlaceMark:
    """What the map shows of a place: its name, what stands beside its sign, and where a click leads."""

    name: str
    text: str
    label: str
    """For who does not see the map."""
    href: str | None = None
    is_hidden: bool = False
    """What stands there is no number."""


@dataclass(frozen=True)
class Flow:
    """How many moved from one place to another."""

    from_place: str
    place: str
    count: int
    text: str


@dataclass(frozen=True)
class _Box:
    left: float
    top: float
    width: float
    height: float

    @property
    def middle(self) -> tuple[float, float]:
        return self.left + self.width / 2, self.top + self.height / 2

    def overlap(self, other: _Box) -> float:
        across = min(self.left + self.width, other.left + other.width) - max(self.left, other.left)
        down = min(self.top + self.height, other.top + other.height) - max(self.top, other.top)
        return max(across, 0) * max(down, 0)

    def beyond(self, width: float, height: float) -> float:
        """How far it reaches over the edges of the map."""
        return (
            max(-self.left, 0)
            + max(-self.top, 0)
            + max(self.left + self.width - width, 0)
            + max(self.top + self.height - height, 0)
        )


def draw_map(
    town: Town, marks: Mapping[str, PlaceMark], width: int, label: str, flows: Sequence[Flow] = ()
) -> Markup:
    """The town's map, `width` pixels wide; `marks` for each of its places.

    Names stand where they cover least; a town whose places have no position (`at`) is drawn as a ring.
    """
    height = round(width * (1.15 if width < NARROW_PX else 0.52))
    nodes = {place: _node(marks[place], *at) for place, at in _positions(town, width, height).items()}
    nodes = _apart(nodes, height)
    at = {place: node.middle for place, node in nodes.items()}
    names = _place_names(marks, nodes, width, height)
    parts = [
        *(_way(at[one], at[other]) for one, other in town.ways),
        *_flows(flows, at),
        *(_place(town, place, marks[place], nodes[place], names[place]) for place in town.places),
        *_flow_texts(flows, at),
    ]
    return Markup(
        '<svg class="map" role="graphics-document" aria-label="{}" width="{}" height="{}" '
        'viewBox="0 0 {} {}">{}</svg>'
    ).format(label, width, height, width, height, Markup("").join(parts))


def _positions(town: Town, width: int, height: int) -> dict[str, tuple[float, float]]:
    """The middle of each place, in pixels."""
    placed = [place.at for place in town.places.values() if place.at is not None]
    if len(placed) == len(town.places):
        percents = {place.place: place.at for place in town.places.values() if place.at is not None}
    else:
        angles = (2 * pi * index / len(town.places) - pi / 2 for index in range(len(town.places)))
        ring = [(round(50 + 42 * cos(angle)), round(50 + 38 * sin(angle))) for angle in angles]
        percents = dict(zip(town.places, ring, strict=True))
    west, east = min(x for x, _ in percents.values()), max(x for x, _ in percents.values())
    north, south = min(y for _, y in percents.values()), max(y for _, y in percents.values())
    return {
        place: (
            _SIDE_PX + (x - west) / max(east - west, 1) * (width - 2 * _SIDE_PX),
            _TOP_PX + (y - north) / max(south - north, 1) * (height - _TOP_PX - _BOTTOM_PX),
        )
        for place, (x, y) in percents.items()
    }


def _node(mark: PlaceMark, x: float, y: float) -> _Box:
    """A round sign, or a sign with a text beside it."""
    half = _NODE_PX + (text_px(mark.text, _TEXT_PX + 4) + 8) / 2 if mark.text else _NODE_PX
    return _Box(x - half, y - _NODE_PX, 2 * half, 2 * _NODE_PX)


def _apart(nodes: Mapping[str, _Box], height: int) -> dict[str, _Box]:
    """Signs that lie over each other, moved up and down until there is room between them."""
    moved = dict(nodes)
    for _ in range(_MOST_PUSHES):
        pushed = False
        for one, other in combinations(sorted(moved, key=lambda place: moved[place].top), 2):
            upper, lower = moved[one], moved[other]
            across = abs(upper.middle[0] - lower.middle[0])
            by = upper.top + upper.height + _GAP_PX - lower.top
            if across < (upper.width + lower.width) / 2 + _GAP_PX and by > _ENOUGH_PX:
                moved[one] = replace(upper, top=max(upper.top - by / 2, 0))
                moved[other] = replace(lower, top=min(lower.top + by / 2, height - lower.height))
                pushed = True
        if not pushed:
            break
    return moved


def _place_names(
    marks: Mapping[str, PlaceMark], nodes: Mapping[str, _Box], width: int, height: int
) -> dict[str, _Box]:
    """Where each name stands: below, above, right or left of its sign, wherever least is covered."""
    taken: list[_Box] = list(nodes.values())
    names = {}
    for place, node in nodes.items():
        name_px = text_px(marks[place].name, _TEXT_PX) + 2
        x, y = node.middle
        shifts = (0, node.width / 2 - name_px / 2, name_px / 2 - node.width / 2)
        choices = [
            _Box(x - name_px / 2 + shift, top, name_px, _LINE_PX)
            for top in (node.top + node.height + 2, node.top - _LINE_PX - 2)
            for shift in shifts
        ]
        choices += [
            _Box(node.left + node.width + 4, y - _LINE_PX / 2, name_px, _LINE_PX),
            _Box(node.left - name_px - 4, y - _LINE_PX / 2, name_px, _LINE_PX),
        ]
        best = min(choices, key=lambda box: _covered(box, taken, width, height))
        names[place] = best
        taken.append(best)
    return names


def _covered(box: _Box, taken: Iterable[_Box], width: int, height: int) -> float:
    return sum(map(box.overlap, taken)) + 100 * box.beyond(width, height)


def _way(one: tuple[float, float], other: tuple[float, float]) -> Markup:
    points = tuple(map(_px, (*one, *other)))
    return Markup('<line class="map-way" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(*points)


def _place(town: Town, place: str, mark: PlaceMark, node: _Box, name: _Box) -> Markup:
    x, y = node.left + _NODE_PX, node.top + _NODE_PX
    sign = Markup('<path class="map-sign" d="{}" transform="translate({} {}) scale(0.83)"/>').format(
        _SIGNS[town.places[place].kind], _px(x - 10), _px(y - 10)
    )
    text = Markup("")
    if mark.text:
        text = Markup('<text class="map-number{}" x="{}" y="{}">{}</text>').format(
            " map-fewer" if mark.is_hidden else "", _px(node.left + 2 * _NODE_PX), _px(y + 6), mark.text
        )
    inner = Markup(
        '<rect class="map-place" x="{}" y="{}" width="{}" height="{}" rx="{}"/>{}{}'
        '<text class="map-name" x="{}" y="{}">{}</text>'
    ).format(
        *(map(_px, (node.left, node.top, node.width, node.height))),
        _NODE_PX,
        sign,
        text,
        _px(name.left + name.width / 2),
        _px(name.top + _LINE_PX - 4),
        mark.name,
    )
    if mark.href is None:
        return Markup('<g role="graphics-symbol" aria-label="{}">{}</g>').format(mark.label, inner)
    return Markup('<a href="{}" aria-label="{}">{}</a>').format(mark.href, mark.label, inner)


def _flows(flows: Sequence[Flow], at: Mapping[str, tuple[float, float]]) -> Iterable[Markup]:
    """Arrows, the widest first, each on the right of its way, so that there and back lie apart."""
    greatest = max((flow.count for flow in flows), default=1)
    for flow in sorted(flows, key=lambda flow: -flow.count):
        px = max(_LEAST_FLOW_PX, _GREATEST_FLOW_PX * flow.count / greatest)
        start, bend, end = _curve(at[flow.from_place], at[flow.place], _NODE_PX + 3)
        across, down = _unit(bend, end)
        head = px * 0.8 + 5
        tip = end[0] - across * head, end[1] - down * head
        left = tip[0] - down * head * 0.7, tip[1] + across * head * 0.7
        right = tip[0] + down * head * 0.7, tip[1] - across * head * 0.7
        yield Markup('<path class="map-flow" d="M{} {}Q{} {} {} {}" stroke-width="{}"/>').format(
            *map(_px, (*start, *bend, *tip, px))
        )
        yield Markup('<path class="map-flow-head" d="M{} {}L{} {}L{} {}z"/>').format(
            *map(_px, (*end, *left, *right))
        )


def _flow_texts(flows: Sequence[Flow], at: Mapping[str, tuple[float, float]]) -> Iterable[Markup]:
    for flow in flows[:_MOST_NUMBERED]:
        start, bend, end = _curve(at[flow.from_place], at[flow.place], _NODE_PX + 3)
        x, y = (start[0] + 2 * bend[0] + end[0]) / 4, (start[1] + 2 * bend[1] + end[1]) / 4
        yield Markup('<text class="map-flow-text" x="{}" y="{}" aria-hidden="true">{}</text>').format(
            _px(x), _px(y + 4), escape(flow.text)
        )


def _curve(
    start: tuple[float, float], end: tuple[float, float], apart: float
) -> tuple[tuple[float, float], tuple[float, float], tuple[float, float]]:
    """Start, bend and end of a curve between two signs that touches neither."""
    across, down = _unit(start, end)
    length = hypot(end[0] - start[0], end[1] - start[1])
    side = min(26.0, length * 0.16)
    middle = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
    bend = middle[0] - down * side, middle[1] + across * side
    leave, arrive = _unit(start, bend), _unit(bend, end)
    return (
        (start[0] + leave[0] * apart, start[1] + leave[1] * apart),
        bend,
        (end[0] - arrive[0] * apart, end[1] - arrive[1] * apart),
    )


def _unit(start: tuple[float, float], end: tuple[float, float]) -> tuple[float, float]:
    length = hypot(end[0] - start[0], end[1] - start[1]) or 1.0
    return (end[0] - start[0]) / length, (end[1] - start[1]) / length


def _px(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
