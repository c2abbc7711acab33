"""onelayer as a user calls it: ``OneLayerClassifier.fit`` as a whole, with its checks and the scaling it learns."""

from __future__ import annotations

import numpy as np

from onelayer.bench.competitors.onelayer_training import engine_missing, using_engine
from onelayer.bench.entry import Entry, Run, training_entry
from onelayer.bench.work import Figures, Trained, TrainingWork
from onelayer.threads import limited_threads

__all__ = ["onelayer_fit"]


def onelayer_fit(work: TrainingWork, threads: int) -> Entry:
    """Return a fit from bytes, whose values span 0 to 255."""

    def prepare() -> Run:
        from onelayer.estimators import OneLayerClassifier

        held_out = {"X_val": work.X_val, "y_val": work.y_val} if work.validations_per_epoch else {}

        def run() -> Trained:
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
            with using_engine("native"), limited_threads(threads):
                clf.fit(work.X, work.y, **held_out)
            weights = clf.coef_.astype(np.float64)
            history = clf.history_
            return Trained(
                weights / work.scale,
                clf.intercept_ + weights.sum(axis=1) * work.shift,
                tuple(
                    Figures(*(float(history[name][i]) for name in Figures.__dataclass_fields__))
                    for i in range(len(history["validation_loss"]) if held_out else 0)
                ),
            )

        return run

    name = "onelayer native, whole fit from uint8"
    return training_entry(name, work, {f"n_jobs: {threads}": prepare}, engine_missing("native"))
