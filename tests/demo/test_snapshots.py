"""Invented snapshots: the same for the same seed, and with something in them for everything that monitoring finds."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from campaign_analytics import CampaignError, Monitoring, demo_market, load_rulebook, monitor
from campaign_analytics.demo import demo_snapshots
from campaign_analytics.demo.write import write_market
from campaign_analytics.market.schema import Market
from campaign_analytics.rulebook.book import Rulebook


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return load_rulebook("spring_2024", "corrected")


@pytest.fixture(scope="module")
def days() -> list[tuple[date, Market]]:
    return list(demo_snapshots(6, offers=2000, seed=0))


@pytest.fixture(scope="module")
def found(book: Rulebook, days: list[tuple[date, Market]]) -> Monitoring:
    return monitor(days, book)


def test_the_first_day_is_the_demo_market(days: list[tuple[date, Market]]) -> None:
    day, first = days[0]
    assert day == first.declared.as_of == date(2024, 2, 26)
    for name, table in demo_market(2000).tables.items():
        for column, cells in table.cells.items():
            assert np.array_equal(first.tables[name].cells[column].gone, cells.gone)
            if cells.type != "text" or cells.names:
                assert np.array_equal(first.tables[name].cells[column].values, cells.values)


def test_the_same_seed_gives_the_same_days(days: list[tuple[date, Market]]) -> None:
    for (one, market), (other, same) in zip(days, demo_snapshots(6, offers=2000, seed=0), strict=True):
        assert one == other
        for column, cells in market.offers.cells.items():
            assert np.array_equal(np.asarray(cells.values), np.asarray(same.offers.cells[column].values)), column


def test_days_go_forward_and_some_have_no_export() -> None:
    days = [day for day, _ in demo_snapshots(15, offers=20)]
    steps = {later - earlier for earlier, later in pairwise(days)}
    assert min(steps) == timedelta(days=1)
    assert max(steps) > timedelta(days=1)


def test_there_is_something_to_find(found: Monitoring) -> None:
    standing = found.clocks()["standing"].value_counts()
    assert (standing > 0).all()
    moves = found.refused_moves()
    assert set(moves["to_state"]) == {"withdrawn", "draft"}
    assert set(moves["breach"]) == {True, False}
    assert len(found.at_risk())
    breaches = found.breaches()
    assert not breaches["still"].all()
    assert (breaches["first_day"] > pd.Timestamp("2024-02-26")).any()


def test_the_platform_does_not_look_at_one_of_our_rules(found: Monitoring) -> None:
    assert found.misread()["rule"].iloc[0] == "minimum_order"


def test_written_and_read_again_they_say_the_same(
    book: Rulebook, days: list[tuple[date, Market]], found: Monitoring, tmp_path: Path
) -> None:
    for day, market in days[:3]:
        write_market(market, tmp_path / day.isoformat(), book)
    read, held = monitor(tmp_path, book), monitor(days[:3], book)
    pd.testing.assert_frame_equal(read.clocks(), held.clocks())
    pd.testing.assert_frame_equal(read.breaches(), held.breaches())
    pd.testing.assert_frame_equal(read.refused_moves(), held.refused_moves())


@pytest.mark.parametrize(("arguments", "words"), [((0,), "from 1 on"), ((2, 20, 0, "daily_deals"), "how a market")])
def test_what_cannot_be_made_is_refused_in_words(arguments: tuple[Any, ...], words: str) -> None:
    with pytest.raises(CampaignError, match=words):
        demo_snapshots(*arguments)
