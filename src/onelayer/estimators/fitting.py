"""From what a user hands in to a trained model: the one path of ``fit``, ``partial_fit`` and experiments."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.callback import with_callbacks
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state

from onelayer.errors import ConfigError, InputError, InterruptedTrainingWarning, ModelFileError
from onelayer.estimators.callbacks import SklearnCallbacks
from onelayer.estimators.inputs import LabelledRows, check_labelled, class_weights, encode_labels, shape_of_images
from onelayer.losses import Loss, get_loss, smoothed_labels
from onelayer.models.linear import LinearParameters
from onelayer.objective import Objective
from onelayer.penalties import L2
from onelayer.rows import RowSource
from onelayer.solvers.status import Status
from onelayer.training.early_stopping import Monitor
from onelayer.training.listeners import Listener
from onelayer.training.loop import Part, Problem, train
from onelayer.training.parameters import TrainingParameters
from onelayer.training.scaling import Scaling, fit_scaling
from onelayer.training.state import TrainingState
from onelayer.training.streams import stream
from onelayer.training.threads import limited_threads, usable_threads

__all__ = ["Checkpoint", "Setting", "fit_classifier", "fit_once_more", "model_attributes"]

Array = np.ndarray[Any, Any]
Checkpoint = tuple[Mapping[str, Array], Mapping[str, Any]]

EXPANDED_BYTES = 200_000_000  # up to this size, rows are converted and scaled once instead of in every epoch


@dataclass(frozen=True)
class Setting:
    """What stays the same from the first fit on: parameters, seed, classes, loss, how rows are seen."""

    parameters: TrainingParameters
    seed: int
    classes: Array
    loss: Loss
    dtype: Any
    scaling: Scaling
    image_shape: tuple[int, int, int] | None

    def rows(self, X: Array) -> RowSource:
        """Return X ``(n, d)`` as the model sees it."""
        shift, scale = (
            None if part is None else np.asarray(part, self.dtype) for part in (self.scaling.shift, self.scaling.scale)
        )
        return RowSource(X, self.dtype, shift, scale, image_shape=self.image_shape)

    def problem(self, training: LabelledRows, validation: LabelledRows | None) -> Problem:
        """Return what is to be solved."""
        p = self.parameters
        labels = encode_labels(training.y, self.classes, "y")
        objective = Objective(self.loss, L2(p.l2, p.penalize_bias))
        rows = self.rows(training.X)
        part = Part(
            rows if p.flip_probability else rows.expanded(EXPANDED_BYTES),
            labels,
            self._row_weights(training.weights, labels),
        )
        targets = (
            smoothed_labels(labels, self.loss.outputs(len(self.classes)), p.label_smoothing, self.dtype)
            if p.label_smoothing
            else labels
        )
        if validation is None:
            return Problem(objective, part, targets)
        held_out = Part(
            self.rows(validation.X).expanded(EXPANDED_BYTES),
            encode_labels(validation.y, self.classes, "y_val"),
            validation.weights,
        )
        return Problem(objective, part, targets, held_out)

    def _row_weights(self, sample_weights: Array | None, labels: Array) -> Array | None:
        by_class = class_weights(self.parameters.class_weight, self.classes, labels)
        if by_class is None:
            return sample_weights
        return by_class if sample_weights is None else by_class * sample_weights

    def first_parameters(self, d: int) -> LinearParameters:
        """Return weights and intercepts to start from, drawn alike: zeros, N(0, init_scale²) or U(−init_scale, init_scale)."""
        p, rng, k = self.parameters, stream(self.seed, "init"), self.loss.outputs(len(self.classes))

        def draw(*shape: int) -> Array:
            if p.init == "normal":
                return rng.normal(0.0, p.init_scale, shape).astype(self.dtype)
            if p.init == "uniform":
                return rng.uniform(-p.init_scale, p.init_scale, shape).astype(self.dtype)
            return np.zeros(shape, self.dtype)

        weights, intercepts = draw(k, d), draw(k)
        return LinearParameters(weights, intercepts if p.fit_intercept else np.zeros_like(intercepts))


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
    validation = (
        None if X_val is None else check_labelled(clf, X_val, y_val, sample_weight_val, reset=False, what="validation ")
    )
    if X_val is None and (y_val is not None or sample_weight_val is not None):
        raise InputError("validation labels or weights were given without X_val: give the validation rows too")
    seed = _draw_seed(clf.random_state)
    if validation is None and parameters.early_stopping:
        training, validation = _held_out(training, parameters.validation_fraction, seed)
    setting = _setting(parameters, seed, np.unique(training.y), training, image_shape)
    return _train(clf, setting, training, validation, _start(clf, setting, training.X.shape[1], checkpoint), listeners)


@with_callbacks
def fit_once_more(clf: Any, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Any:
    """Train ``clf`` for one epoch over X: ``partial_fit``."""
    first = not hasattr(clf, "classes_")
    parameters = _checked_parameters(clf)
    if first and classes is None:
        raise InputError("the first call of partial_fit needs classes: all labels that will ever come")
    image_shape = shape_of_images(X, parameters.image_shape)
    data = check_labelled(clf, X, y, sample_weight, reset=first)
    if not first and classes is not None and not np.array_equal(np.unique(classes), clf.classes_):
        raise InputError(f"`classes={classes!r}` is not the same as on last call to partial_fit, was: {clf.classes_!r}")
    if first:
        setting = _setting(parameters, _draw_seed(clf.random_state), np.unique(classes), data, image_shape)
        start: LinearParameters | TrainingState = setting.first_parameters(data.X.shape[1])
    elif not hasattr(clf, "_state"):
        raise InputError(
            "a loaded model does not know its scaling any more, so partial_fit can't go on from it: use fit with warm_start=True"
        )
    else:
        setting, start = clf._setting, clf._state
        clf._state.status = Status.RUNNING
    return _train(clf, setting, data, None, start, (), epochs=1)


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
    callbacks = SklearnCallbacks(
        clf, max(last - first, 0), {"X": training.X, "y": training.y, "metadata": metadata}, attributes
    )
    everyone = [callbacks, *listeners, *_progress(parameters)]
    with limited_threads(usable_threads(parameters.n_jobs)):
        problem = setting.problem(training, validation)
        state = train(problem, parameters, setting.seed, start, everyone, until_epoch=last)
    state.solver.parameters = state.kept
    for name, value in attributes(state).items():
        setattr(clf, name, value)
    clf._setting, clf._state = setting, state
    if state.status is Status.INTERRUPTED:
        message = f"training was interrupted in epoch {state.epoch} after {state.solver.step} steps; the model holds what was learned until then"
        warnings.warn(message, InterruptedTrainingWarning, stacklevel=4)
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
    parameters = TrainingParameters.check(values)
    if parameters.label_smoothing and not get_loss(parameters.loss).takes_probabilities:
        raise ConfigError(
            f"label_smoothing needs a loss on probabilities, which {parameters.loss!r} is not: set label_smoothing=0"
        )
    return parameters


def _draw_seed(random_state: Any) -> int:
    if isinstance(random_state, int | np.integer):
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31 - 1))


def _setting(
    parameters: TrainingParameters,
    seed: int,
    classes: Array,
    data: LabelledRows,
    image_shape: tuple[int, int, int] | None,
) -> Setting:
    loss = get_loss(parameters.loss)
    if len(classes) < 2:
        raise InputError(f"all labels are of one class, {classes[0]!r}: a classifier needs at least two classes")
    if loss.outputs(2) == 1 and len(classes) > 2:
        raise InputError(
            f"Only binary classification is supported by loss='logistic', but y has {len(classes)} classes"
            " (The type of the target is multiclass): use loss='softmax'"
        )
    if image_shape is not None and int(np.prod(image_shape)) != data.X.shape[1]:
        raise InputError(
            f"image_shape={image_shape} has {int(np.prod(image_shape))} values, but rows have {data.X.shape[1]} features"
        )
    if parameters.flip_probability and image_shape is None:
        raise InputError("flip_probability needs images: give X as (n, h, w) or (n, h, w, c), or set image_shape")
    dtype = np.dtype(
        parameters.dtype if parameters.dtype != "auto" else np.float64 if data.X.dtype == np.float64 else np.float32
    )
    scaling = fit_scaling(parameters.scaling, RowSource(data.X, dtype), data.weights)
    return Setting(parameters, seed, classes, loss, dtype, scaling, image_shape)


def _held_out(data: LabelledRows, fraction: float, seed: int) -> tuple[LabelledRows, LabelledRows]:
    state = int(stream(seed, "split").integers(2**31))
    try:
        kept, held = train_test_split(np.arange(len(data.y)), test_size=fraction, stratify=data.y, random_state=state)
    except ValueError as error:
        raise InputError(
            f"can't hold out validation_fraction={fraction} of the rows for early stopping ({error}); give X_val and y_val"
        ) from None

    def part(indices: Array) -> LabelledRows:
        return LabelledRows(data.X[indices], data.y[indices], None if data.weights is None else data.weights[indices])

    return part(np.sort(kept)), part(np.sort(held))


def _start(clf: Any, setting: Setting, d: int, checkpoint: Checkpoint | None) -> LinearParameters | TrainingState:
    first = setting.first_parameters(d)
    if checkpoint is not None:
        try:
            state = TrainingState.from_checkpoint(*checkpoint, Monitor(setting.parameters))
        except (KeyError, ValueError, TypeError) as error:
            raise ModelFileError(f"the checkpoint lacks or garbles {error}: delete it to start over") from None
        if state.solver.parameters.weights.shape != first.weights.shape:
            raise ModelFileError(
                f"the checkpoint has weights of shape {state.solver.parameters.weights.shape}, this training {first.weights.shape}"
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
