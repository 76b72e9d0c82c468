"""The schematic map: everything on it, inside it, and no name over another."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
from fakes.town_day import TOWN
from meguri_dashboard.text_widths import text_px
from meguri_dashboard.town_map import PlaceMark, draw_map
from meguri_proto.towns import PlaceKind, parse_town

TOWNS = {
    path.stem: parse_town(path.read_text("utf-8"), path.name)
    for path in sorted((Path(__file__).parents[2] / "infra" / "towns").glob("*.yaml"))
}


def drawn(town, width=328, language="en", text="120", href=None):
    marks = {
        place.place: PlaceMark(place.names[language], text, f"{place.names[language]}: {text}", href)
        for place in town.places.values()
    }
    return ET.fromstring(str(draw_map(town, marks, width, "the map")))


def of_class(svg, name):
    return [element for element in svg.iter() if name in (element.get("class") or "").split()]


def boxes(svg):
    places = [
        tuple(float(one.get(key)) for key in ("x", "y", "width", "height"))
        for one in of_class(svg, "map-place")
    ]
    names = []
    for name in of_class(svg, "map-name"):
        px = text_px(name.text, 13)
        names.append((float(name.get("x")) - px / 2, float(name.get("y")) - 12, px, 14))
    return places, names


def overlap(one, other):
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return across > 0 and down > 0


@pytest.mark.parametrize("town", TOWNS.values(), ids=TOWNS)
@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("width", [328, 680])
def test_on_the_maps_of_our_towns_nothing_lies_over_another_or_outside(town, language, width):
    svg = drawn(town, width, language)
    places, names = boxes(svg)
    height = float(svg.get("height"))
    for one in (*places, *names):
        assert one[0] >= 0
        assert one[1] >= 0
        assert one[0] + one[2] <= width
        assert one[1] + one[3] <= height
    every = [*places, *names]
    assert [(a, b) for i, a in enumerate(every) for b in every[i + 1 :] if overlap(a, b)] == []


def test_a_town_without_positions_is_a_ring_with_room_for_all():
    places, _ = boxes(drawn(TOWN))
    assert len(places) == 2
    assert not overlap(*places)


def test_a_town_of_one_place_has_a_map():
    one = {"station": TOWN.places["station"]}
    assert len(of_class(drawn(replace(TOWN, places=one)), "map-place")) == 1


def test_every_kind_of_place_has_a_sign_of_its_own():
    places = {kind: replace(TOWN.places["station"], place=kind, kind=kind) for kind in PlaceKind}
    signs = {sign.get("d") for sign in of_class(drawn(replace(TOWN, places=places)), "map-sign")}
    assert len(signs) == len(PlaceKind)


def test_ways_are_drawn_between_their_places():
    assert len(of_class(drawn(TOWNS["mine"]), "map-way")) == len(TOWNS["mine"].ways)


def test_who_does_not_see_the_map_hears_of_each_place_and_can_go_there():
    svg = drawn(TOWN, href="#there")
    links = [element for element in svg.iter() if element.tag.endswith("}a") or element.tag == "a"]
    assert [link.get("aria-label") for link in links] == ["Roadside station: 120", "Tea hall: 120"]
    assert {link.get("href") for link in links} == {"#there"}
    assert svg.get("aria-label") == "the map"


def test_a_name_with_signs_of_markup_stays_a_name():
    names = {"ja": "<b>&", "en": "<b>&"}
    town = replace(TOWN, places={"station": replace(TOWN.places["station"], names=names)})
    assert of_class(drawn(town), "map-name")[0].text == "<b>&"
