"""Training: the problem, the loop around a solver, validation, early stopping, history and listeners."""

from onelayer.training.fitted import Fitted
from onelayer.training.loop import train, train_together
from onelayer.training.parameters import TrainingParameters
from onelayer.training.problem import Encoding, Problem, learn_encoding, make_problem
from onelayer.training.state import TrainingState

__all__ = [
    "Encoding",
    "Fitted",
    "Problem",
    "TrainingParameters",
    "TrainingState",
    "learn_encoding",
    "make_problem",
    "train",
    "train_together",
]
