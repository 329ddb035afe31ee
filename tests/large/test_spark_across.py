"""What needs all offers at once is on Spark what it is where all are held: shares of a merchant's offers, and ranks."""

from __future__ import annotations

import random
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import campaign_analytics as ca
from campaign_analytics.errors import CampaignError
from campaign_analytics.market.schema import Market
from campaign_analytics.rulebook.book import Rulebook
from tests.large.files import written
from tests.large.test_spark import same_words, skewed

pytestmark = pytest.mark.usefixtures("spark")
FAIR = Path(__file__).parents[1] / "derive" / "fair.toml"
AS_OF = "2025-02-01"
OFFERS = 900


def fair(folder: Path, *changes: tuple[str, str]) -> Rulebook:
    """The food fair's rulebook with some of its text changed."""
    text = FAIR.read_text("utf-8")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    (folder / "fair.toml").write_text(text, "utf-8")
    return ca.load_rulebook(folder / "fair.toml")


def stalls(book: Rulebook) -> Market:
    """Offers of few kinds and stars, many of them alike, some without either; two of the merchants have none."""
    pick = random.Random(0)
    kinds = ["bread", "cake", "tart", "scone", None]
    owners = [pick.randrange(9) for _ in range(OFFERS)]
    often = [[60, 20, 15, 4, 1], [20, 60, 15, 4, 1], [15, 20, 60, 4, 1]]
    offers = {
        "offer_id": [f"o{i:04}" for i in range(OFFERS)],
        "merchant_id": [f"m{owner}" for owner in owners],
        "kind": [pick.choices(kinds, often[owner % 3])[0] for owner in owners],
        "stars": pick.choices([0, 1, 2, 2.5, 4, None, "3-4"], k=OFFERS),
        "price": pick.choices(range(1, 99), k=OFFERS),
    }
    skus = {"offer_id": offers["offer_id"], "sku_campaign_price": offers["price"], "sku_list_price": [100] * OFFERS}
    mostly = ["bread", "cake", "tart", "cake"] * 2 + ["tart"] * 3
    bakers = {"merchant_id": [f"m{i}" for i in range(11)], "baker_of": mostly}
    tables: dict[str, dict[str, Any]] = {"offers": offers, "merchants": bakers, "skus": skus}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        market = ca.read_market({name: pd.DataFrame(table) for name, table in tables.items()}, book)
    return replace(skewed(market), declared=replace(market.declared, offers_are_complete=True))


#: Ranks of what is made of SKUs, among the offers of merchants that mostly bake the same; of a part of all offers.
OTHERS = (
    ('of = "stars", within = "kind"', 'of = "worst", within = "mostly"'),
    (
        'of = "stars", where = "stars >= :rated_from"',
        """of = "price", where = "kind <> 'tart' OR stars >= :rated_from\"""",
    ),
)


@pytest.mark.parametrize("changes", [(), OTHERS], ids=["shipped", "of other tables"])
def test_shares_and_ranks(tmp_path: Path, changes: tuple[tuple[str, str], ...]) -> None:
    book = fair(tmp_path, *changes).set(best=100)
    market = stalls(book)
    held = ca.assess(market, book, AS_OF)
    for rule in ("top", "upper", "honest"):
        assert len(np.unique(held.outcome(rule))) == 3
    (tmp_path / "market").mkdir()
    found = ca.assess(written(market, tmp_path / "market"), book, AS_OF, engine="spark", out=tmp_path / "out")
    same_words(tmp_path / "out", held)
    pd.testing.assert_frame_equal(found.blockers(level="merchants"), held.blockers(level="merchants"))


def test_what_is_made_of_a_rank_is_refused_by_name(tmp_path: Path) -> None:
    book = fair(tmp_path, ('of = "stars", where', 'of = "place", where'))
    (tmp_path / "market").mkdir()
    with pytest.raises(CampaignError, match="standing is a rank made of place"):
        ca.assess(written(stalls(book), tmp_path / "market"), book, AS_OF, engine="spark")
