"""Model files: what comes back is what was saved, and a damaged file raises ModelFileError and nothing else."""

from __future__ import annotations

import json
import pickle
import string
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onelayer import OneLayerClassifier, load_model
from onelayer.errors import ModelFileError
from onelayer.losses import LOSSES
from onelayer.storage.tensors import read_tensors, tensor_bytes, write_tensors


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


def reloaded(clf, path):
    clf.save(path)
    return load_model(path)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """The bytes of a small model of two classes of 2×3 images, with everything that a model file can hold."""
    import pandas as pd

    X = pd.DataFrame(np.random.default_rng(0).normal(size=(20, 6)), columns=list("abcdef"))
    clf = OneLayerClassifier(max_epochs=2, image_shape=(2, 3, 1), class_weight={"cat": 1.0, "dog": 2.0}, random_state=0)
    path = tmp_path_factory.mktemp("saved") / "model.safetensors"
    clf.fit(X, np.array(["cat", "dog"])[np.arange(20) % 2]).save(path)
    return path.read_bytes()


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8])
@pytest.mark.parametrize(("loss", "k"), [(loss, k) for loss in LOSSES for k in (2, 3) if (loss, k) != ("logistic", 3)])
def test_a_loaded_model_predicts_the_same_to_the_last_bit(make, path, loss, k, dtype):
    rng = np.random.default_rng(1)
    X, y = rng.uniform(0, 255, (40, 7)).astype(dtype), np.arange(40) % k
    clf = make(loss).fit(X, y)
    again = reloaded(clf, path)
    for method in ("predict", "decision_function", *(["predict_proba"] if LOSSES[loss].has_probabilities else [])):
        np.testing.assert_array_equal(getattr(again, method)(X), getattr(clf, method)(X), strict=True)


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(np.array(["ant", "bee"]), id="text"),
        pytest.param(np.array(["ant", "bee"], object), id="text objects"),
        pytest.param(np.array(["</script><img onerror=x>", "\x1b[31m\n\udcff"], object), id="hostile text"),
        pytest.param(np.array([False, True]), id="bool"),
        pytest.param(np.array([-1.0, 3.0]), id="float64"),
        pytest.param(np.array([-1.0, 3.0], np.float32), id="float32"),
        pytest.param(np.array([-7, 2**40]), id="int64"),
        pytest.param(np.array([0, 200], np.uint8), id="uint8"),
        pytest.param(np.array([-2, 5], np.int16), id="int16"),
        pytest.param(np.array([3, 2**63], np.uint64), id="uint64"),
    ],
)
def test_labels_of_every_type_come_back(make, two_classes, path, names):
    X, y = two_classes
    names = np.sort(names)
    clf = make().fit(X, names[y])
    np.testing.assert_array_equal(reloaded(clf, path).predict(X), clf.predict(X), strict=True)


def test_labels_that_json_lacks_are_refused(make, two_classes, path):
    X, y = two_classes
    clf = make().fit(X, y)
    clf.classes_ = np.array([b"ant", b"bee"])
    with pytest.raises(ModelFileError, match=r"labels of type .S3 can't be saved: use numbers or text"):
        clf.save(path)
    assert not path.exists()


def test_everything_but_the_history_comes_back(make, two_classes, path):
    import pandas as pd

    X, y = two_classes
    parameters = {"learning_rate": 0.02, "class_weight": {0: 1.0, 1: 2.5}, "image_shape": (5, 1), "l2": 0.25}
    clf = make("hinge", early_stopping=True, patience=1, max_epochs=40, **parameters)
    clf.fit(pd.DataFrame(X, columns=list("abcde")), y)
    again = reloaded(clf, path)
    assert again.get_params() == clf.get_params()
    assert list(again.feature_names_in_) == list("abcde")
    for name in ("n_features_in_", "n_iter_", "n_steps_", "stopped_epoch_", "image_shape_"):
        assert getattr(again, name) == getattr(clf, name)
    np.testing.assert_array_equal(again.coef_, clf.coef_, strict=True)
    np.testing.assert_array_equal(again.intercept_, clf.intercept_, strict=True)
    np.testing.assert_array_equal(again.weight_images(), clf.weight_images())


def test_the_loss_is_that_of_the_fit(make, two_classes, path):
    X, y = two_classes
    clf = make("softmax").fit(X, y)
    expected = clf.predict_proba(X)
    np.testing.assert_array_equal(reloaded(clf.set_params(loss="logistic"), path).predict_proba(X), expected)


def test_a_saved_and_loaded_model_saves_to_the_same_bytes(saved, path, tmp_path):
    path.write_bytes(saved)
    load_model(path).save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == saved


def test_bytes_depend_on_the_model_alone(make, two_classes, tmp_path):
    X, y = two_classes
    for name in ("first", "second"):
        make().fit(X, y).save(tmp_path / name)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


def test_a_random_generator_is_not_saved(make, two_classes, path):
    X, y = two_classes
    assert reloaded(make(random_state=np.random.RandomState(3)).fit(X, y), path).random_state is None


# What is wrong with a file, and the words that say so


def test_truncated_files_are_refused(saved, path):
    for length in {*range(0, len(saved), 29), len(saved) - 1}:
        path.write_bytes(saved[:length])
        with pytest.raises(ModelFileError):
            load_model(path)


def test_a_longer_file_is_refused(saved, path):
    path.write_bytes(saved + b"\0")
    with pytest.raises(ModelFileError):
        load_model(path)


@pytest.mark.parametrize("length", [0, 2**23 + 1, 2**31, 2**63, 2**64 - 1])
def test_an_absurd_header_is_refused(saved, path, length):
    path.write_bytes(length.to_bytes(8, "little") + saved[8:])
    with pytest.raises(ModelFileError, match="not a valid safetensors file"):
        load_model(path)


def change(saved, path, arrays=None, metadata=None, table=None):
    """Write the saved model with some of its parts replaced."""
    path.write_bytes(saved)
    old_arrays, old_metadata = read_tensors(path)
    described = json.loads(old_metadata["classifier"]) | (table or {})
    new_metadata = old_metadata | {"classifier": json.dumps(described)} | (metadata or {})
    write_tensors(path, old_arrays | (arrays or {}), new_metadata)
    return path


def test_the_unchanged_parts_make_a_model(saved, path):
    assert load_model(change(saved, path)).classes_.tolist() == ["cat", "dog"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"metadata": {"format_version": "2"}}, "is an onelayer model of version '2'; this onelayer reads version 1"),
        ({"metadata": {"format": "onelayer checkpoint"}}, "not an onelayer model but a checkpoint"),
        ({"metadata": {"format": "pt"}}, "not an onelayer model but a file of something else"),
        ({"metadata": {"classifier": "]"}}, "no readable 'classifier'"),
        ({"metadata": {"classifier": "[" * 100_000}}, "no readable 'classifier'"),
        ({"metadata": {"classifier": "{}"}}, "it lacks 'parameters'"),
        ({"arrays": {"weights": np.zeros((3, 6))}}, "not those of 2 scores"),
        ({"arrays": {"weights": np.zeros((2, 6, 1))}}, "not those of 2 scores"),
        ({"arrays": {"weights": np.zeros((2, 0))}}, "not those of 2 scores"),
        ({"arrays": {"weights": np.zeros((2, 5))}}, "image shape (2, 3, 1) does not fit"),
        ({"arrays": {"intercepts": np.zeros(3)}}, "not those of 2 scores"),
        ({"arrays": {"weights": np.zeros((2, 6), np.float32)}}, "not both float32 or float64"),
        ({"arrays": {"weights": np.zeros((2, 6), int)}}, "not both float32 or float64"),
        ({"arrays": {"weights": np.full((2, 6), np.nan)}}, "its weights are not all finite"),
        ({"arrays": {"intercepts": np.array([0.0, -np.inf])}}, "its weights are not all finite"),
        ({"table": {"classes": ["cat"]}}, "two or more different labels in order"),
        ({"table": {"classes": ["cat", "cat"]}}, "two or more different labels in order"),
        ({"table": {"classes": ["dog", "cat"]}}, "two or more different labels in order"),
        ({"table": {"classes": ["a", "b", "c"]}}, "not those of 3 scores"),
        ({"table": {"class_type": "datetime64"}}, "unknown type, 'datetime64'"),
        ({"table": {"image_shape": [2, 2, 1]}}, "does not fit weights"),
        ({"table": {"image_shape": [-2, -3, 1]}}, "does not fit weights"),
        ({"table": {"feature_names": ["a"]}}, "1 feature names for 6 features"),
        ({"table": {"n_iter": float("inf")}}, "damaged"),
        ({"table": {"parameters": {"loss": "sofmax"}}}, "did you mean 'softmax'"),
        ({"table": {"parameters": {"batch_size": 0}}}, "batch_size=0"),
        ({"table": {"parameters": {"loss": "\x1b[31m"}}}, "damaged"),
    ],
)
def test_what_does_not_fit_is_named(saved, path, changes, message):
    with pytest.raises(ModelFileError) as caught:
        load_model(change(saved, path, **changes))
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_missing_array_is_named(saved, path):
    path.write_bytes(saved)
    arrays, metadata = read_tensors(path)
    write_tensors(path, {"weights": arrays["weights"]}, metadata)
    with pytest.raises(ModelFileError, match="lacks 'intercepts'"):
        load_model(path)


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n", pickle.dumps({"weights": 1}), b"PK\x03\x04", b"{}" * 50])
def test_files_of_other_kinds_are_refused(path, content):
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match="not a valid safetensors file"):
        load_model(path)


def test_folders_and_missing_files_are_refused(tmp_path):
    with pytest.raises(ModelFileError, match="directory"):
        load_model(tmp_path)
    with pytest.raises(ModelFileError, match="no such file"):
        load_model(tmp_path / "none")


# Mutations


def load_or_refuse(path, content):
    """A file gives a model that predicts, or a ModelFileError."""
    path.write_bytes(content)
    try:
        clf = load_model(path)
    except ModelFileError as error:
        assert str(error).isprintable()  # noqa: PT017 (either outcome is good)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # weights may be huge, and the rows have no feature names
        clf.predict(np.ones((2, clf.n_features_in_)))
    repr(clf)


@st.composite
def mutated_bytes(draw, original):
    """Bytes with some of them overwritten, left out, doubled or moved."""
    content = bytearray(original)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, max(0, len(content) - 1)))
        length = draw(st.integers(0, 24))
        kind = draw(st.sampled_from(["overwrite", "remove", "repeat", "insert"]))
        if kind == "overwrite":
            new = draw(st.binary(min_size=1, max_size=8))
            content[start : start + len(new)] = new
        elif kind == "remove":
            del content[start : start + length]
        elif kind == "repeat":
            content[start:start] = content[start : start + length]
        else:
            content[start:start] = draw(st.binary(max_size=length))
    return bytes(content)


STRANGE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(string.printable, max_size=8)
    | st.sampled_from(["str", "object", "float32", "logistic", "hog", "__class__", "\udcff", "é" * 50]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def places(value, place=()):
    """Every place in nested tables and lists."""
    yield place
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in entries:
        yield from places(entry, (*place, key))


@st.composite
def mutated_table(draw, table):
    """JSON with a value at one or two places replaced or left out."""
    table = json.loads(json.dumps(table))
    for _ in range(draw(st.integers(1, 2))):
        *way, key = draw(st.sampled_from([place for place in places(table) if place]))
        inner = table
        for step in way:
            inner = inner[step]
        if draw(st.booleans()):
            inner[key] = draw(STRANGE)
        else:
            del inner[key]
    return table


def mutation_tests(count):
    return settings(
        max_examples=count,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )


def check_mutated_bytes(saved, path, data):
    load_or_refuse(path, data.draw(mutated_bytes(saved)))


def check_mutated_table(saved, path, data):
    path.write_bytes(saved)
    arrays, metadata = read_tensors(path)
    table = data.draw(mutated_table(json.loads(metadata["classifier"])))
    load_or_refuse(path, tensor_bytes(arrays, metadata | {"classifier": json.dumps(table)}))


@mutation_tests(150)
@given(data=st.data())
def test_mutated_bytes_raise_model_file_error_alone(saved, path, data):
    check_mutated_bytes(saved, path, data)


@mutation_tests(150)
@given(data=st.data())
def test_mutated_tables_raise_model_file_error_alone(saved, path, data):
    check_mutated_table(saved, path, data)


@pytest.mark.slow
@mutation_tests(3000)
@given(data=st.data())
def test_thousands_of_mutated_bytes(saved, path, data):
    check_mutated_bytes(saved, path, data)


@pytest.mark.slow
@mutation_tests(3000)
@given(data=st.data())
def test_thousands_of_mutated_tables(saved, path, data):
    check_mutated_table(saved, path, data)
