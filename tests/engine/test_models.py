from __future__ import annotations

from typing import Any

import kernel_calls
import kernel_definition as definition
import numpy as np
import pytest

from onelayer.errors import InputError

LOSSES = ["logistic", "softmax", "sigmoid", "hinge", "squared_hinge"]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("source", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("seed", range(4))
def test_each_model_equals_the_definition_alone(
    instruction_set: str, seed: int, loss: str, source: Any, dtype: Any
) -> None:
    rng = np.random.default_rng([seed, LOSSES.index(loss)])
    image_shape = [(1, 1, 1), (5, 7, 3), (1, 83, 1), (8, 10, 2)][rng.integers(4)]
    d, n, m = int(np.prod(image_shape)), int(rng.integers(1, 200)), int(rng.choice([1, 3, 16, 21]))
    k = 1 if loss == "logistic" else int(rng.choice([2, 3, 10, 13]))
    bytes_ = source == np.uint8
    X = rng.integers(0, 256, (n, d)).astype(source) if bytes_ else rng.normal(size=(n, d)).astype(source)
    targets: Any = rng.integers(0, max(k, 2), n)
    if loss == "softmax" and rng.random() < 0.5:
        targets = rng.dirichlet(np.ones(k), n)
    shift = (rng.normal(size=d) * (100 if bytes_ else 1)).astype(dtype)
    scale = (rng.uniform(0.5, 1.5, d) / (100 if bytes_ else 1)).astype(dtype)
    row_weights = [None, rng.choice([0, 0.5, 2], n).astype(dtype), rng.choice([0, 0.5, 2], (n, m)).astype(dtype)][
        rng.integers(3)
    ]
    mirrored = rng.random(n) < 0.5 if rng.random() < 0.5 else None
    batch_size, order = int(rng.integers(1, 200)), rng.permutation(n)[: int(rng.integers(1, n + 1))]
    steps = -(-len(order) // batch_size)
    rates = rng.uniform(0.001, 0.05, (steps, m)) / (d if "hinge" in loss else 1)
    l2, momentum = rng.choice([0, 0.1], m), rng.choice([0, 0.9], m)
    weights, intercepts = (rng.normal(size=(m, k, d)) * 0.1).astype(dtype), rng.normal(size=(m, k)).astype(dtype)
    options: dict[str, Any] = {
        "loss": loss,
        "batch_size": batch_size,
        "penalize_bias": bool(seed % 2),
        "shift": shift,
        "scale": scale,
    }
    models = [
        definition.Model(weights[i].astype(float), intercepts[i].astype(float), np.zeros((k, d)), np.zeros(k))
        for i in range(m)
    ]
    mirror = {} if mirrored is None else {"mirrored": mirrored, "image_shape": image_shape}

    got = kernel_calls.train_models_segment(
        X,
        targets,
        order,
        rates,
        weights,
        intercepts,
        velocity=(np.zeros_like(weights), np.zeros_like(intercepts)),
        momentum=momentum,
        l2=l2,
        row_weights=row_weights,
        n_threads=1 + seed % 3,
        **options,
        **mirror,
    )

    bound = 1e-5 if dtype == np.float32 else 1e-11
    for i, model in enumerate(models):
        alone = row_weights if row_weights is None or row_weights.ndim == 1 else row_weights[:, i]
        want = definition.train(
            X,
            targets,
            order,
            model,
            rates=rates[:, i],
            row_weights=alone,
            momentum=momentum[i],
            l2=l2[i],
            **options,
            **mirror,
        )
        np.testing.assert_allclose(got[:, i], want, rtol=bound, atol=bound)
        np.testing.assert_allclose(weights[i], model.weights, rtol=0, atol=bound * max(1, np.abs(model.weights).max()))
        np.testing.assert_allclose(
            intercepts[i], model.intercepts, rtol=0, atol=bound * max(1, np.abs(model.intercepts).max())
        )


@pytest.mark.parametrize(("m", "k"), [(1, 3), (4, 10), (16, 17), (40, 10), (100, 2)])
def test_is_bit_identical_whatever_the_number_of_threads(instruction_set: str, m: int, k: int) -> None:
    # In batches of 150 rows, so that there are two tiles to a batch and threads may share few models.
    rng = np.random.default_rng(m)
    X, y = rng.normal(size=(700, 130)).astype(np.float32), rng.integers(0, k, 700)
    order, rates = rng.permutation(700), rng.uniform(0.01, 0.1, (5, m))
    results = []
    for threads in (1, 2, 3, 7):
        weights, intercepts = np.zeros((m, k, 130), np.float32), np.zeros((m, k), np.float32)
        velocity = np.zeros_like(weights), np.zeros_like(intercepts)
        losses = kernel_calls.train_models_segment(
            X,
            y,
            order,
            rates,
            weights,
            intercepts,
            loss="softmax",
            batch_size=150,
            momentum=0.5,
            velocity=velocity,
            n_threads=threads,
        )
        results.append((weights, intercepts, *velocity, losses))
    for other in results[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(results[0], other, strict=True))


@pytest.mark.parametrize(
    "change",
    [
        {"learning_rates": np.ones(2)},
        {"learning_rates": np.ones((2, 3))},
        {"momentum": 0.5},
        {"l2": np.ones(3)},
        {"weights": np.zeros((2, 3))},
    ],
    ids=[
        "rates of one model",
        "rates of another number",
        "momentum without velocity",
        "penalties of another number",
        "weights of one model",
    ],
)
def test_bad_input_is_refused(needs_engine: None, change: dict[str, Any]) -> None:
    arguments: dict[str, Any] = {
        "X": np.ones((4, 3)),
        "targets": np.array([0, 1, 1, 0]),
        "order": np.arange(4),
        "learning_rates": np.ones((2, 4)),
        "weights": np.zeros((4, 2, 3)),
        "intercepts": np.zeros((4, 2)),
    } | change
    with pytest.raises(InputError):
        kernel_calls.train_models_segment(**arguments, loss="softmax", batch_size=2)
