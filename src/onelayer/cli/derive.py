"""``onelayer derive``: derivations step by step, and audits of derivatives that somebody claims."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from onelayer.cli.output import Json, show_json, show_table
from onelayer.errors import ConfigError

__all__ = ["derive"]


def derive(
    name: Annotated[str | None, typer.Argument(help="Which derivation; without a name, they are listed.")] = None,
    format: Annotated[Literal["text", "latex", "html"], typer.Option(help="How formulas are set.")] = "text",
    claim: Annotated[
        Path | None, typer.Option(help="A TOML file with somebody's formula: it is proved, refuted, or left undecided.")
    ] = None,
    json: Json = False,
) -> None:
    """Derive a gradient step by step, or audit a claimed one.

    Each step is proved, and the results compared with what the package computes; exit code 1 if one fails. A refuted
    claim is a successful audit: exit code 0.
    """
    if claim is not None:
        if name is not None:
            raise ConfigError("give the name of a derivation or --claim, not both")
        _audit(claim, format, json)
    elif name is None:
        _list(json)
    else:
        _derive(name, format, json)


def _list(json: bool) -> None:
    from onelayer.derivations import DERIVATIONS

    if json:
        show_json({"derivations": [{"name": one.name, "title": one.title} for one in DERIVATIONS.values()]})
    else:
        show_table(("name", "what it derives"), [(one.name, one.title) for one in DERIVATIONS.values()])


def _derive(name: str, format: Literal["text", "latex", "html"], json: bool) -> None:
    from onelayer.derivations import AGREEMENT, get_derivation, show_derivation

    derivation = get_derivation(name)
    proof, error = derivation.prove(), derivation.check_numerically()
    if json:
        show_json(derivation.to_dict(proof, error))
    else:
        typer.echo(show_derivation(derivation, proof, error, format), nl=False)
    if not proof.holds or error > AGREEMENT:
        raise typer.Exit(1)


def _audit(path: Path, format: Literal["text", "latex", "html"], json: bool) -> None:
    from dataclasses import asdict

    from onelayer.derivations import audit, load_claim, show_claim

    claim = load_claim(path)
    found = audit(claim)
    if json:
        show_json({**asdict(claim), **found.to_dict()})
    else:
        typer.echo(show_claim(claim, found, format), nl=False)
