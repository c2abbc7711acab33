"""Times in seconds, of which float32 has one in 128: of every type, through every door, they give float64's model."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest

from onelayer import OneLayerClassifier, check_gradients
from onelayer.estimators.sweeping import sweep_classifier

RNG = np.random.default_rng(0)
Y = np.arange(400) % 2
SECONDS = (1_700_000_000 + 20 * Y + RNG.integers(0, 10, 400))[:, np.newaxis]

TYPES = {
    "int64": SECONDS,
    "uint64": SECONDS.astype(np.uint64),
    "int32": SECONDS.astype(np.int32),
    "uint32": SECONDS.astype(np.uint32),
    "big-endian integers": SECONDS.astype(">i8"),
    "big-endian floats": SECONDS.astype(">f8"),
    "long doubles": SECONDS.astype(np.longdouble),
    "objects": SECONDS.astype(object),
    "lists": SECONDS.tolist(),
    "pandas": pd.DataFrame(SECONDS),
    "pandas, nullable": pd.DataFrame(SECONDS).astype("Int64"),
    "pandas, arrow": pd.DataFrame(SECONDS).astype("int64[pyarrow]"),
    "pandas, objects": pd.DataFrame(SECONDS).astype(object),
    "polars": pl.DataFrame(SECONDS),
    "polars, decimals": pl.DataFrame(SECONDS).cast(pl.Decimal(20, 3)),
    "images": SECONDS.reshape(400, 1, 1),
    "not contiguous": np.repeat(SECONDS, 2, axis=0)[::2],
}


def fit(X, **more):
    return OneLayerClassifier(random_state=0, max_epochs=5).fit(X, Y, **more)


@pytest.fixture(scope="module")
def by_float64():
    return fit(SECONDS.astype(float))


@pytest.mark.filterwarnings("ignore:X has feature names")
@pytest.mark.parametrize("kind", TYPES)
class TestEveryDoor:
    def test_fit(self, kind, by_float64):
        clf = fit(TYPES[kind])
        assert clf.score(TYPES[kind], Y) == 1.0
        np.testing.assert_array_equal(clf.coef_, by_float64.coef_, strict=True)

    def test_partial_fit(self, kind):
        first, expected = (
            OneLayerClassifier(random_state=0).partial_fit(X, Y, [0, 1]) for X in (TYPES[kind], SECONDS + 0.0)
        )
        np.testing.assert_array_equal(first.coef_, expected.coef_, strict=True)

    @pytest.mark.filterwarnings("ignore:X does not have valid feature names")
    @pytest.mark.parametrize("method", ["decision_function", "predict", "predict_proba", "predict_log_proba"])
    def test_prediction(self, kind, method, by_float64):
        rows = TYPES[kind]
        if kind != "images":
            np.testing.assert_array_equal(getattr(by_float64, method)(rows), getattr(by_float64, method)(SECONDS + 0.0))

    def test_validation_rows(self, kind):
        losses = [fit(X, X_val=X, y_val=Y).history_["validation_loss"] for X in (TYPES[kind], SECONDS + 0.0)]
        np.testing.assert_array_equal(*losses)

    def test_mean_loss(self, kind, by_float64):
        assert fit(TYPES[kind]).mean_loss(TYPES[kind], Y) == by_float64.mean_loss(SECONDS + 0.0, Y)

    def test_gradient_check(self, kind):
        report = check_gradients(fit(TYPES[kind]), TYPES[kind], Y)
        assert report == check_gradients(fit(SECONDS + 0.0), SECONDS + 0.0, Y)

    def test_sweep(self, kind):
        clf = OneLayerClassifier(random_state=0, max_epochs=5)
        result = sweep_classifier(clf, TYPES[kind], Y, {"l2": [1e-4, 1e-3]}, folds=2)
        assert [trial.validation_accuracy for trial in result.trials] == [1.0, 1.0]


@pytest.mark.parametrize(
    "weights",
    [
        np.arange(400),
        np.arange(400).astype(">i2"),
        np.arange(400).astype(object),
        list(range(400)),
        pd.Series(range(400), dtype="Int64"),
        pl.Series(range(400)),
    ],
    ids=lambda weights: type(weights).__name__,
)
def test_sample_weights_of_every_type(weights):
    X = RNG.normal(size=(400, 3))
    clf, expected = (OneLayerClassifier(random_state=0).fit(X, Y, w) for w in (weights, np.arange(400.0)))
    np.testing.assert_array_equal(clf.coef_, expected.coef_)


@pytest.mark.parametrize("power", [-700, -140, 140, 700])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_sample_weights_of_any_magnitude(power, dtype):
    """Only their ratios matter; float32, in which the engine works, has nothing below 2⁻¹⁴⁹ or above 2¹²⁸."""
    X, weights = RNG.integers(0, 255, (400, 3)).astype(dtype), RNG.uniform(1, 2, 400)
    clf, expected = (OneLayerClassifier(random_state=0).fit(X, Y, w) for w in (weights * 2.0**power, weights))
    np.testing.assert_allclose(clf.coef_, expected.coef_, rtol=1e-5)


def test_small_integers_train_as_the_same_float32():
    X = RNG.integers(0, 256, (400, 4))
    of_integers, of_floats = fit(X), fit(X.astype(np.float32))
    np.testing.assert_array_equal(of_integers.coef_, of_floats.coef_, strict=True)
