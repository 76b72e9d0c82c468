"""The drawing of a map: SVG that may stand inside a page."""

from __future__ import annotations

import re
from xml.parsers import expat

_NAMESPACE = "http://www.w3.org/2000/svg"
_XML = "http://www.w3.org/XML/1998/namespace"
# What could load, run, or repeat itself without end (script, style, image, a, use, animate and the like) is
# not among them.
_ELEMENT_NAMES = (
    "svg g defs title desc path rect circle ellipse line polyline polygon text tspan marker linearGradient "
    "radialGradient stop clipPath"
)
_ELEMENTS = frozenset(_ELEMENT_NAMES.split())
_ATTRIBUTE_NAMES = (
    "id class role lang aria-label aria-labelledby aria-describedby aria-hidden focusable viewBox "
    "preserveAspectRatio version width height x y x1 y1 x2 y2 cx cy r rx ry fx fy d points transform dx dy "
    "rotate textLength lengthAdjust fill fill-opacity fill-rule stroke stroke-width stroke-opacity "
    "stroke-linecap stroke-linejoin stroke-dasharray stroke-dashoffset stroke-miterlimit opacity color "
    "font-size font-family font-weight font-style text-anchor dominant-baseline letter-spacing paint-order "
    "vector-effect clip-path clip-rule clipPathUnits gradientUnits gradientTransform spreadMethod offset "
    "stop-color stop-opacity marker-start marker-mid marker-end markerWidth markerHeight markerUnits refX "
    "refY orient overflow display visibility writing-mode"
)
_ATTRIBUTES = frozenset(_ATTRIBUTE_NAMES.split()) | {f"{_XML} lang", f"{_XML} space"}
_FOREIGN = re.compile(r"\\|url\((?!\s*['\"]?#)", re.IGNORECASE)
"""An address that is no part of the drawing, or a backslash, which could spell one."""


def map_problem(content: bytes) -> str | None:
    """A sentence if this is no SVG, or holds more than a drawing: a script, a style, a link, an address."""
    return _Reading().problem(content)


class _Reading:
    """One pass over a drawing."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._element
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.ProcessingInstructionHandler = self._instruction
        self._root: str | None = None
        self._problem: str | None = None

    def problem(self, content: bytes) -> str | None:
        try:
            self._parser.Parse(content, True)
        except expat.ExpatError as error:
            return f"It is no SVG: {expat.ErrorString(error.code)} in line {error.lineno}."
        if self._root != f"{_NAMESPACE} svg":
            return "It is no SVG: its outermost element is not svg."
        return self._problem

    def _refuse(self, sentence: str) -> None:
        self._problem = self._problem or f"Line {self._parser.CurrentLineNumber}: {sentence}"

    def _element(self, name: str, attributes: dict[str, str]) -> None:
        self._root = self._root or name
        namespace, _, local = name.rpartition(" ")
        if namespace != _NAMESPACE or local not in _ELEMENTS:
            self._refuse(f"the element {local} is not taken in a map.")
        for attribute, value in attributes.items():
            if attribute not in _ATTRIBUTES:
                self._refuse(
                    f"the attribute {attribute.rpartition(' ')[2]} is not taken in a map. Colours are given "
                    "by attributes such as fill, or by the page to a class."
                )
            elif _FOREIGN.search(value):
                self._refuse(f"{attribute} may name a part of the drawing alone, such as url(#water).")

    def _doctype(self, *_: object) -> None:
        self._refuse("a DOCTYPE is not taken.")

    def _instruction(self, *_: object) -> None:
        self._refuse("a processing instruction is not taken.")
