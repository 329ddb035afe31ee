"""``campaign-analytics links``: who is one user, and whom the record of one account costs."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook

import campaign_analytics as ca
from campaign_analytics.assess.links import Links
from tests.cli.conftest import SPRING, Run


@pytest.fixture(scope="module")
def links() -> Links:
    book = ca.load_rulebook("spring_2024", "corrected")
    return ca.assess(ca.read_market(SPRING, book), book).links()


ASKED = ("links", SPRING, "--variant", "corrected")


def test_of_a_market(run: Run, links: Links) -> None:
    said = run(*ASKED)
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert lines[0] == str(links)
    assert lines[1].split()[:2] == ["User", "Accounts"]
    for heading in ("Their accounts", "Identifiers ignored"):
        assert heading in lines
    chinese = run(*ASKED, "--lang", "zh").out
    assert "账号明细" in chinese
    assert "未采用的标识" in chinese


def test_of_one_merchant_every_way_is_told_whole(run: Run, links: Links) -> None:
    table = links.accounts()
    far = table[table["steps_away"] == 2].iloc[0]
    said = run(*ASKED, "--merchant", far["merchant_id"])
    accounts = int((table["cluster"] == far["cluster"]).sum())
    assert said.out.startswith(f"Accounts of the same user as {far['merchant_id']}, itself included: {accounts}\n")
    assert f"\n  {far['way']}\n" in said.out


def test_for_machines(run: Run, links: Links) -> None:
    told = json.loads(run(*ASKED, "--json").out)
    assert [row["cluster"] for row in told["clusters"]] == links.clusters()["cluster"].tolist()
    assert [row["way"] for row in told["accounts"]] == links.accounts()["way"].tolist()
    assert {row["kind"] for row in told["ignored"]} == {"placeholder"}
    one = json.loads(run(*ASKED, "--json", "--merchant", "b2b-2299990001").out)
    assert [row["in_market"] for row in one["accounts"]] == [True, False]


def test_similar_ones_are_a_proposal(run: Run, links: Links) -> None:
    said = run(*ASKED, "--review")
    assert said.out.startswith("Groups of identities that are similar, not equal: 1. A proposal to look at")
    assert json.loads(run(*ASKED, "--review", "--json").out)["review"] == links.review().to_dict("records")


def test_tables_are_written(run: Run, links: Links, tmp_path: Path) -> None:
    run(*ASKED, "--out", "accounts.csv")
    assert len(pd.read_csv(tmp_path / "accounts.csv")) == len(links.accounts())
    said = run(*ASKED, "--out", "links.xlsx", "--lang", "zh")
    assert said.out.splitlines()[-1] == "已写入：links.xlsx"
    sheets = load_workbook(tmp_path / "links.xlsx").sheetnames
    assert sheets == [
        "多账号用户",
        "账号明细",
        "未采用的标识",
        "相似标识（待复核）",
    ]


def test_a_merchant_that_does_not_exist_is_refused(run: Run) -> None:
    said = run(*ASKED, "--merchant", "b2b-220001007x")
    assert said.code == 1
    assert "no merchant has merchant_id 'b2b-220001007x'; did you mean" in said.err
