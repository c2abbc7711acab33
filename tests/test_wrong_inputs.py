"""What is wrong raises an error of ours that scikit-learn's users expect, in one line, from every public door.

Each case has a door, the type that the error has to be besides an OnelayerError, and what its message has to say.
"""

from __future__ import annotations

import io
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

from onelayer import (
    HOG,
    Dataset,
    HueHistogram,
    ImageModel,
    OneLayerClassifier,
    OnelayerError,
    Pixels,
    check_gradients,
    load_dataset,
    load_model,
    sweep_classifier,
)

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(60, 6)), np.arange(60) % 3
IMAGES = RNG.integers(0, 255, (60, 8, 8, 3), dtype=np.uint8)
LONGEST = 400


def classifier(**parameters):
    return OneLayerClassifier(**{"max_epochs": 1, "random_state": 0} | parameters)


def fit(X=X, y=Y, sample_weight=None, validation=None, **parameters):
    return classifier(**parameters).fit(X, y, sample_weight, **validation or {})


def hog(**parameters):
    return HOG(pixels_per_cell=(4, 4), cells_per_block=(1, 1)).set_params(**parameters)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A fitted classifier, features, a model of images with both, and a folder for what is written."""
    features = hog().fit(IMAGES)
    of_images = fit(features.transform(IMAGES), Y)
    return SimpleNamespace(
        clf=fit(),
        float32=fit(X.astype(np.float32)),
        hinge=fit(loss="hinge"),
        of_images=of_images,
        features=features,
        model=ImageModel(of_images, ["a", "b", "c"], (8, 8, 3), features=features),
        folder=tmp_path_factory.mktemp("written"),
    )


def model(made, **changes):
    parts = {"classifier": made.of_images, "class_names": list("abc"), "image_shape": (8, 8, 3)}
    return ImageModel(**parts | {"features": made.features} | changes)


def sweep(grid=None, folds=2, clf=None, **more):
    return sweep_classifier(
        clf or classifier(), X, Y, {"l2": [0.1, 1.0]} if grid is None else grid, folds=folds, **more
    )


def dataset(**changes):
    parts = {"name": "a", "X": IMAGES, "y": Y, "class_names": ("a", "b", "c"), "split": "train", "source": "a test"}
    return Dataset(**parts | {"official": None, "value_range": (0.0, 255.0)} | changes)


FIT = {
    "one row": (lambda made: fit(X[0]), ValueError, "Expected 2D array, got 1D array instead"),
    "a number": (lambda made: fit(3), ValueError, "Expected 2D array"),
    "nothing": (lambda made: fit(None), ValueError, "Expected 2D array"),
    "text": (lambda made: fit("rows"), ValueError, "X must be numbers: could not convert string to float"),
    "a dict": (lambda made: fit({"a": [1]}), TypeError, "X must be numbers: float() argument must be"),
    "a set": (lambda made: fit({1, 2}), TypeError, "X must be numbers"),
    "a generator": (lambda made: fit(row for row in X), TypeError, "X must be numbers"),
    "NaN": (
        lambda made: fit(X * np.nan),
        ValueError,
        "Input X contains NaN. Replace such values, or leave those rows out.",
    ),
    "five axes": (lambda made: fit(np.zeros((3, 1, 1, 1, 1)), [0, 1, 0]), ValueError, "must be rows (n, d) or images"),
    "a table with words": (
        lambda made: fit(pd.DataFrame({"a": ["x"] * 60})),
        ValueError,
        "column 'a' of X must be numbers",
    ),
    "mixed names of columns": (
        lambda made: fit(pd.DataFrame(X, columns=["a", *range(5)])),
        TypeError,
        "Feature names are",
    ),
    "no labels": (lambda made: fit(y=None), ValueError, "requires y to be passed"),
    "labels in a table": (lambda made: fit(y=np.column_stack([Y, Y])), ValueError, "y should be a 1d array"),
    "labels between": (lambda made: fit(y=X[:, 0]), ValueError, "Unknown label type: continuous"),
    "too few labels": (lambda made: fit(y=Y[:3]), ValueError, "inconsistent numbers of samples: [60, 3]"),
    "one label": (lambda made: fit(y=3), ValueError, "y should be a 1d array"),
    "a dict of labels": (lambda made: fit(y={"a": 1}), ValueError, "y should be a 1d array"),
    "objects as labels": (lambda made: fit(y=[object()] * 60), ValueError, "Unknown label type"),
    "labels of two kinds": (
        lambda made: fit(y=np.array([1, "a", None] * 20, object)),
        ValueError,
        "Unknown label type",
    ),
    "complex labels": (lambda made: fit(y=Y + 1j), ValueError, "Complex data not supported"),
    "lists as labels": (lambda made: fit(y=[[1], [2, 3]] * 30), ValueError, "inhomogeneous"),
    "masked labels": (lambda made: fit(y=np.ma.array(Y, mask=Y == 0)), ValueError, "y has masked values"),
    "weights below 0": (lambda made: fit(sample_weight=-np.ones(60)), ValueError, "Negative values"),
    "weights as text": (lambda made: fit(sample_weight="balanced"), ValueError, "sample_weight must be numbers"),
    "a table of weights": (lambda made: fit(sample_weight=np.ones((60, 2))), ValueError, "must be 1D array or scalar"),
    "objects as weights": (lambda made: fit(sample_weight=[object()] * 60), TypeError, "sample_weight must be numbers"),
    "masked weights": (
        lambda made: fit(sample_weight=np.ma.array(np.ones(60), mask=Y == 0)),
        ValueError,
        "sample_weight has masked values",
    ),
    "validation without labels": (lambda made: fit(validation={"X_val": X}), ValueError, "give y_val with X_val"),
    "fewer features": (lambda made: fit(validation={"X_val": X[:, :2], "y_val": Y}), ValueError, "X has 2 features"),
    "other names": (lambda made: fit(validation={"X_val": X, "y_val": Y + 5}), ValueError, "y_val has label"),
    "another problem": (lambda made: fit(warm_start=True).fit(X[:, :3], Y), ValueError, "warm_start needs the classes"),
    "too few to hold out": (lambda made: fit(X[:4], [0, 1, 2, 0], early_stopping=True), ValueError, "can't hold out"),
}

PARAMETERS = {
    "seed as text": (
        lambda made: fit(random_state="a"),
        ValueError,
        "random_state='a': input should be a valid integer",
    ),
    "generator": (lambda made: fit(random_state=np.random.default_rng(0)), ValueError, "random_state="),
    "jobs as text": (lambda made: fit(n_jobs="all"), ValueError, "n_jobs='all': input should be a valid integer"),
    "no jobs": (lambda made: fit(n_jobs=0), ValueError, "n_jobs=0: use None or -1"),
    "rate as text": (
        lambda made: fit(learning_rate="a"),
        ValueError,
        "learning_rate='a': input should be a valid number",
    ),
    "rate of NaN": (lambda made: fit(learning_rate=float("nan")), ValueError, "learning_rate=nan: input should be"),
    "no rate": (lambda made: fit(learning_rate=None), ValueError, "learning_rate=None: input should be a valid number"),
    "two rates": (lambda made: fit(learning_rate=[0.1, 0.2]), ValueError, "learning_rate=(0.1, 0.2): input should be"),
    "a function": (lambda made: fit(loss=len), ValueError, "loss=<built-in function len>: input should be 'logistic'"),
    "a line break": (lambda made: fit(loss="a\nb"), ValueError, r"loss='a\nb': input should be 'logistic'"),
    "weights of classes as a list": (
        lambda made: fit(class_weight=[1, 2, 3]),
        ValueError,
        "class_weight=(1, 2, 3): input",
    ),
    "a class below 0": (lambda made: fit(class_weight={0: -1}), ValueError, "should be greater than or equal to 0"),
    "an unknown class": (lambda made: fit(class_weight={7: 1}), ValueError, "class_weight has 7, which is none of"),
    "a class as text": (lambda made: fit(class_weight={"0": 1}), ValueError, "class_weight has '0', which is none of"),
    "half a shape": (lambda made: fit(image_shape=6), ValueError, "image_shape=6: input should be a valid tuple"),
    "unknown": (lambda made: classifier().set_params(lerning_rate=1), ValueError, "did you mean 'learning_rate'?"),
    "nested": (lambda made: classifier().set_params(a__b=1), ValueError, "has no parameter 'a__b'"),
}

PARTIAL_FIT = {
    "no classes": (
        lambda made: classifier().partial_fit(X, Y),
        ValueError,
        "the first call of partial_fit needs classes",
    ),
    "one number": (lambda made: classifier().partial_fit(X, Y, 3), ValueError, "should be a 1d array"),
    "a table": (lambda made: classifier().partial_fit(X, Y, [[0, 1, 2]]), ValueError, "should be a 1d array"),
    "of two kinds": (
        lambda made: classifier().partial_fit(X, Y, np.array([1, "a"], object)),
        TypeError,
        "classes must all be numbers, or all text",
    ),
    "others": (
        lambda made: classifier().partial_fit(X, Y, [0, 1, 2]).partial_fit(X, Y, [0, 1]),
        ValueError,
        "`classes=0, 1` is not the same as on last call to partial_fit, was: 0, 1, 2",
    ),
    "too many to show": (
        lambda made: classifier().partial_fit(X, Y, np.arange(2000)).partial_fit(X, Y, np.arange(3000)),
        ValueError,
        "`classes=0, 1, 2, 3, 4, 5, 6, 7, 8, 9, …` is not the same",
    ),
    "of a loaded model": (
        lambda made: (made.clf.save(made.folder / "a"), load_model(made.folder / "a").partial_fit(X, Y)),
        ValueError,
        "partial_fit can't go on from it",
    ),
}

UNFITTED = {
    name: (
        lambda made, name=name, given=given: getattr(classifier(), name)(*given),
        NotFittedError,
        "is not fitted yet",
    )
    for name, given in {
        **dict.fromkeys(("predict", "predict_proba", "predict_log_proba", "decision_function"), (X,)),
        "score": (X, Y),
        "mean_loss": (X, Y),
        "save": ("model",),
        "report": (),
        "weight_images": (),
        "history_frame": (),
    }.items()
} | {
    "parameters_": (lambda made: classifier().parameters_, NotFittedError, "is not fitted yet: call fit first"),
    "objective_": (lambda made: classifier().objective_, AttributeError, "is not fitted yet: call fit first"),
    "names of features": (lambda made: HOG().get_feature_names_out(), NotFittedError, "this HOG is not fitted yet"),
    "model of images": (lambda made: model(made, classifier=classifier()), NotFittedError, "is not fitted yet"),
}

PREDICT = {
    "one row": (lambda made: made.clf.predict(X[0]), ValueError, "Expected 2D array"),
    "fewer features": (lambda made: made.clf.decision_function(X[:, :2]), ValueError, "X has 2 features"),
    "NaN": (lambda made: made.clf.predict_proba(X * np.nan), ValueError, "contains NaN"),
    "text": (lambda made: made.clf.predict("rows"), ValueError, "X must be numbers"),
    "no rows": (lambda made: made.clf.predict(X[:0]), ValueError, "0 sample(s)"),
    "objects": (lambda made: made.clf.predict(np.full((3, 6), object())), TypeError, "X must be numbers"),
    "numbers beyond float32": (
        lambda made: made.float32.predict(X * 1e60),
        ValueError,
        "the values of row 0 are too large: its scores are not finite in float32",
    ),
    "no probabilities": (
        lambda made: made.hinge.predict_proba(X),
        AttributeError,
        "loss='hinge' gives scores, not prob",
    ),
    "no logarithms": (lambda made: made.hinge.predict_log_proba(X), AttributeError, "use decision_function"),
    "weights of rows": (lambda made: made.clf.weight_images(), ValueError, "only if X was images"),
    "fewer labels to score": (lambda made: made.clf.score(X, Y[:3]), ValueError, "inconsistent numbers of samples"),
    "no labels to score": (lambda made: made.clf.score(X, None), ValueError, "y should be a 1d array"),
    "labels between to score": (lambda made: made.clf.score(X, X[:, 0]), ValueError, "Unknown label type"),
    "other kind of labels to score": (lambda made: made.clf.score(X, Y.astype(str)), ValueError, "label input types"),
    "wrong weights to score": (
        lambda made: made.clf.score(X, Y, [1, 2]),
        ValueError,
        "inconsistent numbers of samples",
    ),
    "unknown labels": (lambda made: made.clf.mean_loss(X, Y + 9), ValueError, "y has label 9, which is not among"),
    "no labels": (lambda made: made.clf.mean_loss(X, None), ValueError, "requires y to be passed"),
}

REPORT = {
    "X alone": (lambda made: made.clf.report(X), ValueError, "a report needs X and y"),
    "too few names": (lambda made: made.clf.report(class_names=["a"]), ValueError, "1 class_names for 3 classes"),
    "a number for names": (lambda made: made.clf.report(class_names=3), TypeError, "class_names must be a sequence"),
    "one text for names": (
        lambda made: made.clf.report(class_names="abc"),
        TypeError,
        "class_names must be a sequence",
    ),
    "a number for a title": (lambda made: made.clf.report(title=3), TypeError, "title must be text, not int"),
    "unknown labels": (lambda made: made.clf.report(X, Y + 9), ValueError, "y has label 9"),
}

FILES = {
    "save to nothing": (lambda made: made.clf.save(None), TypeError, "path must be text or a path, not NoneType"),
    "save to a number": (lambda made: made.model.save(3), TypeError, "path must be text or a path, not int"),
    "save to a folder": (lambda made: made.clf.save(made.folder), OSError, "can't be written: is a directory"),
    "save to nowhere": (lambda made: made.clf.save(made.folder / "no" / "x"), OSError, "no such file or directory"),
    "save to no name": (lambda made: made.clf.save("a\0b"), OSError, "can't be written: embedded null byte"),
    "save a report to nothing": (lambda made: made.clf.report().save(None), TypeError, "path must be text or a path"),
    "load nothing": (lambda made: load_model(None), TypeError, "path must be text or a path, not NoneType"),
    "load an open file": (lambda made: load_model(io.BytesIO()), TypeError, "path must be text or a path, not BytesIO"),
    "load a folder": (lambda made: load_model(made.folder), ValueError, "can't be read"),
    "load what is not there": (
        lambda made: load_model("no"),
        ValueError,
        "no: can't be read: no such file or directory",
    ),
    "load bytes": (lambda made: load_model(b"no"), ValueError, "no: can't be read"),
    "load no name": (lambda made: load_model("a\0b"), ValueError, "embedded null byte"),
}

SWEEP = {
    "a list for a grid": (lambda made: sweep(["l2"]), ValueError, "list is no mapping"),
    "one value": (lambda made: sweep({"l2": 0.1}), ValueError, "l2=0.1: a grid needs a list of values"),
    "one text": (lambda made: sweep({"loss": "hinge"}), ValueError, "loss='hinge': a grid needs a list of values"),
    "no values": (lambda made: sweep({"l2": []}), ValueError, "the grid over l2 has no values"),
    "unknown parameter": (lambda made: sweep({"l3": [1]}), ValueError, "'l3' is none"),
    "wrong value": (lambda made: sweep({"l2": ["a"]}), ValueError, "l2='a': input should be a valid number"),
    "nothing to choose on": (lambda made: sweep(folds=None), ValueError, "a sweep needs something to choose on"),
    "folds as text": (lambda made: sweep(folds="three"), ValueError, "folds='three': give a number, positions"),
    "half a fold": (lambda made: sweep(folds=2.5), ValueError, "folds=2.5: give a number, positions"),
    "one fold": (lambda made: sweep(folds=1), ValueError, "folds=1: cross-validation needs at least 2"),
    "too many folds": (lambda made: sweep(folds=100), ValueError, "100 folds need 100 rows of each class"),
    "numbers for folds": (lambda made: sweep(folds=[1, 2]), ValueError, "fold 0 is no pair"),
    "text for positions": (lambda made: sweep(folds=[("a", "b")]), ValueError, "fold 0 must be two lists of positions"),
    "rows that are not there": (lambda made: sweep(folds=[([0], [99])]), ValueError, "rows that are not among 60"),
    "no classifier": (lambda made: sweep(clf="a"), TypeError, "clf must be a OneLayerClassifier, not str"),
    "a class": (lambda made: sweep(clf=OneLayerClassifier), TypeError, "clf must be a OneLayerClassifier"),
    "another classifier": (lambda made: sweep(clf=LogisticRegression()), TypeError, "not LogisticRegression"),
}

CHECK = {
    "no model": (lambda made: check_gradients("a", X, Y), ValueError, "a str is no fitted model"),
    "unfitted": (lambda made: check_gradients(classifier(), X, Y), ValueError, "fit it first, or name a loss"),
    "another model": (
        lambda made: check_gradients(LogisticRegression().fit(X, Y), X, Y),
        ValueError,
        "no fitted model of",
    ),
    "no rows": (lambda made: check_gradients(made.clf), ValueError, "give rows and labels too"),
    "NaN": (lambda made: check_gradients(made.clf, X * np.nan, Y), ValueError, "contains NaN"),
    "a number for rows": (lambda made: check_gradients(made.clf, 3, Y), ValueError, "must be rows (n, d) or images"),
    "unknown labels": (lambda made: check_gradients(made.clf, X, Y + 9), ValueError, "which the model does not know"),
    "rows as text": (lambda made: check_gradients(n="a"), ValueError, "n='a': input should be a valid integer"),
    "half a row": (lambda made: check_gradients(n=2.5), ValueError, "n=2.5: input should be a valid integer"),
    "penalty as text": (lambda made: check_gradients(l2="a"), ValueError, "l2='a': input should be a valid number"),
    "no loss": (lambda made: check_gradients(loss=None), ValueError, "loss=None: input should be a valid string"),
    "unknown loss": (lambda made: check_gradients(loss="sofmax"), ValueError, "did you mean 'softmax'?"),
    "one class": (lambda made: check_gradients(k=1), ValueError, "needs at least two classes, not 1"),
    "classes as text": (lambda made: check_gradients(k="a"), ValueError, "k='a': input should be a valid integer"),
    "seed as text": (lambda made: check_gradients(random_state="a"), ValueError, "random_state='a': input should be"),
    "seed below 0": (
        lambda made: check_gradients(random_state=-1),
        ValueError,
        "random_state=-1: input should be greater",
    ),
    "bound of NaN": (lambda made: check_gradients(bound=float("nan")), ValueError, "bound above 0, not 200 and nan"),
    "smoothing as text": (lambda made: check_gradients(label_smoothing="a"), ValueError, "label_smoothing='a'"),
}

MODEL = {
    "no classifier": (lambda made: model(made, classifier="a"), TypeError, "must be a OneLayerClassifier, not str"),
    "a number for names": (
        lambda made: model(made, class_names=3),
        TypeError,
        "class_names must be a sequence of names",
    ),
    "one text for names": (lambda made: model(made, class_names="abc"), TypeError, "class_names must be a sequence"),
    "too few names": (lambda made: model(made, class_names=["a"]), ValueError, "but there are 1 class names"),
    "half a shape": (lambda made: model(made, image_shape=8), ValueError, "image_shape=8: give (height, width)"),
    "a shape of text": (
        lambda made: model(made, image_shape=("a", "b", "c")),
        ValueError,
        "image_shape=('a', 'b', 'c'): give",
    ),
    "no features": (lambda made: model(made, features="hog"), TypeError, "features must be features of images"),
    "no range": (lambda made: model(made, value_range=3), ValueError, "value_range=3 is no range"),
    "a range of text": (lambda made: model(made, value_range="ab"), ValueError, "value_range='ab' is no range"),
    "an empty range": (
        lambda made: model(made, value_range=(1, 1)),
        ValueError,
        "is no range: the first number must be",
    ),
    "predict a number": (lambda made: made.model.predict(3), TypeError, "images must be an array, a PIL image, a path"),
    "predict nothing": (lambda made: made.model.predict(None), TypeError, "images must be an array"),
    "predict a dict": (lambda made: made.model.predict_proba({"a": 1}), TypeError, "images must be an array"),
    "predict no images": (lambda made: made.model.predict([]), ValueError, "there are no images to predict"),
    "predict numbers": (lambda made: made.model.predict([1, 2]), TypeError, "not int"),
    "predict another shape": (
        lambda made: made.model.predict(IMAGES[:, :5]),
        ValueError,
        "images are 5×8×3, but the model",
    ),
    "predict different shapes": (
        lambda made: made.model.predict([IMAGES[0], IMAGES[0, :5]]),
        ValueError,
        "images are 5×8×3, but the model was trained on 8×8×3",
    ),
    "predict NaN": (lambda made: made.model.decision_function(IMAGES * np.nan), ValueError, "has a pixel of value nan"),
    "predict objects": (lambda made: made.model.predict(np.full((1, 8, 8, 3), object())), TypeError, "not object"),
    "predict no file": (lambda made: made.model.predict("no.png"), ValueError, "no.png can't be read as an image"),
    "predict bytes that are no image": (lambda made: made.model.predict(b"abc"), ValueError, "image 0 can't be read"),
}

DATA = {
    "no name": (lambda made: load_dataset(None), ValueError, "A data set is a name or a path, not None"),
    "unknown name": (lambda made: load_dataset("digit"), ValueError, "did you mean 'digits'?"),
    "no file can be called that": (lambda made: load_dataset("a\0b"), ValueError, ""),
    "a share above 1": (
        lambda made: load_dataset("digits", validation_fraction=2),
        ValueError,
        "must be in [0, 1), got 2",
    ),
    "a share as text": (lambda made: load_dataset("digits", validation_fraction="a"), ValueError, "got 'a'"),
    "seed below 0": (
        lambda made: load_dataset("digits", random_state=-1),
        ValueError,
        "random_state must be an integer",
    ),
    "one size": (lambda made: load_dataset("digits", resize=(1,)), ValueError, "resize must be two sizes"),
    "a number for a folder": (
        lambda made: load_dataset("mnist", data_dir=3),
        TypeError,
        "data_dir must be text or a path",
    ),
    "rows as a list": (lambda made: dataset(X=[[1]]), ValueError, ""),
    "fewer labels": (lambda made: dataset(y=Y[:3]), ValueError, "X has 60 rows and y has 3 labels"),
    "a number for names": (
        lambda made: dataset(class_names=3),
        ValueError,
        "class_names must be a tuple of names, not 3",
    ),
    "one number for a range": (
        lambda made: dataset(value_range=3),
        ValueError,
        "value range must be two numbers, not 3",
    ),
}

FEATURES = {
    "text for a number": (lambda made: HOG(orientations="a").fit(IMAGES), ValueError, "orientations"),
    "no orientations": (lambda made: HOG(orientations=0).fit(IMAGES), ValueError, "orientations"),
    "one number for a cell": (lambda made: HOG(pixels_per_cell=3).fit(IMAGES), ValueError, "pixels_per_cell"),
    "unknown parameter": (lambda made: HOG().set_params(orientation=4), ValueError, "did you mean 'orientations'?"),
    "text for images": (lambda made: HOG().fit("a"), TypeError, "images have dtype"),
    "rows for images": (lambda made: HueHistogram().transform(X), ValueError, "set image_shape to say which"),
    "a number for images": (lambda made: Pixels().fit(3), ValueError, "images have shape ()"),
    "NaN": (lambda made: hog().transform(np.full((1, 8, 8, 3), np.nan)), ValueError, "has a pixel of value nan"),
    "smaller than a block": (lambda made: HOG().fit(IMAGES[:, :2]), ValueError, "smaller than one block"),
}

DOORS = {
    "fit": FIT,
    "parameters": PARAMETERS,
    "partial_fit": PARTIAL_FIT,
    "unfitted": UNFITTED,
    "predict": PREDICT,
    "report": REPORT,
    "files": FILES,
    "sweep": SWEEP,
    "gradient check": CHECK,
    "model of images": MODEL,
    "data": DATA,
    "features": FEATURES,
}
CASES = {f"{door}: {case}": parts for door, cases in DOORS.items() for case, parts in cases.items()}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.DataConversionWarning")
@pytest.mark.parametrize("case", CASES)
def test_error(case, made):
    attempt, kind, message = CASES[case]
    with pytest.raises(OnelayerError) as raised:
        attempt(made)
    assert isinstance(raised.value, kind)
    text = str(raised.value)
    assert message in text
    assert text.isprintable()
    assert 0 < len(text) <= LONGEST


def test_a_method_that_is_not_there_is_found_missing(made):
    assert not hasattr(made.hinge, "predict_proba")
    assert hasattr(made.clf, "predict_proba")
    assert OneLayerClassifier.predict_proba.__doc__.startswith("Return the probability of each class")
