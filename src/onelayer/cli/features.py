"""The options that say what images are turned into, for every verb that trains."""

from __future__ import annotations

from typing import Annotated

import typer

from onelayer.features.registry import FEATURES, LIFTS

__all__ = ["Features", "Lift"]

Features = Annotated[
    str | None,
    typer.Option(metavar="NAME", help=f"{', '.join(FEATURES)}; several side by side with + between them."),
]
Lift = Annotated[
    str | None,
    typer.Option(metavar="NAME:COUNT", help=f"Features on top of these, e.g. 4000 of them: {', '.join(LIFTS)}."),
]
