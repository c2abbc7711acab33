"""Progress: a bar on a terminal, plain lines elsewhere, each thing said once, and nothing on stdout."""

from __future__ import annotations

import re

import numpy as np
import pytest

from onelayer import OneLayerClassifier
from onelayer.training import progress

LINE = r"epoch \d+/\d+  loss \d\.\d{4}  validation \d\.\d{4}  accuracy \d+\.\d\d%"


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    return rng.normal(size=(60, 3)) + y[:, np.newaxis], y


@pytest.fixture
def fit(rows, capsys):
    """Fit with progress; return what is on stderr, when stdout has nothing."""
    X, y = rows

    def fit(validated=True, **parameters):
        given = {"X_val": X, "y_val": y} if validated else {}
        OneLayerClassifier(**{"verbose": 1, "max_epochs": 4, "random_state": 0} | parameters).fit(X, y, **given)
        out, err = capsys.readouterr()
        assert out == ""
        return err

    return fit


def test_a_short_training_is_one_line(fit):
    assert re.fullmatch(rf"{LINE}\n", fit())


def test_a_long_training_writes_lines_on_the_way(fit, monkeypatch):
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.0)
    lines = fit().splitlines()
    assert [line.split()[1] for line in lines] == ["1/4", "2/4", "3/4", "4/4"]
    assert all(re.fullmatch(LINE, line) for line in lines)


def test_without_validation_there_is_the_loss_of_the_last_batch(fit):
    assert re.fullmatch(r"epoch 4/4  batch loss \d\.\d{4}\n", fit(validated=False))


def test_early_stopping_is_said(fit):
    shown = fit(early_stopping=True, patience=1, learning_rate=0.5, max_epochs=1000)
    assert re.match(r"epoch \d+/1000 \(stopped early\)  loss", shown.splitlines()[-1])


def test_without_verbose_there_is_nothing(fit):
    assert fit(verbose=0) == ""


def test_divergence_leaves_no_last_line(fit, capsys):
    with pytest.raises(ValueError, match="diverged"):
        fit(learning_rate=1e300)
    assert capsys.readouterr() == ("", "")
