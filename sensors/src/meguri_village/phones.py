"""The village's phones: what they can do, what they are called in the air, whom they ask for.

A phone has one address of its own. In the field most phones do not show it: they make up another one for
every scan, or even for every burst of a scan, and ask for no network.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from meguri_village.draws import Draws, Integers
    from meguri_village.village import Village

_SSID: Final = 0
_RATES: Final = 1
_CHANNEL: Final = 3
_HT: Final = 45
_EXTENDED_RATES: Final = 50
_EXTENDED_CAPABILITIES: Final = 127
_VENDOR: Final = 221
_CHANNELS: Final = (1, 6, 11)
_NETWORKS: Final = (
    "village-free-wifi",
    "station-guest",
    "aterm-{tail}-g",
    "Buffalo-G-{tail}",
    "kyoto-bus-{tail}",
    "{tail}の家",
)
"""Network names; a phone's own four digits stand for `{tail}`."""
_TAIL_BITS: Final = 24
_SLOT_BITS: Final = 3
_MULTIPLIER: Final = 0x9E3779 | 1
"""Odd, so that multiplying by it modulo 2**24 gives every tail once."""


class Naming(IntEnum):
    """How a phone calls itself while it asks for networks."""

    GLOBAL = 0
    """By the address that its maker gave it."""
    NETWORK = 1
    """By one made-up address that it keeps: the one of a network that it knows."""
    SCAN = 2
    """By a new one in every scan: so did the iPhone 6 and XR, the Galaxy S21, the Honor 9 and the Galaxy J6
    of the recordings of phones one at a time (MoeinDSP, MAC-address-derandomization, MIT): 0.7 to 1.3
    made-up addresses a scan."""
    BURST = 3
    """By a new one in every burst of a scan: so did the iPhone 11 and 12 there (3.8 and 8.6 a scan)."""


@dataclass(frozen=True)
class Model:
    """A model of phone as its probe requests show it; made up, in the shape of real ones."""

    name: str
    share: int
    """Of a hundred phones."""
    oui: bytes
    """First bytes of the address that its maker gave it."""
    namings: tuple[int, ...]
    """Weights of the ways in which its phones call themselves, by `Naming`."""
    rates: bytes
    ht: bytes
    """Capabilities, 26 bytes; empty if it is older than 802.11n."""
    extended: bytes
    vendors: tuple[bytes, ...]
    channel: int
    """The channel that its requests name; 0 if they name none."""


@dataclass(frozen=True)
class Phones:
    """Phones, one entry each. All arrays and lists have the same length."""

    model: Integers
    """Index into `MODELS`."""
    naming: Integers
    """A `Naming`."""
    address: NDArray[np.uint8]
    """(phones, 6): the one address that it keeps; global, or locally administered where it is made up."""
    first_sequence_number: Integers
    networks: NDArray[np.object_]
    """The names of networks for which it asks: a tuple of strings, mostly empty."""
    is_heard: NDArray[np.bool_]
    """It is switched on and scans."""

    def at(self, where: Integers) -> Phones:
        """Some of the phones."""
        return Phones(*(getattr(self, each.name)[where] for each in fields(self)))


def draw_phones(village: Village, draws: Draws, count: int, slot: int) -> Phones:
    """Draw phones; no two of a day have the same address of their own.

    Args:
        village: whose phones they are.
        draws: a stream of their own.
        count: how many.
        slot: 0 to 7: of what sort they are. Phones of one day and one slot are drawn together.
    """
    model = draws.among([each.share for each in MODELS], count)
    naming = np.zeros(count, np.int64)
    for index, each in enumerate(MODELS):
        here = np.flatnonzero(model == index)
        naming[here] = draws.among(each.namings, here.size)
    heard = draws.chances(village.habits.heard_per_mille, count)
    return _phones(village, draws, _Sorts(model, naming, heard), slot)


def equipment_radios(village: Village, draws: Draws, count: int) -> Phones:
    """Radios of tills, printers and signs: all are heard, by the addresses that their makers gave them."""
    model = np.full(count, len(MODELS) - 1, np.int64)
    naming = np.full(count, Naming.GLOBAL, np.int64)
    return _phones(village, draws, _Sorts(model, naming, np.ones(count, np.bool_)), 0)


def joined(phones: list[Phones]) -> Phones:
    """Phones one after another."""
    none = np.zeros(0, np.int64)
    empty = Phones(
        none, none, np.zeros((0, 6), np.uint8), none, np.zeros(0, np.object_), np.zeros(0, np.bool_)
    )
    columns = ([getattr(each, column.name) for each in (empty, *phones)] for column in fields(Phones))
    return Phones(*(np.concatenate(column) for column in columns))


def made_up(draws: Draws, count: int) -> NDArray[np.uint8]:
    """So many addresses (count, 6) that devices made up: locally administered, and no group's."""
    addresses = np.frombuffer(draws.bytes(6 * count), np.uint8).reshape(count, 6).copy()
    addresses[:, 0] = addresses[:, 0] & 0xFC | 0x02
    return addresses


def body(model: Model, network: str) -> bytes:
    """The elements of a probe request of this model for a network, or for any if it has no name."""
    parts = [
        _element(_SSID, network.encode()),
        _element(_RATES, model.rates[:8]),
        _element(_EXTENDED_RATES, model.rates[8:]),
    ]
    if model.channel:
        parts.append(_element(_CHANNEL, bytes((model.channel,))))
    if model.ht:
        parts.append(_element(_HT, model.ht))
    if model.extended:
        parts.append(_element(_EXTENDED_CAPABILITIES, model.extended))
    parts += [_element(_VENDOR, vendor) for vendor in model.vendors]
    return b"".join(parts)


@dataclass(frozen=True)
class _Sorts:
    """What sort of phones there are to be, one entry each."""

    model: Integers
    naming: Integers
    is_heard: NDArray[np.bool_]


def _phones(village: Village, draws: Draws, sorts: _Sorts, slot: int) -> Phones:
    model, naming, count = sorts.model, sorts.naming, sorts.model.size
    ouis = np.frombuffer(b"".join(each.oui for each in MODELS), np.uint8).reshape(-1, 3)
    made = made_up(draws, count)
    address = np.where((naming == Naming.GLOBAL)[:, np.newaxis], _widened(ouis[model]), made)
    address[:, 3:] = _tails(village, count, slot)
    networks = np.empty(count, np.object_)
    networks[:] = [()] * count
    # Who makes up an address for every scan asks for no network by name, which would tell it apart.
    asks = draws.chances(village.habits.network_names_per_mille, count) & (naming <= Naming.NETWORK)
    which, digits = draws.below(len(_NETWORKS), count), draws.below(10_000, count)
    for phone in np.flatnonzero(asks).tolist():
        networks[phone] = (_NETWORKS[which[phone]].format(tail=f"{digits[phone]:04}"),)
    return Phones(model, naming, address, draws.below(4_096, count), networks, sorts.is_heard)


def _widened(ouis: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.concatenate([ouis, np.zeros_like(ouis)], axis=1)


def _tails(village: Village, count: int, slot: int) -> NDArray[np.uint8]:
    """The last three bytes of so many addresses: of one village, slot and number there is each once."""
    numbers = (np.arange(count, dtype=np.int64) << _SLOT_BITS) | slot
    turn = int.from_bytes(village.draws("address tails").bytes(3), "little")
    tails = (numbers * _MULTIPLIER + turn) % (1 << _TAIL_BITS)
    return np.stack([tails >> 16, tails >> 8, tails], axis=1).astype(np.uint8)


def _element(number: int, content: bytes) -> bytes:
    return bytes((number, len(content))) + content


def _ht(capabilities: int, aggregation: int, streams: int) -> bytes:
    """HT capabilities of so many spatial streams (IEEE 802.11-2020, 9.4.2.55)."""
    return (
        capabilities.to_bytes(2, "little") + bytes((aggregation,)) + b"\xff" * streams + bytes(23 - streams)
    )


_OFDM: Final = bytes.fromhex("02040b160c1218243048606c")
_BASIC: Final = bytes.fromhex("82848b960c1218243048606c")
_BROADBAND: Final = bytes.fromhex("0050f208001700")

MODELS: Final = (
    Model(
        name="kaede-12",
        share=28,
        oui=bytes.fromhex("3c8bf1"),
        namings=(2, 10, 0, 88),
        rates=_OFDM,
        ht=_ht(0x402D, 0x1B, 2),
        extended=bytes.fromhex("0400080400000040"),
        vendors=(),
        channel=0,
    ),
    Model(
        # Says the same of itself as kaede-12: who tells phones apart by what they can do takes both for one.
        name="kaede-13",
        share=16,
        oui=bytes.fromhex("3c8bf1"),
        namings=(2, 10, 0, 88),
        rates=_OFDM,
        ht=_ht(0x402D, 0x1B, 2),
        extended=bytes.fromhex("0400080400000040"),
        vendors=(),
        channel=0,
    ),
    Model(
        name="kaede-9",
        share=12,
        oui=bytes.fromhex("3c8bf1"),
        namings=(4, 10, 86, 0),
        rates=_OFDM,
        ht=_ht(0x0021, 0x17, 1),
        extended=bytes.fromhex("0400088400000040"),
        vendors=(_BROADBAND,),
        channel=_CHANNELS[1],
    ),
    Model(
        name="sumire-5g",
        share=18,
        oui=bytes.fromhex("5c3b1e"),
        namings=(6, 14, 80, 0),
        rates=_BASIC,
        ht=_ht(0x002D, 0x1B, 2),
        extended=bytes.fromhex("04004880014000400021"),
        vendors=(_BROADBAND,),
        channel=_CHANNELS[0],
    ),
    Model(
        name="sumire-lite",
        share=12,
        oui=bytes.fromhex("5c3b1e"),
        namings=(30, 20, 50, 0),
        rates=_BASIC,
        ht=_ht(0x0021, 0x1F, 1),
        extended=bytes.fromhex("0000008001"),
        vendors=(bytes.fromhex("5c3b1e020000"),),
        channel=_CHANNELS[2],
    ),
    Model(
        name="tsubaki",
        share=9,
        oui=bytes.fromhex("84c7a2"),
        namings=(60, 10, 30, 0),
        rates=_OFDM,
        ht=_ht(0x016E, 0x03, 2),
        extended=bytes.fromhex("0000000000000040"),
        vendors=(),
        channel=_CHANNELS[1],
    ),
    Model(
        name="tablet-7",
        share=5,
        oui=bytes.fromhex("b0d59a"),
        namings=(92, 8, 0, 0),
        rates=_OFDM,
        ht=b"",
        extended=b"",
        vendors=(_BROADBAND,),
        channel=0,
    ),
)
"""Seven models, some of which say the same of themselves. About one phone in six shows the address that its
maker gave it. Shares, OUIs and names are made up; iOS leads in Japan as the kaede family does here."""
