"""``onelayer predict``: image files of any kind get a class."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from onelayer import load_dataset, load_model


@pytest.fixture
def digit_files(folder):
    """Ten files, each of another digit, and what the digits are."""
    test = load_dataset("digits").test
    rows = [int(np.flatnonzero(test.y == digit)[0]) for digit in range(10)]
    for digit, row in enumerate(rows):
        picture = Image.fromarray(np.round(test.X[row, :, :, 0] * (255 / 16)).astype(np.uint8))
        picture.save(folder / f"{digit}.png")
    return [f"{digit}.png" for digit in range(10)]


def test_each_image_has_its_class_and_probability(onelayer, digits_run, digit_files):
    found = onelayer("predict", digits_run, *digit_files, "--json").json["predictions"]
    assert [one["image"] for one in found] == digit_files
    assert sum(one["class"] == str(digit) for digit, one in enumerate(found)) >= 9
    for one in found:
        assert one["probability"] == one["probabilities"][one["class"]] == max(one["probabilities"].values())
        assert sum(one["probabilities"].values()) == pytest.approx(1)


def test_a_run_directory_and_its_model_file_predict_alike(onelayer, digits_run, digit_files):
    by_run = onelayer("predict", digits_run, *digit_files, "--json").json
    assert onelayer("predict", digits_run / "model.safetensors", *digit_files, "--json").json == by_run


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "LA", "CMYK"])
def test_modes_do_not_matter(onelayer, digits_run, digit_files, folder, mode):
    suffix = "tif" if mode == "CMYK" else "png"
    with Image.open(folder / digit_files[3]) as image:
        image.convert("RGB" if mode == "CMYK" else mode).convert(mode).save(folder / f"again.{suffix}")
    found = onelayer("predict", digits_run, digit_files[3], f"again.{suffix}", "--json").json["predictions"]
    assert found[0]["class"] == found[1]["class"] == "3"


def test_sizes_and_jpeg_do_not_matter(onelayer, digits_run, digit_files, folder):
    with Image.open(folder / digit_files[0]) as image:
        image.resize((200, 160)).save(folder / "large.jpg", quality=95)
    assert onelayer("predict", digits_run, "large.jpg", "--json").json["predictions"][0]["class"] == "0"


def test_what_a_person_sees(onelayer, digits_run, digit_files):
    outcome = onelayer("predict", digits_run, *digit_files[:2])
    header, line, *rows = outcome.out.splitlines()
    assert header.split() == ["image", "class", "probability"]
    assert set(line) == {"─"}
    assert [row.split()[:2] for row in rows] == [["0.png", "0"], ["1.png", "1"]]


@pytest.mark.parametrize("classes", ["0,1", "0,1,2"])
def test_losses_without_probabilities_have_the_score_of_the_class(onelayer, folder, digit_files, classes):
    onelayer("train", "--classes", classes, "--set", "loss=hinge", "--out", "run")
    found = onelayer("predict", "run", *digit_files[:2], "--json").json["predictions"]
    assert [one["class"] for one in found] == ["0", "1"]
    scores = load_model(folder / "run" / "model.safetensors").decision_function(digit_files[:2])
    expected = np.abs(scores) if scores.ndim == 1 else scores.max(axis=1)
    assert [one["score"] for one in found] == expected.tolist()
    assert min(expected) > 0


def test_a_model_of_features_takes_no_images(onelayer, folder, digit_files):
    np.savez(folder / "f.npz", X=np.random.default_rng(0).normal(size=(60, 4)), y=np.arange(60) % 3)
    onelayer("train", "f.npz", "--out", "run")
    outcome = onelayer("predict", "run", digit_files[0])
    assert outcome.code == 2
    assert outcome.err == "error: this model was trained on features, not images: it can't predict image files\n"


def test_one_bad_image_is_named(onelayer, digits_run, digit_files, folder):
    (folder / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    outcome = onelayer("predict", digits_run, digit_files[0], "bad.png")
    assert outcome.code == 2
    assert outcome.out == ""
    assert "bad.png can't be read as an image" in outcome.err
