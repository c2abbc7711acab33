"""Training the runs of a reproduction, and measuring what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass, replace
from threading import Event, Lock
from time import perf_counter
from typing import Any

import numpy as np

from onelayer.errors import DivergenceError
from onelayer.estimators import OneLayerClassifier
from onelayer.estimators.fitting import model_attributes
from onelayer.estimators.inputs import LabelledRows, check_labelled
from onelayer.estimators.setting import Setting, make_setting
from onelayer.evaluation import evaluate
from onelayer.experiment.rows import Rows
from onelayer.models.linear import LinearParameters
from onelayer.reproduce.divisions import Division
from onelayer.reproduce.measures import jumps, roughness
from onelayer.reproduce.runs import Run, naming
from onelayer.selection.simultaneous import TrainedModel, train_together
from onelayer.training.epochs import count_steps, validation_steps
from onelayer.training.listeners import Listener
from onelayer.training.loop import train
from onelayer.training.parameters import TrainingParameters
from onelayer.training.scaling import Scaling
from onelayer.training.state import TrainingState
from onelayer.training.validation import total_sums

__all__ = ["Desk", "Trained"]

Array = np.ndarray[Any, Any]


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
        parameters, started = run.parameters, perf_counter()
        setting = self._setting(parameters)
        validation = self._held.get("validation") if run.config.follow else None
        problem = setting.problem(self._training, validation)
        start = setting.first_parameters(self._training.rows.d)
        state = train(problem, parameters, setting.seed, start, [_Abandoning(self)], threads=1)
        seconds, history = perf_counter() - started, state.history.arrays()
        ending = {"epochs": float(state.epoch), "steps": float(state.solver.step)}
        if state.stopped_epoch is not None:
            ending["stopped_epoch"] = float(state.stopped_epoch)
        return self._measured(run, setting, state.kept, history, ending, seconds)

    def _together(self, runs: Sequence[Run]) -> list[Trained]:
        models, started = [run.parameters for run in runs], perf_counter()
        settings = [self._setting(parameters) for parameters in models]
        validation = self._held.get("validation") if runs[0].config.follow else None
        starts = [setting.first_parameters(self._training.rows.d) for setting in settings]
        problem = settings[0].problem(self._training, validation)
        trained = train_together(problem, models, runs[0].seed, starts, lambda epoch, running: self.go_on())
        seconds = (perf_counter() - started) / len(runs)
        found = []
        for run, setting, model in zip(runs, settings, trained, strict=True):
            if model.kept is None:
                raise DivergenceError(f"arm {run.reference.arm!r} diverged: use a lower learning rate")
            ending = {"epochs": float(model.epochs), "steps": float(model.steps)}
            if model.status == "stopped early":
                ending["stopped_epoch"] = float(model.epochs - 1)
            history = _history(model, self._training.rows.n)
            found.append(self._measured(run, setting, model.kept, history, ending, seconds))
        return found

    def _setting(self, parameters: TrainingParameters) -> Setting:
        seed = parameters.random_state
        assert seed is not None  # noqa: S101 (runs have a seed)
        shape, key = self.division.image_shape, (parameters.scaling, parameters.dtype)
        with self._lock:  # one thread learns a scaling, the others wait for it
            if key not in self._scalings:
                made = make_setting(parameters, seed, self._classes, self._training, shape)
                self._scalings[key] = made.scaling
        unscaled = parameters.model_copy(update={"scaling": "none"})
        setting = make_setting(unscaled, seed, self._classes, self._training, shape)
        return replace(setting, parameters=parameters, scaling=self._scalings[key])

    def _measured(
        self,
        run: Run,
        setting: Setting,
        kept: LinearParameters,
        history: Mapping[str, Array],
        ending: Mapping[str, float],
        seconds: float,
    ) -> Trained:
        quantities = {**ending, **self._figures(setting, kept), **_of_weights(kept, run)}
        if "validation_accuracy" in history and len(history["validation_accuracy"]):
            quantities["validation_jumps"] = jumps(history["validation_accuracy"])
        clf = OneLayerClassifier(**run.config.training)
        folded = setting.scaling.fold(kept)
        attributes = model_attributes(setting.loss, self._classes, folded, self.division.image_shape)
        stopped = ending.get("stopped_epoch")
        attributes |= {
            "n_features_in_": self._training.rows.d,
            "n_iter_": int(ending["epochs"]),
            "n_steps_": int(ending["steps"]),
            "stopped_epoch_": None if stopped is None else int(stopped),
        }
        for name, value in attributes.items():
            setattr(clf, name, value)
        if self.division.image_shape is not None:
            quantities["weight_roughness"] = roughness(clf.weight_images())
        judged = self.division.test or self.division.validation or self.division.train
        found = evaluate(judged.y, clf.predict(judged.X), class_names=self.division.class_names)
        recalls = [one.recall for one in found.classes]
        quantities |= {f"recall_{label}": one for label, one in enumerate(recalls[:10]) if one is not None}
        return Trained(run, clf, quantities, recalls, history, seconds)

    def _figures(self, setting: Setting, kept: LinearParameters) -> dict[str, float]:
        """Return loss and accuracy of each part, and how far they are apart."""
        parts = {"train": setting.problem(self._training, None).training}
        for name, rows in self._held.items():
            held = setting.problem(self._training, rows).validation
            assert held is not None  # noqa: S101 (for the type checker)
            parts[name] = held
        objective = setting.problem(self._training, None).objective
        found: dict[str, float] = {}
        for name, sums in zip(parts, total_sums(objective, kept, list(parts.values()), 1), strict=True):
            found |= {f"{name}_loss": float(sums.mean_loss), f"{name}_accuracy": float(sums.accuracy)}
        if "validation" in parts:
            found["validation_objective"] = found["validation_loss"] + float(objective.penalty.value(*kept))
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


def _of_weights(kept: LinearParameters, run: Run) -> dict[str, float]:
    parts = kept if run.config.penalize_bias else kept[:1]
    return {"weight_norm_squared": sum(float((part.astype(np.float64) ** 2).sum()) for part in parts)}


def _history(model: TrainedModel, n: int) -> dict[str, Array]:
    """Return the validations of one of several models, trained on n rows, as columns of a history."""
    found, parameters = model.validations, model.parameters
    per_epoch = count_steps(n, parameters)
    steps = [
        epoch * per_epoch + step
        for epoch in range(model.epochs)
        for step in validation_steps(epoch, per_epoch, parameters.validations_per_epoch)
    ]
    return {
        "validation_step": np.array(steps[: len(found)], dtype=np.int64),
        "validation_epoch": np.array([one.epoch for one in found], dtype=np.int64),
        "validation_loss": np.array([one.loss for one in found]),
        "validation_accuracy": np.array([one.accuracy for one in found]),
    }
