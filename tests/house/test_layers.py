"""Imports run one way, and heavy libraries stay where they belong."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "campaign_analytics"

#: Left to right: a part imports itself and parts to its left. Parts of one row don't import each other.
ORDER = [
    {"errors", "words"},
    {"rulebook"},
    {"market"},
    {"engines", "demo"},
    {"derive"},
    {"assess"},
    {"simulate"},
    {"large"},
    {"monitor"},
    {"charts"},
    {"report"},
    {"dashboard"},
    {"lab"},
    {"cli"},
]
PLACE = {part: place for place, parts in enumerate(ORDER) for part in parts}

#: Where a library may be imported; any other library may be imported everywhere.
KEPT = {
    "matplotlib": {"charts"},
    "ipywidgets": {"dashboard"},
    "IPython": {"charts", "dashboard"},
    "jupyterlab": {"lab"},
    "jupyter_server": {"lab"},
    "voila": {"lab"},
    "duckdb": {"market", "engines"},  # a market may lie in a DuckDB file
    "py4j": {"engines"},
    "pyspark": {"engines"},
    "sqlalchemy": {"market"},
    "sqlglot": {"rulebook", "market", "engines"},
}

MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def _part(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def _imports(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}:{node.lineno}: a relative import; write it in full"
            module = node.module or ""
            if module == "campaign_analytics":
                yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)
            else:
                yield node.lineno, module


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_run_one_way(path: Path) -> None:
    here = _part(path)
    for line, module in _imports(path):
        library, _, rest = module.partition(".")
        if library == "campaign_analytics":
            there = rest.split(".")[0]
            if there in PLACE and there != here:
                assert PLACE[there] < PLACE[here], (
                    f"{path.name}:{line}: {here} imports {there}, which is not left of it"
                )
        else:
            assert here in KEPT.get(library, {here}), f"{path.name}:{line}: {library} belongs to {KEPT[library]}"


def test_every_part_has_its_place() -> None:
    parts = {_part(path) for path in MODULES}
    assert parts <= PLACE.keys() | {"rulebooks"}, "a new part: give it a place in ORDER"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_modules_are_small_and_well_named(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) < 400
    assert path.stem not in {"utils", "helpers", "common", "misc", "base", "core", "tools"}
