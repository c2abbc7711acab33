"""Data sets: what they are, readers of every format, the catalog of named ones, and splits."""

from __future__ import annotations

from .catalog import CATALOG
from .dataset import Dataset
from .images import read_image
from .inventory import describe, list_datasets, verify_dataset
from .load import load_dataset
from .splits import Splits

__all__ = [
    "CATALOG",
    "Dataset",
    "Splits",
    "describe",
    "list_datasets",
    "load_dataset",
    "read_image",
    "verify_dataset",
]
