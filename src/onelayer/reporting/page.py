"""The page of one run: self-contained, it asks nothing of any network. It is made of the sections in the registry."""

from __future__ import annotations

import html
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from onelayer.figures import LIGHT
from onelayer.reporting.data import ReportData
from onelayer.reporting.section import Section, Shown, render_page, shown_sections
from onelayer.reporting.sections import SECTIONS
from onelayer.reporting.sections.images import class_labels
from onelayer.reporting.sections.result import statement
from onelayer.reporting.sections.sweep import interruption_statement
from onelayer.storage.atomic import write_atomically
from onelayer.storage.run_directory import RunDirectory

__all__ = ["Report", "render_report", "write_report"]

_OF_INTERRUPTED_SWEEP: Final = ("sweep", "data", "repeat")
_NOTES: Final = "Intervals are Wilson's at 95%. Losses are without penalty."


@dataclass(frozen=True, repr=False)
class Report:
    """One self-contained page, to look at in a notebook, or to save.

    Parameters
    ----------
    html : str
        The whole document.

    Examples
    --------
    >>> Report("<!doctype html><title>t</title>")
    <Report: a page of 31 characters; save(path) writes it>
    """

    html: str

    def __repr__(self) -> str:
        return f"<Report: a page of {len(self.html):,} characters; save(path) writes it>"

    def _repr_html_(self) -> str:
        """Return the page in a frame of its own: its styles and scripts touch nothing of the notebook."""
        return (
            '<iframe title="Report" sandbox="allow-scripts" style="width: 100%; height: 48rem; border: 0" '
            f'srcdoc="{html.escape(self.html)}"></iframe>'
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the page to a file.

        Raises
        ------
        RunDirectoryError, StorageError
            It can't be written; a file that was there is intact.
        """
        write_atomically(path, self.html)


def render_report(data: ReportData, sections: Sequence[Section[ReportData]] = SECTIONS) -> str:
    """Return the report as one HTML document.

    Parameters
    ----------
    data : ReportData
        Names in it are text, whatever they look like.
    sections : sequence of Section
        In the order of the page.

    Raises
    ------
    InputError
        Weight pictures of neither one nor three channels.

    Examples
    --------
    >>> from onelayer.evaluation import RunFigures
    >>> page = render_report(ReportData("<digits>", {"loss": "softmax"}, RunFigures(), {}, ["0", "1"]))
    >>> "<h1>&lt;digits&gt;</h1>" in page
    True
    """
    return _page(data, _shown(data, sections))


def write_report(run: RunDirectory, data: ReportData, sections: Sequence[Section[ReportData]] = SECTIONS) -> None:
    """Write ``report.html``, and each figure as PNG and SVG under ``figures/``.

    Raises
    ------
    InputError, RunDirectoryError, StorageError
    """
    from onelayer.figures.drawing import both_bytes
    from onelayer.figures.matplotlib import draw  # takes long to load

    shown = _shown(data, sections)
    for figure in (one for _, content in shown for one in [*content.figures, *content.pictures]):
        png, svg = both_bytes(draw(figure, LIGHT))
        run.write_figure(f"{figure.name}.png", png)
        run.write_figure(f"{figure.name}.svg", svg)
    run.write_report(_page(data, shown))


def _shown(data: ReportData, sections: Sequence[Section[ReportData]]) -> Shown:
    """Return the sections that the report has; of a sweep that was interrupted, those that need no model."""
    if data.is_interrupted_sweep:
        sections = [section for section in sections if section.name in _OF_INTERRUPTED_SWEEP]
    return shown_sections(data, sections)


def _page(data: ReportData, shown: Shown) -> str:
    sweep = data.sweep
    said = interruption_statement(sweep)[0] if sweep is not None and sweep.interrupted else statement(data)
    return render_page(data.title, said, shown, class_labels(data), _NOTES)
