"""Formulas in LaTeX, for an ``aligned`` environment of amsmath, and in presentation MathML.

MathML is what browsers set themselves: no script, no font, no network.
"""

from __future__ import annotations

from html import escape
from typing import Final

from onelayer.derivations.expression import Node, Number
from onelayer.derivations.notation import Symbol
from onelayer.derivations.typesetting import Typesetter, bold

__all__ = ["Latex", "MathML", "latex_text"]


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
_LATEX_FUNCTIONS: Final = {
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
    >>> from onelayer.derivations.notations import NOTATIONS
    >>> softmax = NOTATIONS["softmax"]
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
        return _LATEX_FUNCTIONS[name] + argument

    def _derivative(self, top: str, variables: tuple[str, ...]) -> str:
        squared = "^2" if len(variables) == 2 else ""
        below = r" \, ".join(rf"\partial {one}" for one in variables)
        return rf"\frac{{\partial{squared} {top}}}{{{below}}}" if top else rf"\frac{{\partial}}{{{below}}} "


_MATHML_FUNCTIONS: Final = {"sigmoid": "σ", "leaky": "LeakyReLU", "leaky_slope": "LeakyReLU′", "diag": "diag"}
_INVISIBLE_TIMES: Final = "<mo>\u2062</mo><mspace width='0.17em'/>"
_APPLY: Final = "<mo>\u2061</mo>"


class MathML(Typesetter):
    """Formulas in MathML, to be put in a ``<math>`` element.

    Examples
    --------
    >>> from onelayer.derivations.notations import NOTATIONS
    >>> softmax = NOTATIONS["softmax"]
    >>> MathML(softmax).show(softmax.parse("z[k]"))
    '<msub><mi>z</mi><mi>k</mi></msub>'
    """

    def _number(self, text: str) -> str:
        return f"<mn>{escape(text)}</mn>"

    def _size(self, axis: str) -> str:
        return f"<mi>{axis}</mi>"

    def _symbol(self, symbol: Symbol, indices: tuple[str, ...]) -> str:
        letters = symbol.letter or symbol.name
        if symbol.axes and not indices:
            letters = bold(letters)
        parts = [
            f"<mi>{escape(one)}</mi>" if one.isalpha() else f"<mo>{escape(one)}</mo>" for one in letters if one != " "
        ]
        letter = parts[0] if len(parts) == 1 else f"<mrow>{''.join(parts)}</mrow>"
        if symbol.hat:
            letter = f"<mover accent='true'>{letter}<mo stretchy='false'>^</mo></mover>"
        below = _indices(indices)
        above = f"<mrow><mo>(</mo><mn>{symbol.layer}</mn><mo>)</mo></mrow>" if symbol.layer else ""
        if above and below:
            return f"<msubsup>{letter}{below}{above}</msubsup>"
        if above or below:
            tag = "msup" if above else "msub"
            return f"<{tag}>{letter}{above or below}</{tag}>"
        return letter

    def _delta(self, left: str, right: str) -> str:
        return f"<msub><mi>δ</mi>{_indices((left, right))}</msub>"

    def _operator(self, sign: str, prefix: bool = False) -> str:
        return f"<mo form='{'prefix' if prefix else 'infix'}'>{sign}</mo>"

    def _times(self, left: Node, right: Node) -> str:
        return "<mo>·</mo>" if isinstance(right, Number) else _INVISIBLE_TIMES

    def _bracketed(self, text: str) -> str:
        return f"<mrow><mo>(</mo>{text}<mo>)</mo></mrow>"

    def _fraction(self, top: str, bottom: str) -> str:
        return f"<mfrac><mrow>{top}</mrow><mrow>{bottom}</mrow></mfrac>"

    def _power(self, base: str, exponent: str) -> str:
        sign = "<mo>−</mo>" if exponent.startswith("−") else ""
        return f"<msup><mrow>{base}</mrow><mrow>{sign}<mn>{exponent.lstrip('−')}</mn></mrow></msup>"

    def _summation(self, index: str, excluded: str | None, body: str) -> str:
        but = f"<mo>≠</mo><mi>{excluded}</mi>" if excluded else ""
        return f"<mrow><munder><mo>∑</mo><mrow><mi>{index}</mi>{but}</mrow></munder>{body}</mrow>"

    def _cases(self, left: str, right: str, same: str, other: str) -> str:
        rows = (
            f"<mtr><mtd><mrow>{one}</mrow></mtd>"
            f"<mtd><mrow><mtext>if&#160;</mtext><mi>{left}</mi><mo>{sign}</mo><mi>{right}</mi></mrow></mtd></mtr>"
            for one, sign in ((same, "="), (other, "≠"))
        )
        return f"<mrow><mo>{{</mo><mtable columnalign='left'>{''.join(rows)}</mtable></mrow>"

    def _exponential(self, argument: str) -> str:
        return f"<msup><mi>e</mi><mrow>{argument}</mrow></msup>"

    def _logarithm(self, function: str, argument: str, bare: bool) -> str:
        name = "<mi>ln</mi>" if function == "ln" else "<msub><mi>log</mi><mn>2</mn></msub>"
        space = "<mspace width='0.17em'/>" if bare else ""
        return f"{name}{_APPLY}{space}{argument}"

    def _maximum(self, argument: str) -> str:
        return f"<mi>max</mi>{_APPLY}<mrow><mo>(</mo><mn>0</mn><mo>,</mo>{argument}<mo>)</mo></mrow>"

    def _iverson(self, argument: str) -> str:
        return f"<mrow><mo>[</mo>{argument}<mo>&gt;</mo><mn>0</mn><mo>]</mo></mrow>"

    def _transpose(self, argument: str) -> str:
        return f"<msup><mrow>{argument}</mrow><mi mathvariant='normal'>T</mi></msup>"

    def _ones(self) -> str:
        return "<mn>𝟏</mn>"

    def _function(self, name: str, argument: str) -> str:
        return f"<mi>{_MATHML_FUNCTIONS[name]}</mi>{_APPLY}{argument}"

    def _derivative(self, top: str, variables: tuple[str, ...]) -> str:
        partial = "<msup><mo>∂</mo><mn>2</mn></msup>" if len(variables) == 2 else "<mo>∂</mo>"
        below = "".join(f"<mo>∂</mo>{one}" for one in variables)
        return f"<mfrac><mrow>{partial}{top}</mrow><mrow>{below}</mrow></mfrac>"


def _indices(indices: tuple[str, ...]) -> str:
    letters = "".join(f"<mi>{one}</mi>" for one in indices)
    return letters if len(indices) <= 1 else f"<mrow>{letters}</mrow>"
