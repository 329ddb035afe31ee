"""``import campaign_analytics`` is quick, and its public names are there all the same."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import campaign_analytics as ca

ROOT = Path(__file__).parents[2]


def _fresh(code: str) -> str:
    """What ``code`` prints in an interpreter of its own."""
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT).stdout


def test_importing_loads_no_part_of_its_own() -> None:
    loaded = _fresh("import sys, campaign_analytics; print(*sys.modules)").split()
    heavy = {"pandas", "numpy", "sqlglot", "pydantic", "matplotlib", "ipywidgets", "duckdb", "scipy", "pyarrow"}
    assert not heavy.intersection(loaded)
    assert [name for name in loaded if name.startswith("campaign_analytics")] == ["campaign_analytics"]


def test_assessing_loads_nothing_that_only_charts_and_other_engines_need() -> None:
    loaded = _fresh(
        "import sys, campaign_analytics as ca; ca.load_rulebook, ca.read_market, ca.assess; print(*sys.modules)"
    ).split()
    assert not {"matplotlib", "ipywidgets", "duckdb", "polars", "jupyterlab", "IPython"}.intersection(loaded)


@pytest.mark.parametrize("name", ca.__all__)
def test_every_public_name_is_found(name: str) -> None:
    assert getattr(ca, name) is not None
    assert name in dir(ca)


def test_a_wrong_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'asess'"):
        ca.asess  # noqa: B018


def test_assess_stays_the_function_whatever_was_imported_before() -> None:
    code = "import campaign_analytics as ca, campaign_analytics.assess.assessment; print(callable(ca.assess))"
    assert _fresh(code) == "True\n"


def test_the_version_is_that_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert ca.__version__ == project["version"]
