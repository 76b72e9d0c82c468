"""The command line `meguri`. Exit status: 0 done, 1 failed, 2 wrong use."""

from __future__ import annotations

import errno
import json
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from meguri import (
    dead_letters,
    flow_command,
    guide_command,
    opt_outs,
    refold_command,
    signs_command,
    town_command,
    user_command,
    village_command,
)
from meguri.asking import DEMO_DATA, UP_DATA, Json, RunningData, TownName, ask, control_socket
from meguri.errors import LocalRunError
from meguri.listeners import DEFAULT_PORT
from meguri.village_command import Addresses  # noqa: TC001  typer reads the annotation when the command runs

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Meguri on one machine: what passing phones, tills and guides tell a small destination.",
)
app.add_typer(town_command.app, name="town")
app.add_typer(village_command.app, name="village")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(flow_command.app, name="flow")
guide_command.app.command()(signs_command.signs)
app.add_typer(guide_command.app, name="guide")
app.add_typer(user_command.app, name="user")
app.command()(opt_outs.opt_out)
app.command()(refold_command.refold)

Port = Annotated[
    int,
    typer.Option(
        min=0, max=65532, help="Of the dashboard; ingest, guide and the flow's metrics take the next. 0: any."
    ),
]
SensorName = Annotated[str, typer.Option("--sensor", help="The sensor's name, as the town's file says.")]
Capture = Annotated[
    Path,
    typer.Argument(
        help="A pcap or pcapng file of 802.11 frames (link type 127, 105 or 119).",
        exists=True,
        dir_okay=False,
    ),
]


@app.command()
def demo(  # noqa: PLR0913  a command has as many arguments as options
    *,
    data: Annotated[Path, typer.Option(help="The folder that keeps the data.")] = DEMO_DATA,
    town: Annotated[
        list[str] | None,
        typer.Option(
            help="A town that ships, or a town file; again for more. Else all that ship.", show_default=False
        ),
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, help="Of history before today; else 60.", show_default=False)
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of all that is random in the village.")] = None,
    size: Annotated[float | None, typer.Option(help="How many people, as a factor.", min=0.01)] = None,
    start: Annotated[
        str | None, typer.Option("--from", help="Where the history begins, ISO 8601, instead of --days.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Where the village ends; else never.")] = None,
    addresses: Annotated[
        Addresses | None, typer.Option(help="How phones use addresses; else field.", show_default=False)
    ] = None,
    exit_when_filled: Annotated[
        bool, typer.Option("--exit-when-filled", help="End when everything up to --until is folded.")
    ] = False,
    port: Port = DEFAULT_PORT,
) -> None:
    """Run everything on this machine with simulated towns: 60 days of history, then live."""
    from meguri.data_folder import DataFolder
    from meguri.demo import Asked, run_demo

    if exit_when_filled and until is None:
        raise typer.BadParameter("--exit-when-filled needs --until")
    if days is not None and start is not None:
        raise typer.BadParameter("name the history's beginning by --days or by --from")
    asked = Asked(town or (), days, start, until, seed, size, addresses and addresses.value)
    run_demo(DataFolder(data), port, asked, exit_when_filled=exit_when_filled)


@app.command()
def up(  # noqa: PLR0913  a command has as many arguments as options
    town: Annotated[list[Path], typer.Option(help="A town file; give it again for more.", dir_okay=False)],
    *,
    data: Annotated[Path, typer.Option(help="The folder that keeps the data.")] = UP_DATA,
    port: Port = DEFAULT_PORT,
    public_url: Annotated[
        str | None,
        typer.Option(
            help="Where visitors reach the guide, such as https://guide.example. Needs one of the next two.",
            show_default=False,
        ),
    ] = None,
    tls_cert: Annotated[
        Path | None,
        typer.Option(help="PEM file of the public URL's certificate, with its chain.", show_default=False),
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option(help="PEM file of the certificate's key.", show_default=False)
    ] = None,
    behind_proxy: Annotated[
        str | None,
        typer.Option(
            help="Address of the proxy that brings the TLS, 127.0.0.1 for one on this machine; the only one "
            "that may say where visitors come from.",
            show_default=False,
        ),
    ] = None,
    guide_port: Annotated[
        int | None,
        typer.Option(
            min=1, max=65535, help="The guide's, where it is not the public URL's.", show_default=False
        ),
    ] = None,
) -> None:
    """Run everything on this machine for one or more towns, without a simulation.

    Everything answers on this machine alone, but for the guide with a public URL. Certificates that are
    renewed are taken by themselves.
    """
    from meguri.data_folder import DataFolder
    from meguri.local_run import LocalRun
    from meguri.narration import Narrator
    from meguri.public_side import read_door
    from meguri.town_files import read_town_files

    towns = read_town_files(town)
    door = read_door(public_url, tls_cert, tls_key, behind_proxy, guide_port)
    folder = DataFolder(data)
    with folder.held():
        LocalRun(folder, towns, port, Narrator(), door=door).run()


@app.command()
def status(*, data: RunningData = None, as_json: Json = False) -> None:
    """Say what runs, where, and how far the flow is behind the log."""
    from meguri.status import show

    reply = ask(data, {"op": "status"})
    if as_json:
        _print_json(reply)
    else:
        show(reply)


@app.command()
def enrol(  # noqa: PLR0913  a command has as many arguments as options
    town: TownName,
    *,
    sensor: Annotated[str | None, typer.Option(help="A sensor that the town's file names.")] = None,
    till: Annotated[str | None, typer.Option(help="A shop that the town's file names: its till.")] = None,
    counter: Annotated[str | None, typer.Option(help="A counter that the town's file names.")] = None,
    square_key: Annotated[
        bool,
        typer.Option(
            "--square-key",
            help="Take the till's sales from Square's webhook too; reads its signature key from stdin.",
        ),
    ] = False,
    data: RunningData = None,
    as_json: Json = False,
) -> None:
    """Enrol a sensor, till or counter with the Meguri that runs and print its token, shown this once."""
    named = {
        role: name for role, name in {"sensor": sensor, "till": till, "counter": counter}.items() if name
    }
    if len(named) != 1:
        raise typer.BadParameter("name one of --sensor, --till and --counter")
    if square_key and till is None:
        raise typer.BadParameter("--square-key belongs to a --till")
    ((role, name),) = named.items()
    request = {"op": "enrol", "town": town, "name": name, "role": role}
    if square_key:
        request["square_key"] = _secret("Square's signature key")
    reply = ask(data, request)
    if as_json:
        _print_json(reply)
        return
    typer.echo(reply["token"])
    if "webhook" in reply:
        typer.echo(f"Square's notification URL, as this machine sees it: {reply['webhook']}", err=True)


@app.command()
def parse(capture: Capture, *, as_json: Json = False) -> None:
    """Say what a capture holds: frames, probe requests, distinct addresses, times. Never an address."""
    from meguri_sensors.capture_summary import summarise

    from meguri.captures import show_summary

    summary = summarise(capture)
    if as_json:
        _print_json(summary.as_dict())
    else:
        show_summary(capture, summary)
    if not summary.verdict.is_readable:
        raise typer.Exit(1)


@app.command()
def replay(
    capture: Capture, town: TownName, sensor: SensorName, *, data: RunningData = None, as_json: Json = False
) -> None:
    """Send a capture through the Meguri that runs, into a recording town, as its sensor would have."""
    from meguri.captures import replay_capture

    socket = control_socket(data)
    report = replay_capture(capture, town, sensor, socket, show=not as_json)
    if as_json:
        _print_json(report.as_dict())
    if not report.accepted:
        raise LocalRunError(f"Nothing of {capture} was accepted: {report.sentence}")


@app.command()
def stays(  # noqa: PLR0913  a command has as many arguments as options
    detections: Annotated[Path, typer.Argument(help="A delimited text file with a header, or that gzipped.")],
    gap: Annotated[str, typer.Option(help="A longer pause ends a visit, such as 30m, 90s or 1h.")],
    out: Annotated[Path, typer.Option(help="Where the visits go, as CSV.", dir_okay=False)],
    *,
    time: Annotated[str, typer.Option(help="The column of the time.")] = "time",
    place: Annotated[str, typer.Option(help="The column of the place.")] = "place",
    device: Annotated[str, typer.Option(help="The column of the device.")] = "device",
    place_name: Annotated[
        str | None, typer.Option(help="The place of every row, for a file without such a column.")
    ] = None,
    zone: Annotated[
        str | None, typer.Option(help="The zone of times without an offset, such as Asia/Tokyo.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Turn a file of detections into a file of visits: device, place, first, last, detections.

    Rows may stand in any order, and the file may be larger than memory. Times are ISO 8601, or seconds or
    milliseconds since 1970. Rows that cannot be used are left out, counted and named; the status is then 1.
    """
    from meguri.stays.command import named_zone, run_stays
    from meguri.stays.visits import Source

    source = Source(
        detections,
        time=time,
        device=device,
        place=place if place_name is None else None,
        place_name=place_name or "",
        zone=None if zone is None else named_zone(zone),
    )
    raise typer.Exit(run_stays(source, gap, out, as_json=as_json))


def main() -> None:
    """Run the command line."""
    try:
        app()
    except LocalRunError as error:
        _fail(str(error))
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        where = f" that holds {error.filename}" if error.filename else ""
        _fail(f"The disk{where} is full. Make room and start again.")
    except KeyboardInterrupt:
        sys.exit(130)


def _fail(sentence: str) -> NoReturn:
    typer.echo(sentence, err=True)
    sys.exit(1)


def _print_json(value: dict[str, Any]) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False))


def _secret(what: str) -> str:
    """A line of standard input, which on a terminal is not shown."""
    if sys.stdin.isatty():
        return str(typer.prompt(what, hide_input=True)).strip()
    return sys.stdin.readline().strip()
