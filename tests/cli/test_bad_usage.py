"""Bad options, configurations, places and models: exit code 2, one or two lines, nothing written."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest
from PIL import Image

from onelayer.storage.tensors import read_tensors, write_tensors


def check_refusal(outcome, *words):
    assert outcome.code == 2
    assert outcome.out == ""
    assert 1 <= len(outcome.err.splitlines()) <= 2
    assert outcome.err.startswith("error: ")
    assert outcome.err.replace("\n", "").isprintable()
    for word in words:
        assert word in outcome.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nosuch"], ["'nosuch' is no data set and no path", "digits, mnist"]),
        (["mnsit"], ["did you mean 'mnist'?"]),
        (["x" * 5000], ["no data set"]),
        (["a\0b"], ["is no data set and no path"]),
        (["no/such/folder"], ["no/such/folder does not exist"]),
        (["digits", "more"], ["unexpected extra argument"]),
        (["--bogus"], ["No such option: --bogus"]),
        (["--set", "learning_rate"], ["write key=value"]),
        (["--set", "=3"], ["write key=value"]),
        (["--set", "lerning_rate=1"], ["unknown parameter 'lerning_rate'; did you mean 'learning_rate'?"]),
        (["--set", "x\x1b[31m=1"], ["unknown parameter 'x\\"]),
        (["--set", "loss=sofmax"], ["loss='sofmax'", "did you mean 'softmax'?"]),
        (["--set", "loss=3"], ["loss=3"]),
        (["--set", "learning_rate=-1"], ["learning_rate=-1", "greater than 0"]),
        (["--set", "learning_rate=nan"], ["learning_rate=nan"]),
        (["--set", "learning_rate=fast"], ["learning_rate='fast'"]),
        (["--set", "batch_size=0"], ["batch_size=0", "greater than or equal to 1"]),
        (["--set", "batch_size=1.5"], ["batch_size=1.5"]),
        (["--set", "batch_size=true"], ["batch_size=True"]),
        (["--set", "l2=inf"], ["l2=inf"]),
        (["--set", "momentum=1"], ["momentum=1"]),
        (["--set", "random_state=-1"], ["random_state=-1"]),
        (["--set", "n_jobs=0"], ["n_jobs=0"]),
        (["--set", "train_rows=100000"], ["train_rows=100000, but digits has 1079"]),
        (["--set", "train_rows=3"], ["has no row of class '0'"]),
        (["--set", "class_weight={77=1.0}"], ["class_weight has '77', which is the name of no class"]),
        (["--set", "class_weight={cat=1.0}"], ["class_weight has 'cat'"]),
        (["--set", "class_weight={0=-1.0}"], ["class_weight"]),
        (["--set", "label_smoothing=0.1", "--set", "loss=hinge"], ["label_smoothing needs"]),
        (["--set", "drop_last=true", "--set", "batch_size=5000"], ["leaves no batch of 1079 rows"]),
        (["--set", "loss=logistic"], ["Only binary classification"]),
        (["--set", "feature_parameters={bins=3}"], ["pixels has no parameter 'bins'"]),
        (["--set", "a" * 100_000 + "=1"], ["unknown parameter"]),
        (["--set", "l2=" + "[" * 100_000], ["l2="]),
        (["--features", "hogg"], ["did you mean 'hog'?"]),
        (["--features", "hog"], ["smaller than one block"]),
        (["--classes", "a,b"], ["classes has 'a'", "Classes are 0, 1, 2"]),
        (["--classes", "3"], ["classes=(3,)"]),
        (["--classes", "3,3"], ["two or more different labels"]),
        (["--classes", "3,99"], ["classes has '99'"]),
        (["--classes", "-1,3"], ["classes"]),
        (["--resize", "8"], ["give two sizes, height and width"]),
        (["--resize", "8,8"], ["images of this format have one size"]),
        (["--resize", "0,8"], ["resize"]),
        (["--config", "nosuch.toml"], ["nosuch.toml: can't be read"]),
        (["--config", "."], ["directory"]),
        (["--data-dir", "nosuch"], ["nosuch", "is not a folder"]),
        (["--resume", "nosuch"], ["nosuch: no such run directory"]),
        (["--resume", "."], ["it lacks config.toml"]),
    ],
)
def test_training_refuses(onelayer, folder, arguments, words):
    check_refusal(onelayer("train", *arguments), *words)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("loss =", "c.toml: not a TOML file"),
        ("[loss]\na = 1", "loss"),
        ("a = " + "[" * 5000, "c.toml: not a TOML file"),
        ("\udcff", "c.toml: not a TOML file"),
        ("dataset = 3", "dataset=3"),
        ('dataset = ""', "dataset=''"),
        ('solver = "newton"', "solver='newton'"),
        ('"[/red]" = 1', "unknown parameter '[/red]'"),
    ],
)
def test_bad_config_files(onelayer, folder, text, word):
    (folder / "c.toml").write_bytes(text.encode(errors="surrogateescape"))
    check_refusal(onelayer("train", "--config", "c.toml"), word)


def test_a_config_file_of_a_gigabyte_is_not_read(onelayer, folder):
    with (folder / "c.toml").open("wb") as file:
        file.truncate(1 << 30)
    check_refusal(onelayer("train", "--config", "c.toml"), "c.toml: 1,073,741,824 bytes, more than")


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["evaluate", "nosuch", "digits"], "nosuch: can't be read"),
        (["evaluate", "x" * 5000, "digits"], "name too long"),
        (["report", "x" * 5000], "no such run directory"),
        (["evaluate", ".", "digits"], "it lacks config.toml, model.safetensors"),
        (["predict", "nosuch", "a.png"], "nosuch: can't be read"),
        (["predict", "RUN", "nosuch.png"], "nosuch.png can't be read as an image"),
        (["predict", "RUN"], "Missing argument"),
        (["predict", "RUN", "."], "can't be read as an image"),
        (["evaluate", "RUN", "nosuch"], "'nosuch' is no data set"),
        (["evaluate", "RUN", "digits", "--split", "tset"], "split 'tset' is not train, validation or test"),
        (["evaluate", "RUN/config.toml", "digits"], "config.toml: not a valid safetensors file"),
        (["evaluate", "RUN/metrics.json", "digits"], "metrics.json: not a valid safetensors file"),
        (["report", "nosuch"], "nosuch: no such run directory"),
        (["report", "."], "it lacks config.toml"),
        (["check", "--loss", "sofmax"], "'sofmax'"),
        (["check", "--rows", "0"], "--rows"),
        (["data", "show", "nosuch"], "'nosuch' is no data set"),
        (["data", "verify", "mnsit"], "mnist"),
        (["data", "list", "--data-dir", "nosuch"], "is not a folder"),
        (["data", "nosuch"], "No such command"),
        (["nosuch"], "No such command"),
    ],
)
def test_other_verbs_refuse(onelayer, digits_run, arguments, word):
    check_refusal(onelayer(*(argument.replace("RUN", str(digits_run)) for argument in arguments)), word)


# Places to write to


def test_a_folder_that_holds_a_run_is_kept(onelayer, folder, digits_run):
    shutil.copytree(digits_run, folder / "run")
    check_refusal(onelayer("train", "--out", "run"), "run already holds a run", "--overwrite")
    assert (folder / "run" / "metrics.json").read_bytes() == (digits_run / "metrics.json").read_bytes()


@pytest.mark.parametrize("options", [[], ["--overwrite"]])
def test_a_folder_of_something_else_is_kept(onelayer, folder, options):
    (folder / "mine").mkdir()
    (folder / "mine" / "config.toml").write_text("mine = 1")
    check_refusal(onelayer("train", "--out", "mine", *options), "mine is not empty and holds no run")
    assert (folder / "mine" / "config.toml").read_text() == "mine = 1"


def test_a_file_where_the_run_should_be(onelayer, folder):
    (folder / "file").write_text("mine")
    check_refusal(onelayer("train", "--out", "file"), "file can't be written")
    check_refusal(onelayer("train", "--out", "file/run"), "file/run can't be written")
    check_refusal(onelayer("train", "--out", "x" * 300), "can't be written")
    assert [path.name for path in folder.iterdir()] == ["file"]


def test_a_link_where_the_run_should_be(onelayer, folder):
    (folder / "target").mkdir()
    (folder / "link").symlink_to("target")
    check_refusal(onelayer("train", "--out", "link"), "link is a link")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written(onelayer, folder):
    (folder / "locked").mkdir(mode=0o555)
    check_refusal(onelayer("train", "--out", "locked/run"), "locked/run can't be written: permission denied")


# Models


def damage_truncated(path):
    path.write_bytes(path.read_bytes()[:1000])


def damage_header(path):
    path.write_bytes(b"\xff" * 8 + path.read_bytes()[8:])


def damage_version(path):
    arrays, metadata = read_tensors(path)
    write_tensors(path, arrays, metadata | {"format_version": "9"})


def damage_shapes(path):
    arrays, metadata = read_tensors(path)
    write_tensors(path, arrays | {"weights": np.zeros((9, 64), np.float32)}, metadata)


def damage_weights(path):
    arrays, metadata = read_tensors(path)
    arrays["weights"][3, 4] = np.nan
    write_tensors(path, arrays, metadata)


def damage_kind(path):
    arrays, metadata = read_tensors(path)
    write_tensors(path, arrays, metadata | {"format": "onelayer checkpoint"})


@pytest.mark.parametrize(
    ("damage", "word"),
    [
        (damage_truncated, "not a valid safetensors file"),
        (damage_header, "its header claims 18,446,744,073,709,551,615 bytes"),
        (damage_version, "of version '9'; this onelayer reads version 1"),
        (damage_shapes, "are not those of 10 scores"),
        (damage_weights, "its weights are not all finite"),
        (damage_kind, "is not an onelayer model but a checkpoint"),
    ],
)
@pytest.mark.parametrize("verb", ["evaluate", "predict", "report"])
def test_damaged_models_are_refused(onelayer, folder, digits_run, verb, damage, word):
    shutil.copytree(digits_run, folder / "run")
    damage(folder / "run" / "model.safetensors")
    arguments = {"evaluate": ["run", "digits"], "predict": ["run/model.safetensors", "a.png"], "report": ["run"]}
    check_refusal(onelayer(verb, *arguments[verb]), word)


def test_images_that_do_not_fit_a_model(onelayer, digits_run, folder):
    np.savez(folder / "c.npz", X=np.full((60, 8, 8, 3), 255, np.uint8), y=np.arange(60) % 10)
    check_refusal(onelayer("evaluate", digits_run, "c.npz"), "8×8×3 images, but the model was trained on 8×8×1 images")
    np.savez(folder / "f.npz", X=np.zeros((60, 64)), y=np.arange(60) % 10)
    check_refusal(
        onelayer("evaluate", digits_run, "f.npz"), "f has features, but the model was trained on 8×8×1 images"
    )


def test_an_image_of_too_many_pixels(onelayer, digits_run, folder):
    Image.new("1", (9000, 9000)).save(folder / "large.png")
    check_refusal(onelayer("predict", digits_run, "large.png"), "large.png", "pixels")


# Runs that somebody damaged


@pytest.mark.parametrize("name", ["config.toml", "metrics.json", "history.jsonl", "environment.json"])
@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe", b"[" * 9999, b'{"class_names": 3}', b"a.b=1\na=1"])
def test_a_run_with_a_damaged_file_gives_a_report_or_a_refusal(onelayer, folder, digits_run, name, content):
    shutil.copytree(digits_run, folder / "run")
    (folder / "run" / name).write_bytes(content)
    outcome = onelayer("report", "run")
    if outcome.code:
        check_refusal(outcome, name.split(".")[0])


@pytest.mark.parametrize("content", ["", "lerning_rate = 1", "learning_rate = -1", "loss = ["])
def test_a_run_with_a_damaged_config_is_not_resumed(onelayer, folder, digits_run, content):
    shutil.copytree(digits_run, folder / "run")
    (folder / "run" / "config.toml").write_text(content)
    outcome = onelayer("train", "--resume", "run")
    if content:
        check_refusal(outcome)
    assert outcome.code in (0, 2)
