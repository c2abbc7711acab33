"""Whatever a user hands in as what we compute with: arrays of a few types, plain values, paths."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np

from onelayer.arrays import Array
from onelayer.errors import InputError, InputTypeError, OnelayerError, printable

__all__ = ["ROW_TYPES", "as_labels", "as_numbers", "as_path", "input_errors", "is_table", "plain_value"]

# What is used as it is, without a copy.
ROW_TYPES: Final = (np.float32, np.float64, np.uint8)

# Whole numbers up to here become float32, in which they differ by far more than rounding; larger ones become float64.
LARGEST_WHOLE: Final = 65_536


def as_numbers(X: Any, name: str = "X") -> Array:
    """Return X, an array, a table or nested lists, as uint8, float32 or float64 in the machine's byte order.

    Arrays of these types come back as they are. Truth values, half floats and whole numbers of up
    to 65,536 become float32; everything else (larger integers, decimals, objects, text that says a number) float64. A
    table is float32 or bytes where all its columns are.

    Parameters
    ----------
    X : array of any shape, table of pandas, polars or pyarrow, or sequence
    name : str
        What X is called in messages.

    Raises
    ------
    InputError, InputTypeError
        For sparse matrices, complex numbers, dates and durations, records, masked values, and what is no number.

    Examples
    --------
    >>> as_numbers([[1, 255], [3, 4]]).dtype, as_numbers(np.array([1_700_000_000])).dtype
    (dtype('float32'), dtype('float64'))
    """
    if hasattr(X, "nnz"):
        raise InputTypeError(f"Sparse data was passed for {name}, but dense data is required: use its toarray()")
    if isinstance(X, np.ma.MaskedArray):
        if np.ma.is_masked(X):
            raise InputError(f"{name} has masked values: fill them, or leave those rows out")
        X = X.data
    with input_errors():
        if is_table(X):
            return _of_columns(X, name)
        return _of_array(X if isinstance(X, np.ndarray) else np.asarray(X), name)


def is_table(X: Any) -> bool:
    """Whether X is a table of pandas, polars, pyarrow or one of the like, with columns of types of their own."""
    if isinstance(X, np.ndarray | list | tuple):
        return False
    import narwhals.stable.v2 as nw

    return isinstance(nw.from_native(X, pass_through=True), nw.DataFrame | nw.LazyFrame)


def as_labels(y: Any, name: str = "y") -> Array:
    """Return labels of any type, an array or a column of a table, as a vector.

    Raises
    ------
    InputError, InputTypeError
        If they are no vector, some are missing, or there are both numbers and text.
    """
    from sklearn.utils import assert_all_finite, column_or_1d  # which take long to load
    from sklearn.utils.multiclass import check_classification_targets

    if np.ma.is_masked(y):
        raise InputError(f"{name} has masked values: leave those rows out")
    with input_errors():
        labels: Array = column_or_1d(_plain_labels(y, name), input_name=name, warn=True)
        assert_all_finite(labels, input_name=name)
        check_classification_targets(labels)
    return labels


def _plain_labels(y: Any, name: str) -> Any:
    """Return a column of a table as an array of its own type, and text as NumPy has always had it."""
    if not isinstance(y, np.ndarray | list | tuple):
        import narwhals.stable.v2 as nw

        column = nw.from_native(y, series_only=True, pass_through=True)
        if isinstance(column, nw.Series):
            if column.null_count():
                raise InputError(f"{name} has missing labels: leave those rows out")
            y = column.to_numpy()  # what pandas itself returns has integers that may be missing as floats
            y = y.astype(bool) if column.dtype == nw.Boolean else y
    if isinstance(y, np.ndarray):
        return np.array(y.tolist()) if y.dtype.kind == "T" else y.astype(y.dtype.newbyteorder("="), copy=False)
    return y


def plain_value(value: Any) -> Any:
    """Return scalars of NumPy and the like as Python's, and arrays, lists and tables of them as tuples and dicts.

    Examples
    --------
    >>> plain_value({np.str_("a"): np.float32(0.5), "b": np.array([1, 2]), "c": np.array(True)})
    {'a': 0.5, 'b': (1, 2), 'c': True}
    """
    if isinstance(value, np.floating):
        return float(value)  # long doubles have no other counterpart
    if isinstance(value, Mapping):
        return {plain_value(key): plain_value(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return tuple(plain_value(part) for part in value)
    if callable(getattr(value, "tolist", None)) and not isinstance(value, type):
        plain = value.tolist()
        return plain_value(plain) if isinstance(plain, list) else plain
    return value


def as_path(path: Any, name: str = "path") -> Path:
    """Return a path, which is text, bytes or a path.

    Raises
    ------
    InputTypeError
        If it is something else.
    """
    try:
        return Path(os.fsdecode(path))
    except TypeError:
        raise InputTypeError(f"{name} must be text or a path, not {type(path).__name__}") from None


@contextmanager
def input_errors() -> Iterator[None]:
    """Turn what NumPy, scikit-learn and others raise about an input into an error of ours, in one line."""
    try:
        yield
    except OnelayerError:
        raise
    except TypeError as error:
        raise InputTypeError(_one_line(error)) from error
    except (ValueError, OverflowError, ArithmeticError, RuntimeError) as error:
        raise InputError(_one_line(error)) from error
    except Exception as error:
        # Libraries of tables have errors of their own.
        if type(error).__module__.partition(".")[0] in ("narwhals", "polars", "pyarrow", "pandas"):
            raise InputError(_one_line(error)) from error
        raise


def _one_line(error: Exception) -> str:
    """Return the message without values and advice about other libraries, and with what to do about gaps."""
    lines = [line.strip() for line in str(error).splitlines()]
    if lines and ("contains NaN" in lines[0] or "contains infinity" in lines[0]):
        return f"{lines[0]} Replace such values, or leave those rows out."
    return printable(" ".join(line for line in lines if line and not line.startswith("array=")), 400)


def _of_columns(X: Any, name: str) -> Array:
    import narwhals.stable.v2 as nw

    frame = nw.from_native(X)
    if isinstance(frame, nw.LazyFrame):
        raise InputTypeError(f"{name} is a table that was not computed yet: collect() it")
    columns = []
    for column in frame.iter_columns():
        kind, of = column.dtype, f"column {printable(repr(column.name), 60)} of {name}"
        if type(getattr(column.to_native(), "dtype", None)).__name__ == "SparseDtype":
            raise InputTypeError(f"{of} is sparse, but dense data is required: use .sparse.to_dense()")
        if kind.is_temporal():
            raise InputTypeError(f"{of} has {kind}: turn dates and durations into numbers first")
        values: Array | None = None
        if not (kind.is_decimal() or kind in (nw.Int128, nw.UInt128)):
            values = column.to_numpy()
        if values is None or (values.dtype == object and (kind.is_numeric() or kind == nw.Boolean)):
            values = column.cast(nw.Float64).to_numpy()
        columns.append(_of_array(values, of))
    if not columns:
        return np.empty(frame.shape, np.float32)
    return np.stack(columns, axis=1, dtype=np.result_type(*columns))


def _of_array(X: Array, name: str) -> Array:
    if X.dtype in ROW_TYPES and X.dtype.isnative:
        return X
    kind = X.dtype.kind
    if kind == "c":
        raise InputError(f"Complex data not supported: give the real and imaginary parts of {name}, or magnitudes")
    if kind in "mM":
        raise InputTypeError(f"{name} has {X.dtype}: turn dates and durations into numbers first")
    if kind == "V" and X.dtype.type is np.void:
        raise InputTypeError(f"{name} has records of type {printable(str(X.dtype), 60)}: give one column a feature")
    if kind in "bV" or (kind in "fiu" and X.dtype.itemsize <= 2) or (kind == "f" and X.dtype.itemsize == 4):
        return X.astype(np.float32)
    if kind in "iu" and (not X.size or (X.min() >= -LARGEST_WHOLE and X.max() <= LARGEST_WHOLE)):
        return X.astype(np.float32)
    try:
        return X.astype(np.float64)
    except (TypeError, ValueError, ArithmeticError) as error:
        kind_of_error = InputTypeError if isinstance(error, TypeError) else InputError
        raise kind_of_error(f"{name} must be numbers: {_one_line(error)}") from error
