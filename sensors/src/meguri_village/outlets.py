"""Where what happens in the village goes: each till, counter and phone tells it as its real source would."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from meguri_village.posting import Posted
from meguri_village.shops import Till, last_of_each
from meguri_village.till_messages import (
    SIGNATURE_HEADER,
    own_csv,
    own_json,
    smaregi_csv,
    square_webhooks,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from meguri_proto.towns import Town

    from meguri_village.gate_counts import Count
    from meguri_village.guide_use import Answer, Use
    from meguri_village.posting import Poster
    from meguri_village.shops import Telling

_MOST_GUIDE_ITEMS: Final = 500
"""In one post to the guide."""
_CSV: Final = {"Content-Type": "text/csv; charset=utf-8"}
_JSON: Final = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Keys:
    """What lets the village tell something; never shown."""

    replayer: str = field(repr=False)
    tills: Mapping[str, str] = field(repr=False)
    """Tokens by shop."""
    counters: Mapping[str, str] = field(repr=False)
    """Tokens by counter."""
    square: Mapping[str, str] = field(repr=False)
    """Signature keys by shop, of the shops with a Square till."""


class Outlets:
    """The ways by which a town's tills, counters and phones tell what they know.

    Args:
        town: the town.
        keys: their tokens and signature keys.
        ingest: takes sales and counts.
        guide: takes uses of the guide and answers.
    """

    def __init__(self, town: Town, keys: Keys, ingest: Poster, guide: Poster) -> None:
        self._town = town
        self._keys = keys
        self._ingest = ingest
        self._guide = guide

    def sales(self, tellings: Sequence[Telling], *, is_live: bool) -> Posted:
        """Tell sales of one shop, in the order of telling.

        Of a Square shop what happens now comes as webhooks; its past comes as a file, as a shop would import
        it.

        Raises:
            UplinkError: ingest did not take them.
        """
        till, shop = tellings[0].sale.till, tellings[0].sale.shop
        token = self._keys.tills[shop]
        if till is Till.SQUARE and is_live:
            return self._webhooks(tellings, shop)
        if till is Till.SMAREGI:
            content = smaregi_csv(last_of_each(tellings), self._town.zone)
            headers = {"Content-Type": "text/csv; charset=cp932"}
            return self._ingest.post("/v1/sales?format=smaregi&source=smaregi", content, headers, token)
        if till is Till.JSON:
            content = own_json(tellings, self._town.zone)
            return self._ingest.post(f"/v1/sales?source={till.value}", content, _JSON, token)
        content = own_csv(tellings, self._town.zone)
        return self._ingest.post(f"/v1/sales?source={till.value}", content, _CSV, token)

    def counts(self, counts: Sequence[Count]) -> Posted:
        """Tell what one counter counted.

        Raises:
            UplinkError: ingest did not take them.
        """
        token = self._keys.counters[counts[0].counter]
        return self._ingest.post("/v1/counts", counts_post(counts), _JSON, token)

    def guide(self, uses: Sequence[Use], answers: Sequence[Answer]) -> Posted:
        """Tell what phones did with the guide and what was answered on them.

        Raises:
            UplinkError: the guide did not take it.
        """
        accepted = rejected = 0
        for body in guide_posts(self._town.town, uses, answers):
            posted = self._guide.post("/v1/events", body, _JSON)
            accepted, rejected = accepted + posted.accepted, rejected + posted.rejected
        return Posted(accepted, rejected)

    def _webhooks(self, tellings: Sequence[Telling], shop: str) -> Posted:
        path = f"/v1/webhooks/square/{self._town.town}/{shop}"
        key = self._keys.square[shop]
        accepted = rejected = 0
        for telling in tellings:
            for hook in square_webhooks(telling, self._ingest.url + path, key):
                headers = {**_JSON, SIGNATURE_HEADER: hook.signature}
                posted = self._ingest.post(path, hook.body, headers)
                accepted, rejected = accepted + posted.accepted, rejected + posted.rejected
        return Posted(accepted, rejected)


def counts_post(counts: Sequence[Count]) -> bytes:
    """The body in which one counter posts what it counted."""
    told = [{"from_ms": each.from_ms, "to_ms": each.to_ms, "count": each.people} for each in counts]
    return json.dumps({"counts": told}).encode()


def guide_posts(town: str, uses: Sequence[Use], answers: Sequence[Answer]) -> list[bytes]:
    """The bodies in which the guide's page posts uses and answers, as many as they need."""
    bodies = []
    for first in range(0, len(uses), _MOST_GUIDE_ITEMS):
        part = uses[first : first + _MOST_GUIDE_ITEMS]
        bodies.append({"events": [_use(town, each) for each in part]})
    for first in range(0, len(answers), _MOST_GUIDE_ITEMS):
        part_of_answers = answers[first : first + _MOST_GUIDE_ITEMS]
        bodies.append({"answers": [_answer(town, each) for each in part_of_answers]})
    return [json.dumps(body).encode() for body in bodies]


def _use(town: str, use: Use) -> dict[str, object]:
    return {
        "town": town,
        "event_id": use.event_id,
        "sight": use.sight,
        "language": use.language,
        "kind": use.kind.value,
        "at_ms": use.at_ms,
        "walk": use.walk,
        "seconds": use.seconds,
        "rating": use.rating,
    }


def _answer(town: str, answer: Answer) -> dict[str, object]:
    said = {"free_text": answer.free_text} if answer.free_text else {"answer": answer.answer}
    return {
        **said,
        "town": town,
        "sheet_id": answer.sheet_id,
        "question": answer.question,
        "language": answer.language,
        "at_ms": answer.at_ms,
        "version": 1,
    }
