"""Certificates from files: what is refused, when one is spoken of, and what is served after a renewal."""

import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from meguri_kit.certificates import WARN_BEFORE, CertificateError, ServedCertificate

HOST = "guide.example"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
END = NOW + timedelta(days=90)
CA = trustme.CA()


def write(folder, *names, until=END, since=NOW - timedelta(days=1), issuer=CA):
    """A certificate and its key as files of a folder."""
    leaf = issuer.issue_cert(*names or (HOST,), not_before=since, not_after=until)
    certificate, key = folder / "fullchain.pem", folder / "privkey.pem"
    certificate.write_bytes(b"".join(each.bytes() for each in leaf.cert_chain_pems))
    key.write_bytes(leaf.private_key_pem.bytes())
    return certificate, key


def refusal(files, host=HOST, now=NOW):
    with pytest.raises(CertificateError) as refused:
        ServedCertificate(*files, host, now)
    return str(refused.value)


def shaken_hands(served, host=HOST):
    """The certificate that a client gets which trusts the issuer."""
    ours, theirs = socket.socketpair()
    client = ssl.create_default_context()
    client.verify_flags &= ~ssl.VERIFY_X509_STRICT
    CA.configure_trust(client)

    def answer():
        with served.context.wrap_socket(ours, server_side=True) as end:
            end.recv(1)

    server = threading.Thread(target=answer)
    server.start()
    with client.wrap_socket(theirs, server_hostname=host) as end:
        got = end.getpeercert(binary_form=True)
        end.send(b"x")
    server.join()
    return got


@pytest.mark.parametrize(
    ("names", "host"),
    [
        (("guide.example",), "guide.example"),
        (("other.example", "guide.example"), "guide.example"),
        (("*.example",), "guide.example"),
        (("192.0.2.7",), "192.0.2.7"),
        (("2001:db8::7",), "2001:db8:0::7"),
    ],
)
def test_a_certificate_is_served_for_the_hosts_that_it_names(tmp_path, names, host):
    assert ServedCertificate(*write(tmp_path, *names), host, NOW).warning(NOW) is None


@pytest.mark.parametrize(
    ("names", "host"),
    [
        (("other.example",), "guide.example"),
        (("*.example",), "a.guide.example"),
        (("*.example",), "example"),
        (("*.guide.example",), "guide.example"),
        (("192.0.2.7",), "192.0.2.8"),
    ],
)
def test_a_certificate_of_other_hosts_is_refused_by_name(tmp_path, names, host):
    said = refusal(write(tmp_path, *names), host)
    assert f"is for {names[0]}, not for {host}" in said


def test_a_key_that_is_another_certificate_s_is_refused(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    certificate, _ = write(tmp_path / "a")
    _, key = write(tmp_path / "b")
    assert f"{key} is not the key of the certificate {certificate}" in refusal((certificate, key))


@pytest.mark.parametrize("which", [0, 1])
def test_a_file_that_is_not_there_is_named(tmp_path, which):
    files = write(tmp_path)
    files[which].unlink()
    assert refusal(files) == f"{files[which]} cannot be read: No such file or directory."


@pytest.mark.parametrize(("which", "what"), [(0, "no certificate in PEM"), (1, "no private key in PEM")])
@pytest.mark.parametrize("content", [b"", b"no PEM", b"\xff\xfe"])
def test_a_file_that_holds_something_else_is_refused(tmp_path, which, what, content):
    files = write(tmp_path)
    files[which].write_bytes(content)
    assert what in refusal(files)


def test_a_key_behind_a_password_is_refused_with_what_to_do(tmp_path):
    files = write(tmp_path)
    locked = load_pem_private_key(files[1].read_bytes(), None).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
    )
    files[1].write_bytes(locked)
    assert "locked with a password. Store it without one" in refusal(files)


def test_a_certificate_that_ended_or_has_not_begun_is_refused(tmp_path):
    files = write(tmp_path, since=NOW, until=END)
    assert "ended on 2027-02-19 12:00 UTC. Renew it." in refusal(files, now=END)
    assert "begins on 2026-11-21 12:00 UTC" in refusal(files, now=NOW - timedelta(seconds=1))
    ServedCertificate(*files, HOST, END - timedelta(seconds=1))


def test_three_weeks_before_its_end_a_certificate_is_spoken_of(tmp_path):
    served = ServedCertificate(*write(tmp_path), HOST, NOW)
    assert served.warning(END - WARN_BEFORE - timedelta(seconds=1)) is None
    assert "ends on 2027-02-19 12:00 UTC, in 21 days. Renew it" in served.warning(END - WARN_BEFORE)
    assert "phones refuse the guide" in served.warning(END + timedelta(days=1))


def test_a_renewed_certificate_is_served_without_a_new_start(tmp_path):
    now = datetime.now(UTC)
    served = ServedCertificate(
        *write(tmp_path, since=now - timedelta(days=1), until=now + timedelta(days=9)), HOST, now
    )
    first = shaken_hands(served)
    assert not served.take_renewed(now)
    assert "in 8 days" in served.warning(now) or "in 9 days" in served.warning(now)
    write(tmp_path, since=now - timedelta(days=1), until=now + timedelta(days=90))
    assert served.take_renewed(now)
    assert shaken_hands(served) != first
    assert served.warning(now) is None


def test_a_renewal_that_went_wrong_leaves_the_certificate_before_in_force(tmp_path):
    now = datetime.now(UTC)
    files = write(tmp_path, since=now - timedelta(days=1), until=now + timedelta(days=9))
    served = ServedCertificate(*files, HOST, now)
    first = shaken_hands(served)
    write(tmp_path, "other.example", since=now - timedelta(days=1), until=now + timedelta(days=90))
    with pytest.raises(CertificateError, match=r"is for other\.example"):
        served.take_renewed(now)
    assert shaken_hands(served) == first
