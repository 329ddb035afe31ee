"""Every bad input gets a clear message or a counted missing cell; nothing is lost, nothing blows up."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest

from campaign_analytics.errors import MarketError
from campaign_analytics.market.read import read_market
from campaign_analytics.rulebook.book import Rulebook
from tests.market.conftest import ReadOffers, Write, reasons, shown

ONE = {
    "merchants": pd.DataFrame({"merchant_id": ["m"]}),
    "offers": pd.DataFrame({"offer_id": ["1"], "merchant_id": ["m"]}),
}


def message(source: Path | Mapping[str, pd.DataFrame], book: Rulebook) -> str:
    with pytest.raises(MarketError) as caught:
        read_market(source, book)
    return str(caught.value)


def test_no_folder(book: Rulebook, tmp_path: Path) -> None:
    assert message(tmp_path / "nowhere", book).endswith(
        "nowhere does not exist; expected a folder with a file of merchants and a file of offers"
    )


def test_a_file_that_holds_one_table(book: Rulebook, folder: Write) -> None:
    assert "no table merchants in" in message(folder({}) / "offers.csv", book)


def test_no_file_of_offers(book: Rulebook, tmp_path: Path) -> None:
    (tmp_path / "merchants.csv").write_text("merchant_id\nm\n")
    (tmp_path / "ofers.csv").write_text("offer_id\n1\n")
    said = message(tmp_path, book)
    assert "no table offers" in said
    assert "looked for offers.csv, .tsv, .txt, .xlsx, .xls, .parquet, " in said
    assert ", or headers of offers; found merchants.csv" in said
    assert "ofers.csv: not a table: neither its name nor its headers are known" in said


def test_a_name_that_is_no_table(book: Rulebook) -> None:
    assert "no table is called 'ofers'; did you mean 'offers'?" in message({**ONE, "ofers": ONE["offers"]}, book)


def test_something_that_is_no_frame(book: Rulebook) -> None:
    assert message({**ONE, "offers": [1]}, book) == "offers: expected a pandas DataFrame, not list"  # type: ignore[dict-item]


@pytest.mark.parametrize("content", ["", "\n\n", " , ,\n", "\ufeff"])
def test_an_empty_file(book: Rulebook, folder: Write, content: str) -> None:
    assert message(folder({"offers.csv": content}), book).startswith("offers.csv is empty; expected a row of headers")


def test_headers_without_rows(book: Rulebook, folder: Write) -> None:
    said = message(folder({"offers.csv": "offer_id,merchant_id\n"}), book)
    assert (
        said == "offers.csv: the table offers is empty: 0 rows under its headers; expected a row for each of its offers"
    )


def test_rows_that_are_all_rejected(book: Rulebook, folder: Write) -> None:
    said = message(folder({"offers.csv": "offer_id,merchant_id\n6.1E+11,m\n"}), book)
    assert "1 rows under its headers (1 rejected: offer_id: a spreadsheet lost its digits; export it as text)" in said


def test_no_header(book: Rulebook, folder: Write) -> None:
    said = message(folder({"offers.csv": "610000000001,b2b-1\n610000000002,b2b-2\n"}), book)
    assert "no header of the table offers is known in its first row ('610000000001', 'b2b-1')" in said
    assert "such as offer_id, 商品ID" in said


def test_no_key_column(book: Rulebook, folder: Write) -> None:
    said = message(folder({"offers.csv": "offer_id,title\n1,a\n"}), book)
    assert "no column merchant_id, without which a row of offers means nothing" in said
    assert "looked for merchant_id, 商家ID" in said
    assert "[headers.offers]" in said


def test_two_key_columns(book: Rulebook, folder: Write) -> None:
    said = message(folder({"offers.csv": "offer_id,商品ID,merchant_id\n1,2,m\n"}), book)
    assert "found 'offer_id', '商品ID', 'merchant_id'; 'offer_id' and '商品ID' both mean offer_id; say which in" in said
    assert said.count("both mean") == 1


def test_a_key_column_twice(book: Rulebook, folder: Write) -> None:
    said = message(folder({"offers.csv": "商品ID,商品ID,merchant_id\n1,2,m\n"}), book)
    assert said.endswith(
        "found '商品ID', '商品ID', 'merchant_id'; 2 columns called '商品ID' mean offer_id; keep one of them"
    )


def test_every_column_twice(book: Rulebook, folder: Write) -> None:
    lines = '{"offer_id": 1, "merchant_id": "m"}\n{"offerId": 2, "memberId": "m"}\n'
    said = message(folder({"offers.jsonl": lines}), book)
    assert "no column offer_id" in said
    assert "'offer_id' and 'offerId' both mean offer_id" in said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a,b\n1,\xff\xfe", "neither UTF-8 (broken at byte 6) nor GB18030 (broken at byte 6)"),
        (b"offer_id\0,merchant_id\n", "not text, byte 8 is zero"),
    ],
)
def test_an_unknown_encoding(book: Rulebook, folder: Write, content: bytes, said: str) -> None:
    text = message(folder({"offers.csv": content}), book)
    assert text.startswith("offers.csv: ")
    assert said in text
    assert "UTF-8" in text


@pytest.mark.parametrize("name", ["offers.xlsx", "offers.parquet"])
def test_a_broken_file(book: Rulebook, folder: Write, name: str) -> None:
    assert message(folder({name: b"PK\x03\x04 nothing of the kind"}), book).startswith(f"{name} can't be read as")


def test_an_unclosed_quote(book: Rulebook, folder: Write) -> None:
    market = read_market(folder({"offers.csv": 'offer_id,merchant_id\n1,m\n2,"m\n3,m\n4,m\n'}), book)
    assert shown(market, "merchant_id") == ["m", "m\n3,m\n4,m"]
    assert market.merchant_row.tolist() == [0, -1]


def test_a_cell_of_ten_megabytes(book: Rulebook, folder: Write) -> None:
    huge = "长x" * 2_500_000
    start = time.perf_counter()
    market = read_market(
        folder({"offers.csv": f"offer_id,merchant_id,title,moq,paid_regions\n1,m,{huge},{huge},{huge}\n2,m,t,2,\n"}),
        book,
    )
    assert time.perf_counter() - start < 20
    assert [len(title) for title in shown(market, "title")] == [5_000_000, 1]
    assert shown(market, "moq") == [None, 2]
    assert market.quality is not None
    assert market.quality.cells()["raw"].str.len().max() < 200
    assert len(str(market.quality)) < 10_000


def test_numbers_that_can_not_be(read_offers: ReadOffers) -> None:
    market = read_offers(
        {
            "list_price": ["-1", "nan", "inf", "0"],
            "pickup_rate_48h": ["-5%", "101%", "NaN", "1e400%"],
            "growth_score": ["-inf", "1e400", "nan", "60"],
            "moq": ["-1", "1.5", "1e30", "2"],
        }
    )
    assert shown(market, "list_price") == [None] * 4
    assert shown(market, "pickup_rate_48h") == [None] * 4
    assert shown(market, "growth_score") == [None, None, None, 60]
    assert shown(market, "moq") == [None, None, None, 2]
    assert reasons(market, "list_price") == {
        "-1": "below zero",
        "inf": "not understood as a number",
        "0": "zero, which is impossible here",
    }
    assert reasons(market, "moq") == {"-1": "below zero", "1.5": "not a whole number", "1e30": "too large to be true"}


def test_files_that_are_no_table_are_listed(book: Rulebook, folder: Write) -> None:
    market = read_market(
        folder({"notes.txt": "hello", "summary.csv": "a\n1\n", "~$offers.xlsx": "", ".DS_Store": ""}), book
    )
    assert market.quality is not None
    assert market.quality.unread("") == ("notes.txt", "summary.csv")


def test_a_thousand_columns(book: Rulebook, folder: Write) -> None:
    headers = ",".join(["offer_id", "merchant_id", *(f"column {place}" for place in range(1000))])
    market = read_market(folder({"offers.csv": f"{headers}\n1,m{',x' * 1000}\n"}), book)
    assert market.quality is not None
    assert len(market.quality.unread("offers")) == 1000
