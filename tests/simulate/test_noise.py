"""Verdicts that chance alone could turn: bounds by a known source, flips by hand, expectation by drawing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from campaign_analytics.assess import assess
from campaign_analytics.assess.outcomes import PRE_QUALIFIED
from campaign_analytics.errors import CampaignError
from campaign_analytics.market.schema import Cells
from campaign_analytics.rulebook.load import load_rulebook
from campaign_analytics.rulebook.scalar import Range
from campaign_analytics.simulate.noise import Noise, wilson
from campaign_analytics.simulate.what_if import WhatIf
from tests.assess.trial import assessed
from tests.simulate.shipped import shipped

BOOK = load_rulebook(Path(__file__).with_name("noisy.toml"))


@given(st.integers(1, 400), st.data(), st.sampled_from([0.5, 0.8, 0.95, 0.99]))
def test_bounds_are_those_of_scipys_binomial_test(count: int, data: st.DataObject, confidence: float) -> None:
    good = data.draw(st.integers(0, count))
    known = stats.binomtest(good, count).proportion_ci(confidence, method="wilson")
    low, high = wilson(np.array([good / count]), np.array([float(count)]), confidence)
    assert (low[0], high[0]) == (pytest.approx(known.low, abs=1e-12), pytest.approx(known.high, abs=1e-12))


def test_bounds_of_a_published_example() -> None:
    """Newcombe, Statistics in Medicine 17 (1998), table I, method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29."""
    low, high = wilson(np.array([81 / 263, 15 / 148, 0, 1 / 29]), np.array([263.0, 148, 20, 29]), 0.95)
    assert low.round(4).tolist() == [0.2553, 0.0624, 0.0, 0.0061]
    assert high.round(4).tolist() == [0.3662, 0.1605, 0.1611, 0.1718]


def noise(*offers: dict[str, Any], shops: tuple[dict[str, Any], ...] = ({},), **asked: Any) -> Noise:
    rows = [{"aisle": "tools", "famous": False, "prompt": 0.9, "sent": 10} | offer for offer in offers]
    merchants = [{"replies": 1.0, "asked": 1000} | shop for shop in shops]
    return WhatIf(assessed(BOOK, rows, merchants)).noise(**asked)


def row(held: Noise, rule: str = "prompt") -> dict[str, Any]:
    (found,) = (each for each in held.table().to_dict("records") if each["rule"] == rule)
    return {str(name): value for name, value in found.items()}


def test_a_pass_that_would_fail_at_the_lower_end_may_drop_out_and_a_fail_may_come_in() -> None:
    held = row(
        noise(
            {"prompt": 0.95, "sent": 20},  # from 76%: in doubt
            {"prompt": 0.95, "sent": 2000},  # from 93.96%: sure
            {"prompt": 0.8, "sent": 20},  # to 92%: in doubt
            {"prompt": 0.8, "sent": 2000},  # sure
            {"prompt": 0.8, "sent": 20, "aisle": "fruit"},  # from 58%, and 50% is enough
        )
    )
    assert (held["told"], held["cannot_tell"]) == (5, 0)
    assert (held["pass_in_doubt"], held["fail_in_doubt"]) == (1, 1)
    assert (held["may_drop_out"], held["may_come_in"]) == (1, 1)
    assert (held["confidence"], held["label"], held["rate"]) == (0.95, "Prompt", "prompt")


def test_a_verdict_that_hangs_on_something_else_does_not_turn() -> None:
    held = row(noise({"prompt": 0.95, "sent": 20, "merchant_id": "m1"}, shops=({}, {"replies": 0.1})))
    assert (held["pass_in_doubt"], held["may_drop_out"], held["may_come_in"]) == (1, 0, 0)
    assert (held["expected_out"], held["expected_in"]) == (0, 0)


@pytest.mark.parametrize(
    "offer",
    [{"sent": None}, {"sent": 0}, {"prompt": None}, {"sent": Range(1, 9)}, {"prompt": Range(0.8, 0.95)}],
)
def test_without_a_count_it_cannot_be_told(offer: dict[str, Any]) -> None:
    held = row(noise(offer))
    assert (held["told"], held["cannot_tell"], held["may_drop_out"], held["expected_out"]) == (0, 1, 0, 0)


def test_who_is_exempt_is_not_counted_among_those_of_whom_it_cannot_be_told() -> None:
    assert row(noise({"sent": None, "famous": True}))["cannot_tell"] == 0


def test_a_merchants_rate_turns_its_offers_and_the_merchant() -> None:
    shops = ({"replies": 0.85, "asked": 20}, {"replies": 0.5, "asked": 4})
    offers = [{"prompt": 1.0, "sent": 9999, "merchant_id": f"m{i}"} for i in (0, 0, 1)]
    held = noise(*offers, shops=shops)
    assert (row(held, "replies")["may_drop_out"], row(held, "replies")["may_come_in"]) == (2, 1)
    held = noise(*offers, shops=shops, level="merchants")
    assert held.table()["rule"].to_list() == ["replies"]
    assert (row(held, "replies")["may_drop_out"], row(held, "replies")["may_come_in"]) == (1, 1)


def test_the_expected_number_is_that_of_drawing_true_rates() -> None:
    offers = [
        {"prompt": good / 30, "sent": 30, "aisle": aisle} for good in (12, 20, 26, 28) for aisle in ("fruit", "tools")
    ]
    held = noise(*offers)
    book, now = held.assessment.book, held.assessment
    good = now.verdict() == PRE_QUALIFIED
    table = now.market.offers
    random, out, come, draws = np.random.default_rng(3), 0, 0, 400
    for _ in range(draws):
        k = table.cells["prompt"].values * 30
        cells = Cells.make("rate", random.beta(k + 0.5, 30 - k + 0.5))
        then = (
            assess(now.market.with_table(table.with_cells({"prompt": cells})), book, now.as_of).verdict()
            == PRE_QUALIFIED
        )
        out += int((good & ~then).sum())
        come += int((~good & then).sum())
    assert row(held)["expected_out"] == pytest.approx(out / draws, abs=0.15)
    assert row(held)["expected_in"] == pytest.approx(come / draws, abs=0.15)


def test_two_thresholds_on_one_rate_are_taken_together() -> None:
    what_if = WhatIf(assessed(BOOK, [{"aisle": "tools", "famous": False, "prompt": 0.95, "sent": 100}]))
    what_if.set(max_prompt="96%").switch_on("too_prompt")
    what_if.book = what_if.book.switch({"too_prompt": "block", "replies": "off"})
    held = row(what_if.noise())
    true = stats.beta(95.5, 5.5)
    assert held["expected_out"] == pytest.approx(1 - (true.cdf(0.96) - true.cdf(0.9)))


def test_more_confidence_puts_more_in_doubt() -> None:
    offers = [{"prompt": 0.93, "sent": n} for n in (5, 20, 80, 200, 320, 640)]
    doubts = [row(noise(*offers, confidence=each))["pass_in_doubt"] for each in (0.5, 0.8, 0.95, 0.99)]
    assert doubts == sorted(doubts)
    assert doubts[0] < doubts[-1]


def test_subjects_are_listed_the_most_doubtful_first() -> None:
    table = noise({"prompt": 0.95, "sent": 20}, {"prompt": 0.9, "sent": 20}, {"prompt": 0.1, "sent": 999}).subjects()
    prompt = table[table["rule"] == "prompt"]
    assert prompt["offer_id"].to_list() == ["o1", "o0", "o2"]
    assert prompt["turns"].to_list() == ["out", "out", ""]
    first = prompt.iloc[0]
    assert (first["outcome"], first["verdict"], first["in_doubt"]) == ("pass", "pre_qualified", True)
    assert first["low"] < first["value"] == 0.9 < first["high"]
    assert first["chance"] == pytest.approx(stats.beta.cdf(0.9, 18.5, 2.5))


def test_one_rule_or_parameter_may_be_asked_for() -> None:
    for name in ("replies", "min_replies"):
        assert noise({}, name=name).table()["rule"].to_list() == ["replies"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"name": "promt"}, "did you mean 'prompt'"),
        ({"name": "famous"}, "such rules are: prompt, replies"),
        ({"confidence": 95}, "a share between 0 and 1"),
        ({"level": "shops"}, "unknown level"),
        ({"name": "prompt", "level": "merchants"}, "such rules are: replies"),
    ],
)
def test_what_cannot_be_asked_is_said_in_words(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(CampaignError, match=said):
        noise({}, **asked)


def test_the_answer_in_words_names_its_assumptions() -> None:
    held = noise({"prompt": 0.95, "sent": 20})
    assert "95% confidence" in held.headline()
    assert held.basis() in repr(held)
    assert held.basis("zh").startswith("假设")
    assert "置信度 95%" in held.headline("zh")


def test_a_rulebook_whose_rates_come_without_counts_has_nothing_to_tell() -> None:
    held = WhatIf(shipped("daily_deals")).noise()
    assert len(held.table()) == len(held.subjects()) == 0
    assert "nothing can be told" in held.headline()


def test_the_shipped_campaign_by_its_interval_ends() -> None:
    result = shipped("spring_2024")
    held = WhatIf(result).noise()
    told = row(held, held.table()["rule"].iloc[0])
    assert told["told"] > 0
    assert told["told"] + told["cannot_tell"] == 400
    assert 0 < told["expected_out"] + told["expected_in"] < told["told"]


def test_a_market_without_offers() -> None:
    held = noise()
    assert row(held)["told"] == 0
    assert len(held.subjects()) == 0
