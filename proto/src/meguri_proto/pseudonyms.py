"""Keyed hashes under a town's key of the day: what remains of an address and of a frame's capabilities."""

from __future__ import annotations

from hashlib import blake2b

KEY_BYTES = 32


def pseudonym(key: bytes, address: bytes) -> int:
    """The device's name for one key day: BLAKE2b, 64 bits, keyed, little-endian.

    Args:
        key: the town's key of the day, 32 bytes.
        address: the transmitter's 6 bytes.
    """
    return int.from_bytes(
        blake2b(address, digest_size=8, key=key, person=b"meguri device").digest(), "little"
    )


def fingerprint(key: bytes, capabilities: bytes) -> int:
    """The capabilities' name for one key day: 32 bits, never 0 (which means none)."""
    digest = blake2b(capabilities, digest_size=4, key=key, person=b"meguri capab.").digest()
    return int.from_bytes(digest, "little") or 1


def key_check(key: bytes) -> int:
    """A check value (32 bits) by which ingest sees that a sensor used the town's key, without the key."""
    return int.from_bytes(blake2b(b"", digest_size=4, key=key, person=b"meguri keycheck").digest(), "little")


def opt_out_mark(key: bytes, address: bytes) -> bytes:
    """What stands for an address on the town's opt-out list: BLAKE2b, 128 bits, under the list's own key.

    Args:
        key: the town's opt-out key, 32 bytes; it lives as long as the list and makes no pseudonyms.
        address: the transmitter's 6 bytes.
    """
    return blake2b(address, digest_size=16, key=key, person=b"meguri opt-out").digest()
