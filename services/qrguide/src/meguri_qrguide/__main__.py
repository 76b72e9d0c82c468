"""The guide as a process of its own: `python -m meguri_qrguide`."""

from __future__ import annotations

import logging
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path  # noqa: TC003 - pydantic reads the annotation when the class is made
from typing import TYPE_CHECKING

import uvicorn
from meguri_kit.log import LogProducer
from meguri_kit.logging import configure
from meguri_kit.npm_build import NpmBuildError
from meguri_kit.public_side import PublicSideError, read_public_side
from meguri_kit.registry import Registry, RegistryError, Users
from meguri_kit.settings import ProcessSettings, read_towns
from meguri_proto.towns import TownFileError
from pydantic import ValidationError

from meguri_qrguide.app import create_app
from meguri_qrguide.content.guides import Guides
from meguri_qrguide.content.problems import ContentError
from meguri_qrguide.sights import SharedSightError

if TYPE_CHECKING:
    from meguri_kit.certificates import ServedCertificate


class _Process(ProcessSettings):
    port: int = 8602
    """`MEGURI_PORT`."""
    guides: Path
    """`MEGURI_GUIDES`: the folder of drafts and editions."""
    registry: str | None = None
    """`MEGURI_REGISTRY`: an SQLAlchemy URL of the database that knows who may sign in to the office; without
    it there is no office."""
    public_url: str | None = None
    """`MEGURI_PUBLIC_URL`: where visitors reach the guide, such as `https://guide.example`; codes lead there.
    https needs a certificate or a proxy that has one."""
    tls_cert: Path | None = None
    """`MEGURI_TLS_CERT`: PEM file of the URL's certificate, with its chain; read anew when renewed."""
    tls_key: Path | None = None
    """`MEGURI_TLS_KEY`: PEM file of the certificate's key."""
    proxies: str = ""
    """`MEGURI_PROXIES`: addresses or networks of the proxies that bring the TLS instead, separated by commas.
    Theirs is the only X-Forwarded-For that is believed; without them the guide is asked by visitors
    themselves."""


_VARIABLES = (
    "(--public-url, --tls-cert, --tls-key and --behind-proxy are MEGURI_PUBLIC_URL, MEGURI_TLS_CERT, "
    "MEGURI_TLS_KEY and MEGURI_PROXIES here.)"
)
_LOOK_SECONDS = 3600.0

logger = logging.getLogger(__name__)


def main() -> int:
    """Serve until a signal ends it; 1 if it cannot start."""
    try:
        process = _Process()
        configure(process.log_level)
        towns = read_towns(process.towns)
        public = read_public_side(
            url=process.public_url,
            certificate=process.tls_cert,
            key=process.tls_key,
            proxies=process.proxies,
            now=datetime.now(UTC),
        )
    except ValidationError as error:
        missing = ", ".join(f"MEGURI_{str(each['loc'][0]).upper()}" for each in error.errors())
        sys.stderr.write(f"The guide cannot start: set these environment variables as described: {missing}\n")
        return 1
    except TownFileError as error:
        sys.stderr.write(f"The guide cannot start: {error}\n")
        return 1
    except PublicSideError as error:
        sys.stderr.write(f"The guide cannot start: {error}\n{_VARIABLES}\n")
        return 1
    try:
        registry = Registry(process.registry) if process.registry else None
    except RegistryError as error:
        sys.stderr.write(f"The guide cannot start: {error}\n")
        return 1
    log = LogProducer(process.kafka)
    try:
        guides = Guides(process.guides)
        for town in towns:
            guides.begin(town, time.time_ns() // 1_000_000)
        app = create_app(
            towns=towns,
            log=log,
            guides=guides,
            users=Users(registry) if registry else None,
            public_url=public.origin,
            redis_url=process.redis_url,
        )
    except (SharedSightError, ContentError, NpmBuildError) as error:
        sys.stderr.write(f"The guide cannot start: {error}\n")
        return 1
    if public.certificate:
        threading.Thread(target=_look_after, args=(public.certificate,), daemon=True).start()
    uvicorn.run(
        app,
        host=process.host,
        port=process.port,
        access_log=False,
        log_config=None,
        proxy_headers=bool(public.proxies),
        forwarded_allow_ips=public.proxies,
        ssl_context_factory=public.ssl_context_factory,
    )
    log.close()
    if registry:
        registry.close()
    return 0


def _look_after(certificate: ServedCertificate) -> None:
    while True:
        word = certificate.look_after(datetime.now(UTC))
        if word is not None:
            logger.warning("%s", word)
        time.sleep(_LOOK_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
