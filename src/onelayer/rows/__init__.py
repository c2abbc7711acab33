"""Rows: the one place where rows are gathered, converted, mirrored and scaled, wherever they are stored."""

from onelayer.rows.array import ArrayRows, as_rows
from onelayer.rows.base import BLOCK_BYTES, Rows
from onelayer.rows.labelled import LabelledRows

__all__ = ["BLOCK_BYTES", "ArrayRows", "LabelledRows", "Rows", "as_rows"]
