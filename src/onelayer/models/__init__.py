"""Models: what turns rows into scores, and a residual in the scores into a gradient."""

from onelayer.models.linear import Linear, LinearParameters

__all__ = ["Linear", "LinearParameters"]
