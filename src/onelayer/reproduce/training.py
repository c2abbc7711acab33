"""Training the runs of a reproduction, and measuring what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from threading import Event, Lock
from time import perf_counter

import numpy as np

from onelayer.arrays import Array
from onelayer.errors import DivergenceError
from onelayer.estimators import OneLayerClassifier
from onelayer.estimators.fitting import adopt
from onelayer.estimators.inputs import check_labelled
from onelayer.evaluation import evaluate
from onelayer.experiment.rows import Rows
from onelayer.reproduce.divisions import Division
from onelayer.reproduce.measures import jumps, roughness
from onelayer.reproduce.runs import Run, naming
from onelayer.rows import LabelledRows
from onelayer.solvers import Status
from onelayer.training import (
    Encoding,
    Fitted,
    Problem,
    TrainingState,
    learn_encoding,
    make_problem,
    train,
    train_together,
)
from onelayer.training.listeners import Listener
from onelayer.training.scaling import Scaling

__all__ = ["Desk", "Trained"]


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained model and what was measured of it; see ``Result``."""

    run: Run
    classifier: OneLayerClassifier
    quantities: dict[str, float]
    recalls: list[float | None]
    history: Mapping[str, Array]
    seconds: float


class Desk:
    """Trains runs on one division; rows are checked and their scaling is learned once for all of them."""

    def __init__(self, division: Division) -> None:
        self.division = division
        clf = OneLayerClassifier()
        self._training = _labelled(clf, division.train, reset=True)
        held = {"validation": division.validation, "test": division.test}
        self._held = {
            name: _labelled(clf, rows, reset=False, what=f"{name} ") for name, rows in held.items() if rows is not None
        }
        self._classes = np.arange(len(division.class_names))
        self.abandoned = Event()  # once set, training ends with its epoch, and nothing comes of it
        self._scalings: dict[tuple[str, str], Scaling] = {}
        self._lock = Lock()

    def train(self, runs: Sequence[Run]) -> list[Trained]:
        """Train one run, or several that share seed, rows and order in one pass.

        Raises
        ------
        OnelayerError
            Whatever is wrong with parameters and rows; DivergenceError.
        """
        with naming(runs[0]):
            if len(runs) == 1 and not runs[0].config.together:
                return [self._alone(runs[0])]
            return self._together(runs)

    def go_on(self) -> None:
        """Raise CancelledError if the training was abandoned."""
        if self.abandoned.is_set():
            raise CancelledError

    def _alone(self, run: Run) -> Trained:
        started, encoding, problem = perf_counter(), *self._problem(run)
        start = problem.start(run.parameters, run.seed, encoding)
        state = train(problem, run.parameters, run.seed, start, [_Abandoning(self)], threads=1)
        return self._measured(run, encoding, problem, state, 0, perf_counter() - started)

    def _together(self, runs: Sequence[Run]) -> list[Trained]:
        started, models = perf_counter(), [run.parameters for run in runs]
        made = [self._problem(run) for run in runs]
        starts = [
            problem.start(run.parameters, run.seed, encoding)
            for run, (encoding, problem) in zip(runs, made, strict=True)
        ]
        state = train_together(made[0][1], models, runs[0].seed, starts, [_Abandoning(self)])
        seconds = (perf_counter() - started) / len(runs)
        for run, model in zip(runs, state.models, strict=True):
            if model.status is Status.DIVERGED:
                raise DivergenceError(f"arm {run.reference.arm!r} diverged: use a lower learning rate")
        return [
            self._measured(run, encoding, problem, state, place, seconds)
            for place, (run, (encoding, problem)) in enumerate(zip(runs, made, strict=True))
        ]

    def _problem(self, run: Run) -> tuple[Encoding, Problem]:
        """Return the problem of a run; scaling is learned once for all runs that scale alike."""
        parameters, shape = run.parameters, self.division.image_shape
        key = parameters.scaling, parameters.dtype
        with self._lock:  # one thread learns a scaling, the others wait for it
            encoding = learn_encoding(parameters, self._classes, self._training, shape, self._scalings.get(key))
            self._scalings[key] = encoding.scaling
        validation = self._held.get("validation") if run.config.follow else None
        return encoding, make_problem(parameters, encoding, self._training, validation)

    def _measured(
        self, run: Run, encoding: Encoding, problem: Problem, state: TrainingState, place: int, seconds: float
    ) -> Trained:
        fitted = Fitted.of(state, problem, encoding, place)
        solution, history = fitted.solution, fitted.history.arrays()
        quantities = {"epochs": float(solution.epochs), "steps": float(solution.steps)}
        if fitted.stopped_epoch is not None:
            quantities["stopped_epoch"] = float(fitted.stopped_epoch)
        quantities |= self._figures(encoding, problem, fitted)
        quantities["weight_norm_squared"] = solution.parameters.squared_norm(run.config.penalize_bias)
        if len(history["validation_accuracy"]):
            quantities["validation_jumps"] = jumps(history["validation_accuracy"])
        clf = OneLayerClassifier(**run.config.training)
        adopt(clf, fitted, self._training.rows.d)
        if self.division.image_shape is not None:
            quantities["weight_roughness"] = roughness(clf.weight_images())
        judged = self.division.test or self.division.validation or self.division.train
        found = evaluate(judged.y, clf.predict(judged.X), class_names=self.division.class_names)
        recalls = [one.recall for one in found.classes]
        quantities |= {f"recall_{label}": one for label, one in enumerate(recalls[:10]) if one is not None}
        return Trained(run, clf, quantities, recalls, history, seconds)

    def _figures(self, encoding: Encoding, problem: Problem, fitted: Fitted) -> dict[str, float]:
        """Return loss and accuracy of each part, and how far they are apart."""
        parts = {"train": problem.training}
        parts |= {name: encoding.part(rows, name) for name, rows in self._held.items()}
        kept, objective = fitted.solution.parameters, problem.objective
        found: dict[str, float] = {}
        for name, sums in zip(parts, objective.sums_of_parts(kept, list(parts.values())), strict=True):
            found |= {f"{name}_loss": float(sums.mean_loss), f"{name}_accuracy": float(sums.accuracy)}
        if "validation" in parts:
            found["validation_objective"] = found["validation_loss"] + float(objective.penalty.value(kept))
        held_out = "test" if "test" in parts else "validation"
        if held_out in parts:
            found["accuracy_gap"] = found["train_accuracy"] - found[f"{held_out}_accuracy"]
            found["loss_gap"] = found[f"{held_out}_loss"] - found["train_loss"]
        if self.division.validation is not None:
            found["largest_class_share"] = float(np.bincount(self.division.validation.y).max()) / len(
                self.division.validation.y
            )
        return found


class _Abandoning(Listener):
    """Ends training that was abandoned."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def on_epoch_end(self, state: TrainingState) -> bool:
        """Raise CancelledError if it was."""
        self._desk.go_on()
        return False


def _labelled(clf: OneLayerClassifier, rows: Rows, *, reset: bool, what: str = "") -> LabelledRows:
    return check_labelled(clf, rows.X, rows.y, None, reset=reset, what=what)
