"""`meguri stays`: files and times as they come, and what is said of rows that cannot be used."""

import csv
import gzip
import json

import pytest
from meguri.cli import app
from meguri.errors import LocalRunError
from typer.testing import CliRunner

HEADER = "time,place,device"


@pytest.fixture
def stays(tmp_path):
    """Runs the command on a file's content; status, output and the visits written."""

    def run(content, *options, name="detections.csv"):
        source, out = tmp_path / name, tmp_path / "visits.csv"
        source.write_bytes(content.encode() if isinstance(content, str) else content)
        arguments = ["stays", str(source), "--out", str(out), "--gap", "30m", *options]
        result = CliRunner().invoke(app, arguments)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        rows = list(csv.reader(out.open(encoding="utf-8"))) if out.exists() else []
        return result.exit_code, result.output, rows[1:]

    return run


def table(*rows, header=HEADER):
    return "\n".join([header, *rows, ""])


def test_a_pause_of_exactly_the_gap_continues_a_visit_and_a_longer_one_ends_it(stays):
    status, _, visits = stays(
        table(
            "2026-04-01T10:00:00+09:00,hall,a",
            "2026-04-01T10:30:00+09:00,hall,a",
            "2026-04-01T11:00:00.000001+09:00,hall,a",
        ),
        "--zone",
        "Asia/Tokyo",
    )
    assert status == 0
    assert visits == [
        ["a", "hall", "2026-04-01T10:00:00+09:00", "2026-04-01T10:30:00+09:00", "2"],
        ["a", "hall", "2026-04-01T11:00:00.000001+09:00", "2026-04-01T11:00:00.000001+09:00", "1"],
    ]


def test_rows_in_any_order_and_equal_devices_at_two_places_are_visits_of_their_own(stays):
    *_, visits = stays(table("20,b,x", "0,b,x", "10,a,x", "10,a,w"))
    assert [(device, place, count) for device, place, _, _, count in visits] == [
        ("w", "a", "1"),
        ("x", "a", "1"),
        ("x", "b", "2"),
    ]


@pytest.mark.parametrize(
    "time",
    [
        "2026-04-01T10:00:00+09:00",
        "2026-04-01 01:00:00Z",
        "2026-04-01 10:00",
        "2026-04-01T10:00:00.000000",
        "1775005200",
        "1775005200.0",
        "1775005200000",
    ],
)
def test_a_time_is_read_as_it_is_written(stays, time):
    *_, visits = stays(table(f"{time},hall,a"), "--zone", "Asia/Tokyo")
    assert visits[0][2] == "2026-04-01T10:00:00+09:00"


def test_times_of_several_kinds_may_stand_in_one_column(stays):
    *_, visits = stays(
        table("1775005200,hall,a", "2026-04-01T10:00:01,hall,a", " 2026-04-01T01:00:02Z ,hall,a"),
        "--zone",
        "Asia/Tokyo",
    )
    assert visits == [["a", "hall", "2026-04-01T10:00:00+09:00", "2026-04-01T10:00:02+09:00", "3"]]


def test_an_hour_that_the_clocks_repeat_is_its_first_pass(stays):
    *_, visits = stays(table("2026-10-25T02:30:00,hall,a"), "--zone", "Europe/Prague")
    assert visits[0][2] == "2026-10-25T02:30:00+02:00"


def test_a_naive_time_without_a_zone_is_an_error_that_names_its_row(stays):
    status, output, visits = stays_failing(
        stays, table("2026-04-01T10:00:00Z,hall,a", "", "2026-04-01T10:00:00,hall,a")
    )
    assert status == 1
    assert "line 4, column time: this time has no offset from UTC" in output
    assert "--zone Asia/Tokyo" in output
    assert visits == []


def stays_failing(stays, content, *options):
    """As the command line's `main` does it: the sentence and status 1."""
    try:
        return stays(content, *options)
    except LocalRunError as error:
        return 1, str(error), []


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
@pytest.mark.parametrize("packed", [False, True])
def test_encoding_delimiter_and_gzip_are_found_out(stays, delimiter, encoding, packed):
    text = table("10,道の駅,端末ソ", "20,道の駅,端末ソ", header="時刻,場所,端末").replace(",", delimiter)
    data = text.encode(encoding)
    status, _, visits = stays(
        gzip.compress(data) if packed else data, "--time", "時刻", "--place", "場所", "--device", "端末"
    )
    assert status == 0
    assert [visit[:2] + visit[4:] for visit in visits] == [["端末ソ", "道の駅", "2"]]


def test_quoted_fields_may_hold_the_delimiter_and_line_breaks(stays):
    *_, visits = stays(table('10,"hall, east\nwing","a ""b"""', '20,"hall, east\nwing","a ""b"""'))
    assert [visit[:2] + visit[4:] for visit in visits] == [['a "b"', "hall, east\nwing", "2"]]


def test_rows_that_cannot_be_used_are_left_out_counted_and_named(stays):
    status, output, visits = stays(
        table(
            "10,hall,a", "yesterday,hall,a", "20,hall,", "30,,a", "40,hall", "50,hall,a,b", "", "60,hall,a"
        ),
        "--json",
    )
    report = json.loads(output)
    assert status == 1
    assert visits[0][4] == "2"
    assert report["detections"] == 2
    assert report["blank_rows"] == 1
    assert report["rejected"] == {
        "unreadable time": 1,
        "no device": 1,
        "no place": 1,
        "wrong number of fields": 2,
    }
    assert sorted(report["examples"]) == [
        "line 3, column time: unreadable time",
        "line 4, column device: no device",
        "line 5, column place: no place",
        "line 6, 2 fields instead of 3: wrong number of fields",
        "line 7, 4 fields instead of 3: wrong number of fields",
    ]


def test_a_quote_that_is_not_closed_is_named_by_its_line(stays):
    status, output, visits = stays(table("10,hall,a", '20,"hall,a', *["30,hall,a"] * 1_000))
    assert status == 1
    assert "line 3, 2 fields instead of 3" in output
    assert [visit[4] for visit in visits] == ["1"]


def test_what_stands_in_a_rejected_row_is_not_repeated(stays):
    _, output, _ = stays(table("9c:2e:a1:f0:b3:7d,hall,9c:2e:a1:f0:b3:7d"))
    assert "1: unreadable time" in output
    assert "9c:2e" not in output


def test_a_file_of_one_place_needs_no_column_of_it(stays):
    *_, visits = stays("t;mac\n10;a\n", "--time", "t", "--device", "mac", "--place-name", "lab")
    assert visits[0][:2] == ["a", "lab"]


def test_a_header_without_detections_is_a_file_without_visits(stays):
    status, _, visits = stays(HEADER + "\n")
    assert (status, visits) == (0, [])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("when,place,device\n", "line 1 has no column time. It has: when, place, device"),
        ("time,place,place,device\n", "line 1 has the column place more than once"),
        ("", "line 1 has no column time. It has: nothing"),
        (b"time,place,device\n1,\x81,a\n", "neither UTF-8 nor CP932"),
        (gzip.compress(b"time,place,device\n" * 1000, mtime=0)[:-20], "cannot be read to its end"),
        (b"\x1f\x8bno gzip", "cannot be read to its end"),
    ],
)
def test_a_file_that_cannot_be_read_is_said_so_in_a_sentence(stays, content, said):
    status, output, visits = stays_failing(stays, content)
    assert status == 1
    assert said in output
    assert visits == []


def test_a_wrong_gap_or_zone_is_said_so(stays):
    for options, said in (
        (("--gap", "half an hour"), "--gap"),
        (("--zone", "Mars/Base"), "--zone: 'Mars/Base'"),
    ):
        status, output, _ = stays_failing(stays, table("10,hall,a"), *options)
        assert status == 1
        assert said in output


def test_nothing_is_left_beside_the_visits(stays, tmp_path):
    stays(table("10,hall,a"))
    assert {path.name for path in tmp_path.iterdir()} == {"detections.csv", "visits.csv"}
