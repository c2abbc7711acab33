"""Training: the loop around a solver, with schedules, validation, early stopping, history and listeners."""

from onelayer.training.loop import Part, Problem, train
from onelayer.training.parameters import TrainingParameters
from onelayer.training.state import TrainingState

__all__ = ["Part", "Problem", "TrainingParameters", "TrainingState", "train"]
