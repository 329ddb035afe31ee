"""Offers are brought together by merchant, through temporary files, without loss."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_analytics.errors import MarketError
from campaign_analytics.large import of_merchants
from campaign_analytics.large.of_merchants import ByMerchant
from campaign_analytics.market.schema import Cells

PARTS = st.lists(st.lists(st.tuples(st.integers(-1, 9), st.integers(0, 99))), min_size=1, max_size=4)


@given(parts=PARTS, every=st.integers(1, 5))
def test_every_offer_of_a_merchant_is_in_the_group_of_that_merchant(
    parts: list[list[tuple[int, int]]], every: int
) -> None:
    offers = ByMerchant(every * of_merchants.OFFERS)
    for part in parts:
        rows, prices = (np.array([each[end] for each in part], np.int32) for end in (0, 1))
        offers.add(rows, {"price": Cells.make("count", prices)})
    found = list[tuple[int, int]]()
    for number, rows, cells in offers.each():
        assert {row % every for row in rows.tolist()} <= {number}
        found += zip(rows.tolist(), cells["price"].values.tolist(), strict=True)
    assert sorted(found) == sorted(each for part in parts for each in part if each[0] >= 0)


def test_a_folder_that_is_gone_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(MarketError, match="gone"):
        ByMerchant(1)
