"""``onelayer sweep``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from onelayer.cli.features import CacheDir, Features, Lift, NoCache, chosen_cache
from onelayer.cli.images import Layout, Resize, ValueRange, Way, class_keys, image_keys
from onelayer.cli.output import DataDir, Json, say, show_json, show_table, tell
from onelayer.cli.training import new_place, percent, show_parts

__all__ = ["sweep"]


def sweep(
    dataset: Annotated[
        str | None,
        typer.Argument(
            metavar="SET",
            help="digits (default), mnist, fashion-mnist, cifar10, cifar100, or a path.",
            show_default=False,
        ),
    ] = None,
    grid: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GRID",
            help="name=lo:hi:log:count, name=lo:hi:lin:count or name=a,b,c, e.g. l2=1e-4:1:log:9; repeatable.",
        ),
    ] = None,
    folds: Annotated[
        int | None,
        typer.Option(metavar="K", help="Choose on K folds of the training part instead of the validation part."),
    ] = None,
    folds_in_one_pass: Annotated[
        bool,
        typer.Option(
            "--folds-in-one-pass", help="Train all folds at once, as row weights; not with scaling=standardize."
        ),
    ] = False,
    config: Annotated[
        str | None, typer.Option(metavar="FILE", help="A TOML file with any of the keys that --set takes.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Set a parameter, e.g. max_epochs=20; repeatable."),
    ] = None,
    features: Features = None,
    lift: Lift = None,
    classes: Annotated[
        str | None, typer.Option(metavar="NAMES", help="Keep these classes only, e.g. cat,dog, in this order.")
    ] = None,
    resize: Resize = None,
    resize_mode: Way = None,
    value_range: ValueRange = None,
    layout: Layout = None,
    out: Annotated[
        str | None, typer.Option(metavar="DIR", help="Run directory; by default a new one under runs/.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the run that --out holds.")] = False,
    data_dir: DataDir = None,
    cache_dir: CacheDir = None,
    no_cache: NoCache = False,
    json: Json = False,
) -> None:
    """Train a grid of models at once, keep the best.

    Models are compared on the validation part, or on folds of the training part; the test part is looked at once, by
    the final model. Ctrl-C keeps what was tried until then, and chooses nothing of it.
    """
    from onelayer.errors import ConfigError
    from onelayer.experiment.config import SweepConfig, gather_keys
    from onelayer.experiment.sweep import run_sweep
    from onelayer.selection import SweepProgress
    from onelayer.training.progress import Progress

    options = {
        "grid": grid or None,
        "folds": folds,
        "folds_in_one_pass": folds_in_one_pass or None,
        "features": features,
        "lift": lift,
        **class_keys(classes),
        **image_keys(resize, resize_mode, value_range, layout),
    }
    keys = gather_keys(Path(config) if config else None, dataset, settings or [], options)
    if "grid" not in keys:
        raise ConfigError("a sweep needs a grid, for example --grid l2=1e-4:1:log:9")
    settled = SweepConfig.check(keys)
    metrics = run_sweep(
        settled,
        Path(out) if out else new_place(settled.dataset, "sweep"),
        data_dir=Path(data_dir) if data_dir else None,
        overwrite=overwrite,
        listeners=[SweepProgress(), Progress()],
        progress=True,
        cache=chosen_cache(cache_dir, no_cache),
    )
    if metrics["interrupted"]:
        _tell_of_interruption(metrics)
    if json:
        show_json(metrics)
    else:
        _show(metrics)


def _tell_of_interruption(metrics: dict[str, Any]) -> None:
    found, place = metrics["sweep"], metrics["run_dir"]
    if found["interrupted"]:
        tell(
            f"interrupted: {found['n_finished']} of {found['n_planned']} trials were finished, "
            f"{found['n_tried'] - found['n_finished']} more in part; they are in {place}, "
            "and nothing was chosen or tested"
        )
    else:
        tell("interrupted: the sweep is whole; the final model holds what was learned until then")
    tell(f"onelayer sweep --config {place}/config.toml runs all of it again")


def _show(metrics: dict[str, Any]) -> None:
    found = metrics["sweep"]
    folds = f" on {found['n_folds']} folds" if found["n_folds"] > 1 else ""
    passes = f"{found['passes']} pass{'es' if found['passes'] > 1 else ''}"
    lost = f", {found['n_diverged']} diverged" if found["n_diverged"] else ""
    say(f"{metrics['dataset']}: {found['n_tried']} tried{folds} in {passes} and {found['seconds']:.1f} s{lost}")
    if not found["interrupted"]:
        _show_choice(metrics)
    say(f"Run directory: {metrics['run_dir']} (open report.html there)")


def _show_choice(metrics: dict[str, Any]) -> None:
    found = metrics["sweep"]
    rows = [
        (what, _text(one["values"]), percent(one["validation_accuracy"]), percent(one["standard_error"]))
        for what, one in (("chosen", found["chosen"]), ("one standard error", found["one_se"]))
    ]
    show_table(("", "values", "accuracy", "error"), rows)
    say("")
    say("The final model, trained with the chosen values:")
    show_parts(metrics)


def _text(values: dict[str, Any]) -> str:
    texts = (f"{value:.4g}" if isinstance(value, float) else str(value) for value in values.values())
    return ", ".join(f"{name} = {text}" for name, text in zip(values, texts, strict=True))
