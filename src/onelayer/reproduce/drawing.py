"""The figures of a report, drawn as in it, from the results of runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import PercentFormatter

from onelayer.figures import Figure as Specification
from onelayer.figures import Theme, TrainingMark, accuracy_figure, loss_figure, weights_figure
from onelayer.figures.matplotlib import LABEL_SIZE, NOTE_SIZE, new_axes, style_axes
from onelayer.figures.matplotlib import draw as draw_figure
from onelayer.image_model import load_model
from onelayer.reproduce.protocol import Figure, Protocol, Reference
from onelayer.reproduce.quantities import QUANTITIES
from onelayer.reproduce.runs import Results, RunResult

__all__ = ["draw"]

_SIZE: Final = (4.9, 3.0)


@dataclass(frozen=True)
class _Drawn:
    """The run that is drawn of each reference: that of the first seed and fold."""

    figure: Figure
    runs: list[tuple[Reference, RunResult]]

    @classmethod
    def of(cls, figure: Figure, protocol: Protocol, results: Results) -> _Drawn:
        found = []
        for reference in protocol.references(figure.runs):
            found += [
                (reference, result)
                for run, result in results[reference.experiment]
                if run.reference == reference and run.keeps_model
            ]
        return cls(figure, found)

    def name(self, place: int) -> str:
        """Return what tells a run from the others: its arm, if they are of one experiment."""
        reference = self.runs[place][0]
        alone = len({one.experiment for one, _ in self.runs}) == 1
        return (reference.arm or reference.experiment) if alone else str(reference)


def draw(figure: Figure, protocol: Protocol, results: Results, theme: Theme) -> list[tuple[str, Drawing]]:
    """Return the drawings of a figure, each with a title of its own; one, but for the weights of several runs."""
    drawn = _Drawn.of(figure, protocol, results)
    return _KINDS[figure.kind](drawn, theme)


def _loss(drawn: _Drawn, theme: Theme) -> list[tuple[str, Drawing]]:
    result = drawn.runs[0][1]
    return _drawn(loss_figure(result.run.read_history(), _marks(result)), theme)


def _accuracy(drawn: _Drawn, theme: Theme) -> list[tuple[str, Drawing]]:
    result = drawn.runs[0][1]
    return _drawn(accuracy_figure(result.run.read_history(), _marks(result)), theme)


def _drawn(figure: Specification | None, theme: Theme) -> list[tuple[str, Drawing]]:
    return [] if figure is None else [("", draw_figure(figure, theme))]


def _marks(result: RunResult) -> list[TrainingMark]:
    if "stopped_epoch" not in result.quantities:
        return []
    return [
        TrainingMark(int(result.quantities["steps"]) - 1, f"stopped, epoch {result.quantities['stopped_epoch']:.0f}")
    ]


def _curves(drawn: _Drawn, theme: Theme) -> list[tuple[str, Drawing]]:
    quantity = drawn.figure.quantity
    figure, axes = new_axes(theme, *_SIZE)
    style_axes(axes, theme, x_label="step", y_label=QUANTITIES[quantity].title)
    for place, (_, result) in enumerate(drawn.runs):
        history = result.run.read_history()
        color = theme.runs[place % len(theme.runs)]
        axes.plot(history["validation_step"], history[quantity], color=color, label=drawn.name(place), linewidth=1.3)
    _percent(axes.yaxis, quantity)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.legend(frameon=False, labelcolor=theme.ink, fontsize=NOTE_SIZE)
    return [("", figure)]


def _weights(drawn: _Drawn, theme: Theme) -> list[tuple[str, Drawing]]:
    found = []
    for place, (_, result) in enumerate(drawn.runs):
        clf: Any = load_model(result.run.model_path)
        pictures = clf.weight_images()
        names = result.class_names if len(pictures) > 1 else [f"for {result.class_names[1]}"]
        figure = weights_figure(pictures, names)
        found.append((drawn.name(place) if len(drawn.runs) > 1 else "", draw_figure(figure, theme)))
    return found


def _by_arm(drawn: _Drawn, theme: Theme) -> list[tuple[str, Drawing]]:
    quantity = drawn.figure.quantity
    values = [result.quantities.get(quantity, float("nan")) for _, result in drawn.runs]
    figure, axes = new_axes(theme, 4.2, 0.3 + 0.32 * len(values))
    style_axes(axes, theme, x_label=QUANTITIES[quantity].title, grid="")
    places = np.arange(len(values))
    axes.barh(places, values, height=0.62, color=theme.train, alpha=0.75)
    _percent(axes.xaxis, quantity)
    is_share = QUANTITIES[quantity].form == "share"
    for place, value in enumerate(values):
        text = f" {100 * value:.2f}%" if is_share else f" {value:.3g}"
        axes.text(value, place, text, va="center", color=theme.ink, fontsize=NOTE_SIZE)
    labels = [drawn.name(place) for place in range(len(values))]
    axes.set_yticks(places, labels, fontsize=LABEL_SIZE - 1, parse_math=False)
    axes.tick_params(axis="y", length=0)
    axes.invert_yaxis()
    axes.margins(x=0.15)
    return [("", figure)]


def _classes(drawn: _Drawn, theme: Theme) -> list[tuple[str, Drawing]]:
    names = drawn.runs[0][1].class_names
    several = len(drawn.runs)
    figure, axes = new_axes(theme, 5.4, 3.0)
    style_axes(axes, theme, y_label="accuracy of the class")
    places, width = np.arange(len(names)), 0.8 / several
    for place, (_, result) in enumerate(drawn.runs):
        color = theme.runs[place % len(theme.runs)]
        shares = [float("nan") if one is None else one for one in result.recalls]
        offset = (place - (several - 1) / 2) * width
        axes.bar(places + offset, shares, width * 0.94, color=color, alpha=0.8, label=drawn.name(place))
        axes.axhline(float(np.nanmean(shares)), color=color, linewidth=1, linestyle="--")
    axes.set_xticks(places, names, rotation=40, ha="right", fontsize=NOTE_SIZE, parse_math=False)
    axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    axes.legend(
        frameon=False, labelcolor=theme.ink, fontsize=NOTE_SIZE, loc="lower right", bbox_to_anchor=(1, 1), ncols=2
    )
    return [("", figure)]


def _percent(axis: Any, quantity: str) -> None:
    if QUANTITIES[quantity].form == "share":
        axis.set_major_formatter(PercentFormatter(xmax=1))


_KINDS: Final[dict[str, Callable[[_Drawn, Theme], list[tuple[str, Drawing]]]]] = {
    "loss": _loss,
    "accuracy": _accuracy,
    "curves": _curves,
    "weights": _weights,
    "by-arm": _by_arm,
    "classes": _classes,
}
