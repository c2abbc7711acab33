"""Pictures (files, encoded bytes, open files, PIL images) to uint8 arrays, safely.

Pictures come from anywhere, so: only raster formats that Pillow decodes by itself are tried (`image_formats`), the size
is checked against `MAX_PIXELS` before anything is decoded, every failure is a `DataError` that names the picture, and
Pillow's own limits and warnings are left as the host program set them.

What a picture becomes: the first frame; turned upright as its EXIF orientation says; pixels of more than 8 bits as
bytes (see `deep_pixels`); transparent areas white; palettes, CMYK, YCbCr and the like RGB; two-level pictures grey. It
is decoded whole and then resized. Decoding large JPEGs at half their size (Pillow's draft mode) would take about half
of the time, and changes pixels: on the photographs of ants and bees, brought to 64×64 from at least twice that, by 1
level of 255 on average and up to 42.
"""

from __future__ import annotations

import io
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal, NamedTuple, TypeGuard

import numpy as np
from numpy.typing import NDArray

from onelayer.errors import DataError, printable

from .deep_pixels import bytes_of, is_deep, without_depth
from .image_formats import open_image
from .image_options import ImageOptions, ResizeMode
from .resizing import resized

if TYPE_CHECKING:
    from PIL import Image

__all__ = [
    "MAX_PIXELS",
    "Decoded",
    "Header",
    "Source",
    "decode",
    "is_pil_image",
    "quiet",
    "read_header",
    "read_image",
]

MAX_PIXELS = 1 << 26
"""Pictures of more pixels than this (67 million, 8192 × 8192) are refused before they are decoded."""

_GREY_MODES = frozenset({"1", "L", "LA", "La", "I", "I;16", "I;16L", "I;16B", "I;16N", "F"})
_TURNS = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}  # by EXIF orientation

Source = Path | bytes | IO[bytes] | Any
"""A file's path or content, a file open for reading, or a PIL image (which is not imported for its name's sake)."""


class Header(NamedTuple):
    """What a picture is: its upright height and width, whether it is grey, its format.

    ``is_shallow``, whether its values of more than 8 bits all fit into 8, is known only once it is decoded.
    """

    size: tuple[int, int]
    is_grey: bool
    format: str
    is_shallow: bool = False


class Decoded(NamedTuple):
    """A picture's pixels (h, w, c), uint8, and what it was before."""

    pixels: NDArray[np.uint8]
    header: Header


def read_image(
    source: Source,
    *,
    channels: Literal[1, 3] | None = None,
    resize: tuple[int, int] | None = None,
    resize_mode: ResizeMode | None = None,
    value_range: tuple[float, float] | None = None,
    name: str | None = None,
) -> NDArray[np.uint8]:
    """Decode one picture of any common format, size and mode.

    Parameters
    ----------
    source : Path, bytes, binary file or PIL.Image.Image
        The file, its content, or the picture itself.
    channels : {1, 3}, optional
        Grey or RGB; by default grey for grey pictures and RGB for all others.
    resize : (int, int), optional
        Height and width to bring it to (bilinear, antialiased); by default its own.
    resize_mode : {"stretch", "crop", "pad"}, optional
        How: see `ImageOptions`.
    value_range : (float, float), optional
        What black and white are in it; by default what its format says.
    name : str, optional
        What to call it in messages; by default its path.

    Returns
    -------
    ndarray of shape (h, w, channels), uint8

    Raises
    ------
    DataError
        If it can't be read, is not a picture, or has more than `MAX_PIXELS` pixels.
    ConfigError
        If an option is none.
    """
    options = ImageOptions(resize, resize_mode, channels, value_range)
    with quiet():
        return decode(source, options, name or (str(source) if isinstance(source, Path) else "the image")).pixels


def is_pil_image(value: object) -> TypeGuard[Image.Image]:
    """Return whether a value is a PIL image; Pillow is not loaded to find out."""
    module = sys.modules.get("PIL.Image")
    return module is not None and isinstance(value, module.Image)


@contextmanager
def quiet() -> Iterator[None]:
    """Silence Pillow: it warns of what is harmless here (odd palettes, broken EXIF) or refused (large pictures)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def read_header(source: Source, name: str) -> Header:
    """Return what is known of a picture without decoding it.

    Raises
    ------
    DataError
        If it can't be opened, or has more than `MAX_PIXELS` pixels.
    """
    with _failures_named(name), _opened(source) as image:
        _check_size(image.size, name)
        width, height = image.size
        # Of a TIFF, Pillow gives the upright size; of others that of the file.
        sideways = image.format != "TIFF" and 5 <= _orientation(image) <= 8
        return Header((width, height) if sideways else (height, width), _is_grey(image), _format(image))


def decode(source: Source, options: ImageOptions, name: str) -> Decoded:
    """Decode a picture as ``options`` say; `quiet` is the caller's.

    Raises
    ------
    DataError
        If it can't be read, is not a picture, or has more than `MAX_PIXELS` pixels.
    """
    from PIL import Image

    with _failures_named(name), _opened(source) as image:
        _check_size(image.size, name)
        is_grey, deep = _is_grey(image), is_deep(image)
        image.load()
        upright, is_shallow = (
            without_depth(image, options.value_range, lambda: _open(source)) if deep else (image, False)
        )
        if turn := _TURNS.get(_orientation(image)):
            upright = upright.transpose(Image.Transpose[turn])
        channels = options.channels or (1 if is_grey else 3)
        plain = _plain(upright, channels)
        if options.value_range is not None and not deep:
            plain = Image.fromarray(bytes_of(np.asarray(plain), options.value_range))
        size = (plain.height, plain.width)
        if options.resize is not None:
            plain = resized(plain, options.resize, options.resize_mode or "stretch")
        pixels = np.asarray(plain).reshape(plain.height, plain.width, channels)
        return Decoded(pixels, Header(size, is_grey, _format(image), is_shallow))


def _is_grey(image: Image.Image) -> bool:
    return image.mode in _GREY_MODES


def _format(image: Image.Image) -> str:
    # A camera's MPO is a JPEG with more pictures behind the first.
    return {None: "picture in memory", "MPO": "JPEG"}.get(image.format, image.format or "")


def _open(source: Source) -> Image.Image:
    if isinstance(source, bytes | bytearray | memoryview):
        source = io.BytesIO(source)
    elif not isinstance(source, Path) and not (hasattr(source, "seekable") and source.seekable()):
        source = io.BytesIO(source.read())  # a pipe or a connection: formats are tried one after another
    return open_image(source)


@contextmanager
def _opened(source: Source) -> Iterator[Image.Image]:
    if is_pil_image(source):
        yield source  # stays open: it is not ours
        return
    with _open(source) as image:
        yield image


@contextmanager
def _failures_named(name: str) -> Iterator[None]:
    from PIL import Image, UnidentifiedImageError

    try:
        yield
    except DataError:
        raise
    except Image.DecompressionBombError:
        raise DataError(f"{printable(name)} has too many pixels; the limit is {MAX_PIXELS:,}.") from None
    except Exception as error:  # hostile bytes make Pillow's decoders raise nearly every type there is
        reason = getattr(error, "strerror", None) or str(error).partition("\n")[0] or type(error).__name__
        if isinstance(error, UnidentifiedImageError):
            reason = "it has none of the formats that are read (PNG, JPEG, TIFF, WebP, AVIF and so on)"
        raise DataError(f"{printable(name)} can't be read as an image: {printable(reason)}.") from error


def _check_size(size: tuple[int, int], name: str) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise DataError(f"{printable(name)} is {height}×{width} pixels; the limit is {MAX_PIXELS:,} in all.")
    if width < 1 or height < 1:
        raise DataError(f"{printable(name)} is {height}×{width} pixels; there is nothing in it.")


def _orientation(image: Image.Image) -> int:
    from PIL import ExifTags

    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # a broken EXIF block says nothing about the orientation; the pixels are good
        return 1


def _plain(image: Image.Image, channels: int) -> Image.Image:
    """Convert to mode L or RGB."""
    from PIL import Image

    if image.has_transparency_data:
        over = image.convert("RGBA")
        paper = Image.new("RGBA", over.size, "white")
        image = Image.alpha_composite(paper, over)
    mode = "L" if channels == 1 else "RGB"
    return image if image.mode == mode else image.convert(mode)
