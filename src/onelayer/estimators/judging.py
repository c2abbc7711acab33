"""How a fitted classifier does on rows: one pass over them, from which every figure of merit comes."""

from __future__ import annotations

from typing import Any, Final

from sklearn.utils import _safe_indexing, check_consistent_length
from sklearn.utils.validation import _num_samples

from onelayer.conversion import as_labels, input_errors
from onelayer.evaluation import Judged, judge
from onelayer.training.labels import encode_labels

__all__ = ["judge_classifier"]

_MOST_SCORES: Final = 1 << 24  # kept at a time: of 10,000 classes a whole part could have gigabytes of them


def judge_classifier(clf: Any, X: Any, y: Any) -> Judged:
    """Return what a fitted classifier decides on rows, and what it costs.

    Parameters
    ----------
    clf : OneLayerClassifier
    X, y : as for ``predict`` and ``fit``

    Raises
    ------
    InputError
        Rows or labels don't fit the classifier, there are none, or its scores are not finite.
    """
    y = as_labels(y)
    with input_errors():
        check_consistent_length(X, y)
    labels = encode_labels(y, clf.classes_, "y")
    n, k = _num_samples(X), len(clf.classes_)
    size = max(1, _MOST_SCORES // k)
    parts = [slice(start, min(start + size, n)) for start in range(0, n, size)]
    blocks = ((part, clf._scores(X if len(parts) == 1 else _safe_indexing(X, part))) for part in parts)
    return judge(blocks, labels, clf._fitted.loss, k)
