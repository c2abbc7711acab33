"""What a run ran on and with: enough to repeat it, nothing about whose machine it was."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import sklearn
import threadpoolctl

from onelayer.version import __version__

__all__ = ["describe_environment", "instruction_sets"]

# What the arithmetic can depend on: the vector extensions of x86-64 and of 64-bit ARM.
_EXTENSIONS = (
    *("sse4_2", "avx", "f16c", "fma", "avx2", "avx_vnni"),
    *("avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_tile"),
    *("asimd", "asimdhp", "asimddp", "sve", "sve2", "bf16", "i8mm"),
)


def describe_environment(
    *, engine: str, threads: int, dataset_fingerprint: str | None = None, seed: int | None = None
) -> dict[str, Any]:
    """Describe the software and hardware of a run, without host name, user name or any path.

    Parameters
    ----------
    engine : str
        What computed the epochs (``"numpy"``, or the native engine's name).
    threads : int
        How many threads it was given.
    dataset_fingerprint : str or None
        The digest of the data set's content.
    seed : int or None
        The seed of the run.

    Returns
    -------
    dict
        Keys ``engine``, ``threads``, ``seed``, ``dataset_fingerprint``, ``versions``, ``blas``, ``platform``, ``cores``
        and ``instruction_sets``; JSON has all values.

    Examples
    --------
    >>> describe_environment(engine="numpy", threads=2, seed=0)["engine"]
    'numpy'
    """
    return {
        "engine": engine,
        "threads": threads,
        "seed": seed,
        "dataset_fingerprint": dataset_fingerprint,
        "versions": {
            "python": platform.python_version(),
            "onelayer": __version__,
            "numpy": np.__version__,
            "scikit-learn": sklearn.__version__,
        },
        "blas": _blas(),
        "platform": {
            "system": platform.system(),
            "machine": platform.machine(),
            "c_library": " ".join(platform.libc_ver()).strip(),
            "processor": _cpu_fields().get("model name", ""),
        },
        "cores": _cores(),
        "instruction_sets": instruction_sets(),
    }


def instruction_sets() -> list[str]:
    """Return the vector extensions that the processor reports, in a fixed order; empty where the system doesn't say.

    Examples
    --------
    >>> isinstance(instruction_sets(), list)
    True
    """
    fields = _cpu_fields()
    reported = f"{fields.get('flags', '')} {fields.get('Features', '')}".split()
    return [extension for extension in _EXTENSIONS if extension in reported]


def _blas() -> list[dict[str, Any]]:
    """Return the libraries in an order of their own, not in that in which they were loaded."""
    libraries: list[dict[str, Any]] = [
        {
            "library": pool.get("internal_api"),
            "version": pool.get("version"),
            "architecture": pool.get("architecture"),
            "threads": pool.get("num_threads"),
        }
        for pool in threadpoolctl.threadpool_info()
        if pool.get("user_api") == "blas"
    ]
    return sorted(libraries, key=lambda library: (str(library["library"]), str(library["version"])))


def _cores() -> dict[str, int | None]:
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    # joblib's count is what may be used: affinity and the container's quota are in it.
    return {"logical": os.cpu_count(), "affinity": affinity, "usable": joblib.cpu_count()}


def _cpu_fields(path: Path = Path("/proc/cpuinfo")) -> dict[str, str]:
    """Return the fields of the first processor that Linux lists."""
    try:
        first = path.read_text(errors="replace").split("\n\n", 1)[0]
    except OSError:
        return {}
    pairs = (line.split(":", 1) for line in first.splitlines() if ":" in line)
    return {key.strip(): value.strip() for key, value in pairs}
