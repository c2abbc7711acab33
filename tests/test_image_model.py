"""ImageModel: from images and image files to class names, and back from its file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from onelayer import ImageModel, OneLayerClassifier, load_dataset, load_model
from onelayer.errors import DataError, InputError, ModelFileError
from onelayer.features import FEATURES, HOG, Concatenation, FourierFeatures, HueHistogram, make_features
from onelayer.storage.tensors import read_tensors, write_tensors

SHAPE = (16, 12, 3)
NAMES = ("</script><img onerror=x>", "[/red]", "plain")


def trained(features, loss="softmax", k=3):
    rng = np.random.default_rng(0)
    images, y = rng.integers(0, 256, (60, *SHAPE), dtype=np.uint8), np.arange(60) % k
    rows = features.fit_transform(images)
    clf = OneLayerClassifier(loss, max_epochs=2, random_state=0).fit(rows, y)
    return ImageModel(clf, NAMES[:k], SHAPE, features=features), images


SMALL_HOG = {"pixels_per_cell": [4, 4], "cells_per_block": [2, 2]}


@pytest.fixture(params=[*FEATURES, "several", "a lift"])
def model_and_images(request):
    if request.param == "several":
        return trained(Concatenation([HOG(**SMALL_HOG), HueHistogram(), HOG(orientations=4, **SMALL_HOG)]))
    if request.param == "a lift":
        return trained(FourierFeatures(HueHistogram(), components=np.int64(50), gamma=np.float32(0.5)))
    parameters = {"hog": SMALL_HOG, "hue-histogram": {"bins": 9}}
    return trained(make_features(request.param, **parameters.get(request.param, {})))


@pytest.fixture(scope="module")
def digits():
    """A model of the digits, whose white is 16, and the test part."""
    train, _, test = load_dataset("digits")
    clf = OneLayerClassifier(scaling="symmetric", learning_rate=0.3, momentum=0.9, max_epochs=20, random_state=0)
    clf.fit(train.X, train.y)
    return ImageModel(clf, train.class_names, train.image_shape, value_range=train.value_range), test


def test_predictions_are_the_classifiers_named(model_and_images):
    model, images = model_and_images
    rows = model.features.transform(images)
    np.testing.assert_array_equal(model.predict(images), np.array(NAMES)[model.classifier.predict(rows)])
    np.testing.assert_array_equal(model.predict_proba(images), model.classifier.predict_proba(rows))
    np.testing.assert_array_equal(model.decision_function(images), model.classifier.decision_function(rows))


def test_a_loaded_model_predicts_the_same_to_the_last_bit(model_and_images, tmp_path):
    model, images = model_and_images
    model.save(tmp_path / "m.safetensors")
    again = load_model(tmp_path / "m.safetensors")
    assert (again.class_names, again.image_shape, again.value_range) == (NAMES, SHAPE, (0.0, 255.0))
    np.testing.assert_array_equal(again.predict_proba(images), model.predict_proba(images), strict=True)
    again.save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == (tmp_path / "m.safetensors").read_bytes()


OLD_SCORES = {  # computed by the version that wrote the files
    "pixels": [[0.6338958, -0.2645013, -0.3693944], [-0.2720471, 0.5238242, -0.2517771]],
    "hog": [[0.0143777, -0.0202502, 0.0058725], [-0.0682403, -0.0028858, 0.0711261]],
    "hue-histogram": [[0.0262475, 0.0270531, -0.0533006], [-0.036362, -0.0016952, 0.0380572]],
}


@pytest.mark.parametrize("name", OLD_SCORES)
def test_a_model_file_from_before_features_had_arrays_gives_the_same_scores(name, tmp_path):
    path = Path(__file__).parent / "features" / "models-1" / f"{name}.safetensors"
    model = load_model(path)
    images = (np.arange(60 * 9 * 8 * 3) ** 2 % 251).astype(np.uint8).reshape(60, 9, 8, 3)
    np.testing.assert_allclose(model.decision_function(images[:2]), OLD_SCORES[name], rtol=0, atol=1e-6)
    model.save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()


def test_features_that_learn_must_be_fitted(digits):
    lift = FourierFeatures(make_features("pixels"), components=64)
    parts = digits[0].classifier, digits[0].class_names, (8, 8, 1)
    with pytest.raises(InputError, match="features are not fitted: fit FourierFeatures of Pixels on training images"):
        ImageModel(*parts, features=lift)
    lift.fit(np.random.default_rng(0).random((9, 7, 8)))
    with pytest.raises(InputError, match="were fitted on 7×8×1 images"):
        ImageModel(*parts, features=lift)


def test_features_that_learn_nothing_are_left_as_they_were(digits):
    features = make_features("pixels").fit(np.zeros((1, 3, 3), np.uint8))
    ImageModel(digits[0].classifier, digits[0].class_names, (8, 8, 1), features=features)
    assert features.image_shape_ == (3, 3, 1)


def test_many_images_are_those_one_by_one(digits, monkeypatch):
    model, test = digits
    monkeypatch.setattr("onelayer.image_model.BLOCK_IMAGES", 7)
    one_by_one = [model.predict(image[np.newaxis])[0] for image in test.X[:20]]
    assert model.predict(test.X[:20]).tolist() == one_by_one


@pytest.mark.parametrize(
    ("mode", "suffix"), [("L", "png"), ("RGB", "png"), ("RGBA", "png"), ("P", "gif"), ("L", "bmp"), ("I;16", "png")]
)
def test_files_of_a_digit_are_recognised_whatever_their_mode(digits, tmp_path, mode, suffix):
    model, test = digits
    expected = model.predict(test.X[:30])
    paths = [tmp_path / f"{i}.{suffix}" for i in range(30)]
    for path, image in zip(paths, test.X[:30, :, :, 0], strict=True):
        grey = np.round(image * (255 / 16)).astype(np.uint8)
        if mode == "I;16":
            Image.fromarray(grey.astype(np.uint16) * 257).save(path)
        else:
            Image.fromarray(grey).convert(mode).save(path)
    assert model.predict(paths).tolist() == expected.tolist()


@pytest.mark.parametrize("size", [(64, 64), (31, 57)])
def test_larger_jpegs_of_digits_are_mostly_recognised(digits, tmp_path, size):
    model, test = digits
    paths = [tmp_path / f"{i}.jpg" for i in range(100)]
    for path, image in zip(paths, test.X[:, :, :, 0], strict=False):
        Image.fromarray((image * 15.9).astype(np.uint8)).convert("RGB").resize(size).save(path, quality=95)
    right = model.predict(paths) == np.array(test.class_names)[test.y[:100]]
    assert right.mean() > 0.85


def test_white_and_black_of_a_file_are_those_of_the_training_images(digits, tmp_path):
    model, _ = digits
    Image.new("L", (8, 8), 255).save(tmp_path / "white.png")
    Image.new("L", (8, 8), 0).save(tmp_path / "black.png")
    white, black = model.read([tmp_path / "white.png", tmp_path / "black.png"])
    assert (white == 16).all()
    assert (black == 0).all()


def test_pictures_in_the_range_of_bytes_stay_bytes(tmp_path):
    model, _ = trained(HueHistogram())
    Image.new("RGB", (12, 16), (1, 2, 3)).save(tmp_path / "a.png")
    picture = model.read([tmp_path / "a.png"])
    assert picture.dtype == np.uint8
    assert (picture == [1, 2, 3]).all()


def test_one_path_is_one_image(digits, tmp_path):
    model, test = digits
    path = tmp_path / "one.png"
    Image.fromarray((test.X[0, :, :, 0] * 15.9).astype(np.uint8)).save(path)
    assert model.predict(path).tolist() == model.predict(str(path)).tolist() == model.predict([path]).tolist()


def test_losses_without_probabilities_have_scores():
    model, images = trained(HueHistogram(), "hinge", k=2)
    assert not model.has_probabilities
    assert model.decision_function(images).shape == (60,)


def test_what_a_model_is_can_be_read(digits):
    assert repr(digits[0]) == "<ImageModel: Pixels of 8×8×1 images, softmax, 10 classes>"


# What does not fit


def test_images_of_another_size_are_refused(digits):
    with pytest.raises(InputError, match="images are 28×28×1, but the model was trained on 8×8×1"):
        digits[0].predict(np.zeros((2, 28, 28), np.uint8))


def test_no_images_are_refused(digits):
    with pytest.raises(InputError, match="no images to predict"):
        digits[0].predict([])


def test_a_file_that_is_no_image_is_named(digits, tmp_path):
    path = tmp_path / "[" / "red].png"
    path.parent.mkdir()
    path.write_text("not an image")
    with pytest.raises(DataError, match=r"\[/red\]\.png can't be read as an image"):
        digits[0].predict(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"class_names": ["a", "b"]}, "there are 2 class names"),
        ({"image_shape": (8, 9, 1)}, "makes 72 features"),
        ({"image_shape": (10**5, 10**5, 1)}, "empty or have more"),
        ({"image_shape": (0, 8, 1)}, "empty or have more"),
        ({"image_shape": (-8, -8, 1)}, "empty or have more"),
        ({"value_range": (3, 3)}, "is no range"),
        ({"value_range": (0, np.inf)}, "is no range"),
        ({"features": HOG()}, "smaller than one block"),
    ],
)
def test_parts_that_do_not_fit_are_refused(digits, changes, message):
    model = digits[0]
    parts = {"class_names": model.class_names, "image_shape": model.image_shape, **changes}
    with pytest.raises(InputError, match=message):
        ImageModel(model.classifier, **parts)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"features": "sift"}, "no features called 'sift'"),
        ({"features": ["pixels"]}, "damaged"),
        ({"feature_parameters": {"bins": 4}}, "pixels has no parameter 'bins'"),
        ({"feature_parameters": None}, "damaged"),
        ({"class_names": ["a", "b"]}, "there are 2 class names"),
        ({"class_names": 3}, "damaged"),
        ({"image_shape": [8, 8]}, "damaged"),
        ({"image_shape": [8, -8, -1]}, "damaged"),
        ({"image_shape": [2**40, 2**40, 1]}, "empty or have more"),
        ({"image_shape": [8, 8, 2**30]}, "empty or have more"),
        ({"value_range": [0]}, "damaged"),
        ({"value_range": ["a", "b"]}, "damaged"),
        ({"features": "hog", "feature_parameters": {"pixels_per_cell": [1, 1], "orientations": 10**9}}, "orientations"),
    ],
)
def test_a_damaged_table_is_refused(digits, tmp_path, change, message):
    path = tmp_path / "m.safetensors"
    digits[0].save(path)
    arrays, metadata = read_tensors(path)
    table = json.loads(metadata["image_model"]) | change
    write_tensors(path, arrays, metadata | {"image_model": json.dumps(table)})
    with pytest.raises(ModelFileError, match=message):
        load_model(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lift": "furier", "lift_parameters": {}}, "no lift called 'furier'"),
        ({"lift": ["fourier"], "lift_parameters": {}}, "no lift called"),
        ({"lift": "fourier"}, "damaged"),
        ({"lift": "fourier", "lift_parameters": {}}, "needs the arrays mean, scale"),
        ({"features": "pixels+pixels"}, "a table for each of pixels-1, pixels-2"),
        ({"features": "pixels+pixels", "feature_parameters": {}}, "makes 128 features"),
        ({"features": "+" * 10_000}, "10,001 features; at most 64"),
    ],
)
def test_a_damaged_table_of_features_is_refused(digits, tmp_path, change, message):
    path = tmp_path / "m.safetensors"
    digits[0].save(path)
    arrays, metadata = read_tensors(path)
    table = json.loads(metadata["image_model"]) | change
    write_tensors(path, arrays, metadata | {"image_model": json.dumps(table)})
    with pytest.raises(ModelFileError, match=message):
        load_model(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"features/mean": None}, "needs the arrays mean, scale; there are scale"),
        ({"features/mean": np.zeros(15, np.float32)}, r"array mean must hold finite floats of shape \(16,\)"),
        ({"features/mean": np.zeros(16, np.uint8)}, "uint8"),
        ({"features/mean": np.full(16, np.inf, np.float32)}, "not finite"),
        ({"features/more": np.zeros(16, np.float32)}, "there are mean, more, scale"),
    ],
)
def test_damaged_arrays_of_features_are_refused(tmp_path, change, message):
    path = tmp_path / "m.safetensors"
    trained(FourierFeatures(HueHistogram(), components=9))[0].save(path)
    arrays, metadata = read_tensors(path)
    arrays = {name: array for name, array in (arrays | change).items() if array is not None}
    write_tensors(path, arrays, metadata)
    with pytest.raises(ModelFileError, match=message):
        load_model(path)


@pytest.mark.parametrize("text", ["", "[]", "[" * 10_000, '{"features": "pixels"}'])
def test_a_table_that_is_none_is_refused(digits, tmp_path, text):
    path = tmp_path / "m.safetensors"
    digits[0].save(path)
    arrays, metadata = read_tensors(path)
    write_tensors(path, arrays, metadata | {"image_model": text})
    with pytest.raises(ModelFileError, match="damaged"):
        load_model(path)
