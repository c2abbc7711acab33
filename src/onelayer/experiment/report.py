"""The report of a run, from its directory alone."""

from __future__ import annotations

from pathlib import Path

from onelayer.errors import InputError, RunDirectoryError
from onelayer.estimators import OneLayerClassifier
from onelayer.features import Pixels
from onelayer.image_model import ImageModel, load_model
from onelayer.reporting.data import ReportData
from onelayer.reporting.figures_of_merit import RunFigures
from onelayer.reporting.page import write_report
from onelayer.reporting.sweep_data import SweepFigures
from onelayer.storage.run_directory import RunDirectory

__all__ = ["report_run"]


def report_run(run: RunDirectory) -> Path:
    """Write ``report.html`` and ``figures/`` of a finished run; return the page's path.

    Raises
    ------
    RunDirectoryError
        If something is missing or damaged.
    """
    metrics = run.read_metrics()
    names = metrics.get("class_names")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise RunDirectoryError(f"{run}: metrics.json has no list of class_names")
    model = load_model(run.model_path)
    shows_pixels = isinstance(model, OneLayerClassifier) or isinstance(model.features, Pixels)
    clf = model.classifier if isinstance(model, ImageModel) else model
    try:
        confusion = RunFigures.check(metrics).evaluation.confusion or []
        supports = [sum(row) for row in confusion]
        sweep = SweepFigures.check(run.read_sweep()) if run.sweep_path.is_file() else None
        data = ReportData(
            title=f"{metrics.get('dataset', 'a data set')}, {metrics.get('loss', '')}",
            config=run.read_config() | ({} if sweep is None else sweep.chosen.values),
            metrics=metrics,
            history=run.read_history(),
            class_names=names,
            weight_images=clf.weight_images() if shows_pixels and clf.image_shape_ is not None else None,
            environment=run.read_environment(),
            majority_share=max(supports) / sum(supports) if any(supports) else None,
            sweep=sweep,
        )
    except InputError as error:
        raise RunDirectoryError(f"{run} is damaged: {error}") from None
    write_report(run, data)
    return run.report_path
