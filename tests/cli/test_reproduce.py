"""``onelayer reproduce``."""

from __future__ import annotations

import pytest

from onelayer.reproduce import REPORTS

OWN = """\
title = "Mine"
summary = "Digits."

[experiments.digits]
title = "Digits"
dataset = "digits"
max_epochs = 2

[[published]]
experiment = "digits"
quantity = "test_accuracy"
value = 0.9
tolerance = 0.3
"""


@pytest.fixture
def own(folder):
    (folder / "mine.toml").write_text(OWN, encoding="utf-8")
    return "mine.toml"


def test_without_a_name_reports_are_listed(onelayer):
    assert [one["name"] for one in onelayer("reproduce", "--json").json["reports"]] == list(REPORTS)


def test_own_protocol_is_run(onelayer, own, folder):
    outcome = onelayer("reproduce", own, "--out", "out", "--json")
    assert outcome.code == 0
    (row,) = outcome.json["results"]
    assert {key: row[key] for key in ("report", "experiment", "quantity", "published", "tolerance", "verdict")} == {
        "report": "mine",
        "experiment": "digits",
        "quantity": "test accuracy",
        "published": 0.9,
        "tolerance": 0.3,
        "verdict": "reproduced",
    }
    assert outcome.json["seconds"] > 0
    assert (folder / "out" / "reproduction.html").is_file()


def test_a_table_is_shown(onelayer, own):
    outcome = onelayer("reproduce", own)
    assert outcome.code == 0
    assert "reproduced" in outcome.out
    assert "runs/reproduction/reproduction.html" in outcome.out
    assert "1 of 1 models" in outcome.err


def test_missing_data_is_skipped_with_exit_code_1(onelayer, own, folder):
    outcome = onelayer("reproduce", "uvic-a3", own, "--data-dir", folder, "--json")
    assert outcome.code == 1
    verdicts = {row["report"]: row["verdict"] for row in outcome.json["results"] if row["experiment"] != "formula a"}
    assert verdicts["mine"] == "reproduced"
    skipped = next(row for row in outcome.json["results"] if row["verdict"] == "skipped")
    assert skipped["report"] == "uvic-a3"
    assert "--data-dir" in skipped["evidence"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("uvic",), "unknown report 'uvic'"),
        (("uvic-a3", "--all"), "give names or --all, not both"),
        (("mine.toml", "mine.toml"), "'mine' is there twice"),
        (("none.toml",), "none.toml: can't be read"),
    ],
)
def test_bad_usage(onelayer, own, arguments, message):
    outcome = onelayer("reproduce", *arguments)
    assert outcome.code == 2
    assert outcome.out == ""
    assert message in outcome.err
    assert len(outcome.err.splitlines()) == 1


def test_bad_file_names_its_line(onelayer, own, folder):
    (folder / own).write_text(OWN.replace("max_epochs = 2", "max_epochs = -2"), encoding="utf-8")
    outcome = onelayer("reproduce", own)
    assert outcome.code == 2
    assert outcome.err.startswith("error: mine.toml, line 7: max_epochs=-2")
