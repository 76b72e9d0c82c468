"""Parts of the local run by themselves: the data folder, the control socket, the disk, errors' way out."""

import asyncio
import errno
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from meguri import cli, control
from meguri.data_folder import DataFolder
from meguri.errors import LocalRunError
from meguri.listeners import SERVICES, listen, url
from meguri.supervision import LEAST_FREE_BYTES, check_disk
from meguri.town_files import read_town_files
from meguri_kit.registry import RegistryError


@pytest.fixture
def folder(tmp_path):
    folder = DataFolder(tmp_path / "data")
    with folder.held():
        yield folder


def test_a_folder_is_one_process_at_a_time(folder):
    with pytest.raises(LocalRunError, match=f"Meguri already runs on .* \\(process {os.getpid()}\\)"):
        DataFolder(folder.path).held().__enter__()


def test_a_folder_that_cannot_be_made_is_said_so(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(LocalRunError, match="cannot be used: Not a directory"):
        DataFolder(tmp_path / "file" / "data").held().__enter__()


def test_too_little_room_is_said_with_what_is_left(folder, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=LEAST_FREE_BYTES))
    check_disk(folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=LEAST_FREE_BYTES - 1))
    with pytest.raises(LocalRunError, match=r"is full: 255 MB are left of the 256 MB needed. Make room"):
        check_disk(folder)


def test_services_take_ports_in_a_row_or_none_of_them():
    free = listen(0)
    assert list(free) == list(SERVICES)
    assert len({url(listener) for listener in free.values()}) == len(SERVICES)
    taken = free["guide"].getsockname()[1]
    free["dashboard"].close()
    free["ingest"].close()
    free["flow"].close()
    with pytest.raises(LocalRunError, match=f"Port {taken}, on which the guide"):
        listen(taken - 2)
    free["guide"].close()
    for listener in listen(taken - 2).values():
        assert listener.proto == socket.IPPROTO_TCP
        listener.close()


@pytest.fixture(params=["short", "a-folder-with-quite-a-long-name-" * 4])
def serving(tmp_path, request):
    """A control socket in a folder of short or long name; one operation echoes, one fails."""
    folder = tmp_path / request.param
    folder.mkdir()
    path = folder / "control.sock"
    ready, loop = threading.Event(), asyncio.new_event_loop()

    async def echo(given):
        return {"heard": given["word"]}

    async def fail(_):
        raise LocalRunError("It cannot be done.")

    async def break_down(_):
        raise RegistryError("the registry cannot be used: database is locked")

    async def serve():
        operations = {"echo": echo, "fail": fail, "break-down": break_down}
        server = await control.serve(path, operations)
        ready.set()
        async with server:
            await server.serve_forever()

    def run():
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(serve())
        except asyncio.CancelledError:
            loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(10)
    yield path
    for task in asyncio.all_tasks(loop):
        loop.call_soon_threadsafe(task.cancel)
    thread.join(10)


def test_a_request_is_answered_and_a_refusal_is_its_sentence(serving):
    assert control.answers(serving)
    assert control.ask(serving, {"op": "echo", "word": "巡り"}) == {"heard": "巡り"}
    with pytest.raises(LocalRunError, match=r"It cannot be done\."):
        control.ask(serving, {"op": "fail"})
    with pytest.raises(LocalRunError, match="knows no request 'dance'"):
        control.ask(serving, {"op": "dance"})
    assert oct(serving.stat().st_mode & 0o777) == "0o600"


def test_a_request_that_breaks_down_is_answered_with_what_broke(serving):
    with pytest.raises(LocalRunError, match=r"RegistryError: the registry cannot be used: database is lock"):
        control.ask(serving, {"op": "break-down"})
    with pytest.raises(LocalRunError, match="KeyError: 'word'"):
        control.ask(serving, {"op": "echo"})


def test_where_nothing_runs_the_sentence_says_how_to_start(tmp_path):
    path = tmp_path / "control.sock"
    assert not control.answers(path)
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    assert not control.answers(path)
    with pytest.raises(LocalRunError, match=r"No Meguri runs on .* `meguri demo`"):
        control.ask(path, {"op": "status"})


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (LocalRunError("Kafka ended."), "Kafka ended."),
        (OSError(errno.ENOSPC, "No space left on device", "/data/x"), "The disk that holds /data/x is full."),
        (OSError(errno.ENOSPC, "No space left on device"), "The disk is full. Make room"),
    ],
)
def test_an_error_leaves_as_a_sentence_and_status_1(error, said, monkeypatch, capsys):
    def app():
        raise error

    monkeypatch.setattr(cli, "app", app)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    assert said in capsys.readouterr().err


def test_another_operating_system_error_is_no_full_disk(monkeypatch):
    def app():
        raise PermissionError(errno.EACCES, "Permission denied", "/data")

    monkeypatch.setattr(cli, "app", app)
    with pytest.raises(PermissionError):
        cli.main()


def test_town_files_of_one_town_or_unreadable_ones_are_refused(tmp_path):
    from meguri.checkout import DEMO_TOWNS

    file = DEMO_TOWNS["minamiyamashiro"]
    with pytest.raises(LocalRunError, match="minamiyamashiro is another file's town already"):
        read_town_files([file, file])
    with pytest.raises(LocalRunError, match="cannot be read: No such file"):
        read_town_files([tmp_path / "none.yaml"])
    (tmp_path / "sjis.yaml").write_bytes("town: 道の駅".encode("cp932"))
    with pytest.raises(LocalRunError, match="is not written in UTF-8"):
        read_town_files([tmp_path / "sjis.yaml"])


def test_help_and_parse_load_nothing_that_is_slow():
    program = (
        "import sys, json; from meguri import cli; import meguri.captures; "
        "slow = ('chdb', 'numba', 'pyarrow', 'kafka', 'altair', 'faust'); "
        "print(json.dumps([name for name in slow if name in sys.modules]))"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert json.loads(loaded.stdout) == []


def test_the_checkout_has_what_the_local_run_reads():
    from meguri import checkout

    assert all(path.is_file() for path in (*checkout.DEMO_TOWNS.values(), checkout.KAFKA_LOCK))
    assert Path(checkout.ROOT, "Makefile").is_file()


def test_a_flow_that_owns_nothing_says_so_in_a_sentence(monkeypatch, capsys):
    monkeypatch.setattr(
        "meguri.flow_command.ask", lambda *_: {"partitions": [], "time_zones": {"mine": "Asia/Tokyo"}}
    )
    cli.app(["flow", "inspect"], standalone_mode=False)
    assert "The flow owns no partition just now" in capsys.readouterr().out


def test_a_partition_without_a_day_and_one_with_a_refold_are_shown(monkeypatch, capsys):
    day = {
        "town": "mine",
        "key_day": 19_797,
        "slice": 1,
        "town_time_ms": 1_710_504_000_000,
        "watermark_ms": 1_710_503_400_000,
        **dict.fromkeys(("open_devices", "visits", "late", "lost"), 12_345),
        "generation": 0,
        "asked": 678,
    }
    numbers = {"next_offset": 5, "lag": 0, "snapshot_offset": 5, "snapshot_bytes": 9, "snapshot_age_s": 2.5}
    reply = {
        "partitions": [
            {"partition": 0, **numbers, "days": []},
            {"partition": 1, **numbers, "days": [day]},
        ],
        "time_zones": {"mine": "Asia/Tokyo"},
    }
    monkeypatch.setattr("meguri.flow_command.ask", lambda *_: reply)
    cli.app(["flow", "inspect"], standalone_mode=False)
    shown = capsys.readouterr().out
    for said in ("2024-03-15", "03-15 21:00:00", "03-15 20:50:00", "12,345", "678 asked for"):
        assert said in shown
