"""Rows on demand equal plain NumPy on the whole array."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onelayer.errors import InputError, InputTypeError
from onelayer.rows import ArrayRows, as_rows
from onelayer.rows import base as rows_module

HEIGHT, WIDTH, CHANNELS = SHAPE = (2, 3, 2)
D = HEIGHT * WIDTH * CHANNELS
TYPES = st.sampled_from([np.uint8, np.float32, np.float64])


def plain(source):
    """All rows of a source by whole-array NumPy."""
    rows = source.array if source.indices is None else source.array[source.indices]
    rows = rows.astype(source.dtype)
    if source.mirrored is not None:
        images = rows.reshape(len(rows), *SHAPE)
        rows = np.where(source.mirrored[:, None, None, None], images[:, :, ::-1], images).reshape(rows.shape)
    if source.shift is not None:
        rows = rows - np.asarray(source.shift, source.dtype)
    if source.scale is not None:
        rows = rows * np.asarray(source.scale, source.dtype)
    return rows


@st.composite
def sources(draw):
    n = draw(st.integers(1, 20))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    array = rng.integers(0, 256, (n, D)).astype(draw(TYPES))
    indices = None
    if draw(st.booleans()):
        indices = np.array(draw(st.lists(st.integers(0, n - 1), max_size=30)), dtype=np.intp)
    count = n if indices is None else len(indices)
    vector = np.linspace(0.5, 3.0, D)
    return ArrayRows(
        array,
        dtype=draw(st.sampled_from([np.float32, np.float64])),
        shift=draw(st.sampled_from([None, 0.3, vector])),
        scale=draw(st.sampled_from([None, 1 / 3, vector])),
        indices=indices,
        mirrored=rng.random(count) < 0.5 if draw(st.booleans()) else None,
        image_shape=SHAPE,
    )


@settings(deadline=None)
@given(source=sources(), picks=st.lists(st.floats(0, 1, exclude_max=True), max_size=10))
def test_take_equals_plain_numpy(source, picks):
    indices = np.array([int(pick * source.n) for pick in picks if source.n], dtype=np.intp)
    np.testing.assert_array_equal(source.take(indices), plain(source)[indices], strict=True)


@settings(deadline=None)
@given(source=sources(), size=st.integers(1, 25))
def test_blocks_of_any_size_make_up_the_whole(source, size):
    collected = np.full((source.n, D), np.nan, source.dtype)
    for part, block in source.blocks(size):
        collected[part] = block
    np.testing.assert_array_equal(collected, plain(source), strict=True)


@settings(deadline=None)
@given(source=sources(), picks=st.lists(st.floats(0, 1, exclude_max=True), max_size=10))
def test_subset_equals_plain_numpy(source, picks):
    indices = np.array([int(pick * source.n) for pick in picks if source.n], dtype=np.intp)
    part = source.subset(indices)
    np.testing.assert_array_equal(part.take(np.arange(part.n)), plain(source)[indices], strict=True)


@settings(deadline=None)
@given(source=sources(), limit=st.sampled_from([0, 10**9]))
def test_expanded_source_has_the_same_rows(source, limit):
    expanded = source.expanded(limit)
    np.testing.assert_array_equal(expanded.take(np.arange(expanded.n)), plain(source), strict=True)


@settings(deadline=None)
@given(source=sources(), seed=st.integers(0, 100))
def test_expanded_source_mirrors_the_same_way(source, seed):
    mirrored = np.random.default_rng(seed).random(source.n) < 0.5
    bare = source.with_mirrored(None)
    expected = plain(bare.with_mirrored(mirrored))
    expanded = bare.expanded(10**9).with_mirrored(mirrored)
    np.testing.assert_array_equal(expanded.take(np.arange(expanded.n)), expected, strict=True)


@pytest.mark.parametrize(
    ("source", "plain_afterwards"),
    [
        pytest.param(ArrayRows(np.ones((4, D), np.uint8)), True, id="bytes"),
        pytest.param(ArrayRows(np.ones((4, D), np.uint8), scale=0.5, image_shape=SHAPE), True, id="scaled alike"),
        pytest.param(ArrayRows(np.ones((4, D), np.uint8), scale=np.ones(D)), True, id="each feature for itself"),
        pytest.param(ArrayRows(np.ones((4, D), np.uint8), scale=np.ones(D), image_shape=SHAPE), False, id="images"),
    ],
)
def test_what_is_expanded(source, plain_afterwards):
    assert source.expanded(10**9).is_plain is plain_afterwards


def test_nothing_larger_than_the_limit_is_expanded():
    source = ArrayRows(np.ones((4, D), np.uint8))
    assert (source.expanded(4 * D * 4 - 1), source.expanded(4 * D * 4).is_plain) == (source, True)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_memory_map_equals_its_array(tmp_path, dtype):
    array = np.random.default_rng(0).integers(0, 256, (9, D)).astype(dtype)
    np.save(tmp_path / "rows.npy", array)
    mapped = ArrayRows(np.load(tmp_path / "rows.npy", mmap_mode="r"), shift=1.0, scale=0.5)
    indices = np.array([8, 0, 3, 3])
    np.testing.assert_array_equal(mapped.take(indices), ArrayRows(array, shift=1.0, scale=0.5).take(indices))


def test_take_writes_into_the_buffer():
    buffer = np.empty((2, 2), np.float32)
    taken = ArrayRows(np.array([[1, 2], [3, 4]], np.uint8)).take(np.array([1, 0]), out=buffer)
    assert taken is buffer
    assert buffer.tolist() == [[3, 4], [1, 2]]


def test_the_array_stays_as_it_is():
    array = np.arange(2.0 * D).reshape(2, D)
    source = ArrayRows(
        array, dtype=np.float64, shift=1.0, scale=2.0, mirrored=np.array([True, True]), image_shape=SHAPE
    )
    list(source.blocks())
    source.take(np.array([0, 1]))
    np.testing.assert_array_equal(array, np.arange(2.0 * D).reshape(2, D))


def test_plain_rows_are_handed_out_without_a_copy():
    array = np.ones((5, 3), np.float32)
    assert all(np.shares_memory(block, array) for _, block in ArrayRows(array).blocks(2))


def test_default_blocks_are_about_a_megabyte():
    sizes = [len(block) for _, block in ArrayRows(np.zeros((1000, 1024), np.uint8)).blocks()]
    assert sizes == [256, 256, 256, 232]
    assert rows_module.BLOCK_BYTES == 256 * 1024 * 4


def test_default_blocks_that_are_views_have_2048_rows():
    sizes = [len(block) for _, block in ArrayRows(np.zeros((5000, 1024), np.float32)).blocks()]
    assert sizes == [2048, 2048, 904]


@settings(deadline=None)
@given(sources(), st.integers(0, 9), st.integers(0, 9))
def test_section_equals_plain_numpy(source, start, stop):
    section = source.section(slice(start, stop))
    np.testing.assert_array_equal(section.take(np.arange(section.n)), plain(source)[start:stop])


def test_mirroring_comes_before_scaling():
    source = ArrayRows(np.array([[1, 2, 3]], np.uint8), scale=np.array([1.0, 10.0, 100.0]), image_shape=(1, 3, 1))
    assert source.with_mirrored(np.array([True])).take(np.array([0])).tolist() == [[3, 20, 100]]


def test_no_float_copy_of_the_whole():
    array = np.zeros((6_500, 3072), np.uint8)  # 20 MB; 80 MB as float32
    source = ArrayRows(array, shift=np.zeros(3072, np.float32), scale=np.ones(3072, np.float32))
    tracemalloc.start()
    try:
        for _, block in source.blocks():
            assert block.dtype == np.float32
        for start in range(0, 6_400, 128):
            source.take(np.arange(start, start + 128))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 6_000_000


@pytest.mark.parametrize("shape", [(5, 6), (5, 2, 3), (5, 2, 3, 1)])
def test_images_become_rows_without_a_copy(shape):
    images = np.arange(30, dtype=np.uint8).reshape(shape)
    rows = as_rows(images)
    assert rows.shape == (5, 6)
    assert np.shares_memory(rows, images)


@pytest.mark.parametrize("shape", [(5,), (1, 1, 1, 1, 1)])
def test_other_shapes_are_no_rows(shape):
    with pytest.raises(InputError, match="rows \\(n, d\\) or images"):
        as_rows(np.zeros(shape))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        pytest.param({"array": np.zeros(3)}, InputError, "2-D array", id="one axis"),
        pytest.param({"array": np.zeros((2, 3), np.int64)}, InputTypeError, "they are int64", id="integers"),
        pytest.param({"array": np.zeros((2, 3), object)}, InputTypeError, "they are object", id="objects"),
        pytest.param({"mirrored": np.array([True, False])}, InputError, "image_shape", id="mirrored rows"),
        pytest.param(
            {"mirrored": np.array([True]), "image_shape": (1, 3, 1)}, InputError, "each of the 2 rows", id="one mark"
        ),
        pytest.param({"image_shape": (2, 2, 1)}, InputError, "does not make 3 features", id="another shape"),
        pytest.param({"indices": np.array([0, 2])}, InputError, "no row 2 among 2 rows", id="index too large"),
        pytest.param({"indices": np.array([-1])}, InputError, "no row -1 among 2 rows", id="negative index"),
        pytest.param({"indices": np.array([True, False])}, InputTypeError, "they are bool", id="mask"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        ArrayRows(**{"array": np.zeros((2, 3))} | arguments)


@pytest.mark.parametrize("index", [-1, 2])
def test_subset_of_a_subset_has_its_own_numbering(index):
    part = ArrayRows(np.zeros((5, 3))).subset(np.array([3, 4]))
    with pytest.raises(InputError, match=f"no row {index} among 2 rows"):
        part.subset(np.array([index]))
