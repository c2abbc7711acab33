"""The constructor: one definition of parameters, and how it is shown."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from onelayer import OneLayerClassifier
from onelayer.errors import ConfigError
from onelayer.training import TrainingParameters


def test_parameters_are_those_of_training():
    signature = inspect.signature(OneLayerClassifier)
    ours = {name: parameter.default for name, parameter in signature.parameters.items()}
    assert ours == {name: field.default for name, field in TrainingParameters.model_fields.items()}


def test_all_but_the_loss_are_named():
    kinds = {name: p.kind.name for name, p in inspect.signature(OneLayerClassifier).parameters.items()}
    assert {name for name, kind in kinds.items() if kind != "KEYWORD_ONLY"} == {"loss"}


def test_parameters_are_documented():
    text = inspect.getdoc(OneLayerClassifier).split("Parameters\n")[1].split("Attributes\n")[0]
    documented = [name for line in text.splitlines() if " : " in line for name in line.split(" : ")[0].split(", ")]
    assert documented == list(inspect.signature(OneLayerClassifier).parameters)


@pytest.mark.parametrize("value", [OneLayerClassifier(), OneLayerClassifier("hinge", l2=0.3, image_shape=(8, 8))])
def test_clone_has_the_same_parameters(value):
    assert clone(value).get_params() == value.get_params()


def test_parameters_are_kept_as_they_were_given(three_classes):
    clf = OneLayerClassifier(image_shape=[5, 1], learning_rate=np.float32(0.1), random_state=np.random.RandomState(0))
    before = dict(clf.get_params())
    clf.fit(*three_classes)
    assert all(clf.get_params()[name] is value for name, value in before.items())


def test_repr_shows_what_is_not_default():
    assert repr(OneLayerClassifier("hinge", learning_rate=0.1)) == "OneLayerClassifier(learning_rate=0.1, loss='hinge')"


def test_notebooks_show_the_parameters_before_fit(make):
    page = make(l2=0.123)._repr_html_()
    assert "OneLayerClassifier" in page
    assert "0.123" in page
    assert "Not fitted" in page


def test_notebooks_show_the_report_after_fit(make, three_classes):
    clf = make(l2=0.123).fit(*three_classes)
    bundle = clf._repr_mimebundle_()
    assert bundle["text/html"] == clf._repr_html_() == clf.report()._repr_html_()
    assert "OneLayerClassifier(" in bundle["text/plain"]
    assert len(bundle["text/html"]) < 2.5e6


def test_notebooks_show_what_a_pipeline_is_made_of(make, three_classes):
    page = make_pipeline(StandardScaler(), make()).fit(*three_classes)._repr_html_()
    assert "StandardScaler" in page
    assert "<iframe" not in page


def test_notebooks_show_the_parameters_where_there_can_be_no_report(make, three_classes, monkeypatch):
    def refuse(*arguments):
        raise ConfigError("there is nothing to report")

    monkeypatch.setattr("onelayer.estimators.report.classifier_report", refuse)
    clf = make().fit(*three_classes)
    assert "OneLayerClassifier" in clf._repr_html_()


def test_text_is_shown_on_demand(make, three_classes):
    clf = make().fit(*three_classes)
    with config_context(display="text"):
        assert list(clf._repr_mimebundle_()) == ["text/plain"]
