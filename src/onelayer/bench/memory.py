"""How far training lets the process grow: ``python -m onelayer.bench.memory [DATA_DIR]`` prints one JSON object.

A process of its own starts without the memory that earlier work has left free for reuse. Linux only: the figures are
those of ``/proc/self``.
"""

from __future__ import annotations

import ctypes
import gc
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from onelayer.errors import DataError

__all__ = ["growth_in_new_process", "measure"]


def growth_in_new_process(data_dir: str | None) -> dict[str, Any]:
    """Return what :func:`measure` finds in a process of its own.

    Raises
    ------
    DataError
        If it fails; the message is the last line that it wrote.
    """
    command = [sys.executable, "-m", __name__, *([data_dir] if data_dir else [])]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 (our own command)
    if done.returncode:
        raise DataError(f"memory can't be measured: {(done.stderr.strip().splitlines() or ['no message'])[-1]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def measure(data_dir: str | None, epochs: int = 2) -> dict[str, Any]:
    """Fit CIFAR-10's bytes, standardised and with validation; return the growth of resident memory, in bytes.

    Memory counts from after the import of the estimator and the loading of the data, to the highest point of the fit.
    """
    from onelayer.data import load_dataset
    from onelayer.estimators import OneLayerClassifier

    train, _, held_out = load_dataset("cifar10", data_dir=data_dir, validation_fraction=0, download=False)
    clf = OneLayerClassifier(scaling="standardize", batch_size=100, max_epochs=epochs, random_state=0)
    _give_back()
    _forget_peak()
    before = _resident("VmRSS")
    clf.fit(train.X, train.y, X_val=held_out.X, y_val=held_out.y)
    return {
        "growth": _resident("VmHWM") - before,
        "data": train.X.nbytes,
        "accuracy": float(clf.history_["validation_accuracy"][-1]),
    }


def _resident(which: str) -> int:
    """Return ``VmRSS``, the resident memory now, or ``VmHWM``, the most since :func:`_forget_peak`; bytes."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{which}:"):
            return int(line.split()[1]) * 1024
    raise OSError(f"/proc/self/status has no {which}")


def _give_back() -> None:
    """Return what loading has left free to the system: else training could grow into it unseen."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


if __name__ == "__main__":
    json.dump(measure(sys.argv[1] if len(sys.argv) > 1 else None), sys.stdout)
