"""What ingest answers, as JSON."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class ErrorAnswer(BaseModel):
    """Why a request was not answered with what it asked for."""

    error: str = Field(description="A sentence: what, where, what to do.")


class RejectedItem(BaseModel):
    """Something that was not accepted, and will not be if it is posted again."""

    item: str = Field(
        description="The batch, or a range of its detections, both ends included.",
        examples=["batches[0]", "batches[0].detections[17-203]"],
    )
    reason: str = Field(description="A value of meguri_proto.reasons.RejectReason.", examples=["clock_ahead"])
    message: str = Field(description="The reason as a sentence.")
    detections: int = Field(
        description="How many detections it is; fewer than the range is long where it stands for the rest."
    )


class UploadAnswer(BaseModel):
    """What became of an upload."""

    accepted: int = Field(description="Detections that the log has.")
    rejected: list[RejectedItem]


class NothingAcceptedAnswer(UploadAnswer, ErrorAnswer):
    """An upload of which nothing was accepted."""


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
