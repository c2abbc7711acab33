"""Figures: each is said once, as data, and drawn by two renderers, for files and for pages.

The functions here return a :class:`Figure`; :func:`onelayer.figures.matplotlib.draw` makes a drawing of it and
:func:`onelayer.figures.plotly.chart` a chart.
"""

from onelayer.figures.classes import class_counts_figure, confusion_figure, recall_figure, reliability_figure
from onelayer.figures.curves import TrainingMark, accuracy_figure, compared_figure, loss_figure, trend_figure
from onelayer.figures.images import means_figure, samples_figure, weights_figure
from onelayer.figures.specification import (
    Axis,
    Band,
    Bars,
    Feet,
    Figure,
    Frame,
    Matrix,
    Mosaic,
    Plot,
    Rule,
    Series,
)
from onelayer.figures.sweep import (
    sweep_accuracy_figure,
    sweep_curves_figure,
    sweep_loss_figure,
    sweep_matrix_figure,
)
from onelayer.figures.theme import DARK, LIGHT, Theme

__all__ = [
    "DARK",
    "LIGHT",
    "Axis",
    "Band",
    "Bars",
    "Feet",
    "Figure",
    "Frame",
    "Matrix",
    "Mosaic",
    "Plot",
    "Rule",
    "Series",
    "Theme",
    "TrainingMark",
    "accuracy_figure",
    "class_counts_figure",
    "compared_figure",
    "confusion_figure",
    "loss_figure",
    "means_figure",
    "recall_figure",
    "reliability_figure",
    "samples_figure",
    "sweep_accuracy_figure",
    "sweep_curves_figure",
    "sweep_loss_figure",
    "sweep_matrix_figure",
    "trend_figure",
    "weights_figure",
]
