from __future__ import annotations

import json
import platform
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import threadpoolctl

from onelayer.storage import environment
from onelayer.storage.environment import describe_environment, instruction_sets


@pytest.fixture(scope="module")
def description():
    return describe_environment(engine="numpy", threads=3, seed=7, dataset_fingerprint="ab" * 32)


@pytest.mark.parametrize(
    ("key", "value"), [("engine", "numpy"), ("threads", 3), ("seed", 7), ("dataset_fingerprint", "ab" * 32)]
)
def test_what_the_caller_says_is_kept(description, key, value):
    assert description[key] == value


def test_versions(description):
    assert description["versions"]["python"] == ".".join(map(str, sys.version_info[:3]))
    assert description["versions"]["numpy"] == np.__version__


def test_every_blas_in_the_process_is_listed(description):
    expected = [pool["version"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]
    assert sorted(pool["version"] for pool in description["blas"]) == sorted(expected)


def test_the_order_in_which_libraries_were_loaded_does_not_count(monkeypatch):
    loaded = [
        {"user_api": "blas", "internal_api": name, "version": version, "architecture": "x", "num_threads": 2}
        for name, version in (("openblas", "2"), ("mkl", "3"), ("openblas", "1"))
    ]
    descriptions = []
    for order in (loaded, loaded[::-1]):
        monkeypatch.setattr(threadpoolctl, "threadpool_info", lambda order=order: order)
        descriptions.append(describe_environment(engine="numpy", threads=1, seed=0))
    assert descriptions[0]["blas"] == descriptions[1]["blas"]


def test_usable_cores_are_among_the_logical_ones(description):
    assert 1 <= description["cores"]["usable"] <= description["cores"]["logical"]


def test_json_has_all_values(description):
    assert json.loads(json.dumps(description, allow_nan=False)) == description


def test_nothing_tells_whose_machine_it_was(description):
    text = json.dumps(description)
    assert platform.node() not in text
    assert Path.home().name not in re.findall(r"\w+", text)
    assert not re.search(r'"(/|[A-Z]:\\)', text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "processor\t: 0\nflags\t\t: fpu avx512f fma avx2 sse4_2\n\nprocessor\t: 1\nflags: avx\n",
            ["sse4_2", "fma", "avx2", "avx512f"],
        ),
        ("processor : 0\nFeatures : fp asimd sve\n", ["asimd", "sve"]),
        ("", []),
    ],
)
def test_instruction_sets_of_the_first_processor(tmp_path, monkeypatch, text, expected):
    (tmp_path / "cpuinfo").write_text(text)
    monkeypatch.setattr(environment._cpu_fields, "__defaults__", (tmp_path / "cpuinfo",))
    assert instruction_sets() == expected


def test_a_system_without_cpuinfo(tmp_path, monkeypatch):
    monkeypatch.setattr(environment._cpu_fields, "__defaults__", (tmp_path / "missing",))
    assert instruction_sets() == []
