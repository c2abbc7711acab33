"""A reader's own protocol, run: rows, what is kept, and the page."""

from __future__ import annotations

import os
import re
import signal
from threading import Timer

import pytest

from onelayer import load_model
from onelayer.errors import InputError
from onelayer.reproduce import packaged_protocol, parse_protocol, reproduce
from onelayer.reproduce.page import page_of
from onelayer.reproduce.splits import SplitLoader
from onelayer.reproduce.training import run_protocol


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("reproduction")


@pytest.fixture(scope="module")
def found(out, own_text):
    return reproduce([parse_protocol(own_text, "my.toml", "my")], out)


@pytest.fixture(scope="module")
def page(found):
    return page_of(found)


def test_every_figure_and_claim_has_its_row(found):
    assert [(row.experiment, row.verdict) for row in found.rows] == [
        ("digits/plain", "reproduced"),
        ("digits/plain", "not published"),
        ("digits/strong L2", "not published"),
        ("arithmetic", "differs"),
        ("claim norm", "claim holds"),
        ("formula tdt4265-a1-l2", "claim holds"),
        ("formula tdt4265-a1-a", "claim is wrong"),
    ]


def test_models_trained_in_one_pass_are_those_trained_alone(found):
    results = found.reports[0].results
    for (_, alone), (_, together) in zip(results["digits"], results["together"], strict=True):
        for name in ("test_accuracy", "weight_norm_squared", "train_loss", "steps"):
            assert together.quantities[name] == pytest.approx(alone.quantities[name], rel=1e-4)


def test_what_was_run_is_not_run_again(found, out, own_text):
    told = []
    again = reproduce([parse_protocol(own_text, "my.toml", "my")], out, tell=told.append)
    assert told == ["my: 12 models were there already, 0 to train"]
    assert again.rows == found.rows


def test_another_configuration_is_run(found, out, own_text):
    told = []
    changed = parse_protocol(own_text.replace("l2 = 1 ", "l2 = 2 "), "my.toml", "my")
    reproduce([changed], out, tell=told.append)
    assert told[0] == "my: 6 models were there already, 6 to train"


def test_a_damaged_run_is_run_again(found, out, own_text):
    _, result = found.reports[0].results["digits"][0]
    result.run.metrics_path.write_text("{", encoding="utf-8")
    again = reproduce([parse_protocol(own_text, "my.toml", "my")], out)
    assert again.rows == found.rows


@pytest.mark.parametrize("together", ["true", "false"])
def test_ctrl_c_ends_what_is_running_with_its_epoch(tmp_path, own_text, together):
    endless = own_text.replace("max_epochs = 5", "max_epochs = 1_000_000")
    endless = endless.replace("together = true", f"together = {together}")
    interrupt = Timer(0.5, os.kill, [os.getpid(), signal.SIGINT])
    interrupt.start()
    with pytest.raises(KeyboardInterrupt):
        reproduce([parse_protocol(endless, "my.toml", "my")], tmp_path)


def test_what_goes_wrong_names_the_experiment(tmp_path, own_text):
    wrong = own_text.replace("max_epochs = 5", 'max_epochs = 5\nloss = "logistic"')
    with pytest.raises(InputError, match=r"^(digits|together)/(plain|strong L2): .*use loss='softmax'$"):
        reproduce([parse_protocol(wrong, "my.toml", "my")], tmp_path)


def test_the_first_seed_keeps_its_model(found):
    (run, first), (_, second), *_ = found.reports[0].results["digits"]
    assert run.keeps_model
    assert load_model(first.run.model_path).weight_images().shape == (10, 8, 8, 1)
    assert not second.run.model_path.exists()


def test_missing_data_skips_a_report_and_says_what_to_do(tmp_path, own_text, monkeypatch):
    monkeypatch.setenv("ONELAYER_CACHE", str(tmp_path / "cache"))
    missing = parse_protocol(own_text.replace('"digits"\nscaling', '"mnist"\nscaling'), "a.toml", "a")
    there = parse_protocol(own_text, "b.toml", "b")
    found = reproduce([missing, there], tmp_path / "out", data_dir=tmp_path)
    assert not found.is_complete
    skipped = [row for row in found.rows if row.verdict == "skipped"]
    assert {row.report for row in skipped} == {"a"}
    assert "--data-dir" in skipped[0].evidence
    assert "claim holds" in {row.verdict for row in found.rows if row.report == "b"}


def test_text_of_a_protocol_is_text_in_the_page(page):
    assert "<script" not in page
    assert "My &lt;b&gt;report&lt;/b&gt;" in page


def test_the_page_asks_for_nothing(page):
    assert not re.search(r"(?:src|href|srcset)=\"(?!data:|#)", page)
    assert "default-src 'none'" in page


def test_the_page_has_figures_formulas_and_the_command(page):
    assert page.count("<figure>") == 6
    assert "<math" in page
    assert "onelayer reproduce my" in page


@pytest.fixture(scope="module")
def tdt4265(data_dir, tmp_path_factory):
    return reproduce([packaged_protocol("tdt4265-a1")], tmp_path_factory.mktemp("tdt4265"), data_dir=data_dir)


@pytest.mark.slow
def test_tdt4265_is_reproduced(tdt4265):
    published = [row for row in tdt4265.rows if row.published is not None]
    assert len(published) == 8
    assert {row.verdict for row in published} == {"reproduced"}


@pytest.mark.slow
def test_tdt4265_gives_what_was_illegible(tdt4265):
    expected = [row for row in tdt4265.rows if row.expected is not None]
    assert len(expected) == 6
    for row in expected:
        assert row.measured == pytest.approx(row.expected, abs=row.tolerance or 0, rel=0)


@pytest.mark.slow
def test_tdt4265_claims_are_decided(tdt4265):
    verdicts = {row.experiment.removeprefix("claim "): row.verdict for row in tdt4265.rows if row.is_claim}
    assert verdicts["d-one-class"] == verdicts["e"] == "claim is wrong"
    assert {verdicts[name] for name in ("f-norm", "f-norm-lw", "f-smooth", "f-accuracy")} == {"claim holds"}


def test_binary_runs_of_tdt4265_are_exact(data_dir, tmp_path):
    whole = packaged_protocol("tdt4265-a1")
    only = {"binary": whole.experiments["binary"]}
    protocol = type(whole)(**{**vars(whole), "experiments": only})
    results = run_protocol(protocol, SplitLoader(data_dir), tmp_path)
    stopped = [result.quantities["stopped_epoch"] for _, result in results["binary"]]
    losses = [result.quantities["train_loss"] for _, result in results["binary"]]
    assert stopped == [33, 16]
    assert losses == pytest.approx([0.07088705555893647, 0.07924553698509086], abs=1e-9, rel=0)
