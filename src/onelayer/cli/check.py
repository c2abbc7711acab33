"""``onelayer check``: whether the gradients are right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from onelayer.cli.output import Json, say, show_json, show_table

if TYPE_CHECKING:
    from onelayer.gradcheck import EntryCheck, GradientReport

__all__ = ["check"]


def check(
    loss: Annotated[
        str | None,
        typer.Option(
            metavar="LOSS", help="logistic, softmax, sigmoid, hinge or squared_hinge; by default all of them."
        ),
    ] = None,
    n: Annotated[int, typer.Option("--rows", metavar="N", min=1, help="Rows of the random problem.")] = 30,
    d: Annotated[int, typer.Option("--features", metavar="D", min=1, help="Features of the random problem.")] = 6,
    seed: Annotated[int, typer.Option(metavar="SEED", min=0, help="Seed of the random problem.")] = 0,
    json: Json = False,
) -> None:
    """Check every gradient against finite differences.

    Exit code 1 if one is further off than its bound.
    """
    from onelayer.gradcheck import check_gradients
    from onelayer.losses import LOSSES, get_loss

    names = list(LOSSES) if loss is None else [get_loss(loss).name]
    reports = [check_gradients(loss=name, n=n, d=d, random_state=seed) for name in names]
    passed = all(report.passed for report in reports)
    if json:
        show_json({"checks": [report.to_dict() for report in reports], "passed": passed})
    else:
        _show(reports, places=loss is not None)
    if not passed:
        raise typer.Exit(1)


def _show(reports: list[GradientReport], places: bool) -> None:
    show_table(
        ("loss", "entries", "at a kink", "largest error", "where", "passed"),
        [
            (r.loss, sum(r.entries.values()), r.rows_at_kink, f"{r.max_error:.1e}", _place(r.largest[0]), r.passed)
            for r in reports
        ],
    )
    if places:
        say("")
        show_table(
            ("the largest errors", "analytic", "numeric", "error"),
            [
                (_place(one), f"{one.analytic:+.12f}", f"{one.numeric:+.12f}", f"{one.error:.1e}")
                for one in reports[0].largest
            ],
        )
    say("")
    say(f"Errors are relative to the largest entry; the bound is {reports[0].bound:g}.")


def _place(check: EntryCheck) -> str:
    return f"{check.quantity}: {check.parameter}[{', '.join(map(str, check.index))}]"
