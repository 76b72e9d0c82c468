"""The charts as Altair specifications; only the rendering process imports this.

Colours are the pages' tokens (`var(--mark)`), so that one SVG serves light, dark and paper; the page holds
the pattern `#hatch`. Axes and panel titles are drawn for the eye: what a mark means is in its ARIA label.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import altair as alt

if TYPE_CHECKING:
    from collections.abc import Callable

    from meguri_dashboard.drawings import Drawing

FONT = "BIZ UDPGothic"
TEXT_PX = 12
LEFT_PX = 34
"""Room for the numbers of a y axis, always the same, so that a chart is exactly as wide as it was asked."""
RIGHT_PX = 14
NARROW_PX = 500
"""Below this width a chart writes fewer numbers and never two panels side by side."""
_INK, _SOFT, _GRID = "var(--ink)", "var(--ink-soft)", "var(--grid)"
_LOOKS = {"shown": "var(--mark)", "so_far": "var(--mark-soft)", "hidden": "url(#hatch)"}


def specification(drawing: Drawing, width: int) -> dict[str, Any]:
    """The Vega-Lite specification of a drawing, `width` pixels wide in all.

    Raises:
        KeyError: no chart of this name.
    """
    charts: dict[str, Callable[[dict[str, Any], int], alt.TopLevelMixin]] = {
        "arrivals": _arrivals,
        "dwell": _dwell,
        "sensors": _sensors,
    }
    chart = charts[str(drawing["chart"])](drawing, width)
    configured = cast("alt.FacetChart", chart).configure(
        font=FONT,
        background="transparent",
        padding=0,
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
        header=alt.HeaderConfig(
            labelOrient="top",
            labelAnchor="start",
            labelColor=_INK,
            labelFontSize=TEXT_PX + 1,
            labelFontWeight="bold",
            labelPadding=8,
            title=None,
        ),
        facet=alt.CompositionConfig(spacing=24),
    )
    vega_lite: dict[str, Any] = configured.to_dict()
    return vega_lite


def _arrivals(drawing: dict[str, Any], width: int) -> alt.FacetChart:
    inner = width - LEFT_PX - RIGHT_PX
    top = drawing["top"]
    base = alt.Chart().encode(
        x=alt.X(
            "first:Q",
            scale=_hours_scale(drawing),
            axis=_hours_axis(drawing),
        ),
        x2="end:Q",
    )
    bars = base.mark_bar(cornerRadiusEnd=2).encode(
        y=alt.Y(
            "value:Q",
            scale=alt.Scale(domain=[0, top * 1.16], nice=False),
            axis=alt.Axis(
                title=None,
                values=_round_values(top),
                minExtent=LEFT_PX,
                maxExtent=LEFT_PX,
                domain=False,
                format=",d",
            ),
        ),
        y2=alt.datum(0),
        fill=_looks(),
        description="label:N",
    )
    numbers = (
        alt.Chart()
        .mark_text(dy=-4, baseline="bottom", fontSize=TEXT_PX - 1, fill=_INK, aria=False)
        .encode(x=alt.X("middle:Q"), y="value:Q", text="text:N")
    )
    if width < NARROW_PX:
        numbers = numbers.transform_filter(alt.datum.greatest)
    layers = alt.layer(bars, numbers).properties(width=inner, height=120 if width >= NARROW_PX else 104)
    return layers.facet(row=alt.Row("panel:N", sort=drawing["panels"]), data=_arrival_rows(drawing))


def _arrival_rows(drawing: dict[str, Any]) -> alt.InlineData:
    shown = [row for row in reversed(drawing["rows"]) if row["look"] != "hidden"]
    greatest = {row["panel"]: row for row in sorted(shown, key=lambda row: row["value"])}
    return alt.InlineData(
        values=[
            {
                **row,
                "first": row["hour"] + 0.1,
                "end": row["hour"] + 0.9,
                "middle": row["hour"] + 0.5,
                "greatest": row is greatest.get(row["panel"]),
            }
            for row in drawing["rows"]
        ]
    )


def _dwell(drawing: dict[str, Any], width: int) -> alt.FacetChart:
    labels_px, gap = 84, 24
    columns = 2 if width >= NARROW_PX and len(drawing["panels"]) > 1 else 1
    inner = (width - labels_px - gap * (columns - 1) - RIGHT_PX) // columns
    base = alt.Chart().encode(
        y=alt.Y(
            "length:N",
            sort=drawing["lengths"],
            scale=alt.Scale(paddingInner=0.28, paddingOuter=0.1),
            axis=alt.Axis(title=None, domain=False, minExtent=labels_px, maxExtent=labels_px, labelPadding=8),
        ),
        x=alt.X("value:Q", scale=alt.Scale(domain=[0, drawing["top"] * 1.3], nice=False), axis=None),
    )
    bars = base.mark_bar(cornerRadiusEnd=2).encode(fill=_looks(), description="label:N")
    numbers = base.mark_text(dx=6, align="left", fontSize=TEXT_PX, fill=_INK, aria=False).encode(
        text="text:N"
    )
    layers = alt.layer(bars, numbers).properties(width=inner, height=len(drawing["lengths"]) * 24)
    return layers.facet(
        facet=alt.Facet("panel:N", sort=drawing["panels"]),
        columns=columns,
        data=alt.InlineData(values=drawing["rows"]),
        spacing={"column": gap, "row": 20},
    )


def _sensors(drawing: dict[str, Any], width: int) -> alt.FacetChart:
    rows = [{**row, "first": row["hour"] + 0.04, "end": row["hour"] + 0.96} for row in drawing["rows"]]
    cells: alt.Chart = (
        alt.Chart()
        .mark_rect(stroke="var(--mark-hatch)", strokeWidth=0.5)
        .encode(
            x=alt.X("first:Q", scale=_hours_scale(drawing), axis=_hours_axis(drawing)),
            x2="end:Q",
            fill=alt.value("var(--mark)"),
            fillOpacity=alt.FillOpacity(
                "value:Q", scale=alt.Scale(domain=[0, 12], range=[0, 1]), legend=None
            ),
            description="label:N",
        )
        .properties(width=width - RIGHT_PX * 2, height=20)
    )
    return cells.facet(
        row=alt.Row("panel:N", sort=drawing["panels"]), data=alt.InlineData(values=rows), spacing=8
    )


def _looks() -> alt.Fill:
    return alt.Fill("look:N", scale=alt.Scale(domain=list(_LOOKS), range=list(_LOOKS.values())), legend=None)


def _hours_scale(drawing: dict[str, Any]) -> alt.Scale:
    return alt.Scale(domain=[0, drawing["hours"]["count"]], nice=False)


def _hours_axis(drawing: dict[str, Any]) -> alt.Axis:
    hours = drawing["hours"]
    names = dict(zip(hours["ticks"], hours["labels"], strict=True))
    return alt.Axis(
        title=None,
        grid=False,
        values=hours["ticks"],
        labelExpr=f"{json.dumps(names)}[datum.value]",
        labelFlush=False,
        labelOverlap=False,
        labelPadding=6,
    )


def _round_values(top: int) -> list[int]:
    """Two or three round numbers up to the top: the axis is for the eye, exact numbers stand beside."""
    size: int = next(
        base * 10**power
        for power in range(12)
        for base in (5, 10, 20)
        if top / (base * 10**power) < 4  # noqa: PLR2004
    )
    return list(range(0, top + 1, size))
