"""Mutated files for every reader: whatever the bytes, a reader returns data or raises one of our own errors.

Imported by the tests for a quick round; run as a program, in a process of limited memory, for thousands of files::

    python fuzzing.py EXAMPLES READER…
"""

from __future__ import annotations

import gzip
import io
import resource
import struct
import sys
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from onelayer.data import load_dataset, read_image
from onelayer.data.cifar import read_binary
from onelayer.data.cifar_pickle import read_batch, read_names
from onelayer.data.idx import read_idx
from onelayer.errors import DataWarning, OnelayerError

MEMORY_LIMIT = 1 << 30  # of address space, over what the imports take
ROWS = 20


def pixels(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def idx(values: np.ndarray) -> bytes:
    return bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()


def encoded(form: str, mode: str = "RGB", size: tuple[int, int] = (9, 7), **options: object) -> bytes:
    image = Image.fromarray(pixels(size[0], size[1], 3)).convert(mode)
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def icns() -> bytes:
    png = encoded("PNG", size=(16, 16))
    return struct.pack(">4sI4sI", b"icns", 16 + len(png), b"icp4", 8 + len(png)) + png


def npz(save: Callable[..., None]) -> bytes:
    out = io.BytesIO()
    save(out, X=pixels(ROWS, 4, 4), y=np.arange(ROWS) % 3, class_names=np.array(["a", "b", "c"]))
    return out.getvalue()


def parquet(compression: str) -> bytes:
    import pyarrow
    import pyarrow.parquet

    images = [{"bytes": encoded("PNG", size=(4, 4)), "path": None} for _ in range(ROWS)]
    table = pyarrow.table({"image": images, "label": [i % 3 for i in range(ROWS)]})
    out = io.BytesIO()
    pyarrow.parquet.write_table(table, out, compression=compression)
    return out.getvalue()


def _string(value: bytes) -> bytes:
    return b"T" + struct.pack("<i", len(value)) + value


def cifar_batch(rows: int = ROWS, data: bytes | None = None, extra: bytes = b"") -> bytes:
    """A batch as Python 2 pickled it: memoised strings, a list of labels, a matrix."""
    raw = pixels(rows, 3072).tobytes() if data is None else data
    labels = b"](" + b"".join(b"K" + bytes([i % 10]) for i in range(rows)) + b"e"
    dtype = b"cnumpy\ndtype\nq\x05U\x02u1K\x00K\x01\x87Rq\x06(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    matrix = (
        b"cnumpy.core.multiarray\n_reconstruct\nq\x03cnumpy\nndarray\nq\x04K\x00\x85U\x01b\x87R(K\x01"
        + (b"J" + struct.pack("<i", rows) + b"M\x00\x0c\x86")
        + (dtype + b"\x89" + _string(raw) + b"tb")
    )
    return b"\x80\x02}q\x01(U\x06labelsq\x02" + labels + extra + b"U\x04data" + matrix + b"u."


def cifar_names() -> bytes:
    names = b"](" + b"".join(b"U\x01" + bytes([97 + i]) for i in range(10)) + b"e"
    return b"\x80\x02}q\x01(U\x0blabel_names" + names + b"U\x07num_visM\x00\x0cu."


def _folder_of_images(path: Path) -> object:
    root = path.parent / "set"
    for name in ("class", "other"):
        (root / name).mkdir(parents=True, exist_ok=True)
    for i in range(3):
        (root / "other" / f"{i}.png").write_bytes(encoded("PNG"))
        (root / "class" / f"{i}.png").write_bytes(path.read_bytes())
    return load_dataset(root)


def _idx_folder(path: Path) -> object:
    images, labels = pixels(ROWS, 4, 4), (np.arange(ROWS) % 3).astype(np.uint8)
    for part in ("train", "t10k"):
        (path.parent / f"{part}-images-idx3-ubyte").write_bytes(idx(images))
        (path.parent / f"{part}-labels-idx1-ubyte").write_bytes(idx(labels))
    (path.parent / "train-labels-idx1-ubyte").write_bytes(path.read_bytes())
    return load_dataset(path.parent)


@dataclass(frozen=True)
class Reader:
    """One reader under test: a sound file, what to call it, and how it is read."""

    suffix: str
    sample: Callable[[], bytes]
    read: Callable[[Path], object]


READERS = {
    "idx-images": Reader("", lambda: idx(pixels(ROWS, 4, 4)), lambda path: read_idx(path, 3)),
    "idx-gzip": Reader(".gz", lambda: gzip.compress(idx(pixels(ROWS, 4, 4))), lambda path: read_idx(path, 3)),
    "idx-folder": Reader("", lambda: idx((np.arange(ROWS) % 3).astype(np.uint8)), _idx_folder),
    "cifar-binary": Reader(".bin", lambda: pixels(3, 3073).tobytes(), lambda path: read_binary(path, 3, 1)),
    "cifar-pickle": Reader("", cifar_batch, lambda path: read_batch(path, ROWS, "labels")),
    "cifar-names": Reader("", cifar_names, lambda path: read_names(path, "label_names")),
    "npz": Reader(".npz", lambda: npz(np.savez), load_dataset),
    "npz-deflated": Reader(".npz", lambda: npz(np.savez_compressed), load_dataset),
    "parquet": Reader(".parquet", lambda: parquet("NONE"), load_dataset),
    "parquet-snappy": Reader(".parquet", lambda: parquet("SNAPPY"), load_dataset),
    "class-folders": Reader(".png", lambda: encoded("PNG"), _folder_of_images),
    "png-grey": Reader(".png", lambda: encoded("PNG", "L"), read_image),
    "png-palette": Reader(".png", lambda: encoded("PNG", "P"), read_image),
    "jpeg": Reader(".jpg", lambda: encoded("JPEG"), read_image),
    "jpeg-cmyk": Reader(".jpg", lambda: encoded("JPEG", "CMYK"), read_image),
    "gif": Reader(".gif", lambda: encoded("GIF", "P"), read_image),
    "tiff": Reader(".tif", lambda: encoded("TIFF"), read_image),
    "tiff-deflate": Reader(".tif", lambda: encoded("TIFF", compression="tiff_deflate"), read_image),
    "bmp": Reader(".bmp", lambda: encoded("BMP"), read_image),
    "webp": Reader(".webp", lambda: encoded("WEBP"), read_image),
    "ppm": Reader(".ppm", lambda: encoded("PPM"), read_image),
    "avif": Reader(".avif", lambda: encoded("AVIF"), read_image),
    "jpeg2000": Reader(".jp2", lambda: encoded("JPEG2000"), read_image),
    "ico": Reader(".ico", lambda: encoded("ICO"), read_image),
    "icns": Reader(".icns", icns, read_image),
    "tga": Reader(".tga", lambda: encoded("TGA", compression="tga_rle"), read_image),
    "pcx": Reader(".pcx", lambda: encoded("PCX"), read_image),
    "qoi": Reader(".qoi", lambda: encoded("QOI"), read_image),
    "sgi": Reader(".sgi", lambda: encoded("SGI"), read_image),
    "dds": Reader(".dds", lambda: encoded("DDS"), read_image),
}

_EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 2**63 - 1, 2**64 - 1)


@st.composite
def mutations(draw: st.DrawFn, sample: bytes) -> bytes:
    """One to four edits: bytes flipped, cut, put in, repeated, or a field of 1 to 8 bytes set to an extreme value."""
    data = bytearray(sample)
    for _ in range(draw(st.integers(1, 4))):
        if not data:
            break
        last = len(data) - 1
        # Headers and footers decide most, so half of all edits go there.
        near = min(last, 64)
        at = draw(st.one_of(st.integers(0, near), st.integers(last - near, last), st.integers(0, last)))
        match draw(st.sampled_from(("flip", "truncate", "insert", "delete", "repeat", "field"))):
            case "flip":
                data[at] ^= draw(st.integers(1, 255))
            case "truncate":
                del data[at:]
            case "insert":
                data[at:at] = draw(st.binary(min_size=1, max_size=16))
            case "delete":
                del data[at : at + draw(st.integers(1, 16))]
            case "repeat":
                data[at:at] = data[at : at + draw(st.integers(1, 256))]
            case "field":
                width = draw(st.sampled_from((1, 2, 4, 8)))
                value = draw(st.sampled_from(_EXTREMES)) % (1 << 8 * width)
                data[at : at + width] = value.to_bytes(width, draw(st.sampled_from(("big", "little"))))
    return bytes(data)


def fuzz(name: str, examples: int) -> int:
    """Read ``examples`` mutated files; return how many were refused. Any other error than our own comes out of here."""
    reader = READERS[name]
    refused = 0

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(mutations(reader.sample()))
    def survive(data: bytes) -> None:
        nonlocal refused
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", DataWarning)
            path = Path(folder) / f"file{reader.suffix}"
            path.write_bytes(data)
            try:
                reader.read(path)
                return
            except OnelayerError as error:
                message = str(error)
            refused += 1
            assert len(message.splitlines()) <= 2, message

    survive()
    return refused


def _address_space() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def main(examples: int, names: list[str]) -> None:
    for name in names:  # once untouched, so that what is imported on first use is not counted
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"file{READERS[name].suffix}"
            path.write_bytes(READERS[name].sample())
            READERS[name].read(path)
    limit = _address_space() + MEMORY_LIMIT
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    for name in names:
        print(name, examples, fuzz(name, examples), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:] or list(READERS))
