"""A server's certificate from files: judged before it is served, taken anew when the files are renewed."""

from __future__ import annotations

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

WARN_BEFORE = timedelta(days=21)
"""How long before its end a certificate is spoken of: automatic renewal, which begins a third of its life (30
of 90 days) before the end, has failed by then."""

_STAMP = tuple[tuple[int, int], ...]


class CertificateError(Exception):
    """The certificate cannot be served; the message says why and what to do."""


class ServedCertificate:
    """The certificate of one host, with its key.

    Args:
        certificate: PEM, the host's own first, then those between it and a root that phones know.
        key: PEM, its private key, without a password.
        host: what phones ask for; the certificate has to name it.
        now: with a time zone.

    Raises:
        CertificateError: a file cannot be read, the two do not fit, or it is for another host or time.
    """

    def __init__(self, certificate: Path, key: Path, host: str, now: datetime) -> None:
        self._certificate = certificate
        self._key = key
        self._host = host
        self._stamp = self._files_stamp()
        self._until = _check(certificate, key, host, now)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        """For the server; what is renewed is in force from the next connection on."""
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._load()

    def warning(self, now: datetime) -> str | None:
        """A sentence from `WARN_BEFORE` its end on; None before that."""
        left = self._until - now
        if left > WARN_BEFORE:
            return None
        end = self._until.strftime("%Y-%m-%d %H:%M UTC")
        if left < timedelta():
            return (
                f"The certificate {self._certificate} ended on {end}: phones refuse the guide. Renew it; the "
                "new files are taken by themselves."
            )
        return (
            f"The certificate {self._certificate} ends on {end}, in {left.days} days. Renew it; the new "
            "files are taken by themselves."
        )

    def look_after(self, now: datetime) -> str | None:
        """Take what was renewed; a sentence where somebody has to do something. For every hour or so."""
        try:
            self.take_renewed(now)
        except CertificateError as error:
            return f"{error} The certificate before stays in force. {self.warning(now) or ''}".rstrip()
        return self.warning(now)

    def take_renewed(self, now: datetime) -> bool:
        """Serve the files' certificate if they changed; says whether they had.

        Raises:
            CertificateError: what stands in them now cannot be served; the one before stays in force.
        """
        stamp = self._files_stamp()
        if stamp == self._stamp:
            return False
        until = _check(self._certificate, self._key, self._host, now)
        self._load()
        self._stamp, self._until = stamp, until
        return True

    def _load(self) -> None:
        try:
            self.context.load_cert_chain(self._certificate, self._key)
        except (OSError, ssl.SSLError) as error:
            raise CertificateError(
                f"The certificate {self._certificate} and the key {self._key} cannot be served: {error}"
            ) from error

    def _files_stamp(self) -> _STAMP:
        try:
            stats = (self._certificate.stat(), self._key.stat())
        except OSError as error:
            raise CertificateError(f"{error.filename} cannot be read: {error.strerror}.") from error
        return tuple((each.st_mtime_ns, each.st_size) for each in stats)


def _check(certificate: Path, key: Path, host: str, now: datetime) -> datetime:
    """See that the pair can be served for the host; says until when.

    Raises:
        CertificateError: it cannot.
    """
    try:
        leaf = x509.load_pem_x509_certificates(_read(certificate))[0]
    except ValueError as error:
        raise CertificateError(
            f"{certificate} holds no certificate in PEM (-----BEGIN CERTIFICATE-----). Name the file with "
            "the whole chain, as fullchain.pem of ACME clients."
        ) from error
    if _key_of(key) != _bytes(leaf.public_key()):
        raise CertificateError(
            f"The key {key} is not the key of the certificate {certificate}. Name the two that were made "
            "together, as privkey.pem and fullchain.pem of ACME clients."
        )
    names = _names(leaf)
    if not any(_covers(name, host) for name in names):
        raise CertificateError(
            f"The certificate {certificate} is for {', '.join(names) or 'no host'}, not for {host}, to which "
            "the public URL leads. Get one for that name, or name the URL that it is for."
        )
    if now < leaf.not_valid_before_utc:
        raise CertificateError(
            f"The certificate {certificate} begins on {leaf.not_valid_before_utc:%Y-%m-%d %H:%M UTC}. Check "
            "this machine's clock, or wait."
        )
    if now >= leaf.not_valid_after_utc:
        raise CertificateError(
            f"The certificate {certificate} ended on {leaf.not_valid_after_utc:%Y-%m-%d %H:%M UTC}. Renew it."
        )
    return leaf.not_valid_after_utc.astimezone(UTC)


def _key_of(key: Path) -> bytes:
    """The public half of a private key."""
    try:
        return _bytes(load_pem_private_key(_read(key), None).public_key())
    except TypeError as error:
        raise CertificateError(
            f"The key {key} is locked with a password. Store it without one, readable by Meguri's user alone."
        ) from error
    except ValueError as error:
        raise CertificateError(
            f"{key} holds no private key in PEM (-----BEGIN PRIVATE KEY-----). Name the certificate's key."
        ) from error


def _bytes(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise CertificateError(f"{file} cannot be read: {error.strerror}.") from error


def _names(leaf: x509.Certificate) -> list[str]:
    """The hosts that it is for. Browsers look at the alternative names alone, never at the common name."""
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    addresses = [str(each) for each in names.get_values_for_type(x509.IPAddress)]
    return [*names.get_values_for_type(x509.DNSName), *addresses]


def _covers(name: str, host: str) -> bool:
    """Whether a name of a certificate is the host's; a star stands for one label, the first (RFC 6125)."""
    try:
        return ipaddress.ip_address(host) == ipaddress.ip_address(name)
    except ValueError:
        pass
    name, host = name.lower().rstrip("."), host.lower().rstrip(".")
    if name.startswith("*."):
        return name[2:] == host.partition(".")[2]
    return name == host
