"""Figures of a trained model on parts of a data set."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

from onelayer.data import Dataset, Splits
from onelayer.data.image_options import AS_FOUND, ImageOptions
from onelayer.errors import ConfigError, DataError, printable
from onelayer.estimators import OneLayerClassifier
from onelayer.estimators.judging import judge_classifier
from onelayer.evaluation import PartFigures, RunFigures, evaluate_outcomes
from onelayer.experiment.config import ExperimentConfig, run_config
from onelayer.experiment.data import fitting_options, load_parts
from onelayer.experiment.rows import Rows
from onelayer.features.cached import compute_rows
from onelayer.image_model import ImageModel, load_model, size_text
from onelayer.storage.cache import ArrayCache
from onelayer.storage.run_directory import RunDirectory

__all__ = ["evaluate_model", "find_model"]


def find_model(path: Path) -> tuple[ImageModel | OneLayerClassifier, RunDirectory | None]:
    """Return the model of a run directory or a model file, and the run if it is one."""
    if os.path.isdir(path):
        run = RunDirectory.open(path, needs=("config.toml", "model.safetensors"))
        return load_model(run.model_path), run
    return load_model(path), None


def evaluate_model(
    path: Path,
    dataset: str,
    split: str = "test",
    *,
    images: ImageOptions = AS_FOUND,
    data_dir: Path | None = None,
    progress: bool = False,
    cache: ArrayCache | None = None,
) -> dict[str, Any]:
    """Evaluate a saved model on one part of a data set; the result has the keys of metrics.json.

    The parts are those that training with the defaults sees. A model of some of the set's classes is evaluated on the
    rows of these. Pictures become what the model makes of pictures; ``images`` says what else is to be known of them.
    In ``cache`` features are looked up and kept.

    Raises
    ------
    ConfigError, DataError, ModelFileError, RunDirectoryError
    """
    if split not in ("train", "validation", "test"):
        raise ConfigError(f"split {printable(split)!r} is not train, validation or test")
    started = perf_counter()
    model, run = find_model(path)
    splits = _load_parts(model, run, dataset, images, data_dir, progress)
    part: Dataset | None = getattr(splits, split)
    if part is None:
        raise DataError(f"{printable(dataset)} has no {split} part")
    clf = model.classifier if isinstance(model, ImageModel) else model
    rows, part = _image_rows(model, part, cache) if isinstance(model, ImageModel) else _feature_rows(model, part)
    judged = judge_classifier(clf, rows.X, rows.y)
    found: dict[str, PartFigures] = {split: PartFigures.of(judged)}
    figures = RunFigures(
        dataset=part.title,
        loss=clf.loss,
        epochs=clf.n_iter_,
        stopped_epoch=clf.stopped_epoch_,
        steps=clf.n_steps_,
        seconds=perf_counter() - started,
        train=found.get("train"),
        validation=found.get("validation"),
        test=found.get("test"),
        evaluation=evaluate_outcomes(judged, part.class_names),
    )
    others = {
        "run_dir": str(run.path) if run else None,
        "split": split,
        "class_names": list(part.class_names),
    }
    return figures.to_dict(others)


def _load_parts(
    model: ImageModel | OneLayerClassifier,
    run: RunDirectory | None,
    dataset: str,
    images: ImageOptions,
    data_dir: Path | None,
    progress: bool,
) -> Splits:
    """Return the parts that the run saw; of another set, or for a bare model file, those that the defaults make."""
    config = ExperimentConfig() if run is None else run_config(run)
    if run is None or config.dataset != dataset:
        config = config.model_copy(update={"dataset": dataset, "classes": None, "train_rows": None})
        asked = images
    else:
        own = config.image_options
        asked = replace(
            own,
            value_range=images.value_range or own.value_range,
            image_layout=images.image_layout or own.image_layout,
        )
    if isinstance(model, ImageModel):
        asked = fitting_options(dataset, data_dir, asked, model.preparation)
    return load_parts(config, data_dir, options=asked, progress=progress)


def _image_rows(model: ImageModel, part: Dataset, cache: ArrayCache | None) -> tuple[Rows, Dataset]:
    """Return the rows of images as the model's classifier takes them, and the part with the model's classes alone."""
    if part.image_shape != model.image_shape:
        found = "features" if part.image_shape is None else f"{size_text(part.image_shape)} images"
        raise DataError(
            f"{printable(part.title)} has {found}, but the model was trained on {size_text(model.image_shape)} images"
        )
    part = _same_classes(model.class_names, part)
    images = model.rescaled(part.X, part.value_range)
    fingerprint = part.fingerprint
    if images is not part.X:
        fingerprint += f" of {part.value_range} in {model.value_range}"
    return Rows(compute_rows(model.features, images, fingerprint, cache), part.y), part


def _feature_rows(clf: OneLayerClassifier, part: Dataset) -> tuple[Rows, Dataset]:
    """Return the rows of features, and the part as it is: a bare classifier knows no names."""
    d, k = clf.n_features_in_, len(clf.classes_)
    if part.image_shape is not None:
        raise DataError(f"{printable(part.title)} has images, but the model was trained on {d} features")
    if part.X.shape[1] != d:
        raise DataError(f"{printable(part.title)} has {part.X.shape[1]} features, but the model was trained on {d}")
    if part.n_classes != k:
        raise DataError(f"{printable(part.title)} has {part.n_classes} classes, but the model was trained on {k}")
    return Rows(part.X, part.y), part


def _same_classes(names: tuple[str, ...], part: Dataset) -> Dataset:
    """Return the rows of the model's classes, labelled in its order."""
    if part.class_names == names:
        return part
    missing = [name for name in names if name not in part.class_names]
    if missing:
        raise DataError(f"{printable(part.title)} has no class {printable(missing[0])!r}, which the model knows")
    return part.select_classes([part.class_names.index(name) for name in names])
