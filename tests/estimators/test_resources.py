"""Threads, repeats, memory, and forked processes."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

from onelayer.errors import ConfigError
from onelayer.training import problem

FORKING = """
import multiprocessing
import numpy as np
from onelayer import OneLayerClassifier

def fit(seed):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(500, 300)), np.arange(500) % 3
    return OneLayerClassifier(max_epochs=3, random_state=seed).fit(X, y).coef_

if __name__ == "__main__":
    before = fit(1)  # threads of the numerical library exist from here on
    with multiprocessing.get_context("fork").Pool(2) as pool:
        forked = pool.map_async(fit, [1, 1]).get(timeout=60)
    assert all(np.array_equal(coef, before) for coef in forked)
    print("same")
"""


@pytest.mark.parametrize("n_jobs", [None, 1, -1, 2])
def test_repeats_are_bit_identical(make, n_jobs):
    X, y = np.random.default_rng(0).normal(size=(300, 200)), np.arange(300) % 3
    one, other = (make(n_jobs=n_jobs, validations_per_epoch=2).fit(X, y, X_val=X, y_val=y) for _ in range(2))
    np.testing.assert_array_equal(one.coef_, other.coef_)
    for key, values in one.history_.items():
        np.testing.assert_array_equal(other.history_[key], values)


def test_no_threads_at_all_is_an_error(make, three_classes):
    with pytest.raises(ConfigError, match="n_jobs=0: use None or -1 for all processors, or the number of threads"):
        make(n_jobs=0).fit(*three_classes)


@pytest.mark.slow
def test_fitting_works_after_fork():
    finished = subprocess.run([sys.executable, "-c", FORKING], capture_output=True, text=True, check=True, timeout=120)
    assert finished.stdout == "same\n"


def peak_of(function):
    """Bytes that a call takes at most beyond what there was before."""
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.fixture
def photographs():
    """16 MB of bytes, which are 63 MB in float32 and 125 MB in float64; and labels."""
    return np.random.default_rng(0).integers(0, 256, (20_000, 28, 28), dtype=np.uint8), np.arange(20_000) % 10


@pytest.mark.usefixtures("reference_engine")  # the native engine makes no float copy of any set
@pytest.mark.parametrize("scaling", ["none", "symmetric", "standardize"])
def test_small_sets_of_bytes_become_float32_once(make, photographs, scaling):
    X, y = photographs
    clf = make(scaling=scaling, max_epochs=1, learning_rate=1e-9)
    assert 62_000_000 < peak_of(lambda: clf.fit(X, y)) < 85_000_000


@pytest.mark.parametrize("parameters", [{}, {"flip_probability": 0.5}, {"early_stopping": True}], ids=str)
def test_large_sets_of_bytes_are_never_copied(make, photographs, parameters, monkeypatch):
    X, y = photographs
    monkeypatch.setattr(problem, "EXPANDED_BYTES", 1_000_000)
    clf = make(max_epochs=1, **parameters)
    assert peak_of(lambda: clf.fit(X, y)) < 16_000_000


@pytest.mark.parametrize("scaling", ["none", "standardize"])
def test_large_sets_of_floats_are_never_copied(make, scaling, monkeypatch):
    monkeypatch.setattr(problem, "EXPANDED_BYTES", 1_000_000)
    X, y = np.random.default_rng(0).normal(size=(20_000, 100)), np.arange(20_000) % 10  # 16 MB
    clf = make(max_epochs=1, scaling=scaling)
    assert peak_of(lambda: clf.fit(X, y)) < 12_000_000


def test_prediction_takes_a_block_at_a_time(make, photographs):
    X, y = photographs
    clf = make(max_epochs=1).fit(X[:1000], y[:1000])
    assert peak_of(lambda: clf.predict(X)) < 8_000_000


@pytest.mark.parametrize("scaling", ["symmetric", "standardize"])
def test_expanded_rows_make_no_difference(make, images, scaling, monkeypatch):
    expanded = make(scaling=scaling).fit(*images)
    monkeypatch.setattr(problem, "EXPANDED_BYTES", 0)
    np.testing.assert_array_equal(make(scaling=scaling).fit(*images).coef_, expanded.coef_)


def test_memory_maps_are_read_in_place(make, photographs, tmp_path):
    X, y = photographs
    np.save(tmp_path / "X.npy", X[:500].reshape(500, -1))
    mapped = make().fit(np.load(tmp_path / "X.npy", mmap_mode="r"), y[:500])
    np.testing.assert_array_equal(mapped.coef_, make().fit(X[:500], y[:500]).coef_)
