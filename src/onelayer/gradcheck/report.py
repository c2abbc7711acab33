"""What a gradient check found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["EntryCheck", "GradientReport"]


@dataclass(frozen=True)
class EntryCheck:
    """One derivative, computed in two ways.

    Attributes
    ----------
    quantity : {"loss", "penalty", "hessian"}
        Gradient of the mean loss, gradient of the penalty, or a Hessian product.
    parameter : str
        Name of the array that it belongs to, such as ``weights``.
    index : tuple of int
        Its place in that array.
    analytic, numeric : float
    error : float
        Absolute difference over the largest entry of this quantity and parameter.
    """

    quantity: str
    parameter: str
    index: tuple[int, ...]
    analytic: float
    numeric: float
    error: float


@dataclass(frozen=True)
class GradientReport:
    """What a gradient check found.

    Attributes
    ----------
    loss : str
    rows : int
        Rows that the differences were taken over.
    rows_at_kink : int
        Rows left out because they lie within a step of a kink.
    entries : dict from quantity to int
        How many derivatives were compared; ``hessian`` is absent for a loss without curvature.
    largest : tuple of EntryCheck
        The ten largest errors, in falling order; an error of NaN counts as larger than any.
    bound : float
        The largest error that passes.
    """

    loss: str
    rows: int
    rows_at_kink: int
    entries: dict[str, int]
    largest: tuple[EntryCheck, ...]
    bound: float

    @property
    def max_error(self) -> float:
        """The largest relative error."""
        return self.largest[0].error

    @property
    def passed(self) -> bool:
        """Whether no error exceeds the bound."""
        return self.max_error <= self.bound

    def to_dict(self) -> dict[str, Any]:
        """Return everything as dicts, lists, text, numbers and truth values."""
        return {**asdict(self), "max_error": self.max_error, "passed": self.passed}
