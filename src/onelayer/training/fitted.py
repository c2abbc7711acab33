"""What training made: everything that a fitted model is, in one frozen record."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from onelayer.arrays import Array
from onelayer.errors import ModelFileError
from onelayer.losses import Loss
from onelayer.models import Linear, Model
from onelayer.objective import Objective
from onelayer.penalties import L2
from onelayer.solvers import Solution
from onelayer.training.history import History
from onelayer.training.problem import Encoding, Problem
from onelayer.training.scaling import Scaling
from onelayer.training.state import TrainingState
from onelayer.tree import Tree

__all__ = ["Fitted", "ScaledPenalty"]

P = TypeVar("P", bound=Tree)


@dataclass(frozen=True, eq=False)
class ScaledPenalty:
    """A penalty on the parameters of scaled features, as a function of the parameters on raw ones.

    Training penalises the weights that it sees. Weights on raw features are those times a scale, so that their own
    norm is another figure: this is the one that was minimised.
    """

    penalty: L2
    scaling: Scaling

    @property
    def is_zero(self) -> bool:
        """Whether nothing is penalised."""
        return self.penalty.is_zero

    def value(self, parameters: Tree) -> Any:
        """Return R at the scaled parameters."""
        return self.penalty.value(self.scaling.unfold(parameters))

    def gradient(self, parameters: P) -> P:
        """Return ∂R/∂parameters, by the raw ones."""
        return self.scaling.pull_back(self.penalty.gradient(self.scaling.unfold(parameters)))

    def hessian_product(self, direction: P) -> P:
        """Return the Hessian times a direction: R is quadratic, and scaling linear."""
        return self.gradient(direction)


@dataclass(frozen=True, eq=False)
class Fitted:
    """A fitted model.

    Attributes
    ----------
    loss : Loss
    penalty : L2
        On the parameters of scaled features.
    encoding : Encoding or None
        None where a model comes from a file of an earlier version, which does not keep how features were scaled.
    classes : (K,) array
    folded : Tree
        Parameters on raw features.
    image_shape : (h, w, c) or None
    solution : Solution
        Its parameters are those on scaled features; None for a model from a file.
    stopped_epoch : int or None
    history : History
    """

    loss: Loss
    penalty: L2
    encoding: Encoding | None
    classes: Array
    folded: Any
    image_shape: tuple[int, int, int] | None
    solution: Solution
    stopped_epoch: int | None
    history: History
    model: Model[Any] = Linear()  # noqa: RUF009 (stateless)

    @classmethod
    def of(cls, state: TrainingState, problem: Problem, encoding: Encoding, place: int = 0) -> Fitted:
        """Return what the training of the model at ``place`` made so far."""
        model, objective = state.models[place], problem.objective
        solution = model.solution or Solution(state.kept, model.status, state.epoch, state.solver.step)
        penalty = L2(model.parameters.l2, model.parameters.penalize_bias)
        folded = encoding.scaling.fold(solution.parameters)
        return cls(
            objective.loss,
            penalty,
            encoding,
            encoding.classes,
            folded,
            encoding.image_shape,
            solution,
            model.stopped_epoch,
            model.history,
            objective.model,
        )

    @cached_property
    def objective(self) -> Objective:
        """J as it was minimised, of the parameters on raw features.

        Raises
        ------
        ModelFileError
            If the model's file does not say how features were scaled.
        """
        if self.encoding is None:
            raise ModelFileError(
                "this model's file is of an earlier version and does not say how features were scaled, "
                "which the objective depends on: fit the model anew"
            )
        return Objective(self.loss, ScaledPenalty(self.penalty, self.encoding.scaling), self.model)

    @property
    def coefficients(self) -> tuple[Array, Array]:
        """Weights and intercepts as scikit-learn has them: for two classes those that speak for the second."""
        weights, intercepts = self.folded.weights, self.folded.intercepts
        if len(self.classes) == 2 and len(intercepts) == 2:
            return weights[1:] - weights[:1], intercepts[1:] - intercepts[:1]
        return weights, intercepts

    def attributes(self) -> dict[str, Any]:
        """Return what a scikit-learn estimator shows of it."""
        coef, intercept = self.coefficients
        return {
            "classes_": self.classes,
            "coef_": coef,
            "intercept_": intercept,
            "image_shape_": self.image_shape,
            "n_iter_": self.solution.epochs,
            "n_steps_": self.solution.steps,
            "stopped_epoch_": self.stopped_epoch,
            "history_": self.history.arrays(),
        }
