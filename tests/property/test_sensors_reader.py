"""The readers take any bytes, and what is written as a capture reads back."""

import io

from hypothesis import given
from hypothesis import strategies as st
from meguri_proto.pseudonyms import pseudonym
from meguri_sensors.capture_file import CaptureFile
from meguri_sensors.link_types import LinkType
from meguri_sensors.probe_requests import FrameReader, Heard
from meguri_sensors.verdicts import FrameReject
from reference.captures import (
    SIGNAL,
    Block,
    avs,
    capture,
    element,
    enhanced_packet,
    interface,
    old_packet,
    pcapng,
    prism,
    probe_request,
    radiotap,
    section,
)

KEY = b"k" * 32
records = st.lists(
    st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 999_999), st.binary(max_size=60), st.integers(0, 99))
)
orders = st.sampled_from("<>")
elements = st.lists(st.builds(element, st.integers(0, 255), st.binary(max_size=40)), max_size=6).map(b"".join)
addresses = st.binary(min_size=6, max_size=6)
signals = st.integers(-127, 20)
headers = st.builds(
    lambda values, rssi, extensions: radiotap({**values, SIGNAL: rssi}, extensions),
    st.dictionaries(st.sampled_from([0, 2, 3, 4, 6, 11]), st.integers(0, 1)),
    signals,
    st.lists(st.integers(0, 2**31 - 1), max_size=3),
)


def read(data):
    file = CaptureFile(io.BytesIO(data))
    return list(file.packets()), file


@given(records, orders, st.booleans())
def test_what_is_written_as_a_capture_reads_back(written, order, nanoseconds):
    unit = 1_000_000 if nanoseconds else 1_000
    data = capture(
        [(seconds, fraction, data, len(data) + more) for seconds, fraction, data, more in written],
        order,
        nanoseconds=nanoseconds,
    )
    packets, file = read(data)
    assert packets == [
        (seconds * 1_000 + fraction // unit, data, more > 0, 127) for seconds, fraction, data, more in written
    ]
    assert file.bytes_read == len(data)


@given(records, st.data())
def test_a_capture_cut_anywhere_gives_the_packets_before_the_cut(written, data):
    whole = capture([(seconds, fraction, packet) for seconds, fraction, packet, _ in written])
    cut = data.draw(st.integers(24, len(whole)))
    packets, _ = read(whole[:cut])
    ends = [24]
    for _, _, packet, _ in written:
        ends.append(ends[-1] + 16 + len(packet))
    assert len(packets) == sum(1 for end in ends[1:] if end <= cut)
    assert packets == read(whole)[0][: len(packets)]


packets_of_a_section = st.lists(
    st.tuples(
        st.sampled_from([enhanced_packet, old_packet]),
        st.integers(0, 2**32 * 1_000 * 1_000 - 1),
        st.binary(max_size=60),
        st.integers(0, 99),
    ),
    max_size=8,
)
sections = st.lists(
    st.tuples(
        orders,
        st.sampled_from(list(LinkType)),
        st.sampled_from([(None, 1_000), (3, 1), (9, 1_000_000)]),
        packets_of_a_section,
        st.lists(st.builds(Block, st.sampled_from([4, 5, 10, 0xBAD]), st.binary(max_size=40)), max_size=2),
    ),
    min_size=1,
    max_size=3,
)


@given(sections, st.data())
def test_what_is_written_as_pcapng_reads_back_and_cut_anywhere_gives_what_stands_before(written, data):
    blocks, expected, ends = [], [], []
    for order, link_type, (resolution, per_ms), records, others in written:
        here = [section(order), interface(order, link_type, resolution=resolution), *others]
        for make, microseconds, packet, more in records:
            ticks = microseconds * per_ms // 1_000
            here.append(make(order, 0, ticks, packet, len(packet) + more))
            ends.append(sum(map(len, blocks)) + len(pcapng(here, order)))
            expected.append((ticks // per_ms, packet, more > 0, link_type))
        blocks.append(pcapng(here, order))
    whole = b"".join(blocks)
    packets, file = read(whole)
    assert packets == expected
    assert (file.without_time, file.bytes_read) == (0, len(whole))
    cut = data.draw(st.integers(0, len(whole)))
    assert read(whole[:cut])[0] == expected[: sum(end <= cut for end in ends)]


@given(st.data())
def test_pcapng_with_any_bytes_changed_gets_a_verdict_and_a_sentence(data):
    blocks = [section(), interface(), enhanced_packet("<", 0, 5, b"abc"), old_packet("<", 0, 6, b"defg")]
    damaged = bytearray(pcapng(blocks))
    for at in data.draw(st.lists(st.integers(0, len(damaged) - 1), max_size=4)):
        damaged[at] = data.draw(st.integers(0, 255))
    packets, file = read(bytes(damaged))
    assert len(packets) <= 2
    assert file.sentence.endswith(".")


@given(
    st.binary(max_size=300),
    st.sampled_from([b"", capture([])[:4], capture([]), capture([], ">"), pcapng([section(), interface()])]),
)
def test_any_bytes_get_a_verdict_and_a_sentence(garbage, beginning):
    _, file = read(beginning + garbage)
    assert file.sentence.endswith(".")


@given(
    st.sampled_from([b"", prism("<", -50), prism(">", None, -50), avs(-50)]),
    st.binary(max_size=120),
    st.booleans(),
    st.sampled_from([*LinkType, 1]),
)
def test_any_packet_is_heard_rejected_or_another_frame(beginning, packet, is_cut, link_type):
    heard = FrameReader(KEY).read(beginning + packet, is_cut=is_cut, link_type=link_type)
    assert heard is None or isinstance(heard, Heard | FrameReject)


@given(headers, elements, addresses, signals, st.integers(0, 4_095), st.data())
def test_a_damaged_probe_request_is_still_heard_rejected_or_another_frame(
    header, found, address, rssi, sequence_number, data
):
    packet = bytearray(header + probe_request(address, found, sequence_number))
    for at in data.draw(st.lists(st.integers(0, len(packet) - 1), max_size=4)):
        packet[at] = data.draw(st.integers(0, 255))
    heard = FrameReader(KEY).read(bytes(packet), is_cut=False)
    assert heard is None or isinstance(heard, Heard | FrameReject)


@given(headers, elements, addresses, st.integers(0, 4_095))
def test_a_probe_request_is_heard_under_its_pseudonym(header, found, address, sequence_number):
    heard = FrameReader(KEY).read(header + probe_request(address, found, sequence_number), is_cut=False)
    if address[0] & 1:
        assert heard is FrameReject.TRANSMITTER_IS_A_GROUP
    else:
        assert heard.device == pseudonym(KEY, address)
        assert heard.sequence_number == sequence_number
        assert heard.is_random == bool(address[0] & 2)
