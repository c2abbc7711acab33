"""A protocol: what a report did and printed, as data; how a TOML file says it is in ``docs/protocols.md``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from onelayer.derivations import ClaimedFormula
from onelayer.errors import ConfigError
from onelayer.experiment.config import ExperimentConfig
from onelayer.training.parameters import Count

__all__ = [
    "CLAIMS",
    "Calculation",
    "Claim",
    "Experiment",
    "Figure",
    "Keys",
    "Protocol",
    "ProtocolError",
    "Published",
    "Reference",
    "arms_named",
]


Text = Annotated[str, Field(min_length=1, max_length=2000)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
AtLeastZero = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Name = Annotated[str, Field(min_length=1, max_length=60)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
References = Annotated[tuple[Name, ...], Field(min_length=1, strict=False)]
Class = Annotated[int, Field(ge=0)]
Classes = Annotated[tuple[Class, ...], Field(strict=False)]


class Experiment(ExperimentConfig):
    """Models to train: the keys of a configuration, and which of them vary.

    Parameters
    ----------
    title : str
    arms : dict of str to dict
        What the models differ in: keys of the configuration, by the name of the arm; none for a single one.
    seeds : tuple of int
        Each arm is trained with each: they take the place of ``random_state``.
    hold_out_last : int or None
        So many of the last training rows are validated on, and not trained on.
    folds : int or None
        Shuffle by ``RandomState(seed).permutation(n)``, cut into so many folds, and validate on the first, or, with
        ``each_fold``, on each in turn.
    each_fold : bool
    follow : bool
        Whether training is looked at as it goes, for curves; early stopping and the choice of an epoch need it.
    together : bool
        Train the arms of a seed in one pass over the data; their curves have validations alone.
    """

    title: Text
    arms: dict[Name, dict[str, Any]] = Field(default_factory=dict)
    seeds: Annotated[tuple[Seed, ...], Field(min_length=1, max_length=50, strict=False)] = (0,)
    hold_out_last: Count | None = None
    folds: Annotated[int, Field(ge=2, le=100)] | None = None
    each_fold: bool = False
    follow: bool = True
    together: bool = False


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Published(_Table):
    """A figure, printed or not: a quantity of an experiment, of one arm, or with ``"*"`` of each.

    ``value`` is what was printed. ``expected`` is what the protocol gives where nothing legible was. It is of the first
    seed and fold, or with ``over="mean"`` the mean over all.
    """

    experiment: Name
    quantity: Name
    arm: Name | None = None
    over: Literal["first", "mean"] = "first"
    value: Finite | None = None
    expected: Finite | None = None
    tolerance: AtLeastZero = 0.0
    source: Text | None = None


class Calculation(_Table):
    """A number that a report worked out: an expression, in the language of claimed formulas."""

    title: Text
    expression: Text
    value: Finite
    tolerance: AtLeastZero = 0.0
    source: Text | None = None


class Figure(_Table):
    """A figure to draw.

    ``loss`` and ``accuracy`` are curves of one run, ``curves`` one column of the histories of several, ``weights`` the
    weights as pictures, ``by-arm`` one quantity of each arm, ``classes`` the accuracy of each class.
    """

    title: Text
    kind: Literal["loss", "accuracy", "curves", "weights", "by-arm", "classes"]
    runs: References
    quantity: Name = "validation_accuracy"
    source: Text | None = None


class _Claim(_Table):
    title: Text
    plan: Text
    quantity: Name = "test_accuracy"
    margin: AtLeastZero = 0.005
    source: Text | None = None


class Higher(_Claim):
    """``left`` has more of a quantity than ``right``."""

    design: Literal["higher"]
    left: Name
    right: Name


class Equal(_Claim):
    """``left`` and ``right`` have equally much of a quantity, to within the margin."""

    design: Literal["equal"]
    left: Name
    right: Name


class Best(_Claim):
    """No arm of ``among`` beats ``of`` by more than the margin."""

    design: Literal["best"]
    of: Name
    among: References


class Trend(_Claim):
    """A quantity falls or rises from each of ``runs`` to the next."""

    design: Literal["trend"]
    runs: References
    direction: Literal["falls", "rises"]


class Beyond(_Claim):
    """A quantity is more than a limit."""

    design: Literal["beyond"]
    of: Name
    limit: Finite


class Most(_Claim):
    """What separates ``without`` from ``everything`` makes more than half of what separates ``nothing`` from it."""

    design: Literal["most"]
    everything: Name
    without: Name
    nothing: Name


class BestOfEach(_Claim):
    """The best of ``left`` has more of a quantity than the best of ``right``, both chosen by validation accuracy."""

    design: Literal["best-of-each"]
    left: References
    right: References


class ClassOrder(_Claim):
    """Of all classes these are the ``lowest``, and these ``above`` or ``below`` the mean, in each of ``runs``."""

    design: Literal["classes"]
    runs: References
    lowest: Classes = ()
    above: Classes = ()
    below: Classes = ()


Claim = Higher | Equal | Best | Trend | Beyond | Most | BestOfEach | ClassOrder
CLAIMS: Final[Mapping[str, type[Claim]]] = {
    "higher": Higher,
    "equal": Equal,
    "best": Best,
    "trend": Trend,
    "beyond": Beyond,
    "most": Most,
    "best-of-each": BestOfEach,
    "classes": ClassOrder,
}


@dataclass(frozen=True)
class Reference:
    """An experiment and one of its arms; the arm is empty where there are none."""

    experiment: str
    arm: str

    def __str__(self) -> str:
        return f"{self.experiment}/{self.arm}" if self.arm else self.experiment


@dataclass(frozen=True)
class Protocol:
    """What a report did and printed.

    Parameters
    ----------
    name, title, summary : str
    notes : tuple of str
        What a reader of the results has to know.
    derivations : tuple of str
        By name.
    formulas : dict of str to ClaimedFormula
        Formulas to audit.
    experiments : dict of str to Experiment
    published : tuple of Published
    numbers : tuple of Calculation
    figures : tuple of Figure
    claims : dict of str to Claim
    """

    name: str
    title: str
    summary: str
    notes: tuple[str, ...]
    derivations: tuple[str, ...]
    formulas: Mapping[str, ClaimedFormula]
    experiments: Mapping[str, Experiment]
    published: tuple[Published, ...]
    numbers: tuple[Calculation, ...]
    figures: tuple[Figure, ...]
    claims: Mapping[str, Claim]

    def references(self, texts: tuple[str, ...] | str) -> list[Reference]:
        """Return what references such as ``"experiment"``, ``"experiment/arm"`` and ``"experiment/*"`` stand for."""
        found = []
        for text in (texts,) if isinstance(texts, str) else texts:
            experiment, _, arm = text.partition("/")
            found += [Reference(experiment, one) for one in arms_named(self.experiments[experiment], arm)]
        return found


def arms_named(experiment: Experiment, arm: str) -> list[str]:
    """Return the arms that a name stands for: all for ``"*"``, the first, or none, for an empty name.

    Raises
    ------
    KeyError
        If there is no such arm.
    """
    names = list(experiment.arms) or [""]
    if arm == "*":
        return names
    if arm and arm not in names:
        raise KeyError(arm)
    return [arm or names[0]]


Keys = tuple[str | int, ...]


class ProtocolError(ConfigError):
    """What is wrong, and the keys that lead there.

    Examples
    --------
    >>> ProtocolError(("experiments", "digits", "l2"), "l2=-1.0: it can't be negative").path
    ('experiments', 'digits', 'l2')
    """

    def __init__(self, path: Keys, message: str) -> None:
        super().__init__(message)
        self.path = path
