"""Classes go by their names wherever a user writes them: in ``--classes``, in weights, in files."""

from __future__ import annotations

import numpy as np
import pytest

from onelayer import load_model
from onelayer.experiment.config import ExperimentConfig, run_config
from onelayer.storage.run_directory import RunDirectory

SHORT = ("--set", "max_epochs=2", "--set", "batch_size=16")


@pytest.fixture
def numbered(class_folders):
    """Three classes called 1, 2 and 3."""
    return class_folders(names=("1", "2", "3"), n=6)


def class_weight(folder):
    return load_model(folder / "run" / "model.safetensors").classifier.class_weight


@pytest.mark.parametrize(
    "given", ["class_weight={1=50}", 'class_weight={"1"=50}', "class_weight={1: 50}", "class_weight={'1': 50}"]
)
def test_a_weight_is_for_the_class_of_that_name(onelayer, folder, numbered, given):
    outcome = onelayer("train", numbered, *SHORT, "--set", given, "--out", "run")
    assert outcome.code == 0, outcome.err
    assert class_weight(folder) == {0: 50.0}


def test_a_weight_in_a_file_of_settings(onelayer, folder, numbered):
    (folder / "c.toml").write_text("class_weight = { 3 = 7.5 }\n")
    assert onelayer("train", numbered, *SHORT, "--config", "c.toml", "--out", "run").code == 0
    assert class_weight(folder) == {2: 7.5}
    assert run_config(RunDirectory.open(folder / "run")).class_weight == {"3": 7.5}


def test_a_great_weight_makes_all_rows_of_that_class(onelayer, numbered):
    onelayer("train", numbered, *SHORT, "--set", "class_weight={1=1000}", "--out", "run")
    decided = onelayer("evaluate", "run", numbered, "--split", "train", "--json").json
    first, _, third = (one["recall"] for one in decided["evaluation"]["classes"])
    assert (first, third) == (1.0, 0.0)  # both are dark


@pytest.mark.parametrize("verb", ["train", "sweep"])
@pytest.mark.parametrize("given", [("--classes", "1,2"), ("--set", "classes=1,2"), ("--set", "classes=[1, 2]")])
def test_classes_to_keep_go_by_name(onelayer, folder, numbered, verb, given):
    grid = ("--grid", "l2=0.1,1") if verb == "sweep" else ()
    outcome = onelayer(verb, numbered, *SHORT, *grid, *given, "--out", "run", "--json")
    assert outcome.code == 0, outcome.err
    assert outcome.json["class_names"] == ["1", "2"]
    assert onelayer("evaluate", "run", numbered, "--json").json["class_names"] == ["1", "2"]


@pytest.mark.parametrize("verb", ["train", "sweep"])
def test_weights_of_a_sweep_and_of_training_are_the_same(onelayer, folder, numbered, verb):
    grid = ("--grid", "l2=0.1,1") if verb == "sweep" else ()
    assert onelayer(verb, numbered, *SHORT, *grid, "--set", "class_weight={2=3}", "--out", "run").code == 0
    assert class_weight(folder) == {1: 3.0}


def test_names_with_spaces_and_accents_of_either_spelling(onelayer, class_folders):
    photos = class_folders(names=("parked car", "Ba\u0308ume", "house"))
    outcome = onelayer("train", photos, *SHORT, "--classes", "parked car,Bäume", "--out", "run", "--json")
    assert outcome.json["class_names"] == ["parked car", "Bäume"]


def test_names_with_commas(onelayer, class_folders):
    photos = class_folders(names=("a,b", "c", "d"))
    outcome = onelayer("train", photos, *SHORT, "--set", 'classes=["c", "a,b"]', "--out", "run", "--json")
    assert outcome.json["class_names"] == ["c", "a,b"]


def test_labels_count_where_no_class_has_a_number_for_its_name(onelayer, class_folders, folder):
    photos = class_folders(names=("ant", "bee", "cat"))
    outcome = onelayer(
        "train", photos, *SHORT, "--classes", "2,0", "--set", "class_weight={0=2}", "--out", "run", "--json"
    )
    assert outcome.json["class_names"] == ["cat", "ant"]
    assert class_weight(folder) == {0: 2.0}


@pytest.mark.parametrize("given", [("--classes", "0,1"), ("--set", "class_weight={0=2}")])
def test_a_number_that_names_no_class_is_refused_where_classes_have_numbers(onelayer, folder, numbered, given):
    outcome = onelayer("train", numbered, *given, "--out", "run")
    assert outcome.code == 2
    assert "has '0', which is the name of no class" in outcome.err
    assert "Classes are 1, 2, 3." in outcome.err
    assert not (folder / "run").exists()


def test_a_run_is_resumed_with_its_weights(onelayer, folder, numbered):
    onelayer("train", numbered, *SHORT, "--set", "class_weight={1=50}", "--out", "run")
    weights = load_model(folder / "run" / "model.safetensors").classifier.coef_
    assert onelayer("train", "--resume", "run").code == 0
    np.testing.assert_array_equal(load_model(folder / "run" / "model.safetensors").classifier.coef_, weights)


@pytest.mark.parametrize("classes", [["2", "3"], ["a,b", "c"], [" a", "b"], ["01", "1"]])
def test_the_command_that_repeats_a_run_names_the_same_classes(classes):
    import shlex

    from onelayer.cli.images import class_keys
    from onelayer.experiment.command import repeat_command
    from onelayer.experiment.settings import parse_setting

    config = ExperimentConfig.check({"classes": classes, "class_weight": {"01": 2.0}})
    words = shlex.split(repeat_command(config) or "")
    settings = dict(parse_setting(words[i + 1]) for i, word in enumerate(words) if word == "--set")
    given = class_keys(words[words.index("--classes") + 1]) if "--classes" in words else settings
    assert list(map(str, given["classes"])) == classes
    assert settings["class_weight"] == {"01": 2.0}
