"""``onelayer evaluate``, ``predict`` and ``report``: what is done with a trained model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onelayer.cli.features import CacheDir, NoCache, chosen_cache
from onelayer.cli.images import Layout, ValueRange, image_keys
from onelayer.cli.output import DataDir, Json, say, show_json, show_table
from onelayer.cli.training import percent, show_parts
from onelayer.errors import ConfigError, InputError

if TYPE_CHECKING:
    from onelayer.image_model import ImageModel

__all__ = ["evaluate", "predict", "report"]

_AT_ONCE = 256  # pictures in memory
_MOST_CLASSES, _FEW_CLASSES = 200, 20  # in a table: all of so many, of more those with the lowest recall

Model = Annotated[str, typer.Argument(metavar="MODEL", help="A run directory or a model file.")]


def evaluate(
    model: Model,
    dataset: Annotated[str, typer.Argument(metavar="SET", help="A catalog name or a path.")],
    split: Annotated[str, typer.Option(metavar="PART", help="train, validation or test.")] = "test",
    value_range: ValueRange = None,
    layout: Layout = None,
    data_dir: DataDir = None,
    cache_dir: CacheDir = None,
    no_cache: NoCache = False,
    json: Json = False,
) -> None:
    """Evaluate a model on one part of a data set."""
    from onelayer.data.image_options import ImageOptions
    from onelayer.experiment import evaluate_model

    images = ImageOptions(**image_keys(value_range=value_range, layout=layout))
    figures = evaluate_model(
        Path(model),
        dataset,
        split,
        images=images,
        data_dir=Path(data_dir) if data_dir else None,
        progress=True,
        cache=chosen_cache(cache_dir, no_cache),
    )
    if json:
        show_json(figures)
        return
    say(f"{figures['dataset']}: {figures['loss']} model, {split} part")
    show_parts(figures)
    say("")
    evaluation = figures["evaluation"]
    classes = evaluation["classes"]
    if len(classes) > _MOST_CLASSES:
        say(f"Of {len(classes):,} classes the {_FEW_CLASSES} with the lowest recall; --json has all of them:")
        known = [one for one in classes if one["recall"] is not None]
        classes = sorted(known, key=lambda one: one["recall"])[:_FEW_CLASSES]
    show_table(
        ("class", "rows", "precision", "recall", "F1"),
        [(one["name"], one["support"], *(_rate(one[key]) for key in ("precision", "recall", "f1"))) for one in classes],
    )
    say("")
    if evaluation["calibration"]:
        error = evaluation["calibration"]["expected_calibration_error"]
        say(f"log loss {evaluation['log_loss']:.4f}, expected calibration error {error:.4f}")
    else:
        say(f"No log loss and no calibration: {evaluation['no_probabilities']}.")


def _rate(share: float | None) -> str | None:
    return None if share is None else percent(share)


def predict(
    model: Model,
    images: Annotated[list[str], typer.Argument(metavar="IMAGE", help="Image files of any size and mode.")],
    value_range: ValueRange = None,
    json: Json = False,
) -> None:
    """Say which class each image is of."""
    from onelayer.experiment.evaluation import find_model
    from onelayer.image_model import ImageModel

    found, _ = find_model(Path(model))
    if not isinstance(found, ImageModel):
        raise InputError("this model was trained on features, not images: it can't predict image files")
    if (asked := image_keys(value_range=value_range)["value_range"]) is not None:
        found.preparation = replace(found.preparation, value_range=asked)
    predictions = _predictions(found, images)
    if json:
        show_json({"predictions": predictions})
        return
    measure = "probability" if found.has_probabilities else "score"
    show_table(("image", "class", measure), [(one["image"], one["class"], one[measure]) for one in predictions])


def _predictions(model: ImageModel, images: list[str]) -> list[dict[str, Any]]:
    return [
        one for start in range(0, len(images), _AT_ONCE) for one in _decided(model, images[start : start + _AT_ONCE])
    ]


def _decided(model: ImageModel, images: list[str]) -> list[dict[str, Any]]:
    pictures = model.read(images)
    decided = [
        {"image": image, "class": str(name)} for image, name in zip(images, model.predict(pictures), strict=True)
    ]
    if not model.has_probabilities:
        # two classes have one score, positive for the second: its size is the score of whichever is decided on
        scores = model.decision_function(pictures)
        best = abs(scores) if scores.ndim == 1 else scores.max(axis=1)
        return [{**one, "score": float(score)} for one, score in zip(decided, best, strict=True)]
    return [
        {
            **one,
            "probability": float(row.max()),
            "probabilities": dict(zip(model.class_names, row.tolist(), strict=True)),
        }
        for one, row in zip(decided, model.predict_proba(pictures), strict=True)
    ]


def report(
    runs: Annotated[list[str], typer.Argument(metavar="RUN...", help="A run directory, or several to compare.")],
    out: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Where the comparison goes; by default comparison.html.", show_default=False),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file that --out names.")] = False,
    json: Json = False,
) -> None:
    """Write a run's report anew, or compare several."""
    from onelayer.experiment.comparison import compare_runs
    from onelayer.experiment.report import find_run, report_run

    found = [find_run(run) for run in runs]
    if len(found) > 1:
        path = compare_runs(found, Path(out or "comparison.html"), overwrite=overwrite)
    elif out is not None or overwrite:
        raise ConfigError("--out and --overwrite are for comparisons: the report of one run goes into its directory")
    else:
        with found[0].locked():
            path = report_run(found[0])
    if json:
        show_json({"report": str(path)})
    else:
        say(f"{'Comparison' if len(found) > 1 else 'Report'}: {path}")
