"""``onelayer check``, ``report`` and ``data``."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from onelayer.data import CATALOG
from onelayer.gradcheck import check as gradient_check
from onelayer.losses import LOSSES


def test_check_passes_for_every_loss(onelayer):
    found = onelayer("check", "--json").json
    assert found["passed"] is True
    assert [one["loss"] for one in found["checks"]] == list(LOSSES)
    assert max(one["max_error"] for one in found["checks"]) < 1e-7


def test_check_shows_a_table_of_the_largest_errors(onelayer):
    lines = onelayer("check", "--loss", "hinge").out.splitlines()
    assert lines[2].split()[0] == "hinge"
    assert lines[2].endswith("yes")
    assert lines[4].startswith("the largest errors")
    assert len(lines) == 18
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("output", [[], ["--json"]])
def test_check_fails_with_exit_code_1(onelayer, monkeypatch, output):
    right = gradient_check._derivative
    monkeypatch.setattr(gradient_check, "_derivative", lambda along, step: right(along, step) * 1.01)
    assert onelayer("check", "--loss", "softmax", *output).code == 1


def test_check_takes_the_random_problem_it_is_asked_for(onelayer):
    found = onelayer("check", "--loss", "softmax", "--rows", 7, "--features", 3, "--seed", 5, "--json").json
    assert found["checks"][0]["rows"] == 7
    assert found["checks"][0]["entries"]["loss"] == 4 * (3 + 1)


def test_report_is_written_anew(onelayer, digits_run, folder):
    shutil.copytree(digits_run, folder / "run")
    before = (folder / "run" / "report.html").read_text()
    (folder / "run" / "report.html").unlink()
    shutil.rmtree(folder / "run" / "figures")
    outcome = onelayer("report", "run")
    assert outcome.out == "Report: run/report.html\n"
    assert len((folder / "run" / "report.html").read_text()) > 1000
    assert before.startswith("<!doctype html>")


def test_report_has_json(onelayer, digits_run, folder):
    shutil.copytree(digits_run, folder / "run")
    assert onelayer("report", "run", "--json").json == {"report": "run/report.html"}


def test_data_list_has_the_whole_catalog(onelayer):
    found = onelayer("data", "list", "--json").json["datasets"]
    assert [one["name"] for one in found] == list(CATALOG)
    lines = onelayer("data", "list").out.splitlines()
    assert max(map(len, lines)) <= 80
    assert "to be downloaded" in lines[4]


def test_data_show_counts_the_rows_of_each_class(onelayer):
    found = onelayer("data", "show", "digits", "--json").json
    assert found["splits"]["train"]["n"] == sum(found["splits"]["train"]["class_counts"]) == 1079
    shown = onelayer("data", "show", "digits").out
    assert shown.startswith("digits: 8×8×1 images, uint8 from 0 to 16\n")
    assert found["splits"]["test"]["fingerprint"] in shown


def test_data_show_resizes(onelayer, class_folders):
    class_folders(size=(9, 7))
    assert onelayer("data", "show", "photos", "--resize", "4,3", "--json").json["image_shape"] == [4, 3, 3]


def test_data_verify_knows_the_official_digits(onelayer):
    outcome = onelayer("data", "verify", "digits")
    assert outcome.code == 0
    assert "content of all" in outcome.out
    assert [one["ok"] for one in onelayer("data", "verify", "digits", "--json").json["items"]][-1] is True


def test_data_verify_of_the_same_content_in_another_file(onelayer, data_dir):
    outcome = onelayer("data", "verify", "mnist", "--data-dir", data_dir)
    assert outcome.code == 0
    assert "differs" in outcome.out  # a file's gzip wrapper


def test_data_verify_of_another_content_is_exit_code_1(onelayer, folder):
    (folder / "mnist").mkdir()
    X = np.zeros((50, 28, 28), np.uint8)
    np.savez(folder / "mnist" / "mine.npz", X_train=X, y_train=np.arange(50) % 10, X_test=X, y_test=np.arange(50) % 10)
    outcome = onelayer("data", "verify", "mnist", "--data-dir", ".")
    assert outcome.code == 1
    assert "differs" in outcome.out
    trained = onelayer("train", "mnist", "--data-dir", ".", "--set", "max_epochs=1", "--json").json
    assert trained["dataset"] == "mnist (not the official pixels)"
