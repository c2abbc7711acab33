"""Pictures of more than 8 bits: which values are black and white."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from onelayer.data import load_dataset
from onelayer.data.images import read_image
from onelayer.errors import DataError

LEVELS = np.arange(60, dtype=np.uint16).reshape(6, 10) * 4  # 0 to 236: they fit into a byte
COLOUR_TYPES = {1: 0, 3: 2, 4: 6}


def png16(values: np.ndarray) -> bytes:
    """A PNG of 16 bits a channel, as the specification has it: Pillow writes no such colours."""
    height, width, channels = values.shape

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 16, COLOUR_TYPES[channels], 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def saved(values: np.ndarray, form: str) -> bytes:
    out = io.BytesIO()
    Image.fromarray(values).save(out, form)
    return out.getvalue()


FILES_OF_BYTES = {
    "grey PNG": png16(LEVELS[..., None]),
    "RGB PNG": png16(np.repeat(LEVELS[..., None], 3, axis=2)),
    "RGBA PNG": png16(np.dstack([LEVELS, LEVELS, LEVELS, np.full_like(LEVELS, 255)])),
    "grey TIFF": saved(LEVELS, "TIFF"),
    "32-bit TIFF": saved(LEVELS.astype(np.int32), "TIFF"),
    "16-bit PGM": b"P5 10 6 65535\n" + LEVELS.astype(">u2").tobytes(),
}


@pytest.mark.parametrize("data", FILES_OF_BYTES.values(), ids=FILES_OF_BYTES)
def test_values_that_fit_into_a_byte_are_bytes(data: bytes) -> None:
    np.testing.assert_array_equal(read_image(data, channels=1)[..., 0], LEVELS)


@pytest.mark.parametrize("channels", [1, 3])
def test_of_16_bits_the_upper_8_are_kept(channels: int) -> None:
    values = (np.arange(60 * channels, dtype=np.uint16) * 364).reshape(6, 10, channels)
    np.testing.assert_array_equal(read_image(png16(values)), values >> 8)


@pytest.mark.parametrize(("form", "channels"), [("PNG", 1), ("PNG", 3), ("TIFF", 1)])
def test_a_range_that_is_asked_for_is_stretched_to_bytes(form: str, channels: int) -> None:
    twelve_bits = np.linspace(0, 4095, 60 * channels).astype(np.uint16).reshape(6, 10, channels)
    data = png16(twelve_bits) if form == "PNG" else saved(twelve_bits[..., 0], form)
    expected = np.floor(twelve_bits / 4095 * 255 + 0.5).astype(np.uint8)
    np.testing.assert_array_equal(read_image(data, value_range=(0, 4095)), expected)


def test_a_range_that_is_asked_for_holds_for_8_bits_too() -> None:
    four_bits = np.arange(16, dtype=np.uint8).reshape(4, 4)
    read = read_image(saved(four_bits, "PNG"), value_range=(0, 15))
    assert read[..., 0].tolist() == (four_bits * 17).tolist()


def test_values_beyond_the_range_are_cut_off() -> None:
    read = read_image(saved(np.array([[0, 10, 20, 30]], np.uint8), "PNG"), value_range=(10, 20))
    assert read[0, :, 0].tolist() == [0, 0, 255, 255]


def test_floating_point_from_0_to_1_is_black_to_white() -> None:
    values = np.linspace(0, 1, 60, dtype=np.float32).reshape(6, 10)
    np.testing.assert_array_equal(read_image(saved(values, "TIFF"))[..., 0], np.floor(values * 255.0 + 0.5))


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (np.full((4, 4), 7.5, np.float32), "floating point from 7.5 to 7.5"),
        (np.full((4, 4), np.nan, np.float32), "floating point from nan to nan"),
        (np.full((4, 4), 70_000, np.int32), "from 70000 to 70000"),
        (np.full((4, 4), -1, np.int32), "from -1 to -1"),
    ],
)
def test_without_a_range_other_values_are_refused(values: np.ndarray, found: str) -> None:
    with pytest.raises(DataError, match=f"pixels are {found}, and nothing says which .* --value-range LOW,HIGH"):
        read_image(saved(values, "TIFF"))
    assert read_image(saved(values, "TIFF"), value_range=(-1, 100_000)).shape == (4, 4, 1)


def test_a_set_with_bytes_in_16_bits_says_so_and_is_not_black(tmp_path: Path) -> None:
    for name, level in (("dark", 40), ("bright", 200)):
        (tmp_path / name).mkdir()
        for i in range(5):
            (tmp_path / name / f"{i}.png").write_bytes(png16(np.full((4, 4, 1), level + i)))
    with pytest.warns(UserWarning, match="10 images have 16 bits a pixel and no value over 255: read as images of 8"):
        splits = load_dataset(tmp_path)
    assert {int(v) for part in splits for v in part.X.ravel()} <= {*range(40, 45), *range(200, 205)}
    train = load_dataset(tmp_path, value_range=(0, 65535)).train
    assert train.X.max() == 1
    assert not train.provenance.notes
