"""The versions by hand that benchmarks compare with stay right as the rulebook and the evaluator change."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import campaign_analytics as ca
from campaign_analytics.assess import Assessment, assess
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


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> Assessment:
    """A market of a seed that no table uses, by the rules that peers share."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    columns, explain = (importlib.import_module(name) for name in ("columns", "explain"))
    with pytest.warns(match="misprint"):
        book = columns.only_compared(load_rulebook("spring_2024"))
    return assess(columns.as_listed(explain.with_categories(demo_market(3_000, seed=7), 7)), book)


def test_curves_and_cubes_by_hand_give_our_counts(shared: Assessment) -> None:
    made = importlib.import_module("curves").contestants(shared)  # exits where counts differ
    assert {"DuckDB", "Polars", "pandas"} <= {*made["curves"]} & {*made["cube"]}


def test_what_keeps_offers_out_is_the_same_by_hand(shared: Assessment) -> None:
    made = importlib.import_module("explain").contestants(shared, 0)  # exits where answers differ
    assert all({"DuckDB", "Polars", "pandas"} < {*runs} for runs in made.values())


def test_every_question_about_fixes_has_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)
    book = ca.load_rulebook("spring_2024", "corrected")
    assert all(
        seconds > 0
        for seconds in importlib.import_module("fixes").timings(assess(demo_market(2_000), book), 1).values()
    )


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A market of typed files as the benchmark of large ones makes it, of a seed that its tables do not use."""
    folder = str(tmp_path_factory.mktemp("market"))
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        importlib.import_module("scale").make(folder, 4_000, 11)
    return folder


@pytest.mark.parametrize("library", ["duckdb", "polars", "pandas"])
def test_files_by_hand_give_the_counts_of_assess(library: str, files: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)
    by_hand, shared = (importlib.import_module(name) for name in (f"files_by_{library}", "files_by_hand"))
    cube, book = by_hand.cube(files), ca.load_rulebook("spring_2024", "corrected")
    found = {("90%", 2): by_hand.verdicts(files)}
    found |= {
        (f"{pickup}%", moq): shared.verdicts_at(cube, 2 * pickup, moq) for pickup, moq in ((85, 5), (100, 1), (0, 100))
    }
    for (pickup, moq), counts in found.items():
        moved = book.set(min_pickup_rate_48h=pickup, max_moq=moq)
        expected = ca.assess(files, moved).summary(by="category").sort_values("category", ignore_index=True)
        pd.testing.assert_frame_equal(counts, expected, check_dtype=False)
