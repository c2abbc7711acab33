"""Sweeps of the classifier over arrays, each of whose models is the one that ``fit`` would make."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import clone

from onelayer.errors import InputError, InputTypeError, InterruptedTrainingWarning
from onelayer.estimators.classifier import OneLayerClassifier
from onelayer.estimators.fitting import checked_parameters, draw_seed
from onelayer.estimators.inputs import check_labelled, check_weights, shape_of_images
from onelayer.rows import LabelledRows
from onelayer.selection import Fold, Grid, Prepared, SweepResult, sweep
from onelayer.selection.folds import Folds, as_folds
from onelayer.threads import limited_threads, usable_threads
from onelayer.training.listeners import Listener
from onelayer.training.parameters import TrainingParameters
from onelayer.training.problem import learn_encoding, make_problem

__all__ = ["sweep_classifier"]


def sweep_classifier(
    clf: Any,
    X: Any,
    y: Any,
    grid: Grid | Mapping[str, Sequence[Any]],
    sample_weight: Any = None,
    *,
    X_val: Any = None,
    y_val: Any = None,
    sample_weight_val: Any = None,
    folds: Folds | None = None,
    folds_in_one_pass: bool = False,
    listeners: Sequence[Listener] = (),
) -> SweepResult:
    """Train ``clf`` with every combination of a grid, as many at once as can be, and choose by validation accuracy.

    Ctrl-C ends it with the epoch, and an ``InterruptedTrainingWarning`` says so: ``result.trials`` has what was trained
    until then, and nothing is chosen (``result.chosen`` is None).

    Parameters
    ----------
    clf : OneLayerClassifier
        What the grid does not vary; it stays unfitted. Fit it with ``result.chosen.values`` afterwards.
    X, y, sample_weight : as for ``fit``
    grid : Grid, or mapping of parameter names to values
    X_val, y_val, sample_weight_val : as for ``fit``
        What to choose on.
    folds : int, sequence, splitter of scikit-learn, or None
        What to choose on instead: a number of stratified folds of X (drawn with ``random_state``), or these: each a
        ``Fold`` or a pair of positions to train on and to hold out, or what ``StratifiedKFold(5)``, say, splits.
    folds_in_one_pass : bool
        See :func:`onelayer.selection.sweep`.
    listeners : sequence of Listener
        Told of passes and their epochs; see :class:`onelayer.training.listeners.Listener`.

    Returns
    -------
    SweepResult

    Raises
    ------
    ConfigError, InputError
        If parameters or arrays are wrong, or there is nothing to choose on.
    DivergenceError
        If every model diverged.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from onelayer import OneLayerClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> clf = OneLayerClassifier(learning_rate=0.1, max_epochs=5, random_state=0)
    >>> result = sweep_classifier(clf, X, y, {"l2": [1e-4, 1e-2, 1.0]}, folds=3)
    >>> result.n_tried, result.n_models, result.passes
    (3, 9, 3)
    """
    if (X_val is None) == (folds is None):
        raise InputError("a sweep needs something to choose on: give X_val and y_val, or folds, and not both")
    if not isinstance(clf, OneLayerClassifier):
        raise InputTypeError(f"clf must be a OneLayerClassifier, not {type(clf).__name__}")
    grid = grid if isinstance(grid, Grid) else Grid.of(grid)
    clf = clone(clf)
    parameters = checked_parameters(clf)
    if parameters.random_state is None:
        parameters = parameters.model_copy(update={"random_state": draw_seed(clf.random_state)})
    image_shape = shape_of_images(X, parameters.image_shape)
    training = check_labelled(clf, X, y, sample_weight, reset=True, image_shape=image_shape)
    validation = None
    if X_val is not None:
        validation = check_labelled(
            clf, X_val, y_val, sample_weight_val, reset=False, image_shape=image_shape, what="validation "
        )
    prepare = _Preparation(training, validation, image_shape)
    threads = usable_threads(parameters.n_jobs)
    with limited_threads(threads):
        result = sweep(
            grid,
            parameters,
            prepare,
            folds=None if folds is None else as_folds(folds, prepare.labels, _seed(parameters)),
            folds_in_one_pass=folds_in_one_pass,
            listeners=listeners,
            threads=threads,
        )
    if result.interrupted:
        message = (
            f"the sweep was interrupted: {result.n_finished} of {result.n_planned} trials were finished; "
            "the result holds what was learned until then, and nothing was chosen"
        )
        warnings.warn(message, InterruptedTrainingWarning, stacklevel=2)
    return result


class _Preparation:
    """Makes the problem that ``fit`` would make of all rows, or of those of a fold."""

    def __init__(
        self, training: LabelledRows, validation: LabelledRows | None, image_shape: tuple[int, int, int] | None
    ) -> None:
        self.training, self.validation, self.image_shape = training, validation, image_shape
        self.classes, self.labels = np.unique(training.labels, return_inverse=True)

    def __call__(self, parameters: TrainingParameters, fold: Fold | None) -> Prepared:
        training, validation = self.training, self.validation
        if fold is not None:
            training = check_weights(self.training.subset(fold.training), "training ")
            validation = check_weights(self.training.subset(fold.held_out), "held-out ")
        encoding = learn_encoding(parameters, self.classes, training, self.image_shape)
        problem = make_problem(parameters, encoding, training, validation)
        return Prepared(problem, lambda own: problem.start(own, _seed(own), encoding))


def _seed(parameters: TrainingParameters) -> int:
    assert parameters.random_state is not None  # noqa: S101 (drawn where none was given)
    return parameters.random_state
