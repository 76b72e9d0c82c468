"""Looks for addresses and network names in bytes, in every spelling that a program might give them.

What it finds is reported by number, never by itself: a failing test prints it.
"""

import base64
import re
from urllib.parse import quote, quote_plus

import numpy as np

_HEX_RUN = re.compile(rb"[0-9a-f]{2}(?:[-:. ]?[0-9a-f]{2}){5,}")
_SEPARATORS = re.compile(rb"[-:. ]")
_BASE64_RUN = re.compile(rb"[A-Za-z0-9+/_-]{7,}")
_WINDOW = 1 << 24


def base64_cores(data):
    """What surely stands in base64 wherever in the encoded bytes these begin; in the URL's letters too."""
    cores = set()
    for lead in range(3):
        encoded = base64.b64encode(bytes(lead) + data)
        first = -(-8 * lead // 6)
        last = 8 * (lead + len(data)) // 6
        cores.add(encoded[first:last])
    return cores | {core.translate(bytes.maketrans(b"+/", b"-_")) for core in cores}


class Addresses:
    """6-byte addresses: raw in both byte orders, in hex with any separator and case, in base64."""

    def __init__(self, addresses):
        self._numbers = {address: number for number, address in enumerate(sorted(addresses))}
        both = {way: n for address, n in self._numbers.items() for way in (address, address[::-1])}
        self._raw = both
        self._beginnings = np.zeros(1 << 24, np.bool_)
        self._beginnings[[int.from_bytes(way[:3], "big") for way in both]] = True
        self._hex = {way.hex().encode(): number for way, number in both.items()}
        self._base64 = {core: number for way, number in both.items() for core in base64_cores(way)}

    def in_bytes(self, data):
        """The spellings found: (spelling, number of the address)."""
        return {*self._raw_in(data), *self._hex_in(data.lower()), *self._base64_in(data)}

    def _raw_in(self, data):
        for start in range(0, len(data), _WINDOW):
            window = np.frombuffer(data, np.uint8, offset=start)[: _WINDOW + 5].astype(np.uint32)
            if len(window) < 6:
                return
            first3 = window[:-5] << 16 | window[1:-4] << 8 | window[2:-3]
            for at in start + np.flatnonzero(self._beginnings[first3]):
                found = self._raw.get(data[at : at + 6])
                if found is not None:
                    yield "raw", found

    def _hex_in(self, lower):
        for run in _HEX_RUN.finditer(lower):
            digits = _SEPARATORS.sub(b"", run[0])
            for at in range(len(digits) - 11):
                found = self._hex.get(digits[at : at + 12])
                if found is not None:
                    yield "hex", found

    def _base64_in(self, data):
        lengths = {len(core) for core in self._base64}
        for run in _BASE64_RUN.finditer(data):
            for length in lengths:
                for at in range(len(run[0]) - length + 1):
                    found = self._base64.get(run[0][at : at + length])
                    if found is not None:
                        yield "base64", found


class Names:
    """Network names: as text in any case, in UTF-16, hex, base64 and as a URL writes them."""

    def __init__(self, names):
        self._lower = set()
        self._exact = set()
        for number, name in enumerate(sorted(names)):
            text = name.encode()
            self._lower |= {
                ("text", text.lower(), number),
                ("utf-16", name.lower().encode("utf-16-le"), number),
                ("hex", text.hex().encode(), number),
                ("url", quote(name).lower().encode(), number),
                ("url", quote_plus(name).lower().encode(), number),
            }
            self._exact |= {("base64", core, number) for core in base64_cores(text)}

    def in_bytes(self, data):
        """The spellings found: (spelling, number of the name)."""
        lower = data.lower()
        return {(kind, number) for kind, spelling, number in self._lower if spelling in lower} | {
            (kind, number) for kind, spelling, number in self._exact if spelling in data
        }
