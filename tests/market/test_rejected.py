"""Rows that were put aside can be repaired and read again; what stands before their own columns is no data."""

from __future__ import annotations

from pathlib import Path

import pytest

from campaign_analytics.market.quality import numbered
from campaign_analytics.market.read import read_market
from campaign_analytics.market.schema import Market
from campaign_analytics.report.quality import write_rejected
from campaign_analytics.rulebook.book import Rulebook
from tests.market.conftest import Write, shown
from tests.market.test_keys import fates

OFFERS = "offer_id,merchant_id,title,moq,row,title\n1,m,甲,2,q,1\n,m,=乙,3,r,2\n6.1E+11,m,@丙,-,s,3\n7,n\n"


def mended(folder: Path, table: str, changes: dict[str, str], format: str = "csv") -> None:
    """Put the rejected rows that stand in ``out`` beside the others, with some texts changed."""
    text = (folder / "out" / f"{table}_rejected.csv").read_text("utf-8-sig")
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    (folder / f"{table}_rejected.{format}").write_text(text, "utf-8")


@pytest.fixture
def put_aside(book: Rulebook, folder: Write) -> tuple[Path, Market]:
    place = folder({"offers.csv": OFFERS})
    market = read_market(place, book)
    write_rejected(market, book, place / "out")
    return place, market


def test_repaired_rows_are_read_beside_the_others(book: Rulebook, put_aside: tuple[Path, Market]) -> None:
    place, before = put_aside
    assert fates(before) == {"read": 5, "kept": 1, "rejected": 3, "headers": 1}
    mended(place, "offers", {"no offer_id,,": "no offer_id,2,", "6.1E+11": "610", "7,n,": "7,m,"})
    market = read_market(place, book)
    assert shown(market, "offer_id") == ["1", "2", "610", "7"]
    assert shown(market, "moq") == [2, 3, None, None]
    assert fates(market) == {"read": 9, "kept": 4, "mended": 3, "headers": 2}
    assert market.quality is not None
    assert market.quality.put_aside() == {}
    assert "rejected" not in market.quality.counts()
    assert {"file", "reason"}.isdisjoint(market.quality.unread("offers"))


def test_a_row_that_is_still_at_fault_is_put_aside_again_under_its_new_place(
    book: Rulebook, put_aside: tuple[Path, Market]
) -> None:
    place, _ = put_aside
    mended(place, "offers", {"6.1E+11": "610"})
    market = read_market(place, book)
    assert market.quality is not None
    again = market.quality.rejected("offers")
    assert again[["file", "row", "reason"]].to_numpy().tolist() == [["offers_rejected.csv", 2, "no offer_id"]]
    assert fates(market)["mended"] == 3


def test_rows_that_nobody_repaired_stay_put_aside(book: Rulebook, put_aside: tuple[Path, Market]) -> None:
    place, _ = put_aside
    text = (place / "out" / "offers_rejected.csv").read_text("utf-8-sig").splitlines()
    (place / "offers_rejected.csv").write_text("\n".join([text[0], text[1].replace("no offer_id,,", ",2,")]), "utf-8")
    market = read_market(place, book)
    assert market.quality is not None
    assert market.quality.rejected("offers")["row"].tolist() == [4, 5]
    assert market.quality.counts()["rejected"] == 2


def test_headers_that_repeat_stay_apart_and_come_back_as_they_were(
    book: Rulebook, put_aside: tuple[Path, Market]
) -> None:
    place, before = put_aside
    assert before.quality is not None
    assert list(before.quality.rejected("offers"))[3:] == [
        "offer_id", "merchant_id", "title", "moq", "row (2)", "title (2)"
    ]  # fmt: skip
    mended(place, "offers", {"no offer_id,,": "no offer_id,2,"})
    market = read_market(place, book)
    assert market.quality is not None
    assert set(market.quality.unread("offers")) == {"title", "row"}  # as of the file itself: two titles, no known row


def test_numbers_given_to_headers_are_their_own() -> None:
    assert numbered(["a", "a", "a (2)", "a"]) == ["a", "a (2)", "a (2) (2)", "a (3)"]
