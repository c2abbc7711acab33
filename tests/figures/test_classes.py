from __future__ import annotations

import numpy as np
import pytest

from onelayer.evaluation import Calibration, Confusion, ReliabilityBin, wilson_interval
from onelayer.figures import (
    class_counts_figure,
    confusion_figure,
    means_figure,
    recall_figure,
    reliability_figure,
    samples_figure,
    weights_figure,
)
from onelayer.figures.classes import matrix_classes, row_rates
from onelayer.figures.drawing import png_bytes
from onelayer.figures.matplotlib import draw
from onelayer.figures.plotly import chart


def confusion_of(k, n=None, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(k), rng.integers(0, k, n or 5 * k)])
    predicted = np.where(rng.random(len(labels)) < 0.7, labels, rng.integers(0, k, len(labels)))
    return Confusion.of(labels, predicted, k)


def names_of(k):
    return [f"class {place}" for place in range(k)]


@pytest.mark.parametrize("k", [1, 2, 12, 13, 20, 21, 200, 201, 1000, 10_000])
@pytest.mark.parametrize("make", [confusion_figure, recall_figure])
def test_figures_of_any_number_of_classes_are_drawn_small(k, make):
    figure = make(confusion_of(k), names_of(k))
    size = figure.panel.size
    assert max(size) <= 9.3
    assert len(str(chart(figure))) < 2e6
    assert png_bytes(draw(figure))


@pytest.mark.parametrize("k", [1, 2, 30, 31, 200, 201, 1000, 10_000])
def test_counts_of_any_number_of_classes_are_drawn_small(k):
    figure = class_counts_figure({"train": np.arange(k).tolist(), "test": [1] * k}, names_of(k))
    assert figure.panel.size[1] <= 8.4
    assert len(figure.panel.y.ticks) == min(k, 30)
    assert png_bytes(draw(figure))


def test_of_many_classes_those_with_the_fewest_and_the_most_rows_are_named():
    counts = np.random.default_rng(0).permutation(1000)
    figure = class_counts_figure({"train": counts.tolist()}, names_of(1000))
    lengths = figure.panel.marks[0].lengths.tolist()
    assert lengths == [*range(15), *range(985, 1000)]
    assert figure.caption == "Of 1,000 classes the 15 with the fewest rows and the 15 with the most."
    assert figure.message == "The classes have 0 to 999 rows each in all parts together"


def test_up_to_two_hundred_classes_stand_in_the_matrix():
    assert len(matrix_classes(confusion_of(200))) == 200


def test_of_more_classes_those_with_the_most_frequent_mistakes_do():
    labels = np.concatenate([np.arange(300), np.repeat([7, 250, 3], [9, 6, 4])])
    predicted = np.concatenate([np.arange(300), np.repeat([299, 1, 8], [9, 6, 4])])
    figure = confusion_figure(Confusion.of(labels, predicted, 300), names_of(300))
    shown = [name for _, name in figure.panel.y.ticks]
    assert len(shown) == 40
    assert {"class 7", "class 299", "class 250", "class 1", "class 3", "class 8"} <= set(shown)
    place = {name: row for row, name in figure.panel.y.ticks}
    assert figure.panel.values[place["class 7"], place["class 299"]] == 0.9
    assert figure.caption.endswith("Of 300 classes these 40 have the most frequent mistakes among them.")
    assert "class 7 taken for class 299, 9 times" in figure.message


def test_confusion_cells_have_count_and_share():
    figure = confusion_figure(Confusion.of_matrix([[9, 1], [0, 4]]), ["a", "b"])
    assert figure.panel.texts == [["9\n90%", "1\n10%"], ["", "4\n100%"]]
    drawn = {text.get_position(): text.get_text() for text in draw(figure).axes[0].texts}
    assert drawn == {(0, 0): "9\n90%", (1, 0): "1\n10%", (1, 1): "4\n100%"}


def test_confusion_is_coloured_by_the_share_of_the_true_class():
    figure = confusion_figure(Confusion.of_matrix([[6, 2], [5, 15]]), ["a", "b"])
    expected = [[0.75, 0.25], [0.25, 0.75]]
    np.testing.assert_array_equal(figure.panel.values, expected)
    np.testing.assert_array_equal(draw(figure).axes[0].images[0].get_array(), expected)
    assert chart(figure)["data"][0]["z"] == expected


@pytest.mark.parametrize(("k", "has_scale"), [(12, False), (13, True)])
def test_colours_are_explained_where_shares_are_not_written(k, has_scale):
    figure = confusion_figure(confusion_of(k), names_of(k))
    assert bool(figure.panel.scale) == has_scale
    assert len(draw(figure).axes[0].child_axes) == has_scale
    assert chart(figure)["data"][0]["showscale"] == has_scale


@pytest.mark.parametrize("part", ["validation", "test"])
def test_words_name_the_rows_that_were_evaluated(part):
    confusion = Confusion.of_matrix([[9, 1, 0], [0, 10, 0], [5, 0, 15]])
    assert f"34 of 40 {part} rows" in confusion_figure(confusion, "abc", part).message
    assert f"each class's {part} rows" in recall_figure(confusion, "abc", part).caption


def test_a_class_without_rows_has_no_rates():
    np.testing.assert_array_equal(row_rates(np.array([[0, 0], [1, 3]]), np.array([0, 4])), [[0, 0], [0.25, 0.75]])


def test_recalls_are_drawn_with_their_intervals_by_both():
    figure = recall_figure(Confusion.of_matrix([[27, 3], [4, 4]]), ["a", "b"])
    low, high = wilson_interval([27, 4], [30, 8])
    ends = np.stack([low, high], axis=1)
    (bars,) = [lines for lines in draw(figure).axes[0].collections if len(lines.get_segments()) == 2]
    np.testing.assert_allclose([segment[:, 0] for segment in bars.get_segments()], ends)
    trace = chart(figure)["data"][0]
    assert trace["x"] == [0.9, 0.5]
    reach = [trace["x"] - ends[:, 0], ends[:, 1] - trace["x"]]
    np.testing.assert_allclose([trace["error_x"]["arrayminus"], trace["error_x"]["array"]], reach, rtol=1e-4)


def test_of_many_classes_those_with_the_lowest_recall_are_shown():
    labels = np.repeat(np.arange(40), 40)
    right = np.tile(np.arange(40), 40) < np.arange(40)[::-1].repeat(40)  # of class i, 39 − i
    figure = recall_figure(Confusion.of(labels, np.where(right, labels, (labels + 1) % 40), 40), names_of(40))
    assert [name for _, name in figure.panel.y.ticks] == [f"class {place} (40)" for place in range(39, 9, -1)]
    assert figure.caption.endswith("The 30 classes with the lowest recall of 40.")


def test_a_class_without_rows_has_no_bar_and_says_so():
    figure = recall_figure(Confusion.of_matrix([[3, 0], [0, 0]]), ["a", "b"])
    assert np.isnan(figure.panel.marks[0].lengths[1])
    assert figure.panel.marks[0].words[1].startswith("b (0): no rows")
    assert png_bytes(draw(figure))


def test_points_of_the_reliability_diagram_are_the_bins():
    bins = (
        ReliabilityBin(0.5, 1.0, 10, 0.55, 0.6),
        ReliabilityBin(0.0, 0.5, 0),
        ReliabilityBin(0.9, 1.0, 40, 0.95, 0.9),
    )
    figure = reliability_figure(Calibration(0.05, bins))
    points = figure.panel.marks[1]
    np.testing.assert_array_equal(points.x, [0.55, 0.95])
    np.testing.assert_array_equal(points.y, [0.6, 0.9])
    np.testing.assert_allclose([points.low, points.high], wilson_interval([6, 36], [10, 40]))
    assert points.size[1] > points.size[0]
    assert figure.message == "Expected calibration error 5.0%; on the whole the model is too sure of itself, by 3.0%"


@pytest.mark.parametrize("bins", [(), (ReliabilityBin(count=0),), (ReliabilityBin(count=3),)])
def test_no_rows_no_reliability_diagram(bins):
    assert reliability_figure(Calibration(0.0, bins)) is None


def test_two_classes_have_one_weight_picture():
    figure = weights_figure(np.ones((1, 4, 4, 1)), ["two", "three"])
    assert figure.message == "Weights of three against two as 4 × 4 pixels, on a scale of ±1"
    assert [text.get_text() for text in draw(figure).axes[0].texts] == ["three against two"]


def test_a_choice_of_classes_is_told():
    chosen = "Of 1,000 classes the first 60."
    figure = weights_figure(np.ones((60, 4, 4, 1)), names_of(60), chosen)
    assert figure.message.startswith("Weights of 60 classes as")
    assert figure.caption.endswith(chosen)
    assert means_figure(np.zeros((60, 4, 4, 1), np.uint8), names_of(60), chosen).caption.endswith(chosen)


def test_samples_of_a_class_stand_in_a_row():
    labels = np.array([4, 0, 0, 4, 4])
    images = np.arange(5, dtype=np.uint8)[:, None, None, None] * np.ones((5, 2, 2, 1), np.uint8)
    panel = samples_figure(images, labels, names_of(9)).panel
    assert panel.columns == 3
    assert panel.places.tolist() == [0, 1, 3, 4, 5]
    assert panel.images[:, 0, 0, 0].tolist() == [1, 2, 0, 3, 4]
    assert panel.titles == ["class 0", "", "class 4", "", ""]


def test_samples_of_some_classes_say_so():
    labels = np.repeat(np.arange(60), 2)
    figure = samples_figure(np.zeros((120, 2, 2, 3), np.uint8), labels, names_of(60))
    assert figure.caption == "In colour. Of 30 of 60 classes."
    assert png_bytes(draw(figure))
