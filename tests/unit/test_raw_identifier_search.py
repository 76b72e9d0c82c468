"""The search for raw identifiers finds every spelling that is planted, and nothing in noise."""

import base64
import random
import struct
import zlib
from urllib.parse import quote_plus

import pyarrow as pa
import pytest
from raw_identifiers.pseudonyms import Pseudonyms
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


def test_a_planted_pseudonym_is_found_in_every_spelling_of_a_number_and_none_in_noise():
    device = int.from_bytes(ADDRESS, "big") + (3 << 60)
    pseudonyms = Pseudonyms([device, 2**63])
    raw = device.to_bytes(8, "little")
    for spelling in (raw, raw[::-1], f"{device:x}".encode(), str(device).encode(), base64.b64encode(raw)):
        assert pseudonyms.in_bytes(NOISE + b" " + spelling + b" " + NOISE), spelling
    assert not pseudonyms.in_bytes(NOISE)


def test_a_pseudonym_is_found_in_a_compressed_state_and_in_the_blocks_of_a_column(tmp_path):
    device = int.from_bytes(ADDRESS, "big")
    plain = NOISE[:1000] + device.to_bytes(8, "little")
    (tmp_path / "state").write_bytes(base64.b64encode(zlib.compress(plain)))
    for method, codec in ((0x82, "lz4_raw"), (0x90, "zstd"), (0x02, None)):
        body = pa.compress(plain, codec, asbytes=True) if codec else plain
        header = struct.pack("<BII", method, 9 + len(body), len(plain))
        (tmp_path / f"{codec}.bin").write_bytes(bytes(16) + header + body)
    (tmp_path / "nothing").write_bytes(NOISE)
    assert Pseudonyms([device]).in_folder(tmp_path) == {"state", "lz4_raw.bin", "zstd.bin", "None.bin"}
