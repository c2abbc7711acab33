"""The generated parts of the reference name everything that there is."""

from __future__ import annotations

import importlib.util
import inspect
import re
from pathlib import Path

import pytest

from onelayer import OneLayerClassifier
from onelayer.experiment.config import ExperimentConfig, SweepConfig
from onelayer.features import FEATURES, LIFTS
from onelayer.training.parameters import TrainingParameters

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def generated():
    spec = importlib.util.spec_from_file_location("generated", DOCS / "site" / "generated.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows(table):
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines()[2:]]


@pytest.mark.parametrize("loss", ["softmax", "logistic", "sigmoid", "hinge", "squared_hinge"])
def test_losses_are_values_of_the_first_parameter(generated, loss):
    assert f"`{loss}`" in rows(generated.parameters())[0][2]


def test_every_parameter_has_a_row_with_a_meaning(generated):
    found = {row[0].strip("`"): row[3] for row in rows(generated.parameters())}
    assert list(found) == list(inspect.signature(OneLayerClassifier).parameters)
    assert set(found) == set(TrainingParameters.model_fields)
    assert [name for name, meaning in found.items() if not meaning] == []


def test_default_and_limits_are_those_of_the_code(generated):
    assert rows(generated.parameters())[2][:3] == ["`learning_rate`", "`0.01`", "number > 0"]


def test_tables_of_configurations_are_complete(generated):
    names = {row[0].strip("`") for table in (generated.configuration(), generated.sweeps()) for row in rows(table)}
    assert names == set(SweepConfig.model_fields) - set(TrainingParameters.model_fields)
    assert names >= set(ExperimentConfig.model_fields) - set(TrainingParameters.model_fields)


def test_every_verb_has_its_help(generated):
    shown = generated.command_line()
    for verb in (
        "train",
        "sweep",
        "evaluate",
        "predict",
        "report",
        "check",
        "derive",
        "data list",
        "data verify",
        "cache show",
    ):
        assert f"## onelayer {verb}\n\n```text\nUsage: onelayer " in shown


def test_every_feature_and_lift_has_a_row(generated):
    shown = {row[0].strip("| `"): row[1] for row in rows(generated.features())}
    assert list(shown) == [*FEATURES, *(f"--lift {name}" for name in LIFTS)]
    assert all(text.endswith(".") for text in shown.values())


def test_every_mark_on_a_page_is_known(generated):
    marks = [
        mark for page in DOCS.rglob("*.md") for mark in re.findall(r"<!-- generated: (.*) -->", page.read_text("utf-8"))
    ]
    assert sorted(marks) == sorted(generated.PARTS)


def test_a_name_without_description_has_no_dash(generated):
    bare, said = (f'<b>l2</b>\n – <div class="doc-md-description">\n{text}</div>' for text in ("", "<p>of W</p>"))
    assert generated.on_page_content(bare + said) == f"<b>l2</b>{said}"
