"""``onelayer train``: what it prints, what it writes, and that it writes the same again."""

from __future__ import annotations

import json
import re
import resource
import tomllib

import numpy as np
import pytest
from PIL import Image

import onelayer.experiment as onelayer_experiment
from onelayer import load_dataset, load_model

CONTRACT = {"dataset", "loss", "epochs", "stopped_epoch", "steps", "seconds", "train", "validation", "test", "run_dir"}
FILES = {
    "config.toml",
    "metrics.json",
    "history.jsonl",
    "model.safetensors",
    "report.html",
    "figures",
    "environment.json",
}
SHORT = ("--set", "max_epochs=2")


def content(run):
    """The bytes of every file of a run that does not tell the time."""
    return {name: (run / name).read_bytes() for name in ("config.toml", "history.jsonl", "model.safetensors")}


def processor_seconds():
    """Seconds of processor time of all child processes so far: what they would take on a machine that is free."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@pytest.mark.alone
def test_digits_in_ten_seconds_and_to_94_percent(onelayer_process):
    before = processor_seconds()
    outcome = onelayer_process("train", "--json")
    assert processor_seconds() - before < 10
    assert outcome.json["test"]["accuracy"] >= 0.94


def test_json_has_the_promised_keys_and_nothing_else_is_on_stdout(onelayer):
    outcome = onelayer("train", "--json", *SHORT)
    assert outcome.code == 0
    assert set(outcome.json) >= CONTRACT
    assert outcome.err.startswith("epoch 2/2  loss 0.")


def test_every_key_is_documented(onelayer):
    documented = re.findall(r"``(\w+)``", onelayer_experiment.__doc__)
    assert set(onelayer("train", "--json", *SHORT).json) <= set(documented)


def test_json_figures_are_those_of_the_model(onelayer, folder):
    found = onelayer("train", "--json", *SHORT).json
    assert (found["dataset"], found["loss"], found["epochs"], found["steps"]) == ("digits", "softmax", 2, 18)
    assert found["stopped_epoch"] is None
    assert found["seconds"] > 0
    model = load_model(folder / found["run_dir"] / "model.safetensors")
    for name, part in load_dataset("digits")._asdict().items():
        right = np.mean(model.predict(part.X) == np.array(part.class_names)[part.y])
        low, high = found[name]["accuracy_interval"]
        assert set(found[name]) == {"loss", "accuracy", "accuracy_interval", "n"}
        assert found[name]["n"] == part.n
        assert found[name]["accuracy"] == right
        assert low < right < high
        p = model.predict_proba(part.X)[np.arange(part.n), part.y]
        assert found[name]["loss"] == pytest.approx(-np.log(p).mean(), rel=1e-6)


def test_a_run_directory_is_complete(digits_run):
    names = {path.name for path in digits_run.iterdir()}
    assert names >= FILES
    assert not any(name.startswith((".", "checkpoint")) for name in names)
    assert {path.suffix for path in (digits_run / "figures").iterdir()} == {".png", ".svg"}


def test_metrics_are_what_json_shows(onelayer, folder):
    found = onelayer("train", "--json", *SHORT).json
    assert json.loads((folder / found["run_dir"] / "metrics.json").read_text()) == found


def test_the_environment_says_what_it_ran_on(digits_run):
    environment = json.loads((digits_run / "environment.json").read_text())
    assert environment["seed"] == 0
    assert environment["threads"] >= 1
    assert environment["dataset_fingerprint"] == load_dataset("digits").train.fingerprint
    assert set(environment) >= {"versions", "cores", "instruction_sets", "engine"}


def test_history_has_every_step_and_validation(digits_run):
    lines = [json.loads(line) for line in (digits_run / "history.jsonl").read_text().splitlines()]
    metrics = json.loads((digits_run / "metrics.json").read_text())
    assert sum("batch_loss" in line for line in lines) == metrics["steps"]
    assert sum("validation_loss" in line for line in lines) == metrics["epochs"]


def test_config_is_resolved_and_makes_the_same_run(onelayer, folder):
    onelayer("train", *SHORT, "--set", "momentum=0.5", "--classes", "4,7,1", "--out", "first")
    config = tomllib.loads((folder / "first" / "config.toml").read_text())
    assert (config["max_epochs"], config["momentum"], config["classes"]) == (2, 0.5, [4, 7, 1])
    assert (config["dataset"], config["learning_rate"], config["l2"]) == ("digits", 0.3, 1e-4)
    assert onelayer("train", "--config", "first/config.toml", "--out", "second").code == 0
    assert content(folder / "first") == content(folder / "second")


def test_two_processes_write_the_same_bytes(onelayer_process, folder):
    for out in ("first", "second"):
        onelayer_process("train", *SHORT, "--out", out)
    assert content(folder / "first") == content(folder / "second")


def test_another_seed_gives_another_model(onelayer, folder):
    for seed in (0, 1):
        onelayer("train", *SHORT, "--set", f"random_state={seed}", "--out", seed)
    assert content(folder / "0")["model.safetensors"] != content(folder / "1")["model.safetensors"]


def test_settings_win_over_options_files_and_recipes(onelayer, folder):
    (folder / "c.toml").write_text('max_epochs = 7\nlearning_rate = 0.2\nloss = "hinge"\n')
    onelayer("train", "--config", "c.toml", "--set", "max_epochs=1", "--out", "run")
    config = tomllib.loads((folder / "run" / "config.toml").read_text())
    assert (config["max_epochs"], config["learning_rate"], config["loss"]) == (1, 0.2, "hinge")
    assert config["scaling"] == "symmetric"  # of the recipe


def test_runs_without_a_name_are_numbered(onelayer, folder):
    for _ in range(2):
        onelayer("train", "--set", "max_epochs=1")
    assert sorted(path.name for path in (folder / "runs").iterdir()) == ["digits-softmax-1", "digits-softmax-2"]


def test_what_a_person_sees(onelayer):
    outcome = onelayer("train", *SHORT)
    assert outcome.code == 0
    number, share = r"\d+\.\d{4}", r"\d+\.\d\d%"
    assert re.fullmatch(
        rf"digits: softmax, 2 epochs \(18 steps\) in \d\.\d s\n"
        rf"part +rows +loss +accuracy +95% interval\n─+\n"
        rf"train +1079 +{number} +{share} +{share} to {share}\n"
        rf"validation +359 +{number} +{share} +{share} to {share}\n"
        rf"test +359 +{number} +{share} +{share} to {share}\n"
        rf"\nRun directory: runs/digits-softmax-1 \(open report.html there\)\n",
        outcome.out,
    )


def test_early_stopping_is_told(onelayer):
    outcome = onelayer("train", "--set", "early_stopping=true", "--set", "patience=1", "--set", "max_epochs=500")
    stopped = re.search(r", stopped early in epoch (\d+)\n", outcome.out)
    assert re.match(rf"epoch {int(stopped[1]) + 1}/500 \(stopped early\)  loss", outcome.err)


def test_overwriting_replaces_the_run_and_nothing_else(onelayer, folder):
    onelayer("train", "--set", "loss=hinge", *SHORT, "--out", "run")
    (folder / "run" / "notes.txt").write_text("mine")
    outcome = onelayer("train", "--out", "run", "--overwrite", *SHORT)
    assert outcome.code == 0
    assert tomllib.loads((folder / "run" / "config.toml").read_text())["loss"] == "softmax"
    assert (folder / "run" / "notes.txt").read_text() == "mine"


def test_validating_on_the_test_part_keeps_the_training_part_whole(onelayer):
    found = onelayer("train", "--json", *SHORT, "--set", "validate_on=test").json
    assert "test" not in found
    assert found["evaluated_on"] == "validation"
    assert found["validation"]["n"] == 359


def test_a_folder_of_images(onelayer, folder, class_folders):
    found = onelayer("train", class_folders(), "--json", "--out", "run").json
    assert found["class_names"] == ["bright", "dark"]
    assert found["dataset"] == "photos"
    assert {name: found[name]["n"] for name in ("train", "validation", "test")} == {
        "train": 6,
        "validation": 2,
        "test": 2,
    }
    assert found["test"]["accuracy"] == 1


def test_images_of_mixed_sizes_are_resized(onelayer, folder, class_folders):
    Image.new("RGB", (31, 7), "white").save(class_folders() / "bright" / "wide.png")
    assert onelayer("train", "photos", "--resize", "4,3", "--out", "run").code == 0
    assert load_model(folder / "run" / "model.safetensors").image_shape == (4, 3, 3)


def test_features_of_an_archive(onelayer, folder):
    rng = np.random.default_rng(0)
    y = np.arange(60) % 3
    np.savez(folder / "f.npz", X=rng.normal(size=(60, 4)) + y[:, np.newaxis], y=np.array(["a", "b", "c"])[y])
    found = onelayer("train", "f.npz", "--json", "--out", "run").json
    assert found["class_names"] == ["a", "b", "c"]
    assert load_model(folder / "run" / "model.safetensors").n_features_in_ == 4


@pytest.mark.parametrize("loss", ["logistic", "softmax", "sigmoid", "hinge", "squared_hinge"])
def test_every_loss_trains_two_classes(onelayer, loss):
    found = onelayer("train", "--classes", "0,1", "--set", f"loss={loss}", *SHORT, "--json").json
    assert found["test"]["accuracy"] > 0.9
    assert (found["evaluation"]["log_loss"] is None) == loss.endswith("hinge")


def test_hog_features(onelayer, folder, class_folders):
    class_folders(size=(16, 16))
    parameters = "feature_parameters={pixels_per_cell=[4,4], cells_per_block=[2,2]}"
    assert onelayer("train", "photos", "--features", "hog", "--set", parameters, "--out", "run").code == 0
    model = load_model(folder / "run" / "model.safetensors")
    assert type(model.features).__name__ == "HOG"
    assert model.features.n_features_out == 3 * 3 * 2 * 2 * 9


def test_weights_of_classes_from_toml(onelayer, folder):
    onelayer("train", *SHORT, "--set", "class_weight={0=5.0}", "--out", "run")
    assert load_model(folder / "run" / "model.safetensors").classifier.class_weight == {0: 5.0}


# Resuming


def test_resuming_a_finished_run_gives_the_same_run(onelayer, folder):
    onelayer("train", *SHORT, "--out", "run")
    before = content(folder / "run")
    outcome = onelayer("train", "--resume", "run", "--json")
    assert outcome.code == 0
    assert content(folder / "run") == before


def test_resuming_takes_no_other_options(onelayer):
    outcome = onelayer("train", "--resume", "run", "--set", "l2=1")
    assert outcome.code == 2
    assert "--resume takes everything from the run" in outcome.err


@pytest.mark.slow
def test_mnist_by_the_readme_command(onelayer, data_dir):
    found = onelayer("train", "mnist", "--data-dir", data_dir, "--json").json
    assert found["test"]["accuracy"] >= 0.925
    assert found["test"]["n"] == 10_000
