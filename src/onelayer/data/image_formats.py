"""Which pictures are read: every format that Pillow decodes by itself, told by its content and not by its suffix.

Left out are formats that make Pillow run another program (EPS, WMF), that it can only name (GRIB, HDF5, MPEG …), and
those without a signature of their own, by which any text could pass for a picture; TGA, which has none either, counts
where the suffix says so. HEIC and JPEG XL are read where a plug-in of Pillow for them is registered.
"""

from __future__ import annotations

import warnings
from pathlib import Path, PurePath
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["IMAGE_SUFFIXES", "is_image", "open_image", "why_no_image"]

IMAGE_SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".jfif", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".avif", ".jp2"}
    | {".ppm", ".pgm", ".pbm", ".pnm"}
)
"""Suffixes of files that are taken for pictures without a look at their content."""

# Pillow knows these at once; to know the others it loads all its plug-ins.
_COMMON = ("PNG", "JPEG", "BMP", "GIF", "PPM")
_OTHERS = (
    *("TIFF", "WEBP", "AVIF", "JPEG2000", "ICO", "CUR", "ICNS", "DIB", "PCX", "DCX", "QOI", "SGI", "SUN", "DDS", "PSD"),
    *("XBM", "XPM", "MSP", "FITS", "FLI", "BLP", "HEIF", "JXL"),
)
_TGA_SUFFIXES = frozenset({".tga", ".vda", ".icb", ".vst"})
_HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"hevm", b"hevs", b"mif1", b"msf1")


def open_image(source: Path | IO[bytes]) -> Image.Image:
    """Open a picture of any of these formats; nothing of it is decoded yet.

    Raises
    ------
    PIL.UnidentifiedImageError
        If it is none.
    OSError, and whatever else damaged files make Pillow raise
    """
    from PIL import Image, UnidentifiedImageError

    try:
        return Image.open(source, formats=_COMMON)
    except UnidentifiedImageError:
        Image.init()
        has_suffix = isinstance(source, PurePath) and source.suffix.lower() in _TGA_SUFFIXES
        others = (*_OTHERS, "TGA") if has_suffix else _OTHERS
        return Image.open(source, formats=[name for name in others if name in Image.OPEN])


def is_image(path: Path) -> bool:
    """Return whether a regular file is a picture by its content; it may be damaged all the same."""
    return not why_no_image(path)


def why_no_image(path: Path) -> str:
    """Return why a file is no picture that can be read, an empty text if it is one."""
    from PIL import Image, UnidentifiedImageError

    try:
        with path.open("rb") as file:
            start = file.read(16)
        if not start:
            return "an empty file"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of very large pictures, which are refused when they are decoded
            with open_image(path):
                return ""
    except UnidentifiedImageError:
        is_heic = start[4:8] == b"ftyp" and start[8:12] in _HEIC_BRANDS
        return "HEIC, which needs the package pillow-heif: convert it to JPEG" if is_heic else "no image"
    except Image.DecompressionBombError:
        return ""  # decoding it says what is wrong
    except Exception as error:  # damaged headers make Pillow raise nearly every type there is
        return "can't be read: permission denied" if isinstance(error, PermissionError) else ""
