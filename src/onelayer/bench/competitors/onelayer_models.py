"""onelayer: m models in one pass over the data, as a sweep trains them."""

from __future__ import annotations

from typing import Any

import numpy as np

from onelayer.bench.competitors.onelayer_training import engine_missing, problem_of, training_parameters, using_engine
from onelayer.bench.entry import Entry, Run, training_entry
from onelayer.bench.work import Trained, TrainingWork
from onelayer.errors import InputError
from onelayer.models.linear import LinearParameters
from onelayer.selection.simultaneous import train_together

__all__ = ["onelayer_models"]


def onelayer_models(work: TrainingWork, threads: int, *, dtype: Any = np.float32, engine: str = "native") -> Entry:
    """Return one pass for all values of ``work.l2``."""

    def prepare() -> Run:
        problem = problem_of(work, dtype)
        models = [training_parameters(work, float(value)) for value in np.atleast_1d(work.l2)]
        shape = work.k, work.X.shape[1]
        starts = [LinearParameters(np.zeros(shape, dtype), np.zeros(work.k, dtype)) for _ in models]

        def run() -> Trained:
            with using_engine(engine):
                trained = train_together(problem, models, work.seed, starts, threads=threads)
            kept = [model.kept for model in trained if model.kept is not None]
            if len(kept) < len(trained):
                raise InputError(f"{len(trained) - len(kept)} of {len(trained)} models diverged")
            return Trained(np.stack([one.weights for one in kept]), np.stack([one.intercepts for one in kept]))

        return run

    name = f"onelayer {engine}, one pass" + (" in float64" if dtype == np.float64 else "")
    return training_entry(name, work, {f"threads: {threads}": prepare}, engine_missing(engine))
