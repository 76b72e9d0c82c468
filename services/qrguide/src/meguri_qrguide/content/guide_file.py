"""The guide's own file, `guide.yaml`: what holds for all its sights."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from meguri_qrguide.content.guide import NOTICE_PARTS, Wifi
from meguri_qrguide.content.layout import LANGUAGE, NAME
from meguri_qrguide.content.yaml_values import YamlValues

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import yaml

PATH = "guide.yaml"
LARGEST_SIGHT = 99_999
LONGEST_SSID = 32
"""Bytes of a network's name (IEEE 802.11)."""


@dataclass(frozen=True)
class GuideFile:
    """What the file says."""

    town: str
    languages: tuple[str, ...]
    source: str
    titles: Mapping[str, str]
    sights: tuple[int, ...]
    map: str | None
    notice: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    coupon: Mapping[str, str] = field(default_factory=dict)
    wifi: Wifi | None = None


def parse_guide_file(text: str) -> GuideFile:
    """What the file's text says.

    Raises:
        ContentError: it lacks something, or has something unknown.
    """
    values = YamlValues(PATH)
    fields = values.fields(
        values.mapping_of(text),
        ("town", "languages", "source", "title", "sights"),
        ("map", "notice", "coupon", "wifi"),
    )
    languages = values.distinct(
        fields["languages"], lambda node: values.matching(node, LANGUAGE, "a language such as ja or zh-Hant")
    )
    source = values.one_of(fields["source"], languages)

    def texts(node: yaml.Node) -> dict[str, str]:
        return texts_with_source(values, node, languages, source)

    return GuideFile(
        town=values.matching(fields["town"], NAME, "a town's name of a-z, 0-9 and hyphens"),
        languages=languages,
        source=source,
        titles=texts(fields["title"]),
        sights=values.distinct(fields["sights"], lambda node: values.integer(node, 1, LARGEST_SIGHT)),
        map=values.one_of(fields["map"], ("map.svg",)) if "map" in fields else None,
        notice=_notice(values, fields["notice"], texts) if "notice" in fields else {},
        coupon=texts(fields["coupon"]) if "coupon" in fields else {},
        wifi=_wifi(values, fields["wifi"]) if "wifi" in fields else None,
    )


def texts_with_source(
    values: YamlValues, node: yaml.Node, languages: tuple[str, ...], source: str
) -> dict[str, str]:
    """Texts in languages of the guide, of which the source language is one."""
    found = values.texts(node)
    for language in found:
        if language not in languages:
            raise values.error(node, f"{language} is not among the languages of {PATH}.")
    if source not in found:
        raise values.error(node, f"The text in {source}, the source language, is missing.")
    return found


def _notice(
    values: YamlValues, node: yaml.Node, texts: Callable[[yaml.Node], dict[str, str]]
) -> dict[str, dict[str, str]]:
    fields = values.fields(node, (), NOTICE_PARTS)
    return {part: texts(fields[part]) for part in NOTICE_PARTS if part in fields}


def _wifi(values: YamlValues, node: yaml.Node) -> Wifi:
    fields = values.fields(node, ("name",), ("password",))
    name = values.line(fields["name"])
    if len(name.encode()) > LONGEST_SSID:
        raise values.error(fields["name"], f"A network's name has at most {LONGEST_SSID} bytes.")
    return Wifi(name, values.line(fields["password"]) if "password" in fields else "")
