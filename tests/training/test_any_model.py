"""Whatever follows the vocabularies is trained: a network with a hidden layer, rows in shards, a loss, a solver."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier
from sklearn.neural_network._stochastic_optimizers import SGDOptimizer

from onelayer import check_gradients
from onelayer.arrays import Array
from onelayer.errors import ConfigError
from onelayer.losses import LOSSES, Softmax
from onelayer.models import Linear, LinearParameters, TwoLayer, TwoLayerParameters
from onelayer.numerics import softmax
from onelayer.objective import Objective
from onelayer.penalties import L2
from onelayer.rows import ArrayRows, LabelledRows, Rows
from onelayer.solvers import SOLVERS, SGDState, Solver, Steps
from onelayer.storage.checkpoints import load_checkpoint, save_checkpoint
from onelayer.training import Problem, TrainingParameters, TrainingState, learn_encoding, make_problem, train
from onelayer.training.listeners import Listener
from onelayer.training.scaling import fit_scaling

N, D, H, K = 60, 7, 5, 3
RNG = np.random.default_rng(3)
X = RNG.normal(size=(N, D))
LABELS = RNG.integers(0, K, N)
BASE = {"batch_size": 16, "max_epochs": 6, "learning_rate": 0.1, "l2": 0.01, "momentum": 0.9}


def network_problem(loss="softmax", rows=None):
    rows = ArrayRows(X, dtype=np.float64) if rows is None else rows
    part = LabelledRows(rows, LABELS)
    return Problem(Objective(LOSSES[loss], L2(0.01), TwoLayer(H)), part, LABELS, part)


def network_start(seed=0, k=K):
    rng = np.random.default_rng(seed)
    return TwoLayer(H).start(D, k, lambda *shape: rng.normal(0, 0.5, shape))


# A network with a hidden layer


@pytest.mark.parametrize("loss", ["softmax", "sigmoid", "hinge", "squared_hinge"])
def test_gradient_of_a_network_equals_differences(loss):
    model = SimpleNamespace(
        parameters_=network_start(),
        objective_=Objective(LOSSES[loss], L2(0.1, penalize_bias=True), TwoLayer(H)),
        classes_=np.arange(K),
    )
    report = check_gradients(model, X, LABELS)
    assert report.passed, report
    assert report.entries == {"loss": H * D + H + K * H + K, "penalty": H * D + H + K * H + K}


def test_pull_back_to_the_inputs_equals_differences():
    parameters, residual = network_start(), RNG.normal(size=(N, K))
    _, on_inputs = TwoLayer(H).forward(parameters, X)[1](residual, inputs=True)
    step = 1e-6
    for i in range(D):
        moved = X + step * np.eye(D)[i]
        back = X - step * np.eye(D)[i]
        slope = (TwoLayer(H).scores(parameters, moved) - TwoLayer(H).scores(parameters, back)) / (2 * step)
        np.testing.assert_allclose(on_inputs[:, i], (slope * residual).sum(axis=1), atol=1e-8)


def test_steps_of_a_network_are_those_of_scikit_learn():
    """MLPClassifier with the same start, order of rows, momentum and penalty; it divides its penalty by the batch."""
    start = network_start()
    theirs = MLPClassifier(
        (H,), activation="relu", solver="sgd", alpha=0.01 * N, batch_size=N, learning_rate_init=0.1, momentum=0.9
    )
    theirs.set_params(nesterovs_momentum=False, shuffle=False, max_iter=1, random_state=0)
    theirs.partial_fit(X, LABELS, classes=np.arange(K))
    theirs.coefs_ = [start.hidden_weights.T.copy(), start.weights.T.copy()]
    theirs.intercepts_ = [start.hidden_intercepts.copy(), start.intercepts.copy()]
    theirs._optimizer = SGDOptimizer(theirs.coefs_ + theirs.intercepts_, 0.1, "constant", 0.9, nesterov=False)
    for _ in range(4):
        theirs.partial_fit(X, LABELS)
    problem = network_problem()
    problem = replace(problem, objective=replace(problem.objective, model=TwoLayer(H, slope=0.0)))
    parameters = TrainingParameters(**BASE | {"batch_size": N, "max_epochs": 4, "shuffle": False, "keep": "last"})
    ours: TwoLayerParameters = train(problem, parameters, 0, start).kept
    np.testing.assert_allclose(ours.hidden_weights, theirs.coefs_[0].T, atol=1e-10)
    np.testing.assert_allclose(ours.weights, theirs.coefs_[1].T, atol=1e-10)
    np.testing.assert_allclose(ours.intercepts, theirs.intercepts_[1], atol=1e-10)


class CheckpointAt(Listener):
    def __init__(self, path):
        self.path = path

    def on_epoch_end(self, state):
        if state.epoch == 3:
            save_checkpoint(self.path, *state.to_checkpoint())
        return False


def test_a_network_goes_on_from_a_checkpoint_bit_by_bit(tmp_path):
    parameters, path = TrainingParameters(**BASE), tmp_path / "checkpoint.safetensors"
    whole = train(network_problem(), parameters, 5, network_start(), [CheckpointAt(path)])
    resumed = TrainingState.from_checkpoint(*load_checkpoint(path), parameters, network_start())
    resumed = train(network_problem(), parameters, 5, resumed)
    for one, other in zip(whole.kept, resumed.kept, strict=True):
        np.testing.assert_array_equal(one, other)
    for name, column in whole.history.arrays().items():
        np.testing.assert_array_equal(column, resumed.history.arrays()[name], err_msg=name)


def test_scaling_is_folded_into_the_hidden_layer():
    raw = 5 + 3 * X
    scaling, parameters = fit_scaling("standardize", ArrayRows(raw)), network_start()
    seen = (raw - scaling.shift) * scaling.scale
    folded = scaling.fold(parameters)
    np.testing.assert_allclose(TwoLayer(H).scores(folded, raw), TwoLayer(H).scores(parameters, seen), atol=1e-12)
    np.testing.assert_array_equal(folded.weights, parameters.weights)
    for one, other in zip(scaling.unfold(folded), parameters, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)


def test_a_network_has_no_hessian_product():
    problem = network_problem()
    with pytest.raises(ConfigError, match="model 'two-layer' has no scores that are linear in its parameters"):
        problem.objective.hessian_product(network_start(), network_start(1), problem.training.rows, LABELS)


# Rows in shards on disk


@dataclass(frozen=True)
class Shards(Rows):
    """Rows in several files, of which no more are read than are asked for."""

    files: tuple[Any, ...]
    sizes: tuple[int, ...]
    width: int

    @property
    def stored(self) -> int:
        return sum(self.sizes)

    @property
    def d(self) -> int:
        return self.width

    @property
    def stored_dtype(self) -> Any:
        return np.dtype(np.uint8)

    def read(self, positions: Array | slice) -> Array:
        wanted = np.arange(self.stored)[positions]
        first = np.cumsum([0, *self.sizes])
        found = np.empty((len(wanted), self.d), np.uint8)
        for shard, file in enumerate(self.files):
            inside = (wanted >= first[shard]) & (wanted < first[shard + 1])
            found[inside] = np.load(file, mmap_mode="r")[wanted[inside] - first[shard]]
        return found


@pytest.fixture
def shards(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (N, D), dtype=np.uint8)
    parts, files = np.split(pixels, [10, 37]), []
    for place, part in enumerate(parts):
        files.append(tmp_path / f"shard-{place}.npy")
        np.save(files[-1], part)
    return pixels, Shards(tuple(files), tuple(map(len, parts)), D)


@pytest.mark.parametrize("scaling", ["standardize", "unit", "symmetric", "none"])
@pytest.mark.parametrize("extra", [{}, {"flip_probability": 0.5}, {"dtype": "float64"}], ids=str)
def test_rows_in_shards_train_to_the_same_weights(shards, monkeypatch, scaling, extra):
    monkeypatch.setenv("ONELAYER_ENGINE", "reference")  # which is what computes on shards
    pixels, on_disk = shards
    parameters = TrainingParameters(**BASE | {"scaling": scaling, "learning_rate": 1e-4} | extra)
    kept = []
    for rows in (ArrayRows(pixels), on_disk):
        data = LabelledRows(rows, LABELS)
        encoding = learn_encoding(parameters, np.arange(K), data, (1, D, 1))
        chosen = np.arange(0, N, 2)
        problem = make_problem(parameters, encoding, data.subset(chosen), data.subset(chosen + 1))
        kept.append(train(problem, parameters, 0, problem.start(parameters, 0, encoding)).kept)
    np.testing.assert_array_equal(kept[0].weights, kept[1].weights)
    assert np.abs(kept[0].weights).max() > 0


def test_the_engine_is_not_asked_to_read_shards(shards):
    objective = Objective(LOSSES["softmax"], L2())
    assert not objective.is_native(shards[1])
    parameters = LinearParameters(np.ones((K, D), np.float32), np.zeros(K, np.float32))
    from_disk = objective.sums(parameters, shards[1], LABELS)
    in_memory = objective.sums(parameters, ArrayRows(shards[0]), LABELS)
    assert from_disk.mean_loss == pytest.approx(in_memory.mean_loss, rel=1e-6)


def test_the_engine_stands_in_for_nothing_that_only_goes_by_a_known_name():
    class Doubled(Softmax):
        def values(self, scores, targets):
            return 2 * super().values(scores, targets)

    class Shifted(Linear):
        def scores(self, parameters, X):
            return super().scores(parameters, X) + 1

    rows = ArrayRows(X)
    assert not Objective(Doubled(), L2()).is_native(rows)
    assert not Objective(LOSSES["softmax"], L2(), Shifted()).is_native(rows)


# A solver, and what it needs and reads


class FullGradient(Solver):
    """One step an epoch along the gradient over all rows."""

    name = "full-gradient"
    needs = frozenset({"has_curvature"})  # so that a loss without can be refused
    reads = frozenset({"learning_rate", "max_epochs"})

    def __init__(self, objective, training, targets, models):
        self._objective, self.training, self.targets, self.models = objective, training, targets, models

    @classmethod
    def of(cls, objective, training, targets, models, seed, threads, *, fit_intercept=True):
        return cls(objective, training, targets, list(models))

    steps_per_epoch = 1

    @property
    def objective(self):
        return self._objective

    def init(self, start):
        return SGDState(start)

    def step(self, state, epoch, first, end, *, epochs=1, stopping=lambda: False):
        part, rate = self.training, self.models[0].learning_rate
        loss = self.objective.sums(state.parameters, part.rows, self.targets, part.weights).mean_loss
        gradient = self.objective.gradient(state.parameters, part.rows, self.targets, part.weights)
        for part, step in zip(state.parameters, gradient, strict=True):
            part -= rate * step
        state.step += 1
        return Steps(np.array([loss]), np.array([rate]))

    def terminate(self, state, epoch):
        return np.array([epoch >= model.max_epochs for model in self.models])

    def select(self, models):
        return self


@pytest.fixture
def full_gradient(monkeypatch):
    monkeypatch.setitem(SOLVERS, "full-gradient", FullGradient)


@pytest.mark.usefixtures("full_gradient")
def test_a_solver_that_is_entered_trains(make_problem, make_start):
    parameters = TrainingParameters.check(
        {"solver": "full-gradient", "learning_rate": 0.5, "max_epochs": 30, "l2": 0.01}
    )
    problem = make_problem()
    state = train(problem, parameters, 0, make_start())
    by_sgd = TrainingParameters.check(
        {"batch_size": 23, "shuffle": False, "learning_rate": 0.5, "max_epochs": 30, "l2": 0.01}
    )
    expected = train(problem, by_sgd, 0, make_start())
    np.testing.assert_allclose(state.kept.weights, expected.kept.weights, atol=1e-12)
    np.testing.assert_allclose(
        state.history.arrays()["validation_loss"], expected.history.arrays()["validation_loss"], atol=1e-12
    )


@pytest.mark.usefixtures("full_gradient")
def test_a_parameter_that_the_solver_does_not_read_is_refused():
    with pytest.raises(ConfigError) as error:
        TrainingParameters.check({"solver": "full-gradient", "momentum": 0.9})
    assert str(error.value) == (
        "momentum=0.9 has no meaning for solver='full-gradient': leave it at 0.0, or use solver='sgd'"
    )


@pytest.mark.usefixtures("full_gradient")
def test_a_loss_that_lacks_what_the_solver_needs_is_refused(make_problem, make_start):
    problem = make_problem()
    problem = replace(problem, objective=replace(problem.objective, loss=LOSSES["hinge"]))
    parameters = TrainingParameters.check({"solver": "full-gradient", "loss": "hinge"})
    with pytest.raises(ConfigError) as error:
        train(problem, parameters, 0, make_start())
    assert str(error.value) == (
        "solver='full-gradient' needs a loss with curvature, a Hessian in score space, "
        "which loss='hinge' does not have: use another loss, or solver='sgd'"
    )


def test_an_unknown_solver_is_refused():
    with pytest.raises(ConfigError, match="solver='sdg': input should be 'sgd'; did you mean 'sgd'"):
        TrainingParameters.check({"solver": "sdg"})


# A loss


class Brier(Softmax):
    """ℓ = Σₖ (pₖ − yₖ)², on labels."""

    name = "brier"
    has_curvature = False
    takes_probabilities = False

    def values(self, scores, targets):
        return self.values_and_residual(scores, targets)[0]

    def values_and_residual(self, scores, targets):
        p = softmax(scores)
        off = p - np.eye(scores.shape[-1])[targets]
        return (off**2).sum(axis=-1), 2 * (off - (off * p).sum(axis=-1, keepdims=True)) * p


def test_a_loss_that_is_entered_trains_and_is_checked(monkeypatch):
    monkeypatch.setitem(LOSSES, "brier", Brier())
    from onelayer import OneLayerClassifier

    clf = OneLayerClassifier("brier", learning_rate=0.5, random_state=0).fit(X, LABELS)
    first, last = clf.mean_loss(X, LABELS), 1 - 1 / K  # what no weights at all give
    assert first < last
    assert check_gradients(clf, X, LABELS).passed
