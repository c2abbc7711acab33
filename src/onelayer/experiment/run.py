"""Running an experiment: load, train, evaluate, write."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from onelayer.data.splits import Splits
from onelayer.errors import InterruptedTrainingWarning, ModelFileError
from onelayer.estimators import OneLayerClassifier
from onelayer.estimators.fitting import Checkpoint, fit_classifier
from onelayer.experiment.config import ExperimentConfig
from onelayer.experiment.data import Rows, load_parts, make_rows
from onelayer.experiment.evaluation import evaluate_rows
from onelayer.experiment.report import report_run
from onelayer.features import ImageFeatures
from onelayer.image_model import ImageModel
from onelayer.storage.checkpoints import load_checkpoint
from onelayer.storage.environment import describe_environment
from onelayer.storage.run_directory import RunDirectory
from onelayer.training.checkpointing import Checkpointing
from onelayer.training.listeners import Listener
from onelayer.training.threads import usable_threads

__all__ = ["resume_run", "run_experiment"]


def run_experiment(
    config: ExperimentConfig,
    out: Path,
    *,
    data_dir: Path | None = None,
    overwrite: bool = False,
    listeners: Sequence[Listener] = (),
    progress: bool = False,
) -> dict[str, Any]:
    """Train, evaluate and write a run directory; return what its metrics.json holds.

    Nothing is written before the data was read and found good; an earlier run in ``out`` stays until then.

    Raises
    ------
    OnelayerError
        Whatever is wrong with the data, the configuration or the place to write to.
    """
    is_new = not out.exists()
    run = RunDirectory.reserve(out, overwrite=overwrite)
    try:
        splits = load_parts(config, data_dir, progress=progress)
        parts, features = _features(config, splits)
    except BaseException:
        if is_new:
            with contextlib.suppress(OSError):
                out.rmdir()
        raise
    run.clear()
    run.write_config(config.model_dump())
    return _train(config, run, splits, parts, features, None, listeners)


def resume_run(
    out: Path, *, data_dir: Path | None = None, listeners: Sequence[Listener] = (), progress: bool = False
) -> dict[str, Any]:
    """Go on with the run in ``out`` from its checkpoint, to the same weights bit by bit; without one, start it over.

    Raises
    ------
    RunDirectoryError
        If there is no run.
    ModelFileError
        If the checkpoint is damaged or belongs to other data.
    """
    run = RunDirectory.open(out)
    config = ExperimentConfig.check(run.read_config())
    checkpoint = load_checkpoint(run.checkpoint_path) if run.checkpoint_path.is_file() else None
    splits = load_parts(config, data_dir, progress=progress)
    if checkpoint is not None and checkpoint[1].get("fingerprint") != splits.train.fingerprint:
        raise ModelFileError(f"{run}: the checkpoint belongs to other training data; start over with --overwrite")
    parts, features = _features(config, splits)
    return _train(config, run, splits, parts, features, checkpoint, listeners)


def _features(config: ExperimentConfig, splits: Splits) -> tuple[dict[str, Rows], ImageFeatures | None]:
    train, features = make_rows(config, splits.train)
    parts = {"train": train}
    if splits.validation is not None:
        parts["validation"] = make_rows(config, splits.validation)[0]
    if config.validate_on != "test":
        parts["test"] = make_rows(config, splits.test)[0]
    return parts, features


def _train(
    config: ExperimentConfig,
    run: RunDirectory,
    splits: Splits,
    parts: Mapping[str, Rows],
    features: ImageFeatures | None,
    checkpoint: Checkpoint | None,
    listeners: Sequence[Listener],
) -> dict[str, Any]:
    train, validation = parts["train"], parts.get("validation")
    fingerprint = splits.train.fingerprint
    run.write_environment(
        describe_environment(
            engine="numpy",
            threads=usable_threads(config.n_jobs),
            dataset_fingerprint=fingerprint,
            seed=config.random_state,
        )
    )
    clf = OneLayerClassifier(**config.training)
    started = perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", InterruptedTrainingWarning)
        fit_classifier(
            clf,
            train.X,
            train.y,
            X_val=None if validation is None else validation.X,
            y_val=None if validation is None else validation.y,
            listeners=[Checkpointing(run.checkpoint_path, {"fingerprint": fingerprint}), *listeners],
            checkpoint=checkpoint,
        )
    seconds = perf_counter() - started
    for warning in caught:
        warnings.showwarning(warning.message, warning.category, warning.filename, warning.lineno)
    interrupted = any(issubclass(warning.category, InterruptedTrainingWarning) for warning in caught)
    return _write(config, run, splits, parts, features, clf, seconds, interrupted)


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
        ImageModel(clf, names, shape, features=features, value_range=splits.train.value_range).save(run.model_path)
    figures, evaluations = {}, {}
    for name, rows in parts.items():
        figures[name], evaluations[name] = evaluate_rows(clf, rows, names)
    last = list(parts)[-1]
    metrics = {
        "dataset": splits.train.title,
        "loss": config.loss,
        "epochs": clf.n_iter_,
        "stopped_epoch": clf.stopped_epoch_,
        "steps": clf.n_steps_,
        "seconds": seconds,
        **figures,
        "run_dir": str(run.path),
        "interrupted": interrupted,
        "class_names": list(names),
        "evaluated_on": last,
        "evaluation": evaluations[last].to_dict(),
    }
    run.write_history(clf.history_)
    run.write_metrics(metrics)
    report_run(run)
    if not interrupted:
        run.remove_checkpoint()
    return metrics
