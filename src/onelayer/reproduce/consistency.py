"""What a protocol asks of its runs has to be in them: samples that can be paired, curves that were recorded."""

from __future__ import annotations

from onelayer.reproduce.complaint import Complaint, Keys
from onelayer.reproduce.protocol import Best, Claim, ClassOrder, Figure, Protocol, Reference, Trend
from onelayer.reproduce.runs import runs_of

__all__ = ["check_claims", "check_figures"]

_CURVES = tuple(f"{part}_{what}" for part in ("train", "validation") for what in ("loss", "accuracy", "objective"))


def check_claims(protocol: Protocol) -> None:
    """Refuse claims that no figures could decide."""
    for key, claim in protocol.claims.items():
        path = ("claims", key)
        compared = _compared(protocol, claim, path)
        if isinstance(claim, Trend) and len(compared) < 2:
            raise Complaint((*path, "runs"), "runs: a trend needs two arms or more")
        if isinstance(claim, Best) and not set(protocol.references(claim.among)) - set(protocol.references(claim.of)):
            raise Complaint((*path, "among"), "among: nothing is there to compare with")
        if isinstance(claim, ClassOrder) and not (claim.lowest or claim.above or claim.below):
            raise Complaint(path, "classes to look at are missing: give lowest, above or below")
        if not isinstance(claim, ClassOrder):  # its comparisons are within each model
            _check_pairs(protocol, compared, path)


def _compared(protocol: Protocol, claim: Claim, path: Keys) -> list[Reference]:
    found = []
    for field in ("left", "right", "of", "among", "runs", "everything", "without", "nothing"):
        texts = getattr(claim, field, ())
        meant = protocol.references(texts)
        if isinstance(texts, str) and len(meant) > 1:
            raise Complaint((*path, field), f"{field}: one arm is needed, such as {str(meant[0])!r}")
        found += meant
    return found


def _check_pairs(protocol: Protocol, compared: list[Reference], path: Keys) -> None:
    replicates = {one: _replicates(protocol, one) for one in compared}
    first = compared[0]
    for one, found in replicates.items():
        if found != replicates[first]:
            raise Complaint(path, f"{first} and {one} have other seeds or folds than each other: they can't be paired")


def _replicates(protocol: Protocol, reference: Reference) -> list[tuple[int, int]]:
    runs = runs_of(protocol.experiments[reference.experiment], reference.experiment)
    return [(run.seed, run.fold) for run in runs if run.reference == reference]


def check_figures(protocol: Protocol) -> None:
    """Refuse figures of what runs don't have."""
    for place, figure in enumerate(protocol.figures):
        meant = protocol.references(figure.runs)
        path = ("figures", place, "runs")
        if figure.kind in ("loss", "accuracy") and len(meant) > 1:
            raise Complaint(path, f"runs: kind {figure.kind!r} draws one run; kind 'curves' draws several")
        if figure.kind == "curves" and figure.quantity not in _CURVES:
            raise Complaint(("figures", place, "quantity"), f"quantity: curves are of {', '.join(_CURVES)}")
        for one in meant:
            _check_drawn(protocol, figure, one, path)


def _check_drawn(protocol: Protocol, figure: Figure, reference: Reference, path: Keys) -> None:
    experiment = protocol.experiments[reference.experiment]
    if figure.kind in ("loss", "accuracy", "curves") and not experiment.follow:
        raise Complaint(path, f"runs: {reference} has no curves: it is trained with follow = false")
    if figure.kind in ("loss", "accuracy") and experiment.together:
        raise Complaint(path, f"runs: {reference} is trained with others at once: draw its kind 'curves'")
    config = experiment.model_copy(update=dict(experiment.arms.get(reference.arm, {})))
    if figure.kind == "weights" and not config.make_features().keeps_pixels:
        raise Complaint(path, f"runs: {reference} has weights of {config.features}, which are no pictures")
