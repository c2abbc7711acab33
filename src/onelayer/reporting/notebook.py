"""A report to look at in a notebook, or to save."""

from __future__ import annotations

import html
import os
from dataclasses import dataclass

from onelayer.storage.atomic import write_atomically

__all__ = ["Report"]


@dataclass(frozen=True, repr=False)
class Report:
    """One self-contained page.

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
