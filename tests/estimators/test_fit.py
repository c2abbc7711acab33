"""What the options of ``fit`` do, each on its own."""

from __future__ import annotations

import numpy as np
import pytest

from onelayer.losses import LOSSES

ALL = sorted(LOSSES)


def assert_same_model(one, other, **tolerances):
    np.testing.assert_allclose(one.coef_, other.coef_, **tolerances)
    np.testing.assert_allclose(one.intercept_, other.intercept_, **tolerances)


@pytest.mark.parametrize("loss", ALL)
def test_weight_two_is_a_repeated_row_in_full_batches(make, two_classes, loss):
    X, y = two_classes
    weights = np.where(np.arange(len(y)) < 30, 2.0, 1.0)
    twice = np.repeat(np.arange(len(y)), weights.astype(int))
    full = {"batch_size": 1000, "max_epochs": 20}
    assert_same_model(make(loss, **full).fit(X, y, weights), make(loss, **full).fit(X[twice], y[twice]), rtol=1e-9)


@pytest.mark.parametrize("loss", ALL)
def test_rows_of_weight_zero_do_not_count_in_full_batches(make, two_classes, loss):
    X, y = two_classes
    weights = np.where(np.arange(len(y)) % 3 == 0, 0.0, 1.0)
    full = {"batch_size": 1000, "max_epochs": 20}
    counting = weights > 0
    assert_same_model(
        make(loss, **full).fit(X, y, weights), make(loss, **full).fit(X[counting], y[counting]), rtol=1e-9
    )


def test_only_the_proportions_of_weights_count(make, three_classes):
    X, y = three_classes
    weights = np.random.default_rng(0).uniform(0.1, 1, len(y))
    assert_same_model(make().fit(X, y, weights), make().fit(X, y, 1000 * weights), rtol=1e-10)


@pytest.mark.parametrize("given", [{0: 3.0, 2: 0.5}, {0: 3, 1: 1, 2: 0.5}])
def test_class_weight_is_a_weight_of_each_row(make, three_classes, given):
    X, y = three_classes
    by_row = np.array([3.0, 1.0, 0.5])[y]
    unscaled = {"scaling": "none"}
    assert_same_model(make(class_weight=given, **unscaled).fit(X, y), make(**unscaled).fit(X, y, by_row), rtol=1e-12)


def test_balanced_classes_weigh_the_same(make, three_classes):
    X, y = (part[:70] for part in three_classes)
    y = np.where(y == 2, 1, y)
    balanced = make(class_weight="balanced").fit(X, y)
    by_hand = make(class_weight={0: 70 / (2 * (y == 0).sum()), 1: 70 / (2 * (y == 1).sum())}).fit(X, y)
    assert_same_model(balanced, by_hand, rtol=1e-12)


def test_class_and_sample_weights_multiply(make, three_classes):
    X, y = three_classes
    weights = np.random.default_rng(0).uniform(0.1, 1, len(y))
    both = make(class_weight={0: 2.0}, scaling="none").fit(X, y, weights)
    product = make(scaling="none").fit(X, y, weights * np.where(y == 0, 2.0, 1.0))
    assert_same_model(both, product, rtol=1e-12)


def test_class_weight_by_name(make, three_classes):
    X, y = three_classes
    names = np.array(["ant", "bee", "cat"])[y]
    by_name, by_number = make(class_weight={"bee": 5.0}).fit(X, names), make(class_weight={1: 5.0}).fit(X, y)
    assert_same_model(by_name, by_number, rtol=0)


@pytest.mark.parametrize("loss", ["softmax", "sigmoid", "logistic"])
def test_smoothed_labels_are_repeated_rows_of_every_class(make, two_classes, loss):
    X, y = two_classes
    full = {"batch_size": 1000, "max_epochs": 20, "scaling": "none", "learning_rate": 0.02}
    smoothed = make(loss, label_smoothing=0.2, **full).fit(X, y)
    # 1 − ε + ε/2 on the own class and ε/2 on the other
    X2, y2 = np.concatenate([X, X]), np.concatenate([y, 1 - y])
    by_weights = make(loss, **full).fit(X2, y2, np.repeat([0.9, 0.1], len(y)))
    assert_same_model(smoothed, by_weights, rtol=1e-9)


def test_history_of_smoothed_labels_is_against_the_labels(make, three_classes):
    X, y = three_classes
    clf = make(label_smoothing=0.3, keep="last").fit(X, y, X_val=X, y_val=y)
    assert clf.history_["train_loss"][-1] == pytest.approx(clf.mean_loss(X, y), rel=1e-12)


@pytest.mark.parametrize(
    ("given", "dtype", "computed"),
    [
        (np.float64, "auto", np.float64),
        (np.float32, "auto", np.float32),
        (np.uint8, "auto", np.float32),
        (np.int64, "auto", np.float32),
        (bool, "auto", np.float32),
        (np.float16, "auto", np.float32),
        (np.float64, "float32", np.float32),
        (np.uint8, "float64", np.float64),
    ],
)
def test_type_of_the_arithmetic(make, two_classes, given, dtype, computed):
    X, y = two_classes
    X = np.abs(10 * X).astype(given)
    clf = make(dtype=dtype).fit(X, y)
    assert {clf.coef_.dtype, clf.intercept_.dtype, clf.decision_function(X).dtype, clf.predict_proba(X).dtype} == {
        np.dtype(computed)
    }


def test_lists_of_floats_are_float64(make, two_classes):
    X, y = two_classes
    assert_same_model(make().fit(X.tolist(), y.tolist()), make().fit(X, y), rtol=0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("scaling", ["none", "unit", "symmetric", "standardize"])
def test_bytes_equal_the_same_numbers(make, images, scaling, dtype):
    X, y = images
    rate = {"learning_rate": 1e-6 if scaling == "none" else 0.01}
    models = [make(scaling=scaling, dtype=dtype, **rate).fit(X.astype(kind), y) for kind in (np.uint8, "f4", "f8")]
    from_bytes, *from_floats = models
    assert_same_model(*from_floats, rtol=0)
    # Where the processor multiplies bytes by integers, float32 weights and residuals go through 24 bits relative to the
    # largest of their class, and so round differently.
    rounding = 1e-5 if dtype == "float32" else 0
    for part, other in ((from_bytes.coef_, from_floats[0].coef_), (from_bytes.intercept_, from_floats[0].intercept_)):
        np.testing.assert_allclose(part, other, rtol=0, atol=rounding * np.abs(other).max())


@pytest.mark.parametrize("scaling", ["unit", "symmetric", "standardize"])
def test_scaled_training_does_not_depend_on_units(make, three_classes, scaling):
    X, y = three_classes
    clf, in_other_units = make(scaling=scaling).fit(X, y), make(scaling=scaling).fit(1000 * X, y)
    np.testing.assert_allclose(in_other_units.decision_function(1000 * X), clf.decision_function(X), rtol=1e-8)


def test_penalty_acts_on_scaled_weights(make, three_classes):
    X, y = three_classes
    clf = make(scaling="standardize", l2=0.5, keep="last").fit(X, y, X_val=X, y_val=y)
    in_scaled_space = clf.coef_ * X.std(axis=0)
    assert clf.history_["weight_norm_squared"][-1] == pytest.approx((in_scaled_space**2).sum())
    penalty = clf.history_["train_objective"][-1] - clf.history_["train_loss"][-1]
    assert penalty == pytest.approx(0.25 * (in_scaled_space**2).sum())


def test_norm_counts_the_bias_where_it_is_penalised(make, three_classes):
    X, y = three_classes
    clf = make(scaling="none", penalize_bias=True, keep="last", l2=0.1).fit(X, y, X_val=X, y_val=y)
    expected = (clf.coef_**2).sum() + (clf.intercept_**2).sum()
    assert clf.history_["weight_norm_squared"][-1] == pytest.approx(expected)


def test_without_intercept_scores_go_through_the_origin_of_scaled_space(make, three_classes):
    X, y = three_classes
    assert make(fit_intercept=False, scaling="none").fit(X, y).intercept_.tolist() == [0, 0, 0]
    standardized = make(fit_intercept=False, scaling="standardize").fit(X, y)
    np.testing.assert_allclose(standardized.decision_function(X.mean(axis=0, keepdims=True)), 0, atol=1e-12)


@pytest.mark.parametrize(("init", "deviation"), [("normal", 0.3), ("uniform", 0.3 / np.sqrt(3))])
def test_first_weights_are_drawn(make, init, deviation):
    X, y = np.random.default_rng(0).normal(size=(40, 2000)), np.arange(40) % 2
    frozen = {"learning_rate": 1e-300, "l2": 0.0, "scaling": "none", "max_epochs": 1}
    clf = make("softmax", init=init, init_scale=0.3, **frozen).fit(X, y)
    weights, intercepts = clf.parameters_
    assert (weights.mean(), weights.std()) == (pytest.approx(0, abs=0.02), pytest.approx(deviation, rel=0.05))
    assert np.all(intercepts != 0)
    assert init == "normal" or np.abs(weights).max() <= 0.3


def test_without_intercept_none_is_drawn(make, two_classes):
    X, y = two_classes
    clf = make(init="normal", init_scale=1.0, fit_intercept=False, scaling="none").fit(X, y)
    assert clf.intercept_.tolist() == [0.0]


def test_seeds_decide(make, three_classes):
    X, y = three_classes
    one, again, other = (make(random_state=seed).fit(X, y) for seed in (0, np.int64(0), 1))
    assert_same_model(one, again, rtol=0)
    assert np.abs(one.coef_ - other.coef_).max() > 0


def test_generators_are_drawn_from(make, three_classes):
    X, y = three_classes
    generator = np.random.RandomState(5)
    first, second = (make(random_state=generator).fit(X, y) for _ in range(2))
    assert_same_model(first, make(random_state=np.random.RandomState(5)).fit(X, y), rtol=0)
    assert np.abs(first.coef_ - second.coef_).max() > 0


def test_global_seed_counts_where_none_is_given(make, three_classes):
    np.random.seed(3)  # noqa: NPY002 (scikit-learn's convention)
    first = make(random_state=None).fit(*three_classes)
    np.random.seed(3)  # noqa: NPY002
    assert_same_model(first, make(random_state=None).fit(*three_classes), rtol=0)


def test_counts_of_a_fit(make, three_classes):
    clf = make(max_epochs=4, batch_size=16).fit(*three_classes)
    assert (clf.n_iter_, clf.n_steps_, clf.stopped_epoch_, clf.n_features_in_) == (4, 24, None, 5)
    assert clf.history_["step"].tolist() == list(range(24))


def test_nothing_is_validated_unless_something_needs_it(make, three_classes):
    assert make().fit(*three_classes).history_["validation_loss"].shape == (0,)


def test_second_fit_starts_anew(make, three_classes, two_classes):
    clf = make().fit(*three_classes).fit(*two_classes)
    assert_same_model(clf, make().fit(*two_classes), rtol=0)
    assert clf.n_iter_ == 3


def test_warm_start_goes_on_from_the_weights(make, three_classes):
    X, y = three_classes
    plain = {"shuffle": False, "scaling": "none"}
    warm = make(warm_start=True, **plain).fit(X, y).fit(X, y)
    assert_same_model(warm, make(max_epochs=6, **plain).fit(X, y), rtol=1e-12)
    assert (warm.n_iter_, len(warm.history_["step"])) == (3, 18)


@pytest.mark.parametrize("scaling", ["unit", "symmetric", "standardize"])
def test_warm_start_on_other_rows_begins_with_the_same_scores(make, three_classes, scaling):
    X, y = three_classes
    clf = make(scaling=scaling, warm_start=True).fit(X, y)
    before = clf.decision_function(X)
    clf.set_params(learning_rate=1e-300, l2=0.0).fit(3 * X[:50] + 1, y[:50])
    np.testing.assert_allclose(clf.decision_function(X), before, rtol=1e-9, atol=1e-12)


def test_first_warm_start_is_a_start(make, three_classes):
    assert_same_model(make(warm_start=True).fit(*three_classes), make().fit(*three_classes), rtol=0)
