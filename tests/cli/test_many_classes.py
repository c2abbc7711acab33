"""What is printed of very many classes fits on a screen."""

from __future__ import annotations

import pytest

import onelayer.experiment
from onelayer.cli import main


@pytest.mark.parametrize(("k", "rows"), [(200, 200), (201, 20), (10_000, 20)])
def test_a_table_has_the_classes_with_the_lowest_recall(monkeypatch, capsys, k, rows):
    names = [f"kind {place}" for place in range(k)]
    classes = [
        {"name": name, "support": 2, "precision": None, "recall": (k - place) / k if place else None, "f1": 0.5}
        for place, name in enumerate(names)
    ]
    evaluation = {"classes": classes, "calibration": None, "no_probabilities": "made up"}
    part = {"loss": 0.5, "accuracy": 0.5, "accuracy_interval": [0.4, 0.6], "n": 2 * k}
    figures = {"dataset": "made", "loss": "hinge", "test": part, "evaluation": evaluation}
    monkeypatch.setattr(onelayer.experiment, "evaluate_model", lambda *arguments, **options: figures)
    assert main(["evaluate", "model", "made"]) == 0
    said = capsys.readouterr().out
    shown = [line.split()[1] for line in said.splitlines() if line.startswith("kind ")]
    assert len(shown) == rows
    if k > 200:
        assert shown == [str(k - 1 - place) for place in range(20)]
        assert f"Of {k:,} classes the 20 with the lowest recall; --json has all of them:" in said
