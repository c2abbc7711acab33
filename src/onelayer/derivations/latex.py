"""Formulas in LaTeX, for an ``aligned`` environment of amsmath."""

from __future__ import annotations

from typing import Final

from onelayer.derivations.expression import Node, Number
from onelayer.derivations.setting import Symbol
from onelayer.derivations.typesetting import Typesetter

__all__ = ["Latex", "latex_text"]

_GREEK: Final = {
    "α": r"\alpha",
    "ε": r"\varepsilon",
    "η": r"\eta",
    "λ": r"\lambda",
    "μ": r"\mu",
    "τ": r"\tau",
    "ℓ": r"\ell",
    "‖": r"\,\|\,",
}
_FUNCTIONS: Final = {
    "sigmoid": r"\sigma",
    "leaky": r"\operatorname{LeakyReLU}",
    "leaky_slope": r"\operatorname{LeakyReLU}'",
    "diag": r"\operatorname{diag}",
}


_IN_TEXT: Final = {
    **{letter: f"${command}$" for letter, command in _GREEK.items()},
    **{low: f"$_{{{high}}}$" for low, high in zip("₀₁₂₃₄₅₆₇₈₉ₑₕᵢⱼₖₗₘₙ", "0123456789ehijklmn", strict=True)},
    **{up: f"$^{{{low}}}$" for up, low in zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁽⁾ᵀˢᶻᵐ", "0123456789-()Tszm", strict=True)},
    **{
        sign: f"${command}$"
        for sign, command in {
            "ŷ": r"\hat{y}",
            "σ": r"\sigma",
            "δ": r"\delta",
            "Σ": r"\sum",
            "Π": r"\prod",
            "∂": r"\partial",
            "−": "-",
            "×": r"\times",
            "·": r"\cdot",
            "≠": r"\neq",
            "½": r"\tfrac12",
            "⅓": r"\tfrac13",
            "¼": r"\tfrac14",
            "α": r"\alpha",
            "∘": r"\circ",
            "π": r"\pi",
            "′": "'",
            "≤": r"\leq",
            "≥": r"\geq",
        }.items()
    },
    **{sign: rf"\{sign}" for sign in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "–": "--",
    "’": "'",
    "…": r"\dots{}",
}


def latex_text(text: str) -> str:
    r"""Return a sentence for LaTeX: its special characters escaped, mathematical ones as mathematics.

    Examples
    --------
    >>> print(latex_text("100% of ŷₖ"))
    100\% of $\hat{y}$$_{k}$
    """
    return "".join(_IN_TEXT.get(one, one) for one in text)


class Latex(Typesetter):
    r"""Formulas in LaTeX.

    Examples
    --------
    >>> from onelayer.derivations.settings import SETTINGS
    >>> softmax = SETTINGS["softmax"]
    >>> print(Latex(softmax).show(softmax.parse("diff(C, z[k]) - yhat[k]")))
    \frac{\partial C}{\partial z_{k}} - \hat{y}_{k}
    """

    def _number(self, text: str) -> str:
        return text

    def _size(self, axis: str) -> str:
        return axis

    def _symbol(self, symbol: Symbol, indices: tuple[str, ...]) -> str:
        letter = "".join(_GREEK.get(one, one) for one in symbol.letter or symbol.name)
        if symbol.axes and not indices:
            letter = rf"\boldsymbol{{{letter}}}"
        letter = rf"\hat{{{letter}}}" if symbol.hat else letter
        layer = f"^{{({symbol.layer})}}" if symbol.layer else ""
        return letter + layer + (f"_{{{''.join(indices)}}}" if indices else "")

    def _delta(self, left: str, right: str) -> str:
        return rf"\delta_{{{left}{right}}}"

    def _operator(self, sign: str, prefix: bool = False) -> str:
        plain = sign.replace("−", "-")
        return plain if prefix else f" {plain} "

    def _times(self, left: Node, right: Node) -> str:
        return r" \cdot " if isinstance(right, Number) else r" \, "

    def _bracketed(self, text: str) -> str:
        return rf"\left({text}\right)"

    def _fraction(self, top: str, bottom: str) -> str:
        small = r"\tfrac" if top.isdecimal() and bottom.isdecimal() else r"\frac"
        return f"{small}{{{top}}}{{{bottom}}}"

    def _power(self, base: str, exponent: str) -> str:
        return f"{{{base}}}^{{{exponent.replace('−', '-')}}}"

    def _summation(self, index: str, excluded: str | None, body: str) -> str:
        below = rf"{index} \neq {excluded}" if excluded else index
        return rf"\sum_{{{below}}} {body}"

    def _cases(self, left: str, right: str, same: str, other: str) -> str:
        lines = rf"{same} & \text{{if }} {left} = {right} \\ {other} & \text{{if }} {left} \neq {right}"
        return rf"\begin{{cases}} {lines} \end{{cases}}"

    def _exponential(self, argument: str) -> str:
        return f"e^{{{argument}}}"

    def _logarithm(self, function: str, argument: str, bare: bool) -> str:
        return (r"\ln " if function == "ln" else r"\log_2 ") + argument

    def _maximum(self, argument: str) -> str:
        return rf"\max(0, {argument})"

    def _iverson(self, argument: str) -> str:
        return rf"\left[{argument} > 0\right]"

    def _transpose(self, argument: str) -> str:
        return rf"{{{argument}}}^{{\mathsf T}}"

    def _ones(self) -> str:
        return r"\boldsymbol{1}"

    def _function(self, name: str, argument: str) -> str:
        return _FUNCTIONS[name] + argument

    def _derivative(self, top: str, variables: tuple[str, ...]) -> str:
        squared = "^2" if len(variables) == 2 else ""
        below = r" \, ".join(rf"\partial {one}" for one in variables)
        return rf"\frac{{\partial{squared} {top}}}{{{below}}}" if top else rf"\frac{{\partial}}{{{below}}} "
