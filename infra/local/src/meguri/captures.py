"""The commands about captures: what one holds, and sending one through the Meguri that runs."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from meguri_sensors.replay import ReplayProgress, ReplayReport, replay
from meguri_sensors.service import UplinkError
from meguri_sensors.uplink import Uplink
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from meguri import control
from meguri.errors import LocalRunError

if TYPE_CHECKING:
    from pathlib import Path

    from meguri_sensors.capture_summary import CaptureSummary


def show_summary(capture: Path, summary: CaptureSummary) -> None:
    """Print what a capture holds."""
    table = Table(title=str(capture), show_header=False, title_justify="left")
    table.add_column(style="bold")
    table.add_column(justify="right")
    rows: list[tuple[str, object]] = [
        ("frames", f"{summary.frames:,}"),
        ("probe requests", f"{summary.probe_requests:,}"),
        ("other frames", f"{summary.other_frames:,}"),
        ("distinct transmitter addresses", f"{summary.addresses:,}"),
        ("  given by a maker", f"{summary.global_addresses:,}"),
        ("  random", f"{summary.random_addresses:,}"),
        ("first", _time(summary.first_ms)),
        ("last", _time(summary.last_ms)),
        ("truncated", "yes" if summary.is_truncated else "no"),
        *((f"rejected: {reason.sentence}", f"{count:,}") for reason, count in summary.rejected.items()),
    ]
    for name, value in rows:
        table.add_row(name, str(value))
    console = Console(highlight=False)
    if summary.verdict.is_readable:
        console.print(table)
    console.print(summary.sentence, soft_wrap=True)


def replay_capture(capture: Path, town: str, sensor: str, socket: Path, *, show: bool) -> ReplayReport:
    """Send a capture through the Meguri that answers at a control socket, and wait until it is folded.

    Args:
        capture: the file.
        town: a recording town.
        sensor: of that town, the one that is to have heard it.
        socket: of the running process.
        show: whether progress and report are printed.

    Raises:
        LocalRunError: nothing runs there, the town is live, or ingest refused.
    """
    # A replayer's token may deliver at full speed, and tick.
    enrolled = control.ask(socket, {"op": "enrol", "town": town, "name": sensor, "role": "replayer"})
    console = Console(highlight=False)
    progress = Progress(
        TextColumn("Replaying"),
        BarColumn(),
        TextColumn("{task.fields[frames]:,} frames, {task.fields[accepted]:,} detections"),
        TimeElapsedColumn(),
        console=console,
        disable=not show,
    )
    with progress, Uplink(enrolled["ingest"], enrolled["token"], enrolled["token"]) as uplink:
        bar = progress.add_task("replay", total=capture.stat().st_size, frames=0, accepted=0)

        def advance(state: ReplayProgress) -> None:
            # The file is read ahead of what is sent: it is done when the report is there.
            progress.update(bar, completed=state.bytes_read - 1, frames=state.frames, accepted=state.accepted)

        try:
            report = replay(capture, uplink, advance)
        except UplinkError as error:
            raise LocalRunError(str(error)) from error
        progress.update(bar, completed=capture.stat().st_size, frames=report.frames, accepted=report.accepted)
    with console.status("Waiting until it is folded ...") if show else nullcontext():
        control.ask(socket, {"op": "fold"})
    if show:
        _show_report(console, report)
    return report


def _show_report(console: Console, report: ReplayReport) -> None:
    console.print(report.sentence, soft_wrap=True)
    console.print(
        f"{report.frames:,} frames: {report.probe_requests:,} probe requests, {report.other_frames:,} others."
        f" {report.accepted:,} detections accepted in {report.batches:,} batches.",
        soft_wrap=True,
    )
    for frames_of, count in report.rejected_frames.items():
        console.print(f"{count:,} frames not read. {frames_of.sentence}", soft_wrap=True)
    for title, reasons in (("not accepted", report.rejected), ("without a key", report.undeliverable)):
        for reason, count in reasons.items():
            console.print(f"{count:,} detections {title}: {reason}", soft_wrap=True)


def _time(time_ms: int | None) -> str:
    return (
        "none" if time_ms is None else datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(" ", "seconds")
    )
