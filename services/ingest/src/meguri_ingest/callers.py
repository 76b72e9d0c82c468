"""Who calls: a token names a sensor, a till, a counter or a replayer of a town, within its rate."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, TypeAlias

from fastapi import Depends, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from meguri_kit.registry import Principal, Registry, Role
from meguri_proto.towns import Clock, Town

from meguri_ingest.metrics import Metrics
from meguri_ingest.rates import Rates

_bearer = HTTPBearer(auto_error=False, description="The token that enrolling has shown.")


@dataclass(frozen=True)
class Caller:
    """An authenticated sensor, till, counter or replayer, and its town."""

    principal: Principal
    town: Town

    def named(self, asked: str | None, parameter: str) -> str:
        """In whose name the caller posts: its own, or whom a replayer of a recording town names.

        Args:
            asked: the name that the request gives, None if none.
            parameter: of the query, in which it does.

        Raises:
            HTTPException: 403 where the name is not the token's, 400 where a replayer gives none.
        """
        if self.principal.role != "replayer":
            if asked not in (None, self.principal.name):
                raise HTTPException(
                    403, f"The token is that of {self.principal.name}; leave {parameter} out of the address."
                )
            return self.principal.name
        if self.town.clock is not Clock.RECORDING:
            raise HTTPException(403, f"{self.town.town} is live: a replayer posts in recording towns alone.")
        if not asked:
            raise HTTPException(400, f"A replayer names the {parameter} in the address: ?{parameter}=NAME.")
        return asked


Authenticate: TypeAlias = Callable[..., Awaitable[Caller]]
"""A dependency that turns a request's token into its caller."""


class Callers:
    """Makes the dependency of every endpoint that a token opens."""

    def __init__(self, towns: Mapping[str, Town], registry: Registry, rates: Rates, metrics: Metrics) -> None:
        self._towns = towns
        self._registry = registry
        self._rates = rates
        self._metrics = metrics

    def of(self, *roles: Role) -> Authenticate:
        """The dependency of an endpoint that tokens of these roles open."""

        async def authenticated(
            credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
        ) -> Caller:
            token = credentials.credentials if credentials else ""
            principal = await asyncio.to_thread(self._registry.authenticate, token)
            if principal is None:
                self._metrics.refused.labels("token").inc()
                raise HTTPException(
                    401,
                    "The token is missing or unknown; enrol to get one.",
                    {"WWW-Authenticate": 'Bearer realm="meguri"'},
                )
            if principal.role not in roles:
                self._metrics.refused.labels("role").inc()
                raise HTTPException(
                    403,
                    f"This takes the token of a {' or a '.join(roles)}; yours is that of a {principal.role}.",
                )
            town = self._towns.get(principal.town)
            if town is None:
                self._metrics.refused.labels("town").inc()
                raise HTTPException(403, f"{principal.town} has no town file here (any more).")
            await self._rates.count(principal.role, principal.town, principal.name)
            return Caller(principal, town)

        return authenticated
