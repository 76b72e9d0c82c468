"""Speech as phones play it: AAC in an MP4 file, small, of even loudness."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import av

if TYPE_CHECKING:
    from collections.abc import Iterator

HERTZ: Final = 24_000
BITS_A_SECOND: Final = 28_000
"""Enough for one voice; the encoder takes up to a third more. Eight sights of 90 seconds are 3 to 4 MB."""
LOUDNESS: Final = "I=-16:TP=-1.5:LRA=11"
"""As EBU R 128 measures it: louder than broadcasting, since a phone's loudspeaker is small and water roars.
The limiter after it leaves the encoder, which overshoots, room below full scale."""


def speech_as_m4a(wav: bytes) -> tuple[bytes, float]:
    """The speech of a WAV file, encoded.

    Args:
        wav: any that ffmpeg's libraries read.

    Returns:
        An MP4 file with its index first, so that it plays while it comes; and its length in seconds.

    Raises:
        av.FFmpegError: it is no sound.
    """
    encoded = 0
    # Putting the index first, the library reads the file again by its name.
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "speech.m4a"
        with av.open(str(made), "w", format="ipod", options={"movflags": "+faststart"}) as output:
            stream = output.add_stream("aac", rate=HERTZ, layout="mono", bit_rate=BITS_A_SECOND)
            for frame in _evened(wav):
                frame.pts = encoded
                encoded += frame.samples
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
        return made.read_bytes(), encoded / HERTZ


def _evened(wav: bytes) -> Iterator[av.AudioFrame]:
    """The samples at `LOUDNESS`, one channel, `HERTZ` a second."""
    with av.open(io.BytesIO(wav), "r") as source:
        sound = source.streams.audio[0]
        graph = av.filter.Graph()
        steps = [
            graph.add_abuffer(template=sound),
            graph.add("loudnorm", LOUDNESS),
            graph.add("aresample", str(HERTZ)),
            graph.add("alimiter", "limit=0.7:level=false"),
            graph.add("aformat", f"sample_fmts=fltp:channel_layouts=mono:sample_rates={HERTZ}"),
            graph.add("abuffersink"),
        ]
        graph.link_nodes(*steps).configure()
        for frame in source.decode(sound):
            graph.push(frame)
            yield from _ready(graph)
        graph.push(None)
        yield from _ready(graph)


def _ready(graph: av.filter.Graph) -> Iterator[av.AudioFrame]:
    while True:
        try:
            frame = graph.pull()
        except (av.BlockingIOError, av.EOFError):
            return
        if isinstance(frame, av.AudioFrame):
            yield frame
