"""A model of arrays decides on files of the same pictures alike, whatever type, range and layout the arrays had."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from PIL import Image

from onelayer import ImageModel, OneLayerClassifier, load_dataset, load_model

N, TESTED = 60, 20
SHORT = ("--set", "max_epochs=20", "--set", "learning_rate=0.05", "--out", "run")


def pictures(channels):
    """Levels 0 to 15, bright above or below; of two levels the brightest and the darkest are most."""
    rng = np.random.default_rng(0)
    y = np.arange(N) % 2
    levels = rng.integers(0, 9, (N, 9, 10, channels))
    levels[y == 0, :4] += 7
    levels[y == 1, 5:] += 7
    return levels, y


TYPES = {
    "bool": lambda k: k > 7,
    "0/1 bytes": lambda k: (k > 7).astype(np.uint8),
    "0/1 integers": lambda k: (k > 7).astype(np.int64),
    "0/1 floats": lambda k: (k > 7).astype(np.float64),
    "0 to 15": lambda k: k.astype(np.uint8),
    "0.0 to 15.0": lambda k: k.astype(np.float64),
    "0 to 1": lambda k: (k / 15).astype(np.float32),
    "half floats": lambda k: (k / 15).astype(np.float16),
    "-1 to 1": lambda k: k / 7.5 - 1,
    "-0.5 to 0.5": lambda k: (k / 15 - 0.5).astype(np.float32),
    "bytes": lambda k: (k * 17).astype(np.uint8),
    "signed bytes": lambda k: (k * 17 - 128).astype(np.int8),
    "12 bits": lambda k: (k * 273).astype(np.uint16),
    "16 bits": lambda k: (k * 4369).astype(">u2"),
}


def as_files(folder, kind, levels):
    """PNG files of the same pictures: black 0, white 255."""
    shares = (levels > 7) if kind == "bool" or kind.startswith("0/1") else levels / 15
    paths = []
    for i, picture in enumerate(np.round(shares * 255).astype(np.uint8)):
        paths.append(folder / f"{i}.png")
        Image.fromarray(picture.squeeze(axis=2) if picture.shape[2] == 1 else picture).save(paths[-1])
    return paths


@pytest.mark.parametrize(("channels", "layout"), [(1, "no channels"), (1, "first"), (3, "last"), (3, "first")])
@pytest.mark.parametrize("kind", TYPES)
def test_arrays_and_their_files_are_decided_on_alike(onelayer, folder, kind, channels, layout):
    levels, y = pictures(channels)
    X = TYPES[kind](levels)
    given = {"no channels": X[..., 0], "first": X.transpose(0, 3, 1, 2), "last": X}[layout]
    cut = N - TESTED
    np.savez(folder / "set.npz", X_train=given[:cut], y_train=y[:cut], X_test=given[cut:], y_test=y[cut:])
    trained = onelayer("train", "set.npz", *SHORT, "--json").json
    assert trained["test"]["accuracy"] == 1
    paths = as_files(folder, kind, levels[cut:])
    found = onelayer("predict", "run", *paths, "--json").json["predictions"]
    assert [one["class"] for one in found] == [str(label) for label in y[cut:]]
    model = load_model("run/model.safetensors")
    in_model = np.ascontiguousarray(X[cut:], np.float32)
    probabilities = [[one["probabilities"][name] for name in model.class_names] for one in found]
    np.testing.assert_allclose(
        probabilities, model.predict_proba(in_model), atol=2e-3 if kind == "half floats" else 1e-5
    )


@pytest.mark.parametrize(("features", "channels"), [("hog", 1), ("hue-histogram", 3)])
@pytest.mark.parametrize("kind", ["0/1 bytes", "0 to 15", "16 bits"])  # fractions fall beside the borders of bins
def test_features_too(onelayer, folder, kind, features, channels):
    levels = np.random.default_rng(0).integers(0, 16, (N, 24, 24, channels))
    np.savez(folder / "set.npz", X=TYPES[kind](levels), y=np.arange(N) % 2)
    onelayer("train", "set.npz", "--features", features, *SHORT)
    model = load_model("run/model.safetensors")
    files = model.decision_function(as_files(folder, kind, levels))
    np.testing.assert_allclose(files, model.decision_function(TYPES[kind](levels)), atol=1e-3)


@pytest.mark.parametrize("kind", ["bool", "0 to 15", "0 to 1", "16 bits"])
def test_evaluate_and_sweep_too(onelayer, folder, kind):
    levels, y = pictures(3)
    np.savez(folder / "set.npz", X=TYPES[kind](levels), y=y)
    swept = onelayer("sweep", "set.npz", "--grid", "l2=0,0.001", *SHORT, "--json").json
    assert swept["test"]["accuracy"] == 1
    for label in (0, 1):
        (folder / "files" / str(label)).mkdir(parents=True)
        as_files(folder / "files" / str(label), kind, levels[y == label])
    assert onelayer("evaluate", "run", "files", "--split", "train", "--json").json["train"]["accuracy"] == 1


@pytest.mark.parametrize("kind", ["bool", "0/1 floats", "0 to 15", "0 to 1", "signed bytes"])
def test_in_python_too(folder, kind):
    levels, y = pictures(3)
    np.savez(folder / "set.npz", X=TYPES[kind](levels), y=y)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        train = load_dataset(folder / "set.npz").train
    assert ["black is taken to be" in str(one.message) for one in caught] == [True] * (kind != "bool")
    clf = OneLayerClassifier(learning_rate=0.05, random_state=0).fit(train.X, train.y)
    model = ImageModel(clf, train.class_names, train.image_shape, value_range=train.value_range)
    assert model.predict(as_files(folder, kind, levels)).tolist() == [str(label) for label in y]


def test_a_range_that_is_asked_for_is_kept_in_the_model_and_the_configuration(onelayer, folder):
    levels, y = pictures(1)
    X = (levels * 4).astype(np.uint8)  # 0 to 60, of 0 to 63
    np.savez(folder / "set.npz", X=X, y=y)
    onelayer("train", "set.npz", "--value-range", "0,63", *SHORT)
    assert load_model("run/model.safetensors").value_range == (0, 63)
    first = onelayer("evaluate", "run", "set.npz", "--json").json
    assert onelayer("train", "--config", "run/config.toml", "--out", "again", "--json").json["test"] == first["test"]


def test_files_of_a_range_that_was_asked_for_are_predicted_with_it(onelayer, folder):
    levels, y = pictures(1)
    for label in (0, 1):
        (folder / "photos" / str(label)).mkdir(parents=True)
        for i, picture in enumerate(levels[y == label, :, :, 0]):
            Image.fromarray((picture * 273).astype(np.uint16)).save(folder / "photos" / str(label) / f"{i}.png")
    trained = onelayer("train", "photos", "--value-range", "0,4095", *SHORT, "--json").json
    assert trained["test"]["accuracy"] == 1
    model = load_model("run/model.safetensors")
    assert (model.value_range, model.preparation.value_range) == ((0, 255), (0, 4095))
    read = model.read([folder / "photos" / "0" / "0.png"])
    np.testing.assert_array_equal(read[0], levels[y == 0][0] * 17)
    assert onelayer("evaluate", "run", "photos", "--json").json["test"] == trained["test"]


def test_a_model_that_no_file_can_match_says_so_when_it_is_trained(onelayer, folder):
    X = np.random.default_rng(0).integers(0, 256, (N, 12, 10, 7), dtype=np.uint8)
    np.savez(folder / "set.npz", X=X, y=np.arange(N) % 2)
    outcome = onelayer("train", "set.npz", *SHORT)
    assert outcome.code == 0
    assert "note: images have 7 channels: the model will take arrays of such images, but no image files" in outcome.err
    Image.new("RGB", (10, 12)).save(folder / "a.png")
    refused = onelayer("predict", "run", "a.png")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err == (
        "error: this model was trained on images of 7 channels: it takes arrays of such, but no image files, which "
        "have 1 or 3\n"
    )
