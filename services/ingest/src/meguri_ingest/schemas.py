"""What ingest answers and is asked, as JSON."""

from __future__ import annotations

from typing import Literal

from meguri_proto.payments import PaymentMethod  # noqa: TC002 - pydantic reads the annotation
from meguri_proto.quantities import Quantity  # noqa: TC002
from pydantic import BaseModel, Field


class ErrorAnswer(BaseModel):
    """Why a request was not answered with what it asked for."""

    error: str = Field(description="A sentence: what, where, what to do.")


class RejectedItem(BaseModel):
    """Something that was not accepted, and will not be if it is posted again."""

    item: str = Field(
        description="Which of what was posted, by its place in it.",
        examples=["sales[3]", "batches[0]", "batches[0].detections[17-203]"],
    )
    reason: str = Field(description="A value of meguri_proto.reasons.RejectReason.", examples=["clock_ahead"])
    message: str = Field(description="The reason as a sentence.")


class RejectedDetections(RejectedItem):
    """A batch, or a range of its detections, both ends included."""

    detections: int = Field(
        description="How many detections it is; fewer than the range is long where it stands for the rest."
    )
    counted: int = Field(
        default=0,
        description="How many of them are told as counts of five minutes instead: those that a replayer "
        "posts of a sealed day. A sensor counts its own, and posts the counts.",
    )


class UploadAnswer(BaseModel):
    """What became of an upload."""

    accepted: int = Field(description="Detections that the log has.")
    rejected: list[RejectedDetections]


class NothingAcceptedAnswer(UploadAnswer, ErrorAnswer):
    """An upload of which nothing was accepted."""


class ItemsAnswer(BaseModel):
    """What became of the sales or counts of a request."""

    accepted: int = Field(description="Items that the log has.")
    rejected: list[RejectedItem]
    ignored: int = Field(
        default=0, description="Items that are none of what was posted, such as cash put into a till."
    )


class NothingOfItemsAcceptedAnswer(ItemsAnswer, ErrorAnswer):
    """A request of which nothing was accepted."""


class SaleItem(BaseModel):
    """One sale as a till posts it. Other fields are not read."""

    external_id: str = Field(
        description="Its name in the source; posting it again under this name tells the same sale.",
        pattern=r"^[A-Za-z0-9._:/-]{1,64}$",
    )
    version: int = Field(default=1, ge=0, description="The highest version of a sale is the sale.")
    at: str = Field(
        description="ISO 8601; without an offset in the town's zone.", examples=["2026-04-01T09:30:00"]
    )
    amount_yen: int = Field(ge=0, description="What was sold, tax included.")
    tax_yen: int = Field(default=0, ge=0, description="The tax within it.")
    method: PaymentMethod
    brand: str = Field(default="", description="Lower case, such as paypay, visa or suica; without digits.")
    refunded_yen: int = Field(default=0, ge=0, description="Of the amount, so far.")
    cancelled: bool = Field(default=False, description="As if it had never been.")


class SalesRequest(BaseModel):
    """Sales, and later versions of them."""

    sales: list[SaleItem]


class CountItem(BaseModel):
    """What was counted from one instant to before another."""

    from_ms: int = Field(description="Epoch milliseconds.")
    to_ms: int = Field(description="After from_ms, by 24 hours at most.")
    count: int = Field(ge=0)
    version: int = Field(default=1, ge=0, description="The highest version of a count is the count.")
    quantity: Quantity | None = Field(
        default=None, description="What was counted. Of a counter the town's file says it."
    )


class CountsRequest(BaseModel):
    """Counts, and later versions of them."""

    counts: list[CountItem]


class OptOutsAnswer(BaseModel):
    """The town's opt-out list."""

    key: str = Field(description="32 bytes, base64: the key under which the marks are made.")
    marks: list[str] = Field(description="16 bytes each, base64: what stands for an address.")


class DayKeyAnswer(BaseModel):
    """The key of one key day."""

    key_day: int = Field(description="Days since 1970-01-01 of the local date on which the key day starts.")
    start_ms: int = Field(description="Its first instant, epoch milliseconds.")
    end_ms: int = Field(description="The next key day's first instant.")
    key: str = Field(description="32 bytes, base64.")


class UnavailableDay(BaseModel):
    """A key day whose key is not handed out."""

    key_day: int
    reason: Literal["destroyed", "too_far_ahead"]


class KeysAnswer(BaseModel):
    """The keys of a span, with the town's rules that a sensor needs."""

    town: str
    gap_ms: int
    lateness_ms: int
    keys: list[DayKeyAnswer]
    unavailable: list[UnavailableDay]


class TickRequest(BaseModel):
    """It is at least this late in the recording town."""

    town_time_ms: int = Field(ge=0, le=253_370_764_800_000, description="Epoch milliseconds.")


class TickAnswer(BaseModel):
    """Where the town's clock stands."""

    town_time_ms: int = Field(description="Epoch milliseconds; not before what earlier ticks said.")


class HealthAnswer(BaseModel):
    """The process lives."""

    status: Literal["ok"] = "ok"


class ReadyAnswer(BaseModel):
    """Uploads can be taken."""

    ready: Literal[True] = True


class NotReadyAnswer(ErrorAnswer):
    """Uploads cannot be taken now."""

    missing: list[str] = Field(description="What does not answer.", examples=[["Kafka"]])
