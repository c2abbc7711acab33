"""The native engine's face: arrays in, arrays out.

Everything here has a definition in array code (``losses``, ``solvers.sgd``, ``objective``, ``features.hog``), and
equals it to rounding; a permutation is NumPy's, and equals that. Ask
:func:`available` first: without a compiler at installation, or with ``ONELAYER_ENGINE=reference``, there is no
engine, and the definitions run.
"""

from onelayer.engine.images import hog
from onelayer.engine.library import available, instruction_set, knows, name
from onelayer.engine.models import train_models_segment
from onelayer.engine.passes import evaluate, hessian_product_sums, loss_and_gradient_sums
from onelayer.engine.shuffling import permutation
from onelayer.engine.training import train_segment

__all__ = [
    "available",
    "evaluate",
    "hessian_product_sums",
    "hog",
    "instruction_set",
    "knows",
    "loss_and_gradient_sums",
    "name",
    "permutation",
    "train_models_segment",
    "train_segment",
]
