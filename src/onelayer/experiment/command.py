"""The command that repeats an experiment."""

from __future__ import annotations

import shlex
from typing import Any, Final

import tomli_w

from onelayer.experiment.config import ExperimentConfig, SweepConfig, recipe_for
from onelayer.features.registry import DEFAULT_FEATURES

__all__ = ["repeat_command"]

# Those of ``onelayer train`` and ``onelayer sweep`` that are no --set.
_OPTIONS: Final = ("dataset", "features", "lift", "classes", "resize", "grid", "folds", "folds_in_one_pass")


def repeat_command(config: ExperimentConfig) -> str | None:
    """Return what to type in a shell to run ``config``; None where a text in it can't be typed.

    Every key is named that is not what the command would take by itself.

    Examples
    --------
    >>> print(repeat_command(ExperimentConfig(dataset="my images", l2=0.1, classes=(2, 3))))
    onelayer train 'my images' --classes 2,3 --set l2=0.1
    """
    recipe = recipe_for(config.model_dump())
    implied = ExperimentConfig(dataset=config.dataset, features=config.features).model_copy(update=dict(recipe))
    words = ["onelayer", "sweep" if isinstance(config, SweepConfig) else "train", config.dataset]
    if config.features != DEFAULT_FEATURES:
        words += ["--features", config.features]
    if config.lift is not None:
        words += ["--lift", config.lift]
    if config.classes is not None:
        names = [str(name) for name in config.classes]
        can_be_listed = all(name == name.strip() and "," not in name and name for name in names)
        words += ["--classes", ",".join(names)] if can_be_listed else ["--set", f"classes={_toml(names)}"]
    if config.resize is not None:
        words += ["--resize", ",".join(map(str, config.resize))]
    if isinstance(config, SweepConfig):
        words += [word for axis in config.grid for word in ("--grid", axis)]
        words += ["--folds", str(config.folds)] if config.folds is not None else []
        words += ["--folds-in-one-pass"] if config.folds_in_one_pass else []
    for key in ExperimentConfig.model_fields:
        value = getattr(config, key)
        if key not in _OPTIONS and value is not None and value != getattr(implied, key):
            words += ["--set", f"{key}={_word(value)}"]
    command = " ".join(map(shlex.quote, words))
    return command if command.isprintable() else None


def _word(value: Any) -> str:
    """Return a value as ``--set`` takes it: a text that means nothing else in TOML stands without quotes."""
    is_bare = isinstance(value, str) and value.replace("-", "_").isidentifier()
    return value if is_bare and value not in ("true", "false", "inf", "nan") else _toml(value)


def _toml(value: Any) -> str:
    """Return a value as it stands in a TOML file, on one line."""
    if isinstance(value, dict):
        pairs = (
            f"{tomli_w.dumps({str(key): 0}).removesuffix(' = 0' + chr(10))} = {_toml(one)}"
            for key, one in value.items()
        )
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return tomli_w.dumps({"x": value}).removeprefix("x = ").strip()
