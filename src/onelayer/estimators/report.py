"""The report of a fitted classifier, and its history as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from onelayer.errors import InputError, MissingDependencyError
from onelayer.estimators.inputs import encode_labels, shape_of_images
from onelayer.evaluation import evaluate
from onelayer.reporting.data import ReportData
from onelayer.reporting.galleries import cell_rows, choose_galleries
from onelayer.reporting.notebook import Report
from onelayer.reporting.page import render_report
from onelayer.reporting.predictions import Predictions, ShownImages
from onelayer.reporting.thumbnails import affordable_images, thumbnails
from onelayer.training.history import STEP_KEYS, VALIDATION_KEYS

__all__ = ["classifier_report", "history_frame"]


def classifier_report(clf: Any, X: Any, y: Any, class_names: Sequence[str] | None, title: str | None) -> Report:
    """Return the report of a fitted classifier, evaluated on the rows of X if there are any.

    Parameters
    ----------
    clf : OneLayerClassifier
    X, y : as for ``predict`` and ``fit``, or None
    class_names : sequence of str or None
        By default the classes themselves.
    title : str or None

    Raises
    ------
    InputError
        X without y, or class names that are not as many as classes.
    """
    names = [str(label) for label in clf.classes_] if class_names is None else [str(name) for name in class_names]
    if len(names) != len(clf.classes_):
        raise InputError(f"{len(names)} class_names for {len(clf.classes_)} classes")
    if (X is None) != (y is None):
        raise InputError("a report needs X and y, to evaluate on, or neither")
    metrics: dict[str, Any] = {
        "loss": clf.loss,
        "epochs": clf.n_iter_,
        "steps": clf.n_steps_,
        "stopped_epoch": clf.stopped_epoch_,
    }
    predictions = None
    if X is not None:
        predictions = _predictions(clf, X, y)
        metrics |= _figures(clf, X, y, predictions, names)
    shows_weights = clf.image_shape_ is not None and clf.image_shape_[2] in (1, 3)
    data = ReportData(
        title=title or f"{clf.loss} classifier",
        config={key: value for key, value in clf.get_params(deep=False).items() if _is_plain(value)},
        metrics=metrics,
        history=clf.history_,
        class_names=names,
        weight_images=clf.weight_images() if shows_weights else None,
        predictions=predictions,
        absent={} if X is not None else {"images": "No rows were given: report(X, y) shows what is decided on them."},
    )
    return Report(render_report(data))


def history_frame(clf: Any) -> Any:
    """Return the history as a pandas DataFrame with one row a step; see ``OneLayerClassifier.history_frame``."""
    try:
        import pandas as pd
    except ImportError:
        raise MissingDependencyError("a history as a table needs pandas: pip install pandas") from None
    steps = pd.DataFrame({key: clf.history_[key] for key in STEP_KEYS}).set_index("step")
    validations = pd.DataFrame({key: clf.history_[key] for key in VALIDATION_KEYS}).set_index("validation_step")
    return steps.join(validations)


def _figures(clf: Any, X: Any, y: Any, predictions: Predictions, names: Sequence[str]) -> dict[str, Any]:
    probabilities = predictions.values.astype(np.float64) if predictions.are_probabilities else None
    evaluation = evaluate(
        predictions.labels,
        predictions.predicted,
        class_names=names,
        scores=predictions.values,
        probabilities=probabilities,
        no_probabilities=f"the scores of the {clf.loss} loss are no probabilities",
    )
    part = {
        "loss": clf.mean_loss(X, y),
        "accuracy": evaluation.accuracy,
        "accuracy_interval": list(evaluation.accuracy_interval),
        "n": evaluation.n,
    }
    return {"test": part, "evaluation": evaluation.to_dict()}


def _predictions(clf: Any, X: Any, y: Any) -> Predictions:
    labels = encode_labels(np.asarray(y), clf.classes_, "y").astype(np.int64)
    predicted = np.searchsorted(clf.classes_, clf.predict(X)).astype(np.int64)
    are_probabilities = hasattr(clf, "predict_proba")
    values = clf.predict_proba(X) if are_probabilities else clf.decision_function(X)
    if values.ndim == 1:  # two classes, whose scores count by their difference alone
        values = np.stack([-values / 2, values / 2], axis=1)
    values = values.astype(np.float32)
    shape = shape_of_images(X, clf.image_shape_)
    shown = None
    if shape is not None and shape[2] in (1, 3):
        galleries = choose_galleries(labels, predicted, values, are_probabilities=are_probabilities)
        cells = cell_rows(labels, predicted, values, affordable_images(shape))
        rows = np.unique(np.concatenate([cells, *(np.array(one.rows, np.int64) for one in galleries)]))
        images = np.asarray(X).reshape(-1, *shape)[rows]
        value_range = (0, 255) if images.dtype == np.uint8 else (float(images.min()), float(images.max()))
        images = thumbnails(images, value_range)
        shown = ShownImages(rows, images, images[:0], np.empty(0, np.int64), images[:0])
    return Predictions(labels, predicted, values, are_probabilities, shown)


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, bool | int | float | str | tuple | list | dict)
