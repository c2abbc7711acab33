"""A new feature is a file of its own and a line of the registry: every verb, file and report then knows it."""

from __future__ import annotations

import sys

import pytest

from onelayer import load_model
from onelayer.features import FEATURES
from onelayer.features.registry import Entry

BRIGHTNESS = '''
import numpy as np
from onelayer.features.base import ImageFeatures

class Brightness(ImageFeatures):
    """How bright the images are, beside the training images."""

    def __init__(self, *, gain=1.0, image_shape=None):
        self.gain = gain
        self.image_shape = image_shape

    @property
    def learns(self):
        return True

    def _array_shapes(self, height, width, channels):
        return {"mean": (1,)}

    def _learn(self, images):
        self.mean_ = np.array([images.mean()], np.float32)

    def _features(self, images):
        return self.gain * (images.mean(axis=(1, 2, 3), dtype=np.float32)[:, np.newaxis] - self.mean_)

    def _count_features(self, height, width, channels):
        return 1

    def _feature_names(self, height, width, channels):
        return ["brightness"]
'''


@pytest.fixture
def brightness(tmp_path, monkeypatch):
    """A feature in a file of its own, and its line in the registry."""
    (tmp_path / "brightness_feature.py").write_text(BRIGHTNESS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(FEATURES, "brightness", Entry("brightness_feature:Brightness", "the brightness"))
    yield
    sys.modules.pop("brightness_feature", None)


@pytest.mark.parametrize("name", ["brightness", "hue-histogram+brightness"])
def test_a_new_feature_is_trained_saved_evaluated_and_reported(brightness, onelayer, folder, class_folders, name):
    class_folders(n=20)
    trained = onelayer("train", "photos", "--features", name, "--out", "run", "--json").json
    model = load_model(folder / "run" / "model.safetensors")
    assert [array.shape for array in model.features.state_arrays().values()] == [(1,)]
    assert onelayer("evaluate", "run", "photos", "--json").json["test"] == trained["test"]
    assert onelayer("report", "run").code == 0
    assert "the brightness of 6 × 5 colour images" in (folder / "run" / "report.html").read_text()


def test_a_sweep_and_a_lift_take_it_too(brightness, onelayer, folder, class_folders):
    class_folders(n=20)
    options = ("--features", "brightness", "--lift", "fourier:7", "--grid", "l2=0.1,0.2", "--out", "run")
    assert onelayer("sweep", "photos", *options).code == 0
    model = load_model(folder / "run" / "model.safetensors")
    assert model.classifier.n_features_in_ == 7
    assert set(model.features.state_arrays()) == {"mean", "scale", "features/mean"}


def test_its_parameters_are_checked_by_name(brightness, onelayer, class_folders):
    class_folders()
    refused = onelayer("train", "photos", "--features", "brightness", "--set", "feature_parameters={gian=2.0}")
    assert (refused.code, refused.out) == (2, "")
    assert "brightness has no parameter 'gian'; it has gain, image_shape; did you mean 'gain'?" in refused.err
