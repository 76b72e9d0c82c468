"""How a service meets the world: its public address, and who brings the TLS, it or a proxy before it."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meguri_kit.certificates import CertificateError, ServedCertificate
from meguri_kit.public_url import PublicUrl, PublicUrlError, read_public_url

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

ANYWHERE = "0.0.0.0"  # noqa: S104  what visitors reach has to listen there
LOOPBACK = "127.0.0.1"


class PublicSideError(Exception):
    """The service cannot meet the world like this; the message says what to do."""


@dataclass(frozen=True)
class PublicSide:
    """What `read_public_side` found to be in order."""

    url: PublicUrl | None = None
    """None: nobody said; then it is that of each request, and no sign is made."""
    certificate: ServedCertificate | None = None
    proxies: str = ""
    """Addresses and networks, separated by commas: theirs alone is the X-Forwarded-For that is believed."""

    @property
    def origin(self) -> str | None:
        """The public address as text."""
        return None if self.url is None else self.url.origin

    @property
    def host(self) -> str:
        """The address to listen on: this machine's own where nobody else is to come, else any.

        IPv4 alone: over a socket of both, the limits would take all IPv4 visitors for one network.
        """
        if self.certificate is not None:
            return ANYWHERE
        networks = [ipaddress.ip_network(each, strict=False) for each in self.proxies.split(",") if each]
        return LOOPBACK if all(each.is_loopback for each in networks) else ANYWHERE

    @property
    def ssl_context_factory(self) -> Callable[[object, object], ssl.SSLContext] | None:
        """For uvicorn."""
        certificate = self.certificate
        return None if certificate is None else lambda _config, _default: certificate.context


def read_public_side(
    *, url: str | None, certificate: Path | None, key: Path | None, proxies: str | None, now: datetime
) -> PublicSide:
    """The public side as configured.

    Args:
        url: where visitors reach the service; None: nobody says.
        certificate: PEM file for the URL's host, if the service itself brings the TLS.
        key: PEM file of its key.
        proxies: addresses of the proxies that bring the TLS instead, separated by commas.
        now: with a time zone.

    Raises:
        PublicSideError: these do not go together, or one of them cannot be used.
    """
    if (certificate is None) != (key is None):
        raise PublicSideError("A certificate and its key go together: name both, --tls-cert and --tls-key.")
    if certificate is not None and proxies:
        raise PublicSideError(
            "Either the service brings the TLS (--tls-cert and --tls-key), or a proxy before it does "
            "(--behind-proxy): name one of the two."
        )
    if url is None:
        if certificate is not None:
            raise PublicSideError(
                "Say under which address visitors come: --public-url https://guide.example (the name of the "
                "certificate)."
            )
        return PublicSide(proxies=_networks(proxies or ""))
    try:
        public = read_public_url(url)
        if public.scheme == "https" and certificate is None and not proxies:
            raise PublicSideError(
                f"Nobody brings the TLS of {url}. Name a certificate for {public.host} (--tls-cert FILE "
                "--tls-key FILE), or the proxy that has one (--behind-proxy ADDRESS, which is 127.0.0.1 for "
                "one on this machine)."
            )
        if public.scheme == "http" and certificate is not None:
            raise PublicSideError(f"With a certificate the public URL is https, not {url}.")
        if certificate is None or key is None:
            return PublicSide(public, proxies=_networks(proxies or ""))
        return PublicSide(public, ServedCertificate(certificate, key, public.host, now))
    except (PublicUrlError, CertificateError) as error:
        raise PublicSideError(str(error)) from error


def _networks(proxies: str) -> str:
    named = [each.strip() for each in proxies.split(",") if each.strip()]
    for each in named:
        try:
            ipaddress.ip_network(each, strict=False)
        except ValueError:
            raise PublicSideError(
                f"--behind-proxy: {each} is no address or network, such as 127.0.0.1 or 10.0.0.0/8."
            ) from None
    return ",".join(named)
