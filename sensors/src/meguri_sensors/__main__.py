"""The agent as a process: `python -m meguri_sensors`, or `meguri-sensor`."""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Final

from meguri_sensors import agent_log
from meguri_sensors.agent import Agent
from meguri_sensors.agent_status import StatusError, lines, read_status
from meguri_sensors.delivering import Delivering
from meguri_sensors.live_capture import LiveCaptureError
from meguri_sensors.service import UplinkError
from meguri_sensors.spool import Spool, SpoolError
from meguri_sensors.uplink import Uplink

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_logger = logging.getLogger(__name__)
_SMALLEST_SPOOL_MB: Final = 8
_MB: Final = 1_000_000
_PATIENCE_S: Final = 60.0
_WRONG_USE: Final = 2


class _SettingsError(Exception):
    """A setting is missing or cannot be; the message is a sentence."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the agent until a signal ends it; 0 done, 1 failed, 2 wrong use."""
    asked = _parser(os.environ).parse_args(arguments)
    if asked.status:
        return _show_status(asked)
    try:
        return _run(asked)
    except _SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return _WRONG_USE
    except (LiveCaptureError, SpoolError, UplinkError) as error:
        sys.stderr.write(f"The agent cannot start: {error}\n")
        return 1


def _parser(environment: Mapping[str, str]) -> argparse.ArgumentParser:
    """Every setting is an argument, or the environment variable that its help names."""
    parser = argparse.ArgumentParser(
        prog="meguri-sensor",
        description="Listens for probe requests on an interface in monitor mode and delivers pseudonyms to "
        "Meguri. Nothing that names a device leaves it or is written to its disk.",
    )

    def setting(name: str, help_text: str, default: str | None = None) -> None:
        variable = f"MEGURI_SENSOR_{name.upper().replace('-', '_')}"
        parser.add_argument(
            f"--{name}", default=environment.get(variable, default), help=f"{help_text} ({variable})"
        )

    setting("interface", "the interface in monitor mode, such as wlan1")
    setting("ingest", "the address of Meguri's ingest, such as https://meguri.example.jp")
    setting("token-file", "a file with the token that enrolling the sensor has shown")
    setting("spool", "the folder of what is not delivered yet", environment.get("STATE_DIRECTORY"))
    setting("spool-mb", "the most that the spool may take, in millions of bytes", "512")
    in_memory = environment.get("RUNTIME_DIRECTORY")  # systemd's; the status is written every ten seconds
    status_file = f"{in_memory}/status.json" if in_memory else None
    setting("status-file", "where the status is written; in the spool by default", status_file)
    parser.add_argument("--status", action="store_true", help="say how the agent stands, and end")
    parser.add_argument("--json", action="store_true", help="say it as JSON")
    parser.epilog = (
        "The token may also stand in MEGURI_SENSOR_TOKEN. Exit status: 0 done, 1 failed or (--status) not "
        "well, 2 wrong use."
    )
    return parser


def _run(asked: argparse.Namespace) -> int:
    interface, url = _needed(asked, "interface"), _needed(asked, "ingest")
    folder = Path(_needed(asked, "spool"))
    token, bound = _token(asked), _bound_bytes(asked)
    stopping = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())

    def sleep(seconds: float) -> None:
        if stopping.wait(seconds):
            raise InterruptedError

    agent_log.configure()
    with Uplink(url, token, patience_s=_PATIENCE_S, sleep=sleep) as uplink:
        spool = Spool(folder, bound)
        if spool.cut_bytes:
            _logger.warning(
                "The record that was being written when the machine stopped is lost.",
                extra={"bytes": spool.cut_bytes},
            )
        try:
            delivering = Delivering(uplink, spool, _now_ms)
            agent = Agent(interface, spool, delivering, _status_file(asked), stopping)
            return 0 if agent.run() else 1
        finally:
            spool.close()


def _show_status(asked: argparse.Namespace) -> int:
    try:
        status = read_status(_status_file(asked))
    except _SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return _WRONG_USE
    except StatusError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    problem = status.problem(_now_ms())
    if asked.json:
        sys.stdout.write(json.dumps({**asdict(status), "problem": problem}, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("\n".join(lines(status, _now_ms())) + "\n")
    return 0 if problem is None else 1


def _needed(asked: argparse.Namespace, name: str) -> str:
    value: str | None = getattr(asked, name.replace("-", "_"))
    if not value:
        variable = f"MEGURI_SENSOR_{name.upper().replace('-', '_')}"
        raise _SettingsError(f"Say --{name}, or set {variable}; meguri-sensor --help says what it is.")
    return value


def _status_file(asked: argparse.Namespace) -> Path:
    return Path(asked.status_file) if asked.status_file else Path(_needed(asked, "spool")) / "status.json"


def _token(asked: argparse.Namespace) -> str:
    """The sensor's token; never an argument, which everybody on the machine can read."""
    path = asked.token_file
    if path is None:
        token = os.environ.get("MEGURI_SENSOR_TOKEN", "")
    else:
        try:
            token = Path(path).read_text("utf-8")
        except (OSError, ValueError) as error:
            raise _SettingsError(f"The token file {path} cannot be read: {error}") from error
    token = token.strip()
    if not token or not token.isascii() or not token.isprintable():
        where = "MEGURI_SENSOR_TOKEN" if path is None else f"the token file {path}"
        raise _SettingsError(f"There is no token in {where}: put there what `meguri enrol` has shown.")
    return token


def _bound_bytes(asked: argparse.Namespace) -> int:
    if not asked.spool_mb.isdecimal() or int(asked.spool_mb) < _SMALLEST_SPOOL_MB:
        raise _SettingsError(f"--spool-mb is to be a number from {_SMALLEST_SPOOL_MB}, such as 512.")
    return int(asked.spool_mb) * _MB


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


if __name__ == "__main__":
    sys.exit(main())
