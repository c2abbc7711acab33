"""Designs of experiments on claims: from the figures of runs to a verdict, by rules that were fixed beforehand.

Differences are paired: both models saw the same seed, so the same order of rows. Their mean has Student's t interval
(*The probable error of a mean*, Biometrika 1908). That two are equal is concluded as in two one-sided tests
(Schuirmann 1987): the 90% interval lies within ± a margin that was fixed beforehand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import inf, isfinite, nan, sqrt
from statistics import fmean, stdev
from typing import Any, Final

from onelayer.reproduce.protocol import (
    Best,
    BestOfEach,
    Beyond,
    Claim,
    ClassOrder,
    Equal,
    Higher,
    Most,
    Protocol,
    Reference,
    Trend,
)
from onelayer.reproduce.quantities import QUANTITIES, Verdict
from onelayer.reproduce.runs import Results

__all__ = ["Finding", "Sample", "decide_claim"]


@dataclass(frozen=True)
class Sample:
    """Figures of independent replicates, or their paired differences.

    Examples
    --------
    >>> sample = Sample((0.010, 0.012, 0.011))
    >>> [round(end, 4) for end in sample.interval(0.95)]
    [0.0085, 0.0135]
    >>> sample.is_positive(), sample.is_within(0.02), sample.is_within(0.01)
    (True, True, False)
    """

    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Sequence[float]) -> Sample:
        """Return the sample of some values."""
        return cls(tuple(values))

    def minus(self, other: Sample) -> Sample:
        """Return the paired differences."""
        return Sample(tuple(one - two for one, two in zip(self.values, other.values, strict=True)))

    def times(self, factor: float) -> Sample:
        """Return all values times a number."""
        return Sample(tuple(factor * value for value in self.values))

    @cached_property
    def mean(self) -> float:
        """The mean."""
        return fmean(self.values)

    def interval(self, confidence: float) -> tuple[float, float]:
        """Return Student's t interval of the mean; all numbers where one value is all there is."""
        n = len(self.values)
        if n < 2:
            return -inf, inf
        from scipy.stats import t

        half = float(t.ppf((1 + confidence) / 2, n - 1)) * stdev(self.values) / sqrt(n)
        return self.mean - half, self.mean + half

    def is_positive(self, confidence: float = 0.95, above: float = 0.0) -> bool:
        """Whether the interval lies above 0, or another limit."""
        return self.interval(confidence)[0] > above

    def is_negative(self, confidence: float = 0.95, below: float = 0.0) -> bool:
        """Whether the interval lies below 0, or another limit."""
        return self.interval(confidence)[1] < below

    def is_within(self, margin: float) -> bool:
        """Whether the 90% interval lies within ± a margin: two one-sided tests at 5%."""
        low, high = self.interval(0.90)
        return -margin < low and high < margin


@dataclass(frozen=True)
class Finding:
    """The verdict on a claim, and the figures that it follows from, in words."""

    verdict: Verdict
    evidence: str


def decide_claim(claim: Claim, protocol: Protocol, results: Results) -> Finding:
    """Return what the results say about a claim."""
    try:
        return _DESIGNS[type(claim)](claim, _Figures(protocol, results))
    except _NotMeasuredError as error:
        return Finding("undecided", str(error))


class _NotMeasuredError(Exception):
    """A run lacks a figure."""


class _Figures:
    """The figures of runs, by reference."""

    def __init__(self, protocol: Protocol, results: Results) -> None:
        self.protocol, self.results = protocol, results

    def references(self, texts: tuple[str, ...] | str) -> list[Reference]:
        return self.protocol.references(texts)

    def of(self, reference: Reference | str, quantity: str) -> Sample:
        """Return a quantity over seeds and folds, always in one order: samples can be paired."""
        if isinstance(reference, str):
            (reference,) = self.references(reference)
        found = [result for run, result in self.results[reference.experiment] if run.reference == reference]
        values = [result.quantities.get(quantity, nan) for result in found]
        if not all(map(isfinite, values)):
            raise _NotMeasuredError(f"not every run of {reference} has a figure of {QUANTITIES[quantity].title}")
        return Sample.of(values)

    def recalls(self, reference: Reference) -> list[Sample]:
        """Return the accuracy of each class over seeds and folds."""
        found = [result.recalls for run, result in self.results[reference.experiment] if run.reference == reference]
        if any(one is None for column in found for one in column):
            raise _NotMeasuredError(f"{reference} has a class without rows to test on")
        return [Sample.of(column) for column in zip(*found, strict=True)]


def _higher(claim: Higher, figures: _Figures) -> Finding:
    left, right = figures.of(claim.left, claim.quantity), figures.of(claim.right, claim.quantity)
    difference = left.minus(right)
    evidence = (
        f"{_mean(left, claim.quantity)} for {claim.left}, {_mean(right, claim.quantity)} for {claim.right}; "
        f"difference {_interval(difference, claim.quantity)}"
    )
    if difference.is_positive():
        return Finding("claim holds", evidence)
    if difference.is_negative():
        return Finding("claim is wrong", evidence)
    if difference.is_within(claim.margin):
        return Finding("claim is wrong", f"{evidence}: equal to within {_size(claim.margin, claim.quantity)}")
    return Finding("undecided", evidence)


def _equal(claim: Equal, figures: _Figures) -> Finding:
    left, right = figures.of(claim.left, claim.quantity), figures.of(claim.right, claim.quantity)
    difference = left.minus(right)
    margin = _size(claim.margin, claim.quantity)
    evidence = (
        f"{_mean(left, claim.quantity)} for {claim.left}, {_mean(right, claim.quantity)} for {claim.right}; "
        f"difference {_interval(difference, claim.quantity)}, "
        f"90% {_ends(difference, claim.quantity, 0.90)}; margin {margin}"
    )
    if difference.is_within(claim.margin):
        return Finding("claim holds", evidence)
    if difference.is_positive(above=claim.margin) or difference.is_negative(below=-claim.margin):
        return Finding("claim is wrong", evidence)
    return Finding("undecided", evidence)


def _best(claim: Best, figures: _Figures) -> Finding:
    (chosen,) = figures.references(claim.of)
    others = [one for one in figures.references(claim.among) if one != chosen]
    leads = {one: figures.of(one, claim.quantity).minus(figures.of(chosen, claim.quantity)) for one in others}
    margin, several = claim.margin, 1 - 0.05 / max(1, len(others))
    ranked = sorted(leads, key=lambda one: -leads[one].mean)
    evidence = f"{_mean(figures.of(chosen, claim.quantity), claim.quantity)} for {claim.of}; " + "; ".join(
        f"{one}: {_interval(leads[one], claim.quantity)}" for one in ranked
    )
    # All others are no more than the margin better: each has to be shown alone, one-sided at 5%.
    if all(lead.is_negative(0.90, below=margin) for lead in leads.values()):
        return Finding("claim holds", evidence)
    if any(lead.is_positive(several, above=margin) for lead in leads.values()):
        return Finding("claim is wrong", evidence)
    return Finding("undecided", evidence)


def _trend(claim: Trend, figures: _Figures) -> Finding:
    references = figures.references(claim.runs)
    sign = -1.0 if claim.direction == "falls" else 1.0
    samples = [figures.of(one, claim.quantity) for one in references]
    steps = [after.minus(before).times(sign) for before, after in pairwise(samples)]
    means = ", ".join(
        f"{_mean(sample, claim.quantity)} ({one.arm})" for one, sample in zip(references, samples, strict=True)
    )
    weakest = min(range(len(steps)), key=lambda place: steps[place].interval(0.95)[0])
    evidence = (
        f"{means}; weakest step, {references[weakest].arm} to {references[weakest + 1].arm}: "
        f"{_interval(steps[weakest].times(sign), claim.quantity)}"
    )
    if all(step.is_positive() for step in steps):
        return Finding("claim holds", evidence)
    if any(step.is_negative(1 - 0.05 / len(steps)) for step in steps):
        return Finding("claim is wrong", evidence)
    return Finding("undecided", evidence)


def _beyond(claim: Beyond, figures: _Figures) -> Finding:
    sample = figures.of(claim.of, claim.quantity)
    limit = _size(claim.limit, claim.quantity)
    evidence = f"{_mean(sample, claim.quantity)} {_ends(sample, claim.quantity, 0.95)} for {claim.of}; limit {limit}"
    if sample.is_positive(above=claim.limit):
        return Finding("claim holds", evidence)
    return Finding("claim is wrong" if sample.is_negative(below=claim.limit) else "undecided", evidence)


def _most(claim: Most, figures: _Figures) -> Finding:
    everything, without, nothing = (
        figures.of(one, claim.quantity) for one in (claim.everything, claim.without, claim.nothing)
    )
    whole, part = everything.minus(nothing), everything.minus(without)
    over_half = part.minus(whole.times(0.5))
    evidence = (
        f"all improvements together: {_interval(whole, claim.quantity)}; lost without these: "
        f"{_interval(part, claim.quantity)}; more than half of it by {_interval(over_half, claim.quantity)}"
    )
    if over_half.is_positive() and whole.is_positive():
        return Finding("claim holds", evidence)
    return Finding("claim is wrong" if over_half.is_negative() else "undecided", evidence)


def _best_of_each(claim: BestOfEach, figures: _Figures) -> Finding:
    chosen = [
        max(figures.references(texts), key=lambda one: figures.of(one, "validation_accuracy").mean)
        for texts in (claim.left, claim.right)
    ]
    counts = [len(figures.references(texts)) for texts in (claim.left, claim.right)]
    found = _higher(Higher(**{**_common(claim), "left": str(chosen[0]), "right": str(chosen[1])}), figures)
    return Finding(found.verdict, f"chosen of {counts[0]} and {counts[1]} by validation accuracy: {found.evidence}")


def _common(claim: BestOfEach) -> dict[str, Any]:
    return {**claim.model_dump(exclude={"left", "right", "design"}), "design": "higher"}


def _classes(claim: ClassOrder, figures: _Figures) -> Finding:
    comparisons: dict[str, Sample] = {}
    said = []
    for reference in figures.references(claim.runs):
        recalls = figures.recalls(reference)
        if max((*claim.lowest, *claim.above, *claim.below)) >= len(recalls):
            raise _NotMeasuredError(f"{reference} has the classes 0 to {len(recalls) - 1} alone")
        mean = Sample.of([sum(values) / len(values) for values in zip(*(one.values for one in recalls), strict=True)])
        comparisons |= {f"{reference}, {pair}": lead for pair, lead in _class_leads(claim, recalls, mean)}
        shares = ", ".join(f"{100 * one.mean:.1f}" for one in recalls)
        said.append(f"{reference}: {shares}; mean {100 * mean.mean:.1f}")
    several = 1 - 0.05 / len(comparisons)
    single = any(len(lead.values) < 2 for lead in comparisons.values())  # one model: its figures are what they are
    holds = all(lead.mean > 0 if single else lead.is_positive() for lead in comparisons.values())
    wrong = any(lead.mean < 0 if single else lead.is_negative(several) for lead in comparisons.values())
    weakest = min(comparisons, key=lambda one: comparisons[one].mean if single else comparisons[one].interval(0.95)[0])
    evidence = (
        f"accuracy of classes 0, 1, … in percent, {'; '.join(said)}; "
        f"weakest: {weakest}: {_interval(comparisons[weakest], 'test_accuracy')}"
    )
    return Finding("claim holds" if holds else "claim is wrong" if wrong else "undecided", evidence)


def _class_leads(claim: ClassOrder, recalls: Sequence[Sample], mean: Sample) -> list[tuple[str, Sample]]:
    """Return differences that are positive if the claim holds, and what they are of."""
    others = [place for place in range(len(recalls)) if place not in claim.lowest]
    found = [(f"class {place} over the mean", recalls[place].minus(mean)) for place in claim.above]
    found += [(f"the mean over class {place}", mean.minus(recalls[place])) for place in claim.below]
    for low in claim.lowest:
        found += [(f"class {place} over class {low}", recalls[place].minus(recalls[low])) for place in others]
    return found


_DESIGNS: Final[dict[type, Callable[[Any, _Figures], Finding]]] = {
    Higher: _higher,
    Equal: _equal,
    Best: _best,
    Trend: _trend,
    Beyond: _beyond,
    Most: _most,
    BestOfEach: _best_of_each,
    ClassOrder: _classes,
}


def _is_share(quantity: str) -> bool:
    return QUANTITIES[quantity].form == "share"


def _mean(sample: Sample, quantity: str) -> str:
    return f"{100 * sample.mean:.2f}%" if _is_share(quantity) else f"{sample.mean:.4g}"


def _size(value: float, quantity: str) -> str:
    return f"{100 * value:g} points" if _is_share(quantity) else f"{value:g}"


def _ends(sample: Sample, quantity: str, confidence: float) -> str:
    low, high = sample.interval(confidence)
    if len(sample.values) < 2:
        return "[one run]"
    factor = 100 if _is_share(quantity) else 1
    digits: Sequence[str] = [f"{factor * end:+.2f}" if _is_share(quantity) else f"{end:.3g}" for end in (low, high)]
    return f"[{digits[0]}, {digits[1]}]"


def _interval(difference: Sample, quantity: str) -> str:
    mean = f"{100 * difference.mean:+.2f} points" if _is_share(quantity) else f"{difference.mean:+.3g}"
    return f"{mean} {_ends(difference, quantity, 0.95)}"
