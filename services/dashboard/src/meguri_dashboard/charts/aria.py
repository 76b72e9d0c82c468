"""ARIA of a rendered chart: the marks' own labels stay, the renderer's English descriptions go."""

from __future__ import annotations

import xml.etree.ElementTree as ET

SVG = "http://www.w3.org/2000/svg"


def tidy(svg: str, label: str) -> str:
    """The SVG as one graphics document with its marks in it, labelled in the page's language alone.

    Vega describes groups, containers and axes in English whatever the page's language is. What is no mark
    gets no role; what carries no label is left to its surroundings.

    Args:
        svg: as vl-convert renders it.
        label: what the chart is, for the whole.
    """
    ET.register_namespace("", SVG)
    root = ET.fromstring(svg)  # noqa: S314  # our own renderer wrote it
    for element in root.iter():
        element.attrib.pop("aria-roledescription", None)
        if element.get("role") == "graphics-object" or "aria-label" not in element.attrib:
            element.attrib.pop("role", None)
        if "role-title" in element.get("class", "") or "role-axis" in element.get("class", ""):
            element.attrib.pop("role", None)
            element.attrib.pop("aria-label", None)
            element.set("aria-hidden", "true")
    root.set("role", "graphics-document")
    root.set("aria-label", label)
    return ET.tostring(root, encoding="unicode")
