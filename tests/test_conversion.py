"""Numbers of every kind, array and table against what float64 makes of them."""

from __future__ import annotations

import datetime
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.sparse import csr_array

from onelayer.conversion import as_numbers
from onelayer.errors import InputError, InputTypeError, OnelayerError

SECONDS = np.array([1_700_000_001, 1_700_000_029])  # float32 has only every 128th such number
BYTE_ORDERS = st.sampled_from(["<", ">"])
NUMBERS = st.one_of(
    arrays.integer_dtypes(endianness="<"),
    arrays.integer_dtypes(endianness=">"),
    arrays.unsigned_integer_dtypes(endianness="<"),
    arrays.unsigned_integer_dtypes(endianness=">"),
    arrays.floating_dtypes(endianness="<", sizes=(16, 32, 64)),
    arrays.floating_dtypes(endianness=">", sizes=(16, 32, 64)),
    st.just(np.dtype(bool)),
)


@given(
    NUMBERS.flatmap(
        lambda dtype: arrays.arrays(dtype, (3, 2), elements={} if dtype.kind != "f" else {"allow_nan": False})
    )
)
def test_arrays_of_every_type_keep_what_float64_keeps(X):
    found = as_numbers(X)
    assert found.dtype in (np.uint8, np.float32, np.float64)
    assert found.dtype.isnative
    np.testing.assert_array_equal(found.astype(np.float64), X.astype(np.float64), strict=True)


@given(st.lists(st.integers(-(2**70), 2**70), min_size=1, max_size=5), st.sampled_from([object, str, "S", list]))
def test_objects_and_text_keep_what_float64_keeps(numbers, kind):
    X = numbers if kind is list else np.array(numbers, object).astype(kind)
    assert as_numbers(X).tolist() == [float(number) for number in numbers]


@pytest.mark.parametrize(
    ("X", "dtype"),
    [
        (np.zeros((2, 2), np.uint8), np.uint8),
        (np.zeros((2, 2), np.float32), np.float32),
        (np.zeros((2, 2)), np.float64),
        (np.zeros((2, 2), np.float16), np.float32),
        (np.zeros((2, 2), ">f4"), np.float32),
        (np.zeros((2, 2), ">f8"), np.float64),
        (np.zeros((2, 2), bool), np.float32),
        (np.full((2, 2), -128, np.int8), np.float32),
        (np.full((2, 2), 65_535, np.uint16), np.float32),
        (np.full((2, 2), 255, np.int64), np.float32),
        (np.full((2, 2), 65_537, np.int64), np.float64),
        (np.full((2, 2), -65_537, np.int32), np.float64),
        (np.zeros((0, 3), np.int64), np.float32),
        (np.zeros((2, 2), np.longdouble), np.float64),
        (np.zeros((2, 2), object), np.float64),
        (pd.DataFrame(np.zeros((2, 2), np.uint8)), np.uint8),
        (pd.DataFrame(np.full((2, 2), 255)), np.float32),
        (pl.DataFrame(np.zeros((2, 2), np.uint8)), np.uint8),
        (pl.DataFrame(np.zeros((2, 2), np.float32)), np.float32),
    ],
    ids=lambda value: str(getattr(value, "dtypes", getattr(value, "dtype", value))),
)
def test_types(X, dtype):
    assert as_numbers(X).dtype == dtype


@pytest.mark.parametrize("X", [np.zeros((2, 2), np.uint8), np.zeros((2, 2), np.float32), np.zeros((2, 2)).T])
def test_what_is_of_a_type_that_is_used_is_no_copy(X):
    assert as_numbers(X) is X


PANDAS = {
    "int64": pd.Series(SECONDS),
    "uint32": pd.Series(SECONDS.astype("u4")),
    "big-endian": pd.Series(SECONDS.astype(">i8")),
    "Int64": pd.Series(SECONDS, dtype="Int64"),
    "Float64": pd.Series(SECONDS, dtype="Float64"),
    "arrow int64": pd.Series(SECONDS, dtype="int64[pyarrow]"),
    "arrow double": pd.Series(SECONDS, dtype="double[pyarrow]"),
    "arrow decimal": pd.Series(list(map(Decimal, SECONDS.tolist())), dtype=pd.ArrowDtype(pa.decimal128(20, 2))),
    "decimal": pd.Series(list(map(Decimal, SECONDS.tolist()))),
    "object": pd.Series(SECONDS).astype(object),
    "category": pd.Series(SECONDS).astype("category"),
    "text": pd.Series(SECONDS).astype(str),
}
POLARS = {
    "Int64": pl.Series(SECONDS),
    "UInt32": pl.Series(SECONDS.astype("u4")),
    "Int128": pl.Series(SECONDS).cast(pl.Int128),
    "Float64": pl.Series(SECONDS.astype(float)),
    "Decimal": pl.Series(SECONDS).cast(pl.Decimal(20, 2)),
    "Object": pl.Series(SECONDS.tolist(), dtype=pl.Object),
    "Categorical": pl.Series(SECONDS.astype(str)).cast(pl.Categorical),
    "String": pl.Series(SECONDS.astype(str)),
}
# A float32, a byte or a truth value beside it makes pandas, polars and NumPy each choose another common type.
BESIDE = {"nothing": [], "float32": np.float32([0.1, 0.2]), "uint8": np.uint8([3, 4]), "bool": np.array([True, False])}


def columns(column, beside):
    return {"seconds": column} | ({"beside": BESIDE[beside]} if beside != "nothing" else {})


@pytest.mark.parametrize("beside", BESIDE)
@pytest.mark.parametrize("kind", PANDAS)
def test_tables_of_pandas(kind, beside):
    found = as_numbers(pd.DataFrame(columns(PANDAS[kind], beside)))
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found[:, 0], SECONDS)
    np.testing.assert_array_equal(found[:, 1:].ravel(), BESIDE[beside])


@pytest.mark.parametrize("beside", BESIDE)
@pytest.mark.parametrize("kind", POLARS)
def test_tables_of_polars(kind, beside):
    found = as_numbers(pl.DataFrame(columns(POLARS[kind], beside)))
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found[:, 0], SECONDS)
    np.testing.assert_array_equal(found[:, 1:].ravel(), BESIDE[beside])


def test_tables_of_pyarrow():
    np.testing.assert_array_equal(as_numbers(pa.table(columns(SECONDS, "bool"))), [[SECONDS[0], 1], [SECONDS[1], 0]])


@pytest.mark.parametrize("make", [pd.Series, pl.Series, pa.array], ids=["pandas", "polars", "pyarrow"])
def test_one_column_is_a_vector(make):
    np.testing.assert_array_equal(as_numbers(make(SECONDS)), SECONDS)


@pytest.mark.parametrize(
    "gap", [pd.Series([1, None], dtype="Int64"), pd.Series([None, True], dtype="boolean"), [1, None]]
)
def test_gaps_are_nan(gap):
    assert np.isnan(as_numbers(pd.DataFrame({"a": gap}))).sum() == 1
    assert np.isnan(as_numbers(pl.DataFrame({"a": [1, None], "b": [True, None]}))).sum() == 2


NOW = pd.Series([pd.Timestamp("2024-05-01"), pd.Timestamp("2024-05-02")])
REFUSED = {
    "complex": (np.ones((2, 2)) + 1j, InputError, "Complex data not supported"),
    "complex column": (pd.DataFrame({"a": [1j, 2j], "b": [True, False]}), InputError, "parts of column 'a' of X"),
    "dates": (np.array([["2024-05-01"]], "M8[s]"), InputTypeError, "X has datetime64[s]: turn dates and"),
    "durations": (np.array([[3]], "m8[s]"), InputTypeError, "X has timedelta64[s]: turn dates and"),
    "column of dates": (pd.DataFrame({"when": NOW, "b": [1, 2]}), InputTypeError, "column 'when' of X has Datetime("),
    "column of durations": (pd.DataFrame({"t": NOW - NOW[0]}), InputTypeError, "column 't' of X has Duration("),
    "column of periods": (
        pd.DataFrame({"t": NOW.dt.to_period("D")}),
        InputTypeError,
        "column 't' of X must be numbers",
    ),
    "dates of polars": (pl.DataFrame({"t": [datetime.date(2024, 5, 1)]}), InputTypeError, "column 't' of X has Date"),
    "objects": (np.array([[object()]]), InputTypeError, "X must be numbers: float() argument must be"),
    "dates as objects": (np.array([[datetime.date(2024, 5, 1)]]), InputTypeError, "X must be numbers"),
    "words": (np.array([["a"]]), InputError, "X must be numbers: could not convert string to float"),
    "column of words": (pd.DataFrame({"name": ["a", "b"]}), InputError, "column 'name' of X must be numbers: could"),
    "lists": (pl.DataFrame({"a": [[1, 2], [3]]}), InputError, "column 'a' of X must be numbers"),
    "records": (np.zeros((2, 1), [("a", "i4")]), InputTypeError, "X has records of type [('a', '<i4')]"),
    "raw memory": (np.zeros((2, 1), "V3"), InputTypeError, "X has records of type |V3"),
    "masked": (np.ma.array([[1, 2]], mask=[[0, 1]]), InputError, "X has masked values: fill them"),
    "sparse": (csr_array(np.eye(2)), InputTypeError, "dense data is required: use its toarray()"),
    "sparse column": (pd.DataFrame({"a": pd.arrays.SparseArray([0, 1])}), InputTypeError, "dense data is required"),
    "lazy table": (pl.LazyFrame({"a": [1]}), InputTypeError, "was not computed yet: collect() it"),
    "ragged": ([[1, 2], [3]], InputError, "inhomogeneous shape"),
    "integers without end": ([[10**400]], InputError, "too large to convert to float"),
    "same name twice": (pd.DataFrame([[1, 2]], columns=["a", "a"]), InputError, "Expected unique column names"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_number_is_refused(case):
    X, kind, message = REFUSED[case]
    with pytest.raises(kind) as raised:
        as_numbers(X)
    assert message in str(raised.value)
    assert isinstance(raised.value, OnelayerError)
    assert str(raised.value).isprintable()


def test_masks_that_hide_nothing_are_no_matter():
    assert as_numbers(np.ma.array([[1, 2]], mask=False)).tolist() == [[1, 2]]


def test_fractions_and_decimals():
    assert as_numbers(np.array([[Fraction(1, 3), Decimal("0.1")]])).tolist() == [[1 / 3, 0.1]]
