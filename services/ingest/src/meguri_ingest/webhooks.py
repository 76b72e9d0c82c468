"""Whether a webhook is whose it says: signed with the key that the shop's owner has given to Meguri."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from meguri_proto.reasons import RejectReason

from meguri_ingest.dead_letters import SALES, Letter, Teller
from meguri_ingest.square import SOURCE, is_signed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meguri_kit.registry import Registry
    from meguri_proto.towns import Town

    from meguri_ingest.dead_letters import DeadLetters
    from meguri_ingest.metrics import Metrics
    from meguri_ingest.rates import Rates

ROLE = "webhook"
"""Under which what is badly signed is counted against its limit."""


class BadSignatureError(Exception):
    """The webhook is not signed as it is to be; the message does not say whether the shop is known."""

    def __init__(self) -> None:
        super().__init__(
            "The signature does not fit the body, this address and the shop's key. Compare the address that "
            "is entered in Square with the one that connecting the shop has shown."
        )


class Webhooks:
    """Knows from whom each shop's webhooks come.

    What is well signed has no limit on its rate: Square sends as often as the shop sells.
    """

    def __init__(
        self,
        towns: Mapping[str, Town],
        registry: Registry,
        rates: Rates,
        dead_letters: DeadLetters,
        metrics: Metrics,
    ) -> None:
        self._towns = towns
        self._registry = registry
        self._rates = rates
        self._dead_letters = dead_letters
        self._metrics = metrics

    async def check_square(self, shop: Teller, url: str, body: bytes, signature: str) -> Town:
        """The shop's town, if Square signed the body for this address.

        Raises:
            BadSignatureError: it did not, or no such shop is connected; told to the dead letters of a shop
                that is, without a body.
            TooManyRequestsError: that happens too often.
            LogUnavailableError, RegistryError: it cannot be known or told now.
        """
        town = self._towns.get(shop.town)
        key = await asyncio.to_thread(self._registry.webhook_key, shop.town, shop.name, SOURCE)
        if town and key and is_signed(signature, key, url, body):
            return town
        self._metrics.refused.labels("signature").inc()
        if key:
            await self._rates.count(ROLE, shop.town, shop.name)
            letter = Letter(SALES, shop, RejectReason.BAD_SIGNATURE, "length", len(body))
            await self._dead_letters.append([letter])
        raise BadSignatureError
