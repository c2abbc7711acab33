"""How good predictions are: figures of merit with their uncertainty.

Each is a record that is defined here once: computed, stored in ``metrics.json``, printed and drawn.
"""

from onelayer.evaluation.calibration import Calibration, ReliabilityBin, measure_calibration
from onelayer.evaluation.classification import ClassFigures, Evaluation, evaluate, evaluate_outcomes
from onelayer.evaluation.confusion import Confusion
from onelayer.evaluation.decisions import Decisions, Judged, Outcomes, judge
from onelayer.evaluation.intervals import wilson_interval
from onelayer.evaluation.run_figures import DataFigures, PartFigures, RunFigures

__all__ = [
    "Calibration",
    "ClassFigures",
    "Confusion",
    "DataFigures",
    "Decisions",
    "Evaluation",
    "Judged",
    "Outcomes",
    "PartFigures",
    "ReliabilityBin",
    "RunFigures",
    "evaluate",
    "evaluate_outcomes",
    "judge",
    "measure_calibration",
    "wilson_interval",
]
