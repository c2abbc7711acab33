"""What a run keeps of its rows, so that its report can be made again without the data."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from onelayer.arrays import Array
from onelayer.data import Dataset, Splits
from onelayer.estimators import OneLayerClassifier
from onelayer.experiment.data import Rows
from onelayer.reporting.galleries import cell_rows, choose_galleries
from onelayer.reporting.predictions import Predictions, ShownImages
from onelayer.reporting.thumbnails import affordable_images, thumbnails

__all__ = ["data_figures", "predictions_of"]

_SAMPLES: Final = 10
_BLOCK: Final = 4096


def predictions_of(clf: OneLayerClassifier, rows: Rows, part: Dataset, train: Dataset) -> Predictions:
    """Return what was decided on each row of ``part``, with the images that a report shows.

    Parameters
    ----------
    clf : OneLayerClassifier
    rows : Rows
        The part as the classifier takes it.
    part, train : Dataset
        The evaluated part, and the training part.
    """
    predicted = np.asarray(clf.predict(rows.X), np.int64)
    are_probabilities = hasattr(clf, "predict_proba")
    values = clf.predict_proba(rows.X) if are_probabilities else _class_scores(clf, rows)
    with np.errstate(over="ignore"):  # a score may be infinite to float32
        values = values.astype(np.float32)
    shown = (
        None if part.image_shape is None else _shown_images(rows.y, predicted, values, are_probabilities, part, train)
    )
    return Predictions(rows.y, predicted, values, are_probabilities, shown)


def data_figures(splits: Splits) -> dict[str, Any]:
    """Return what metrics.json says of the data set: where it is from, and the rows of each class in each part."""
    train = splits.train
    parts = {"train": train, "validation": splits.validation, "test": splits.test}
    return {
        "name": train.name,
        "source": train.source,
        "official": train.official,
        "image_shape": None if train.image_shape is None else list(train.image_shape),
        "parts": {
            name: {"fingerprint": part.fingerprint, "class_counts": part.class_counts.tolist()}
            for name, part in parts.items()
            if part is not None
        },
    }


def _class_scores(clf: OneLayerClassifier, rows: Rows) -> Array:
    """Return scores (n, k); of two classes, whose scores count only by their difference, those with mean 0."""
    scores = clf.decision_function(rows.X)
    return scores if scores.ndim == 2 else np.stack([-scores / 2, scores / 2], axis=1)


def _shown_images(
    labels: Array, predicted: Array, values: Array, are_probabilities: bool, part: Dataset, train: Dataset
) -> ShownImages:
    galleries = choose_galleries(labels, predicted, values, are_probabilities=are_probabilities)
    cells = cell_rows(labels, predicted, values, affordable_images(part.X.shape[1:]))
    chosen = np.unique(np.concatenate([cells, *(np.array(one.rows, np.int64) for one in galleries)]))
    # Files often have their rows sorted by something: samples are spread over all of a class.
    samples = np.concatenate([_spread(np.flatnonzero(train.y == label)) for label in range(train.n_classes)])
    return ShownImages(
        chosen,
        thumbnails(part.X[chosen], part.value_range),
        thumbnails(train.X[samples], train.value_range),
        train.y[samples],
        thumbnails(_class_means(train), train.value_range),
    )


def _spread(rows: Array) -> Array:
    return rows[np.unique(np.linspace(0, len(rows) - 1, min(_SAMPLES, len(rows))).astype(np.intp))]


def _class_means(train: Dataset) -> Array:
    sums = np.zeros((train.n_classes, train.X[0].size))
    for start in range(0, train.n, _BLOCK):
        block, labels = train.X[start : start + _BLOCK], train.y[start : start + _BLOCK]
        belongs = (np.arange(train.n_classes)[:, None] == labels).astype(np.float32)
        sums += belongs @ block.reshape(len(block), -1).astype(np.float32)
    means: Array = sums / np.maximum(train.class_counts, 1)[:, None]
    return means.reshape(-1, *train.X.shape[1:])
