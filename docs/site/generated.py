"""The parts of the reference that are made of the package itself, so that they can't go stale.

A line ``<!-- generated: NAME -->`` in a page is replaced by what the function of that name below returns.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import json
import re
from collections.abc import Callable, Collection, Iterator
from typing import Any

import typer

from onelayer import OneLayerClassifier
from onelayer.cli import app, main
from onelayer.experiment.config import RECIPES, ExperimentConfig, SweepConfig
from onelayer.features.registry import FEATURES, LIFTS, name_of
from onelayer.reproduce.protocol import CLAIMS, Calculation, Experiment, Figure, Published
from onelayer.reproduce.quantities import QUANTITIES
from onelayer.training.parameters import TrainingParameters

_MARK = re.compile(r"^<!-- generated: (.*) -->$", re.MULTILINE)
_UNDESCRIBED = re.compile(r'\s*–\s*<div class="doc-md-description">\s*</div>')
_BOUNDS = {"exclusiveMinimum": "> ", "minimum": "≥ ", "exclusiveMaximum": "< ", "maximum": "≤ "}


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put the generated parts into a page; mkdocs calls this for each."""
    return _MARK.sub(lambda mark: PARTS[mark[1]](), markdown)


def on_page_content(html: str, **_: Any) -> str:
    """Take away the dash after a parameter that has no description; mkdocs calls this for each."""
    return _UNDESCRIBED.sub("", html)


def parameters() -> str:
    """Return the table of the constructor's parameters."""
    meanings = {name: text for name, text in _described().items() if text}
    return _table(TrainingParameters, inspect.signature(OneLayerClassifier).parameters, _TRAINING | meanings)


def configuration() -> str:
    """Return the table of the keys that a configuration has beside the constructor's parameters."""
    own = [name for name in ExperimentConfig.model_fields if name not in TrainingParameters.model_fields]
    return _table(ExperimentConfig, own, _CONFIGURATION)


def sweeps() -> str:
    """Return the table of the keys that only a sweep has."""
    own = [name for name in SweepConfig.model_fields if name not in ExperimentConfig.model_fields]
    return _table(SweepConfig, own, _SWEEPS)


def recipes() -> str:
    """Return what is set for each known data set in place of the defaults."""
    rows = [
        f"| `{name}` | {', '.join(f'`{k}={_plain(v)}`' for k, v in keys.items())} |" for name, keys in RECIPES.items()
    ]
    return "\n".join(["| data set | settings |", "|---|---|", *rows])


def features() -> str:
    """Return the table of the features, and of what may be put on top of them."""
    rows = []
    for name, entry in (*FEATURES.items(), *((f"--lift {name}", entry) for name, entry in LIFTS.items())):
        first, _, _ = (inspect.getdoc(entry.load()) or "").partition("\n\n")
        preset = ", ".join(f"`{key}={_plain(value)}`" for key, value in entry.parameters.items())
        what = re.sub(r"``([^`]*)``", r"`\1`", " ".join(first.split()))
        rows.append(f"| `{name}` | {f'`{name_of(entry.load())}` with {preset}.' if preset else what} |")
    return "\n".join(["| name | what it is |", "|---|---|", *rows])


def command_line() -> str:
    """Return the help of every verb."""
    return "\n\n".join(
        f"## {' '.join(words)}\n\n```text\n{_help(words)}\n```" for words in _verbs(typer.main.get_command(app))
    )


def experiments() -> str:
    """Return the table of the keys that an experiment of a protocol has beside a configuration's."""
    own = [name for name in Experiment.model_fields if name not in ExperimentConfig.model_fields]
    return _table(Experiment, own, _EXPERIMENTS)


def designs() -> str:
    """Return what each design of a claim says, and the keys that it needs."""
    rows = []
    for name, claim in CLAIMS.items():
        own = [
            key for key in claim.model_fields if key not in ("title", "plan", "quantity", "margin", "source", "design")
        ]
        rows.append(f"| `{name}` | {_paragraph(claim)} | {', '.join(f'`{key}`' for key in own)} |")
    return "\n".join(["| design | claims that | keys |", "|---|---|---|", *rows])


def quantities() -> str:
    """Return the names of what is measured of a model."""
    rows = [f"| `{name}` | {quantity.title} |" for name, quantity in QUANTITIES.items()]
    return "\n".join(["| quantity | what it is |", "|---|---|", *rows])


PARTS: dict[str, Callable[[], str]] = {
    "parameters": parameters,
    "configuration": configuration,
    "sweeps": sweeps,
    "recipes": recipes,
    "features": features,
    "command line": command_line,
    "experiments": experiments,
    "published": lambda: f"{_paragraph(Published)}\n\n{_keys(Published)}",
    "numbers": lambda: _keys(Calculation),
    "figures": lambda: f"{_paragraph(Figure)}\n\n{_keys(Figure)}",
    "claims": lambda: _keys(CLAIMS["higher"], without={"design", "left", "right"}),
    "designs": designs,
    "quantities": quantities,
}

# For parameters whose docstring leaves it to the name; what it says comes first.
_TRAINING = {
    "solver": "Mini-batch stochastic gradient descent.",
    "learning_rate": "Size of a step along the negative gradient.",
    "decay_rate": "What the schedules `step` and `exponential` multiply the rate by.",
    "decay_epochs": "Epochs between two of these multiplications.",
    "decay_at_start": "Whether `step` counts epoch 0.",
    "momentum": "Share of the last step that is added to the next.",
    "batch_size": "Rows in a step.",
    "max_epochs": "Passes over the training rows, at most.",
    "penalize_bias": "Whether the penalty counts the intercepts too.",
    "init_scale": "Deviation or half-width of the weights to start from.",
    "class_weight": "Weight of each class's rows, by label; in a configuration by the name of the class. `balanced` "
    "weighs classes equally.",
    "patience": "Validations in a row without a better one, after which training stops.",
    "monitor": "What “better” is judged by, for stopping and keeping.",
}
_CONFIGURATION = {
    "dataset": "A catalog name or a path.",
    "features": "What images are turned into; several features side by side with `+` between their names.",
    "feature_parameters": "Parameters of the features; for several features, a table for each.",
    "lift": "Features on top of these, as `NAME:COUNT`.",
    "feature_dtype": "What features are rounded to; `float16` halves their size on disk.",
    "lift_parameters": "Further parameters of the lift, as its class has them.",
    "classes": "Names of the classes to keep, in this order. Where no class has a number for its name, a number is a "
    "label, counted from 0.",
    "train_rows": "Train on so many of the first rows.",
    "resize": "Height and width to bring image files to; by default their own, or of different sizes a square.",
    "resize_mode": "How: stretched, cut to the middle in proportion, or set in black bars. `stretch` where `resize` is "
    "given, `crop` where the size is chosen.",
    "value_range": "What black and white are in the images; by default what the files or their values say.",
    "image_layout": "Whether arrays of images are (n, h, w, c) or (n, c, h, w); by default what their shape says.",
    "validate_on": "With `test` the test part takes the place of the validation part, and nothing is left to test on.",
}
_SWEEPS = {
    "grid": "What varies: `name=lo:hi:log:count`, `name=lo:hi:lin:count` or `name=a,b,c`.",
    "folds": "Choose on so many stratified folds of the training part; without it, on the validation part.",
    "folds_in_one_pass": "Train the folds at once, as row weights; not with `scaling=standardize`.",
}


_EXPERIMENTS = {
    "title": "What it is called.",
    "arms": "What its models differ in: keys of the configuration, by the name of the arm.",
    "seeds": "Each arm is trained with each, in place of `random_state`.",
    "hold_out_last": "So many of the last training rows are validated on.",
    "folds": "Shuffle, cut into so many folds, validate on the first.",
    "each_fold": "Validate on each fold in turn.",
    "follow": "Whether training is looked at as it goes; curves and early stopping need it.",
    "together": "Train the arms of a seed in one pass over the data.",
}


def _keys(model: Any, without: Collection[str] = ()) -> str:
    schema = model.model_json_schema()["properties"]
    rows = [
        f"| `{name}` | {_default(entry)} | {_values(entry)} |" for name, entry in schema.items() if name not in without
    ]
    return "\n".join(["| key | default | values |", "|---|---|---|", *rows])


def _paragraph(model: Any) -> str:
    return re.sub(r"``([^`]*)``", r"`\1`", " ".join((inspect.getdoc(model) or "").split()))


def _table(model: Any, names: Any, described: dict[str, str]) -> str:
    schema = model.model_json_schema()["properties"]
    rows = [f"| `{name}` | {_default(schema[name])} | {_values(schema[name])} | {described[name]} |" for name in names]
    return "\n".join(["| name | default | values | meaning |", "|---|---|---|---|", *rows])


def _default(entry: dict[str, Any]) -> str:
    return f"`{_plain(entry['default'])}`" if "default" in entry else "–"


def _plain(value: Any) -> str:
    return "None" if value is None else value if isinstance(value, str) else json.dumps(value)


def _values(entry: dict[str, Any]) -> str:
    """Return in words what a JSON schema allows."""
    if "anyOf" in entry:
        kinds = [_values(kind) for kind in entry["anyOf"] if kind.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if "enum" in entry or "const" in entry:
        return ", ".join(f"`{_plain(value)}`" for value in entry.get("enum", [entry.get("const")]))
    kind = {"number": "number", "integer": "whole number", "boolean": "`true`, `false`", "string": "text"}.get(
        entry.get("type", "")
    )
    if entry.get("type") == "array":
        kind = "list"
    if entry.get("type") == "object":
        kind = "table"
    bounds = [f"{sign}{entry[key]:,}" for key, sign in _BOUNDS.items() if key in entry]
    return " ".join([kind or "any", ", ".join(bounds)]).strip()


def _described() -> dict[str, str]:
    """Return what the constructor's docstring says of each parameter."""
    text = (
        (inspect.getdoc(OneLayerClassifier) or "")
        .partition("Parameters\n----------\n")[2]
        .partition("\nAttributes\n")[0]
    )
    found: dict[str, str] = {}
    for entry in re.split(r"\n(?=\w)", text):
        name, _, rest = entry.partition(" : ")
        found[name] = re.sub(r"``([^`]*)``", r"`\1`", " ".join(rest.split("\n")[1:]))
        found[name] = re.sub(r"\s+", " ", found[name]).strip()
    return found


def _verbs(group: Any, *before: str) -> Iterator[list[str]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _verbs(command, *before, name)
        else:
            yield ["onelayer", *before, name]


def _help(words: list[str]) -> str:
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        main([*words[1:], "--help"])
    # what the program is called depends on who runs it
    return re.sub(rf"^Usage: .*?(?={words[1]})", "Usage: onelayer ", shown.getvalue().strip())
