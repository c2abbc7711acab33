"""What a run keeps of its rows, so that its report can be made again without the data."""

from __future__ import annotations

from typing import Final

import numpy as np

from onelayer.arrays import Array
from onelayer.data import Dataset, Splits
from onelayer.evaluation import DataFigures, Decisions
from onelayer.evaluation.run_figures import DataPart, LeftOutFigures, PartName
from onelayer.reporting.predictions import Predictions, ShownImages
from onelayer.reporting.shown import affordable_images, picture_side, sample_size, shown_classes, shown_rows, thumbnails

__all__ = ["data_figures", "predictions_of"]

_BLOCK: Final = 4096


def predictions_of(decisions: Decisions, part: Dataset, train: Dataset) -> Predictions:
    """Return what was decided on each row of ``part``, with the images that a report shows.

    Parameters
    ----------
    decisions : Decisions
    part, train : Dataset
        The evaluated part, and the training part.
    """
    return Predictions(decisions, None if part.image_shape is None else _shown_images(decisions, part, train))


def data_figures(splits: Splits) -> DataFigures:
    """Return where the data set is from, how it was read, and the rows of each class in each part."""
    train = splits.train
    read = train.provenance.to_dict()
    parts: dict[PartName, Dataset | None] = {"train": train, "validation": splits.validation, "test": splits.test}
    return DataFigures(
        train.name,
        train.source,
        train.official,
        train.image_shape,
        {
            name: DataPart(part.fingerprint, part.class_counts.tolist())
            for name, part in parts.items()
            if part is not None
        },
        read["files"],
        read["division"],
        [LeftOutFigures(**one) for one in read["left_out"]],
        read["notes"],
    )


def _shown_images(decisions: Decisions, part: Dataset, train: Dataset) -> ShownImages:
    chosen = shown_rows(decisions, affordable_images(part.X.shape[1:]))
    classes = shown_classes(decisions.n_classes, decisions.confusion)
    size, side = sample_size(len(classes), train.X.shape[1:]), picture_side(len(classes))
    # Files often have their rows sorted by something: samples are spread over all of a class.
    samples = np.concatenate([_spread(np.flatnonzero(train.y == label), size) for label in classes])
    return ShownImages(
        chosen,
        thumbnails(part.X[chosen], part.value_range),
        thumbnails(train.X[samples], train.value_range, side),
        train.y[samples],
        thumbnails(_class_means(train, classes), train.value_range, side),
        classes,
    )


def _spread(rows: Array, most: int) -> Array:
    return rows[np.unique(np.linspace(0, len(rows) - 1, min(most, len(rows))).astype(np.intp))]


def _class_means(train: Dataset, classes: Array) -> Array:
    """Return the mean image of each of some classes, (m, h, w, c)."""
    sums = np.zeros((len(classes), train.X[0].size))
    for start in range(0, train.n, _BLOCK):
        block, labels = train.X[start : start + _BLOCK], train.y[start : start + _BLOCK]
        belongs = (classes[:, np.newaxis] == labels).astype(np.float32)
        sums += belongs @ block.reshape(len(block), -1).astype(np.float32)
    means: Array = sums / np.maximum(train.class_counts[classes], 1)[:, np.newaxis]
    return means.reshape(-1, *train.X.shape[1:])
