"""Who has opted out is not heard, and nothing of them leaves."""

import pytest
from meguri_proto.pseudonyms import opt_out_mark
from meguri_sensors import opt_outs
from meguri_sensors.batches import Batcher
from meguri_sensors.day_keys import DayKey
from meguri_sensors.listening import Counts, listen
from meguri_sensors.opt_outs import OptOuts
from meguri_sensors.packets import Packet
from meguri_sensors.probe_requests import FrameReader
from meguri_sensors.verdicts import FrameReject
from reference.captures import SIGNAL, probe_request, radiotap

KEY, LIST_KEY = b"k" * 32, b"l" * 32
OUT, IN = bytes.fromhex("001122334455"), bytes.fromhex("001122334456")
RANDOM = bytes.fromhex("021122334455")


def list_of(*addresses, key=LIST_KEY):
    return OptOuts(key, frozenset(opt_out_mark(key, address) for address in addresses))


def packet(address):
    return radiotap({SIGNAL: -50}) + probe_request(address)


def test_an_address_on_the_list_is_not_heard_and_all_others_are():
    reader = FrameReader(KEY, list_of(OUT))
    assert reader.read(packet(OUT), is_cut=False) is FrameReject.OPTED_OUT
    assert reader.read(packet(IN), is_cut=False) == FrameReader(KEY).read(packet(IN), is_cut=False)


def test_an_address_is_looked_up_once_and_a_random_one_never(monkeypatch):
    asked = []
    monkeypatch.setattr(
        opt_outs, "opt_out_mark", lambda key, address: asked.append(address) or opt_out_mark(key, address)
    )
    reader = FrameReader(KEY, list_of(OUT, RANDOM))
    heard = [reader.read(packet(address), is_cut=False) for address in (OUT, IN, RANDOM) * 3]
    assert asked == [OUT, IN]
    assert heard[2].is_random
    assert heard[0] is heard[3] is FrameReject.OPTED_OUT


def test_marks_under_another_key_match_nobody():
    marks = list_of(OUT, key=b"x" * 32).marks
    assert FrameReader(KEY, OptOuts(LIST_KEY, marks)).read(packet(OUT), is_cut=False).rssi == -50


def test_of_who_has_opted_out_only_a_count_remains():
    counts = Counts()
    day = DayKey(0, 0, 10**6, KEY)
    packets = [Packet(time, packet(address), is_cut=False) for time, address in enumerate([OUT, IN, OUT])]
    [batch] = listen(packets, lambda _: day, Batcher(1), counts, list_of(OUT))
    assert batch.count == 1
    assert (counts.frames, counts.probe_requests, counts.rejected[FrameReject.OPTED_OUT]) == (3, 1, 2)


@pytest.mark.parametrize("shown", [list_of(OUT)])
def test_nobody_reads_a_key_or_a_mark_from_what_is_shown_of_a_list(shown):
    assert repr(shown) == "OptOuts()"
