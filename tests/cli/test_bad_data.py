"""Bad data: exit code 2, one or two lines that say what is wrong, nothing left behind, and an earlier run intact."""

from __future__ import annotations

import gzip
import io
import pickle
import struct
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image

IMAGES, LABELS = np.arange(40 * 9, dtype=np.uint8).reshape(40, 3, 3), np.arange(40, dtype=np.uint8) % 2


def idx(array, magic=None, sizes=None):
    """The bytes of an IDX file."""
    sizes = array.shape if sizes is None else sizes
    magic = 0x0800 + len(sizes) if magic is None else magic
    return struct.pack(f">I{len(sizes)}I", magic, *sizes) + array.tobytes()


def idx_folder(folder, **files):
    """Write an IDX quartet, sound but for the files given."""
    contents = {"train_images": idx(IMAGES), "train_labels": idx(LABELS)}
    contents |= {"test_images": idx(IMAGES), "test_labels": idx(LABELS)} | files
    names = {
        "train_images": "train-images-idx3-ubyte",
        "train_labels": "train-labels-idx1-ubyte",
        "test_images": "t10k-images-idx3-ubyte",
        "test_labels": "t10k-labels-idx1-ubyte",
    }
    for key, content in contents.items():
        name = names[key] + (".gz" if content[:2] == b"\x1f\x8b" else "")
        (folder / name).write_bytes(content)


def cifar_binary(folder, length=3073 * 20):
    rng = np.random.default_rng(0)
    names = [*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"]
    for name in names:
        rows = rng.integers(0, 256, (20, 3073), dtype=np.uint8)
        rows[:, 0] = np.arange(20) % 10
        (folder / name).write_bytes(rows.tobytes())
    (folder / names[0]).write_bytes((folder / names[0]).read_bytes()[:length].ljust(length, b"\0"))


class Command:
    """Its pickle prints a word when it is read."""

    def __reduce__(self):
        return eval, ("print('executed')",)


def cifar_python(folder, batch=None):
    rng = np.random.default_rng(0)
    for name in [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]:
        table = {b"data": rng.integers(0, 256, (20, 3072), dtype=np.uint8), b"labels": [i % 10 for i in range(20)]}
        (folder / name).write_bytes(pickle.dumps(table, protocol=2))
    if batch is not None:
        (folder / "data_batch_1").write_bytes(batch)


def npz(folder, **arrays):
    np.savez(
        folder / "set.npz", **{"X": np.random.default_rng(0).normal(size=(40, 3)), "y": LABELS.astype(int)} | arrays
    )


def with_value(value):
    X = np.zeros((40, 3))
    X[7, 1] = value
    return X


def pictures(folder, names=("a", "b"), n=5, size=(4, 4)):
    for name in names:
        (folder / name).mkdir()
        for i in range(n):
            Image.new("RGB", size, (40 * i, 0, 0)).save(folder / name / f"{i}.png")


def bomb(side):
    """A PNG of side × side grey pixels, in little more than a kilobyte for each million."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def parquet(folder, columns):
    import pyarrow
    import pyarrow.parquet

    pyarrow.parquet.write_table(pyarrow.table(columns), folder / "train.parquet")


def idx_truncated(folder):
    idx_folder(folder, train_images=idx(IMAGES)[:-5])


def idx_too_long(folder):
    idx_folder(folder, train_images=idx(IMAGES) + b"\0")


def idx_of_wrong_magic(folder):
    idx_folder(folder, train_images=idx(IMAGES, magic=0x0D03))


def idx_of_2_31_images(folder):
    idx_folder(folder, train_images=idx(IMAGES, sizes=(2**31, 3, 3)))


def idx_of_2_31_images_in_gzip(folder):
    idx_folder(folder, train_images=gzip.compress(idx(IMAGES, sizes=(2**31, 3, 3))))


def idx_broken_gzip(folder):
    idx_folder(folder, train_images=gzip.compress(idx(IMAGES))[:-9])


def idx_counts_differ(folder):
    idx_folder(folder, train_labels=idx(LABELS[:-1]))


def idx_without_test(folder):
    idx_folder(folder)
    (folder / "t10k-labels-idx1-ubyte").unlink()


def cifar_batch_short(folder):
    cifar_binary(folder, length=3073 * 20 - 1)


def pickle_that_runs_a_command(folder):
    cifar_python(folder, pickle.dumps({b"data": Command(), b"labels": [0]}, protocol=2))


def pickle_that_claims_sizes(folder):
    # BINBYTES8 of 2⁶² bytes, BINUNICODE of 4 GB
    cifar_python(folder, b"\x80\x04\x8e" + struct.pack("<Q", 2**62) + b"abc.")


def pickle_truncated(folder):
    cifar_python(folder, pickle.dumps({b"data": np.zeros((20, 3072), np.uint8)}, protocol=2)[:200])


def parquet_without_columns(folder):
    parquet(folder, {"a": [1, 2, 3]})


def parquet_that_is_none(folder):
    (folder / "train.parquet").write_bytes(b"PAR1" + bytes(100) + b"PAR1")


def nothing(folder):
    pass


def empty_class_folders(folder):
    pictures(folder, n=0)


def one_empty_class_folder(folder):
    pictures(folder)
    (folder / "empty").mkdir()


def one_class(folder):
    pictures(folder, names=("a",))


def unreadable_image(folder):
    pictures(folder)
    (folder / "b" / "3.png").write_bytes(b"\x89PNG\r\n\x1a\nnonsense")


def truncated_image(folder):
    pictures(folder)
    (folder / "b" / "3.png").write_bytes((folder / "b" / "3.png").read_bytes()[:50])


def decompression_bomb(folder):
    pictures(folder)
    (folder / "b" / "3.png").write_bytes(bomb(50_000))


def mixed_sizes(folder):
    pictures(folder)
    Image.new("RGB", (9, 4)).save(folder / "b" / "9.png")


def too_few_to_stratify(folder):
    pictures(folder, n=2)


def nan_feature(folder):
    npz(folder, X=with_value(np.nan))


def infinite_feature(folder):
    npz(folder, X=with_value(-np.inf))


def label_out_of_range(folder):
    npz(folder, y=np.full(40, 2), class_names=np.array(["a", "b"]))


def lengths_differ(folder):
    npz(folder, y=np.zeros(39, int))


def object_array(folder):
    npz(folder, X=np.array([[Command()]] * 40, dtype=object))


def empty_arrays(folder):
    npz(folder, X=np.empty((0, 3)), y=np.empty(0, int))


def no_features(folder):
    npz(folder, X=np.empty((40, 0)))


def one_label(folder):
    npz(folder, y=np.zeros(40, int))


def too_few_rows_to_stratify(folder):
    npz(folder, y=np.array([0] * 38 + [1] * 2))


def fractional_labels(folder):
    npz(folder, y=np.linspace(0, 1, 40))


def archive_without_y(folder):
    np.savez(folder / "set.npz", X=np.zeros((4, 2)))


def archive_truncated(folder):
    npz(folder)
    (folder / "set.npz").write_bytes((folder / "set.npz").read_bytes()[:300])


def archive_that_claims_sizes(folder):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (2**40, 3)})
    with zipfile.ZipFile(folder / "set.npz", "w") as archive:
        archive.writestr("X.npy", header.getvalue())
        archive.writestr("y.npy", header.getvalue())


CASES = {
    idx_truncated: "train-images-idx3-ubyte",
    idx_too_long: "train-images-idx3-ubyte",
    idx_of_wrong_magic: "train-images-idx3-ubyte",
    idx_of_2_31_images: "19,327,352,832 bytes",
    idx_of_2_31_images_in_gzip: "train-images-idx3-ubyte.gz",
    idx_broken_gzip: "train-images-idx3-ubyte.gz",
    idx_counts_differ: "39",
    idx_without_test: "t10k-labels-idx1-ubyte",
    cifar_batch_short: "data_batch_1.bin",
    pickle_that_runs_a_command: "Nothing in it was run",
    pickle_that_claims_sizes: "data_batch_1",
    pickle_truncated: "data_batch_1",
    parquet_without_columns: "column",
    parquet_that_is_none: "train.parquet",
    nothing: "no data set that can be read",
    empty_class_folders: "no data set that can be read",
    one_empty_class_folder: "empty",
    one_class: "two",
    unreadable_image: "3.png",
    truncated_image: "3.png",
    decompression_bomb: "3.png has too many pixels",
    too_few_to_stratify: "too few rows to split",
    nan_feature: "row 7, column 1 is nan",
    infinite_feature: "row 7, column 1 is -inf",
    label_out_of_range: "label 2",
    lengths_differ: "39",
    object_array: "object",
    empty_arrays: "(0,)",
    no_features: "empty",
    one_label: "two",
    too_few_rows_to_stratify: "too few rows to split",
    fractional_labels: "integers",
    archive_without_y: "must hold X and y",
    archive_truncated: "set.npz",
    archive_that_claims_sizes: "set.npz",
}


@pytest.fixture(params=CASES, ids=lambda case: case.__name__)
def bad(request, folder):
    """A folder with bad data, and a word that the message must have."""
    (folder / "bad").mkdir()
    request.param(folder / "bad")
    return folder / "bad", CASES[request.param]


def check_refusal(outcome, word):
    assert outcome.code == 2
    assert outcome.out == ""
    assert 1 <= len(outcome.err.splitlines()) <= 2
    assert outcome.err.startswith("error: ")
    assert word in outcome.err


def snapshot(folder):
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_training_on_it_leaves_nothing_behind(onelayer, folder, bad):
    data, word = bad
    check_refusal(onelayer("train", data, "--out", "deep/er/run"), word)
    assert [path.name for path in folder.iterdir()] == ["bad"]


def test_training_on_it_leaves_an_earlier_run_as_it_was(onelayer, folder, bad):
    data, word = bad
    onelayer("train", "--set", "max_epochs=1", "--out", "run")
    before = snapshot(folder / "run")
    check_refusal(onelayer("train", data, "--out", "run", "--overwrite"), word)
    assert snapshot(folder / "run") == before


def test_showing_it_says_the_same(onelayer, bad):
    data, word = bad
    if word == "too few rows to split":
        assert onelayer("data", "show", data).code == 2
    elif word.startswith("3.png"):  # what can't be read is described with what can
        outcome = onelayer("data", "show", data)
        assert outcome.code == 0
        assert word in outcome.out
    else:
        check_refusal(onelayer("data", "show", data), word)


def test_evaluating_on_it(onelayer, digits_run, bad):
    data, _ = bad
    outcome = onelayer("evaluate", digits_run, data)
    assert outcome.code == 2
    assert 1 <= len(outcome.err.splitlines()) <= 2
