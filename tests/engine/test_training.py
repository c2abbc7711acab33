from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import Any

import kernel_calls
import kernel_definition as definition
import numpy as np
import pytest

from onelayer.errors import ConfigError, InputError, InputTypeError, OnelayerError

LOSSES = ["logistic", "softmax", "sigmoid", "hinge", "squared_hinge"]
SHAPES = [(1, 1, 1), (1, 300, 1), (5, 7, 3), (4, 33, 1), (6, 11, 2), (8, 40, 3), (1, 785, 1), (28, 28, 1)]


@dataclass
class Job:
    """A training job of random shape, and what the definition makes of it."""

    X: Any
    targets: Any
    order: Any
    rates: Any
    model: definition.Model
    options: dict[str, Any]


def random_job(seed: int, loss: str, source: Any, dtype: Any, **fixed: Any) -> Job:
    rng = np.random.default_rng([seed, LOSSES.index(loss)])
    image_shape = fixed.get("image_shape", SHAPES[rng.integers(len(SHAPES))])
    d, n = int(np.prod(image_shape)), int(fixed.get("n", rng.integers(1, 300)))
    k = 1 if loss == "logistic" else int(fixed.get("k", rng.choice([2, 3, 5, 10, 11, 17, 23])))
    bytes_ = source == np.uint8
    X = rng.integers(0, 256, (n, d)).astype(source) if bytes_ else rng.normal(size=(n, d)).astype(source)
    targets: Any = rng.integers(0, max(k, 2), n)
    soft = loss in ("softmax", "sigmoid") and rng.random() < 0.3
    options: dict[str, Any] = {
        "loss": loss,
        "batch_size": int(fixed.get("batch_size", rng.integers(1, 300))),
        "shift": (rng.normal(size=d) * (100 if bytes_ else 1)).astype(dtype),
        "scale": (rng.uniform(0.5, 1.5, d) / (100 if bytes_ else 1)).astype(dtype),
        "l2": float(rng.choice([0, 0.1])),
        "penalize_bias": bool(rng.random() < 0.5),
        "fit_intercept": bool(rng.random() < 0.8),
        "momentum": float(rng.choice([0, 0.9])),
        "row_weights": rng.choice([0, 0.5, 2], n).astype(dtype) if rng.random() < 0.5 else None,
        "mirrored": rng.random(n) < 0.5 if rng.random() < 0.5 else None,
        "image_shape": image_shape,
    }
    if soft:
        targets = rng.dirichlet(np.ones(k), n)
    options["smoothing"] = 0.1 if not soft and "hinge" not in loss and rng.random() < 0.5 else 0.0
    order = rng.permutation(n)[: int(rng.integers(1, n + 1))]
    rates = rng.uniform(0.001, 0.05, -(-len(order) // options["batch_size"])) / (d if "hinge" in loss else 1)
    velocity = (np.zeros((k, d)), np.zeros(k)) if options["momentum"] else (None, None)
    weights = rng.normal(size=(k, d)) * 0.1
    model = definition.Model(
        weights.astype(dtype).astype(float), rng.normal(size=k).astype(dtype).astype(float), *velocity
    )
    return Job(X, targets, order, rates, model, options)


def run_engine(job: Job, dtype: Any, n_threads: int = 2, **more: Any) -> tuple[Any, Any, Any]:
    options = dict(job.options)
    options["label_smoothing"] = options.pop("smoothing")
    if job.options["mirrored"] is None:
        options.pop("image_shape")
    weights, intercepts = job.model.weights.astype(dtype), job.model.intercepts.astype(dtype)
    velocity = (np.zeros_like(weights), np.zeros_like(intercepts)) if options["momentum"] else None
    losses = kernel_calls.train_segment(
        job.X,
        job.targets,
        job.order,
        job.rates,
        weights,
        intercepts,
        velocity=velocity,
        n_threads=n_threads,
        **options,
        **more,
    )
    return losses, weights, intercepts


def run_definition(job: Job) -> Any:
    options = dict(job.options)
    rates = job.rates
    return definition.train(job.X, job.targets, job.order, job.model, rates=rates, **options)


def assert_equal(got: tuple[Any, Any, Any], want: Any, model: definition.Model, dtype: Any) -> None:
    bound = 5e-6 if dtype == np.float32 else 1e-11
    np.testing.assert_allclose(got[0], want, rtol=bound, atol=bound)
    np.testing.assert_allclose(got[1], model.weights, rtol=0, atol=bound * max(1, np.abs(model.weights).max()))
    np.testing.assert_allclose(got[2], model.intercepts, rtol=0, atol=bound * max(1, np.abs(model.intercepts).max()))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("source", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("seed", range(6))
def test_equals_the_definition_on_random_shapes(
    instruction_set: str, seed: int, loss: str, source: Any, dtype: Any
) -> None:
    job = random_job(seed, loss, source, dtype)
    got = run_engine(job, dtype, n_threads=1 + seed % 3)
    assert_equal(got, run_definition(job), job.model, dtype)


@pytest.mark.parametrize("k", range(1, 13))
def test_equals_the_definition_for_every_number_of_outputs(instruction_set: str, k: int) -> None:
    job = random_job(
        k, "squared_hinge" if k > 1 else "logistic", np.uint8, np.float32, k=k, n=50, image_shape=(1, 785, 1)
    )
    assert_equal(run_engine(job, np.float32), run_definition(job), job.model, np.float32)


@pytest.mark.parametrize(
    "case",
    [{"n": 1}, {"batch_size": 1}, {"image_shape": (1, 1, 1)}, {"n": 700, "batch_size": 699}, {"k": 130, "n": 40}],
)
def test_equals_the_definition_at_extreme_sizes(instruction_set: str, case: dict[str, Any]) -> None:
    job = random_job(3, "softmax", np.uint8, np.float64, **case)
    assert_equal(run_engine(job, np.float64), run_definition(job), job.model, np.float64)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("loss", LOSSES)
def test_scores_of_ten_thousand_are_finite_and_right(instruction_set: str, loss: str, dtype: Any) -> None:
    job = random_job(5, loss, np.float32, dtype, n=64, batch_size=64)
    job.options["momentum"], job.model.weight_velocity = 0.0, None
    job.model.weights[...] = 0
    job.model.intercepts[...] = np.where(np.arange(len(job.model.intercepts)) % 2, -1e4, 1e4)
    assert_equal(run_engine(job, dtype), run_definition(job), job.model, dtype)


@pytest.mark.parametrize("element", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize("image_shape", [(8, 40, 3), (40, 60, 3)], ids=["two parts", "many parts"])
def test_is_bit_identical_whatever_the_number_of_threads(
    instruction_set: str, element: Any, image_shape: tuple[int, int, int]
) -> None:
    job = random_job(1, "softmax", element, np.float32, n=299, image_shape=image_shape, batch_size=100)
    alone, *others = (run_engine(job, np.float32, n_threads) for n_threads in (1, 1, 2, 3, 7))
    for other in others:
        assert all(np.array_equal(a, b) for a, b in zip(alone, other, strict=True))


EPOCHS: list[dict[str, Any]] = [
    {},
    {"image_shape": (8, 40, 3), "n": 299, "batch_size": 100},
    {"image_shape": (8, 40, 3), "batch_size": 10_000},
    {"n": 700, "batch_size": 350},
]


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("source", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize("seed", range(6))
def test_several_epochs_are_bit_identical_to_a_call_for_each(
    instruction_set: str, seed: int, source: Any, dtype: Any, n_threads: int
) -> None:
    job = random_job(seed, LOSSES[seed % len(LOSSES)], source, dtype, **EPOCHS[seed % len(EPOCHS)])
    orders = [np.random.default_rng(epoch).permutation(job.order) for epoch in range(3)]
    rates = [job.rates / (epoch + 1) for epoch in range(3)]
    together = run_epochs(job, dtype, n_threads, [np.concatenate(orders)], [np.concatenate(rates)], epochs=3)
    one_at_a_time = run_epochs(job, dtype, n_threads, orders, rates)
    assert all(np.array_equal(a, b) for a, b in zip(together, one_at_a_time, strict=True))


def run_epochs(job: Job, dtype: Any, n_threads: int, orders: Any, rates: Any, **more: Any) -> tuple[Any, ...]:
    options = job.options | more
    options["label_smoothing"] = options.pop("smoothing")
    weights, intercepts = job.model.weights.astype(dtype), job.model.intercepts.astype(dtype)
    velocity = (np.zeros_like(weights), np.zeros_like(intercepts)) if options["momentum"] else None
    losses = [
        kernel_calls.train_segment(
            job.X, job.targets, order, its, weights, intercepts, velocity=velocity, n_threads=n_threads, **options
        )
        for order, its in zip(orders, rates, strict=True)
    ]
    return np.concatenate(losses), weights, intercepts, *(velocity or ())


@pytest.mark.parametrize("source", [np.uint8, np.float32])
def test_being_stopped_after_an_epoch_leaves_what_a_call_for_it_leaves(instruction_set: str, source: Any) -> None:
    job = random_job(1, "softmax", source, np.float32, n=299, image_shape=(8, 40, 3), batch_size=300)
    orders = [job.order] * 200
    rates = [job.rates] * 200
    more = {"epochs": 200, "stopping": lambda: True}
    begin = time.monotonic()
    while True:
        stopped = run_epochs(job, np.float32, 2, [np.concatenate(orders)], [np.concatenate(rates)], **more)
        taken = len(stopped[0])
        if taken < len(orders):
            break
        assert time.monotonic() - begin < 30
        orders, rates = orders * 4, rates * 4
        more["epochs"] = len(orders)
    one_at_a_time = run_epochs(job, np.float32, 2, orders[:taken], rates[:taken])
    assert all(np.array_equal(a, b) for a, b in zip(stopped, one_at_a_time, strict=True))


def test_indices_leave_the_same_as_a_copied_subset(needs_engine: None) -> None:
    job = random_job(2, "softmax", np.uint8, np.float32, n=90)
    job.options["mirrored"] = None
    chosen = np.random.default_rng(0).permutation(90)[:40]
    for name in ("row_weights",):
        job.options[name] = None
    job.order = job.order[job.order < 40][: job.options["batch_size"]]
    job.order, job.rates, job.targets = np.arange(40), job.rates[:1], job.targets[:40]
    job.options["batch_size"] = 40
    through = run_engine(job, np.float32, indices=chosen)
    job.X = job.X[chosen]
    copied = run_engine(job, np.float32)
    assert all(np.array_equal(a, b) for a, b in zip(through, copied, strict=True))


def test_a_batch_that_weighs_nothing_only_feels_the_penalty(needs_engine: None) -> None:
    weights, intercepts = np.ones((2, 3)), np.zeros(2)
    losses = kernel_calls.train_segment(
        np.ones((4, 3)),
        np.zeros(4, int),
        np.arange(4),
        np.full(1, 0.5),
        weights,
        intercepts,
        loss="softmax",
        batch_size=4,
        l2=0.1,
        row_weights=np.zeros(4),
    )
    assert losses.tolist() == [0.0]
    np.testing.assert_allclose(weights, 0.95)


def test_reads_a_memory_map(needs_engine: None, tmp_path: Any) -> None:
    X = np.random.default_rng(0).integers(0, 256, (20, 30)).astype(np.uint8)
    np.save(tmp_path / "X.npy", X)
    results = []
    for rows in (X, np.load(tmp_path / "X.npy", mmap_mode="r")):
        weights, intercepts = np.zeros((2, 30), np.float32), np.zeros(2, np.float32)
        kernel_calls.train_segment(
            rows,
            np.arange(20) % 2,
            np.arange(20),
            np.full(2, 0.1),
            weights,
            intercepts,
            loss="hinge",
            batch_size=10,
            scale=0.01,
        )
        results.append(weights)
    assert np.array_equal(*results)


def test_stopping_ends_after_the_current_step(needs_engine: None) -> None:
    X = np.zeros((2000, 2000), np.uint8)
    weights, intercepts = np.zeros((10, 2000), np.float32), np.zeros(10, np.float32)
    order = np.tile(np.arange(2000), 2000)
    losses = kernel_calls.train_segment(
        X,
        np.zeros(2000, int),
        order,
        np.full(40_000, 0.1),
        weights,
        intercepts,
        loss="softmax",
        batch_size=100,
        n_threads=2,
        stopping=lambda: True,
    )
    assert 0 < len(losses) < 40_000
    assert np.isfinite(losses).all()
    assert np.abs(intercepts).max() > 0


def test_ctrl_c_raises_and_keeps_what_was_learned(needs_engine: None) -> None:
    X = np.zeros((2000, 2000), np.uint8)
    weights, intercepts = np.zeros((10, 2000), np.float32), np.zeros(10, np.float32)
    order = np.tile(np.arange(2000), 4000)
    timer = threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        kernel_calls.train_segment(
            X,
            np.zeros(2000, int),
            order,
            np.full(80_000, 0.1),
            weights,
            intercepts,
            loss="softmax",
            batch_size=100,
            n_threads=2,
        )
    assert time.monotonic() - begin < 5
    assert np.abs(intercepts).max() > 0


def test_several_threads_may_call_at_once(needs_engine: None) -> None:
    job = random_job(1, "softmax", np.uint8, np.float32, n=299, image_shape=(8, 40, 3), batch_size=50)
    alone = run_engine(job, np.float32)
    results: list[Any] = []
    callers = [threading.Thread(target=lambda: results.append(run_engine(job, np.float32))) for _ in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert len(results) == 4
    assert all(np.array_equal(result[1], alone[1]) for result in results)


def test_is_the_same_where_threads_lose_their_processors(instruction_set: str) -> None:
    job = random_job(1, "softmax", np.float32, np.float32, n=999, image_shape=(40, 60, 3), batch_size=50, k=10)
    alone = run_engine(job, np.float32, n_threads=1)
    results: list[Any] = []

    def call() -> None:
        results.extend(run_engine(job, np.float32, n_threads=7) for _ in range(10))

    callers = [threading.Thread(target=call) for _ in range(2 * (os.cpu_count() or 1))]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert len(results) == 10 * len(callers)
    for result in results:
        assert all(np.array_equal(a, b) for a, b in zip(result, alone, strict=True))


def test_works_in_a_forked_child(needs_engine: None) -> None:
    code = """
import os, sys, numpy as np
from onelayer import engine
from onelayer.rows import ArrayRows
def go():
    W, b = np.zeros((10, 3000), np.float32), np.zeros(10, np.float32)
    X, y, order = np.ones((500, 3000), np.uint8), np.arange(500) % 10, np.arange(500)
    what = {"rows": ArrayRows(X), "targets": y, "order": order, "learning_rates": np.full(5, .1)}
    to = {"weights": W, "intercepts": b, "loss": "softmax", "batch_size": 100, "n_threads": 2}
    engine.TrainJob(**what, **to).run()
    return W.tobytes()
before = go()
child = os.fork()
if child == 0:
    os._exit(0 if go() == before else 1)
assert os.waitpid(child, 0)[1] == 0 and go() == before
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


BAD: list[tuple[str, dict[str, Any], type[OnelayerError]]] = [
    ("a list", {"X": [[1, 2]]}, InputTypeError),
    ("an integer type", {"X": np.ones((4, 3), np.int64)}, InputTypeError),
    ("other strides", {"X": np.ones((3, 4)).T}, InputError),
    ("every second row", {"X": np.ones((8, 3))[::2]}, InputError),
    ("no rows", {"X": np.ones((0, 3))}, InputError),
    ("one dimension", {"X": np.ones(4)}, InputError),
    ("a label too large", {"targets": np.array([0, 1, 2, 0])}, InputError),
    ("a negative label", {"targets": np.array([0, 1, -1, 0])}, InputError),
    ("too few labels", {"targets": np.array([0, 1])}, InputError),
    ("labels that are numbers", {"targets": np.array([0.0, 1, 1, 0])}, InputTypeError),
    ("an index too large", {"order": np.array([0, 1, 2, 4])}, InputError),
    ("a negative index", {"order": np.array([0, 1, 2, -1])}, InputError),
    ("indices out of range", {"indices": np.array([0, 1, 2, 9])}, InputError),
    ("too few learning rates", {"learning_rates": np.ones(1)}, InputError),
    ("too many learning rates", {"learning_rates": np.ones(3)}, InputError),
    ("a batch of none", {"batch_size": 0}, InputError),
    ("no epochs", {"epochs": 0}, InputError),
    ("epochs of different lengths", {"epochs": 3}, InputError),
    ("too few learning rates for epochs", {"epochs": 4}, InputError),
    ("weights of another shape", {"weights": np.zeros((2, 4))}, InputError),
    ("weights of integers", {"weights": np.zeros((2, 3), int)}, InputTypeError),
    ("weights as columns", {"weights": np.zeros((3, 2)).T}, InputError),
    ("intercepts of another type", {"intercepts": np.zeros(2, np.float32)}, InputTypeError),
    ("momentum without a velocity", {"momentum": 0.9}, InputError),
    ("an unknown loss", {"loss": "sofmax"}, ConfigError),
    ("logistic with two outputs", {"loss": "logistic"}, InputError),
    ("a scale of 0", {"scale": 0.0}, InputError),
    ("an infinite shift", {"shift": np.inf}, InputError),
    ("row weights of another shape", {"row_weights": np.ones(3)}, InputError),
    ("mirrored without an image shape", {"mirrored": np.ones(4, bool)}, InputError),
    ("no threads", {"n_threads": 0}, ConfigError),
    ("smoothed hinge", {"loss": "hinge", "label_smoothing": 0.1}, ConfigError),
]


@pytest.mark.parametrize(("change", "error"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_bad_input_is_refused_before_any_work(
    needs_engine: None, change: dict[str, Any], error: type[OnelayerError]
) -> None:
    arguments: dict[str, Any] = {
        "X": np.ones((4, 3)),
        "targets": np.array([0, 1, 1, 0]),
        "order": np.arange(4),
        "learning_rates": np.ones(2),
        "weights": np.zeros((2, 3)),
        "intercepts": np.zeros(2),
        "loss": "softmax",
        "batch_size": 2,
    } | change
    with pytest.raises(error):
        kernel_calls.train_segment(**arguments)
    assert not np.any(arguments["weights"])
