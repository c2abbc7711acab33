"""Features of any magnitude, and at any distance from 0, give the model that they give in a usual range."""

from __future__ import annotations

import numpy as np
import pytest

from onelayer import OneLayerClassifier, engine
from onelayer.errors import InputError
from onelayer.estimators.sweeping import sweep_classifier

EXPONENTS = [-37, -30, -25, -20, -19, -16, -10, 10, 15, 18, 19, 20, 25, 30, 36]


@pytest.fixture(scope="module")
def ordinary():
    rng = np.random.default_rng(0)
    y = np.arange(300) % 3
    return np.round(np.column_stack([y, -y, y % 2, 0 * y]) + rng.normal(size=(300, 4)), 3), y


def model(X, y, **parameters):
    return OneLayerClassifier(random_state=0, max_epochs=8, learning_rate=0.05, **parameters).fit(X, y)


@pytest.fixture(params=["native", "reference"])
def either(request, monkeypatch):
    if request.param == "native" and not engine.available():
        pytest.skip("no engine was built")
    monkeypatch.setenv("ONELAYER_ENGINE", request.param)
    return request.param


@pytest.mark.parametrize("exponent", EXPONENTS)
@pytest.mark.parametrize("parameters", [{}, {"momentum": 0.9}, {"loss": "squared_hinge"}, {"scaling": "unit"}], ids=str)
def test_magnitude_of_float32_features_makes_no_difference(either, ordinary, exponent, parameters):
    X, y = ordinary
    power = np.float32(2.0 ** round(exponent / np.log10(2)))  # by which float32 is multiplied without rounding
    expected = model(X.astype(np.float32), y, **parameters).decision_function(X.astype(np.float32))
    scaled = X.astype(np.float32) * power
    found = model(scaled, y, **parameters).decision_function(scaled)
    np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("offset", [1e3, 1e5, 2.0**20, 2.0**23])
def test_offset_of_float32_features_makes_no_difference(either, ordinary, offset):
    """Whole numbers, so that float32 has them exactly."""
    X, y = np.round(8 * ordinary[0]), ordinary[1]
    expected, shifted = model(X, y).decision_function(X), (X + offset).astype(np.float32)
    clf = model(shifted, y)
    np.testing.assert_allclose(clf.decision_function(shifted), expected, atol=0.01)
    assert np.mean(clf.predict(shifted) == expected.argmax(axis=1)) > 0.99


def test_one_wide_feature_beside_ordinary_ones(either, ordinary):
    X, y = ordinary
    wide = X.astype(np.float32) * np.float32([2.0**-80, 1, 2.0**90, 1])
    expected = model(X.astype(np.float32), y).decision_function(X.astype(np.float32))
    np.testing.assert_allclose(model(wide, y).decision_function(wide), expected, atol=1e-4)


def test_float64_features(either, ordinary):
    X, y = ordinary
    expected = model(X, y).decision_function(X)
    for power in (2.0**-440, 2.0**440):
        np.testing.assert_allclose(model(X * power, y).decision_function(X * power), expected, rtol=1e-9)


def test_models_of_a_sweep(either, ordinary):
    X, y = ordinary
    X = X.astype(np.float32)
    rates = {"learning_rate": [0.01, 0.1]}
    clf = OneLayerClassifier(random_state=0, max_epochs=8)
    of_ordinary, of_tiny = (
        sweep_classifier(clf, rows, y, rates, X_val=rows, y_val=y) for rows in (X, X * np.float32(2.0**-90))
    )
    losses = [[trial.validation_loss for trial in result.trials] for result in (of_ordinary, of_tiny)]
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-5)


@pytest.mark.parametrize("change", [lambda X: X * 2.0**-60, lambda X: X * 2.0**60, lambda X: 8 * X + 1e7])
def test_float32_arithmetic_that_is_asked_for_is_refused(ordinary, change):
    with pytest.raises(InputError, match=r"in float32: use dtype='float64', or rescale X$"):
        model(change(ordinary[0]), ordinary[1], dtype="float32")


def test_bytes_and_ordinary_floats_keep_float32(ordinary):
    X, y = ordinary
    assert model((X * 10 + 128).astype(np.uint8), y).coef_.dtype == np.float32
    assert model(X.astype(np.float32), y).coef_.dtype == np.float32
