from __future__ import annotations

import numpy as np
import pytest

from onelayer.errors import InputError

SPLIT = {"loss": 0.2, "accuracy": 0.9, "accuracy_interval": [0.8, 0.95], "n": 40}


@pytest.mark.parametrize(
    ("metrics", "place"),
    [
        ({"test": "good"}, "test"),
        ({"test": SPLIT | {"accuracy": 1.5}}, "test.accuracy"),
        ({"test": SPLIT | {"accuracy": float("nan")}}, "test.accuracy"),
        ({"test": SPLIT | {"accuracy_interval": [0.5]}}, "test.accuracy_interval"),
        ({"test": SPLIT | {"n": -1}}, "test.n"),
        ({"train": {"loss": 0.2}}, "train.accuracy"),
        ({"epochs": "many"}, "epochs"),
        ({"seconds": 1e300}, "seconds"),
        ({"dataset": ["mnist"]}, "dataset"),
        ({"evaluated_on": "<b>"}, "evaluated_on"),
        ({"evaluation": 5}, "evaluation"),
        ({"evaluation": {"confusion": [["x"]]}}, "evaluation.confusion.0.0"),
        ({"evaluation": {"confusion": [[1, 2], [3, 4]]}}, "evaluation.confusion"),
        ({"evaluation": {"confusion": [[1, 2, 3], [3, 4], [5, 6, 7]]}}, "evaluation.confusion"),
        ({"evaluation": {"top_k_accuracy": {"\x1b[31m": 0.5}}}, "evaluation.top_k_accuracy"),
    ],
)
def test_wrong_metrics_are_refused_in_one_line_with_their_place(make_data, metrics, place):
    with pytest.raises(InputError) as caught:
        make_data(metrics=metrics)
    assert str(caught.value).startswith(f"metrics: {place}")
    assert str(caught.value).isprintable()


def test_keys_that_a_report_does_not_show_are_no_error(make_data):
    assert make_data(metrics={"run_dir": "runs/1"}).figures.epochs == 4


def test_the_majority_share_is_that_of_the_evaluated_rows(make_data):
    assert make_data(majority_share=None).majority_share == 0.5


def test_nothing_evaluated_no_majority_share(make_data):
    assert make_data(majority_share=None, metrics={"evaluation": {}}).majority_share is None


@pytest.mark.parametrize("count", [1, 2, 4])
def test_weight_pictures_fit_the_classes(make_data, count):
    with pytest.raises(InputError, match=f"{count} weight pictures for 3 classes"):
        make_data(weight_images=np.zeros((count, 4, 4, 1)))
