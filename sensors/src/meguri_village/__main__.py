"""`python -m meguri_village`: the village as a process, beside the services that it delivers to.

Reads one line of JSON from standard input, `{"replayer": TOKEN, "tills": {SHOP: TOKEN, ...}, "counters":
{COUNTER: TOKEN, ...}, "square": {SHOP: SIGNATURE_KEY}}`: secrets stand on no command line. Prints one line of
JSON after every stretch of time that it delivered. Ends with status 0 at `--until` or when it is told to stop
(SIGTERM, SIGINT), 1 with a sentence if it cannot go on, 2 if it was started wrongly.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from meguri_proto.towns import Clock, Town, TownFileError, parse_town
from meguri_sensors.service import UplinkError
from meguri_sensors.uplink import Uplink

from meguri_village.filling import Filling, Step
from meguri_village.outlets import Keys, Outlets
from meguri_village.posting import Poster
from meguri_village.progress import ProgressError
from meguri_village.shops import Till, till_of
from meguri_village.village import Village

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_FAILED = 1
_WRONG_USE = 2


class _StoppedError(Exception):
    """The process was told to stop."""


class _WrongUseError(ValueError):
    """The process was started wrongly; the message is a sentence."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the village; the exit status."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())

    def wait(seconds: float) -> None:
        if stop.wait(seconds):
            raise _StoppedError

    try:
        _run(_arguments(arguments), wait)
    except _StoppedError:
        return 0
    except BrokenPipeError:
        # Whoever started the village is gone, and Python would complain again when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _FAILED
    except _WrongUseError as error:
        return _say(error, _WRONG_USE)
    except (UplinkError, ProgressError, OSError) as error:
        return _say(error, _FAILED)
    return 0


def _run(options: argparse.Namespace, wait: Callable[[float], None]) -> None:
    town = _town(options.town)
    try:
        village = Village(town, options.seed, options.size, options.addresses)
    except ValueError as error:
        raise _WrongUseError(str(error)) from error
    keys = _keys(village)
    options.data.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()

    def report(step: Step) -> None:
        wait(0)
        line = json.dumps({**step._asdict(), "seconds": round(time.monotonic() - started, 3)})
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    with ExitStack() as stack:
        uplink = stack.enter_context(Uplink(options.ingest, keys.replayer, sleep=wait))
        ingest = stack.enter_context(Poster("ingest", options.ingest, sleep=wait))
        guide = stack.enter_context(Poster("guide", options.guide, sleep=wait))
        outlets = Outlets(town, keys, ingest, guide)
        filling = Filling(village, uplink, outlets, options.data, options.start, options.until)
        filling.run(lambda: time.time_ns() // 1_000_000, wait, report)


def _town(path: Path) -> Town:
    try:
        town = parse_town(path.read_text(encoding="utf-8"), str(path))
    except TownFileError as error:
        raise _WrongUseError(str(error)) from error
    except UnicodeDecodeError as error:
        raise _WrongUseError(f"The town file {path} is not written in UTF-8.") from error
    except OSError as error:
        raise _WrongUseError(f"The town file {path} cannot be read: {error.strerror}.") from error
    if town.clock is not Clock.RECORDING:
        raise _WrongUseError(
            f"{path} is a live town's: only a town whose clock is `recording` can be simulated."
        )
    return town


def _keys(village: Village) -> Keys:
    """What the first line of standard input gives to the village."""
    town = village.town
    square = [shop for shop in town.shops if till_of(village, shop) is Till.SQUARE]
    try:
        given = json.loads(sys.stdin.readline())
        return Keys(
            str(given["replayer"]),
            {shop: str(given["tills"][shop]) for shop in town.shops},
            {counter: str(given["counters"][counter]) for counter in town.counters},
            {shop: str(given["square"][shop]) for shop in square},
        )
    except (ValueError, KeyError, TypeError):
        # Without the cause: it might show a token.
        raise _WrongUseError(
            'Standard input has to begin with a line {"replayer": TOKEN, "tills": {SHOP: TOKEN, ...}, '
            '"counters": {COUNTER: TOKEN, ...}, "square": {SHOP: KEY}} that names every shop '
            f"({', '.join(town.shops) or 'none'}), every counter ({', '.join(town.counters) or 'none'}) and "
            f"every shop with a Square till ({', '.join(square) or 'none'})."
        ) from None


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m meguri_village", description="Simulate a town.")
    parser.add_argument("--town", type=Path, required=True, metavar="FILE", help="the town file")
    parser.add_argument("--ingest", required=True, metavar="URL", help="where ingest listens")
    parser.add_argument("--guide", required=True, metavar="URL", help="where the guide listens")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="for progress and truth")
    parser.add_argument(
        "--start",
        type=int,
        required=True,
        metavar="MS",
        help="where a new history begins, epoch milliseconds",
    )
    parser.add_argument("--until", type=int, metavar="MS", help="where the village ends (default: never)")
    parser.add_argument("--seed", type=int, default=1, help="of all that is random (default: 1)")
    parser.add_argument("--size", type=float, default=1.0, help="how many people, as a factor (default: 1)")
    parser.add_argument(
        "--addresses",
        choices=("field", "stable"),
        default="field",
        help="whether phones change their addresses as real ones do (default: field)",
    )
    return parser.parse_args(arguments)


def _say(error: Exception, status: int) -> int:
    sys.stderr.write(f"{error}\n")
    return status


def _start() -> NoReturn:
    sys.exit(main())


if __name__ == "__main__":
    _start()
