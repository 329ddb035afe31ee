"""Readiness, headroom, coverage and participation: by hand, and against definitions written out naively."""

from __future__ import annotations

import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign_analytics.errors import CampaignError
from campaign_analytics.rulebook.book import Level, Rulebook
from campaign_analytics.rulebook.scalar import Range
from tests.assess import naive
from tests.assess.trial import GOOD, GOOD_SHOP, assessed, first, one, trial


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Rulebook:
    return trial(tmp_path_factory.mktemp("book"))


# The trial's groups weigh stars 2, store 1, price and late 3, grade 1, back 1, sold 1, money 4, banned 1: 14 in all.


def readiness(book: Rulebook, level: Level = "offers", **values: Any) -> tuple[float, float]:
    row = one(book, level, **values)
    return float(row["readiness_low"]), float(row["readiness_high"])


def of_14(low: float, high: float | None = None) -> Any:
    return pytest.approx((100 * low / 14, 100 * (low if high is None else high) / 14), abs=1e-6)


def test_an_offer_that_passes_everything_is_ready(book: Rulebook) -> None:
    row = one(book)
    assert row["verdict"] == "pre_qualified"
    assert (row["readiness_low"], row["readiness_high"], row["coverage"]) == (100, 100, 1)
    assert (row["failing_groups"], row["lead_days"]) == (0, 0)


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        ({"stars": 3}, 12 + 2 * 0.9 * 0.5, None),  # curable, half a scale short
        ({"stars": Decimal("2.5")}, 12, None),  # a whole scale short: nothing
        ({"stars": 0}, 12, None),  # never below nothing
        ({"stars": None}, 12, 14),  # missing: nothing or all
        ({"stars": Range(3, 4)}, 12, 14),  # undecided: likewise
        ({"stars": Range(3, Decimal("3.25"))}, 12 + 1.8 * 0.5, 12 + 1.8 * 0.75),  # fails, by how much is not known
        ({"banned": True}, 13, None),  # never curable
        ({"late": 10}, 11, None),  # near, but never curable
        ({"insured": False}, 10, None),  # curable, but nothing measures the gap
        ({"insured": False, "bond": 999}, 10, None),  # a group earns what its worst rule earns
        ({"bond": 750}, 10 + 4 * 0.9 * 0.5, None),  # and weighs what its heaviest rule weighs
        ({"bond": 750, "insured": None}, 10, 10 + 4 * 0.9 * 0.5),
        ({"store": 2, "sold": 1, "back": 0}, 12 + 0.9 * 0.5, None),  # what follows counts as well
        ({"aisle": None}, 13, 14),  # the threshold is not known
    ],
)
def test_readiness_by_hand(book: Rulebook, values: dict[str, Any], low: float, high: float | None) -> None:
    assert readiness(book, **values) == of_14(low, high)


def test_a_rule_that_does_not_apply_takes_no_part(book: Rulebook) -> None:
    row = one(book, sold=0)  # "back" does not apply; "sold" fails by 6 of 10
    assert row["readiness_low"] == pytest.approx(100 * (12 + 0.9 * 0.4) / 13)
    assert row["coverage"] == 1


def test_coverage_is_the_share_of_the_weight_that_is_known(book: Rulebook) -> None:
    assert one(book, insured=None)["coverage"] == pytest.approx(10 / 14)
    assert one(book, stars=None, store=None)["coverage"] == pytest.approx(11 / 14)
    assert one(book, stars=0)["coverage"] == 1


def test_a_merchant_is_scored_by_its_own_rules(book: Rulebook) -> None:
    assert readiness(book, "merchants", stars=0, bond=750) == pytest.approx((100 * 2.8 / 5,) * 2)


def test_an_offer_without_a_merchant_could_be_anything_to_the_merchant_rules(book: Rulebook) -> None:
    row = first(assessed(book, [{**GOOD, "merchant_id": "nobody"}], [GOOD_SHOP]).scores())
    assert (row["readiness_low"], row["readiness_high"]) == of_14(9, 14)


def test_headroom_is_the_smallest_margin_of_what_passes(book: Rulebook) -> None:
    assert one(book)["headroom"] == 1  # two grades above, over two
    assert one(book, stars=4)["headroom"] == 0.5
    assert one(book, stars=3)["headroom"] == 1  # what fails has none
    assert one(book, late=9)["headroom"] == 0  # the last that passes
    assert one(book, stars=Range(4, 5))["headroom"] == 0.5  # at least so much


def test_headroom_is_missing_where_nothing_that_passes_has_a_scale(book: Rulebook) -> None:
    assert math.isnan(one(book, "merchants", bond=0)["headroom"])


def test_lead_time_is_that_of_the_slowest_rule_and_missing_where_one_cannot_be_cured(book: Rulebook) -> None:
    assert one(book, stars=3, grade="none")["lead_days"] == 30
    assert one(book, grade="none", price=95)["lead_days"] == 3
    assert pd.isna(one(book, stars=3, banned=True)["lead_days"])


def test_a_failure_that_follows_from_another_is_no_group_of_its_own(book: Rulebook) -> None:
    assert one(book, store=2, sold=1)["failing_groups"] == 1
    assert one(book, sold=1)["failing_groups"] == 1
    assert one(book, price=95, late=10)["failing_groups"] == 1  # one group


def test_a_rule_that_is_not_computed_stands_outside(tmp_path: Path) -> None:
    known = trial(tmp_path)
    made = {"type": "count", "make": "rank", "zh": "r", "en": "r", "table": "offers"}
    rare = "[derived.rare]\n" + _toml(made) + "with = { of = 'stars' }\n"
    rule = "[rules.rare]\n" + _toml({"clause": "6", "zh": "r", "en": "r", "condition": "rare > 0"}) + "weight = 100\n"
    book = trial(tmp_path, {"[derived.listed]": rare + rule + "[derived.listed]"})
    assert "rare" in assessed(book, [GOOD], [GOOD_SHOP]).not_computed
    assert one(book, stars=3)["readiness_high"] == one(known, stars=3)["readiness_high"]


def _toml(texts: dict[str, str]) -> str:
    return "".join(f"{key} = '{value}'\n" for key, value in texts.items())


# ---- participation


def shop(book: Rulebook, *offers: dict[str, Any]) -> dict[str, Any]:
    return first(assessed(book, [GOOD | each for each in offers], [GOOD_SHOP]).scores("merchants"))


def test_participation_counts_offers_that_are_enrolled_and_pre_qualified(book: Rulebook) -> None:
    enrolled = {"status": "live"}
    row = shop(book, enrolled, enrolled | {"stars": 1}, {"status": "draft"}, {})
    assert (row["enrolled"], row["taking_part"]) == (2, 1)
    assert row["participation"] == pytest.approx(math.log(2) / math.log(4))


@pytest.mark.parametrize(("offers", "expected"), [(0, 0), (1, 0.5), (3, 1), (9, 1)])
def test_participation_is_one_from_the_reference_on(book: Rulebook, offers: int, expected: float) -> None:
    row = shop(book, *[{"status": "live"}] * offers, {"status": "draft"})
    assert row["participation"] == pytest.approx(expected)


def test_the_moment_of_the_assessment_enrols_nobody(tmp_path: Path) -> None:
    book = trial(tmp_path, {'kind = "benefit", level': 'kind = "information", level'})  # then a time counts
    moment = pd.Timestamp("2031-04-01", tz="Asia/Shanghai").to_pydatetime()
    assert shop(book, {"enrolled_at": moment}, {})["taking_part"] == 1
    assert shop(book, {}, {})["taking_part"] == 0


# ---- against the definitions

amounts = st.integers(0, 30)
offers = st.fixed_dictionaries(
    {
        "aisle": st.sampled_from([None, "fruit", "toys"]),
        "stars": st.none() | st.decimals(2, 5, places=1) | st.just(Range(3, 4)) | st.just(Range(2, 3)),
        "store": st.none() | amounts | st.just(Range(2, 4)) | st.just(Range(9, 20)),
        "price": st.none() | st.integers(0, 120) | st.just(Range(90, 120)),
        "tag": st.none() | st.integers(0, 120) | st.just(Range(90, 100)),
        "grade": st.none() | st.sampled_from(naive.GRADES),
        "famous": st.none() | st.booleans(),
        "late": st.none() | amounts,
        "back": st.none() | st.integers(0, 3),
        "sold": st.none() | amounts | st.just(Range(1, 5)),
    }
)
merchants = st.fixed_dictionaries(
    {
        "bond": st.none() | st.integers(0, 2000) | st.just(Range(600, 800)),
        "insured": st.sampled_from([None, True, True, False]),
        "banned": st.sampled_from([None, False, False, True]),
    }
)


@settings(max_examples=60)
@given(offers=st.lists(offers, min_size=1, max_size=12), merchants=st.lists(merchants, min_size=1, max_size=3))
def test_every_index_is_what_its_definition_says(
    book: Rulebook, offers: list[dict[str, Any]], merchants: list[dict[str, Any]]
) -> None:
    owned = [offer | {"merchant_id": f"m{i % len(merchants)}"} for i, offer in enumerate(offers)]
    assessment = assessed(book, owned, merchants)
    rows = [offer | merchants[i % len(merchants)] for i, offer in enumerate(offers)]
    _agree(assessment.scores().set_index("offer_id"), {f"o{i}": naive.scored(r, "offers") for i, r in enumerate(rows)})
    _agree(
        assessment.scores("merchants").set_index("merchant_id"),
        {f"m{i}": naive.scored(row, "merchants") for i, row in enumerate(merchants)},
    )


def _agree(scores: pd.DataFrame, expected: dict[str, dict[str, Any]]) -> None:
    assert (scores["readiness_low"] <= scores["readiness_high"]).all()
    sure = scores[(scores["verdict"] == "pre_qualified")]
    assert ((sure["readiness_low"] == 100) & (sure["readiness_high"] == 100) & (sure["coverage"] == 1)).all()
    assert len(scores) == len(expected)
    rows = _rows(scores.reset_index())
    for id, row in expected.items():
        for name, value in row.items():
            found = rows[id][name]
            if value is None:
                assert pd.isna(found), (id, name, found)
            elif name == "verdict":
                assert found == value, (id, row)
            else:
                assert float(found) == pytest.approx(float(value), abs=1e-6), (id, name, row)


def _rows(scores: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Rows by their own id, which is the first column."""
    records = [{str(name): value for name, value in record.items()} for record in scores.to_dict("records")]
    return {str(record[str(scores.columns[0])]): record for record in records}


BETTER: dict[str, Any] = {"stars": 1, "store": 1, "price": -1, "late": -1, "back": -1, "bond": 1}


@settings(max_examples=60)
@given(offer=offers, merchant=merchants, data=st.data())
def test_readiness_never_falls_when_a_value_improves(
    book: Rulebook, offer: dict[str, Any], merchant: dict[str, Any], data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(list(BETTER)))
    step = BETTER[name] * data.draw(st.integers(1, 20))
    row = {"price": 50} | {k: v for k, v in (offer | merchant).items() if v is not None}
    now = row.get(name)
    if not isinstance(now, int | Decimal) or now + step < (1 if name == "price" else 0):
        return
    better = row | {name: now + step}
    both = [{k: v for k, v in each.items() if book.table_of(k) == "offers"} for each in (row, better)]
    shops = [{k: v for k, v in each.items() if k not in both[0]} for each in (row, better)]
    both[1]["merchant_id"] = "m1"
    scores = _rows(assessed(book, both, shops).scores())
    for end in ("readiness_low", "readiness_high"):
        assert scores["o1"][end] >= scores["o0"][end] - 1e-9


# ---- the order


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    last = (1, 0.0)
    return (
        ["pre_qualified", "undetermined", "ineligible"].index(row["verdict"]),
        -row["readiness_low"],
        row["failing_groups"],
        last if np.isnan(row["headroom"]) else (0, -row["headroom"]),
        last if pd.isna(row["lead_days"]) else (0, row["lead_days"]),
    )


@settings(max_examples=40)
@given(rows=st.lists(offers, min_size=2, max_size=12), data=st.data())
def test_the_order_is_complete_the_same_every_time_and_tells_ties(
    book: Rulebook, rows: list[dict[str, Any]], data: st.DataObject
) -> None:
    ids = data.draw(st.permutations([f"o{i}" for i in range(2 * len(rows))]))
    named = [row | {"offer_id": id} for row, id in zip([*rows, *rows], ids, strict=True)]  # each of them twice
    scores = assessed(book, named, [GOOD_SHOP]).scores()
    keys = [_key(row) for row in _rows(scores).values()]
    assert [*zip(keys, scores["offer_id"], strict=True)] == sorted(zip(keys, scores["offer_id"], strict=True))
    assert list(scores["rank"]) == list(range(1, len(scores) + 1))
    assert list(scores["tied"]) == [keys.count(key) - 1 for key in keys]
    shuffled = assessed(book, data.draw(st.permutations(named)), [GOOD_SHOP]).scores()
    assert list(shuffled["offer_id"]) == list(scores["offer_id"])


@pytest.mark.parametrize(
    ("token", "message"),
    [("readines_low", "did you mean 'readiness_low'"), ("headroom UP", "expected headroom, headroom ASC")],
)
def test_an_order_by_what_is_no_index_is_refused(tmp_path: Path, token: str, message: str) -> None:
    book = trial(tmp_path, {'"failing_groups"': f'"{token}"'})
    with pytest.raises(CampaignError, match=message):
        assessed(book, [GOOD], [GOOD_SHOP]).scores()


def test_without_rank_the_usual_order_holds(tmp_path: Path) -> None:
    told = 'rank = ["verdict", "readiness_low DESC", "failing_groups", "headroom DESC", "lead_days", "offer_id"]\n'
    scores = assessed(trial(tmp_path, {told: ""}), [GOOD | {"stars": 4}, GOOD], [GOOD_SHOP]).scores()
    assert list(scores["offer_id"]) == ["o1", "o0"]


def test_a_market_without_offers_has_scores_without_rows(book: Rulebook) -> None:
    assessment = assessed(book, [], [GOOD_SHOP])
    assert list(assessment.scores().columns)[:4] == ["offer_id", "merchant_id", "aisle", "verdict"]
    assert len(assessment.scores()) == 0
    assert first(assessment.scores("merchants"))["participation"] == 0


def test_every_frame_of_scores_says_that_it_is_an_assumption(book: Rulebook) -> None:
    levels: tuple[Level, ...] = ("offers", "merchants")
    for level in levels:
        scores = assessed(book, [GOOD], [GOOD_SHOP]).scores(level)
        assert set(scores["basis"]) == {"assumption"}
        assert scores.attrs["assumption"].startswith("Assumption")
