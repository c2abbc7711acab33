"""What the pictures of a set were before they became arrays: sizes, grey or colour, formats."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .images import Header

__all__ = ["PictureSurvey", "Surveying"]

Named = tuple[str, tuple[int, int]]


@dataclass(frozen=True)
class PictureSurvey:
    """What n pictures were like when they were found.

    Parameters
    ----------
    n : int
    smallest, largest : (str, (int, int)) or None
        Name, height and width of the picture with the fewest and the most pixels; the first of several. None where
        n = 0.
    median : (int, int) or None
        Height and width of the one in the middle by number of pixels.
    proportions : (float, float) or None
        The least and the largest width / height.
    n_grey : int
        How many are grey; the others are in colour.
    formats : dict of str to int
        How many there are of each format, the most frequent first.
    examples : dict of str to str
        The first picture of each format.
    n_shallow : int
        Pictures of more than 8 bits a value whose values all fit into 8.
    """

    n: int = 0
    smallest: Named | None = None
    median: tuple[int, int] | None = None
    largest: Named | None = None
    proportions: tuple[float, float] | None = None
    n_grey: int = 0
    formats: dict[str, int] = field(default_factory=dict)
    examples: dict[str, str] = field(default_factory=dict)
    n_shallow: int = 0

    @property
    def is_of_one_size(self) -> bool:
        """Whether all have the same height and width."""
        return self.smallest is None or self.largest is None or self.smallest[1] == self.largest[1] == self.median

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""

        def named(one: Named | None) -> dict[str, Any] | None:
            return None if one is None else {"name": one[0], "size": list(one[1])}

        return {
            "n": self.n,
            "smallest": named(self.smallest),
            "median": None if self.median is None else list(self.median),
            "largest": named(self.largest),
            "grey": self.n_grey,
            "colour": self.n - self.n_grey,
            "formats": [
                {"format": name, "n": count, "example": self.examples[name]} for name, count in self.formats.items()
            ],
            "of_8_bits_in_more": self.n_shallow,
        }


class Surveying:
    """A survey in the making: told of one picture after another."""

    def __init__(self) -> None:
        self._sizes: list[tuple[int, int]] = []
        self._smallest: Named | None = None
        self._largest: Named | None = None
        self._n_grey = self._n_shallow = 0
        self._formats: dict[str, int] = {}
        self._examples: dict[str, str] = {}

    def add(self, name: str, header: Header) -> None:
        """Count a picture."""
        height, width = header.size
        self._sizes.append(header.size)
        if self._smallest is None or height * width < _pixels(self._smallest):
            self._smallest = (name, header.size)
        if self._largest is None or height * width > _pixels(self._largest):
            self._largest = (name, header.size)
        self._n_grey += header.is_grey
        self._n_shallow += header.is_shallow
        self._formats[header.format] = self._formats.get(header.format, 0) + 1
        self._examples.setdefault(header.format, name)

    def finish(self) -> PictureSurvey:
        """Return what was counted."""
        if not self._sizes:
            return PictureSurvey()
        sizes = np.array(self._sizes, np.int64)
        middle = np.argsort(sizes.prod(axis=1), kind="stable")[(len(sizes) - 1) // 2]
        proportions = sizes[:, 1] / sizes[:, 0]
        return PictureSurvey(
            n=len(sizes),
            smallest=self._smallest,
            median=self._sizes[int(middle)],
            largest=self._largest,
            proportions=(float(proportions.min()), float(proportions.max())),
            n_grey=self._n_grey,
            formats=dict(sorted(self._formats.items(), key=lambda one: (-one[1], one[0]))),
            examples=self._examples,
            n_shallow=self._n_shallow,
        )


def _pixels(picture: Named) -> int:
    height, width = picture[1]
    return height * width
