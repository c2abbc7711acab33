"""The public names are these, and each one is there."""

from __future__ import annotations

import pytest

import onelayer

PUBLIC = [
    "Dataset",
    "HOG",
    "HueHistogram",
    "ImageModel",
    "OneLayerClassifier",
    "OnelayerError",
    "Pixels",
    "__version__",
    "check_gradients",
    "load_dataset",
    "load_model",
    "sweep_classifier",
]


def test_public_names_are_frozen():
    assert sorted(onelayer.__all__) == PUBLIC


@pytest.mark.parametrize("name", PUBLIC)
def test_public_name_is_there(name):
    assert getattr(onelayer, name) is not None


def test_public_names_are_listed():
    assert set(PUBLIC) <= set(dir(onelayer))


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'onelayer' has no attribute 'OneLayer'"):
        onelayer.OneLayer  # noqa: B018
