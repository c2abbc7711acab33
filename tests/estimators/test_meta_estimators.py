"""scikit-learn's estimators of estimators, each with the classifier in it: better than chance, and cloned untouched."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from joblib import Parallel, delayed, parallel_config
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import AdaBoostClassifier, BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 (without it there is no such search)
from sklearn.feature_selection import RFE, RFECV, SelectFromModel, SequentialFeatureSelector
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    TunedThresholdClassifierCV,
    cross_validate,
    learning_curve,
    validation_curve,
)
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier, OutputCodeClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier

from onelayer import OneLayerClassifier

RATES = {"learning_rate": [0.01, 0.3]}
AROUND = {
    "Pipeline": lambda clf: make_pipeline(StandardScaler(), clone(clf)),
    "GridSearchCV": lambda clf: GridSearchCV(clf, RATES, cv=2),
    "RandomizedSearchCV": lambda clf: RandomizedSearchCV(clf, RATES, n_iter=2, cv=2, random_state=0),
    "HalvingGridSearchCV": lambda clf: HalvingGridSearchCV(clf, RATES, cv=2, random_state=0, min_resources=30),
    "BaggingClassifier": lambda clf: BaggingClassifier(clf, n_estimators=3, random_state=0),
    "AdaBoostClassifier": lambda clf: AdaBoostClassifier(clf, n_estimators=3, random_state=0),
    "VotingClassifier": lambda clf: VotingClassifier([("a", clf), ("b", LogisticRegression())], voting="soft"),
    "StackingClassifier": lambda clf: StackingClassifier([("a", clf), ("b", LogisticRegression())], cv=2),
    "CalibratedClassifierCV": lambda clf: CalibratedClassifierCV(clf, cv=2),
    "OneVsRestClassifier": OneVsRestClassifier,
    "OneVsOneClassifier": OneVsOneClassifier,
    "OutputCodeClassifier": lambda clf: OutputCodeClassifier(clf, random_state=0),
    "SelfTrainingClassifier": SelfTrainingClassifier,
    "RFE": lambda clf: RFE(clf, n_features_to_select=3),
    "RFECV": lambda clf: RFECV(clf, cv=2),
    "SelectFromModel": lambda clf: make_pipeline(SelectFromModel(clf, max_features=4), LogisticRegression()),
    "SequentialFeatureSelector": lambda clf: make_pipeline(
        SequentialFeatureSelector(clf, n_features_to_select=2, cv=2), LogisticRegression()
    ),
}


@pytest.fixture
def clf(make):
    return make(learning_rate=0.3, max_epochs=5)


@pytest.mark.filterwarnings("ignore:y contains no unlabeled samples")
@pytest.mark.parametrize("name", AROUND)
def test_estimators_around_it(clf, three_classes, name):
    X, y = three_classes
    labels = np.array([3, 5, 11])[y]
    around = AROUND[name](clf).fit(X, labels)
    assert set(np.unique(around.predict(X))) <= set(labels)
    assert around.score(X, labels) > 0.55  # chance is a third
    assert not hasattr(clf, "coef_")


@pytest.mark.parametrize("around", [MultiOutputClassifier, ClassifierChain])
def test_several_outputs(clf, three_classes, around):
    X, y = three_classes
    outputs = np.column_stack([y == 0, y == 1]).astype(int)
    assert np.mean(around(clf).fit(X, outputs).predict(X) == outputs) > 0.7


def test_threshold_for_two_classes(clf, two_classes):
    assert TunedThresholdClassifierCV(clf, cv=2).fit(*two_classes).score(*two_classes) > 0.6


def test_curves_and_importances(clf, three_classes):
    X, y = three_classes
    _, _, held_out = learning_curve(clf, X, y, cv=3, train_sizes=[0.5, 1.0], shuffle=True, random_state=0)
    _, of_rates = validation_curve(clf, X, y, param_name="learning_rate", param_range=[1e-9, 0.3], cv=3)
    importances = permutation_importance(clone(clf).fit(X, y), X, y, random_state=0).importances_mean
    scores = cross_validate(clf, X, y, cv=3, scoring=["accuracy", "neg_log_loss", "roc_auc_ovr"])
    assert held_out.mean() > 0.5
    assert of_rates[1].mean() > of_rates[0].mean()
    assert importances.max() > 0.05
    assert scores["test_roc_auc_ovr"].mean() > 0.6


def test_copies_share_nothing(clf, three_classes):
    fitted = clf.fit(*three_classes)
    other = copy.deepcopy(fitted)
    before = fitted.coef_.copy()
    other.partial_fit(*three_classes)
    np.testing.assert_array_equal(fitted.coef_, before)
    assert not np.array_equal(other.coef_, before)


def fitted_coef(X, y):
    return OneLayerClassifier(max_epochs=3, random_state=0).fit(X, y).coef_


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
def test_workers_of_joblib_fit_the_same(three_classes, backend):
    with parallel_config(backend=backend):
        coefs = Parallel(n_jobs=2)(delayed(fitted_coef)(*three_classes) for _ in range(3))
    for coef in coefs:
        np.testing.assert_array_equal(coef, fitted_coef(*three_classes))
