from __future__ import annotations

import signal

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, PredefinedSplit, StratifiedKFold, cross_val_score

from onelayer import OneLayerClassifier
from onelayer.errors import ConfigError, InputError, InterruptedTrainingWarning
from onelayer.estimators.sweeping import sweep_classifier
from onelayer.selection import Fold, shuffled_folds
from onelayer.training.listeners import Listener

X, Y = load_digits(return_X_y=True)
X, Y = X[:600], Y[:600]
L2 = np.geomspace(1e-3, 30, 6)


def classifier(**parameters) -> OneLayerClassifier:
    settings = {"learning_rate": 0.05, "max_epochs": 4, "batch_size": 50, "random_state": 0, "keep": "last"}
    return OneLayerClassifier(**(settings | parameters))


def as_folds(splitter) -> list[Fold]:
    return [Fold(training, held_out) for training, held_out in splitter.split(X, Y)]


@pytest.mark.parametrize("loss", ["softmax", "hinge", "squared_hinge", "sigmoid"])
def test_sweep_chooses_what_grid_search_chooses(loss):
    split = PredefinedSplit(np.where(np.arange(len(X)) < 400, -1, 0))
    clf = classifier(loss=loss, learning_rate=0.01)
    search = GridSearchCV(clf, {"l2": L2}, cv=split, refit=False).fit(X, Y)
    result = sweep_classifier(clf, X[:400], Y[:400], {"l2": L2}, X_val=X[400:], y_val=Y[400:])
    scores = search.cv_results_["mean_test_score"]
    assert [trial.validation_accuracy for trial in result.trials] == pytest.approx(scores)
    assert scores[L2.tolist().index(result.chosen.values["l2"])] == scores.max()


def test_sweep_over_l2_chooses_the_value_of_grid_search():
    """Few rows with much noise: the best of the values is in their midst."""
    noisy = X + np.random.default_rng(0).normal(0, 6, X.shape)
    split = PredefinedSplit(np.where(np.arange(len(X)) < 60, -1, 0))
    clf, grid = classifier(max_epochs=40), [0.01, 0.1, 0.3, 1.0, 3.0]
    search = GridSearchCV(clf, {"l2": grid}, cv=split, refit=False).fit(noisy, Y)
    result = sweep_classifier(clf, noisy[:60], Y[:60], {"l2": grid}, X_val=noisy[60:], y_val=Y[60:])
    assert result.chosen.values == search.best_params_ == {"l2": 0.1}


@pytest.mark.parametrize("scaling", ["standardize", "unit", "none"])
@pytest.mark.parametrize(
    "images", [X, X.astype(np.uint8), X.astype(np.float32).reshape(-1, 8, 8)], ids=["f8", "u1", "images"]
)
def test_accuracies_of_folds_are_cross_val_scores(scaling, images):
    splitter = StratifiedKFold(5, shuffle=True, random_state=0)
    clf = classifier(scaling=scaling, learning_rate=0.01)
    result = sweep_classifier(clf, images, Y, {"l2": [0.001, 1.0]}, folds=as_folds(splitter))
    for trial in result.trials:
        scores = cross_val_score(clf.set_params(**trial.values), images, Y, cv=splitter)
        assert [fold.accuracy for fold in trial.folds] == pytest.approx(scores)
        assert trial.validation_accuracy == pytest.approx(scores.mean())


def test_every_trial_is_what_fit_gives():
    clf = classifier(init="normal", keep="best", label_smoothing=0.1)
    grid = {
        "loss": ["softmax", "sigmoid"],
        "random_state": [1, 2],
        "momentum": [0.0, 0.9],
        "schedule": ["constant", "cosine"],
    }
    data = {"X_val": X[400:], "y_val": Y[400:]}
    result = sweep_classifier(clf, X[:400], Y[:400], grid, **data)
    for trial in result.trials:
        fitted = (
            classifier(init="normal", keep="best", label_smoothing=0.1)
            .set_params(**trial.values)
            .fit(X[:400], Y[:400], **data)
        )
        assert trial.validation_accuracy == pytest.approx(fitted.score(X[400:], Y[400:]))
        assert trial.validation_loss == pytest.approx(fitted.history_["validation_loss"].min())


def test_sample_weights_of_a_fold_train_its_model():
    weights = np.random.default_rng(0).integers(1, 4, len(X)).astype(float)
    folds = shuffled_folds(len(X), 3, 0)[:1]
    result = sweep_classifier(classifier(), X, Y, {"l2": [0.0, 1.0]}, weights, folds=folds)
    training, held_out = folds[0].training, folds[0].held_out
    clf = classifier(l2=1.0).fit(X[training], Y[training], weights[training])
    assert result.trials[1].validation_accuracy == pytest.approx(clf.score(X[held_out], Y[held_out], weights[held_out]))


def test_whole_batches_make_folds_in_one_pass_equal_to_folds_one_after_another():
    clf = classifier(batch_size=len(X), scaling="none", learning_rate=0.002)
    both = [
        sweep_classifier(clf, X, Y, {"l2": [0.0, 10.0]}, folds=4, folds_in_one_pass=one_pass)
        for one_pass in (True, False)
    ]
    losses = [[fold.loss for trial in result.trials for fold in trial.folds] for result in both]
    assert losses[0] == pytest.approx(losses[1], rel=1e-9)
    assert [result.passes for result in both] == [1, 4]


def test_text_labels_are_classes():
    names = np.array(["odd", "even"])[1 - Y % 2]
    result = sweep_classifier(classifier(loss="logistic"), X, names, {"l2": [0.001, 0.1]}, folds=3)
    assert result.chosen.validation_accuracy > 0.7


def test_classifier_stays_unfitted():
    clf = classifier()
    sweep_classifier(clf, X, Y, {"l2": [0.001, 0.1]}, folds=3)
    assert not hasattr(clf, "coef_")
    assert not hasattr(clf, "n_features_in_")


def test_without_a_seed_all_trials_share_one():
    result = sweep_classifier(classifier(random_state=None), X, Y, {"patience": [1, 2]}, folds=3)
    assert result.trials[0].validation_loss == result.trials[1].validation_loss


@pytest.mark.parametrize("given", [{}, {"X_val": X, "y_val": Y, "folds": 3}])
def test_one_thing_to_choose_on(given):
    with pytest.raises(InputError, match="X_val and y_val, or folds, and not both"):
        sweep_classifier(classifier(), X, Y, {"l2": [0.0, 1.0]}, **given)


@pytest.mark.parametrize(
    ("grid", "error", "message"),
    [
        ({"momentun": [0.5]}, ConfigError, "did you mean 'momentum'"),
        (
            {"label_smoothing": [0.0, 0.1], "loss": ["hinge"]},
            ConfigError,
            "label_smoothing needs a loss on probabilities",
        ),
        ({"loss": ["logistic"]}, InputError, "Only binary"),
    ],
)
def test_wrong_grids_are_said(grid, error, message):
    with pytest.raises(error, match=message):
        sweep_classifier(classifier(), X, Y, grid, folds=3)


def test_interrupted_sweep_warns_the_caller_and_returns_what_was_tried():
    class Press(Listener):
        def on_pass_epoch_end(self, epoch, running):
            signal.raise_signal(signal.SIGINT)

    with pytest.warns(InterruptedTrainingWarning, match="0 of 2 trials were finished.* nothing was chosen") as caught:
        result = sweep_classifier(classifier(), X, Y, {"l2": [0.0, 1.0]}, folds=3, listeners=[Press()])
    assert caught[0].filename == __file__
    assert [(trial.status, trial.epochs, len(trial.folds)) for trial in result.trials] == [("interrupted", 1, 1)] * 2
    assert result.chosen is None
