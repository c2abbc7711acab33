from __future__ import annotations

import io
import os
import struct
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fuzzing import encoded, pixels
from PIL import Image, features

from onelayer.data.images import quiet, read_header, read_image
from onelayer.errors import DataError


def saved(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def png_claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header claims any size."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(99))) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(("mode", "channels"), [("L", 1), ("RGB", 3), ("1", 1), ("P", 3)])
def test_natural_channels(mode: str, channels: int) -> None:
    assert read_image(encoded("PNG", mode)).shape == (9, 7, channels)


@pytest.mark.parametrize(
    "form", ["PNG", "BMP", "TIFF", "PPM", "GIF", "WEBP", "JPEG2000", "ICO", "QOI", "PCX", "SGI", "DIB"]
)
def test_lossless_formats_give_the_pixels_back(form: str) -> None:
    grey = np.repeat(pixels(9, 7, 1), 3, axis=2)
    data = saved(Image.fromarray(grey), form, **({"lossless": True} if form == "WEBP" else {}))
    np.testing.assert_array_equal(read_image(data, channels=3), grey)


def test_avif_is_read() -> None:
    if not features.check("avif"):
        pytest.skip("this Pillow has no AVIF")
    smooth = np.asarray(Image.fromarray(pixels(3, 4, 3)).resize((32, 24), Image.Resampling.BICUBIC))
    read = read_image(saved(Image.fromarray(smooth), "AVIF", quality=95))
    assert np.abs(read.astype(int) - smooth).mean() < 3


def test_two_level_pictures_are_black_and_white() -> None:
    assert set(np.unique(read_image(encoded("PNG", "1")))) == {0, 255}


@pytest.mark.parametrize("dtype", ["<u2", ">u2"])
def test_sixteen_bit_grey_keeps_its_upper_byte(dtype: str) -> None:
    deep = np.array([[0, 255, 256], [32768, 65279, 65535]], dtype="u2")
    form = "PNG" if dtype == "<u2" else "TIFF"
    image = Image.frombytes("I;16" if dtype == "<u2" else "I;16B", (3, 2), deep.astype(dtype).tobytes())
    assert read_image(saved(image, form))[..., 0].tolist() == [[0, 0, 1], [128, 254, 255]]


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparent_is_white(mode: str) -> None:
    image = Image.new(mode, (2, 1), (0,) * len(mode))
    image.putpixel((1, 0), (0,) * (len(mode) - 1) + (255,))
    decoded = read_image(saved(image))
    assert decoded.shape[2] == (3 if mode == "RGBA" else 1)
    assert decoded[0, :, 0].tolist() == [255, 0]


def test_transparent_palette_entries_are_white() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.putpixel((1, 0), 1)
    assert read_image(saved(image, transparency=0))[0].tolist() == [[255, 255, 255], [40, 50, 60]]


def test_cmyk_becomes_rgb() -> None:
    red = read_image(saved(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG"))
    assert red.shape == (8, 8, 3)
    assert red[4, 4, 0] > 200 > 50 > red[4, 4, 1]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "CMYK"])
def test_channels_asked_for(mode: str, channels: int) -> None:
    data = saved(Image.new(mode, (5, 4)), "TIFF" if mode == "CMYK" else "PNG")
    assert read_image(data, channels=channels).shape == (4, 5, channels)


ORIENTED = {"PNG": {}, "JPEG": {"quality": 100, "subsampling": 0}, "TIFF": {}, "WEBP": {"lossless": True}}
TURNED: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: lambda upright: upright,
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.swapaxes(0, 1),
    6: lambda upright: np.rot90(upright),
    7: lambda upright: np.rot90(upright, 2).swapaxes(0, 1),
    8: lambda upright: np.rot90(upright, -1),
}


@pytest.mark.parametrize("form", ORIENTED)
@pytest.mark.parametrize("orientation", TURNED)
def test_exif_orientation_is_respected(form: str, orientation: int) -> None:
    upright = np.repeat(np.repeat(pixels(6, 9, 3), 8, axis=0), 8, axis=1)  # whole JPEG blocks of one colour
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = np.ascontiguousarray(TURNED[orientation](upright))
    data = saved(Image.fromarray(stored), form, exif=exif, **ORIENTED[form])
    read = read_image(data)
    assert read.shape == upright.shape
    assert np.abs(read.astype(int) - upright).max() <= (2 if form == "JPEG" else 0)
    with quiet():
        assert read_header(data, "a picture").size == upright.shape[:2]


@pytest.mark.parametrize("turned", [True, False], ids=["oriented", "no EXIF"])
def test_a_picture_in_memory_is_read_like_its_file(tmp_path: Path, turned: bool) -> None:
    exif = Image.Exif()
    if turned:
        exif[0x0112] = 6
    path = tmp_path / "a.png"
    Image.fromarray(pixels(6, 9, 3)).save(path, exif=exif)
    with Image.open(path) as image, path.open("rb") as stream:
        for source in (path.read_bytes(), image, stream):
            np.testing.assert_array_equal(read_image(source), read_image(path))


def test_resize_stretches_to_height_and_width() -> None:
    left_black = np.zeros((10, 20, 3), np.uint8)
    left_black[:, 10:] = 255
    small = read_image(saved(Image.fromarray(left_black)), resize=(4, 2))
    assert small.shape == (4, 2, 3)
    assert small[0, :, 0].tolist() == [64, 191] or small[0, 0, 0] < 80 < 175 < small[0, 1, 0]


def test_bomb_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(DataError, match=r"20000×20000 pixels|too many pixels"):
        read_image(png_claiming(20000, 20000), name="bomb.png")


@pytest.mark.parametrize("side", [8193, 9600, 12000, 20000, 2**31 - 1])
def test_bombs_of_any_size_raise_our_error_and_no_warning(side: int) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with pytest.raises(DataError, match="bomb"):
            read_image(png_claiming(side, side), name="bomb")
    assert caught == []


def test_pillow_limits_and_warning_filters_stay_as_they_are() -> None:
    before = (Image.MAX_IMAGE_PIXELS, list(warnings.filters))
    read_image(encoded("PNG"))
    assert (Image.MAX_IMAGE_PIXELS, list(warnings.filters)) == before


@pytest.mark.parametrize(
    "data", [b"", b"not an image", encoded("PNG")[:60], encoded("JPEG")[:100], b"%!PS-Adobe-3.0 EPSF-3.0\n"]
)
def test_unreadable_is_refused_by_name(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "[red]bad\x1b.png"
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"\[red\]bad\\x1b\.png can't be read as an image"):
        read_image(path)


@pytest.mark.parametrize("make", [lambda path: path.mkdir(), lambda path: None], ids=["a folder", "nothing"])
def test_what_is_no_file_is_refused(tmp_path: Path, make: Callable[[Path], object]) -> None:
    make(tmp_path / "x.png")
    with pytest.raises(DataError, match=r"x\.png"):
        read_image(tmp_path / "x.png")


@pytest.mark.skipif(os.name != "posix", reason="file names are not bytes here")
def test_file_names_that_are_no_utf8_can_be_read(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.png"))
    path.write_bytes(encoded("PNG"))
    assert read_image(path).shape == (9, 7, 3)
    path.write_bytes(b"")
    with pytest.raises(DataError) as caught:
        read_image(path)
    str(caught.value).encode("utf-8")
