"""A cube that Spark makes counts, at every place of its sliders, what NumPy's cube of the same files counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import campaign_analytics as ca
from campaign_analytics.errors import CampaignError
from campaign_analytics.large import cube as cubes
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.simulate.at_rest import Cube
from campaign_analytics.simulate.what_if import WhatIf
from tests.large.files import written
from tests.large.test_cube import counts_alike
from tests.large.test_parts import alike
from tests.large.test_spark import skewed

pytestmark = pytest.mark.usefixtures("spark")
EXPLORED = ("max_moq", "min_trade_medal", "min_pickup_rate_48h")  # of offers, of merchants, one with ranges
AS_OF, BY = "2024-02-26", "category"


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return ca.load_rulebook("spring_2024", "corrected")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    market = skewed(ca.demo_market(2_000, seed=3, profile="wholesale"))
    return written(market, tmp_path_factory.mktemp("market"))


@pytest.fixture(scope="module")
def both(spark: Any, files: Path, book: Rulebook) -> tuple[Cube, Cube]:
    done: list[tuple[int, int]] = []
    made = ca.what_if_cube(files, book, EXPLORED, as_of=AS_OF, engine="spark", progress=lambda *at: done.append(at))
    assert done[-1] == (2_000, 2_000)
    assert done == sorted(done)
    return made, ca.what_if_cube(files, book, EXPLORED, as_of=AS_OF)


def test_counts_are_those_of_numpy_at_every_place(both: tuple[Cube, Cube]) -> None:
    ours, theirs = map(WhatIf, both)
    for name in EXPLORED:
        hands = [each.hand(name, BY) for each in (ours, theirs)]
        assert hands[0] is not None
        assert hands[1] is not None
        for place in range(len(hands[0].places)):
            counts_alike(hands[0].standing(place), hands[1].standing(place))
    pd.testing.assert_frame_equal(ours.surface(*EXPLORED[:2], by=BY), theirs.surface(*EXPLORED[:2], by=BY))


def test_it_has_as_many_rows_and_is_kept_as_any(both: tuple[Cube, Cube], book: Rulebook, tmp_path: Path) -> None:
    ours, theirs = both
    for level in ("offers", "merchants"):
        assert ours.market.tables[level].rows == theirs.market.tables[level].rows
        assert ours.market.tables[level].many == theirs.market.tables[level].many
    ca.save_cube(ours, tmp_path / "spark.parquet")
    again = ca.open_cube(tmp_path / "spark.parquet", book)
    pd.testing.assert_frame_equal(again.summary(by=BY), theirs.summary(by=BY))
    np.testing.assert_array_equal(np.sort(again.market.merchant_row), np.sort(theirs.market.merchant_row))


def test_an_index_made_by_spark_has_the_outcomes_of_one_made_by_numpy(
    spark: Any, files: Path, book: Rulebook, tmp_path: Path
) -> None:
    made = ca.build_index(files, book, tmp_path / "coded", AS_OF, engine=spark)
    other = ca.build_index(files, book, tmp_path / "other", AS_OF)
    assert {path.relative_to(tmp_path / "coded") for path in (tmp_path / "coded").rglob("*.npy")} >= {
        path.relative_to(tmp_path / "other") for path in (tmp_path / "other").rglob("*.npy")
    }
    assert made.told["files"] == other.told["files"]
    moved = book.set(min_pickup_rate_48h="85%", max_moq=3, min_trade_medal="AAA")
    alike(ca.assess(tmp_path / "coded", moved), ca.assess(files, moved, AS_OF))
    WhatIf(made.assessment()).curve("min_pickup_rate_48h", by=BY)
    with pytest.raises(CampaignError, match="is not empty and holds no index"):
        ca.build_index(files, book, files, AS_OF, engine=spark)


def test_too_many_places_are_refused(spark: Any, files: Path, book: Rulebook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cubes, "MOST", 100)
    with pytest.raises(CampaignError, match="more than 100 rows"):
        ca.what_if_cube(files.as_uri(), book, EXPLORED, as_of=AS_OF, engine=spark)
