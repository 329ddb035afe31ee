"""``report``: a folder for a market's operators, one file for a merchant."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli.conftest import SPRING, Run


def test_a_market_has_a_page_and_two_workbooks(run: Run, tmp_path: Path) -> None:
    said = run("report", SPRING, "--out", "rep", "--lang", "zh")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("商品：2,000 个中")
    assert said.out.splitlines()[-1].replace(os.sep, "/") == (
        "已写入：rep/report.html、rep/failures.xlsx、rep/fixes.xlsx"
    )
    assert sorted(path.name for path in (tmp_path / "rep").iterdir()) == ["failures.xlsx", "fixes.xlsx", "report.html"]


@pytest.mark.parametrize("name", ["it.html", "it.xlsx"])
def test_a_merchant_has_a_file_to_send(run: Run, tmp_path: Path, name: str) -> None:
    said = run("report", SPRING, "--merchant", "b2b-2200010003", "--out", name)
    assert said.code == 0
    assert "b2b-2200010003: 0 of its 1 offers pre-qualify" in said.out.splitlines()[0]
    assert said.out.splitlines()[-1] == f"Written: {name}"
    assert (tmp_path / name).stat().st_size > 5000


def test_for_machines_it_says_what_was_written(run: Run) -> None:
    said = run("report", SPRING, "--merchant", "b2b-2200010003", "--out", "it.html", "--json")
    assert json.loads(said.out)["written"] == ["it.html"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--merchant", "m11", "--out", "it.html"], "no merchant has merchant_id 'm11'; did you mean 'm1'?"),
        (["--merchant", "m1", "--out", "it.pdf"], "it.pdf: expected a name that ends in .html or .xlsx"),
        (["--merchant", "m1", "--out", "exports"], "exports: expected a name that ends in .html or .xlsx"),
        (["--out", "exports/offers.csv"], "offers.csv is a file; a market's report goes into a folder"),
    ],
)
def test_what_cannot_be_is_refused_in_words(run: Run, market: Path, arguments: list[str], reason: str) -> None:
    there = {path: path.read_bytes() for path in market.iterdir()}
    said = run("report", market, *arguments)
    assert (said.code, said.out) == (1, "")
    assert reason in said.err
    assert {path: path.read_bytes() for path in market.iterdir()} == there


def test_a_merchant_whose_name_is_a_formula_has_a_report(run: Run, market: Path) -> None:
    assert run("report", market, "--out", "rep").code == 0
    assert run("report", market, "--merchant", "=m-2", "--out", "it.xlsx").code == 0
