"""Who calls: a token names a sensor of a town, within its rate."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from meguri_kit.registry import Principal, Registry
from meguri_proto.towns import Town

from meguri_ingest.metrics import Metrics
from meguri_ingest.rates import Rates

_bearer = HTTPBearer(auto_error=False, description="The token that enrolling the sensor has shown.")


@dataclass(frozen=True)
class Caller:
    """An authenticated sensor, and its town."""

    principal: Principal
    town: Town


def caller(
    towns: Mapping[str, Town], registry: Registry, rates: Rates, metrics: Metrics
) -> Callable[..., Awaitable[Caller]]:
    """The dependency of every endpoint that a token opens."""

    async def authenticated(
        credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    ) -> Caller:
        token = credentials.credentials if credentials else ""
        principal = await asyncio.to_thread(registry.authenticate, token)
        if principal is None:
            metrics.refused.labels("token").inc()
            raise HTTPException(
                401,
                "The token is missing or unknown; enrol the sensor to get one.",
                {"WWW-Authenticate": 'Bearer realm="meguri"'},
            )
        town = towns.get(principal.town)
        if town is None:
            metrics.refused.labels("town").inc()
            raise HTTPException(403, f"{principal.town} has no town file here (any more).")
        await rates.count(principal)
        return Caller(principal, town)

    return authenticated
