"""The report of a run, from its directory alone.

What draws is loaded when a report is written: matplotlib takes a fifth of the time of a command that needs none.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from onelayer.errors import ConfigError, InputError, ModelFileError, RunDirectoryError, printable
from onelayer.estimators import OneLayerClassifier
from onelayer.evaluation import RunFigures
from onelayer.experiment.command import repeat_command
from onelayer.experiment.config import run_config
from onelayer.features.naming import describe_features
from onelayer.features.registry import in_words
from onelayer.image_model import ImageModel, load_model
from onelayer.reporting.data import ReportData
from onelayer.reporting.predictions import VERSIONS, Predictions
from onelayer.selection import SweepResult
from onelayer.storage.kinds import PREDICTIONS, check_kind
from onelayer.storage.run_directory import RunDirectory
from onelayer.storage.tensors import read_tensors

__all__ = ["MAX_PREDICTIONS_BYTES", "find_run", "read_report_data", "report_run"]

MAX_PREDICTIONS_BYTES = 1 << 28
_NEEDED = ("config.toml", "metrics.json", "environment.json")
_NEEDED_OF_MODEL = ("history.jsonl", "model.safetensors")


def find_run(path: str) -> RunDirectory:
    """Return the run in a folder, which has all that its report needs.

    Raises
    ------
    RunDirectoryError
        If there is no run, or it lacks something.
    """
    run = RunDirectory.open(path)
    return RunDirectory.open(path, needs=_NEEDED if _is_interrupted_sweep(run) else (*_NEEDED, *_NEEDED_OF_MODEL))


def report_run(run: RunDirectory) -> Path:
    """Write ``report.html`` and ``figures/`` of a run; return the page's path. An interrupted sweep has no figures.

    Raises
    ------
    RunDirectoryError
        If something is missing or damaged.
    ModelFileError
        If the model or the predictions are damaged, or of another version.
    """
    from onelayer.reporting.page import write_report

    with _collections_put_off():
        write_report(run, _interrupted_data(run) if _is_interrupted_sweep(run) else read_report_data(run))
    return run.report_path


def _is_interrupted_sweep(run: RunDirectory) -> bool:
    return run.sweep_path.is_file() and run.read_sweep().get("interrupted") is True


@contextlib.contextmanager
def _collections_put_off() -> Iterator[None]:
    """Leave the looking for garbage until later: figures make so many objects that it takes a tenth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def read_report_data(run: RunDirectory) -> ReportData:
    """Read all that the report of a finished run shows.

    Raises
    ------
    RunDirectoryError, ModelFileError
        As :func:`report_run`; RunDirectoryError for a sweep that was interrupted, too, as it has no model.
    """
    if _is_interrupted_sweep(run):
        raise RunDirectoryError(f"{run} is a sweep that was interrupted: it has no model, only a report of its own")
    metrics, names = _metrics(run)
    model = load_model(run.model_path)
    weight_images, absent = _weights(model)
    predictions = None
    if run.predictions_path.is_file():
        predictions = read_predictions(run)
    else:
        absent["images"] = "The run has no predictions.safetensors, which holds the images; training again makes one."
    try:
        sweep = SweepResult.check(run.read_sweep()) if run.sweep_path.is_file() else None
        return ReportData(
            title=f"{metrics.get('dataset', 'a data set')}, {metrics.get('loss', '')}",
            config=run.read_config() | ({} if sweep is None else dict(sweep.choices[0].values)),
            figures=RunFigures.check(metrics),
            history=run.read_history(),
            class_names=names,
            weight_images=weight_images,
            environment=run.read_environment(),
            sweep=sweep,
            predictions=predictions,
            command=_command(run),
            absent=absent,
        )
    except InputError as error:
        raise RunDirectoryError(f"{run} is damaged: {error}") from None


def _metrics(run: RunDirectory) -> tuple[dict[str, Any], list[str]]:
    """Return the figures of a run, and the names of its classes in them."""
    metrics = run.read_metrics()
    names = metrics.get("class_names")
    if not isinstance(names, list) or len(names) < 2 or not all(isinstance(name, str) for name in names):
        raise RunDirectoryError(f"{run}: metrics.json has no list of class_names")
    return metrics, names


def _interrupted_data(run: RunDirectory) -> ReportData:
    """Read what the report of a sweep that was interrupted shows."""
    metrics, names = _metrics(run)
    try:
        return ReportData(
            title=f"{metrics.get('dataset', 'a data set')}, an interrupted sweep",
            config=run.read_config(),
            figures=RunFigures.check(metrics),
            history={},
            class_names=names,
            environment=run.read_environment(),
            sweep=SweepResult.check(run.read_sweep()),
            command=_command(run),
        )
    except InputError as error:
        raise RunDirectoryError(f"{run} is damaged: {error}") from None


def read_predictions(run: RunDirectory) -> Predictions:
    """Read ``predictions.safetensors``.

    Raises
    ------
    ModelFileError
        If it is damaged, or of another version.
    """
    path = run.predictions_path
    arrays, metadata = read_tensors(path, max_bytes=MAX_PREDICTIONS_BYTES)
    check_kind(path, metadata, PREDICTIONS, *VERSIONS)
    try:
        return Predictions.from_contents(arrays, metadata)
    except InputError as error:
        raise ModelFileError(f"{printable(str(path))} is damaged: {error}") from None


def _weights(model: ImageModel | OneLayerClassifier) -> tuple[Any, dict[str, str]]:
    """Return the weights as pictures, or None and why there are none."""
    clf = model.classifier if isinstance(model, ImageModel) else model
    if isinstance(model, ImageModel) and not model.features.keeps_pixels:
        seen = describe_features(model.features)
        words = in_words(seen["features"], seen.get("lift"))
        return None, {"weights": f"The model sees {words}, not pixels as they are: its weights make no picture."}
    if clf.image_shape_ is None:
        return None, {"weights": "The data set has features, not images: weights make no picture."}
    if clf.image_shape_[2] not in (1, 3):
        return None, {"weights": f"Images of {clf.image_shape_[2]} channels can't be shown."}
    return clf.weight_images(), {}


def _command(run: RunDirectory) -> str | None:
    try:
        return repeat_command(run_config(run))
    except ConfigError:
        return None  # of another version: the configuration itself is shown
