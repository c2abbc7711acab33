"""Selection: grids, folds, and sweeps that train many models in one pass over the data."""

from onelayer.selection.curve import Curve, Validation
from onelayer.selection.folds import Fold, shuffled_folds, stratified_folds
from onelayer.selection.grid import Axis, Grid, parse_axis
from onelayer.selection.progress import SweepProgress
from onelayer.selection.result import FoldFigures, SweepResult, SweptAxis, Trial
from onelayer.selection.sweeping import Prepared, sweep

__all__ = [
    "Axis",
    "Curve",
    "Fold",
    "FoldFigures",
    "Grid",
    "Prepared",
    "SweepProgress",
    "SweepResult",
    "SweptAxis",
    "Trial",
    "Validation",
    "parse_axis",
    "shuffled_folds",
    "stratified_folds",
    "sweep",
]
