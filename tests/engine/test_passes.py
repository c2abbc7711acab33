from __future__ import annotations

from typing import Any

import kernel_calls
import kernel_definition as definition
import numpy as np
import pytest

from onelayer.errors import ConfigError

LOSSES = ["logistic", "softmax", "sigmoid", "hinge", "squared_hinge"]


class Case:
    """m models on random rows, and what the definition says of each."""

    def __init__(self, seed: int, loss: str, source: Any, dtype: Any) -> None:
        rng = np.random.default_rng([seed, LOSSES.index(loss)])
        self.loss, self.m = loss, int(rng.choice([1, 2, 5]))
        self.k = 1 if loss == "logistic" else int(rng.choice([2, 3, 10, 17]))
        self.image_shape = [(1, 1, 1), (5, 7, 3), (1, 785, 1), (8, 40, 3)][rng.integers(4)]
        d, N = int(np.prod(self.image_shape)), int(rng.integers(1, 700))
        bytes_ = source == np.uint8
        self.X = rng.integers(0, 256, (N, d)).astype(source) if bytes_ else rng.normal(size=(N, d)).astype(source)
        self.indices = rng.integers(0, N, int(rng.integers(1, 500))) if rng.random() < 0.5 else None
        n = N if self.indices is None else len(self.indices)
        self.targets: Any = rng.integers(0, max(self.k, 2), n)
        if loss == "softmax" and rng.random() < 0.4:
            self.targets = rng.dirichlet(np.ones(self.k), n)
        shape = (self.m, self.k, d)
        self.weights, self.directions = (
            (rng.normal(size=shape) * 0.1).astype(dtype),
            rng.normal(size=shape).astype(dtype),
        )
        self.intercepts, self.direction_intercepts = (
            rng.normal(size=shape[:2]).astype(dtype),
            rng.normal(size=shape[:2]).astype(dtype),
        )
        self.row_weights = [
            None,
            rng.choice([0, 0.5, 2], n).astype(dtype),
            rng.choice([0, 0.5, 2], (n, self.m)).astype(dtype),
        ][rng.integers(3)]
        self.shift = (rng.normal(size=d) * (100 if bytes_ else 1)).astype(dtype)
        self.scale = (rng.uniform(0.5, 1.5, d) / (100 if bytes_ else 1)).astype(dtype)
        self.mirrored = rng.random(n) < 0.5 if rng.random() < 0.3 else None
        self.bound = 1e-4 if dtype == np.float32 else 1e-12
        chosen = np.arange(N) if self.indices is None else self.indices
        x = self.X[chosen].astype(float)
        if self.mirrored is not None:
            images = x.reshape(n, *self.image_shape)
            images[self.mirrored] = images[self.mirrored, :, ::-1]
        self.rows = (x - self.shift) * self.scale

    @property
    def options(self) -> dict[str, Any]:
        mirror = {} if self.mirrored is None else {"mirrored": self.mirrored, "image_shape": self.image_shape}
        return {
            "loss": self.loss,
            "shift": self.shift,
            "scale": self.scale,
            "indices": self.indices,
            "row_weights": self.row_weights,
            **mirror,
        }

    def weights_of(self, number: int) -> Any:
        if self.row_weights is None:
            return np.ones(len(self.rows))
        return (self.row_weights if self.row_weights.ndim == 1 else self.row_weights[:, number]).astype(float)

    def scores(self, number: int) -> Any:
        return self.rows @ self.weights[number].T.astype(float) + self.intercepts[number]

    def close(self, got: Any, want: Any) -> None:
        np.testing.assert_allclose(got, want, rtol=0, atol=self.bound * max(1.0, float(np.abs(want).max())))


def labels_of(targets: Any) -> Any:
    return targets if targets.ndim == 1 else targets.argmax(axis=1)


CASES = [
    (seed, loss, source, dtype)
    for seed in range(5)
    for loss in LOSSES
    for source in (np.uint8, np.float32, np.float64)
    for dtype in (np.float32, np.float64)
]


@pytest.mark.parametrize(("seed", "loss", "source", "dtype"), CASES)
def test_evaluate_equals_the_definition(instruction_set: str, seed: int, loss: str, source: Any, dtype: Any) -> None:
    case = Case(seed, loss, source, dtype)
    got = kernel_calls.evaluate(
        case.X, case.targets, case.weights, case.intercepts, n_threads=1 + seed % 3, **case.options
    )
    for i in range(case.m):
        w, z = case.weights_of(i), case.scores(i)
        case.close(got[0][i], (w * definition.loss_and_residual(loss, z, case.targets)[0]).sum())
        case.close(got[1][i], (w * (definition.decision(loss, z) == labels_of(case.targets))).sum())
        case.close(got[2][i], w.sum())


@pytest.mark.parametrize(("seed", "loss", "source", "dtype"), CASES)
def test_models_have_the_figures_that_they_have_alone_bit_by_bit(
    instruction_set: str, seed: int, loss: str, source: Any, dtype: Any
) -> None:
    case = Case(seed, loss, source, dtype)
    options = case.options
    together = kernel_calls.evaluate(case.X, case.targets, case.weights, case.intercepts, n_threads=2, **options)
    for i in range(case.m):
        if case.row_weights is not None and case.row_weights.ndim == 2:
            options["row_weights"] = np.ascontiguousarray(case.row_weights[:, i])
        alone = kernel_calls.evaluate(case.X, case.targets, case.weights[i], case.intercepts[i], n_threads=1, **options)
        assert tuple(part[i] for part in together) == alone


@pytest.mark.parametrize(("seed", "loss", "source", "dtype"), CASES)
def test_gradient_sums_equal_the_definition(
    instruction_set: str, seed: int, loss: str, source: Any, dtype: Any
) -> None:
    case = Case(seed, loss, source, dtype)
    got = kernel_calls.loss_and_gradient_sums(
        case.X, case.targets, case.weights, case.intercepts, n_threads=1 + seed % 3, **case.options
    )
    for i in range(case.m):
        w = case.weights_of(i)
        values, residual = definition.loss_and_residual(loss, case.scores(i), case.targets)
        case.close(got[0][i], (w * values).sum())
        case.close(got[1][i], (residual * w[:, None]).T @ case.rows)
        case.close(got[2][i], (residual * w[:, None]).sum(axis=0))
        case.close(got[3][i], w.sum())


@pytest.mark.parametrize(("seed", "loss", "source", "dtype"), [case for case in CASES if case[1] != "hinge"])
def test_hessian_product_sums_equal_the_definition(
    instruction_set: str, seed: int, loss: str, source: Any, dtype: Any
) -> None:
    case = Case(seed, loss, source, dtype)
    got = kernel_calls.hessian_product_sums(
        case.X,
        case.targets,
        case.weights,
        case.intercepts,
        case.directions,
        case.direction_intercepts,
        n_threads=1 + seed % 3,
        **case.options,
    )
    for i in range(case.m):
        along = case.rows @ case.directions[i].T.astype(float) + case.direction_intercepts[i]
        curved = definition.curvature(loss, case.scores(i), case.targets, along) * case.weights_of(i)[:, None]
        case.close(got[0][i], curved.T @ case.rows)
        case.close(got[1][i], curved.sum(axis=0))


def test_one_model_gives_numbers(needs_engine: None) -> None:
    loss, correct, weight = kernel_calls.evaluate(
        np.eye(3), np.arange(3), np.eye(3), np.zeros(3), loss="softmax", row_weights=np.array([1.0, 2.0, 3.0])
    )
    assert np.ndim(loss) == 0
    assert (correct, weight) == (6.0, 6.0)


def test_sums_do_not_depend_on_the_number_of_threads(needs_engine: None) -> None:
    rng = np.random.default_rng(0)
    X, y, weights = (
        rng.integers(0, 256, (5000, 100)).astype(np.uint8),
        rng.integers(0, 10, 5000),
        rng.normal(size=(10, 100)).astype(np.float32),
    )
    options = {"loss": "softmax", "scale": 1 / 255}
    sums = [
        kernel_calls.evaluate(X, y, weights, np.zeros(10, np.float32), n_threads=threads, **options)
        for threads in (1, 2, 3)
    ]
    assert sums[0] == sums[1] == sums[2]
    first, *others = (
        kernel_calls.loss_and_gradient_sums(X, y, weights, np.zeros(10, np.float32), n_threads=threads, **options)
        for threads in (1, 2, 3)
    )
    for other in others:
        assert all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize("source", [np.uint8, np.float32])
@pytest.mark.parametrize(("k", "d"), [(3, 100), (10, 785), (17, 3072)])
def test_a_row_has_the_same_loss_wherever_it_stands(instruction_set: str, k: int, d: int, source: Any) -> None:
    rng = np.random.default_rng(k)
    row = rng.integers(0, 256, d).astype(source)
    weights = (rng.normal(size=(k, d)) / 256).astype(np.float32)
    n = 37  # blocks of rows of every size, and what is left of them
    X, y = np.tile(row, (n, 1)), np.zeros(n, np.int64)
    losses = {
        kernel_calls.evaluate(X, y, weights, np.zeros(k, np.float32), loss="softmax", row_weights=weight)[0]
        for weight in np.eye(n, dtype=np.float32)
    }
    assert len(losses) == 1


def test_the_hinge_has_no_hessian(needs_engine: None) -> None:
    with pytest.raises(ConfigError, match="no curvature"):
        kernel_calls.hessian_product_sums(
            np.eye(2), np.arange(2), np.eye(2), np.zeros(2), np.eye(2), np.zeros(2), loss="hinge"
        )
