"""Rows that repeat, rows of earlier snapshots, rows without a key: each has one fate, and is counted."""

from __future__ import annotations

import pandas as pd

from campaign_analytics.market.read import read_market
from campaign_analytics.market.schema import Market
from campaign_analytics.rulebook.book import Rulebook
from tests.market.conftest import ReadOffers, Write, reasons, shown


def fates(market: Market, table: str = "offers") -> dict[str, int]:
    assert market.quality is not None
    return {fate: count for fate, count in market.quality.accounts[table].items() if count}


def test_rows_that_are_the_same_are_merged(read_offers: ReadOffers) -> None:
    market = read_offers({"offer_id": ["1", "2", "1", "1"], "moq": ["2", "3", " 2", "2.0"], "title": [None] * 4})
    assert shown(market, "offer_id") == ["1", "2"]
    assert shown(market, "moq") == [2, 3]
    assert fates(market) == {"read": 4, "kept": 2, "merged": 2}


def test_of_conflicting_rows_the_first_stays_without_its_conflicting_cells(read_offers: ReadOffers) -> None:
    market = read_offers(
        {"offer_id": ["1", "2", "1"], "moq": ["2", "3", "4"], "title": ["a", "b", "a"], "list_price": ["9", "9", ""]}
    )
    assert shown(market, "offer_id") == ["1", "2"]
    assert shown(market, "moq") == [None, 3]
    assert shown(market, "list_price") == [None, 9]
    assert shown(market, "title") == ["a", "b"]
    assert list(reasons(market, "moq")) == ["2"]
    assert market.quality is not None
    merged = market.quality.cells("merged")
    assert merged[["row", "column", "raw"]].to_numpy().tolist() == [[4, "offer_id", "1"]]


def test_conflicting_titles_are_missing_too(read_offers: ReadOffers) -> None:
    assert shown(read_offers({"offer_id": ["1", "1"], "title": ["a", "b"]}), "title") == [None]


def test_of_several_snapshots_the_latest_counts_and_the_others_stay_aside(read_offers: ReadOffers) -> None:
    market = read_offers(
        {
            "offer_id": ["1", "2", "1", "1"],
            "snapshot_at": ["2024-02-01", "2024-02-01", "2024-02-03", "2024-02-02"],
            "moq": ["1", "2", "3", "4"],
        }
    )
    assert shown(market, "moq") == [2, 3]
    assert market.earlier["offers"].cells["moq"].values.tolist() == [1, 4]
    assert fates(market) == {"read": 4, "kept": 2, "earlier": 2}


def test_rows_without_a_key_are_rejected_and_blank_rows_are_no_data(book: Rulebook, folder: Write) -> None:
    offers = "offer_id,merchant_id,title\n1,m,甲\n,m,乙\n , ,\n\n2,,丙\nnull,m,丁\n\n"
    market = read_market(folder({"offers.csv": offers}), book)
    assert shown(market, "offer_id") == ["1", "2"]
    assert shown(market, "merchant_id") == ["m", None]
    assert market.merchant_row.tolist() == [0, -1]
    assert fates(market) == {"read": 8, "kept": 2, "rejected": 2, "blank": 3, "headers": 1}
    assert market.quality is not None
    rejected = market.quality.rejected("offers")
    assert rejected.to_numpy().tolist() == [
        ["offers.csv", 3, "no offer_id", "", "m", "乙"],
        ["offers.csv", 7, "no offer_id", "null", "m", "丁"],
    ]


def test_rows_with_other_widths_than_the_headers_are_rejected(book: Rulebook, folder: Write) -> None:
    offers = "offer_id,merchant_id,title\n1,m,甲\n2,m\n3,m,丙,丁\n\n4,m,戊\n"
    market = read_market(folder({"offers.csv": offers}), book)
    assert shown(market, "offer_id") == ["1", "4"]
    assert market.offers.origin is not None
    assert market.offers.origin.numbers.tolist() == [2, 6]
    assert fates(market) == {"read": 6, "kept": 2, "rejected": 2, "blank": 1, "headers": 1}
    assert market.quality is not None
    rejected = market.quality.rejected("offers").set_index("row")
    assert rejected["reason"].to_dict() == {3: "2 cells under 3 headers", 4: "4 cells under 3 headers"}
    assert rejected.loc[4, "(4)"] == "丁"


def test_rows_that_all_end_in_a_comma_are_no_fault(book: Rulebook, folder: Write) -> None:
    market = read_market(folder({"offers.csv": "offer_id,merchant_id\n1,m,\n2,m,\n"}), book)
    assert fates(market) == {"read": 3, "kept": 2, "headers": 1}
    assert market.quality is not None
    assert market.quality.unread("offers") == ()


def test_source_rows_count_as_a_spreadsheet_does(book: Rulebook, folder: Write) -> None:
    offers = '\n\noffer_id,merchant_id,title,moq\n1,m,"two\nlines",1\n2,m,x,?\n'
    market = read_market(folder({"offers.csv": offers}), book)
    assert market.quality is not None
    assert market.quality.cells("missing")["row"].tolist() == [5]


def test_a_header_may_have_a_line_break(book: Rulebook, folder: Write) -> None:
    market = read_market(folder({"offers.csv": 'offer_id,"merchant\r\nid",moq\r\n1,m,2\r\n'}), book)
    assert shown(market, "moq") == [2]
    assert market.offers.origin is not None
    assert market.offers.origin.numbers.tolist() == [2]


def test_events_may_repeat(book: Rulebook) -> None:
    sales = pd.DataFrame({"offer_id": ["1", "1"], "paid at": ["2024-01-01"] * 2, "unit price": ["9", "9"]})
    offers = pd.DataFrame({"offer_id": ["1"], "merchant_id": ["m"]})
    merchants = pd.DataFrame({"merchant_id": ["m"]})
    market = read_market({"merchants": merchants, "offers": offers, "transactions": sales}, book)
    assert market.tables["transactions"].rows == 2


def test_files_with_other_columns_complete_each_other(book: Rulebook, folder: Write) -> None:
    files = {
        "offers_1.csv": "offer_id,merchant_id,moq\n1,m,2\n2,m,3\n",
        "offers_2.csv": "offer_id,merchant_id,title\n2,m,乙\n1,m,甲\n1,m,丙\n3,m,丁\n",
        "offers_3.csv": "offer_id,merchant_id,moq\n2,m,4\n3,m,5\n",
        "offers.csv": "offer_id,merchant_id\n",
    }
    market = read_market(folder(files), book)
    assert shown(market, "offer_id") == ["1", "2", "3"]
    assert shown(market, "moq") == [2, None, 5]  # of offer 2 two files say otherwise
    assert shown(market, "title") == [None, "乙", "丁"]  # of offer 1 two rows do
    assert reasons(market, "moq") == {"3": "rows of the same key differ here"}
    assert fates(market) == {"read": 12, "kept": 3, "merged": 5, "headers": 4}
    assert market.quality is not None
    said = market.quality.cells("merged")[["file", "row", "reason"]].to_numpy().tolist()
    assert ["offers_3.csv", 3, "the same key again; its cells stand where the first row's source says nothing"] in said
