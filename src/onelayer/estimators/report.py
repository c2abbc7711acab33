"""The report of a fitted classifier, and its history as a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from onelayer.conversion import as_numbers
from onelayer.data.image_layout import channels_last
from onelayer.data.pixel_values import infer_value_range, largest_and_least
from onelayer.errors import InputError, InputTypeError, MissingDependencyError
from onelayer.estimators.inputs import shape_of_images
from onelayer.estimators.judging import judge_classifier
from onelayer.evaluation import Decisions, PartFigures, RunFigures, evaluate_outcomes
from onelayer.reporting.data import ReportData
from onelayer.reporting.page import Report, render_report
from onelayer.reporting.predictions import Predictions, ShownImages
from onelayer.reporting.shown import affordable_images, shown_rows, thumbnails
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
    InputTypeError
        A title or class names of a wrong type.
    InputError
        X without y, or class names that are not as many as classes, or that two classes have in common.
    """
    if class_names is not None and (isinstance(class_names, str) or not isinstance(class_names, Iterable)):
        raise InputTypeError(f"class_names must be a sequence of names, not {type(class_names).__name__}")
    if title is not None and not isinstance(title, str):
        raise InputTypeError(f"title must be text, not {type(title).__name__}")
    names = [str(name) for name in (clf.classes_ if class_names is None else class_names)]
    if len(names) != len(clf.classes_):
        raise InputError(f"{len(names)} class_names for {len(clf.classes_)} classes")
    if (X is None) != (y is None):
        raise InputError("a report needs X and y, to evaluate on, or neither")
    figures, predictions = RunFigures(None, clf.loss, clf.n_iter_, clf.stopped_epoch_, clf.n_steps_), None
    if X is not None:
        judged = judge_classifier(clf, X, y)
        figures = replace(figures, test=PartFigures.of(judged), evaluation=evaluate_outcomes(judged, names))
        predictions = Predictions(judged.decisions, _shown(clf, X, judged.decisions))
    shows_weights = clf.image_shape_ is not None and clf.image_shape_[2] in (1, 3)
    data = ReportData(
        title=title or f"{clf.loss} classifier",
        config={key: value for key, value in clf.get_params(deep=False).items() if _is_plain(value)},
        figures=figures,
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


def _shown(clf: Any, X: Any, decisions: Decisions) -> ShownImages | None:
    """Return the images of the rows that the report shows, if X has images that can be shown."""
    shape = shape_of_images(X, clf.image_shape_)
    if shape is None or shape[2] not in (1, 3):
        return None
    rows = shown_rows(decisions, affordable_images(shape))
    X = channels_last(as_numbers(X), shape)
    found = infer_value_range(X)
    low, high = largest_and_least(X) if found is None else (found.low, found.high)
    images = thumbnails(X.reshape(-1, *shape)[rows], (low, high))
    no_labels = np.empty(0, np.int64)
    return ShownImages(rows, images, images[:0], no_labels, images[:0], no_labels)


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, bool | int | float | str | tuple | list | dict)
