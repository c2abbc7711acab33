from __future__ import annotations

import numpy as np
import pytest

from onelayer.evaluation import RunFigures
from onelayer.reporting.data import ReportData
from onelayer.reporting.sections.origin import flat_rows
from onelayer.reporting.sections.result import figure_rows, headline, split_rows, statement

SPLIT = {"loss": 0.2, "accuracy": 0.9, "accuracy_interval": [0.8, 0.95], "n": 40}


def data_of(**metrics) -> ReportData:
    return ReportData("T", {}, RunFigures.check(metrics), {}, ["a", "b", "c", "d"])


def test_log_loss_and_calibration_are_told_where_there_are_probabilities(make_data):
    data = make_data(evaluation_options={"probabilities": np.full((40, 3), 1 / 3)})
    # A guess of 1/3 costs ln 3; it is right 34 times of 40, and 34/40 − 1/3 = 51.67%.
    assert figure_rows(data)[-2:] == [("Log loss, nats", "1.0986"), ("Expected calibration error", "51.67%")]


def test_a_loss_that_is_not_finite_is_said_to_be():
    assert split_rows(data_of(test=SPLIT | {"loss": None})) == [("Test", "40", "90.00%", "80.00–95.00%", "not finite")]


@pytest.mark.parametrize(
    ("splits", "label"),
    [
        (["train", "validation", "test"], "Test accuracy"),
        (["validation", "train"], "Validation accuracy"),
        (["train"], "Training accuracy"),
    ],
)
def test_the_headline_is_of_the_split_furthest_from_training(splits, label):
    assert headline(data_of(**dict.fromkeys(splits, SPLIT))).label == label


def test_no_split_no_headline():
    assert headline(data_of()) is None


def test_early_stopping_is_in_the_statement():
    assert statement(data_of(dataset="mnist", epochs=34, stopped_epoch=33)) == (
        "A linear classifier, trained on rows of mnist in 4 classes, 34 epochs, stopped early in epoch 33."
    )


def test_a_log_loss_that_is_infinite_is_said_to_be(make_data):
    sure = np.eye(3)[np.zeros(40, int)]
    data = make_data(evaluation_options={"probabilities": sure})
    assert ("Log loss, nats", "infinite: a true class has probability 0") in figure_rows(data)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({"a": {"b": {"c": 1}}}, [("a.b.c", "1")]),
        ({"blas": [{"threads": 2}, {"threads": 1}]}, [("blas.1.threads", "2"), ("blas.2.threads", "1")]),
        ({"a": []}, [("a", "none")]),
        ({"a": (1, None, False)}, [("a", "1, none, false")]),
        ({"\x1b[31m": "\n"}, [("\\x1b[31m", "\\n")]),
    ],
)
def test_nested_tables_are_flattened(table, expected):
    assert flat_rows(table) == expected
