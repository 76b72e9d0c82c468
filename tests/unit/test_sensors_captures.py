"""What a capture file turns out to be, and that everything whole in it is kept."""

import io
import json
import re
import struct

import pytest
from meguri_sensors.capture_file import CaptureFile
from meguri_sensors.capture_summary import summarise
from meguri_sensors.verdicts import CaptureVerdict, FrameReject
from reference.captures import SIGNAL, capture, element, probe_request, radiotap, receptions

GLOBAL = bytes.fromhex("001122334455")
RANDOM = bytes.fromhex("021122334455")
GROUP = bytes.fromhex("031122334455")


def packet(address=GLOBAL, rssi=-50):
    return radiotap({SIGNAL: rssi}) + probe_request(address, element(0, b"") + element(1, b"\x82\x84"))


def read(data):
    file = CaptureFile(io.BytesIO(data))
    return list(file.packets()), file


@pytest.fixture(scope="module")
def lab(shared_data):
    return shared_data / "wifi" / "lab-2024-03-14-sensor2.pcap"


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(("nanoseconds", "fraction"), [(False, 4_999), (True, 4_999_999)])
def test_both_byte_orders_and_both_fractions_of_a_second_are_read(order, nanoseconds, fraction):
    packets, file = read(capture([(7, fraction, b"a"), (8, 0, b"bc")], order, nanoseconds=nanoseconds))
    assert packets == [(7_004, b"a", False, 127), (8_000, b"bc", False, 127)]
    assert file.verdict is CaptureVerdict.WHOLE


def test_a_packet_of_which_the_capture_kept_only_the_beginning_says_so():
    packets, _ = read(capture([(7, 0, b"abc", 300)]))
    assert packets == [(7_000, b"abc", True, 127)]


def test_a_file_that_comes_in_small_pieces_reads_the_same():
    class Pieces(io.BytesIO):
        def read(self, size=-1):
            return super().read(min(size, 7))

    data = capture([(second, 0, bytes(second)) for second in range(50)])
    assert list(CaptureFile(Pieces(data)).packets()) == read(data)[0]


def test_a_capture_without_frames_is_whole():
    packets, file = read(capture([]))
    assert packets == []
    assert file.verdict is CaptureVerdict.WHOLE


@pytest.mark.parametrize(
    ("data", "verdict", "says"),
    [
        (b"", CaptureVerdict.EMPTY, "empty"),
        (b"visitor,place\n1,2\n" * 9, CaptureVerdict.NOT_A_CAPTURE, "does not begin like a pcap"),
        (b"\xd4\xc3", CaptureVerdict.NOT_A_CAPTURE, "does not begin like a pcap"),
        (capture([], link_type=1), CaptureVerdict.UNSUPPORTED_LINK_TYPE, "link type is 1;"),
        (capture([])[:20], CaptureVerdict.TRUNCATED, "cut off at byte 20, inside the file's header"),
    ],
)
def test_what_cannot_be_read_is_named(data, verdict, says):
    packets, file = read(data)
    assert packets == []
    assert file.verdict is verdict
    assert says in file.sentence


def test_a_capture_cut_inside_a_record_keeps_what_stands_before_it_and_names_both_bytes():
    data = capture([(1, 0, b"abcd"), (2, 0, b"efgh")])
    packets, file = read(data[:-1])
    assert [each.data for each in packets] == [b"abcd"]
    assert file.verdict is CaptureVerdict.TRUNCATED
    assert "cut off at byte 63, inside the data of the record that begins at byte 44" in file.sentence
    packets, file = read(data[:50])
    assert [each.data for each in packets] == [b"abcd"]
    assert "cut off at byte 50, inside the header of the record that begins at byte 44" in file.sentence


def test_a_record_of_an_absurd_length_ends_the_reading_and_keeps_what_stands_before_it():
    data = capture([(1, 0, b"abcd")]) + struct.pack("<IIII", 2, 0, 0xFFFFFFF0, 4) + bytes(100)
    packets, file = read(data)
    assert [each.data for each in packets] == [b"abcd"]
    assert file.verdict is CaptureVerdict.DAMAGED
    assert "begins at byte 44 claims 4294967280 bytes" in file.sentence


def test_a_summary_counts_frames_probes_others_addresses_and_rejects(tmp_path):
    beacon = radiotap({SIGNAL: -50}) + b"\x80\x00" + bytes(30)
    packets = [packet(GLOBAL), packet(RANDOM), packet(RANDOM), beacon, packet(GROUP), b"\x01"]
    path = tmp_path / "some.pcap"
    path.write_bytes(capture([(9 - second, 0, data) for second, data in enumerate(packets)]))
    summary = summarise(path)
    assert (summary.frames, summary.probe_requests, summary.other_frames) == (6, 3, 1)
    assert (summary.global_addresses, summary.random_addresses, summary.addresses) == (1, 1, 2)
    assert (summary.first_ms, summary.last_ms) == (4_000, 9_000)
    assert summary.rejected == {
        FrameReject.HEADER_UNREADABLE: 1,
        FrameReject.TRANSMITTER_IS_A_GROUP: 1,
    }


def test_the_lab_recording_holds_the_probe_requests_and_addresses_that_its_source_names(lab):
    summary = summarise(lab)
    assert summary.verdict is CaptureVerdict.WHOLE
    assert (summary.probe_requests, summary.addresses) == (20_594, 2_462)
    assert summary.frames == 20_594
    assert not summary.rejected


def test_a_capture_cut_anywhere_gets_a_clear_verdict_and_keeps_what_is_whole(lab, tmp_path):
    data = lab.read_bytes()
    ends = record_ends(data)
    # 20 cuts over the whole file; the other 180 near its start, where reading it again costs nothing.
    cuts = [*range(0, 27_000, 150), *range(len(data) // 20, len(data) + 1, len(data) // 20)]
    assert len(cuts) == 200
    path = tmp_path / "cut.pcap"
    for cut in cuts:
        path.write_bytes(data[:cut])
        summary = summarise(path)
        assert summary.frames == max(0, sum(1 for end in ends if end <= cut) - 1)
        if cut == 0:
            assert summary.verdict is CaptureVerdict.EMPTY
        else:
            assert summary.is_truncated != (cut in ends)
            assert summary.sentence.endswith(".")


def record_ends(data):
    """Where the file's header and each of its records end."""
    ends = [24]
    while ends[-1] < len(data):
        ends.append(ends[-1] + 16 + struct.unpack_from("<I", data, ends[-1] + 8)[0])
    return ends


def test_a_summary_never_names_an_address(lab):
    summary = summarise(lab)
    said = f"{summary!r} {json.dumps(summary.as_dict())}".lower()
    for address in {each.address for each in receptions(lab.read_bytes())}:
        assert address.hex() not in said
    assert not re.search(r"([0-9a-f]{2}[:-]){5}", said)


def test_progress_goes_up_to_the_size_of_the_file(lab):
    steps = []
    summarise(lab, lambda done, total: steps.append((done, total)))
    assert len(steps) > 2
    assert steps == sorted(steps)
    assert steps[-1] == (lab.stat().st_size, lab.stat().st_size)
