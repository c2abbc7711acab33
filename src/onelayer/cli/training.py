"""``onelayer train``."""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from onelayer.cli.features import CacheDir, Features, Lift, NoCache, chosen_cache
from onelayer.cli.images import Layout, Resize, ValueRange, Way, class_keys, image_keys
from onelayer.cli.output import DataDir, Json, say, show_json, show_table, tell
from onelayer.errors import ConfigError

if TYPE_CHECKING:
    from onelayer.live.watching import Live

__all__ = ["new_place", "percent", "show_parts", "train"]


def train(
    dataset: Annotated[
        str | None,
        typer.Argument(
            metavar="SET",
            help="digits (default), mnist, fashion-mnist, cifar10, cifar100, or a path.",
            show_default=False,
        ),
    ] = None,
    config: Annotated[
        str | None, typer.Option(metavar="FILE", help="A TOML file with any of the keys that --set takes.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Set a parameter, e.g. learning_rate=0.1; repeatable. The config.toml of any run has them all.",
        ),
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
    resume: Annotated[
        str | None, typer.Option(metavar="DIR", help="Go on with the run in DIR from its checkpoint.")
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Serve a page on 127.0.0.1 that shows training and can stop it.")
    ] = False,
    port: Annotated[
        int | None,
        typer.Option(metavar="PORT", min=0, max=65535, help="Of --live; any free one by default.", show_default=False),
    ] = None,
    data_dir: DataDir = None,
    cache_dir: CacheDir = None,
    no_cache: NoCache = False,
    json: Json = False,
) -> None:
    """Train a model, evaluate it, and write a run directory."""
    from onelayer.experiment import load_config, resume_run, run_experiment
    from onelayer.training.progress import Progress

    place: dict[str, Any] = {"data_dir": Path(data_dir) if data_dir else None, "progress": True}
    images = image_keys(resize, resize_mode, value_range, layout)
    given = (dataset, config, settings, features, lift, classes, *images.values(), out, overwrite)
    if resume is not None and any(given):
        raise ConfigError(
            "--resume takes everything from the run; give nothing with it but --live, --port, --data-dir, --cache-dir, "
            "--no-cache and --json"
        )
    if port is not None and not live:
        raise ConfigError("--port is the port of --live: give that too")
    with _watched(live, port or 0) as page:
        common = place | {
            "listeners": [Progress(), *([] if page is None else [page])],
            "cache": chosen_cache(cache_dir, no_cache),
        }
        if resume is not None:
            metrics = resume_run(Path(resume), **common)
        else:
            options = {
                "features": features,
                "lift": lift,
                **class_keys(classes),
                **images,
            }
            settled = load_config(Path(config) if config else None, dataset, settings or [], options)
            target = Path(out) if out else new_place(settled.dataset, settled.loss)
            metrics = run_experiment(settled, target, overwrite=overwrite, **common)
    if metrics["interrupted"]:
        tell("interrupted: the model holds what was learned until then")
        tell(f"onelayer train --resume {metrics['run_dir']} goes on from the last checkpoint")
    if json:
        show_json(metrics)
    else:
        _show(metrics)


@contextlib.contextmanager
def _watched(asked: bool, port: int) -> Iterator[Live | None]:
    """Serve the page that shows training, if asked to."""
    if not asked:
        yield None
        return
    from onelayer.live.watching import Live

    with Live(port) as live:
        tell(f"Watch training, and stop it, at {live.address}")
        yield live


def _show(metrics: dict[str, Any]) -> None:
    stopped = "" if metrics["stopped_epoch"] is None else f", stopped early in epoch {metrics['stopped_epoch']}"
    length = f"{metrics['epochs']} epochs ({metrics['steps']} steps) in {metrics['seconds']:.1f} s"
    say(f"{metrics['dataset']}: {metrics['loss']}, {length}{stopped}")
    show_parts(metrics)
    say("")
    say(f"Run directory: {metrics['run_dir']} (open report.html there)")


def show_parts(metrics: dict[str, Any]) -> None:
    """Print loss and accuracy of each part."""
    rows = []
    for name in ("train", "validation", "test"):
        if name in metrics:
            part = metrics[name]
            low, high = part["accuracy_interval"]
            rows.append(
                (name, part["n"], part["loss"], percent(part["accuracy"]), f"{percent(low)} to {percent(high)}")
            )
    show_table(("part", "rows", "loss", "accuracy", "95% interval"), rows)


def percent(share: float) -> str:
    """Return a share in percent, with two places."""
    return f"{100 * share:.2f}%"


def new_place(dataset: str, loss: str) -> Path:
    """Return the first free name of the form runs/digits-softmax-1."""
    stem = re.sub(r"[^\w.-]+", "-", Path(dataset).absolute().stem)[:60] or "data"
    numbers = itertools.count(1)
    return next(place for n in numbers if not (place := Path("runs") / f"{stem}-{loss}-{n}").exists())
