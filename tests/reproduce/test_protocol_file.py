"""Protocols in files: what comes with the package, and how a wrong one is refused."""

from __future__ import annotations

import re

import pytest

from onelayer.errors import ConfigError
from onelayer.reproduce import REPORTS, load_protocol, packaged_protocol, parse_protocol


def parsed(text):
    return parse_protocol(text, "my.toml", "my")


@pytest.mark.parametrize("name", REPORTS)
def test_packaged_protocols_are_valid(name):
    protocol = packaged_protocol(name)
    assert protocol.name == name
    assert protocol.experiments
    assert protocol.claims
    assert protocol.derivations


def test_unknown_report_names_the_nearest():
    with pytest.raises(ConfigError, match=r"unknown report 'uvic-a4'; did you mean 'uvic-a3'\?"):
        packaged_protocol("uvic-a4")


def test_a_file_is_called_as_its_name_says(tmp_path, own_text):
    (tmp_path / "My-Report.toml").write_text(own_text, encoding="utf-8")
    assert load_protocol(tmp_path / "My-Report.toml").name == "my-report"


def test_like_takes_over_what_is_not_given_anew(own_text):
    found = parsed(own_text).experiments
    assert found["together"].learning_rate == found["digits"].learning_rate == 0.1
    assert (found["digits"].together, found["together"].together) == (False, True)


def test_a_star_stands_for_all_arms(own_text):
    assert [one.arm for one in parsed(own_text).references("digits/*")] == ["plain", "strong L2"]


WRONG = {
    "unknown key": ("notes = [", "note = [", 3, "unknown key 'note'; did you mean 'notes'?"),
    "no list": ('derivations = ["sigmoid"]', 'derivations = "sigmoid"', 4, "derivations: a list of texts is needed"),
    "unknown derivation": ('["sigmoid"]', '["sigmod"]', 4, "unknown derivation 'sigmod'; did you mean 'sigmoid'?"),
    "unknown formula": ("tdt4265-a1-l2", "tdt4265-a1-l3", 5, "unknown claim 'tdt4265-a1-l3'"),
    "unknown parameter": ("max_epochs", "max_epoch", 12, "unknown parameter 'max_epoch'; did you mean 'max_epochs'?"),
    "impossible value": ("max_epochs = 5", "max_epochs = 0", 12, "max_epochs=0: input should be greater"),
    "impossible arm": ("{ l2 = 1 }", "{ l2 = -1 }", 14, "l2=-1: input should be greater"),
    "unknown key of an arm": ("{ l2 = 1 }", "{ l22 = 1 }", 14, "an arm can't change 'l22'; did you mean 'l2'?"),
    "no seeds": ("seeds = [0, 1, 2]", "seeds = []", 15, "seeds=()"),
    "like nothing": ('like = "digits"', 'like = "digit"', 18, "like: there is no experiment 'digit' before this"),
    "no such experiment": ('ment = "digits"\narm = "plain"', 'ment = "digit"', 23, "there is no experiment 'digit'"),
    "no such arm": ('arm = "plain"', 'arm = "plan"', 24, "has no arm 'plan'; did you mean 'plain'?"),
    "unknown quantity": ('"test_accuracy"', '"test_accurasy"', 25, "did you mean 'test_accuracy'?"),
    "wrong type": ("value = 0.9", 'value = "0.9"', 26, "value='0.9'"),
    "unknown kind": ('kind = "loss"', 'kind = "lost"', 44, "kind='lost'"),
    "unknown design": ('design = "higher"', 'design = "highest"', 70, "did you mean 'higher'?"),
    "infinite": ("value = 0.9", "value = inf", 26, "value=inf: input should be a finite number"),
    "name in a number": ('"-log2(1 - 0.9)"', '"-log2(y)"', 38, "expression: no value is given for 'y'"),
    "index in a number": ('"-log2(1 - 0.9)"', '"sum(k, 1)"', 38, "expression: 'K' has no value: write numbers"),
    "no number": ('"-log2(1 - 0.9)"', '"1/0"', 38, "expression: '1/0' has no finite value"),
    "Python": ('"-log2(1 - 0.9)"', "'__import__(1)'", 38, "expression: column 1: '_' has no meaning in a formula"),
    "curves of no column": ('"curves"\n', '"curves"\nquantity = "epochs"\n', 55, "quantity: curves are of train_loss"),
    "two losses": ('["digits/plain"]\n\n[[f', '["digits/*"]\n\n[[f', 45, "runs: kind 'loss' draws one run"),
    "losses of several": ('["digits/plain"]\n\n[[f', '["together/plain"]\n\n[[f', 45, "is trained with others at once"),
    "two arms for one": ('left = "digits/plain"', 'left = "digits/*"', 71, "left: one arm is needed, such as"),
    "missing key": ('plan = "Three seeds."', "", 68, "the key 'plan' is missing"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_wrong_protocol_is_refused_in_one_line_that_names_the_line(name, own_text):
    old, new, line, message = WRONG[name]
    assert old in own_text
    with pytest.raises(ConfigError, match=re.escape(message)) as caught:
        parsed(own_text.replace(old, new, 1))
    assert str(caught.value).startswith(f"my.toml, line {line}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["title = ", "a = [" * 5000, "\x00"])
def test_no_toml_is_refused(text):
    with pytest.raises(ConfigError, match="not a TOML file"):
        parsed(text)


def test_too_many_models_are_refused(own_text):
    arms = ", ".join(f"a{i} = {{}}" for i in range(200))
    with pytest.raises(ConfigError, match="more than 500 models"):
        parsed(own_text.replace('"plain" = {}', f'"plain" = {{}}, {arms}'))


def test_claimed_formulas_may_be_files_beside_the_protocol(tmp_path, own_text):
    claim = "title = 'a'\nloss = 'l2'\nvariable = 'w[k, i]'\nclaimed = '2*λ*w[k, i]'\n"
    (tmp_path / "mine.toml").write_text(claim, encoding="utf-8")
    (tmp_path / "my.toml").write_text(own_text.replace("tdt4265-a1-l2", "mine.toml"), encoding="utf-8")
    assert load_protocol(tmp_path / "my.toml").formulas["mine"].title == "a"


def test_a_wrong_file_of_a_claimed_formula_is_named(tmp_path, own_text):
    (tmp_path / "mine.toml").write_text("titel = 'a'", encoding="utf-8")
    (tmp_path / "my.toml").write_text(own_text.replace("tdt4265-a1-l2", "mine.toml"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"my.toml, line 5: formulas: .*mine.toml, line 1: unknown key 'titel'"):
        load_protocol(tmp_path / "my.toml")


UNDECIDABLE = {
    "other seeds": ("like = 'digits'\nseeds = [0]", "design = 'equal'\nleft = 'digits/plain'\nright = 'other/plain'",
                    "digits/plain and other/plain have other seeds or folds"),
    "one step": ("like = 'digits'", "design = 'trend'\ndirection = 'falls'\nruns = ['other/plain']",
                 "runs: a trend needs two arms or more"),
    "no other": ("like = 'digits'", "design = 'best'\nof = 'other/plain'\namong = ['other/plain']",
                 "among: nothing is there to compare with"),
    "no classes": ("like = 'digits'", "design = 'classes'\nruns = ['other/*']", "give lowest, above or below"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNDECIDABLE)
def test_claims_that_nothing_could_decide_are_refused(name, own_text):
    experiment, claim, message = UNDECIDABLE[name]
    more = f"[experiments.other]\ntitle = 'o'\n{experiment}\n[claims.own]\ntitle = 'c'\nplan = 'p'\n{claim}\n"
    with pytest.raises(ConfigError, match=re.escape(message)):
        parsed(own_text + more)


@pytest.mark.parametrize(("key", "message"), [("follow = false", "has no curves"), ("features = 'hog'", "no pictures")])
def test_figures_of_what_runs_have_not_are_refused(key, message, own_text):
    with pytest.raises(ConfigError, match=message):
        parsed(own_text.replace("max_epochs = 5", f"max_epochs = 5\n{key}", 1))
