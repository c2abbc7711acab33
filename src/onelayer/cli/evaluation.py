"""``onelayer evaluate``, ``predict`` and ``report``: what is done with a trained model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from onelayer.cli.output import DataDir, Json, say, show_json, show_table
from onelayer.cli.training import percent, show_parts
from onelayer.errors import ConfigError, InputError

__all__ = ["evaluate", "predict", "report"]

Model = Annotated[str, typer.Argument(metavar="MODEL", help="A run directory or a model file.")]


def evaluate(
    model: Model,
    dataset: Annotated[str, typer.Argument(metavar="SET", help="A catalog name or a path.")],
    split: Annotated[str, typer.Option(help="train, validation or test.")] = "test",
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Evaluate a model on one part of a data set."""
    from onelayer.experiment import evaluate_model

    figures = evaluate_model(Path(model), dataset, split, data_dir=Path(data_dir) if data_dir else None, progress=True)
    if json:
        show_json(figures)
        return
    say(f"{figures['dataset']}: {figures['loss']} model, {split} part")
    show_parts(figures)
    evaluation = figures["evaluation"]
    show_table(
        ("class", "rows", "precision", "recall", "F1"),
        [
            (one["name"], one["support"], *(_rate(one[key]) for key in ("precision", "recall", "f1")))
            for one in evaluation["classes"]
        ],
    )
    if evaluation["calibration"]:
        say(
            f"log loss {evaluation['log_loss']:.4f}, expected calibration error {evaluation['calibration']['expected_calibration_error']:.4f}"
        )
    else:
        say(f"No log loss and no calibration: {evaluation['no_probabilities']}.")


def _rate(share: float | None) -> str | None:
    return None if share is None else percent(share)


def predict(
    model: Model,
    images: Annotated[list[str], typer.Argument(metavar="IMAGE...", help="Image files of any size and mode.")],
    json: Json = False,
) -> None:
    """Say which class each image is of."""
    from onelayer.experiment.evaluation import find_model
    from onelayer.image_model import ImageModel

    found, _ = find_model(Path(model))
    if not isinstance(found, ImageModel):
        raise InputError("this model was trained on features, not images: it can't predict image files")
    predictions = [_prediction(found, image) for image in images]
    if json:
        show_json({"predictions": predictions})
        return
    measure = "probability" if found.has_probabilities else "score"
    show_table(("image", "class", measure), [(one["image"], one["class"], one[measure]) for one in predictions])


def _prediction(model: Any, image: str) -> dict[str, Any]:
    name = str(model.predict(image)[0])
    position = model.class_names.index(name)
    if model.has_probabilities:
        probabilities = model.predict_proba(image)[0]
        shares = {one: float(share) for one, share in zip(model.class_names, probabilities, strict=True)}
        return {"image": image, "class": name, "probability": float(probabilities[position]), "probabilities": shares}
    scores = model.decision_function(image)[0]
    return {"image": image, "class": name, "score": float(scores if scores.ndim == 0 else scores[position])}


def report(
    runs: Annotated[list[str], typer.Argument(metavar="RUN", help="A run directory.")],
    json: Json = False,
) -> None:
    """Write a run's report and figures anew."""
    from onelayer.experiment.report import report_run
    from onelayer.storage.run_directory import RunDirectory

    if len(runs) > 1:
        raise ConfigError("one run directory at a time")
    path = report_run(
        RunDirectory.open(
            runs[0], needs=("config.toml", "metrics.json", "history.jsonl", "model.safetensors", "environment.json")
        )
    )
    if json:
        show_json({"report": str(path)})
    else:
        say(f"Report: {path}")
