"""How a data set was read: which files became which part, what was left out and why, and what was decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, NamedTuple

from .picture_survey import PictureSurvey

__all__ = ["LeftOut", "Provenance"]

_MOST_NAMES = 3
_MOST_LISTED = 1000


class LeftOut(NamedTuple):
    """One thing that was there and was not read: its name within the set, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Provenance:
    """What a reader did, for people: nothing is left out or decided without a line here.

    Parameters
    ----------
    files : mapping of str to tuple of str
        The files or folders that became each part, by their names within the set.
    left_out : tuple of LeftOut
        Everything that was there and was not read.
    notes : tuple of str
        What was decided that could have been decided otherwise, each a sentence.
    pictures : mapping of str to PictureSurvey
        What the pictures of each part were before they became arrays, if they were pictures.
    division : str
        Which parts were drawn by chance, empty where none was.

    Examples
    --------
    >>> read = Provenance({"train": ("a.npz",)}, (LeftOut("b.txt", "not an image"), LeftOut("c.txt", "not an image")))
    >>> read.lines()
    ['parts: train from a.npz', 'left out: 2 files or folders (not an image: b.txt, c.txt)']
    """

    files: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()
    pictures: Mapping[str, PictureSurvey] = field(default_factory=lambda: MappingProxyType({}))
    division: str = ""

    def noting(self, *notes: str) -> Provenance:
        """Return the same with more notes."""
        return replace(self, notes=(*self.notes, *notes))

    def without(self, *left_out: LeftOut) -> Provenance:
        """Return the same with more left out."""
        return replace(self, left_out=(*self.left_out, *left_out))

    def lines(self) -> list[str]:
        """Return what a user is told: which files became which part, what was left out, and the notes."""
        return [*filter(None, (self.parts_line(), self.left_out_line())), *self.notes]

    def parts_line(self) -> str:
        """Return which files became which part, and what was drawn by chance, in a line; empty where there are none."""
        if not self.files:
            return ""
        sources = [
            _some(names) if part == "all" else f"{part} from {_some(names)}" for part, names in self.files.items()
        ]
        return "parts: " + "; ".join([*sources, *filter(None, (self.division,))])

    def left_out_line(self) -> str:
        """Return what was left out, and why, in a line; an empty text if nothing was."""
        if not self.left_out:
            return ""
        count, plural = len(self.left_out), "s" if len(self.left_out) > 1 else ""
        reasons = "; ".join(f"{reason}: {_some(names)}" for reason, names in self._by_reason().items())
        return f"left out: {count:,} file{plural} or folder{plural} ({reasons})"

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it; of each reason for leaving out at most 1,000 names, and their number."""
        return {
            "files": {part: list(names[:_MOST_LISTED]) for part, names in self.files.items()},
            "division": self.division,
            "left_out": [
                {"reason": reason, "count": len(names), "names": names[:_MOST_LISTED]}
                for reason, names in self._by_reason().items()
            ],
            "notes": list(self.notes),
            "pictures": {part: one.to_dict() for part, one in self.pictures.items()},
        }

    def _by_reason(self) -> dict[str, list[str]]:
        names: dict[str, list[str]] = {}
        for one in self.left_out:
            names.setdefault(one.reason, []).append(one.name)
        return names


def _some(names: Iterable[str]) -> str:
    """Return the first of many names."""
    names = list(names)
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more:,} more" if more > 0 else "")
