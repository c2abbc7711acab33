from __future__ import annotations

import pytest

from onelayer.errors import InputError
from onelayer.reporting.comparison import ComparedRun, render_comparison

FACTS = {"name": "animals", "parts": {"test": {"fingerprint": "abc", "class_counts": [10, 10, 20]}}}


@pytest.fixture
def compare(make_data, predictions):
    def render(fingerprint="abc", name="second"):
        one = make_data(metrics={"data": FACTS}, predictions=predictions, config={"l2": 0.1, "seed": 1})
        other_facts = {**FACTS, "parts": {"test": {"fingerprint": fingerprint, "class_counts": [10, 10, 20]}}}
        other = make_data(metrics={"data": other_facts}, predictions=predictions, config={"l2": 1, "seed": 1})
        return render_comparison([ComparedRun("first", one), ComparedRun(name, other)])

    return render


def test_runs_on_the_same_rows_are_compared_row_by_row(compare):
    # Nothing differs: ± 1.96 · sqrt(1 / 42) / sqrt(42) around 0.
    row = "<td>+0.00</td><td>−4.67 to +4.67</td><td>0</td><td>0</td><td>1</td>"
    assert f'<th scope="row">first less second</th>{row}' in compare()


def test_runs_on_other_rows_are_not(compare):
    assert "first less second: the evaluated rows are not the same." in compare(fingerprint="xyz")


def test_only_settings_that_differ_are_shown(compare):
    page = compare()
    assert '<th scope="row">l2</th>' in page
    assert '<th scope="row">seed</th>' not in page


def test_a_run_has_one_colour_everywhere(compare):
    page = compare()
    assert page.count("background: var(--run-1)") == 2  # in the table, and in the key of the weights
    assert page.count("border-color: var(--run-1)") == 3
    assert page.count('"color":"--run-1"') == 3


def test_hostile_names_are_text(compare):
    page = compare(name="</script><img src=x onerror=alert(1)>")
    assert "<img src=x" not in page


def test_a_comparison_needs_two(make_data):
    with pytest.raises(InputError, match="two runs or more"):
        render_comparison([ComparedRun("one", make_data())])
