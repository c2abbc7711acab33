"""The rows of an experiment: parts of a data set, turned into features."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from onelayer.arrays import Array
from onelayer.data import Dataset, load_dataset
from onelayer.data.load import find
from onelayer.data.splits import Splits
from onelayer.errors import DataError, InputError, printable
from onelayer.experiment.config import ExperimentConfig
from onelayer.features.base import ImageFeatures

__all__ = ["RowMaker", "Rows", "fitting_size", "load_parts"]


@dataclass(frozen=True)
class Rows:
    """A part as the classifier takes it: images or features, and labels 0 … k − 1."""

    X: Array
    y: Array


def load_parts(config: ExperimentConfig, data_dir: Path | None, *, progress: bool = False) -> Splits:
    """Load the parts that ``config`` asks for: its classes, its first training rows.

    With ``validate_on="test"`` the official training part stays whole, and the test part stands in the place of the
    validation part too;
    nothing is left to test on then.

    Raises
    ------
    DataError, DownloadError, MissingDependencyError, ConfigError
    """
    on_test = config.validate_on == "test"
    fraction = 0.0 if on_test else config.validation_fraction
    splits = load_dataset(
        config.dataset,
        data_dir=data_dir,
        validation_fraction=fraction,
        random_state=config.random_state,
        resize=config.resize,
        progress=progress,
    )
    train, validation, test = splits.train, splits.test if on_test else splits.validation, splits.test
    if config.train_rows is not None:
        if config.train_rows > train.n:
            raise DataError(f"train_rows={config.train_rows}, but {train.title} has {train.n} training rows")
        train = train.take(slice(0, config.train_rows))
    if config.classes is not None:
        train, test = train.select_classes(config.classes), test.select_classes(config.classes)
        validation = test if on_test else validation.select_classes(config.classes) if validation is not None else None
    _check_classes(train)
    return Splits(train, validation, test)


def fitting_size(dataset: str, data_dir: Path | None, image_shape: tuple[int, ...] | None) -> tuple[int, int] | None:
    """Return the size to bring a set's image files to for a model of images ``(h, w, c)``, or of features (None).

    None if they have it, or if they can't be brought to another.

    Raises
    ------
    DataError, DownloadError
        If there is no such set.
    """
    if image_shape is None:
        return None
    entry, found = find(dataset, data_dir, may_download=True, progress=True)
    height, width, *_ = image_shape
    if found.format not in ("class folders", "Parquet") or (entry and entry.image_shape[:2] == (height, width)):
        return None
    return height, width


def _check_classes(train: Dataset) -> None:
    empty = np.flatnonzero(train.class_counts == 0)
    if len(empty):
        name = printable(train.class_names[int(empty[0])])
        raise DataError(
            f"the training part of {printable(train.title)} has no row of class {name!r}: "
            "leave the class out or add images"
        )


@dataclass(frozen=True)
class RowMaker:
    """Turns parts of a data set into rows, by features that were fitted on its training part.

    Parameters
    ----------
    features : ImageFeatures or None
        Fitted; None where the set has features already.
    """

    features: ImageFeatures | None

    @classmethod
    def fit(cls, config: ExperimentConfig, train: Dataset) -> RowMaker:
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
        return cls(features.fit(train.X))

    def rows(self, part: Dataset) -> Rows:
        """Return the rows of a part: its images as they are where features are the pixels, which the classifier knows.

        Raises
        ------
        InputError
            If the features can't be made of these images.
        """
        if self.features is None or self.features.keeps_pixels:
            return Rows(part.X, part.y)
        return Rows(self.features.transform(part.X), part.y)
