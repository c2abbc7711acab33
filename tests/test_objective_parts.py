"""Sums over whole parts: cut into pieces, on any number of threads."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from onelayer import objective as objective_module
from onelayer.losses import LOSSES
from onelayer.models import LinearParameters
from onelayer.objective import Objective
from onelayer.penalties import L2
from onelayer.rows import ArrayRows, LabelledRows

D, K = 5, 3
PARAMETERS = LinearParameters(np.linspace(-1, 1, K * D, dtype=np.float32).reshape(K, D), np.ones(K, np.float32))


def make_part(n, weighted):
    rng = np.random.default_rng(n)
    rows = ArrayRows(rng.integers(0, 256, (n, D), dtype=np.uint8), scale=np.float32(1 / 255))
    return LabelledRows(rows, rng.integers(0, K, n), rng.uniform(0, 2, n) if weighted else None)


@pytest.fixture
def parts(monkeypatch):
    monkeypatch.setattr(objective_module, "PIECE", 7)
    return [make_part(100, weighted=False), make_part(33, weighted=True)]


@pytest.fixture
def objective():
    return Objective(LOSSES["softmax"], L2())


def test_sums_are_those_of_the_objective(objective, parts):
    for part, sums in zip(parts, objective.sums_of_parts(PARAMETERS, parts), strict=True):
        whole = objective.sums(PARAMETERS, part.rows, part.labels, part.weights)
        assert vars(sums) == pytest.approx(vars(whole), rel=1e-6)


@pytest.mark.parametrize("threads", [2, 3, 8])
def test_number_of_threads_does_not_change_a_bit(objective, parts, threads):
    assert objective.sums_of_parts(PARAMETERS, parts, threads) == objective.sums_of_parts(PARAMETERS, parts)


def test_errors_in_threads_come_out(objective, parts, monkeypatch):
    monkeypatch.setenv("ONELAYER_ENGINE", "reference")  # whose pieces go to threads

    class Failing(Objective):
        def sums(self, *arguments):
            raise MemoryError

    with pytest.raises(MemoryError):
        Failing(objective.loss, objective.penalty).sums_of_parts(PARAMETERS, parts, 2)


def test_one_piece_is_summed_in_the_calling_thread(objective, monkeypatch):
    monkeypatch.setenv("ONELAYER_ENGINE", "reference")
    used = []

    class Watched(Objective):
        def sums(self, *arguments):
            used.append(threading.current_thread())
            return super().sums(*arguments)

    Watched(objective.loss, objective.penalty).sums_of_parts(PARAMETERS, [make_part(30, weighted=False)], 8)
    assert used == [threading.current_thread()]


def test_pieces_make_up_the_part():
    part = make_part(20, weighted=True)
    pieces = list(part.pieces(8))
    assert [piece.rows.n for piece in pieces] == [8, 8, 4]
    np.testing.assert_array_equal(np.concatenate([piece.labels for piece in pieces]), part.labels)
    np.testing.assert_array_equal(np.concatenate([piece.weights for piece in pieces]), part.weights)
