"""The rendering process: one JSON request a line on stdin, one JSON answer a line on stdout.

It is a process of its own because vl-convert holds the interpreter lock while it renders. It ends when its
stdin closes, and on Linux with the thread that started it, however that ends.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING

import vl_convert

from meguri_dashboard.charts.specifications import specification
from meguri_dashboard.charts.tidying import tidy

if TYPE_CHECKING:
    from meguri_dashboard.drawings import Drawing

_PR_SET_PDEATHSIG = 1


def render(drawing: Drawing, width: int) -> str:
    """One chart as SVG, `width` pixels wide."""
    svg = vl_convert.vegalite_to_svg(specification(drawing, width), allowed_base_urls=[])
    return tidy(svg, str(drawing["label"]))


def main() -> None:
    """Answer requests until stdin closes. The first argument is the folder of the fonts."""
    parent = int(sys.argv[2])
    _die_with_parent(parent)
    vl_convert.register_font_directory(str(Path(sys.argv[1]).resolve()))
    answers = _take_stdout()
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"svg": render(request["drawing"], request["width"])}
        except Exception as error:  # noqa: BLE001  # whatever a drawing breaks, the next one may be drawn
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _die_with_parent(parent: int) -> None:
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the process that started this renderer has ended")


def _take_stdout() -> IO[str]:
    """Stdout for answers alone: what a library prints goes to stderr."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


if __name__ == "__main__":
    main()
