"""`meguri stays`: options to a source, progress, and the report."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from meguri_proto.towns import parse_duration_ms
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TransferSpeedColumn,
)

from meguri.errors import LocalRunError
from meguri.stays.visits import MOST_EXAMPLES, Report, Source, write_visits

if TYPE_CHECKING:
    from pathlib import Path


def run_stays(source: Source, gap: str, out: Path, *, as_json: bool) -> int:
    """Write the visits, say what was read and left out; the exit status.

    Raises:
        LocalRunError: an option or the file cannot be used.
    """
    try:
        gap_us = parse_duration_ms(gap) * 1_000
    except ValueError as error:
        raise LocalRunError(f"--gap: {error}.") from error
    if not source.path.is_file():
        raise LocalRunError(f"There is no file {source.path}.")
    if not out.parent.is_dir():
        raise LocalRunError(f"--out: there is no folder {out.parent}.")
    progress = Progress(
        TextColumn("Reading"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=as_json,
        transient=True,
    )
    with progress:
        bar = progress.add_task("read", total=source.path.stat().st_size)
        report = write_visits(source, gap_us, out, lambda read: progress.update(bar, completed=read))
    if as_json:
        sys.stdout.write(json.dumps(_as_dict(report)) + "\n")
    else:
        _say(report, out)
    return 1 if report.rejected else 0


def named_zone(name: str) -> ZoneInfo:
    """The zone of this name.

    Raises:
        LocalRunError: there is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise LocalRunError(f"--zone: {name!r} is no time zone such as Asia/Tokyo.") from error


def _as_dict(report: Report) -> dict[str, object]:
    return {
        "detections": report.detections,
        "visits": report.visits,
        "blank_rows": report.blank_rows,
        "rejected": dict(report.rejected),
        "examples": report.examples,
    }


def _say(report: Report, out: Path) -> None:
    console = Console(highlight=False, stderr=True)
    console.print(f"{report.detections:,} detections, {report.visits:,} visits in {out}.", soft_wrap=True)
    if report.blank_rows:
        console.print(f"Blank rows passed over: {report.blank_rows:,}")
    if report.rejected:
        console.print(f"Rows left out: {report.rejected.total():,}")
        for reason, count in report.rejected.items():
            console.print(f"  {count:,}: {reason}", markup=False)
        for example in report.examples:
            console.print(f"  {example}", markup=False, soft_wrap=True)
        if report.rejected.total() > MOST_EXAMPLES:
            console.print(f"  ... and {report.rejected.total() - MOST_EXAMPLES:,} more")
