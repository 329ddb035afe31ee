"""``demo``: a market in a folder of its own, which ``assess`` takes as it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_a_demo_market_can_be_assessed(run: Run, tmp_path: Path, format: str) -> None:
    said = run("demo", "market", "--offers", "300", "--seed", "5", "--format", format)
    assert said.code == 0
    assert said.out.startswith("300 offers of ")
    assert (tmp_path / f"market/offers.{format}").exists()
    assert json.loads(run("assess", "market", "--json").out)["offers"]["offers"] == 300


def test_the_same_seed_gives_the_same_market(run: Run, tmp_path: Path) -> None:
    for folder, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        run("demo", folder, "--offers", "100", "--seed", seed)
    a, b, c = ((tmp_path / folder / "offers.csv").read_bytes() for folder in "abc")
    assert a == b
    assert a != c


def test_data_that_is_there_is_never_written_over(run: Run, market: Path) -> None:
    said = run("demo", market)
    assert said.code == 1
    assert "give a new or empty folder" in said.err


@pytest.mark.parametrize("offers", ["0", "-1", "many", "1.5"])
def test_a_wrong_number_is_wrong_usage(run: Run, offers: str) -> None:
    assert run("demo", "market", "--offers", offers).code == 2
