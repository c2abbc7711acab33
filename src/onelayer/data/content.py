"""What every reader returns: arrays by part, before names, splits and provenance are settled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onelayer.errors import DataError, printable

from .classes import UNLABELLED, Labels, unite
from .image_options import ImageOptions
from .provenance import LeftOut, Provenance

__all__ = ["Content", "Part", "Settled", "settle"]


class Part(NamedTuple):
    """Rows and labels of one part.

    X as in `Dataset`, or an array of images as it was found, of three or four dimensions and any real type; y integers
    of shape (n,).
    """

    X: NDArray[Any]
    y: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Content:
    """Parts as they were found.

    Parameters
    ----------
    parts : mapping of str to Part
        ``{"all": …}`` where the files know no split; otherwise ``"train"`` with ``"test"``, ``"validation"`` or both.
    class_names : tuple of str or None
        None where the files hold bare numbers as labels.
    format : str
        For people: ``"IDX"``, ``"Parquet"`` …
    files : tuple of Path
        The files that were read (a folder of images: that folder).
    value_range : (float, float) or None
        None where neither the format nor the reader knows it: it is taken from the values.
    preparation : ImageOptions or None
        What made the images of pictures of any size and colour; None where they were arrays.
    provenance : Provenance
        Which files became which part, what was left out, and what was decided on the way.
    """

    parts: Mapping[str, Part]
    class_names: tuple[str, ...] | None
    format: str
    files: tuple[Path, ...]
    value_range: tuple[float, float] | None = None
    preparation: ImageOptions | None = None
    provenance: Provenance = field(default_factory=Provenance)

    def __post_init__(self) -> None:
        shapes = {part.X.shape[1:] for part in self.parts.values()}
        if len(shapes) > 1:
            found = ", ".join(f"{name} {part.X.shape[1:]}" for name, part in self.parts.items())
            raise DataError(
                f"The parts hold rows of different shapes: {found}. Give a size to bring images to, if they are images."
            )


class Settled(NamedTuple):
    """The labels of every part that has some, the names that they are positions in, and what there is to tell."""

    y: Mapping[str, NDArray[np.int64]]
    class_names: tuple[str, ...] | None
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]
    is_train_alone: bool

    def origin(self, part: str) -> str:
        """Return the part that a part was when it was read."""
        return "train" if self.is_train_alone else part


def settle(parts: Mapping[str, Sequence[tuple[str, Labels]]]) -> Settled:
    """Make one numbering of the labels of all parts, each of which has those of one or several files.

    A held-out part without a single label is left out: test parts that are kept secret have -1 everywhere. A training
    part that is left alone is the whole set, ``"all"``.

    Parameters
    ----------
    parts : mapping of str to sequence of (str, Labels)
        The labels of each file of each part, and words for where they are.

    Raises
    ------
    DataError
        If some rows of a part have no label, a held-out part has a class that the training part lacks, or files don't
        agree on what their labels mean.
    """
    absent = [part for part, files in parts.items() if _is_absent(files, parts)]
    left_out = [LeftOut(where, "no row of it has a label") for part in absent for where, _ in parts[part]]
    kept = {part: files for part, files in parts.items() if part not in absent}
    if not kept or {"train", "all"} & set(absent):
        raise DataError(f"{left_out[0].name}: no row has a label (all are -1, NaN or nothing). Label them.")
    names, united = unite([one for files in kept.values() for one in files])
    rows = iter(united)
    y: dict[str, NDArray[np.int64]] = {}
    for part, files in kept.items():
        y[part] = np.concatenate([next(rows) for _ in files])
        _check_labelled(y[part], names, files)
    if "train" in y:
        _check_known(y, names, kept)
    is_alone = list(y) == ["train"]
    return Settled({"all": y["train"]} if is_alone else y, names, tuple(left_out), _notes(y, names), is_alone)


def _notes(y: Mapping[str, NDArray[np.int64]], names: tuple[str, ...] | None) -> tuple[str, ...]:
    if names is None and all(any((part == value).any() for part in y.values()) for value in (UNLABELLED, 0)):
        return ("the label -1 is taken for the name of a class; where it stands for no label, remove such rows",)
    return ()


def _is_absent(files: Sequence[tuple[str, Labels]], parts: Mapping[str, Sequence[tuple[str, Labels]]]) -> bool:
    """Return whether no row has a label; where -1 is a label of training rows too, it is the name of a class."""
    training = parts.get("train", ())
    is_a_class = files is not training and any(
        labels.names is None and UNLABELLED in labels.y for _, labels in training
    )
    return not is_a_class and all(labels.absent for _, labels in files)


def _check_labelled(y: NDArray[np.int64], names: tuple[str, ...] | None, files: Sequence[tuple[str, Labels]]) -> None:
    lacking = [where for where, labels in files if labels.absent]
    if names is not None and (y < 0).any():
        rows = int((y < 0).sum())
        raise DataError(f"{(lacking or [files[0][0]])[0]}: {rows:,} rows have no label. Label them, or remove them.")
    if names is None and lacking and len(lacking) < len(files):
        raise DataError(f"{lacking[0]}: no row has a label, and rows of other files do. Label them, or remove them.")


def _check_known(
    y: Mapping[str, NDArray[np.int64]],
    names: tuple[str, ...] | None,
    parts: Mapping[str, Sequence[tuple[str, Labels]]],
) -> None:
    for part, labels in y.items():
        unknown = np.setdiff1d(labels, y["train"])
        if len(unknown):
            name = str(unknown[0]) if names is None else names[unknown[0]]
            count = int((labels == unknown[0]).sum())
            raise DataError(
                f"{parts[part][0][0]} has the class {printable(name, 60)!r} ({count:,} row{'s' * (count > 1)}), and "
                "the training part has none of it. Add training rows, or leave the class out there."
            )
