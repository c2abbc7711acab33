"""A page in sections: of each its figures, tables and words, made of what is known of its subject."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from onelayer.errors import printable
from onelayer.figures import Figure
from onelayer.figures.plotly import chart
from onelayer.reporting.document import render

__all__ = ["Content", "Section", "Shown", "Table", "render_page", "shown_sections"]

_ROWS_A_PAGE: Final = 100

Subject = TypeVar("Subject")


@dataclass(frozen=True)
class Table:
    """A table with a row of headings.

    Parameters
    ----------
    name : str
        What the page knows it by.
    label : str
        What it is, for those who don't see it.
    heading : sequence of str
    rows : sequence of sequences of str
        The first cell of each is its heading. Of more than 100 rows the page shows 100 at a time.
    summary : str
        What opens the table, if it is closed at first.
    kind : str
        Of its style: "", ``text`` or ``with-notes``.
    """

    name: str
    label: str
    heading: Sequence[str]
    rows: Sequence[Sequence[str]]
    summary: str = ""
    kind: str = ""

    @property
    def first(self) -> Sequence[Sequence[str]]:
        """The rows that stand in the page itself."""
        return self.rows[:_ROWS_A_PAGE]

    @property
    def is_paged(self) -> bool:
        """Whether there are more."""
        return len(self.rows) > _ROWS_A_PAGE


@dataclass(frozen=True)
class Content:
    """What a section shows.

    Parameters
    ----------
    absent : str
        Why there is nothing to see, or not all.
    lines : sequence of str
        What it says, in sentences.
    figures : sequence of Figure
        Charts of the page, and files.
    pictures : sequence of Figure
        Files alone: in the page something else stands for them, or nothing.
    tables : sequence of Table
    values : mapping
        What its template takes besides.
    payload : mapping
        What the page's script takes.
    """

    absent: str = ""
    lines: Sequence[str] = ()
    figures: Sequence[Figure] = ()
    pictures: Sequence[Figure] = ()
    tables: Sequence[Table] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Section(Generic[Subject]):
    """A section of a page: those of a run's report are entered in :data:`onelayer.reporting.sections.SECTIONS`.

    Parameters
    ----------
    name : str
        Its anchor in the page.
    heading : str
    content : callable
        From what the page is on to what the section shows; None leaves the section out.
    template : str
        Of Jinja, in ``reporting/templates``; the plain one has words, charts and tables, in this order.
    """

    name: str
    heading: str
    content: Callable[[Subject], Content | None]
    template: str = "section.html.j2"


Shown = list[tuple[Section[Any], Content]]


def shown_sections(subject: Subject, sections: Sequence[Section[Subject]]) -> Shown:
    """Return the sections that a page has, with what they show."""
    made = [(section, section.content(subject)) for section in sections]
    return [(section, content) for section, content in made if content is not None]


def render_page(title: str, statement: str, shown: Shown, class_labels: Sequence[str], notes: str) -> str:
    """Return a page as one HTML document.

    Parameters
    ----------
    title, statement : str
        What it is on.
    shown : list of (Section, Content)
    class_labels : sequence of str
        What its script calls the classes.
    notes : str
        What holds for all of it.
    """
    tables = [table for _, content in shown for table in content.tables if table.is_paged]
    payload: dict[str, Any] = {
        "charts": {figure.name: chart(figure) for _, content in shown for figure in content.figures},
        "classes": list(class_labels),
        "galleries": {},
        "rowsAPage": _ROWS_A_PAGE,
        "tables": {table.name: [list(row) for row in table.rows] for table in tables},
    }
    for _, content in shown:
        payload |= content.payload
    return render(
        "page.html.j2",
        title=printable(title),
        payload=payload,
        sections=[section for section, _ in shown],
        shown=shown,
        statement=statement,
        notes=notes,
    )
