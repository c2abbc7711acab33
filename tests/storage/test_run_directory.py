from __future__ import annotations

import errno
import json
import math
import os
import time
import tomllib

import numpy as np
import pytest

from onelayer.errors import ConfigError, RunDirectoryError, StorageError
from onelayer.storage.run_directory import RunDirectory

OWNED = [
    "config.toml",
    "metrics.json",
    "history.jsonl",
    "model.safetensors",
    "checkpoint.safetensors",
    "report.html",
    "environment.json",
]


@pytest.fixture
def full_run(tmp_path):
    """A run with every file it can have."""
    run = RunDirectory.create(tmp_path / "run")
    for name in OWNED:
        (run.path / name).write_text("{}")
    run.write_config({"loss": "softmax"})
    run.write_figure("learning_curves.png", b"png")
    return run


def listing(path):
    return sorted(str(entry.relative_to(path)) for entry in path.rglob("*"))


@pytest.mark.parametrize("depth", ["run", "a/b/run"])
def test_create_makes_the_folder_and_its_parents(tmp_path, depth):
    assert RunDirectory.create(tmp_path / depth).path.is_dir()


def test_create_takes_an_empty_folder(tmp_path):
    assert RunDirectory.create(tmp_path).path == tmp_path


def test_create_takes_a_folder_that_a_killed_run_had_only_begun(tmp_path):
    (tmp_path / ".config.toml.0123abcd.tmp").write_text("half")
    RunDirectory.create(tmp_path)
    assert listing(tmp_path) == []


def test_create_refuses_a_folder_that_holds_a_run(full_run):
    before = listing(full_run.path)
    with pytest.raises(RunDirectoryError, match="already holds a run"):
        RunDirectory.create(full_run.path)
    assert listing(full_run.path) == before


def test_overwrite_removes_the_run(full_run):
    (full_run.path / ".model.safetensors.0123abcd.tmp").write_text("half")
    RunDirectory.create(full_run.path, overwrite=True)
    assert listing(full_run.path) == []


def test_overwrite_keeps_everything_else(full_run):
    (full_run.path / "notes.txt").write_text("mine")
    (full_run.path / "figures" / "My Drawing.png").write_text("mine")
    (full_run.path / "sub").mkdir()
    (full_run.path / "sub" / "metrics.json").write_text("mine")
    RunDirectory.create(full_run.path, overwrite=True)
    assert listing(full_run.path) == ["figures", "figures/My Drawing.png", "notes.txt", "sub", "sub/metrics.json"]


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("name", ["thesis.tex", "config.toml", "metrics.json"])
def test_a_folder_of_something_else_is_never_touched(tmp_path, name, overwrite):
    (tmp_path / name).write_text("[hugo]\n")
    with pytest.raises(RunDirectoryError, match="not empty and holds no run"):
        RunDirectory.create(tmp_path, overwrite=overwrite)
    assert (tmp_path / name).read_text() == "[hugo]\n"


@pytest.mark.parametrize("target", ["elsewhere", "nowhere"])
def test_a_link_is_refused(tmp_path, target):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / target)
    with pytest.raises(RunDirectoryError, match="is a link"):
        RunDirectory.create(tmp_path / "run", overwrite=True)


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "run").write_text("x")
    with pytest.raises(RunDirectoryError, match="can't be written: file exists"):
        RunDirectory.create(tmp_path / "run", overwrite=True)


@pytest.mark.parametrize("name", ["model.safetensors", "figures"])
def test_overwrite_removes_links_and_not_what_they_name(full_run, tmp_path, name):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "a.png").write_text("precious")
    (full_run.path / "figures" / "learning_curves.png").unlink()
    (full_run.path / "figures").rmdir()
    (full_run.path / name).unlink(missing_ok=True)
    (full_run.path / name).symlink_to(precious)
    RunDirectory.create(full_run.path, overwrite=True)
    assert listing(full_run.path) == []
    assert (precious / "a.png").read_text() == "precious"


def test_figures_are_not_written_through_a_link(tmp_path):
    (tmp_path / "precious").mkdir()
    run = RunDirectory.create(tmp_path / "run")
    run.figures_path.symlink_to(tmp_path / "precious")
    with pytest.raises(RunDirectoryError, match="is a link"):
        run.write_figure("a.png", b"")
    assert listing(tmp_path / "precious") == []


@pytest.mark.parametrize("name", ["../a.png", "a.html", "/a.png", ".png", "a\n.png", "A.png"])
def test_figure_names_are_plain(tmp_path, name):
    with pytest.raises(RunDirectoryError, match="no name for a figure"):
        RunDirectory.create(tmp_path / "run").write_figure(name, b"")


def test_a_file_that_can_not_be_removed_is_an_error_of_ours(full_run):
    (full_run.path / "report.html").unlink()
    (full_run.path / "report.html").mkdir()
    with pytest.raises(RunDirectoryError, match=r"report\.html can't be written"):
        RunDirectory.create(full_run.path, overwrite=True)
    assert full_run.config_path.exists()


def test_a_full_disk_while_making_the_folder(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "mkdir", fail)
    with pytest.raises(StorageError, match="no space left on device"):
        RunDirectory.create(tmp_path / "run")


def test_open_finds_no_folder(tmp_path):
    with pytest.raises(RunDirectoryError, match="no such run directory"):
        RunDirectory.open(tmp_path / "run")


def test_open_says_what_is_missing(full_run):
    full_run.model_path.unlink()
    full_run.metrics_path.unlink()
    with pytest.raises(RunDirectoryError, match=r"lacks model\.safetensors, metrics\.json"):
        RunDirectory.open(full_run.path, needs=["config.toml", "model.safetensors", "metrics.json"])


def test_remove_checkpoint_removes_leftovers_too(full_run):
    (full_run.path / ".checkpoint.safetensors.0123abcd.tmp").write_text("half")
    full_run.remove_checkpoint()
    full_run.remove_checkpoint()
    expected = [name for name in sorted([*OWNED, "figures", "figures/learning_curves.png"]) if "check" not in name]
    assert listing(full_run.path) == expected


CONFIG = {"loss": "softmax", "l2": np.float64(1e-4), "classes": (2, 3), "shuffle": False, "nested": {"n": np.int64(3)}}


def test_config_survives_without_none(full_run):
    full_run.write_config(CONFIG | {"random_state": None})
    assert full_run.read_config() == {
        "loss": "softmax",
        "l2": 1e-4,
        "classes": [2, 3],
        "shuffle": False,
        "nested": {"n": 3},
    }


@pytest.mark.parametrize("text", ["</script>", "[/red]", 'a"b\\c\nd', "\x1b[31m", "é", "]]\x00"])
def test_hostile_text_in_a_config_stays_text(full_run, text):
    full_run.write_config({"name": text})
    assert full_run.read_config() == {"name": text}
    assert tomllib.loads(full_run.config_path.read_text()) == {"name": text}


def test_text_that_is_not_unicode_is_refused(full_run):
    with pytest.raises(ConfigError, match="not valid text"):
        full_run.write_config({"name": "caf\udce9"})
    assert full_run.read_config() == {"loss": "softmax"}


@pytest.mark.parametrize("kind", ["metrics", "environment"])
def test_tables_survive_and_undefined_numbers_become_null(full_run, kind):
    getattr(full_run, f"write_{kind}")({"a": np.float32(0.5), "b": (1, math.nan), "c": {"d": None}})
    assert getattr(full_run, f"read_{kind}")() == {"a": 0.5, "b": [1, None], "c": {"d": None}}


def test_metrics_are_strict_json(full_run):
    full_run.write_metrics({"loss": math.inf})

    def refuse(constant):
        raise AssertionError(constant)

    assert json.loads(full_run.metrics_path.read_text(), parse_constant=refuse) == {"loss": None}


def test_history_survives(full_run):
    full_run.write_history({"step": np.arange(3), "batch_loss": np.array([3.0, 2.0, 1.0])})
    np.testing.assert_array_equal(full_run.read_history()["batch_loss"], [3.0, 2.0, 1.0])


READERS = {
    "config.toml": RunDirectory.read_config,
    "metrics.json": RunDirectory.read_metrics,
    "history.jsonl": RunDirectory.read_history,
    "environment.json": RunDirectory.read_environment,
}


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[", b"[1]\n[1]", b"[" * 100_000, b'{"a":' * 50_000, b"a=" * 9999])
@pytest.mark.parametrize("name", READERS)
def test_damaged_files_are_refused_in_one_line_that_names_them(full_run, name, content):
    (full_run.path / name).write_bytes(content)
    with pytest.raises(RunDirectoryError, match=rf"{name} is damaged: ") as caught:
        READERS[name](full_run)
    assert "\n" not in str(caught.value)


def test_a_key_of_a_hundred_thousand_parts_is_refused_at_once(full_run):
    full_run.config_path.write_text("a." * 100_000 + "a = 1")
    start = time.process_time()
    with pytest.raises(RunDirectoryError, match="nested too deep"):
        full_run.read_config()
    assert time.process_time() - start < 1


@pytest.mark.parametrize("name", READERS)
def test_huge_files_are_refused_unread(full_run, name):
    os.truncate(full_run.path / name, 1 << 40)
    with pytest.raises(RunDirectoryError, match=rf"{name}: .* bytes, more than"):
        READERS[name](full_run)


@pytest.mark.parametrize("name", READERS)
def test_missing_files_are_named(full_run, name):
    (full_run.path / name).unlink()
    with pytest.raises(RunDirectoryError, match=rf"{name}: can't be read: no such file"):
        READERS[name](full_run)


def test_paths_with_control_characters_are_shown_as_text(tmp_path):
    with pytest.raises(RunDirectoryError) as caught:
        RunDirectory.open(tmp_path / "\x1b[31m\n[/red]")
    assert str(caught.value).endswith("\\x1b[31m\\n[/red]: no such run directory")
