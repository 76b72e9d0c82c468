"""The search for raw identifiers finds every spelling that is planted, and nothing in noise."""

import base64
import random
from urllib.parse import quote_plus

import pytest
from raw_identifiers.search import Addresses, Names

ADDRESS = bytes.fromhex("9c2ea1f0b37d")
NAME = "茶の館 Guest-0042"
NOISE = random.Random(1).randbytes(200_000)

ADDRESS_SPELLINGS = {
    "raw": ADDRESS,
    "raw, other byte order": ADDRESS[::-1],
    "in a 64-bit number": int.from_bytes(ADDRESS, "big").to_bytes(8, "little"),
    "lower hex": ADDRESS.hex().encode(),
    "upper hex": ADDRESS.hex().upper().encode(),
    "colons": ADDRESS.hex(":").encode(),
    "upper with hyphens": ADDRESS.hex("-").upper().encode(),
    "dots of Cisco": ADDRESS.hex(".", 2).encode(),
    "other byte order with colons": ADDRESS[::-1].hex(":").encode(),
    "hex of a frame": (b"\x40\0\0\0\xff" + ADDRESS + b"\xff").hex().encode(),
    **{f"base64 after {lead} bytes": base64.b64encode(bytes(lead) + ADDRESS + b"xyz") for lead in range(4)},
    "base64 of a URL": base64.urlsafe_b64encode(ADDRESS),
}
NAME_SPELLINGS = {
    "text": NAME.encode(),
    "other case": NAME.upper().encode(),
    "UTF-16": NAME.encode("utf-16-le"),
    "hex": NAME.encode().hex().upper().encode(),
    "URL": quote_plus(NAME).encode(),
    **{f"base64 after {lead} bytes": base64.b64encode(bytes(lead) + NAME.encode()) for lead in range(3)},
}


@pytest.mark.parametrize("spelling", ADDRESS_SPELLINGS)
def test_a_planted_address_is_found(spelling):
    addresses = Addresses({ADDRESS, bytes(range(6))})
    assert addresses.in_bytes(NOISE + ADDRESS_SPELLINGS[spelling] + NOISE)


@pytest.mark.parametrize("spelling", NAME_SPELLINGS)
def test_a_planted_network_name_is_found(spelling):
    assert Names({NAME, "another"}).in_bytes(NOISE + NAME_SPELLINGS[spelling] + NOISE)


def test_an_address_across_two_windows_is_found(monkeypatch):
    monkeypatch.setattr("raw_identifiers.search._WINDOW", 64)
    for at in range(50, 75):
        assert Addresses({ADDRESS}).in_bytes(bytes(at) + ADDRESS + bytes(100)), at


def test_noise_holds_none():
    assert Addresses({ADDRESS}).in_bytes(NOISE) == set()
    assert Names({NAME}).in_bytes(NOISE) == set()
