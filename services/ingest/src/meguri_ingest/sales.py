"""Judging sales: which are accepted, and why the others are not. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meguri_proto.payments import BRAND, PaymentMethod
from meguri_proto.reasons import RejectReason
from meguri_proto.schema.sales_pb2 import Sale

from meguri_ingest.fields import MOST_VERSION, FieldError, Fields, fields_of
from meguri_ingest.verdicts import Refusal, Verdicts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meguri_proto.towns import Town

COLUMNS = (
    *("external_id", "version", "at", "amount_yen", "tax_yen", "method", "brand"),
    *("refunded_yen", "cancelled"),
)
"""The fields of a sale as tills post it, in JSON and as a table's columns."""
REQUIRED = ("external_id", "at", "amount_yen", "method")
SOURCE = re.compile(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")
MOST_YEN = 1_000_000_000
_EXTERNAL_ID = re.compile(r"[A-Za-z0-9._:/-]{1,64}")


@dataclass(frozen=True)
class TillStanding:
    """What the sales of one request are judged against."""

    town: Town
    shop: str
    source: str
    town_time_ms: int | None
    """None in a recording town before its first tick."""


def judge_sales(items: Iterable[object], standing: TillStanding) -> Verdicts[Sale]:
    """Judge the sales of a request, in the order in which they were posted."""
    verdicts: Verdicts[Sale] = Verdicts()
    for index, item in enumerate(items):
        name = f"sales[{index}]"
        try:
            sale = read_sale(fields_of(item), standing)
        except FieldError as error:
            verdicts.rejected.append(Refusal(name, RejectReason.BAD_FIELD, str(error)))
            continue
        add_sale(verdicts, name, sale, standing)
    return verdicts


def add_sale(verdicts: Verdicts[Sale], item: str, sale: Sale, standing: TillStanding) -> None:
    """Judge one sale that could be read."""
    town = standing.town
    if standing.shop not in town.shops:
        message = f"The file of {town.town} names no shop {standing.shop}."
        verdicts.rejected.append(Refusal(item, RejectReason.UNKNOWN_SHOP, message, sale))
    elif standing.town_time_ms is None:
        message = "The town has no time yet: the replayer ticks before it delivers."
        verdicts.rejected.append(Refusal(item, RejectReason.CLOCK_AHEAD, message, sale))
    elif sale.at_ms > standing.town_time_ms + town.clock_lead_ms:
        message = "at is ahead of town time by more than a clock may lead."
        verdicts.rejected.append(Refusal(item, RejectReason.CLOCK_AHEAD, message, sale))
    else:
        verdicts.accepted.append(sale)


def read_sale(fields: Fields, standing: TillStanding) -> Sale:
    """The sale that these fields are.

    Raises:
        FieldError: one of them is missing or has a value that it cannot have.
    """
    at_ms = fields.instant_ms("at", standing.town.zone)
    amount_yen = fields.whole("amount_yen", 0, MOST_YEN)
    tax_yen = fields.whole("tax_yen", 0, MOST_YEN, 0)
    refunded_yen = fields.whole("refunded_yen", 0, MOST_YEN, 0)
    for name, part in (("tax_yen", tax_yen), ("refunded_yen", refunded_yen)):
        if part > amount_yen:
            raise FieldError(f"{name} is to be at most amount_yen.")
    return Sale(
        town=standing.town.town,
        shop=standing.shop,
        source=standing.source,
        external_id=fields.text("external_id", _EXTERNAL_ID, "1 to 64 letters, digits and any of . _ : / -"),
        version=fields.whole("version", 0, MOST_VERSION, 1),
        at_ms=at_ms,
        key_day=standing.town.key_day_at(at_ms),
        amount_yen=amount_yen,
        tax_yen=tax_yen,
        method=fields.choice("method", list(PaymentMethod)),
        brand=fields.text("brand", BRAND, "a name of a-z and _, without digits, or nothing", ""),
        refunded_yen=refunded_yen,
        cancelled=fields.flag("cancelled"),
    )
