"""What is shown of training: what it is of, and where it is at one moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt

from onelayer.training.history import History
from onelayer.training.state import TrainingState

__all__ = ["Snapshot", "Subject"]

_LONGEST_SIDE = 64  # of a picture of weights; larger images are thinned out


@dataclass(frozen=True)
class Subject:
    """What is trained on what. Names are text, whatever they look like.

    Parameters
    ----------
    title : str
    config : mapping
        The resolved configuration.
    class_names : sequence of str, of length k
    image_shape : (h, w, c) or None
        Of the rows, where they are pixels.
    no_pictures : str
        Why weights are not shown as pictures, if they are not.
    majority_share : float or None
        Share of the largest class among the validation rows, 0 to 1.
    """

    title: str
    config: Mapping[str, Any] = field(default_factory=dict)
    class_names: Sequence[str] = ("0", "1")
    image_shape: tuple[int, ...] | None = None
    no_pictures: str = "The rows are not pixels, so that weights make no picture."
    majority_share: float | None = None


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Training at one moment, in copies that training does not touch.

    Parameters
    ----------
    epoch, max_epochs, step : int
        Completed epochs and steps.
    history : History
    seconds : float
        Since training began.
    weights : ndarray of shape (k, h, w, c), or (1, h, w, c) for two classes, or None
        On scaled features, as training has them.
    """

    epoch: int
    max_epochs: int
    step: int
    history: History
    seconds: float
    weights: npt.NDArray[Any] | None = None

    @classmethod
    def of(cls, state: TrainingState, seconds: float, image_shape: tuple[int, ...] | None) -> Snapshot:
        """Copy what is shown of ``state``: pixels of weights for ``image_shape``, every other one of large images."""
        weights = state.solver.parameters.weights
        return cls(
            state.epoch,
            state.monitor.parameters.max_epochs,
            state.solver.step,
            state.history.copy(),
            seconds,
            None if image_shape is None else _pictures(weights, image_shape),
        )


def _pictures(weights: npt.NDArray[Any], image_shape: tuple[int, ...]) -> npt.NDArray[Any]:
    every = -(-max(image_shape[:2]) // _LONGEST_SIDE)
    images = weights.reshape(-1, *image_shape)[:, ::every, ::every]
    return images[1:] - images[:1] if len(images) == 2 else images.copy()
