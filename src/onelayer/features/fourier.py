"""Random Fourier features: a linear model on them is nearly one with a Gaussian kernel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from sklearn.preprocessing import StandardScaler
from sklearn.utils import Tags

from onelayer.arrays import Array
from onelayer.errors import ConfigError
from onelayer.features.base import ImageFeatures
from onelayer.features.blocks import map_blocks, slices
from onelayer.features.composed import Composed
from onelayer.features.parameters import check_number, check_whole

__all__ = ["FourierFeatures", "projection"]

_MOST_COMPONENTS: Final = 1_000_000
_ROWS_AT_ONCE: Final = 4096


class FourierFeatures(Composed):
    r"""Random Fourier features (Rahimi and Recht, 2007): waves of random directions through other features.

    Parameters
    ----------
    features : ImageFeatures
        What they are made of; ``fit`` fits it.
    components : int, default=4000
        Number D of features; at most a million.
    gamma : float, default=0.3
        How fast the kernel falls off, in units of 1/d for d features below: larger values tell smaller differences
        apart, and overfit sooner.
    random_state : int, default=0
        Seed of the frequencies and phases.
    image_shape : sequence of 2 or 3 int, optional
        Height, width and channels; needed only to take rows (n, d) instead of images.

    Attributes
    ----------
    mean_, scale_ : float32 arrays of shape (d,)
        Mean of the features of the training images, and one over their standard deviation; 0 for a feature that is
        constant there, so that it never has an effect.

    Notes
    -----
    Features below are standardised to x. Then :math:`z_j = \sqrt{2/D}\,\cos(w_j^\top x + b_j)`, where :math:`w_j` has
    independent normal entries of variance :math:`2\gamma/d` and :math:`b_j` is uniform over :math:`[0, 2\pi)`. The
    product of two images' features is, on average over the draws, the kernel
    :math:`\exp(-\gamma\,\lVert x - x'\rVert^2 / d)`, with an error of the order of :math:`1/\sqrt{D}`. The draws are
    those of scikit-learn's ``RBFSampler``. Features are float32.

    References
    ----------
    A. Rahimi and B. Recht, Random features for large-scale kernel machines, NIPS 2007.

    Examples
    --------
    >>> from onelayer.features.hog import HOG
    >>> images = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8)
    >>> FourierFeatures(HOG(), components=100).fit_transform(images).shape
    (5, 100)
    """

    def __init__(
        self,
        features: ImageFeatures,
        *,
        components: int = 4000,
        gamma: float = 0.3,
        random_state: int = 0,
        image_shape: Sequence[int] | None = None,
    ) -> None:
        self.features = features
        self.components = components
        self.gamma = gamma
        self.random_state = random_state
        self.image_shape = image_shape

    @property
    def parts(self) -> Mapping[str, ImageFeatures]:
        """The features that these are made of."""
        return {"features": self.features}

    @property
    def learns(self) -> bool:
        """Whether ``fit`` looks at the images themselves: it learns means and deviations."""
        return True

    @property
    def title(self) -> str:
        """What the feature is called in messages."""
        return f"{type(self).__name__} of {self.features.title}"

    def combine(self, rows: Sequence[Array]) -> Array:
        """Return the Fourier features (b, D) of rows (b, d) by the features below."""
        (below,) = rows
        frequencies, phases = projection(below.shape[1], self.components, self.gamma, self.random_state)
        height = np.float32(np.sqrt(2 / self.components))

        def lift(block: Array) -> Array:
            angles = ((block - self.mean_) * self.scale_).astype(np.float32, copy=False) @ frequencies
            angles += phases
            lifted: Array = np.cos(angles, out=angles)
            lifted *= height
            return lifted

        return map_blocks(lift, below, self.components)

    def check_parameters(self) -> None:
        """Raise ConfigError if a parameter is of the wrong type or out of range."""
        if not isinstance(self.features, ImageFeatures):
            raise ConfigError(f"features is {self.features!r}; give the features to be lifted")
        check_whole("components", self.components, 1, _MOST_COMPONENTS)
        check_number("gamma", self.gamma, above=0)
        check_whole("random_state", self.random_state, 0, 2**32 - 1)
        super().check_parameters()

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    def _learn_from_rows(self, rows: Sequence[Array]) -> None:
        (below,) = rows
        scaler = StandardScaler()
        for part in slices(len(below), _ROWS_AT_ONCE):
            scaler.partial_fit(below[part])
        constant = scaler.var_ <= (len(below) * np.finfo(np.float64).eps * scaler.mean_) ** 2
        self.mean_ = scaler.mean_.astype(np.float32)
        self.scale_ = np.where(constant, 0, 1 / scaler.scale_).astype(np.float32)

    def _array_shapes(self, height: int, width: int, channels: int) -> dict[str, tuple[int, ...]]:
        d = self.features._count_features(height, width, channels)
        return {"mean": (d,), "scale": (d,)}

    def _count_features(self, height: int, width: int, channels: int) -> int:
        return int(self.components)

    def _feature_names(self, height: int, width: int, channels: int) -> list[str]:
        return [f"fourier{j}" for j in range(self.components)]


@lru_cache(maxsize=2)
def projection(d: int, components: int, gamma: float, random_state: int) -> tuple[Array, Array]:
    """Return frequencies (d, D) and phases (D,), float32.

    They are drawn by NumPy's legacy generator, whose numbers never change, so that a model file need not hold them.

    Examples
    --------
    >>> frequencies, phases = projection(3, 5, 0.3, 0)
    >>> frequencies.shape, phases.shape
    ((3, 5), (5,))
    """
    generator = np.random.RandomState(random_state)
    frequencies = np.sqrt(2 * float(gamma) / d) * generator.normal(size=(d, components))
    phases = generator.uniform(0, 2 * np.pi, size=components)
    return frequencies.astype(np.float32), phases.astype(np.float32)
