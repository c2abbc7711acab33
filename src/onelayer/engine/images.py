"""Features of images."""

from __future__ import annotations

import numpy as np

from onelayer.arrays import Array
from onelayer.engine import arguments
from onelayer.engine.library import native
from onelayer.errors import ConfigError, InputError, InputTypeError

__all__ = ["hog"]


def hog(
    images: Array,
    *,
    orientations: int = 9,
    pixels_per_cell: tuple[int, int] = (8, 8),
    cells_per_block: tuple[int, int] = (3, 3),
    block_norm: str = "L2-Hys",
    transform_sqrt: bool = False,
    channel: str = "mean",
    n_threads: int = 1,
) -> Array:
    """Return the HOG features of images, equal to :func:`onelayer.features.hog.hog_features` within 1e-5.

    Parameters
    ----------
    images : (n, height, width, channels) C-contiguous array, uint8, float32 or float64
        At least one block large; not negative with ``transform_sqrt``.
    orientations, pixels_per_cell, cells_per_block, block_norm, transform_sqrt, channel
        As for :class:`onelayer.features.hog.HOG`.

    Returns
    -------
    (n, d) float32, for float64 images float64

    Raises
    ------
    ConfigError, InputError, InputTypeError

    Examples
    --------
    >>> from onelayer import engine
    >>> if engine.available():
    ...     assert hog(np.zeros((2, 32, 32, 3), np.uint8)).shape == (2, 324)
    """
    module, isa = native()
    if not isinstance(images, np.ndarray) or images.dtype not in (np.uint8, np.float32, np.float64):
        raise InputTypeError("images must be an array of uint8, float32 or float64")
    if images.ndim != 4 or not images.shape[-1]:
        raise InputError(f"images must have shape (n, height, width, channels), not {images.shape}")
    norms = module.block_norms()
    if block_norm not in norms or channel not in ("mean", "strongest"):
        raise ConfigError(f"block_norm={block_norm!r}, channel={channel!r}: use {', '.join(norms)}; mean or strongest")
    sizes = (orientations, *pixels_per_cell, *cells_per_block)
    if len(sizes) != 5 or min(sizes) < 1 or orientations > 180:
        raise ConfigError(
            f"orientations, pixels per cell, cells per block are {sizes}; use whole numbers, 180 orientations at most"
        )
    blocks = [images.shape[1 + i] // pixels_per_cell[i] - cells_per_block[i] + 1 for i in range(2)]
    if min(blocks) < 1:
        raise InputError(f"images of {images.shape[1]}×{images.shape[2]} pixels are smaller than one block")
    dtype = np.result_type(images.dtype, np.float32)
    d = blocks[0] * blocks[1] * cells_per_block[0] * cells_per_block[1] * orientations
    features = np.empty((len(images), d), dtype)
    if len(images):
        module.hog(
            engine=isa,
            images=arguments.array("images", images, images.dtype, images.shape),
            # Rounding makes cot exactly 1, 0 and −1 at 45°, 90° and 135°, the only edges that an integer gradient can
            # lie on.
            cotangents=np.round(1 / np.tan(np.pi * np.arange(1, orientations) / orientations), 15).astype(dtype),
            cell=tuple(map(int, pixels_per_cell)),
            block=tuple(map(int, cells_per_block)),
            norm=block_norm,
            square_root=bool(transform_sqrt),
            strongest=channel == "strongest",
            features=features,
            threads=arguments.check_threads(n_threads),
        )
    return features
