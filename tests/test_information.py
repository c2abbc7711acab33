from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from onelayer.errors import ConfigError, InputError
from onelayer.information import cross_entropy, entropy, kl_divergence


@pytest.fixture
def pair():
    return np.random.default_rng(0).dirichlet(np.ones(5), (2, 6))


@pytest.mark.parametrize(("unit", "base"), [("nats", None), ("bits", 2)])
def test_entropy_is_scipys(pair, unit, base):
    np.testing.assert_allclose(entropy(pair, unit=unit), stats.entropy(pair, base=base, axis=-1), rtol=1e-14)


@pytest.mark.parametrize(("unit", "base"), [("nats", None), ("bits", 2)])
def test_kl_divergence_is_scipys(pair, unit, base):
    np.testing.assert_allclose(kl_divergence(*pair, unit=unit), stats.entropy(*pair, base=base, axis=-1), rtol=1e-12)


def test_kl_divergence_of_close_distributions_does_not_cancel():
    p = np.array([0.5, 0.5])
    q = p + np.array([1e-6, -1e-6])
    assert kl_divergence(p, q) == pytest.approx(special.rel_entr(p, q).sum(), rel=1e-3)
    assert kl_divergence(p, q) == pytest.approx(2e-12, rel=1e-3)


@pytest.mark.parametrize("unit", ["nats", "bits"])
def test_cross_entropy_is_entropy_plus_divergence(pair, unit):
    """cse344-a1."""
    total = entropy(pair[0], unit=unit) + kl_divergence(*pair, unit=unit)
    np.testing.assert_allclose(cross_entropy(*pair, unit=unit), total, rtol=1e-13)


def test_a_wrong_prediction_of_nine_tenths_costs_3_322_bits():
    """cse344-a1: y = 0, ŷ = 0.9."""
    assert cross_entropy([1, 0], [0.1, 0.9], unit="bits") == pytest.approx(3.322, abs=5e-4)


def test_the_mean_published_as_2_727_bits_is_1_794():
    """cse344-a1: −⅓(log₂ 0.1 + log₂ 0.8 + log₂ 0.3)."""
    right = np.array([0.1, 0.8, 0.3])
    costs = cross_entropy([1, 0], np.stack([right, 1 - right], axis=-1), unit="bits")
    assert costs.mean() == pytest.approx(1.794, abs=5e-4)


def test_what_never_happens_costs_nothing():
    assert entropy([0.0, 1.0]) == 0
    assert kl_divergence([0.0, 1.0], [0.0, 1.0]) == 0
    assert cross_entropy([0.0, 1.0], [0.0, 1.0]) == 0


def test_the_impossible_that_happens_costs_infinitely_much():
    assert cross_entropy([0.5, 0.5], [0.0, 1.0]) == np.inf
    assert kl_divergence([0.5, 0.5], [0.0, 1.0]) == np.inf


@pytest.mark.parametrize("p", [[0.5, 0.6], [-0.5, 1.5], [np.nan, 1.0], [], 1.0, ["a", "b"]])
def test_no_probabilities_are_refused(p):
    with pytest.raises(InputError, match=r"^p must"):
        entropy(p)


@pytest.mark.parametrize(("p", "q"), [([1.0], [0.5, 0.5]), ([[0.5, 0.5]] * 3, [[0.5, 0.5]] * 2)])
def test_shapes_that_do_not_fit_are_refused(p, q):
    with pytest.raises(InputError, match=r"give as many|do not broadcast"):
        cross_entropy(p, q)


def test_unknown_unit_is_refused_with_the_nearest():
    with pytest.raises(ConfigError, match="unknown unit 'bit'; did you mean 'bits'"):
        entropy([0.5, 0.5], unit="bit")
