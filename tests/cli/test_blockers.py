"""``blockers`` and ``fixes``: the answer in one line, then the table, and the whole of it in a file."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import campaign_analytics as ca
from tests.cli.conftest import SPRING, Run


@pytest.fixture(scope="module")
def result() -> ca.Assessment:
    book = ca.load_rulebook("spring_2024", "corrected")
    return ca.assess(ca.read_market(SPRING, book), book)


def test_the_first_line_names_the_dearest_rule(run: Run, result: ca.Assessment) -> None:
    most = result.blockers().iloc[0]
    said = run("blockers", SPRING, "--variant", "corrected")
    assert (said.code, said.err) == (0, "")
    first, titles, row, *_ = said.out.splitlines()
    assert f"{most['fails']:,} of 2,000 offers fail it, {most['sole']:,} of them only this" in first
    assert titles.split()[:2] == ["Clause", "Rules"]
    assert row.startswith(most["clause"])


def test_groups_and_weights_are_those_of_the_library(run: Run, result: ca.Assessment) -> None:
    told = json.loads(run("blockers", SPRING, "--variant", "corrected", "--by", "category", "--json").out)
    expected = json.loads(result.blockers(by="category").to_json(orient="records", force_ascii=False))
    assert told["blockers"] == expected
    weighed = json.loads(
        run("blockers", SPRING, "--variant", "corrected", "--level", "merchants", "--weight", "offers", "--json").out
    )
    table = result.blockers(level="merchants", weight="offers")
    assert weighed["blockers"] == json.loads(table.to_json(orient="records", force_ascii=False))


@pytest.mark.parametrize("format", ["csv", "parquet", "xlsx"])
def test_the_whole_table_goes_to_a_file(run: Run, tmp_path: Path, result: ca.Assessment, format: str) -> None:
    said = run("blockers", SPRING, "--variant", "corrected", "--by", "category", "--out", f"it.{format}")
    assert said.out.splitlines()[-1] == f"Written: it.{format}"
    assert "20 of " in said.out
    path, table = tmp_path / f"it.{format}", result.blockers(by="category")
    if format == "xlsx":
        shown = pd.read_excel(path, engine="calamine")
        assert shown["Fail it"].sum() == table["fails"].sum()
    else:
        read = pd.read_csv(path) if format == "csv" else pd.read_parquet(path)
        assert list(read.columns) == list(table.columns)
        assert len(read) == len(table)


def test_the_fix_that_lets_most_in_comes_first(run: Run, tmp_path: Path, result: ca.Assessment) -> None:
    near = result.near_misses()
    causes = near.causes()
    said = run("fixes", SPRING, "--variant", "corrected", "--out", "fixes.csv")
    first = said.out.splitlines()[0]
    assert first.startswith(f"{len(near):,} offers are at most 1 fix away")
    assert f"lets {causes['unlocks'].iloc[0]:,} of them in" in first
    assert said.out.splitlines()[2].startswith(causes["merchant_id"].iloc[0])
    assert "no withdrawal" in said.out
    assert len(pd.read_csv(tmp_path / "fixes.csv")) == len(near.fixes())
    told = json.loads(run("fixes", SPRING, "--variant", "corrected", "--at-most", "2", "--json").out)
    assert (told["at_most"], told["offers"]) == (2, len(result.near_misses(2)))


def test_fixes_of_one_merchant(run: Run, tmp_path: Path, result: ca.Assessment) -> None:
    id = str(result.near_misses().causes()["merchant_id"].iloc[0])
    told = json.loads(run("fixes", SPRING, "--merchant", id, "--out", "fixes.csv", "--json").out)
    assert {cause["merchant_id"] for cause in told["causes"]} == {id}
    assert set(pd.read_csv(tmp_path / "fixes.csv")["merchant_id"]) == {id}


def test_nobody_is_close(run: Run, market: Path) -> None:
    said = run("fixes", market, "--lang", "zh")
    assert said.code == 0
    assert said.out.startswith("没有至多差 1 项且可补救的商品\n")


def test_nobody_fails(run: Run, tmp_path: Path, market: Path) -> None:
    (tmp_path / "mine.toml").write_text(
        '[rulebook]\nid = "mine"\nversion = "1"\neffective = 2024-01-01\nclauses = ["1"]\n'
        '[rules.named]\nclause = "1"\ncondition = "category IS NOT NULL"\n',
        "utf-8",
    )
    for verb, first in (
        ("blockers", "Nobody surely fails a rule"),
        ("fixes", "No offer is at most 1 curable fix away"),
    ):
        said = run(verb, market, "--rulebook", "mine.toml", "--out", f"{verb}.xlsx")
        assert said.code == 0
        assert said.out.splitlines()[0] == first
        assert (tmp_path / f"{verb}.xlsx").exists()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["blockers", "--by", "categry"], "did you mean 'category'?"),
        (["blockers", "--weight", "categories"], "cannot weigh offers by 'categories'"),
        (["blockers", "--level", "merchants", "--by", "category"], "it is a column of offers"),
        (["blockers", "--out", "table.xls"], "table.xls: expected a name that ends in .csv or .parquet or .xlsx"),
        (["blockers", "--out", "exports/offers.csv"], "offers.csv is not a file that this command wrote"),
        (["fixes", "--merchant", "m11"], "no merchant has merchant_id 'm11'; did you mean 'm1'?"),
        (["fixes", "--out", "fixes"], "fixes: expected a name that ends in"),
    ],
)
def test_what_cannot_be_is_refused_in_words(run: Run, market: Path, arguments: list[str], reason: str) -> None:
    there = {path: path.read_bytes() for path in market.iterdir()}
    said = run(arguments[0], market, *arguments[1:])
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("refused: ")
    assert reason in said.err
    assert {path: path.read_bytes() for path in market.iterdir()} == there


@pytest.mark.parametrize("arguments", [["fixes", "x", "--at-most", "0"], ["blockers", "x", "--level", "shops"]])
def test_wrong_usage_is_told_apart(run: Run, arguments: list[str]) -> None:
    assert run(*arguments).code == 2
