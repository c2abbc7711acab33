from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from scipy import special
from sklearn import metrics

from onelayer.errors import InputError
from onelayer.evaluation import evaluate, measure_calibration, wilson_interval

K = 6
NAMES = [f"class {i}" for i in range(K)]


@pytest.fixture(scope="module")
def case():
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(300, K))
    labels = rng.integers(0, K, 300)
    scores[np.arange(300), labels] += 1
    return labels, scores, special.softmax(scores, axis=1)


@pytest.fixture(scope="module")
def found(case):
    labels, scores, probabilities = case
    return evaluate(labels, scores.argmax(axis=1), class_names=NAMES, scores=scores, probabilities=probabilities)


def test_accuracy_is_scikit_learns_with_its_interval(case, found):
    labels, scores, _ = case
    assert found.accuracy == metrics.accuracy_score(labels, scores.argmax(axis=1))
    assert found.accuracy_interval == wilson_interval(round(found.accuracy * 300), 300)


def test_balanced_accuracy_is_scikit_learns(case, found):
    labels, scores, _ = case
    assert found.balanced_accuracy == pytest.approx(metrics.balanced_accuracy_score(labels, scores.argmax(axis=1)))


def test_per_class_figures_are_scikit_learns(case, found):
    labels, scores, _ = case
    expected = metrics.classification_report(labels, scores.argmax(axis=1), target_names=NAMES, output_dict=True)
    for one in found.classes:
        assert expected[one.name] == pytest.approx(
            {"precision": one.precision, "recall": one.recall, "f1-score": one.f1, "support": one.support}
        )


def test_rows_of_the_confusion_matrix_are_true_classes():
    confusion = evaluate(np.array([0, 0, 1]), np.array([0, 1, 1]), class_names=["a", "b", "c"]).confusion
    np.testing.assert_array_equal(confusion, [[1, 1, 0], [0, 1, 0], [0, 0, 0]])


def test_log_loss_is_the_mean_surprise(case, found):
    labels, _, probabilities = case
    assert found.log_loss == pytest.approx(-np.log(probabilities[np.arange(300), labels]).mean(), rel=1e-12)


def test_calibration_is_that_of_the_predicted_class(case, found):
    labels, scores, probabilities = case
    assert found.calibration == measure_calibration(probabilities.max(axis=1), scores.argmax(axis=1) == labels)


def test_top_k_counts_rows_with_fewer_than_k_larger_scores(case, found):
    labels, scores, _ = case
    larger = (scores > scores[np.arange(300), labels][:, np.newaxis]).sum(axis=1)
    assert found.top_k_accuracy == {k: np.mean(larger < k) for k in (3, 5)}


def test_top_k_of_as_many_as_there_are_classes_is_left_out(case):
    labels, scores, _ = case
    assert list(evaluate(labels, labels, class_names=NAMES, scores=scores, top_k=(2, 6, 7)).top_k_accuracy) == [2]


def test_two_classes_with_one_score():
    labels = np.array([0, 1, 1, 0])
    probabilities = np.array([[0.75, 0.25], [0.5, 0.5], [0.25, 0.75], [0.25, 0.75]])
    found = evaluate(
        labels, np.array([0, 1, 1, 1]), class_names=["a", "b"], scores=np.zeros(4), probabilities=probabilities
    )
    assert found.top_k_accuracy == {}
    assert found.log_loss == pytest.approx(-np.log([0.75, 0.5, 0.75, 0.25]).mean())


def test_what_cannot_be_told_is_none():
    """Class 1 never occurs and is never predicted, 2 never occurs, 3 is never predicted."""
    found = evaluate(np.array([0, 0, 3]), np.array([0, 2, 0]), class_names=list("abcd"))
    assert [one.precision for one in found.classes] == [0.5, None, 0, None]
    assert [one.recall for one in found.classes] == [0.5, None, None, 0]
    assert [one.f1 for one in found.classes] == [0.5, None, 0, 0]
    assert found.balanced_accuracy == 0.25


def test_without_probabilities_the_reason_is_given():
    found = evaluate(np.array([0, 1]), np.array([0, 1]), class_names=["a", "b"], no_probabilities="hinge has none")
    assert (found.log_loss, found.calibration, found.no_probabilities) == (None, None, "hinge has none")


def test_with_probabilities_there_is_no_reason(found):
    assert found.no_probabilities is None


def test_probabilities_in_float32_give_no_warning(case):
    labels, scores, probabilities = case
    single = evaluate(labels, scores.argmax(axis=1), class_names=NAMES, probabilities=probabilities.astype(np.float32))
    assert single.log_loss == pytest.approx(-np.log(probabilities[np.arange(300), labels]).mean(), rel=1e-6)


def test_a_certain_error_costs_infinitely_much():
    found = evaluate(
        np.array([0, 1]), np.array([1, 1]), class_names=["a", "b"], probabilities=np.array([[0.0, 1.0]] * 2)
    )
    assert (found.log_loss, found.no_probabilities) == (None, None)
    assert found.calibration is not None


def test_everything_goes_through_json(found):
    again = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert set(again) == {field.name for field in dataclasses.fields(found)}
    assert again["confusion"] == np.asarray(found.confusion).tolist()
    assert again["calibration"]["bins"][-1]["count"] == found.calibration.bins[-1].count


def test_undefined_figures_are_null_in_json():
    figures = evaluate(np.array([0]), np.array([0]), class_names=["a", "b"]).to_dict()
    assert json.loads(json.dumps(figures, allow_nan=False))["classes"][1]["recall"] is None


GOOD = np.array([0, 1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"y_true": np.array([], dtype=int)}, "y_true has no rows"),
        ({"y_true": np.array([0, 1, 1])}, "y_true has 3 rows and y_pred has 2"),
        ({"y_pred": np.array([0, 2])}, "y_pred has classes from 0 to 2, but they must be 0 to 1"),
        ({"y_true": np.array([-1, 0])}, "y_true has classes from -1"),
        ({"y_true": np.array([0.0, 1.0])}, "y_true must be class indices"),
        ({"scores": np.zeros((2, 3))}, "scores have shape"),
        ({"scores": np.full((2, 2), np.nan)}, "scores must be finite"),
        ({"probabilities": np.zeros((2, 3))}, "probabilities have shape"),
        ({"probabilities": np.full((2, 2), 0.6)}, "probabilities must be"),
        ({"probabilities": np.full((2, 2), np.nan)}, "probabilities must be"),
        ({"probabilities": np.array([[1.5, -0.5]] * 2)}, "probabilities must be"),
    ],
)
def test_bad_input_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        evaluate(**{"y_true": GOOD, "y_pred": GOOD, "class_names": ["a", "b"], **arguments})
