"""Limits and waits of ingest; each has a default that holds for a town of some hundred sensors."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

_MIB = 1024 * 1024


class Settings(BaseSettings):
    """Environment variables `MEGURI_INGEST_...`."""

    model_config = SettingsConfigDict(env_prefix="MEGURI_INGEST_", frozen=True)

    max_body_bytes: int = Field(4 * _MIB, gt=0)
    """Of a request as it travels, compressed or not."""
    max_upload_bytes: int = Field(16 * _MIB, gt=0)
    """Of a body once decompressed."""
    max_batches: int = Field(5_000, gt=0)
    """In one upload; a replayer's holds a day of a town, its sensors in turns of minutes."""
    max_detections: int = Field(10_000, gt=0, le=20_000)
    """In one batch; a batch is one segment of one message, which is at most 500 KB."""
    sensor_requests_per_minute: int = Field(600, gt=0)
    """Of one token of a sensor."""
    max_items: int = Field(50_000, gt=0)
    """Sales or counts in one request."""
    till_requests_per_minute: int = Field(600, gt=0)
    """Of one token of a till."""
    counter_requests_per_minute: int = Field(600, gt=0)
    """Of one token of a counter."""
    replayer_requests_per_minute: int = Field(60_000, gt=0)
    """Of one token of a replayer, which delivers a day in seconds."""
    bad_signatures_per_minute: int = Field(60, gt=0)
    """Of the webhooks of one shop, which anybody may post."""
    public_url: str | None = None
    """Ingest's own address as those know it who sign for it, such as https://ingest.example.jp, where a proxy
    stands before it; by default that of each request."""
    coalesce_ms: int = Field(100, ge=0)
    """How long a delivery of a live town waits for others to share its message."""
    coalesce_detections: int = Field(2_000, gt=0)
    """So many waiting detections go at once."""
    max_waiting_detections: int = Field(400_000, gt=0)
    """In memory and not acknowledged; more are refused with 503."""
    retry_after_s: int = Field(5, gt=0)
    """What a refused caller is asked to wait."""
