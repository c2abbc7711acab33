"""ImageModel: from images and image files to class names, and back from its file."""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from onelayer import ImageModel, OneLayerClassifier, load_dataset, load_model
from onelayer.data.image_options import ImageOptions
from onelayer.data.images import read_image
from onelayer.errors import DataError, DataWarning, InputError, InputTypeError, ModelFileError, OnelayerError
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


# What is taken for images


def assert_alike(found, expected):
    """One row by itself is rounded differently from one among others."""
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)


def as_pictures(digits, folder, count=6):
    """Digits as files, and what the model decides on the files."""
    model, test = digits
    paths = [folder / f"{i}.png" for i in range(count)]
    for path, image in zip(paths, test.X[:, :, :, 0], strict=False):
        Image.fromarray(np.round(image * (255 / 16)).astype(np.uint8)).resize((20, 16)).save(path)
    return paths, model.predict_proba(paths)


class Unseekable(io.RawIOBase):
    """What comes over a connection."""

    def __init__(self, content):
        self._stream = io.BytesIO(content)

    def readable(self):
        return True

    def readinto(self, buffer):
        return self._stream.readinto(buffer)


ONE_PICTURE = {
    "path": lambda path: path,
    "text": str,
    "os.fspath": lambda path: np.str_(path),
    "bytes": Path.read_bytes,
    "bytearray": lambda path: bytearray(path.read_bytes()),
    "memoryview": lambda path: memoryview(path.read_bytes()),
    "BytesIO": lambda path: io.BytesIO(path.read_bytes()),
    "open file": lambda path: path.open("rb"),
    "stream": lambda path: Unseekable(path.read_bytes()),
    "PIL, lazily opened": Image.open,
    "PIL in memory": lambda path: Image.open(path).copy(),
    "PIL, another mode": lambda path: Image.open(path).convert("RGBA"),
}
MANY = {
    "list": list,
    "tuple": tuple,
    "generator": lambda items: (item for item in items),
    "object array": lambda items: np.array([*items, None], dtype=object)[:-1],
    "Series": lambda items: pytest.importorskip("pandas").Series(items),
}


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
@pytest.mark.parametrize("kind", ONE_PICTURE)
def test_one_picture_of_any_kind_is_taken(digits, tmp_path, kind):
    paths, expected = as_pictures(digits, tmp_path)
    for path, row in zip(paths, expected, strict=True):
        assert_alike(digits[0].predict_proba(ONE_PICTURE[kind](path)), [row])


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
@pytest.mark.parametrize("many", MANY)
@pytest.mark.parametrize("kind", ONE_PICTURE)
def test_many_pictures_of_any_kind_are_taken(digits, tmp_path, kind, many):
    paths, expected = as_pictures(digits, tmp_path)
    images = MANY[many]([ONE_PICTURE[kind](path) for path in paths])
    assert_alike(digits[0].predict_proba(images), expected)


def test_kinds_may_be_mixed_and_come_in_batches(digits, tmp_path, monkeypatch):
    monkeypatch.setattr("onelayer.image_model.BLOCK_IMAGES", 2)
    paths, expected = as_pictures(digits, tmp_path)
    model = digits[0]
    images = [paths[0], str(paths[1]), Image.open(paths[2]), paths[3].read_bytes(), model.read(paths[4])[0]]
    assert_alike(model.predict_proba(images), expected[:5])
    assert model.predict(iter(images[:1])).shape == (1,)


@pytest.mark.parametrize("many", [list, tuple, lambda items: (item for item in items)])
@pytest.mark.parametrize(
    "one",
    [
        lambda image: image,
        lambda image: image[:, :, 0],
        lambda image: image.astype(float),
        lambda image: image.tolist(),
        lambda image: np.asfortranarray(image),
        lambda image: image.transpose(2, 0, 1),
    ],
    ids=["h w c", "h w", "floats", "nested lists", "Fortran order", "c h w"],
)
@pytest.mark.filterwarnings("ignore:images of shape")
def test_arrays_may_be_listed(digits, one, many):
    model, test = digits
    expected = model.predict_proba(test.X[:7])
    assert_alike(model.predict_proba(many([one(image) for image in test.X[:7]])), expected)
    assert_alike(model.predict_proba(one(test.X[0])), expected[:1])


def test_a_whole_array_may_have_any_form_that_fits(digits):
    model, test = digits
    X = test.X[:9]
    expected = model.predict_proba(X)
    for images in (X[..., 0], X.reshape(9, 64), X.tolist(), X.astype(np.int64), X.astype(">f8")):
        assert_alike(model.predict_proba(images), expected)
    with pytest.warns(DataWarning, match="axes are moved"):
        assert_alike(model.predict_proba(X.transpose(0, 3, 1, 2)), expected)


def test_truth_values_are_black_and_white(digits):
    model, test = digits
    bright = test.X[:9] > 7
    assert_alike(model.predict_proba(bright), model.predict_proba(bright * np.float32(16)))


@pytest.mark.parametrize(
    ("images", "error", "message"),
    [
        (None, InputTypeError, "images must be an array, a PIL image, a path.* not NoneType"),
        (3, InputTypeError, "images must be .* not int"),
        (2.5, InputTypeError, "images must be .* not float"),
        (object(), InputTypeError, "images must be .* not object"),
        ({"a.png": 1}, InputTypeError, "images must be .* not dict"),
        ({"a.png"}, InputTypeError, "images must be .* not set"),
        ([None], InputTypeError, "image 0 must be an array of numbers.* not NoneType"),
        ([b"x", object()], DataError, "image 0 can't be read as an image"),
        ([{}], InputTypeError, "image 0 must be .* not dict"),
        (np.array([1j] * 64).reshape(1, 8, 8), InputTypeError, "must be .* not complex"),
        ([], InputError, "no images to predict"),
        ((), InputError, "no images to predict"),
        (iter([]), InputError, "no images to predict"),
        (np.zeros((0, 8, 8)), InputError, "no images to predict"),
        (np.zeros(7), InputError, r"images have shape \(7,\), but the model"),
        (np.zeros((2, 7)), InputError, r"images have shape \(2, 7\), but the model"),
        (np.zeros((2, 9, 8)), InputError, "images are 9×8×1, but the model was trained on 8×8×1"),
        (np.zeros((2, 3, 8, 8)), InputError, "images are 3×8×8, but"),
        ([np.zeros((9, 8))], InputError, "images are 9×8×1, but"),
        ([np.zeros((2, 8, 8, 1))], InputError, "image 0 has shape .*: it is 2 images, not one"),
        ([np.zeros((2, 8, 8))], InputError, "images are 2×8×8, but"),
        ([[[1, 2], [3]]], InputError, "can't be made an array"),
        (b"", DataError, "image 0 can't be read as an image"),
        (b"no image", DataError, "image 0 can't be read as an image"),
        (io.BytesIO(b"no image"), DataError, "image 0 can't be read as an image"),
        (io.StringIO("no image"), DataError, "image 0 can't be read as an image"),
        ("nothing.png", DataError, "nothing.png can't be read as an image"),
        ("a\0b.png", DataError, "can't be read as an image"),
        ("", DataError, "can't be read as an image"),
        (".", DataError, "can't be read as an image: Is a directory"),
        (np.full((1, 8, 8), np.nan), InputError, "nan"),
    ],
)
@pytest.mark.parametrize("method", ["predict", "predict_proba", "decision_function"])
def test_what_is_no_image_is_refused_in_a_line_of_ours(digits, images, error, message, method):
    if isinstance(images, io.IOBase):
        images.seek(0)
    if isinstance(images, Iterator) and not isinstance(images, io.IOBase):
        images = iter([])
    with pytest.raises(error, match=message) as caught:
        getattr(digits[0], method)(images)
    assert isinstance(caught.value, OnelayerError)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("value_range", "images", "doubtful"),
    [
        ((0, 255), np.full((1, 8, 8), 0.7), True),
        ((0, 255), np.zeros((1, 8, 8)), False),
        ((0, 255), np.full((1, 8, 8), 200.0), False),
        ((0, 255), np.full((1, 8, 8), 40_000, np.uint16), True),
        ((0, 1), np.full((1, 8, 8), 200, np.uint8), True),
        ((0, 1), np.full((1, 8, 8), 1.1), False),
        ((-1, 1), np.full((1, 8, 8), -0.9), False),
        ((0, 16), np.full((1, 8, 8), 17, np.uint8), False),
    ],
)
def test_arrays_of_another_range_are_doubted(digits, value_range, images, doubtful):
    model = ImageModel(digits[0].classifier, digits[0].class_names, (8, 8, 1), value_range=value_range)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.predict(images)
    said = [str(one.message) for one in caught]
    assert len(said) == doubtful
    assert all(f"in the training images black was {value_range[0]} and white {value_range[1]}" in one for one in said)


# Size, way to it, and range of files


@pytest.mark.parametrize("mode", ["stretch", "crop", "pad"])
def test_the_way_to_the_size_and_the_range_of_files_are_kept(digits, tmp_path, mode):
    base = digits[0]
    model = ImageModel(
        base.classifier, base.class_names, (8, 8, 1), value_range=(0, 16), resize_mode=mode, file_range=(0, 100)
    )
    model.save(tmp_path / "m.safetensors")
    again = load_model(tmp_path / "m.safetensors")
    assert again.preparation == model.preparation == ImageOptions((8, 8), mode, 1, (0, 100))
    picture = Image.fromarray(np.arange(200, dtype=np.uint8).reshape(10, 20) // 2)
    expected = read_image(picture, channels=1, resize=(8, 8), resize_mode=mode, value_range=(0, 100))
    np.testing.assert_array_equal(again.read(picture), model.rescaled(expected[np.newaxis]))


def test_a_model_of_other_channels_takes_arrays_alone():
    X = np.random.default_rng(0).integers(0, 256, (20, 6, 5, 7), dtype=np.uint8)
    clf = OneLayerClassifier(max_epochs=1, random_state=0).fit(X, np.arange(20) % 2)
    model = ImageModel(clf, ["a", "b"], (6, 5, 7))
    assert model.predict(X).shape == (20,)
    with pytest.raises(InputError, match="images of 7 channels: it takes arrays of such, but no image files"):
        model.predict(Image.new("RGB", (5, 6)))


def test_the_shape_is_that_of_the_classifiers_images():
    X = np.random.default_rng(0).integers(0, 256, (20, 3, 12, 10), dtype=np.uint8)
    with pytest.warns(DataWarning, match="axes are moved"):
        clf = OneLayerClassifier(max_epochs=1, random_state=0).fit(X, np.arange(20) % 2)
    with pytest.raises(InputError, match=r"trained on images of 12×10×3, but image_shape=\(3, 12, 10\)"):
        ImageModel(clf, ["a", "b"], X.shape[1:])


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
