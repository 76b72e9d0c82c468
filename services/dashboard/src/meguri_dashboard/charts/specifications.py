"""The charts as Altair specifications; only the rendering process imports this.

Colours are the pages' tokens (`var(--mark)`), so that one SVG serves light, dark and paper; the page holds
the pattern `#hatch`. Axes and panel titles are drawn for the eye: what a mark means is in its ARIA label.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import altair as alt

from meguri_dashboard.text_widths import text_px

if TYPE_CHECKING:
    from collections.abc import Callable

    from meguri_dashboard.drawings import Drawing

FONT = "BIZ UDPGothic"
TEXT_PX = 12
LEFT_PX = 38
"""Room for the numbers of a y axis, always the same, so that a chart is exactly as wide as it was asked."""
RIGHT_PX = 14
GAP_PX = 20
LABEL_PX = 8
"""Between the name of a bar and the bar."""
NARROW_PX = 500
"""Below this width a chart writes fewer numbers and never two panels side by side."""
MOST_WIDE_PANELS = 2
"""Up to so many panels of columns have the whole width each."""
MOST_NUMBERED = 24
"""With more columns only the greatest has its number."""
_SHORT_NUMBER = "datum.value >= 1000 ? format(datum.value / 1000, ',~r') + 'k' : format(datum.value, ',d')"
_INK, _SOFT, _GRID = "var(--ink)", "var(--ink-soft)", "var(--grid)"
_LOOKS = {"shown": "var(--mark)", "so_far": "var(--mark-soft)", "hidden": "url(#hatch)"}


def specification(drawing: Drawing, width: int) -> dict[str, Any]:
    """The Vega-Lite specification of a drawing, `width` pixels wide in all.

    Raises:
        KeyError: no chart of this name.
    """
    forms: dict[str, Callable[[dict[str, Any], int], dict[str, Any]]] = {
        "columns": _columns,
        "bars": _bars,
        "strips": _strips,
    }
    return {**forms[str(drawing["chart"])](drawing, width), **_frame()}


def _columns(drawing: dict[str, Any], width: int) -> dict[str, Any]:
    """Wide and with more than two panels: two side by side."""
    panels, axis = drawing["panels"], drawing["axis"]
    side_by_side = 2 if width >= NARROW_PX and len(panels) > MOST_WIDE_PANELS else 1
    panel_px = (width - GAP_PX * (side_by_side - 1)) // side_by_side
    has_usual = any(mark["usual"] is not None for panel in panels for mark in panel["marks"])
    is_numbered = panel_px >= NARROW_PX and axis["count"] <= MOST_NUMBERED and not has_usual
    height = 120 if len(panels) <= MOST_WIDE_PANELS else 84
    return {
        "concat": [
            _filled(
                _columns_form(json.dumps(axis), panel["top"], panel_px, height, is_numbered),
                panel,
                _column_rows(panel["marks"]),
            )
            for panel in panels
        ],
        "columns": side_by_side,
        "spacing": {"row": 20, "column": GAP_PX},
    }


@cache
def _columns_form(axis: str, top: float, panel_px: int, height: int, is_numbered: bool) -> dict[str, Any]:  # noqa: FBT001
    slots = json.loads(axis)
    base = alt.Chart().encode(
        x=alt.X("first:Q", scale=_slots_scale(slots), axis=_slots_axis(slots)), x2=alt.X2("end:Q")
    )
    values = alt.Axis(
        title=None,
        values=_round_values(top),
        minExtent=LEFT_PX,
        maxExtent=LEFT_PX,
        domain=False,
        labelExpr=_SHORT_NUMBER,
    )
    scale = alt.Scale(domain=[0, top * 1.16], nice=False)
    marks = base.mark_bar(cornerRadiusEnd=2).encode(
        y=alt.Y("value:Q", scale=scale, axis=values),
        y2=alt.datum(0),
        fill=_looks(),
        description=alt.Description("label:N"),
    )
    usual = (
        alt.Chart()
        .transform_filter("isValid(datum.usual)")
        .mark_rule(stroke=_INK, strokeWidth=1.5, aria=False)
        .encode(x=alt.X("start:Q"), x2=alt.X2("stop:Q"), y=alt.Y("usual:Q"))
    )
    numbers = (
        alt.Chart()
        .mark_text(dy=-4, baseline="bottom", fontSize=TEXT_PX - 1, fill=_INK, aria=False)
        .encode(x=alt.X("middle:Q"), y=alt.Y("value:Q"), text=alt.Text("text:N"))
    )
    if not is_numbered:
        numbers = numbers.transform_filter(alt.datum.greatest)
    return _form(alt.layer(marks, usual, numbers), panel_px - LEFT_PX - RIGHT_PX, height)


def _column_rows(marks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    shown = [mark for mark in marks if mark["look"] != "hidden"]
    greatest = max(shown, key=lambda mark: mark["value"], default=None)
    return [
        {
            **mark,
            "first": mark["at"] + 0.1,
            "end": mark["at"] + 0.9,
            "start": mark["at"],
            "stop": mark["at"] + 1,
            "middle": mark["at"] + 0.5,
            "greatest": mark is greatest,
        }
        for mark in marks
    ]


def _bars(drawing: dict[str, Any], width: int) -> dict[str, Any]:
    panels = drawing["panels"]
    side_by_side = 2 if width >= NARROW_PX and len(panels) > 1 else 1
    panel_px = (width - GAP_PX * (side_by_side - 1)) // side_by_side
    names = [str(mark["at"]) for panel in panels for mark in panel["marks"]]
    labels_px = min(
        2 * LABEL_PX + int(max((text_px(name, TEXT_PX) for name in names), default=0)), panel_px // 2
    )
    return {
        "concat": [
            _filled(
                _bars_form(
                    tuple(str(mark["at"]) for mark in panel["marks"]), panel["top"], panel_px, labels_px
                ),
                panel,
                panel["marks"],
            )
            for panel in panels
        ],
        "columns": side_by_side,
        "spacing": {"row": 20, "column": GAP_PX},
    }


@cache
def _bars_form(names: tuple[str, ...], top: float, panel_px: int, labels_px: int) -> dict[str, Any]:
    at = alt.Y(
        "at:N",
        sort=list(names),
        scale=alt.Scale(paddingInner=0.28, paddingOuter=0.1),
        axis=alt.Axis(
            title=None,
            domain=False,
            minExtent=labels_px,
            maxExtent=labels_px,
            labelLimit=labels_px - LABEL_PX,
            labelPadding=LABEL_PX,
        ),
    )
    value = alt.X("value:Q", scale=alt.Scale(domain=[0, top * 1.3], nice=False), axis=None)
    base = alt.Chart()
    bars = base.mark_bar(cornerRadiusEnd=2).encode(
        y=at, x=value, fill=_looks(), description=alt.Description("label:N")
    )
    numbers = base.mark_text(dx=6, align="left", fontSize=TEXT_PX, fill=_INK, aria=False).encode(
        y=at, x=value, text=alt.Text("text:N")
    )
    return _form(alt.layer(bars, numbers), panel_px - labels_px - LABEL_PX, len(names) * 24)


def _strips(drawing: dict[str, Any], width: int) -> dict[str, Any]:
    axis, panels = json.dumps(drawing["axis"]), drawing["panels"]
    return {
        "concat": [
            _filled(
                _strip_form(axis, panel["top"], width, panel is panels[-1]),
                panel,
                [{**mark, "first": mark["at"] + 0.04, "end": mark["at"] + 0.96} for mark in panel["marks"]],
            )
            for panel in panels
        ],
        "columns": 1,
        "spacing": 8,
    }


@cache
def _strip_form(axis: str, top: float, width: int, is_last: bool) -> dict[str, Any]:  # noqa: FBT001
    slots = json.loads(axis)
    strip = (
        alt.Chart()
        .mark_rect(stroke="var(--mark-hatch)", strokeWidth=0.5)
        .encode(
            x=alt.X("first:Q", scale=_slots_scale(slots), axis=_slots_axis(slots) if is_last else None),
            x2=alt.X2("end:Q"),
            fill=alt.value("var(--mark)"),
            fillOpacity=alt.FillOpacity(
                "value:Q", scale=alt.Scale(domain=[0, top], range=[0, 1]), legend=None
            ),
            description=alt.Description("label:N"),
        )
    )
    return _form(alt.layer(strip), width - RIGHT_PX * 2, 16)


def _form(layers: alt.LayerChart | alt.FacetChart, width: int, height: int) -> dict[str, Any]:
    """A panel without its data and name: to make one takes longer than to draw it."""
    form: dict[str, Any] = layers.properties(
        width=width, height=height, data=alt.InlineData(values=[]), title="-"
    ).to_dict()
    return {name: value for name, value in form.items() if name not in ("config", "$schema")}


def _filled(form: dict[str, Any], panel: dict[str, Any], rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {**form, "data": {"values": rows}, "title": panel["name"]}


@cache
def _frame() -> dict[str, Any]:
    """What is the same for all charts."""
    configured = (
        alt.Chart(alt.InlineData(values=[]))
        .mark_bar()
        .configure(
            font=FONT,
            background="transparent",
            padding={"top": 4, "bottom": 0, "left": 0, "right": 0},
            view=alt.ViewConfig(stroke=None),
            axis=alt.AxisConfig(
                aria=False,
                labelColor=_SOFT,
                titleColor=_SOFT,
                labelFontSize=TEXT_PX,
                titleFontSize=TEXT_PX,
                titleFontWeight="normal",
                domainColor=_SOFT,
                gridColor=_GRID,
                ticks=False,
            ),
            title=alt.TitleConfig(
                anchor="start",
                frame="group",
                color=_INK,
                fontSize=TEXT_PX + 1,
                fontWeight="bold",
                offset=8,
            ),
        )
        .to_dict()
    )
    return {"$schema": configured["$schema"], "config": configured["config"]}


def _looks() -> alt.Fill:
    return alt.Fill("look:N", scale=alt.Scale(domain=list(_LOOKS), range=list(_LOOKS.values())), legend=None)


def _slots_scale(axis: dict[str, Any]) -> alt.Scale:
    return alt.Scale(domain=[0, axis["count"]], nice=False)


def _slots_axis(axis: dict[str, Any]) -> alt.Axis:
    names = {f"{tick:g}": label for tick, label in zip(axis["ticks"], axis["labels"], strict=True)}
    return alt.Axis(
        title=None,
        grid=False,
        values=axis["ticks"],
        labelExpr=f"{json.dumps(names)}[datum.value]",
        labelFlush=False,
        labelOverlap="parity",
        labelSeparation=6,
        labelPadding=6,
    )


def _round_values(top: float) -> list[int]:
    """Two or three round numbers up to the top: the axis is for the eye, exact numbers stand beside."""
    size: int = next(
        base * 10**power
        for power in range(12)
        for base in (5, 10, 20)
        if top / (base * 10**power) < 4  # noqa: PLR2004
    )
    return list(range(0, int(top) + 1, size))
