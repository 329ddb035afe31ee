"""The NumPy version by hand that the benchmark compares with stays right as the rulebook and the evaluator change."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from campaign_analytics.assess import assess
from campaign_analytics.demo import demo_market
from campaign_analytics.rulebook.load import load_rulebook

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The benchmark's modules, which are scripts beside the package."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return {name: importlib.import_module(name) for name in ("columns", "by_numpy", "by_evaluator")}


def test_rules_by_hand_and_rules_of_the_rulebook_give_the_same_masks(bench: dict[str, Any]) -> None:
    with pytest.warns(match="misprint"):
        book = load_rulebook("spring_2024")
    assessment = assess(demo_market(5_000, seed=3), book)
    used = bench["columns"].used_columns(assessment)
    compiled = bench["by_evaluator"].compile(assessment, used)
    np.testing.assert_array_equal(bench["by_numpy"].run(used), bench["by_evaluator"].run(compiled, used))


def test_ten_times_the_market_gives_ten_times_the_masks(bench: dict[str, Any]) -> None:
    with pytest.warns(match="misprint"):
        book = load_rulebook("spring_2024")
    used = bench["columns"].used_columns(assess(demo_market(300, seed=1), book))
    once, tenfold = bench["by_numpy"].run(used), bench["by_numpy"].run(bench["columns"].tiled(used, 10))
    np.testing.assert_array_equal(tenfold, np.tile(once, 10))
