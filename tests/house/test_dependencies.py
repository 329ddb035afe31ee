"""What is imported is declared, what is declared is used, and the lock pins all of it."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCK = "\n".join((ROOT / name).read_text("utf-8").strip() for name in ("requirements.txt", "requirements-spark.txt"))
PINNED = dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", LOCK, re.MULTILINE))

#: Used without being imported: zoneinfo reads it.
UNSEEN = {"tzdata"}


def _project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def _names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(text).name) for text in requirements}


def _imported() -> set[str]:
    """Distributions that the package imports anywhere."""
    modules = set[str]()
    for path in (ROOT / "campaign_analytics").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                modules |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                modules.add((node.module or "").split(".")[0])
    owners = packages_distributions()
    foreign = modules - sys.stdlib_module_names - {"campaign_analytics"}
    # Spark, large as it is, need not be installed; its modules have the names of its distributions
    return {canonicalize_name(owners.get(module, [module])[0]) for module in foreign}


def test_every_library_that_is_imported_is_declared() -> None:
    project = _project()["project"]
    extras = [text for extra in project["optional-dependencies"].values() for text in extra]
    assert _imported() <= _names(project["dependencies"]) | _names(extras)


def test_every_library_that_is_declared_is_used() -> None:
    assert _names(_project()["project"]["dependencies"]) - UNSEEN <= _imported()


def _declared() -> list[str]:
    pyproject = _project()
    groups = [*pyproject["project"]["optional-dependencies"].values(), *pyproject["dependency-groups"].values()]
    return [*pyproject["project"]["dependencies"], *(text for group in groups for text in group)]


@pytest.mark.parametrize("text", _declared())
def test_the_lock_holds_a_fitting_version(text: str) -> None:
    requirement = Requirement(text)
    pinned = PINNED.get(canonicalize_name(requirement.name))
    assert pinned, f"{text} is not in requirements.txt: make lock"
    assert requirement.specifier.contains(pinned), f"requirements.txt pins {pinned}: make lock"


def test_the_lock_is_hashed_and_names_no_place() -> None:
    entries = re.split(r"\n(?=[a-z0-9])", LOCK.strip())
    assert len(entries) == len(PINNED)
    assert all("--hash=sha256:" in entry for entry in entries)
    assert not re.search(r"https?:|file:|--index-url|--find-links| @ ", LOCK)
