"""Packets from a Wi-Fi interface in monitor mode, from a raw socket of Linux; no library is needed.

The kernel hands over probe requests only, where the header lets it tell (bare and radiotap): what visitors
send and receive is never captured.
"""

from __future__ import annotations

import ctypes
import errno
import socket
import struct
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from meguri_sensors.link_types import LinkType
from meguri_sensors.packets import Packet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_HARDWARE_TYPES: Final = {801: LinkType.BARE, 802: LinkType.PRISM, 803: LinkType.RADIOTAP}
"""Of an interface in monitor mode (ARPHRD_... in Linux's if_arp.h)."""
_ALL_PROTOCOLS: Final = 0x0003
_SOL_PACKET: Final = 263
_PACKET_STATISTICS: Final = 6
_STATISTICS: Final = struct.Struct("=II")
"""Packets, and those of them that found the buffer full; reading sets both to 0."""
_SO_ATTACH_FILTER: Final = 26
_SO_TIMESTAMPNS: Final = 35
_TIMESPEC: Final = struct.Struct("@ll")
_LARGEST_FRAME: Final = 4_096
"""A probe request is shorter than the 2,304 bytes of a management frame; its header than the rest."""
_RECEIVE_BUFFER: Final = 4 << 20
_LOOK_UP_EVERY_S: Final = 0.5
"""How long a quiet interface may keep a stop waiting."""

_LOAD_BYTE: Final = 0x30
_LOAD_BYTE_AT_X: Final = 0x50
_SHIFT_LEFT: Final = 0x64
_A_TO_X: Final = 0x07
_ADD_X: Final = 0x0C
_JUMP_IF_EQUAL: Final = 0x15
_RETURN: Final = 0x06
_PROBE_REQUEST: Final = 0x40
_KEEP: Final = ((_RETURN, 0, 0, 0x40000), (_RETURN, 0, 0, 0))
_FILTERS: Final = {
    LinkType.BARE: ((_LOAD_BYTE, 0, 0, 0), (_JUMP_IF_EQUAL, 0, 1, _PROBE_REQUEST), *_KEEP),
    LinkType.RADIOTAP: (
        (_LOAD_BYTE, 0, 0, 3),
        (_SHIFT_LEFT, 0, 0, 8),
        (_A_TO_X, 0, 0, 0),
        (_LOAD_BYTE, 0, 0, 2),
        (_ADD_X, 0, 0, 0),
        (_A_TO_X, 0, 0, 0),
        (_LOAD_BYTE_AT_X, 0, 0, 0),
        (_JUMP_IF_EQUAL, 0, 1, _PROBE_REQUEST),
        *_KEEP,
    ),
}
"""Classic BPF: the first byte behind the header, whose length radiotap has in its bytes 2 and 3."""


class LiveCaptureError(RuntimeError):
    """The interface cannot be listened to; the message is a sentence that says why and what to do."""


class LiveCapture:
    """Listens to one interface.

    Args:
        interface: its name, such as `wlan1`.

    Raises:
        LiveCaptureError: there is no such interface, it is down or not in monitor mode, or this process may
            not listen to it.
    """

    def __init__(self, interface: str) -> None:
        self._interface = interface
        self.link_type = _link_type(interface)
        self._drops = 0
        try:
            # No protocol until the filter stands: before that nothing arrives.
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        except PermissionError:
            raise LiveCaptureError(
                f"This process may not listen to {interface}: it needs the capability CAP_NET_RAW. The "
                "systemd unit in sensors/README.md grants it; else run it as root."
            ) from None
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
            if self.link_type in _FILTERS:
                _attach_filter(self._socket, _FILTERS[self.link_type])
            self._socket.bind((interface, _ALL_PROTOCOLS))
        except OSError as error:
            self._socket.close()
            raise self._lost(error) from error

    def __enter__(self) -> Self:
        """The capture itself; its socket closes at the block's end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the socket."""
        self.close()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    @property
    def drops(self) -> int:
        """Packets that the kernel threw away, because they came faster than they were read."""
        statistics = self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, _STATISTICS.size)
        self._drops += _STATISTICS.unpack(statistics)[1]
        return self._drops

    def packets(self, seconds: float, is_stopping: Callable[[], bool]) -> Iterator[Packet]:
        """What arrives within so many seconds, or until there is reason to stop.

        Raises:
            LiveCaptureError: the interface went away or down.
        """
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not is_stopping():
            self._socket.settimeout(min(left, _LOOK_UP_EVERY_S))
            try:
                packet = self._receive()
            except TimeoutError:
                continue
            except OSError as error:
                # The error comes before what arrived until then.
                yield from self._received()
                raise self._lost(error) from error
            yield packet

    def _received(self) -> Iterator[Packet]:
        """What waits in the socket's buffer."""
        self._socket.setblocking(False)
        while True:
            try:
                packet = self._receive()
            except OSError:
                return
            yield packet

    def _receive(self) -> Packet:
        ancillary = socket.CMSG_SPACE(_TIMESPEC.size)
        data, notes, flags, _ = self._socket.recvmsg(_LARGEST_FRAME, ancillary)
        return Packet(_time_ms(notes), data, bool(flags & socket.MSG_TRUNC), self.link_type)

    def _lost(self, error: OSError) -> LiveCaptureError:
        if error.errno == errno.ENETDOWN:
            why = f"it is down (sudo ip link set {self._interface} up)"
        elif error.errno in (errno.ENODEV, errno.ENXIO):
            why = "it is gone; is the adapter still plugged in?"
        else:
            why = str(error.strerror)
        return LiveCaptureError(f"The interface {self._interface} cannot be listened to: {why}.")


def _link_type(interface: str) -> LinkType:
    """What stands before the frames that the interface gives."""
    kind = Path("/sys/class/net") / interface / "type"
    try:
        hardware_type = int(kind.read_text("ascii"))
    except (OSError, ValueError):
        raise LiveCaptureError(
            f"There is no network interface {interface} here; `ip link` lists what there is."
        ) from None
    found = _HARDWARE_TYPES.get(hardware_type)
    if found is None:
        raise LiveCaptureError(
            f"The interface {interface} is not in monitor mode (its hardware type is {hardware_type}; 801, "
            f"802 or 803 is needed): sudo ip link set {interface} down && sudo iw dev {interface} set type "
            f"monitor && sudo ip link set {interface} up"
        )
    return found


def _attach_filter(raw: socket.socket, program: tuple[tuple[int, int, int, int], ...]) -> None:
    instructions = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *each) for each in program))
    raw.setsockopt(
        socket.SOL_SOCKET,
        _SO_ATTACH_FILTER,
        struct.pack("HP", len(program), ctypes.addressof(instructions)),
    )


def _time_ms(notes: list[tuple[int, int, bytes]]) -> int:
    """When the kernel took the packet; now, where it does not say."""
    for _, kind, note in notes:
        if kind == _SO_TIMESTAMPNS and len(note) >= _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack_from(note)
            return int(seconds) * 1_000 + int(nanoseconds) // 1_000_000
    return time.time_ns() // 1_000_000
