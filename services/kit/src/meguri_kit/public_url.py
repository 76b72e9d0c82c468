"""The address under which phones and offices reach a service: what may be one, and what may be printed."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

_PORTS = {"https": 443, "http": 80}
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?", re.ASCII)


class PublicUrlError(ValueError):
    """An address that cannot be the public one; the message says what to do."""


@dataclass(frozen=True)
class PublicUrl:
    """An origin: scheme, host, port, and nothing else."""

    scheme: str
    host: str
    """A name in ASCII, or an IP address; lower case."""
    port: int

    @property
    def origin(self) -> str:
        """Such as `https://guide.example`, without a slash at its end."""
        return f"{self.scheme}://{self.typed}"

    @property
    def typed(self) -> str:
        """What a visitor types: the host, and the port where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether it leads to the machine itself, where browsers need no TLS."""
        if self.host == "localhost" or self.host.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def read_public_url(text: str) -> PublicUrl:
    """The address as configured: `https://host`, `https://host:port`, or http to this machine itself.

    Raises:
        PublicUrlError: it is something else.
    """
    parts = urlsplit(text.strip())
    try:
        port = parts.port
    except ValueError:
        raise PublicUrlError(f"The public URL {text} has no port from 1 to 65535.") from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise PublicUrlError(
            f"The public URL {text} is no address of a site: write it as in https://guide.example."
        )
    if parts.username is not None or parts.query or parts.fragment or parts.path not in ("", "/"):
        raise PublicUrlError(
            f"The public URL {text} is to be a host alone, as in https://guide.example: codes lead to paths "
            "such as /s/101 right below it."
        )
    url = PublicUrl(parts.scheme, parts.hostname.lower(), port or _PORTS[parts.scheme])
    if ":" not in url.host and not _HOST.fullmatch(url.host):
        raise PublicUrlError(
            f"The public URL {text} names a host that not every phone can type or open: write it in ASCII "
            "letters, digits, dots and hyphens (names in other scripts in their xn-- form)."
        )
    if url.scheme == "http" and not url.is_loopback:
        raise PublicUrlError(
            f"The public URL {text} is http: phones store the guide for use without signal, and open the "
            "camera, over https alone. Name the https address, and bring its certificate (--tls-cert FILE "
            "--tls-key FILE) or a proxy that has it (--behind-proxy ADDRESS)."
        )
    return url


def read_lasting_url(text: str) -> PublicUrl:
    """The address as printed on signs, which hang for years: https, and no one machine's own.

    Raises:
        PublicUrlError: it is another.
    """
    url = read_public_url(text)
    if url.is_loopback:
        raise PublicUrlError(
            f"Signs are not made for {text}, which leads each phone to itself. Name the https address under "
            "which visitors reach the guide, as in --public-url https://guide.example; it is to stay as long "
            "as the signs hang."
        )
    return url
