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
from onelayer.errors import ConfigError, InputError, InterruptedTrainingWarning, ModelFileError
from onelayer.estimators.callbacks import SklearnCallbacks
from onelayer.estimators.inputs import LabelledRows, check_labelled, shape_of_images
from onelayer.estimators.setting import Setting, make_setting
from onelayer.losses import Loss
from onelayer.models.linear import LinearParameters
from onelayer.solvers.status import Status
from onelayer.threads import limited_threads, usable_threads
from onelayer.training.early_stopping import Monitor
from onelayer.training.listeners import Listener
from onelayer.training.loop import train
from onelayer.training.parameters import TrainingParameters
from onelayer.training.state import TrainingState
from onelayer.training.streams import stream

__all__ = ["Checkpoint", "fit_classifier", "fit_once_more", "model_attributes"]

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
    parameters = _checked_parameters(clf)
    image_shape = shape_of_images(X, parameters.image_shape)
    training = check_labelled(clf, X, y, sample_weight, reset=True)
    validation = None
    if X_val is not None:
        validation = check_labelled(
            clf, X_val, y_val, sample_weight_val, reset=False, image_shape=image_shape, what="validation "
        )
    elif y_val is not None or sample_weight_val is not None:
        raise InputError("validation labels or weights were given without X_val: give the validation rows too")
    seed = _draw_seed(clf.random_state)
    if validation is None and parameters.early_stopping:
        training, validation = _held_out(training, parameters.validation_fraction, seed)
    setting = make_setting(parameters, seed, np.unique(training.y), training, image_shape)
    return _train(clf, setting, training, validation, _start(clf, setting, training.rows.d, checkpoint), listeners)


@with_callbacks
def fit_once_more(clf: Any, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Any:
    """Train ``clf`` for one epoch over X: ``partial_fit``."""
    first = not hasattr(clf, "classes_")
    parameters = _checked_parameters(clf)
    if first and classes is None:
        raise InputError("the first call of partial_fit needs classes: all labels that will ever come")
    if parameters.class_weight == "balanced":
        raise ConfigError("class_weight='balanced' needs all labels at once: give partial_fit a weight for each class")
    image_shape = shape_of_images(X, parameters.image_shape if first else clf.image_shape_)
    data = check_labelled(clf, X, y, sample_weight, reset=first)
    if not first and classes is not None and not np.array_equal(np.unique(classes), clf.classes_):
        raise InputError(f"`classes={classes!r}` is not the same as on last call to partial_fit, was: {clf.classes_!r}")
    if first:
        setting = make_setting(parameters, _draw_seed(clf.random_state), np.unique(classes), data, image_shape)
        start: LinearParameters | TrainingState = setting.first_parameters(data.rows.d)
    else:
        setting = _earlier_setting(clf, parameters)
        setting = replace(setting, scaling=setting.scaling.revived(data.rows, data.weights))
        start = clf._state.continued(parameters)
    return _train(clf, setting, data, None, start, (), epochs=1)


def _earlier_setting(clf: Any, parameters: TrainingParameters) -> Setting:
    if not hasattr(clf, "_setting"):
        raise InputError(
            "a loaded model does not know its scaling any more, so partial_fit can't go on from it: "
            "use fit with warm_start=True"
        )
    setting: Setting = clf._setting
    if parameters.loss != setting.parameters.loss:
        raise ConfigError(f"partial_fit can't change loss={setting.parameters.loss!r} to {parameters.loss!r}: use fit")
    return replace(setting, parameters=parameters)


def _train(
    clf: Any,
    setting: Setting,
    training: LabelledRows,
    validation: LabelledRows | None,
    start: LinearParameters | TrainingState,
    listeners: Sequence[Listener],
    epochs: int | None = None,
) -> Any:
    parameters = setting.parameters
    first = start.epoch if isinstance(start, TrainingState) else 0
    last = parameters.max_epochs if epochs is None else first + epochs

    def attributes(state: TrainingState) -> dict[str, Any]:
        return _fitted_attributes(setting, state)

    metadata = {} if training.weights is None else {"sample_weight": training.weights}
    data = {"X": lambda: training.X, "y": training.y, "metadata": metadata}
    callbacks = SklearnCallbacks(clf, max(last - first, 0), data, attributes)
    # Without anyone who listens, several epochs go into one call of the engine.
    everyone = [*([] if callbacks.is_idle else [callbacks]), *listeners, *_progress(parameters)]
    threads = usable_threads(parameters.n_jobs)
    with limited_threads(threads):
        problem = setting.problem(training, validation)
        state = train(problem, parameters, setting.seed, start, everyone, until_epoch=last, threads=threads)
    state.solver.parameters = state.kept
    for name, value in attributes(state).items():
        setattr(clf, name, value)
    clf._setting, clf._state = setting, state
    if state.status is Status.INTERRUPTED:
        message = (
            f"training was interrupted in epoch {state.epoch} after {state.solver.step} steps; "
            "the model holds what was learned until then"
        )
        warnings.warn(message, InterruptedTrainingWarning, stacklevel=5)
    return clf


def _fitted_attributes(setting: Setting, state: TrainingState) -> dict[str, Any]:
    folded = setting.scaling.fold(state.kept)
    return model_attributes(setting.loss, setting.classes, folded, setting.image_shape) | {
        "n_iter_": state.epoch,
        "n_steps_": state.solver.step,
        "stopped_epoch_": state.stopped_epoch,
        "history_": state.history.arrays(),
    }


def model_attributes(
    loss: Loss, classes: Array, folded: LinearParameters, image_shape: tuple[int, int, int] | None
) -> dict[str, Any]:
    """Return the attributes that a classifier needs to predict, from parameters on raw features."""
    coef, intercept = folded
    if len(classes) == 2 and len(intercept) == 2:
        coef, intercept = coef[1:] - coef[:1], intercept[1:] - intercept[:1]
    return {
        "classes_": classes,
        "coef_": coef,
        "intercept_": intercept,
        "image_shape_": image_shape,
        "_folded": folded,
        "_loss": loss,
    }


def _checked_parameters(clf: Any) -> TrainingParameters:
    values = clf.get_params(deep=False)
    if not isinstance(values["random_state"], int | np.integer):
        values["random_state"] = None  # a generator, say: the seed is drawn from it
    return TrainingParameters.check(values)


def _draw_seed(random_state: Any) -> int:
    if isinstance(random_state, int | np.integer):
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31 - 1))


def _held_out(data: LabelledRows, fraction: float, seed: int) -> tuple[LabelledRows, LabelledRows]:
    from sklearn.model_selection import train_test_split  # which loads a tenth of a second of scikit-learn besides

    state = int(stream(seed, "split").integers(2**31))
    try:
        kept, held = train_test_split(np.arange(len(data.y)), test_size=fraction, stratify=data.y, random_state=state)
    except ValueError as error:
        raise InputError(
            f"can't hold out validation_fraction={fraction} of the rows for early stopping ({error}); "
            "give X_val and y_val"
        ) from None
    return data.subset(np.sort(kept), "training "), data.subset(np.sort(held), "validation ")


def _start(clf: Any, setting: Setting, d: int, checkpoint: Checkpoint | None) -> LinearParameters | TrainingState:
    first = setting.first_parameters(d)
    if checkpoint is not None:
        try:
            state = TrainingState.from_checkpoint(*checkpoint, Monitor(setting.parameters))
        except (KeyError, ValueError, TypeError, OverflowError) as error:
            reason = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
            raise ModelFileError(f"the checkpoint is damaged ({reason}): delete it to start over") from None
        shape, dtype = state.solver.parameters.weights.shape, state.solver.parameters.weights.dtype
        if [(a.shape, a.dtype) for a in state.solver.parameters] != [(a.shape, a.dtype) for a in first]:
            raise ModelFileError(
                f"the checkpoint has {dtype} weights of shape {shape}, "
                f"this training {first.weights.dtype} ones of shape {first.weights.shape}: start over"
            )
        return state
    if setting.parameters.warm_start and hasattr(clf, "_folded"):
        if clf._folded.weights.shape != first.weights.shape or not np.array_equal(clf.classes_, setting.classes):
            raise InputError(
                "warm_start needs the classes and features of the earlier fit; set warm_start=False to start anew"
            )
        raw = LinearParameters(*(part.astype(setting.dtype) for part in clf._folded))
        return setting.scaling.unfold(raw)
    return first


def _progress(parameters: TrainingParameters) -> list[Listener]:
    if not parameters.verbose:
        return []
    from onelayer.training.progress import Progress

    return [Progress()]
