"""Folders of photos as people have them: every verb takes them, and decides on each picture alike."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from onelayer import load_model

SHORT = ("--set", "max_epochs=5", "--out", "run")
PARTS = ("train", "test")


@pytest.fixture
def photos(folder):
    """Bright and dark photos of any size in ``train/`` and ``test/``, made grey or colour as asked for."""

    def make(train="RGB", test="RGB", sizes=((40, 90), (70, 50), (120, 80), (64, 64))):
        rng = np.random.default_rng(0)
        for part, mode in zip(PARTS, (train, test), strict=True):
            for label, name in enumerate(("dark", "bright")):
                (folder / "photos" / part / name).mkdir(parents=True)
                for i in range(12):
                    size = sizes[i % len(sizes)]
                    # The ends of the longer side are of the other class: what is cut off must not be looked at.
                    pixels = rng.integers(0, 90, (*size, 3)) + 150 * label
                    ends = np.abs(np.arange(max(size)) - (max(size) - 1) / 2) > min(size) / 2 + 1
                    pixels[(ends, slice(None)) if size[0] > size[1] else (slice(None), ends)] = 200 * (1 - label)
                    path = folder / "photos" / part / name / f"{i}.png"
                    Image.fromarray(pixels.astype(np.uint8)).convert(mode).save(path)
        return folder / "photos"

    return make


def predictions(onelayer, folder):
    """Name of the image and its class, for each image of the test part."""
    paths = sorted((folder / "photos" / "test").rglob("*.png"))
    found = onelayer("predict", "run", *paths, "--json").json["predictions"]
    return {one["image"]: one["class"] for one in found}


def right_by_prediction(onelayer, folder):
    found = predictions(onelayer, folder)
    return sum(path.split("/")[-2] == name for path, name in found.items()) / len(found)


@pytest.mark.parametrize("features", ["pixels", "hog"])
@pytest.mark.parametrize("options", [(), ("--resize", "26,30"), ("--resize-mode", "pad"), ("--resize-mode", "stretch")])
def test_evaluate_and_predict_see_what_training_saw(onelayer, folder, photos, options, features):
    photos()
    trained = onelayer("train", "photos", "--features", features, *options, *SHORT, "--json").json
    assert onelayer("evaluate", "run", "photos", "--json").json["test"] == trained["test"]
    assert onelayer("evaluate", "run/model.safetensors", folder / "photos", "--json").json["test"] == trained["test"]
    assert right_by_prediction(onelayer, folder) == pytest.approx(trained["test"]["accuracy"])


def test_without_an_option_the_middle_of_a_photo_decides(onelayer, folder, photos):
    photos()
    outcome = onelayer("train", "photos", *SHORT, "--json")
    assert outcome.json["test"]["accuracy"] == 1
    assert right_by_prediction(onelayer, folder) == 1
    assert outcome.err.splitlines()[1] == (
        "note: images of 70×50 to 120×80 pixels (height×width) are brought to 57×57: scaled in proportion, and what "
        "stands out at the ends of the longer side is cut off. Another size: --resize H,W; another way: --resize-mode "
        "stretch, crop or pad"
    )
    assert load_model("run/model.safetensors").image_shape == (57, 57, 3)


@pytest.mark.parametrize("sizes", [((30, 30),), ((40, 90), (70, 50))], ids=["one size", "sizes"])
@pytest.mark.parametrize(("train", "test"), [("L", "RGB"), ("RGB", "L"), ("L", "P"), ("1", "RGBA")])
def test_parts_of_other_colours_are_taken_by_every_verb(onelayer, folder, photos, train, test, sizes):
    photos(train, test, sizes)
    trained = onelayer("train", "photos", *SHORT, "--json").json
    assert trained["data"]["image_shape"][2] == (1 if train in "L1" else 3)
    assert onelayer("evaluate", "run", "photos", "--json").json["test"] == trained["test"]
    assert right_by_prediction(onelayer, folder) == pytest.approx(trained["test"]["accuracy"])
    assert onelayer("data", "show", "photos").code == 0
    swept = onelayer("sweep", "photos", "--grid", "l2=0,0.1", "--set", "max_epochs=5", "--out", "swept", "--json")
    assert swept.json["test"]["n"] == 24


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_evaluate_takes_other_photos_as_predict_does(onelayer, folder, photos, mode):
    photos("L", "L", ((30, 30),))
    onelayer("train", "photos", *SHORT)
    (folder / "photos").rename(folder / "old")
    photos(mode, mode, ((33, 70), (200, 100)))
    found = onelayer("evaluate", "run", "photos", "--json").json["test"]
    assert right_by_prediction(onelayer, folder) == pytest.approx(found["accuracy"])


def test_the_way_to_a_size_is_kept_in_the_configuration(onelayer, folder, photos):
    photos()
    first = onelayer("train", "photos", "--resize", "8,8", "--resize-mode", "pad", *SHORT, "--json").json
    again = onelayer("train", "--config", "run/config.toml", "--out", "again", "--json").json
    assert again["test"] == first["test"]
    assert (folder / "run" / "model.safetensors").read_bytes() == (folder / "again" / "model.safetensors").read_bytes()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--resize-mode", "cut"], "resize_mode"),
        (["--value-range", "1"], "--value-range '1': write two numbers, black and white, e.g. 0,1"),
        (["--value-range", "a,b"], "--value-range 'a,b': write two numbers"),
        (["--value-range", "3,3"], "what is black and what is white"),
        (["--value-range", "0,inf"], "what is black and what is white"),
        (["--layout", "nchw"], "image_layout"),
    ],
)
@pytest.mark.parametrize("verb", ["train", "sweep", "show"])
def test_options_that_are_none_are_refused(onelayer, photos, options, message, verb):
    photos()
    command = {"train": ["train"], "sweep": ["sweep", "--grid", "l2=0,1"], "show": ["data", "show"]}[verb]
    outcome = onelayer(*command, "photos", *options)
    assert outcome.code == 2
    assert message in outcome.err
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize("place", [(), ("--out", "my-run")], ids=["runs/", "--out"])
def test_runs_in_the_folder_of_the_photos_are_no_class(onelayer, folder, class_folders, monkeypatch, place):
    class_folders(n=8)
    monkeypatch.chdir(folder / "photos")
    first = onelayer("train", ".", *SHORT[:2], *place, "--json").json
    again = onelayer("train", ".", *SHORT[:2], "--out", "again", "--json")
    assert again.json["class_names"] == first["class_names"] == ["bright", "dark"]
    assert again.json["test"] == first["test"]
    assert onelayer("evaluate", "again", ".", "--json").json["test"] == first["test"]
    assert onelayer("sweep", ".", "--grid", "l2=0,1", *SHORT[:2]).code == 0
    shown = onelayer("data", "show", ".", "--json").json
    assert shown["classes"] == ["bright", "dark"]


def test_data_show_describes_the_files(onelayer, folder, photos):
    photos("RGB", "L")
    Image.new("RGB", (30, 20)).save(folder / "photos" / "train" / "dark" / "small.bmp")
    (folder / "photos" / "train" / "dark" / "notes.doc").write_bytes(b"no image")
    found = onelayer("data", "show", "photos", "--json").json["provenance"]
    train, test = found["pictures"]["train"], found["pictures"]["test"]
    assert (train["n"], train["grey"], train["colour"]) == (25, 0, 25)
    assert (test["n"], test["grey"], test["colour"]) == (24, 24, 0)
    assert (train["smallest"]["size"], train["median"], train["largest"]["size"]) == ([20, 30], [40, 90], [120, 80])
    assert train["smallest"]["name"].endswith("small.bmp")
    assert [(one["format"], one["n"]) for one in train["formats"]] == [("PNG", 24), ("BMP", 1)]
    assert found["left_out"] == [{"reason": "no image", "count": 1, "names": ["train/dark/notes.doc"]}]
    shown = onelayer("data", "show", "photos").out
    assert "24 PNG, 1 BMP" in shown
    assert "left out: train/dark/notes.doc (no image)" in shown


def test_data_show_names_every_file_that_cannot_be_read(onelayer, folder, photos):
    photos()
    broken = [folder / "photos" / part / "dark" / f"broken-{i}.png" for part in PARTS for i in range(2)]
    for path in broken:
        path.write_bytes((folder / "photos" / "train" / "dark" / "0.png").read_bytes()[:60])
    outcome = onelayer("data", "show", "photos")
    assert outcome.code == 0
    assert all(path.name in outcome.out for path in broken)
    found = onelayer("data", "show", "photos", "--json").json
    assert len(found["unreadable"]) == 4
    assert (found["pictures"]["train"]["n"], found["pictures"]["test"]["n"]) == (24, 24)
    refused = onelayer("train", "photos", "--out", "run")
    assert refused.code == 2
    assert refused.err.startswith("error: 4 of 52 images can't be read (data show lists them). The first: ")


@pytest.mark.slow
@pytest.mark.parametrize("verb", [["train"], ["data", "show"]])
def test_ants_and_bees_need_no_option(onelayer, data_dir, folder, verb):
    outcome = onelayer(*verb, data_dir / "hymenoptera", "--json")
    assert outcome.code == 0
    notes = [line for line in outcome.err.splitlines() if line.startswith("note: ")]
    assert any("images of 130×193 to 1944×2592 pixels (height×width) are brought to 64×64" in note for note in notes)
    assert any("imageNotFound.gif is the only GIF among 398 images" in note for note in notes)
    assert json.loads(outcome.out)
