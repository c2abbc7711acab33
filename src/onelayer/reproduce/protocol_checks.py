"""What a protocol refers to has to be there, and what it asks of its runs has to be in them.

There have to be derivations, formulas, experiments, arms and quantities of these names, samples that can be paired, and
curves that were recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from onelayer.derivations import ClaimedFormula, get_derivation, load_claim, packaged_claims
from onelayer.errors import ConfigError, did_you_mean, printable
from onelayer.reproduce.protocol import (
    Best,
    Calculation,
    Claim,
    ClassOrder,
    Experiment,
    Figure,
    Keys,
    Protocol,
    ProtocolError,
    Reference,
    Trend,
    arms_named,
)
from onelayer.reproduce.quantities import QUANTITIES
from onelayer.reproduce.runs import runs_of
from onelayer.reproduce.theory import number_of

__all__ = ["check_claims", "check_derivations", "check_figures", "check_numbers", "check_references", "named_formulas"]


def check_derivations(names: tuple[str, ...]) -> None:
    """Refuse names of derivations that there are not."""
    for place, name in enumerate(names):
        try:
            get_derivation(name)
        except ConfigError as error:
            raise ProtocolError(("derivations", place), f"derivations: {error}") from None


def check_numbers(numbers: tuple[Calculation, ...]) -> None:
    """Refuse expressions that are no number."""
    for place, number in enumerate(numbers):
        try:
            number_of(number.expression)
        except ConfigError as error:
            raise ProtocolError(("numbers", place, "expression"), f"expression: {error}") from None


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
            raise ProtocolError(("formulas", place), f"formulas: {error}") from None
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
        raise ProtocolError(path, f"there is no experiment {shown!r}{did_you_mean(shown, experiments)}")
    try:
        arms_named(experiments[name], arm)
    except KeyError:
        shown = printable(arm, 60)
        known = experiments[name].arms
        has = ", ".join(known) or "none"
        raise ProtocolError(
            path,
            f"experiment {name!r} has no arm {shown!r}{did_you_mean(shown, known)}; it has {has}",
        ) from None


def _check_quantity(name: str, path: Keys) -> None:
    if name not in QUANTITIES:
        shown = printable(name, 60)
        raise ProtocolError(
            path, f"unknown quantity {shown!r}{did_you_mean(shown, QUANTITIES)}; known are {', '.join(QUANTITIES)}"
        )


_CURVES = tuple(f"{part}_{what}" for part in ("train", "validation") for what in ("loss", "accuracy", "objective"))


def check_claims(protocol: Protocol) -> None:
    """Refuse claims that no figures could decide."""
    for key, claim in protocol.claims.items():
        path = ("claims", key)
        compared = _compared(protocol, claim, path)
        if isinstance(claim, Trend) and len(compared) < 2:
            raise ProtocolError((*path, "runs"), "runs: a trend needs two arms or more")
        if isinstance(claim, Best) and not set(protocol.references(claim.among)) - set(protocol.references(claim.of)):
            raise ProtocolError((*path, "among"), "among: nothing is there to compare with")
        if isinstance(claim, ClassOrder) and not (claim.lowest or claim.above or claim.below):
            raise ProtocolError(path, "classes to look at are missing: give lowest, above or below")
        if not isinstance(claim, ClassOrder):  # its comparisons are within each model
            _check_pairs(protocol, compared, path)


def _compared(protocol: Protocol, claim: Claim, path: Keys) -> list[Reference]:
    found = []
    for field in ("left", "right", "of", "among", "runs", "everything", "without", "nothing"):
        texts = getattr(claim, field, ())
        meant = protocol.references(texts)
        if isinstance(texts, str) and len(meant) > 1:
            raise ProtocolError((*path, field), f"{field}: one arm is needed, such as {str(meant[0])!r}")
        found += meant
    return found


def _check_pairs(protocol: Protocol, compared: list[Reference], path: Keys) -> None:
    replicates = {one: _replicates(protocol, one) for one in compared}
    first = compared[0]
    for one, found in replicates.items():
        if found != replicates[first]:
            raise ProtocolError(
                path, f"{first} and {one} have other seeds or folds than each other: they can't be paired"
            )


def _replicates(protocol: Protocol, reference: Reference) -> list[tuple[int, int]]:
    runs = runs_of(protocol.experiments[reference.experiment], reference.experiment)
    return [(run.seed, run.fold) for run in runs if run.reference == reference]


def check_figures(protocol: Protocol) -> None:
    """Refuse figures of what runs don't have."""
    for place, figure in enumerate(protocol.figures):
        meant = protocol.references(figure.runs)
        path = ("figures", place, "runs")
        if figure.kind in ("loss", "accuracy") and len(meant) > 1:
            raise ProtocolError(path, f"runs: kind {figure.kind!r} draws one run; kind 'curves' draws several")
        if figure.kind == "curves" and figure.quantity not in _CURVES:
            raise ProtocolError(("figures", place, "quantity"), f"quantity: curves are of {', '.join(_CURVES)}")
        for one in meant:
            _check_drawn(protocol, figure, one, path)


def _check_drawn(protocol: Protocol, figure: Figure, reference: Reference, path: Keys) -> None:
    experiment = protocol.experiments[reference.experiment]
    if figure.kind in ("loss", "accuracy", "curves") and not experiment.follow:
        raise ProtocolError(path, f"runs: {reference} has no curves: it is trained with follow = false")
    if figure.kind in ("loss", "accuracy") and experiment.together:
        raise ProtocolError(path, f"runs: {reference} is trained with others at once: draw its kind 'curves'")
    config = experiment.model_copy(update=dict(experiment.arms.get(reference.arm, {})))
    if figure.kind == "weights" and not config.make_features().keeps_pixels:
        raise ProtocolError(path, f"runs: {reference} has weights of {config.features}, which are no pictures")
