"""What needs all offers at once, such as a rank, is the same in parts, also where it is made of other tables, or of
merchants who are not there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import campaign_analytics as ca
from campaign_analytics.large import source
from tests.large.files import written

FAIR = Path(__file__).parents[1] / "derive" / "fair.toml"
OFFERS = 900


@pytest.mark.parametrize("ranked", ['of = "worst", within = "kind"', 'of = "stars", within = "merchant_id"'])
def test_a_rank_among_all_offers_is_that_of_the_market_when_it_is_held(
    ranked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = FAIR.read_text("utf-8")
    assert 'of = "stars", within = "kind"' in text
    (tmp_path / "fair.toml").write_text(text.replace('of = "stars", within = "kind"', ranked))
    book = ca.load_rulebook(tmp_path / "fair.toml").set(best=100)
    rng = np.random.default_rng(0)
    ids = [f"o{i:04}" for i in range(OFFERS)]
    offers = pd.DataFrame(
        {
            "offer_id": ids,
            "merchant_id": rng.choice(["m1", "m2", "m3", "m4"], OFFERS),  # of m4 there is no row
            "kind": rng.choice(["bread", "cake", "tart"], OFFERS),
            "stars": rng.integers(0, 5, OFFERS),
            "price": rng.integers(1, 99, OFFERS),
        }
    )
    skus = pd.DataFrame({"offer_id": ids, "sku_campaign_price": rng.integers(1, 99, OFFERS), "sku_list_price": 100})
    merchants = pd.DataFrame({"merchant_id": ["m1", "m2", "m3"], "baker_of": "bread"})
    market = ca.read_market({"offers": offers, "merchants": merchants, "skus": skus}, book)
    held = ca.assess(market, book, "2025-02-01")
    assert 0 < (held.outcome("top") == 1).sum() < OFFERS
    folder = tmp_path / "market"
    folder.mkdir()
    monkeypatch.setattr(source, "ROWS", 350)
    counts = ca.assess(written(market, folder), book, "2025-02-01")
    pd.testing.assert_frame_equal(counts.misses(by="kind"), held.misses(by="kind"))
