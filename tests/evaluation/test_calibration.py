from __future__ import annotations

import numpy as np
import pytest

from onelayer.errors import ConfigError
from onelayer.evaluation import ReliabilityBin, measure_calibration


@pytest.mark.parametrize("n_bins", [1, 10, 15])
def test_is_the_plain_loop_of_the_definition(n_bins):
    rng = np.random.default_rng(0)
    confidence = rng.random(500)
    correct = rng.random(500) < confidence**2
    expected = 0.0
    for b in range(n_bins):
        members = [i for i in range(500) if b / n_bins < confidence[i] <= (b + 1) / n_bins]
        if members:
            gap = np.mean([correct[i] for i in members]) - np.mean([confidence[i] for i in members])
            expected += len(members) / 500 * abs(gap)
    assert measure_calibration(confidence, correct, n_bins).expected_calibration_error == pytest.approx(
        expected, rel=1e-12
    )


def test_by_hand():
    found = measure_calibration(np.array([0.25, 0.5, 0.75, 1.0]), np.array([False, True, False, True]), n_bins=2)
    assert found.bins == (ReliabilityBin(0, 0.5, 2, 0.375, 0.5), ReliabilityBin(0.5, 1, 2, 0.875, 0.5))
    assert found.expected_calibration_error == 0.25


def test_every_row_is_in_one_bin_also_at_the_edges():
    confidence = np.concatenate([np.linspace(0, 1, 16), [1 + 1e-12]])
    assert sum(one.count for one in measure_calibration(confidence, np.ones(17, dtype=bool)).bins) == 17


def test_an_empty_bin_has_no_figures():
    empty = measure_calibration(np.array([0.9]), np.array([True]), n_bins=2).bins[0]
    assert empty == ReliabilityBin(0.0, 0.5, 0, None, None)


def test_no_bins_are_refused():
    with pytest.raises(ConfigError, match="n_bins must be at least 1"):
        measure_calibration(np.array([0.9]), np.array([True]), n_bins=0)
