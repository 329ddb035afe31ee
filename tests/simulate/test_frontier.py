"""Supply against quality at every pair of places, against assessments of every pair."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign_analytics.assess import Assessment, assess
from campaign_analytics.assess.outcomes import PRE_QUALIFIED, UNDETERMINED
from campaign_analytics.derive.making import on_rows
from campaign_analytics.errors import CampaignError
from campaign_analytics.market.schema import Array
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.simulate.frontier import better, unbeaten
from campaign_analytics.simulate.what_if import WhatIf
from tests.simulate.bazaar import Bazaar, bazaars, moves
from tests.simulate.shipped import shipped
from tests.simulate.truth import with_slider


def assert_row(row: pd.Series, result: Assessment, rows: Array | slice = slice(None)) -> None:
    """One row of a frontier tells what an assessment of its pair of values tells."""
    verdict = result.verdict()[rows]
    good = verdict == PRE_QUALIFIED
    cells = on_rows(result.market, result.book, row["measure"], "offers")
    values = cells.values[rows].astype(float) / (100 if cells.type == "money" else 1)
    values = values[good & ~cells.gone[rows]]
    assert row["pre_qualified"] == good.sum()
    assert row["undetermined"] == (verdict == UNDETERMINED).sum()
    assert row["known"] == len(values)
    assert row["mean"] == pytest.approx(values.mean() if len(values) else np.nan, nan_ok=True)
    assert row["coverage"] == pytest.approx(len(values) / good.sum() if good.any() else np.nan, nan_ok=True)


@settings(max_examples=30)
@given(st.data(), bazaars(3))
def test_every_row_tells_what_an_assessment_of_its_pair_tells(data: st.DataObject, bazaar: Bazaar) -> None:
    short = [name for name in bazaar.sliders if 0 < len(bazaar.book.places(name.partition("[")[0])) <= 11]
    if len(short) < 2:
        return
    p, q = data.draw(st.lists(st.sampled_from(short), min_size=2, max_size=2, unique=True))
    what_if = WhatIf(bazaar.assessment)
    if data.draw(st.booleans()):
        what_if.set(data.draw(moves(bazaar)))
    table = what_if.frontier(p, q, quality=["n", "r"])
    held = what_if.book
    grids = [held.places(name.partition("[")[0]) for name in (p, q)]
    for a, b in product(*grids):
        book = with_slider(with_slider(held, p, a), q, b)
        shown = [held.show(name.partition("[")[0], value) for name, value in ((p, a), (q, b))]
        rows = table[(table["first"] == shown[0]) & (table["second"] == shown[1])]
        assert rows["measure"].to_list() == ["n", "r"]
        for _, row in rows.iterrows():
            assert_row(row, bazaar.reassessed(book))
    assert (table.groupby("measure")["present"].sum() == 1).all()
    assert (table.groupby("measure")["default"].sum() == 1).all()
    for _, row in table[table["present"]].iterrows():
        assert_row(row, what_if.assessment)


PAIRS = [
    ("spring_2024", "max_severe_ip_count", "min_trade_medal", {"category": "女装"}),
    ("spring_2024", "enforce_select_entry", "max_compliance_violations", None),
    ("daily_deals", "lowest_share", "max_bad_reviews", None),
]


@pytest.mark.parametrize(("name", "p", "q", "where"), PAIRS)
def test_shipped_rulebooks_by_brute_force(name: str, p: str, q: str, where: dict[str, str] | None) -> None:
    result = shipped(name, 300)
    rows: Array | slice = slice(None)
    if where:
        ((column, value),) = where.items()
        rows = np.flatnonzero(result.verdicts()[column] == value)
    table = WhatIf(result).frontier(p, q, where=where)
    assert table["measure"].unique().tolist() == list(result.book.document.scoring.quality)
    pairs = [*product(result.book.places(p), result.book.places(q))]
    for _, held in table.groupby("measure"):
        for (a, b), (_, row) in zip(pairs, held.iterrows(), strict=True):
            book = with_slider(with_slider(result.book, p, a), q, b)
            assert (row["first"], row["second"]) == (book.show(p, a), book.show(q, b))
            assert_row(row, assess(result.market, book, result.as_of), rows)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 4) | st.none()), max_size=12))
def test_a_setting_is_efficient_where_no_other_is_as_good_in_both_and_better_in_one(
    pairs: list[tuple[int, int | None]],
) -> None:
    counts = np.array([count for count, _ in pairs], np.int64)
    quality = np.array([np.nan if each is None else each for _, each in pairs], np.float64)
    live = [i for i, (count, each) in enumerate(pairs) if count and each is not None]
    found = unbeaten(counts, quality)
    for i in range(len(pairs)):
        beaten = any(
            counts[j] >= counts[i] and quality[j] >= quality[i] and (counts[j] > counts[i] or quality[j] > quality[i])
            for j in live
        )
        assert found[i] == (i in live and not beaten)


@pytest.mark.parametrize(
    ("name", "column", "higher"),
    [
        ("spring_2024", "pickup_rate_48h", True),
        ("spring_2024", "compliance_violations", False),
        ("spring_2024", "orders_30d", True),  # no rule asks for it
        ("daily_deals", "return_rate", False),
        ("daily_deals", "shop_score", True),
    ],
)
def test_what_is_better_is_read_off_the_rules(name: str, column: str, higher: bool) -> None:
    assert better(shipped(name).book, column) == higher


def test_the_pair_in_force_and_the_baselines_are_marked_though_they_lie_between_places() -> None:
    what_if = WhatIf(shipped("daily_deals")).set(max_bad_reviews="1.7%", max_return_rate="7.25%")
    table = what_if.frontier("max_bad_reviews", "max_return_rate", "shop_score")
    (now,), (first,) = (table[table[mark]].to_dict("records") for mark in ("present", "default"))
    assert (now["first"], now["second"]) == ("1.7%", "7.25%")
    assert (first["first"], first["second"]) == ("1.5%", "7%")
    assert now["pre_qualified"] == what_if.assessment.summary()["pre_qualified"].iloc[0]
    assert len(table) == 22 * 42


def test_pairs_that_contradict_the_rulebook_are_marked_and_not_efficient() -> None:
    what_if = WhatIf(shipped("daily_deals")).set(min_shop_score_stay=3.3)
    table = what_if.frontier("min_shop_score", "max_bad_reviews", "shop_score")
    assert (table["allowed"] == (table["first_number"] >= 3.3)).all()
    assert not table.loc[~table["allowed"], "efficient"].any()
    assert table["efficient"].any()


def test_a_dormant_parameter_and_one_that_feeds_a_recipe() -> None:
    result = shipped("spring_2024", 300)
    table = WhatIf(result).frontier("min_store_competitiveness", "count_appealed", "dispute_score")
    assert table.loc[table["present"], "first"].to_list() == ["not set"]
    for _, row in table.iloc[[0, 3, 100, 150]].iterrows():
        value = None if row["first"] == "not set" else row["first_number"]
        book: Rulebook = result.book.set(min_store_competitiveness=value, count_appealed=bool(row["second_number"]))
        assert_row(row, assess(result.market, book, result.as_of))


def test_an_empty_market_has_no_efficient_setting() -> None:
    bazaar = Bazaar({"enough": {"condition": "n >= :count AND g >= :score"}}, [], [])
    table = WhatIf(bazaar.assessment).frontier("count", "score", "n")
    assert not table["efficient"].any()
    assert table["mean"].isna().all()
    assert (table["pre_qualified"] == 0).all()


@pytest.mark.parametrize(
    ("p", "q", "quality", "said"),
    [
        ("min_growth_score", "min_growth_score", None, "named twice"),
        ("min_growth_score", "industries", None, "has no slider"),
        ("min_growth_score", "max_mok", None, "did you mean 'max_moq'"),
        ("min_growth_score", "max_moq", "category", "no such column of numbers"),
        ("min_growth_score", "max_moq", (), "there is no measure of quality"),
    ],
)
def test_what_cannot_be_asked_is_said_in_words(p: str, q: str, quality: str | None, said: str) -> None:
    with pytest.raises(CampaignError, match=said):
        WhatIf(shipped("spring_2024")).frontier(p, q, quality)


def test_progress_is_told_where_a_slider_has_to_be_tried() -> None:
    told: list[tuple[int, int]] = []
    WhatIf(shipped("daily_deals")).frontier("min_bond", "new_shop_days", progress=lambda *at: told.append(at))
    assert told[-1] == (21, 21)
