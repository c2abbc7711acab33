"""The pictures of a set, part by part, to arrays of one size.

What all pictures become is settled on the training part alone, as everything is that is learned, and holds for the
others as it will for pictures that the model is shown later. Decoding takes the memory of the result and of one
picture a thread.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onelayer.errors import DataError, printable

from .image_options import ImageOptions
from .images import Header, Source, decode, quiet, read_header
from .picture_notes import picture_notes
from .picture_survey import PictureSurvey, Surveying
from .resizing import common_side
from .untrusted import MAX_ARRAY_BYTES, allocate

__all__ = ["DecodedParts", "Pictures", "UnreadableImagesError", "decode_parts"]

_WORTH_A_THREAD = 16_384  # bytes of an encoded picture
_STEP = 16  # pictures that a thread decodes before it asks for more

Batch = Sequence[tuple[str, Source]]


class Pictures(NamedTuple):
    """Pictures read as they are decoded: how many, and what gives batches of (name, source), anew each time."""

    n: int
    batches: Callable[[], Iterable[Batch]]


@dataclass(frozen=True)
class DecodedParts:
    """Pictures as arrays, and how they became such.

    Parameters
    ----------
    arrays : dict of str to ndarray of shape (n, h, w, c), uint8
        For each part.
    preparation : ImageOptions
        What makes such an image of any picture: size, how it is brought to it, channels, range of values.
    pictures : dict of str to PictureSurvey
        What the pictures of each part were before.
    notes : tuple of str
        What was decided, in sentences.
    """

    arrays: dict[str, NDArray[np.uint8]]
    preparation: ImageOptions
    pictures: dict[str, PictureSurvey]
    notes: tuple[str, ...]


class UnreadableImagesError(DataError):
    """Pictures that can't be read; ``reasons`` says for each what is wrong, ``pictures`` what the others are."""

    def __init__(self, reasons: Sequence[str], pictures: Mapping[str, PictureSurvey]) -> None:
        self.reasons = tuple(reasons)
        self.pictures = dict(pictures)
        n = sum(one.n for one in pictures.values())
        count = f"{len(reasons):,} of {n + len(reasons):,} images can't be read (data show lists them). The first: "
        super().__init__((count if len(reasons) > 1 else "") + reasons[0])


class _SizesDifferError(Exception):
    """Pictures of different sizes, or too large together, where no size was asked for."""


class _ColourFoundError(Exception):
    """A colour picture among pictures that were taken for grey."""


def decode_parts(parts: Mapping[str, Pictures], options: ImageOptions) -> DecodedParts:
    """Decode the pictures of every part into arrays of one shape, several pictures at a time.

    - *Size*: the one that is asked for; else the training pictures' own if they all have the same and fit into memory;
      else a square of the median of their shorter sides, at most ``options.side``, to which they are cropped.
    - *Channels*: those asked for; else grey if all training pictures are grey, and RGB if not.

    Parameters
    ----------
    parts : mapping of str to Pictures
        ``"train"`` or ``"all"`` decide what all become; where neither is there, the first does.
    options : ImageOptions
        What is asked for.

    Raises
    ------
    UnreadableImagesError
        If pictures can't be decoded; all of the part are tried.
    DataError
        If there are not as many as announced, or they need more memory than there may be.
    """
    deciding = next(part for part in ("train", "all", *parts) if part in parts)
    with quiet(), ThreadPoolExecutor(max_workers=_threads()) as pool:
        settled, first = _settled(pool, parts[deciding], options)
        decoded = {
            part: first if part == deciding else _decode_part(pool, pictures, settled)
            for part, pictures in parts.items()
        }
    return _finished(decoded, settled, options)


class _Part(NamedTuple):
    """Images of one part, what they were before, and what is wrong with those that can't be read."""

    images: NDArray[np.uint8]
    found: PictureSurvey
    unreadable: list[str]


def _settled(pool: ThreadPoolExecutor, pictures: Pictures, asked: ImageOptions) -> tuple[ImageOptions, _Part]:
    """Decode the part that decides, and return with it what all pictures are to become."""
    wanted = asked
    while True:
        try:
            part = _decode_part(pool, pictures, wanted)
        except _SizesDifferError:
            wanted = _of_common_size(pool, pictures, asked)
        except _ColourFoundError:
            wanted = replace(wanted, channels=3)
        else:
            height, width, channels = part.images.shape[1:]
            mode = wanted.resize_mode or ("stretch" if asked.resize else "crop")
            grey_or_rgb: Literal[1, 3] = 1 if channels == 1 else 3
            return replace(wanted, resize=(height, width), resize_mode=mode, channels=grey_or_rgb), part


def _of_common_size(pool: ThreadPoolExecutor, pictures: Pictures, asked: ImageOptions) -> ImageOptions:
    """Return what is asked for with a size, chosen by the headers of all pictures that have one."""
    headers = [one for batch in pictures.batches() for one in pool.map(_header_if_any, batch) if one is not None]
    side = common_side([one.size for one in headers], asked.side)
    channels = asked.channels or (1 if all(one.is_grey for one in headers) else 3)
    return replace(asked, resize=(side, side), resize_mode=asked.resize_mode or "crop", channels=channels)


def _header_if_any(picture: tuple[str, Source]) -> Header | None:
    try:
        return read_header(picture[1], picture[0])
    except DataError:
        return None  # decoding it will say what is wrong


def _decode_part(pool: ThreadPoolExecutor, pictures: Pictures, options: ImageOptions) -> _Part:
    images: NDArray[np.uint8] | None = None
    surveying, unreadable, done = Surveying(), list[str](), 0
    for batch in pictures.batches():
        if done + len(batch) > pictures.n:
            break
        images = _space(batch, pictures.n, options) if images is None else images
        rows = None if images is None else images[done : done + len(batch)]
        for (name, _), outcome in zip(batch, _decode_batch(pool, batch, rows, options), strict=True):
            if isinstance(outcome, Header):
                surveying.add(name, outcome)
            else:
                unreadable.append(str(outcome))
        done += len(batch)
    if done != pictures.n:
        raise DataError(f"{pictures.n:,} images were announced, and another number is there.")
    if images is None:
        raise UnreadableImagesError(unreadable, {})
    return _Part(images, surveying.finish(), unreadable)


def _space(batch: Batch, n: int, options: ImageOptions) -> NDArray[np.uint8] | None:
    """Return memory for n images like the first of a batch that can be read; None if none can."""
    for name, source in batch:
        try:
            shape = (n, *decode(source, options, name).pixels.shape)
        except DataError:
            continue
        if options.resize is None and math.prod(shape) > MAX_ARRAY_BYTES:
            raise _SizesDifferError
        return allocate(shape, np.uint8, f"A set of {n:,} images like {printable(name)}")
    return None


def _decode_batch(
    pool: ThreadPoolExecutor, batch: Batch, rows: NDArray[np.uint8] | None, options: ImageOptions
) -> Iterator[Header | DataError]:
    """Decode a batch into its rows; yield what each picture was, or why it can't be read."""
    channels = options.channels or (3 if rows is not None and rows.shape[3] == 3 else None)
    options = replace(options, channels=channels)

    def decode_some(start: int) -> list[Header | DataError]:
        outcomes: list[Header | DataError] = []
        for row in range(start, min(start + _STEP, len(batch))):
            name, source = batch[row]
            try:
                pixels, header = decode(source, options, name)
            except DataError as error:
                outcomes.append(error)
                continue
            if rows is not None:
                if pixels.shape[2] != rows.shape[3]:
                    raise _ColourFoundError
                if pixels.shape != rows.shape[1:]:
                    raise _SizesDifferError
                rows[row] = pixels
            outcomes.append(header)
        return outcomes

    # Decoders release the interpreter lock, what surrounds them does not: threads only slow small pictures down.
    spread = pool.map if _bytes_of(batch[0][1]) >= _WORTH_A_THREAD else map
    for outcomes in spread(decode_some, range(0, len(batch), _STEP)):
        yield from outcomes


def _threads() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _bytes_of(source: Source) -> int:
    try:
        return source.stat().st_size if isinstance(source, Path) else len(source) if isinstance(source, bytes) else 0
    except OSError:
        return 0  # decoding it will say what is wrong


def _finished(parts: dict[str, _Part], settled: ImageOptions, asked: ImageOptions) -> DecodedParts:
    """Return the parts, with notes; refuse them if pictures could not be read."""
    surveys = {name: part.found for name, part in parts.items()}
    if unreadable := [reason for part in parts.values() for reason in part.unreadable]:
        raise UnreadableImagesError(unreadable, surveys)
    all_of_that_size = all(one.is_of_one_size and one.median == settled.resize for one in surveys.values())
    if all_of_that_size and asked.resize_mode is None:
        # Nothing was resized: other pictures are brought to this size as they always were.
        settled = replace(settled, resize_mode="stretch")
    arrays = {name: part.images for name, part in parts.items()}
    return DecodedParts(arrays, settled, surveys, picture_notes(surveys, settled, asked))
