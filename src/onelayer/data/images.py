"""Image files and bytes to uint8 arrays, safely.

Pictures come from anywhere, so: only raster formats that Pillow decodes by itself are tried (`image_formats`), the size
is checked against `MAX_PIXELS` before anything is decoded, every failure is a `DataError` that names the picture, and
Pillow's own limits and warnings are left as the host program set them.

What a picture becomes: the first frame; turned upright as its EXIF orientation says; 16-bit grey is cut to its upper
8 bits; transparent areas are white; palettes, CMYK, YCbCr and the like become RGB; two-level pictures become grey.
"""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from onelayer.errors import DataError, printable

from .image_formats import open_image
from .untrusted import allocate

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["MAX_PIXELS", "decode_images", "read_image"]

MAX_PIXELS = 1 << 26
"""Pictures of more pixels than this (67 million, 8192 × 8192) are refused before they are decoded."""

_WORTH_A_THREAD = 16_384  # bytes of an encoded picture
_GREY_MODES = frozenset({"1", "L", "LA", "La", "I", "I;16", "I;16L", "I;16B", "I;16N"})

Source = Path | bytes
Batches = Callable[[], Iterable[Sequence[tuple[str, Source]]]]


class _ColourFoundError(Exception):
    """A colour picture among pictures that were taken for grey."""


def read_image(
    source: Source, *, channels: int | None = None, resize: tuple[int, int] | None = None, name: str | None = None
) -> NDArray[np.uint8]:
    """Decode one picture of any common format, size and mode.

    Parameters
    ----------
    source : Path or bytes
        The file, or its content.
    channels : {1, 3}, optional
        Grey or RGB; by default grey for grey pictures and RGB for all others.
    resize : (int, int), optional
        Height and width to stretch the whole picture to (bilinear, antialiased); by default its own.
    name : str, optional
        What to call it in messages; by default its path.

    Returns
    -------
    ndarray of shape (h, w, channels), uint8

    Raises
    ------
    DataError
        If it can't be read, is not a picture, or has more than `MAX_PIXELS` pixels.
    """
    with _quiet():
        return _decode(source, channels, resize, name or (str(source) if isinstance(source, Path) else "the image"))


def decode_images(batches: Batches, n: int, *, resize: tuple[int, int] | None = None) -> NDArray[np.uint8]:
    """Decode n pictures into one array, several at a time.

    All become grey if all are; otherwise all become RGB.

    Parameters
    ----------
    batches : callable
        Returns an iterable of batches, each a sequence of (name, source); called again if a colour picture turns up
        among grey ones. Together they must hold n pictures.
    n : int
        How many there are.
    resize : (int, int), optional
        Height and width for all of them; without it their sizes must agree.

    Returns
    -------
    ndarray of shape (n, h, w, c), uint8

    Raises
    ------
    DataError
        If a picture can't be decoded, sizes differ, or there are not n of them.
    """
    with _quiet():
        try:
            return _decode_all(batches, n, resize, None)
        except _ColourFoundError:
            return _decode_all(batches, n, resize, 3)


def _decode_all(batches: Batches, n: int, resize: tuple[int, int] | None, channels: int | None) -> NDArray[np.uint8]:
    out: NDArray[np.uint8] | None = None
    done = 0
    with ThreadPoolExecutor(max_workers=_threads()) as pool:
        for batch in batches():
            if out is None and batch:
                first = _decode(batch[0][1], channels, resize, batch[0][0])
                out = allocate((n, *first.shape), np.uint8, f"A set of {n:,} images like {printable(batch[0][0])}")
            if out is None or done + len(batch) > n:
                break
            _decode_batch(pool, batch, out[done : done + len(batch)], resize)
            done += len(batch)
    if out is None or done != n:
        raise DataError(f"{n:,} images were announced, and another number is there.")
    return out


def _decode_batch(
    pool: ThreadPoolExecutor,
    batch: Sequence[tuple[str, Source]],
    out: NDArray[np.uint8],
    resize: tuple[int, int] | None,
) -> None:
    def decode(start: int) -> None:
        for row in range(start, min(start + step, len(batch))):
            name, source = batch[row]
            image = _decode(source, None if out.shape[3] == 1 else 3, resize, name)
            if image.shape[2] != out.shape[3]:
                raise _ColourFoundError
            if image.shape != out.shape[1:]:
                raise DataError(
                    f"{printable(name)} is {image.shape[0]}×{image.shape[1]} pixels, others are "
                    f"{out.shape[1]}×{out.shape[2]}. Give one size to bring all to (resize, --resize H,W)."
                )
            out[row] = image

    step = 16
    # Decoders release the interpreter lock, what surrounds them does not: threads only slow small pictures down.
    spread = pool.map if _bytes_of(batch[0][1]) >= _WORTH_A_THREAD else map
    for _ in spread(decode, range(0, len(batch), step)):
        pass


def _threads() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _bytes_of(source: Source) -> int:
    try:
        return len(source) if isinstance(source, bytes) else source.stat().st_size
    except OSError:
        return 0  # decoding it will say what is wrong


@contextmanager
def _quiet() -> Iterator[None]:
    # Pillow warns of what is either harmless here (odd palettes, broken EXIF) or refused below (large pictures).
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _decode(source: Source, channels: int | None, resize: tuple[int, int] | None, name: str) -> NDArray[np.uint8]:
    from PIL import Image, UnidentifiedImageError

    try:
        with open_image(io.BytesIO(source) if isinstance(source, bytes) else source) as image:
            _check_size(image.size, name)
            image.load()
            upright = _upright(image)
            wanted = channels or (1 if upright.mode in _GREY_MODES else 3)
            plain = _plain(upright, wanted)
        if resize is not None and plain.size != (resize[1], resize[0]):
            plain = plain.resize((resize[1], resize[0]), Image.Resampling.BILINEAR)
        return np.asarray(plain).reshape(plain.height, plain.width, wanted)
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


def _upright(image: Image.Image) -> Image.Image:
    from PIL import ExifTags, ImageOps

    try:
        turned = image.getexif().get(ExifTags.Base.Orientation, 1) != 1
        return ImageOps.exif_transpose(image) if turned else image
    except Exception:  # a broken EXIF block says nothing about the orientation; the pixels are good
        return image


def _plain(image: Image.Image, channels: int) -> Image.Image:
    """Convert to mode L or RGB."""
    from PIL import Image

    if image.mode.startswith("I"):
        image = Image.fromarray((np.asarray(image).clip(0, 65535) >> 8).astype(np.uint8))
    if image.mode == "F":
        raise ValueError("pixels are floating point, and nothing says which value is white")
    if image.has_transparency_data:
        over = image.convert("RGBA")
        paper = Image.new("RGBA", over.size, "white")
        image = Image.alpha_composite(paper, over)
    mode = "L" if channels == 1 else "RGB"
    return image if image.mode == mode else image.convert(mode)
