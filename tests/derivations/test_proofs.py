"""Every step of every derivation is proved, and wrong ones are not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from onelayer.derivations import AGREEMENT, DERIVATIONS, get_derivation
from onelayer.derivations.interpreter import Comparison
from onelayer.derivations.notations import NOTATIONS
from onelayer.errors import ConfigError

NAMES = [
    "residual-times-input",
    "sigmoid",
    "logistic",
    "softmax-jacobian",
    "softmax",
    "multiple-binary",
    "hinge",
    "squared-hinge",
    "l2",
    "label-smoothing",
    "two-layer",
    "convexity",
    "non-convexity",
    "relative-entropy",
]
STEPS = [
    pytest.param(derivation, step, id=f"{derivation.name}: {step.chain.title}, {step.number}")
    for derivation in DERIVATIONS.values()
    for step in derivation.steps
]

WRONG_RESULTS = [
    ("residual-times-input", 0, "-r[k]*x[i]"),
    ("residual-times-input", 0, "r[k]*x[m]"),
    ("residual-times-input", 0, "r[j]*x[i]"),
    ("sigmoid", 0, "σ(s)*(1 + σ(s))"),
    ("sigmoid", 1, "σ(s)"),
    ("logistic", 1, "ŷ + y"),
    ("logistic", 2, "(ŷ - y)*x[m]"),
    ("softmax-jacobian", 2, "ŷ[k]*(delta(j, k) + ŷ[j])"),
    ("softmax-jacobian", 2, "ŷ[k]*(delta(j, k) - ŷ[k])"),
    ("softmax-jacobian", 3, "diag(ŷ) + ŷ*transpose(ŷ)"),
    ("softmax", 0, "y[k] - ŷ[k]"),
    ("softmax", 0, "ŷ[k] - y[j]"),
    ("softmax", 1, "ln(sum(l, exp(z[l]))) + sum(k, y[k]*z[k])"),
    ("multiple-binary", 1, "-(y[k] - p[k])"),
    ("multiple-binary", 4, "1/K*transpose(y - p)"),
    ("hinge", 0, "positive(m[c])"),
    ("hinge", 1, "-sum(j, positive(m[j]))"),
    ("squared-hinge", 0, "2*t[k]*plus(m[k])"),
    ("squared-hinge", 1, "positive(m[k])*delta(j, k)"),
    ("l2", 0, "2*λ*w[k, i]"),
    ("l2", 1, "λ*w[k, i]"),
    ("l2", 0, "λ*w[k, m]"),
    ("label-smoothing", 1, "ŷ[k] - (1 - ε)*y[k] - ε"),
    ("two-layer", 0, "(ŷ[k] - y[k])*a[g]"),
    ("two-layer", 3, "sum(k, (ŷ[k] - y[k])*w2[k, h])*leaky_slope(-z1[h])"),
    ("convexity", 1, "sum(k, ŷ[k]*(v[k] - sum(l, ŷ[l]*v[l])))"),
    ("non-convexity", 3, "9/128"),
    ("relative-entropy", 1, "H0 - D"),
]


def test_every_gradient_of_the_reports_is_derived():
    assert list(DERIVATIONS) == NAMES


@pytest.mark.parametrize(("derivation", "step"), STEPS)
def test_step_is_proved_for_two_and_three_classes(derivation, step):
    assert derivation.holds(step, classes=(2, 3))


@pytest.mark.slow
@pytest.mark.parametrize("derivation", DERIVATIONS.values(), ids=NAMES)
def test_derivation_is_proved_for_two_three_and_four_classes(derivation):
    proof = derivation.prove()
    assert (proof.failed, proof.classes) == ((), (2, 3, 4))


@pytest.mark.parametrize(("derivation", "step"), STEPS)
def test_step_with_another_sign_is_refused(derivation, step):
    assert not derivation.holds(replace(step, right=f"-({step.right})"), classes=(2,))


@pytest.mark.parametrize(("name", "number", "formula"), WRONG_RESULTS)
def test_wrong_result_is_refused(name, number, formula):
    derivation = DERIVATIONS[name]
    chain = derivation.chains[number]
    wrong = replace(chain, lines=(*chain.lines[:-1], replace(chain.lines[-1], formula=formula)))
    proof = replace(derivation, chains=(wrong,)).prove(classes=(2, 3))
    assert [(step.chain.title, step.right) for step in proof.failed] == [(chain.title, formula)]


def test_case_is_not_proved_where_it_does_not_apply():
    derivation = DERIVATIONS["softmax-jacobian"]
    (first, *_) = derivation.chains
    everywhere = replace(first, equal=None)
    assert not replace(derivation, chains=(everywhere,)).prove(classes=(2,)).holds


@pytest.mark.parametrize("derivation", DERIVATIONS.values(), ids=NAMES)
def test_results_are_what_the_package_computes_for_up_to_twelve_classes(derivation):
    assert derivation.check_numerically(random_state=7, repeats=20) < AGREEMENT


def test_numerical_check_notices_a_wrong_result():
    wrong = Comparison("y[k] - ŷ[k]", {"z": [0.0, 0.0], "y": [1.0, 0.0]}, [-0.5, 0.5])
    assert wrong.error(NOTATIONS["softmax"]) == 1.0


def test_chain_of_every_part_ends_where_its_title_says():
    for derivation in DERIVATIONS.values():
        for chain in derivation.chains:
            assert chain.start != chain.result


def test_unknown_name_is_answered_with_a_near_one():
    with pytest.raises(ConfigError, match="unknown derivation 'sofmax'; did you mean 'softmax'"):
        get_derivation("sofmax")
