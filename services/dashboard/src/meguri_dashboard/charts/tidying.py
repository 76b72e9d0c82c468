"""What is done to a rendered chart before it stands in a page."""

from __future__ import annotations

import xml.etree.ElementTree as ET

SVG = "http://www.w3.org/2000/svg"
_NOT_NEEDED = ("aria-roledescription", "font-family", "pointer-events", "stroke-miterlimit", "version")
"""Said in English by the renderer, or by the page's styles, or of no use where no pointer acts."""
_FOR_THE_EYE = ("role-title", "role-axis", "mark-text")
_DEFAULTS = {"opacity": "1", "stroke-width": "1"}


def tidy(svg: str, label: str) -> str:
    """The SVG as one graphics document with its marks in it, labelled in the page's language alone.

    Vega describes groups, containers and axes in English whatever the page's language is. What is no mark
    gets no role; what is drawn for the eye alone is hidden from assistive technology. What draws nothing is
    taken out: the rest is half as long.

    Args:
        svg: as vl-convert renders it.
        label: what the chart is, for the whole.
    """
    ET.register_namespace("", SVG)
    root = ET.fromstring(svg)  # noqa: S314  # our own renderer wrote it
    _prune(root)
    for element in root.iter():
        for name in _NOT_NEEDED:
            element.attrib.pop(name, None)
        for name, default in _DEFAULTS.items():
            if element.get(name) == default:
                del element.attrib[name]
        of = element.attrib.pop("class", "")
        if any(name in of for name in _FOR_THE_EYE):
            element.attrib.pop("aria-label", None)
            element.attrib.pop("role", None)
            element.set("aria-hidden", "true")
        if element.get("role") == "graphics-object":
            del element.attrib["role"]
    root.set("role", "graphics-document")
    root.set("aria-label", label)
    return ET.tostring(root, encoding="unicode")


def _prune(element: ET.Element) -> None:
    """Take out what draws nothing: grounds without size, empty texts, groups without content."""
    for child in list(element):
        _prune(child)
        ground = child.get("class") in ("background", "foreground") and not child.get("stroke")
        empty = child.tag in (f"{{{SVG}}}g", f"{{{SVG}}}text") and not len(child) and not child.text
        if ground or empty:
            element.remove(child)
