"""The report: every finding with table, row, column and raw text; cheap however many there are."""

from __future__ import annotations

import time

import pandas as pd
import pytest

from campaign_analytics.market.quality import KINDS, Quality, Reason
from campaign_analytics.market.schema import Market
from tests.market.conftest import ReadOffers

CELLS = {"moq": ["2", "两件", "3", "两件", ""], "category": ["女装", "茶具", "女装", "女装", "女装"]}


@pytest.fixture
def market(read_offers: ReadOffers) -> Market:
    return read_offers(CELLS)


def test_cells(market: Market) -> None:
    assert market.quality is not None
    frame = "the DataFrame offers"
    missing, doubted = "not understood as a number", "not in the list; kept under its own name"
    assert market.quality.cells().to_numpy().tolist() == [
        ["offers", frame, 3, "moq", "missing", missing, "两件", ""],
        ["offers", frame, 5, "moq", "missing", missing, "两件", ""],
        ["offers", frame, 3, "category", "doubted", doubted, "茶具", "茶具"],
    ]
    assert list(market.quality.cells()) == ["table", "file", "row", "column", "kind", "reason", "raw", "became"]


def test_summary(market: Market) -> None:
    assert market.quality is not None
    summary = market.quality.summary()
    summary = summary[summary["column"].isin(list(CELLS))]
    assert summary[["column", "kind", "count", "example"]].to_numpy().tolist() == [
        ["moq", "missing", 2, "两件"],
        ["category", "doubted", 1, "茶具"],
        ["moq", "empty", 1, ""],
    ]


def test_the_text_names_tables_rows_and_examples(market: Market) -> None:
    text = str(market.quality)
    assert "offers: 5 rows read, 5 kept" in text
    assert "missing: offers.moq: not understood as a number (2, such as '两件')" in text
    assert "absent: offers: " in text
    assert repr(market.quality).startswith("Quality(")


def test_rows_add_up(market: Market) -> None:
    assert market.quality is not None
    books = market.quality.rows().set_index("table")
    fates = books.drop(columns="read").sum(axis="columns")
    assert (books["read"] == fates).all()
    with pytest.raises(AssertionError, match="don't add up"):
        Quality().account("offers", 3, kept=2)


def test_an_empty_report(market: Market) -> None:
    quality = Quality()
    for frame in (quality.summary(), quality.cells(), quality.rejected("offers"), quality.rows()):
        assert len(frame) == 0
    assert (str(quality), quality.unread("offers")) == ("", ())


def test_every_kind_that_is_reported_is_explained(market: Market) -> None:
    assert market.quality is not None
    assert market.quality.counts().keys() <= KINDS.keys()
    market.quality.remark("offers", "moq", Reason("doubted", "again"), 2)
    assert market.quality.counts()["doubted"] == 3


def test_a_hundred_thousand_faults_are_cheap(read_offers: ReadOffers) -> None:
    rows = 100_000
    columns = {name: [f"?{row}" for row in range(rows)] for name in ("moq", "list_price", "enrolled_at", "is_yanxuan")}
    start = time.perf_counter()
    quality = read_offers(columns).quality
    assert quality is not None
    cells = quality.cells("missing")
    assert len(cells) == 4 * rows
    assert len(str(quality)) < 5_000
    assert time.perf_counter() - start < 15
    assert isinstance(cells["column"].dtype, pd.CategoricalDtype)
