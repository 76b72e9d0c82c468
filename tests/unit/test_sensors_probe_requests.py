"""What is read of a frame, and what never is."""

import zlib

import pytest
from meguri_proto.columns import NO_FINGERPRINT, UNKNOWN_RSSI
from meguri_proto.pseudonyms import fingerprint, pseudonym
from meguri_sensors.capture_file import CaptureFile
from meguri_sensors.probe_requests import FrameReader
from meguri_sensors.verdicts import FrameReject
from reference.captures import FLAGS, SIGNAL, element, probe_request, radiotap, receptions

KEY = b"k" * 32
ADDRESS = bytes.fromhex("001122334455")
RATES = element(1, b"\x82\x84")
HEADER = radiotap({SIGNAL: -50})


def read(packet, *, is_cut=False, key=KEY):
    return FrameReader(key).read(packet, is_cut=is_cut)


def test_a_probe_request_becomes_a_pseudonym_a_fingerprint_a_signal_and_a_sequence_number():
    heard = read(HEADER + probe_request(ADDRESS, RATES, sequence_number=4_095))
    assert heard.device == pseudonym(KEY, ADDRESS)
    assert heard.fingerprint == fingerprint(KEY, b"\x01\x02\x82\x84")
    assert (heard.rssi, heard.sequence_number, heard.is_random) == (-50, 4_095, False)


def test_another_key_gives_another_pseudonym_and_another_fingerprint():
    packet = HEADER + probe_request(ADDRESS, RATES)
    one, other = read(packet), read(packet, key=b"x" * 32)
    assert one.device != other.device
    assert one.fingerprint != other.fingerprint


def test_a_reader_that_remembers_an_address_gives_the_same_pseudonym():
    reader = FrameReader(KEY)
    packet = HEADER + probe_request(ADDRESS, RATES)
    assert reader.read(packet, is_cut=False) == reader.read(packet, is_cut=False)


def test_a_locally_administered_address_is_random():
    assert read(HEADER + probe_request(b"\x02" + ADDRESS[1:])).is_random


@pytest.mark.parametrize(
    "values",
    [
        {0: 1, 1: 0, 2: 2, 3: 3, 4: 4, SIGNAL: -71, 6: 5},
        {1: 0, 3: 3, SIGNAL: -71},
        {2: 2, 3: 3, SIGNAL: -71, 11: 1},
        {0: 1, 2: 2, 4: 4, SIGNAL: -71},
        {SIGNAL: -71},
    ],
)
def test_the_signal_is_found_behind_the_fields_that_are_present_and_their_alignment(values):
    assert read(radiotap(values) + probe_request(ADDRESS)).rssi == -71


@pytest.mark.parametrize(
    "extensions", [(0x20,), (0xC000_0000, 0x20), (0x4000_0001,), (0x2000_0020, 0x1FFF_FFFF)]
)
def test_further_presence_words_of_antennas_vendors_or_the_unknown_are_stepped_over(extensions):
    values = {0: 1, 3: 3, SIGNAL: -71}
    assert read(radiotap(values, extensions) + probe_request(ADDRESS)).rssi == -71


def test_a_header_without_a_signal_gives_an_unknown_one():
    assert read(radiotap({1: 0, 3: 3}) + probe_request(ADDRESS)).rssi == UNKNOWN_RSSI


def test_headers_of_two_kinds_in_one_capture_do_not_disturb_each_other():
    reader = FrameReader(KEY)
    short, long = radiotap({SIGNAL: -40}), radiotap({0: 1, 3: 3, SIGNAL: -60})
    heard = [reader.read(header + probe_request(ADDRESS), is_cut=False) for header in (short, long, short)]
    assert [each.rssi for each in heard] == [-40, -60, -40]


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\0" * 7,
        b"\x01" + HEADER[1:] + probe_request(ADDRESS),  # another version
        HEADER[:2] + b"\xff\x00" + HEADER[4:] + probe_request(ADDRESS),  # longer than the packet
        HEADER[:2] + b"\x08\x00" + HEADER[4:] + probe_request(ADDRESS),  # too short for its signal
        radiotap({SIGNAL: -50}, (0,))[:10],  # cut inside its presence words
    ],
)
def test_what_is_no_radiotap_header_is_rejected(packet):
    assert read(packet) is FrameReject.HEADER_UNREADABLE


def test_a_header_cut_short_is_rejected_though_its_kind_is_known():
    reader = FrameReader(KEY)
    reader.read(HEADER + probe_request(ADDRESS), is_cut=False)
    assert reader.read(HEADER[:-1], is_cut=False) is FrameReject.HEADER_UNREADABLE


def test_a_checksum_at_the_end_is_no_element():
    frame = probe_request(ADDRESS, RATES)
    whole = radiotap({FLAGS: 0x10, SIGNAL: -50}) + frame + zlib.crc32(frame).to_bytes(4, "little")
    assert read(whole) == read(HEADER + frame)


def test_a_frame_that_the_receiver_found_damaged_is_rejected():
    assert read(radiotap({FLAGS: 0x40}) + probe_request(ADDRESS)) is FrameReject.BAD_CHECKSUM


@pytest.mark.parametrize(
    "control", [b"\x80\x00", b"\x50\x00", b"\x48\x00", b"\x44\x00", b"\x41\x00", b"\xd4\x00"]
)
def test_every_other_frame_is_no_probe_request(control):
    assert read(HEADER + control + bytes(30)) is None


def test_an_acknowledgement_shorter_than_a_probe_requests_header_is_another_frame():
    assert read(HEADER + b"\xd4\x00" + bytes(8)) is None


@pytest.mark.parametrize("length", [0, 1, 2, 23])
def test_a_probe_request_that_ends_inside_its_header_is_rejected(length):
    assert read(HEADER + probe_request(ADDRESS)[:length]) is FrameReject.FRAME_TOO_SHORT


def test_a_probe_request_without_elements_has_no_fingerprint():
    assert read(HEADER + probe_request(ADDRESS)).fingerprint == NO_FINGERPRINT


@pytest.mark.parametrize("elements", [b"\x01", b"\x01\x03\x82\x84", RATES + b"\x2d\x01"])
def test_an_element_that_is_longer_than_the_frame_is_rejected(elements):
    assert read(HEADER + probe_request(ADDRESS, elements)) is FrameReject.ELEMENTS_OVERRUN


def test_a_frame_that_the_capture_cut_is_heard_without_a_fingerprint():
    heard = read(HEADER + probe_request(ADDRESS, RATES)[:-1], is_cut=True)
    assert heard.device == pseudonym(KEY, ADDRESS)
    assert heard.fingerprint == NO_FINGERPRINT


def test_a_transmitter_that_is_a_group_is_rejected():
    assert read(HEADER + probe_request(b"\x01" + ADDRESS[1:])) is FrameReject.TRANSMITTER_IS_A_GROUP


def test_a_high_throughput_control_field_stands_before_the_elements():
    frame = probe_request(ADDRESS, RATES, control=b"\x40\x80", ht_control=b"\x01\x02\x03\x04")
    assert read(HEADER + frame).fingerprint == fingerprint(KEY, RATES)
    short = probe_request(ADDRESS, control=b"\x40\x80")
    assert read(HEADER + short) is FrameReject.FRAME_TOO_SHORT


def fingerprint_of(*elements):
    return read(HEADER + probe_request(ADDRESS, b"".join(elements))).fingerprint


def test_a_fingerprint_tells_capabilities_and_vendors_apart():
    different = [
        fingerprint_of(element(number, content))
        for number in (1, 45, 50, 127)
        for content in (b"", b"\x01", b"\x01\x02")
    ]
    different += [
        fingerprint_of(element(221, oui)) for oui in (b"", b"\x00\x50", b"\x00\x50\xf2", b"\x00\x10\x18")
    ]
    assert len(set(different)) == len(different)


def test_a_fingerprint_does_not_mix_up_where_one_element_ends_and_the_next_begins():
    assert fingerprint_of(element(1, b"\x02"), element(50, b"\x03\x04")) != fingerprint_of(
        element(1, b"\x02\x32"), element(50, b"\x04")
    )
    assert fingerprint_of(element(221, b"\x01\x02\x03"), element(221, b"\x04\x05\x06")) != fingerprint_of(
        element(221, b"\x01\x02\x03\x04\x05\x06")
    )


def test_a_fingerprint_passes_over_network_name_channel_and_what_a_vendor_writes_behind_its_oui():
    plain = fingerprint_of(RATES, element(221, b"\x00\x50\xf2"))
    assert plain == fingerprint_of(
        element(0, b"a-network"), RATES, element(3, b"\x06"), element(221, b"\x00\x50\xf2\x08\x01")
    )


def test_every_reception_of_the_lab_recording_reads_as_a_newcomer_would_read_it(shared_data):
    path = shared_data / "wifi" / "lab-2024-03-14-sensor2.pcap"
    reader = FrameReader(KEY)
    with path.open("rb") as stream:
        packets = list(CaptureFile(stream).packets())
    expected = receptions(path.read_bytes())
    assert len(packets) == len(expected) == 20_594
    for packet, raw in zip(packets, expected, strict=True):
        heard = reader.read(packet.data, is_cut=packet.is_cut)
        capabilities = b"".join(
            element(number, content[:3] if number == 221 else content)
            for number, content in raw.elements
            if number in (1, 45, 50, 127, 221)
        )
        assert packet.time_ms == raw.time_ms
        assert heard.device == pseudonym(KEY, raw.address)
        assert heard.fingerprint == (fingerprint(KEY, capabilities) if capabilities else NO_FINGERPRINT)
        assert (heard.rssi, heard.sequence_number) == (raw.rssi, raw.sequence_number)
