"""The check itself: derivatives on a five-point stencil, entry by entry.

Three claims are checked, always in float64: the gradient of the mean loss (residual × input), the gradient of the
penalty, and, where the loss has curvature, Hessian products in random directions. Derivatives are differences

    f'(0) ≈ [f(−2t) − 8f(−t) + 8f(t) − f(2t)] / 12t,   with an error of t⁴f⁽⁵⁾/30 plus rounding of the order ε|f|/t.

The step is chosen for each entry so that no score moves by more than 0.002: truncation and rounding are then both
about 1e-13, whatever the scale of the features. Rows that the stencil could carry over a kink of the loss are left
out: there the derivative does not exist, and a difference says nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from onelayer.arrays import Array
from onelayer.errors import ConfigError
from onelayer.gradcheck.problem import CheckableModel, Checked, fitted_problem, moved, random_problem
from onelayer.gradcheck.report import EntryCheck, GradientReport
from onelayer.penalties import L2
from onelayer.strict import StrictParameters

__all__ = ["check_gradients"]

BOUND = 1e-7
SCORE_STEP = 0.002
# The stencil moves a score by up to two steps, and with it a margin between two scores by up to four.
KINK_DISTANCE = 4 * SCORE_STEP
DIRECTIONS = 3
SHOWN = 10
# Where residuals nearly cancel (at an optimum, say), differences cannot resolve what is left of a gradient. Errors are
# relative to at least this share of the largest entry that one row with a residual of 1 could have.
LEAST_SHARE = 1e-5


class _Parameters(StrictParameters):
    """What `check_gradients` takes beside a model and its rows."""

    loss: str
    n: int
    d: int
    k: int | None
    l2: float
    penalize_bias: bool
    label_smoothing: float
    max_entries: int
    bound: float
    random_state: Annotated[int, Field(ge=0)] | None


def check_gradients(
    model: CheckableModel | None = None,
    X: Any = None,
    y: Any = None,
    *,
    loss: str = "softmax",
    n: int = 30,
    d: int = 6,
    k: int | None = None,
    l2: float = 0.1,
    penalize_bias: bool = True,
    label_smoothing: float = 0.0,
    max_entries: int = 200,
    bound: float = BOUND,
    random_state: int | None = 0,
) -> GradientReport:
    """Compare analytic derivatives with central differences, on a random problem or at a fitted model.

    Parameters
    ----------
    model : CheckableModel, optional
        A fitted model, such as a ``OneLayerClassifier``; without one, a random problem is made from what follows.
    X, y : array (n, d) or images, and labels (n,)
        Rows to check the model on; some hundreds are plenty.
    loss : str
        Loss of the random problem.
    n, d, k : int
        Its rows, features and classes; k is 2 for ``logistic`` and 4 for others if not given.
    l2, penalize_bias, label_smoothing
        Its penalty and targets.
    max_entries : int
        The most derivatives to compare per quantity and parameter array. Of a larger gradient that many are drawn at
        random, of a Hessian product those are taken that differ most.
    bound : float
        The largest error that passes, relative to the largest entry.
    random_state : int or None
        Seed of problem, directions and choice of entries.

    Returns
    -------
    GradientReport

    Raises
    ------
    ConfigError
        If a parameter is unknown or out of range, a model is not fitted or comes without X and y.
    InputError
        If X and y do not fit the model, or every row lies at a kink.

    Examples
    --------
    >>> report = check_gradients(loss="hinge")
    >>> report.passed, report.bound, report.entries
    (True, 1e-07, {'loss': 28, 'penalty': 28})
    """
    sizes = {"n": n, "d": d, "k": k}
    penalty = {"l2": l2, "penalize_bias": penalize_bias, "label_smoothing": label_smoothing}
    checked = {"max_entries": max_entries, "bound": bound, "random_state": random_state}
    p = _Parameters.check({"loss": loss, **sizes, **penalty, **checked})
    if p.max_entries < 1 or not p.bound > 0:
        raise ConfigError(f"max_entries must be at least 1 and bound above 0, not {p.max_entries} and {p.bound}")
    rng = np.random.default_rng(p.random_state)
    if model is None:
        problem = random_problem(p.loss, p.n, p.d, p.k, L2(p.l2, p.penalize_bias), p.label_smoothing, rng)
    elif X is None or y is None:
        raise ConfigError("to check a model, give rows and labels too: check_gradients(model, X, y)")
    else:
        problem = fitted_problem(model, X, y)
    problem, at_kink = problem.without_kinks(KINK_DISTANCE)
    checks = list(_checks(problem, p.max_entries, rng))
    entries: dict[str, int] = {}
    for check in checks:
        entries[check.quantity] = entries.get(check.quantity, 0) + 1
    checks.sort(key=lambda check: np.inf if np.isnan(check.error) else check.error, reverse=True)
    return GradientReport(
        problem.objective.loss.name, problem.rows.n - at_kink, at_kink, entries, tuple(checks[:SHOWN]), p.bound
    )


def _checks(problem: Checked, max_entries: int, rng: np.random.Generator) -> Iterator[EntryCheck]:
    for name, part in problem.parameters.items():
        chosen = np.arange(part.size)
        if part.size > max_entries:
            chosen = np.sort(rng.choice(part.size, max_entries, replace=False))
        yield from _check_loss(problem, name, chosen)
        yield from _check_penalty(problem, name, chosen)
    if problem.objective.has_hessian:
        for _ in range(DIRECTIONS):
            yield from _check_hessian(problem, max_entries, rng)


def _check_loss(problem: Checked, name: str, chosen: Array) -> Iterator[EntryCheck]:
    """Compare residual × input with differences of the mean loss."""
    unpenalised = replace(problem, objective=replace(problem.objective, penalty=L2()))
    analytic = getattr(unpenalised.gradient(problem.parameters), name)
    numeric, reach = np.empty(len(chosen)), np.empty(len(chosen))
    for i, entry in enumerate(chosen):
        direction = _one_entry(problem.parameters, name, entry)
        reach[i] = problem.reach(direction)
        step = SCORE_STEP / reach[i] if reach[i] else 1.0
        numeric[i] = _derivative(_along(unpenalised.value, problem.parameters, direction), step)
    yield from _compare("loss", name, chosen, analytic, numeric, LEAST_SHARE * reach.max())


def _check_penalty(problem: Checked, name: str, chosen: Array) -> Iterator[EntryCheck]:
    parameters, penalty = problem.parameters, problem.objective.penalty

    def value(at: Any) -> float:
        return float(np.sum(penalty.value(at)))

    # A quadratic is exact on the stencil for any step, and a large one loses least to rounding.
    step = float(np.abs(getattr(parameters, name)).max()) or 1.0
    numeric = np.array(
        [_derivative(_along(value, parameters, _one_entry(parameters, name, entry)), step) for entry in chosen]
    )
    yield from _compare("penalty", name, chosen, getattr(penalty.gradient(parameters), name), numeric)


def _check_hessian(problem: Checked, max_entries: int, rng: np.random.Generator) -> Iterator[EntryCheck]:
    """Compare the Hessian times a random direction with differences of the gradient along it."""
    direction = problem.parameters.map(lambda part: rng.normal(size=part.shape))
    analytic = problem.hessian_product(direction)
    step = SCORE_STEP / problem.reach(direction)
    for name, claimed in analytic.items():
        gradient = _along(partial(_gradient_part, problem, name), problem.parameters, direction)
        numeric = _derivative(gradient, step)
        worst = np.argsort(-np.abs(numeric - claimed.ravel()))[:max_entries]
        yield from _compare("hessian", name, worst, claimed, numeric[worst])


def _gradient_part(problem: Checked, name: str, parameters: Any) -> Array:
    part: Array = getattr(problem.gradient(parameters), name).ravel()
    return part


def _along(function: Callable[[Any], Any], parameters: Any, direction: Any) -> Callable[[float], Any]:
    """Return ``function`` along a line through the parameters."""
    return lambda t: function(moved(parameters, direction, t))


def _derivative(along: Callable[[float], Any], step: float) -> Any:
    """Return the derivative at 0, on the five-point stencil."""
    return (8 * (along(step) - along(-step)) - (along(2 * step) - along(-2 * step))) / (12 * step)


def _one_entry(parameters: Any, name: str, entry: int) -> Any:
    """Return the direction that has 1 at one entry of one parameter array, else 0."""
    direction = parameters.zeros()
    getattr(direction, name).flat[entry] = 1.0
    return direction


def _compare(
    quantity: str, name: str, chosen: Array, analytic: Array, numeric: Array, least: float = 0.0
) -> Iterator[EntryCheck]:
    """Yield a check for each of the ``chosen`` entries (flat indices) of ``analytic``; numeric has those alone."""
    largest = max(float(np.abs(analytic).max()), float(np.abs(numeric).max()), least) or 1.0
    for entry, number in zip(chosen, numeric, strict=True):
        index = tuple(int(i) for i in np.unravel_index(entry, analytic.shape))
        claim = float(analytic[index])
        yield EntryCheck(quantity, name, index, claim, float(number), float(abs(claim - number) / largest))
