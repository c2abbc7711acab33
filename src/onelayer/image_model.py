"""ImageModel: from images to class names; everything that prediction needs, in one file of a few kilobytes."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from os import PathLike
from typing import Any

import numpy as np
from sklearn.base import clone

from onelayer.arrays import Array
from onelayer.base_estimator import check_fitted
from onelayer.conversion import as_path, plain_value
from onelayer.data.image_layout import doubt_layout
from onelayer.data.image_options import ImageOptions, ResizeMode
from onelayer.data.images import MAX_PIXELS, Source, decode, quiet
from onelayer.data.pixel_values import largest_and_least
from onelayer.data.shown_images import image_batches
from onelayer.errors import DataWarning, InputError, InputTypeError, ModelFileError, OnelayerError, printable
from onelayer.estimators import OneLayerClassifier
from onelayer.estimators.fitting import adopt
from onelayer.estimators.model_file import classifier_contents, parse_table, read_classifier, read_model_file
from onelayer.features.base import ImageFeatures
from onelayer.features.naming import describe_features, make_features, restore_features
from onelayer.features.registry import DEFAULT_FEATURES
from onelayer.storage.tensors import write_tensors

__all__ = ["ImageModel", "load_model", "size_text"]

_FEATURE_ARRAYS = "features/"  # what features have learned is kept under their name behind this
BLOCK_IMAGES = 4096  # features of more images than these are not kept at once,
BLOCK_VALUES = 1 << 26  # nor more pixel values
_FEW_LEVELS = 16


class ImageModel:
    """A classifier with the features it was trained on, the shape of its images and the names of its classes.

    Parameters
    ----------
    classifier : OneLayerClassifier
        Fitted; its labels are 0 … k − 1.
    class_names : sequence of str
        A name for each of its k classes.
    image_shape : (h, w, c)
        Of the images it takes. Image files of another size are brought to h × w, and turned grey or RGB as c = 1 or 3
        asks for.
    features : ImageFeatures or None
        What turns images into rows, fitted if it learns something; None for pixels.
    value_range : (float, float)
        What black and white are in the training images; pixels of image files (0 to 255) are mapped to it.
    resize_mode : {"stretch", "crop", "pad"}
        How image files are brought to h × w: stretched, cut to the middle in proportion, or set in black bars.
    file_range : (float, float) or None
        What black and white are in image files; None for what their format says.

    Raises
    ------
    InputError
        If these parts do not fit each other.
    ConfigError
        If ``resize_mode`` or ``file_range`` is none.

    Examples
    --------
    >>> from onelayer import load_dataset
    >>> train, _, test = load_dataset("digits")
    >>> clf = OneLayerClassifier(random_state=0).fit(train.X, train.y)
    >>> model = ImageModel(clf, train.class_names, train.image_shape, value_range=train.value_range)
    >>> model.predict(test.X[:1]).shape
    (1,)
    """

    def __init__(
        self,
        classifier: OneLayerClassifier,
        class_names: Sequence[str],
        image_shape: tuple[int, int, int],
        *,
        features: ImageFeatures | None = None,
        value_range: tuple[float, float] = (0.0, 255.0),
        resize_mode: ResizeMode = "stretch",
        file_range: tuple[float, float] | None = None,
    ) -> None:
        if not isinstance(classifier, OneLayerClassifier):
            raise InputTypeError(f"classifier must be a OneLayerClassifier, not {type(classifier).__name__}")
        check_fitted(classifier)
        if isinstance(class_names, str) or not isinstance(class_names, Iterable):
            raise InputTypeError(f"class_names must be a sequence of names, not {type(class_names).__name__}")
        self.classifier = classifier
        self.class_names = tuple(str(name) for name in class_names)
        self.image_shape = _checked_shape(_three_sizes(image_shape))
        self.value_range = _two_numbers("value_range", value_range)
        self.preparation = ImageOptions(
            (self.image_shape[0], self.image_shape[1]),
            resize_mode,
            1 if self.image_shape[2] == 1 else 3,
            None if file_range is None else _two_numbers("file_range", file_range),
        )
        self.features = _fitted(features or make_features(DEFAULT_FEATURES), self.image_shape)
        self._check()
        doubt_layout(self.image_shape)

    def __repr__(self) -> str:
        kind, loss = self.features.title, self.classifier.loss
        return f"<ImageModel: {kind} of {size_text(self.image_shape)} images, {loss}, {len(self.class_names)} classes>"

    def _check(self) -> None:
        low, high = self.value_range
        if not (np.isfinite(low) and np.isfinite(high) and low < high):
            raise InputError(
                f"value_range={self.value_range} is no range: the first number must be less than the second"
            )
        if self.features.n_features_out != self.classifier.n_features_in_:
            raise InputError(
                f"{self.features.title} makes {self.features.n_features_out} features of {self.image_shape} images, "
                f"but the classifier takes {self.classifier.n_features_in_}"
            )
        seen = self.classifier.image_shape_
        if self.features.keeps_pixels and seen is not None and tuple(seen) != self.image_shape:
            raise InputError(
                f"the classifier was trained on images of {size_text(seen)}, but image_shape={self.image_shape}"
            )
        k = len(self.classifier.classes_)
        if len(self.class_names) != k or not np.array_equal(self.classifier.classes_, np.arange(k)):
            raise InputError(
                f"the classifier has the classes {self.classifier.classes_[:10].tolist()}, "
                f"but there are {len(self.class_names)} class names"
            )

    def predict(self, images: Any) -> Array:
        """Return the name of the class decided on for each image, ``(n,)`` strings.

        Parameters
        ----------
        images : array, path, bytes, open file, PIL.Image.Image, or iterable of these
            Arrays of numbers (n, h, w), (n, h, w, c), or of one image, have the size and values of the training images.
            Pictures (files, by path or open; their encoded bytes; PIL images) may have any size and mode.

        Raises
        ------
        InputError, InputTypeError
            If an array does not fit the model, there is no image, or something else is among them.
        DataError
            If a picture can't be read.

        Warns
        -----
        DataWarning
            If the values of an array can hardly be those of the training images, or its channels come first.
        """
        positions = np.concatenate([self.classifier.predict(rows) for rows in self._rows(images)])
        names: Array = np.array(self.class_names)[positions]
        return names

    def predict_proba(self, images: Any) -> Array:
        """Return the probability of each class for each image, ``(n, k)``, if the model has probabilities."""
        return np.concatenate([self.classifier.predict_proba(rows) for rows in self._rows(images)])

    def decision_function(self, images: Any) -> Array:
        """Return the scores of each image, ``(n, k)``, or ``(n,)`` for two classes."""
        return np.concatenate([self.classifier.decision_function(rows) for rows in self._rows(images)])

    @property
    def has_probabilities(self) -> bool:
        """Whether the scores mean probabilities, so that ``predict_proba`` can be called."""
        return hasattr(self.classifier, "predict_proba")

    def save(self, path: str | PathLike[str]) -> None:
        """Write the model to a safetensors file; its bytes depend on the model alone.

        Raises
        ------
        ConfigError
            If the features are not registered: the file could not say what they are.
        StorageError, RunDirectoryError
            If the file can't be written; one that was there is intact.
        """
        arrays, metadata = classifier_contents(self.classifier)
        arrays |= {f"{_FEATURE_ARRAYS}{name}": array for name, array in self.features.state_arrays().items()}
        table = describe_features(self.features) | {
            "class_names": self.class_names,
            "image_shape": self.image_shape,
            "value_range": self.value_range,
        }
        # What most models have is left out, so that their files are those of earlier versions.
        if self.preparation.resize_mode != "stretch":
            table["resize_mode"] = self.preparation.resize_mode
        if self.preparation.value_range is not None:
            table["file_range"] = self.preparation.value_range
        write_tensors(path, arrays, metadata | {"image_model": json.dumps(table, sort_keys=True)})

    def read(self, pictures: Any) -> Array:
        """Return pictures as the model takes them: brought to its size, in its channels and its range of values.

        Parameters
        ----------
        pictures : path, bytes, open file, PIL.Image.Image, or iterable of these
            n pictures of any size and mode.

        Returns
        -------
        array (n, h, w, c), uint8, or float32 where the range of values is not that of bytes

        Raises
        ------
        InputError, InputTypeError
            If there are none, or something else is among them.
        DataError
            If one is not a readable image.
        """
        return np.concatenate(list(self._batches(pictures)))

    def rescaled(self, images: Array, value_range: tuple[float, float] = (0.0, 255.0)) -> Array:
        """Return images whose black and white are ``value_range`` in the model's range: float32 if that is another."""
        if value_range == self.value_range:
            return images
        (low, high), (own_low, own_high) = value_range, self.value_range
        return (own_low + (images - np.float32(low)) * ((own_high - own_low) / (high - low))).astype(np.float32)

    def _rows(self, images: Any) -> Iterator[Array]:
        for batch in self._batches(images):
            numbers = self.rescaled(batch.astype(np.uint8), (0.0, 1.0)) if batch.dtype == bool else batch
            _doubt_values(numbers, self.value_range)
            yield self.features.transform(numbers)

    def _batches(self, images: Any) -> Iterator[Array]:
        at_once = max(1, min(BLOCK_IMAGES, BLOCK_VALUES // math.prod(self.image_shape)))
        return image_batches(images, self.image_shape, self._prepared, at_once)

    def _prepared(self, picture: Source, name: str) -> Array:
        channels = self.image_shape[2]
        if channels not in (1, 3):
            raise InputError(
                f"this model was trained on images of {channels} channels: it takes arrays of such, but no image "
                "files, which have 1 or 3"
            )
        with quiet():
            return self.rescaled(decode(picture, self.preparation, name).pixels)


def load_model(path: str | PathLike[str]) -> ImageModel | OneLayerClassifier:
    """Read a model file; give back what was saved, an ``ImageModel`` or a bare ``OneLayerClassifier``.

    Raises
    ------
    ModelFileError
        If the file is missing, truncated, damaged, of another version, or its parts do not fit each other.

    Examples
    --------
    >>> load_model("no-such-file.safetensors")
    Traceback (most recent call last):
    onelayer.errors.ModelFileError: no-such-file.safetensors: can't be read: no such file or directory
    """
    path = as_path(path)
    arrays, metadata = read_model_file(path)
    name = printable(str(path))
    parameters, fitted, feature_names = read_classifier(arrays, metadata, name)
    classifier = OneLayerClassifier(**parameters)
    adopt(classifier, fitted, fitted.folded.weights.shape[1], feature_names)
    if "image_model" not in metadata:
        return classifier
    table = parse_table(metadata, "image_model", name)
    try:
        height, width, channels = table["image_shape"]
        shape = _checked_shape((int(height), int(width), int(channels)))
        start = len(_FEATURE_ARRAYS)
        learned = {name[start:]: array for name, array in arrays.items() if name.startswith(_FEATURE_ARRAYS)}
        return ImageModel(
            classifier,
            [str(part) for part in table["class_names"]],
            shape,
            features=restore_features(table, shape, learned),
            value_range=table["value_range"],
            resize_mode=table.get("resize_mode", "stretch"),  # files of earlier versions have neither
            file_range=table.get("file_range"),
        )
    except (
        OnelayerError,
        KeyError,
        TypeError,
        ValueError,
        IndexError,
        OverflowError,
        MemoryError,
        RecursionError,
    ) as error:
        reason = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        raise ModelFileError(f"{name}: the model is damaged: {printable(reason)}") from None


def _checked_shape(shape: tuple[int, int, int]) -> tuple[int, int, int]:
    if min(shape) < 1 or math.prod(shape) > MAX_PIXELS:
        raise InputError(f"images of {size_text(shape)} are empty or have more than {MAX_PIXELS:,} values")
    return shape


def _three_sizes(value: object) -> tuple[int, int, int]:
    """Return height, width and channels, of which there is 1 where none are named."""
    sizes = plain_value(value)
    if not (isinstance(sizes, tuple) and len(sizes) in (2, 3) and all(isinstance(size, int) for size in sizes)):
        raise InputError(f"image_shape={printable(repr(value))}: give (height, width) or (height, width, channels)")
    height, width, channels = (*sizes, 1)[:3]
    return height, width, channels


def _two_numbers(name: str, value: object) -> tuple[float, float]:
    """Return two real numbers."""
    pair = plain_value(value)
    if not (isinstance(pair, tuple) and len(pair) == 2 and all(isinstance(end, int | float) for end in pair)):
        raise InputError(
            f"{name}={printable(repr(value))} is no range: give two numbers, what is black and what is white"
        )
    return float(pair[0]), float(pair[1])


def _fitted(features: ImageFeatures, shape: tuple[int, int, int]) -> ImageFeatures:
    """Return features for images of this shape: these, or where they learn nothing, their like."""
    if not isinstance(features, ImageFeatures):
        raise InputTypeError(f"features must be features of images, such as HOG(), not {type(features).__name__}")
    if getattr(features, "image_shape_", None) == shape:
        return features
    if features.learns:
        found = getattr(features, "image_shape_", None)
        what = "are not fitted" if found is None else f"were fitted on {size_text(found)} images"
        raise InputError(f"the features {what}: fit {features.title} on training images of {size_text(shape)} first")
    fitted: ImageFeatures = clone(features).fit_images(np.broadcast_to(np.uint8(0), (1, *shape)))
    return fitted


def _doubt_values(images: Array, value_range: tuple[float, float]) -> None:
    """Warn of arrays whose black and white can hardly be those of the training images."""
    low, high = value_range
    if images.dtype == np.uint8 and (low, high) == (0, 255):
        return
    least, largest = largest_and_least(images)
    span = high - low
    looks_like_shares = images.dtype.kind == "f" and span >= _FEW_LEVELS and least >= 0 and 0 < largest <= 1
    if looks_like_shares or least < low - span or largest > high + span:
        warnings.warn(
            f"pixels have values from {least:g} to {largest:g}, but in the training images black was {low:g} and white "
            f"{high:g}: bring them to that range, or give image files or PIL images, which are brought to it",
            DataWarning,
            stacklevel=4,
        )


def size_text(shape: tuple[int, ...]) -> str:
    """Return a shape for people: 28×28×1."""
    return "×".join(map(str, shape))
