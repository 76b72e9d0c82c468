"""What the spool keeps over crashes, what it gives up and what becomes of a day that is over."""

import errno
import os
import shutil

import pytest
from meguri_proto.quantities import Quantity
from meguri_sensors import spool as spool_module
from meguri_sensors.batches import BATCHES_OF_AN_UPLOAD
from meguri_sensors.five_minute_counts import FiveMinuteCount
from meguri_sensors.spool import SEALED_AFTER_MS, Spool, SpoolError
from reference.batches import DAY_MS, FIRST_DAY, batch, day

MANY = 10**9
MINUTE = 60_000


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "spool"


@pytest.fixture
def spool(folder):
    spool = Spool(folder, MANY)
    yield spool
    spool.close()


def reopened(spool, folder, bound=MANY):
    spool.close()
    return Spool(folder, bound)


def delivered(spool):
    """Everything that waits, acknowledged upload by upload."""
    found = []
    while delivery := spool.next_delivery():
        assert len(delivery.batches) <= BATCHES_OF_AN_UPLOAD
        found += delivery.batches
        spool.acknowledge(delivery)
    return found


def batches_on_disk(folder):
    return sorted(path.name for path in folder.glob("*.batches"))


def test_batches_come_back_in_the_order_they_were_heard_and_once(spool):
    sent = [batch(number, range(number + 1)) for number in range(20)]
    for each in sent:
        spool.append(each, day())
    assert spool.figures.waiting == sum(each.count for each in sent)
    assert delivered(spool) == sent
    assert spool.next_delivery() is None
    assert spool.figures.waiting == 0


def test_what_is_not_acknowledged_comes_again(spool):
    spool.append(batch(1), day())
    assert spool.next_delivery().batches == spool.next_delivery().batches == (batch(1),)


def test_what_was_delivered_is_not_on_the_disk_any_more(spool, folder):
    for number in range(3):
        spool.append(batch(number), day())
        assert batches_on_disk(folder)
        delivered(spool)
        assert not batches_on_disk(folder)


def test_a_restart_goes_on_behind_what_was_acknowledged(spool, folder):
    sent = [batch(number) for number in range(20)]
    for each in sent:
        spool.append(each, day())
    spool.acknowledge(spool.next_delivery())
    spool = reopened(spool, folder)
    spool.append(batch(20), day())
    assert spool.figures.waiting == 13
    assert delivered(spool) == [*sent[BATCHES_OF_AN_UPLOAD:], batch(20)]
    spool.close()


@pytest.mark.parametrize("lost", [None, "", "{", '{"segment": 1}'])
def test_a_position_that_is_lost_or_damaged_lets_everything_come_once_more(spool, folder, lost):
    sent = [batch(number) for number in range(20)]
    for each in sent:
        spool.append(each, day())
    spool.acknowledge(spool.next_delivery())
    spool.close()
    if lost is None:
        (folder / "position.json").unlink()
    else:
        (folder / "position.json").write_text(lost)
    spool = Spool(folder, MANY)
    assert delivered(spool) == sent
    spool.close()


def test_a_new_segment_is_never_taken_for_one_that_was_acknowledged(spool, folder):
    for number in range(5):
        spool.append(batch(number), day())
        assert delivered(spool) == [batch(number)]
        spool = reopened(spool, folder)
    spool.close()


def test_a_file_cut_at_any_byte_of_its_last_record_delivers_everything_else_once(
    spool, folder, tmp_path, monkeypatch
):
    monkeypatch.setattr(os, "fsync", lambda _: None)  # the power does not go here
    sent = [batch(number, range(3)) for number in range(4)]
    for each in sent[:-1]:
        spool.append(each, day())
    [name] = batches_on_disk(folder)
    begins = (folder / name).stat().st_size
    spool.append(sent[-1], day())
    spool.close()
    ends = (folder / name).stat().st_size
    for cut in range(begins, ends):
        copy = tmp_path / str(cut)
        shutil.copytree(folder, copy)
        os.truncate(copy / name, cut)
        after_the_crash = Spool(copy, MANY)
        assert after_the_crash.cut_bytes == cut - begins
        after_the_crash.append(batch(9), day())
        assert delivered(after_the_crash) == [*sent[:-1], batch(9)]
        after_the_crash.close()
        assert not batches_on_disk(copy)
    assert ends - begins > 100


def test_a_file_cut_inside_its_header_is_as_if_it_were_not_there(spool, folder):
    spool.append(batch(1), day())
    spool.close()
    [name] = batches_on_disk(folder)
    for length in (0, 1, 20, 31):
        os.truncate(folder / name, length)
        spool = Spool(folder, MANY)
        assert delivered(spool) == []
        spool.close()
        (folder / name).write_bytes(b"")


def test_zeros_behind_the_last_record_are_no_records(spool, folder):
    spool.append(batch(1), day())
    spool.close()
    [name] = batches_on_disk(folder)
    with (folder / name).open("ab") as file:
        file.write(bytes(5_000))
    spool = Spool(folder, MANY)
    assert delivered(spool) == [batch(1)]
    assert not batches_on_disk(folder)
    spool.close()


def test_a_damaged_record_is_counted_and_the_others_are_delivered(spool, folder):
    for number in range(3):
        spool.append(batch(number, range(5)), day())
    spool.close()
    [name] = batches_on_disk(folder)
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)
    spool = Spool(folder, MANY)
    assert delivered(spool) == [batch(0, range(5)), batch(2, range(5))]
    assert (spool.figures.damaged, spool.figures.waiting) == (5, 0)
    assert not batches_on_disk(folder)
    spool.close()


def test_over_the_bound_the_oldest_go_first_and_are_counted_over_restarts(folder, monkeypatch):
    monkeypatch.setattr(spool_module, "SEGMENT_BYTES", 1_000)
    bound = 5_000
    spool = Spool(folder, bound)
    sent = [batch(number, range(10)) for number in range(100)]
    for each in sent:
        spool.append(each, day())
        assert spool.figures.bytes <= bound
    spool = reopened(spool, folder, bound)
    kept = spool.figures.waiting // 10
    assert 5 < kept < 50
    assert spool.figures.dropped == 1_000 - 10 * kept
    assert sum(path.stat().st_size for path in folder.glob("*.batches")) <= bound
    assert delivered(spool) == sent[-kept:]
    spool.close()


def test_what_is_given_up_on_its_way_and_arrives_all_the_same_is_not_lost(folder, monkeypatch):
    monkeypatch.setattr(spool_module, "SEGMENT_BYTES", 1)
    spool = Spool(folder, 3_000)
    for number in range(9):
        spool.append(batch(number, range(10)), day())
    delivery = spool.next_delivery()
    for number in range(9, 12):
        spool.append(batch(number, range(10)), day())
    assert spool.figures.dropped > 0
    spool.acknowledge(delivery)
    rest = delivered(spool)
    lost = spool.figures.dropped
    assert lost % 10 == 0
    assert [*delivery.batches, *rest] == [
        batch(number, range(10)) for number in range(12 - len(delivery.batches) - len(rest), 12)
    ]
    assert lost == 120 - 10 * (len(delivery.batches) + len(rest))
    spool.close()


def test_a_full_disk_takes_the_new_and_gives_up_the_oldest(spool, folder, monkeypatch):
    monkeypatch.setattr(spool_module, "SEGMENT_BYTES", 1)
    for number in range(3):
        spool.append(batch(number), day())
    write, times = os.fsync, [1]

    def full(descriptor):
        if times:
            times.pop()
            raise OSError(errno.ENOSPC, "No space left on device")
        write(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    spool.append(batch(3), day())
    assert delivered(spool) == [batch(1), batch(2), batch(3)]
    assert spool.figures.dropped == 1


def test_a_disk_that_cannot_be_written_is_said_and_what_was_heard_is_counted(spool, monkeypatch):
    spool.append(batch(0), day())

    def broken(_descriptor):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(SpoolError, match="Input/output error"):
        spool.append(batch(1, range(4)), day())
    monkeypatch.undo()
    assert spool.figures.dropped == 4
    spool.append(batch(2), day())
    assert delivered(spool) == [batch(0), batch(2)]


def test_a_second_process_is_refused(spool, folder):
    with pytest.raises(SpoolError, match="Another process uses the spool"):
        Spool(folder, MANY)


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SpoolError, match="cannot be written"):
        Spool(tmp_path / "file" / "spool", MANY)


def test_a_day_that_ended_24_hours_ago_becomes_counts_and_its_batches_are_gone(spool, folder):
    spool.append(batch(0, [0, 1, MINUTE], [7, 7, 8]), day())
    spool.append(batch(1, [5 * MINUTE - 1, 5 * MINUTE], [9, 7]), day())
    spool.append(batch(0, of=day(FIRST_DAY + 1)), day(FIRST_DAY + 1))
    end = day().end_ms
    spool.seal(end + SEALED_AFTER_MS)
    assert len(batches_on_disk(folder)) == 2
    spool.seal(end + SEALED_AFTER_MS + 1)
    assert len(batches_on_disk(folder)) == 1
    start = day().start_ms
    told = spool.next_counts()
    first, second, third = (start + minutes * MINUTE for minutes in (0, 5, 10))
    assert told.counts == (
        FiveMinuteCount(Quantity.DETECTIONS, first, second, 4),
        FiveMinuteCount(Quantity.DEVICES, first, second, 3),
        FiveMinuteCount(Quantity.DETECTIONS, second, third, 1),
        FiveMinuteCount(Quantity.DEVICES, second, third, 1),
    )
    assert (spool.figures.counted, spool.figures.waiting, spool.figures.dropped) == (5, 1, 0)
    spool = reopened(spool, folder)
    assert spool.next_counts() == told
    spool.counts_told(told)
    assert spool.next_counts() is None
    assert delivered(spool) == [batch(0, of=day(FIRST_DAY + 1))]
    spool.close()


def test_what_was_acknowledged_of_a_day_is_not_among_its_counts(spool):
    for number in range(BATCHES_OF_AN_UPLOAD + 2):
        spool.append(batch(number, range(10)), day())
    spool.acknowledge(spool.next_delivery())
    spool.seal_day(FIRST_DAY)
    assert [each.count for each in spool.next_counts().counts] == [20, 20]
    assert delivered(spool) == []


def test_batches_on_their_way_that_ingest_calls_sealed_become_counts(spool):
    spool.append(batch(0, range(10)), day())
    spool.append(batch(0, of=day(FIRST_DAY + 1)), day(FIRST_DAY + 1))
    delivery = spool.next_delivery()
    spool.seal_day(FIRST_DAY)
    spool.acknowledge(delivery)
    assert [each.count for each in spool.next_counts().counts] == [10, 10]
    assert (spool.figures.dropped, spool.figures.counted, spool.figures.waiting) == (0, 10, 0)


def test_a_crash_between_the_counts_and_the_batches_removal_counts_nothing_twice(spool, folder, tmp_path):
    spool.append(batch(0, range(10)), day())
    before = {path: path.read_bytes() for path in folder.glob("*.batches")}
    spool.seal_day(FIRST_DAY)
    spool.close()
    for path, data in before.items():
        path.write_bytes(data)
    spool = Spool(folder, MANY)
    assert (spool.figures.waiting, delivered(spool)) == (0, [])
    assert len(spool.next_counts().counts) == 2
    spool.append(batch(1, range(3)), day())
    assert delivered(reopened(spool, folder)) == [batch(1, range(3))]


def test_a_crash_while_the_counts_are_written_leaves_the_batches(spool, folder):
    spool.append(batch(0), day())
    (folder / "0000000001.counts.new").write_text('{"key_')
    spool = reopened(spool, folder)
    assert spool.next_counts() is None
    assert delivered(spool) == [batch(0)]
    spool.close()


def test_counts_that_cannot_be_read_are_said(spool, folder):
    (folder / "0000000001.counts").write_text("{")
    with pytest.raises(SpoolError, match="remove it"):
        spool.next_counts()


def test_a_day_is_counted_within_its_bounds(spool):
    of = day(FIRST_DAY)
    spool.append(batch(0, [DAY_MS - 1]), of)
    spool.seal_day(FIRST_DAY)
    assert {each.to_ms for each in spool.next_counts().counts} == {of.end_ms}
