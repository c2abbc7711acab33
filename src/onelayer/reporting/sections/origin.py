"""Where a run is from: its data, and how to repeat it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from onelayer.errors import printable
from onelayer.evaluation import DataFigures
from onelayer.figures import class_counts_figure, samples_figure
from onelayer.reporting.data import ReportData
from onelayer.reporting.section import Content
from onelayer.reporting.sections.images import image_uri
from onelayer.reporting.sections.result import PART_TITLES

__all__ = ["data_content", "data_rows", "flat_rows", "repeat_content"]


_MOST_NAMES: Final = 20  # of files and folders, in a row of a table
_LONGEST: Final = 2000  # characters of such a row


def data_content(data: ReportData) -> Content:
    """Return what is known of the data, the rows of each class in each part, and some training images of each class."""
    facts, shown = data.figures.data, None if data.predictions is None else data.predictions.shown
    figures, pictures = [], []
    if facts is not None and facts.parts and not data.is_interrupted_sweep:
        counts = {str(name): part.class_counts for name, part in facts.parts.items()}
        figures.append(class_counts_figure(counts, data.class_names))
    if shown is not None and len(shown.samples):
        pictures.append(samples_figure(shown.samples, shown.sample_labels, data.class_names))
    return Content(
        "" if facts else "The run says nothing of its data.",
        figures=figures,
        pictures=pictures,
        values={"facts": data_rows(data), "samples": _sample_strips(data)},
    )


def repeat_content(data: ReportData) -> Content:
    """Return the command that repeats the run, and its configuration and environment."""
    return Content(
        values={
            "again": "runs the whole sweep" if data.is_interrupted_sweep else "trains the same model again",
            "command": None if data.command is None else printable(data.command, 2000),
            "settings": {"Configuration": flat_rows(data.config), "Environment": flat_rows(data.environment)},
        }
    )


def data_rows(data: ReportData) -> list[tuple[str, str]]:
    """Return what is known of the data: its name, whether it is official, source, image size, parts.

    Examples
    --------
    >>> from onelayer.evaluation import RunFigures
    >>> facts = {"name": "mnist", "official": True, "source": "mnist", "image_shape": [28, 28, 1]}
    >>> data_rows(ReportData("t", {}, RunFigures.check({"data": facts}), {}, ["a", "b"]))[1]
    ('Content', 'that of the official set')
    """
    facts = data.figures.data
    if facts is None:
        return []
    official = {
        True: "that of the official set",
        False: "not that of the official set",
        None: "no official one to compare with",
    }
    rows = [
        ("Data set", printable(facts.name)),
        ("Content", official[facts.official]),
        ("Read from", printable(facts.source)),
        *_reading_rows(facts),
    ]
    if facts.image_shape is not None:
        rows.append(("Images", "{} × {} × {}, height × width × channels".format(*facts.image_shape)))
    for name, part in facts.parts.items():
        rows.append((f"{PART_TITLES[name]} rows", f"{sum(part.class_counts):,}"))
    for name, part in facts.parts.items():
        rows.append((f"{PART_TITLES[name]} fingerprint", printable(part.fingerprint)))
    return rows


def _reading_rows(facts: DataFigures) -> list[tuple[str, str]]:
    """Return which files became which part, what was left out, and what was decided."""
    rows = []
    sources = [
        _some(names) if part == "all" else f"{part} from {_some(names)}" for part, names in facts.files.items() if names
    ]
    if sources:
        rows.append(("Parts", printable("; ".join([*sources, *filter(None, (facts.division,))]), _LONGEST)))
    left_out = (f"{one.count:,} × {one.reason}: {_some(one.names, one.count)}" for one in facts.left_out)
    rows += [("Left out", printable(text, _LONGEST)) for text in left_out]
    rows += [("Note", printable(note, _LONGEST)) for note in facts.notes]
    return rows


def _some(names: Sequence[str], count: int | None = None) -> str:
    more = (len(names) if count is None else count) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more:,} more" if more > 0 else "")


def flat_rows(table: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return a nested table as dotted keys with their values as text.

    Examples
    --------
    >>> flat_rows({"loss": "softmax", "versions": {"numpy": "2.4"}, "shape": [8, 8], "seed": None, "shuffle": True})
    [('loss', 'softmax'), ('versions.numpy', '2.4'), ('shape', '8, 8'), ('seed', 'none'), ('shuffle', 'true')]
    """
    return [(printable(key), printable(text)) for key, text in _flat("", table)]


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, entry in value.items():
            yield from _flat(f"{prefix}.{key}" if prefix else str(key), entry)
    elif isinstance(value, list | tuple) and any(isinstance(entry, Mapping) for entry in value):
        for place, entry in enumerate(value, start=1):
            yield from _flat(f"{prefix}.{place}", entry)
    elif isinstance(value, list | tuple):
        yield prefix, ", ".join(map(_one, value)) or "none"
    else:
        yield prefix, _one(value)


def _one(value: Any) -> str:
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)


def _sample_strips(data: ReportData) -> list[dict[str, Any]]:
    """Return for each class a strip of its sample images."""
    shown = None if data.predictions is None else data.predictions.shown
    if shown is None:
        return []
    strips = []
    most = int(np.bincount(shown.sample_labels, minlength=1).max(initial=0))
    for label in np.unique(shown.sample_labels).tolist():
        own = shown.samples[shown.sample_labels == label]
        height, width = own.shape[1:3]
        strips.append(
            {
                "name": printable(data.class_names[label], 60),
                "count": len(own),
                "uri": image_uri(np.concatenate(list(own), axis=1)),
                "aspect": f"{width * len(own)} / {height}",
                "width": round(660 * len(own) / most),
            }
        )
    return strips
