"""Histograms of oriented gradients: the definition over arrays, and the transformer around it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Tags

from onelayer import engine
from onelayer.errors import ConfigError, InputError, did_you_mean, printable
from onelayer.features.base import ImageFeatures
from onelayer.features.parameters import check_whole, is_whole
from onelayer.threads import usable_threads

__all__ = ["HOG", "BlockNorm", "Channel", "hog_features"]

BlockNorm = Literal["L1", "L1-sqrt", "L2", "L2-Hys"]
Channel = Literal["mean", "strongest"]

_MOST_ORIENTATIONS = 180  # bins of one degree; bin numbers fit one byte
_EPSILON = 1e-5  # keeps the norm of a block without gradients above zero
_CLIP = 0.2  # of L2-Hys
_PIXELS_AT_ONCE = 1 << 16  # about 3 MB of temporaries, which stay in cache


class HOG(ImageFeatures):
    r"""Histograms of oriented gradients (Dalal and Triggs, 2005), as scikit-image defines them.

    Parameters
    ----------
    orientations : int, default=9
        Number K of orientation bins over [0°, 180°); at most 180.
    pixels_per_cell : pair of int, default=(8, 8)
        Height and width of a cell.
    cells_per_block : pair of int, default=(3, 3)
        Height and width of a block, in cells.
    block_norm : {"L2-Hys", "L2", "L1", "L1-sqrt"}, default="L2-Hys"
        How a block is normalised.
    transform_sqrt : bool, default=False
        Take the square root of the pixels first (gamma compression); they must not be negative.
    channel : {"mean", "strongest"}, default="mean"
        What stands for a colour image: the mean of its channels, or at every pixel the gradient of the channel where it
        is largest (the first of them on a tie), as scikit-image does with ``channel_axis``.
    image_shape : sequence of 2 or 3 int, optional
        Height, width and channels; needed only to take rows (n, d) instead of images.

    Notes
    -----
    1. *Gradient.* :math:`g_r = I(r+1, c) - I(r-1, c)` and :math:`g_c = I(r, c+1) - I(r, c-1)`, without the factor ½;
       :math:`g_r = 0` in the first and last row, :math:`g_c = 0` in the first and last column.
    2. *Vote.* The magnitude :math:`\sqrt{g_r^2 + g_c^2}` goes whole to bin :math:`\lfloor K\theta/180° \rfloor` of its
       orientation :math:`\theta = \mathrm{atan2}(g_r, g_c) \bmod 180°`.
    3. *Cell.* The votes of a cell's pixels, divided by their number. Rows and columns beyond the last whole cell do not
       vote, but serve as neighbours.
    4. *Block.* Every window of ``cells_per_block`` cells, one cell apart, is a vector v, normalised to, with ε = 10⁻⁵,
       ``L1``: v / (‖v‖₁ + ε); ``L1-sqrt``: the square root of that; ``L2``: v / √(‖v‖₂² + ε²); ``L2-Hys``: L2, entries
       cut at 0.2, and L2 again.
    5. *Order.* (block row, block column, cell row, cell column, orientation), the last fastest.

    The paper differs: 2×2 cells a block by default, votes shared between neighbouring bins and cells, and a Gaussian
    window over the block. Features are float32 for images of uint8, float32 and other types of up to 16 bits, else
    float64.

    References
    ----------
    N. Dalal and B. Triggs, Histograms of oriented gradients for human detection, CVPR 2005.
    scikit-image, ``skimage.feature.hog``.

    Examples
    --------
    >>> import numpy as np
    >>> images = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)
    >>> HOG().fit_transform(images).shape
    (5, 324)
    """

    def __init__(
        self,
        *,
        orientations: int = 9,
        pixels_per_cell: Sequence[int] = (8, 8),
        cells_per_block: Sequence[int] = (3, 3),
        block_norm: BlockNorm = "L2-Hys",
        transform_sqrt: bool = False,
        channel: Channel = "mean",
        image_shape: Sequence[int] | None = None,
    ) -> None:
        self.orientations = orientations
        self.pixels_per_cell = pixels_per_cell
        self.cells_per_block = cells_per_block
        self.block_norm = block_norm
        self.transform_sqrt = transform_sqrt
        self.channel = channel
        self.image_shape = image_shape

    def check_parameters(self) -> None:
        """Raise ConfigError if a parameter is of the wrong type or out of range."""
        check_whole("orientations", self.orientations, 1, _MOST_ORIENTATIONS)
        for name in ("pixels_per_cell", "cells_per_block"):
            pair = getattr(self, name)
            is_list = isinstance(pair, Sequence | np.ndarray)
            if not is_list or len(pair) != 2 or not all(is_whole(size) and size > 0 for size in pair):
                raise ConfigError(f"{name} is {pair!r}; use two positive whole numbers, height and width")
        if not isinstance(self.transform_sqrt, bool | np.bool_):
            raise ConfigError(f"transform_sqrt is {self.transform_sqrt!r}; use True or False")
        for name, known in (("block_norm", get_args(BlockNorm)), ("channel", get_args(Channel))):
            value = getattr(self, name)
            if value not in known:
                hint = did_you_mean(str(value), known)
                raise ConfigError(f"{name} is {printable(repr(value))}; use one of {', '.join(known)}{hint}")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _check_images(self, images: NDArray[Any]) -> None:
        size = images.shape[1:3]
        cell, block = _pair(self.pixels_per_cell), _pair(self.cells_per_block)
        least = cell[0] * block[0], cell[1] * block[1]
        if size[0] < least[0] or size[1] < least[1]:
            raise InputError(
                f"images of {size[0]}×{size[1]} pixels are smaller than one block of {least[0]}×{least[1]}; "
                "use larger images, or smaller pixels_per_cell or cells_per_block"
            )
        if self.transform_sqrt and images.dtype.kind != "u" and images.min() < 0:
            raise InputError("images have negative pixels, which have no square root; set transform_sqrt=False")

    def _features(self, images: NDArray[Any]) -> NDArray[Any]:
        parameters: dict[str, Any] = {
            "orientations": int(self.orientations),
            "pixels_per_cell": _pair(self.pixels_per_cell),
            "cells_per_block": _pair(self.cells_per_block),
            "block_norm": self.block_norm,
            "transform_sqrt": self.transform_sqrt,
            "channel": self.channel,
        }
        if engine.available() and images.dtype in (np.uint8, np.float32, np.float64) and self.orientations <= 180:
            return engine.hog(np.ascontiguousarray(images), **parameters, n_threads=usable_threads(None))
        return hog_features(images, **parameters)

    def _count_features(self, height: int, width: int, channels: int) -> int:
        return math.prod(self._sizes(height, width))

    def _feature_names(self, height: int, width: int, channels: int) -> list[str]:
        places = product(*map(range, self._sizes(height, width)))
        return [f"block{r}_{c}_cell{i}_{j}_orientation{k}" for r, c, i, j, k in places]

    def _sizes(self, height: int, width: int) -> tuple[int, ...]:
        """Return the numbers of blocks, cells and orientations that features are laid out in."""
        block = _pair(self.cells_per_block)
        return (*_block_grid(height, width, _pair(self.pixels_per_cell), block), *block, int(self.orientations))


def hog_features(
    images: NDArray[Any],
    *,
    orientations: int = 9,
    pixels_per_cell: tuple[int, int] = (8, 8),
    cells_per_block: tuple[int, int] = (3, 3),
    block_norm: BlockNorm = "L2-Hys",
    transform_sqrt: bool = False,
    channel: Channel = "mean",
) -> NDArray[Any]:
    """Return the HOG features of images: the definition, plain arrays in and out.

    Parameters
    ----------
    images : array of shape (n, height, width, channels), real, finite, at least one block large
    orientations, pixels_per_cell, cells_per_block, block_norm, transform_sqrt, channel
        As in :class:`HOG`, where the formulas are; not checked here.

    Returns
    -------
    array of shape (n, d), float32 for images of uint8, float32 and other types of up to 16 bits, else float64
        Everything but the votes' sums is computed in this type.

    Examples
    --------
    >>> import numpy as np
    >>> ramp = np.tile(np.arange(24.0), (1, 24, 1))[..., np.newaxis]
    >>> hog_features(ramp, orientations=2).round(2)[0, :4]
    array([0.33, 0.  , 0.33, 0.  ])
    """
    n, height, width, channels = images.shape
    dtype = np.result_type(images.dtype, np.float32)
    # "mean" takes gradients of the channels' sum, which for integer pixels are exact, and divides at the end.
    divisor = channels if channel == "mean" else 1
    pixels_of_vote = math.prod(pixels_per_cell) * float(np.sqrt(divisor) if transform_sqrt else divisor)
    step = min(n, max(1, _PIXELS_AT_ONCE // (height * width)))
    first_bins = _first_bins(step, height, width, pixels_per_cell, orientations)
    cell_grid = (height // pixels_per_cell[0], width // pixels_per_cell[1], orientations)
    block_grid = _block_grid(height, width, pixels_per_cell, cells_per_block)
    features = np.empty((n, math.prod((*block_grid, *cells_per_block, orientations))), dtype)
    for start in range(0, n, step):
        row, column = _gradients(images[start : start + step], dtype, transform_sqrt, channel)
        votes = _votes(row, column, first_bins, orientations)
        cells = (votes / pixels_of_vote).astype(dtype).reshape(-1, *cell_grid)
        features[start : start + step] = _normalised_blocks(cells, cells_per_block, block_norm)
    return features


def _pair(sizes: Sequence[int]) -> tuple[int, int]:
    """Return height and width as Python's numbers: those of NumPy that are small would overflow in products."""
    return int(sizes[0]), int(sizes[1])


def _block_grid(
    height: int, width: int, pixels_per_cell: tuple[int, int], cells_per_block: tuple[int, int]
) -> tuple[int, int]:
    """Return how many rows and columns of blocks an image has."""
    rows = height // pixels_per_cell[0] - cells_per_block[0] + 1
    columns = width // pixels_per_cell[1] - cells_per_block[1] + 1
    return rows, columns


def _gradients(
    images: NDArray[Any], dtype: np.dtype[Any], transform_sqrt: bool, channel: Channel
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the gradients along rows and columns, each (n, height, width), of what ``channel`` says."""
    planes = np.moveaxis(images.astype(dtype, copy=False), -1, 0)
    if channel == "mean":
        planes = sum(planes[1:], planes[0])[np.newaxis]
    row, column = _central_differences(planes[0], transform_sqrt)
    if len(planes) == 1:
        return row, column
    strongest = _energy(row, column)
    for plane in planes[1:]:
        other_row, other_column = _central_differences(plane, transform_sqrt)
        energy = _energy(other_row, other_column)
        larger = energy > strongest
        # Multiplying by 0 and 1 is exact, and several times faster than selecting by a random mask.
        for kept, other in ((row, other_row), (column, other_column), (strongest, energy)):
            kept *= ~larger
            kept += np.multiply(other, larger, out=other)
    return row, column


def _central_differences(plane: NDArray[Any], transform_sqrt: bool) -> tuple[NDArray[Any], NDArray[Any]]:
    pixels = (np.sqrt(plane) if transform_sqrt else plane).ravel()
    row, column = np.empty(plane.shape, plane.dtype), np.empty(plane.shape, plane.dtype)
    # Over all images as one line, one long subtraction each; what reaches across a border is then set to 0.
    width = plane.shape[2]
    np.subtract(pixels[2 * width :], pixels[: -2 * width], out=row.reshape(-1)[width:-width])
    np.subtract(pixels[2:], pixels[:-2], out=column.reshape(-1)[1:-1])
    row[:, [0, -1]] = 0
    column[:, :, [0, -1]] = 0
    return row, column


def _energy(row: NDArray[Any], column: NDArray[Any]) -> NDArray[Any]:
    energy: NDArray[Any] = row * row
    energy += column * column
    return energy


def _first_bins(
    n: int, height: int, width: int, pixels_per_cell: tuple[int, int], orientations: int
) -> NDArray[np.intp]:
    """Return the number of the first bin of each pixel's cell, counted over n images; only pixels of whole cells."""
    cell_rows, cell_columns = height // pixels_per_cell[0], width // pixels_per_cell[1]
    image = np.arange(n)[:, np.newaxis, np.newaxis]
    row = np.arange(cell_rows * pixels_per_cell[0])[:, np.newaxis] // pixels_per_cell[0]
    column = np.arange(cell_columns * pixels_per_cell[1]) // pixels_per_cell[1]
    return ((image * cell_rows + row) * cell_columns + column) * orientations


def _votes(row: NDArray[Any], column: NDArray[Any], first_bins: NDArray[np.intp], orientations: int) -> NDArray[Any]:
    """Return the sums of the magnitudes in all bins, in float64: one line of (image, cell row, cell column, bin)."""
    n = len(row)
    _, height, width = first_bins.shape
    row, column = row[:, :height, :width], column[:, :height, :width]
    magnitude = _energy(row, column)
    np.sqrt(magnitude, out=magnitude)
    bins = first_bins[:n] + _orientation_bins(row, column, orientations)
    last = int(first_bins[n - 1, -1, -1]) + orientations
    return np.bincount(bins.ravel(), magnitude.ravel(), minlength=last)


def _orientation_bins(row: NDArray[Any], column: NDArray[Any], orientations: int) -> NDArray[np.uint8]:
    """Return the bin of each gradient's orientation, without computing an angle.

    The bin is the number of edges θₒ = 180°·o/K, 0 < o < K, that θ has reached. The cotangent, column / row, falls over
    (0°, 180°) and is the same for a gradient and its opposite, so θ ≥ θₒ exactly where column / row ≤ cot θₒ.
    """
    # Rounding makes cot exactly 1, 0 and −1 at 45°, 90° and 135°, the only edges that an integer gradient can lie on.
    edges = np.round(1 / np.tan(np.pi * np.arange(1, orientations) / orientations), 15).astype(row.dtype)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        cotangent = column / row
    bins = np.zeros(row.shape, np.uint8)
    reached = np.empty(row.shape, np.bool_)
    for edge in edges:
        np.less_equal(cotangent, edge, out=reached)
        bins += reached
    bins *= row != 0  # 180° is 0°
    return bins


def _normalised_blocks(cells: NDArray[Any], cells_per_block: tuple[int, int], block_norm: BlockNorm) -> NDArray[Any]:
    """Return all blocks of (n, cell rows, cell columns, orientations), each normalised, as rows (n, d)."""
    windows = np.lib.stride_tricks.sliding_window_view(cells, cells_per_block, axis=(1, 2))
    n, block_rows, block_columns = windows.shape[:3]
    blocks = windows.transpose(0, 1, 2, 4, 5, 3).copy().reshape(n * block_rows * block_columns, -1)
    if block_norm in ("L1", "L1-sqrt"):
        blocks /= blocks.sum(axis=1, keepdims=True) + blocks.dtype.type(_EPSILON)
        if block_norm == "L1-sqrt":
            np.sqrt(blocks, out=blocks)
    else:
        _divide_by_l2(blocks)
        if block_norm == "L2-Hys":
            np.minimum(blocks, blocks.dtype.type(_CLIP), out=blocks)
            _divide_by_l2(blocks)
    return blocks.reshape(n, -1)


def _divide_by_l2(blocks: NDArray[Any]) -> None:
    energy = np.einsum("ij,ij->i", blocks, blocks)
    blocks /= np.sqrt(energy + blocks.dtype.type(_EPSILON**2))[:, np.newaxis]
