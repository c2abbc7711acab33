"""``onelayer check``: are the gradients right?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from onelayer.cli.output import Json, say, show_json, show_table

if TYPE_CHECKING:
    from onelayer.gradcheck import EntryCheck

__all__ = ["check"]


def check(
    loss: Annotated[str | None, typer.Option(help="One loss; by default all of them.")] = None,
    n: Annotated[int, typer.Option("--rows", min=1, help="Rows of the random problem.")] = 30,
    d: Annotated[int, typer.Option("--features", min=1, help="Features of the random problem.")] = 6,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the random problem.")] = 0,
    json: Json = False,
) -> None:
    """Compare every gradient with differences of its loss; exit code 1 if one is further off than its bound."""
    from onelayer.gradcheck import check_gradients
    from onelayer.losses import LOSSES, get_loss

    names = list(LOSSES) if loss is None else [get_loss(loss).name]
    reports = [check_gradients(loss=name, n=n, d=d, random_state=seed) for name in names]
    if json:
        show_json(
            {"checks": [report.to_dict() for report in reports], "passed": all(report.passed for report in reports)}
        )
    else:
        show_table(
            ("loss", "entries", "rows at a kink", "largest error", "where", "passed"),
            [
                (
                    one.loss,
                    sum(one.entries.values()),
                    one.rows_at_kink,
                    f"{one.max_error:.1e}",
                    _place(one.largest[0]),
                    one.passed,
                )
                for one in reports
            ],
        )
        if loss is not None:
            say(f"The {len(reports[0].largest)} largest errors:")
            show_table(
                ("where", "analytic", "numeric", "error"),
                [
                    (_place(one), f"{one.analytic:+.12f}", f"{one.numeric:+.12f}", f"{one.error:.1e}")
                    for one in reports[0].largest
                ],
            )
        say(f"Errors are relative to the largest entry; the bound is {reports[0].bound:g}.")
    if not all(report.passed for report in reports):
        raise typer.Exit(1)


def _place(check: EntryCheck) -> str:
    return f"{check.quantity}: {check.parameter}[{', '.join(map(str, check.index))}]"
