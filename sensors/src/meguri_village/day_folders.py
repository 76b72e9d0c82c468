"""Writes days of the village to folders: captures, what tills, counters and phones tell, and the truth.

    DIR/village.json                whose days these are
    DIR/DATE/SENSOR.pcap            what a sensor told
    DIR/DATE/SHOP.square.ndjson     Square's webhooks: headers and body a line, in the order of telling
    DIR/DATE/SHOP.smaregi.csv       the list of スマレジ's back office
    DIR/DATE/SHOP.csv, SHOP.json    Meguri's own forms
    DIR/DATE/COUNTER.counts.json    what a counter posts
    DIR/DATE/guide.ndjson           what the guide's page posts: a body a line
    DIR/DATE/truth/                 see `meguri_village.truth`

A day's folder is there as a whole or not at all, so a run that was stopped goes on where it was.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Final, NamedTuple

from meguri_proto.key_days import day_date

from meguri_village.days import Day
from meguri_village.outlets import counts_post, guide_posts
from meguri_village.shops import Till, last_of_each, till_of
from meguri_village.till_messages import SIGNATURE_HEADER, own_csv, own_json, smaregi_csv, square_webhooks
from meguri_village.truth import write_truth
from meguri_village.whole_files import replace_file

if TYPE_CHECKING:
    from pathlib import Path

    from meguri_village.shops import Telling
    from meguri_village.village import Village

SQUARE_URL: Final = "https://meguri.example/v1/webhooks/square/{town}/{shop}"
"""For which the webhooks of the folders are signed,"""
SQUARE_KEY: Final = "village"
"""and the key with which they are. It guards nothing."""
_MANIFEST: Final = "village.json"
_FORMAT: Final = 1


class OtherVillageError(ValueError):
    """The folder holds another village's days; the message says which."""


class Written(NamedTuple):
    """What one day came to."""

    date: str
    is_new: bool
    """False if its folder was there already; then the rest is 0."""
    frames: int = 0
    sales: int = 0
    guide_events: int = 0
    people: int = 0


def begin(village: Village, folder: Path) -> None:
    """Say in the folder whose days are written there; go on if it says so already.

    Raises:
        OtherVillageError: it says otherwise.
        OSError: it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    of = {
        "format": _FORMAT,
        **village.identity,
        "square_url": SQUARE_URL,
        "square_key": SQUARE_KEY,
    }
    path = folder / _MANIFEST
    if not path.exists():
        replace_file(path, json.dumps(of, indent=1) + "\n")
        return
    try:
        there = json.loads(path.read_text("utf-8"))
        differs = next((name for name, value in of.items() if there.get(name) != value), None)
    except (ValueError, AttributeError):
        raise OtherVillageError(f"{path} is damaged: write to another folder.") from None
    if differs is not None:
        raise OtherVillageError(
            f"{folder} holds the days of a village whose {differs} is {there.get(differs)}, not "
            f"{of[differs]}: write to another folder."
        )


def write_day(village: Village, key_day: int, folder: Path) -> Written:
    """Write one key day beneath a folder that was begun.

    Raises:
        OSError: it cannot be written.
    """
    date = day_date(key_day).isoformat()
    whole = folder / date
    if whole.exists():
        return Written(date, is_new=False)
    made = folder / f".{date}.new"
    shutil.rmtree(made, ignore_errors=True)
    truth = made / "truth"
    truth.mkdir(parents=True)
    day = Day(village, key_day)
    for sensor in village.town.sensors:
        (made / f"{sensor}.pcap").write_bytes(day.capture(sensor, day.start_ms, day.end_ms))
    for shop in village.town.shops:
        name, content = _till(village, shop, [each for each in day.tellings if each.sale.shop == shop])
        (made / name).write_bytes(content)
    for counter in village.town.counters:
        counts = [each for each in day.counts if each.counter == counter]
        (made / f"{counter}.counts.json").write_bytes(counts_post(counts))
    bodies = guide_posts(village.town.town, day.uses, day.answers)
    (made / "guide.ndjson").write_bytes(b"".join(body + b"\n" for body in bodies))
    write_truth(day, day.start_ms, day.end_ms, truth)
    made.rename(whole)
    return Written(
        date,
        is_new=True,
        frames=int(day.receptions.was_sent.sum()),
        sales=sum(telling.ordinal == 1 for telling in day.tellings),
        guide_events=len(day.uses),
        people=int(day.company.parties.size.sum()),
    )


def _till(village: Village, shop: str, tellings: list[Telling]) -> tuple[str, bytes]:
    """Name and content of the file of a shop's till."""
    town = village.town
    match till_of(village, shop):
        case Till.SQUARE:
            url = SQUARE_URL.format(town=town.town, shop=shop)
            lines = [
                {
                    "told_ms": telling.told_ms,
                    "headers": {"Content-Type": "application/json", SIGNATURE_HEADER: hook.signature},
                    "body": hook.body.decode(),
                }
                for telling in tellings
                for hook in square_webhooks(telling, url, SQUARE_KEY)
            ]
            return f"{shop}.square.ndjson", b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        case Till.SMAREGI:
            return f"{shop}.smaregi.csv", smaregi_csv(last_of_each(tellings), town.zone)
        case Till.FILE:
            return f"{shop}.csv", own_csv(tellings, town.zone)
        case Till.JSON:
            return f"{shop}.json", own_json(tellings, town.zone)
