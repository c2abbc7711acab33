from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from onelayer.losses import LOSSES, get_loss, smoothed_labels
from onelayer.models.linear import LinearParameters
from onelayer.objective import Objective
from onelayer.penalties import L2
from onelayer.rows import ArrayRows, LabelledRows
from onelayer.solvers import Status
from onelayer.training import Problem, TrainingParameters, train, train_together
from onelayer.training.listeners import Listener

N, D = 53, 7
RNG = np.random.default_rng(5)
X = RNG.normal(size=(N, D))
X_VAL = RNG.normal(size=(31, D))
# Own rates and schedules, strengths, momentum and numbers of epochs.
MODELS = (
    {"learning_rate": 0.05},
    {"learning_rate": 0.2, "l2": 0.3, "momentum": 0.9},
    {"learning_rate": 0.1, "schedule": "cosine", "warmup_epochs": 1, "max_epochs": 3},
    {"learning_rate": 0.3, "schedule": "step", "decay_epochs": 2, "l2": 1.0, "momentum": 0.5, "keep": "last"},
)


def n_classes(loss: str) -> int:
    return 2 if loss == "logistic" else 4


def make_problem(
    loss: str, *, smoothing: float = 0.0, weights=None, validated: bool = True, dtype=np.float64
) -> Problem:
    k = n_classes(loss)
    labels, held_out = (np.arange(n) % k for n in (N, len(X_VAL)))
    targets = smoothed_labels(labels, get_loss(loss).outputs(k), smoothing) if smoothing else labels
    return Problem(
        Objective(get_loss(loss), L2()),
        LabelledRows(ArrayRows(X.astype(dtype), dtype=dtype), labels, weights),
        targets,
        LabelledRows(ArrayRows(X_VAL.astype(dtype), dtype=dtype), held_out) if validated else None,
    )


def make_models(**common) -> list[TrainingParameters]:
    return [TrainingParameters.check({"batch_size": 10, "max_epochs": 5, **common, **own}) for own in MODELS]


def make_starts(problem: Problem, loss: str, count: int = len(MODELS)) -> list[LinearParameters]:
    rng, k, dtype = np.random.default_rng(9), get_loss(loss).outputs(n_classes(loss)), problem.training.rows.dtype
    return [
        LinearParameters(rng.normal(0, 0.1, (k, D)).astype(dtype), rng.normal(0, 0.1, k).astype(dtype))
        for _ in range(count)
    ]


def alone(problem: Problem, parameters: TrainingParameters, start: LinearParameters, column: int | None = None):
    """The state after training one of the models by itself, with its column of row weights."""
    objective = replace(problem.objective, penalty=L2(parameters.l2, parameters.penalize_bias))
    training = problem.training
    if column is not None:
        training = replace(training, weights=training.weights[:, column])
    return train(replace(problem, objective=objective, training=training), parameters, 3, start.copy())


class Running(Listener):
    """Writes down how many models begin each epoch, and asks to stop within one."""

    def __init__(self, stop_in=None):
        self.begun, self.stop_in, self.epoch = [], stop_in, None

    def on_epoch_begin(self, state):
        self.begun.append(len(state.running))
        self.epoch = state.epoch

    def asks_to_stop(self):
        return self.stop_in is not None and self.epoch == self.stop_in


def columns(model, *names):
    history = model.history.arrays()
    return [history[f"validation_{name}"] for name in names]


def assert_same(one: LinearParameters, other: LinearParameters, tolerance: float = 1e-10) -> None:
    for part, expected in zip(one, other, strict=True):
        np.testing.assert_allclose(part, expected, rtol=0, atol=tolerance)


def assert_each_as_alone(problem: Problem, models, starts, column=None, tolerance: float = 1e-10) -> None:
    together = train_together(problem, models, 3, starts).models
    for place, (model, parameters, start) in enumerate(zip(together, models, starts, strict=True)):
        assert_same(model.solution.parameters, alone(problem, parameters, start, column and place).kept, tolerance)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("drop_last", [False, True])
def test_each_model_ends_as_it_would_alone(loss, drop_last):
    problem = make_problem(loss)
    assert_each_as_alone(problem, make_models(drop_last=drop_last), make_starts(problem, loss))


@pytest.mark.parametrize("loss", LOSSES)
def test_each_model_has_row_weights_of_its_own(loss):
    weights = np.random.default_rng(1).integers(0, 3, (N, len(MODELS))).astype(np.float64)
    problem, models = make_problem(loss, weights=weights), make_models()
    starts = make_starts(problem, loss)
    for place, model in enumerate(train_together(problem, models, 3, starts).models):
        assert_same(model.solution.parameters, alone(problem, models[place], starts[place], place).kept)


@pytest.mark.parametrize("loss", [name for name, loss in LOSSES.items() if loss.takes_probabilities])
def test_smoothed_labels_are_shared(loss):
    problem = make_problem(loss, smoothing=0.1)
    assert_each_as_alone(problem, make_models(), make_starts(problem, loss))


@pytest.mark.parametrize(
    "common",
    [
        {"fit_intercept": False},
        {"penalize_bias": True},
        {"shuffle": "numpy-legacy"},
        {"shuffle": False},
        {"validations_per_epoch": 2},
        {"monitor": "validation_accuracy"},
        {"early_stopping": True, "patience": 1},
        {"batch_size": 1000},
    ],
    ids=str,
)
def test_what_is_shared_means_the_same_as_alone(common):
    problem = make_problem("softmax")
    assert_each_as_alone(problem, make_models(**common), make_starts(problem, "softmax"))


def test_mirrored_rows_are_the_same_for_all():
    problem = make_problem("softmax")
    images = replace(problem.training.rows, image_shape=(1, D, 1))
    problem = replace(problem, training=replace(problem.training, rows=images))
    assert_each_as_alone(problem, make_models(flip_probability=0.5), make_starts(problem, "softmax"))


def test_float32_stays_float32_and_near_training_alone():
    problem = make_problem("softmax", dtype=np.float32)
    starts = make_starts(problem, "softmax")
    assert train_together(problem, make_models(), 3, starts).models[0].solution.parameters.weights.dtype == np.float32
    assert_each_as_alone(problem, make_models(), starts, tolerance=1e-5)


def test_validations_are_those_of_training_alone():
    problem, models = make_problem("softmax"), make_models(validations_per_epoch=3)
    starts = make_starts(problem, "softmax")
    together = train_together(problem, models, 3, starts).models
    for model, parameters, start in zip(together, models, starts, strict=True):
        history, expected = model.history.arrays(), alone(problem, parameters, start).history.arrays()
        assert "train_loss" not in history
        for name in ("step", "epoch", "loss", "accuracy", "objective"):
            found, key = history[f"validation_{name}"], f"validation_{name}"
            np.testing.assert_allclose(found, expected[key], atol=1e-10, err_msg=key)
        np.testing.assert_allclose(history["weight_norm_squared"], expected["weight_norm_squared"], atol=1e-10)


def test_validation_in_small_blocks_is_the_same(monkeypatch):
    problem, models = make_problem("softmax"), make_models()
    starts = make_starts(problem, "softmax")
    whole = train_together(problem, models, 3, starts).models
    monkeypatch.setattr("onelayer.objective.BLOCK_BYTES", 4 * len(MODELS) * 4 * 8)
    for one, other in zip(train_together(problem, models, 3, starts).models, whole, strict=True):
        np.testing.assert_allclose(*columns(one, "loss"), *columns(other, "loss"), rtol=1e-12)


def test_early_stopping_ends_one_model_and_not_the_others():
    problem = make_problem("softmax")
    models = make_models(early_stopping=True, patience=2, max_epochs=30)
    models[0] = models[0].model_copy(update={"learning_rate": 1e-4})
    together = train_together(problem, models, 3, make_starts(problem, "softmax")).models
    states = [alone(problem, p, s) for p, s in zip(models, make_starts(problem, "softmax"), strict=True)]
    assert [(one.status, one.solution.epochs) for one in together] == [(state.status, state.epoch) for state in states]
    assert len({one.solution.epochs for one in together}) > 1


def test_models_of_fewer_epochs_leave_earlier():
    problem = make_problem("softmax", validated=False)
    running = Running()
    together = train_together(problem, make_models(), 3, make_starts(problem, "softmax"), [running]).models
    assert running.begun == [4, 4, 4, 3, 3]
    assert [model.solution.epochs for model in together] == [5, 5, 3, 5]


def test_stopped_models_are_as_they_would_be_alone_after_as_many_epochs():
    problem, models = make_problem("softmax"), make_models()
    models[0] = models[0].model_copy(update={"max_epochs": 2})
    starts = make_starts(problem, "softmax")
    together = train_together(problem, models, 3, starts, [Running(stop_in=1)]).models
    assert [model.status for model in together] == [Status.FINISHED] + 3 * [Status.INTERRUPTED]
    for model, parameters, start in zip(together, models, starts, strict=True):
        objective = replace(problem.objective, penalty=L2(parameters.l2))
        state = train(replace(problem, objective=objective), parameters, 3, start.copy(), until_epoch=2)
        assert (model.solution.epochs, model.solution.steps) == (2, state.solver.step)
        np.testing.assert_allclose(*columns(model, "loss"), state.history.arrays()["validation_loss"])
        assert_same(model.solution.parameters, state.kept)


@pytest.mark.parametrize("rate", [1e200, 1e30])
def test_diverged_model_is_marked_and_the_others_go_on(rate):
    problem, models = make_problem("softmax"), make_models(max_epochs=30)
    models[1] = models[1].model_copy(update={"learning_rate": rate, "l2": 1.0})
    starts = make_starts(problem, "softmax")
    together = train_together(problem, models, 3, starts).models
    assert [model.status for model in together] == [Status.FINISHED, Status.DIVERGED] + 2 * [Status.FINISHED]
    assert together[1].solution.parameters is None
    for place in (0, 2, 3):
        assert_same(together[place].solution.parameters, alone(problem, models[place], starts[place]).kept)


def test_all_models_can_diverge():
    problem = make_problem("squared_hinge")
    models = [parameters.model_copy(update={"learning_rate": 1e200}) for parameters in make_models()]
    together = train_together(problem, models, 3, make_starts(problem, "squared_hinge")).models
    assert {model.status for model in together} == {Status.DIVERGED}
    assert {model.solution.epochs for model in together} == {1}


def test_starts_stay_as_they_are():
    problem = make_problem("softmax")
    starts = make_starts(problem, "softmax")
    before = [start.copy() for start in starts]
    train_together(problem, make_models(), 3, starts)
    for start, copy in zip(starts, before, strict=True):
        assert_same(start, copy, tolerance=0)


def test_models_have_row_weights_to_be_validated_with():
    k, problem, models = 4, make_problem("softmax"), make_models(keep="last")
    held_out = np.random.default_rng(4).integers(0, 2, (len(X_VAL), len(MODELS))).astype(np.float64)
    problem = replace(problem, validation=replace(problem.validation, weights=held_out))
    for place, model in enumerate(train_together(problem, models, 3, make_starts(problem, "softmax")).models):
        scores = X_VAL @ model.solution.parameters.weights.T + model.solution.parameters.intercepts
        hits = scores.argmax(axis=1) == np.arange(len(X_VAL)) % k
        assert columns(model, "accuracy")[0][-1] == pytest.approx(np.average(hits, weights=held_out[:, place]))


def test_kept_weights_belong_to_the_best_validation():
    problem, models = make_problem("softmax"), make_models(max_epochs=8)
    for model in train_together(problem, models, 3, make_starts(problem, "softmax")).models[:3]:
        scores = X_VAL @ model.solution.parameters.weights.T + model.solution.parameters.intercepts
        loss = get_loss("softmax").values(scores, np.arange(len(X_VAL)) % 4).mean()
        losses = columns(model, "loss")[0]
        assert loss == pytest.approx(losses.min())
        assert loss == pytest.approx(losses[model.kept_validation])
