"""Drawings of matplotlib as bytes: laid out once, printed in more than one format.

Equal drawings give equal bytes: no dates, no random identifiers.

Laying a figure out (its ticks, texts and legends) takes matplotlib longer than putting on paper what comes of it.
:class:`Drawing` is the renderer of one layout: it notes the paths, texts and images that it is given, and how far they
reach. :class:`Print` is a figure of just that extent, which gives them to the renderer of whatever format it is saved
in.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import io
import warnings
from collections.abc import Callable, Iterator
from typing import Any, Final, Literal, cast

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.backend_bases import GraphicsContextBase, RendererBase
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Affine2D, Affine2DBase, Bbox, Transform, TransformedPath
from PIL import Image

__all__ = ["PNG_DPI", "Drawing", "Print", "both_bytes", "png_bytes", "svg_bytes"]

Array = npt.NDArray[Any]

_POINTS: Final = 72  # an inch
PNG_DPI: Final = 144  # twice the 72 points an inch of the layout: sharp on dense screens
_MARGIN_INCHES: Final = 0.08
_SETTINGS: Final[dict[str, Any]] = {
    "svg.hashsalt": "onelayer",
    "svg.fonttype": "path",
    "text.hinting": "none",  # letters as wide as they were measured
    "text.usetex": False,
}


class Drawing(RendererBase):
    """Notes what a figure draws, at 72 dots an inch.

    Parameters
    ----------
    figure : Figure
        Its paper is left out.

    Attributes
    ----------
    extent : Bbox
        Of all that is drawn, in points.

    Examples
    --------
    >>> figure = Figure(figsize=(4, 2))
    >>> axes = figure.add_axes((0.25, 0.25, 0.5, 0.5), xticks=[], yticks=[])
    >>> axes.spines[:].set_visible(False)
    >>> print(Drawing(figure).extent.width)  # points
    144.0
    """

    def __init__(self, figure: Figure) -> None:
        super().__init__()
        width, height = figure.get_size_inches() * _POINTS
        self._size = float(width), float(height)
        self._measured = functools.cache(super().get_text_width_height_descent)
        self._marks: list[Callable[[_Paper], None]] = []
        self._lowest, self._highest = np.full(2, np.inf), np.full(2, -np.inf)
        dpi = figure.dpi
        figure.set_dpi(_POINTS)
        try:
            layout = figure.get_layout_engine()
            if layout is not None:
                layout.execute(figure)
            for artist in sorted(figure.get_children(), key=lambda one: one.get_zorder()):
                if artist is not figure.patch:
                    artist.draw(self)
        finally:
            figure.set_dpi(dpi)
        drawn = np.isfinite(self._lowest).all()
        self.extent = Bbox([self._lowest, self._highest] if drawn else [(0, 0), self._size])

    def draw_on(self, renderer: RendererBase, place: Affine2D) -> None:
        """Draw it again: ``place`` turns its points into the dots of ``renderer``, and stretches both axes alike."""
        paper = _Paper(renderer, place)
        for mark in self._marks:
            mark(paper)

    def get_canvas_width_height(self) -> tuple[float, float]:
        """Return the size of the figure, in points."""
        return self._size

    def get_text_width_height_descent(self, s: str, prop: FontProperties, ismath: Any) -> tuple[float, float, float]:
        """Return the size of a text and how far it reaches below its line, in points."""
        return self._measured(s, prop.copy(), ismath)

    def option_scale_image(self) -> bool:
        """Images come as they are, with what maps them to their place."""
        return True

    def open_group(self, s: str, gid: str | None = None) -> None:
        """Note the begin of a part of the figure."""
        self._marks.append(lambda paper: paper.renderer.open_group(s, gid))

    def close_group(self, s: str) -> None:
        """Note the end of a part of the figure."""
        self._marks.append(lambda paper: paper.renderer.close_group(s))

    def draw_path(self, gc: GraphicsContextBase, path: Path, transform: Transform, rgbFace: Any = None) -> None:
        """Note a path."""
        gc, transform = _kept(gc), Affine2D(transform.get_matrix())
        # What stands beside the order to close a path is no point of it.
        points = np.asarray(path.vertices)[() if path.codes is None else path.codes != Path.CLOSEPOLY]
        self._reach(gc, transform.transform(points), gc.get_linewidth() / 2)
        self._marks.append(
            lambda paper: paper.renderer.draw_path(paper.context(gc), path, transform + paper.place, rgbFace)
        )

    def draw_markers(
        self,
        gc: GraphicsContextBase,
        marker_path: Path,
        marker_trans: Transform,
        path: Path,
        trans: Transform,
        rgbFace: Any = None,
    ) -> None:
        """Note the same mark at each point of a path."""
        gc, marker_trans, trans = _kept(gc), Affine2D(marker_trans.get_matrix()), Affine2D(trans.get_matrix())
        radius = np.abs(marker_trans.transform(marker_path.vertices)).max(initial=0)
        self._reach(gc, trans.transform(path.vertices), radius + gc.get_linewidth() / 2)
        self._marks.append(
            lambda paper: paper.renderer.draw_markers(
                paper.context(gc), marker_path, marker_trans + paper.stretch, path, trans + paper.place, rgbFace
            )
        )

    def draw_quad_mesh(
        self,
        gc: GraphicsContextBase,
        master_transform: Transform,
        meshWidth: int,
        meshHeight: int,
        coordinates: Any,
        offsets: Any,
        offsetTrans: Transform,
        facecolors: Any,
        antialiased: bool,
        edgecolors: Any,
    ) -> None:
        """Note the mesh of a colour scale, whose rectangles are all of one size, as an image."""
        image = (facecolors.reshape(meshHeight, meshWidth, 4) * 255 + 0.5).astype(np.uint8)
        (left, first), (right, last) = master_transform.transform([coordinates[0, 0], coordinates[-1, -1]])
        self.draw_image(gc, left, first, image, Affine2D().scale(right - left, last - first))

    def draw_image(
        self, gc: GraphicsContextBase, x: float, y: float, im: Any, transform: Affine2DBase | None = None
    ) -> None:
        """Note an image: ``transform`` maps the unit square to its place beside (x, y)."""
        if transform is None:  # matplotlib has sampled it for 72 dots an inch
            transform = Affine2D().scale(im.shape[1], im.shape[0])
        gc, place = _kept(gc), Affine2D(transform.get_matrix()).translate(x, y)
        self._reach(gc, place.transform([[0, 0], [1, 1]]), 0)
        self._marks.append(lambda paper: paper.draw_image(gc, im, place))

    def draw_text(
        self,
        gc: GraphicsContextBase,
        x: float,
        y: float,
        s: str,
        prop: FontProperties,
        angle: float,
        ismath: Any = False,
        mtext: Text | None = None,
    ) -> None:
        """Note a text, whose y grows downwards."""
        gc, prop, y = _kept(gc), prop.copy(), self._size[1] - y
        width, height, below = self._measured(s, prop, ismath)
        corners = [(across, up) for across in (0, width) for up in (-below, height - below)]
        self._reach(gc, Affine2D().rotate_deg(angle).translate(x, y).transform(corners), 0)

        def mark(paper: _Paper) -> None:
            across, up = paper.place.transform((x, y))
            down = paper.renderer.get_canvas_width_height()[1] - up
            paper.renderer.draw_text(paper.context(gc), across, down, s, prop, angle, ismath, mtext)

        self._marks.append(mark)

    def _reach(self, gc: GraphicsContextBase, points: Array, around: float) -> None:
        """Widen the extent by points, and what lies ``around`` them, as far as they are not clipped."""
        points = points[np.isfinite(points).all(axis=1)]
        low, high = points.min(axis=0, initial=np.inf) - around, points.max(axis=0, initial=-np.inf) + around
        clip = gc.get_clip_rectangle()
        if clip is not None:
            low, high = np.maximum(low, clip.min), np.minimum(high, clip.max)
        if (low <= high).all():
            self._lowest, self._highest = np.minimum(self._lowest, low), np.maximum(self._highest, high)


class Print(Figure):
    """A drawing on paper of its size.

    Parameters
    ----------
    drawing : Drawing
    margin : float
        Around it, in inches.
    color : colour
        Of the paper.

    Examples
    --------
    >>> Print(Drawing(Figure(figsize=(2, 1))), 0.5, "white").get_size_inches()
    array([3., 2.])
    """

    def __init__(self, drawing: Drawing, margin: float, color: Any) -> None:
        paper = drawing.extent.padded(margin * _POINTS)
        super().__init__(figsize=(paper.width / _POINTS, paper.height / _POINTS), facecolor=color)
        self._drawing, self._origin = drawing, paper.min

    def draw(self, renderer: RendererBase) -> None:
        """Draw the paper, and the drawing on it."""
        self.patch.draw(renderer)
        left, bottom = self._origin
        self._drawing.draw_on(renderer, Affine2D().translate(-left, -bottom).scale(self.dpi / _POINTS))


class _Paper:
    """A renderer, and the place of a drawing on it."""

    def __init__(self, renderer: RendererBase, place: Affine2D) -> None:
        self.renderer, self.place = renderer, place
        self.stretch = Affine2D().scale(place.get_matrix()[0, 0])

    def context(self, gc: GraphicsContextBase) -> GraphicsContextBase:
        """Return a context that clips where the drawing is clipped."""
        return _moved(gc, self.place)

    def draw_image(self, gc: GraphicsContextBase, image: Array, place: Affine2D) -> None:
        """Draw an image, which ``place`` maps from the unit square: as it is, or enlarged to the renderer's dots."""
        onto = Affine2D(self.place.get_matrix() @ place.get_matrix())
        if self.renderer.option_scale_image():
            self.renderer.draw_image(self.context(gc), 0, 0, image, onto)
            return
        (left, first), (right, last) = np.rint(onto.transform([[0, 0], [1, 1]])).astype(int)
        upwards = image if first < last else image[::-1]
        size = max(right - left, 1), max(abs(last - first), 1)
        enlarged = np.array(Image.fromarray(upwards).resize(size, Image.Resampling.NEAREST))
        self.renderer.draw_image(self.context(gc), left, min(first, last), enlarged)


def _kept(gc: GraphicsContextBase) -> GraphicsContextBase:
    """Return a copy that stays as it is, whatever becomes of the figure."""
    return _moved(gc, Affine2D())


def _moved(gc: GraphicsContextBase, place: Affine2D) -> GraphicsContextBase:
    """Return a copy that clips at another place."""
    moved = copy.copy(gc)
    clip, (path, transform) = gc.get_clip_rectangle(), gc.get_clip_path()
    if clip is not None:
        moved.set_clip_rectangle(Bbox(place.transform(clip.get_points())))
    if path is not None and transform is not None:
        moved.set_clip_path(TransformedPath(cast(Path, path), Affine2D(transform.get_matrix()) + place))
    return moved


def png_bytes(figure: Figure) -> bytes:
    r"""Return the figure as a PNG of 144 dots an inch.

    Examples
    --------
    >>> png_bytes(Figure(figsize=(1, 1)))[:8]
    b'\x89PNG\r\n\x1a\n'
    """
    with _printed(figure) as page:
        return _saved(page, "png")


def svg_bytes(figure: Figure) -> bytes:
    """Return the figure as SVG, its text as outlines: it looks the same wherever it is opened.

    Examples
    --------
    >>> svg_bytes(Figure(figsize=(1, 1)))[:13]
    b'<?xml version'
    """
    with _printed(figure) as page:
        return _saved(page, "svg")


def both_bytes(figure: Figure) -> tuple[bytes, bytes]:
    """Return the figure as PNG and as SVG, laid out once for both.

    Examples
    --------
    >>> png, svg = both_bytes(Figure(figsize=(1, 1)))
    """
    with _printed(figure) as page:
        return _saved(page, "png"), _saved(page, "svg")


@contextlib.contextmanager
def _printed(figure: Figure) -> Iterator[Print]:
    """Yield the figure cut to what is drawn, so that no name is too long for its place."""
    # Type information of matplotlib lists the keys of all settings; of older versions it takes any text.
    with mpl.rc_context(_SETTINGS), warnings.catch_warnings():  # type: ignore[arg-type]
        # A class name in a script that the font lacks is drawn as boxes; the page has it as text.
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from font")
        yield Print(Drawing(figure), _MARGIN_INCHES, figure.get_facecolor())


def _saved(figure: Figure, kind: Literal["png", "svg"]) -> bytes:
    buffer, options = io.BytesIO(), dict[str, Any]()
    if kind == "png":
        # Level 3 takes a third of the time of level 6, and a tenth more room.
        options |= {"metadata": {"Software": None}, "pil_kwargs": {"compress_level": 3}}
    else:
        options |= {"metadata": {"Date": None, "Creator": None}}
    figure.savefig(buffer, format=kind, dpi=PNG_DPI, **options)
    return buffer.getvalue()
