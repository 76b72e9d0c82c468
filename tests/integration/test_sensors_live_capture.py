"""Live capture on the kernel's own sockets, from an interface that passes for one in monitor mode."""

import socket
import time
from contextlib import ExitStack
from itertools import islice

import pytest
from fakes.air import BARE, ETHERNET, PRISM, RADIOTAP, Air
from meguri_proto.pseudonyms import pseudonym
from meguri_sensors.link_types import LinkType
from meguri_sensors.live_capture import LiveCapture, LiveCaptureError
from meguri_sensors.probe_requests import FrameReader
from reference.captures import SIGNAL, prism, probe_request, radiotap

KEY = b"k" * 32
ADDRESS = bytes.fromhex("001122334455")


@pytest.fixture
def air_of():
    with ExitStack() as open_ones:
        yield lambda hardware_type: open_ones.enter_context(Air.opened(hardware_type))


def listened(capture, count, seconds=5):
    """The next packets: `count` of them, or what came within some seconds."""
    return list(islice(capture.packets(seconds, lambda: False), count))


def probe(sequence_number=0):
    return probe_request(ADDRESS, sequence_number=sequence_number)


def test_probe_requests_are_heard_with_their_time_and_read_as_from_a_file(air_of):
    air = air_of(RADIOTAP)
    with LiveCapture(air.name) as capture:
        before = time.time_ns() // 1_000_000
        air.send(*(radiotap({SIGNAL: -50 - number}) + probe(number) for number in range(5)))
        packets = listened(capture, 5)
        after = time.time_ns() // 1_000_000
    assert capture.link_type is LinkType.RADIOTAP
    assert all(before <= each.time_ms <= after for each in packets)
    reader = FrameReader(KEY)
    heard = [reader.read(each.data, is_cut=each.is_cut, link_type=each.link_type) for each in packets]
    assert [(each.device, each.rssi, each.sequence_number) for each in heard] == [
        (pseudonym(KEY, ADDRESS), -50 - number, number) for number in range(5)
    ]


@pytest.mark.parametrize(
    ("hardware_type", "header"),
    [
        (BARE, b""),
        (RADIOTAP, radiotap({SIGNAL: -50})),
        (RADIOTAP, radiotap({0: 1, 3: 3, SIGNAL: -50}, (0x20,) * 70)),
    ],
)
def test_the_kernel_hands_over_probe_requests_and_nothing_else(air_of, hardware_type, header):
    air = air_of(hardware_type)
    others = [b"\x80\0", b"\x08\x01", b"\x88\x41", b"\xd4\0", b"\x50\0"]
    with LiveCapture(air.name) as capture:
        for other in others:
            air.send(header + other + bytes(60))
        air.send(header + probe(), header[:-1], b"", header + probe(1))
        found = listened(capture, 2)
        assert [each.data for each in found] == [header + probe(), header + probe(1)]
        assert listened(capture, 1, seconds=0.05) == []


def test_an_interface_with_prism_headers_is_listened_to(air_of):
    air = air_of(PRISM)
    with LiveCapture(air.name) as capture:
        air.send(prism("<", -60) + probe())
        [packet] = listened(capture, 1)
    assert (packet.link_type, packet.data) == (LinkType.PRISM, prism("<", -60) + probe())


def test_a_frame_that_is_longer_than_any_probe_request_is_cut_and_says_so(air_of):
    air = air_of(RADIOTAP)
    with LiveCapture(air.name) as capture:
        whole = radiotap({SIGNAL: -50}) + probe() + bytes(5_000)
        air.send(whole)
        [packet] = listened(capture, 1)
    assert packet.is_cut
    assert whole.startswith(packet.data)


def test_what_the_kernel_throws_away_is_counted(air_of):
    air = air_of(RADIOTAP)
    with LiveCapture(air.name) as capture:
        assert capture.drops == 0
        capture._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 0)
        frame = radiotap({SIGNAL: -50}) + probe()
        air.send(*[frame] * 1_000)
        heard = len(listened(capture, 1_000, seconds=0.2))
        assert heard < 1_000
        assert capture.drops == capture.drops == 1_000 - heard


def test_a_stop_is_noticed_though_nothing_is_heard(air_of):
    air = air_of(RADIOTAP)
    asked = []
    with LiveCapture(air.name) as capture:
        assert list(capture.packets(60, lambda: asked.append(1) or len(asked) > 1)) == []
    assert len(asked) == 2


def test_an_interface_that_goes_down_is_said_after_what_it_heard(air_of):
    air = air_of(RADIOTAP)
    with LiveCapture(air.name) as capture:
        air.send(radiotap({SIGNAL: -50}) + probe())
        air.put(up=False)
        packets = capture.packets(5, lambda: False)
        assert next(packets).data.endswith(probe())
        with pytest.raises(LiveCaptureError, match=rf"it is down .sudo ip link set {Air.name} up"):
            next(packets)


def test_an_interface_that_is_unplugged_is_said(air_of):
    air = air_of(RADIOTAP)
    with LiveCapture(air.name) as capture:
        air.unplug()
        with pytest.raises(LiveCaptureError, match=f"{Air.name} cannot be listened to"):
            listened(capture, 1)


def test_an_interface_that_is_not_in_monitor_mode_is_refused_with_what_to_do(air_of):
    air = air_of(ETHERNET)
    with pytest.raises(
        LiveCaptureError, match=rf"not in monitor mode .*type is 1;.* iw dev {Air.name} set type"
    ):
        LiveCapture(air.name)


@pytest.mark.parametrize("name", ["no-such", "", "../etc", "x" * 40])
def test_an_interface_that_is_not_there_is_said(name):
    with pytest.raises(LiveCaptureError, match="There is no network interface"):
        LiveCapture(name)


def test_without_the_right_to_listen_the_error_names_it(air_of, monkeypatch):
    air = air_of(RADIOTAP)

    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(socket, "socket", refuse)
    with pytest.raises(LiveCaptureError, match="CAP_NET_RAW"):
        LiveCapture(air.name)
    monkeypatch.undo()
