"""One self-contained HTML page about one run: it asks nothing of any network and runs no script."""

from __future__ import annotations

import base64
import importlib.resources
import io
from dataclasses import dataclass

import jinja2
from PIL import Image

from onelayer.errors import printable
from onelayer.reporting.data import ReportData
from onelayer.reporting.export import png_bytes, svg_bytes
from onelayer.reporting.pictures import Picture, class_pictures, curve_pictures, weight_pictures
from onelayer.reporting.sweep_pictures import sweep_pictures, sweep_statement, trial_rows
from onelayer.reporting.tables import figure_rows, flat_rows, headline, split_rows, summary
from onelayer.reporting.theme import DARK, LIGHT
from onelayer.storage.run_directory import RunDirectory

__all__ = ["render_report", "write_report"]

SWEEP_HEADING = "What was tried"
_DENSITY = 1.6  # pixels of a picture in a pixel of the page


@dataclass(frozen=True)
class _Drawn:
    """A picture as PNG, once for light pages and once for dark ones."""

    picture: Picture
    light: bytes
    dark: bytes

    @property
    def width(self) -> int:
        """Width on the page, in its pixels: the same scale for all pictures, so that their text has one size."""
        return round(Image.open(io.BytesIO(self.light)).width / _DENSITY)

    @property
    def light_uri(self) -> str:
        return f"data:image/png;base64,{base64.b64encode(self.light).decode()}"

    @property
    def dark_uri(self) -> str:
        return f"data:image/png;base64,{base64.b64encode(self.dark).decode()}"


_Sections = dict[str, list[_Drawn]]


def render_report(data: ReportData) -> str:
    """Return the report as one HTML document.

    Parameters
    ----------
    data : ReportData
        Names in it are text, whatever they look like.

    Raises
    ------
    InputError
        Weight pictures of neither one nor three channels.

    Examples
    --------
    >>> page = render_report(ReportData("<digits>", {"loss": "softmax"}, {}, {}, ["0", "1"]))
    >>> "<h1>&lt;digits&gt;</h1>" in page
    True
    """
    return _page(data, _drawn_sections(data))


def write_report(run: RunDirectory, data: ReportData) -> None:
    """Write ``report.html``, and each picture as PNG and SVG under ``figures/``.

    Raises
    ------
    InputError, RunDirectoryError, StorageError
    """
    sections = _drawn_sections(data)
    for drawn in (entry for entries in sections.values() for entry in entries):
        run.write_figure(f"{drawn.picture.name}.png", drawn.light)
        run.write_figure(f"{drawn.picture.name}.svg", svg_bytes(drawn.picture.draw(LIGHT)))
    run.write_report(_page(data, sections))


def _drawn_sections(data: ReportData) -> _Sections:
    pictures = {
        SWEEP_HEADING: [] if data.sweep is None else sweep_pictures(data.sweep),
        "Learning curves": curve_pictures(data),
        "Class by class": class_pictures(data),
        "What each class looks for": weight_pictures(data),
    }
    return {heading: [_drawn(picture) for picture in entries] for heading, entries in pictures.items() if entries}


def _drawn(picture: Picture) -> _Drawn:
    return _Drawn(picture, png_bytes(picture.draw(LIGHT)), png_bytes(picture.draw(DARK)))


def _page(data: ReportData, sections: _Sections) -> str:
    source = importlib.resources.files("onelayer.reporting").joinpath("report.html.j2").read_text("utf-8")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(source).render(
        title=printable(data.title),
        summary=summary(data),
        headline=headline(data),
        splits=split_rows(data),
        figures=figure_rows(data),
        sections=sections,
        sweep_heading=SWEEP_HEADING,
        statement=[] if data.sweep is None else sweep_statement(data.sweep),
        trials=None if data.sweep is None else trial_rows(data.sweep),
        tables={"Configuration": flat_rows(data.config), "Environment": flat_rows(data.environment)},
    )
