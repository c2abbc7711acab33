"""Running a sweep: load, try every combination, choose, train once more with the choice, test once, write."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from onelayer.data import Dataset
from onelayer.data.splits import Splits
from onelayer.errors import ConfigError, InterruptedTrainingWarning
from onelayer.estimators import OneLayerClassifier
from onelayer.estimators.sweeping import sweep_classifier
from onelayer.experiment.config import SweepConfig
from onelayer.experiment.data import load_parts
from onelayer.experiment.description import describe_run
from onelayer.experiment.predictions import data_figures
from onelayer.experiment.report import report_run
from onelayer.experiment.rows import RowMaker, classifier_parameters
from onelayer.experiment.run import claimed, tell_of_end, train_and_write, write_environment
from onelayer.selection import Grid, SweepResult
from onelayer.storage.cache import ArrayCache
from onelayer.storage.plain import plain
from onelayer.storage.run_directory import RunDirectory
from onelayer.training.listeners import Listener

__all__ = ["run_sweep"]


def run_sweep(
    config: SweepConfig,
    out: Path,
    *,
    data_dir: Path | None = None,
    overwrite: bool = False,
    listeners: Sequence[Listener] = (),
    progress: bool = False,
    cache: ArrayCache | None = None,
) -> dict[str, Any]:
    """Sweep over the grid, train with the choice as ``train`` does, and write a run directory.

    The test part has no part in the choice: it is looked at once, by the final model. Where Ctrl-C ended the sweep, the
    trials are written as far as they were trained; nothing is chosen of them, no model is trained and nothing is
    tested.

    Parameters
    ----------
    config : SweepConfig
    out : Path
        The run directory; a train run's files, and ``sweep.json``.
    data_dir : Path or None
    overwrite : bool
    listeners : sequence of Listener
        Told of the run: of the sweep, of the final training, and of what came of it.
    progress : bool
        Of a download.
    cache : ArrayCache or None
        Where features are looked up and kept.

    Returns
    -------
    dict
        What metrics.json holds: the keys of a train run, and ``sweep``. Of a sweep that was interrupted only those that
        need no model.

    Raises
    ------
    OnelayerError
        Whatever is wrong with the data, the configuration or the place to write to; DivergenceError if every model
        diverged. Where there are no trials yet, nothing is left behind, and an earlier run in ``out`` as it was.
    """
    grid = Grid.parse(config.grid)
    if config.validate_on == "test":
        raise ConfigError("validate_on='test' would choose on the test part: a sweep needs validate_on='validation'")
    with claimed(out, config, overwrite=overwrite) as claim:
        splits = load_parts(config, data_dir, progress=progress)
        for listener in listeners:
            listener.on_run_begin(describe_run(config, splits))
        result = _search(config, grid, splits, listeners, cache)
        claim.begin()
        claim.run.write_sweep(result.to_dict())  # whatever happens to the final model, the trials are kept
        if result.chosen is None:
            metrics = _write_interrupted(config, claim.run, splits, result)
            tell_of_end(listeners, claim.run, metrics)
            return metrics
        chosen = config.model_copy(update=dict(result.chosen.values))
        metrics = train_and_write(chosen, claim.run, splits, None, listeners, cache=cache)
    metrics["sweep"] = result.summary()
    claim.run.write_metrics(metrics)
    tell_of_end(listeners, claim.run, metrics)
    return metrics


def _search(
    config: SweepConfig, grid: Grid, splits: Splits, listeners: Sequence[Listener], cache: ArrayCache | None
) -> SweepResult:
    maker = RowMaker.fit(config, splits.train, cache)
    train = maker.rows(splits.train)
    held_out = maker.rows(_held_out(config, splits)) if config.folds is None else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InterruptedTrainingWarning)  # the metrics say so
        return sweep_classifier(
            OneLayerClassifier(**classifier_parameters(config, splits.train)),
            train.X,
            train.y,
            grid,
            X_val=None if held_out is None else held_out.X,
            y_val=None if held_out is None else held_out.y,
            folds=config.folds,
            folds_in_one_pass=config.folds_in_one_pass,
            listeners=listeners,
        )


def _held_out(config: SweepConfig, splits: Splits) -> Dataset:
    """Return the part to choose on where there are no folds."""
    if config.folds_in_one_pass:
        raise ConfigError("folds_in_one_pass needs folds: set their number")
    if splits.validation is None:
        raise ConfigError("there is no validation part to choose on: set folds")
    return splits.validation


def _write_interrupted(config: SweepConfig, run: RunDirectory, splits: Splits, result: SweepResult) -> dict[str, Any]:
    """Write what there is without a final model; return what metrics.json holds."""
    metrics = {
        "dataset": splits.train.title,
        "run_dir": str(run.path),
        "interrupted": True,
        "class_names": list(splits.train.class_names),
        "data": plain(asdict(data_figures(splits))),
        "sweep": result.summary(),
    }
    write_environment(config, run, splits)
    run.write_metrics(metrics)
    report_run(run)
    return metrics
