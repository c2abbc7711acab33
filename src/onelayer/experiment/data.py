"""The rows of an experiment: parts of a data set, turned into features."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np

from onelayer.data import Dataset
from onelayer.data.classes import find_classes
from onelayer.data.image_options import ImageOptions
from onelayer.data.load import find, load_splits
from onelayer.data.splits import Splits
from onelayer.errors import DataError, DataWarning, printable
from onelayer.experiment.config import ExperimentConfig

__all__ = ["fitting_options", "load_parts"]


def load_parts(
    config: ExperimentConfig, data_dir: Path | None, *, options: ImageOptions | None = None, progress: bool = False
) -> Splits:
    """Load the parts that ``config`` asks for: its classes, its first training rows.

    With ``validate_on="test"`` the official training part stays whole, and the test part stands in the place of the
    validation part too; nothing is left to test on then. ``options`` stand in for what ``config`` says of images.

    Raises
    ------
    DataError, DownloadError, MissingDependencyError, ConfigError

    Warns
    -----
    DataWarning
        For what was left out, and for everything that was taken for granted.
    """
    on_test = config.validate_on == "test"
    fraction = 0.0 if on_test else config.validation_fraction
    splits = load_splits(
        config.dataset,
        config.image_options if options is None else options,
        data_dir=data_dir,
        validation_fraction=fraction,
        random_state=config.random_state,
        progress=progress,
    )
    read = splits.train.provenance
    for note in (*filter(None, (read.left_out_line(),)), *read.notes):
        warnings.warn(note, DataWarning, stacklevel=2)
    train, validation, test = splits.train, splits.test if on_test else splits.validation, splits.test
    if config.train_rows is not None:
        if config.train_rows > train.n:
            raise DataError(f"train_rows={config.train_rows}, but {train.title} has {train.n} training rows")
        train = train.take(slice(0, config.train_rows))
    if config.classes is not None:
        labels = find_classes(config.classes, train.class_names, "classes")
        train, test = train.select_classes(labels), test.select_classes(labels)
        validation = test if on_test else validation.select_classes(labels) if validation is not None else None
    _check_classes(train)
    return Splits(train, validation, test)


def fitting_options(dataset: str, data_dir: Path | None, asked: ImageOptions, model: ImageOptions) -> ImageOptions:
    """Return how to read the images of a set for a model: pictures become what the model makes of pictures.

    Parameters
    ----------
    asked : ImageOptions
        What the user says of the images; it comes first.
    model : ImageOptions
        What the model makes of pictures.

    Raises
    ------
    DataError, DownloadError
        If there is no such set.
    """
    entry, found = find(dataset, data_dir, may_download=True, progress=True)
    if not found.holds_pictures:
        return asked
    fitting = replace(model, value_range=asked.value_range or model.value_range)
    if entry is not None and entry.image_shape[:2] == model.resize:
        # The set has that size: asked for, its content would not be checked against the official one.
        return replace(fitting, resize=None)
    return fitting


def _check_classes(train: Dataset) -> None:
    empty = np.flatnonzero(train.class_counts == 0)
    if len(empty):
        name = printable(train.class_names[int(empty[0])])
        raise DataError(
            f"the training part of {printable(train.title)} has no row of class {name!r}: "
            "leave the class out or add images"
        )
