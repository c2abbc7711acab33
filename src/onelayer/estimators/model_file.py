"""The classifier's part of a model file: arrays and a table of plain values, nothing that is ever executed.

A model file is in the safetensors format. Arrays: ``weights`` (k, d) and ``intercepts`` (k,), both on raw features, and
how features were scaled in training: ``scaling.shift`` and ``scaling.scale``, ``(d,)`` or ``(1,)`` float64, and
``scaling.constant`` (d,) bool, where there are any. Metadata: ``format``, ``format_version``, and ``classifier``, JSON
with the keys of :func:`describe`. Its bytes depend on the model alone.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from os import PathLike
from typing import Any, Final

import numpy as np

from onelayer.arrays import Array
from onelayer.errors import ConfigError, ModelFileError, printable
from onelayer.losses import get_loss
from onelayer.models.linear import LinearParameters
from onelayer.penalties import L2
from onelayer.solvers import Solution, Status
from onelayer.storage.kinds import MODEL, check_kind, kind_metadata
from onelayer.storage.tensors import read_tensors, write_tensors
from onelayer.training.fitted import Fitted
from onelayer.training.history import History
from onelayer.training.parameters import TrainingParameters
from onelayer.training.problem import Encoding
from onelayer.training.scaling import Scaling

__all__ = [
    "VERSION",
    "classifier_contents",
    "describe",
    "parse_table",
    "read_classifier",
    "read_model_file",
    "save_classifier",
]

VERSION: Final = 1

SavedClassifier = tuple[dict[str, Any], Fitted, list[str] | None]

INTEGER_TYPES: Final = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
LABEL_TYPES: Final = ("str", "object", "bool", "float32", "float64", *INTEGER_TYPES)


def save_classifier(clf: Any, path: str | PathLike[str]) -> None:
    """Write a fitted classifier to a model file; see ``OneLayerClassifier.save``."""
    write_tensors(path, *classifier_contents(clf))


def read_model_file(path: str | PathLike[str]) -> tuple[dict[str, Array], dict[str, str]]:
    """Return the arrays and metadata of a model file of this version."""
    arrays, metadata = read_tensors(path)
    check_kind(path, metadata, MODEL, VERSION)
    return arrays, metadata


def classifier_contents(clf: Any) -> tuple[dict[str, Array], dict[str, str]]:
    """Return the arrays and metadata that make a model file of a fitted classifier."""
    fitted: Fitted = clf._fitted
    arrays = dict(fitted.folded.items()) | _scaling_arrays(fitted.encoding)
    return arrays, kind_metadata(MODEL, VERSION) | {"classifier": json.dumps(describe(clf), sort_keys=True)}


def describe(clf: Any) -> dict[str, Any]:
    """Return all of a fitted classifier but its arrays, as plain values."""
    fitted: Fitted = clf._fitted
    minimised = {"loss": fitted.loss.name, "l2": fitted.penalty.l2, "penalize_bias": fitted.penalty.penalize_bias}
    parameters = clf.get_params(deep=False) | minimised  # set_params does not change what is fitted
    if not isinstance(parameters["random_state"], int | np.integer):
        parameters["random_state"] = None
    parameters = TrainingParameters.check(parameters).model_dump(mode="python")
    if isinstance(parameters["class_weight"], dict):  # JSON has text keys alone
        parameters["class_weight"] = [
            [_plain(label), float(weight)] for label, weight in parameters["class_weight"].items()
        ]
    label_type = "str" if clf.classes_.dtype.kind == "U" else clf.classes_.dtype.name
    labels = clf.classes_.tolist()
    if label_type not in LABEL_TYPES or not all(isinstance(label, str | int | float) for label in labels):
        raise ModelFileError(f"labels of type {clf.classes_.dtype} can't be saved: use numbers or text")
    return {
        "parameters": parameters,
        "classes": labels,
        "class_type": label_type,
        "image_shape": clf.image_shape_,
        "feature_names": [str(name) for name in clf.feature_names_in_] if hasattr(clf, "feature_names_in_") else None,
        "n_iter": clf.n_iter_,
        "n_steps": clf.n_steps_,
        "stopped_epoch": clf.stopped_epoch_,
    } | ({} if fitted.encoding is None else {"keeps_scaling": True})


def _scaling_arrays(encoding: Encoding | None) -> dict[str, Array]:
    if encoding is None:
        return {}
    scaling = encoding.scaling
    given = {"shift": scaling.shift, "scale": scaling.scale, "constant": scaling.constant}
    return {f"scaling.{name}": np.atleast_1d(part) for name, part in given.items() if part is not None}


def _read_encoding(
    table: Mapping[str, Any],
    arrays: Mapping[str, Array],
    classes: Array,
    folded: LinearParameters,
    image_shape: tuple[int, int, int] | None,
) -> Encoding | None:
    """Return how features were scaled; None for a file of an earlier version, which does not say it."""
    if not table.get("keeps_scaling", False):
        return None
    d, parts = folded.weights.shape[1], dict[str, Any]()
    for name in ("shift", "scale", "constant"):
        part = arrays.get(f"scaling.{name}")
        if part is None:
            continue
        is_mask = name == "constant"
        if part.dtype != (np.bool_ if is_mask else np.float64) or part.shape not in ((d,), () if is_mask else (1,)):
            raise ConfigError(f"its scaling.{name} is {part.dtype} of shape {part.shape}")
        if not np.isfinite(part).all() or (name == "scale" and not part.all()):
            raise ConfigError(f"its scaling.{name} is not finite, or 0")
        parts[name] = float(part[0]) if part.shape == (1,) and not is_mask and d != 1 else part
    return Encoding(classes, folded.weights.dtype, Scaling(**parts), image_shape)


def read_classifier(arrays: Mapping[str, Array], metadata: Mapping[str, str], name: str) -> SavedClassifier:
    """Return constructor arguments, model and feature names of the classifier in a model file called ``name``.

    Raises
    ------
    ModelFileError
        If something is missing or does not fit.
    """
    table = parse_table(metadata, "classifier", name)
    try:
        return _checked_table(table, arrays)
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        reason = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        raise ModelFileError(f"{name}: the model is damaged: {printable(reason)}") from None


def parse_table(metadata: Mapping[str, str], key: str, name: str) -> dict[str, Any]:
    """Return the JSON table at ``key`` of a model file's metadata; raises ModelFileError if there is none."""
    try:
        table = json.loads(metadata.get(key, ""))
    except (ValueError, RecursionError):
        table = None
    if not isinstance(table, dict):
        raise ModelFileError(f"{name}: the model is damaged: its metadata has no readable {key!r}")
    return table


def _checked_table(table: Mapping[str, Any], arrays: Mapping[str, Array]) -> SavedClassifier:
    values = dict(table["parameters"])
    if isinstance(values.get("class_weight"), list):
        values["class_weight"] = {label: float(weight) for label, weight in values["class_weight"]}
    parameters = TrainingParameters.check(values)
    classes = _checked_classes(table["classes"], table["class_type"])
    folded = _checked_arrays(arrays, get_loss(parameters.loss).outputs(len(classes)))
    shape = table["image_shape"]
    image_shape = None if shape is None else tuple(int(size) for size in shape)
    if image_shape is not None and not (
        len(image_shape) == 3 and min(image_shape) > 0 and math.prod(image_shape) == folded.weights.shape[1]
    ):
        raise ConfigError(f"image shape {image_shape} does not fit weights of shape {folded.weights.shape}")
    names = table["feature_names"]
    if names is not None and len(names) != folded.weights.shape[1]:
        raise ConfigError(f"{len(names)} feature names for {folded.weights.shape[1]} features")
    loss = get_loss(parameters.loss)
    solution = Solution(None, Status.FINISHED, int(table["n_iter"]), int(table["n_steps"]))
    fitted = Fitted(
        loss,
        L2(parameters.l2, parameters.penalize_bias),
        _read_encoding(table, arrays, classes, folded, image_shape),
        classes,
        folded,
        image_shape,
        solution,
        None if table["stopped_epoch"] is None else int(table["stopped_epoch"]),
        History(),
    )
    return parameters.model_dump(mode="python"), fitted, None if names is None else [str(name) for name in names]


def _checked_classes(labels: list[Any], label_type: str) -> Array:
    if label_type not in LABEL_TYPES:
        raise ConfigError(f"its classes are of an unknown type, {label_type!r}")
    classes: Array = np.array(labels, dtype=label_type)
    if classes.ndim != 1 or len(classes) < 2 or not np.array_equal(np.unique(classes), classes):
        raise ConfigError("its classes are not a list of two or more different labels in order")
    return classes


def _checked_arrays(arrays: Mapping[str, Array], outputs: int) -> LinearParameters:
    folded = LinearParameters(arrays["weights"], arrays["intercepts"])
    weights, intercepts = folded
    if weights.dtype not in (np.float32, np.float64) or intercepts.dtype != weights.dtype:
        raise ConfigError(
            f"weights and intercepts are {weights.dtype} and {intercepts.dtype}, not both float32 or float64"
        )
    if weights.ndim != 2 or weights.shape[1] == 0 or intercepts.shape != (outputs,) or len(weights) != outputs:
        raise ConfigError(
            f"weights {weights.shape} and intercepts {intercepts.shape} are not those of {outputs} scores"
        )
    if not folded.is_finite():
        raise ConfigError("its weights are not all finite")
    return folded


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
