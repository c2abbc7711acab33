"""Running a sweep: load, try every combination, choose, train once more with the choice, test once, write."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from onelayer.data.splits import Splits
from onelayer.errors import ConfigError
from onelayer.estimators import OneLayerClassifier
from onelayer.estimators.sweeping import sweep_classifier
from onelayer.experiment.config import SweepConfig
from onelayer.experiment.data import load_parts, make_rows
from onelayer.experiment.run import claimed, train_and_write
from onelayer.selection import Grid, SweepListener, SweepResult
from onelayer.storage.run_directory import RunDirectory
from onelayer.training.listeners import Listener
from onelayer.training.state import TrainingState

__all__ = ["run_sweep"]


def run_sweep(
    config: SweepConfig,
    out: Path,
    *,
    data_dir: Path | None = None,
    overwrite: bool = False,
    listeners: Sequence[Listener] = (),
    sweep_listener: SweepListener | None = None,
    progress: bool = False,
) -> dict[str, Any]:
    """Sweep over the grid, train with the choice as ``train`` does, and write a run directory.

    The test part has no part in the choice: it is looked at once, by the final model.

    Parameters
    ----------
    config : SweepConfig
    out : Path
        The run directory; a train run's files, and ``sweep.json``.
    data_dir : Path or None
    overwrite : bool
    listeners : sequence of Listener
        Told of the final training.
    sweep_listener : SweepListener or None
        Told of the sweep.
    progress : bool
        Of a download.

    Returns
    -------
    dict
        What metrics.json holds: the keys of a train run, and ``sweep``.

    Raises
    ------
    OnelayerError
        Whatever is wrong with the data, the configuration or the place to write to; DivergenceError if every model
        diverged. Nothing is left behind then, and an earlier run in ``out`` as it was.
    """
    grid = Grid.parse(config.grid)
    if config.validate_on == "test":
        raise ConfigError("validate_on='test' would choose on the test part: a sweep needs validate_on='validation'")
    with claimed(out, config, overwrite=overwrite) as claim:
        splits = load_parts(config, data_dir, progress=progress)
        result = _search(config, grid, splits, sweep_listener)
        chosen = config.model_copy(update=dict(result.chosen.values))
        record = _Record(claim.run, result)
        metrics = train_and_write(chosen, claim.run, splits, None, [claim, record, *listeners])
    metrics["sweep"] = result.summary()
    claim.run.write_metrics(metrics)
    return metrics


def _search(config: SweepConfig, grid: Grid, splits: Splits, listener: SweepListener | None) -> SweepResult:
    train, _ = make_rows(config, splits.train)
    clf = OneLayerClassifier(**config.training)
    if config.folds is not None:
        folds = {"folds": config.folds, "folds_in_one_pass": config.folds_in_one_pass}
        return sweep_classifier(clf, train.X, train.y, grid, listener=listener, **folds)  # type: ignore[arg-type]
    if config.folds_in_one_pass:
        raise ConfigError("folds_in_one_pass needs folds: set their number")
    if splits.validation is None:
        raise ConfigError("there is no validation part to choose on: set folds")
    held_out, _ = make_rows(config, splits.validation)
    return sweep_classifier(clf, train.X, train.y, grid, X_val=held_out.X, y_val=held_out.y, listener=listener)


class _Record(Listener):
    """Writes sweep.json once the folder is that of this run: the report of the final model shows it."""

    def __init__(self, run: RunDirectory, result: SweepResult) -> None:
        self.run, self.result = run, result

    def on_train_begin(self, state: TrainingState) -> None:
        """Write it."""
        self.run.write_sweep(self.result.to_dict())
