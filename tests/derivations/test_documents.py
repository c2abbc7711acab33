"""Derivations and claims as text, LaTeX and HTML are well formed."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

import pytest

from onelayer.derivations import (
    DERIVATIONS,
    ClaimedFormula,
    Proof,
    decide,
    html_claim,
    html_derivation,
    packaged_claims,
    show_claim,
    show_derivation,
)
from onelayer.derivations.auditor import Audit
from onelayer.derivations.markup import Latex, MathML

MATHML = {"math", "mi", "mn", "mo", "mrow", "mfrac", "msub", "msup", "msubsup", "munder", "mover", "mspace", "mtext"}
MATHML |= {"mtable", "mtr", "mtd"}
HTML = {"article", "section", "h2", "h3", "small", "p", "dl", "dt", "dd", "ol", "li", "div", "b"}
NOT_PROVED = Proof((), (), (2, 3, 4), 0.0)
OPEN = Audit("undecided", "not tried")
ALL = pytest.mark.parametrize("derivation", DERIVATIONS.values(), ids=list(DERIVATIONS))
CLAIMS = pytest.mark.parametrize("claim", packaged_claims().values(), ids=list(packaged_claims()))


def assert_is_latex(text):
    assert text.isascii()
    assert text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}")
    opened: list[str] = []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+)\}", text):
        if kind == "begin":
            opened.append(name)
        else:
            assert opened.pop() == name
    assert opened == []
    assert len(re.findall(r"\\left[(\[]", text)) == len(re.findall(r"\\right[)\]]", text))


def assert_is_html(text):
    tree = ElementTree.fromstring(text)  # noqa: S314
    assert {element.tag for element in tree.iter()} <= MATHML | HTML


@ALL
def test_derivation_is_html_with_mathml(derivation):
    assert_is_html(html_derivation(derivation, NOT_PROVED, 0.0))


@ALL
def test_derivation_is_latex(derivation):
    assert_is_latex(show_derivation(derivation, NOT_PROVED, 0.0, "latex"))


@ALL
def test_text_has_a_line_for_every_formula_and_every_rule(derivation):
    lines = show_derivation(derivation, NOT_PROVED, 0.0).splitlines()
    steps = list(derivation.steps)
    assert sum(line.startswith("    = ") for line in lines) == len(steps)
    assert [
        line.strip().partition(":")[0] for line in lines if line.startswith(" " * 10 + "derivative of a power")
    ] == [step.rule.value for step in steps if step.rule.value == "derivative of a power"]


@CLAIMS
def test_claim_is_html_with_mathml(claim):
    assert_is_html(html_claim(claim, OPEN))


@CLAIMS
def test_claim_is_latex(claim):
    assert_is_latex(show_claim(claim, OPEN, "latex"))


def test_page_asks_nothing_of_any_network_and_runs_nothing():
    page = show_derivation(DERIVATIONS["softmax"], NOT_PROVED, 0.0, "html")
    assert re.findall(r"<script|https?:|url\(|@import|\son\w+=", page) == []


def test_names_in_a_claim_are_text():
    claim = ClaimedFormula("<b>& \x1b[31m", "softmax", "ŷ[k]", "ŷ[k]", explanation="<script>")
    assert "<b>&" not in html_claim(claim, OPEN)
    assert "<script>" not in html_claim(claim, OPEN)
    assert "\x1b" not in show_claim(claim, OPEN)


def test_audit_is_shown_with_its_counterexample():
    claim = packaged_claims()["cse344-a1-b"]
    shown = show_claim(claim, decide(claim))
    assert "  claimed      { ŷₖ − 1  if k = c;  0  if k ≠ c }\n" in shown
    assert "  because      K = 2, c = 1, k = 2, z[1] = 0, z[2] = 0: claimed 0, true 1/2\n" in shown


@pytest.mark.parametrize(
    ("formula", "latex"),
    [
        ("sum(j != k, y[j]/ŷ[j])", r"\sum_{j \neq k} \frac{y_{j}}{\hat{y}_{j}}"),
        ("1/2*exp(-z[k])", r"\tfrac{1}{2} \, e^{-z_{k}}"),
        ("diff(C, w[k, i])", r"\frac{\partial C}{\partial w_{ki}}"),
        ("y*transpose(y)", r"\boldsymbol{y} \, {\boldsymbol{y}}^{\mathsf T}"),
    ],
)
def test_latex_of_a_formula(formula, latex):
    notation = DERIVATIONS["softmax"].notation
    assert Latex(notation).show(notation.parse(formula)) == latex


def test_mathml_of_a_fraction():
    notation = DERIVATIONS["softmax"].notation
    assert (
        MathML(notation).show(notation.parse("1/K")) == "<mfrac><mrow><mn>1</mn></mrow><mrow><mi>K</mi></mrow></mfrac>"
    )
