"""Parameters: what is accepted, and what an error says."""

from __future__ import annotations

import numpy as np
import pytest

from onelayer.errors import ConfigError
from onelayer.losses import LOSSES
from onelayer.training import TrainingParameters


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("loss", "sofmax", "; did you mean 'softmax'?"),
        ("loss", None, "should be 'logistic', 'softmax', 'sigmoid', 'hinge' or 'squared_hinge'"),
        ("solver", "newton", "should be 'sgd'"),
        ("learning_rate", -0.1, "greater than 0"),
        ("learning_rate", 0.0, "greater than 0"),
        ("learning_rate", np.nan, "finite"),
        ("learning_rate", np.inf, "finite"),
        ("learning_rate", "0.1", "valid number"),
        ("learning_rate", True, "valid number"),
        ("schedule", "cosin", "; did you mean 'cosine'?"),
        ("decay_rate", 0.0, "greater than 0"),
        ("decay_rate", 1.5, "less than or equal to 1"),
        ("decay_epochs", 0, "greater than or equal to 1"),
        ("decay_at_start", 1, "valid boolean"),
        ("warmup_epochs", -1, "greater than or equal to 0"),
        ("momentum", 1.0, "less than 1"),
        ("momentum", -0.1, "greater than or equal to 0"),
        ("batch_size", 0, "greater than or equal to 1"),
        ("batch_size", 12.5, "valid integer"),
        ("batch_size", "128", "valid integer"),
        ("shuffle", True, "should be 'pcg64', 'numpy-legacy' or False"),
        ("max_epochs", 0, "greater than or equal to 1"),
        ("l2", -1e-4, "greater than or equal to 0"),
        ("l2", np.inf, "finite"),
        ("init", "zero", "; did you mean 'zeros'?"),
        ("init_scale", -1.0, "greater than or equal to 0"),
        ("scaling", "standardise", "; did you mean 'standardize'?"),
        ("flip_probability", 1.1, "less than or equal to 1"),
        ("flip_mode", "both", "should be 'independent' or 'accumulating'"),
        ("image_shape", (28,), "at least 2 items"),
        ("image_shape", (28, 28, 1, 1), "at most 3 items"),
        ("image_shape", "28x28", "valid tuple"),
        ("label_smoothing", 1.0, "less than 1"),
        ("class_weight", "balance", "; did you mean 'balanced'?"),
        ("early_stopping", "yes", "valid boolean"),
        ("patience", 0, "greater than or equal to 1"),
        ("monitor", "validation_los", "; did you mean 'validation_loss'?"),
        ("keep", "first", "should be 'best' or 'last'"),
        ("validation_fraction", 0.0, "greater than 0"),
        ("validation_fraction", 1.0, "less than 1"),
        ("validations_per_epoch", 0, "greater than or equal to 1"),
        ("dtype", "float16", "should be 'auto', 'float32' or 'float64'"),
        ("n_jobs", 1.5, "valid integer"),
        ("random_state", -1, "greater than or equal to 0"),
        ("random_state", 2**32, "less than 4294967296"),
        ("verbose", -1, "greater than or equal to 0"),
    ],
)
def test_value_out_of_range_is_named(name, value, message):
    with pytest.raises(ConfigError) as raised:
        TrainingParameters.check({name: value})
    text = str(raised.value)
    assert text.startswith(f"{name}={value!r}: ")
    assert message in text
    assert "\n" not in text


def test_item_of_the_image_shape_is_named():
    with pytest.raises(ConfigError, match=r"^image_shape=0: input should be greater than or equal to 1$"):
        TrainingParameters.check({"image_shape": (28, 0)})


def test_weight_of_a_class_is_named():
    with pytest.raises(ConfigError, match=r"^class_weight=-1\.0: input should be greater than or equal to 0$"):
        TrainingParameters.check({"class_weight": {"cat": -1.0}})


def test_unknown_name_has_its_nearest():
    with pytest.raises(ConfigError, match=r"^unknown parameter 'lerning_rate'; did you mean 'learning_rate'\?$"):
        TrainingParameters.check({"lerning_rate": 0.1})


def test_control_characters_are_not_shown_as_they_are():
    with pytest.raises(ConfigError) as raised:
        TrainingParameters.check({"loss": "\x1b[31m"})
    assert str(raised.value).isprintable()


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("learning_rate", 1, 1.0),
        ("learning_rate", np.float32(0.5), 0.5),
        ("batch_size", np.int64(7), 7),
        ("shuffle", np.bool_(False), False),
        ("verbose", True, True),
        ("image_shape", [8, 8], (8, 8)),
        ("image_shape", np.array([8, 8, 3]), (8, 8, 3)),
        ("class_weight", {"cat": 2, np.int64(3): np.float32(0.5)}, {"cat": 2.0, 3: 0.5}),
    ],
)
def test_numpy_and_lists_become_plain(name, value, expected):
    assert getattr(TrainingParameters.check({name: value}), name) == expected


def test_every_loss_can_be_chosen():
    assert [TrainingParameters.check({"loss": loss}).loss for loss in LOSSES] == list(LOSSES)


def test_parameters_can_not_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        TrainingParameters().batch_size = 3
