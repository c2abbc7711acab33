"""Every module imports only from the layers before its own, and no package goes round in circles."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "src" / "onelayer"

LAYERS = (
    "version",
    "errors",
    "arrays",
    "conversion",
    "strict",
    "base_estimator",
    "tree",
    "engine",
    "threads",
    "streams",
    "numerics",
    "information",
    "storage",
    "data",
    "rows",
    "losses",
    "penalties",
    "models",
    "objective",
    "gradcheck",
    "solvers",
    "training",
    "evaluation",
    "features",
    "selection",
    "figures",
    "reporting",
    "live",
    "estimators",
    "image_model",
    "derivations",
    "experiment",
    "reproduce",
    "bench",
    "cli",
    "__main__",
    "__init__",  # the public names, which are loaded from everywhere
)


def module_name(file: Path) -> str:
    parts = file.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {module_name(file): file for file in sorted(SOURCE.rglob("*.py"))}
COMPILED = {"onelayer.engine._native"}
PACKAGES = sorted(module for module, file in FILES.items() if file.name == "__init__.py" and module != "onelayer")


def imported_modules(source: str, module: str, is_package: bool) -> set[str]:
    """The modules of onelayer that ``source`` names in an import, wherever in the file it stands."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = module.split(".")[: len(module.split(".")) - node.level + is_package] if node.level else []
            origin = ".".join([*above, *([node.module] if node.module else [])])
            found.update(f"{origin}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            found.update(arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str))
    return {known_module(name) for name in found if name.split(".")[0] == "onelayer"}


def known_module(name: str) -> str:
    """``onelayer.errors.InputError`` is a name in ``onelayer.errors``; ``onelayer.data.idx`` is a module itself."""
    parent = name.rpartition(".")[0]
    return name if name in FILES or name in COMPILED or parent not in FILES else parent


def layer(module: str) -> str:
    return module.split(".")[1] if "." in module else "__init__"


def imports_of(module: str) -> set[str]:
    file = FILES[module]
    return imported_modules(file.read_text(encoding="utf-8"), module, file.name == "__init__.py")


@pytest.mark.parametrize("module", FILES)
def test_module_is_in_a_known_layer(module):
    assert layer(module) in LAYERS


@pytest.mark.parametrize("module", FILES)
def test_module_imports_only_from_layers_before_its_own(module):
    known = LAYERS[: LAYERS.index(layer(module))]
    others = {name for name in imports_of(module) if layer(name) != layer(module)}
    assert {name for name in others if layer(name) not in known} == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_package_has_no_import_cycle(package):
    inside = {module for module in FILES if module == package or module.startswith(f"{package}.")}
    graph = {module: imports_of(module) & inside for module in inside}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"imports go round: {' -> '.join(reversed(error.args[1]))}")


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("import onelayer.errors", "onelayer.errors"),
        ("from onelayer.errors import InputError", "onelayer.errors"),
        ("from onelayer import features", "onelayer.features"),
        ("from onelayer import __version__", "onelayer"),
        ("def f():\n    from onelayer.features.hog import HOG", "onelayer.features.hog"),
        ("from . import hog", "onelayer.features.hog"),
        ("from .hog import HOG", "onelayer.features.hog"),
        ("from ..errors import InputError", "onelayer.errors"),
        ("importlib.import_module('onelayer.errors')", "onelayer.errors"),
    ],
)
def test_every_way_to_import_is_seen(statement, expected):
    assert imported_modules(statement, "onelayer.features.pixels", is_package=False) == {expected}
