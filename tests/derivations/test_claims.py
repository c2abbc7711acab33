"""Claims of the reports, their verdicts, and claim files that are wrong."""

from __future__ import annotations

import contextlib
import time
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onelayer.derivations import (
    ClaimedFormula,
    audit,
    audit_all,
    auditor,
    decide,
    load_claim,
    packaged_claims,
    parse_claim,
)
from onelayer.errors import OnelayerError

REFUTED = {
    "tdt4265-a1-a",
    "tdt4265-a1-b-brackets",
    "tdt4265-a1-b-sign",
    "tdt4265-a1-c",
    "tdt4265-a1-c-sum",
    "uvic-a3-a-scores",
    "uvic-a3-a-probabilities",
    "uvic-a3-b",
    "cse344-a1-a",
    "cse344-a1-b",
    "cse344-a1-c",
}
SMALL = """title = "softmax"
loss = "softmax"
variable = "z[k]"
claimed = "yhat[k] - y[k]"
"""


@pytest.fixture(scope="module")
def audits():
    return {one["name"]: one for one in audit_all()}


@pytest.mark.parametrize("name", packaged_claims())
def test_verdict_on_a_report_is_the_known_one(audits, name):
    assert audits[name]["audit"]["verdict"] == ("refuted" if name in REFUTED else "proved")


@pytest.mark.parametrize("name", sorted(REFUTED))
def test_what_is_true_instead_is_proved(audits, name):
    assert audits[name]["audit"]["truth_proved"] is True


@pytest.mark.parametrize("name", packaged_claims())
def test_claim_says_where_it_is_from_and_what_depended_on_it(audits, name):
    assert all(audits[name][key] for key in ("title", "report", "source", "explanation", "consequence"))


def test_mean_of_three_logarithms_is_1_794(audits):
    found = audits["cse344-a1-a"]["audit"]["counterexample"]
    assert (found["claimed"], round(float(found["true"]), 3)) == ("2.727", 1.794)


def test_counterexample_is_the_simplest(audits):
    found = audits["cse344-a1-b"]["audit"]["counterexample"]
    assert found == {
        "sizes": {"K": 2},
        "indices": {"c": 1, "k": 2},
        "values": {"z[1]": "0", "z[2]": "0"},
        "claimed": "0",
        "true": "1/2",
    }


@pytest.mark.parametrize("name", sorted(REFUTED - {"cse344-a1-a"}))
def test_counterexample_has_small_numbers(audits, name):
    values = audits[name]["audit"]["counterexample"]["values"].values()
    assert {Fraction(value) for value in values} <= {Fraction(n, 2) for n in range(-4, 5)}


def test_own_process_gives_the_same_audit():
    claim = packaged_claims()["tdt4265-a1-a"]
    assert audit(claim).counterexample == decide(claim).counterexample


def test_audit_that_takes_too_long_is_undecided():
    hard = ClaimedFormula("hard", "softmax", "+".join(["sum(k, sum(j, (ŷ[k] - ŷ[j])^9))"] * 9), variable="z[k]")
    began = time.monotonic()
    found = audit(hard, seconds=0.2)
    assert (found.verdict, found.reason) == ("undecided", "not decided within 0.2 seconds")
    assert time.monotonic() - began < 5


def test_audit_that_runs_out_of_memory_is_undecided(monkeypatch):
    monkeypatch.setattr(auditor, "_WORKER", "import no_such_module")
    found = audit(packaged_claims()["tdt4265-a1-a"])
    assert (found.verdict, found.reason[:40]) == ("undecided", "the audit needed more than 2 GiB of memo")


def test_more_kinks_than_are_looked_at_leave_a_claim_undecided():
    kinks = "+".join(f"plus(z[k] + {n}*z[j])" for n in range(1, 8))
    claim = ClaimedFormula(
        "kinks", "softmax", f"({kinks})*(1 + exp(z[k]))", f"({kinks}) + ({kinks})*exp(z[k])", assume=("j != k",)
    )
    assert decide(claim).verdict == "undecided"


def test_shapes_that_differ_refute_a_claim():
    found = decide(ClaimedFormula("column", "sigmoid", "-1/K*(y - p)", variable="s"))
    assert (found.verdict, found.reason) == ("refuted", "what is claimed and what is true have different shapes")


@pytest.mark.parametrize(
    ("assume", "verdict"), [((), "refuted"), (("j != k",), "proved"), (("j = k",), "refuted")], ids=str
)
def test_condition_on_indices_counts(assume, verdict):
    claim = ClaimedFormula("Jacobian", "softmax", "-ŷ[k]*ŷ[j]", "ŷ[k]", "z[j]", assume=assume)
    assert decide(claim).verdict == verdict


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title = ", "claim: not a TOML file: Invalid value \\(at end of document\\)"),
        ("[a]\nb = 1", "claim, line 1: unknown key 'a'; known are title, loss"),
        (SMALL + 'clamied = "1"', "claim, line 5: unknown key 'clamied'; did you mean 'claimed'"),
        (SMALL.replace('title = "softmax"', ""), "claim: the key 'title' is missing"),
        (SMALL.replace('"z[k]"', "3"), "claim, line 3: variable: a text"),
        (SMALL.replace('"z[k]"', '"z[k] + 1"'), "claim, line 3: variable: a quantity expected"),
        (SMALL.replace('loss = "softmax"', 'loss = "sofmax"'), "claim, line 2: loss: unknown 'sofmax'; did you mean"),
        (SMALL.replace('y[k]"', 'q[k]"'), "claim, line 4: claimed: column 11: unknown name 'q'; known are x, w"),
        (
            '\n# claimed = 3\nexplanation = """\nclaimed = 1"""\n' + SMALL.replace("- y", "- 9**9**9"),
            "claim, line 8: claimed",
        ),
        (SMALL + 'assume = ["one-hit"]', "claim, line 5: assume: 'one-hit' is none of 'one-hot', 'j = k', 'j != k'"),
        (SMALL + 'assume = "one-hot"', "claim, line 5: assume: a list of at most 6 texts"),
        (
            'title = "a"\nloss = "l2"\nclaimed = "1"\nassume = ["one-hot"]',
            "claim, line 4: assume: one-hot targets need",
        ),
        (
            'title = "a"\nloss = "sigmoid-function"\nclaimed = "1"',
            "claim: expression: is needed, as 'sigmoid-function' has no",
        ),
        (SMALL + "tolerance = 0", "claim, line 5: tolerance: a number above 0 and below 1"),
        (SMALL + "tolerance = 0.1", "claim, line 5: tolerance: only numbers are compared so"),
        ("\n" * 301, "claim: more than 300 lines"),
    ],
)
def test_wrong_file_is_refused_with_its_line_and_what_is_allowed(text, message):
    with pytest.raises(OnelayerError, match=f"^{message}"):
        parse_claim(text)


def test_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "claim.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(OnelayerError, match=r"claim\.toml: not a TOML file: not UTF-8 text"):
        load_claim(tmp_path / "claim.toml")


def test_large_file_is_refused(tmp_path):
    (tmp_path / "claim.toml").write_bytes(b"#" * 20_000)
    with pytest.raises(OnelayerError, match="20,000 bytes, more than the 16,384 that are read"):
        load_claim(tmp_path / "claim.toml")


VALUES = st.one_of(
    st.text(max_size=30), st.integers(), st.floats(), st.booleans(), st.lists(st.text(max_size=8), max_size=8)
)


@settings(deadline=None, max_examples=200)
@given(st.dictionaries(st.sampled_from(["title", "loss", "claimed", "variable", "assume", "tolerance", "x"]), VALUES))
def test_any_table_is_a_claim_or_refused(table):
    lines = (f"{key} = {_toml(value)}" for key, value in table.items())
    with contextlib.suppress(OnelayerError):
        claim = parse_claim("\n".join(lines))
        assert claim.notation.name == claim.loss


def _toml(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, str):
        return "'" + value.replace("'", "").replace("\n", "").replace("\r", "") + "'"
    return str(value)
