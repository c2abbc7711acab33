"""The training problem, made in one place of rows, labels, weights and parameters, for every solver and caller.

An :class:`Encoding` is what is learned once, from the first rows: the classes, how features are scaled, the type of the
arithmetic. It turns rows and labels as users have them into what a model is trained on, for every later part too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any, Final

import numpy as np

from onelayer import engine
from onelayer.arrays import Array
from onelayer.errors import ConfigError, InputError
from onelayer.losses import Loss, get_loss, smoothed_labels
from onelayer.models import Linear, Model
from onelayer.objective import Objective
from onelayer.penalties import L2
from onelayer.rows import ArrayRows, LabelledRows, Rows
from onelayer.solvers import SOLVERS, Solver, check_capabilities
from onelayer.streams import stream
from onelayer.training.labels import class_weights, encode_labels, shown_label
from onelayer.training.parameters import TrainingParameters
from onelayer.training.scaling import Scaling, fit_scaling
from onelayer.tree import Tree

__all__ = ["Encoding", "Problem", "learn_encoding", "make_problem"]

EXPANDED_BYTES: Final = 200_000_000  # up to this size, rows are converted and scaled once instead of in every epoch


@dataclass(frozen=True, eq=False)
class Encoding:
    """How rows and labels are turned into what a model is trained on.

    Attributes
    ----------
    classes : (K,) array
        Sorted labels.
    dtype : numpy dtype
        Of the arithmetic.
    scaling : Scaling
        From raw features to those that the model sees.
    image_shape : (h, w, c) or None
        Of the images that rows are.
    """

    classes: Array
    dtype: Any
    scaling: Scaling
    image_shape: tuple[int, int, int] | None = None

    def rows(self, rows: Rows, *, as_images: bool = False) -> Rows:
        """Return rows as the model sees them; ``as_images`` where they may be mirrored."""
        shift, scale = (
            None if part is None else np.asarray(part, self.dtype) for part in (self.scaling.shift, self.scaling.scale)
        )
        seen = rows.seen(self.dtype, shift, scale, self.image_shape if as_images else None)
        # The native engine converts and scales in registers, which costs less than to fetch four times the bytes.
        return seen.expanded(EXPANDED_BYTES) if isinstance(seen, ArrayRows) and not engine.available() else seen

    def part(self, data: LabelledRows, what: str, *, as_images: bool = False) -> LabelledRows:
        """Return labelled rows as the model sees them; ``what`` names the labels in messages."""
        labels = encode_labels(data.labels, self.classes, what)
        return LabelledRows(self.rows(data.rows, as_images=as_images), labels, data.weights)


@dataclass(frozen=True, eq=False)
class Problem:
    """What is trained on what.

    ``targets`` are what the solver fits, ``(n,)`` labels or ``(n, k)`` probabilities (smoothed labels, say); figures in
    the history are always against the labels.
    """

    objective: Objective
    training: LabelledRows
    targets: Array
    validation: LabelledRows | None = None

    def start(self, parameters: TrainingParameters, seed: int, encoding: Encoding) -> Any:
        """Return parameters to start from, all drawn as ``init`` says."""
        rng, p = stream(seed, "init"), parameters

        def draw(*shape: int) -> Array:
            if p.init == "normal":
                return rng.normal(0.0, p.init_scale, shape).astype(encoding.dtype)
            if p.init == "uniform":
                return rng.uniform(-p.init_scale, p.init_scale, shape).astype(encoding.dtype)
            return np.zeros(shape, encoding.dtype)

        k = self.objective.loss.outputs(len(encoding.classes))
        start: Tree = self.objective.model.start(self.training.rows.d, k, draw)
        if encoding.scaling.constant is not None:
            getattr(start, start.at_inputs[0])[..., encoding.scaling.constant] = 0.0
        if not p.fit_intercept:
            start = replace(start, **{name: np.zeros_like(getattr(start, name)) for name in start.biases})
        return start

    def solver(self, models: Sequence[TrainingParameters], seed: int, threads: int, *, together: bool) -> Solver:
        """Return the solver of one model, or of m models ``together``, whose parameters name it."""
        shared = models[0]
        l2 = np.array([model.l2 for model in models]) if together else shared.l2
        objective = replace(self.objective, penalty=L2(l2, shared.penalize_bias))
        chosen = SOLVERS[shared.solver]
        check_capabilities(chosen, objective.loss)
        return chosen.of(
            objective, self.training, self.targets, models, seed, threads, fit_intercept=shared.fit_intercept
        )


def learn_encoding(
    parameters: TrainingParameters,
    classes: Array,
    data: LabelledRows,
    image_shape: tuple[int, int, int] | None = None,
    scaling: Scaling | None = None,
) -> Encoding:
    """Return the encoding of rows ``data`` (as users have them) with labels among ``classes``.

    Parameters
    ----------
    parameters : TrainingParameters
    classes : (K,) array
        Sorted.
    data : LabelledRows
        What scaling is learned from.
    image_shape : (h, w, c) or None
    scaling : Scaling or None
        One that was learned from these rows before.

    Raises
    ------
    ConfigError, InputError
        If the parameters, classes and rows do not fit each other.
    """
    check_classes(classes, get_loss(parameters.loss))
    if image_shape is not None and prod(image_shape) != data.rows.d:
        raise InputError(
            f"image_shape={image_shape} has {prod(image_shape)} values, but rows have {data.rows.d} features"
        )
    if parameters.flip_probability and image_shape is None:
        raise InputError("flip_probability needs images: give X as (n, h, w) or (n, h, w, c), or set image_shape")
    if scaling is None:
        scaling = fit_scaling(parameters.scaling, data.rows, data.weights)
    return Encoding(classes, _type_of_arithmetic(parameters, data.rows.stored_dtype, scaling), scaling, image_shape)


def make_problem(
    parameters: TrainingParameters,
    encoding: Encoding,
    training: LabelledRows,
    validation: LabelledRows | None = None,
    model: Model[Any] | None = None,
) -> Problem:
    """Return the problem of training on rows and labels as users have them.

    Raises
    ------
    ConfigError, InputError
        If the parameters, labels and weights do not fit each other.
    """
    loss = get_loss(parameters.loss)
    if parameters.label_smoothing and not loss.takes_probabilities:
        raise ConfigError(
            f"label_smoothing needs a loss on probabilities, which {loss.name!r} is not: set label_smoothing=0"
        )
    part = encoding.part(training, "y", as_images=parameters.flip_probability > 0)
    targets = part.labels
    if parameters.label_smoothing:
        k = loss.outputs(len(encoding.classes))
        targets = smoothed_labels(part.labels, k, parameters.label_smoothing, encoding.dtype)
    held_out = None if validation is None else encoding.part(validation, "y_val")
    weights = _row_weights(parameters, encoding.classes, part)
    objective = Objective(loss, L2(parameters.l2, parameters.penalize_bias), model or Linear())
    return Problem(objective, replace(part, weights=weights), targets, held_out)


def check_classes(classes: Array, loss: Loss) -> None:
    """Raise InputError unless a loss can tell these classes apart."""
    if len(classes) < 2:
        only = f", {shown_label(classes[0])}" if len(classes) else ""
        raise InputError(f"all labels are of one class{only}: a classifier needs at least two classes")
    if loss.outputs(2) == 1 and len(classes) > 2:
        raise InputError(
            f"Only binary classification is supported by loss='logistic', but y has {len(classes)} classes"
            " (The type of the target is multiclass): use loss='softmax'"
        )


def _row_weights(parameters: TrainingParameters, classes: Array, part: LabelledRows) -> Array | None:
    by_class = class_weights(parameters.class_weight, classes, part.labels)
    if by_class is None:
        return part.weights
    weights = by_class if part.weights is None else by_class * part.weights
    if not weights.any():
        raise InputError("all rows have weight 0 by class_weight (and sample_weight): at least one has to count")
    return weights


def _type_of_arithmetic(parameters: TrainingParameters, of_rows: Any, scaling: Scaling) -> Any:
    """Return the type that is asked for; by default that of the rows, but never one that can't hold the scaling."""
    dtype = np.dtype(parameters.dtype if parameters.dtype != "auto" else np.result_type(of_rows, np.float32))
    if dtype == np.float32 and of_rows != np.uint8 and not scaling.suits(dtype):
        if parameters.dtype != "auto":
            raise InputError(
                "features vary too much, or too little for their size, for "
                f"scaling={parameters.scaling!r} in float32: use dtype='float64', or rescale X"
            )
        dtype = np.dtype(np.float64)
    if dtype == np.float64 and not scaling.suits(dtype):
        raise InputError(f"features are too large or too close to 0 for scaling={parameters.scaling!r}: rescale X")
    return dtype
