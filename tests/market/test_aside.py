"""Columns that no known column answers to: kept raw beside the table, whatever rows are put aside or merged."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from campaign_analytics.market.read import read_market
from campaign_analytics.rulebook.book import Rulebook

MERCHANTS = pd.DataFrame({"merchant_id": ["m"]})


def test_they_stand_beside_the_rows_that_are_kept(book: Rulebook) -> None:
    offers = pd.DataFrame(
        {
            "offer_id": ["合计", "1", "6.1E+11", "2", "1"],
            "备注": ["a", " b ", "c", "=1", "e"],
            "merchant_id": ["", "m", "m", "m", "m"],
        }
    )
    market = read_market({"offers": offers, "merchants": MERCHANTS}, book)
    assert market.aside("offers").to_dict("list") == {
        "offer_id": ["1", "2"],
        "merchant_id": ["m", "m"],
        "备注": [" b ", "=1"],
    }
    assert market.aside("merchants").columns.tolist() == ["merchant_id"]


def test_files_of_one_table_have_their_own(book: Rulebook, tmp_path: Path) -> None:
    (tmp_path / "merchants.csv").write_text("merchant_id\nm\n", "utf-8")
    (tmp_path / "offers_1.csv").write_text("offer_id,merchant_id,one,both\n1,m,x,y\n", "utf-8")
    (tmp_path / "offers_2.csv").write_text("offer_id,merchant_id,both,both\n2,m,u,v\n", "utf-8")
    market = read_market(tmp_path, book)
    held = market.aside("offers").drop(columns=["merchant_id"])
    assert held.to_dict("list") == {"offer_id": ["1", "2"], "one": ["x", ""], "both": ["y", "u"], "both (2)": ["", "v"]}


def test_columns_that_two_headers_claim_are_among_them(book: Rulebook) -> None:
    offers = pd.DataFrame({"offer_id": ["1"], "merchant_id": ["m"], "起批量": ["1"], "moq": ["2"]})
    market = read_market({"offers": offers, "merchants": MERCHANTS}, book)
    assert market.aside("offers")[["起批量", "moq"]].to_numpy().tolist() == [["1", "2"]]


def test_columns_that_a_header_may_mean_are_proposed_and_not_applied(book: Rulebook) -> None:
    offers = pd.DataFrame({"offer_id": ["1"], "merchant_id": ["m"], "商品成长分数": ["60"], "备注": [""]})
    market = read_market({"offers": offers, "merchants": MERCHANTS}, book)
    (part,) = market.offers.parts
    assert {aside.header: "growth_score" in aside.near for aside in part.aside} == {"商品成长分数": True, "备注": False}
    assert market.offers.cells["growth_score"].gone.all()
