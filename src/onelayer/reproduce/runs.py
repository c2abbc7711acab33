"""A run: one model of an experiment, known by a digest of all that it depends on, and kept in a run directory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from onelayer.errors import ConfigError, DivergenceError, InputError, OnelayerError
from onelayer.reproduce.protocol import Experiment, Reference
from onelayer.storage.plain import json_text
from onelayer.storage.run_directory import RunDirectory
from onelayer.training.parameters import TrainingParameters
from onelayer.version import __version__

__all__ = ["ModelRun", "Results", "RunResult", "naming", "read_result", "runs_of"]


LAYOUT: Final = 2  # of what a run directory of a reproduction holds
_NO_PART: Final = ("title", "arms", "seeds", "each_fold", "n_jobs", "verbose", "warm_start", "random_state")


@dataclass(frozen=True)
class ModelRun:
    """One model to train.

    Parameters
    ----------
    reference : Reference
        Experiment and arm.
    seed, fold : int
        The fold from 0.
    config : Experiment
        With the keys of the arm.
    keeps_model : bool
        Whether weights and history are kept: they are of the first seed and fold.
    """

    reference: Reference
    seed: int
    fold: int
    config: Experiment
    keeps_model: bool

    @property
    def parameters(self) -> TrainingParameters:
        """How it is trained: with this run's seed, by one thread."""
        return TrainingParameters.check({**self.config.training, "random_state": self.seed, "n_jobs": 1})

    def digest(self, fingerprint: str) -> str:
        """Return the digest of configuration, data, version and layout, 16 hexadecimal digits."""
        values = {name: value for name, value in self.config.model_dump().items() if name not in _NO_PART}
        known = {"config": values, "seed": self.seed, "fold": self.fold, "data": fingerprint}
        known |= {"version": __version__, "layout": LAYOUT, "keeps_model": self.keeps_model}
        return hashlib.sha256(json_text(dict(sorted(known.items()))).encode()).hexdigest()[:16]


@dataclass(frozen=True, eq=False)
class RunResult:
    """What a run gave.

    Parameters
    ----------
    quantities : dict of str to float
        By the names in ``QUANTITIES``; those that it has not are left out.
    recalls : list of float or None
        The accuracy of each class, on the test rows, else the validation rows; None where a class has none.
    class_names : list of str
    seconds : float
        That training took.
    dataset : str
    sizes : dict of str to int
        Rows of each part.
    run : RunDirectory
    """

    quantities: dict[str, float]
    recalls: list[float | None]
    class_names: list[str]
    seconds: float
    dataset: str
    sizes: dict[str, int]
    run: RunDirectory


Results = dict[str, list[tuple[ModelRun, RunResult]]]
"""What the runs of each experiment gave, by its name."""


def runs_of(experiment: Experiment, name: str) -> list[ModelRun]:
    """Return all runs of an experiment."""
    folds = range(experiment.folds or 1) if experiment.each_fold else range(1)
    return [
        ModelRun(
            Reference(name, arm),
            seed,
            fold,
            experiment.model_copy(update=_typed(experiment, experiment.arms.get(arm, {}))),
            keeps_model=seed == experiment.seeds[0] and fold == 0,
        )
        for arm in experiment.arms or {"": {}}
        for seed in experiment.seeds
        for fold in folds
    ]


@contextmanager
def naming(run: ModelRun) -> Iterator[None]:
    """Name the run in what is said to be wrong with its settings, or with how it went."""
    try:
        yield
    except (ConfigError, InputError, DivergenceError) as error:
        raise type(error)(f"{run.reference}: {error}") from None


def _typed(experiment: Experiment, changes: dict[str, Any]) -> dict[str, Any]:
    """Return the keys of an arm as the checked configuration has them (4 as 4.0, a list as a tuple)."""
    checked = Experiment.check({**experiment.model_dump(), **changes})
    return {key: getattr(checked, key) for key in changes}


def read_result(folder: Path) -> RunResult | None:
    """Return what a finished run in a folder gave; None where there is none, or a damaged or unfinished one."""
    try:
        run = RunDirectory.open(folder, needs=("config.toml", "metrics.json"))
        metrics = run.read_metrics()
        return RunResult(
            {str(key): float(value) for key, value in metrics["quantities"].items() if value is not None},
            [None if value is None else float(value) for value in metrics["recalls"]],
            [str(name) for name in metrics["class_names"]],
            float(metrics["seconds"]),
            str(metrics["dataset"]),
            {str(key): int(value) for key, value in metrics["sizes"].items()},
            run,
        )
    except (OnelayerError, KeyError, TypeError, ValueError, AttributeError):
        return None
