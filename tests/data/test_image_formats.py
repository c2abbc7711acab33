"""Pictures are told by their content: every format that Pillow decodes by itself, whatever the file is called."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from fuzzing import encoded
from PIL import Image

from onelayer.data import read_image
from onelayer.data.image_formats import IMAGE_SUFFIXES, is_image, why_no_image
from onelayer.errors import DataError

LOSSLESS = ["PNG", "BMP", "TIFF", "PPM", "JPEG2000", "ICO", "DIB", "PCX", "QOI", "SGI", "TGA", "DDS", "ICNS"]
LOSSY = ["JPEG", "WEBP", "AVIF", "GIF", "MPO"]
EXTENSIONS = {"JPEG": "jfif", "JPEG2000": "jp2", "TIFF": "tif", "PPM": "pgm"}


def picture(form: str) -> Image.Image:
    size = 1024 if form == "ICNS" else 16  # Pillow writes icons of all sizes up to this
    levels = np.add.outer(np.arange(size), np.arange(size)).astype(np.uint8) * 3
    image = Image.fromarray(levels)
    return image.convert("RGB") if form in ("ICO", "ICNS", "QOI", "AVIF", "MPO") else image


def content(form: str) -> bytes:
    out = io.BytesIO()
    picture(form).save(out, form)
    return out.getvalue()


@pytest.mark.parametrize("form", LOSSLESS + LOSSY)
def test_every_format_is_read_with_its_pixels(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"picture.{EXTENSIONS.get(form, form.lower())}"
    path.write_bytes(content(form))
    wanted = np.asarray(picture(form).convert("L")).astype(int)
    assert np.abs(read_image(path, channels=1)[:, :, 0] - wanted).max() <= (0 if form in LOSSLESS else 12)
    assert is_image(path)


@pytest.mark.parametrize("form", [form for form in LOSSLESS + LOSSY if form != "TGA"])
@pytest.mark.parametrize("name", ["picture", "picture.png", "picture.txt", "picture.1"])
def test_the_suffix_does_not_count(tmp_path: Path, form: str, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(content(form))
    assert is_image(path)
    np.testing.assert_array_equal(read_image(path), read_image(content(form)))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "an empty file"),
        (b"some text\n", "no image"),
        (b"Author: me\nSize: 3\n\x1a", "no image"),
        (b"P. S. more text", "no image"),
        (b"#define X 1\n", "no image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no image"),
        (b"%PDF-1.7\n", "no image"),
        (b"\0\0\0\x18ftypheic" + bytes(40), "HEIC, which needs the package pillow-heif: convert it to JPEG"),
        (b"\0\0\0\x18ftypmp42" + bytes(40), "no image"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "no image"),
        (b"GRIB" + bytes(100), "no image"),
        (b"\x00\x00\x01\xb3" + bytes(100), "no image"),
        (b"<!DOCTYPE html><html></html>", "no image"),
        (bytes(100), "no image"),
    ],
)
def test_what_is_no_image_and_why(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    assert why_no_image(path) == reason
    with pytest.raises(DataError, match="can't be read as an image"):
        read_image(path)


def test_a_damaged_image_is_one(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(encoded("PNG")[:60])
    assert is_image(path)


def test_no_program_is_run_for_a_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subprocess.Popen", pytest.fail)
    path = tmp_path / "file.eps"
    picture("EPS").save(path)
    assert not is_image(path)
    with pytest.raises(DataError, match="none of the formats"):
        read_image(path)


def test_suffixes_that_are_not_looked_at_are_those_of_common_formats() -> None:
    extensions = Image.registered_extensions()
    assert {extensions.get(suffix, "?") for suffix in IMAGE_SUFFIXES} == {
        *("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "AVIF", "JPEG2000", "PPM")
    }
