"""Parts of a data set as rows: images as they are, or the features that an experiment asks for, computed once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from onelayer.arrays import Array
from onelayer.data import Dataset
from onelayer.data.image_layout import recognise_layout
from onelayer.errors import InputError, printable
from onelayer.experiment.config import ExperimentConfig, FeatureType
from onelayer.features.base import ImageFeatures
from onelayer.features.cached import compute_rows, fit_features
from onelayer.storage.cache import ArrayCache

__all__ = ["RowMaker", "Rows", "classifier_parameters"]


@dataclass(frozen=True)
class Rows:
    """A part as the classifier takes it: images or features, and labels 0 … k − 1."""

    X: Array
    y: Array


def classifier_parameters(config: ExperimentConfig, train: Dataset) -> dict[str, Any]:
    """Return the estimator's constructor arguments: weights of classes by label, not by name as in ``config``.

    The shape of images is among them where their layout can't be told by itself.
    """
    shape, training = train.image_shape, config.for_classes(train.class_names).training
    if shape is None or recognise_layout(shape) == "channels-last":
        return training
    return {**training, "image_shape": shape}


@dataclass(frozen=True)
class RowMaker:
    """Turns parts of a data set into rows, by features that were fitted on its training part.

    Parameters
    ----------
    features : ImageFeatures or None
        Fitted; None where the set has features already.
    dtype : {"auto", "float16", "float32"}
        What features are rounded to.
    cache : ArrayCache or None
        Where rows are looked up and kept.
    """

    features: ImageFeatures | None
    dtype: FeatureType = "auto"
    cache: ArrayCache | None = None

    @classmethod
    def fit(cls, config: ExperimentConfig, train: Dataset, cache: ArrayCache | None = None) -> RowMaker:
        """Fit the features of an experiment on its training part.

        Raises
        ------
        ConfigError, InputError
            If the features can't be made of these images.
        """
        features = config.make_features()
        if train.image_shape is None:
            if not features.keeps_pixels:
                raise InputError(
                    f"{printable(train.title)} has features, not images: features={config.features!r} needs images"
                )
            return cls(None)
        features.assume_value_range(train.value_range)
        fit_features(features, train.X, train.fingerprint, cache)
        return cls(features, config.feature_dtype, cache)

    def rows(self, part: Dataset) -> Rows:
        """Return the rows of a part: its images as they are where features are the pixels, which the classifier knows.

        Raises
        ------
        InputError
            If the features can't be made of these images.
        """
        if self.features is None or self.features.keeps_pixels:
            return Rows(part.X, part.y)
        X = compute_rows(self.features, part.X, part.fingerprint, self.cache, self.dtype)
        # Training knows no half floats: what is half as large on disk is read into memory.
        return Rows(X.astype("float32") if X.dtype == "float16" else X, part.y)
