"""A third campaign is a third file: other words, other columns in every table, another currency and zone, no code."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from campaign_analytics import assess, load_rulebook, read_market
from campaign_analytics.assess import Assessment
from campaign_analytics.rulebook.book import Rulebook
from tests.rulebook.fair import saved

OFFERS = pd.DataFrame(
    {
        "offer_id": ["loaf", "old loaf", "herring", "apples", "plums", "stray"],
        "merchant_id": ["Ada", "Ada", "Bo", "Bo", "Cy", "nobody"],
        "过道": ["面包", "Bread", "Fish", "Fruit", "", "Bread"],
        "Fresh since": ["2031-05-28", "2031-05-20", "2031-06-01", "2031-05-31", "2031-05-31", "2031-06-01"],
        "Crates": ["5", "5", "1", "100", "3", "3"],
        "要价": ["10.50", "10.51", "7.50", "3", "2", "1"],
        "平价": ["21", "21", "10", "", "0", "20"],
    }
)
MERCHANTS = pd.DataFrame(
    {"merchant_id": ["Ada", "Bo", "Cy"], "Rank held": ["master", "novice", ""], "口味": ["4.5", "", "2"]}
)
TRANSACTIONS = pd.DataFrame(
    {
        "offer_id": ["loaf", "loaf", "herring", "plums", "gone"],
        "付款": ["2031-06-01 08:00", "2031-06-02 09:00", "2031-05-31 23:59:59", "2031-06-01 00:00", "2031-06-01 00:00"],
        "By card": ["yes", "no", "no", "", "yes"],
    }
)
#: by offer: in_time, fresh, enough, cheap, known_trader, aisle_open, paid_by_card
EXPECTED = {
    "loaf": ["pass", "pass", "pass", "pass", "pass", "pass", "pass"],  # half of 21 is 10.50
    "old loaf": ["pass", "fail", "pass", "fail", "pass", "pass", "fail"],  # one öre too dear, never sold
    "herring": ["fail", "pass", "fail", "pass", "fail", "pass", "fail"],  # sold a second too early
    "apples": ["pass", "pass", "pass", "unknown", "fail", "fail", "fail"],  # usual price not known; fruit not admitted
    "plums": ["pass", "pass", "pass", "not_applicable", "unknown", "unknown", "unknown"],
    "stray": ["pass", "pass", "pass", "pass", "unknown", "pass", "fail"],
}


@pytest.fixture(scope="module")
def fair(tmp_path_factory: pytest.TempPathFactory) -> Rulebook:
    return load_rulebook(saved(tmp_path_factory.mktemp("fair")))


@pytest.fixture(scope="module")
def result(fair: Rulebook) -> Assessment:
    market = read_market({"offers": OFFERS, "merchants": MERCHANTS, "transactions": TRANSACTIONS}, fair)
    return assess(market, fair, as_of="2031-06-02")


def test_every_rule_of_every_offer(result: Assessment) -> None:
    table = result.outcomes().astype(str).set_index("offer_id")
    rules = ["in_time", "fresh", "enough", "cheap", "known_trader", "aisle_open", "paid_by_card"]
    assert list(result.rules) == rules
    found = {str(offer): list(row) for offer, row in zip(table.index, table[rules].to_numpy(), strict=True)}
    assert found == EXPECTED


def test_verdicts_and_groups_in_its_own_words(result: Assessment) -> None:
    verdicts = result.verdicts()
    assert list(verdicts.columns) == ["offer_id", "merchant_id", "aisle", "verdict"]
    assert verdicts.set_index("offer_id")["verdict"].astype(str).to_dict() == {
        "loaf": "pre_qualified", "old loaf": "ineligible", "herring": "ineligible", "apples": "ineligible",
        "plums": "undetermined", "stray": "undetermined",
    }  # fmt: skip
    assert result.summary("aisle").set_index("aisle")["offers"].to_dict() == {"Bread": 3, "Fish": 1, "Fruit": 1, "": 1}
    assert result.offers().set_index("offer_id")["warned"]["old loaf"] == "paid_by_card"


def test_the_headline_is_in_its_words_and_zone(result: Assessment) -> None:
    assert result.headline().startswith("Food fair, version 2; as of 2031-06-02 00:00 Europe/Stockholm")
    assert "集市" in result.headline("zh")


def test_a_threshold_is_moved_by_its_name(fair: Rulebook, result: Assessment) -> None:
    moved = assess(result.market, fair.set({"share[Bread]": "55%", "most_days": 20}), result.as_of)
    assert (
        dict(zip(moved.verdicts()["offer_id"], moved.verdicts()["verdict"], strict=True))["old loaf"] == "pre_qualified"
    )


def test_its_variant_is_there_by_name(fair: Rulebook, result: Assessment) -> None:
    calm = assess(result.market, load_rulebook(Path(fair.path), "calm"), result.as_of)
    assert "paid_by_card" not in calm.rules
    assert "(calm)" in calm.headline()
