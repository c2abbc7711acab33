"""What an experiment is: a data set, features of its images, and every parameter of training, in one flat table."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

import numpy as np
from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from onelayer.data.classes import weights_by_label
from onelayer.data.image_options import ImageLayout, ImageOptions, ResizeMode
from onelayer.errors import ConfigError, printable
from onelayer.experiment.settings import parse_setting
from onelayer.features.base import ImageFeatures
from onelayer.features.naming import make_features, make_lift
from onelayer.features.registry import DEFAULT_FEATURES, LIFTS, split_names
from onelayer.storage.files import decode_text, read_limited
from onelayer.storage.run_directory import RunDirectory
from onelayer.training.parameters import Count, TrainingParameters

__all__ = [
    "RECIPES",
    "ExperimentConfig",
    "FeatureType",
    "SweepConfig",
    "gather_keys",
    "load_config",
    "parse_setting",
    "recipe_for",
    "run_config",
]

MAX_CONFIG_BYTES: Final = 1 << 20

FeatureType = Literal["auto", "float16", "float32"]
"""What features are rounded to; "auto" leaves them as they are computed."""

# Settings that suit the pixels of a known set. They stand in for the defaults; a key that is given wins. Of some twenty
# tried they had the least loss on the validation part (digits, cifar10) or over five folds of the training part
# (mnist); fashion-mnist and cifar100 take those of the set that they are made after.
_DIGITS: Final = {"scaling": "symmetric", "learning_rate": 0.3, "momentum": 0.9}
_MNIST: Final = {
    "scaling": "unit",
    "learning_rate": 0.1,
    "momentum": 0.9,
    "schedule": "cosine",
    "max_epochs": 30,
}
_CIFAR: Final = {
    "learning_rate": 0.002,
    "momentum": 0.9,
    "schedule": "cosine",
    "max_epochs": 20,
    "l2": 0.02,
    "flip_probability": 0.5,
}
RECIPES: Final[Mapping[str, Mapping[str, Any]]] = {
    "digits": _DIGITS,
    "mnist": _MNIST,
    "fashion-mnist": _MNIST,
    "cifar10": _CIFAR,
    "cifar100": _CIFAR,
}


class ExperimentConfig(TrainingParameters):
    """A data set, features, and the parameters of training, under the same names as the estimator's.

    Examples
    --------
    >>> ExperimentConfig.check({"dataset": "mnist", "lerning_rate": 0.1})
    Traceback (most recent call last):
    onelayer.errors.ConfigError: unknown parameter 'lerning_rate'; did you mean 'learning_rate'?
    """

    dataset: Annotated[str, Field(min_length=1)] = "digits"
    features: str = DEFAULT_FEATURES
    feature_parameters: dict[str, Any] = Field(default_factory=dict)
    lift: str | None = None
    lift_parameters: dict[str, Any] = Field(default_factory=dict)
    feature_dtype: FeatureType = "auto"
    classes: Annotated[tuple[str | int, ...], Field(min_length=2, strict=False)] | None = None
    train_rows: Count | None = None
    resize: tuple[Count, Count] | None = None
    resize_mode: ResizeMode | None = None
    value_range: tuple[float, float] | None = None
    image_layout: ImageLayout | None = None
    validate_on: Literal["validation", "test"] = "validation"
    random_state: Annotated[int, Field(ge=0, lt=2**32)] = 0
    image_shape: None = None  # known from the images

    @field_validator("class_weight", mode="before")
    @classmethod
    def _classes_have_names(cls, value: Any) -> Any:
        """Take keys for names of classes, texts as keys of TOML are: ``{1 = 2.0}`` means the class called 1."""
        return {str(key): weight for key, weight in value.items()} if isinstance(value, dict) else value

    @field_validator("features")
    @classmethod
    def _features_are_registered(cls, value: str) -> str:
        try:
            split_names(value)
        except ConfigError as error:
            raise PydanticCustomError("features", "{reason}", {"reason": str(error)}) from None
        return value

    @field_validator("resize", mode="before")
    @classmethod
    def _two_sizes(cls, value: Any) -> Any:
        if isinstance(value, tuple) and len(value) != 2:
            raise PydanticCustomError("two_sizes", "give two sizes, height and width")
        return value

    @field_validator("value_range")
    @classmethod
    def _black_and_white(cls, value: tuple[float, float] | None) -> tuple[float, float] | None:
        if value is not None and not (np.isfinite(value).all() and value[0] < value[1]):
            raise PydanticCustomError("black_and_white", "give what is black and what is white, the first the less")
        return value

    def for_classes(self, names: Sequence[str]) -> Self:
        """Return the same with weights of classes by their labels 0 … k − 1, as the classifier has them.

        Raises
        ------
        ConfigError
            If a weight is for a class that is none of ``names``.
        """
        if not isinstance(self.class_weight, dict):
            return self
        return self.model_copy(update={"class_weight": weights_by_label(self.class_weight, names)})

    def make_features(self) -> ImageFeatures:
        """Return what turns images into rows, not fitted.

        Raises
        ------
        ConfigError
            If a parameter of the features is unknown or out of range.
        """
        features = make_features(self.features, **self.feature_parameters)
        if self.lift is not None:
            return make_lift(self.lift, features, **self.lift_parameters)
        if self.lift_parameters:
            raise ConfigError(f"lift_parameters are given, but no lift: set lift to one of {', '.join(LIFTS)}")
        return features

    @property
    def image_options(self) -> ImageOptions:
        """What is asked for of the set's images."""
        return ImageOptions(self.resize, self.resize_mode, value_range=self.value_range, image_layout=self.image_layout)

    @property
    def training(self) -> dict[str, Any]:
        """The estimator's constructor arguments, without progress: whoever runs the experiment shows it."""
        values = {name: value for name, value in self.model_dump().items() if name in TrainingParameters.model_fields}
        return {**values, "verbose": 0}


class SweepConfig(ExperimentConfig):
    """An experiment whose parameters are partly to be chosen: ``grid`` and ``folds`` beside all others.

    ``grid`` has texts as :func:`onelayer.selection.parse_axis` takes them. Without ``folds`` the validation part is
    what is chosen on; with them, that many stratified folds of the training part.

    Examples
    --------
    >>> SweepConfig.check({"grid": ["l2=0.01,0.1"], "folds": 1})
    Traceback (most recent call last):
    onelayer.errors.ConfigError: folds=1: input should be greater than or equal to 2
    """

    grid: Annotated[tuple[str, ...], Field(min_length=1, strict=False)]
    folds: Annotated[int, Field(ge=2)] | None = None
    folds_in_one_pass: bool = False


def run_config(run: RunDirectory) -> ExperimentConfig:
    """Return the configuration of a run, a SweepConfig if it is a sweep.

    Raises
    ------
    RunDirectoryError, ConfigError
        If its config.toml is damaged.
    """
    settings = run.read_config()
    return (SweepConfig if "grid" in settings else ExperimentConfig).check(settings)


def load_config(
    path: Path | None, dataset: str | None, settings: Sequence[str], options: Mapping[str, Any]
) -> ExperimentConfig:
    """Return the configuration that a file, settings, options and a data set make; see :func:`gather_keys`.

    Raises
    ------
    ConfigError
        If the file can't be read, or a key or value is wrong.
    """
    return ExperimentConfig.check(gather_keys(path, dataset, settings, options))


def gather_keys(
    path: Path | None, dataset: str | None, settings: Sequence[str], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the keys that a file, ``key=value`` settings, options and a data set give; the later ones win.

    Parameters
    ----------
    path : Path or None
        A TOML file.
    dataset : str or None
        A catalog name or path, in place of the file's.
    settings : sequence of str
        ``key=value``; values as in TOML, bare words as text.
    options : mapping
        Further keys; None is left out.

    Raises
    ------
    ConfigError
        If the file can't be read.
    """
    given: dict[str, Any] = {} if path is None else _read(path)
    given |= dict(parse_setting(setting) for setting in settings)
    given |= {key: value for key, value in options.items() if value is not None}
    if dataset is not None:
        given["dataset"] = dataset
    return {**recipe_for(given), **given}


def recipe_for(keys: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the settings that stand in for the defaults beside these keys: those for a known set's pixels as they are.

    Examples
    --------
    >>> recipe_for({"dataset": "digits"}) == RECIPES["digits"], recipe_for({"dataset": "digits", "features": "hog"})
    (True, {})
    """
    plain = keys.get("features", DEFAULT_FEATURES) == DEFAULT_FEATURES
    if not plain or keys.get("feature_parameters") or keys.get("lift"):
        return {}
    return RECIPES.get(str(keys.get("dataset", "digits")), {})


def _read(path: Path) -> dict[str, Any]:
    content = read_limited(path, MAX_CONFIG_BYTES, ConfigError)
    try:
        return tomllib.loads(decode_text(content))
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{printable(str(path))}: not a TOML file: {printable(str(error))}") from None
