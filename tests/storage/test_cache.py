"""The cache of arrays: whole or absent whatever happens, verified, and bounded."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st

from onelayer.errors import ConfigError
from onelayer.storage import cache as cache_module
from onelayer.storage import cached_arrays
from onelayer.storage.cache import ArrayCache, parse_size, size_text
from onelayer.storage.cached_arrays import ArrayBlocks

KEYS = [f"{i:064x}" for i in range(20)]


def blocks_of(array, size=3):
    return ArrayBlocks(array.shape, array.dtype, (array[i : i + size] for i in range(0, len(array), size)))


@pytest.fixture
def told():
    return []


@pytest.fixture
def cache(tmp_path, told):
    return ArrayCache(tmp_path / "cache", 1 << 20, told.append)


def rows(seed=0, shape=(100, 7), dtype=np.float32):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def files(cache):
    return sorted(os.listdir(cache.folder)) if cache.folder.exists() else []


def python(code, *arguments, **options):
    return subprocess.run([sys.executable, "-c", code, *map(str, arguments)], text=True, capture_output=True, **options)


# What is kept comes back


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.uint8])
@pytest.mark.parametrize("shape", [(1, 1), (100, 7), (5, 64), (1000, 3), (4,)])
def test_what_is_kept_comes_back_to_the_last_bit(cache, told, dtype, shape, monkeypatch):
    monkeypatch.setattr(cached_arrays, "_BLOCK_BYTES", 1000)
    array = rows(shape=shape, dtype=dtype)
    written = cache.keep(KEYS[0], {"rows": blocks_of(array)}, "rows")
    for found in (written, cache.read(KEYS[0]), ArrayCache(cache.folder, 1).read(KEYS[0])):
        np.testing.assert_array_equal(found["rows"], array, strict=True)
    assert told == []


def test_several_arrays_share_an_entry(cache):
    arrays = {"mean": rows(1, (7,), np.float64), "a": rows(2, (3, 3)), "b": rows(3, (2,), np.float16)}
    cache.keep(KEYS[0], {name: blocks_of(array) for name, array in arrays.items()}, "state")
    found = cache.read(KEYS[0])
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array, strict=True)


def test_arrays_are_mapped_aligned_and_read_only(cache):
    cache.keep(KEYS[0], {"rows": blocks_of(rows())}, "rows")
    found = cache.read(KEYS[0])["rows"]
    assert found.ctypes.data % 64 == 0
    assert not found.flags.owndata
    assert not found.flags.writeable


def test_an_entry_is_a_safetensors_file(cache):
    cache.keep(KEYS[0], {"rows": blocks_of(rows())}, "rows")
    np.testing.assert_array_equal(safetensors.numpy.load_file(cache.entries()[0].path)["rows"], rows())


def test_what_is_not_there_is_none(cache, told):
    assert cache.read(KEYS[0]) is None
    assert cache.entries() == []
    assert cache.clear() == 0
    assert told == []


def test_memory_does_not_grow_with_the_rows(tmp_path):
    code = """
import resource, sys
from pathlib import Path
import numpy as np
from onelayer.storage.cache import ArrayCache
from onelayer.storage.cached_arrays import ArrayBlocks
block = np.ones((1000, 1000), np.float32)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
cache = ArrayCache(Path(sys.argv[1]), 1 << 30)
cache.keep("00", {"rows": ArrayBlocks((100_000, 1000), np.float32, (block for _ in range(100)))}, "rows")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    assert int(python(code, tmp_path, check=True).stdout) < 100_000  # of 400,000 KB


# Damage


@pytest.mark.parametrize("place", ["length", "header", "digest", "note", "first row", "middle", "last byte"])
def test_one_flipped_bit_is_found_and_said_and_the_entry_goes(cache, told, place):
    cache.keep(KEYS[0], {"rows": blocks_of(rows())}, "the rows")
    path = cache.entries()[0].path
    content = bytearray(path.read_bytes())
    start = 8 + int.from_bytes(content[:8], "little")
    header = bytes(content[:start])
    at = {
        "length": 0,
        "header": header.index(b"F32"),
        "digest": header.index(b'"digest":"') + 12,
        "note": header.index(b"the rows"),
        "first row": start,
        "middle": start + 1400,
        "last byte": len(content) - 1,
    }[place]
    content[at] ^= 1 << 2
    path.write_bytes(content)
    assert cache.read(KEYS[0]) is None
    assert files(cache) == []
    assert len(told) == 1
    assert "is damaged" in told[0]
    assert "computed again" in told[0]
    assert "\n" not in told[0]


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_no_flipped_bit_goes_unseen(tmp_path_factory, data):
    cache = ArrayCache(tmp_path_factory.mktemp("c"), 1 << 20)
    cache.keep(KEYS[0], {"rows": blocks_of(rows(shape=(3, 5)))}, "rows")
    path = cache.entries()[0].path
    content = bytearray(path.read_bytes())
    bit = data.draw(st.integers(0, 8 * len(content) - 1))
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)
    found = cache.read(KEYS[0])
    # spaces that fill the header up mean nothing: another blank there changes nothing
    if found is not None:
        np.testing.assert_array_equal(found["rows"], rows(shape=(3, 5)), strict=True)


@pytest.mark.parametrize("length", [0, 1, 8, 100, -1, -700])
def test_a_truncated_entry_is_damaged(cache, told, length):
    cache.keep(KEYS[0], {"rows": blocks_of(rows())}, "rows")
    path = cache.entries()[0].path
    path.write_bytes(path.read_bytes()[:length])
    assert cache.read(KEYS[0]) is None
    assert len(told) == 1


def test_more_behind_the_end_is_damage(cache, told):
    cache.keep(KEYS[0], {"rows": blocks_of(rows())}, "rows")
    with cache.entries()[0].path.open("ab") as file:
        file.write(b"more")
    assert cache.read(KEYS[0]) is None
    assert "bytes, not" in told[0]


ENTRY = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
META = {"format": "onelayer cached arrays 1", "note": "n", "digest": "0" * 64}


@pytest.mark.parametrize(
    "header",
    [
        {"rows": ENTRY},
        {"__metadata__": META, "rows": ENTRY},
        {"__metadata__": META | {"format": "another"}, "rows": ENTRY},
        {"__metadata__": META | {"note": 3}, "rows": ENTRY},
        {"__metadata__": META | {"more": "x"}, "rows": ENTRY},
        {"__metadata__": META, "rows": ENTRY | {"shape": [-2]}},
        {"__metadata__": META, "rows": ENTRY | {"shape": [2.0]}},
        {"__metadata__": META, "rows": ENTRY | {"shape": [2**40]}},
        {"__metadata__": META, "rows": ENTRY | {"shape": "ab"}},
        {"__metadata__": META, "rows": ENTRY | {"dtype": "Q7"}},
        {"__metadata__": META, "rows": ENTRY | {"dtype": ["F32"]}},
        {"__metadata__": META, "rows": ENTRY | {"data_offsets": [8, 16]}},
        {"__metadata__": META, "rows": 3},
        {"__metadata__": 3},
        [],
    ],
)
def test_a_file_of_something_else_is_damage(cache, told, header):
    cache.folder.mkdir()
    text = json.dumps(header).encode()
    (cache.folder / f"{KEYS[0]}.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + bytes(8))
    assert cache.read(KEYS[0]) is None
    assert len(told) == 1


def test_a_link_in_the_folder_is_not_followed(cache, told, tmp_path):
    other = ArrayCache(tmp_path / "other", 1 << 20)
    other.keep(KEYS[0], {"rows": blocks_of(rows())}, "rows")
    cache.folder.mkdir()
    (cache.folder / f"{KEYS[0]}.safetensors").symlink_to(other.entries()[0].path)
    assert cache.read(KEYS[0]) is None
    assert "can't be read" in told[0]
    assert len(other.entries()) == 1


# Bounds


def test_those_used_longest_ago_go_first(tmp_path):
    size = ArrayBlocks((100, 7), np.float32, []).size + 500
    cache = ArrayCache(tmp_path, 3 * size)
    for i in range(3):
        cache.keep(KEYS[i], {"rows": blocks_of(rows(i))}, str(i))
        os.utime(cache._path(KEYS[i]), (i, i))
    assert cache.read(KEYS[0]) is not None  # used now
    cache.keep(KEYS[3], {"rows": blocks_of(rows(3))}, "3")
    assert sorted(entry.note for entry in cache.entries()) == ["0", "2", "3"]
    assert [entry.note for entry in cache.entries()][-1] == "2"


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 200)), max_size=25))
def test_the_limit_holds_after_every_step(tmp_path_factory, steps):
    cache = ArrayCache(tmp_path_factory.mktemp("c"), 4000)
    for key, n in steps:
        cache.keep(KEYS[key], {"rows": blocks_of(rows(shape=(n, 5)))}, str(n))
        assert sum(entry.size for entry in cache.entries()) <= 4000


def test_what_is_larger_than_the_limit_is_not_kept_and_said_once(cache, told):
    for _ in range(2):
        assert cache.keep(KEYS[0], {"rows": ArrayBlocks((1 << 18, 2), np.float32, [])}, "many rows") is None
    assert told == ["2.0 MB of many rows are not kept: the cache may hold 1.0 MB, which ONELAYER_CACHE_SIZE sets"]
    assert files(cache) == []


def test_an_entry_that_is_in_use_can_be_removed(cache):
    cache.keep(KEYS[0], {"rows": blocks_of(rows())}, "rows")
    found = cache.read(KEYS[0])["rows"]
    assert cache.clear() > 2800
    assert files(cache) == []
    np.testing.assert_array_equal(found, rows())


@pytest.mark.parametrize(
    ("text", "size"), [("0", 0), ("1000", 1000), ("2k", 2048), ("1.5 MB", 3 << 19), ("10G", 10 << 30), ("1T", 1 << 40)]
)
def test_sizes_are_read(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "G", "-1", "nan", "inf", "10X", "1e400", "ten"])
def test_sizes_that_are_none_are_refused(text):
    with pytest.raises(ConfigError, match="write bytes, or a number with K, M, G or T"):
        parse_size(text)


def test_sizes_are_shown():
    assert [size_text(size) for size in (0, 1023, 1024, 5 << 20, 3 << 40)] == [
        "0 bytes",
        "1023 bytes",
        "1.0 KB",
        "5.0 MB",
        "3.0 TB",
    ]


# Trouble on the way


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
def test_disk_trouble_is_said_and_leaves_nothing(cache, told, monkeypatch, code):
    def fail(*_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(cache_module, "write_arrays", fail)
    assert cache.keep(KEYS[0], {"rows": blocks_of(rows())}, "rows") is None
    assert files(cache) == []
    assert len(told) == 1
    assert told[0].startswith("rows are not kept in ")


def test_what_goes_wrong_while_computing_is_raised_and_leaves_nothing(cache):
    def blocks():
        yield rows()[:50]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.keep(KEYS[0], {"rows": ArrayBlocks((100, 7), np.float32, blocks())}, "rows")
    assert files(cache) == []


def test_blocks_that_do_not_make_the_shape_are_refused(cache):
    with pytest.raises(ValueError, match="1400 bytes came, not 2800"):
        cache.keep(KEYS[0], {"rows": ArrayBlocks((100, 7), np.float32, [rows()[:50]])}, "rows")
    assert files(cache) == []


def test_a_place_that_is_no_folder_is_said(tmp_path, told):
    (tmp_path / "file").write_text("")
    cache = ArrayCache(tmp_path / "file" / "cache", 1 << 20, told.append)
    assert cache.read(KEYS[0]) is None
    assert cache.keep(KEYS[0], {"rows": blocks_of(rows())}, "rows") is None
    assert "not a directory" in told[-1]


SMALL_DISK = """
import sys
from pathlib import Path
import numpy as np
from onelayer.storage.cache import ArrayCache
from onelayer.storage.cached_arrays import ArrayBlocks
told = []
cache = ArrayCache(Path(sys.argv[1]) / "cache", 1 << 30, told.append)
small = ArrayBlocks((100, 7), np.float32, [np.ones((100, 7), np.float32)])
assert cache.keep("01", {"rows": small}, "small") is not None
large = ArrayBlocks((4000, 100), np.float32, (np.ones((100, 100), np.float32) for _ in range(40)))
assert cache.keep("02", {"rows": large}, "large") is None, told
assert cache.read("01") is not None
print([path.name for path in cache.folder.iterdir()], told)
"""


def test_a_disk_that_is_full(tmp_path):
    if shutil.which("unshare") is None:
        pytest.skip("a small disk needs unshare")
    mount = ["unshare", "-rm", "sh", "-c", 'mount -t tmpfs -o size=1m none "$1" && shift && exec "$@"', "sh"]
    if subprocess.run([*mount, str(tmp_path), "true"], capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a small disk")
    done = subprocess.run(
        [*mount, str(tmp_path), sys.executable, "-c", SMALL_DISK, str(tmp_path)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("['01.safetensors'] ['large are not kept in ")
    assert "no space left on device" in done.stdout


def test_a_limit_on_the_size_of_files(tmp_path):
    code = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n" + SMALL_DISK
    done = python(code, tmp_path, check=True)
    assert done.stdout.startswith("['01.safetensors'] ['large are not kept in ")
    assert "file too large" in done.stdout


WRITER = """
import sys, time
from pathlib import Path
import numpy as np
from onelayer.storage.cache import ArrayCache
from onelayer.storage.cached_arrays import ArrayBlocks
def blocks():
    for i in range(10):
        yield np.full((10, 7), i, np.float32)
        print(i, flush=True)
        time.sleep(float(sys.argv[3]))
cache = ArrayCache(Path(sys.argv[1]), 1 << 20)
assert cache.keep(sys.argv[2], {"rows": ArrayBlocks((100, 7), np.float32, blocks())}, "rows") is not None
"""
WRITTEN = np.repeat(np.arange(10, dtype=np.float32), 10)[:, np.newaxis] * np.ones(7, np.float32)


def writer(cache, key, pause):
    arguments = [sys.executable, "-c", WRITER, str(cache.folder), key, str(pause)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)


def test_a_killed_writer_leaves_no_entry_and_what_it_left_goes_with_the_next(cache, told):
    with writer(cache, KEYS[0], 5) as process:
        for expected in ("0", "1"):
            assert process.stdout.readline().strip() == expected
        os.kill(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert [name.endswith(".tmp") for name in files(cache)] == [True]
    assert cache.read(KEYS[0]) is None
    assert cache.entries() == []
    cache.keep(KEYS[1], {"rows": blocks_of(rows())}, "rows")
    assert files(cache) == [f"{KEYS[1]}.safetensors"]
    assert told == []


def test_what_a_living_writer_has_begun_stays(cache):
    with writer(cache, KEYS[0], 0.05) as process:
        assert process.stdout.readline().strip() == "0"
        cache.keep(KEYS[1], {"rows": blocks_of(rows())}, "rows")
        cache.clear()
        process.communicate()
    assert process.returncode == 0
    np.testing.assert_array_equal(cache.read(KEYS[0])["rows"], WRITTEN)


def test_two_writers_of_one_entry_and_a_reader(cache, told):
    with writer(cache, KEYS[0], 0.02) as one, writer(cache, KEYS[0], 0.01) as other:
        end = time.monotonic() + 60
        while (one.poll() is None or other.poll() is None) and time.monotonic() < end:
            found = cache.read(KEYS[0])
            assert found is None or np.array_equal(found["rows"], WRITTEN)
    assert (one.returncode, other.returncode) == (0, 0)
    np.testing.assert_array_equal(cache.read(KEYS[0])["rows"], WRITTEN)
    assert files(cache) == [f"{KEYS[0]}.safetensors"]
    assert told == []
