from __future__ import annotations

import json
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from onelayer.errors import ConfigError, InputError
from onelayer.gradcheck import check_gradients
from onelayer.losses import LOSSES, get_loss
from onelayer.losses.softmax import Softmax
from onelayer.models.linear import LinearParameters
from onelayer.objective import Objective
from onelayer.penalties import L2


def model(objective, *leading, k=3, d=4, scale=1.0):
    """Something that looks like a fitted model, with random parameters."""
    rng = np.random.default_rng(1)
    parameters = LinearParameters(scale * rng.normal(size=(*leading, k, d)), rng.normal(size=(*leading, k)))
    return SimpleNamespace(parameters_=parameters, objective_=objective, classes_=np.array(["a", "b", "c"]))


def rows(n=40, d=4):
    rng = np.random.default_rng(2)
    return rng.normal(size=(n, d)), rng.choice(["a", "b", "c"], n)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("seed", range(5))
def test_every_loss_passes_far_below_the_bound(loss, seed):
    report = check_gradients(loss=loss, random_state=seed)
    assert report.passed
    assert report.max_error < 1e-9


@pytest.mark.parametrize("loss", ["logistic", "softmax", "sigmoid"])
def test_smoothed_labels_pass(loss):
    assert check_gradients(loss=loss, label_smoothing=0.1).passed


@pytest.mark.parametrize("loss", LOSSES)
def test_hessian_products_are_checked_where_there_is_curvature(loss):
    entries = check_gradients(loss=loss, n=10, d=2).entries
    parameters = LOSSES[loss].outputs(2 if loss == "logistic" else 4) * 3
    expected = {"loss": parameters, "penalty": parameters, "hessian": 3 * parameters}
    assert entries == {name: number for name, number in expected.items() if name != "hessian" or loss != "hinge"}


def test_large_arrays_are_sampled():
    report = check_gradients(loss="softmax", n=10, d=30, k=5, max_entries=12)
    assert report.entries == {"loss": 12 + 5, "penalty": 12 + 5, "hessian": 3 * (12 + 5)}


class ResidualOffByOnePart(Softmax):
    """∂ℓ/∂z of class 1 is too large by one part in a million."""

    def values_and_residual(self, scores, targets):
        values, residual = super().values_and_residual(scores, targets)
        residual[..., 1] *= 1 + 1e-6
        return values, residual


def test_a_residual_wrong_by_a_millionth_is_found_and_placed():
    report = check_gradients(model(Objective(ResidualOffByOnePart(), L2(0.1))), *rows())
    wrong = [check for check in report.largest if check.error > report.bound]
    assert "loss" in {check.quantity for check in wrong}
    assert {check.index[0] for check in wrong} == {1}
    assert wrong[0].error == pytest.approx(1e-6, rel=0.1)


class ResidualOfCse344(Softmax):
    """The claim that ∂ℓ/∂z is ŷ − 1 for the true class and 0 for the others."""

    def values_and_residual(self, scores, targets):
        values, residual = super().values_and_residual(scores, targets)
        return values, np.where(residual < 0, residual, 0.0)


def test_the_residual_published_in_cse344_is_refuted():
    assert check_gradients(model(Objective(ResidualOfCse344(), L2())), *rows()).max_error > 0.1


@dataclass(frozen=True, eq=False)
class GradientOfTdt4265(L2):
    """The claim that R = ½Σw² has the gradient 2w."""

    def gradient(self, parameters):
        return super().gradient(parameters).map(lambda part: 2 * part)


def test_the_penalty_gradient_published_in_tdt4265_is_refuted():
    report = check_gradients(model(Objective(get_loss("softmax"), GradientOfTdt4265(1.0))), *rows())
    refuted = {(check.quantity, check.parameter) for check in report.largest if check.error > report.bound}
    assert ("penalty", "weights") in refuted
    assert not any(quantity == "loss" for quantity, _ in refuted)


class CurvatureWithoutRankOne(Softmax):
    """The Hessian taken for diag(p), without −ppᵀ."""

    def curvature(self, scores, targets, direction):
        return self.probabilities(scores) * direction


def test_a_wrong_curvature_is_found():
    report = check_gradients(model(Objective(CurvatureWithoutRankOne(), L2())), *rows())
    assert {check.quantity for check in report.largest} == {"hessian"}
    assert not report.passed


class NotANumber(Softmax):
    def values_and_residual(self, scores, targets):
        values, residual = super().values_and_residual(scores, targets)
        residual[0, 0] = np.nan
        return values, residual


def test_a_residual_that_is_no_number_does_not_pass():
    report = check_gradients(model(Objective(NotANumber(), L2())), *rows())
    assert np.isnan(report.max_error)
    assert not report.passed


@pytest.mark.parametrize("loss", ["hinge", "squared_hinge"])
def test_rows_at_a_kink_are_left_out_and_counted(loss):
    """All weights are 0: the margins are 1, apart from those of rows whose intercept puts them at a kink."""
    fitted = model(Objective(get_loss(loss), L2()), scale=0.0)
    fitted.parameters_.intercepts[:] = [1.0, 0.0, 0.5]  # z₁ − z₀ + 1 = 0 for label a; 1 − z₀ = 0 likewise
    X, y = rows()
    report = check_gradients(fitted, X, y)
    assert report.passed
    assert report.rows_at_kink == ((y == "a").sum())
    assert report.rows == 40 - report.rows_at_kink


def test_only_rows_at_a_kink_leave_nothing_to_check():
    fitted = model(Objective(get_loss("hinge"), L2()), scale=0.0)
    fitted.parameters_.intercepts[:] = [1.0, 0.0, 0.0]
    with pytest.raises(InputError, match="every row lies within a step of a kink"):
        check_gradients(fitted, np.ones((3, 4)), np.array(["a", "a", "a"]))


@pytest.mark.parametrize("loss", ["softmax", "sigmoid", "hinge", "squared_hinge"])
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e4])
def test_the_scale_of_the_features_does_not_matter(loss, scale):
    X, y = rows()
    assert check_gradients(model(Objective(get_loss(loss), L2()), scale=1 / scale), scale * X, y).passed


def test_images_in_bytes_are_differenced_in_float64():
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 256, (30, 2, 2), dtype=np.uint8), rng.choice(["a", "b", "c"], 30)
    fitted = model(Objective(get_loss("softmax"), L2(0.1)), scale=1e-3)
    fitted.parameters_ = LinearParameters(*(part.astype(np.float32) for part in fitted.parameters_))
    assert check_gradients(fitted, X, y).passed


@pytest.mark.parametrize("loss", ["softmax", "hinge"])
def test_m_models_at_once(loss):
    objective = Objective(get_loss(loss), L2(np.array([0.0, 1.0]), penalize_bias=True))
    report = check_gradients(model(objective, 2), *rows(80))
    assert report.passed
    assert report.entries["loss"] == 2 * 3 * (4 + 1)


def test_an_optimum_where_gradients_vanish_passes():
    """Fitted by scikit-learn to a gradient of about 1e-10."""
    X, y = load_digits(n_class=3, return_X_y=True)
    X = X[:200] / 16
    y = y[:200]
    reference = LogisticRegression(C=1 / (200 * 0.01), tol=1e-12, solver="newton-cg", max_iter=1000).fit(X, y)
    fitted = SimpleNamespace(
        parameters_=LinearParameters(reference.coef_, reference.intercept_),
        objective_=Objective(get_loss("softmax"), L2(0.01)),
        classes_=reference.classes_,
    )
    assert check_gradients(fitted, X, y).passed is True


def test_the_same_seed_gives_the_same_report():
    assert check_gradients(loss="sigmoid", random_state=3) == check_gradients(loss="sigmoid", random_state=3)


def test_errors_are_listed_in_falling_order():
    errors = [check.error for check in check_gradients().largest]
    assert len(errors) == 10
    assert errors == sorted(errors, reverse=True)


def test_the_bound_decides():
    strict = check_gradients(bound=1e-16)
    assert (strict.passed, strict.bound) == (False, 1e-16)


def test_everything_goes_through_json():
    report = check_gradients(loss="hinge")
    again = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert again["passed"] is True
    assert again["largest"][0]["index"] == list(report.largest[0].index)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"loss": "sofmax"}, "did you mean 'softmax'"),
        ({"loss": "logistic", "k": 3}, "two classes apart, not 3"),
        ({"loss": "hinge", "label_smoothing": 0.1}, "takes labels only"),
        ({"label_smoothing": 1.0}, "label_smoothing must be"),
        ({"n": 0}, "n and d must be at least 1"),
        ({"l2": -1.0}, "l2 must be"),
        ({"max_entries": 0}, "max_entries must be at least 1"),
        ({"bound": 0.0}, "bound above 0"),
        ({"model": "softmax", "X": [[1.0]], "y": [1]}, "a str is no fitted model"),
        ({"model": model(Objective(get_loss("softmax"), L2()))}, "give rows and labels too"),
    ],
)
def test_bad_parameters_are_refused(arguments, message):
    with pytest.raises(ConfigError, match=message):
        check_gradients(**arguments)


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (np.ones((3, 5)), np.array(["a", "b", "c"]), r"X of shape \(3, 5\)"),
        (np.ones((3, 4)), np.array(["a", "b"]), r"y of shape \(2,\)"),
        (np.ones((0, 4)), np.array([]), r"X of shape \(0, 4\)"),
        (np.ones((2, 4)), np.array(["a", "z"]), "the label 'z', which the model does not know"),
    ],
)
def test_rows_that_do_not_fit_the_model_are_refused(X, y, message):
    with pytest.raises(InputError, match=message):
        check_gradients(model(Objective(get_loss("softmax"), L2())), X, y)
