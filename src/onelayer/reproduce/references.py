"""What a protocol refers to has to be there: derivations, formulas, experiments, arms and quantities."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from onelayer.derivations import ClaimedFormula, get_derivation, load_claim, packaged_claims
from onelayer.errors import ConfigError, did_you_mean, printable
from onelayer.reproduce.complaint import Complaint, Keys
from onelayer.reproduce.formulas import number_of
from onelayer.reproduce.measures import QUANTITIES
from onelayer.reproduce.protocol import Experiment, Number, Protocol, arms_named

__all__ = ["check_derivations", "check_numbers", "check_references", "named_formulas"]


def check_derivations(names: tuple[str, ...]) -> None:
    """Refuse names of derivations that there are not."""
    for place, name in enumerate(names):
        try:
            get_derivation(name)
        except ConfigError as error:
            raise Complaint(("derivations", place), f"derivations: {error}") from None


def check_numbers(numbers: tuple[Number, ...]) -> None:
    """Refuse expressions that are no number."""
    for place, number in enumerate(numbers):
        try:
            number_of(number.expression)
        except ConfigError as error:
            raise Complaint(("numbers", place, "expression"), f"expression: {error}") from None


def named_formulas(names: list[str], folder: Path | None) -> dict[str, ClaimedFormula]:
    """Return claimed formulas: those that come with the package by name, others from files beside the protocol."""
    packaged, found = packaged_claims(), {}
    for place, name in enumerate(names):
        try:
            if name.endswith(".toml") and folder is not None:
                found[name.removesuffix(".toml")] = load_claim(folder / name)
            elif name in packaged:
                found[name] = packaged[name]
            else:
                raise ConfigError(f"unknown claim {printable(name, 60)!r}{did_you_mean(name, packaged)}")
        except ConfigError as error:
            raise Complaint(("formulas", place), f"formulas: {error}") from None
    return found


def check_references(protocol: Protocol) -> None:
    """Refuse names of experiments, arms and quantities that there are not."""
    for place, one in enumerate(protocol.published):
        text = one.experiment if one.arm is None else f"{one.experiment}/{one.arm}"
        _check_reference(protocol.experiments, text, ("published", place, "arm" if one.arm else "experiment"))
        _check_quantity(one.quantity, ("published", place, "quantity"))
    for place, figure in enumerate(protocol.figures):
        for run in figure.runs:
            _check_reference(protocol.experiments, run, ("figures", place, "runs"))
        _check_quantity(figure.quantity, ("figures", place, "quantity"))
    for key, claim in protocol.claims.items():
        for field in ("left", "right", "of", "among", "runs", "everything", "without", "nothing"):
            texts = getattr(claim, field, ())
            for text in (texts,) if isinstance(texts, str) else texts:
                _check_reference(protocol.experiments, text, ("claims", key, field))
        _check_quantity(claim.quantity, ("claims", key, "quantity"))


def _check_reference(experiments: Mapping[str, Experiment], text: str, path: Keys) -> None:
    name, _, arm = text.partition("/")
    if name not in experiments:
        shown = printable(name, 60)
        raise Complaint(path, f"there is no experiment {shown!r}{did_you_mean(shown, experiments)}")
    try:
        arms_named(experiments[name], arm)
    except KeyError:
        shown = printable(arm, 60)
        known = experiments[name].arms
        has = ", ".join(known) or "none"
        raise Complaint(
            path,
            f"experiment {name!r} has no arm {shown!r}{did_you_mean(shown, known)}; it has {has}",
        ) from None


def _check_quantity(name: str, path: Keys) -> None:
    if name not in QUANTITIES:
        shown = printable(name, 60)
        raise Complaint(
            path, f"unknown quantity {shown!r}{did_you_mean(shown, QUANTITIES)}; known are {', '.join(QUANTITIES)}"
        )
