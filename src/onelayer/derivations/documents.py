"""Derivations and claims as documents: for a terminal, for LaTeX, and as HTML with MathML."""

from __future__ import annotations

from html import escape
from importlib.resources import files
from textwrap import wrap
from typing import Final, Literal

from onelayer.derivations.auditor import Audit
from onelayer.derivations.claim import ONE_HOT, ClaimedFormula
from onelayer.derivations.derivation import Chain, Derivation, Proof
from onelayer.derivations.expression import Node
from onelayer.derivations.markup import Latex, MathML, latex_text
from onelayer.derivations.typesetting import PlainText
from onelayer.errors import printable

__all__ = ["Format", "html_claim", "html_derivation", "html_page", "show_claim", "show_derivation"]

Format = Literal["text", "latex", "html"]

_WIDTH: Final = 80


def show_derivation(derivation: Derivation, proof: Proof, error: float, format: Format = "text") -> str:
    """Return a derivation as a document.

    Parameters
    ----------
    derivation : Derivation
    proof : Proof
        What ``derivation.prove()`` gave.
    error : float
        What ``derivation.check_numerically()`` gave.
    format : {"text", "latex", "html"}
        A page of Unicode; a fragment for a LaTeX document with amsmath; a complete HTML page.
    """
    if format == "latex":
        return _latex_derivation(derivation, proof, error)
    if format == "html":
        return html_page(derivation.title, html_derivation(derivation, proof, error))
    return _text_derivation(derivation, proof, error)


def show_claim(claim: ClaimedFormula, audit: Audit, format: Format = "text") -> str:
    """Return a claim and its audit as a document; formats as for ``show_derivation``."""
    if format == "latex":
        return _latex_claim(claim, audit)
    if format == "html":
        return html_page(claim.title, html_claim(claim, audit))
    return _text_claim(claim, audit)


def _findings(derivation: Derivation, proof: Proof, error: float) -> str:
    counts_classes = any("K" in axes for axes in derivation.notation.axes.values())
    classes = f" for K = {', '.join(map(str, proof.classes))}" if counts_classes else ""
    total = len(proof.proved) + len(proof.failed)
    return (
        f"{len(proof.proved)} of {total} equalities proved{classes}; largest difference of the results from what the "
        f"package computes, relative: {error:.1e}."
    )


def _condition(chain: Chain) -> str:
    pairs = ((chain.equal, "="), (chain.different, "≠"))
    conditions = [f"{pair[0]} {sign} {pair[1]}" for pair, sign in pairs if pair]
    return " and ".join(conditions)


def _text_where(text: PlainText, chain: Chain) -> str:
    notation = text.notation
    given = (
        f"{text.show(notation.parse(name))} = {text.show(notation.parse(value))}" for name, value in chain.where.items()
    )
    return ", ".join([*([_condition(chain)] if _condition(chain) else []), *given])


def _text_derivation(derivation: Derivation, proof: Proof, error: float) -> str:
    text, notation = PlainText(derivation.notation), derivation.notation
    left, right = (text.show(notation.parse(side)) for side in derivation.statement)
    lines = [derivation.title, "", f"    {left} = {right}", ""]
    lines += [f"    {text.entry(one):<6} {one.meaning}" for one in derivation.quantities]
    for number, chain in enumerate(derivation.chains, 1):
        where = _text_where(text, chain)
        lines += [
            "",
            f"{number}. {chain.title}{f' ({where})' if where else ''}",
            "",
            f"      {text.show(notation.parse(chain.start))}",
        ]
        for line in chain.lines:
            lines += [
                f"    = {text.show(notation.parse(line.formula))}",
                *_wrapped(f"{line.rule.value}: {line.why}", 10),
            ]
        lines += ["", *_wrapped(chain.conclusion, 3)] if chain.conclusion else []
    return "\n".join([*lines, "", *_wrapped(_findings(derivation, proof, error), 0), ""])


def _wrapped(sentence: str, indent: int) -> list[str]:
    return wrap(sentence, _WIDTH, initial_indent=" " * indent, subsequent_indent=" " * indent)


def _latex_derivation(derivation: Derivation, proof: Proof, error: float) -> str:
    latex, notation = Latex(derivation.notation), derivation.notation
    left, right = (latex.show(notation.parse(side)) for side in derivation.statement)
    lines = [
        "% For a document with \\usepackage{amsmath, amssymb}.",
        rf"\subsection*{{{latex_text(derivation.title)}}}",
        rf"\[ {left} = {right} \]",
    ]
    for chain in derivation.chains:
        lines += ["", rf"\paragraph{{{latex_text(chain.title)}.}}"]
        where = _text_where(PlainText(notation), chain)
        lines += [latex_text(f"Here {where}.")] if where else []
        lines += [r"\[", r"\begin{aligned}", f"{latex.show(notation.parse(chain.start))}"]
        rows = (
            rf"&= {latex.show(notation.parse(one.formula))} && \text{{({latex_text(one.rule.value)})}}"
            for one in chain.lines
        )
        lines += [" \\\\\n".join(rows), r"\end{aligned}", r"\]"]
        lines += [latex_text(" ".join(f"({i}) {one.why}" for i, one in enumerate(chain.lines, 1)))]
        lines += [latex_text(chain.conclusion)] if chain.conclusion else []
    return "\n".join([*lines, "", f"% {_findings(derivation, proof, error)}", ""])


def html_derivation(derivation: Derivation, proof: Proof, error: float) -> str:
    """Return a derivation as an HTML ``<article>``, for a page that has the styles of ``html_page``."""
    maths, notation = MathML(derivation.notation), derivation.notation
    left, right = (notation.parse(side) for side in derivation.statement)
    chains = "".join(_html_chain(maths, chain) for chain in derivation.chains)
    verdict = "holds" if proof.holds else "fails"
    return (
        f'<article class="derivation" id="{escape(derivation.name)}"><h2>{escape(derivation.title)}</h2>'
        f'<p class="statement">{_equation(maths, left, right)}</p>{_html_quantities(maths, derivation)}{chains}'
        f'<p class="findings {verdict}">{escape(_findings(derivation, proof, error))}</p></article>'
    )


def _html_chain(maths: MathML, chain: Chain) -> str:
    notation = maths.notation
    where = [escape(_condition(chain))] if _condition(chain) else []
    where += [_equation(maths, notation.parse(name), notation.parse(value)) for name, value in chain.where.items()]
    rows = "".join(
        f'<li><div class="formula">{_math("<mo>=</mo>" + maths.show(notation.parse(line.formula)))}</div>'
        f'<div class="why"><b>{escape(line.rule.value)}</b> {escape(line.why)}</div></li>'
        for line in chain.lines
    )
    return (
        f"<section><h3>{escape(chain.title)}{' <small>' + ', '.join(where) + '</small>' if where else ''}</h3>"
        f'<ol><li><div class="formula">{_math(maths.show(notation.parse(chain.start)))}</div></li>{rows}</ol>'
        + (f'<p class="conclusion">{escape(chain.conclusion)}</p>' if chain.conclusion else "")
        + "</section>"
    )


def _html_quantities(maths: MathML, derivation: Derivation) -> str:
    named = derivation.quantities
    return f"<dl>{''.join(f'<dt>{_math(maths.entry(one))}</dt><dd>{escape(one.meaning)}</dd>' for one in named)}</dl>"


def _math(content: str) -> str:
    return f'<math displaystyle="true">{content}</math>'


def _equation(maths: MathML, left: Node, right: Node) -> str:
    return _math(f"{maths.show(left)}<mo>=</mo>{maths.show(right)}")


def html_page(title: str, body: str) -> str:
    """Return a complete HTML page: one file, no script, nothing from any network."""
    style = (files("onelayer.derivations") / "page.css").read_text(encoding="utf-8")
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(printable(title))}</title><style>{style}</style></head><body>{body}</body></html>\n"
    )


def _rows(claim: ClaimedFormula, audit: Audit) -> list[tuple[str, str]]:
    """Return what there is to say about a claim beside its formulas."""
    said = [("from", ", ".join(one for one in (claim.report, claim.source) if one)), ("verdict", audit.verdict)]
    said += [("because", audit.reason), ("in words", claim.explanation), ("consequence", claim.consequence)]
    assumed = [
        "one-hot targets, c the true class" if one == ONE_HOT else one.replace("!=", "≠") for one in claim.assume
    ]
    said.insert(1, ("assuming", ", ".join(assumed)))
    return [(name, printable(value, 2000)) for name, value in said if value]


def _sides(claim: ClaimedFormula) -> list[tuple[str, Node]]:
    truth = [("true", claim.notation.parse(claim.truth))] if claim.truth else []
    return [("of", claim.about), ("claimed", claim.notation.parse(claim.claimed)), *truth]


def _text_claim(claim: ClaimedFormula, audit: Audit) -> str:
    text = PlainText(claim.notation)
    lines = [f"  {name:<12} {text.show(node)}" for name, node in _sides(claim)]
    for name, value in _rows(claim, audit):
        first, *others = wrap(value, _WIDTH - 15) or [""]
        lines += [f"  {name:<12} {first}", *(" " * 15 + line for line in others)]
    return "\n".join([printable(claim.title, 1000), "", *lines, ""])


def _latex_claim(claim: ClaimedFormula, audit: Audit) -> str:
    latex = Latex(claim.notation)
    sides = [rf"\text{{{name}}}\quad & {latex.show(node)}" for name, node in _sides(claim)]
    rows = [rf"\item[{name}] {latex_text(value)}" for name, value in _rows(claim, audit)]
    return "\n".join(
        [
            "% For a document with \\usepackage{amsmath, amssymb}.",
            rf"\paragraph{{{latex_text(printable(claim.title, 1000))}.}}",
            r"\[",
            r"\begin{aligned}",
            " \\\\\n".join(sides),
            r"\end{aligned}",
            r"\]",
            r"\begin{description}",
            *rows,
            r"\end{description}",
            "",
        ]
    )


def html_claim(claim: ClaimedFormula, audit: Audit) -> str:
    """Return a claim and its audit as an HTML ``<article>``, for a page that has the styles of ``html_page``."""
    maths = MathML(claim.notation)
    rows = [(name, _math(maths.show(node))) for name, node in _sides(claim)]
    rows += [(name, escape(value)) for name, value in _rows(claim, audit)]
    cells = "".join(f'<dt>{name}</dt><dd class="{name.replace(" ", "-")}">{value}</dd>' for name, value in rows)
    title = escape(printable(claim.title, 1000))
    return f'<article class="claim {audit.verdict}"><h2>{title}</h2><dl class="wide">{cells}</dl></article>'
