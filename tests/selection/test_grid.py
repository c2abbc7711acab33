from __future__ import annotations

import numpy as np
import pytest

from onelayer.errors import ConfigError
from onelayer.selection.grid import IN_ONE_PASS, Axis, Grid, parse_axis, pass_key
from onelayer.training import TrainingParameters


@pytest.mark.parametrize(
    ("text", "values", "scale"),
    [
        ("l2=1e-4:1:log:5", (1e-4, 1e-3, 1e-2, 1e-1, 1.0), "log"),
        ("momentum=0:0.9:lin:4", (0.0, 0.3, 0.6, 0.9), "lin"),
        ("batch_size=16:256:log:5", (16, 32, 64, 128, 256), "log"),
        ("max_epochs=1:3:lin:9", (1, 2, 3), "lin"),
        ("l2=0,0.001,1", (0.0, 0.001, 1.0), "list"),
        ("l2=0.001, 1", (0.001, 1.0), "log"),
        ("learning_rate=1", (1.0,), "list"),
        ("loss=softmax,hinge", ("softmax", "hinge"), "list"),
        ("shuffle=pcg64,false", ("pcg64", False), "list"),
        ("early_stopping=true,false", (True, False), "list"),
        ("class_weight=none,balanced", (None, "balanced"), "list"),
    ],
)
def test_texts_become_axes(text, values, scale):
    axis = parse_axis(text)
    assert axis.values == pytest.approx(values) if isinstance(values[0], float) else axis.values == values
    assert axis.scale == scale


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("l2", "write name=lo:hi:log:count"),
        ("=1,2", "write name=lo:hi:log:count"),
        ("l2=", "write name=lo:hi:log:count"),
        ("lerning_rate=0.1,0.2", "did you mean 'learning_rate'"),
        ("dataset=mnist,digits", "'dataset' is none"),
        ("verbose=0,1", "verbose can't be swept"),
        ("validation_fraction=0.1,0.2", "rows that models are compared on"),
        ("l2=1:0.1:log:3", "0 < lo < hi must hold"),
        ("l2=0:1:log:3", "0 < lo < hi must hold"),
        ("momentum=0.5:0.5:lin:3", "lo < hi must hold"),
        ("l2=0:inf:lin:3", "lo < hi must hold"),
        ("l2=nan:1:lin:3", "lo < hi must hold"),
        ("l2=0:1:cubic:3", "lo:hi:lin:count"),
        ("l2=0:1:lin:1", "count from 2"),
        ("l2=0:1:lin:x", "count from 2"),
        ("l2=0:1:lin:3:4", "lo:hi:lin:count"),
        ("l2=0:1", "lo:hi:lin:count"),
        ("l2=-1,1", "l2=-1: input should be greater than or equal to 0"),
        ("momentum=0:1:lin:3", "momentum=1.0: input should be less than 1"),
        ("loss=softmax,hnge", "did you mean 'hinge'"),
        ("l2=0.1,0.1", "has 0.1 twice"),
        ("l2=a,b", "l2='a'"),
    ],
)
def test_wrong_texts_say_what_to_do(text, message):
    with pytest.raises(ConfigError, match=message.replace("(", r"\(")):
        parse_axis(text)


def test_messages_have_no_control_characters():
    with pytest.raises(ConfigError) as caught:
        parse_axis("\x1b[31mred=1,2")
    assert "\x1b" not in str(caught.value)


def test_grid_is_all_combinations_with_the_last_axis_fastest():
    grid = Grid.of({"l2": [0.0, 1.0], "momentum": np.array([0.1, 0.5, 0.9])})
    assert grid.n_trials == 6
    assert [(one["l2"], one["momentum"]) for one in grid.values()] == [
        (l2, momentum) for l2 in (0.0, 1.0) for momentum in (0.1, 0.5, 0.9)
    ]


def test_trials_differ_from_the_base_in_the_grid_alone():
    base = TrainingParameters(batch_size=7)
    assert [t.l2 for t in Grid.of({"l2": [0.5, 2.0]}).trials(base)] == [0.5, 2.0]
    assert {t.model_copy(update={"l2": base.l2}) == base for t in Grid.of({"l2": [0.5, 2.0]}).trials(base)} == {True}


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ([], "needs a grid"),
        (["l2=0,1", "l2=2,3"], "varies l2 twice"),
        (["l2=0:1:lin:200", "momentum=0:0.5:lin:200"], "40,000 combinations"),
    ],
)
def test_wrong_grids(texts, message):
    with pytest.raises(ConfigError, match=message):
        Grid.parse(texts)


def test_axis_without_values():
    with pytest.raises(ConfigError, match="no values"):
        Axis("l2", ())


CHANGED = {
    "learning_rate": 0.5,
    "schedule": "cosine",
    "decay_rate": 0.25,
    "decay_epochs": 3,
    "decay_at_start": True,
    "warmup_epochs": 2,
    "momentum": 0.5,
    "l2": 2.0,
    "init": "normal",
    "init_scale": 0.5,
    "max_epochs": 7,
    "early_stopping": True,
    "patience": 2,
    "monitor": "validation_accuracy",
    "keep": "last",
    "loss": "hinge",
    "batch_size": 5,
    "drop_last": True,
    "shuffle": False,
    "fit_intercept": False,
    "penalize_bias": True,
    "scaling": "none",
    "flip_probability": 0.5,
    "label_smoothing": 0.1,
    "class_weight": "balanced",
    "validations_per_epoch": 2,
    "dtype": "float64",
    "random_state": 5,
}


@pytest.mark.parametrize(("name", "value"), CHANGED.items())
def test_what_shares_a_pass(name, value):
    base = TrainingParameters(random_state=0)
    assert (pass_key(base) == pass_key(base.model_copy(update={name: value}))) is (name in IN_ONE_PASS)


def test_seeds_share_a_pass_where_only_the_start_depends_on_them():
    one, other = (TrainingParameters(shuffle=False, random_state=seed) for seed in (0, 1))
    assert pass_key(one) == pass_key(other)
