"""The page of a sweep that was interrupted: its trials, of which nothing was chosen."""

from __future__ import annotations

from onelayer.errors import printable
from onelayer.reporting.data import ReportData
from onelayer.reporting.document import render
from onelayer.reporting.sections import Section
from onelayer.reporting.sweep_pictures import trial_rows
from onelayer.reporting.tables import data_rows, flat_rows
from onelayer.selection import SweepResult

__all__ = ["interruption_statement", "render_interrupted_sweep"]


def render_interrupted_sweep(data: ReportData, sweep: SweepResult) -> str:
    """Return the page as one HTML document.

    The trials are a table and no figures: these would compare models that were not trained for as long as each other.

    Parameters
    ----------
    data : ReportData
        Without a model and its figures.
    sweep : SweepResult
    """
    sections = [Section("sweep", "What was tried"), Section("data", "The data"), Section("repeat", "Repeat it")]
    trials = trial_rows(sweep)
    return render(
        "interrupted_sweep.html.j2",
        title=printable(data.title),
        payload={"charts": {}, "classes": [], "galleries": {}},
        sections=sections,
        statement=interruption_statement(sweep),
        n_trials=len(sweep.trials),
        trials=trials,
        data_rows=data_rows(data),
        repeats="This command runs the whole sweep:",
        command=None if data.command is None else printable(data.command, 2000),
        tables={"Configuration": flat_rows(data.config), "Environment": flat_rows(data.environment)},
    )


def interruption_statement(sweep: SweepResult) -> list[str]:
    """Return in words how far the sweep came, and what was left undone.

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
