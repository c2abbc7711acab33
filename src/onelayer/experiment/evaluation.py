"""Figures of a trained model on parts of a data set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from onelayer.data import Dataset, load_dataset
from onelayer.errors import ConfigError, DataError, printable
from onelayer.estimators import OneLayerClassifier
from onelayer.evaluation import Evaluation, evaluate
from onelayer.experiment.data import Rows
from onelayer.image_model import ImageModel, load_model
from onelayer.storage.run_directory import RunDirectory

__all__ = ["evaluate_model", "evaluate_rows", "find_model", "part_figures"]

Array = np.ndarray[Any, Any]


def evaluate_rows(
    clf: OneLayerClassifier, rows: Rows, class_names: tuple[str, ...]
) -> tuple[dict[str, Any], Evaluation]:
    """Return the figures of one part as metrics.json has them, and its whole evaluation."""
    evaluation = evaluate(
        rows.y,
        clf.predict(rows.X),
        class_names=class_names,
        scores=clf.decision_function(rows.X),
        probabilities=clf.predict_proba(rows.X) if hasattr(clf, "predict_proba") else None,
        no_probabilities=f"the scores of the {clf.loss} loss are no probabilities",
    )
    return part_figures(clf.mean_loss(rows.X, rows.y), evaluation), evaluation


def part_figures(loss: float, evaluation: Evaluation) -> dict[str, Any]:
    """Return loss, accuracy with its interval, and number of rows."""
    return {
        "loss": loss,
        "accuracy": evaluation.accuracy,
        "accuracy_interval": list(evaluation.accuracy_interval),
        "n": evaluation.n,
    }


def find_model(path: Path) -> tuple[ImageModel | OneLayerClassifier, RunDirectory | None]:
    """Return the model of a run directory or a model file, and the run if it is one."""
    if path.is_dir():
        run = RunDirectory.open(path, needs=("config.toml", "model.safetensors"))
        return load_model(run.model_path), run
    return load_model(path), None


def evaluate_model(
    path: Path, dataset: str, split: str = "test", *, data_dir: Path | None = None, progress: bool = False
) -> dict[str, Any]:
    """Evaluate a saved model on one part of a data set; the result has the keys of metrics.json.

    The parts are those that training with the defaults sees. A model of some of the set's classes is evaluated on the
    rows of these.

    Raises
    ------
    ConfigError, DataError, ModelFileError, RunDirectoryError
    """
    if split not in ("train", "validation", "test"):
        raise ConfigError(f"split {printable(split)!r} is not train, validation or test")
    model, run = find_model(path)
    config = run.read_config() if run else {}
    fraction, seed = config.get("validation_fraction", 0.1), config.get("random_state", 0)
    splits = load_dataset(
        dataset,
        data_dir=data_dir,
        validation_fraction=fraction,
        random_state=seed,
        resize=_resize(model, dataset),
        progress=progress,
    )
    part: Dataset | None = getattr(splits, split)
    if part is None:
        raise DataError(f"{printable(dataset)} has no {split} part")
    clf = model.classifier if isinstance(model, ImageModel) else model
    rows, part = _rows_for(model, part)
    figures, evaluation = evaluate_rows(clf, rows, part.class_names)
    return {
        "dataset": part.title,
        "loss": clf.loss,
        "epochs": clf.n_iter_,
        "stopped_epoch": clf.stopped_epoch_,
        "steps": clf.n_steps_,
        "seconds": None,
        split: figures,
        "run_dir": str(run.path) if run else None,
        "split": split,
        "class_names": list(part.class_names),
        "evaluation": evaluation.to_dict(),
    }


def _resize(model: ImageModel | OneLayerClassifier, dataset: str) -> tuple[int, int] | None:
    """Return the size that a folder's images of any size are stretched to."""
    if isinstance(model, OneLayerClassifier) or not Path(dataset).is_dir():
        return None
    height, width, _ = model.image_shape
    return height, width


def _rows_for(model: ImageModel | OneLayerClassifier, part: Dataset) -> tuple[Rows, Dataset]:
    if isinstance(model, OneLayerClassifier):
        if not np.array_equal(model.classes_, np.arange(part.n_classes)):
            raise DataError(
                f"the model knows the classes {list(model.classes_[:10])}, but {printable(part.title)} has {part.n_classes} classes"
            )
        return Rows(part.X, part.y), part
    if part.image_shape != model.image_shape:
        raise DataError(
            f"{printable(part.title)} has images {part.image_shape}, but the model was trained on {model.image_shape}"
        )
    part = _same_classes(model.class_names, part)
    return Rows(model.features.transform(part.X), part.y), part


def _same_classes(names: tuple[str, ...], part: Dataset) -> Dataset:
    """Return the rows of the model's classes, labelled in its order."""
    if part.class_names == names:
        return part
    missing = [name for name in names if name not in part.class_names]
    if missing:
        raise DataError(f"{printable(part.title)} has no class {printable(missing[0])!r}, which the model knows")
    return part.select_classes([part.class_names.index(name) for name in names])
