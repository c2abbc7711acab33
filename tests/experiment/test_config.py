"""One flat table of settings: where they come from, which wins, and what is refused."""

from __future__ import annotations

import pytest

from onelayer import OneLayerClassifier
from onelayer.data import CATALOG
from onelayer.errors import ConfigError
from onelayer.experiment.config import RECIPES, ExperimentConfig, load_config, parse_setting


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("batch_size=3", ("batch_size", 3)),
        ("l2=1e-3", ("l2", 0.001)),
        (" l2 = 2 ", ("l2", 2)),
        ("shuffle=false", ("shuffle", False)),
        ("loss=hinge", ("loss", "hinge")),
        ('loss="hinge"', ("loss", "hinge")),
        ("dataset=a=b", ("dataset", "a=b")),
        ("dataset=/data/my photos", ("dataset", "/data/my photos")),
        ("classes=[3, 2]", ("classes", [3, 2])),
        ("feature_parameters={bins=4}", ("feature_parameters", {"bins": 4})),
        ("dataset=1\nl2 = 3", ("dataset", "1\nl2 = 3")),
        ("dataset=", ("dataset", "")),
    ],
)
def test_settings_are_toml_or_bare_words(setting, expected):
    assert parse_setting(setting) == expected


@pytest.mark.parametrize("setting", ["l2", "=3", "", " =1"])
def test_settings_without_key_or_value_are_refused(setting):
    with pytest.raises(ConfigError, match="write key=value"):
        parse_setting(setting)


def test_recipe_file_setting_option_and_set_win_in_this_order(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text('dataset = "mnist"\nlearning_rate = 1.0\nmax_epochs = 1\nbatch_size = 1\nfeatures = "hog"\n')
    config = load_config(path, "digits", ["max_epochs=2", "batch_size=2"], {"features": "pixels", "classes": None})
    assert config.dataset == "digits"
    assert config.scaling == RECIPES["digits"]["scaling"]
    assert (config.learning_rate, config.max_epochs, config.batch_size) == (1.0, 2, 2)
    assert config.features == "pixels"


def test_without_anything_it_is_the_digits_recipe():
    assert load_config(None, None, [], {}) == ExperimentConfig.check({"dataset": "digits"} | RECIPES["digits"])


def test_recipes_are_for_pixels_of_catalog_sets():
    assert set(RECIPES) <= set(CATALOG)
    for name, recipe in RECIPES.items():
        ExperimentConfig.check(recipe)
        assert load_config(None, name, [], {"features": "hog"}) == ExperimentConfig(dataset=name, features="hog")


def test_the_defaults_are_the_estimators():
    defaults = OneLayerClassifier().get_params()
    assert ExperimentConfig().training == defaults | {"random_state": 0}


def test_progress_is_not_shown_twice():
    assert ExperimentConfig(verbose=1).training["verbose"] == 0


def test_class_weights_are_by_name_and_become_labels():
    config = ExperimentConfig.check({"class_weight": {"2": 2.0, 1: 3.0}})
    assert config.class_weight == {"2": 2.0, "1": 3.0}
    assert config.for_classes(["1", "2", "3"]).training["class_weight"] == {1: 2.0, 0: 3.0}
    assert ExperimentConfig.check({"class_weight": "balanced"}).class_weight == "balanced"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"lerning_rate": 1}, r"unknown parameter 'lerning_rate'; did you mean 'learning_rate'\?"),
        ({"resize": [8]}, "give two sizes, height and width"),
        ({"resize": [8, 8, 8]}, "give two sizes, height and width"),
        ({"resize": [8, 0]}, "greater than or equal to 1"),
        ({"classes": [1]}, "at least 2"),
        ({"classes": [1, 2.5]}, "classes"),
        ({"random_state": None}, "random_state"),
        ({"validate_on": "train"}, "validate_on='train'"),
        ({"image_shape": [8, 8]}, "image_shape"),
        ({"train_rows": 0}, "train_rows=0"),
    ],
)
def test_bad_values_are_named(values, message):
    with pytest.raises(ConfigError, match=message):
        ExperimentConfig.check(values)
