"""Memory: how far a fit on CIFAR-10 lets the process grow, in bytes beyond imports and data.

Run as a script, in a process of its own: ``python benchmarks/memory.py DATA_DIR`` prints one JSON object.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ALLOWANCE = 300_000_000  # bytes, beyond one more copy of the training images


def resident(which: str) -> int:
    """Return ``VmRSS``, the resident memory now, or ``VmHWM``, the most since :func:`forget_peak`; bytes."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{which}:"):
            return int(line.split()[1]) * 1024
    raise OSError(f"/proc/self/status has no {which}")


def forget_peak() -> None:
    """Let the kernel measure the peak of resident memory anew."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def measure(data_dir: str | None, epochs: int = 1) -> dict[str, Any]:
    """Train on standardised bytes with validation; return the growth of resident memory, its limit and the accuracy."""
    from onelayer import OneLayerClassifier, load_dataset

    train, validation, _ = load_dataset("cifar10", data_dir=data_dir, download=False)
    clf = OneLayerClassifier(scaling="standardize", batch_size=100, max_epochs=epochs, random_state=0)
    forget_peak()
    before = resident("VmRSS")
    clf.fit(train.X, train.y, X_val=validation.X, y_val=validation.y)
    return {
        "growth": resident("VmHWM") - before,
        "limit": train.X.nbytes + ALLOWANCE,
        "training_images": train.X.nbytes,
        "before": before,
        "validation_accuracy": float(clf.history_["validation_accuracy"][-1]),
    }


if __name__ == "__main__":
    json.dump(measure(sys.argv[1] if len(sys.argv) > 1 else None), sys.stdout)
