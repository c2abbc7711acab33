"""What stays the same from the first fit on, and the problem that it makes of labelled rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np

from onelayer import engine
from onelayer.arrays import Array
from onelayer.errors import ConfigError, InputError
from onelayer.estimators.inputs import LabelledRows, class_weights, encode_labels, shown_label
from onelayer.losses import Loss, get_loss, smoothed_labels
from onelayer.models.linear import LinearParameters
from onelayer.objective import Objective
from onelayer.penalties import L2
from onelayer.rows import RowSource
from onelayer.training.loop import Part, Problem
from onelayer.training.parameters import TrainingParameters
from onelayer.training.scaling import Scaling, fit_scaling
from onelayer.training.streams import stream

__all__ = ["Setting", "make_setting"]

EXPANDED_BYTES = 200_000_000  # up to this size, rows are converted and scaled once instead of in every epoch


@dataclass(frozen=True)
class Setting:
    """Parameters, seed, classes and loss; how rows are seen: in which type, how scaled, as which images."""

    parameters: TrainingParameters
    seed: int
    classes: Array
    loss: Loss
    dtype: Any
    scaling: Scaling
    image_shape: tuple[int, int, int] | None

    def problem(self, training: LabelledRows, validation: LabelledRows | None) -> Problem:
        """Return what is to be solved."""
        p = self.parameters
        labels = encode_labels(training.y, self.classes, "y")
        targets = labels
        if p.label_smoothing:
            targets = smoothed_labels(labels, self.loss.outputs(len(self.classes)), p.label_smoothing, self.dtype)
        held_out = None
        if validation is not None:
            held_out_labels = encode_labels(validation.y, self.classes, "y_val")
            held_out = Part(self._rows(validation.rows), held_out_labels, validation.weights)
        part = Part(self._rows(training.rows), labels, self._row_weights(training.weights, labels))
        return Problem(Objective(self.loss, L2(p.l2, p.penalize_bias)), part, targets, held_out)

    def first_parameters(self, d: int) -> LinearParameters:
        """Return weights and intercepts to start from, all drawn as ``init`` says."""
        p, rng, k = self.parameters, stream(self.seed, "init"), self.loss.outputs(len(self.classes))

        def draw(*shape: int) -> Array:
            if p.init == "normal":
                return rng.normal(0.0, p.init_scale, shape).astype(self.dtype)
            if p.init == "uniform":
                return rng.uniform(-p.init_scale, p.init_scale, shape).astype(self.dtype)
            return np.zeros(shape, self.dtype)

        weights, intercepts = draw(k, d), draw(k)
        if self.scaling.constant is not None:
            weights[:, self.scaling.constant] = 0.0
        return LinearParameters(weights, intercepts if p.fit_intercept else np.zeros_like(intercepts))

    def _rows(self, rows: RowSource) -> RowSource:
        """Return rows as the model sees them."""
        shift, scale = (
            None if part is None else np.asarray(part, self.dtype) for part in (self.scaling.shift, self.scaling.scale)
        )
        image_shape = self.image_shape if self.parameters.flip_probability else None  # else they can be expanded
        seen = replace(rows, dtype=self.dtype, shift=shift, scale=scale, image_shape=image_shape)
        # The native engine converts and scales in registers, which costs less than to fetch four times the bytes.
        return seen if engine.available() else seen.expanded(EXPANDED_BYTES)

    def _row_weights(self, sample_weights: Array | None, labels: Array) -> Array | None:
        by_class = class_weights(self.parameters.class_weight, self.classes, labels)
        if by_class is None:
            return sample_weights
        weights = by_class if sample_weights is None else by_class * sample_weights
        if not weights.any():
            raise InputError("all rows have weight 0 by class_weight (and sample_weight): at least one has to count")
        return weights


def make_setting(
    parameters: TrainingParameters,
    seed: int,
    classes: Array,
    data: LabelledRows,
    image_shape: tuple[int, int, int] | None,
) -> Setting:
    """Return the setting that a first fit on ``data`` makes; the scaling is learned from it.

    Raises
    ------
    ConfigError, InputError
        If the parameters, classes and rows do not fit each other.
    """
    loss = get_loss(parameters.loss)
    _check_classes(classes, loss)
    if parameters.label_smoothing and not loss.takes_probabilities:
        raise ConfigError(
            f"label_smoothing needs a loss on probabilities, which {loss.name!r} is not: set label_smoothing=0"
        )
    if image_shape is not None and prod(image_shape) != data.rows.d:
        raise InputError(
            f"image_shape={image_shape} has {prod(image_shape)} values, but rows have {data.rows.d} features"
        )
    if parameters.flip_probability and image_shape is None:
        raise InputError("flip_probability needs images: give X as (n, h, w) or (n, h, w, c), or set image_shape")
    scaling = fit_scaling(parameters.scaling, data.rows, data.weights)
    dtype = _type_of_arithmetic(parameters, data.rows.array.dtype, scaling)
    return Setting(parameters, seed, classes, loss, dtype, scaling, image_shape)


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


def _check_classes(classes: Array, loss: Loss) -> None:
    if len(classes) < 2:
        only = f", {shown_label(classes[0])}" if len(classes) else ""
        raise InputError(f"all labels are of one class{only}: a classifier needs at least two classes")
    if loss.outputs(2) == 1 and len(classes) > 2:
        raise InputError(
            f"Only binary classification is supported by loss='logistic', but y has {len(classes)} classes"
            " (The type of the target is multiclass): use loss='softmax'"
        )
