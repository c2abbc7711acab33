"""The native engine's face: one checked job a kernel.

Everything here has a definition in array code (``losses``, ``solvers.sgd``, ``objective``, ``features.hog``), and
equals it to rounding; a permutation is NumPy's, and equals that. Ask :func:`supports` or :func:`available` first:
without a compiler at installation, or with ``ONELAYER_ENGINE=reference``, there is no engine, and the definitions run.
"""

from onelayer.engine.images import hog
from onelayer.engine.library import DenseRows, available, instruction_set, knows, name, supports
from onelayer.engine.passes import PassJob, PassSums
from onelayer.engine.shuffling import permutation
from onelayer.engine.training import TrainJob

__all__ = [
    "DenseRows",
    "PassJob",
    "PassSums",
    "TrainJob",
    "available",
    "hog",
    "instruction_set",
    "knows",
    "name",
    "permutation",
    "supports",
]
