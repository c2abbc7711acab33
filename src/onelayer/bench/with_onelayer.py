"""onelayer as a competitor: its training loop, a whole fit, many models in one pass, and HOG features."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from onelayer import engine as native_engine
from onelayer.bench.timing import Competitor, Run
from onelayer.bench.work import TrainingResult, TrainingWork, ValidationFigures, training_entry
from onelayer.errors import InputError
from onelayer.losses import get_loss
from onelayer.models.linear import LinearParameters
from onelayer.objective import Objective
from onelayer.penalties import L2
from onelayer.rows import ArrayRows, LabelledRows
from onelayer.threads import limited_threads
from onelayer.training import Problem, TrainingParameters, train, train_together

__all__ = ["onelayer_fit", "onelayer_hog", "onelayer_models", "onelayer_training"]

Array = np.ndarray[Any, Any]


def onelayer_training(
    work: TrainingWork, threads: int, *, dtype: Any = np.float32, engine: str = "native", name: str | None = None
) -> Competitor:
    """Return the loop, computing in ``dtype``; it is left to itself how many of ``threads`` it uses."""

    def prepare() -> Run:
        problem, parameters = _problem(work, dtype), _parameters(work)

        def run() -> TrainingResult:
            start = LinearParameters(np.zeros((work.k, work.X.shape[1]), dtype), np.zeros(work.k, dtype))
            with _computed_by(engine):
                state = train(problem, parameters, work.seed, start, threads=threads)
            kept = state.kept
            return TrainingResult(kept.weights, kept.intercepts, _validations(state.history.arrays(), work))

        return run

    title = f"onelayer {engine}, {work.X.dtype} rows" + (" in float64" if dtype == np.float64 else "")
    return training_entry(name or title, work, {f"threads: {threads}": prepare}, _missing(engine))


def _validations(history: dict[str, Any], work: TrainingWork) -> tuple[ValidationFigures, ...]:
    if not work.validations_per_epoch:
        return ()
    columns = [history[name].tolist() for name in ValidationFigures.__dataclass_fields__]
    return tuple(ValidationFigures(*figures) for figures in zip(*columns, strict=True))


def onelayer_fit(work: TrainingWork, threads: int) -> Competitor:
    """Return a fit from bytes, whose values span 0 to 255."""

    def prepare() -> Run:
        from onelayer.estimators import OneLayerClassifier

        held_out = {"X_val": work.X_val, "y_val": work.y_val} if work.validations_per_epoch else {}

        def run() -> TrainingResult:
            clf = OneLayerClassifier(
                loss=work.loss,
                scaling="symmetric",
                learning_rate=work.learning_rate,
                batch_size=work.batch_size,
                drop_last=True,
                max_epochs=work.epochs,
                l2=float(work.l2),
                validations_per_epoch=work.validations_per_epoch or 1,
                keep="last",
                n_jobs=threads,
                random_state=work.seed,
            )
            with _computed_by("native"), limited_threads(threads):
                clf.fit(work.X, work.y, **held_out)
            weights = clf.coef_.astype(np.float64)
            history = clf.history_
            return TrainingResult(
                weights / work.scale,
                clf.intercept_ + weights.sum(axis=1) * work.shift,
                tuple(
                    ValidationFigures(*(float(history[name][i]) for name in ValidationFigures.__dataclass_fields__))
                    for i in range(len(history["validation_loss"]) if held_out else 0)
                ),
            )

        return run

    name = "onelayer native, whole fit from uint8"
    return training_entry(name, work, {f"n_jobs: {threads}": prepare}, _missing("native"))


def onelayer_models(work: TrainingWork, threads: int, *, dtype: Any = np.float32, engine: str = "native") -> Competitor:
    """Return one pass for all values of ``work.l2``."""

    def prepare() -> Run:
        problem = _problem(work, dtype)
        models = [_parameters(work, float(value)) for value in np.atleast_1d(work.l2)]
        shape = work.k, work.X.shape[1]
        starts = [LinearParameters(np.zeros(shape, dtype), np.zeros(work.k, dtype)) for _ in models]

        def run() -> TrainingResult:
            with _computed_by(engine):
                trained = train_together(problem, models, work.seed, starts, threads=threads).models
            solutions = [model.solution for model in trained if model.solution is not None]
            kept = [one.parameters for one in solutions if one.parameters is not None]
            if len(kept) < len(trained):
                raise InputError(f"{len(trained) - len(kept)} of {len(trained)} models diverged")
            return TrainingResult(np.stack([one.weights for one in kept]), np.stack([one.intercepts for one in kept]))

        return run

    name = f"onelayer {engine}, one pass" + (" in float64" if dtype == np.float64 else "")
    return training_entry(name, work, {f"threads: {threads}": prepare}, _missing(engine))


def onelayer_hog(images: Array, threads: int, *, engine: str = "native", name: str | None = None) -> Competitor:
    """Return HOG of uint8 images ``(n, h, w, c)`` by this engine."""

    def prepare() -> Run:
        from onelayer.features import HOG

        transformer = HOG().fit(images)

        def run() -> Array:
            with _computed_by(engine), limited_threads(threads):
                features: Array = transformer.transform(images)
            return features

        return run

    settings = {f"threads: {threads}": prepare}
    missing = _missing(engine)
    return Competitor(
        name or f"onelayer {engine}", settings, len(images), len(images) / 1000, "1,000 images", "hog", missing=missing
    )


def _problem(work: TrainingWork, dtype: Any) -> Problem:
    """Return what is trained on what, without anything computed beforehand."""
    scaling: dict[str, Any] = {"shift": work.shift or None, "scale": None if work.scale == 1 else work.scale}
    rows, held_out = (ArrayRows(X, dtype=dtype, **scaling) for X in (work.X, work.X_val))
    validation = LabelledRows(held_out, work.y_val) if work.validations_per_epoch else None
    return Problem(Objective(get_loss(work.loss), L2(work.l2)), LabelledRows(rows, work.y), work.y, validation)


def _parameters(work: TrainingWork, l2: float | None = None) -> TrainingParameters:
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
def _computed_by(engine: str) -> Iterator[None]:
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


def _missing(engine: str) -> str | None:
    """Return why this engine can't run here, or None."""
    if engine == "reference" or native_engine.available():
        return None
    return "the native engine was not built here, or ONELAYER_ENGINE forbids it"
