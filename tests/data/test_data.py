"""The face of the package: what it exports, and what importing it may load."""

from __future__ import annotations

import subprocess
import sys

import onelayer.data


def test_exported_names() -> None:
    assert onelayer.data.__all__ == [
        "CATALOG",
        "Dataset",
        "Splits",
        "describe",
        "list_datasets",
        "load_dataset",
        "read_image",
        "verify_dataset",
    ]


def test_importing_it_loads_no_optional_or_heavy_package() -> None:
    heavy = {"PIL", "pyarrow", "pooch", "sklearn", "rich", "requests"}
    code = f"import onelayer.data, sys; print({heavy} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "set()\n"
