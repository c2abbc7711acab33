"""Features by name: what names and files may say."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import numpy as np
import pytest

from onelayer import ImageModel, OneLayerClassifier, load_model
from onelayer.errors import ConfigError
from onelayer.features import FEATURES, HOG, LIFTS, Concatenation, HueHistogram, ImageFeatures, Pixels
from onelayer.features.naming import describe_features, make_features, make_lift
from onelayer.features.registry import in_words

# A kernel and benchmarks are of one feature by nature; readers have names of arrays in files.
ELSEWHERE = ("features", "engine", "bench", "data")
SOURCE = Path(__file__).resolve().parents[2] / "src" / "onelayer"


@pytest.mark.parametrize("file", [one for one in SOURCE.rglob("*.py") if one.parts[len(SOURCE.parts)] not in ELSEWHERE])
def test_no_other_file_names_a_feature(file):
    tree = ast.parse(file.read_text(encoding="utf-8"))
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert texts & {*FEATURES, *LIFTS} == set()


def test_classes_are_attributes_of_the_package():
    import onelayer.features

    assert {entry.load() for entry in FEATURES.values()} >= {HOG, HueHistogram, Pixels}
    with pytest.raises(AttributeError, match="has no attribute 'Sift'"):
        onelayer.features.Sift  # noqa: B018


def test_every_entry_makes_what_it_names():
    for name in FEATURES:
        features = make_features(name)
        assert isinstance(features, ImageFeatures)
        table = describe_features(features)
        assert FEATURES[table["features"]].parameters == {}
        again = make_features(table["features"], **table["feature_parameters"])
        assert describe_features(again) == table


def test_lifts_by_name():
    lifted = make_lift("fourier:12", HOG(), gamma=0.5)
    assert (lifted.components, lifted.gamma) == (12, 0.5)
    assert make_lift("fourier", HOG()).components == 4000


@pytest.mark.parametrize(
    ("lift", "parameters", "message"),
    [
        ("furier:3", {}, r"no lift called 'furier'; use fourier; did you mean 'fourier'\?"),
        ("fourier:", {}, "write fourier:COUNT"),
        ("fourier:many", {}, "write fourier:COUNT, for example fourier:4000"),
        ("fourier:-3", {}, "write fourier:COUNT"),
        ("fourier:" + "9" * 30, {}, "write fourier:COUNT"),
        ("fourier:0", {}, "components is 0"),
        (
            "fourier:9",
            {"gama": 3},
            r"fourier has no parameter 'gama'; it has components, gamma.*did you mean 'gamma'\?",
        ),
        ("fourier:9", {"features": 3}, "fourier has no parameter 'features'"),
        ("fourier:9", {"gamma": 0}, "gamma is 0; use a finite number greater than 0"),
        ("fourier:9", {"gamma": float("nan")}, "gamma is nan"),
        ("fourier:9", {"random_state": -1}, "random_state is -1"),
    ],
)
def test_unusable_lifts_are_refused(lift, parameters, message):
    with pytest.raises(ConfigError, match=message):
        make_lift(lift, HOG(), **parameters)


@pytest.mark.parametrize("whole", [np.int64, np.int8, np.uint16])
@pytest.mark.parametrize("real", [np.float32, np.float64])
def test_numbers_of_numpy_are_stored_as_plain_ones(tmp_path, whole, real):
    images = np.random.default_rng(0).integers(0, 256, (30, 8, 9, 3), dtype=np.uint8)
    hog = HOG(
        orientations=whole(4),
        pixels_per_cell=(whole(2), whole(3)),
        cells_per_block=np.array([2, 1], whole),
        transform_sqrt=np.bool_(True),
        block_norm=np.str_("L1"),
        image_shape=np.array([8, 9, 3]),
    )
    features = make_lift(
        "fourier", Concatenation([hog, HueHistogram(bins=whole(5))]), components=whole(9), gamma=real(0.5)
    )
    rows = features.fit_transform(images)
    model = ImageModel(
        OneLayerClassifier(max_epochs=2, random_state=0).fit(rows, np.arange(30) % 2),
        ["a", "b"],
        (8, 9, 3),
        features=features,
    )
    model.save(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(load_model(tmp_path / "m.safetensors").features.transform(images), rows)
    table = describe_features(features)
    assert json.loads(json.dumps(table)) == table
    assert table["feature_parameters"]["hog"]["cells_per_block"] == [2, 1]
    assert table["lift_parameters"]["gamma"] == 0.5


def test_the_same_feature_twice_is_numbered():
    twice = make_features("hog+hog", **{"hog-2": {"orientations": 4}})
    assert [part.orientations for part in twice.features] == [9, 4]
    assert list(describe_features(twice)["feature_parameters"]) == ["hog-1", "hog-2"]


def test_a_feature_that_nobody_registered_can_not_be_saved(tmp_path):
    class Own(Pixels):
        pass

    images = np.zeros((4, 3, 3), np.uint8)
    images[2:] = 9
    model = ImageModel(
        OneLayerClassifier(max_epochs=1).fit(images.reshape(4, -1), [0, 0, 1, 1]), ["a", "b"], (3, 3, 1), features=Own()
    )
    with pytest.raises(ConfigError, match="Own is not a registered feature"):
        model.save(tmp_path / "m.safetensors")


def test_what_is_written_in_reports():
    assert in_words("hog+hue-histogram") == "HOG features and histograms of hues"
    assert in_words("hog", "fourier:4000") == "random Fourier features of HOG features"
    assert in_words("\x1b[31m") == "\\x1b[31m"
