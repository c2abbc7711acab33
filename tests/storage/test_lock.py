"""One at a time in a folder, among threads and processes, whatever becomes of who holds the lock."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading

import pytest

from onelayer.errors import RunDirectoryError
from onelayer.storage.lock import LOCK_FILE, locked

HOLDS = """
import sys, time
from pathlib import Path
from onelayer.storage.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""

COUNTS = """
import sys
from pathlib import Path
from onelayer.storage.lock import locked
folder, total = Path(sys.argv[1]), Path(sys.argv[2])
for _ in range(100):
    with locked(folder, wait=60):
        total.write_text(str(int(total.read_text()) + 1))
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock of ``run``."""
    process = subprocess.Popen([sys.executable, "-c", HOLDS, tmp_path / "run"], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def take(folder, **more):
    with locked(folder, **more):
        return True


def test_lock_is_there_while_it_is_held_and_says_by_whom(tmp_path):
    with locked(tmp_path / "a" / "run"):
        record = json.loads((tmp_path / "a" / "run" / LOCK_FILE).read_text())
        assert (record["pid"], record["host"]) == (os.getpid(), socket.gethostname())
    assert os.listdir(tmp_path / "a" / "run") == []


def test_another_process_is_refused(tmp_path, holder):
    with pytest.raises(RunDirectoryError) as raised:
        take(tmp_path / "run")
    found = re.fullmatch(
        rf"{re.escape(str(tmp_path))}/run is in use by process {holder.pid} since \d{{4}}-\d\d-\d\dT[\d:]+\+00:00: "
        r"wait until it ends, or name another folder",
        str(raised.value),
    )
    assert found, raised.value


def test_another_thread_is_refused(tmp_path):
    with locked(tmp_path):
        refused = []

        def try_it():
            with pytest.raises(RunDirectoryError, match=f"in use by process {os.getpid()} since"):
                take(tmp_path)
            refused.append(True)

        thread = threading.Thread(target=try_it)
        thread.start()
        thread.join()
    assert refused
    assert take(tmp_path)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_what_a_killed_process_left_holds_nobody_up(tmp_path, holder, how):
    holder.send_signal(how)
    holder.wait(60)
    assert (tmp_path / "run" / LOCK_FILE).exists()
    assert take(tmp_path / "run")
    assert os.listdir(tmp_path / "run") == []


def test_waiting_for_who_holds_it(tmp_path, holder):
    timer = threading.Timer(0.3, holder.kill)
    timer.start()
    assert take(tmp_path / "run", wait=60)


def test_many_processes_take_turns(tmp_path):
    """The file goes away with each of them, and another may have it open already."""
    total = tmp_path / "total"
    total.write_text("0")
    command = [sys.executable, "-c", COUNTS, tmp_path / "run", total]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    assert [process.communicate(timeout=120)[1] for process in processes] == ["", "", ""]
    assert total.read_text() == "300"


def test_a_folder_that_is_removed_at_that_moment_is_made_anew(tmp_path):
    """As by a run that failed before it began, which leaves nothing behind."""
    folder, ended = tmp_path / "run", threading.Event()

    def remove():
        while not ended.is_set():
            with contextlib.suppress(OSError):
                folder.rmdir()

    thread = threading.Thread(target=remove)
    thread.start()
    try:
        assert all(take(folder) for _ in range(200))
    finally:
        ended.set()
        thread.join()


@pytest.mark.parametrize("error", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
class TestWithoutLocksOfTheFileSystem:
    @pytest.fixture(autouse=True)
    def without_locks(self, monkeypatch, error):
        def flock(*arguments):
            raise OSError(error, os.strerror(error))

        monkeypatch.setattr(fcntl, "flock", flock)

    def record(self, folder, **changes):
        record = {"pid": os.getpid(), "host": socket.gethostname(), "since": "2030-01-01T00:00:00+00:00"} | changes
        (folder / LOCK_FILE).write_text(json.dumps(record))

    def test_nobody_holds_it(self, tmp_path):
        assert take(tmp_path)

    def test_a_process_that_lives_does(self, tmp_path):
        self.record(tmp_path)
        with pytest.raises(RunDirectoryError, match=f"by process {os.getpid()} since 2030-01-01T00:00:00"):
            take(tmp_path)

    def test_a_process_that_is_no_more_does_not(self, tmp_path):
        ended = subprocess.Popen([sys.executable, "-c", ""])
        ended.wait()
        self.record(tmp_path, pid=ended.pid)
        assert take(tmp_path)

    def test_another_machine_is_believed(self, tmp_path):
        self.record(tmp_path, host="elsewhere", pid=1)
        with pytest.raises(RunDirectoryError, match="by process 1 on elsewhere since 2030"):
            take(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"pid": "x"}',
        '{"pid": -1, "host": "a", "since": "b"}',
        "[" * 5000,
        '{"pid": 1e999, "host": 1, "since": 2}',
    ],
)
def test_a_file_that_says_nothing_of_use(tmp_path, content):
    (tmp_path / LOCK_FILE).write_text(content)
    with open(tmp_path / LOCK_FILE) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(RunDirectoryError, match="is in use by another process: wait until it ends, or name"):
            take(tmp_path)
    assert take(tmp_path)


def test_text_of_a_record_is_made_printable(tmp_path):
    (tmp_path / LOCK_FILE).write_text(json.dumps({"pid": 1, "host": "a\x1b[31m", "since": "b\nc"}))
    with open(tmp_path / LOCK_FILE) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(RunDirectoryError) as raised:
            take(tmp_path)
    assert str(raised.value).isprintable()


def test_no_link_is_followed(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "run" / LOCK_FILE).symlink_to(tmp_path / "precious")
    with pytest.raises(RunDirectoryError, match="can't be written"):
        take(tmp_path / "run")
    assert (tmp_path / "precious").read_text() == "precious"


def test_an_error_inside_gives_the_lock_back(tmp_path):
    with pytest.raises(ZeroDivisionError), locked(tmp_path):
        raise ZeroDivisionError
    assert take(tmp_path)
