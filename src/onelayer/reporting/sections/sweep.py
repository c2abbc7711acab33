"""What a sweep tried, and what it chose; of one that was interrupted, how far it came."""

from __future__ import annotations

from typing import Final

from onelayer.figures import (
    Figure,
    sweep_accuracy_figure,
    sweep_curves_figure,
    sweep_loss_figure,
    sweep_matrix_figure,
)
from onelayer.figures.scales import value_text
from onelayer.figures.sweep import has_several_losses, values_text
from onelayer.reporting.data import ReportData
from onelayer.reporting.section import Content, Table
from onelayer.reporting.sections.result import loss_text
from onelayer.selection import SweepResult, Trial

__all__ = ["interruption_statement", "sweep_content", "sweep_figures", "sweep_key", "sweep_statement", "trial_table"]

_MOST_ROWS: Final = 20


def sweep_content(data: ReportData) -> Content | None:
    """Return the trials of a sweep as figures, words and a table.

    Where it was interrupted there are no figures: these would compare models that were not trained for as long as each
    other.
    """
    sweep = data.sweep
    if sweep is None:
        return None
    if sweep.interrupted:
        return Content(
            lines=interruption_statement(sweep)[1:],
            tables=[trial_table(sweep)],
            values={"key": [], "more": _more(sweep)},
        )
    return Content(
        lines=sweep_statement(sweep),
        figures=sweep_figures(sweep),
        tables=[trial_table(sweep)],
        values={"key": sweep_key(sweep), "more": ""},
    )


def sweep_figures(sweep: SweepResult) -> list[Figure]:
    """Return accuracy and loss against each value, a matrix of two parameters, and the learning curves."""
    found: list[Figure | None] = []
    for axis in sweep.axes:
        found += [sweep_accuracy_figure(sweep, axis.name), sweep_loss_figure(sweep, axis.name)]
    found += [sweep_matrix_figure(sweep), sweep_curves_figure(sweep)]
    return [figure for figure in found if figure is not None]


def sweep_statement(sweep: SweepResult) -> list[str]:
    """Return in words how many were tried, what was chosen, and what stands nearest to it.

    The accuracy of the best of many is on average too high: the statement says so.
    """
    tried = f"{len(sweep.trials):,} combinations"
    if sweep.n_folds > 1:
        tried += f" on each of {sweep.n_folds} folds ({sweep.n_models:,} models)"
    passes = f"{sweep.passes:,} pass{'es' if sweep.passes != 1 else ''} over the data"
    lost = f" {sweep.n_diverged:,} diverged." if sweep.n_diverged else ""
    chosen, one_se = sweep.choices
    lines = [
        f"{tried} were tried, in {passes} and {sweep.seconds:,.1f} s.{lost}",
        f"Chosen by validation accuracy: {values_text(chosen.values)}, {_with_error(chosen)}. As the best of "
        f"{len(sweep.trials):,}, this figure is on average too high; the test rows had no part in the choice.",
    ]
    if one_se.values != chosen.values:
        lines.append(
            f"The simplest within one standard error of it: {values_text(one_se.values)}, {_with_error(one_se)}."
        )
    else:
        lines.append("Nothing simpler is within one standard error of it.")
    if has_several_losses(sweep):
        lines.append("Values of different losses can't be compared, and so are not drawn.")
    return lines


def interruption_statement(sweep: SweepResult) -> list[str]:
    """Return in words how far a sweep came, and what was left undone.

    Examples
    --------
    >>> trial = {"status": "interrupted", "epochs": 5, "validation_loss": 0.5, "validation_accuracy": 0.9}
    >>> trial |= {"values": {"l2": 0.1}, "accuracy_interval": (0.8, 1.0), "standard_error": 0.03}
    >>> table = {"axes": [{"name": "l2", "values": [0.1, 0.2, 0.3], "scale": "list"}], "trials": [trial]}
    >>> table |= {"chosen": None, "one_se": None, "n_folds": 1, "passes": 1, "seconds": 1.5}
    >>> interruption_statement(SweepResult.check(table))[0]
    'Interrupted after 1.5 s: of 3 combinations 0 were trained to their end, 1 in part and 2 not at all.'
    """
    finished, begun = sweep.n_finished, len(sweep.trials)
    folds = f" on each of {sweep.n_folds} folds" if sweep.n_folds > 1 else ""
    return [
        f"Interrupted after {sweep.seconds:,.1f} s: of {sweep.n_planned:,} combinations{folds} {finished:,} were "
        f"trained to their end, {begun - finished:,} in part and {sweep.n_planned - begun:,} not at all.",
        "Nothing was chosen: trials that were trained in part can't be compared fairly with others. No final model was "
        "trained, and the test rows were not looked at.",
    ]


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


def trial_table(sweep: SweepResult) -> Table:
    """Return a table of the best trials, at most 20, the best first."""
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
    if sweep.interrupted:
        return Table("trials", "Trials, the best first", heading, rows, kind="with-notes")
    which = "All" if len(rows) == len(order) else f"The best {len(rows)} of"
    summary = f"{which} {len(order)} trials with their figures"
    return Table("trials", "The best trials", heading, rows, summary, "with-notes")


def _more(sweep: SweepResult) -> str:
    if len(sweep.trials) <= _MOST_ROWS:
        return ""
    return f"The best {_MOST_ROWS} of {len(sweep.trials)} trials; sweep.json has all of them."


def _notes(sweep: SweepResult, trial: Trial) -> list[str]:
    """Return what a table says of a trial beside its figures."""
    choices = {"chosen": sweep.chosen, "one standard error": sweep.one_se}
    names = [name for name, one in choices.items() if one is not None and one.values == trial.values]
    return [*names, trial.status] if trial.status != "finished" else names


def _with_error(trial: Trial) -> str:
    return f"{_percent(trial.validation_accuracy)} ± {_percent(trial.standard_error)}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.2%}"
