"""Running an experiment: load, train, evaluate, write."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from onelayer import engine
from onelayer.data import Splits
from onelayer.data.image_options import ImageOptions
from onelayer.errors import ConfigError, InterruptedTrainingWarning, ModelFileError
from onelayer.estimators import OneLayerClassifier
from onelayer.estimators.fitting import Checkpoint, fit_classifier
from onelayer.estimators.judging import judge_classifier
from onelayer.evaluation import PartFigures, RunFigures, evaluate_outcomes
from onelayer.experiment.config import ExperimentConfig, SweepConfig, run_config
from onelayer.experiment.data import load_parts
from onelayer.experiment.description import describe_run
from onelayer.experiment.predictions import data_figures, predictions_of
from onelayer.experiment.report import report_run
from onelayer.experiment.rows import RowMaker, Rows, classifier_parameters
from onelayer.features.base import ImageFeatures
from onelayer.image_model import ImageModel
from onelayer.solvers import Status
from onelayer.storage.cache import ArrayCache
from onelayer.storage.checkpoints import load_checkpoint
from onelayer.storage.environment import describe_environment
from onelayer.storage.run_directory import RunDirectory
from onelayer.storage.tensors import write_tensors
from onelayer.threads import usable_threads
from onelayer.training.checkpointing import Checkpointing
from onelayer.training.listeners import Listener
from onelayer.training.state import TrainingState

__all__ = ["Claim", "claimed", "resume_run", "run_experiment", "tell_of_end", "train_and_write", "write_environment"]


def run_experiment(
    config: ExperimentConfig,
    out: Path,
    *,
    data_dir: Path | None = None,
    overwrite: bool = False,
    listeners: Sequence[Listener] = (),
    progress: bool = False,
    cache: ArrayCache | None = None,
) -> dict[str, Any]:
    """Train, evaluate and write a run directory; return what its metrics.json holds.

    What goes wrong before training begins leaves nothing behind, and an earlier run in ``out`` as it was. In ``cache``
    features are looked up and kept.

    Raises
    ------
    OnelayerError
        Whatever is wrong with the data, the configuration or the place to write to.
    """
    with claimed(out, config, overwrite=overwrite) as claim:
        splits = load_parts(config, data_dir, progress=progress)
        everyone = [claim, *listeners]
        for listener in everyone:
            listener.on_run_begin(describe_run(config, splits))
        metrics = train_and_write(config, claim.run, splits, None, everyone, cache)
    tell_of_end(listeners, claim.run, metrics)
    return metrics


def resume_run(
    out: Path,
    *,
    data_dir: Path | None = None,
    listeners: Sequence[Listener] = (),
    progress: bool = False,
    cache: ArrayCache | None = None,
) -> dict[str, Any]:
    """Go on with the run in ``out`` from its checkpoint, to the same weights bit by bit; without one, start it over.

    Raises
    ------
    RunDirectoryError
        If there is no run, or another process is at work in it.
    ModelFileError
        If the checkpoint is damaged or belongs to other data.
    """
    run = RunDirectory.open(out)
    with run.locked():
        config = run_config(run)
        if isinstance(config, SweepConfig):
            raise ConfigError(f"{run} is a sweep, which can't be resumed: onelayer sweep --config runs it again")
        checkpoint = load_checkpoint(run.checkpoint_path) if run.checkpoint_path.is_file() else None
        splits = load_parts(config, data_dir, progress=progress)
        if checkpoint is not None and checkpoint[1].get("fingerprint") != splits.train.fingerprint:
            raise ModelFileError(f"{run}: the checkpoint belongs to other training data; start over with --overwrite")
        for listener in listeners:
            listener.on_run_begin(describe_run(config, splits))
        metrics = train_and_write(config, run, splits, checkpoint, listeners, cache)
    tell_of_end(listeners, run, metrics)
    return metrics


@contextlib.contextmanager
def claimed(out: Path, config: ExperimentConfig, *, overwrite: bool) -> Iterator[Claim]:
    """Claim a folder for a run; no other process writes into it meanwhile.

    What goes wrong before training begins leaves nothing behind, and an earlier run in ``out`` as it was.

    Raises
    ------
    RunDirectoryError
        If no run may begin there, or another process is at work in it.
    """
    new_folders = [folder for folder in (out, *out.parents) if not os.path.lexists(folder)]
    try:
        with RunDirectory.reserved(out, overwrite=overwrite) as run:
            claim = Claim(run, config)
            try:
                claim.announce()
                yield claim
            except BaseException:
                claim.give_up()
                raise
    except BaseException:
        with contextlib.suppress(OSError):
            for folder in new_folders:
                folder.rmdir()
        raise


class Claim(Listener):
    """Makes a folder that of this run: an empty one at once, one with an earlier run when training begins."""

    def __init__(self, run: RunDirectory, config: ExperimentConfig) -> None:
        self.run, self._config = run, config.model_dump()
        self._is_new, self._has_begun = not run.config_path.exists(), False

    def announce(self) -> None:
        """Write the configuration if that costs no earlier run: whatever kills this one, it can be resumed."""
        if self._is_new:
            self.run.write_config(self._config)

    def on_train_begin(self, state: TrainingState) -> None:
        """Remove an earlier run."""
        self.begin()

    def begin(self) -> None:
        """Remove an earlier run: data and configuration are good, and there is something to write."""
        if not self._is_new:
            self.run.clear()
            self.run.write_config(self._config)
        self._has_begun = True

    def give_up(self) -> None:
        """Leave nothing behind, if the run has not begun."""
        if self._is_new and not self._has_begun:
            self.run.clear()


class _Ending(Listener):
    """Remembers how training ended."""

    status = Status.RUNNING

    def on_train_end(self, state: TrainingState) -> None:
        """Remember it."""
        self.status = state.status


def train_and_write(
    config: ExperimentConfig,
    run: RunDirectory,
    splits: Splits,
    checkpoint: Checkpoint | None,
    listeners: Sequence[Listener],
    cache: ArrayCache | None = None,
) -> dict[str, Any]:
    """Train on the loaded parts, evaluate, and write everything into ``run``; return what its metrics.json holds."""
    parts, features = _rows(config, splits, cache)
    train, validation = parts["train"], parts.get("validation")
    clf, ending = OneLayerClassifier(**classifier_parameters(config, splits.train)), _Ending()
    checkpointing = Checkpointing(run.checkpoint_path, {"fingerprint": splits.train.fingerprint})
    started = perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InterruptedTrainingWarning)  # the metrics say so
        fit_classifier(
            clf,
            train.X,
            train.y,
            X_val=None if validation is None else validation.X,
            y_val=None if validation is None else validation.y,
            listeners=[*listeners, checkpointing, ending],
            checkpoint=checkpoint,
        )
    seconds = perf_counter() - started
    return _write(config, run, splits, parts, features, clf, seconds, ending.status is Status.INTERRUPTED)


def tell_of_end(listeners: Sequence[Listener], run: RunDirectory, metrics: Mapping[str, Any]) -> None:
    """Tell listeners of the figures of merit, the files that were written, and the end of a run."""
    artefacts = {name: path for name, path in run.artefacts().items() if path.is_file()}
    for listener in listeners:
        listener.on_figures(metrics)
        for name, path in artefacts.items():
            listener.on_artefact(name, path)
        listener.on_run_end()


def _rows(
    config: ExperimentConfig, splits: Splits, cache: ArrayCache | None
) -> tuple[dict[str, Rows], ImageFeatures | None]:
    maker = RowMaker.fit(config, splits.train, cache)
    parts = {"train": maker.rows(splits.train)}
    if splits.validation is not None:
        parts["validation"] = maker.rows(splits.validation)
    if config.validate_on != "test":
        parts["test"] = maker.rows(splits.test)
    return parts, maker.features


def _write(
    config: ExperimentConfig,
    run: RunDirectory,
    splits: Splits,
    parts: Mapping[str, Rows],
    features: ImageFeatures | None,
    clf: OneLayerClassifier,
    seconds: float,
    interrupted: bool,
) -> dict[str, Any]:
    names = splits.train.class_names
    if features is None:
        clf.save(run.model_path)
    else:
        shape = splits.train.image_shape
        assert shape is not None  # noqa: S101 (features are made of images)
        prepared = splits.train.preparation or ImageOptions()
        ImageModel(
            clf,
            names,
            shape,
            features=features,
            value_range=splits.train.value_range,
            resize_mode=prepared.resize_mode or "stretch",
            file_range=prepared.value_range,
        ).save(run.model_path)
    judged = {name: judge_classifier(clf, rows.X, rows.y) for name, rows in parts.items()}
    found, last = {name: PartFigures.of(one) for name, one in judged.items()}, list(parts)[-1]
    predictions = predictions_of(judged[last].decisions, getattr(splits, last), splits.train)
    write_tensors(run.predictions_path, *predictions.contents())
    figures = RunFigures(
        dataset=splits.train.title,
        loss=config.loss,
        epochs=clf.n_iter_,
        stopped_epoch=clf.stopped_epoch_,
        steps=clf.n_steps_,
        seconds=seconds,
        train=found.get("train"),
        validation=found.get("validation"),
        test=found.get("test"),
        evaluation=evaluate_outcomes(judged[last], names),
        data=data_figures(splits),
    )
    others = {
        "run_dir": str(run.path),
        "interrupted": interrupted,
        "class_names": list(names),
        "evaluated_on": last,
    }
    metrics = figures.to_dict(others)
    write_environment(config, run, splits)
    run.write_history(clf.history_)
    run.write_metrics(metrics)
    report_run(run)
    if not interrupted:
        run.remove_checkpoint()
    return metrics


def write_environment(config: ExperimentConfig, run: RunDirectory, splits: Splits) -> None:
    """Write what the run ran on and with."""
    run.write_environment(
        describe_environment(
            engine=engine.name(),
            threads=usable_threads(config.n_jobs),
            dataset_fingerprint=splits.train.fingerprint,
            seed=config.random_state,
        )
    )
