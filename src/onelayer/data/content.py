"""What every reader returns: arrays by part, before names, splits and provenance are settled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onelayer.errors import DataError

from .image_options import ImageOptions
from .provenance import Provenance

__all__ = ["Content", "Part"]


class Part(NamedTuple):
    """Rows and labels of one part: X as in `Dataset`, y integers of shape (n,)."""

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
        None where it must be taken from the values (float features).
    preparation : ImageOptions or None
        What made the images of pictures of any size and colour; None where they were arrays.
    provenance : Provenance
        Which files became which part, what was left out, and what was decided on the way.
    """

    parts: Mapping[str, Part]
    class_names: tuple[str, ...] | None
    format: str
    files: tuple[Path, ...]
    value_range: tuple[float, float] | None = (0.0, 255.0)
    preparation: ImageOptions | None = None
    provenance: Provenance = field(default_factory=Provenance)

    def __post_init__(self) -> None:
        shapes = {part.X.shape[1:] for part in self.parts.values()}
        if len(shapes) > 1:
            found = ", ".join(f"{name} {part.X.shape[1:]}" for name, part in self.parts.items())
            raise DataError(
                f"The parts hold rows of different shapes: {found}. Give a size to bring images to, if they are images."
            )
