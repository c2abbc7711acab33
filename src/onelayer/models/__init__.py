"""Models: what turns rows into scores, and a residual in the scores into a gradient. ``MODELS`` is where one enters."""

from typing import Any

from onelayer.models.base import Draw, Model, PullBack
from onelayer.models.linear import Linear, LinearParameters
from onelayer.models.two_layer import TwoLayer, TwoLayerParameters

__all__ = ["MODELS", "Draw", "Linear", "LinearParameters", "Model", "PullBack", "TwoLayer", "TwoLayerParameters"]

MODELS: dict[str, type[Model[Any]]] = {model.name: model for model in (Linear, TwoLayer)}
