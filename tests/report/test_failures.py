"""One row a subject and rule that keeps it out, told as its card tells it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import campaign_analytics as ca
from campaign_analytics.report.failures import failures
from campaign_analytics.rulebook.book import Level

LEVELS: list[Level] = ["offers", "merchants"]


def _key(level: Level) -> str:
    return f"{level[:-1]}_id"


@pytest.mark.parametrize("level", LEVELS)
def test_every_failing_and_undecided_rule_has_its_row(spring: ca.Assessment, level: Level) -> None:
    held = spring.offers() if level == "offers" else spring.merchants()
    expected = {
        (subject, rule, outcome)
        for column, outcome in (("failed", "fail"), ("unknown", "unknown"))
        for subject, rules in zip(held[_key(level)], held[column], strict=True)
        for rule in rules.split(";")
        if rule
    }
    found = failures(spring, level)
    assert set(zip(found[_key(level)], found["rule"], found["outcome"], strict=True)) == expected
    assert len(found) == len(expected)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("level", LEVELS)
def test_a_row_says_what_the_card_says(spring: ca.Assessment, level: Level, lang: str) -> None:
    """Subjects share a telling, and each has its own all the same."""
    found = failures(spring, level, lang)
    key = _key(level)
    for row in found.sample(150, random_state=1).to_dict("records"):
        id = row[key]
        card = spring.explain(id, lang=lang) if level == "offers" else spring.explain(merchant_id=id, lang=lang)
        line = next(each for each in card.lines if each.rule == row["rule"])
        for name in ("sentence", "label", "clause", "level", "outcome"):
            assert row[name] == getattr(line, name)


def test_the_comparison_is_in_columns_of_its_own(spring: ca.Assessment) -> None:
    found = failures(spring)
    row = found[(found["offer_id"] == "610000000002") & (found["rule"] == "select_pickup")].iloc[0]
    assert (row["found"], row["needed"], row["gap"], row["unit"]) == ("77.42%", "at least 90%", -12.58, "points")
    assert row["fix"].endswith("raise from 77.42% to 90%")
    assert row["advice"] == spring.book.rules["select_pickup"].fix.en
    assert row["lead_days"] == spring.book.rules["select_pickup"].lead_days


def test_money_is_told_in_its_currency(spring: ca.Assessment) -> None:
    found = failures(spring)
    row = found[(found["rule"] == "campaign_price") & found["gap"].notna()].iloc[0]
    assert row["unit"] == "CNY"
    assert f"{-row['gap']:,.2f} CNY too much" in row["sentence"]


def test_what_cannot_be_decided_asks_for_its_data_and_promises_nothing(spring: ca.Assessment) -> None:
    found = failures(spring)
    open_ones = found[found["outcome"] == "unknown"]
    assert open_ones["advice"].eq("").all()
    assert open_ones["lead_days"].isna().all()
    row = open_ones[open_ones["rule"] == "disputes"].iloc[0]
    assert row["fix"] == "supply the data: Dispute score, 30 days"


def test_an_offer_without_a_merchant_says_so(spring: ca.Assessment) -> None:
    orphans = spring.offers()[spring.market.merchant_row < 0]["offer_id"]
    found = failures(spring)
    sentences = found[found["offer_id"].isin(orphans) & (found["level"] == "merchants")]["sentence"]
    assert set(sentences) == {"its merchant is not in this market"}


def test_some_subjects_can_be_asked_for(spring: ca.Assessment) -> None:
    rows = np.array([5, 1])
    found = failures(spring, rows=rows)
    ids = spring.offers()["offer_id"].to_numpy()[rows]
    assert list(dict.fromkeys(found["offer_id"])) == list(ids)
    everyone = failures(spring)
    for id in ids:
        pd.testing.assert_frame_equal(
            found[found["offer_id"] == id].reset_index(drop=True),
            everyone[everyone["offer_id"] == id].reset_index(drop=True),
        )


def test_nobody_failing_gives_an_empty_table_of_the_same_shape(spring: ca.Assessment) -> None:
    none = failures(spring, rows=np.array([], np.int64))
    assert len(none) == 0
    assert none.dtypes.to_dict() == failures(spring).dtypes.to_dict()


def test_a_rulebook_without_labels_is_told_by_ids(tmp_path: Path) -> None:
    (tmp_path / "bare.toml").write_text(
        '[rulebook]\nid = "bare"\nversion = "1"\neffective = 2024-01-01\nclauses = ["1", "2"]\n'
        '[columns.stars]\ntable = "offers"\ntype = "number"\n'
        '[rules.enough]\nclause = "1"\ncondition = "stars >= :least"\n'
        '[parameters.least]\nclause = "1"\ntype = "number"\ndefault = 4\n'
        '[rules.named]\nclause = "2"\ncondition = "category IS NOT NULL"\n',
        "utf-8",
    )
    book = ca.load_rulebook(tmp_path / "bare.toml")
    offers = pd.DataFrame({"offer_id": ["1"], "merchant_id": ["m"], "stars": [3.5], "category": ["x"]})
    market = ca.read_market({"offers": offers, "merchants": pd.DataFrame({"merchant_id": ["m"]})}, book)
    found = failures(ca.assess(market, book, as_of="2024-01-01"))
    assert found[["rule", "label", "gap"]].to_numpy().tolist() == [["enough", "enough", -0.5]]
    assert found["sentence"].iloc[0] == "stars is 3.5, needs at least 4: 0.5 short"
