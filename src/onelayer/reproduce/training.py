"""Training what has not been trained yet: one job after another, as many at once as there are processors."""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Lock
from time import perf_counter

import numpy as np

from onelayer import engine
from onelayer.arrays import Array
from onelayer.errors import DivergenceError
from onelayer.estimators import OneLayerClassifier
from onelayer.estimators.fitting import adopt
from onelayer.estimators.inputs import check_labelled
from onelayer.evaluation import evaluate
from onelayer.experiment.rows import Rows
from onelayer.reproduce.protocol import Protocol
from onelayer.reproduce.quantities import jumps, roughness
from onelayer.reproduce.runs import ModelRun, Results, RunResult, naming, read_result, runs_of
from onelayer.reproduce.splits import RowSplits, SplitLoader
from onelayer.rows import LabelledRows
from onelayer.solvers import Status
from onelayer.storage.environment import describe_environment
from onelayer.storage.run_directory import RunDirectory
from onelayer.threads import limited_threads, pool_of_threads, usable_threads
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

__all__ = ["RunTrainer", "TrainedRun", "run_protocol"]


def run_protocol(
    protocol: Protocol, loader: SplitLoader, out: Path, tell: Callable[[str], None] = lambda line: None
) -> Results:
    """Return the results of all runs of a protocol; those that ``out`` has are read, the others trained and written.

    Parameters
    ----------
    protocol : Protocol
    loader : SplitLoader
    out : Path
        Each run has a directory there, called by its digest.
    tell : callable
        Told of each job that ends, in a line.

    Raises
    ------
    DataError, MissingDependencyError
        If data is not there.
    OnelayerError
        Whatever goes wrong in training and writing.
    """
    found: dict[str, RunResult] = {}
    names: dict[tuple[str, str, int, int], str] = {}
    waiting: dict[Hashable, dict[str, ModelRun]] = {}
    for name, experiment in protocol.experiments.items():
        for run in runs_of(experiment, name):
            digest = run.digest(loader.fingerprint(run.config, run.seed))
            names[_key(run)] = digest
            kept = read_result(out / digest)
            if kept is not None:
                found[digest] = kept
            else:
                waiting.setdefault(loader.key(run.config, run.seed, run.fold), {})[digest] = run
    todo = sum(map(len, waiting.values()))
    if found:
        tell(f"{protocol.name}: {len(found)} models were there already, {todo} to train")
    done = 0
    for runs in waiting.values():
        first = next(iter(runs.values()))
        with naming(first):
            trainer = RunTrainer(loader.load(first.config, first.seed, first.fold))
        digests = {_key(run): digest for digest, run in runs.items()}
        with closing(_train_all(trainer, _jobs(list(runs.values())))) as batches:
            for trained in batches:
                for one in trained:
                    digest = digests[_key(one.run)]
                    fingerprint = loader.fingerprint(one.run.config, one.run.seed)
                    found[digest] = _write(one, trainer, out / digest, fingerprint)
                done += len(trained)
                tell(f"{protocol.name}: {done} of {todo} models, {_described(trained)}")
    return {
        name: [(run, found[names[_key(run)]]) for run in runs_of(experiment, name)]
        for name, experiment in protocol.experiments.items()
    }


def _key(run: ModelRun) -> tuple[str, str, int, int]:
    return run.reference.experiment, run.reference.arm, run.seed, run.fold


def _jobs(runs: Sequence[ModelRun]) -> list[list[ModelRun]]:
    """Return which runs are trained at once: those of an experiment and a seed, where it says so; the largest first."""
    jobs: dict[Hashable, list[ModelRun]] = {}
    for run in runs:
        key = _key(run)
        jobs.setdefault((key[0], run.seed) if run.config.together else key, []).append(run)
    return sorted(jobs.values(), key=lambda job: -len(job) * job[0].config.max_epochs)


def _train_all(trainer: RunTrainer, jobs: list[list[ModelRun]]) -> Generator[list[TrainedRun], None, None]:
    """Yield what jobs give, as they end; one thread trains each, so that its bits don't depend on their number."""
    at_once = min(len(jobs), usable_threads(None))
    with limited_threads(1), pool_of_threads(at_once) as pool:
        pending: set[Future[list[TrainedRun]]] = {pool.submit(trainer.train, job) for job in jobs}
        try:
            while pending:
                ended, pending = wait(pending, return_when=FIRST_COMPLETED)
                for future in ended:
                    yield future.result()
        except BaseException:  # Ctrl-C, say: what is running ends with its epoch
            trainer.cancelled.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _described(trained: Sequence[TrainedRun]) -> str:
    first = trained[0].run
    several = f" and {len(trained) - 1} more at once" if len(trained) > 1 else ""
    seconds = sum(one.seconds for one in trained)
    return f"{first.reference}, seed {first.seed}, fold {first.fold}{several}: {seconds:.1f} s"


def _write(trained: TrainedRun, trainer: RunTrainer, folder: Path, fingerprint: str) -> RunResult:
    """Write a run directory and return what it says; metrics.json comes last, and makes it complete."""
    # Another process that runs the same protocol writes the same.
    with RunDirectory.reserved(folder, overwrite=True, wait=60.0) as directory:
        directory.clear()
        _write_files(trained, trainer, directory, fingerprint)
        result = read_result(folder)
    assert result is not None  # noqa: S101 (it was just written)
    return result


def _write_files(trained: TrainedRun, trainer: RunTrainer, directory: RunDirectory, fingerprint: str) -> None:
    run, splits = trained.run, trainer.splits
    config = run.config.model_dump() | {"random_state": run.seed, "seeds": [run.seed], "arms": {}, "fold": run.fold}
    directory.write_config(config)
    directory.write_environment(
        describe_environment(engine=engine.name(), threads=1, dataset_fingerprint=fingerprint, seed=run.seed)
    )
    if run.keeps_model:
        trained.classifier.save(directory.model_path)
        directory.write_history(trained.history)
    parts = {"train": splits.train, "validation": splits.validation, "test": splits.test}
    directory.write_metrics(
        {
            "dataset": splits.dataset,
            "loss": run.config.loss,
            "seconds": trained.seconds,
            "quantities": trained.quantities,
            "recalls": trained.recalls,
            "class_names": list(splits.class_names),
            "sizes": {name: len(rows.y) for name, rows in parts.items() if rows is not None},
        }
    )


@dataclass(frozen=True, eq=False)
class TrainedRun:
    """A trained model and what was measured of it; see ``RunResult``."""

    run: ModelRun
    classifier: OneLayerClassifier
    quantities: dict[str, float]
    recalls: list[float | None]
    history: Mapping[str, Array]
    seconds: float


class RunTrainer:
    """Trains runs on the same splits; rows are checked and their scaling is learned once for all of them."""

    def __init__(self, splits: RowSplits) -> None:
        self.splits = splits
        clf = OneLayerClassifier()
        self._training = _labelled(clf, splits.train, reset=True)
        held = {"validation": splits.validation, "test": splits.test}
        self._held = {
            name: _labelled(clf, rows, reset=False, what=f"{name} ") for name, rows in held.items() if rows is not None
        }
        self._classes = np.arange(len(splits.class_names))
        self.cancelled = Event()  # once set, training ends with its epoch, and nothing comes of it
        self._scalings: dict[tuple[str, str], Scaling] = {}
        self._lock = Lock()

    def train(self, runs: Sequence[ModelRun]) -> list[TrainedRun]:
        """Train one run, or several that share seed, rows and order in one pass.

        Raises
        ------
        OnelayerError
            Whatever is wrong with parameters and rows; DivergenceError.
        """
        with naming(runs[0]):
            names = self.splits.class_names
            runs = [replace(run, config=run.config.for_classes(names)) for run in runs]
            if len(runs) == 1 and not runs[0].config.together:
                return [self._alone(runs[0])]
            return self._together(runs)

    def raise_if_cancelled(self) -> None:
        """Raise CancelledError if the training was cancelled."""
        if self.cancelled.is_set():
            raise CancelledError

    def _alone(self, run: ModelRun) -> TrainedRun:
        started, encoding, problem = perf_counter(), *self._problem(run)
        start = problem.start(run.parameters, run.seed, encoding)
        state = train(problem, run.parameters, run.seed, start, [_Cancellation(self)], threads=1)
        return self._measured(run, encoding, problem, state, 0, perf_counter() - started)

    def _together(self, runs: Sequence[ModelRun]) -> list[TrainedRun]:
        started, models = perf_counter(), [run.parameters for run in runs]
        made = [self._problem(run) for run in runs]
        starts = [
            problem.start(run.parameters, run.seed, encoding)
            for run, (encoding, problem) in zip(runs, made, strict=True)
        ]
        state = train_together(made[0][1], models, runs[0].seed, starts, [_Cancellation(self)])
        seconds = (perf_counter() - started) / len(runs)
        for run, model in zip(runs, state.models, strict=True):
            if model.status is Status.DIVERGED:
                raise DivergenceError(f"arm {run.reference.arm!r} diverged: use a lower learning rate")
        return [
            self._measured(run, encoding, problem, state, place, seconds)
            for place, (run, (encoding, problem)) in enumerate(zip(runs, made, strict=True))
        ]

    def _problem(self, run: ModelRun) -> tuple[Encoding, Problem]:
        """Return the problem of a run; scaling is learned once for all runs that scale alike."""
        parameters, shape = run.parameters, self.splits.image_shape
        key = parameters.scaling, parameters.dtype
        with self._lock:  # one thread learns a scaling, the others wait for it
            encoding = learn_encoding(parameters, self._classes, self._training, shape, self._scalings.get(key))
            self._scalings[key] = encoding.scaling
        validation = self._held.get("validation") if run.config.follow else None
        return encoding, make_problem(parameters, encoding, self._training, validation)

    def _measured(
        self, run: ModelRun, encoding: Encoding, problem: Problem, state: TrainingState, place: int, seconds: float
    ) -> TrainedRun:
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
        if self.splits.image_shape is not None:
            quantities["weight_roughness"] = roughness(clf.weight_images())
        judged = self.splits.test or self.splits.validation or self.splits.train
        found = evaluate(judged.y, clf.predict(judged.X), class_names=self.splits.class_names)
        recalls = [one.recall for one in found.classes]
        quantities |= {f"recall_{label}": one for label, one in enumerate(recalls[:10]) if one is not None}
        return TrainedRun(run, clf, quantities, recalls, history, seconds)

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
        if self.splits.validation is not None:
            found["largest_class_share"] = float(np.bincount(self.splits.validation.y).max()) / len(
                self.splits.validation.y
            )
        return found


class _Cancellation(Listener):
    """Ends training that was cancelled."""

    def __init__(self, trainer: RunTrainer) -> None:
        self._trainer = trainer

    def on_epoch_end(self, state: TrainingState) -> bool:
        """Raise CancelledError if it was."""
        self._trainer.raise_if_cancelled()
        return False


def _labelled(clf: OneLayerClassifier, rows: Rows, *, reset: bool, what: str = "") -> LabelledRows:
    return check_labelled(clf, rows.X, rows.y, None, reset=reset, what=what)
