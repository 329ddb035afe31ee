"""The small market in data/fixtures: made by its script, and showing every outcome of every computed rule."""

from __future__ import annotations

import importlib.util
import tomllib
from pathlib import Path
from typing import Any

import pytest

from campaign_analytics.assess import Assessment, assess
from campaign_analytics.market.read import read_market
from campaign_analytics.market.schema import Market
from campaign_analytics.rulebook.book import Rulebook
from campaign_analytics.rulebook.load import load_rulebook

FIXTURES = Path(__file__).parents[2] / "data" / "fixtures"
SPRING = FIXTURES / "spring"
PLANTED = tomllib.loads((FIXTURES / "spring_planted.toml").read_text("utf-8"))
CHANGED = tomllib.loads((FIXTURES / "spring_changed_parameters.toml").read_text("utf-8"))


@pytest.fixture(scope="module")
def book() -> Rulebook:
    with pytest.warns(match="misprint"):
        return load_rulebook("spring_2024")


@pytest.fixture(scope="module")
def market(book: Rulebook) -> Market:
    return read_market(SPRING, book)


@pytest.fixture(scope="module")
def assessments(book: Rulebook, market: Market) -> list[Assessment]:
    """By default, and under every named set of changed parameters."""
    sets: list[dict[str, Any]] = [{}, *(each["parameters"] for each in CHANGED["sets"].values())]
    return [assess(market, book.set(changes)) for changes in sets]


def row(market: Market, table: str, number: int) -> int:
    """The place in a table of a spreadsheet's row."""
    numbers = market.tables[table].source_rows
    assert numbers is not None
    return [int(each) for each in numbers].index(number)


def test_the_script_makes_the_committed_files_byte_for_byte(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("make_spring", FIXTURES / "make_spring.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    script.make(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {file.name for file in SPRING.iterdir()}
    for file in SPRING.iterdir():
        assert (tmp_path / file.name).read_bytes() == file.read_bytes(), (
            f"{file.name} differs from what make_spring.py makes: run it, and look at what changed"
        )


def test_it_is_what_an_operator_exports(market: Market) -> None:
    assert (SPRING / "offers.csv").read_text("gb18030").startswith("商品ID,商家ID,")
    with pytest.raises(UnicodeDecodeError):
        (SPRING / "offers.csv").read_text("utf-8")
    assert (SPRING / "merchants.xlsx").exists()
    assert (market.merchants.rows, market.offers.rows) == (200, 2000)
    assert market.declared.penalty_feed_complete


def test_every_computed_rule_passes_fails_and_is_unknown_somewhere(assessments: list[Assessment]) -> None:
    seen: dict[str, set[str]] = {}
    for result in assessments:
        tables = {"offers": result.outcomes("offers"), "merchants": result.outcomes("merchants")}
        for rule in result.rules:
            seen.setdefault(rule, set()).update(tables[result.book.level(rule)][rule].unique())
    for rule, outcomes in seen.items():
        if outcomes == {"not_computed"}:
            continue
        never = CHANGED["never"].get(rule, {})
        assert {"pass", "fail", "unknown"} - outcomes == never.keys(), rule
    assert "not_applicable" in seen["court"]


def test_what_is_not_understood_is_missing_and_reported_as_it_stood(market: Market) -> None:
    assert market.quality is not None
    reported = market.quality.cells("missing")
    places = zip(reported["table"], reported["row"], reported["column"], strict=True)
    found = dict(zip(places, reported["raw"], strict=True))
    for change in PLANTED["changed"]:
        if not change.get("not_understood"):
            continue
        for column, text in change["cells"].items():
            assert found.pop((change["table"], change["row"], column)) == text
            missing = market.tables[change["table"]].cells[column].missing
            assert missing is not None
            assert missing[row(market, change["table"], change["row"])]
    left = {(table, column) for table, _, column in found}
    assert left == {
        ("offers", "stock"), ("offers", "growth_score"), ("penalties", "penalty_date"), ("penalties", "penalty_deduction"),
        ("skus", "sku_campaign_price"),
    }  # fmt: skip


def test_repeated_and_orphan_offers_are_kept_and_counted(market: Market) -> None:
    assert market.quality is not None
    assert market.quality.counts()["merged"] == 2
    assert (market.merchant_row < 0).sum() == 3


def test_an_offer_exactly_on_every_limit_passes_each_of_its_rules(assessments: list[Assessment]) -> None:
    result = assessments[0]
    outcomes = result.outcomes("offers").iloc[row(result.market, "offers", 134)]
    own = [rule for rule in result.rules if result.book.level(rule) == "offers" and rule not in result.not_computed]
    assert set(outcomes[own]) <= {"pass", "not_applicable"}


def test_a_shop_of_which_nothing_is_known_is_unknown_not_failed(assessments: list[Assessment]) -> None:
    result = assessments[0]
    shop = result.merchants().iloc[row(result.market, "merchants", 31)]
    assert shop["verdict"] == "undetermined"
    assert shop["failed"] == ""


@pytest.mark.parametrize(
    ("merchant", "fails"),
    [
        *[(80, True), (81, True), (82, False), (83, True), (84, False), (85, False), (86, False)],
        *[(88, True), (89, True), (150, True), (151, True), (152, True), (154, False), (156, False)],
    ],
)
def test_severe_fake_trading_of_any_account_of_a_user_fails_within_three_calendar_months(
    assessments: list[Assessment], merchant: int, fails: bool
) -> None:
    result = assessments[0]
    outcome = result.outcomes("merchants")["fake_trading"].iloc[row(result.market, "merchants", merchant)]
    assert (outcome == "fail") is fails
