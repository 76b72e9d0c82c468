"""An interface that passes for one in monitor mode: what is sent here, a sensor on this machine hears."""

import fcntl
import os
import socket
import struct
from contextlib import contextmanager

import pytest

ETHERNET, BARE, PRISM, RADIOTAP = 1, 801, 802, 803
_TUNSETIFF, _TUNSETLINK, _IFF_TUN = 0x400454CA, 0x400454CD, 1
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1
_PACKET_INFORMATION = bytes(4)


class Air:
    """A TUN device with a hardware type of its own; the kernel knows no difference."""

    name = f"meguri-{os.getpid()}"
    """Tests in another process have one of their own."""

    def __init__(self, hardware_type):
        self._device = os.open("/dev/net/tun", os.O_RDWR)
        try:
            fcntl.ioctl(self._device, _TUNSETIFF, struct.pack("16sH22x", self.name.encode(), _IFF_TUN))
            fcntl.ioctl(self._device, _TUNSETLINK, hardware_type)
        except OSError:
            self.unplug()
            raise
        self.put(up=True)

    @classmethod
    @contextmanager
    def opened(cls, hardware_type):
        """The device until the block ends."""
        try:
            air = cls(hardware_type)
        except (FileNotFoundError, PermissionError) as error:
            # Of the machine and not of the project: a container without it is no fault, even in CI.
            pytest.skip(f"/dev/net/tun and the right to make a network device: {error.strerror}")
        try:
            yield air
        finally:
            air.unplug()

    def put(self, *, up):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            asked = struct.pack("16sH22x", self.name.encode(), 0)
            flags = struct.unpack("16sH22x", fcntl.ioctl(control, _SIOCGIFFLAGS, asked))[1]
            flags = flags | _IFF_UP if up else flags & ~_IFF_UP
            fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sH22x", self.name.encode(), flags))

    def send(self, *frames):
        for frame in frames:
            os.write(self._device, _PACKET_INFORMATION + frame)

    def unplug(self):
        if self._device is not None:
            os.close(self._device)
            self._device = None
