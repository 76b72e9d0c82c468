"""What phones post is judged item by item: accepted as the contract's messages, or rejected with a reason."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Self, TypeVar

from meguri_proto.guide import GuideEventKind
from meguri_proto.reasons import RejectReason
from meguri_proto.schema.guide_pb2 import GuideEvent
from meguri_proto.schema.survey_pb2 import SurveyAnswer
from meguri_proto.towns import Clock
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from meguri_qrguide.masking import LONGEST, masked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meguri_proto.towns import Town

MAX_ITEMS = 500
"""Events and answers of one post together."""
CLOCK_LEAD_MS = 5 * 60_000
"""How far the estimate of an event's time may be ahead of the guide's clock."""
CLOCKS_AGREE_MS = 2 * 60_000
"""A phone whose clock differs by more from the guide's has its times moved by the difference."""
OLDEST_MS = 90 * 24 * 3_600_000
"""A phone without signal keeps its events for so long, and the tables know a repeated id for longer."""

_LARGEST_TIME_MS = 4_102_444_800_000
"""2100-01-01."""
_LONGEST_S = 24 * 3_600
_WHOLE_GUIDE = 0
"""The sight of what is of no single one."""

_Id = Annotated[str, StringConstraints(pattern="^[A-Za-z0-9_-]{1,64}$")]
_Language = Annotated[str, StringConstraints(pattern="^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,3}$")]
_TimeMs = Annotated[int, Field(ge=0, le=_LARGEST_TIME_MS)]


class BodyError(Exception):
    """The body as a whole cannot be judged; the message says why, without showing it."""

    def __init__(self, reason: RejectReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class Rejected:
    """An item that is not accepted."""

    item: str
    """Such as `events[3]`."""
    town: str
    """Empty if the item does not lead to one."""
    reason: RejectReason
    message: str

    @property
    def items(self) -> str:
        """What it is one of: `events` or `answers`."""
        return self.item.partition("[")[0]


@dataclass(frozen=True)
class Judged:
    """A post, judged: what is accepted by town, and what is not."""

    events: dict[str, list[GuideEvent]] = field(default_factory=lambda: defaultdict(list))
    answers: dict[str, list[SurveyAnswer]] = field(default_factory=lambda: defaultdict(list))
    rejected: list[Rejected] = field(default_factory=list)

    @property
    def accepted(self) -> int:
        """Items."""
        return sum(map(len, self.events.values())) + sum(map(len, self.answers.values()))


class _Event(BaseModel):
    model_config = ConfigDict(strict=True)

    event_id: _Id
    sight: int
    town: str = ""
    language: _Language
    kind: Annotated[GuideEventKind, Field(strict=False)]
    at_ms: _TimeMs
    walk: Annotated[str, StringConstraints(pattern="^[0-9a-f]{16}$")] = "0" * 16
    seconds: Annotated[int, Field(ge=0, le=_LONGEST_S)] = 0
    rating: Annotated[int, Field(ge=0, le=5)] = 0

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if self.seconds and self.kind is not GuideEventKind.LISTENED:
            raise ValueError("seconds belongs to the kind listened alone")
        if (self.rating > 0) != (self.kind is GuideEventKind.RATED):
            raise ValueError("the kind rated has a rating from 1 to 5, and no other kind has one")
        if (self.sight == _WHOLE_GUIDE) != (self.kind is GuideEventKind.STORED):
            raise ValueError("the kind stored has the sight 0, and no other kind has it")
        return self


class _Answer(BaseModel):
    model_config = ConfigDict(strict=True)

    town: str
    sheet_id: _Id
    question: Annotated[str, StringConstraints(pattern="^[a-z0-9_-]{1,64}$")]
    answer: Annotated[str, StringConstraints(pattern="^[a-z0-9_,-]{1,64}$")] = ""
    """Names of choices, or a number: a visitor's own words are not taken here."""
    free_text: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST)] = ""
    language: _Language
    at_ms: _TimeMs
    version: Annotated[int, Field(ge=1, le=2**63 - 1)] = 1

    @model_validator(mode="after")
    def _is_one_answer(self) -> Self:
        if bool(self.answer) == bool(self.free_text):
            raise ValueError("an answer has either answer or free_text")
        return self


_I = TypeVar("_I", _Event, _Answer)


@dataclass(frozen=True)
class _Clocks:
    """The guide's clock and what the phone's clock is behind it."""

    now_ms: int
    behind_ms: int

    def estimate_ms(self, at_ms: int, town: Town) -> int:
        """When that was by the guide's clock. A recording town's time is no clock's: it stays as it is."""
        return at_ms if town.clock is Clock.RECORDING else at_ms + self.behind_ms


def judge(body: bytes, towns: Mapping[str, Town], towns_of_sights: Mapping[int, Town], now_ms: int) -> Judged:
    """Judge a post.

    Every time is kept as the phone's clock said it and beside it as an estimate by the guide's (decision
    0033): the same, unless `sent_at_ms` shows that the clocks differ by more than `CLOCKS_AGREE_MS`. The
    estimate decides on the key day, and whether an item is too old or of the future.

    Args:
        body: JSON `{"events": [...], "answers": [...], "sent_at_ms": ...}`, each may be absent. `sent_at_ms`
            is what the phone's clock shows when it sends, epoch milliseconds. Fields of an item that the
            contract does not know are those of a newer page and are left out.
        towns: by name.
        towns_of_sights: by the sight's number.
        now_ms: the wall clock, epoch milliseconds. A recording town's time is another: there any time goes.

    Raises:
        BodyError: it is no such JSON (unreadable), or holds more than `MAX_ITEMS` (too_large).
    """
    posted = _posted(body)
    behind_ms = 0 if posted.sent_at_ms is None else now_ms - posted.sent_at_ms
    clocks = _Clocks(now_ms, behind_ms if abs(behind_ms) > CLOCKS_AGREE_MS else 0)
    judged = Judged()
    for index, content in enumerate(posted.events):
        _judge_event(f"events[{index}]", content, towns, towns_of_sights, clocks, judged)
    for index, content in enumerate(posted.answers):
        _judge_answer(f"answers[{index}]", content, towns, clocks, judged)
    return judged


@dataclass(frozen=True)
class _Posted:
    events: list[Any]
    answers: list[Any]
    sent_at_ms: int | None


def _posted(body: bytes) -> _Posted:
    try:
        posted = json.loads(body)
    except (ValueError, RecursionError):
        raise BodyError(RejectReason.UNREADABLE, "The body is no JSON in UTF-8.") from None
    if (
        not isinstance(posted, dict)
        or not posted.keys() <= {"events", "answers", "sent_at_ms"}
        or not all(isinstance(posted.get(items, []), list) for items in ("events", "answers"))
    ):
        raise BodyError(
            RejectReason.UNREADABLE,
            'The body is to be {"events": [...], "answers": [...], "sent_at_ms": ...}, no other field.',
        )
    sent_at_ms = posted.get("sent_at_ms")
    # An exact int: a boolean is one to isinstance.
    if sent_at_ms is not None and not (type(sent_at_ms) is int and 0 <= sent_at_ms <= _LARGEST_TIME_MS):
        raise BodyError(
            RejectReason.UNREADABLE, "sent_at_ms is to be a whole number of milliseconds since 1970."
        )
    found = _Posted(posted.get("events", []), posted.get("answers", []), sent_at_ms)
    number = len(found.events) + len(found.answers)
    if number > MAX_ITEMS:
        raise BodyError(
            RejectReason.TOO_LARGE,
            f"The body holds {number} events and answers; one post may hold {MAX_ITEMS}. Post them in parts.",
        )
    return found


def _judge_event(  # noqa: PLR0913, PLR0917  # an item, and what it is judged by
    item: str,
    content: object,
    towns: Mapping[str, Town],
    towns_of_sights: Mapping[int, Town],
    clocks: _Clocks,
    judged: Judged,
) -> None:
    sent = _read(_Event, item, content, judged)
    if sent is None:
        return
    of_guide = sent.sight == _WHOLE_GUIDE
    town = towns.get(sent.town) if of_guide else towns_of_sights.get(sent.sight)
    if town is None:
        if of_guide:
            message, reason = "town is not one of this guide's towns.", RejectReason.BAD_FIELD
        else:
            message, reason = f"No town of this guide has a sight {sent.sight}.", RejectReason.UNKNOWN_SIGHT
        judged.rejected.append(Rejected(item, "", reason, message))
        return
    estimated_ms = clocks.estimate_ms(sent.at_ms, town)
    if _is_in_time(item, estimated_ms, town, clocks.now_ms, judged):
        judged.events[town.town].append(
            GuideEvent(
                town=town.town,
                event_id=sent.event_id,
                sight=str(sent.sight),
                language=sent.language,
                kind=sent.kind,
                at_ms=sent.at_ms,
                # The first delivery is the event: a phone's clock may be set before a second one.
                version=_LARGEST_TIME_MS - clocks.now_ms,
                key_day=town.key_day_at(estimated_ms),
                walk=int(sent.walk, 16),
                seconds=sent.seconds,
                rating=sent.rating,
                estimated_ms=estimated_ms,
            )
        )


def _judge_answer(
    item: str, content: object, towns: Mapping[str, Town], clocks: _Clocks, judged: Judged
) -> None:
    sent = _read(_Answer, item, content, judged)
    if sent is None:
        return
    town = towns.get(sent.town)
    if town is None:
        message = "town is not one of this guide's towns."
        judged.rejected.append(Rejected(item, "", RejectReason.BAD_FIELD, message))
        return
    estimated_ms = clocks.estimate_ms(sent.at_ms, town)
    if _is_in_time(item, estimated_ms, town, clocks.now_ms, judged):
        judged.answers[town.town].append(
            SurveyAnswer(
                town=town.town,
                sheet_id=sent.sheet_id,
                question=sent.question,
                answer=sent.answer,
                free_text=masked(sent.free_text),
                language=sent.language,
                at_ms=sent.at_ms,
                estimated_ms=estimated_ms,
                key_day=town.key_day_at(estimated_ms),
                version=sent.version,
            )
        )


def _read(model: type[_I], item: str, content: object, judged: Judged) -> _I | None:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        message = f"{'; '.join(sorted(set(map(_sentence, error.errors(include_url=False)))))}."
        judged.rejected.append(Rejected(item, "", RejectReason.BAD_FIELD, message))
        return None


def _sentence(error: Any) -> str:  # noqa: ANN401  pydantic's own dictionary
    """What is wrong, by the field's name and never by the value, which may be anything."""
    name = ".".join(map(str, error["loc"]))
    if error["type"] == "missing":
        return f"{name} is missing"
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    return f"{name} has a value that it cannot have" if name else "it is to be an object"


def _is_in_time(item: str, estimated_ms: int, town: Town, now_ms: int, judged: Judged) -> bool:
    if town.clock is Clock.RECORDING or -CLOCK_LEAD_MS <= now_ms - estimated_ms <= OLDEST_MS:
        return True
    if estimated_ms > now_ms:
        reason = RejectReason.CLOCK_AHEAD
        message = f"at_ms is more than {CLOCK_LEAD_MS // 60_000} minutes ahead of the guide's clock."
    else:
        reason = RejectReason.TOO_OLD
        message = f"at_ms is more than {OLDEST_MS // 86_400_000} days ago by the guide's clock."
    judged.rejected.append(Rejected(item, town.town, reason, message))
    return False
