"""Frames under every header that captures put before them: bare, Prism, AVS, radiotap."""

import struct
import zlib

import pytest
from meguri_proto.columns import UNKNOWN_RSSI
from meguri_proto.pseudonyms import fingerprint, pseudonym
from meguri_sensors.capture_summary import summarise
from meguri_sensors.link_types import LinkType
from meguri_sensors.probe_requests import FrameReader
from meguri_sensors.verdicts import FrameReject
from reference.captures import avs, capture, element, prism, probe_request

KEY = b"k" * 32
ADDRESS = bytes.fromhex("001122334455")
RATES = element(1, b"\x82\x84")
FRAME = probe_request(ADDRESS, RATES, sequence_number=7)


def read(packet, link_type=LinkType.PRISM, *, is_cut=False):
    return FrameReader(KEY).read(packet, is_cut=is_cut, link_type=link_type)


def test_a_bare_frame_is_heard_without_a_signal():
    heard = read(FRAME, LinkType.BARE)
    assert (heard.device, heard.rssi, heard.sequence_number) == (pseudonym(KEY, ADDRESS), UNKNOWN_RSSI, 7)
    assert heard.fingerprint == fingerprint(KEY, RATES)


@pytest.mark.parametrize(
    ("link_type", "header"), [(LinkType.BARE, b""), (LinkType.PRISM, prism("<")), (LinkType.PRISM, avs(-50))]
)
def test_a_checksum_that_no_header_announces_is_known_by_what_it_is(link_type, header):
    checksum = zlib.crc32(FRAME).to_bytes(4, "little")
    assert read(header + FRAME + checksum, link_type) == read(header + FRAME, link_type)
    assert read(header + FRAME + checksum[::-1], link_type) is FrameReject.ELEMENTS_OVERRUN


@pytest.mark.parametrize("link_type", [LinkType.BARE, LinkType.PRISM])
def test_a_frame_that_the_capture_cut_is_heard_without_a_fingerprint(link_type):
    header = prism("<") if link_type is LinkType.PRISM else b""
    heard = read(header + FRAME[:-1], link_type, is_cut=True)
    assert (heard.device, heard.fingerprint) == (pseudonym(KEY, ADDRESS), 0)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(
    "named", [{}, {"numbers": (0x4041, 0x6041), "code": 0x41}, {"numbers": (0x4041, 0x6041)}]
)
@pytest.mark.parametrize(
    ("signal", "rssi", "heard"),
    [
        (-71, 24, -71),
        (-71, None, -71),
        (None, -71, -71),
        (0, -71, -71),
        (200, -71, -71),
        (-127, None, -127),
        (-128, None, UNKNOWN_RSSI),
        (0, 0, UNKNOWN_RSSI),
        (38, 30, UNKNOWN_RSSI),
        (None, None, UNKNOWN_RSSI),
    ],
)
def test_a_prism_headers_signal_is_the_item_that_holds_dbm(order, named, signal, rssi, heard):
    assert read(prism(order, signal, rssi, **named) + FRAME).rssi == heard


@pytest.mark.parametrize(
    ("header", "heard"),
    [(avs(-71), -71), (avs(-71, version=2), -71), (avs(-71, kind=1), UNKNOWN_RSSI), (avs(40), UNKNOWN_RSSI)],
)
def test_an_avs_header_stands_in_a_prism_headers_place(header, heard):
    assert read(header + FRAME).rssi == heard


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        prism("<", -50)[:23],
        prism("<", -50)[:-1],
        struct.pack("<II", 0x44, 8) + FRAME,
        struct.pack("<II", 0x45, 24) + bytes(16) + FRAME,
        avs(-50)[:63],
        avs(-50)[:4] + struct.pack(">I", 63) + avs(-50)[8:] + FRAME,
    ],
)
def test_what_is_no_prism_header_is_rejected(packet):
    assert read(packet) is FrameReject.HEADER_UNREADABLE


def test_a_frame_of_another_link_type_is_rejected():
    assert read(FRAME, 1) is FrameReject.UNSUPPORTED_LINK_TYPE


def test_headers_of_all_kinds_in_one_reader_do_not_disturb_each_other():
    reader = FrameReader(KEY)
    packets = [(FRAME, LinkType.BARE), (prism("<", -60) + FRAME, LinkType.PRISM)] * 2
    heard = [reader.read(data, is_cut=False, link_type=kind).rssi for data, kind in packets]
    assert heard == [UNKNOWN_RSSI, -60] * 2


@pytest.mark.parametrize(("link_type", "header"), [(105, b""), (119, prism(">", -60)), (119, avs(-60))])
def test_a_pcap_file_of_each_kind_is_read(link_type, header, tmp_path):
    path = tmp_path / "some.pcap"
    path.write_bytes(capture([(1, 0, header + FRAME)] * 3, link_type=link_type))
    summary = summarise(path)
    assert (summary.frames, summary.probe_requests, summary.addresses) == (3, 3, 1)
