"""Data sets: what they are, readers of every format, the catalog of named ones, and splits."""

from __future__ import annotations

from .dataset import Dataset
from .images import read_image
from .load import load_dataset
from .splits import Splits

__all__ = ["Dataset", "Splits", "load_dataset", "read_image"]
