"""The page that follows an image and a gradient names only what there is."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "contributing" / "walk.md"
NAMES = sorted(set(re.findall(r"`(onelayer(?:\.\w+)+)`", PAGE.read_text(encoding="utf-8"))))


def test_the_page_names_what_it_follows():
    assert len(NAMES) > 25


@pytest.mark.parametrize("name", NAMES)
def test_name_is_there(name):
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        module, _, attribute = name.rpartition(".")
        assert hasattr(importlib.import_module(module), attribute)
