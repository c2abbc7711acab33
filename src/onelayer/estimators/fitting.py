"""From what a user hands in to a trained model: the one path of ``fit``, ``partial_fit`` and experiments."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.callback import with_callbacks
from sklearn.utils import check_random_state

from onelayer.arrays import Array
from onelayer.conversion import plain_value
from onelayer.errors import ConfigError, InputError, InterruptedTrainingWarning, ModelFileError
from onelayer.estimators.callbacks import SklearnCallbacks
from onelayer.estimators.inputs import check_classes, check_labelled, check_weights, shape_of_images
from onelayer.rows import LabelledRows
from onelayer.solvers import Status
from onelayer.streams import stream
from onelayer.threads import limited_threads, usable_threads
from onelayer.training.fitted import Fitted
from onelayer.training.labels import shown_labels
from onelayer.training.listeners import Listener
from onelayer.training.loop import train
from onelayer.training.parameters import TrainingParameters
from onelayer.training.problem import Encoding, Problem, learn_encoding, make_problem
from onelayer.training.state import TrainingState
from onelayer.tree import Tree

__all__ = ["Checkpoint", "adopt", "checked_parameters", "draw_seed", "fit_classifier", "fit_once_more"]

Checkpoint = tuple[Mapping[str, Array], Mapping[str, Any]]


@with_callbacks
def fit_classifier(
    clf: Any,
    X: Any,
    y: Any,
    sample_weight: Any = None,
    *,
    X_val: Any = None,
    y_val: Any = None,
    sample_weight_val: Any = None,
    listeners: Sequence[Listener] = (),
    checkpoint: Checkpoint | None = None,
) -> Any:
    """Fit the classifier ``clf``; what it learns becomes its attributes.

    Beyond ``fit`` it takes listeners to training and a checkpoint (arrays and values of
    ``TrainingState.to_checkpoint``) to go on from.

    Raises
    ------
    ConfigError, InputError, DivergenceError
    ModelFileError
        If the checkpoint is not one of this training.
    """
    parameters = checked_parameters(clf)
    image_shape = shape_of_images(X, parameters.image_shape)
    training = check_labelled(clf, X, y, sample_weight, reset=True, image_shape=image_shape)
    validation = None
    if X_val is not None:
        validation = check_labelled(
            clf, X_val, y_val, sample_weight_val, reset=False, image_shape=image_shape, what="validation "
        )
    elif y_val is not None or sample_weight_val is not None:
        raise InputError("validation labels or weights were given without X_val: give the validation rows too")
    seed = draw_seed(clf.random_state)
    if validation is None and parameters.early_stopping:
        training, validation = _held_out(training, parameters.validation_fraction, seed)
    encoding = learn_encoding(parameters, np.unique(training.labels), training, image_shape)
    problem = make_problem(parameters, encoding, training, validation)
    start = _start(clf, parameters, seed, encoding, problem, checkpoint)
    return _train(clf, parameters, seed, encoding, problem, start, training, listeners)


@with_callbacks
def fit_once_more(clf: Any, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Any:
    """Train ``clf`` for one epoch over X: ``partial_fit``."""
    first = not hasattr(clf, "classes_")
    parameters = checked_parameters(clf)
    if first and classes is None:
        raise InputError("the first call of partial_fit needs classes: all labels that will ever come")
    if parameters.class_weight == "balanced":
        raise ConfigError("class_weight='balanced' needs all labels at once: give partial_fit a weight for each class")
    image_shape = shape_of_images(X, parameters.image_shape if first else clf.image_shape_)
    data = check_labelled(clf, X, y, sample_weight, reset=first, image_shape=image_shape)
    if classes is not None:
        classes = check_classes(classes)
    if not first and classes is not None and not np.array_equal(classes, clf.classes_):
        given, before = shown_labels(classes), shown_labels(clf.classes_)
        raise InputError(f"`classes={given}` is not the same as on last call to partial_fit, was: {before}")
    if first:
        seed = draw_seed(clf.random_state)
        encoding = learn_encoding(parameters, classes, data, image_shape)
        problem = make_problem(parameters, encoding, data)
        start: Tree | TrainingState = problem.start(parameters, seed, encoding)
    else:
        fitted = _earlier(clf, parameters)
        scaling = fitted.encoding.scaling.revived(data.rows, data.weights)
        seed, encoding = clf._seed, replace(fitted.encoding, scaling=scaling)
        problem = make_problem(parameters, encoding, data)
        start = clf._state.continued(parameters)
    return _train(clf, parameters, seed, encoding, problem, start, data, (), epochs=1)


def _earlier(clf: Any, parameters: TrainingParameters) -> Any:
    """Return what an earlier call made, to go on from."""
    if not hasattr(clf, "_state"):
        raise InputError(
            "a loaded model does not know where its training was, so partial_fit can't go on from it: "
            "use fit with warm_start=True"
        )
    fitted: Fitted = clf._fitted
    if parameters.loss != fitted.loss.name:
        raise ConfigError(f"partial_fit can't change loss={fitted.loss.name!r} to {parameters.loss!r}: use fit")
    return fitted


def _train(
    clf: Any,
    parameters: TrainingParameters,
    seed: int,
    encoding: Encoding,
    problem: Problem,
    start: Tree | TrainingState,
    training: LabelledRows,
    listeners: Sequence[Listener],
    epochs: int | None = None,
) -> Any:
    first = start.epoch if isinstance(start, TrainingState) else 0
    last = parameters.max_epochs if epochs is None else first + epochs

    def attributes(state: TrainingState) -> dict[str, Any]:
        fitted = Fitted.of(state, problem, encoding)
        return {**fitted.attributes(), "_fitted": fitted}

    metadata = {} if training.weights is None else {"sample_weight": training.weights}
    data = {"X": lambda: training.rows.read(slice(None)), "y": training.labels, "metadata": metadata}
    if training.rows.indices is not None:
        data["X"] = lambda: training.rows.read(training.rows.indices)
    callbacks = SklearnCallbacks(clf, max(last - first, 0), data, attributes)
    # Without anyone who listens, several epochs go into one call of the engine.
    everyone = [*([] if callbacks.is_idle else [callbacks]), *listeners, *_progress(parameters)]
    threads = usable_threads(parameters.n_jobs)
    with limited_threads(threads):
        state = train(problem, parameters, seed, start, everyone, until_epoch=last, threads=threads)
    state.solver.parameters = state.kept
    adopt(clf, Fitted.of(state, problem, encoding))
    clf._seed, clf._state = seed, state
    if state.status is Status.INTERRUPTED:
        message = (
            f"training was interrupted in epoch {state.epoch} after {state.solver.step} steps; "
            "the model holds what was learned until then"
        )
        warnings.warn(message, InterruptedTrainingWarning, stacklevel=5)
    return clf


def adopt(clf: Any, fitted: Fitted, n_features: int | None = None, feature_names: Sequence[str] | None = None) -> None:
    """Make ``clf`` the classifier that ``fitted`` is, with these features where no rows were checked with it."""
    for name, value in fitted.attributes().items():
        setattr(clf, name, value)
    clf._fitted = fitted
    if n_features is not None:
        clf.n_features_in_ = n_features
    if feature_names is not None:
        clf.feature_names_in_ = np.array(feature_names, dtype=object)


def checked_parameters(clf: Any) -> TrainingParameters:
    """Return the parameters of a classifier; ``random_state`` is None where a seed is to be drawn from it."""
    values = clf.get_params(deep=False)
    if values["random_state"] is np.random or isinstance(values["random_state"], np.random.RandomState):
        values["random_state"] = None  # the seed is drawn from it
    return TrainingParameters.check(values)


def draw_seed(random_state: Any) -> int:
    """Return ``random_state`` if it is a seed, else one drawn from it."""
    random_state = plain_value(random_state)
    return random_state if isinstance(random_state, int) else int(check_random_state(random_state).randint(2**31 - 1))


def _held_out(data: LabelledRows, fraction: float, seed: int) -> tuple[LabelledRows, LabelledRows]:
    from sklearn.model_selection import train_test_split  # which loads a tenth of a second of scikit-learn besides

    state = int(stream(seed, "split").integers(2**31))
    try:
        kept, held = train_test_split(
            np.arange(data.rows.n), test_size=fraction, stratify=data.labels, random_state=state
        )
    except ValueError as error:
        raise InputError(
            f"can't hold out validation_fraction={fraction} of the rows for early stopping ({error}); "
            "give X_val and y_val"
        ) from None
    parts = (data.subset(np.sort(kept)), "training "), (data.subset(np.sort(held)), "validation ")
    return check_weights(*parts[0]), check_weights(*parts[1])


def _start(
    clf: Any,
    parameters: TrainingParameters,
    seed: int,
    encoding: Encoding,
    problem: Problem,
    checkpoint: Checkpoint | None,
) -> Tree | TrainingState:
    first: Tree = problem.start(parameters, seed, encoding)
    if checkpoint is not None:
        try:
            state = TrainingState.from_checkpoint(*checkpoint, parameters, first)
        except (KeyError, ValueError, TypeError, OverflowError) as error:
            reason = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
            raise ModelFileError(f"the checkpoint is damaged ({reason}): delete it to start over") from None
        found = next(iter(state.solver.parameters))
        if [(a.shape, a.dtype) for a in state.solver.parameters] != [(a.shape, a.dtype) for a in first]:
            own = next(iter(first))
            raise ModelFileError(
                f"the checkpoint has {found.dtype} weights of shape {found.shape}, "
                f"this training {own.dtype} ones of shape {own.shape}: start over"
            )
        return state
    if parameters.warm_start and hasattr(clf, "_fitted"):
        earlier: Fitted = clf._fitted
        shapes = [[part.shape for part in tree] for tree in (earlier.folded, first)]
        if shapes[0] != shapes[1] or not np.array_equal(earlier.classes, encoding.classes):
            raise InputError(
                "warm_start needs the classes and features of the earlier fit; set warm_start=False to start anew"
            )
        folded: Tree = earlier.folded
        return encoding.scaling.unfold(folded.map(lambda part: part.astype(encoding.dtype)))
    return first


def _progress(parameters: TrainingParameters) -> list[Listener]:
    if not parameters.verbose:
        return []
    from onelayer.training.progress import Progress

    return [Progress()]
