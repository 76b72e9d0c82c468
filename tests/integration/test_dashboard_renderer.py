"""The process that draws charts: what it draws, and that it ends, hangs and dies without harm."""

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET

import psutil
import pytest
import pytest_asyncio
from meguri_dashboard.assets import FONTS
from meguri_dashboard.charts.renderer import Renderer, RenderingError

AXIS = {"count": 24, "ticks": [0.0, 12.0, 24.0], "labels": ["4時", "16時", "4時"]}


def panel(name, *marks):
    """Each mark a place in the panel, a value, a look, a text and what is usual."""
    of_marks = [
        {"at": at, "value": value, "look": look, "text": text, "label": f"{name} {at}", "usual": usual}
        for at, value, look, text, usual in marks
    ]
    return {"name": name, "marks": of_marks, "top": 40}


HOURS = ((3, 5, "hidden", "", None), (4, 40, "shown", "40", 30), (5, 20, "so_far", "20", None))
DRAWING = {
    "chart": "columns",
    "label": "場所ごとの棒グラフ",
    "axis": AXIS,
    "panels": [panel("道の駅", *HOURS), panel("茶の館", *HOURS)],
}
MANY = {**DRAWING, "panels": [panel(f"場所{number}", *HOURS) for number in range(8)]}
LENGTHS = (("5分未満", 20, "shown", "20", None), ("5～15分", 5, "hidden", "5件未満", None))
BARS = {"chart": "bars", "label": "滞在", "panels": [panel("道の駅", *LENGTHS), panel("茶の館", *LENGTHS)]}
STRIPS = {
    "chart": "strips",
    "label": "受信",
    "axis": AXIS,
    "panels": [panel("station-shop", (0, 12, "shown", "", None)), panel("gate", (1, 0, "shown", "", None))],
}
DRAWINGS = pytest.mark.parametrize(
    "drawing", [DRAWING, MANY, BARS, STRIPS], ids=["columns", "many columns", "bars", "strips"]
)


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def renderer():
    """One for all: to start the process takes longer than what is tested."""
    renderer = Renderer(FONTS)
    yield renderer
    await renderer.close()


def labels(svg):
    return [e.get("aria-label") for e in ET.fromstring(svg).iter() if e.get("aria-label")]


@DRAWINGS
async def test_every_word_of_a_chart_is_its_drawings_own(renderer, drawing):
    svg = await renderer.svg(drawing, 328)
    marks = [mark for panel in drawing["panels"] for mark in panel["marks"]]
    assert labels(svg) == [drawing["label"], *(mark["label"] for mark in marks)]
    assert "aria-roledescription" not in svg
    words = {text.text for text in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")}
    known = {mark["text"] for mark in marks} | {mark["at"] for mark in marks}
    known |= {panel["name"] for panel in drawing["panels"]} | set(drawing.get("axis", {}).get("labels", ()))
    assert {word for word in words if not word.isdigit()} <= known


@DRAWINGS
@pytest.mark.parametrize("width", [328, 680])
async def test_a_chart_is_as_wide_as_it_was_asked(renderer, drawing, width):
    svg = ET.fromstring(await renderer.svg(drawing, width))
    assert width - 20 <= float(svg.get("width")) <= width


async def test_what_is_usual_is_a_line_where_it_is_known(renderer):
    usual = [mark["usual"] for panel in DRAWING["panels"] for mark in panel["marks"]]
    svg = ET.fromstring(await renderer.svg(DRAWING, 328))
    lines = [
        line for line in svg.iter("{http://www.w3.org/2000/svg}line") if line.get("stroke") == "var(--ink)"
    ]
    assert len(lines) == len([value for value in usual if value is not None])


async def test_panels_keep_the_axis_of_their_own(renderer):
    panels = [{**DRAWING["panels"][0], "top": 40}, {**DRAWING["panels"][1], "top": 40_000}]
    svg = await renderer.svg({**DRAWING, "panels": panels}, 680)
    assert ">20<" in svg
    assert ">20k<" in svg


async def test_colours_are_tokens_so_that_one_drawing_serves_light_dark_and_paper(renderer):
    svg = await renderer.svg(DRAWING, 680)
    colours = set(re.findall(r'(?:fill|stroke)="([^"]+)"', svg))
    assert {"var(--mark)", "var(--mark-soft)", "url(#hatch)"} <= colours
    assert all(colour == "none" or colour.startswith(("var(--", "url(#hatch")) for colour in colours), colours


async def test_the_same_drawing_is_drawn_once(renderer):
    first, again = await asyncio.gather(renderer.svg(DRAWING, 400), renderer.svg({**DRAWING}, 400))
    assert first is again
    assert await renderer.svg(DRAWING, 400) is first


async def test_a_killed_process_is_replaced_within_the_same_request(renderer):
    await renderer.svg(DRAWING, 328)
    await renderer.svg(STRIPS, 400)
    killed = renderer.pid
    os.kill(killed, signal.SIGKILL)
    assert (await renderer.svg(DRAWING, 500)).startswith("<svg")
    assert renderer.pid not in (killed, None)


async def test_a_process_that_hangs_is_ended_and_the_next_chart_drawn():
    outcomes = []
    renderer = Renderer(FONTS, timeout_s=0.5, outcome=outcomes.append)
    try:
        while not outcomes or outcomes[-1] == "failed":  # the first one also starts the process
            try:
                await renderer.svg(DRAWING, 328)
            except RenderingError:
                renderer._timeout_s *= 2
        hung = renderer.pid
        os.kill(hung, signal.SIGSTOP)
        renderer._timeout_s = 0.2
        with pytest.raises(RenderingError, match="longer than"):
            await renderer.svg(DRAWING, 680)
        assert not psutil.pid_exists(hung)
        renderer._timeout_s = 30
        assert (await renderer.svg(DRAWING, 680)).startswith("<svg")
    finally:
        await renderer.close()


async def test_a_renderer_that_is_warm_has_its_process_before_the_first_chart():
    renderer = Renderer(FONTS, timeout_s=90)  # test machines are busy
    try:
        await renderer.warm_up()
        assert psutil.pid_exists(renderer.pid)
    finally:
        await renderer.close()


async def test_a_drawing_that_cannot_be_drawn_fails_alone(renderer):
    with pytest.raises(RenderingError, match="KeyError"):
        await renderer.svg({**DRAWING, "chart": "pie"}, 328)
    assert (await renderer.svg(DRAWING, 328)).startswith("<svg")


PARENT = """
import asyncio, json, sys
from meguri_dashboard.assets import FONTS
from meguri_dashboard.charts.renderer import Renderer
async def main():
    renderer = Renderer(FONTS)
    await renderer.svg(json.loads(sys.argv[1]), 328)
    print(renderer.pid, flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""


def orphan(*, hanging):
    """The rendering process of a parent that was killed, while it waited or while it hung."""
    command = [sys.executable, "-c", PARENT, json.dumps(DRAWING)]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    child = psutil.Process(int(parent.stdout.readline()))
    if hanging:
        child.suspend()
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    return child


@pytest.mark.parametrize(
    "hanging",
    [
        False,
        pytest.param(
            True, marks=pytest.mark.skipif(sys.platform != "linux", reason="only Linux has PDEATHSIG")
        ),
    ],
)
async def test_the_process_ends_with_its_parent_however_that_ends(hanging):
    child = await asyncio.to_thread(orphan, hanging=hanging)
    with contextlib.suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
        await asyncio.to_thread(child.wait, 20)
    ended = not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
    if not ended:
        child.kill()
    assert ended
