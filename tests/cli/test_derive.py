"""``onelayer derive``."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from onelayer.derivations import DERIVATIONS, catalog

WRONG = """title = "The gradient of ½ Σ w² is 2w"
loss = "l2"
variable = "w[k, i]"
claimed = "2*w[k, i]"
truth = "w[k, i]"
"""


@pytest.fixture
def wrong_claim(folder):
    (folder / "claim.toml").write_text(WRONG, encoding="utf-8")
    return "claim.toml"


def test_without_a_name_derivations_are_listed(onelayer):
    lines = onelayer("derive").out.splitlines()
    assert [line.split()[0] for line in lines[2:] if line.strip()] == list(DERIVATIONS)


def test_list_has_json(onelayer):
    assert [one["name"] for one in onelayer("derive", "--json").json["derivations"]] == list(DERIVATIONS)


def test_derivation_is_shown_and_proved(onelayer):
    outcome = onelayer("derive", "sigmoid")
    assert outcome.code == 0
    assert "    ∂/∂s (σ(s)) = σ(s) (1 − σ(s))\n" in outcome.out
    assert "11 of 11 equalities proved" in outcome.out


@pytest.mark.parametrize(("format", "start"), [("latex", "% For a document with"), ("html", "<!DOCTYPE html>")])
def test_derivation_has_other_formats(onelayer, format, start):
    assert onelayer("derive", "sigmoid", "--format", format).out.startswith(start)


def test_derivation_has_json(onelayer):
    found = onelayer("derive", "logistic", "--json").json
    assert (found["name"], found["proved"], len(found["steps"])) == ("logistic", True, 15)
    assert found["largest_error"] < 1e-12


def test_derivation_that_fails_ends_with_exit_code_1(onelayer, monkeypatch):
    right = DERIVATIONS["sigmoid"]
    wrong = replace(right, statement=("diff(σ(s), s)", "σ(s)"))
    monkeypatch.setattr(catalog, "DERIVATIONS", {"sigmoid": wrong})
    monkeypatch.setitem(DERIVATIONS, "sigmoid", wrong)
    outcome = onelayer("derive", "sigmoid", "--json")
    assert (outcome.code, outcome.json["proved"]) == (1, False)


def test_refuted_claim_is_a_successful_audit(onelayer, wrong_claim):
    outcome = onelayer("derive", "--claim", wrong_claim)
    assert (outcome.code, outcome.err) == (0, "")
    assert "  because      K = 2, d = 1, i = 1, k = 1, w[1, 1] = 1: claimed 2, true 1\n" in outcome.out


def test_audit_has_json(onelayer, wrong_claim):
    found = onelayer("derive", "--claim", wrong_claim, "--json").json
    assert (found["verdict"], found["truth_proved"], found["counterexample"]["true"]) == ("refuted", True, "1")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("sofmax",), "error: unknown derivation 'sofmax'; did you mean 'softmax'?; known are"),
        (("softmax", "--claim", "claim.toml"), "error: give the name of a derivation or --claim, not both"),
        (("--claim", "none.toml"), "error: none.toml: can't be read: no such file or directory"),
        (("softmax", "--format", "pdf"), "error: Invalid value for '--format'"),
    ],
)
def test_bad_usage_ends_with_exit_code_2(onelayer, wrong_claim, arguments, message):
    outcome = onelayer("derive", *arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(message)


def test_bad_claim_names_file_line_and_what_is_allowed(onelayer, folder):
    (folder / "claim.toml").write_text(WRONG.replace('"2*w', '"2*v'), encoding="utf-8")
    outcome = onelayer("derive", "--claim", "claim.toml")
    assert outcome.code == 2
    assert outcome.err.startswith("error: claim.toml, line 4: claimed: column 3: unknown name 'v'; known are w, lam,")


def test_without_sympy_the_extra_is_named(onelayer, monkeypatch):
    monkeypatch.setitem(sys.modules, "sympy", None)
    outcome = onelayer("derive", "sigmoid")
    assert outcome.code == 2
    assert "python -m pip install 'onelayer[derive]'" in outcome.err
