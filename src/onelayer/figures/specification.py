"""What a figure is: its data, scales, labels, colours and words, said once for all that draw it.

A figure has a panel: :class:`Plot` has marks on two axes, :class:`Matrix` has cells, :class:`Mosaic` and
:class:`Weights` have pictures. :func:`onelayer.figures.matplotlib.draw` makes a drawing for files of it,
:func:`onelayer.figures.plotly.chart` a chart for a page. Colours are names that a theme has
(:class:`onelayer.figures.theme.Theme`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from onelayer.arrays import Array

__all__ = [
    "Axis",
    "Band",
    "Bars",
    "Dash",
    "Feet",
    "Figure",
    "Frame",
    "Mark",
    "Matrix",
    "Mosaic",
    "Plot",
    "Rule",
    "Series",
    "Symbol",
    "Weights",
]

Dash = Literal["solid", "dash", "dot", "dashdot"]
Symbol = Literal["", "dot", "star", "diamond", "cross"]
Form = Literal["plain", "count", "percent"]
Legend = Literal["inside", "above", "shared", "none"]

_PIXELS_AN_INCH: Final = 84
_PIXELS_AROUND: Final = 110


@dataclass(frozen=True)
class Axis:
    """One axis of a plot.

    Parameters
    ----------
    label : str
    form : {"plain", "count", "percent"}
        How its numbers are written: as they are, whole with commas, or shares as percentages.
    log : bool
        Whether its scale is logarithmic.
    first, last : float or None
        Where it begins and ends; by default where the data does, with some room.
    ticks : sequence of (float, str), or None
        The places that are named, and their names; by default round numbers.
    backwards : bool
        Whether it grows to the left or downwards.
    grid : bool
        Whether faint lines mark its ticks.
    """

    label: str = ""
    form: Form = "plain"
    log: bool = False
    first: float | None = None
    last: float | None = None
    ticks: Sequence[tuple[float, str]] | None = None
    backwards: bool = False
    grid: bool = True


@dataclass(frozen=True, eq=False)
class Series:
    """Points, joined by a line or not.

    Parameters
    ----------
    x, y : ndarray of shape (s,)
        NaN in ``y`` leaves a gap.
    label : str
        In the legend; "" for none.
    color : str
    width : float
        Of the line, in points; 0 for none.
    dash : {"solid", "dash", "dot", "dashdot"}
    symbol : {"", "dot", "star", "diamond", "cross"}
    size : float, or ndarray of shape (s,)
        Of the symbols: their diameter in points.
    opacity : float
    low, high : ndarray of shape (s,), or None
        The ends of an interval around each ``y``.
    words : sequence of str, or str
        What is said of each point where a pointer is on it, lines parted by a line feed; by default its value. One text
        is said of all, before the value of each.
    """

    x: Array
    y: Array
    label: str = ""
    color: str = "train"
    width: float = 1.5
    dash: Dash = "solid"
    symbol: Symbol = ""
    size: float | Array = 3.5
    opacity: float = 1.0
    low: Array | None = None
    high: Array | None = None
    words: Sequence[str] | str = ()


@dataclass(frozen=True, eq=False)
class Band:
    """The area between two lines ``low`` and ``high`` over ``x``, all of shape (s,)."""

    x: Array
    low: Array
    high: Array
    color: str = "train"


@dataclass(frozen=True, eq=False)
class Bars:
    """Bars from left to right.

    Parameters
    ----------
    places : ndarray of shape (b,)
        Of their middles, on the vertical axis.
    lengths : ndarray of shape (b,)
    starts : ndarray of shape (b,), or None
        Where they begin; by default at 0.
    thickness : float
    label : str
    color : str
    opacity : float
    low, high : ndarray of shape (b,), or None
        The ends of an interval around each length.
    words : sequence of str
        What is said of each bar where a pointer is on it.
    """

    places: Array
    lengths: Array
    starts: Array | None = None
    thickness: float = 0.7
    label: str = ""
    color: str = "train"
    opacity: float = 1.0
    low: Array | None = None
    high: Array | None = None
    words: Sequence[str] = ()


@dataclass(frozen=True)
class Rule:
    """A straight line over the whole plot: where it crosses the ``axis`` ("x" or "y")."""

    axis: Literal["x", "y"]
    at: float
    label: str = ""
    color: str = "ink"
    dash: Dash = "dash"


@dataclass(frozen=True, eq=False)
class Feet:
    """Crosses at the foot of a plot, at the places ``x`` (s,): points without a height."""

    x: Array
    label: str = ""
    words: Sequence[str] = ()


Mark = Series | Band | Bars | Rule | Feet


@dataclass(frozen=True, eq=False)
class Plot:
    """Marks on two axes, in the order of drawing.

    Parameters
    ----------
    marks : sequence of Mark
    x, y : Axis
    size : (float, float)
        Width and height of the area between the axes, in inches.
    legend : {"inside", "above", "shared", "none"}
        Where the labels of the marks stand. A shared one belongs to all figures of a section: a page says it once, a
        file below the axes.
    is_square : bool
        Whether a unit is as long on both axes.
    steps_an_epoch : int or None
        Where x counts steps of training: how many an epoch has, so that it can count epochs, too.
    """

    marks: Sequence[Mark]
    x: Axis = Axis()
    y: Axis = Axis()
    size: tuple[float, float] = (4.9, 3.0)
    legend: Legend = "inside"
    is_square: bool = False
    steps_an_epoch: int | None = None


@dataclass(frozen=True)
class Frame:
    """A frame around a cell, at its edge or inset by a share of it."""

    row: int
    column: int
    dash: Dash = "solid"
    inset: float = 0.0


@dataclass(frozen=True, eq=False)
class Matrix:
    """Cells in rows and columns, the darker the larger their value.

    Parameters
    ----------
    values : ndarray of shape (r, c)
        NaN where a cell is empty.
    x, y : Axis
        Their places are numbers of columns and of rows.
    low, high : float
        The values of the palest and of the darkest colour; what lies beyond has these too.
    texts : sequence of sequence of str
        What is written in each cell, "" for nothing; none at all where cells are too small.
    text_size : float
        In points.
    words : sequence of sequence of str
        What is said of each cell where a pointer is on it, "" for nothing.
    frames : sequence of Frame
    scale : str
        What the scale of colours beside the cells is called; "" for no scale.
    size : (float, float)
        In inches.
    """

    values: Array
    x: Axis
    y: Axis
    low: float
    high: float
    texts: Sequence[Sequence[str]] = ()
    text_size: float = 8.0
    words: Sequence[Sequence[str]] = ()
    frames: Sequence[Frame] = ()
    scale: str = ""
    size: tuple[float, float] = (4.0, 4.0)


@dataclass(frozen=True, eq=False)
class Mosaic:
    r"""Pictures row by row, with their titles above them.

    Parameters
    ----------
    images : ndarray of shape (g, h, w, c), uint8
        c is 1 or 3.
    titles : sequence of str, of length g
        ``\n`` parts lines; an empty one takes no place, if all are.
    columns : int
    width : float
        In inches.
    places : ndarray of shape (g,), or None
        Where the pictures stand, counted row by row; by default one after the other.
    """

    images: Array
    titles: Sequence[str]
    columns: int
    width: float = 6.4
    places: Array | None = None


@dataclass(frozen=True, eq=False)
class Weights:
    """Weights as pictures, all on one scale that is symmetric about 0.

    Parameters
    ----------
    images : ndarray of shape (k, h, w, c)
        One channel goes from blue (against the class) to vermilion (for it); three are RGB around mid-grey.
    titles : sequence of str, of length k
    limit : float
        The end of the scale.
    """

    images: Array
    titles: Sequence[str]
    limit: float


@dataclass(frozen=True, eq=False)
class Figure:
    """A figure with its words.

    Parameters
    ----------
    name : str
        The stem of its file's name, and what a page knows it by.
    message : str
        What it shows, in words: the text for those who don't see it.
    caption : str
        How to read it.
    panel : Plot, Matrix, Mosaic or Weights

    Examples
    --------
    >>> import numpy as np
    >>> plot = Plot([Series(np.arange(3), np.array([3.0, 2.0, 1.0]))], Axis("step"), Axis("loss"))
    >>> Figure("loss", "The loss goes from 3 to 1", "Of each step.", plot).height
    362
    """

    name: str
    message: str
    caption: str
    panel: Plot | Matrix | Mosaic | Weights = field(repr=False)

    @property
    def height(self) -> int:
        """Of its chart, in pixels of a page."""
        inches = self.panel.size[1] if isinstance(self.panel, Plot | Matrix) else 0.0
        return round(_PIXELS_AROUND + _PIXELS_AN_INCH * inches)
