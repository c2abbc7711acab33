"""How good predictions are: figures of merit with their uncertainty."""

from onelayer.evaluation.calibration import Calibration, ReliabilityBin, measure_calibration
from onelayer.evaluation.intervals import wilson_interval
from onelayer.evaluation.metrics import ClassFigures, Evaluation, evaluate

__all__ = [
    "Calibration",
    "ClassFigures",
    "Evaluation",
    "ReliabilityBin",
    "evaluate",
    "measure_calibration",
    "wilson_interval",
]
