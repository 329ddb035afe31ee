"""The built wheel in an environment of its own, far from this folder: nothing that it needs was left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).with_name("uv")

Run = Callable[..., str]


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run a program of the fresh environment in a foreign folder, and give what it prints."""
    if not UV.exists():
        pytest.skip("this environment has no uv; make install makes one that has")
    place = tmp_path_factory.mktemp("elsewhere")
    env = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}

    def run(program: str | Path, *arguments: str | Path) -> str:
        command = [place / "env" / "bin" / program, *arguments]
        return subprocess.run(command, cwd=place, env=env, check=True, capture_output=True, text=True).stdout

    run(UV, "build", "--quiet", "--wheel", "--out-dir", place, ROOT)
    run(UV, "venv", "--quiet", "--python", sys.executable, place / "env")
    (wheel,) = place.glob("*.whl")
    lock = ROOT / "requirements.txt"
    run(UV, "pip", "install", "--quiet", "--python", place / "env", "--constraint", lock, wheel)
    return run


def test_it_finds_its_rulebooks(elsewhere: Run) -> None:
    for path in (ROOT / "campaign_analytics" / "rulebooks").glob("*.toml"):
        if path.stem not in ("vocabulary", "platform"):
            shown = json.loads(elsewhere("campaign-analytics", "rulebook", "show", path.stem, "--json"))
            assert shown["rulebook"]["id"] == path.stem


def test_it_assesses_a_demo_market(elsewhere: Run) -> None:
    elsewhere("campaign-analytics", "demo", "market", "--offers", "500", "--seed", "1")
    answer = json.loads(elsewhere("campaign-analytics", "assess", "market", "--json"))
    assert answer["offers"]["offers"] == 500


def test_it_draws_chinese_with_its_own_font_and_no_extras(elsewhere: Run) -> None:
    code = """
import warnings; warnings.simplefilter("error")
import campaign_analytics as ca
from campaign_analytics import charts
book = ca.load_rulebook("spring_2024", variant="corrected")
result = ca.assess(ca.demo_market(500), book, as_of="2024-02-26")
charts.verdicts(result, "zh").savefig("verdicts.png")
"""
    elsewhere("python", "-c", code)


def test_it_carries_its_types_and_its_licence(elsewhere: Run) -> None:
    code = """
from importlib.metadata import files
print(*(path.name for path in files("campaign-analytics")))
"""
    assert {"py.typed", "LICENSE"} <= set(elsewhere("python", "-c", code).split())
