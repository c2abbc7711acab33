"""One vocabulary and one rule say which part a name means."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onelayer.data.parts import PART_WORDS, divide, part_and_rest, part_asked_for, part_of, shard_note
from onelayer.errors import ConfigError, DataError

WORDS = [(part, word) for part, words in PART_WORDS.items() for word in words]
FORMS = [
    *("{}", "{}.parquet", "mnist_{}", "mnist-{}.npz", "{}_images", "my.{}", "seg_{}", "{} set", "{}-0001", "01_{}"),
    *("{}-00000-of-00002", "{}-00000-of-00002-a09b74b3ef9c3b56", "x_{}", "emnist-letters-{}-images-idx3-ubyte"),
]


@pytest.mark.parametrize(("part", "word"), WORDS)
def test_every_word_in_every_name(part: str, word: str) -> None:
    names = [form.format(style(word)) for form in FORMS for style in (str.lower, str.upper, str.title)]
    assert [name for name in names if part_of(name) != part] == []


@pytest.mark.parametrize(
    ("name", "part"),
    [
        *(("xtrain", "train"), ("y_TEST", "test"), ("XVal", "validation"), ("trainX", "train"), ("testlabels", "test")),
        *(("TestSet", "test"), ("val2017", "validation"), ("testA", "test"), ("MNISTTrain", "train")),
        *(("hold-out", "test"), ("Held Out", "test"), ("hold_out_2", "test")),
    ],
)
def test_words_that_are_written_together(name: str, part: str) -> None:
    assert part_of(name) == part


@pytest.mark.parametrize(
    "name",
    [
        *("", "things", "testify", "contest", "latest", "detrain", "trainer", "trains", "value", "invalid", "device"),
        *("valley", "evaluate", "holdouts", "0000", "a09b74b3ef9c3b56", "train-and-test", "train_test_split", "hold"),
        *("data_batch_1", "unlabelled", "extra"),
    ],
)
def test_names_that_say_no_part_or_several(name: str) -> None:
    assert part_of(name) is None


@given(st.text(max_size=30))
def test_any_name_is_taken(name: str) -> None:
    part, rest = part_and_rest(name)
    assert part in (None, *PART_WORDS)
    assert all(word == word.lower() and not word.isdigit() for word in rest)


@pytest.mark.parametrize(("part", "word"), [*WORDS, ("all", "all")])
def test_options_take_the_same_words(part: str, word: str) -> None:
    assert part_asked_for(word) == part_asked_for(word.upper()) == part


def test_an_option_that_is_no_part_brings_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"split 'tset' is not train, validation, test or all; did you mean 'test'\?"):
        part_asked_for("tset")


def named(root: Path, *names: str) -> list[Path]:
    return [root / name for name in names]


def division(root: Path, *names: str) -> dict[str, list[str]]:
    found = divide(named(root, *names), root)
    parts = {part: [str(path.relative_to(root)) for path in paths] for part, paths in found.parts.items()}
    return {**parts, **({"others": [str(path.relative_to(root)) for path in found.others]} if found.others else {})}


DIVISIONS = {
    ("a.npz",): {"all": ["a.npz"]},
    ("a.npz", "b.npz"): {"all": ["a.npz", "b.npz"]},
    ("train.npz",): {"train": ["train.npz"]},
    ("mnist_train.p", "mnist_test.p"): {"train": ["mnist_train.p"], "test": ["mnist_test.p"]},
    ("train.p", "dev.p", "test.p"): {"train": ["train.p"], "validation": ["dev.p"], "test": ["test.p"]},
    ("train.p", "test.p", "extra.p"): {"train": ["train.p"], "test": ["test.p"], "others": ["extra.p"]},
    ("test.p", "val.p"): {"validation": ["val.p"], "test": ["test.p"]},
    ("train-1.p", "train-2.p"): {"train": ["train-1.p", "train-2.p"]},
    ("train/0.p", "test/0.p"): {"train": ["train/0.p"], "test": ["test/0.p"]},
    ("default/train/0.p", "default/test/0.p"): {"train": ["default/train/0.p"], "test": ["default/test/0.p"]},
    # the file's own name says more than its folder's
    ("train/train.p", "train/val.p"): {"train": ["train/train.p"], "validation": ["train/val.p"]},
    # what all names have tells none of them from another
    ("crash-test-train.p", "crash-test-test.p"): {"train": ["crash-test-train.p"], "test": ["crash-test-test.p"]},
    ("test-0-of-2.p", "test-1-of-2.p"): {"test": ["test-0-of-2.p", "test-1-of-2.p"]},
    ("train-1-of-2.p", "train-2-of-2.p"): {"train": ["train-1-of-2.p", "train-2-of-2.p"]},
    ("train-0-of-2-0a1b2c3d.p", "train-1-of-2-4e5f6a7b.p"): {
        "train": ["train-0-of-2-0a1b2c3d.p", "train-1-of-2-4e5f6a7b.p"]
    },
}


@pytest.mark.parametrize("names", DIVISIONS)
def test_divisions(tmp_path: Path, names: tuple[str, ...]) -> None:
    assert division(tmp_path, *names) == DIVISIONS[names]


REFUSALS = {
    ("train.p", "test.p", "holdout.p"): "both the test part",
    ("train.p", "val.p", "dev.p"): "both the validation part",
    ("train.p", "training.p"): "both the train part",
    ("mnist.p", "mnist_test.p"): "mnist_test.p is held out by its name, and .*mnist.p says no part",
    ("train_test.p", "other.p"): r"says several parts by its name \(test, train\)",
    ("a-train.p", "a-test.p", "b-train.p", "b-test.p"): r"several sets \(a, b\)",
    ("coarse/train.p", "fine/train.p"): r"several sets \(coarse, fine\)",
    ("train-00000-of-00002.p",): "one of 2 files of the part 'train', and 1 are there: number 1 is missing",
    ("train-00001-of-00002-a09b74b3ef9c3b56.p", "test.p"): "number 0 is missing",
    ("train-0-of-3.p", "train-2-of-3.p"): "number 1 is missing",
    ("train-1-of-3.p", "train-3-of-3.p"): "number 2 is missing",
    ("train-0-of-2-0a1b2c3d.p", "train-0-of-2-4e5f6a7b.p"): "are the same shard",
    ("train-0-of-2.p", "train-1-of-2.p", "train-0-of-3.p"): "others are of another number",
    ("0-of-2.p",): "one of 2 files, and 1 are there",
    ("train-0-of-1.p", "train-1-of-1.p"): "others are there",
}


@pytest.mark.parametrize("names", REFUSALS)
def test_refusals(tmp_path: Path, names: tuple[str, ...]) -> None:
    with pytest.raises(DataError, match=REFUSALS[names]) as caught:
        division(tmp_path, *names)
    assert len(str(caught.value).splitlines()) == 1


def test_a_shard_that_is_read_alone_has_a_note() -> None:
    assert shard_note(Path("x/train-00000-of-00002.parquet")) is not None
    assert shard_note(Path("x/train-00000-of-00001.parquet")) is None
    assert shard_note(Path("x/one-of-a-kind.parquet")) is None
