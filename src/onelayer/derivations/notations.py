"""The notation around each loss: which quantities there are, and how they are defined."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from onelayer.derivations.notation import Domain, Notation, Symbol

__all__ = ["NOTATIONS"]


_X: Final = Symbol("x", "the input: features of one row", "d")
_ONE_SCORE: Final = (
    _X,
    Symbol("w", "weights", "d"),
    Symbol("b", "intercept"),
    Symbol("z", "score", definition="sum(i, w[i]*x[i]) + b", free_unless="b"),
    Symbol("y", "target: 1 for one class, 0 for the other", domain=Domain.TARGET),
    Symbol("yhat", "probability of class 1", domain=Domain.PROBABILITY, definition="sigmoid(z)", letter="y", hat=True),
)
_K_SCORES: Final = (
    _X,
    Symbol("w", "weights", "Kd"),
    Symbol("b", "intercepts", "K"),
    Symbol("z", "scores", "K", definition="sum(i, w[k, i]*x[i]) + b[k]", indices=("k",), free_unless="b"),
)
_TARGETS: Final = Symbol("y", "target probabilities, one for each class", "K", Domain.TARGETS)


def _softmax(score: str) -> tuple[Symbol, ...]:
    return (
        Symbol(
            "yhat",
            "probabilities of the classes",
            "K",
            Domain.PROBABILITY,
            f"exp({score}[k])/sum(l, exp({score}[l]))",
            ("k",),
            letter="y",
            hat=True,
        ),
        Symbol("C", "cross-entropy", definition="-sum(k, y[k]*ln(ŷ[k]))"),
    )


LOGISTIC: Final = Notation(
    "logistic",
    "binary cross-entropy of one score",
    (*_ONE_SCORE, Symbol("C", "binary cross-entropy", definition="-(y*ln(ŷ) + (1 - y)*ln(1 - ŷ))")),
)
SIGMOID_FUNCTION: Final = Notation("sigmoid-function", "the logistic sigmoid", (Symbol("s", "a number"),), objective="")
SQUARED_ERROR: Final = Notation(
    "squared-error",
    "squared error of a sigmoid",
    (*_ONE_SCORE, Symbol("E", "squared error", definition="(ŷ - y)^2")),
    objective="E",
)
SOFTMAX: Final = Notation(
    "softmax",
    "cross-entropy of softmax probabilities",
    (
        *_K_SCORES,
        _TARGETS,
        *_softmax("z"),
        Symbol("v", "a direction in score space", "K"),
        Symbol("m0", "a shift of all scores", letter="m"),
    ),
)
SMOOTHING: Final = Notation(
    "label-smoothing",
    "cross-entropy with smoothed targets",
    (
        *_K_SCORES,
        _TARGETS,
        _softmax("z")[0],
        Symbol("eps", "strength of the smoothing", domain=Domain.PROBABILITY, letter="ε"),
        Symbol("t", "smoothed targets", "K", definition="(1 - ε)*y[k] + ε/K", indices=("k",)),
        Symbol("C", "cross-entropy", definition="-sum(k, t[k]*ln(ŷ[k]))"),
    ),
)
SIGMOID: Final = Notation(
    "sigmoid",
    "multiple binary cross-entropy, averaged over the classes",
    (
        _X,
        Symbol("w", "weights", "Kd"),
        Symbol("b", "intercepts", "K"),
        Symbol("s", "scores", "K", definition="sum(i, w[k, i]*x[i]) + b[k]", indices=("k",), free_unless="b"),
        Symbol("y", "targets, one for each class", "K", Domain.TARGET),
        Symbol("p", "sigmoids of the scores", "K", Domain.PROBABILITY, "sigmoid(s[k])", ("k",)),
        Symbol(
            "L",
            "multiple binary cross-entropy",
            definition="-1/K*sum(k, (1 - y[k])*ln(1 - p[k]) + y[k]*ln(p[k]))",
            letter="ℓ",
        ),
    ),
    objective="L",
)
HINGE: Final = Notation(
    "hinge",
    "multiclass hinge loss, margin 1",
    (
        *_K_SCORES,
        Symbol("m", "margins against the true class c", "K", definition="z[j] - z[c] + 1", indices=("j",)),
        Symbol("C", "hinge loss", definition="sum(j != c, plus(m[j]))"),
    ),
)
SQUARED_HINGE: Final = Notation(
    "squared-hinge",
    "squared hinge loss, one class against the rest",
    (
        *_K_SCORES,
        Symbol("t", "1 for the true class c, −1 for the others", "K", definition="2*delta(j, c) - 1", indices=("j",)),
        Symbol("m", "margins", "K", definition="1 - t[j]*z[j]", indices=("j",)),
        Symbol("C", "squared hinge loss", definition="sum(j, plus(m[j])^2)"),
    ),
)
L2: Final = Notation(
    "l2",
    "penalty on the squared weights",
    (
        Symbol("w", "weights", "Kd"),
        Symbol("lam", "strength of the penalty", domain=Domain.POSITIVE, letter="λ"),
        Symbol("eta", "learning rate", domain=Domain.POSITIVE, letter="η"),
        Symbol("r", "gradient of the loss", "Kd"),
        Symbol("C", "the loss, whatever it is", slope_of="w", slope="r"),
        Symbol("R", "penalty with the factor ½", definition="1/2*sum(k, sum(i, w[k, i]^2))"),
        Symbol("Q", "penalty without it", definition="sum(k, sum(i, w[k, i]^2))"),
    ),
    objective="R",
)
LINEAR: Final = Notation(
    "linear",
    "any loss of linear scores",
    (
        *_K_SCORES,
        Symbol("r", "residual: the derivative of the loss by the scores", "K"),
        Symbol("C", "the loss, whatever it is", slope_of="z", slope="r"),
    ),
)
TWO_LAYER: Final = Notation(
    "two-layer",
    "a hidden layer with LeakyReLU, then softmax",
    (
        _X,
        Symbol("alpha", "slope of LeakyReLU below 0", domain=Domain.PROBABILITY, letter="α"),
        Symbol("w1", "weights of the hidden layer", "Hd", letter="w", layer=1),
        Symbol("b1", "its intercepts", "H", letter="b", layer=1),
        Symbol(
            "z1",
            "its scores",
            "H",
            definition="sum(i, w1[h, i]*x[i]) + b1[h]",
            indices=("h",),
            free_unless="b1",
            letter="z",
            layer=1,
        ),
        Symbol("a", "hidden units", "H", definition="leaky(z1[h])", indices=("h",)),
        Symbol("w2", "weights of the last layer", "KH", letter="w", layer=2),
        Symbol("b2", "its intercepts", "K", letter="b", layer=2),
        Symbol(
            "z2",
            "scores",
            "K",
            definition="sum(h, w2[k, h]*a[h]) + b2[k]",
            indices=("k",),
            free_unless="b2",
            letter="z",
            layer=2,
        ),
        _TARGETS,
        *_softmax("z2"),
    ),
)
DISTRIBUTIONS: Final = Notation(
    "distributions",
    "two distributions over K values",
    (
        Symbol("p", "probabilities P", "K", Domain.DISTRIBUTION),
        Symbol("q", "probabilities Q", "K", Domain.DISTRIBUTION),
        Symbol("H0", "entropy of P", definition="-sum(k, p[k]*ln(p[k]))", letter="H(P)"),
        Symbol("D", "Kullback–Leibler divergence", definition="sum(k, p[k]*ln(p[k]/q[k]))", letter="D(P‖Q)"),
        Symbol("H1", "cross-entropy", definition="-sum(k, p[k]*ln(q[k]))", letter="H(P, Q)"),
    ),
    objective="H1",
)
GAUSSIAN: Final = Notation(
    "gaussian",
    "N data under a Gaussian model",
    (
        Symbol("t", "data", "N"),
        Symbol("u", "means that the model predicts", "N", letter="μ"),
        Symbol("v", "variance of the model", domain=Domain.POSITIVE),
        Symbol("tau", "the number 2π", domain=Domain.POSITIVE, letter="τ"),
        Symbol("h0", "entropy of the data, whatever it is", letter="h"),
        Symbol("E", "mean squared error", definition="1/N*sum(n, (t[n] - u[n])^2)"),
        Symbol(
            "H1",
            "cross-entropy of the data and the model",
            definition="1/N*sum(n, (t[n] - u[n])^2/(2*v) + 1/2*ln(τ*v))",
            letter="H",
        ),
        Symbol("D", "Kullback–Leibler divergence", definition="H1 - h0"),
    ),
    objective="E",
)

NOTATIONS: Final[Mapping[str, Notation]] = {
    one.name: one
    for one in (
        LOGISTIC,
        SOFTMAX,
        SIGMOID,
        HINGE,
        SQUARED_HINGE,
        SQUARED_ERROR,
        L2,
        LINEAR,
        TWO_LAYER,
        SMOOTHING,
        SIGMOID_FUNCTION,
        DISTRIBUTIONS,
        GAUSSIAN,
    )
}
"""Every notation by its name."""
