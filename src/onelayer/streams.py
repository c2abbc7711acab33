"""One seed, named random streams: no use of randomness can disturb another."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np

__all__ = ["STREAMS", "stream"]

STREAMS: Final = {"init": 0, "split": 1, "shuffle": 2, "flip": 3, "fold": 4}


def stream(seed: int, name: Literal["init", "split", "shuffle", "flip", "fold"], epoch: int = 0) -> np.random.Generator:
    """Return the generator of stream ``name`` in ``epoch``.

    It is PCG64 on a seed sequence keyed by both, so that any epoch can be drawn alone.

    Examples
    --------
    >>> bool(stream(7, "flip", 3).random() == stream(7, "flip", 3).random())
    True
    """
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(STREAMS[name], epoch))))
