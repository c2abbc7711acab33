"""m models, one after another: what a sweep is without anything special."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from onelayer.bench.entry import Entry, Run
from onelayer.bench.work import Trained, TrainingWork

__all__ = ["one_after_another"]


def one_after_another(work: TrainingWork, single: Callable[[TrainingWork], Entry]) -> Entry:
    """Return ``single`` at each of the values of ``work.l2`` in turn; the data is prepared once."""
    values = [float(value) for value in np.atleast_1d(work.l2)]
    on_float32 = work.on_float32()
    entry = single(replace(on_float32, l2=values[0]))

    def prepare(setting: str) -> Run:
        runs = [single(replace(on_float32, l2=value)).settings[setting]() for value in values]

        def run() -> Trained:
            trained = [one() for one in runs]
            return Trained(np.stack([t.weights for t in trained]), np.stack([t.intercepts for t in trained]))

        return run

    settings = {setting: lambda setting=setting: prepare(setting) for setting in entry.settings}
    return replace(
        entry,
        name=f"{entry.name}, one after another",
        settings=settings,
        work=work.multiply_adds,
        figures=lambda result: {"accuracy": work.accuracy(result)},
    )
