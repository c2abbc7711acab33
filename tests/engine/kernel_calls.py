"""The kernels as functions of plain arrays, for tests: each makes a job of its arguments and runs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from onelayer import engine

ROWS = ("shift", "scale", "indices", "mirrored", "image_shape")


@dataclass(frozen=True)
class Seen:
    """Rows as the engine is to see them, without any check of their own."""

    array: Any
    shift: Any = None
    scale: Any = None
    indices: Any = None
    mirrored: Any = None
    image_shape: Any = None


def seen(X: Any, options: dict[str, Any]) -> Seen:
    return Seen(X, **{name: options.pop(name) for name in ROWS if name in options})


def train_segment(X, targets, order, learning_rates, weights, intercepts, **options: Any) -> Any:
    rows = seen(X, options)
    return engine.TrainJob(
        rows=rows,
        targets=targets,
        order=order,
        learning_rates=learning_rates,
        weights=weights,
        intercepts=intercepts,
        **options,
    ).run()


train_models_segment = train_segment


def a_pass(X, targets, weights, intercepts, **options: Any) -> engine.PassSums:
    rows = seen(X, options)
    return engine.PassJob(rows=rows, targets=targets, weights=weights, intercepts=intercepts, **options).run()


def evaluate(X, targets, weights, intercepts, **options: Any) -> tuple[Any, Any, Any]:
    sums = a_pass(X, targets, weights, intercepts, **options)
    return sums.loss, sums.correct, sums.weight


def loss_and_gradient_sums(X, targets, weights, intercepts, **options: Any) -> tuple[Any, Any, Any, Any]:
    sums = a_pass(X, targets, weights, intercepts, with_gradient=True, **options)
    return sums.loss, sums.weights, sums.intercepts, sums.weight


def hessian_product_sums(X, targets, weights, intercepts, directions, direction_intercepts, **options: Any) -> Any:
    along = {"directions": directions, "direction_intercepts": direction_intercepts}
    sums = a_pass(X, targets, weights, intercepts, **along, **options)
    return sums.weights, sums.intercepts
