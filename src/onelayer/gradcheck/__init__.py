"""Gradient check: what an objective says of its derivatives, against differences of its values."""

from onelayer.gradcheck.check import check_gradients
from onelayer.gradcheck.problem import CheckableModel
from onelayer.gradcheck.report import EntryCheck, GradientReport

__all__ = ["CheckableModel", "EntryCheck", "GradientReport", "check_gradients"]
