"""A stream's bytes, read in blocks and looked at where they lie."""

from __future__ import annotations

from typing import BinaryIO, Final

_READ_BYTES: Final = 1 << 20


class ByteSource:
    """What was read of a stream and not used yet: `buffer` from `at` on.

    Args:
        stream: open for reading bytes, at its start.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.buffer = b""
        self.at = 0
        self.bytes_read = 0
        """Of the stream: where the buffer ends in it."""

    @property
    def offset(self) -> int:
        """Of the first unused byte, in the stream."""
        return self.bytes_read - self.available

    @property
    def available(self) -> int:
        """Unused bytes in the buffer."""
        return len(self.buffer) - self.at

    def more(self) -> bool:
        """Let go of what was used and read on; False at the stream's end."""
        block = self._stream.read(_READ_BYTES)
        self.buffer = self.buffer[self.at :] + block
        self.at = 0
        self.bytes_read += len(block)
        return bool(block)

    def need(self, size: int) -> bool:
        """Read until so many unused bytes are there; False if the stream ends before."""
        while len(self.buffer) - self.at < size:
            if not self.more():
                return False
        return True

    def skip(self, size: int) -> bool:
        """Step over so many bytes without keeping them; False if the stream ends before."""
        while size > self.available:
            size -= self.available
            self.at = len(self.buffer)
            if not self.more():
                return False
        self.at += size
        return True
