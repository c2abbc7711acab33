"""Where in an image which colours are: joint histograms of the channels, cell by cell."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Final

import numpy as np
from sklearn.utils import Tags

from onelayer.arrays import Array
from onelayer.errors import ConfigError, InputError
from onelayer.features.base import ImageFeatures
from onelayer.features.parameters import check_whole, is_whole

__all__ = ["ColourGrid", "colour_histograms"]

_MOST_BINS: Final = 256
_MOST_FEATURES: Final = 1 << 20
_PIXELS_AT_ONCE: Final = 1 << 16


class ColourGrid(ImageFeatures):
    """Which colours are where: the image is cut into a grid of cells, and each has a histogram of its colours.

    Parameters
    ----------
    bins : int, default=4
        Bins of each channel, of equal width over the value range; at most 256. An RGB cell has bins³ colours.
    grid : pair of int, default=(2, 2)
        Rows and columns of cells that an image is cut into.
    square_root : bool, default=True
        Take the square root of the shares.
    value_range : pair of float, optional
        What black and white are. Where it is not given, it is that of the data set that a command trains on, else that
        of bytes, 0 and 255; images of another type than uint8 then need it.
    image_shape : sequence of 2 or 3 int, optional
        Height, width and channels; needed only to take rows (n, d) instead of images.

    Notes
    -----
    1. *Bin.* A value v of a channel is in bin ⌊B (v − black) / (white − black)⌋ of B; white itself is in the last, and
       so is what is brighter; what is darker than black is in the first.
    2. *Cell.* Pixel row r of h is in cell row ⌊G r / h⌋ of G, and so for columns: every pixel is in a cell, and cells
       of one image differ in height and width by one pixel at most.
    3. *Feature.* The share of a cell's pixels whose channels are in given bins, or its square root: a large plain area
       then counts less beside small ones, and the distance between two histograms is Hellinger's.
    4. *Order.* (cell row, cell column, bin of the first channel, …, bin of the last), the last fastest.

    Features are float32.

    References
    ----------
    M. Swain and D. Ballard, Color indexing, IJCV 1991.

    Examples
    --------
    >>> black, white = np.zeros((4, 2, 1), np.uint8), np.full((4, 2, 1), 255, np.uint8)
    >>> ColourGrid(bins=2, grid=(1, 2)).fit_transform([np.hstack([black, white])])
    array([[1., 0., 0., 1.]], dtype=float32)
    """

    def __init__(
        self,
        *,
        bins: int = 4,
        grid: Sequence[int] = (2, 2),
        square_root: bool = True,
        value_range: Sequence[float] | None = None,
        image_shape: Sequence[int] | None = None,
    ) -> None:
        self.bins = bins
        self.grid = grid
        self.square_root = square_root
        self.value_range = value_range
        self.image_shape = image_shape

    def check_parameters(self) -> None:
        """Raise ConfigError if a parameter is of the wrong type or out of range."""
        check_whole("bins", self.bins, 1, _MOST_BINS)
        is_list = isinstance(self.grid, Sequence | np.ndarray)
        if not is_list or len(self.grid) != 2 or not all(is_whole(size) and size > 0 for size in self.grid):
            raise ConfigError(f"grid is {self.grid!r}; use two positive whole numbers, rows and columns")
        if not isinstance(self.square_root, bool | np.bool_):
            raise ConfigError(f"square_root is {self.square_root!r}; use True or False")
        if self.value_range is not None:
            try:
                low, high = (float(value) for value in self.value_range)
            except (TypeError, ValueError):
                low, high = np.nan, np.nan
            if not (np.isfinite(low) and np.isfinite(high) and low < high):
                raise ConfigError(f"value_range is {self.value_range!r}; give black and white, two numbers in order")

    def assume_value_range(self, value_range: tuple[float, float]) -> None:
        """Take over what black and white are, unless it was given as a parameter."""
        if self.value_range is None:
            self.value_range = value_range

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    def _check_images(self, images: Array) -> None:
        height, width, channels = images.shape[1:]
        rows, columns = map(int, self.grid)
        if height < rows or width < columns:
            raise InputError(
                f"images of {height}×{width} pixels can't be cut into {rows}×{columns} cells; use a smaller grid"
            )
        if self._count_features(height, width, channels) > _MOST_FEATURES:
            raise InputError(
                f"{self.bins} bins of each of {channels} channels in {rows}×{columns} cells are more than "
                f"{_MOST_FEATURES:,} features; use fewer bins"
            )
        if self.value_range is None and images.dtype != np.uint8:
            raise InputError(f"what is black and what is white in images of {images.dtype}? Set value_range to say so")

    def _features(self, images: Array) -> Array:
        low, high = self.value_range or (0, 255)
        return colour_histograms(
            images,
            bins=int(self.bins),
            grid=(int(self.grid[0]), int(self.grid[1])),
            square_root=bool(self.square_root),
            value_range=(float(low), float(high)),
        )

    def _count_features(self, height: int, width: int, channels: int) -> int:
        colours: int = int(self.bins) ** channels
        return int(self.grid[0]) * int(self.grid[1]) * colours

    def _feature_names(self, height: int, width: int, channels: int) -> list[str]:
        sizes = (*map(int, self.grid), *[int(self.bins)] * channels)
        return [f"cell{r}_{c}_colour{'_'.join(map(str, colour))}" for r, c, *colour in product(*map(range, sizes))]


def colour_histograms(
    images: Array,
    *,
    bins: int = 4,
    grid: tuple[int, int] = (2, 2),
    square_root: bool = True,
    value_range: tuple[float, float] = (0.0, 255.0),
) -> Array:
    """Return the colour histograms of images: the definition, plain arrays in and out.

    Parameters
    ----------
    images : array of shape (n, height, width, channels), real and finite, at least one pixel for each cell
    bins, grid, square_root, value_range
        As in :class:`ColourGrid`, where the formulas are; not checked here.

    Returns
    -------
    float32 array of shape (n, d)

    Examples
    --------
    >>> colour_histograms(np.zeros((1, 4, 4, 1), np.uint8), bins=2, grid=(1, 1))
    array([[1., 0.]], dtype=float32)
    """
    n, height, width, channels = images.shape
    cell = _cells(height, grid[0])[:, np.newaxis] * grid[1] + _cells(width, grid[1])
    pixels_of_cell = np.bincount(cell.ravel())
    colours, cells = bins**channels, grid[0] * grid[1]
    first = cell * colours
    histograms = np.empty((n, cells, colours), np.float32)
    step = max(1, _PIXELS_AT_ONCE // (height * width))
    for start in range(0, n, step):
        block = _bins(images[start : start + step], bins, value_range)
        place = first + np.arange(len(block))[:, np.newaxis, np.newaxis] * (cells * colours)
        for channel in range(channels):
            place += block[..., channel] * bins ** (channels - 1 - channel)
        counts = np.bincount(place.ravel(), minlength=len(block) * cells * colours).reshape(-1, cells, colours)
        histograms[start : start + step] = counts / pixels_of_cell[:, np.newaxis]
    if square_root:
        np.sqrt(histograms, out=histograms)
    return histograms.reshape(n, -1)


def _cells(pixels: int, cells: int) -> Array:
    """Return the cell of each pixel along one side."""
    return np.arange(pixels) * cells // pixels


def _bins(images: Array, bins: int, value_range: tuple[float, float]) -> Array:
    """Return the bin of each value; those of bytes are looked up."""
    if images.dtype == np.uint8:
        return _bins(np.arange(256.0), bins, value_range)[images]
    low, high = value_range
    scaled = np.floor((images.astype(np.float64) - low) / (high - low) * bins)
    return np.clip(scaled, 0, bins - 1).astype(np.intp)
