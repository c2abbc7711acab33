"""What is told of pictures that became arrays: what was decided, and what looks odd among them."""

from __future__ import annotations

from collections.abc import Mapping

from onelayer.errors import printable

from .image_options import ImageOptions
from .picture_survey import PictureSurvey

__all__ = ["picture_notes"]

_WORTH_A_WORD = 1.1  # by how much proportions must change
_FEW = 3
_MANY = 100


def picture_notes(pictures: Mapping[str, PictureSurvey], settled: ImageOptions, asked: ImageOptions) -> tuple[str, ...]:
    """Return sentences on pictures that became what ``settled`` says, where less was ``asked``.

    Parameters
    ----------
    pictures : mapping of str to PictureSurvey
        By part, as they were found.
    settled, asked : ImageOptions
    """
    notes = [_of_size(pictures, settled, asked), _of_colour(pictures, settled, asked), _of_depth(pictures)]
    return (*(note for note in notes if note), *_of_formats(pictures))


def _of_size(pictures: Mapping[str, PictureSurvey], settled: ImageOptions, asked: ImageOptions) -> str | None:
    found = [one for one in pictures.values() if one.n]
    if settled.resize is None or all(one.is_of_one_size and one.median == settled.resize for one in found):
        return None
    height, width = settled.resize
    if asked.resize is not None:
        ratios = [(width / height) / ratio for one in found for ratio in one.proportions or ()]
        change = max(max(ratio, 1 / ratio) for ratio in ratios)
        if settled.resize_mode != "stretch" or asked.resize_mode is not None or change < _WORTH_A_WORD:
            return None
        return (
            f"images are stretched to {height}×{width}, some by a factor of {change:.1f}; --resize-mode crop or pad "
            "keeps their proportions"
        )
    ends = [picture for one in found for picture in (one.smallest, one.largest) if picture]
    least, largest = (pick(ends, key=lambda one: one[1][0] * one[1][1])[1] for pick in (min, max))
    sizes = " to ".join(f"{h}×{w}" for h, w in dict.fromkeys((least, largest)))
    way = {
        "stretch": "stretched",
        "crop": "scaled in proportion, and what stands out at the ends of the longer side is cut off",
        "pad": "scaled in proportion, with black bars along the longer side",
    }[settled.resize_mode or "stretch"]
    return (
        f"images of {sizes} pixels (height×width) are brought to {height}×{width}: {way}. Another size: --resize H,W; "
        "another way: --resize-mode stretch, crop or pad"
    )


def _of_colour(pictures: Mapping[str, PictureSurvey], settled: ImageOptions, asked: ImageOptions) -> str | None:
    coloured = {name: one.n - one.n_grey for name, one in pictures.items() if one.n > one.n_grey}
    if settled.channels != 1 or asked.channels is not None or not coloured:
        return None
    counts = ", ".join(f"{n:,} of the {name} part" for name, n in coloured.items())
    return f"colour images become grey ({counts}), because all training images are grey"


def _of_depth(pictures: Mapping[str, PictureSurvey]) -> str | None:
    n = sum(one.n_shallow for one in pictures.values())
    if not n:
        return None
    return (
        f"{n:,} image{'s have' if n > 1 else ' has'} 16 bits a pixel and no value over 255: read as images of 8 bits. "
        "--value-range 0,65535 takes the values as they are"
    )


def _of_formats(pictures: Mapping[str, PictureSurvey]) -> list[str]:
    """Return a sentence on each format that hardly occurs: such a file often is not what the others are."""
    counts: dict[str, int] = {}
    examples: dict[str, str] = {}
    for one in pictures.values():
        for name, n in one.formats.items():
            counts[name] = counts.get(name, 0) + n
            examples.setdefault(name, one.examples[name])
    total = sum(counts.values())
    rare = {name: n for name, n in counts.items() if n <= _FEW and total >= _MANY}
    return [
        f"{printable(examples[name])} is {'the only' if n == 1 else f'one of {n}'} {name} among {total:,} images: it "
        "is used like the others; look whether it belongs there"
        for name, n in rare.items()
    ]
