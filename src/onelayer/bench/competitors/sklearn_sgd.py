"""scikit-learn's ``SGDClassifier``: one against the rest, one row a step, in an order of its own."""

from __future__ import annotations

import numpy as np

from onelayer.bench.entry import Entry, Run, training_entry
from onelayer.bench.work import Trained, TrainingWork

__all__ = ["sklearn_sgd"]


def sklearn_sgd(work: TrainingWork, threads: int) -> Entry:
    """Return as many epochs over float32 rows, scaled beforehand.

    It has neither softmax nor batches: k logistic regressions, a step for each row, the learning rate divided by the
    batch size so that an epoch moves the weights as far. The work that is counted is that of the batches.
    """

    def prepare() -> Run:
        from sklearn.linear_model import SGDClassifier

        X = work.scaled(np.float32)[0]

        def run() -> Trained:
            clf = SGDClassifier(
                loss="log_loss",
                penalty="l2" if work.l2 else None,
                alpha=work.l2 or 1.0,  # without a penalty it means nothing, but must not be 0
                learning_rate="constant",
                eta0=work.learning_rate / work.batch_size,
                max_iter=work.epochs,
                tol=None,
                n_jobs=threads,
                random_state=work.seed,
            )
            clf.fit(X, work.y)
            return Trained(clf.coef_, clf.intercept_)

        return run

    return training_entry("scikit-learn SGDClassifier", work, {f"n_jobs: {threads}": prepare})
