"""Classes are names: one spelling, one order, and one way from what a user writes to a label."""

from __future__ import annotations

import unicodedata
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onelayer.data.classes import (
    Labels,
    class_order,
    declared_labels,
    distinct_names,
    find_classes,
    natural_key,
    normal_name,
    read_labels,
    unite,
    weights_by_label,
)
from onelayer.data.content import settle
from onelayer.errors import ConfigError, DataError

NFC, NFD = "Bäume", "Ba\u0308ume"


def named(y: list[int], *names: str) -> Labels:
    return Labels(np.array(y, np.int64), names)


def declared(y: list[int], *names: str) -> Labels:
    return Labels(np.array(y, np.int64), names, declared=True)


def bare(*y: int) -> Labels:
    return Labels(np.array(y, np.int64))


def in_words(labels: Labels) -> list[str]:
    assert labels.names is not None
    return [labels.names[i] for i in labels.y]


# Spelling and order


def test_accents_have_one_spelling() -> None:
    assert NFC != NFD
    assert normal_name(NFC) == normal_name(NFD) == unicodedata.normalize("NFC", NFD)


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=20))
def test_every_name_becomes_text_that_can_be_written(name: str) -> None:
    once = normal_name(name)
    assert normal_name(once) == once
    once.encode("utf-8")


def test_natural_key_orders_any_names() -> None:
    names = ["10", "9", "a2", "a1", "a10", "a", "a01", "²", "", "9" * 5000]
    assert sorted(names, key=natural_key) == ["", "9", "10", "9" * 5000, "a", "a01", "a1", "a2", "a10", "²"]


@given(st.lists(st.integers(-(10**6), 10**6), unique=True))
def test_whole_numbers_are_ordered_by_value(values: list[int]) -> None:
    assert class_order(str(value) for value in values) == [str(value) for value in sorted(values)]


@given(st.lists(st.text(max_size=8), unique=True, max_size=8))
def test_the_order_of_names_does_not_depend_on_the_order_they_come_in(names: list[str]) -> None:
    assert class_order(names) == class_order(reversed(names))


# Labels as arrays have them


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["1", "10", "2"], ["1", "10", "2"]),
        ([b"1", b"10", b"2"], ["1", "10", "2"]),
        ([NFC, NFD, "a"], [NFC, NFC, "a"]),
        ([True, False], ["True", "False"]),
        (np.array([2**64 - 1, 5], np.uint64), [str(2**64 - 1), "5"]),
        (["a\udcff", "b"], ["a\ufffd", "b"]),
        ([[["b"]], [["a"]]], ["b", "a"]),
    ],
)
def test_text_and_truth_values_are_names(values: Any, words: list[str]) -> None:
    labels = read_labels(np.array(values), "y")
    assert labels.names == tuple(class_order(set(words)))
    assert in_words(labels) == words


@pytest.mark.parametrize("kind", ["i1", "u1", ">i2", "<u4", "i8", "f2", ">f4", "f8"])
@pytest.mark.parametrize("shape", [(3,), (3, 1), (3, 1, 1)])
def test_whole_numbers_are_kept(kind: str, shape: tuple[int, ...]) -> None:
    labels = read_labels(np.array([7, 3, 7], kind).reshape(shape), "y")
    assert labels.names is None
    assert labels.y.tolist() == [7, 3, 7]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.eye(3), r"one label a row, got the shape \(3, 3\)\. Of one-hot rows, save y\.argmax"),
        (np.zeros((0,)), "one label a row"),
        (np.array([0.5, 1]), "fractions"),
        (np.array([np.nan, 1]), "NaN"),
        (np.array([np.inf, 1]), "infinity"),
        (np.array([1e300, 1]), "fractions"),
        (np.frombuffer(b"\xff\xff\xff\xff", "<U1"), "text that can't be read"),
    ],
)
def test_what_is_no_label_is_refused(values: np.ndarray, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_labels(values, "y")


@pytest.mark.parametrize("labels", [bare(-1, -1), read_labels(np.array([np.nan, np.nan]), "y"), declared([-1], "a")])
def test_rows_without_any_label(labels: Labels) -> None:
    assert labels.absent


@pytest.mark.parametrize(("names", "how"), [(["a", "b", "a"], "twice. Rename"), ([NFC, NFD], "spelled in two ways")])
def test_two_classes_of_one_name_are_refused(names: list[str], how: str) -> None:
    with pytest.raises(DataError, match=how):
        distinct_names(names, "set")


@pytest.mark.parametrize(
    ("y", "message"), [([0, 2], "label 2 at row 1 is out of range"), ([0, -1], "-1 stands for no")]
)
def test_labels_beyond_their_names_are_refused(y: list[int], message: str) -> None:
    with pytest.raises(DataError, match=message):
        declared_labels(np.array(y, np.int64), ["a", "b"], "set")


# Several files, one numbering


@given(st.data())
def test_a_class_is_the_same_in_all_files_if_its_name_is(data: st.DataObject) -> None:
    names = ["cat", "dog", "10", "9", NFC]
    files = []
    for _ in range(data.draw(st.integers(1, 4))):
        own = data.draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
        y = data.draw(st.lists(st.integers(0, len(own) - 1), min_size=1))
        files.append((declared if data.draw(st.booleans()) else named)(y, *own))
    united, moved = unite([(str(i), labels) for i, labels in enumerate(files)])
    assert united is not None
    assert len(set(united)) == len(united)
    for labels, y in zip(files, moved, strict=True):
        assert [united[label] for label in y] == in_words(labels)


def test_the_first_list_of_names_gives_the_order() -> None:
    assert unite([("a", declared([0], "dog", "cat")), ("b", declared([0], "cat", "bird", "dog"))]) == (
        ("dog", "cat", "bird"),
        [np.array([0]), np.array([1])],
    )


def test_numbers_are_names_beside_text() -> None:
    names, y = unite([("a", named([0, 1], "1", "2")), ("b", bare(2, 1))])
    assert names == ("1", "2")
    assert y[1].tolist() == [1, 0]


def test_numbers_without_names_beside_a_list_of_names_are_refused() -> None:
    with pytest.raises(DataError, match="b has labels that are numbers without names, and a has names"):
        unite([("a", declared([0], "cat", "dog")), ("b", bare(0, 1))])


def test_numbers_alone_stay_numbers() -> None:
    assert unite([("a", bare(3, 5))])[0] is None


def test_a_held_out_part_without_labels_is_left_out_and_training_rows_alone_are_the_set() -> None:
    settled = settle({"train": [("a", declared([0, 1], "x", "y"))], "test": [("b", declared([-1, -1], "x", "y"))]})
    assert list(settled.y) == ["all"]
    assert settled.left_out == (("b", "no row of it has a label"),)


def test_minus_one_is_a_class_where_training_rows_have_it() -> None:
    settled = settle({"train": [("a", bare(-1, 1))], "test": [("b", bare(-1, -1))]})
    assert list(settled.y) == ["train", "test"]


def test_minus_one_beside_zero_is_a_class_and_said_to_be() -> None:
    assert settle({"all": [("a", bare(-1, 1))]}).notes == ()
    assert "-1 is taken for the name of a class" in settle({"all": [("a", bare(-1, 0, 1))]}).notes[0]


@pytest.mark.parametrize("make", [named, declared])
def test_a_held_out_class_that_no_training_row_has_is_refused(make: Any) -> None:
    with pytest.raises(DataError, match=r"b has the class 'y' \(2 rows\), and the training part has none"):
        settle({"train": [("a", make([0, 0], "x", "y"))], "test": [("b", make([1, 1, 0], "x", "y"))]})
    settle({"train": [("a", make([0, 1], "x", "y"))], "test": [("b", make([1, 1], "x", "y"))]})


# What a user writes


@pytest.mark.parametrize(
    ("given", "names", "labels"),
    [
        (["cat", "dog"], ["dog", "cat"], [1, 0]),
        ([NFD], [NFC, "b"], [0]),
        ([NFC], [NFD, "b"], [0]),
        (["1", 3], ["1", "2", "3"], [0, 2]),
        ([3, 2], [str(i) for i in range(10)], [3, 2]),
        ([1, "0"], ["airplane", "automobile"], [1, 0]),
        (["01"], ["01", "1"], [0]),
        (["True"], ["False", "True"], [1]),
    ],
)
def test_classes_are_found_by_name(given: list[Any], names: list[str], labels: list[int]) -> None:
    assert find_classes(given, names, "classes") == labels


@pytest.mark.parametrize(
    ("given", "names", "message"),
    [
        ("0", ["1", "2", "3"], "classes has '0', which is the name of no class. Classes are 1, 2, 3."),
        ("ct", ["cat", "dog"], "did you mean 'cat'"),
        ("2", ["a", "b"], "the name of no class"),
        ("-1", ["a", "b"], "the name of no class"),
        ("x", [str(i) for i in range(300)], "and 290 more"),
        ("9" * 5000, ["a", "b"], "the name of no class"),
    ],
)
def test_a_class_that_is_none_is_refused(given: str, names: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        find_classes([given], names, "classes")
    assert len(str(caught.value)) < 400


def test_weights_are_given_by_name() -> None:
    assert weights_by_label({"1": 50.0}, ["1", "2", "3"]) == {0: 50.0}
    assert weights_by_label({"dog": 2.0, "0": 3.0}, ["cat", "dog"]) == {1: 2.0, 0: 3.0}
    with pytest.raises(ConfigError, match="names a class twice"):
        weights_by_label({NFC: 2.0, NFD: 3.0}, [NFC, "b"])
