"""Every parameter of training: names, defaults, values.

The estimator's constructor and the command line's config keys are these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import Field
from pydantic_core import PydanticCustomError, core_schema

from onelayer.errors import ConfigError
from onelayer.losses import LOSSES
from onelayer.solvers import SOLVERS, SGDParameters

__all__ = ["TrainingParameters"]

NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
OpenShare = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=1)]


@dataclass(frozen=True)
class _Named:
    """A type of text for pydantic: the names in a registry, whatever is entered there later."""

    known: Mapping[str, object]

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        return core_schema.no_info_plain_validator_function(self.check)

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.known)}

    def check(self, name: Any) -> Any:
        """Return a name that is known; else raise what pydantic raises for a literal."""
        if isinstance(name, str) and name in self.known:
            return name
        *others, last = map(repr, self.known)
        expected = f"{', '.join(others)} or {last}" if others else last
        raise PydanticCustomError("literal_error", "Input should be {expected}", {"expected": expected})


class TrainingParameters(SGDParameters):
    """How a model is trained; immutable, checked when made.

    Examples
    --------
    >>> TrainingParameters.check({"batch_size": 0})
    Traceback (most recent call last):
    onelayer.errors.ConfigError: batch_size=0: input should be greater than or equal to 1
    """

    loss: Annotated[str, _Named(LOSSES)] = "softmax"
    solver: Annotated[str, _Named(SOLVERS)] = "sgd"
    l2: NotNegative = 1e-4
    fit_intercept: bool = True
    penalize_bias: bool = False
    init: Literal["zeros", "normal", "uniform"] = "zeros"
    init_scale: NotNegative = 0.01
    scaling: Literal["none", "unit", "symmetric", "standardize"] = "standardize"
    image_shape: Annotated[tuple[Count, ...], Field(min_length=2, max_length=3, strict=False)] | None = None
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    class_weight: Literal["balanced"] | dict[Any, NotNegative] | None = None
    early_stopping: bool = False
    patience: Count = 10
    monitor: Literal["validation_loss", "validation_accuracy"] = "validation_loss"
    keep: Literal["best", "last"] = "best"
    validation_fraction: OpenShare = 0.1
    validations_per_epoch: Count = 1
    dtype: Literal["auto", "float32", "float64"] = "auto"
    n_jobs: int | None = None
    random_state: Annotated[int, Field(ge=0, lt=2**32)] | None = None
    warm_start: bool = False
    verbose: Annotated[int, Field(ge=0)] | bool = 0

    @classmethod
    def check(cls, values: Mapping[str, Any]) -> Self:
        """Return the parameters with ``values`` in place of their defaults.

        Raises
        ------
        ConfigError
            For an unknown name (with the nearest known one), a wrong type, a value out of range, or one that the chosen
            solver does not look at.
        """
        checked = super().check(values)
        checked.check_solver()
        return checked

    def check_solver(self) -> None:
        """Raise ConfigError if a parameter was given that the chosen solver does not look at."""
        others = frozenset[str]().union(*(solver.reads for solver in SOLVERS.values()))
        for name, field in type(self).model_fields.items():
            if name not in others - SOLVERS[self.solver].reads or getattr(self, name) == field.default:
                continue
            readers = " or ".join(repr(solver.name) for solver in SOLVERS.values() if name in solver.reads)
            raise ConfigError(
                f"{name}={getattr(self, name)!r} has no meaning for solver={self.solver!r}: "
                f"leave it at {field.default!r}, or use solver={readers}"
            )
