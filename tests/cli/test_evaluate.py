"""``onelayer evaluate``: the figures that training reported, from a run directory and from a model file."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from onelayer import load_dataset

SHORT = ("--set", "max_epochs=2")


def metrics_of(run):
    return json.loads((run / "metrics.json").read_text())


@pytest.mark.parametrize("part", ["train", "validation", "test"])
@pytest.mark.parametrize("model", ["", "model.safetensors"])
def test_figures_are_those_that_training_reported(onelayer, digits_run, model, part):
    found = onelayer("evaluate", digits_run / model, "digits", "--split", part, "--json").json
    assert found[part] == metrics_of(digits_run)[part]


def test_the_test_part_is_evaluated_unless_told_otherwise(onelayer, digits_run):
    found = onelayer("evaluate", digits_run, "digits", "--json").json
    assert found["split"] == "test"
    assert found["evaluation"] == metrics_of(digits_run)["evaluation"]
    assert not {"train", "validation"} & set(found)


def test_json_has_the_promised_keys(onelayer, digits_run):
    found = onelayer("evaluate", digits_run, "digits", "--json").json
    trained = metrics_of(digits_run)
    for key in ("dataset", "loss", "epochs", "stopped_epoch", "steps", "class_names"):
        assert found[key] == trained[key]
    assert found["seconds"] > 0
    assert found["run_dir"] == str(digits_run)


def test_a_model_file_has_no_run(onelayer, digits_run):
    assert onelayer("evaluate", digits_run / "model.safetensors", "digits", "--json").json["run_dir"] is None


def test_what_a_person_sees(onelayer, digits_run):
    outcome = onelayer("evaluate", digits_run, "digits")
    lines = outcome.out.splitlines()
    assert lines[0] == "digits: softmax model, test part"
    assert lines[3].startswith("test")
    assert [line.split()[0] for line in lines[7:17]] == [str(digit) for digit in range(10)]
    assert lines[-1].startswith("log loss 0.")
    assert max(map(len, lines)) <= 80
    assert outcome.err == ""


def test_a_loss_without_probabilities_says_so(onelayer):
    onelayer("train", "--set", "loss=hinge", *SHORT, "--out", "run")
    outcome = onelayer("evaluate", "run", "digits")
    assert "No log loss and no calibration: the scores of the hinge loss are no probabilities." in outcome.out


@pytest.mark.parametrize("model", ["run", "run/model.safetensors"])
def test_a_model_of_some_classes_sees_the_rows_of_these(onelayer, folder, model):
    trained = onelayer("train", "--classes", "3,2", *SHORT, "--out", "run", "--json").json
    found = onelayer("evaluate", model, "digits", "--json").json
    assert found["class_names"] == ["3", "2"]
    y = load_dataset("digits").test.y
    assert found["test"]["n"] == np.isin(y, [2, 3]).sum()
    if model == "run":
        assert found["test"] == trained["test"]


def test_a_run_on_the_first_rows_is_evaluated_on_the_same_rows(onelayer):
    trained = onelayer("train", "--set", "train_rows=300", *SHORT, "--out", "run", "--json").json
    found = onelayer("evaluate", "run", "digits", "--split", "train", "--json").json
    assert found["train"] == trained["train"]


def test_a_run_validated_on_the_test_part(onelayer):
    trained = onelayer("train", "--set", "validate_on=test", *SHORT, "--out", "run", "--json").json
    assert onelayer("evaluate", "run", "digits", "--json").json["test"] == trained["validation"]


def test_a_run_with_another_seed_is_evaluated_on_its_own_parts(onelayer):
    trained = onelayer("train", "--set", "random_state=5", *SHORT, "--out", "run", "--json").json
    assert onelayer("evaluate", "run", "digits", "--json").json["test"] == trained["test"]


@pytest.fixture
def digit_images(folder):
    """A folder of class folders with the test digits as PNG files, white on black."""
    test = load_dataset("digits").test
    for i, (image, label) in enumerate(zip(test.X[:, :, :, 0], test.y, strict=True)):
        (folder / "digit images" / str(label)).mkdir(parents=True, exist_ok=True)
        picture = Image.fromarray(np.round(image * (255 / 16)).astype(np.uint8))
        picture.save(folder / "digit images" / str(label) / f"{i}.png")
    return folder / "digit images"


def test_a_model_of_0_to_16_reads_images_of_0_to_255(onelayer, digits_run, digit_images):
    found = onelayer("evaluate", digits_run, digit_images, "--split", "train", "--json").json
    assert found["train"]["n"] == 215
    assert found["train"]["accuracy"] > 0.93


def test_images_are_resized_for_the_model(onelayer, digits_run, digit_images):
    path = digit_images / "7" / "large.png"
    with Image.open(next((digit_images / "7").iterdir())) as image:
        image.resize((80, 70)).save(path)
    assert onelayer("evaluate", digits_run, digit_images, "--json").code == 0


def test_an_archive_by_its_path(onelayer, folder):
    rng = np.random.default_rng(0)
    y = np.arange(60) % 3
    np.savez(folder / "f.npz", X=rng.normal(size=(60, 4)) + y[:, np.newaxis], y=np.array(["a", "b", "c"])[y])
    trained = onelayer("train", "f.npz", "--out", "run", "--json").json
    assert onelayer("evaluate", "run/model.safetensors", "f.npz", "--json").json["test"] == trained["test"]
    shutil.copy(folder / "f.npz", folder / "g.npz")
    assert onelayer("evaluate", "run", "g.npz", "--json").json["test"] == trained["test"]


@pytest.mark.parametrize(("d", "k", "message"), [(5, 3, "has 5 features, but"), (4, 2, "has 2 classes, but")])
def test_features_that_do_not_fit(onelayer, folder, d, k, message):
    rng = np.random.default_rng(0)
    np.savez(folder / "f.npz", X=rng.normal(size=(60, 4)), y=np.arange(60) % 3)
    np.savez(folder / "g.npz", X=rng.normal(size=(60, d)), y=np.arange(60) % k)
    onelayer("train", "f.npz", "--out", "run")
    outcome = onelayer("evaluate", "run", "g.npz")
    assert outcome.code == 2
    assert message in outcome.err


def test_a_set_without_the_models_classes(onelayer, class_folders, digits_run):
    class_folders(size=(8, 8), mode="L")
    outcome = onelayer("evaluate", digits_run, "photos")
    assert outcome.code == 2
    assert outcome.err == "error: photos has no class '0', which the model knows\n"


@pytest.mark.slow
def test_mnist_by_name_and_by_path(onelayer, data_dir):
    trained = onelayer("train", "mnist", "--data-dir", data_dir, *SHORT, "--out", "run", "--json").json
    for dataset in ("mnist", data_dir / "mnist"):
        found = onelayer("evaluate", "run/model.safetensors", dataset, "--data-dir", data_dir, "--json").json
        assert found["test"] == trained["test"]
