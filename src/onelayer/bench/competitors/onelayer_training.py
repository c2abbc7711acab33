"""onelayer's training loop: by the native engine or by the definitions in NumPy, from the rows as they are given."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from onelayer import engine as native_engine
from onelayer.bench.entry import Entry, Run, training_entry
from onelayer.bench.work import Figures, Trained, TrainingWork
from onelayer.losses import get_loss
from onelayer.models.linear import LinearParameters
from onelayer.objective import Objective
from onelayer.penalties import L2
from onelayer.rows import RowSource
from onelayer.training.loop import Part, Problem, train
from onelayer.training.parameters import TrainingParameters

__all__ = ["engine_missing", "onelayer_training", "problem_of", "training_parameters", "using_engine"]


def onelayer_training(
    work: TrainingWork, threads: int, *, dtype: Any = np.float32, engine: str = "native", name: str | None = None
) -> Entry:
    """Return the loop, computing in ``dtype``; it is left to itself how many of ``threads`` it uses."""

    def prepare() -> Run:
        problem, parameters = problem_of(work, dtype), training_parameters(work)

        def run() -> Trained:
            start = LinearParameters(np.zeros((work.k, work.X.shape[1]), dtype), np.zeros(work.k, dtype))
            with using_engine(engine):
                state = train(problem, parameters, work.seed, start, threads=threads)
            return Trained(*state.kept, validations=_validations(state.history.arrays(), work))

        return run

    title = f"onelayer {engine}, {work.X.dtype} rows" + (" in float64" if dtype == np.float64 else "")
    return training_entry(name or title, work, {f"threads: {threads}": prepare}, engine_missing(engine))


def problem_of(work: TrainingWork, dtype: Any) -> Problem:
    """Return what is trained on what, without anything computed beforehand."""
    scaling: dict[str, Any] = {"shift": work.shift or None, "scale": None if work.scale == 1 else work.scale}
    rows, held_out = (RowSource(X, dtype, **scaling) for X in (work.X, work.X_val))
    validation = Part(held_out, work.y_val) if work.validations_per_epoch else None
    return Problem(Objective(get_loss(work.loss), L2(work.l2)), Part(rows, work.y), work.y, validation)


def training_parameters(work: TrainingWork, l2: float | None = None) -> TrainingParameters:
    """Return the parameters of the work's model, or of the one of its m models that has this ``l2``."""
    return TrainingParameters.check(
        {
            "loss": work.loss,
            "learning_rate": work.learning_rate,
            "batch_size": work.batch_size,
            "drop_last": True,
            "max_epochs": work.epochs,
            "l2": work.l2 if l2 is None else l2,
            "validations_per_epoch": work.validations_per_epoch or 1,
            "keep": "last",
        }
    )


@contextmanager
def using_engine(engine: str) -> Iterator[None]:
    """Compute by this engine within the block."""
    before = os.environ.get("ONELAYER_ENGINE")
    os.environ["ONELAYER_ENGINE"] = engine
    try:
        yield
    finally:
        if before is None:
            del os.environ["ONELAYER_ENGINE"]
        else:
            os.environ["ONELAYER_ENGINE"] = before


def engine_missing(engine: str) -> str | None:
    """Return why this engine can't run here, or None."""
    if engine == "reference" or native_engine.available():
        return None
    return "the native engine was not built here, or ONELAYER_ENGINE forbids it"


def _validations(history: dict[str, Any], work: TrainingWork) -> tuple[Figures, ...]:
    if not work.validations_per_epoch:
        return ()
    columns = [history[name].tolist() for name in Figures.__dataclass_fields__]
    return tuple(Figures(*figures) for figures in zip(*columns, strict=True))
