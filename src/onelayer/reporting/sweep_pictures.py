"""What a report says of a sweep: its pictures with their words, and its trials as rows of text."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from onelayer.reporting.pictures import Picture
from onelayer.reporting.sweep import sweep_accuracy_figure, sweep_heat_map, sweep_loss_figure
from onelayer.reporting.sweep_curves import are_shaded, has_curves, sweep_curves_figure, trial_curves
from onelayer.reporting.sweep_scales import color_floor, value_text
from onelayer.reporting.tables import loss_text
from onelayer.selection import SweepResult, Trial

__all__ = ["sweep_key", "sweep_pictures", "sweep_statement", "trial_rows"]

_MOST_ROWS = 20


def sweep_pictures(sweep: SweepResult) -> list[Picture]:
    """Return accuracy and loss against each value, a heat map of two, and the learning curves."""
    pictures: list[Picture] = []
    for axis in sweep.axes:
        name = axis.name
        caption = "Each point is a model on rows it was not trained on. " + _error_text(sweep)
        found = [trial.validation_accuracy for trial in sweep.best_by_value(axis) if trial is not None]
        accuracy = [share for share in found if share is not None]
        message = f"Validation accuracy goes from {min(accuracy):.1%} to {max(accuracy):.1%} over {name}"
        if len(sweep.axes) > 1:
            message += ", the best of the other parameters at each value"
        pictures.append(
            Picture(f"sweep-accuracy-{name}", message, caption, partial(sweep_accuracy_figure, sweep, name))
        )
        losses = [trial.validation_loss for trial in sweep.best_by_value(axis) if trial is not None]
        finite = [loss for loss in losses if loss is not None]
        if finite and not _has_several_losses(sweep):
            message = f"Validation loss of these models goes from {min(finite):.3g} to {max(finite):.3g}"
            draw = partial(sweep_loss_figure, sweep, name)
            pictures.append(Picture(f"sweep-loss-{name}", message, "Mean loss without penalty.", draw))
    if len(sweep.axes) == 2:
        caption = (
            f"Validation accuracy in percent; of {color_floor(sweep):.0%} or less, palest. Framed: the chosen "
            "combination; dashed: the simplest within one standard error of it. × diverged."
        )
        chosen, _ = sweep.choices
        message = f"{_percent(chosen.validation_accuracy)} is the highest, at {values_text(chosen.values)}"
        pictures.append(Picture("sweep-heat-map", message, caption, partial(sweep_heat_map, sweep)))
    if has_curves(sweep):
        pictures.append(_curves_picture(sweep))
    return pictures


def _curves_picture(sweep: SweepResult) -> Picture:
    curves = trial_curves(sweep)
    which = "all" if len(curves) == len(sweep.trials) else f"{len(curves):,} of {len(sweep.trials):,}"
    of_chosen = curves[-1].curve.accuracy
    shade = f"; of the others, the stronger the colour the larger {sweep.axes[0].name}" if are_shaded(sweep) else ""
    mean = f" Means over {sweep.n_folds} folds." if sweep.n_folds > 1 else ""
    return Picture(
        "sweep-curves",
        f"Over its epochs the chosen goes from {of_chosen[0]:.1%} to {of_chosen[-1]:.1%}; {which} trials are drawn",
        f"Validation accuracy. Thick: the chosen; dashed: the simplest within one standard error of it{shade}.{mean}",
        partial(sweep_curves_figure, sweep),
    )


def sweep_statement(sweep: SweepResult) -> list[str]:
    """Return in words how many were tried, what was chosen, and what stands nearest to it.

    The accuracy of the best of many is on average too high: the statement says so.
    """
    tried = f"{len(sweep.trials):,} combinations"
    if sweep.n_folds > 1:
        tried += f" on each of {sweep.n_folds} folds ({sweep.n_models:,} models)"
    passes = f"{sweep.passes:,} pass{'es' if sweep.passes != 1 else ''} over the data"
    lost = f" {sweep.n_diverged:,} diverged." if sweep.n_diverged else ""
    chosen = sweep.choices[0]
    lines = [
        f"{tried} were tried, in {passes} and {sweep.seconds:,.1f} s.{lost}",
        f"Chosen by validation accuracy: {values_text(chosen.values)}, {_with_error(chosen)}. As the best of "
        f"{len(sweep.trials):,}, this figure is on average too high; the test rows had no part in the choice.",
    ]
    if sweep.choices[1].values != chosen.values:
        one = f"{values_text(sweep.choices[1].values)}, {_with_error(sweep.choices[1])}"
        lines.append(f"The simplest within one standard error of it: {one}.")
    else:
        lines.append("Nothing simpler is within one standard error of it.")
    if _has_several_losses(sweep):
        lines.append("Values of different losses can't be compared, and so are not drawn.")
    return lines


def sweep_key(sweep: SweepResult) -> list[tuple[str, str]]:
    """Return what the marks of all charts of a sweep mean: the kind of mark, and words."""
    several = len(sweep.axes) > 1
    return [
        ("best", "best at each value of a parameter, ± standard error" if several else "model, ± standard error"),
        *([("other", "other trials")] if several else []),
        ("chosen", "chosen"),
        ("one-se", "one-standard-error choice"),
        ("bound", "one standard error below the best"),
        *([("lost", "diverged" if not several else "some diverged")] if sweep.n_diverged else []),
    ]


def trial_rows(sweep: SweepResult) -> tuple[list[str], list[list[str]]]:
    """Return the heading and the rows of a table: the best trials, at most 20, the best first."""
    heading = [*(axis.name for axis in sweep.axes), "Accuracy", "95% interval", "Standard error", "Loss", "Epochs", ""]
    order = sorted(sweep.trials, key=lambda t: -(t.validation_accuracy if t.validation_accuracy is not None else -1.0))
    rows = []
    for trial in order[:_MOST_ROWS]:
        interval = trial.accuracy_interval
        rows.append(
            [
                *(value_text(trial.values[axis.name]) for axis in sweep.axes),
                _percent(trial.validation_accuracy),
                "–" if interval is None else f"{interval[0]:.2%} to {interval[1]:.2%}",
                _percent(trial.standard_error),
                loss_text(trial.validation_loss),
                f"{trial.epochs:,}",
                ", ".join(_notes(sweep, trial)),
            ]
        )
    return heading, rows


def _notes(sweep: SweepResult, trial: Trial) -> list[str]:
    """Return what a table says of a trial beside its figures."""
    choices = {"chosen": sweep.chosen, "one standard error": sweep.one_se}
    names = [name for name, one in choices.items() if one is not None and one.values == trial.values]
    return [*names, trial.status] if trial.status != "finished" else names


def values_text(values: Mapping[str, object]) -> str:
    """Return values as text.

    Examples
    --------
    >>> values_text({"l2": 0.1, "loss": "hinge"})
    'l2 = 0.1, loss = hinge'
    """
    return ", ".join(f"{name} = {value_text(value)}" for name, value in values.items())


def _has_several_losses(sweep: SweepResult) -> bool:
    return any(axis.name == "loss" for axis in sweep.axes)


def _with_error(trial: Trial) -> str:
    return f"{_percent(trial.validation_accuracy)} ± {_percent(trial.standard_error)}"


def _error_text(sweep: SweepResult) -> str:
    if sweep.n_folds > 1:
        return f"Means over {sweep.n_folds} folds; the standard error is that of the mean."
    return "The standard error is the binomial one."


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.2%}"
