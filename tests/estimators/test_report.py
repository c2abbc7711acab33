from __future__ import annotations

import builtins
import json
import re

import numpy as np
import pytest
from sklearn.datasets import load_digits

from onelayer import OneLayerClassifier
from onelayer.errors import InputError, MissingDependencyError


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    clf = OneLayerClassifier(image_shape=(8, 8), learning_rate=0.1, max_epochs=3, random_state=0, n_jobs=1)
    return clf.fit(X[:1200], y[:1200], X_val=X[1200:1500], y_val=y[1200:1500]), X[1500:], y[1500:]


def payload(report):
    return json.loads(re.search(r'id="report-data">(.*?)</script>', report.html, re.DOTALL)[1])


def test_a_report_on_rows_counts_them_all(digits):
    clf, X, y = digits
    found = payload(clf.report(X, y))
    assert np.sum(found["confusion"]) == len(y)
    assert np.trace(found["confusion"]) == round(clf.score(X, y) * len(y))


def test_a_report_without_rows_has_the_curves_alone(digits):
    assert sorted(payload(digits[0].report())["charts"]) == ["accuracy", "learning-rate", "loss", "weight-norm"]


@pytest.mark.parametrize("loss", ["hinge", "logistic"])
def test_two_classes_of_text_labels(digits, loss):
    _, X, y = digits
    X, names = X[y < 2], np.array(["zero", "one"])[y[y < 2]]
    clf = OneLayerClassifier(loss=loss, image_shape=(8, 8), max_epochs=3, random_state=0, n_jobs=1).fit(X, names)
    found = payload(clf.report(X, names))
    assert found["classes"] == ["one", "zero"]
    assert found["measure"] == ("score" if loss == "hinge" else "probability")


def test_class_names_and_title_are_shown(digits):
    clf, X, y = digits
    html = clf.report(X, y, class_names=[f"digit {k}" for k in range(10)], title="My digits").html
    assert "<h1>My digits</h1>" in html
    assert "digit 7 recognised" in html


def test_class_names_must_be_as_many_as_classes(digits):
    with pytest.raises(InputError, match="2 class_names for 10 classes"):
        digits[0].report(class_names=["a", "b"])


def test_rows_need_labels(digits):
    with pytest.raises(InputError, match="needs X and y"):
        digits[0].report(digits[1])


def test_a_notebook_shows_the_page_in_a_frame_of_its_own(digits):
    shown = digits[0].report()._repr_html_()
    assert shown.startswith("<iframe")
    assert shown.endswith("</iframe>")
    assert 'sandbox="allow-scripts"' in shown
    assert shown.count("<") == 2


def test_save_writes_the_page(digits, tmp_path):
    report = digits[0].report()
    report.save(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text("utf-8") == report.html


def test_the_history_as_a_table_has_a_row_for_each_step(digits):
    clf = digits[0]
    frame = clf.history_frame()
    np.testing.assert_array_equal(frame["batch_loss"], clf.history_["batch_loss"])
    np.testing.assert_array_equal(frame["validation_loss"].dropna(), clf.history_["validation_loss"])
    np.testing.assert_array_equal(frame["validation_loss"].dropna().index, clf.history_["validation_step"])


def test_a_table_needs_pandas(digits, monkeypatch):
    real = builtins.__import__

    def without_pandas(name, *args, **kwargs):
        if name == "pandas":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_pandas)
    with pytest.raises(MissingDependencyError, match="pip install pandas"):
        digits[0].history_frame()
