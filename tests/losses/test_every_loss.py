"""What holds for every loss of the registry, a new one too."""

from __future__ import annotations

import array_api_strict
import numpy as np
import pytest

from onelayer.errors import ConfigError, InputError
from onelayer.losses import LOSSES, get_loss

FLOATS = [np.float32, np.float64]


def five_point(function, scores, j, step=1e-3):
    """∂function/∂z_j, with an error of the order step⁴."""
    e = np.zeros(scores.shape[-1])
    e[j] = step
    return (
        function(scores - 2 * e) - 8 * function(scores - e) + 8 * function(scores + e) - function(scores + 2 * e)
    ) / (12 * step)


def away_from_kinks(problem, step=1e-3):
    return problem.loss.kink_distance(problem.scores, problem.labels) > 4 * step


def test_residual_is_the_derivative_of_the_values(problem):
    smooth = away_from_kinks(problem)
    scores, labels = problem.scores[smooth], problem.labels[smooth]
    numeric = np.stack(
        [five_point(lambda z: problem.loss.values(z, labels), scores, j) for j in range(problem.k)], axis=-1
    )
    np.testing.assert_allclose(problem.loss.residual(scores, labels), numeric, atol=1e-10)


def test_few_rows_are_at_a_kink(problem):
    assert away_from_kinks(problem).mean() > 0.9


def test_curvature_is_the_derivative_of_the_residual_along_the_direction(curved):
    smooth = away_from_kinks(curved)
    scores, labels = curved.scores[smooth], curved.labels[smooth]
    for j in range(curved.k):
        direction = np.zeros_like(scores)
        direction[:, j] = 1.0
        numeric = five_point(lambda z: curved.loss.residual(z, labels), scores, j)
        np.testing.assert_allclose(curved.loss.curvature(scores, labels, direction), numeric, atol=1e-10)


def test_curvature_is_linear_in_the_direction(curved):
    a, b = np.random.default_rng(2).normal(size=(2, *curved.scores.shape))

    def curve(v):
        return curved.loss.curvature(curved.scores, curved.labels, v)

    np.testing.assert_allclose(curve(2 * a - b), 2 * curve(a) - curve(b), atol=1e-14)


def test_values_and_residual_are_values_and_residual(problem):
    values, residual = problem.loss.values_and_residual(problem.scores, problem.labels)
    np.testing.assert_array_equal(values, problem.loss.values(problem.scores, problem.labels))
    np.testing.assert_array_equal(residual, problem.loss.residual(problem.scores, problem.labels))


@pytest.mark.parametrize("labels_per_model", [False, True])
def test_m_models_together_are_m_models_one_by_one(problem, labels_per_model):
    m = 3
    scores = problem.scores_of_models(m)
    labels = problem.labels
    if labels_per_model:
        labels = np.random.default_rng(5).integers(0, problem.n_classes, (len(labels), m))
    values, residual = problem.loss.values_and_residual(scores, labels)
    for i in range(m):
        alone = problem.loss.values_and_residual(scores[:, i].copy(), labels[:, i] if labels_per_model else labels)
        np.testing.assert_allclose(values[:, i], alone[0], rtol=1e-14, atol=1e-14)
        np.testing.assert_allclose(residual[:, i], alone[1], rtol=1e-14, atol=1e-14)


def test_m_models_together_have_the_curvature_and_decision_of_each(problem):
    scores = problem.scores_of_models(2)
    decision = problem.loss.decision(scores)
    assert decision.shape == (40, 2)
    for i in range(2):
        np.testing.assert_array_equal(decision[:, i], problem.loss.decision(scores[:, i]))
        if problem.loss.has_curvature:
            direction = np.ones_like(scores)
            np.testing.assert_allclose(
                problem.loss.curvature(scores, problem.labels, direction)[:, i],
                problem.loss.curvature(scores[:, i], problem.labels, direction[:, i]),
                atol=1e-15,
            )


def test_labels_equal_certain_probabilities(soft):
    certain = np.eye(soft.n_classes)[soft.labels][:, -soft.k :]
    for from_labels, from_probabilities in zip(
        soft.loss.values_and_residual(soft.scores, soft.labels),
        soft.loss.values_and_residual(soft.scores, certain),
        strict=True,
    ):
        np.testing.assert_array_equal(from_labels, from_probabilities)


def test_mixed_probabilities_mix_losses(soft):
    """Cross-entropy is linear in the target: half one label, half another costs the mean of both."""
    labels = np.stack([soft.labels, (soft.labels + 1) % soft.n_classes])
    mixed = np.eye(soft.n_classes)[labels].mean(axis=0)[:, -soft.k :]
    each = [soft.loss.values(soft.scores, one) for one in labels]
    np.testing.assert_allclose(soft.loss.values(soft.scores, mixed), np.mean(each, axis=0), rtol=1e-13)


def test_probabilities_shared_by_m_models(soft):
    shared = np.random.default_rng(3).dirichlet(np.ones(soft.n_classes), 40)[:, -soft.k :]
    scores = soft.scores_of_models(2)
    together = soft.loss.residual(scores, shared[:, np.newaxis, :])
    np.testing.assert_allclose(together[:, 1], soft.loss.residual(scores[:, 1], shared), atol=1e-15)


@pytest.mark.parametrize("dtype", FLOATS)
def test_extreme_scores_cost_what_exact_arithmetic_says(problem, dtype):
    """At ±1e4 every loss is a whole number (over K for ``sigmoid``), so it must come out to the last bit."""
    rng = np.random.default_rng(4)
    winners = rng.integers(0, problem.n_classes, (60, 1))  # one per row: a tie would cost softmax ln 2
    scores = np.where(winners == np.arange(problem.k), 1e4, -1e4).astype(dtype)
    labels = rng.integers(0, problem.n_classes, 60)
    exact = np.array(
        [exact_extreme_loss(problem.loss.name, z, y) for z, y in zip(scores.astype(float), labels, strict=True)]
    )
    values, residual = problem.loss.values_and_residual(scores, labels)
    assert values.dtype == residual.dtype == dtype
    np.testing.assert_array_equal(values, exact.astype(dtype))
    assert np.isfinite(residual).all()


def exact_extreme_loss(name, z, y):
    others = [j for j in range(len(z)) if j != y]
    if name == "logistic":
        return max(0.0, -z[0] if y else z[0])
    if name == "softmax":
        return z.max() - z[y]
    if name == "sigmoid":
        return (max(0.0, -z[y]) + sum(max(0.0, z[j]) for j in others)) / len(z)
    if name == "hinge":
        return sum(max(0.0, z[j] - z[y] + 1) for j in others)
    return max(0.0, 1 - z[y]) ** 2 + sum(max(0.0, 1 + z[j]) ** 2 for j in others)


@pytest.mark.parametrize("dtype", FLOATS)
def test_extreme_scores_have_finite_curvature_and_probabilities(problem, dtype):
    scores = np.random.default_rng(4).choice([-1e4, 1e4], size=(60, problem.k)).astype(dtype)
    labels = np.zeros(60, dtype=np.int64)
    if problem.loss.has_curvature:
        curved = problem.loss.curvature(scores, labels, np.ones_like(scores))
        assert curved.dtype == dtype
        assert np.isfinite(curved).all()
    if problem.loss.has_probabilities:
        probabilities = problem.loss.probabilities(scores)
        assert probabilities.dtype == dtype
        np.testing.assert_allclose(probabilities.sum(axis=-1), 1, rtol=1e-6)


def test_float32_agrees_with_float64(problem):
    scores = problem.scores.astype(np.float32)
    for single, double in zip(
        problem.loss.values_and_residual(scores, problem.labels),
        problem.loss.values_and_residual(scores.astype(np.float64), problem.labels),
        strict=True,
    ):
        assert single.dtype == np.float32
        np.testing.assert_allclose(single, double, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.uint64])
def test_any_integer_type_of_labels(problem, dtype):
    np.testing.assert_array_equal(
        problem.loss.residual(problem.scores, problem.labels.astype(dtype)),
        problem.loss.residual(problem.scores, problem.labels),
    )


def test_scores_and_targets_are_left_as_they_were(problem):
    scores, labels = problem.scores.copy(), problem.labels.copy()
    problem.loss.values_and_residual(problem.scores, problem.labels)
    np.testing.assert_array_equal(problem.scores, scores)
    np.testing.assert_array_equal(problem.labels, labels)


def test_target_probabilities_are_left_as_they_were(soft):
    targets = np.full_like(soft.scores, 1 / soft.n_classes)
    soft.loss.values_and_residual(soft.scores, targets)
    np.testing.assert_array_equal(targets, 1 / soft.n_classes)


def test_scores_in_any_memory_layout(problem):
    np.testing.assert_allclose(
        problem.loss.residual(np.asfortranarray(problem.scores), problem.labels),
        problem.loss.residual(problem.scores, problem.labels),
        atol=1e-15,
    )


@pytest.mark.parametrize("m", [None, 3])
def test_every_body_runs_on_the_bare_array_standard(problem, m):
    """array-api-strict refuses whatever the standard lacks, so what passes here runs on other libraries too."""
    scores = problem.scores if m is None else problem.scores_of_models(m)
    foreign, labels = array_api_strict.asarray(scores), array_api_strict.asarray(problem.labels)
    loss = problem.loss
    pairs = [
        (loss.values(foreign, labels), loss.values(scores, problem.labels)),
        (loss.residual(foreign, labels), loss.residual(scores, problem.labels)),
        (loss.decision(foreign), loss.decision(scores)),
        (loss.kink_distance(foreign, labels), loss.kink_distance(scores, problem.labels)),
    ]
    if loss.has_curvature:
        pairs.append((loss.curvature(foreign, labels, foreign), loss.curvature(scores, problem.labels, scores)))
    if loss.has_probabilities:
        pairs.append((loss.probabilities(foreign), loss.probabilities(scores)))
    for got, expected in pairs:
        assert type(got) is type(foreign)
        np.testing.assert_allclose(np.from_dlpack(got), expected, rtol=1e-13, atol=1e-14)


def test_probabilities_are_a_distribution_in_the_order_of_the_decision(probabilistic):
    probabilities = probabilistic.loss.probabilities(probabilistic.scores)
    assert probabilities.shape == (40, probabilistic.n_classes)
    np.testing.assert_allclose(probabilities.sum(axis=-1), 1, rtol=1e-14)
    np.testing.assert_array_equal(probabilities.argmax(axis=-1), probabilistic.loss.decision(probabilistic.scores))


def test_without_probabilities_the_error_names_losses_that_have_them(without_probabilities):
    with pytest.raises(ConfigError, match=rf"{without_probabilities.loss.name}.*no probabilities.*softmax"):
        without_probabilities.loss.probabilities(without_probabilities.scores)


@pytest.mark.parametrize("shape", [(39,), (40, 7), ()])
def test_targets_that_do_not_fit_are_refused(problem, shape):
    with pytest.raises(InputError, match="do not fit scores of shape"):
        problem.loss.values(problem.scores_of_models(3), np.zeros(shape, dtype=np.int64))


def test_one_class_is_refused(problem):
    with pytest.raises(ConfigError, match="classes"):
        problem.loss.outputs(1)


def test_smooth_losses_have_no_kink(problem):
    infinite = np.isinf(problem.loss.kink_distance(problem.scores, problem.labels))
    assert infinite.shape == (40,)
    assert infinite.all() == (problem.loss.name in {"logistic", "softmax", "sigmoid"})


def test_registry_is_the_design():
    assert list(LOSSES) == ["logistic", "softmax", "sigmoid", "hinge", "squared_hinge"]
    assert {name for name, loss in LOSSES.items() if not loss.has_curvature} == {"hinge"}
    assert {name for name, loss in LOSSES.items() if loss.takes_probabilities} == {"logistic", "softmax", "sigmoid"}
    assert {name for name, loss in LOSSES.items() if loss.has_probabilities} == {"logistic", "softmax", "sigmoid"}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("sofmax", "unknown loss 'sofmax'; did you mean 'softmax'"),
        ("zzz", "known are logistic, softmax"),
        (None, "unknown loss 'None'"),
    ],
)
def test_unknown_name_is_refused_with_the_nearest(name, message):
    with pytest.raises(ConfigError, match=message):
        get_loss(name)
