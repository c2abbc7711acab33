"""Fixtures of the kernel tests: each instruction set of this machine, or a skip where there is no engine."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from onelayer import engine
from onelayer.engine import library

# importlib mode puts no test folder on the path
for _name, _file in (("kernel_definition", "definition.py"), ("kernel_calls", "kernel_calls.py")):
    _spec = importlib.util.spec_from_file_location(_name, Path(__file__).with_name(_file))
    assert _spec is not None
    assert _spec.loader is not None
    sys.modules[_name] = importlib.util.module_from_spec(_spec)
    _spec.loader.exec_module(sys.modules[_name])

SETS = library._module.instruction_sets() if library._module is not None else ["none"]


@pytest.fixture(params=SETS)
def instruction_set(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run the test with each instruction set that this machine has."""
    if not engine.available():
        pytest.skip("there is no native engine here")
    monkeypatch.setenv("ONELAYER_ISA", request.param)
    return str(request.param)


@pytest.fixture
def needs_engine() -> None:
    """Skip the test where there is no engine."""
    if not engine.available():
        pytest.skip("there is no native engine here")
