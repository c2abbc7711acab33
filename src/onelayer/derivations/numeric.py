"""Formulas in floating point, and a derivation's results beside what the package computes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onelayer.derivations.expression import INDEX_AXES
from onelayer.derivations.interpreter import Interpreter, index_values
from onelayer.derivations.setting import Setting
from onelayer.errors import ConfigError

__all__ = ["Comparison", "Comparisons", "Numeric", "evaluate"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """What a formula should be worth.

    Parameters
    ----------
    formula : str
        A formula of the derivation's setting.
    values : mapping of str to float array
        The quantities it rests on; defined ones are computed.
    expected : float array, or float
        What the package computes: one axis for each free index of the formula, in alphabetical order.
    """

    formula: str
    values: Mapping[str, Any]
    expected: Any

    def error(self, setting: Setting) -> float:
        """Return the largest difference, relative to the largest expected entry (or to 1, if that is larger)."""
        expected = np.asarray(self.expected, dtype=np.float64)
        found = evaluate(setting, self.formula, self.values)
        if found.shape != expected.shape:
            raise ConfigError(f"{self.formula!r} has the shape {found.shape}, not {expected.shape}")
        return float(np.max(np.abs(found - expected), initial=0.0) / max(1.0, np.max(np.abs(expected), initial=0.0)))


Comparisons = Callable[[np.random.Generator], Iterable[Comparison]]
"""Random values, and what the package makes of them: anew at every call."""


def evaluate(setting: Setting, formula: str, values: Mapping[str, Any]) -> Floats:
    """Return a formula's values, one axis for each free index in alphabetical order.

    Parameters
    ----------
    setting : Setting
    formula : str
        Without derivatives and without quantities as a whole.
    values : mapping of str to float array
        The quantities it rests on, whose shapes give the sizes.

    Examples
    --------
    >>> from onelayer.derivations.settings import SETTINGS
    >>> evaluate(SETTINGS["softmax"], "yhat[k]", {"z": [0.0, 0.0]})
    array([0.5, 0.5])
    """
    arrays = {name: np.asarray(value, dtype=np.float64) for name, value in values.items()}
    sizes = {axis: n for name, value in arrays.items() for axis, n in zip(setting.axes[name], value.shape, strict=True)}
    numeric = Numeric(setting, sizes, arrays)
    node = setting.parse(formula)
    indices = setting.indices(node)
    figures = [numeric.value(node, at) for at in index_values(indices, sizes)]
    return np.array(figures, dtype=np.float64).reshape([sizes[INDEX_AXES[index]] for index in indices])


class Numeric(Interpreter):
    """Formulas as Python floats, straight from the definitions.

    Parameters
    ----------
    setting, sizes : as for Interpreter
    values : mapping of str to float array
    """

    def __init__(self, setting: Setting, sizes: Mapping[str, int], values: Mapping[str, Floats]) -> None:
        super().__init__(setting, sizes)
        self.values = values
        self.computed: dict[tuple[Any, ...], float] = {}

    def number(self, value: Fraction) -> float:
        """Return a rational number."""
        return float(value)

    def element(self, name: str, place: tuple[int, ...], at: Mapping[str, int]) -> float:
        """Return a given value, or compute it from the definition."""
        if name in self.values:
            return float(self.values[name][place])
        label = {"c": at["c"]} if name in self.setting.labelled else {}
        key = (name, place, *label.values())
        if key not in self.computed:
            definition = self.setting.definitions.get(name)
            if definition is None:
                raise ConfigError(f"no value is given for {name!r}")
            indices = self.setting.by_name[name].indices
            self.computed[key] = float(self.value(definition, {**label, **dict(zip(indices, place, strict=True))}))
        return self.computed[key]

    def whole(self, name: str, at: Mapping[str, int]) -> Any:
        """Refuse: element by element is how formulas are computed here."""
        raise ConfigError(f"give {name!r} its indices")

    def call(self, function: str, argument: float) -> float:
        """Return a function's value."""
        match function:
            case "exp":
                return math.exp(argument)
            case "ln":
                return math.log(argument)
            case "log2":
                return math.log2(argument)
            case "sigmoid":
                return 1.0 / (1.0 + math.exp(-argument))
            case "plus":
                return max(0.0, argument)
            case "positive":
                return float(argument > 0)
            case "leaky":
                return argument * self._leak(argument)
            case "leaky_slope":
                return self._leak(argument)
        raise ConfigError(f"{function!r} is a function of matrices")

    def _leak(self, argument: float) -> float:
        return 1.0 if argument > 0 else float(self.values["alpha"])

    def derivative(self, body: Any, variable: Any) -> Any:
        """Refuse: a result has none left."""
        raise ConfigError("a derivative is left in the formula")
