"""pcapng: every block that carries packets, in every form of time and order; and what is damaged in it."""

import io
import struct

import pytest
from meguri_sensors.capture_file import CaptureFile
from meguri_sensors.capture_summary import summarise
from meguri_sensors.verdicts import CaptureVerdict, FrameReject
from reference.captures import (
    SIGNAL,
    Block,
    enhanced_packet,
    interface,
    old_packet,
    pcapng,
    probe_request,
    radiotap,
    section,
    simple_packet,
)

SECOND = 1_000_000
PROBE = radiotap({SIGNAL: -50}) + probe_request(b"\0\x11\x22\x33\x44\x55")


def read(data):
    file = CaptureFile(io.BytesIO(data))
    return list(file.packets()), file


def ended(data):
    file = read(data)[1]
    return file.verdict, file.sentence


@pytest.mark.parametrize("order", "<>")
def test_enhanced_and_old_packets_are_read_in_both_byte_orders(order):
    packets, file = read(
        pcapng(
            [
                section(order),
                interface(order),
                interface(order, link_type=105),
                enhanced_packet(order, 0, (5 << 32) + 7_999, b"abc"),
                old_packet(order, 1, 8 * SECOND, b"defgh", length=300),
            ],
            order,
        )
    )
    first_ms = ((5 << 32) + 7_999) // 1_000
    assert packets == [(first_ms, b"abc", False, 127), (8_000, b"defgh", True, 105)]
    assert file.verdict is CaptureVerdict.WHOLE


@pytest.mark.parametrize(
    ("resolution", "ticks", "time_ms"),
    [
        (None, 1_999_999, 1_999),
        (6, 1_999_999, 1_999),
        (9, 1_999_999_999, 1_999),
        (3, 1_999, 1_999),
        (0, 7, 7_000),
        (0x80 | 10, 1_024 + 512, 1_500),
        (0x80, 7, 7_000),
    ],
)
def test_a_time_is_in_the_units_that_its_interface_names(resolution, ticks, time_ms):
    blocks = [section(), interface(resolution=resolution), enhanced_packet("<", 0, ticks, b"")]
    assert read(pcapng(blocks))[0] == [(time_ms, b"", False, 127)]


def test_an_interfaces_offset_is_added_to_its_times():
    blocks = [section(), interface(offset_s=1_700_000_000), enhanced_packet("<", 0, 5 * SECOND, b"")]
    assert read(pcapng(blocks))[0][0].time_ms == 1_700_000_005_000


def test_a_second_section_has_interfaces_and_a_byte_order_of_its_own():
    data = pcapng([section("<"), interface("<", 105), enhanced_packet("<", 0, SECOND, b"a")], "<")
    data += pcapng([section(">"), interface(">", 127), enhanced_packet(">", 0, 2 * SECOND, b"b")], ">")
    assert read(data)[0] == [(1_000, b"a", False, 105), (2_000, b"b", False, 127)]


def test_an_interface_of_an_earlier_section_is_none_of_the_next():
    data = pcapng([section(), interface(), section(), enhanced_packet("<", 0, SECOND, b"a")])
    verdict, sentence = ended(data)
    assert verdict is CaptureVerdict.DAMAGED
    assert "names interface 0, which its section does not describe" in sentence


def test_blocks_of_other_kinds_are_stepped_over_however_long_they_are():
    others = [Block(kind, bytes(3_000_000)) for kind in (4, 5, 10, 0xBAD, 0x80000001)]
    blocks = [section(), others[0], interface(), *others, enhanced_packet("<", 0, SECOND, b"a"), others[1]]
    packets, file = read(pcapng(blocks))
    assert packets == [(1_000, b"a", False, 127)]
    assert file.verdict is CaptureVerdict.WHOLE


def test_packets_without_a_time_are_counted_and_not_read(tmp_path):
    path = tmp_path / "some.pcapng"
    path.write_bytes(
        pcapng(
            [
                section(),
                interface(),
                simple_packet("<", PROBE),
                enhanced_packet("<", 0, SECOND, PROBE),
                enhanced_packet("<", 0, 1 << 63, PROBE),
            ]
        )
    )
    summary = summarise(path)
    assert (summary.frames, summary.probe_requests) == (3, 1)
    assert summary.rejected == {FrameReject.WITHOUT_TIME: 2}
    assert (summary.first_ms, summary.last_ms) == (1_000, 1_000)
    assert summary.verdict is CaptureVerdict.WHOLE


def test_a_simple_packet_is_cut_where_its_interface_cuts():
    blocks = [section(), interface(snap_length=4), simple_packet("<", b"abcd", length=9)]
    _, file = read(pcapng(blocks))
    assert (file.without_time, file.verdict) == (1, CaptureVerdict.WHOLE)


def test_packets_of_an_interface_that_is_no_wifi_are_rejected_and_the_others_read(tmp_path):
    path = tmp_path / "mixed.pcapng"
    frames = [enhanced_packet("<", number, SECOND, PROBE) for number in (0, 1, 0)]
    path.write_bytes(pcapng([section(), interface(link_type=1), interface(), *frames]))
    summary = summarise(path)
    assert summary.probe_requests == 1
    assert summary.rejected == {FrameReject.UNSUPPORTED_LINK_TYPE: 2}


def test_a_capture_of_many_blocks_reads_the_same_in_small_pieces():
    class Pieces(io.BytesIO):
        def read(self, size=-1):
            return super().read(min(size, 7))

    frames = [enhanced_packet("<", 0, second * SECOND, bytes(second)) for second in range(50)]
    data = pcapng([section(), interface(), *frames, Block(9, bytes(100)), *frames])
    assert list(CaptureFile(Pieces(data)).packets()) == read(data)[0]
    assert len(read(data)[0]) == 100


def test_a_capture_cut_at_any_byte_keeps_the_packets_before_it_and_names_both_bytes():
    blocks = [section(), interface(), Block(4, b"names"), *(enhanced_packet("<", 0, 1, b"abc"),) * 2]
    data = pcapng(blocks)
    ends = [0]
    for block in blocks:
        ends.append(ends[-1] + len(block.packed("<")))
    for cut in range(1, len(data) + 1):
        packets, file = read(data[:cut])
        before = max(end for end in ends if end <= cut)
        assert len(packets) == max(0, sum(end <= cut for end in ends) - 4)
        if cut < 4:
            assert file.verdict is CaptureVerdict.NOT_A_CAPTURE
        elif cut in ends:
            assert file.verdict is CaptureVerdict.WHOLE
        else:
            assert file.verdict is CaptureVerdict.TRUNCATED
            assert f"cut off at byte {cut}, inside the" in file.sentence
            assert f"block that begins at byte {before};" in file.sentence


@pytest.mark.parametrize(
    ("block", "says"),
    [
        (struct.pack("<III", 6, 33, 33), "claims a length of 33 bytes"),
        (struct.pack("<III", 5, 8, 8), "claims a length of 8 bytes"),
        (struct.pack("<III", 6, 28, 28), "claims a length of 28 bytes"),
        (struct.pack("<III", 6, 1 << 30, 0), "claims 1073741824 bytes, more than any capture keeps"),
        (struct.pack("<II5II", 6, 32, 0, 0, 0, 0, 0, 36), "has 32 bytes, and at its end that it has 36"),
        (struct.pack("<II5II", 6, 32, 0, 0, 0, 1, 1, 32), "claims 1 bytes of a packet, more than it holds"),
        (struct.pack("<II5II", 6, 32, 7, 0, 0, 0, 0, 32), "names interface 7"),
        (struct.pack("<IIII", 0x0A0D0D0A, 28, 5, 5), "begins a section without saying its byte order"),
    ],
)
def test_a_damaged_block_ends_the_reading_and_keeps_what_stands_before_it(block, says):
    whole = pcapng([section(), interface(), enhanced_packet("<", 0, SECOND, b"a")])
    packets, file = read(whole + block + bytes(40))
    assert [each.data for each in packets] == [b"a"]
    assert file.verdict is CaptureVerdict.DAMAGED
    assert f"begins at byte {len(whole)} " in file.sentence
    assert says in file.sentence
