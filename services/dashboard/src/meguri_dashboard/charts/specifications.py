"""The charts as Altair specifications; only the rendering process imports this.

Colours are the pages' tokens (`var(--mark)`), so that one SVG serves light, dark and paper; the page holds
the pattern `#hatch`. Axes and panel titles are drawn for the eye: what a mark means is in its ARIA label.
"""

from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING, Any

import altair as alt

if TYPE_CHECKING:
    from collections.abc import Callable

    from meguri_dashboard.drawings import Drawing

FONT = "BIZ UDPGothic"
TEXT_PX = 12
LEFT_PX = 38
"""Room for the numbers of a y axis, always the same, so that a chart is exactly as wide as it was asked."""
RIGHT_PX = 14
GAP_PX = 20
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
    forms: dict[str, Callable[[dict[str, Any], int], alt.ConcatChart]] = {
        "columns": _columns,
        "bars": _bars,
        "strips": _strips,
    }
    configured = forms[str(drawing["chart"])](drawing, width).configure(
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
        title=alt.TitleConfig(
            anchor="start",
            frame="group",
            color=_INK,
            fontSize=TEXT_PX + 1,
            fontWeight="bold",
            offset=8,
        ),
    )
    vega_lite: dict[str, Any] = configured.to_dict()
    return vega_lite


def _columns(drawing: dict[str, Any], width: int) -> alt.ConcatChart:
    """Wide and with more than two panels: two side by side."""
    panels = drawing["panels"]
    side_by_side = 2 if width >= NARROW_PX and len(panels) > MOST_WIDE_PANELS else 1
    panel_px = (width - GAP_PX * (side_by_side - 1)) // side_by_side
    parts = [_columns_panel(panel, drawing["axis"], panel_px, len(panels)) for panel in panels]
    return alt.concat(*parts, columns=side_by_side, spacing={"row": 20, "column": GAP_PX})


def _columns_panel(panel: dict[str, Any], axis: dict[str, Any], panel_px: int, panels: int) -> alt.LayerChart:
    top = panel["top"]
    data = alt.InlineData(values=_column_rows(panel["marks"]))
    base = alt.Chart(data).encode(
        x=alt.X("first:Q", scale=_slots_scale(axis), axis=_slots_axis(axis)), x2="end:Q"
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
        y=alt.Y("value:Q", scale=scale, axis=values), y2=alt.datum(0), fill=_looks(), description="label:N"
    )
    usual = (
        base.transform_filter("isValid(datum.usual)")
        .mark_rule(stroke=_INK, strokeWidth=1.5, aria=False)
        .encode(x="start:Q", x2="stop:Q", y="usual:Q")
    )
    numbers = (
        alt.Chart(data)
        .mark_text(dy=-4, baseline="bottom", fontSize=TEXT_PX - 1, fill=_INK, aria=False)
        .encode(x="middle:Q", y="value:Q", text="text:N")
    )
    if (
        panel_px < NARROW_PX
        or axis["count"] > MOST_NUMBERED
        or any(m["usual"] is not None for m in panel["marks"])
    ):
        numbers = numbers.transform_filter(alt.datum.greatest)
    return alt.layer(marks, usual, numbers).properties(
        width=panel_px - LEFT_PX - RIGHT_PX,
        height=120 if panels <= MOST_WIDE_PANELS else 84,
        title=panel["name"],
    )


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


def _bars(drawing: dict[str, Any], width: int) -> alt.ConcatChart:
    panels = drawing["panels"]
    side_by_side = 2 if width >= NARROW_PX and len(panels) > 1 else 1
    panel_px = (width - GAP_PX * (side_by_side - 1)) // side_by_side
    names = [str(mark["at"]) for panel in panels for mark in panel["marks"]]
    labels_px = min(8 + max((_text_px(name) for name in names), default=0), panel_px // 2)
    parts = [_bars_panel(panel, panel_px, labels_px) for panel in panels]
    return alt.concat(*parts, columns=side_by_side, spacing={"row": 20, "column": GAP_PX})


def _bars_panel(panel: dict[str, Any], panel_px: int, labels_px: int) -> alt.LayerChart | alt.FacetChart:
    marks = panel["marks"]
    base = alt.Chart(alt.InlineData(values=marks)).encode(
        y=alt.Y(
            "at:N",
            sort=[mark["at"] for mark in marks],
            scale=alt.Scale(paddingInner=0.28, paddingOuter=0.1),
            axis=alt.Axis(
                title=None,
                domain=False,
                minExtent=labels_px,
                maxExtent=labels_px,
                labelLimit=labels_px - 8,
                labelPadding=8,
            ),
        ),
        x=alt.X("value:Q", scale=alt.Scale(domain=[0, panel["top"] * 1.3], nice=False), axis=None),
    )
    bars = base.mark_bar(cornerRadiusEnd=2).encode(fill=_looks(), description="label:N")
    usual = (
        base.transform_filter("isValid(datum.usual)")
        .mark_tick(color=_INK, thickness=1.5, aria=False)
        .encode(x="usual:Q")
    )
    numbers = base.mark_text(dx=6, align="left", fontSize=TEXT_PX, fill=_INK, aria=False).encode(
        text="text:N"
    )
    return alt.layer(bars, usual, numbers).properties(
        width=panel_px - labels_px - RIGHT_PX, height=len(marks) * 24, title=panel["name"]
    )


def _strips(drawing: dict[str, Any], width: int) -> alt.ConcatChart:
    axis = drawing["axis"]
    last = len(drawing["panels"]) - 1
    parts = [_strip(panel, axis, width, named=index == last) for index, panel in enumerate(drawing["panels"])]
    return alt.concat(*parts, columns=1, spacing=8)


def _strip(panel: dict[str, Any], axis: dict[str, Any], width: int, *, named: bool) -> alt.Chart:
    rows = [{**mark, "first": mark["at"] + 0.04, "end": mark["at"] + 0.96} for mark in panel["marks"]]
    strip: alt.Chart = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_rect(stroke="var(--mark-hatch)", strokeWidth=0.5)
        .encode(
            x=alt.X("first:Q", scale=_slots_scale(axis), axis=_slots_axis(axis) if named else None),
            x2="end:Q",
            fill=alt.value("var(--mark)"),
            fillOpacity=alt.FillOpacity(
                "value:Q", scale=alt.Scale(domain=[0, panel["top"]], range=[0, 1]), legend=None
            ),
            description="label:N",
        )
        .properties(width=width - RIGHT_PX * 2, height=16, title=panel["name"])
    )
    return strip


def _text_px(text: str) -> int:
    """About how wide a text is: Japanese letters are as wide as high, all others about half."""
    return sum(TEXT_PX if unicodedata.east_asian_width(letter) in "WF" else 7 for letter in text)


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
