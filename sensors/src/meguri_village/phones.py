"""The village's phones: what they can do, what they are called, whom they ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from meguri_village.draws import Draws

_SSID: Final = 0
_RATES: Final = 1
_CHANNEL: Final = 3
_HT: Final = 45
_EXTENDED_RATES: Final = 50
_EXTENDED_CAPABILITIES: Final = 127
_VENDOR: Final = 221
_CHANNELS: Final = (1, 6, 11)
_NETWORKS: Final = (
    "minamiyamashiro-free-wifi",
    "tea-hall-guest",
    "aterm-{tail}-g",
    "Buffalo-G-{tail}",
    "kyoto-bus-{tail}",
    "{tail}の家",
)
"""Network names; a phone's own four digits stand for `{tail}`."""
_MOST_NETWORKS: Final = 2


@dataclass(frozen=True)
class Model:
    """A model of phone as its probe requests show it; made up, in the shape of real ones."""

    name: str
    share: int
    """Of a hundred phones."""
    oui: bytes
    """First bytes of its address; empty if it makes up a random one (and keeps it)."""
    rates: bytes
    ht: bytes
    """Capabilities, 26 bytes; empty if it is older than 802.11n."""
    extended: bytes
    vendors: tuple[bytes, ...]
    names_channel: bool
    """It says on which channel it asks."""


@dataclass(frozen=True)
class Phone:
    """One phone. Its address is stable: it is the same in every frame of a day, and of every day."""

    model: Model
    address: bytes
    network_names: tuple[str, ...]
    first_sequence_number: int

    def bodies(self) -> tuple[bytes, ...]:
        """The elements of its probe requests: for any network, then for each of its network names."""
        return tuple(_elements(self.model, name) for name in ("", *self.network_names))


def _element(number: int, content: bytes) -> bytes:
    return bytes((number, len(content))) + content


def _ht(capabilities: int, aggregation: int, streams: int) -> bytes:
    """HT capabilities of so many spatial streams (IEEE 802.11-2020, 9.4.2.55)."""
    return (
        capabilities.to_bytes(2, "little") + bytes((aggregation,)) + b"\xff" * streams + bytes(23 - streams)
    )


def _elements(model: Model, network_name: str) -> bytes:
    # The channel stands for the model, so that a phone's bodies are few and can be kept.
    channel = _CHANNELS[len(model.name) % len(_CHANNELS)]
    parts = [
        _element(_SSID, network_name.encode()),
        _element(_RATES, model.rates[:8]),
        _element(_EXTENDED_RATES, model.rates[8:]),
    ]
    if model.names_channel:
        parts.append(_element(_CHANNEL, bytes((channel,))))
    if model.ht:
        parts.append(_element(_HT, model.ht))
    if model.extended:
        parts.append(_element(_EXTENDED_CAPABILITIES, model.extended))
    parts += [_element(_VENDOR, vendor) for vendor in model.vendors]
    return b"".join(parts)


_OFDM: Final = bytes.fromhex("02040b160c1218243048606c")
_BASIC: Final = bytes.fromhex("82848b960c1218243048606c")
_BROADBAND: Final = bytes.fromhex("0050f208001700")

MODELS: Final = (
    Model(
        name="kaede-12",
        share=30,
        oui=b"",
        rates=_OFDM,
        ht=_ht(0x402D, 0x1B, 2),
        extended=bytes.fromhex("0400080400000040"),
        vendors=(),
        names_channel=False,
    ),
    Model(
        name="kaede-9",
        share=18,
        oui=b"",
        rates=_OFDM,
        ht=_ht(0x0021, 0x17, 1),
        extended=bytes.fromhex("0400088400000040"),
        vendors=(_BROADBAND,),
        names_channel=True,
    ),
    Model(
        name="sumire-5g",
        share=20,
        oui=b"",
        rates=_BASIC,
        ht=_ht(0x002D, 0x1B, 2),
        extended=bytes.fromhex("04004880014000400021"),
        vendors=(_BROADBAND,),
        names_channel=True,
    ),
    Model(
        name="sumire-lite",
        share=14,
        oui=bytes.fromhex("5c3b1e"),
        rates=_BASIC,
        ht=_ht(0x0021, 0x1F, 1),
        extended=bytes.fromhex("0000008001"),
        vendors=(bytes.fromhex("5c3b1e020000"),),
        names_channel=True,
    ),
    Model(
        name="tsubaki",
        share=12,
        oui=bytes.fromhex("84c7a2"),
        rates=_OFDM,
        ht=_ht(0x016E, 0x03, 2),
        extended=bytes.fromhex("0000000000000040"),
        vendors=(),
        names_channel=True,
    ),
    Model(
        name="tablet-7",
        share=6,
        oui=bytes.fromhex("b0d59a"),
        rates=_OFDM,
        ht=b"",
        extended=b"",
        vendors=(_BROADBAND,),
        names_channel=False,
    ),
)
"""Six models; two thirds of the phones have a random address. The OUIs are made up like the rest."""


def phone(draws: Draws, network_names_per_mille: int) -> Phone:
    """Draw a phone."""
    model = MODELS[int(draws.among([model.share for model in MODELS], 1)[0])]
    tail = draws.bytes(6)
    # Locally administered, and no group's.
    address = model.oui + tail[:3] if model.oui else bytes((tail[0] & 0xFC | 0x02,)) + tail[1:]
    names: list[str] = []
    if draws.chances(network_names_per_mille, 1)[0]:
        for choice in draws.below(len(_NETWORKS), int(draws.between(1, _MOST_NETWORKS + 1, 1)[0])):
            digits = int(draws.below(10_000, 1)[0])
            names.append(_NETWORKS[int(choice)].format(tail=f"{digits:04}"))
    return Phone(model, address, tuple(names), int(draws.below(4_096, 1)[0]))
