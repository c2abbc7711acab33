from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fuzzing import encoded
from PIL import Image

from onelayer.data import load_dataset, read_image
from onelayer.data.parquet import find_parquet, read_parquet_file, read_parquet_folder
from onelayer.errors import DataError, DataWarning, MissingDependencyError

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

PICTURES = [encoded("PNG", size=(4, 4))] * 12
LABELS = [i % 3 for i in range(12)]


def write(
    path: Path, images: Any = None, labels: Any = LABELS, image: str = "img", label: str = "label", **options: Any
) -> Path:
    images = [{"bytes": picture, "path": None} for picture in PICTURES[: len(labels)]] if images is None else images
    metadata = options.pop("metadata", None)
    table = pa.table({image: images, label: labels})
    pq.write_table(table.replace_schema_metadata(metadata), path, **options)
    return path


def named(names: Any) -> dict[bytes, bytes]:
    return {
        b"huggingface": json.dumps({"info": {"features": {"label": {"names": names, "_type": "ClassLabel"}}}}).encode()
    }


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "set.parquet"


@pytest.mark.parametrize("image", ["img", "image"])
@pytest.mark.parametrize("label", ["label", "fine_label"])
def test_columns(file: Path, image: str, label: str) -> None:
    X, y = read_parquet_file(write(file, image=image, label=label)).parts["all"]
    assert y.tolist() == LABELS
    np.testing.assert_array_equal(X[5], read_image(PICTURES[5]))


@pytest.mark.parametrize("rows", [1, 5, 100])
def test_rows_keep_their_order_over_row_groups(file: Path, rows: int) -> None:
    levels = [bytes(encoded_grey(i)) for i in range(12)]
    write(file, [{"bytes": level, "path": None} for level in levels], row_group_size=rows)
    assert read_parquet_file(file).parts["all"].X[:, 0, 0, 0].tolist() == list(range(12))


def encoded_grey(level: int) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.full((2, 2), level, np.uint8)).save(out, "PNG")
    return out.getvalue()


def test_class_names_come_from_the_schema(file: Path) -> None:
    names = ["</script><img onerror=x>", "[/red]", "c"]
    assert read_parquet_file(write(file, metadata=named(names))).class_names == tuple(names)


@pytest.mark.parametrize(
    "metadata", [None, {b"huggingface": b"{"}, {b"huggingface": b"[]"}, named([1, 2, 3]), named({}), named([])]
)
def test_without_sound_names_there_are_none(file: Path, metadata: Any) -> None:
    assert read_parquet_file(write(file, metadata=metadata)).class_names is None


def test_parts_and_shards(tmp_path: Path) -> None:
    for name in ("train-00000-of-00002", "train-00001-of-00002", "test-00000-of-00001", "validation-00000-of-00001"):
        write(tmp_path / f"{name}.parquet")
    content = read_parquet_folder(tmp_path)
    assert {part: len(rows.y) for part, rows in content.parts.items()} == {"train": 24, "test": 12, "validation": 12}


def test_the_data_folder_of_a_hub_repository(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    write(tmp_path / "data" / "train-00000-of-00001.parquet")
    write(tmp_path / "data" / "test-00000-of-00001.parquet")
    found = find_parquet(tmp_path)
    assert found is not None
    assert set(found.parts) == {"train", "test"}


@pytest.mark.parametrize("name", ["training", "train-00000-of-00001", "testify", "things"])
def test_files_of_no_split_are_one_part(tmp_path: Path, name: str) -> None:
    write(tmp_path / f"{name}.parquet")
    assert list(read_parquet_folder(tmp_path).parts) == ["all"]


def test_a_missing_shard_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "train-00000-of-00002.parquet")
    with pytest.raises(DataError, match="one of 2 files"):
        load_dataset(tmp_path)


def test_resize(file: Path) -> None:
    images = [{"bytes": encoded("PNG", size=(3 + i, 4)), "path": None} for i in range(12)]
    with pytest.warns(DataWarning, match="images of 3×4 to 14×4 pixels.* brought to 4×4"):
        assert load_dataset(write(file, images)).train.image_shape == (4, 4, 3)
    with pytest.warns(DataWarning, match="stretched to 5×6"):
        assert load_dataset(file, resize=(5, 6)).train.image_shape == (5, 6, 3)


BAD: list[tuple[str, dict[str, Any]]] = [
    ("no image column", {"images": [0] * 12, "image": "thing"}),
    ("no label column", {"labels": [[0]] * 12, "label": "other"}),
    ("must hold {bytes, path}", {"images": ["text"] * 12}),
    ("must hold {bytes, path}", {"images": [{"bytes": "text", "path": ""}] * 12}),
    ("must hold integers", {"labels": [[0]] * 12}),
    ("fractions", {"labels": [0.5] * 12}),
    ("6 rows have no label", {"labels": [0, None] * 6}),
    ("6 rows have no label", {"labels": ["a", None] * 6}),
    ("no row has a label", {"labels": [-1] * 12}),
    ("label -1 at row 3", {"labels": [0, 1, 2, -1] * 3, "metadata": named(["a", "b", "c"])}),
    ("row 0 has no image bytes", {"images": [{"bytes": None, "path": "cat.png"}] * 11 + [{"bytes": b"", "path": ""}]}),
    (
        "row 2 can't be read as an image",
        {"images": [{"bytes": p, "path": ""} for p in [*PICTURES[:2], b"x", *PICTURES[3:]]]},
    ),
    ("1 class", {"labels": [0] * 12}),
    ("at least 3", {"labels": [0] * 11 + [1]}),
    (
        "claims 0 rows",
        {"images": pa.array([], pa.struct([("bytes", pa.binary())])), "labels": pa.array([], pa.int64())},
    ),
]


@pytest.mark.parametrize(("message", "columns"), BAD)
def test_bad_content_is_refused(file: Path, message: str, columns: dict[str, Any]) -> None:
    with pytest.raises(DataError, match=message):
        load_dataset(write(file, **columns))


def test_labels_beyond_the_names_are_refused(file: Path) -> None:
    with pytest.raises(DataError, match="out of range"):
        load_dataset(write(file, metadata=named(["a", "b"])))


@pytest.mark.parametrize(
    "damage",
    [lambda d: b"", lambda d: d[:100], lambda d: d[:-1], lambda d: d[:-12] + bytes(8) + d[-4:], lambda d: b"x" * 99],
)
def test_damaged_files_are_refused(file: Path, damage: Any) -> None:
    file.write_bytes(damage(write(file).read_bytes()))
    with pytest.raises(DataError, match=r"set\.parquet is not a Parquet file"):
        load_dataset(file)


def test_without_pyarrow_the_extra_is_named(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(file)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingDependencyError, match=r"onelayer\[parquet\]"):
        load_dataset(file)


@pytest.mark.slow
def test_cifar10_decodes_to_what_pillow_says(data_dir: Path) -> None:
    path = data_dir / "cifar10" / "test-00000-of-00001.parquet"
    X, y = read_parquet_file(path).parts["all"]
    assert (X.shape, X.dtype) == ((10_000, 32, 32, 3), np.uint8)
    assert np.bincount(y).tolist() == [1000] * 10
    table = pq.read_table(path)
    for row in range(0, 10_000, 997):
        with Image.open(io.BytesIO(table["img"][row].as_py()["bytes"])) as image:
            np.testing.assert_array_equal(X[row], np.asarray(image))


def test_the_batches_that_are_decoded_stay_small(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tracemalloc

    noise = encoded("PNG", size=(64, 64))
    write(file, [{"bytes": noise, "path": None}] * 1200, [0, 1] * 600, use_dictionary=False)
    monkeypatch.setattr("onelayer.data.parquet._BATCH", 32)
    read_parquet_file(file)
    tracemalloc.start()
    try:
        X = read_parquet_file(file).parts["all"].X
        assert tracemalloc.get_traced_memory()[1] < X.nbytes + 32 * (len(noise) + 64 * 64 * 3) + (1 << 20)
    finally:
        tracemalloc.stop()
