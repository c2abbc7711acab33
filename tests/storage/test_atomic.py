from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys

import pytest

from onelayer.errors import RunDirectoryError, StorageError
from onelayer.storage import atomic
from onelayer.storage.atomic import leftovers, write_atomically


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(("data", "expected"), [(b"\0\xff", b"\0\xff"), ("é\n", "é\n".encode()), (b"", b"")])
def test_writes_the_content_and_nothing_beside(tmp_path, data, expected):
    write_atomically(tmp_path / "a", data)
    assert contents(tmp_path) == {"a": expected}


def test_replaces_what_was_there(tmp_path):
    (tmp_path / "a").write_text("a longer text that was there before")
    write_atomically(tmp_path / "a", "new")
    assert contents(tmp_path) == {"a": b"new"}


def test_a_link_is_replaced_not_followed(tmp_path):
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "a").symlink_to(tmp_path / "precious")
    write_atomically(tmp_path / "a", "new")
    assert contents(tmp_path) == {"a": b"new", "precious": b"precious"}


def test_mode_follows_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "a", "x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


def test_file_and_folder_are_synchronised(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda fd: synced.append(stat.S_ISDIR(os.fstat(fd).st_mode)))
    write_atomically(tmp_path / "a", "x")
    assert synced == [False, True]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_disk_trouble_leaves_the_old_content(tmp_path, monkeypatch, code, call):
    def fail(*_):
        raise OSError(code, os.strerror(code))

    (tmp_path / "a").write_text("old")
    monkeypatch.setattr(os, call, fail)
    with pytest.raises(StorageError, match=r"writing .*/a failed: .* is intact\. Make room"):
        write_atomically(tmp_path / "a", "new")
    assert contents(tmp_path) == {"a": b"old"}


def test_an_interrupt_leaves_the_old_content(tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    (tmp_path / "a").write_text("old")
    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "a", "new")
    assert contents(tmp_path) == {"a": b"old"}


def test_a_real_limit_on_file_size(tmp_path):
    (tmp_path / "a").write_text("old")
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))\n"
        "from onelayer.errors import StorageError; from onelayer.storage.atomic import write_atomically\n"
        "try: write_atomically(sys.argv[1], bytes(20_000))\n"
        "except StorageError as error: print(error.exit_code, error)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "a")], text=True, check=True, capture_output=True)
    assert done.stdout.startswith("1 writing ")
    assert "file too large" in done.stdout
    assert contents(tmp_path) == {"a": b"old"}


def test_a_killed_writer_leaves_the_old_content_and_a_leftover(tmp_path):
    (tmp_path / "a").write_text("old")
    code = (
        "import os, signal, sys; from onelayer.storage.atomic import write_atomically\n"
        "os.fsync = lambda fd: os.kill(os.getpid(), signal.SIGKILL)\n"
        "write_atomically(sys.argv[1], 'new')"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "a")], check=False)
    assert done.returncode == -9
    assert (tmp_path / "a").read_text() == "old"
    assert {path.name for path in leftovers(tmp_path / "a")} == set(os.listdir(tmp_path)) - {"a"}
    assert len(leftovers(tmp_path / "a")) == 1


@pytest.mark.parametrize(
    "name", ["missing/a", "file/a", "folder", "x" * 300], ids=["missing", "file", "folder", "long"]
)
def test_paths_that_can_not_be_written(tmp_path, name):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(RunDirectoryError, match="can't be written"):
        write_atomically(tmp_path / name, "x")
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]


def test_a_folder_without_permission(tmp_path):
    folder = tmp_path / "locked"
    folder.mkdir()
    folder.chmod(0o500)
    if os.access(folder, os.W_OK):
        pytest.skip("this user may write anywhere")
    with pytest.raises(RunDirectoryError, match="permission denied"):
        write_atomically(folder / "a", "x")


def test_permission_errors_are_about_the_path(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(atomic, "_write_durably", refuse)
    with pytest.raises(RunDirectoryError, match="permission denied") as caught:
        write_atomically(tmp_path / "a", "x")
    assert caught.value.exit_code == 2
